//! The two enums that cross the boundary between master and worker.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::{Confinement, Generation, Holdings};

/// Counts up when an old neighbour could no longer understand us.
pub const PROTOCOL: u32 = 2;

/// One SO_REUSEPORT socket that the master holds; a worker gets it to accept from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SocketId(pub u32);

/// What a worker must know of a socket besides the descriptor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenerInfo {
    /// Which socket.
    pub socket: SocketId,
    /// Where it is bound.
    pub address: SocketAddr,
}

/// A UDP socket at which QUIC is spoken. All those of an address share it, and the kernel gives each of them the packets of
/// the connections whose ids begin with its berth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct QuicSocket {
    /// Where it is bound.
    pub address: SocketAddr,
    /// Its place among those of the address.
    pub berth: u8,
}

/// What a worker must know of a client's connection besides the descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientInfo {
    /// Who is at the other end.
    pub peer: SocketAddr,
    /// The port that the client reached.
    pub port: u16,
    /// It has asked for something, and speaks no other protocol from now on.
    pub has_asked: bool,
}

/// What the master says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToWorker {
    /// The answer to [`ToMaster::Hello`]. Brings four descriptors: the page of counters, the board of all workers,
    /// this worker's row of it, and the page in which the master keeps what the dead have counted; and a fifth, the
    /// access log, if there is one.
    Setup {
        /// The worker's slot; the same after a respawn.
        slot: u16,
    },
    /// Wait at this [`crate::Door`], whose descriptor it brings, when the master is gone.
    Door {
        /// Which program this worker is, for [`Holdings::build`].
        build: String,
    },
    /// Say what you hold: the answer is [`ToMaster::Holds`], in as many parts as it takes.
    Tell,
    /// A new table and settings. Brings one descriptor: the memfd with the [`crate::Snapshot`].
    Snapshot {
        /// Which one it is.
        generation: Generation,
    },
    /// Hold exactly these sockets from now on, and accept from all but the lent ones. Brings one descriptor for
    /// each socket that the worker does not hold yet, in the order of `added`; sockets not in `keep` and not in
    /// `added` are let go.
    Sockets {
        /// Of those it holds, these stay.
        keep: Vec<SocketId>,
        /// New ones.
        added: Vec<ListenerInfo>,
        /// Of all these, the ones that belong to siblings: looked into from time to time, and accepted from only
        /// when somebody has waited there for a while.
        lent: Vec<SocketId>,
        /// Comes back in [`ToMaster::Listening`].
        serial: u64,
    },
    /// Hold exactly these from now on, and speak QUIC at those of this berth, which is no other living worker's. Brings one
    /// descriptor for each. The others are held for the next master: the kernel counts sockets that are open.
    Quic {
        /// Whose packets this worker gets.
        berth: u8,
        /// All that there are, in the order of the descriptors.
        sockets: Vec<QuicSocket>,
    },
    /// Write the access log to the file whose descriptor this brings; to none without one.
    Log,
    /// Stop accepting, finish what is under way, then say [`ToMaster::Drained`] and exit.
    Drain {
        /// After this many milliseconds, exit with what is left.
        deadline_ms: u64,
        /// What becomes of connections on which nothing is under way.
        idle: Idle,
    },
    /// Serve these clients of a worker that leaves; each has said nothing since its last answer. Brings one
    /// descriptor for each.
    TakeOver {
        /// Who they are, in the order of the descriptors.
        clients: Vec<ClientInfo>,
        /// Comes back in [`ToMaster::TookOver`].
        serial: u64,
    },
    /// There is no certificate for this name, and none to be waited for.
    Refused {
        /// The name of a [`ToMaster::Wanted`], of this worker or another one.
        name: String,
    },
    /// The clients of the last [`ToMaster::HandOver`] are somebody else's now: the next ones may follow.
    HandedOver,
}

/// What a leaving worker does with connections on which nothing is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Idle {
    /// They are handed over with [`ToMaster::HandOver`]: their clients do not
    /// notice, and no request that is on its way is lost.
    HandOver,
    /// They are closed at once: nobody serves on.
    Close,
}

/// What a worker says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToMaster {
    /// The first word.
    Hello {
        /// Ours, see [`PROTOCOL`].
        protocol: u32,
    },
    /// What holds this worker in; said once, after the first word.
    Confined(Confinement),
    /// Snapshot applied; the first time, ready to get sockets.
    Applied {
        /// Which one.
        generation: Generation,
    },
    /// Snapshot not applied; the one before stays.
    Rejected {
        /// Which one.
        generation: Generation,
        /// Why.
        reason: String,
    },
    /// Holding exactly the sockets of [`ToWorker::Sockets`] with this serial.
    Listening {
        /// Whose answer this is.
        serial: u64,
    },
    /// Clients on whose connections nothing is under way, for whoever serves on. Brings one descriptor for each.
    /// Said by a draining worker, and again only after [`ToWorker::HandedOver`].
    HandOver {
        /// Who they are, in the order of the descriptors.
        clients: Vec<ClientInfo>,
    },
    /// Has the clients of [`ToWorker::TakeOver`] with this serial, and will serve them.
    TookOver {
        /// Whose answer this is.
        serial: u64,
    },
    /// A client asks for a certificate for this name, which may be had on demand. Answered by the certificate, in a
    /// snapshot, or by [`ToWorker::Refused`].
    Wanted {
        /// The name, canonical.
        name: String,
    },
    /// What it was told with [`ToWorker::Quic`], for a master that did not start it. Brings the descriptors, and is said
    /// before [`ToMaster::Holds`].
    HoldsQuic {
        /// Whose packets it gets.
        berth: u8,
        /// All that it holds, in the order of the descriptors.
        sockets: Vec<QuicSocket>,
    },
    /// What it holds, for a master that did not start it.
    Holds(Holdings),
    /// Nothing is under way any more, or the deadline came; the worker exits.
    Drained {
        /// Requests that were cut off by the deadline.
        cut: u64,
    },
}
