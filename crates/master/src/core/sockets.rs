//! Which worker accepts from which socket.
//!
//! Per address the master holds at least as many SO_REUSEPORT sockets as there are CPUs and serving slots, and
//! closes none while the address is configured: a socket that is closed takes its queue of clients with it.
//! Socket i belongs to slot i mod n. A socket changes hands in two steps: the new owner confirms that it accepts,
//! only then the old one is told to let go. A dead worker's sockets wait for its replacement; when that is slow,
//! the survivors adopt them. A silent worker keeps its sockets, and a sibling accepts from them too.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use dproxy_ipc::{ListenerInfo, SocketId, ToWorker};
use tracing::error;

use super::inheritance::places;
use super::process::{Life, Moving, Process};
use super::slot::ADOPT_AFTER;
use super::{Core, Effect, SlotId, WorkerId};

/// The most sockets handed over at once; the rest follows when these are confirmed. Below the channel's limit.
const MOST_ADDED: usize = 200;
/// How long after a failure to listen it is tried again.
const OPEN_RETRY: Duration = Duration::from_secs(5);

/// All sockets that the master holds.
#[derive(Debug)]
pub(crate) struct Listeners {
    addresses: Vec<SocketAddr>,
    /// Sockets per address.
    count: usize,
    /// Per address, among how many of its sockets new clients are spread.
    pub(super) steered: BTreeMap<SocketAddr, u16>,
    cpus: usize,
    sockets: BTreeMap<SocketId, Socket>,
    next: u32,
    failure: Option<Failure>,
}

#[derive(Debug)]
struct Socket {
    address: SocketAddr,
    index: usize,
    /// Whether the driver has opened it.
    open: bool,
}

/// Who should accept from each socket.
#[derive(Debug)]
struct Owners {
    owned: BTreeMap<SocketId, WorkerId>,
    /// Of sockets whose owner is silent: who accepts as well.
    seconded: BTreeMap<SocketId, WorkerId>,
}

impl Owners {
    fn all(&self) -> impl Iterator<Item = (SocketId, WorkerId)> {
        self.owned.iter().chain(&self.seconded).map(|(socket, owner)| (*socket, *owner))
    }

    fn of(&self, socket: SocketId) -> impl Iterator<Item = WorkerId> {
        self.owned.get(&socket).into_iter().chain(self.seconded.get(&socket)).copied()
    }
}

#[derive(Debug)]
struct Failure {
    text: String,
    retry: Instant,
}

impl Listeners {
    pub(crate) fn new(addresses: Vec<SocketAddr>, cpus: usize) -> Listeners {
        Listeners { addresses, count: 0, steered: BTreeMap::new(), cpus: cpus.max(1), sockets: BTreeMap::new(), next: 0, failure: None }
    }

    /// Takes over the sockets of an earlier master.
    pub(super) fn inherit(&mut self, sockets: &[ListenerInfo], next: u32) {
        for (id, address, index) in places(sockets) {
            self.count = self.count.max(index + 1);
            self.next = self.next.max(id.0 + 1);
            self.sockets.insert(id, Socket { address, index, open: true });
        }
        self.next = self.next.max(next);
    }

    /// From now on these addresses; sockets of others are let go and closed.
    pub(crate) fn listen_on(&mut self, addresses: Vec<SocketAddr>) {
        self.addresses = addresses;
        self.failure = None;
    }

    pub(crate) fn opened(&mut self, sockets: &[SocketId]) {
        for socket in sockets {
            if let Some(socket) = self.sockets.get_mut(socket) {
                socket.open = true;
            }
        }
        self.failure = None;
    }

    /// Why an address is not listened on.
    pub(crate) fn failure(&self) -> Option<&str> {
        self.failure.as_ref().map(|failure| failure.text.as_str())
    }

    pub(crate) fn open_addresses(&self) -> Vec<SocketAddr> {
        let is_open = |address: &SocketAddr| self.sockets.values().any(|socket| socket.open && socket.address == *address);
        self.addresses.iter().copied().filter(is_open).collect()
    }

