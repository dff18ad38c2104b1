//! The table a worker consults once per request.
//!
//! Look-up cost does not depend on the number of routes: one hash of the name,
//! then one per label for wildcards, then one per path border no longer than
//! the longest path that the host has.

use hashbrown::HashMap;

use crate::{Authority, Backend, BackendId, HostPattern, Notice, Offer, PickPolicy, Route, Service};

type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// Every route known at one moment, ready for look-up.
///
/// A table never changes. When the world changes a new table takes its place,
/// so a request sees one table from start to end.
#[derive(Debug, Default)]
pub struct RouteTable {
    exact: Map<String, Site>,
    below: Map<String, Site>,
    any: Option<Site>,
    backends: Vec<Backend>,
    groups: Vec<Group>,
}

/// A backend's place in [`RouteTable::backends`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BackendIndex(u32);

/// A group's place in [`RouteTable::groups`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupIndex(u32);

/// Backends that can stand in for each other: one per replica, all fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// How one of them is chosen.
    pub pick: PickPolicy,
    /// Never empty.
    pub members: Vec<BackendIndex>,
}

/// What a look-up says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup<'t> {
    /// Somebody serves it.
    Found(Found<'t>),
    /// The host and path are known, but nothing runs behind them.
    Offline(&'t Notice),
    /// Nobody ever offered to serve it.
    Unknown,
}

/// The route that won.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'t> {
    /// Which group serves it.
    pub group: GroupIndex,
    /// The name its replicas share.
    pub service: &'t Service,
}

/// All paths of one host.
#[derive(Debug, Default)]
struct Site {
    root: Option<Place>,
    deeper: Map<Vec<u8>, Place>,
    longest: usize,
}

/// One host and path: who answers there, by port asked for.
#[derive(Debug)]
struct Place {
    service: Service,
    serves: Serves,
}

#[derive(Debug)]
enum Serves {
    Offline(Notice),
    Live {
        /// For the bare host name on a listener whose number no container port equals.
        main: GroupIndex,
        /// For the bare host name on a listener with this port.
        listener: Vec<(u16, GroupIndex)>,
        /// For `host:port` where that is not the listener's port.
        named: Vec<(u16, GroupIndex)>,
    },
}

impl RouteTable {
    /// Builds the table. Routes with the same host and path become replicas of
    /// each other; of these only the best [`crate::Condition`] that is there gets
    /// requests, and an offline one counts only where no other is.
    #[must_use]
    pub fn build(routes: &[Route]) -> RouteTable {
        let mut table = RouteTable::default();
        let mut interned = Map::default();
        let mut sorted: Vec<&Route> = routes.iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        for replicas in sorted.chunk_by(|a, b| a.host == b.host && a.path == b.path) {
            let place = table.place(replicas, &mut interned);
            table.site(&replicas[0].host).insert(replicas[0], place);
        }
        table
    }

    /// Finds who serves `authority` and `path` (as it was sent, without the query)
    /// for a request that came in at port `listener`.
    ///
    /// Exact names win over wildcards, near wildcards over wide ones, `*` comes
    /// last; within a host the longest path wins. `www.X` falls back to `X`.
    #[must_use]
    pub fn lookup(&self, authority: Authority<'_>, listener: u16, path: &[u8]) -> Lookup<'_> {
        let Some(place) = self.find(authority.host, path) else { return Lookup::Unknown };
        match &place.serves {
            Serves::Offline(notice) => Lookup::Offline(notice),
            Serves::Live { main, listener: by_listener, named } => {
                let asked = authority.port.filter(|port| *port != listener).and_then(|port| of_port(named, port));
                let group = asked.or_else(|| of_port(by_listener, listener)).unwrap_or(*main);
                Lookup::Found(Found { group, service: &place.service })
            }
        }
    }

    /// All backends, each once.
    #[must_use]
    pub fn backends(&self) -> &[Backend] {
        &self.backends
    }

    /// All groups, in the order of [`GroupIndex`].
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The backend at `index`.
    #[must_use]
    pub fn backend(&self, index: BackendIndex) -> &Backend {
        &self.backends[index.as_usize()]
    }

    /// The group at `index`.
    #[must_use]
    pub fn group(&self, index: GroupIndex) -> &Group {
        &self.groups[index.as_usize()]
    }

    fn find(&self, host: &str, path: &[u8]) -> Option<&Place> {
        if let Some(place) = self.exact.get(host).and_then(|site| site.find(path)) {
            return Some(place);
        }
        if !self.below.is_empty() {
            let mut rest = host;
            while let Some((_, parent)) = rest.split_once('.') {
                if let Some(place) = self.below.get(parent).and_then(|site| site.find(path)) {
                    return Some(place);
                }
                rest = parent;
            }
        }
        if let Some(place) = self.any.as_ref().and_then(|site| site.find(path)) {
            return Some(place);
        }
        let bare = host.strip_prefix("www.")?;
        self.exact.get(bare)?.find(path)
    }

    fn site(&mut self, host: &HostPattern) -> &mut Site {
        match host {
            HostPattern::Exact(host) => self.exact.entry_ref(host.as_str()).or_default(),
            HostPattern::Below(parent) => self.below.entry_ref(parent.as_str()).or_default(),
            HostPattern::Any => self.any.get_or_insert_default(),
        }
    }

    /// Puts the offers of replicas together.
    fn place(&mut self, replicas: &[&Route], interned: &mut Map<BackendId, BackendIndex>) -> Place {
        let first = replicas[0];
        let offers: Vec<Ports<'_>> = replicas.iter().filter_map(|route| Ports::of(&route.offer)).collect();
        let serves = if offers.is_empty() {
            Serves::Offline(latest_notice(replicas))
        } else {
            let mut group = |choice: &dyn Fn(&Ports<'_>) -> Option<Backend>| {
                let chosen: Vec<Backend> = offers.iter().filter_map(choice).collect();
                self.group_of(first.pick, chosen, interned)
            };
            let mut ports: Vec<u16> = offers.iter().flat_map(Ports::numbers).collect();
            ports.sort_unstable();
            ports.dedup();
            let main = group(&|offer| Some(offer.main.clone())).expect("every offer has a main port");
            let listener = ports.iter().filter_map(|port| Some((*port, group(&|offer| Some(offer.on_listener(*port).clone()))?)));
            let listener = listener.filter(|(_, index)| *index != main).collect();
            let named = ports.iter().filter_map(|port| Some((*port, group(&|offer| offer.on(*port).cloned())?))).collect();
            Serves::Live { main, listener, named }
        };
        Place { service: first.service.clone(), serves }
    }

    /// The group of the fittest of `chosen`; the same members give the same group.
    fn group_of(&mut self, pick: PickPolicy, chosen: Vec<Backend>, interned: &mut Map<BackendId, BackendIndex>) -> Option<GroupIndex> {
        let best = chosen.iter().map(|backend| backend.condition).min()?;
        let mut members: Vec<BackendIndex> =
            chosen.into_iter().filter(|backend| backend.condition == best).map(|backend| self.intern(backend, interned)).collect();
        members.sort_unstable();
        members.dedup();
        let group = Group { pick, members };
        // Only groups of the same place can be equal, and those were made last.
        let recent = self.groups.len().saturating_sub(16);
        if let Some(known) = self.groups[recent..].iter().position(|other| *other == group) {
            return Some(GroupIndex::at(recent + known));
        }
        self.groups.push(group);
        Some(GroupIndex::at(self.groups.len() - 1))
    }

    fn intern(&mut self, backend: Backend, interned: &mut Map<BackendId, BackendIndex>) -> BackendIndex {
        *interned.entry(backend.id.clone()).or_insert_with(|| {
            self.backends.push(backend);
            BackendIndex::at(self.backends.len() - 1)
        })
    }
}

impl BackendIndex {
    fn at(place: usize) -> BackendIndex {
        BackendIndex(u32::try_from(place).expect("a table has fewer than 2^32 backends"))
    }

