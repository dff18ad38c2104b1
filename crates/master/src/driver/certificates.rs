//! The certificates that this master holds, and where TLS comes in.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use dproxy_certs::{Acme, Directory, Holdings, News, Tickets, Vouching, quic_keys, reminder};
use dproxy_config::{Certificate, Config, Listen, PortChoice, ProxySettings, QuicKeys, TicketKey, TlsSettings};
use dproxy_control::{CertificateRow, CertificatesRow, ReasonRow};
use dproxy_ipc::{Generation, Snapshot, ToWorker};
use dproxy_route::{HostPattern, Issuer, Owner, Problem, Route};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tracing::{debug, info, warn};

use super::composing::Wanting;
use super::{Driver, chain};
use crate::certificates;
use crate::core::Event;
use crate::listen::{Chosen, ListenError};

/// What the workers need for TLS beside the configuration.
pub(super) struct Vault {
    holdings: Holdings,
    acme: Acme,
    /// The newest version of what the authority wants to see, and the first generation in which workers show it.
    challenged: Option<(u64, Generation)>,
    local: Vouching,
    tickets: Tickets,
    /// Of QUIC; none without chance.
    quic: Option<QuicKeys>,
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
    /// Sessions are taken up again with the keys of the master before, if there was one.
    pub(super) fn open(config: &Config, tickets: Vec<TicketKey>, quic: Option<QuicKeys>) -> Vault {
        let mut vault = Vault {
            holdings: Holdings::default(),
            acme: acme(config),
            challenged: None,
            local: Vouching::start(config.directories.state.join("local-ca")),
            tickets: Tickets::inheriting(tickets, Instant::now()),
            quic: quic.or_else(|| quic_keys().ok()),
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
        let needed = self.passes_through || self.acme.needs_doors() || self.certificates().next().is_some();
        if !needed || self.doors.is_some() {
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

    /// Where QUIC comes in: where TLS does, if `tls` says so.
    pub(super) fn quic_addresses(&self, tls: &TlsSettings) -> &[SocketAddr] {
        if tls.http3 && self.quic.is_some() { self.addresses() } else { &[] }
    }

    /// By which workers know sessions.
    pub(super) fn ticket_keys(&self) -> Vec<TicketKey> {
        self.tickets.keys().to_vec()
    }

    /// With which they speak QUIC.
    pub(super) fn quic_keys(&self) -> Option<QuicKeys> {
        self.quic.clone()
    }

    pub(super) fn warning(&self) -> Option<&String> {
        self.doors.as_ref()?.warning.as_ref()
    }

    pub(super) fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.holdings.problems.iter().chain(self.acme.problems()).chain(&self.local.holdings().problems)
    }

    /// The file of each certificate, and until when it is valid.
    pub(super) fn expiries(&self) -> impl Iterator<Item = (&str, SystemTime)> {
        let files = self.certificates().map(|certificate| certificate.file.as_str());
        let ends = self.holdings.ends.iter().chain(&self.acme.acquired().ends).chain(&self.local.holdings().ends);
        files.zip(ends.copied())
    }

    /// A row for each certificate, and for each file that should be one and is not.
    pub(super) fn rows(&self, now: SystemTime) -> Vec<CertificateRow> {
        let mut remarks = self.holdings.remarks();
        let mut row = |certificate: &Certificate, source| {
            let remarks = remarks.remove(certificate.file.as_str()).unwrap_or_default();
            certificates::served(certificate, source, &remarks, now)
        };
        let mut rows: Vec<CertificateRow> = self.holdings.certificates.iter().map(|certificate| row(certificate, "file")).collect();
        rows.extend(self.acme.acquired().certificates.iter().map(|certificate| row(certificate, "acme")));
        rows.extend(self.local.holdings().certificates.iter().map(|certificate| row(certificate, "internal")));
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

    /// Has certificates made for hosts that want them from us, unless there is one in a file; whether an authority wants to
    /// look at a TLS port that is not open yet.
    fn vouch(&mut self, wanting: &Wanting) -> bool {
        let mut missing: [BTreeMap<HostPattern, Owner>; 2] = Default::default();
        let [acme, local] = &mut missing;
        for (host, issuer, owner) in &wanting.hosts {
            let missing = match issuer {
                Issuer::Nobody => continue,
                Issuer::Automatic if !self.acme.is_agreed() => continue,
                Issuer::Acme | Issuer::Automatic => &mut *acme,
                Issuer::Internal => &mut *local,
            };
            if !missing.contains_key(host) && !self.holdings.covers(host) {
                missing.insert(host.clone(), owner.clone());
            }
        }
        self.acme.want(acme);
        self.local.want(local.keys().cloned().collect());
        self.acme.needs_doors() && self.doors.is_none()
    }

    /// A client of a worker asks for the certificate of `name`; whether it is worth waiting for it.
    fn demand(&mut self, name: &str, routes: &[Route], issuer: Issuer) -> bool {
        let Ok(host) = name.parse() else { return false };
        serves_on_demand(name, routes, issuer) && self.acme.demand(host)
    }

    /// What keeps these hosts from their certificates, for whoever asks why a container is served as it is.
    pub(super) fn hindrances(&self, hosts: &[String]) -> Vec<ReasonRow> {
        let hindrances = hosts.iter().filter_map(|host| Some((host, self.acme.hindrance(host)?)));
        let row = |(host, problem): (&String, &Problem)| ReasonRow {
            about: "certificate".to_owned(),
            text: format!("{host} has none by ACME, or no new one: {}", problem.text),
            hinders: false,
        };
        hindrances.map(row).collect()
    }

    /// Whether programs of ours run, see [`Acme::has_children`].
    pub(super) fn has_children(&self) -> bool {
        self.acme.has_children()
    }

    /// Asks the authority by other settings from now on.
    pub(super) fn ask_otherwise(&mut self, config: &Config) {
        self.acme = acme(config);
        self.challenged = None;
    }

    /// The first generation in which workers show what the authority wants to see, given the newest.
    fn challenged(&mut self, newest: &Snapshot) -> Option<Generation> {
        let acquired = self.acme.acquired();
        let shows = newest.settings.tls.challenges == acquired.challenges;
        let known = self.challenged.filter(|(version, _)| *version == acquired.version);
        self.challenged = if shows { known.or(Some((acquired.version, newest.generation))) } else { None };
        self.challenged.map(|(_, generation)| generation)
    }

    /// Those of files count first.
    fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.holdings.certificates.iter().chain(self.acme.acquired().certificates.iter()).chain(self.local.holdings().certificates.iter())
    }

    /// Looks at every file again, soon, and tries again what failed.
    pub(super) fn nudge(&self) {
        self.acme.nudge();
        self.watcher.iter().for_each(|watcher| watcher.nudge.notify_one());
    }

    /// Resolves when the files have changed, or there is news of an authority.
    pub(super) async fn changed(&mut self) -> News {
        tokio::select! {
            () = Watcher::changed(&mut self.watcher) => {
                self.holdings = self.watcher.iter_mut().map(|watcher| watcher.news.borrow_and_update().clone()).next().unwrap_or_default();
                self.report();
            }
            news = self.acme.changed() => return news,
            () = self.local.changed() => {}
        }
        News::Acquired
    }

    /// Adds to the operator's settings what the workers need besides.
    pub(super) fn equip(&self, settings: ProxySettings) -> ProxySettings {
        let mut ports: Vec<u16> = self.addresses().iter().map(SocketAddr::port).collect();
        ports.dedup();
        let tls = TlsSettings {
            ports,
            certificates: self.certificates().cloned().collect(),
            authorities: Arc::clone(&self.holdings.authorities),
            quic: self.quic.clone().filter(|_| settings.tls.http3),
            tickets: if self.has_sessions() { self.ticket_keys() } else { Vec::new() },
            challenges: self.acme.acquired().challenges.clone(),
            on_demand: self.acme.on_demand().to_vec(),
            ..settings.tls
        };
        ProxySettings { tls, ..settings }
    }

    /// Without certificates nobody has a session with us.
    fn has_sessions(&self) -> bool {
        self.watcher.is_some() || self.certificates().next().is_some()
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

    /// Resolves when the files have changed; never without a directory.
    async fn changed(watcher: &mut Option<Watcher>) {
        let Some(watcher) = watcher else { return std::future::pending().await };
        if watcher.news.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Whether the routes that are nearest to `name` leave its certificate to whoever makes it on demand.
fn serves_on_demand(name: &str, routes: &[Route], issuer: Issuer) -> bool {
    // `www.X` falls back to `X`.
    let bare = name.strip_prefix("www.").filter(|bare| routes.iter().any(|route| route.host.is_exactly(bare)));
    let nearness = |route: &Route| match &route.host {
        HostPattern::Exact(host) if host.as_str() == name => Some(usize::MAX),
        HostPattern::Exact(host) => (Some(host.as_str()) == bare).then_some(0),
        HostPattern::Below(parent) => route.host.matches(name).then(|| parent.as_str().len() + 2),
        HostPattern::Any => Some(1),
    };
    let Some(nearest) = routes.iter().filter_map(nearness).max() else { return false };
    let mut there = routes.iter().filter(|route| nearness(route) == Some(nearest) && !route.https.passthrough);
    there.any(|route| match route.https.issuer {
        Some(issuer) => matches!(issuer, Issuer::Acme | Issuer::Automatic),
        None => issuer != Issuer::Internal,
    })
}

fn acme(config: &Config) -> Acme {
    Acme::recall(&config.acme, &config.directories.state.join("acme"))
}

impl Driver {
    /// Lets the authority look once every worker shows what it wants to see.
    pub(super) fn tell_authority(&mut self) {
        let Driver { vault, core, .. } = self;
        let challenged = core.snapshot().and_then(|newest| vault.challenged(newest));
        let open = core.addresses();
        let all_open = || vault.addresses().iter().all(|address| open.contains(address));
        if challenged.is_some_and(|generation| core.is_served_everywhere(generation)) && all_open() {
            vault.acme.is_shown(vault.acme.acquired().version);
        }
    }

    /// What the vault has heard.
    pub(super) fn vault_told(&mut self, news: News) {
        match news {
            News::Acquired => self.certificates_changed(),
            News::Refused(host) => self.tell_workers(&ToWorker::Refused { name: host.to_string() }),
        }
    }

    /// A client of a worker waits for the certificate of `name`.
    pub(super) fn certificate_wanted(&mut self, name: &str) {
        let routes = self.core.snapshot().map_or(&[][..], |snapshot| &snapshot.routes);
        if !self.vault.demand(name, routes, self.facts.config.issuer) {
            debug!(name, "no certificate on demand");
            self.tell_workers(&ToWorker::Refused { name: name.to_owned() });
        }
    }

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

    /// Opens the TLS port for the first host whose connections go to its backend as they are, and has certificates made
    /// for hosts that want them from us.
    pub(super) fn open_passages(&mut self) {
        let passes_through = !self.vault.passes_through && self.survey.passes_through;
        self.vault.passes_through |= passes_through;
        if self.vault.vouch(&self.survey.wanting) || passes_through {
            self.certificates_changed();
        }
    }

    /// A file may have come for a host that wanted a certificate from us, or gone.
    pub(super) fn vouch_anew(&mut self) {
        let issuer = self.facts.config.issuer;
        if self.survey.wanting.usual != issuer {
            self.survey.wanting = Wanting::of(self.routes(), issuer);
        }
        if self.vault.vouch(&self.survey.wanting) {
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
