//! Certificates of an authority that is asked over the network (ACME, RFC 8555).
//!
//! ```text
//!  master ── which hosts want one ──► agent ── orders ──► authority
//!    │  ◄── certificates, problems ──   │                    │
//!    │  ◄── what it wants to see ─────  │                    │
//!    └──► workers, which show it ◄──────────── looks ────────┘
//! ```
//!
//! The `judge` decides what is ordered when, the `agent` carries it out in a thread of its own, and the `shelf` keeps
//! what must survive a restart. An order goes on only when every worker shows what the authority wants to see.

mod account;
mod agent;
mod ask;
mod board;
mod demand;
mod hook;
mod judge;
mod order;
mod proofs;
mod shelf;
mod transport;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;
use std::{io, thread};

use dproxy_config::{Acme as Settings, Proof};
use dproxy_route::{Host, HostPattern, Owner, Problem};
use tokio::sync::{Notify, mpsc, watch};
use tracing::warn;

use self::agent::{Agent, Orders};
pub use self::board::Acquired;
use self::judge::Names;
use self::shelf::Shelf;
use crate::vouch::covers;

/// Names below these have no meaning to the world, so no authority vouches for them.
const NOBODYS: [&str; 4] = ["internal", "local", "localhost", "invalid"];
/// Of problems that are about no host alone.
const SUBJECT: &str = "certificates by ACME";
/// So many hosts are named in a problem.
const NAMED: usize = 5;
/// Demands that wait for the agent.
const MOST_DEMANDS: usize = 64;
/// Authorities put no more names into one certificate.
const MOST_NAMES: usize = 100;

/// The hosts that want certificates of the authority, and what came of it.
pub struct Acme {
    settings: Settings,
    shelf: Shelf,
    wanted: watch::Sender<BTreeSet<Names>>,
    /// The newest version of challenges that every worker shows.
    shown: watch::Sender<u64>,
    news: watch::Receiver<Acquired>,
    acquired: Acquired,
    nudge: Arc<Notify>,
    /// Names that clients ask for, on their way to the agent.
    demands: mpsc::Sender<Host>,
    /// Names that they need not wait for.
    refused: mpsc::UnboundedReceiver<Host>,
    /// Counts programs of the operator's that run.
    running: Arc<AtomicUsize>,
    /// Waits for the first host that wants a certificate.
    agent: Option<Waiting>,
    /// Why nobody is asked.
    idle: Option<Problem>,
}

/// The agent's ends of what leads to it and back.
struct Waiting {
    acquired: watch::Sender<Acquired>,
    demanded: mpsc::Receiver<Host>,
    refused: mpsc::UnboundedSender<Host>,
}

/// What is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// See [`Acme::acquired`] and [`Acme::problems`].
    Acquired,
    /// Clients need not wait for the certificate of this host, which they have demanded.
    Refused(Host),
}

impl Acme {
    /// Serves what was kept below `home`, and asks nobody before somebody wants something.
    #[must_use]
    pub fn recall(settings: &Settings, home: &Path) -> Acme {
        let shelf = Shelf::of(home, &settings.directory);
        let (vouchers, _) = shelf.certificates();
        let acquired = Acquired {
            certificates: vouchers.iter().map(|voucher| voucher.certificate.clone()).collect(),
            ends: vouchers.iter().map(|voucher| voucher.ends).collect(),
            ..Acquired::default()
        };
        let (sender, news) = watch::channel(acquired.clone());
        let (demands, demanded) = mpsc::channel(MOST_DEMANDS);
        let (refusing, refused) = mpsc::unbounded_channel();
        Acme {
            settings: settings.clone(),
            shelf,
            wanted: watch::Sender::new(BTreeSet::new()),
            shown: watch::Sender::new(0),
            news,
            acquired,
            nudge: Arc::new(Notify::new()),
            demands,
            refused,
            running: Arc::default(),
            agent: Some(Waiting { acquired: sender, demanded, refused: refusing }),
            idle: None,
        }
    }

