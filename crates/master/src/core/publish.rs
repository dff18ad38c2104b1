//! Routes of all sources become one snapshot, and every worker gets the newest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dproxy_config::ProxySettings;
use dproxy_ipc::{Generation, Snapshot, ToWorker};
use dproxy_route::{Owner, Route};

use super::accounts::Accounts;
use super::columns::Columns;
use super::draft::{Composed, Draft, Numbers};
use super::process::{Life, Process};
use super::trial::Trust;
use super::{Core, Effect, SourceId};

/// What the next snapshot is made of, and the newest one.
#[derive(Debug)]
pub(crate) struct Tables {
    settings: ProxySettings,
    by_source: BTreeMap<SourceId, Arc<Vec<Route>>>,
    changed: bool,
    newest: Option<Arc<Snapshot>>,
    /// The highest generation that there was before the first of ours.
    before: Generation,
    pub(super) trust: Trust,
    desk: Desk,
    /// Sources that have not told anything yet.
    awaited: BTreeSet<SourceId>,
    /// Until when the first snapshot waits for them.
    patience: Instant,
}

/// Where the next snapshot is made.
#[derive(Debug)]
enum Desk {
    Idle(Numbers),
    /// The numbers are away with a draft; so many were ever in use before.
    Composing {
        columns: u32,
        accounts: u32,
    },
}

/// How long the first snapshot waits when workers of an earlier master serve meanwhile.
const INHERITED_PATIENCE: Duration = Duration::from_secs(15);

impl Tables {
    pub(crate) fn new(settings: ProxySettings, awaited: Vec<SourceId>, patience: Instant) -> Tables {
        let awaited = awaited.into_iter().collect();
        Tables {
            settings,
            by_source: BTreeMap::new(),
            changed: true,
            newest: None,
            before: Generation::default(),
            trust: Trust::default(),
            desk: Desk::Idle(Numbers::default()),
            awaited,
            patience,
        }
    }

    /// Goes on where an earlier master was: with its routes, until their sources tell others. Without a snapshot that can
    /// be read, its workers serve on with theirs, so the sources get more time.
    pub(super) fn inherit(&mut self, snapshot: Option<Arc<Snapshot>>, generation: Generation, columns: u32, now: Instant) {
        self.before = generation;
        let Some(snapshot) = snapshot else {
            self.patience = now + INHERITED_PATIENCE;
            return;
        };
        let mut by_source: BTreeMap<SourceId, Vec<Route>> = BTreeMap::new();
        for route in &snapshot.routes {
            let source = match route.owner {
                Owner::File { .. } => SourceId::File,
                Owner::Container { .. } => SourceId::Before,
                Owner::Hand { .. } => SourceId::Hand,
            };
            by_source.entry(source).or_default().push(route.clone());
        }
        self.by_source = by_source.into_iter().map(|(source, routes)| (source, Arc::new(routes))).collect();
        let columns = Columns::inherited(&snapshot.columns, columns);
        self.desk = Desk::Idle(Numbers { columns, accounts: Accounts::inherited(&snapshot.accounts) });
        self.trust.published(&snapshot, None);
        self.newest = Some(snapshot);
    }

    /// The newest whole set of a source replaces its last one.
    pub(crate) fn replace(&mut self, source: SourceId, routes: Arc<Vec<Route>>) {
        self.awaited.remove(&source);
        if self.awaited.is_empty() {
            self.changed |= self.by_source.remove(&SourceId::Before).is_some();
        }
        // Whether it says the same as before is found out with the next draft.
        self.by_source.insert(source, routes);
        self.changed = true;
    }

    /// Zero while there is none.
    pub(crate) fn generation(&self) -> Generation {
        self.newest.as_ref().map_or(Generation::default(), |snapshot| snapshot.generation)
    }

    /// The highest that there ever was, also before us.
    pub(crate) fn highest(&self) -> Generation {
        self.generation().max(self.before)
    }

    pub(crate) fn newest(&self) -> Option<&Snapshot> {
        self.newest.as_deref()
    }

    pub(super) fn newest_shared(&self) -> Option<Arc<Snapshot>> {
        self.newest.clone()
    }

    /// Whether the newest one is quarantined: nobody gets it any more, and what was trusted is on its way.
    pub(super) fn is_withdrawn(&self) -> bool {
        let quarantined = self.trust.quarantined();
        quarantined.zip(self.newest.as_ref()).is_some_and(|(quarantined, newest)| Arc::ptr_eq(&quarantined, newest))
    }

    /// What is quarantined may be served, and is tried again.
    pub(super) fn pardon(&mut self) {
        let withdrawn = self.is_withdrawn();
        self.changed |= self.trust.pardon(withdrawn);
    }

    /// What is served may have to change although the sources say the same.
    pub(super) fn look_again(&mut self) {
        self.changed = true;
    }

    pub(crate) fn drain_limit(&self) -> Duration {
        self.settings.timeouts.drain
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        let patience = (self.newest.is_none() && !self.awaited.is_empty()).then_some(self.patience);
        patience.or(self.trust.deadline())
    }

