//! What the tests need: pretend backends ([`Origin`]), the real program
//! ([`Dproxy`]), a real Docker engine ([`Engine`]), a small client ([`get`],
//! [`Connection`]) and a load that names its failures ([`Load`]).
//!
//! Everything is plain blocking threads, so that a test reads from the top like
//! the story it tells. Nothing here is part of the product, and no room may use it.

pub use nix::sys::signal::Signal;
pub use serde_json::{Value, json};

mod address;
mod dproxy;
mod engine;
mod http;
mod load;
mod origin;
mod report;
mod wait;

pub use address::{free_addr, free_port};
pub use dproxy::{Ctl, Dproxy, Options, kill};
pub use engine::{Container, Engine, PrivateEngine, Run, unique};
pub use http::{Answer, Connection, Failure, Framing, exchange, get, request};
pub use load::{Load, Mode, Running};
pub use origin::{Origin, Request, Step, answer, chunked, ok};
pub use report::{Kind, Report};
pub use wait::{PATIENCE, pause, wait_for, wait_for_some};
