//! What an operator may ask of a running dproxy, and how it is shown.
//!
//! [`Command`] is the whole language: a path of the HTTP API, a word of
//! `dproxy ctl` and a test all make the same value, and the master answers it.

mod command;
mod reply;

pub use command::{Asked, Command, Refusal, Wait};
pub use reply::{BackendRow, ContainerRow, EngineRow, PoolState, ProblemRow, Reply, RouteRow, Status, WorkerRow};