    /// What the next snapshot shall be made of, if it may say something else than the last one. None while one is being made,
    /// or while sources are still waited for.
    fn draft(&mut self, now: Instant) -> Option<Draft> {
        if !self.changed || (self.newest.is_none() && !self.awaited.is_empty() && now < self.patience) {
            return None;
        }
        let Desk::Idle(numbers) = &mut self.desk else { return None };
        let numbers = std::mem::take(numbers);
        self.desk = Desk::Composing { columns: numbers.columns.used(), accounts: numbers.accounts.used() };
        self.changed = false;
        Some(Draft {
            generation: Generation(self.highest().0 + 1),
            sources: self.by_source.values().cloned().collect(),
            settings: self.settings.clone(),
            newest: self.newest.clone(),
            trusted: self.trust.trusted(),
            quarantined: self.trust.quarantined(),
            numbers,
        })
    }

    /// Takes what became of the draft; the next snapshot, if it says something else than the last one.
    fn composed(&mut self, now: Instant, composed: Composed) -> Option<Arc<Snapshot>> {
        let Composed { snapshot, proven_by, numbers, .. } = composed;
        self.desk = Desk::Idle(numbers);
        let snapshot = snapshot?;
        if let Some(newest) = &self.newest {
            self.trust.give_way(now, newest);
        }
        self.trust.published(&snapshot, proven_by.as_ref());
        self.newest = Some(Arc::clone(&snapshot));
        Some(snapshot)
    }
}

impl Core {
    /// Other settings may also cure workers that refused to start with the old ones.
    pub(super) fn settings_changed(&mut self, settings: ProxySettings) {
        self.tables.changed |= self.tables.settings != settings;
        self.tables.settings = settings;
        self.resume_slots();
    }

    /// Columns whose backends are gone, and that no worker can begin to use any more. Those with nothing left on
    /// them may be given away, see [`super::Event::Vacated`].
    pub(crate) fn leaving_columns(&self) -> Vec<u32> {
        // Whoever has none and was sent none will get the newest.
        let oldest = |process: &Process| process.unanswered.map(|(sent, _)| sent).into_iter().chain(process.applied).min();
        let oldest = self.processes.values().filter_map(oldest).min().unwrap_or_else(|| self.tables.generation());
        #[cfg(test)]
        let oldest = if self.sabotage == Some(super::Sabotage::GiveColumnsAwayEarly) { self.tables.generation() } else { oldest };
        match &self.tables.desk {
            Desk::Idle(numbers) => numbers.columns.retired_at(oldest),
            // They can wait.
            Desk::Composing { .. } => Vec::new(),
        }
    }

    /// How many columns were ever in use: the others are empty.
    pub(crate) fn columns(&self) -> u32 {
        match &self.tables.desk {
            Desk::Idle(numbers) => numbers.columns.used(),
            Desk::Composing { columns, .. } => *columns,
        }
    }

    /// How many accounts were ever in use: the others are empty.
    pub(crate) fn accounts(&self) -> u32 {
        match &self.tables.desk {
            Desk::Idle(numbers) => numbers.accounts.used(),
            Desk::Composing { accounts, .. } => *accounts,
        }
    }

    /// Whether the next snapshot is being made.
    pub(crate) fn is_composing(&self) -> bool {
        matches!(self.tables.desk, Desk::Composing { .. })
    }

    pub(super) fn vacated(&mut self, columns: &[u32]) {
        if let Desk::Idle(numbers) = &mut self.tables.desk {
            numbers.columns.vacated(columns);
        }
    }

    /// Has the next snapshot made, if something was said.
    pub(super) fn compose(&mut self) {
        let draft = self.tables.draft(self.now);
        self.effects.extend(draft.map(|draft| Effect::Compose(Box::new(draft))));
    }

    /// It is made.
    pub(super) fn composed(&mut self, composed: Composed) {
        let Some(snapshot) = self.tables.composed(self.now, composed) else { return };
        #[cfg(test)]
        let snapshot = if self.sabotage == Some(super::Sabotage::RepeatGenerations) {
            Arc::new(Snapshot { generation: Generation(1), ..(*snapshot).clone() })
        } else {
            snapshot
        };
        self.effects.push(Effect::Publish(snapshot));
    }

    /// Every worker that is behind gets the newest snapshot, once it has answered the one before: a slow worker
    /// costs no memory and skips what was newest in between.
    pub(super) fn deliver(&mut self) {
        if self.tables.is_withdrawn() {
            return;
        }
        let generation = self.tables.generation();
        let canary = self.canary();
        let untried = self.tables.trust.is_untried();
        #[cfg(test)]
        let untried = untried && self.sabotage != Some(super::Sabotage::TrustEverySnapshot);
        for (worker, process) in &mut self.processes {
            if untried && canary != Some(*worker) {
                continue;
            }
            let listens = match process.life {
                Life::Greeted | Life::Ready | Life::Online | Life::Leaving | Life::Draining { .. } => true,
                Life::Born | Life::Terminated { .. } | Life::Killed => false,
            };
            let behind = process.applied.max(process.refused).unwrap_or_default() < generation;
            let reads = !process.foreign;
            #[cfg(test)]
            let reads = reads || self.sabotage == Some(super::Sabotage::TalkToStrangers);
            let free = process.unanswered.is_none() && reads;
            #[cfg(test)]
            let free = free
                || (self.sabotage == Some(super::Sabotage::FloodSlowWorkers)
                    && process.unanswered.is_some_and(|(sent, _)| sent < generation));
            if listens && behind && free {
                process.unanswered = Some((generation, self.now));
                self.effects.push(Effect::Send(*worker, ToWorker::Snapshot { generation }));
            }
        }
    }
}
