//! What the tests need: pretend backends ([`Origin`]), the real program
//! ([`Dproxy`]), a real Docker engine ([`Engine`]), a small client ([`get`],
//! [`Connection`]), one that breaks the rules of HTTP/2 ([`Frames`]) and a load that names its failures ([`Load`]).
//!
//! The load is an open loop when it has a rate: a request begins when it is due, however slow the answers before it
//! were, and its latency counts from there. Each failure is of one [`Kind`]: refused, reset, ended, cut, silent, or a
//! wrong answer. Within [`in_a_lossy_network`] its handshakes stay half open for a while, which is where proxies that
//! close listening sockets lose connections:
//!
//! ```no_run
//! use dproxy_testkit::{Load, Mode, free_addr, in_a_lossy_network};
//!
//! let addr = free_addr();
//! let report = in_a_lossy_network(30, addr, || {
//!     // Start a server at `addr`, and:
//!     let load = Load { clients: 64, rate: Some(500), mode: Mode::PerRequest, ..Load::new(addr, "a.test") }.start();
//!     // Do to the server what must not hurt.
//!     load.stop()
//! });
//! match report {
//!     Ok(report) => assert_eq!(report.failed(), 0, "{report}"),
//!     Err(reason) => println!("skipped: {reason}"),
//! }
//! ```
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
mod lossy;
mod memory;
mod network;
mod options;
mod origin;
mod redis;
mod report;
mod wait;

pub use address::{free_addr, free_port};
pub use container::{Container, Run, unique};
pub use dproxy::{Ctl, Dproxy, kill};
pub use engine::{Engine, PrivateEngine};
pub use frames::{Frame, Frames, header_block};
pub use http::{Answer, Connection, Failure, Framing, exchange, get, request};
pub use load::{Load, Mode, Running};
pub use lossy::in_a_lossy_network;
pub use memory::{resident, share_of_memory};
pub use network::Network;
pub use options::Options;
pub use origin::{Origin, Request, Step, answer, chunked, ok};
pub use redis::Redis;
pub use report::{Kind, Report};
pub use wait::{PATIENCE, pause, wait_for, wait_for_some};
