//! The certificates that this master holds, and where TLS comes in.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use dproxy_certs::{Directory, Holdings, Local, Tickets, reminder};
use dproxy_config::{Certificate, Config, Listen, PortChoice, ProxySettings, TicketKey, TlsSettings};
use dproxy_control::{CertificateRow, CertificatesRow};
use dproxy_route::{HostPattern, Issuer, Problem, Route};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tracing::{info, warn};

use super::{Driver, chain};
use crate::certificates;
use crate::core::Event;
use crate::listen::{Chosen, ListenError};

/// What the workers need for TLS beside the configuration.
pub(super) struct Vault {
    holdings: Holdings,
    local: Local,
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
    /// Reads what is in the directory of certificates and looks for changes from then on.
    /// Sessions are taken up again with the keys of the master `before`, if there was one.
    pub(super) fn open(config: &Config, before: Vec<TicketKey>) -> Vault {
        let mut vault = Vault {
            holdings: Holdings::default(),
            local: Local::recall(config.directories.state.join("local-ca"), SystemTime::now()),
            tickets: Tickets::inheriting(before, Instant::now()),
            watcher: None,
            passes_through: false,
            doors: None,
        };
        if let Some(path) = &config.certificates {
            let mut directory = Directory::new(path.clone());
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
        if self.certificates().next().is_none() && !self.passes_through || self.doors.is_some() {
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

    pub(super) fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.holdings.problems.iter().chain(self.local.problem())
    }

    /// The file of each certificate, and until when it is valid.
    pub(super) fn expiries(&self) -> impl Iterator<Item = (&str, SystemTime)> {
        let files = self.certificates().map(|certificate| certificate.file.as_str());
        files.zip(self.holdings.ends.iter().copied().chain(self.local.ends()))
    }

    /// A row for each certificate, and for each file that should be one and is not.
    pub(super) fn rows(&self, now: SystemTime) -> Vec<CertificateRow> {
        let mut remarks = self.holdings.remarks();
        let mut row = |certificate: &Certificate, source| {
            let remarks = remarks.remove(certificate.file.as_str()).unwrap_or_default();
            certificates::served(certificate, source, &remarks, now)
        };
        let mut rows: Vec<CertificateRow> = self.holdings.certificates.iter().map(|certificate| row(certificate, "file")).collect();
        rows.extend(self.local.certificates().map(|certificate| row(certificate, "internal")));
        rows.extend(remarks.iter().map(|(file, reasons)| certificates::unusable(file, reasons)));
        rows
    }

    /// How many there are, and which one ends first.
    pub(super) fn summary(&self, now: SystemTime) -> CertificatesRow {
        certificates::summary(self.expiries(), now)
    }

    /// What to say of those that end soon, or have ended.
    pub(super) fn reminders(&self, now: SystemTime) -> impl Iterator<Item = String> {
        self.expiries().filter_map(move |(file, ends)| Some(format!("certificate {file} {}", reminder(ends, now)?)))
    }

    /// Makes certificates for those of `routes` whose hosts want them from us, unless there is one in a file; whether
    /// that changed anything.
    fn vouch(&mut self, routes: &[Route], issuer: Issuer) -> bool {
        let is_local = |route: &Route| !route.https.passthrough && route.https.issuer.unwrap_or(issuer) == Issuer::Internal;
        let hosts = routes.iter().filter(|route| is_local(route)).map(|route| &route.host);
        let hosts: BTreeSet<HostPattern> = hosts.filter(|host| **host != HostPattern::Any).cloned().collect();
        let missing = hosts.into_iter().filter(|host| !self.holdings.covers(host)).collect();
        self.local.vouch(&missing, SystemTime::now())
    }

    /// Those of files count first.
    fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.holdings.certificates.iter().chain(self.local.certificates())
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
            certificates: self.certificates().cloned().collect(),
            authorities: Arc::clone(&self.holdings.authorities),
            tickets: if self.has_sessions() { self.ticket_keys() } else { Vec::new() },
            ..settings.tls
        };
        ProxySettings { tls, ..settings }
    }

    /// Without certificates nobody has a session with us.
    fn has_sessions(&self) -> bool {
        self.watcher.is_some() || self.local.certificates().next().is_some()
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

    /// Opens the TLS port for the first host whose connections go to its backend as they are, and makes certificates for
    /// hosts that want them from us.
    pub(super) fn open_passages(&mut self, routes: &[Route]) {
        let passes_through = !self.vault.passes_through && routes.iter().any(|route| route.https.passthrough);
        self.vault.passes_through |= passes_through;
        if self.vault.vouch(routes, self.facts.config.issuer) || passes_through {
            self.certificates_changed();
        }
    }

    /// Makes the certificates of hosts that want them from us anew when it is time.
    pub(super) fn renew_certificates(&mut self) {
        let Some(snapshot) = self.core.snapshot() else { return };
        if self.vault.vouch(&snapshot.routes, self.facts.config.issuer) {
            self.certificates_changed();
        }
    }

    /// Makes a new ticket key when it is time.
    pub(super) fn renew_tickets(&mut self) {
        if self.vault.has_sessions() && self.vault.tickets.rotate(Instant::now()) {
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
