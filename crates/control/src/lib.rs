//! What an operator may ask of a running dproxy, and how it is shown.
//!
//! [`Command`] is the whole language: a path of the HTTP API, a word of
//! `dproxy ctl` and a test all make the same value, and the master answers it.
//! [`server`] carries it from HTTP to the master, [`client`] from a terminal to
//! the server, [`table`] shows the answer to people.

mod bulletin;
pub mod client;
mod command;
mod endpoint;
mod explanation;
mod listing;
pub mod openapi;
mod peers;
mod question;
mod reply;
mod request;
pub mod server;
pub mod table;
mod token;
mod why;

pub use bulletin::{Bulletin, Herald, Kind, KindError};
pub use command::{Asked, Command, Refusal, Selection, SelectionError, Wait};
pub use explanation::{ExplainedRoute, Explanation, Outcome};
pub use peers::Peers;
pub use question::{Question, QuestionError};
pub use reply::{
    BackendRow, CertificateRow, CertificatesRow, ContainerRow, EngineRow, ImageRow, LogRow, PoolState, ProblemRow, Reply, RouteRow,
    SandboxRow, Status, StoreRow, StoreState, UpgradeRow, UpgradeState, WorkerRow,
};
pub use token::{Token, TokenError};
pub use why::{ReasonRow, Standing, Why};
