//! How many workers there are: filling slots, replacing workers one by one, sending the surplus away.

use dproxy_control::PoolState;
use tracing::{error, info, warn};

use super::process::{Life, Process};
use super::slot::{OUTAGE_RETRY, Seat, Slot};
use super::{Core, Effect, Exit, SlotId, WorkerId};

/// What the pool is meant to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Come up.
    Starting,
    /// Serve with the size that was reached.
    Running,
    /// Get another size.
    Resizing,
    /// Not serve until somebody says start.
    Stopped,
    /// Not serve ever again: the master leaves.
    Closed,
}

/// A round of replacements under way: one slot at a time, and no occupant leaves before its successor serves.
#[derive(Debug, Default)]
pub(crate) struct Rolling {
    /// Successors that died before they served.
    failures: u32,
}

/// After so many failed successors the old workers stay.
const GIVE_UP_ROLLING: u32 = 3;

impl Core {
    /// How many workers there should be now.
    pub(super) fn size(&self) -> usize {
        match self.mode {
            Mode::Starting | Mode::Running | Mode::Resizing => self.wanted.get(),
            Mode::Stopped | Mode::Closed => 0,
        }
    }

    /// Whether exactly the wanted workers serve, and nobody else accepts.
    pub(super) fn is_complete(&self) -> bool {
        let serving = self.slots.values().filter(|slot| match slot.seat {
            Seat::Taken { occupant, .. } => self.processes.get(&occupant).is_some_and(|process| process.life == Life::Online),
            Seat::Vacant { .. } | Seat::Halted => false,
        });
        serving.count() == self.size() && self.processes.values().all(|process| process.life != Life::Leaving)
    }

    pub(crate) fn pool_state(&self) -> PoolState {
        match self.mode {
            Mode::Stopped | Mode::Closed if self.processes.is_empty() => PoolState::Stopped,
            Mode::Stopped | Mode::Closed => PoolState::Stopping,
            Mode::Starting => PoolState::Starting,
            Mode::Resizing => PoolState::Resizing,
            Mode::Running if self.rolling.is_some() => PoolState::Restarting,
            Mode::Running => PoolState::Running,
        }
    }

    /// Sends away whoever is too many, and starts whoever is missing and due.
    pub(super) fn fill_slots(&mut self) {
        let size = u16::try_from(self.size()).expect("a pool has at most 1024 workers");
        #[cfg(test)]
        let surplus_stays = self.sabotage == Some(super::Sabotage::KeepTheSurplus);
        #[cfg(not(test))]
        let surplus_stays = false;
        if !surplus_stays {
            for slot in self.slots.split_off(&SlotId(size)).into_values() {
                slot.workers().for_each(|worker| self.dismiss(worker));
            }
        }
        for number in 0..size {
            let slot = self.slots.entry(SlotId(number)).or_insert_with(|| Slot::new(self.now));
            if matches!(slot.seat, Seat::Vacant { until } if until <= self.now) {
                let occupant = self.spawn(SlotId(number));
                self.seat(SlotId(number), Seat::Taken { occupant, successor: None });
            }
        }
        self.hasten_one();
    }

    /// While nobody is there at all, one slot is tried soon, however often it failed.
    fn hasten_one(&mut self) {
        #[cfg(test)]
        if matches!(self.sabotage, Some(super::Sabotage::ForgetToRespawn | super::Sabotage::WaitWithNobodyThere)) {
            return;
        }
        if self.slots.values().any(|slot| slot.workers().next().is_some()) {
            return;
        }
        if let Some(first) = self.slots.values_mut().filter(|slot| slot.due().is_some()).min_by_key(|slot| slot.due()) {
            first.hasten(self.now + OUTAGE_RETRY);
        }
    }

    /// Replaces the next worker of an older round, once the one before is done.
    pub(super) fn roll(&mut self) {
        let Some(rolling) = &self.rolling else { return };
        if rolling.failures >= GIVE_UP_ROLLING {
            return self.give_up_rolling();
        }
        let seats = self.slots.iter().filter_map(|(slot, it)| match it.seat {
            Seat::Taken { occupant, successor } => Some((*slot, occupant, successor)),
            Seat::Vacant { .. } | Seat::Halted => None,
        });
        let stale: Vec<_> = seats.filter(|(_, occupant, _)| self.is_stale(&self.processes[occupant])).collect();
        if stale.is_empty() {
            info!("every worker was replaced");
            self.rolling = None;
        } else if stale.iter().all(|(_, _, successor)| successor.is_none()) {
            // An occupant that does not serve yet either will, or dies and is followed by one of this round.
            let next = stale.into_iter().find(|(_, occupant, _)| self.processes[occupant].life == Life::Online);
            if let Some((slot, occupant, _)) = next {
                let successor = self.spawn(slot);
                self.seat(slot, Seat::Taken { occupant, successor: Some(successor) });
                #[cfg(test)]
                if self.sabotage == Some(super::Sabotage::RetireBeforeTheSuccessorServes) {
                    self.seat(slot, Seat::Taken { occupant: successor, successor: None });
                    self.dismiss(occupant);
                }
            }
        }
    }

