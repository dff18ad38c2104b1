//! What the master decides. Nothing here reads a clock, opens a socket or starts a process: events and the
//! time come in, effects go out, and a driver carries them out. So years of bad luck are simulated in a second.
//!
//! After every event [`Core::reconcile`] moves each slot, worker and socket one step from what is towards what
//! is wanted. A step that waits for an answer is continued by the event that brings the answer.

mod accounts;
mod asked;
mod columns;
mod draft;
mod handover;
mod inheritance;
mod lending;
mod outgrown;
mod pool;
mod process;
mod publish;
mod pulse;
#[cfg(test)]
mod sabotage;
mod slot;
mod sockets;
mod steering;
mod trial;
mod view;

#[cfg(test)]
mod sim;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dproxy_config::{ProxySettings, WorkerCount};
use dproxy_control::{Refusal, Wait};
use dproxy_ipc::{ListenerInfo, Snapshot, SocketId, ToMaster, ToWorker};
use dproxy_route::Route;

use asked::{Operation, Waiter};
pub(crate) use draft::{Composed, Draft};
pub(crate) use handover::Parcel;
use handover::Parcels;
pub(crate) use inheritance::{Heir, Inheritance, most_served};
use pool::{Mode, Rolling};
use process::Process;
use publish::Tables;
pub(crate) use pulse::LOOK;
#[cfg(test)]
pub(crate) use sabotage::Sabotage;
use slot::Slot;
use sockets::Listeners;
pub(crate) use view::WorkerView;

/// Which place in the pool; the same after a respawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SlotId(pub(crate) u16);

/// One life of a worker process; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct WorkerId(pub(crate) u64);

/// Somebody who waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RequestId(pub(crate) u64);

/// Who told of routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum SourceId {
    /// The configuration file.
    File,
    /// An operator, while everything runs.
    Hand,
    /// A Docker engine, by a number that no other one gets.
    Docker(u16),
    /// The engines as an earlier master heard them: counts until each has told its own.
    Before,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// By itself.
    Code(i32),
    /// By a signal.
    Signal(i32),
    /// It was another master's child: how, nobody here was told.
    Unseen,
    /// It never began.
    NotStarted(String),
}

/// What an operator wants changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Serve.
    Start,
    /// Serve no more.
    Stop,
    /// Have this many workers.
    Resize(WorkerCount),
    /// Replace every worker.
    Restart,
}

/// What can happen.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A moment named by [`Core::next_deadline`] came.
    Tick,
    /// These sockets listen.
    Opened(Vec<SocketId>),
    /// These sockets could not be opened.
    OpenFailed(Vec<SocketId>, String),
    /// A worker's process began.
    Spawned(WorkerId, u32),
    /// A worker said something.
    Said(WorkerId, ToMaster),
    /// A worker that drains gives clients away; somebody shall take them over.
    Entrusted(WorkerId, Parcel),
    /// A worker broke the line between us, or the rules.
    Broken(WorkerId, String),
    /// A worker's process ended.
    Exited(WorkerId, Exit),
    /// Every worker's last beat, looked at again after [`LOOK`].
    Looked(BTreeMap<WorkerId, u64>),
    /// Nothing is left on these columns of [`Core::leaving_columns`].
    Vacated(Vec<u32>),
    /// A worker uses so many bytes, which is more than it may.
    Outgrew(WorkerId, u64),
    /// A source's whole set of routes.
    Routes(SourceId, Arc<Vec<Route>>),
    /// What became of the draft of [`Effect::Compose`].
    Composed(Box<Composed>),
    /// Other settings for the workers.
    Settings(Box<ProxySettings>),
    /// Other addresses to listen on.
    Listen(Vec<SocketAddr>),
    /// An operator wants that what workers went through is forgotten.
    Reset,
    /// An operator wants a change.
    Asked(RequestId, Change, Wait),
    /// Drain everything and never start again.
    Close,
    /// End every worker now.
    Abandon,
}

/// What the driver shall do.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// Bind and listen; answered by [`Event::Opened`] or [`Event::OpenFailed`].
    Open {
        /// Which sockets, and where.
        sockets: Vec<ListenerInfo>,
        /// Whether a port that somebody else listens on is an error: none of our own sockets may be there.
        alone: bool,
    },
    /// Send new clients of this address to its first sockets, so many; its first socket stands for all.
    Steer {
        /// The first socket, and where it is bound.
        first: ListenerInfo,
        /// How many.
        slots: u16,
    },
    /// Close the master's copies.
    Close(Vec<SocketId>),
    /// Have the next snapshot made; answered by [`Event::Composed`].
    Compose(Box<Draft>),
    /// This is the newest snapshot from now on.
    Publish(Arc<Snapshot>),
    /// Start a process; answered by [`Event::Spawned`] or [`Event::Exited`].
    Spawn(WorkerId, SlotId),
    /// Say this, and send the descriptors that belong to it.
    Send(WorkerId, ToWorker),
    /// Give these clients to this worker, which says [`ToMaster::TookOver`] with this number.
    Pass(WorkerId, u64, Parcel),
    /// ABRT: it hangs.
    Abort(WorkerId),
    /// TERM: it should have gone.
    Terminate(WorkerId),
    /// KILL.
    Kill(WorkerId),
    /// Tell whoever asked.
    Answer(RequestId, Result<String, Refusal>),
    /// Keep this size over a restart of the program.
    Remember(WorkerCount),
}