    pub(super) fn open_sockets(&self) -> Vec<ListenerInfo> {
        let open = self.sockets.iter().filter(|(_, socket)| socket.open);
        open.map(|(id, socket)| ListenerInfo { socket: *id, address: socket.address }).collect()
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.failure.as_ref().map(|failure| failure.retry)
    }

    /// The sockets that are missing, by address, as if they were there.
    fn missing(&mut self) -> Vec<Vec<ListenerInfo>> {
        let there: BTreeSet<(SocketAddr, usize)> = self.sockets.values().map(|socket| (socket.address, socket.index)).collect();
        let mut missing = Vec::new();
        for address in self.addresses.clone() {
            let indices: Vec<usize> = (0..self.count).filter(|index| !there.contains(&(address, *index))).collect();
            let infos: Vec<ListenerInfo> = indices.into_iter().map(|index| self.add(address, index)).collect();
            if !infos.is_empty() {
                missing.push(infos);
            }
        }
        missing
    }

    fn add(&mut self, address: SocketAddr, index: usize) -> ListenerInfo {
        let socket = SocketId(self.next);
        self.next += 1;
        self.sockets.insert(socket, Socket { address, index, open: false });
        ListenerInfo { socket, address }
    }

    /// Whether workers may accept from it.
    pub(super) fn is_in_use(&self, socket: SocketId) -> bool {
        self.sockets.get(&socket).is_some_and(|socket| socket.open && self.addresses.contains(&socket.address))
    }

    /// Every socket, and its index among those of its address.
    pub(super) fn places(&self) -> impl Iterator<Item = (SocketId, usize)> {
        self.sockets.iter().map(|(id, socket)| (*id, socket.index))
    }

    /// The sockets of an address that are open, by index.
    pub(super) fn of(&self, address: SocketAddr) -> BTreeMap<usize, SocketId> {
        let there = self.sockets.iter().filter(|(_, socket)| socket.open && socket.address == address);
        there.map(|(id, socket)| (socket.index, *id)).collect()
    }

    fn is_bound(&self, address: SocketAddr) -> bool {
        self.sockets.values().any(|socket| socket.address == address)
    }
}

impl Core {
    pub(super) fn open_failed(&mut self, sockets: &[SocketId], reason: &str) {
        error!(reason, "cannot listen");
        self.listeners.sockets.retain(|socket, _| !sockets.contains(socket));
        self.listeners.failure = Some(Failure { text: reason.to_owned(), retry: self.now + OPEN_RETRY });
        if self.listeners.addresses.iter().any(|address| !self.listeners.is_bound(*address)) {
            self.start_failed(reason);
        }
    }

    /// Opens the sockets that are missing and closes those nobody needs.
    pub(super) fn open_sockets(&mut self) {
        if self.size() == 0 {
            let all: Vec<SocketId> = std::mem::take(&mut self.listeners.sockets).into_keys().collect();
            self.listeners.count = 0;
            self.listeners.failure = None;
            return self.close_sockets(all);
        }
        let unneeded: Vec<SocketId> =
            self.listeners.sockets.iter().filter(|(id, socket)| self.is_unneeded(**id, socket)).map(|(id, _)| *id).collect();
        self.listeners.sockets.retain(|socket, _| !unneeded.contains(socket));
        self.close_sockets(unneeded);
        if self.listeners.failure.as_ref().is_some_and(|failure| failure.retry > self.now) {
            return;
        }
        let highest = self.processes.values().filter(|process| process.serves()).map(|process| usize::from(process.slot.0) + 1).max();
        self.listeners.count = self.listeners.count.max(self.listeners.cpus).max(highest.unwrap_or(0));
        let unknown: Vec<SocketAddr> =
            self.listeners.addresses.iter().copied().filter(|address| !self.listeners.is_bound(*address)).collect();
        // Workers on their way out may not have closed their copies yet.
        let alone = self.processes.values().all(|process| !process.is_on_its_way_out());
        for sockets in self.listeners.missing() {
            let alone = alone && unknown.contains(&sockets[0].address);
            self.effects.push(Effect::Open { sockets, alone });
        }
    }

