//! What a worker is given to serve by: settings, and where the routes of each host are found.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash as _, Hasher};
use std::sync::Arc;

use dproxy_config::ProxySettings;
use dproxy_route::{BackendId, Entry, HostPattern, PatternRef, Presence, Route, presences};

use crate::tls::Keyring;

/// Where the routes of a host are found.
pub trait Directory: fmt::Debug + Send {
    /// Whether there are routes for this pattern.
    fn lists(&self, pattern: PatternRef<'_>) -> bool;

    /// All that there is for a pattern; none where nobody offers anything.
    fn entry(&self, pattern: PatternRef<'_>) -> Option<Entry>;

    /// Takes down what there is for a pattern: the same for as long as that is the same. It costs less than to read it.
    fn hash_entry(&self, pattern: PatternRef<'_>, hasher: &mut dyn Hasher);

    /// How a backend is there, if it is.
    fn presence(&self, backend: &BackendId) -> Option<Presence>;

    /// Whether connections for any host go to its backend as they are.
    fn passes_through(&self) -> bool;
}

/// Everything that is served by from one moment on. Made off the loop, since it may take a while;
/// [`crate::Proxy::install`] makes it serve.
#[derive(Debug)]
pub struct Atlas {
    pub(crate) charter: Charter,
    pub(crate) directory: Box<dyn Directory>,
}

/// What counts for every host.
#[derive(Clone, Debug)]
pub struct Charter {
    pub(crate) settings: Arc<ProxySettings>,
    /// None: there is no TLS.
    pub(crate) keyring: Option<Arc<Keyring>>,
}

impl Atlas {
    /// What `directory` says, under this charter.
    #[must_use]
    pub fn new(charter: Charter, directory: Box<dyn Directory>) -> Atlas {
        Atlas { charter, directory }
    }

    /// The same of routes that are all here, whose backends and routes have no numbers.
    #[must_use]
    pub fn of_routes(settings: ProxySettings, routes: &[Route]) -> Atlas {
        let mut by_host: BTreeMap<HostPattern, Vec<Route>> = BTreeMap::new();
        for route in routes {
            by_host.entry(route.host.clone()).or_default().push(route.clone());
        }
        by_host.values_mut().for_each(|routes| routes.sort_unstable());
        Atlas::of_entries(settings, by_host.into_values().map(|routes| Entry { routes, ..Entry::default() }).collect())
    }

    /// The same of one entry for each pattern.
    #[must_use]
    pub fn of_entries(settings: ProxySettings, entries: Vec<Entry>) -> Atlas {
        Atlas::new(Charter::of(settings, None), Box::new(InMemory(entries)))
    }
}

impl Charter {
    /// The charter of these settings. Equal settings are those of `before`, and certificates that were there are not
    /// read again.
    #[must_use]
    pub fn of(settings: ProxySettings, before: Option<&Charter>) -> Charter {
        if let Some(before) = before.filter(|before| *before.settings == settings) {
            return before.clone();
        }
        let keyring = Keyring::build(&settings.tls, before.and_then(|before| before.keyring.as_ref()));
        Charter { settings: Arc::new(settings), keyring }
    }

    /// Whether it is this one, and not just equal.
    pub(crate) fn is(&self, other: &Charter) -> bool {
        Arc::ptr_eq(&self.settings, &other.settings)
    }
}

/// Entries that are all here.
#[derive(Debug)]
struct InMemory(Vec<Entry>);

impl InMemory {
    fn find(&self, pattern: PatternRef<'_>) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.routes.first().is_some_and(|route| route.host.borrowed() == pattern))
    }
}

impl Directory for InMemory {
    fn lists(&self, pattern: PatternRef<'_>) -> bool {
        self.find(pattern).is_some()
    }

    fn entry(&self, pattern: PatternRef<'_>) -> Option<Entry> {
        self.find(pattern).cloned()
    }

    fn hash_entry(&self, pattern: PatternRef<'_>, mut hasher: &mut dyn Hasher) {
        self.find(pattern).hash(&mut hasher);
    }

    fn presence(&self, backend: &BackendId) -> Option<Presence> {
        self.0.iter().filter_map(|entry| presences(&entry.routes).remove(backend)).min()
    }

    fn passes_through(&self) -> bool {
        self.0.iter().flat_map(|entry| &entry.routes).any(|route| route.https.passthrough)
    }
}
