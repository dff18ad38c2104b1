//! What becomes of a request, and why.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BackendRow, RouteRow};

/// The way of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// The request.
    pub url: String,
    /// Where it comes in: `http:80`.
    pub listener: String,
    /// What becomes of it.
    pub outcome: Outcome,
    /// The same in one line.
    pub verdict: String,
    /// What is done to it on the way, in order.
    pub steps: Vec<String>,
    /// Of these one gets it.
    pub backends: Vec<BackendRow>,
    /// Every route that has something to do with the host, what decides first.
    pub routes: Vec<ExplainedRoute>,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// A backend gets it.
    Served,
    /// The client is sent elsewhere.
    Redirected,
    /// It is answered with a notice page.
    Offline,
    /// Nobody has the host and the path: 404.
    #[default]
    Unknown,
}

/// A route, and how it stands to the request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExplainedRoute {
    /// Which one.
    #[serde(flatten)]
    pub route: RouteRow,
    /// Whether it decides what becomes of the request.
    pub chosen: bool,
    /// Why it does, or does not.
    pub why: String,
}
