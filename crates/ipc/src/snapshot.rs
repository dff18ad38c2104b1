//! All that a worker knows, at one moment.

use std::fmt;

use dproxy_config::ProxySettings;
use dproxy_route::Route;
use serde::{Deserialize, Serialize};

/// Counts snapshots; a higher one is newer.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, bincode::SchemaWrite, bincode::SchemaRead,
)]
#[wincode(crate = "::bincode")]
pub struct Generation(pub u64);

/// All routes and settings of one moment. Only whole snapshots travel.
#[derive(Clone, Debug, PartialEq, Eq, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Snapshot {
    /// Which one it is.
    pub generation: Generation,
    /// What the workers obey.
    pub settings: ProxySettings,
    /// Every route of every source, sorted.
    pub routes: Vec<Route>,
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
