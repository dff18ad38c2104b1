//! New snapshots are tried before they are trusted.
//!
//! ```text
//!              publish                 a worker applied it           PROVING passed quietly
//!   trusted ────────────► one canary ─────────────────────► all ─────────────────────────────► trusted
//!      ▲                      │ struck: two died of it,       │ struck
//!      └───── quarantine ─────┴──────── or one refused it ────┘
//! ```
//!
//! A quarantined snapshot is not thrown away from the workers: what was trusted is published again, as the next
//! generation, so that generations only ever count up. What the sources say is not served as long as it is exactly
//! what was quarantined; anything else they say is tried anew, and so is the same once an operator asks for it, or
//! once two workers have died of what is served instead: that cannot be better.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dproxy_config::ProxySettings;
use dproxy_ipc::{Generation, Snapshot};
use dproxy_route::Route;
use tracing::{error, info, warn};

use super::process::{Life, Process};
use super::{Core, WorkerId};

/// A worker that lives so long with a snapshot does not die of it.
pub(crate) const PROVING: Duration = Duration::from_secs(2);
/// Two deaths further apart than this have nothing to do with each other.
/// A slot that failed too often is tried every 30 s only.
const STRIKES_APART: Duration = Duration::from_secs(60);
/// A canary that has not answered after this is joined by another.
pub(crate) const CANARY_LIMIT: Duration = Duration::from_secs(1);
/// While snapshots follow each other faster than they can be proven, what was trusted longer ago than this is too
/// old to go back to: its backends may serve other sites by now.
const STALE: Duration = Duration::from_secs(30);
/// So many routes are named in a difference.
const MOST_NAMED: usize = 5;

/// What is known of the newest snapshot's health.
#[derive(Debug, Default)]
pub(crate) struct Trust {
    /// What to go back to.
    trusted: Option<Arc<Snapshot>>,
    trial: Option<Trial>,
    quarantine: Option<Quarantine>,
}

/// The newest snapshot is not trusted yet.
#[derive(Debug)]
struct Trial {
    generation: Generation,
    /// Since when somebody serves what is not trusted, over all snapshots of that time.
    since: Option<Instant>,
    /// When somebody applied it last.
    applied: Option<Instant>,
    /// When a worker died of it.
    struck: Option<Instant>,
}

/// What is not served although the sources say it.
#[derive(Debug)]
struct Quarantine {
    snapshot: Arc<Snapshot>,
    /// For operators.
    report: String,
    /// When a worker died of what is served instead.
    struck: Option<Instant>,
}

impl Trust {
    /// The newest snapshot is this. The first one is all there is, so it is trusted; and so is what says the same as what is
    /// trusted: that of `proven_by`.
    pub(super) fn published(&mut self, snapshot: &Arc<Snapshot>, proven_by: Option<&Arc<Snapshot>>) {
        let Some(trusted) = &self.trusted else {
            self.trusted = Some(Arc::clone(snapshot));
            return;
        };
        if proven_by.is_some_and(|proven| Arc::ptr_eq(trusted, proven)) {
            self.trusted = Some(Arc::clone(snapshot));
            self.trial = None;
            return;
        }
        let (since, struck) = self.trial.as_ref().map_or((None, None), |trial| (trial.since, trial.struck));
        self.trial = Some(Trial { generation: snapshot.generation, since, applied: None, struck });
    }

    /// Trusts what workers serve when snapshots follow each other too fast to be proven.
    pub(super) fn give_way(&mut self, now: Instant, newest: &Arc<Snapshot>) {
        let quiet = |trial: &Trial| trial.applied.is_some() && trial.struck.is_none_or(|at| now >= at + STRIKES_APART);
        if self.trial.as_ref().is_some_and(|trial| quiet(trial) && trial.since.is_some_and(|since| now >= since + STALE)) {
            self.trusted = Some(Arc::clone(newest));
            self.trial = None;
        }
    }

    /// What to go back to.
    pub(super) fn trusted(&self) -> Option<Arc<Snapshot>> {
        self.trusted.clone()
    }

    /// What is not served although the sources say it; what is trusted is served instead.
    pub(super) fn quarantined(&self) -> Option<Arc<Snapshot>> {
        self.quarantine.as_ref().map(|quarantine| Arc::clone(&quarantine.snapshot))
    }

    /// Whether only canaries may have the newest snapshot.
    pub(super) fn is_untried(&self) -> bool {
        self.trial.as_ref().is_some_and(|trial| trial.applied.is_none())
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let trial = self.trial.as_ref()?;
        Some(trial.applied? + PROVING)
    }

    /// What an operator should know.
    pub(crate) fn report(&self) -> Option<&str> {
        self.quarantine.as_ref().map(|quarantine| quarantine.report.as_str())
    }

