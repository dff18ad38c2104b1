//! The table a worker consults once per request.
//!
//! Look-up cost does not depend on the number of routes: one hash of the name,
//! then one per label for wildcards, then one per path border no longer than
//! the longest path that the host has.

use crate::agreement::{agreed, by_place, is_same_door, is_same_place};
use crate::site::{Door, Map, Place, Serves, Site};
use crate::{
    Admission, Authority, Backend, BackendId, HostPattern, Https, Listener, Logged, Notice, Offer, PickPolicy, Redirect, Rewrite, Route,
    RouteName, Service, Sticky, WildIndex,
};

/// Every route known at one moment, ready for look-up.
///
/// A table never changes. When the world changes a new table takes its place,
/// so a request sees one table from start to end.
#[derive(Debug, Default)]
pub struct RouteTable {
    exact: Map<String, Site>,
    below: Map<String, Site>,
    any: Option<Site>,
    /// Whether `www.X` may fall back to `X`.
    www: bool,
    /// Whether any host wants to know its clients.
    asks_clients: bool,
    /// Whether connections for any host go to its backend as they are.
    passes_through: bool,
    /// How many doors there are.
    doors: u32,
    /// How many requests of a door are logged, where its owner says so.
    logged: Map<DoorIndex, Logged>,
    /// How many services there are behind wildcards.
    wild: u32,
    backends: Vec<Backend>,
    groups: Vec<Group>,
}

/// A backend's place in [`RouteTable::backends`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BackendIndex(u32);

/// A group's place in [`RouteTable::groups`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupIndex(u32);

/// The number of a host, path and entrance, the same as long as the table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DoorIndex(u32);

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
    /// The client should go elsewhere.
    Redirect(&'t Redirect, &'t Rewrite),
    /// The host and path are known, but nothing runs behind them.
    Offline(&'t Notice),
    /// Nobody ever offered to serve it.
    Unknown,
}

/// The route that won.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'t> {
    /// Which host, path and entrance it is for.
    pub door: DoorIndex,
    /// Which group serves it.
    pub group: GroupIndex,
    /// The name its replicas share.
    pub service: &'t Service,
    /// What becomes of the path.
    pub rewrite: &'t Rewrite,
    /// What the host asks of clients as to TLS.
    pub https: &'t Https,
    /// Which one of those behind wildcards it is; none for a name that was said in full.
    pub wild: Option<WildIndex>,
}

