//! What the API tells of the store, and of the images in it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who keeps what survives a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoreRow {
    /// `memory`, the path of a file, or the URL of a Redis server without its password.
    pub place: String,
    /// How it does.
    pub state: StoreState,
    /// Why it is away, and the way out.
    #[serde(default)]
    pub error: Option<String>,
}

/// How a store does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StoreState {
    /// Nobody knows yet.
    #[default]
    Opening,
    /// It has everything.
    Good,
    /// It keeps nothing now, and gets everything once it is back.
    Away,
}

/// An image of containers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImageRow {
    /// As the engines name it.
    pub name: String,
    /// The containers of it.
    pub containers: Vec<String>,
    /// How many of them run.
    pub running: usize,
    /// When it was seen first.
    #[serde(default)]
    pub created: Option<String>,
    /// When it changed last.
    #[serde(default)]
    pub updated: Option<String>,
}

impl fmt::Display for StoreState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StoreState::Opening => "opening",
            StoreState::Good => "good",
            StoreState::Away => "away",
        })
    }
}
