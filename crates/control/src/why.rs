//! Why a container is, or is not, routed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ContainerRow;

/// The whole judgement on a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Why {
    /// The container.
    pub container: ContainerRow,
    /// What the judgement comes to.
    pub standing: Standing,
    /// Each step of it, in order.
    pub reasons: Vec<ReasonRow>,
}

/// What becomes of requests for a container's hosts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It gets them.
    Routed,
    /// Others, which are fitter, get them for at least one host.
    Standby,
    /// They are answered with a notice page.
    Offline,
    /// It has no route.
    #[default]
    NotRouted,
}

/// A step of the judgement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReasonRow {
    /// What it is about: `state`, `host`, `port`, `address` …
    pub about: String,
    /// What was found; where it hinders, with the way out.
    pub text: String,
    /// Whether it keeps requests away from the container, all or some.
    pub hinders: bool,
}

impl Why {
    /// The judgement in one line.
    #[must_use]
    pub fn verdict(&self) -> String {
        let name = &self.container.name;
        let hosts = self.container.hosts.join(", ");
        match self.standing {
            Standing::Routed => format!("{name} is routed: {hosts}"),
            Standing::Standby => format!("{name} stands by: {hosts}"),
            Standing::Offline => format!("{name} is offline: {hosts} get a notice page"),
            Standing::NotRouted => format!("{name} is not routed"),
        }
    }
}