/// What the core knows from the start.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// Pool size.
    pub(crate) workers: WorkerCount,
    /// CPUs that may be used: there are at least as many sockets per address.
    pub(crate) cpus: usize,
    /// Where to listen.
    pub(crate) addresses: Vec<SocketAddr>,
    /// What the workers obey.
    pub(crate) settings: ProxySettings,
    /// Sources that are waited for a moment, so that the first requests do not meet an empty table.
    pub(crate) awaited: Vec<SourceId>,
}

/// All that the master knows of its pool.
#[derive(Debug)]
pub(crate) struct Core {
    now: Instant,
    mode: Mode,
    wanted: WorkerCount,
    rolling: Option<Rolling>,
    epoch: u64,
    slots: BTreeMap<SlotId, Slot>,
    processes: BTreeMap<WorkerId, Process>,
    listeners: Listeners,
    tables: Tables,
    parcels: Parcels,
    waiters: Vec<Waiter>,
    /// What an operator had begun last, until it is done.
    operation: Option<Operation>,
    next_worker: u64,
    /// Workers before this one were taken over.
    first_own: WorkerId,
    next_serial: u64,
    effects: Vec<Effect>,
    #[cfg(test)]
    pub(crate) sabotage: Option<Sabotage>,
}

/// How long the first snapshot waits for sources that have not told anything yet.
const PATIENCE: Duration = Duration::from_secs(1);

impl Core {
    pub(crate) fn new(now: Instant, setup: Setup) -> Core {
        Core {
            now,
            mode: Mode::Starting,
            wanted: setup.workers,
            rolling: None,
            epoch: 0,
            slots: BTreeMap::new(),
            processes: BTreeMap::new(),
            listeners: Listeners::new(setup.addresses, setup.cpus),
            tables: Tables::new(setup.settings, setup.awaited, now + PATIENCE),
            parcels: Parcels::default(),
            waiters: Vec::new(),
            operation: None,
            next_worker: 0,
            first_own: WorkerId(0),
            next_serial: 0,
            effects: Vec::new(),
            #[cfg(test)]
            sabotage: None,
        }
    }

    /// Takes in what happened and says what to do about it.
    pub(crate) fn handle(&mut self, now: Instant, event: Event) -> Vec<Effect> {
        self.now = now;
        match event {
            Event::Tick => {}
            Event::Opened(sockets) => self.listeners.opened(&sockets),
            Event::OpenFailed(sockets, reason) => self.open_failed(&sockets, &reason),
            Event::Spawned(worker, pid) => self.spawned(worker, pid),
            Event::Said(worker, message) => self.said(worker, message),
            Event::Entrusted(giver, parcel) => self.entrusted(giver, parcel),
            Event::Broken(worker, reason) => self.broken(worker, &reason),
            Event::Exited(worker, exit) => self.exited(worker, &exit),
            Event::Looked(beats) => self.looked(&beats),
            Event::Vacated(columns) => self.vacated(&columns),
            Event::Outgrew(worker, bytes) => self.outgrew(worker, bytes),
            Event::Routes(source, routes) => self.tables.replace(source, routes),
            Event::Composed(composed) => self.composed(*composed),
            Event::Settings(settings) => self.settings_changed(*settings),
            Event::Listen(addresses) => self.listeners.listen_on(addresses),
            Event::Reset => self.reset(),
            Event::Asked(request, change, wait) => self.asked(request, change, wait),
            Event::Close => self.close(),
            Event::Abandon => self.abandon(),
        }
        self.reconcile();
        std::mem::take(&mut self.effects)
    }

    /// When to come back with [`Event::Tick`], if nothing happens before.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let waiters = self.waiters.iter().map(Waiter::deadline);
        let slots = self.slots.values().flat_map(Slot::deadlines);
        let processes = self.processes.values().flat_map(Process::deadlines);
        let others = self.tables.deadline().into_iter().chain(self.listeners.deadline()).chain(self.canary_deadline());
        // A moment that has passed was acted upon by the reconciliation that followed it.
        waiters.chain(slots).chain(processes).chain(others).filter(|deadline| *deadline > self.now).min()
    }

    /// One step from what is towards what is wanted, everywhere.
    fn reconcile(&mut self) {
        self.hurry_the_late();
        self.prove();
        self.compose();
        self.fill_slots();
        self.roll();
        self.deliver();
        self.open_sockets();
        self.assign_sockets();
        self.steer();
        self.let_leavers_go();
        self.pass_on();
        self.settle();
    }
}
