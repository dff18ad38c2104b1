//! What a worker gave up before it listened to anybody, as it tells its master.

use serde::{Deserialize, Serialize};

/// Every layer that stands between a captured worker and its machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// A user that owns nothing.
    pub user: Hold,
    /// No program that it could start has more rights than itself.
    pub no_new_privileges: Hold,
    /// No part of root's power.
    pub capabilities: Hold,
    /// No files, no ports of its own, no signals to others.
    pub landlock: Hold,
    /// Only the system calls of a proxy.
    pub seccomp: Hold,
}

/// Whether a layer holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hold {
    /// It does; in a few words, how.
    Holds(String),
    /// It does not: the system refused, and this is what it said.
    Missing(String),
    /// The operator wants it so.
    Off,
}

impl Confinement {
    /// Every layer with its name.
    #[must_use]
    pub fn layers(&self) -> [(&'static str, &Hold); 5] {
        let Confinement { user, no_new_privileges, capabilities, landlock, seccomp } = self;
        [("user", user), ("no_new_privs", no_new_privileges), ("capabilities", capabilities), ("landlock", landlock), ("seccomp", seccomp)]
    }
}
