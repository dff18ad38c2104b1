//! Clients that leave one worker for another, without noticing.
//!
//! A client on whose connection nothing is under way and nothing was read ahead is nobody's in particular: all
//! that there is of it is the kernel's. What it says while it travels waits in the socket for whoever has it then.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, TcpStream as Socket};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;

use nix::sys::socket::sockopt::Priority;
use nix::sys::socket::{getsockopt, setsockopt};
use tokio::sync::Notify;

use crate::front::arrival::{Arrival, Stage};
use crate::proxy::{Open, Proxy};
use crate::tcp::Tcp;

/// SO_PRIORITY of a connection that has arrived. All who hold the connection see it, and packets queue as those with 0 do
/// (tc-prio(8)), as which it began.
const ARRIVED: i32 = 4;

/// A client that goes to another worker. It is kept until it is known to have arrived: a drain waits for that, and it
/// can stay after all if nobody is left who could take it there.
#[derive(Debug)]
pub struct Traveller {
    socket: Socket,
    peer: SocketAddr,
    port: u16,
    stage: Stage,
    open: Open,
}

/// Clients that wait to be given away.
#[derive(Debug, Default)]
pub(crate) struct Departures {
    waiting: RefCell<VecDeque<Departing>>,
    added: Notify,
}

/// One of them; the runtime still knows its socket.
#[derive(Debug)]
pub(crate) struct Departing {
    pub(crate) arrival: Arrival,
    pub(crate) open: Open,
}

impl Traveller {
    /// Who is at the other end.
    #[must_use]
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The port that the client reached.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether it has asked for anything: then it speaks HTTP/1, and nothing else may follow.
    #[must_use]
    pub fn has_asked(&self) -> bool {
        self.stage == Stage::Http1
    }

    /// Whether another worker has it. While two serve it, what it says would be torn between them.
    #[must_use]
    pub fn has_arrived(&self) -> bool {
        getsockopt(&self.socket, Priority).is_ok_and(|priority| priority == ARRIVED)
    }

    /// Serves it here after all.
    pub fn stay(self) {
        let Traveller { socket, peer, port, stage, open } = self;
        // A socket that the runtime cannot watch is of no use to anybody here.
        if let Ok(tcp) = Tcp::waiting(socket) {
            open.serve(Arrival { tcp, peer, port, stage });
        }
    }
}

impl AsFd for Traveller {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Proxy {
    /// Waits for clients to be given away, and takes at most so many. A drain
    /// waits for whoever was taken and has not arrived.
    pub async fn departing(&self, most: usize) -> Vec<Traveller> {
        loop {
            let added = self.departures.added.notified();
            let taken = self.departures.take(most);
            if !taken.is_empty() {
                return taken;
            }
            added.await;
        }
    }

    /// Serves a client of another worker, of which it `has_asked` for something or not.
    ///
    /// # Errors
    /// When it cannot be told to whoever else holds the connection, or the runtime cannot watch it; it is closed then.
    pub fn take_over(self: &Rc<Self>, connection: OwnedFd, peer: SocketAddr, port: u16, has_asked: bool) -> io::Result<()> {
        setsockopt(&connection, Priority, &ARRIVED)?;
        let tcp = Tcp::waiting(Socket::from(connection))?;
        let stage = if has_asked { Stage::Http1 } else { Stage::Waits };
        Open::new(Rc::clone(self)).serve(Arrival { tcp, peer, port, stage });
        Ok(())
    }
}

impl Departures {
    pub(crate) fn add(&self, departing: Departing) {
        self.waiting.borrow_mut().push_back(departing);
        self.added.notify_one();
    }

    /// Nobody leaves: those who wait are served on.
    pub(crate) fn take_back(&self) {
        let waiting = std::mem::take(&mut *self.waiting.borrow_mut());
        waiting.into_iter().for_each(|Departing { arrival, open }| open.serve(arrival));
    }

    fn take(&self, most: usize) -> Vec<Traveller> {
        let mut waiting = self.waiting.borrow_mut();
        let count = waiting.len().min(most);
        // A socket that the runtime does not give back, or that takes no mark, is closed: nothing is known of it any more.
        waiting.drain(..count).filter_map(Departing::set_out).collect()
    }
}

impl Departing {
    fn set_out(self) -> Option<Traveller> {
        let Departing { arrival: Arrival { tcp, peer, port, stage }, open } = self;
        let socket = tcp.into_socket().ok()?;
        // It may have come from somewhere itself.
        setsockopt(&socket, Priority, &0).ok()?;
        Some(Traveller { socket, peer, port, stage, open })
    }
}

#[cfg(test)]
mod tests;
