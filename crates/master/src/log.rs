//! Where the master's own words go: stderr, one line each; and the last of them stay here for operators.

pub(crate) mod tail;

use std::io::{self, IsTerminal};
use std::sync::OnceLock;

use dproxy_config::LogLevel;
use dproxy_ipc::{LOG_FILTER, Log};
use tracing::warn;
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, reload};

/// Puts another filter in the place of the one that counts.
type Change = Box<dyn Fn(EnvFilter) -> Result<(), tracing_subscriber::reload::Error> + Send + Sync>;

/// None as long as nobody has begun to log, or a test did.
static CHANGE: OnceLock<Change> = OnceLock::new();

/// Begins to log. Does nothing when somebody (a test) has begun already.
pub(crate) fn begin(level: LogLevel) {
    let (filter, handle) = reload::Layer::new(filter(level));
    let out = layer().with_writer(Log::standard).with_ansi(io::stderr().is_terminal());
    let tail = layer().with_writer(|| tail::Scribe).with_ansi(false);
    if tracing_subscriber::registry().with(filter).with(out).with(tail).try_init().is_ok() {
        // The first one stays.
        let _ = CHANGE.set(Box::new(move |filter| handle.reload(filter)));
    }
}

/// Logs as much as `level` says from now on.
pub(crate) fn change(level: LogLevel) {
    if let Some(Err(error)) = CHANGE.get().map(|change| change(filter(level))) {
        warn!(%error, "the log level stays as it was");
    }
}

fn filter(level: LogLevel) -> EnvFilter {
    EnvFilter::try_from_env(LOG_FILTER).unwrap_or_else(|_unset| EnvFilter::new(level.as_str()))
}
