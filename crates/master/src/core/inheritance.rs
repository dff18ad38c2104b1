//! A core that begins with what another one left: an upgraded program, or the next master after a crash.
//!
//! What is inherited is what the workers themselves hold, so it is true whatever the core before meant to do. From
//! there on the usual steps lead to what is wanted: sockets that nobody has are handed out, whoever is too many leaves,
//! and workers of another program are replaced, one at a time.
//!
//! ```text
//!   in the hands of a worker:  serves, has sockets ──► Online      told to leave ──► Draining
//!                              serves, has none    ──► Ready       its slot has a younger one ──► Leaving
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dproxy_ipc::{Generation, ListenerInfo, Snapshot, SocketId};
use tracing::info;

use super::pool::{Mode, Rolling};
use super::process::{DRAIN_GRACE, Life, Process};
use super::slot::{Seat, Slot};
use super::{Core, Setup, SlotId, WorkerId};

/// What a core begins with that another one left.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inheritance {
    /// What [`most_served`] says, if this program can read it.
    pub(crate) snapshot: Option<Arc<Snapshot>>,
    /// The highest that there was.
    pub(crate) generation: Generation,
    /// How many columns of the board were in use at some time.
    pub(crate) columns: u32,
    /// Every socket that is open.
    pub(crate) sockets: Vec<ListenerInfo>,
    /// No socket had this number or a higher one.
    pub(crate) next_socket: u32,
    /// Every worker that lives.
    pub(crate) workers: BTreeMap<WorkerId, Heir>,
    /// How often workers were started in each slot.
    pub(crate) spawned: BTreeMap<SlotId, u64>,
    /// Nobody should serve.
    pub(crate) stopped: bool,
    #[cfg(test)]
    pub(crate) sabotage: Option<super::Sabotage>,
}

/// A worker that outlived its master.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heir {
    pub(crate) slot: SlotId,
    pub(crate) pid: u32,
    pub(crate) age: Duration,
    pub(crate) generation: Generation,
    pub(crate) held: BTreeSet<SocketId>,
    pub(crate) lent: BTreeSet<SocketId>,
    /// It was told to leave, and has so long for that.
    pub(crate) leaving: Option<Duration>,
    /// It runs another program, which cannot read what this one says of routes.
    pub(crate) foreign: bool,
}

impl Core {
    /// A core that goes on with what another one left.
    pub(crate) fn inherit(now: Instant, setup: Setup, inheritance: Inheritance) -> Core {
        let mut core = Core::new(now, setup);
        #[cfg(test)]
        core.take_sabotage(&inheritance);
        let Inheritance { snapshot, generation, columns, sockets, next_socket, workers, spawned, stopped, .. } = inheritance;
        core.mode = if stopped { Mode::Stopped } else { Mode::Starting };
        #[cfg(test)]
        let generation = if core.sabotage == Some(super::Sabotage::BeginGenerationsAgain) { Generation::default() } else { generation };
        core.tables.inherit(snapshot, generation, columns, now);
        core.listeners.inherit(&sockets, next_socket);
        #[cfg(test)]
        if core.sabotage == Some(super::Sabotage::CloseWhatWasInherited) {
            core.effects.push(super::Effect::Close(sockets.iter().map(|info| info.socket).take(1).collect()));
        }
        core.next_worker = workers.keys().last().map_or(0, |worker| worker.0 + 1);
        core.first_own = WorkerId(core.next_worker);
        if workers.values().any(|heir| heir.foreign) {
            info!("workers of another program serve; they are replaced one by one");
            core.epoch = 1;
            core.rolling = Some(Rolling::default());
        }
        for (worker, heir) in &workers {
            core.processes.insert(*worker, Process::inherited(heir, if heir.foreign { 0 } else { core.epoch }, now));
        }
        core.seat_heirs(&workers, &spawned);
        core
    }

    #[cfg(test)]
    fn take_sabotage(&mut self, inheritance: &Inheritance) {
        self.sabotage = inheritance.sabotage;
    }

