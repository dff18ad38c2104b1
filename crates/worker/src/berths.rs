//! The UDP sockets that the master lent, and the berth at which this worker speaks QUIC.
//!
//! It holds those of its siblings too, and reads none of them: the kernel counts the sockets of an address, and a master that
//! comes after ours must find all of them.

use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::rc::Rc;

use anyhow::ensure;
use dproxy_ipc::QuicSocket;
use dproxy_proxy::{Answering, Proxy};

/// What this worker holds.
pub(crate) struct Berths {
    proxy: Rc<Proxy>,
    berth: u8,
    held: BTreeMap<QuicSocket, Held>,
}

struct Held {
    socket: UdpSocket,
    /// None: it is a sibling's, or there are no secrets yet.
    answering: Option<Answering>,
}

impl Berths {
    pub(crate) fn new(proxy: Rc<Proxy>) -> Berths {
        Berths { proxy, berth: 0, held: BTreeMap::new() }
    }

    /// Holds `sockets`, whose descriptors are `descriptors`, and nothing else; speaks at those of `berth`.
    pub(crate) fn replace(&mut self, berth: u8, sockets: Vec<QuicSocket>, descriptors: Vec<OwnedFd>) -> anyhow::Result<()> {
        ensure!(sockets.len() == descriptors.len(), "{} sockets for QUIC came with {} descriptors", sockets.len(), descriptors.len());
        self.berth = berth;
        self.held.retain(|socket, _| sockets.contains(socket));
        for (info, descriptor) in sockets.into_iter().zip(descriptors) {
            self.held.entry(info).or_insert_with(|| Held { socket: UdpSocket::from(descriptor), answering: None });
        }
        self.speak();
        Ok(())
    }

    /// Speaks QUIC wherever it should and could not before: the secrets come with a snapshot.
    pub(crate) fn speak(&mut self) {
        for (info, held) in self.held.iter_mut().filter(|(info, held)| info.berth == self.berth && held.answering.is_none()) {
            let speaking = held.socket.try_clone().and_then(|socket| self.proxy.listen_quic(socket, info.address, info.berth));
            match speaking {
                Ok(speaking) => held.answering = speaking,
                // TLS over TCP is there all the same.
                Err(error) => tracing::warn!(address = %info.address, %error, "cannot speak QUIC"),
            }
        }
    }

    /// Its berth and every socket.
    pub(crate) fn held(&self) -> (u8, impl Iterator<Item = (QuicSocket, BorrowedFd<'_>)>) {
        (self.berth, self.held.iter().map(|(info, held)| (*info, held.socket.as_fd())))
    }

    /// Begins no more connections; those that are there go on.
    pub(crate) fn clear(&mut self) {
        self.held.clear();
    }
}
