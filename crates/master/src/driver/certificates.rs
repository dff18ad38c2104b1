//! The certificates that this master holds, and where TLS comes in.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use dproxy_certs::{Directory, Holdings, Tickets};
use dproxy_config::{Listen, PortChoice, ProxySettings, TicketKey, TlsSettings};
use dproxy_route::{Problem, Route};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tracing::{info, warn};

use super::{Driver, chain};
use crate::core::Event;
use crate::listen::{Chosen, ListenError};

/// What the workers need for TLS beside the configuration.
pub(super) struct Vault {
    holdings: Holdings,
    tickets: Tickets,
    watcher: Option<Watcher>,
    /// Whether connections of any host go to its backend as they are.
    passes_through: bool,
    /// Where nothing but TLS is spoken; none before the first certificate, or the first host that has its own.
    doors: Option<Chosen>,
}

/// The task that looks for changes, and its news.
struct Watcher {
    task: JoinHandle<()>,
    news: watch::Receiver<Holdings>,
    nudge: Arc<Notify>,
}

impl Vault {
    /// Reads what is in `directory` and looks for changes from then on; without one there is no TLS.
    /// Sessions are taken up again with the keys of the master `before`, if there was one.
    pub(super) fn open(directory: Option<PathBuf>, before: Vec<TicketKey>) -> Vault {
        let mut vault = Vault {
            holdings: Holdings::default(),
            tickets: Tickets::inheriting(before, Instant::now()),
            watcher: None,
            passes_through: false,
            doors: None,
        };
        if let Some(path) = directory {
            let mut directory = Directory::new(path);
            vault.holdings = directory.read(SystemTime::now());
            vault.report();
            vault.watcher = Some(Watcher::start(directory, vault.holdings.clone()));
        }
        vault
    }

    /// Chooses where TLS comes in, once there is a certificate or a host that has its own.
    ///
    /// # Errors
    /// When the port that was asked for cannot be had. TLS is understood at the clear port all the same.
    pub(super) fn open_doors(
        &mut self,
        listen: &Listen,
        choose: impl FnOnce(&Listen) -> Result<Chosen, ListenError>,
    ) -> Result<(), ListenError> {
        if self.holdings.certificates.is_empty() && !self.passes_through || self.doors.is_some() {
            return Ok(());
        }
        let doors = match (choose(listen), listen.https) {
            (Ok(chosen), _) => chosen,
            (Err(error), PortChoice::Explicit(_)) => return Err(error),
            (Err(error), PortChoice::Preferred { .. }) => {
                let warning = format!("no port of its own for TLS: {}", chain(error));
                Chosen { addresses: Vec::new(), warning: Some(warning) }
            }
        };
        doors.warning.iter().for_each(|warning| warn!("{warning}"));
        self.doors = Some(doors);
        Ok(())
    }

    /// They are chosen anew, for other addresses.
    pub(super) fn close_doors(&mut self) {
        self.doors = None;
    }

    /// Where TLS comes in.
    pub(super) fn addresses(&self) -> &[SocketAddr] {
        self.doors.as_ref().map_or(&[], |doors| &doors.addresses)
    }

    /// By which workers know sessions.
    pub(super) fn ticket_keys(&self) -> Vec<TicketKey> {
        self.tickets.keys().to_vec()
    }

    pub(super) fn warning(&self) -> Option<&String> {
        self.doors.as_ref()?.warning.as_ref()
    }

    pub(super) fn problems(&self) -> &[Problem] {
        &self.holdings.problems
    }

    /// The file of each certificate, and until when it is valid.
    pub(super) fn expiries(&self) -> impl Iterator<Item = (&str, SystemTime)> {
        let files = self.holdings.certificates.iter().map(|certificate| certificate.file.as_str());
        files.zip(self.holdings.ends.iter().copied())
    }

    /// Looks at every file again, soon.
    pub(super) fn nudge(&self) {
        self.watcher.iter().for_each(|watcher| watcher.nudge.notify_one());
    }

    /// Resolves when the files have changed; never without a directory.
    pub(super) async fn changed(&mut self) {
        let Some(watcher) = &mut self.watcher else { return std::future::pending().await };
        if watcher.news.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        self.holdings = watcher.news.borrow_and_update().clone();
        self.report();
    }

    /// Adds to the operator's settings what the workers need besides.
    pub(super) fn equip(&self, settings: ProxySettings) -> ProxySettings {
        let mut ports: Vec<u16> = self.addresses().iter().map(SocketAddr::port).collect();
        ports.dedup();
        let tls = TlsSettings {
            ports,
            certificates: Arc::clone(&self.holdings.certificates),
            authorities: Arc::clone(&self.holdings.authorities),
            // Without certificates nobody has a session with us.
            tickets: if self.watcher.is_some() { self.ticket_keys() } else { Vec::new() },
            ..settings.tls
        };
        ProxySettings { tls, ..settings }
    }

    fn report(&self) {
        let count = self.holdings.certificates.len();
        info!(certificates = count, problems = self.holdings.problems.len(), "certificates read");
        self.holdings.problems.iter().for_each(|problem| warn!("{problem}"));
    }
}

impl Watcher {
    fn start(directory: Directory, known: Holdings) -> Watcher {
        let (sender, news) = watch::channel(known);
        let nudge = Arc::new(Notify::new());
        let task = tokio::spawn(dproxy_certs::watch(directory, sender, Arc::clone(&nudge)));
        Watcher { task, news, nudge }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Driver {
    /// Hands the certificates out that were found, and opens the TLS port for the first one.
    pub(super) fn certificates_changed(&mut self) {
        let ours = self.core.addresses();
        let inherited = &self.inherited;
        if let Err(error) = self.vault.open_doors(&self.facts.config.listen, |listen| inherited.choose_tls(listen, &ours)) {
            let text = format!("TLS is spoken at the clear port only: {}", chain(error));
            warn!("{text}");
            self.facts.postponed.push(text);
        }
        // Workers know that a port speaks TLS before they accept from it.
        self.happened.push_back(Event::Settings(self.equipped()));
        self.listen();
    }

    /// Opens the TLS port for the first host whose connections go to its backend as they are.
    pub(super) fn open_passages(&mut self, routes: &[Route]) {
        if !self.vault.passes_through && routes.iter().any(|route| route.https.passthrough) {
            self.vault.passes_through = true;
            self.certificates_changed();
        }
    }

    /// Makes a new ticket key when it is time.
    pub(super) fn renew_tickets(&mut self) {
        if self.vault.watcher.is_some() && self.vault.tickets.rotate(Instant::now()) {
            self.happened.push_back(Event::Settings(self.equipped()));
        }
    }

    /// All that workers obey.
    pub(super) fn equipped(&self) -> Box<ProxySettings> {
        Box::new(self.vault.equip(self.facts.config.proxy.clone()))
    }

    /// Every address to listen at.
    pub(super) fn doors(&self) -> Vec<SocketAddr> {
        let mut addresses = self.facts.clear.clone();
        addresses.extend(self.vault.addresses().iter().filter(|address| !self.facts.clear.contains(address)));
        addresses
    }
}
