//! What must be true after every step, whatever happens.
//!
//! It keeps its own books from the events and effects alone, so that a mistake of the core's books shows.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Instant;

use dproxy_config::WorkerCount;
use dproxy_control::PoolState;
use dproxy_ipc::{Generation, Snapshot, SocketId, ToMaster, ToWorker};
use dproxy_route::BackendId;

use super::super::pulse::{HUNG, LOST, SILENT};
use super::super::slot::{ADOPT_AFTER, OUTAGE_RETRY, Seat, Slot};
use super::super::{Change, Core, Effect, Event, Heir, Inheritance, Parcel, RequestId, SlotId, WorkerId};
use super::Pretend;

#[derive(Debug, Default)]
pub(super) struct Checks {
    known: BTreeMap<WorkerId, Known>,
    ever: BTreeSet<WorkerId>,
    open: BTreeSet<SocketId>,
    /// Ids are never used twice.
    closed_sockets: BTreeSet<SocketId>,
    /// Sockets that nobody accepts from or is told to, and since when.
    orphans: BTreeMap<SocketId, Instant>,
    /// Among how many sockets new clients are spread.
    steered: BTreeMap<SocketAddr, u16>,
    asked: BTreeSet<RequestId>,
    answered: BTreeSet<RequestId>,
    generation: Generation,
    /// The table that whoever is behind gets: the last one, or the one that was inherited.
    newest: Generation,
    /// Whose column each was, by generation.
    columns: BTreeMap<Generation, BTreeMap<u32, BackendId>>,
    /// Clients that a worker gave away and no other has confirmed to have.
    travellers: BTreeSet<SocketAddr>,
    /// Those who were on their way when the pool stopped.
    excused: BTreeSet<SocketAddr>,
    /// A snapshot is being made.
    composing: bool,
    stopped: bool,
    closed: bool,
    serial: u64,
}

/// What a master can know of a worker that it was not told to be dead.
#[derive(Debug)]
struct Known {
    slot: SlotId,
    greeted: bool,
    setup: bool,
    applied: Option<Generation>,
    sent: Option<Generation>,
    unanswered: bool,
    /// Confirmed.
    holds: BTreeSet<SocketId>,
    /// Confirmed to be looked into.
    lent: BTreeSet<SocketId>,
    /// Told and not confirmed.
    moving: Option<Told>,
    /// Clients that it was given and has not confirmed, and under which number.
    taking: Option<(u64, Vec<SocketAddr>)>,
    /// It runs another program.
    foreign: bool,
    /// The last beat, and the looks since then that saw no other.
    beat: (u64, u32),
    /// Its slot was beyond the wanted size at some time, or had another worker ready to serve.
    replaceable: bool,
    leaving: bool,
}

/// A change of sockets.
#[derive(Debug)]
struct Told {
    serial: u64,
    after: BTreeSet<SocketId>,
    lent: BTreeSet<SocketId>,
}

impl Known {
    fn is_silent(&self) -> bool {
        self.beat.1 > SILENT
    }

    fn keeps(&self, socket: SocketId) -> bool {
        let stays = self.moving.as_ref().is_none_or(|told| told.after.contains(&socket));
        !self.leaving && self.holds.contains(&socket) && stays
    }
}

impl Checks {
    pub(super) fn asked(&mut self, request: RequestId, change: Change) {
        self.asked.insert(request);
        match change {
            Change::Stop => self.stopped = true,
            Change::Start => self.stopped = false,
            // A restart of a stopped pool starts it.
            Change::Restart => self.stopped = false,
            Change::Resize(_) => {}
        }
    }