    /// What was quarantined may be served; whether something was. Where it was not yet taken back, it is tried again.
    pub(super) fn pardon(&mut self, withdrawn: bool) -> bool {
        let Some(quarantine) = self.quarantine.take() else { return false };
        if withdrawn {
            let generation = quarantine.snapshot.generation;
            self.trial = Some(Trial { generation, since: None, applied: None, struck: None });
        }
        true
    }

    fn is_on_trial(&self, generation: Generation) -> bool {
        self.trial.as_ref().is_some_and(|trial| trial.generation == generation)
    }

    fn applied(&mut self, now: Instant, generation: Generation) {
        if let Some(trial) = self.trial.as_mut().filter(|trial| trial.generation == generation) {
            trial.applied = Some(now);
            trial.since.get_or_insert(now);
        }
    }
}

impl Core {
    /// Takes note that a worker serves a snapshot.
    pub(super) fn tried(&mut self, generation: Generation) {
        self.tables.trust.applied(self.now, generation);
    }

    /// Trusts the newest snapshot once every worker that has it has lived with it for a while.
    pub(super) fn prove(&mut self) {
        let due = self.tables.trust.deadline().is_some_and(|deadline| deadline <= self.now);
        let in_doubt = |process: &Process| process.pulse.is_silent() && process.serves();
        if !due || self.processes.values().any(in_doubt) || !self.processes.values().any(|process| self.has_lived_with_the_newest(process))
        {
            return;
        }
        let Some(trial) = self.tables.trust.trial.take() else { return };
        info!(generation = %trial.generation, "snapshot proven");
        self.tables.trust.trusted = self.tables.newest_shared();
    }

    fn has_lived_with_the_newest(&self, process: &Process) -> bool {
        let newest = process.applied == Some(self.tables.generation());
        newest && process.serves() && process.applied_at.is_some_and(|at| self.now >= at + PROVING)
    }

    /// A worker died. Perhaps of the newest snapshot.
    pub(super) fn strike(&mut self, process: &Process, reason: &str) {
        let trust = &mut self.tables.trust;
        let on_trial = |generation: Generation| trust.is_on_trial(generation);
        let taking = process.unanswered.is_some_and(|(generation, _)| on_trial(generation));
        // One that hung died when it fell silent.
        let silence = process.pulse.silence();
        let young = process.applied_at.is_some_and(|at| self.now <= at + PROVING + silence);
        if !(taking || young && process.applied.is_some_and(on_trial)) {
            let withdrawn = self.tables.is_withdrawn();
            if young && process.applied == Some(self.tables.generation()) && !withdrawn {
                self.regret();
            }
            return;
        }
        let Some(trial) = &mut trust.trial else { return };
        let before = trial.struck.replace(self.now);
        warn!(generation = %trial.generation, slot = process.slot.0, reason, "worker died of a new snapshot, perhaps");
        #[cfg(test)]
        if self.sabotage == Some(super::Sabotage::TrustEverySnapshot) {
            return;
        }
        if before.is_some_and(|at| self.now <= at + STRIKES_APART) {
            self.quarantine(&format!("two workers died of it, the last one {reason}"));
        }
    }

    /// A worker died of what is served instead of a quarantined snapshot, perhaps.
    fn regret(&mut self) {
        let Some(quarantine) = &mut self.tables.trust.quarantine else { return };
        let before = quarantine.struck.replace(self.now);
        if before.is_some_and(|at| self.now <= at + STRIKES_APART) {
            warn!("workers die of what was served before, too; trying the quarantined snapshot again");
            self.tables.pardon();
        }
    }

    /// A worker could not use a snapshot; others could not either.
    pub(super) fn refused(&mut self, generation: Generation, reason: &str) {
        if self.tables.trust.is_on_trial(generation) {
            self.quarantine(&format!("a worker refused it: {reason}"));
        }
    }

    fn quarantine(&mut self, reason: &str) {
        let Some(snapshot) = self.tables.newest_shared() else { return };
        let Some(trusted) = &self.tables.trust.trusted else { return };
        let difference = difference(trusted, &snapshot);
        let generation = snapshot.generation;
        let report = format!(
            "generation {generation} is quarantined, {reason}; what was served before stays without its changes: {difference} \
             (`dproxy ctl restart` tries it again)"
        );
        error!(%generation, reason, difference, "snapshot quarantined, going back");
        self.tables.trust.quarantine = Some(Quarantine { snapshot, report, struck: None });
        self.tables.trust.trial = None;
        self.tables.look_again();
    }

    /// Who gets the newest snapshot next while it is untried: one at a time, and better one who serves nobody yet.
    pub(super) fn canary(&self) -> Option<WorkerId> {
        let newest = self.tables.generation();
        let asked = |process: &Process| {
            process.unanswered.is_some_and(|(generation, since)| generation == newest && self.now < since + CANARY_LIMIT)
        };
        if self.processes.values().any(asked) {
            return None;
        }
        let can = |process: &Process| process.unanswered.is_none() && !process.pulse.is_silent() && !process.foreign;
        let suits = |lives: fn(Life) -> bool| self.processes.iter().find(move |(_, process)| lives(process.life) && can(process));
        let newborn = suits(|life| life == Life::Greeted);
        newborn.or_else(|| suits(|life| matches!(life, Life::Ready | Life::Online))).map(|(worker, _)| *worker)
    }

