//! Where the master's own words go: stderr, one line each.

use std::io::{self, IsTerminal};

use dproxy_config::LogLevel;
use tracing_subscriber::EnvFilter;

/// The variable that overrules the configured level, with a filter for each part of the program.
pub(crate) const FILTER_VARIABLE: &str = "RUST_LOG";

/// Begins to log. Does nothing when somebody (a test) has begun already.
pub(crate) fn begin(level: LogLevel) {
    let filter = EnvFilter::try_from_env(FILTER_VARIABLE).unwrap_or_else(|_unset| EnvFilter::new(level.as_str()));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    // The first one stays.
    let _ = subscriber.try_init();
}
