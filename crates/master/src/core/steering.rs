//! Among which sockets new clients are spread.
//!
//! An address has more sockets than workers after a shrink, or on a machine with more CPUs than workers. Left to
//! the kernel, whoever has two of them gets twice as many clients. So clients are sent to the first n sockets
//! of an address only, one for each slot, as soon as each of those is accepted from.

use std::net::SocketAddr;

use dproxy_ipc::ListenerInfo;

use super::{Core, Effect};

impl Core {
    /// Spreads new clients over the slots there are, when that has changed and somebody accepts in each.
    pub(super) fn steer(&mut self) {
        let open = self.listeners.open_addresses();
        self.listeners.steered.retain(|address, _| open.contains(address));
        let Ok(slots) = u16::try_from(self.size()) else { return };
        for address in open {
            if slots > 0 && self.listeners.steered.get(&address) != Some(&slots) {
                self.steer_address(address, slots);
            }
        }
    }

    fn steer_address(&mut self, address: SocketAddr, slots: u16) {
        let sockets = self.listeners.of(address);
        let first: Vec<_> = sockets.range(..usize::from(slots)).map(|(_, socket)| *socket).collect();
        let kept = |socket| self.processes.values().any(|process| process.keeps(socket));
        let Some(socket) = first.first().copied() else { return };
        if first.len() == usize::from(slots) && first.into_iter().all(kept) {
            self.listeners.steered.insert(address, slots);
            self.effects.push(Effect::Steer { first: ListenerInfo { socket, address }, slots });
        }
    }
}
