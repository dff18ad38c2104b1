//! What the tests need: pretend backends ([`Origin`]), the real program
//! ([`Dproxy`]), a real Docker engine ([`Engine`]), a small client ([`get`],
//! [`Connection`]), one that breaks the rules of HTTP/2 ([`Frames`]) and a load that names its failures ([`Load`]).
//!
//! Everything is plain blocking threads, so that a test reads from the top like
//! the story it tells. Nothing here is part of the product, and no room may use it.

pub use nix::sys::signal::Signal;
pub use serde_json::{Value, json};

mod address;
mod container;
mod dproxy;
mod engine;
mod frames;
mod http;
mod load;
mod memory;
mod network;
mod options;
mod origin;
mod report;
mod wait;

pub use address::{free_addr, free_port};
pub use container::{Container, Run, unique};
pub use dproxy::{Ctl, Dproxy, kill};
pub use engine::{Engine, PrivateEngine};
pub use frames::{Frame, Frames, header_block};
pub use http::{Answer, Connection, Failure, Framing, exchange, get, request};
pub use load::{Load, Mode, Running};
pub use memory::resident;
pub use network::Network;
pub use options::Options;
pub use origin::{Origin, Request, Step, answer, chunked, ok};
pub use report::{Kind, Report};
pub use wait::{PATIENCE, pause, wait_for, wait_for_some};