    /// When another canary is due.
    pub(super) fn canary_deadline(&self) -> Option<Instant> {
        if !self.tables.trust.is_untried() {
            return None;
        }
        let newest = self.tables.generation();
        let asked = self.processes.values().filter_map(|process| process.unanswered);
        asked.filter(|(generation, _)| *generation == newest).map(|(_, since)| since + CANARY_LIMIT).filter(|at| *at > self.now).min()
    }
}

#[cfg(test)]
impl Process {
    /// Whether it should have answered by now.
    pub(super) fn is_slow_canary(&self, generation: Generation, now: Instant) -> bool {
        self.unanswered.is_some_and(|(sent, since)| sent == generation && now >= since + CANARY_LIMIT)
    }
}

/// Whether the snapshot says this. `routes` are sorted, as its own are.
pub(super) fn is_same(snapshot: &Snapshot, routes: &[&Route], settings: &ProxySettings) -> bool {
    snapshot.settings == *settings && snapshot.routes.len() == routes.len() && snapshot.routes.iter().eq(routes.iter().copied())
}

/// What was changed, in words.
fn difference(before: &Snapshot, after: &Snapshot) -> String {
    let of = |snapshot: &'_ Snapshot| snapshot.routes.iter().cloned().collect::<BTreeSet<Route>>();
    let (old, new) = (of(before), of(after));
    let mut changes = Vec::new();
    for (word, routes) in [("new or changed", new.difference(&old)), ("gone or changed", old.difference(&new))] {
        let names: BTreeSet<String> = routes.map(|route| format!("{}{}", route.host, route.path)).collect();
        if !names.is_empty() {
            let rest = names.len().saturating_sub(MOST_NAMED);
            let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            let named: Vec<String> = names.into_iter().take(MOST_NAMED).collect();
            changes.push(format!("{word} {}{more}", named.join(", ")));
        }
    }
    if before.settings != after.settings {
        changes.push("other settings".to_owned());
    }
    changes.join("; ")
}

#[cfg(test)]
mod tests {
    use dproxy_route::{Backend, HostPattern, PathPrefix};

    use super::*;

    fn snapshot(generation: u64, paths: &[&str]) -> Arc<Snapshot> {
        let route = |path: &&str| {
            let path: PathPrefix = path.parse().unwrap();
            Route::fixed(0, HostPattern::Any, path, Backend::at(([10, 0, 0, 1], 80).into()))
        };
        let routes = paths.iter().map(route).collect();
        let settings = ProxySettings::default();
        Arc::new(Snapshot { generation: Generation(generation), settings, routes, columns: Vec::new(), accounts: Vec::new() })
    }

    #[test]
    fn a_difference_names_what_changed_and_not_too_much() {
        let check = |before: &[&str], after: &[&str], expected: &str| {
            assert_eq!(difference(&snapshot(1, before), &snapshot(2, after)), expected);
        };
        check(&["/a"], &["/a"], "");
        check(&["/a"], &["/a", "/b"], "new or changed */b");
        check(&["/a", "/c"], &["/b"], "new or changed */b; gone or changed */a, */c");
        check(&[], &["/1", "/2", "/3", "/4", "/5", "/6", "/7"], "new or changed */1, */2, */3, */4, */5 and 2 more");
    }

    #[test]
    fn the_first_table_is_trusted_and_each_other_one_tried() {
        let now = Instant::now();
        let mut trust = Trust::default();
        let first = snapshot(1, &["/a"]);
        trust.published(&first, None);
        assert!(!trust.is_untried());
        trust.published(&snapshot(2, &["/b"]), None);
        assert!(trust.is_untried());
        trust.applied(now, Generation(2));
        assert!(!trust.is_untried());
        assert_eq!(trust.deadline(), Some(now + PROVING));
        // What was trusted before is not tried again.
        trust.published(&snapshot(3, &["/a"]), Some(&first));
        assert!(!trust.is_untried() && trust.deadline().is_none());
    }

    #[test]
    fn tables_that_follow_each_other_too_fast_are_trusted_in_the_end() {
        let now = Instant::now();
        let mut trust = Trust::default();
        trust.published(&snapshot(1, &["/a"]), None);
        let (second, third) = (snapshot(2, &["/b"]), snapshot(3, &["/c"]));
        trust.published(&second, None);
        trust.applied(now, Generation(2));
        trust.give_way(now + STALE / 2, &second);
        assert!(trust.trial.is_some(), "too early");
        trust.give_way(now + STALE, &second);
        trust.published(&third, None);
        assert_eq!(trust.trusted.map(|snapshot| snapshot.generation), Some(Generation(2)));
    }
}