    /// Of each slot's workers that serve the youngest keeps the seat; the others leave once their sockets are taken over.
    fn seat_heirs(&mut self, workers: &BTreeMap<WorkerId, Heir>, spawned: &BTreeMap<SlotId, u64>) {
        let mut serving: Vec<(WorkerId, &Heir)> =
            workers.iter().filter(|(_, heir)| heir.leaving.is_none()).map(|(id, heir)| (*id, heir)).collect();
        #[cfg(test)]
        if self.sabotage == Some(super::Sabotage::ForgetAnHeir) {
            serving.pop();
        }
        serving.sort_by_key(|(_, heir)| (heir.slot, heir.age));
        for (worker, heir) in serving {
            if self.slots.contains_key(&heir.slot) {
                info!(slot = heir.slot.0, pid = heir.pid, "a second worker of a slot leaves");
                #[cfg(test)]
                if self.sabotage == Some(super::Sabotage::SeatTwoHeirs) {
                    continue;
                }
                self.dismiss(worker);
                continue;
            }
            let mut slot = Slot::new(self.now);
            slot.spawned = spawned.get(&heir.slot).copied().unwrap_or(1).max(1);
            slot.seat = Seat::Taken { occupant: worker, successor: None };
            self.slots.insert(heir.slot, slot);
        }
    }
}

impl Process {
    fn inherited(heir: &Heir, epoch: u64, now: Instant) -> Process {
        let life = match heir.leaving {
            Some(limit) => Life::Draining { until: now + limit + DRAIN_GRACE },
            None if heir.held.is_empty() => Life::Ready,
            None => Life::Online,
        };
        Process {
            pid: Some(heir.pid),
            life,
            started: now.checked_sub(heir.age).unwrap_or(now),
            applied: Some(heir.generation),
            applied_at: Some(now),
            held: heir.held.clone(),
            lent: heir.lent.clone(),
            foreign: heir.foreign,
            ..Process::new(heir.slot, epoch, now)
        }
    }
}

/// The table to go on with: what most workers serve is proven, and what only a few have may still be on trial.
pub(crate) fn most_served(generations: impl Iterator<Item = Generation>) -> Option<Generation> {
    let mut counts: BTreeMap<Generation, usize> = BTreeMap::new();
    generations.for_each(|generation| *counts.entry(generation).or_default() += 1);
    // Of equals the older one.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(generation, _)| generation)
}

/// The place of each socket among those of its address: they were numbered in the order of their places.
pub(super) fn places(sockets: &[ListenerInfo]) -> impl Iterator<Item = (SocketId, SocketAddr, usize)> {
    let mut sockets: Vec<(SocketId, SocketAddr)> = sockets.iter().map(|info| (info.socket, info.address)).collect();
    sockets.sort_unstable();
    let mut counts: BTreeMap<SocketAddr, usize> = BTreeMap::new();
    sockets.into_iter().map(move |(socket, address)| {
        let count = counts.entry(address).or_default();
        *count += 1;
        (socket, address, *count - 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_to_go_on_with_is_the_one_that_most_serve() {
        let check = |served: &[u64], expected: Option<u64>| {
            assert_eq!(most_served(served.iter().map(|number| Generation(*number))), expected.map(Generation), "{served:?}");
        };
        check(&[], None);
        check(&[4], Some(4));
        check(&[4, 5], Some(4));
        check(&[4, 4, 5], Some(4));
        check(&[3, 5, 5], Some(5));
    }

    #[test]
    fn sockets_take_their_places_by_their_numbers() {
        let info = |(number, port): &(u32, u16)| ListenerInfo { socket: SocketId(*number), address: ([127, 0, 0, 1], *port).into() };
        let sockets: Vec<ListenerInfo> = [(7, 80), (3, 81), (2, 80), (9, 80)].iter().map(info).collect();
        let found: Vec<(u32, u16, usize)> = places(&sockets).map(|(socket, address, place)| (socket.0, address.port(), place)).collect();
        assert_eq!(found, [(2, 80, 0), (3, 81, 0), (7, 80, 1), (9, 80, 2)]);
    }
}
