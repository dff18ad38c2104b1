//! Who tells us about routes.
//!
//! A source watches something and, whenever it changed, sends everything it
//! knows as one [`Update`]; nobody sends a difference.

pub mod docker;

use std::net::IpAddr;

use dproxy_route::{Problem, Route};

/// The reason of a notice about a container that its engine does not know any more: requests for it are held for a
/// while, then it is forgotten.
pub const REMOVED: &str = "removed";

/// Everything one source knows at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// All its routes, sorted.
    pub routes: Vec<Route>,
    /// All that an operator should mend.
    pub problems: Vec<Problem>,
    /// The containers it knows, sorted by name.
    pub containers: Vec<Container>,
    /// Whether it can see changes.
    pub link: Link,
}

/// A container, as operators want to see it. Its environment is never kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// Full id.
    pub id: String,
    /// Without the slash.
    pub name: String,
    /// As the engine names it.
    pub image: String,
    /// running, exited, paused …
    pub state: String,
    /// Host names it answers to.
    pub hosts: Vec<String>,
    /// `port address` of each of its backends.
    pub backends: Vec<String>,
    /// The address that is dialled, where it is its own.
    pub own_address: Option<IpAddr>,
    /// Why it is, or is not, routed.
    pub reasons: Vec<Reason>,
}

/// One step of the judgement on a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What the step is about, in a word: `state`, `host`, `port`.
    pub about: &'static str,
    /// What was found; where it hinders, with the way out.
    pub text: String,
    /// Whether it keeps requests away from the container, all or some.
    pub hinders: bool,
}

impl Reason {
    /// A step that went well.
    #[must_use]
    pub fn note(about: &'static str, text: impl Into<String>) -> Reason {
        Reason { about, text: text.into(), hinders: false }
    }

    /// A step that keeps requests away.
    #[must_use]
    pub fn hindrance(about: &'static str, text: impl Into<String>) -> Reason {
        Reason { about, text: text.into(), hinders: true }
    }
}

/// A source's connection to what it watches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// Not tried yet.
    #[default]
    Connecting,
    /// Changes come in.
    Connected {
        /// `Docker 28.5.2, API 1.51`.
        version: String,
    },
    /// No engine answers; what was known stays true until it does again.
    Lost {
        /// The whole chain of causes, in one line.
        error: String,
    },
}