    /// Another core goes on with these workers and sockets; who waited for the one before was cut off.
    pub(super) fn succeeded(&mut self, core: &Core, inheritance: &Inheritance) {
        let known = |(worker, heir): (&WorkerId, &Heir)| {
            let known = Known {
                slot: heir.slot,
                greeted: true,
                setup: true,
                applied: Some(heir.generation),
                sent: Some(heir.generation),
                unanswered: false,
                holds: heir.held.clone(),
                lent: heir.lent.clone(),
                moving: None,
                taking: None,
                foreign: heir.foreign,
                beat: (0, 0),
                replaceable: self.known.get(worker).is_some_and(|known| known.replaceable),
                leaving: heir.leaving.is_some(),
            };
            (*worker, known)
        };
        let heirs: BTreeMap<WorkerId, Known> = inheritance.workers.iter().map(known).collect();
        self.ever = heirs.keys().copied().collect();
        self.known = heirs;
        self.open = inheritance.sockets.iter().map(|info| info.socket).collect();
        self.closed_sockets.retain(|socket| socket.0 < inheritance.next_socket);
        self.composing = false;
        self.generation = inheritance.generation;
        self.newest = inheritance.snapshot.as_ref().map_or(Generation::default(), |snapshot| snapshot.generation);
        self.columns.retain(|generation, _| *generation <= inheritance.generation);
        if inheritance.snapshot.is_none() {
            // They count on a board of their own.
            self.columns.values_mut().for_each(BTreeMap::clear);
        }
        self.answered = self.asked.clone();
        self.stopped = inheritance.stopped;
        // Whoever was on the way stays where he was.
        self.travellers.clear();
        self.orphans.clear();
        self.steered.clear();
        self.serial = 0;
        assert!(self.open.iter().all(|socket| core.listeners.places().any(|(place, _)| place == *socket)), "a socket is forgotten");
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// How many workers there should be in the end.
    pub(super) fn wanted(&self, size: WorkerCount) -> usize {
        if self.stopped { 0 } else { size.get() }
    }

    pub(super) fn before(&mut self, event: &Event) {
        match event {
            Event::Opened(sockets) => self.open.extend(sockets.iter().filter(|socket| !self.closed_sockets.contains(socket))),
            Event::Exited(worker, _) => drop(self.known.remove(worker)),
            Event::Said(worker, message) => self.said(*worker, message),
            Event::Entrusted(_, parcel) => self.travellers.extend(parcel.clients.iter().map(|client| client.peer)),
            Event::Looked(beats) => self.looked(beats),
            Event::Composed(_) => self.composing = false,
            Event::Close => self.closed = true,
            // New slots are new hope: their workers may be there at once.
            Event::Asked(..) => self.orphans.clear(),
            _ => {}
        }
    }

    fn said(&mut self, worker: WorkerId, message: &ToMaster) {
        let Some(known) = self.known.get_mut(&worker) else { return };
        match message {
            ToMaster::Hello { .. } => known.greeted = true,
            ToMaster::Applied { generation } => {
                known.applied = Some(*generation);
                known.unanswered = false;
            }
            ToMaster::Rejected { .. } => known.unanswered = false,
            ToMaster::Listening { serial } => {
                if let Some(told) = known.moving.take_if(|told| told.serial == *serial) {
                    (known.holds, known.lent) = (told.after, told.lent);
                }
            }
            ToMaster::TookOver { serial } => {
                if let Some((_, clients)) = known.taking.take_if(|(number, _)| number == serial) {
                    clients.iter().for_each(|client| assert!(self.travellers.remove(client), "a client is in two places"));
                }
            }
            ToMaster::Confined(_)
            | ToMaster::Holds(_)
            | ToMaster::HoldsQuic { .. }
            | ToMaster::Wanted { .. }
            | ToMaster::HandOver { .. }
            | ToMaster::Drained { .. } => {}
        }
    }

    fn looked(&mut self, beats: &BTreeMap<WorkerId, u64>) {
        for (worker, beat) in beats {
            if let Some(known) = self.known.get_mut(worker) {
                known.beat = if known.beat.0 == *beat && *beat > 0 { (*beat, known.beat.1 + 1) } else { (*beat, 0) };
            }
        }
    }

    pub(super) fn effect(&mut self, core: &Core, effect: &Effect) {
        match effect {
            Effect::Open { sockets, .. } => assert!(!sockets.is_empty() && !self.closed, "opens nothing, or too late"),
            Effect::Steer { first, slots } => {
                assert!(self.open.contains(&first.socket) && *slots > 0, "steers a socket that is not open");
                let there = core.listeners.of(first.address);
                let kept = |index: &usize| there.get(index).is_some_and(|socket| self.known.values().any(|known| known.keeps(*socket)));
                assert!((0..usize::from(*slots)).all(|index| kept(&index)), "clients are sent where nobody accepts");
                self.steered.insert(first.address, *slots);
            }
            Effect::Close(sockets) => self.close(sockets),
            Effect::Publish(snapshot) => {
                assert_eq!(snapshot.generation.0, self.generation.0 + 1, "generations count up by one");
                self.generation = snapshot.generation;
                self.newest = snapshot.generation;
                self.columns(snapshot);
            }
            Effect::Spawn(worker, slot) => self.spawn(*worker, *slot),
            Effect::Send(worker, message) => self.send(core, *worker, message),
            Effect::Pass(worker, serial, parcel) => self.pass(*worker, *serial, parcel),
            Effect::Abort(worker) => {
                let known = self.known.get(worker).unwrap_or_else(|| panic!("{effect:?} to a dead process"));
                assert!(known.beat.1 >= HUNG, "a worker that beats is aborted");
            }
            Effect::Terminate(worker) | Effect::Kill(worker) => {
                let known = self.known.get_mut(worker).unwrap_or_else(|| panic!("{effect:?} to a dead process"));
                known.leaving = true;
            }
            Effect::Answer(request, _) => {
                assert!(self.asked.contains(request), "{request:?} never asked");
                assert!(self.answered.insert(*request), "{request:?} was answered twice");
            }
            Effect::Compose(_) => assert!(!std::mem::replace(&mut self.composing, true), "two drafts at a time"),
            Effect::Remember(_) => {}
        }
    }

    /// Clients go to somebody who will serve them, and to nobody else at the same time.
    fn pass(&mut self, worker: WorkerId, serial: u64, parcel: &Parcel) {
        let clients: Vec<SocketAddr> = parcel.clients.iter().map(|client| client.peer).collect();
        assert!(clients.iter().all(|client| self.travellers.contains(client)), "clients are given away twice");
        let taken = self.known.values().filter_map(|known| known.taking.as_ref()).flat_map(|(_, clients)| clients);
        assert!(taken.into_iter().all(|client| !clients.contains(client)), "two workers are given one client");
        let known = &self.known[&worker];
        assert!(known.applied.is_some() && !known.leaving && known.taking.is_none(), "clients for a worker that does not want them");
        self.update(worker, |known| known.taking = Some((serial, clients)));
    }

    /// Whatever generation a worker serves or was sent, each column is the same backend's there.
    fn columns(&mut self, snapshot: &Snapshot) {
        let columns: BTreeMap<u32, BackendId> = snapshot.columns.iter().map(|(id, column)| (*column, id.clone())).collect();
        assert_eq!(columns.len(), snapshot.columns.len(), "two backends have one column");
        for known in self.known.values() {
            for served in known.applied.into_iter().chain(known.sent) {
                let before = &self.columns[&served];
                let clash = columns.iter().find(|(column, id)| before.get(column).is_some_and(|other| other != *id));
                assert!(clash.is_none(), "a column is given away while a worker of {served} uses it: {clash:?}");
            }
        }
        self.columns.insert(snapshot.generation, columns);
    }

    fn close(&mut self, sockets: &[SocketId]) {
        for socket in sockets {
            let held = self.known.values().any(|known| known.keeps(*socket));
            assert!(!held || self.stopped || self.closed, "{socket:?} is closed while a worker accepts from it");
            self.open.remove(socket);
            self.closed_sockets.insert(*socket);
        }
    }

    fn spawn(&mut self, worker: WorkerId, slot: SlotId) {
        assert!(self.ever.insert(worker), "{worker:?} is used twice");
        assert!(!self.stopped && !self.closed, "a worker is started in a stopped pool");
        let known = Known {
            slot,
            greeted: false,
            setup: false,
            applied: None,
            sent: None,
            unanswered: false,
            holds: BTreeSet::new(),
            lent: BTreeSet::new(),
            moving: None,
            taking: None,
            foreign: false,
            beat: (0, 0),
            replaceable: false,
            leaving: false,
        };
        self.known.insert(worker, known);
    }

    fn send(&mut self, core: &Core, worker: WorkerId, message: &ToWorker) {
        let known = self.known.get(&worker).unwrap_or_else(|| panic!("{message:?} is sent to a dead process"));
        assert!(known.greeted, "{message:?} before hello");
        assert!(known.setup != matches!(message, ToWorker::Setup { .. }), "{message:?} before or after setup");
        match message {
            ToWorker::Setup { slot } => {
                assert_eq!(*slot, known.slot.0);
                self.update(worker, |known| known.setup = true);
            }
            ToWorker::Snapshot { generation } => {
                assert!(!known.foreign, "a table for a worker that cannot read it");
                assert!(!known.unanswered, "a second snapshot before the first is answered");
                assert!(known.sent.is_none_or(|sent| sent < *generation), "generations go back for a worker");
                assert_eq!(*generation, self.newest, "not the newest snapshot");
                self.assert_tried(core, *generation);
                self.update(worker, |known| (known.sent, known.unanswered) = (Some(*generation), true));
            }
            ToWorker::Sockets { keep, added, lent, serial } => {
                let added: Vec<SocketId> = added.iter().map(|info| info.socket).collect();
                let after = keep.iter().chain(&added).copied().collect();
                let lent = lent.iter().copied().collect();
                self.sockets(core, worker, keep, &added, Told { serial: *serial, after, lent });
            }
            ToWorker::Log | ToWorker::Door { .. } | ToWorker::Tell | ToWorker::Quic { .. } | ToWorker::Refused { .. } => {
                panic!("the core knows nothing of logs, doors and certificates")
            }
            ToWorker::TakeOver { .. } => panic!("clients without their connections"),
            ToWorker::HandedOver => assert!(known.leaving, "a worker that serves gave nobody away"),
            ToWorker::Drain { .. } => self.drain(core, worker),
        }
    }

    /// While nobody has applied a snapshot it goes to one worker at a time.
    fn assert_tried(&self, core: &Core, generation: Generation) {
        let untried = core.tables.trust.is_untried();
        let canaries = self.known.values().filter(|known| known.unanswered && known.sent == Some(generation)).count();
        // One that does not answer is joined by another after a while.
        let slow = core.processes.values().filter(|process| process.is_slow_canary(generation, core.now)).count();
        assert!(!untried || canaries <= slow, "an untried snapshot for another worker before the first has answered");
    }

    fn sockets(&mut self, core: &Core, worker: WorkerId, keep: &[SocketId], added: &[SocketId], mut told: Told) {
        let known = &self.known[&worker];
        assert!(told.serial > self.serial, "serials count up");
        assert!(known.applied.is_some(), "sockets before the worker has a table");
        assert!(known.moving.is_none(), "a second change of sockets before the first is confirmed");
        assert!(!known.leaving, "sockets for a worker that leaves");
        let has = |socket: &SocketId| known.holds.contains(socket) || known.lent.contains(socket);
        assert!(keep.iter().all(has), "keeps what it does not have");
        assert!(!added.iter().any(has), "adds what it has");
        assert!(told.lent.is_subset(&told.after), "lends what it does not give");
        assert!(told.lent.iter().all(|socket| core.listeners.is_in_use(*socket)), "lends a socket of an address that is given up");
        assert!(added.iter().all(|socket| self.open.contains(socket)), "adds what is not open");
        told.after = told.after.difference(&told.lent).copied().collect();
        let lost: Vec<SocketId> = known.holds.difference(&told.after).copied().collect();
        self.assert_handed_over(core, worker, &lost);
        self.serial = told.serial;
        self.update(worker, |known| known.moving = Some(told));
    }

    fn drain(&mut self, core: &Core, worker: WorkerId) {
        let known = &self.known[&worker];
        assert!(!known.leaving, "told to drain twice");
        let lost: Vec<SocketId> = known.holds.iter().copied().collect();
        if !self.stopped && !self.closed {
            self.assert_handed_over(core, worker, &lost);
            let follows = |other: &Known| other.slot == known.slot && other.applied.is_some() && !other.leaving;
            let followed = self.known.iter().any(|(id, other)| *id != worker && follows(other));
            let surplus = usize::from(known.slot.0) >= core.wanted().get();
            assert!(known.replaceable || followed || surplus, "a worker is retired before its successor serves");
        }
        self.update(worker, |known| known.leaving = true);
    }

    /// Whoever lets a socket go leaves it in hands that have confirmed it, unless its address is given up.
    fn assert_handed_over(&self, core: &Core, worker: WorkerId, lost: &[SocketId]) {
        for socket in lost.iter().filter(|socket| core.listeners.is_in_use(**socket)) {
            let kept = self.known.iter().any(|(id, other)| *id != worker && other.keeps(*socket));
            assert!(kept, "{socket:?} is let go before anybody else has it");
        }
    }

    /// A socket that nobody accepts from is adopted soon, when somebody is there who could.
    fn assert_adopted(&mut self, core: &Core, now: Instant) {
        // Whoever should have it may owe an answer, and gets it after that.
        let responds = |known: &Known| !known.leaving && known.applied.is_some() && known.beat.1 == 0;
        let ready = core.online() > 0 && self.known.values().any(responds) && self.known.values().all(|known| known.moving.is_none());
        if !ready {
            return self.orphans.clear();
        }
        let tended = |socket: SocketId| {
            let gets = |known: &Known| !known.leaving && known.moving.as_ref().is_some_and(|told| told.after.contains(&socket));
            self.known.values().any(|known| (known.keeps(socket) && !known.is_silent()) || gets(known))
        };
        let alone = |socket: &SocketId| core.listeners.is_in_use(*socket) && !tended(*socket);
        let orphans: BTreeSet<SocketId> = self.open.iter().copied().filter(alone).collect();
        self.orphans.retain(|socket, _| orphans.contains(socket));
        for socket in orphans {
            self.orphans.entry(socket).or_insert(now);
        }
        let late = self.orphans.iter().find(|(_, since)| now > **since + ADOPT_AFTER);
        assert!(late.is_none(), "a socket that nobody accepts from is not adopted: {late:?} at {now:?} by {:?}", core.workers());
    }

    fn update(&mut self, worker: WorkerId, change: impl FnOnce(&mut Known)) {
        if let Some(known) = self.known.get_mut(&worker) {
            change(known);
        }
    }

    pub(super) fn after(&mut self, core: &Core, now: Instant) {
        self.assert_adopted(core, now);
        if self.stopped || self.closed {
            // With nobody to serve them they may be sent away.
            self.excused.extend(&self.travellers);
        }
        let wanted = core.wanted().get();
        let ready: Vec<(WorkerId, SlotId)> =
            self.known.iter().filter(|(_, known)| known.applied.is_some()).map(|(worker, known)| (*worker, known.slot)).collect();
        for (worker, known) in &mut self.known {
            let followed = ready.iter().any(|(other, slot)| other > worker && *slot == known.slot);
            known.replaceable |= followed || usize::from(known.slot.0) >= wanted;
        }
        let seated = core.processes.len();
        assert_eq!(seated, self.known.len(), "the core's processes are not the living ones");
        let successors = core.slots.values().filter(|slot| slot.successor().is_some()).count();
        assert!(successors <= 1, "{successors} slots are replaced at once");
        if self.stopped || self.closed {
            assert!(self.known.values().all(|known| known.leaving), "somebody is still told to serve");
        }
        let beyond = |known: &Known| usize::from(known.slot.0) >= wanted && !known.leaving && known.holds.is_empty();
        let adding = |known: &Known| known.moving.as_ref().is_some_and(|told| !told.after.is_subset(&known.holds));
        assert!(!self.known.values().any(|known| beyond(known) && adding(known)), "a worker beyond the wanted size gets sockets");
        assert!(!self.known.values().any(|known| !known.leaving && known.beat.1 > LOST), "a worker that hangs is spared");
        let next = core.slots.values().filter_map(Slot::due).min().filter(|_| core.processes.is_empty());
        assert!(next.is_none_or(|due| due <= now + OUTAGE_RETRY), "nobody is there, and nobody comes soon");
    }

    /// Some time after the last fault every slot serves again, but for those that wait for an operator.
    pub(super) fn recovered(&self, core: &Core) {
        let halted = core.slots.iter().filter(|(_, slot)| slot.seat == Seat::Halted).count();
        assert_eq!(core.online() + halted, self.wanted(core.wanted()), "slots do not recover: {:?}", core.workers());
    }

    /// Everything is as it was last asked for.
    pub(super) fn at_rest(&self, core: &Core, workers: &BTreeMap<WorkerId, Pretend>, wanted: usize, generation: Generation) {
        let expected = if wanted == 0 { PoolState::Stopped } else { PoolState::Running };
        assert_eq!((core.pool_state(), core.online(), workers.len()), (expected, wanted, wanted), "at rest: {:?}", core.workers());
        assert_eq!(self.answered, self.asked, "some were never answered");
        if wanted == 0 {
            assert!(self.open.is_empty(), "ports of a stopped pool are still taken");
            return;
        }
        for socket in &self.open {
            let acceptors = workers.values().filter(|worker| worker.accepts.contains(socket)).count();
            assert_eq!(acceptors, 1, "{socket:?} has {acceptors} acceptors at rest");
            let lookouts = workers.values().filter(|worker| worker.lent.contains(socket)).count();
            assert_eq!(lookouts, workers.len() - 1, "{socket:?} is not lent to everybody else at rest");
        }
        assert!(core.processes.values().all(|process| process.outgrown.is_none()), "one that is too big stays");
        assert_eq!(core.unserved_sockets(), 0, "the inventory at rest");
        let lost: Vec<&SocketAddr> = self.travellers.difference(&self.excused).collect();
        assert!(lost.is_empty(), "clients are lost on their way: {lost:?}");
        for worker in workers.values() {
            assert!(!worker.accepts.is_empty(), "a worker without a socket");
            let meets = |address: &SocketAddr| {
                let first = self.steered.get(address).map_or(usize::MAX, |slots| usize::from(*slots));
                core.listeners.of(*address).range(..first).any(|(_, socket)| worker.accepts.contains(socket))
            };
            assert!(core.addresses().iter().all(meets), "a worker that no new client is sent to: {:?}", self.steered);
            assert!(worker.serves == Some(generation) || worker.serves.is_some() && !core.warnings().is_empty(), "an old table at rest");
        }
    }

    pub(super) fn at_the_end(&self) {
        assert_eq!(self.answered, self.asked, "some were never answered");
        assert!(self.open.is_empty(), "ports are taken after the end");
    }
}