impl RouteTable {
    /// Builds the table. Routes with the same host, path and listener become
    /// replicas of each other, behind a wildcard those of one service; of these
    /// only the best [`crate::Condition`] that is there gets requests, and an
    /// offline one counts only where no other is.
    #[must_use]
    pub fn build<'r>(routes: impl IntoIterator<Item = &'r Route>) -> RouteTable {
        let mut table = RouteTable::default();
        let mut interned = Map::default();
        let sorted = by_place(routes.into_iter());
        for routes in sorted.chunk_by(|one, other| one.host == other.host && one.path == other.path) {
            let doors = routes.chunk_by(|one, other| is_same_door(one, other));
            let doors = doors.map(|routes| table.door(routes, &mut interned)).collect();
            table.site_mut(&routes[0].host).insert(&routes[0].path, doors);
        }
        // Views keep tables of one host, by the thousand: nobody adds to them.
        table.backends.shrink_to_fit();
        table.groups.shrink_to_fit();
        table.passes_through = sorted.iter().any(|route| route.https.passthrough);
        table.asks_clients = sorted.iter().any(|route| route.https.client_auth.is_some());
        table
    }

    /// The same, where `www.X` falls back to `X` if nothing else serves it.
    #[must_use]
    pub fn with_www_fallback(self, www: bool) -> RouteTable {
        RouteTable { www, ..self }
    }

    /// Finds who serves `authority` and `path` (as it was sent, without the query)
    /// for a request that came in at `listener`.
    ///
    /// Exact names win over wildcards, near wildcards over wide ones, `*` comes
    /// last; if told so, `www.X` falls back to `X` after that. Within a host the longest path
    /// wins, then the narrowest [`crate::Entrance`].
    #[must_use]
    pub fn lookup(&self, authority: Authority<'_>, listener: Listener, path: &[u8]) -> Lookup<'_> {
        let Some(door) = self.doors(authority.host, listener, path).next() else { return Lookup::Unknown };
        let place = door.first(authority.host);
        match (&place.serves, place.group(authority, listener)) {
            (Serves::Live { .. }, Some(group)) => Lookup::Found(found(place, group)),
            (Serves::Redirect(redirect), _) => Lookup::Redirect(redirect, &place.rewrite),
            (Serves::Offline(notice), _) => Lookup::Offline(notice),
            (Serves::Live { .. }, None) => Lookup::Unknown,
        }
    }

    /// The door that opens for a request, whatever is behind it.
    #[must_use]
    pub fn door_for(&self, authority: Authority<'_>, listener: Listener, path: &[u8]) -> Option<DoorIndex> {
        self.doors(authority.host, listener, path).next().map(|door| door.places[0].door)
    }

    /// The door of the routes with this name.
    #[must_use]
    pub fn door_named(&self, name: &RouteName) -> Option<DoorIndex> {
        let door = self.site(&name.host)?.doors(&name.path).iter().find(|door| door.entrance == name.entrance)?;
        Some(door.places[0].door)
    }

    /// How many requests of a door get a line in the access log, where its owner says so.
    #[must_use]
    pub fn logged(&self, door: DoorIndex) -> Option<Logged> {
        self.logged.get(&door).copied()
    }

    /// How many doors there are.
    #[must_use]
    pub fn count_doors(&self) -> usize {
        self.doors as usize
    }

    /// Everybody who may serve a name that only wildcards match, the likeliest
    /// first, each with the number of the wildcard: 0 for the nearest.
    #[must_use]
    pub fn candidates<'t>(&'t self, authority: Authority<'_>, listener: Listener, path: &[u8]) -> Vec<(usize, Found<'t>)> {
        let doors = self.doors(authority.host, listener, path).enumerate();
        let places = doors.flat_map(|(level, door)| door.in_turn(authority.host).map(move |place| (level, place)));
        let wild = places.filter(|(_, place)| place.wild.is_some());
        wild.filter_map(|(level, place)| Some((level, found(place, place.group(authority, listener)?)))).collect()
    }

    /// What a handshake for `host` asks for, if anything that may be served under the name wants to know its clients.
    #[must_use]
    pub fn admission(&self, host: &str) -> Option<Admission> {
        let places = || self.sites(host).flat_map(Site::places);
        if self.asks_clients { Admission::of(places().map(|place| place.https.client_auth.as_ref())) } else { None }
    }

    /// Whether connections for any host go to its backend as they are.
    #[must_use]
    pub fn passes_through(&self) -> bool {
        self.passes_through
    }

    /// Who gets the connection of a client that begins with TLS for `host` at `listener`, if it goes there as it is.
    #[must_use]
    pub fn passage(&self, host: &str, listener: Listener) -> Option<Found<'_>> {
        if !self.passes_through {
            return None;
        }
        match self.lookup(Authority { host, port: None }, listener, b"/") {
            Lookup::Found(found) if found.https.passthrough => Some(found),
            Lookup::Found(_) | Lookup::Redirect(..) | Lookup::Offline(_) | Lookup::Unknown => None,
        }
    }

    /// The doors that would open for a request, the one that does first: at most one of each
    /// site, in the order of precedence. Everything that looks into the table goes this way.
    pub(crate) fn doors<'t>(&'t self, host: &str, listener: Listener, path: &[u8]) -> impl Iterator<Item = &'t Door> {
        self.sites(host).filter_map(move |site| site.find(path, listener))
    }

    /// All that a name may mean, in the order of precedence.
    fn sites<'t>(&'t self, host: &str) -> impl Iterator<Item = &'t Site> {
        let bare = || self.exact.get(host.strip_prefix("www.").filter(|_| self.www)?);
        let nearest = if self.below.is_empty() { None } else { parent(host) };
        let parents = std::iter::successors(nearest, |host| parent(host));
        let sites = std::iter::once_with(|| self.exact.get(host)).flatten();
        let sites = sites.chain(parents.filter_map(|parent| self.below.get(parent))).chain(self.any.as_ref());
        sites.chain(std::iter::once_with(bare).flatten())
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

    /// All paths of exactly this pattern.
    pub(crate) fn site(&self, host: &HostPattern) -> Option<&Site> {
        match host {
            HostPattern::Exact(host) => self.exact.get(host.as_str()),
            HostPattern::Below(parent) => self.below.get(parent.as_str()),
            HostPattern::Any => self.any.as_ref(),
        }
    }

    fn site_mut(&mut self, host: &HostPattern) -> &mut Site {
        match host {
            HostPattern::Exact(host) => self.exact.entry_ref(host.as_str()).or_default(),
            HostPattern::Below(parent) => self.below.entry_ref(parent.as_str()).or_default(),
            HostPattern::Any => self.any.get_or_insert_default(),
        }
    }

    /// Everybody behind one door. Behind a wildcard a service that is offline counts only where no other is live.
    fn door(&mut self, routes: &[&Route], interned: &mut Map<BackendId, BackendIndex>) -> Door {
        let places = routes.chunk_by(|one, other| is_same_place(one, other));
        let mut places: Vec<Place> = places.map(|replicas| self.place(replicas, interned)).collect();
        if places.iter().any(|place| !place.is_offline()) {
            places.retain(|place| !place.is_offline());
        }
        if let Some(logged) = routes.iter().find_map(|route| route.logged) {
            self.logged.insert(DoorIndex(self.doors), logged);
        }
        self.doors += 1;
        Door { entrance: routes[0].entrance, places: places.into() }
    }

    /// Puts the offers of replicas together.
    fn place(&mut self, replicas: &[&Route], interned: &mut Map<BackendId, BackendIndex>) -> Place {
        let agreed = agreed(replicas);
        let first = agreed.first().unwrap_or(&replicas[0]);
        let offers: Vec<Ports<'_>> = agreed.iter().filter_map(|route| Ports::of(&route.offer)).collect();
        let serves = match &first.offer {
            Offer::Redirect(redirect) => Serves::Redirect(redirect.clone()),
            Offer::Offline(_) => Serves::Offline(Box::new(latest_notice(replicas))),
            Offer::Ports { .. } => self.live(&policy_of(&agreed), &offers, interned),
        };
        let wild = (!matches!(first.host, HostPattern::Exact(_))).then(|| self.next_wild());
        Place {
            door: DoorIndex(self.doors),
            service: first.service.clone(),
            rewrite: first.rewrite.clone(),
            https: first.https.clone(),
            wild,
            serves,
        }
    }

    fn live(&mut self, pick: &PickPolicy, offers: &[Ports<'_>], interned: &mut Map<BackendId, BackendIndex>) -> Serves {
        let mut group = |choice: &dyn for<'p> Fn(&'p Ports<'_>) -> Option<&'p Backend>| {
            let chosen: Vec<&Backend> = offers.iter().filter_map(choice).collect();
            self.group_of(pick, &chosen, interned)
        };
        let mut ports: Vec<u16> = offers.iter().flat_map(Ports::numbers).collect();
        ports.sort_unstable();
        ports.dedup();
        let main = group(&|offer| Some(offer.main)).expect("every offer has a main port");
        let listener = ports.iter().filter_map(|port| Some((*port, group(&|offer| Some(offer.on_listener(*port)))?)));
        let listener = listener.filter(|(_, index)| *index != main).collect();
        let named = ports.iter().filter_map(|port| Some((*port, group(&|offer| offer.on(*port))?))).collect();
        Serves::Live { main, listener, named }
    }

    fn next_wild(&mut self) -> WildIndex {
        self.wild += 1;
        WildIndex(self.wild - 1)
    }

    /// The group of the fittest of `chosen`; the same members give the same group.
    fn group_of(&mut self, pick: &PickPolicy, chosen: &[&Backend], interned: &mut Map<BackendId, BackendIndex>) -> Option<GroupIndex> {
        let best = chosen.iter().map(|backend| backend.condition).min()?;
        let fittest = chosen.iter().filter(|backend| backend.condition == best);
        let mut members: Vec<BackendIndex> = fittest.map(|backend| self.intern(backend, interned)).collect();
        members.sort_unstable();
        members.dedup();
        // Only groups of the same place can be equal, and those were made last.
        let recent = self.groups.len().saturating_sub(16);
        if let Some(known) = self.groups[recent..].iter().position(|other| other.members == members && other.pick == *pick) {
            return Some(GroupIndex::at(recent + known));
        }
        members.shrink_to_fit();
        self.groups.push(Group { pick: pick.clone(), members });
        Some(GroupIndex::at(self.groups.len() - 1))
    }

    fn intern(&mut self, backend: &Backend, interned: &mut Map<BackendId, BackendIndex>) -> BackendIndex {
        *interned.entry_ref(&backend.id).or_insert_with(|| {
            self.backends.push(backend.clone());
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

impl DoorIndex {
    /// For arrays that run beside the doors.
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

fn found(place: &Place, group: GroupIndex) -> Found<'_> {
    Found { door: place.door, group, service: &place.service, rewrite: &place.rewrite, https: &place.https, wild: place.wild }
}

/// What is behind the first dot of a name.
fn parent(host: &str) -> Option<&str> {
    host.split_once('.').map(|(_, parent)| parent)
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
            Offer::Redirect(_) | Offer::Offline(_) => None,
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

/// What the first of them says that says anything, of each thing.
fn policy_of(replicas: &[&Route]) -> PickPolicy {
    let algorithm = replicas.iter().find_map(|route| route.pick.algorithm.clone());
    let sticky = replicas.iter().find_map(|route| route.pick.sticky.clone());
    // Another path of the host has a cookie of its own, though it may have the same name.
    let sticky = sticky.map(|sticky| Box::new(Sticky { path: replicas[0].path.clone(), ..*sticky }));
    PickPolicy { algorithm, sticky }
}

/// The notice of whoever went last.
fn latest_notice(replicas: &[&Route]) -> Notice {
    let notices = replicas.iter().filter_map(|route| match &route.offer {
        Offer::Offline(notice) => Some(notice),
        Offer::Ports { .. } | Offer::Redirect(_) => None,
    });
    notices
        .max_by_key(|notice| (notice.left, notice.since))
        .cloned()
        .expect("replicas that are not live are offline, and there is at least one")
}

#[cfg(test)]
pub(crate) mod tests;
