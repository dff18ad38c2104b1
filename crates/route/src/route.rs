//! What a source says: who serves which host and path.

use std::fmt;

use crate::{Backend, Entrance, HostPattern, Https, Logged, Notice, PathPrefix, PickPolicy, Redirect, Rewrite};

/// One owner's offer to answer for a host and a path.
///
/// Several routes with the same pattern and path are replicas: their offers
/// are put together and requests are balanced over them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Route {
    /// Which host names.
    pub host: HostPattern,
    /// Which paths of them.
    pub path: PathPrefix,
    /// At which listeners.
    pub entrance: Entrance,
    /// Who made the offer.
    pub owner: Owner,
    /// What the owner's containers have in common.
    pub service: Service,
    /// How one of several replicas is chosen.
    pub pick: PickPolicy,
    /// What becomes of the path on the way to a backend.
    pub rewrite: Rewrite,
    /// What its host asks of clients as to TLS.
    pub https: Https,
    /// How many of its requests get a line in the access log; none where nobody said so, and the settings do.
    pub logged: Option<Logged>,
    /// Since when the owner is there, in nanoseconds since 1970: of replicas that contradict each other the oldest is right.
    pub since: u64,
    /// What stands behind it.
    pub offer: Offer,
}

/// What counters know a route by: replicas share it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct RouteName {
    /// Which host names.
    pub host: HostPattern,
    /// Which paths of them.
    pub path: PathPrefix,
    /// At which listeners.
    pub entrance: Entrance,
}

/// Who made a route: a container by its id, the configuration file, or an operator.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub enum Owner {
    /// A container.
    Container {
        /// Its full id.
        id: String,
        /// Its name, without the slash.
        name: String,
    },
    /// An entry of the configuration file, by its place in the list.
    File {
        /// Counted from zero.
        entry: u32,
    },
    /// An operator, while everything ran.
    Hand {
        /// The number of the route; no other one gets it.
        id: u32,
    },
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Owner::Container { name, .. } => write!(f, "container {name}"),
            Owner::File { entry } => write!(f, "routes[{entry}]"),
            Owner::Hand { id } => write!(f, "by hand, {id}"),
        }
    }
}

/// The name that replicas of one thing share: compose project and service, else the image.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Service(pub String);

/// What an owner offers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub enum Offer {
    /// One container's ports, of which a request reaches exactly one.
    Ports {
        /// The port that serves the bare host name.
        main: Backend,
        /// Whether somebody said so (a label) rather than we guessed. A firm
        /// main port also wins over a port equal to the listener's.
        firm: bool,
        /// The other ports, reached as `host:port`.
        others: Vec<Backend>,
    },
    /// It sends clients elsewhere.
    Redirect(Redirect),
    /// It is known but not running.
    Offline(Notice),
}

impl Route {
    /// What counters know it by.
    #[must_use]
    pub fn name(&self) -> RouteName {
        RouteName { host: self.host.clone(), path: self.path.clone(), entrance: self.entrance }
    }

    /// The backends that it offers; none while it is offline, or sends clients elsewhere.
    pub fn backends(&self) -> impl Iterator<Item = &Backend> {
        let (main, others) = match &self.offer {
            Offer::Ports { main, others, .. } => (Some(main), others.as_slice()),
            Offer::Redirect(_) | Offer::Offline(_) => (None, &[][..]),
        };
        main.into_iter().chain(others)
    }

    /// Why it is offline, if it is.
    #[must_use]
    pub fn notice(&self) -> Option<&Notice> {
        match &self.offer {
            Offer::Ports { .. } | Offer::Redirect(_) => None,
            Offer::Offline(notice) => Some(notice),
        }
    }

    /// A replica at one address for `host`, as the configuration file writes it.
    #[must_use]
    pub fn fixed(entry: u32, host: HostPattern, path: PathPrefix, backend: Backend) -> Route {
        Route::written(entry, host, path, Offer::Ports { main: backend, firm: true, others: Vec::new() })
    }

    /// An entry of the configuration file. It was there before every container.
    #[must_use]
    pub fn written(entry: u32, host: HostPattern, path: PathPrefix, offer: Offer) -> Route {
        let service = Service(format!("{host}{path}"));
        Route {
            host,
            path,
            entrance: Entrance::default(),
            owner: Owner::File { entry },
            service,
            pick: PickPolicy::default(),
            rewrite: Rewrite::default(),
            https: Https::default(),
            logged: None,
            since: 0,
            offer,
        }
    }
}
