//! What can be seen of the core from outside.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use dproxy_config::WorkerCount;
use dproxy_ipc::{Generation, ListenerInfo, Snapshot};

use super::process::{Life, Process};
use super::slot::{STABLE, Seat, Slot};
use super::{Core, SlotId, WorkerId};

/// A worker as an operator wants to see it; a slot without one is a line too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WorkerView {
    pub(crate) slot: SlotId,
    pub(crate) worker: Option<WorkerId>,
    pub(crate) pid: Option<u32>,
    pub(crate) state: &'static str,
    pub(crate) restarts: u64,
    pub(crate) started: Option<Instant>,
    pub(crate) generation: Generation,
    pub(crate) sockets: usize,
}

impl Core {
    /// Every process, and every slot that has none; by slot.
    pub(crate) fn workers(&self) -> Vec<WorkerView> {
        let running = self.processes.iter().map(|(worker, process)| self.worker_view(*worker, process));
        let empty = self.slots.iter().filter(|(_, slot)| slot.workers().next().is_none()).map(|(id, slot)| slot_view(*id, slot));
        let mut views: Vec<WorkerView> = running.chain(empty).collect();
        views.sort_by_key(|view| (view.slot, view.worker));
        views
    }

    /// How many slots have a worker that serves.
    pub(crate) fn online(&self) -> usize {
        self.slots.values().filter(|slot| slot.workers().any(|worker| self.processes[&worker].life == Life::Online)).count()
    }

    /// Every worker that lives, and whether new clients may come to it.
    pub(crate) fn living(&self) -> impl Iterator<Item = (WorkerId, bool)> {
        let welcomes = |process: &Process| process.life == Life::Online && !process.pulse.is_silent();
        self.processes.iter().map(move |(worker, process)| (*worker, welcomes(process)))
    }

    /// How many of the workers that serve have the newest snapshot.
    pub(crate) fn at_newest_generation(&self) -> usize {
        let newest = self.tables.generation();
        let serving = self.processes.values().filter(|process| process.life == Life::Online);
        serving.filter(|process| process.applied == Some(newest)).count()
    }

    /// Whether somebody serves, and everybody who does has this generation or a later one. Whoever hangs is left out,
    /// because siblings accept for it.
    pub(crate) fn is_served_everywhere(&self, generation: Generation) -> bool {
        let mut serving = self.processes.values().filter(|process| process.accepts() && !process.pulse.is_silent()).peekable();
        serving.peek().is_some() && serving.all(|process| process.applied >= Some(generation))
    }

    pub(crate) fn wanted(&self) -> WorkerCount {
        self.wanted
    }

    pub(crate) fn generation(&self) -> Generation {
        self.tables.highest()
    }

    pub(crate) fn snapshot(&self) -> Option<&Snapshot> {
        self.tables.newest()
    }

    /// The same, for other threads.
    pub(crate) fn snapshot_shared(&self) -> Option<Arc<Snapshot>> {
        self.tables.newest_shared()
    }

    /// Every socket that is open.
    pub(crate) fn sockets(&self) -> Vec<ListenerInfo> {
        self.listeners.open_sockets()
    }

    /// How often workers were started in each slot.
    pub(crate) fn started(&self) -> impl Iterator<Item = (SlotId, u64)> {
        self.slots.iter().map(|(slot, it)| (*slot, it.spawned))
    }

    /// Whether a worker serves that this core has started itself.
    pub(crate) fn has_own_worker_online(&self) -> bool {
        self.processes.range(self.first_own..).any(|(_, process)| process.life == Life::Online)
    }

    /// Where clients come in now.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.open_addresses()
    }

    /// The same, and where sockets are still open that are about to be closed.
    pub(crate) fn bound_addresses(&self) -> Vec<SocketAddr> {
        self.listeners.open_sockets().iter().map(|info| info.address).collect()
    }

    /// What an operator should know.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let listen = self.listeners.failure().map(|text| format!("{text}; it is tried again every few seconds"));
        let errored = self.slots.iter().filter(|(_, slot)| slot.is_errored()).map(|(id, slot)| {
            let failure = slot.last_failure.as_deref().unwrap_or("it does not come up");
            format!("worker of slot {} is errored: {failure}", id.0)
        });
        let refused = self
            .processes
            .values()
            .filter_map(|process| Some((process.slot, process.refused?)))
            .map(|(slot, generation)| format!("worker of slot {} refused generation {generation} and serves the one before", slot.0));
        let silent = self.processes.values().filter(|process| process.pulse.is_silent()).map(|process| {
            format!("worker of slot {} has been silent for {:.1?}; its siblings accept for it", process.slot.0, process.pulse.silence())
        });
        // The inventory: it never shows while the books are right.
        let unserved = self.is_complete().then(|| self.unserved_sockets()).filter(|unserved| *unserved > 0);
        let unserved = unserved.map(|unserved| format!("nobody accepts from {unserved} of the sockets; `dproxy ctl restart` helps"));
        let struggling = self.slots.iter().filter_map(|(id, slot)| {
            let young = |worker: WorkerId| self.now < self.processes[&worker].started + STABLE;
            let failures = slot.struggle().filter(|_| slot.workers().all(young))?;
            let failure = slot.last_failure.as_deref().unwrap_or("it does not come up");
            Some(format!("workers of slot {} failed {failures} times in a row, the last one {failure}; another is tried", id.0))
        });
        let left = |process: &&Process| process.foreign && process.serves() && self.rolling.is_none();
        let foreign = self.processes.values().filter(left).map(|process| {
            format!("worker of slot {} is of another release and gets no new routes; `dproxy ctl restart` replaces it", process.slot.0)
        });
        let grown = self.processes.values().filter_map(Process::growth);
        let quarantined = self.tables.trust.report().map(str::to_owned);
        listen
            .into_iter()
            .chain(quarantined)
            .chain(unserved)
            .chain(struggling)
            .chain(errored)
            .chain(refused)
            .chain(foreign)
            .chain(silent)
            .chain(grown)
            .collect()
    }

    fn worker_view(&self, worker: WorkerId, process: &Process) -> WorkerView {
        WorkerView {
            slot: process.slot,
            worker: Some(worker),
            pid: process.pid,
            state: process.life.as_str(),
            restarts: self.slots.get(&process.slot).map_or(0, |slot| slot.spawned.saturating_sub(1)),
            started: Some(process.started),
            generation: process.applied.unwrap_or_default(),
            sockets: process.held.len(),
        }
    }
}

fn slot_view(id: SlotId, slot: &Slot) -> WorkerView {
    let state = match slot.seat {
        _ if slot.is_errored() => "errored",
        Seat::Vacant { .. } | Seat::Halted | Seat::Taken { .. } => "waiting restart",
    };
    let restarts = slot.spawned.saturating_sub(1);
    WorkerView { slot: id, worker: None, pid: None, state, restarts, started: None, generation: Generation::default(), sockets: 0 }
}

impl Life {
    /// The word of the API.
    fn as_str(self) -> &'static str {
        match self {
            Life::Born | Life::Greeted | Life::Ready => "launching",
            Life::Online => "online",
            Life::Leaving | Life::Draining { .. } | Life::Terminated { .. } | Life::Killed => "stopping",
        }
    }
}
