//! What master and worker say to each other; frames and file descriptors.
//!
//! A worker is born with one end of a SOCK_SEQPACKET pair as fd 0. Over it come
//! messages (JSON, a few hundred bytes, so that neighbours of different builds
//! understand hello and goodbye) and file descriptors (SCM_RIGHTS). Snapshots
//! are too big for a frame: they lie in a sealed memfd whose descriptor comes
//! with the message. What both have to say to the operator goes to the standard error
//! that they share ([`Log`]).

mod channel;
mod confinement;
mod door;
mod holdings;
mod log;
mod mapped;
mod memfd;
mod message;
mod pollable;
mod snapshot;

pub use channel::{Channel, ReceiveError, SendError};
pub use confinement::{Confinement, Hold};
pub use door::{Door, User, knock};
pub use holdings::{Holding, Holdings};
pub use log::{LOG_FILTER, Log};
pub use memfd::{board, counters_page, note, row};
pub use message::{ClientInfo, Idle, ListenerInfo, PROTOCOL, QuicSocket, SocketId, ToMaster, ToWorker};
pub use pollable::pollable;
pub use snapshot::{Directory, Generation, Snapshot, SnapshotError};
