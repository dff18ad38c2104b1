//! Signals: a terminal sends them to workers too, but only the master answers them.

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals a worker takes over.
pub(crate) struct Signals {
    terminate: Signal,
    /// Held, so that they do not end the process.
    _ignored: Vec<Signal>,
}

impl Signals {
    pub(crate) fn install() -> anyhow::Result<Signals> {
        let take = |kind| signal(kind).context("cannot handle signals");
        let ignored =
            [SignalKind::interrupt(), SignalKind::hangup(), SignalKind::quit(), SignalKind::user_defined1(), SignalKind::user_defined2()];
        Ok(Signals { terminate: take(SignalKind::terminate())?, _ignored: ignored.into_iter().map(take).collect::<anyhow::Result<_>>()? })
    }

    /// Resolves at SIGTERM: leave soon.
    pub(crate) async fn terminated(&mut self) {
        self.terminate.recv().await;
    }
}
