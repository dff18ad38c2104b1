//! Sockets of siblings that a worker looks into.
//!
//! A worker that hangs for less than the master notices would keep its new clients waiting. So every worker
//! also holds sockets of its neighbours in the ring of slots, and takes over whoever waits there for too long.
//! Lending only ever waits for a pool at rest: while workers come and go, ownership is all that is talked about.

use std::collections::BTreeSet;

use dproxy_ipc::SocketId;

use super::process::Process;
use super::{Core, WorkerId};

/// So many sockets of siblings are lent to each worker. A pool of a thousand would otherwise hold a million copies.
const MOST_LENT: usize = 32;

impl Core {
    /// What `worker` should look into, besides the sockets of `own` that it accepts from.
    pub(super) fn lent_target(&self, worker: WorkerId, own: &BTreeSet<SocketId>) -> BTreeSet<SocketId> {
        let process = &self.processes[&worker];
        if !self.is_complete() {
            let stays = |socket: &SocketId| self.listeners.is_in_use(*socket) && !own.contains(socket);
            #[cfg(test)]
            let stays = |socket: &SocketId| stays(socket) || self.sabotage == Some(super::Sabotage::LendForEver);
            return process.lent.iter().copied().filter(stays).collect();
        }
        let size = self.size();
        let place = usize::from(process.slot.0);
        // The next slot in the ring comes first, so that every slot has neighbours who look after it.
        let mut siblings: Vec<(usize, SocketId)> = self
            .listeners
            .places()
            .filter(|(socket, _)| self.listeners.is_in_use(*socket) && !own.contains(socket))
            .map(|(socket, index)| ((index % size + size - place % size) % size, socket))
            .collect();
        siblings.sort_unstable();
        siblings.into_iter().take(MOST_LENT).map(|(_, socket)| socket).collect()
    }
}

impl Process {
    /// Whether it holds this socket, or will, in whichever way.
    pub(crate) fn has(&self, socket: SocketId) -> bool {
        let now = self.held.contains(&socket) || self.lent.contains(&socket);
        now || self.moving.as_ref().is_some_and(|moving| moving.after.contains(&socket) || moving.lent.contains(&socket))
    }
}
