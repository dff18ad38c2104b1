//! The commands, and what refusing one means.

use dproxy_config::WorkerCount;
use tokio::sync::oneshot;

use crate::Reply;

/// Something an operator asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Bring the pool up at the size it had.
    Start(Wait),
    /// Stop accepting, drain, free the ports; master and API stay.
    Stop(Wait),
    /// Have this many workers.
    Resize(WorkerCount, Wait),
    /// Replace every worker, one by one.
    Restart(Wait),
    /// How is it?
    Status,
    /// Every worker.
    Workers,
    /// Every route.
    Routes,
    /// Every container the engine told of.
    Containers,
    /// Every backend.
    Backends,
    /// Everything that an operator should mend.
    Problems,
}

/// When a change is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// As soon as it is accepted.
    Accepted,
    /// When the pool has become what was asked.
    Done,
}

/// A command on its way to the master.
#[derive(Debug)]
pub struct Asked {
    /// What is asked.
    pub command: Command,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Result<Reply, Refusal>>,
}

/// Why a command was not carried out. The text says what to do instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request makes no sense (400).
    #[error("{0}")]
    Bad(String),
    /// The caller may not ask (403).
    #[error("{0}")]
    Forbidden(String),
    /// No such thing (404).
    #[error("{0}")]
    NotFound(String),
    /// Another operation is under way (409).
    #[error("{0}")]
    Busy(String),
    /// It was tried and did not work (503).
    #[error("{0}")]
    Failed(String),
}
