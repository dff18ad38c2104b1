//! Clients that say nothing for the moment, on their way from a worker that drains to one that serves.
//!
//! ```text
//!            entrusted               pass_on: somebody is free           took_over
//!   giver ───────────────► waiting ────────────────────────────► taking ───────────► theirs
//!                            ▲                                     │
//!                            └── exited: whoever should have them ─┘
//! ```
//!
//! The master keeps its copies of the connections until they are confirmed, so that no client is lost with a worker
//! that dies before. A giver sends its next clients when the last ones are confirmed: nobody is flooded.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

use dproxy_ipc::{ClientInfo, ToWorker};

use super::process::Life;
use super::{Core, Effect, SlotId, WorkerId};

/// Clients that travel together.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    pub(crate) clients: Vec<ClientInfo>,
    /// Their connections, in the same order. Nobody here reads from them.
    pub(crate) connections: Vec<Arc<OwnedFd>>,
}

/// Those that nobody was found for yet, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Parcels {
    waiting: VecDeque<Entrusted>,
    /// Whose turn it is among the workers, so that each gets its share.
    turn: usize,
}

/// A parcel and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Entrusted {
    giver: WorkerId,
    /// The giver's slot; none if it is gone already.
    home: Option<SlotId>,
    parcel: Parcel,
}

/// A parcel that a worker was given and has not confirmed.
#[derive(Debug)]
pub(crate) struct Taking {
    pub(crate) since: Instant,
    serial: u64,
    entrusted: Entrusted,
}

impl Core {
    /// Whether clients are on their way from one worker to another.
    pub(crate) fn has_travellers(&self) -> bool {
        !self.parcels.waiting.is_empty() || self.processes.values().any(|process| process.taking.is_some())
    }

    pub(super) fn entrusted(&mut self, giver: WorkerId, parcel: Parcel) {
        let home = self.processes.get(&giver).map(|process| process.slot);
        self.parcels.waiting.push_back(Entrusted { giver, home, parcel });
    }

    /// Gives each waiting parcel to somebody who serves; when nobody shall, their clients are sent away.
    pub(super) fn pass_on(&mut self) {
        if self.size() == 0 {
            for entrusted in std::mem::take(&mut self.parcels.waiting) {
                self.release(entrusted.giver);
            }
        }
        while let Some(entrusted) = self.parcels.waiting.front()
            && let Some(heir) = self.heir(entrusted.home)
            && let Some(process) = self.processes.get_mut(&heir)
            && let Some(entrusted) = self.parcels.waiting.pop_front()
        {
            self.next_serial += 1;
            let serial = self.next_serial;
            self.effects.push(Effect::Pass(heir, serial, entrusted.parcel.clone()));
            process.taking = Some(Taking { since: self.now, serial, entrusted });
        }
    }

    pub(super) fn took_over(&mut self, worker: WorkerId, serial: u64) {
        let Some(process) = self.processes.get_mut(&worker) else { return };
        if let Some(taking) = process.taking.take_if(|taking| taking.serial == serial) {
            self.release(taking.entrusted.giver);
            #[cfg(test)]
            if self.sabotage == Some(super::Sabotage::GiveClientsTwice) {
                self.parcels.waiting.push_back(taking.entrusted);
            }
        }
    }

    /// Whoever was given these is gone, and never touched them.
    pub(super) fn take_back(&mut self, taking: Option<Taking>) {
        #[cfg(test)]
        let taking = taking.filter(|_| self.sabotage != Some(super::Sabotage::LoseClientsOfTheDead));
        self.parcels.waiting.extend(taking.map(|taking| taking.entrusted));
    }

    /// Who takes clients of this slot over: its own worker if that serves, so that shares stay even, else each in turn.
    fn heir(&mut self, home: Option<SlotId>) -> Option<WorkerId> {
        let free =
            self.processes.iter().filter(|(_, process)| process.life == Life::Online && process.responds() && process.taking.is_none());
        let free: Vec<(WorkerId, SlotId)> = free.map(|(worker, process)| (*worker, process.slot)).collect();
        if let Some((worker, _)) = free.iter().find(|(_, slot)| Some(*slot) == home) {
            return Some(*worker);
        }
        self.parcels.turn = self.parcels.turn.wrapping_add(1);
        let (worker, _) = free.get(self.parcels.turn.checked_rem(free.len())?)?;
        Some(*worker)
    }

    /// Lets a giver go on.
    fn release(&mut self, giver: WorkerId) {
        let Some(process) = self.processes.get(&giver) else { return };
        if matches!(process.life, Life::Draining { .. }) {
            self.effects.push(Effect::Send(giver, ToWorker::HandedOver));
        }
    }
}
