//! Bytes between clients and backends.
//!
//! [`Proxy`] serves connections on one thread: it is given listeners and
//! an [`Atlas`] and knows nothing of processes, files or Docker. A request goes
//! `front` (reads one head) → `exchange` (who serves it, and how it went) →
//! `upstream` (a connection to a backend) → `relay` (the bodies).

mod access;
mod atlas;
mod budget;
mod buffer;
mod client;
mod clock;
mod common;
mod departures;
mod error;
mod exchange;
mod field;
mod flow;
mod forward;
mod front;
mod h3;
mod heads;
mod held;
mod listen;
mod lookout;
mod marked;
mod marks;
mod memory;
mod message;
mod moments;
mod page;
mod peer;
mod pick;
mod place;
mod proxy;
mod queue;
mod quic;
mod relay;
mod sites;
mod tcp;
mod tls;
mod trail;
mod transport;
mod unless;
mod upstream;
mod view;
mod websocket;

pub use atlas::{Atlas, Charter, Directory};
pub use departures::Traveller;
pub use listen::Listening;
pub use lookout::Lookout;
pub use proxy::{Idle, Proxy};
pub use quic::Answering;
