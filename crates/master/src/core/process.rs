//! One worker process, from its birth to its end.
//!
//! ```text
//!            said Hello           said Applied           assign_sockets: it has all its sockets
//!   Born ───────────────► Greeted ───────────► Ready ─────────────────────────────► Online
//!     │                      │                   │                                    │
//!     │ dismiss              │                   │ dismiss: not wanted any more       │
//!     ▼                      ▼                   ▼                                    ▼
//!   Killed ◄─── hurry ── Terminated ◄─ hurry ─ Draining ◄── let_leavers_go ───────  Leaving
//!     │
//!     └─ exited (from every state): gone
//! ```
//!
//! A worker that is Leaving still accepts; it is told to drain only when others have confirmed all its sockets.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use dproxy_ipc::{Generation, Idle, PROTOCOL, SocketId, ToMaster, ToWorker};
use tracing::{info, warn};

use super::handover::Taking;
use super::pulse::Pulse;
use super::{Core, Effect, SlotId, WorkerId};

/// A worker that takes longer to come up, to take a snapshot or to take its sockets is as good as dead.
pub(crate) const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// After its deadline a draining worker gets so long to notice it by itself before TERM.
pub(crate) const DRAIN_GRACE: Duration = Duration::from_secs(1);
/// From TERM to KILL.
pub(crate) const TERM_GRACE: Duration = Duration::from_secs(2);

/// A worker process that was not seen to end yet.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) slot: SlotId,
    /// Which round of restarts it was made in.
    pub(crate) epoch: u64,
    pub(crate) started: Instant,
    pub(crate) pid: Option<u32>,
    pub(crate) life: Life,
    pub(crate) applied: Option<Generation>,
    /// When it said so.
    pub(crate) applied_at: Option<Instant>,
    pub(crate) refused: Option<Generation>,
    /// The snapshot it has not answered yet, and since when.
    pub(crate) unanswered: Option<(Generation, Instant)>,
    /// The sockets it confirmed to accept from.
    pub(crate) held: BTreeSet<SocketId>,
    /// The sockets of siblings it confirmed to look into.
    pub(crate) lent: BTreeSet<SocketId>,
    pub(crate) pulse: Pulse,
    /// How many bytes it uses, if that is more than it may.
    pub(crate) outgrown: Option<u64>,
    /// It runs another program and serves on with what it has.
    pub(crate) foreign: bool,
    pub(crate) moving: Option<Moving>,
    /// Clients that it was given and has not confirmed yet.
    pub(crate) taking: Option<Taking>,
}

/// Where in its life a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    Born,
    Greeted,
    Ready,
    Online,
    Leaving,
    Draining { until: Instant },
    Terminated { until: Instant },
    Killed,
}

/// A change of sockets that the worker has not confirmed yet.
#[derive(Debug)]
pub(crate) struct Moving {
    pub(crate) serial: u64,
    pub(crate) since: Instant,
    /// What it accepts from afterwards.
    pub(crate) after: BTreeSet<SocketId>,
    /// What it looks into afterwards.
    pub(crate) lent: BTreeSet<SocketId>,
}

impl Process {
    pub(crate) fn new(slot: SlotId, epoch: u64, now: Instant) -> Process {
        Process {
            slot,
            epoch,
            started: now,
            pid: None,
            life: Life::Born,
            applied: None,
            applied_at: None,
            refused: None,
            unanswered: None,
            held: BTreeSet::new(),
            lent: BTreeSet::new(),
            pulse: Pulse::default(),
            outgrown: None,
            foreign: false,
            moving: None,
            taking: None,
        }
    }

    /// Whether it can be given sockets.
    pub(crate) fn serves(&self) -> bool {
        matches!(self.life, Life::Ready | Life::Online)
    }

    /// Whether clients may come to it: also while others take its place.
    pub(crate) fn accepts(&self) -> bool {
        self.serves() || self.life == Life::Leaving
    }

    /// Whether it was told to drain, or worse; it may still hold copies of sockets.
    pub(crate) fn is_on_its_way_out(&self) -> bool {
        matches!(self.life, Life::Draining { .. } | Life::Terminated { .. } | Life::Killed)
    }

    /// Whether it accepts from `socket` and was not told to let it go.
    pub(crate) fn keeps(&self, socket: SocketId) -> bool {
        self.serves() && self.held.contains(&socket) && self.moving.as_ref().is_none_or(|moving| moving.after.contains(&socket))
    }

    pub(crate) fn deadlines(&self) -> impl Iterator<Item = Instant> {
        let life = match self.life {
            Life::Draining { until } | Life::Terminated { until } => Some(until),
            Life::Born | Life::Greeted => Some(self.started + ANSWER_LIMIT),
            Life::Ready | Life::Online | Life::Leaving | Life::Killed => None,
        };
        let moving = self.moving.as_ref().map(|moving| moving.since);
        let taking = self.taking.as_ref().map(|taking| taking.since);
        let questions = self.unanswered.map(|(_, since)| since).into_iter().chain(moving).chain(taking);
        life.into_iter().chain(questions.map(|since| since + ANSWER_LIMIT))
    }
}

impl Core {
    pub(super) fn spawned(&mut self, worker: WorkerId, pid: u32) {
        if let Some(process) = self.processes.get_mut(&worker) {
            process.pid = Some(pid);
        }
    }