    /// These hosts want certificates from now on, each with whoever named it first, and no others.
    pub fn want(&mut self, hosts: &BTreeMap<HostPattern, Owner>) {
        let now = SystemTime::now();
        let wants = |host: &HostPattern| is_public(host) && !self.is_covered(host, now) && !self.is_met_on_demand(host);
        let hosts: Vec<(&HostPattern, &Owner)> = hosts.iter().filter(|(host, _)| wants(host)).collect();
        self.idle = None;
        if !self.settings.agreed && self.settings.on_demand.is_on() {
            self.idle = Some(Problem::new(SUBJECT, "`acme.on_demand` waits until you agree to its terms with `acme.agree_to_terms: true`"));
        }
        if !self.settings.agreed && !hosts.is_empty() {
            self.idle = Some(Problem::new(SUBJECT, disagreed(&hosts, &self.settings)));
            return;
        }
        let names =
            if self.settings.shared { shared(&hosts) } else { hosts.into_iter().map(|(host, _)| Names::one(host.clone())).collect() };
        // What clients have asked for before is renewed, too.
        if !names.is_empty() || !self.on_demand().is_empty() && !self.acquired.certificates.is_empty() {
            self.start();
        }
        self.wanted.send_if_modified(|wanted| {
            let changed = *wanted != names;
            *wanted = names;
            changed
        });
    }

    /// Whether the operator has agreed to the authority's terms.
    #[must_use]
    pub fn is_agreed(&self) -> bool {
        self.settings.agreed
    }

    /// The names that get a certificate when clients ask for them.
    #[must_use]
    pub fn on_demand(&self) -> &[HostPattern] {
        if self.settings.agreed { &self.settings.on_demand.names } else { &[] }
    }

    /// A client asks for the certificate of this host, for which there is a route; whether it is worth waiting for it.
    pub fn demand(&mut self, host: Host) -> bool {
        let allowed = self.on_demand().iter().any(|pattern| pattern.matches(host.as_str()));
        if !allowed || !is_public(&HostPattern::Exact(host.clone())) {
            return false;
        }
        self.start();
        self.demands.try_send(host).is_ok()
    }

    /// Whether authorities, or clients who ask for their certificates, come to the TLS port, which has to be there
    /// before any certificate is.
    #[must_use]
    pub fn needs_doors(&self) -> bool {
        !self.on_demand().is_empty() || self.settings.proof == Proof::Handshake && !self.wanted.borrow().is_empty()
    }

    /// Whether programs of ours run, so that not every dead child is an orphan.
    #[must_use]
    pub fn has_children(&self) -> bool {
        self.running.load(Ordering::SeqCst) > 0
    }

    /// Whether a certificate for a pattern is for this host, too.
    fn is_covered(&self, host: &HostPattern, now: SystemTime) -> bool {
        let all = self.acquired.certificates.iter().zip(&self.acquired.ends);
        let mut good = all.filter(|(_, ends)| **ends > now).map(|(certificate, _)| certificate);
        good.any(|certificate| !certificate.names.contains(host) && covers(&certificate.names, host))
    }

    /// Whether the names that this pattern stands for get their own ones when clients ask for them, since nobody writes
    /// records into the DNS for the whole pattern.
    fn is_met_on_demand(&self, host: &HostPattern) -> bool {
        matches!(host, HostPattern::Below(_)) && self.settings.dns.is_none() && self.settings.on_demand.covers(host)
    }

    /// What was wrong may be mended: everything is tried again at once.
    pub fn nudge(&self) {
        self.nudge.notify_one();
    }

    /// Resolves when there is something new.
    pub async fn changed(&mut self) -> News {
        tokio::select! {
            Ok(()) = self.news.changed() => {
                self.acquired = self.news.borrow_and_update().clone();
                News::Acquired
            }
            Some(host) = self.refused.recv() => News::Refused(host),
            // The agent is gone.
            else => std::future::pending().await,
        }
    }

    /// What there is.
    #[must_use]
    pub fn acquired(&self) -> &Acquired {
        &self.acquired
    }