    fn is_stale(&self, process: &Process) -> bool {
        process.epoch < self.epoch || process.outgrown.is_some()
    }

    fn give_up_rolling(&mut self) {
        self.rolling = None;
        let failures = self.slots.iter().filter_map(|(slot, it)| Some(format!("slot {}: {}", slot.0, it.last_failure.as_ref()?)));
        let reason = failures.collect::<Vec<_>>().join("; ");
        error!(reason, "new workers do not come up, the old ones stay");
        self.restart_failed(&reason);
    }

    /// A worker confirmed all its sockets. If it is a successor, the one before it may leave now.
    pub(super) fn came_online(&mut self, worker: WorkerId) {
        let Some(process) = self.processes.get_mut(&worker) else { return };
        process.life = Life::Online;
        info!(slot = process.slot.0, pid = process.pid, sockets = process.held.len(), "worker online");
        let slot = process.slot;
        if let Some(Seat::Taken { occupant, successor }) = self.slots.get(&slot).map(|it| it.seat)
            && successor == Some(worker)
        {
            self.seat(slot, Seat::Taken { occupant: worker, successor: None });
            self.dismiss(occupant);
        }
    }

    pub(super) fn exited(&mut self, worker: WorkerId, exit: &Exit) {
        #[cfg(test)]
        if self.sabotage == Some(super::Sabotage::TalkToTheDead) && self.processes.get(&worker).is_some_and(Process::serves) {
            self.effects.push(Effect::Send(worker, dproxy_ipc::ToWorker::Drain { deadline_ms: 0, idle: dproxy_ipc::Idle::Close }));
        }
        let Some(mut process) = self.processes.remove(&worker) else { return };
        self.take_back(process.taking.take());
        let Some(slot) = self.slots.get_mut(&process.slot).filter(|slot| slot.workers().any(|it| it == worker)) else {
            info!(slot = process.slot.0, pid = process.pid, %exit, "worker left");
            return;
        };
        warn!(slot = process.slot.0, pid = process.pid, %exit, "worker died");
        if process.life == Life::Online {
            slot.unserved_since = self.now;
        }
        match slot.seat {
            Seat::Taken { occupant, successor: Some(successor) } => {
                slot.last_failure = Some(exit.to_string());
                if occupant == worker {
                    slot.seat = Seat::Taken { occupant: successor, successor: None };
                } else {
                    slot.seat = Seat::Taken { occupant, successor: None };
                    self.rolling.iter_mut().for_each(|rolling| rolling.failures += 1);
                }
            }
            Seat::Taken { successor: None, .. } | Seat::Vacant { .. } | Seat::Halted => {
                let uptime = self.now.saturating_duration_since(process.started);
                slot.failed(self.now, uptime, exit);
                #[cfg(test)]
                if self.sabotage == Some(super::Sabotage::ForgetToRespawn) {
                    slot.seat = Seat::Vacant { until: self.now + std::time::Duration::from_secs(86_400) };
                }
            }
        }
        self.strike(&process, &exit.to_string());
    }

    /// Slots that failed are tried again at once, and so is a snapshot: an operator changed something.
    pub(super) fn resume_slots(&mut self) {
        self.tables.pardon();
        self.slots.values_mut().for_each(|slot| slot.resume(self.now));
    }

    /// Forgets how often workers were started again, and tries at once those that do not come up.
    pub(super) fn reset(&mut self) {
        self.slots.values_mut().for_each(Slot::forget_restarts);
        self.resume_slots();
    }

    /// A new round of replacements; one under way becomes part of it.
    pub(super) fn begin_rolling(&mut self) {
        self.epoch += 1;
        self.rolling = Some(Rolling::default());
        self.resume_slots();
        // A successor of the round before would be stale as soon as it serves.
        let successors: Vec<WorkerId> = self.slots.values().filter_map(Slot::successor).collect();
        for worker in successors {
            if let Some(process) = self.processes.get_mut(&worker) {
                process.epoch = self.epoch;
            }
        }
    }

    pub(super) fn abandon(&mut self) {
        let everybody: Vec<WorkerId> = self.processes.keys().copied().collect();
        everybody.into_iter().for_each(|worker| self.kill(worker));
    }

    fn spawn(&mut self, slot: SlotId) -> WorkerId {
        let worker = WorkerId(self.next_worker);
        self.next_worker += 1;
        self.processes.insert(worker, Process::new(slot, self.epoch, self.now));
        self.effects.push(Effect::Spawn(worker, slot));
        if let Some(slot) = self.slots.get_mut(&slot) {
            slot.spawned += 1;
        }
        worker
    }

    fn seat(&mut self, slot: SlotId, seat: Seat) {
        if let Some(slot) = self.slots.get_mut(&slot) {
            slot.seat = seat;
        }
    }
}