    fn close_sockets(&mut self, sockets: Vec<SocketId>) {
        if !sockets.is_empty() {
            self.effects.push(Effect::Close(sockets));
        }
    }

    /// Whether its address is not configured any more and nobody accepts from it.
    fn is_unneeded(&self, id: SocketId, socket: &Socket) -> bool {
        let touched = |process: &Process| process.has(id);
        !self.listeners.addresses.contains(&socket.address) && !self.processes.values().any(touched)
    }

    /// Tells each worker that serves and owes no answer which sockets are its own now.
    pub(super) fn assign_sockets(&mut self) {
        let owners = self.owners();
        let opening = self.listeners.sockets.values().any(|socket| !socket.open);
        let free: Vec<WorkerId> =
            self.processes.iter().filter(|(_, process)| process.serves() && process.moving.is_none()).map(|(worker, _)| *worker).collect();
        let mut arrived = false;
        for worker in free {
            let target = self.target(worker, &owners);
            let lent = self.lent_target(worker, &target);
            let Some(process) = self.processes.get_mut(&worker) else { continue };
            // One that waits for sockets of its own being opened has not got all of them yet.
            if target == process.held && process.life == Life::Ready && !opening {
                self.came_online(worker);
                arrived = true;
            } else if target != process.held || lent != process.lent {
                self.hand_out(worker, &target, &lent);
            }
        }
        if arrived {
            // The last one to arrive completes the pool: now its members lend each other their sockets.
            self.assign_sockets();
        }
    }

    /// Tells a worker what to accept from and what to look into.
    fn hand_out(&mut self, worker: WorkerId, target: &BTreeSet<SocketId>, lent: &BTreeSet<SocketId>) {
        let Some(process) = self.processes.get_mut(&worker) else { return };
        let has: BTreeSet<SocketId> = process.held.union(&process.lent).copied().collect();
        let wants = |socket: &&SocketId| target.contains(socket) || lent.contains(socket);
        let keep: Vec<SocketId> = has.iter().filter(wants).copied().collect();
        // What clients wait for comes first.
        let added = target.difference(&has).chain(lent.difference(&has));
        let added: Vec<SocketId> = added.copied().take(MOST_ADDED).collect();
        let after: BTreeSet<SocketId> = keep.iter().chain(&added).copied().collect();
        let lent: BTreeSet<SocketId> = after.intersection(lent).copied().collect();
        let after: BTreeSet<SocketId> = after.difference(&lent).copied().collect();
        self.next_serial += 1;
        let serial = self.next_serial;
        process.moving = Some(Moving { serial, since: self.now, after, lent: lent.clone() });
        let sockets = &self.listeners.sockets;
        let added = added.into_iter().map(|socket| ListenerInfo { socket, address: sockets[&socket].address }).collect();
        let lent = lent.into_iter().collect();
        self.effects.push(Effect::Send(worker, ToWorker::Sockets { keep, added, lent, serial }));
    }

    /// Lets those drain whose sockets are in other hands; when the pool stops there are no other hands.
    pub(super) fn let_leavers_go(&mut self) {
        let leavers: Vec<WorkerId> =
            self.processes.iter().filter(|(_, process)| process.life == Life::Leaving).map(|(worker, _)| *worker).collect();
        if leavers.is_empty() {
            return;
        }
        let owners = self.owners();
        for worker in leavers {
            let handed_over = |socket: &SocketId| !self.listeners.is_in_use(*socket) || self.is_kept(*socket, &owners);
            let may_go = self.size() == 0 || self.processes[&worker].held.iter().all(handed_over);
            #[cfg(test)]
            let may_go = may_go || self.sabotage == Some(super::Sabotage::DrainBeforeTheHandOver);
            if may_go {
                self.drain(worker);
            }
        }
    }

