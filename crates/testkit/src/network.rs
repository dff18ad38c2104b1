//! Networks of a test's own.

use serde_json::json;

use crate::{Container, Engine, unique};

/// A network. It is removed when dropped; containers in it have to go first.
pub struct Network {
    engine: Engine,
    /// As it was created.
    pub name: String,
}

impl Engine {
    /// Creates a network, with addresses of this IPv6 subnet, too, if one is given.
    ///
    /// # Panics
    /// When the engine refuses.
    #[must_use]
    #[track_caller]
    pub fn network(&self, word: &str, v6: Option<&str>) -> Network {
        // The word comes first: it is what the order of networks by name goes by.
        let name = format!("{word}-{}", unique("network"));
        let subnets: Vec<_> = v6.iter().map(|subnet| json!({ "Subnet": subnet })).collect();
        let body = json!({ "Name": name, "EnableIPv6": v6.is_some(), "IPAM": { "Config": subnets } });
        self.ask("POST", "/networks/create", Some(&body));
        Network { engine: self.clone(), name }
    }
}

impl Network {
    /// `docker network connect`.
    ///
    /// # Panics
    /// When the engine refuses.
    #[track_caller]
    pub fn connect(&self, container: &Container) {
        self.engine.ask("POST", &format!("/networks/{}/connect", self.name), Some(&json!({ "Container": container.id })));
    }

    /// `docker network disconnect`.
    ///
    /// # Panics
    /// When the engine refuses.
    #[track_caller]
    pub fn disconnect(&self, container: &Container) {
        self.engine.ask("POST", &format!("/networks/{}/disconnect", self.name), Some(&json!({ "Container": container.id })));
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // What is left behind of a failed test goes with its engine.
        let _ = self.engine.call("DELETE", &format!("/networks/{}", self.name), None);
    }
}
