//! Addresses that clients come in by no more.
//!
//! Whoever closes a listening socket resets those who wait in its queue. So an address that is given up takes no new
//! clients for a moment, while workers accept those who came before; only then its sockets are closed. An address that
//! a new one covers stays: its clients would be lost on the way to the other's sockets.

use std::future::pending;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::SockRef;
use tokio::time::sleep_until;
use tracing::debug;

use super::Driver;
use crate::core::Event;
use crate::listen;

/// So long a client may have been silent before the kernel hands it over, see `listen`, and a worker busy.
const LINGER: Duration = Duration::from_secs(2);

/// What is given up, until when.
#[derive(Debug, Default)]
pub(super) struct Fading {
    addresses: Vec<SocketAddr>,
    until: Option<Instant>,
}

impl Fading {
    /// Resolves when the last clients had their time; never while nothing is given up.
    pub(super) async fn over(&self) {
        match self.until {
            Some(until) => sleep_until(until.into()).await,
            None => pending().await,
        }
    }
}

impl Driver {
    /// Listens where the configuration says. What that leaves out is given up.
    pub(super) fn listen(&mut self) {
        let doors = self.doors();
        let (covered, leaving): (Vec<SocketAddr>, Vec<SocketAddr>) = self.left_out(&doors);
        let returned = self.fading.addresses.iter().filter(|address| doors.contains(address));
        returned.for_each(|address| self.sockets_at(*address).for_each(|socket| report(*address, listen::unseal(socket))));
        for address in leaving.iter().filter(|address| !self.fading.addresses.contains(address)) {
            self.sockets_at(*address).for_each(|socket| report(*address, listen::seal(socket)));
            self.fading.until = Some(Instant::now() + LINGER);
        }
        self.happened.push_back(Event::Listen([doors, covered, leaving.clone()].concat()));
        self.fading.addresses = leaving;
    }

    /// Closes what was given up.
    pub(super) fn fade_out(&mut self) {
        self.fading = Fading::default();
        let doors = self.doors();
        let (covered, _leaving) = self.left_out(&doors);
        self.happened.push_back(Event::Listen([doors, covered].concat()));
    }

    /// The open addresses that are not among `doors`: those that one of them covers, and the others.
    fn left_out(&self, doors: &[SocketAddr]) -> (Vec<SocketAddr>, Vec<SocketAddr>) {
        let open = self.core.addresses().into_iter().filter(|address| !doors.contains(address));
        open.partition(|address| doors.iter().any(|door| listen::covers(*door, *address)))
    }

    fn sockets_at(&self, address: SocketAddr) -> impl Iterator<Item = &Arc<OwnedFd>> {
        let is_there = move |socket: &&Arc<OwnedFd>| {
            let local = SockRef::from(socket.as_ref()).local_addr();
            local.is_ok_and(|local| local.as_socket() == Some(address))
        };
        self.sockets.values().filter(is_there)
    }
}

fn report(address: SocketAddr, done: std::io::Result<()>) {
    if let Err(error) = done {
        // A client that comes at the last moment is reset, as everywhere else.
        debug!(%address, %error, "new clients are not kept away");
    }
}