    pub(super) fn said(&mut self, worker: WorkerId, message: ToMaster) {
        let Some(process) = self.processes.get_mut(&worker) else { return };
        match message {
            ToMaster::Hello { protocol } if protocol == PROTOCOL => self.greeted(worker),
            ToMaster::Hello { protocol } => self.broken(worker, &format!("it speaks protocol {protocol} instead of {PROTOCOL}")),
            ToMaster::Applied { generation } => self.applied(worker, generation),
            ToMaster::Rejected { generation, reason } => self.rejected(worker, generation, &reason),
            ToMaster::Listening { serial } => {
                if let Some(moving) = process.moving.take_if(|moving| moving.serial == serial) {
                    process.held = moving.after;
                    process.lent = moving.lent;
                }
            }
            ToMaster::TookOver { serial } => self.took_over(worker, serial),
            ToMaster::HandOver { .. } => self.broken(worker, "it gave clients away without their connections"),
            // Taken in by the driver, or read before there was a core; nothing is decided by it.
            ToMaster::Confined(_) | ToMaster::Holds(_) | ToMaster::HoldsQuic { .. } | ToMaster::Wanted { .. } => {}
            ToMaster::Drained { cut } => info!(slot = process.slot.0, cut, "worker drained"),
        }
    }

    fn greeted(&mut self, worker: WorkerId) {
        let Some(process) = self.processes.get_mut(&worker).filter(|process| process.life == Life::Born) else { return };
        process.life = Life::Greeted;
        let slot = process.slot.0;
        self.effects.push(Effect::Send(worker, ToWorker::Setup { slot }));
    }

    fn applied(&mut self, worker: WorkerId, generation: Generation) {
        let Some(process) = self.processes.get_mut(&worker) else { return };
        if process.unanswered.take_if(|(sent, _)| *sent == generation).is_none() {
            return;
        }
        process.applied = Some(generation);
        process.applied_at = Some(self.now);
        if process.life == Life::Greeted {
            process.life = Life::Ready;
        }
        self.tried(generation);
    }

    fn rejected(&mut self, worker: WorkerId, generation: Generation, reason: &str) {
        let Some(process) = self.processes.get_mut(&worker) else { return };
        if process.unanswered.take_if(|(sent, _)| *sent == generation).is_none() {
            return;
        }
        process.refused = Some(generation);
        warn!(slot = process.slot.0, %generation, reason, "worker refused a snapshot");
        let starts = process.applied.is_none();
        self.refused(generation, reason);
        if starts {
            self.broken(worker, &format!("it has no snapshot to serve: {reason}"));
        }
    }

    /// A worker that broke the rules cannot be talked to: end it. One that drains may have closed its end first.
    pub(super) fn broken(&mut self, worker: WorkerId, reason: &str) {
        let Some(process) = self.processes.get(&worker) else { return };
        match process.life {
            Life::Born | Life::Greeted | Life::Ready | Life::Online | Life::Leaving => {
                warn!(slot = process.slot.0, reason, "worker is broken, ending it");
                self.kill(worker);
            }
            Life::Draining { .. } | Life::Terminated { .. } | Life::Killed => {}
        }
    }

    /// Sends a worker on its way: it leaves once its sockets are in other hands, at once if it serves nobody.
    pub(super) fn dismiss(&mut self, worker: WorkerId) {
        let Some(process) = self.processes.get_mut(&worker) else { return };
        match process.life {
            Life::Born | Life::Greeted => self.kill(worker),
            Life::Ready | Life::Online => process.life = Life::Leaving,
            Life::Leaving | Life::Draining { .. } | Life::Terminated { .. } | Life::Killed => {}
        }
    }

    /// Tells a worker to finish what it has.
    pub(super) fn drain(&mut self, worker: WorkerId) {
        let limit = self.tables.drain_limit();
        let Some(process) = self.processes.get_mut(&worker) else { return };
        process.life = Life::Draining { until: self.now + limit + DRAIN_GRACE };
        let deadline_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        // With nobody to serve on, a client that is kept waiting for its next answer waits for nothing.
        let idle = if self.size() == 0 { Idle::Close } else { Idle::HandOver };
        self.effects.push(Effect::Send(worker, ToWorker::Drain { deadline_ms, idle }));
    }

    pub(super) fn kill(&mut self, worker: WorkerId) {
        let Some(process) = self.processes.get_mut(&worker) else { return };
        if process.life == Life::Killed {
            return;
        }
        if process.life == Life::Online
            && let Some(slot) = self.slots.get_mut(&process.slot)
        {
            slot.unserved_since = self.now;
        }
        process.life = Life::Killed;
        self.effects.push(Effect::Kill(worker));
    }

    /// Whoever let a deadline pass is pushed one step further towards the end.
    pub(super) fn hurry_the_late(&mut self) {
        let now = self.now;
        let late: Vec<WorkerId> =
            self.processes.iter().filter(|(_, process)| process.deadlines().any(|at| at <= now)).map(|(id, _)| *id).collect();
        for worker in late {
            let Some(process) = self.processes.get_mut(&worker) else { continue };
            match process.life {
                Life::Draining { until } => {
                    #[cfg(test)]
                    if self.sabotage == Some(super::Sabotage::WaitForeverForADrain) {
                        continue;
                    }
                    if until <= now {
                        process.life = Life::Terminated { until: now + TERM_GRACE };
                        self.effects.push(Effect::Terminate(worker));
                    }
                }
                Life::Terminated { until } => {
                    if until <= now {
                        self.kill(worker);
                    }
                }
                Life::Killed => {}
                Life::Born | Life::Greeted | Life::Ready | Life::Online | Life::Leaving => {
                    warn!(slot = process.slot.0, pid = process.pid, "worker does not answer, ending it");
                    self.kill(worker);
                }
            }
        }
    }
}