    /// What an operator should know.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.acquired.problems.iter().chain(&self.idle)
    }

    /// What keeps this host from a certificate, if it wants one.
    pub fn hindrance(&self, host: &str) -> Option<&Problem> {
        let about = |problem: &&Problem| {
            let names = problem.subject.strip_prefix("certificate of ").unwrap_or_default();
            names.split(", ").any(|name| name == host)
        };
        let wanted = || self.wanted.borrow().iter().flat_map(Names::iter).any(|name| name.is_exactly(host));
        let has_one = || self.acquired.certificates.iter().any(|certificate| certificate.names.iter().any(|name| name.matches(host)));
        let of_all = || self.acquired.problems.iter().chain(&self.idle).find(|problem| problem.subject == SUBJECT);
        let own = self.acquired.problems.iter().find(about);
        own.or_else(|| if (wanted() || self.idle.is_some()) && !has_one() { of_all() } else { None })
    }

    /// Every worker shows what is in [`Acquired::challenges`] of this version.
    pub fn is_shown(&self, version: u64) {
        self.shown.send_if_modified(|shown| std::mem::replace(shown, version) != version);
    }

    /// Starts the agent, for the first host.
    fn start(&mut self) {
        let Some(Waiting { acquired, demanded, refused }) = self.agent.take() else { return };
        let orders = Orders {
            wanted: self.wanted.subscribe(),
            shown: self.shown.subscribe(),
            running: Arc::clone(&self.running),
            nudge: Arc::clone(&self.nudge),
            demanded,
            refused,
        };
        let (settings, shelf) = (self.settings.clone(), self.shelf.clone());
        // It ends when we are gone; nobody waits for that, because what is under way is ordered again.
        let started = thread::Builder::new().name("acme".to_owned()).spawn(move || work(settings, shelf, acquired, orders));
        if let Err(error) = started {
            self.idle = Some(Problem::new(SUBJECT, format!("no thread can be started for them: {error}")));
        }
    }
}

fn work(settings: Settings, shelf: Shelf, acquired: watch::Sender<Acquired>, orders: Orders) {
    let run = || -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let agent = Agent::new(settings, shelf, acquired, &orders);
        runtime.block_on(agent.run(orders));
        Ok(())
    };
    if let Err(error) = run() {
        warn!(%error, "certificates are not ordered");
    }
}

/// Whether an authority could know it.
fn is_public(host: &HostPattern) -> bool {
    let (HostPattern::Exact(name) | HostPattern::Below(name)) = host else { return false };
    let name = name.as_str();
    let Some((_, top)) = name.rsplit_once('.') else { return false };
    !NOBODYS.contains(&top) && !top.bytes().all(|byte| byte.is_ascii_digit())
}

/// One certificate for all hosts of one owner.
fn shared(hosts: &[(&HostPattern, &Owner)]) -> BTreeSet<Names> {
    let mut by_owner: BTreeMap<&Owner, Vec<HostPattern>> = BTreeMap::new();
    for (host, owner) in hosts {
        by_owner.entry(owner).or_default().push((*host).clone());
    }
    by_owner
        .into_values()
        .flat_map(|hosts| hosts.chunks(MOST_NAMES).filter_map(|chunk| Names::of(chunk.iter().cloned())).collect::<Vec<_>>())
        .collect()
}

fn disagreed(hosts: &[(&HostPattern, &Owner)], settings: &Settings) -> String {
    let mut named: Vec<String> = hosts.iter().take(NAMED).map(|(host, _)| host.to_string()).collect();
    if hosts.len() > NAMED {
        named.push(format!("{} more", hosts.len() - NAMED));
    }
    format!(
        "{} want certificates of `{}`; read its terms of service, and agree to them with `acme.agree_to_terms: true`",
        named.join(", "),
        settings.directory
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_one_owner_share_a_certificate_up_to_a_hundred() {
        let owner = |entry: u32| Owner::File { entry };
        let hosts: BTreeMap<HostPattern, Owner> =
            (0..150).map(|number| (format!("h{number}.test").parse().unwrap(), owner(u32::from(number == 7)))).collect();
        let sizes: Vec<usize> = shared(&hosts.iter().collect::<Vec<_>>()).iter().map(|names| names.iter().count()).collect();
        assert_eq!(sizes.iter().sum::<usize>(), 150);
        assert_eq!(sizes.iter().copied().collect::<BTreeSet<_>>(), BTreeSet::from([1, 49, 100]));
    }

    #[test]
    fn authorities_are_asked_for_names_that_the_world_knows() {
        let check = |host: &str, public: bool| assert_eq!(is_public(&host.parse().unwrap()), public, "{host}");
        check("shop.org", true);
        check("*.shop.org", true);
        check("a.test", true);
        check("web.internal", false);
        check("printer.local", false);
        check("localhost", false);
        check("10.0.0.1", false);
        check("*", false);
    }
}