    /// For arrays that run beside [`RouteTable::backends`].
    #[must_use]
    pub fn as_usize(self) -> usize {
        self.0 as usize
    }
}

impl GroupIndex {
    fn at(place: usize) -> GroupIndex {
        GroupIndex(u32::try_from(place).expect("a table has fewer than 2^32 groups"))
    }

    /// For arrays that run beside [`RouteTable::groups`].
    #[must_use]
    pub fn as_usize(self) -> usize {
        self.0 as usize
    }
}

impl Site {
    fn insert(&mut self, route: &Route, place: Place) {
        if route.path.is_root() {
            self.root = Some(place);
        } else {
            let key = route.path.as_key();
            self.longest = self.longest.max(key.len());
            self.deeper.insert(key.as_bytes().to_vec(), place);
        }
    }

    fn find(&self, path: &[u8]) -> Option<&Place> {
        if !self.deeper.is_empty() {
            let mut prefix = path;
            while let Some(border) = prefix.iter().rposition(|&byte| byte != b'/') {
                prefix = &prefix[..=border];
                if prefix.len() <= self.longest
                    && let Some(place) = self.deeper.get(prefix)
                {
                    return Some(place);
                }
                let Some(slash) = prefix.iter().rposition(|&byte| byte == b'/') else { break };
                prefix = &prefix[..slash];
            }
        }
        self.root.as_ref()
    }
}

/// The live side of an [`Offer`].
struct Ports<'r> {
    main: &'r Backend,
    firm: bool,
    others: &'r [Backend],
}

impl<'r> Ports<'r> {
    fn of(offer: &'r Offer) -> Option<Ports<'r>> {
        match offer {
            Offer::Ports { main, firm, others } => Some(Ports { main, firm: *firm, others }),
            Offer::Offline(_) => None,
        }
    }

    fn numbers(&self) -> impl Iterator<Item = u16> {
        std::iter::once(self.main.port).chain(self.others.iter().map(|other| other.port))
    }

    /// Its backend at exactly this container port.
    fn on(&self, port: u16) -> Option<&'r Backend> {
        std::iter::once(self.main).chain(self.others).find(|backend| backend.port == port)
    }

    /// What it serves the bare host with, at a listener with this port.
    fn on_listener(&self, port: u16) -> &'r Backend {
        if self.firm { self.main } else { self.on(port).unwrap_or(self.main) }
    }
}

fn of_port(groups: &[(u16, GroupIndex)], port: u16) -> Option<GroupIndex> {
    groups.iter().find(|(number, _)| *number == port).map(|(_, group)| *group)
}

/// The notice of whoever went last.
fn latest_notice(replicas: &[&Route]) -> Notice {
    let notices = replicas.iter().filter_map(|route| match &route.offer {
        Offer::Offline(notice) => Some(notice),
        Offer::Ports { .. } => None,
    });
    notices.max_by_key(|notice| notice.since).cloned().expect("replicas that are not live are offline, and there is at least one")
}

#[cfg(test)]
mod tests;
