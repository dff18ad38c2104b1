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
mod board;
mod judge;
mod order;
mod shelf;
mod transport;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::{io, thread};

use dproxy_config::Acme as Settings;
use dproxy_route::{HostPattern, Problem};
use tokio::sync::{Notify, watch};
use tracing::warn;

use self::agent::{Agent, Orders};
pub use self::board::Acquired;
use self::judge::Names;
use self::shelf::Shelf;

/// Names below these have no meaning to the world, so no authority vouches for them.
const NOBODYS: [&str; 4] = ["internal", "local", "localhost", "invalid"];
/// So many hosts are named in a problem.
const NAMED: usize = 5;

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
    /// Waits for the first host that wants a certificate.
    agent: Option<watch::Sender<Acquired>>,
    /// Why nobody is asked.
    idle: Option<Problem>,
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
        Acme {
            settings: settings.clone(),
            shelf,
            wanted: watch::Sender::new(BTreeSet::new()),
            shown: watch::Sender::new(0),
            news,
            acquired,
            nudge: Arc::new(Notify::new()),
            agent: Some(sender),
            idle: None,
        }
    }

    /// These hosts want certificates from now on, and no others.
    pub fn want(&mut self, hosts: &BTreeSet<HostPattern>) {
        let hosts: Vec<&HostPattern> = hosts.iter().filter(|host| is_public(host)).collect();
        self.idle = None;
        if !self.settings.agreed && !hosts.is_empty() {
            self.idle = Some(Problem::new("certificates by ACME", disagreed(&hosts, &self.settings)));
            return;
        }
        let names: BTreeSet<Names> = hosts.into_iter().cloned().map(Names::one).collect();
        if !names.is_empty() {
            self.start();
        }
        self.wanted.send_if_modified(|wanted| {
            let changed = *wanted != names;
            *wanted = names;
            changed
        });
    }

    /// What was wrong may be mended: everything is tried again at once.
    pub fn nudge(&self) {
        self.nudge.notify_one();
    }

    /// Resolves when there is something new.
    pub async fn changed(&mut self) {
        if self.news.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        self.acquired = self.news.borrow_and_update().clone();
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

    /// Every worker shows what is in [`Acquired::challenges`] of this version.
    pub fn is_shown(&self, version: u64) {
        self.shown.send_if_modified(|shown| std::mem::replace(shown, version) != version);
    }

    /// Starts the agent, for the first host.
    fn start(&mut self) {
        let Some(acquired) = self.agent.take() else { return };
        let orders = Orders { wanted: self.wanted.subscribe(), shown: self.shown.subscribe(), nudge: Arc::clone(&self.nudge) };
        let (settings, shelf) = (self.settings.clone(), self.shelf.clone());
        // It ends when we are gone; nobody waits for that, because what is under way is ordered again.
        let started = thread::Builder::new().name("acme".to_owned()).spawn(move || work(settings, shelf, acquired, orders));
        if let Err(error) = started {
            self.idle = Some(Problem::new("certificates by ACME", format!("no thread can be started for them: {error}")));
        }
    }
}

fn work(settings: Settings, shelf: Shelf, acquired: watch::Sender<Acquired>, orders: Orders) {
    let run = || -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let agent = Agent::new(settings, shelf, acquired, orders.shown.clone());
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

fn disagreed(hosts: &[&HostPattern], settings: &Settings) -> String {
    let mut named: Vec<String> = hosts.iter().take(NAMED).map(ToString::to_string).collect();
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
