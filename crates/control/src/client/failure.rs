//! What can go wrong between a terminal and the master, in words that help.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

/// Why there is no answer, or none that does what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The socket's file is missing, and nobody listens at the address either if one was asked.
    #[error("dproxy is not running: no control socket at `{0}`; start it with `dproxy master`")]
    NoSocket(PathBuf),
    /// The socket's file is there, but its dproxy is dead.
    #[error("dproxy is not running: nobody answers on control socket `{0}`; start it with `dproxy master`")]
    DeadSocket(PathBuf),
    /// Nobody listens at the address.
    #[error("dproxy is not running: nobody listens on `{0}`; start it with `dproxy master`")]
    NoListener(SocketAddr),
    /// The socket is not ours to use.
    #[error("permission denied on control socket `{0}`; ask as its owner or as a member of its group, for example with `sudo`")]
    Denied(PathBuf),
    /// The connection could not be opened for another reason.
    #[error("cannot reach dproxy at `{place}`")]
    Connect {
        /// The socket or the address.
        place: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The connection broke before the answer was complete.
    #[error("the connection to dproxy broke before it answered; its log may say why")]
    Broken {
        /// How.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// It listens but does not answer.
    #[error("dproxy did not answer within {} s; a change may still be under way, see `dproxy ctl status`", after.as_secs())]
    TooSlow {
        /// How long we waited.
        after: Duration,
    },
    /// Something answers that is not this version of dproxy.
    #[error("what answered (status {status}) is no dproxy of this version")]
    Strange {
        /// The HTTP status.
        status: u16,
        /// What is wrong with the answer.
        #[source]
        cause: serde_json::Error,
    },
    /// dproxy answered no.
    #[error("{message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Why, and what to do instead.
        message: String,
        /// The whole answer.
        json: String,
    },
    /// The master is there, and that is all.
    #[error("nobody serves: the pool is {pool}; `dproxy ctl status` says why")]
    NobodyServes {
        /// What the pool does.
        pool: String,
    },
    /// The program before runs on.
    #[error("not upgraded: {text}")]
    UpgradeFailed {
        /// Why.
        text: String,
    },
    /// It runs, but it cannot tell of the upgrade.
    #[error("the program that runs now does not tell of the upgrade; `dproxy ctl status` shows its version")]
    Untold,
    /// There is no screen to draw on.
    #[error("`top` needs a terminal; `dproxy list --watch` goes anywhere")]
    NoTerminal,
    /// Nobody can read the answer.
    #[error("cannot print the answer")]
    Print {
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// This process cannot wait for sockets.
    #[error("cannot set up this process to wait for an answer")]
    Runtime {
        /// Why.
        #[source]
        cause: io::Error,
    },
}

impl ClientError {
    /// 3 when dproxy is not running, else 1; the table in [`crate::client`] has them all.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            ClientError::NoSocket(_) | ClientError::DeadSocket(_) | ClientError::NoListener(_) => 3,
            ClientError::Denied(_)
            | ClientError::Connect { .. }
            | ClientError::Broken { .. }
            | ClientError::TooSlow { .. }
            | ClientError::Strange { .. }
            | ClientError::Refused { .. }
            | ClientError::NobodyServes { .. }
            | ClientError::UpgradeFailed { .. }
            | ClientError::Untold
            | ClientError::Print { .. }
            | ClientError::NoTerminal
            | ClientError::Runtime { .. } => 1,
        }
    }

    /// The error and all its causes, in one line.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    }

    /// In the shape of the API's refusals; a refusal of the API as it came.
    #[must_use]
    pub fn json(&self) -> String {
        match self {
            ClientError::Refused { json, .. } => json.clone(),
            other => {
                let envelope = Envelope { ok: false, message: other.chain(), data: () };
                serde_json::to_string(&envelope).expect("JSON can say any text")
            }
        }
    }
}

/// The API's one shape, for failures that never reached it.
#[derive(Serialize)]
struct Envelope {
    ok: bool,
    message: String,
    data: (),
}