    /// What `worker` should accept from: its own, and what the new owner has not confirmed yet.
    fn target(&self, worker: WorkerId, owners: &Owners) -> BTreeSet<SocketId> {
        let own = owners.all().filter(|(_, owner)| *owner == worker).map(|(socket, _)| socket);
        let held = self.processes[&worker].held.iter().copied();
        let waiting = held.filter(|socket| self.listeners.is_in_use(*socket) && !self.is_kept(*socket, owners));
        #[cfg(test)]
        let waiting = waiting.filter(|_| self.sabotage != Some(super::Sabotage::LetGoBeforeTheHandOver));
        own.chain(waiting).collect()
    }

    /// Whether its owner, or who accepts in its owner's place, has confirmed to accept from it.
    fn is_kept(&self, socket: SocketId, owners: &Owners) -> bool {
        owners.of(socket).filter_map(|owner| self.processes.get(&owner)).any(|owner| owner.keeps(socket))
    }

    /// How many sockets nobody has confirmed to accept from.
    pub(super) fn unserved_sockets(&self) -> usize {
        let in_use = self.listeners.sockets.keys().filter(|socket| self.listeners.is_in_use(**socket));
        in_use.filter(|socket| !self.processes.values().any(|process| process.held.contains(socket))).count()
    }

    /// Who should accept from each socket. None: its slot's worker is about to come, whoever has the socket keeps it.
    fn owners(&self) -> Owners {
        let serving: BTreeMap<SlotId, WorkerId> = self.slots.keys().filter_map(|slot| Some((*slot, self.server_of(*slot)?))).collect();
        let open = self.listeners.sockets.iter().filter(|(id, _)| self.listeners.is_in_use(**id));
        let owned: BTreeMap<SocketId, WorkerId> =
            open.filter_map(|(id, socket)| Some((*id, self.owner(*id, socket.index, &serving)?))).collect();
        let responding: Vec<WorkerId> = serving.values().copied().filter(|worker| self.processes[worker].responds()).collect();
        let silent = owned.iter().filter(|(_, owner)| self.processes[*owner].pulse.is_silent());
        let seconded = silent.filter_map(|(socket, _)| Some((*socket, self.second(*socket, &responding)?))).collect();
        #[cfg(test)]
        let seconded = if self.sabotage == Some(super::Sabotage::LeaveTheSilentAlone) { BTreeMap::new() } else { seconded };
        Owners { owned, seconded }
    }

    /// Who accepts from a silent worker's socket meanwhile: whoever does already, else its turn among those who respond.
    fn second(&self, socket: SocketId, responding: &[WorkerId]) -> Option<WorkerId> {
        let holder = responding.iter().find(|worker| self.processes[*worker].keeps(socket));
        let turn = || responding.get(self.listeners.sockets.get(&socket)?.index.checked_rem(responding.len())?);
        holder.or_else(turn).copied()
    }

    fn owner(&self, socket: SocketId, index: usize, serving: &BTreeMap<SlotId, WorkerId>) -> Option<WorkerId> {
        let size = self.size();
        let home = SlotId(u16::try_from(index.checked_rem(size)?).ok()?);
        if let Some(worker) = serving.get(&home) {
            return Some(*worker);
        }
        let abandoned = self.slots.get(&home).is_none_or(|slot| slot.unserved_since + ADOPT_AFTER <= self.now);
        #[cfg(test)]
        let abandoned = abandoned && self.sabotage != Some(super::Sabotage::NeverAdopt);
        if !abandoned {
            return None;
        }
        let holder = serving.values().find(|worker| self.processes[*worker].keeps(socket));
        let adopter = || serving.values().nth((index / size + usize::from(home.0)).checked_rem(serving.len())?);
        holder.or_else(adopter).copied()
    }

    /// The newest worker of a slot that can be given sockets.
    fn server_of(&self, slot: SlotId) -> Option<WorkerId> {
        self.slots.get(&slot)?.workers().filter(|worker| self.processes[worker].serves()).last()
    }
}
