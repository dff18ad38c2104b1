//! Why a request goes where it goes.
//!
//! The answer is given by the look-up itself: a table of all routes that could
//! be meant is asked the same question, so an explanation cannot differ from
//! what happens.

use std::ptr;

use crate::agreement::{agreed, contradiction, is_same_place, lead};
use crate::site::{Door, Place};
use crate::{Authority, Backend, HostPattern, Listener, Lookup, Notice, Offer, Route, RouteTable};

/// What becomes of a request, and why.
#[derive(Debug)]
pub struct Explanation<'r> {
    table: RouteTable,
    /// Every route that has something to do with the host, what serves first.
    pub judged: Vec<Judged<'r>>,
}

/// A route, and how it stands to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged<'r> {
    /// Which one.
    pub route: &'r Route,
    /// How it stands.
    pub verdict: Verdict,
}

/// How a route stands to a request. The order is that of how near it came.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It decides what becomes of the request.
    Chosen,
    /// It would serve it, but others are in better condition, or have the port that was asked for.
    LessFit,
    /// It is not running, and others are.
    Offline(Notice),
    /// It means something else by the same host and path, and another one is right.
    Contradicts(String),
    /// It is asked where the answers of those before it are errors.
    Candidate,
    /// A wider entrance, a shorter path or a wider host than the chosen one's.
    Wider(Width),
    /// It is for another listener.
    OtherListener,
    /// It is for another path.
    OtherPath,
}

/// In what a route is wider than another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Width {
    /// Same host and path, more listeners.
    Entrance,
    /// Same host, a shorter path.
    Path,
    /// A wider host.
    Host,
}

/// Explains what becomes of a request for `authority` and `path` that comes in at `listener`.
#[must_use]
pub fn explain<'r>(routes: &'r [Route], www: bool, authority: Authority<'_>, listener: Listener, path: &[u8]) -> Explanation<'r> {
    let bare = authority.host.strip_prefix("www.").filter(|_| www);
    let is_meant = |route: &&Route| route.host.matches(authority.host) || bare.is_some_and(|bare| route.host.is_exactly(bare));
    let meant: Vec<&Route> = routes.iter().filter(is_meant).collect();
    // What others are for changes nothing for this host.
    let table = RouteTable::build(meant.iter().copied()).with_www_fallback(www);
    let judge = Judge { table: &table, meant: &meant, authority, listener, path };
    let mut judged: Vec<Judged<'_>> = meant.iter().map(|route| Judged { route, verdict: judge.verdict(route) }).collect();
    judged.sort_by(|one, other| (&one.verdict, one.route).cmp(&(&other.verdict, other.route)));
    Explanation { table, judged }
}

impl Explanation<'_> {
    /// What a worker that has the same routes says; the question must be the one that was explained.
    #[must_use]
    pub fn outcome(&self, authority: Authority<'_>, listener: Listener, path: &[u8]) -> Lookup<'_> {
        self.table.lookup(authority, listener, path)
    }

    /// The backends of which one serves the request.
    #[must_use]
    pub fn backends(&self, outcome: &Lookup<'_>) -> Vec<&Backend> {
        let Lookup::Found(found) = outcome else { return Vec::new() };
        self.table.group(found.group).members.iter().map(|member| self.table.backend(*member)).collect()
    }
}

/// The question, and everybody who might be meant by it.
struct Judge<'j, 'r> {
    table: &'j RouteTable,
    meant: &'j [&'r Route],
    authority: Authority<'j>,
    listener: Listener,
    path: &'j [u8],
}

impl Judge<'_, '_> {
    fn verdict(&self, route: &Route) -> Verdict {
        if !route.path.covers_path(self.path) {
            return Verdict::OtherPath;
        }
        if !route.entrance.admits(self.listener) {
            return Verdict::OtherListener;
        }
        let mut open = self.table.doors(self.authority.host, self.listener, self.path);
        let (Some(chosen), Some(own)) = (open.next(), self.door(route)) else { return Verdict::OtherPath };
        if ptr::eq(chosen, own) {
            return self.behind_the_door(route, chosen);
        }
        let is_next = open.any(|door| ptr::eq(door, own));
        match route.host {
            HostPattern::Below(_) | HostPattern::Any if is_next && chosen.places.iter().any(|place| place.wild.is_some()) => {
                Verdict::Candidate
            }
            _ => Verdict::Wider(self.width(route, chosen)),
        }
    }

    /// The verdict on a route for the host, path and listener that won.
    fn behind_the_door(&self, route: &Route, door: &Door) -> Verdict {
        let replicas: Vec<&Route> = self.meant.iter().copied().filter(|other| is_same_place(route, other)).collect();
        let first = door.first(self.authority.host);
        match (&route.offer, lead(&replicas)) {
            (Offer::Offline(_), None) if first.is_offline() => Verdict::Chosen,
            (Offer::Offline(notice), _) => Verdict::Offline(notice.clone()),
            (_, Some(lead)) if !agreed(&replicas).contains(&route) => Verdict::Contradicts(contradiction(route, lead)),
            (Offer::Redirect(_) | Offer::Ports { .. }, _) if first.wild.is_some() && first.service != route.service => Verdict::Candidate,
            (Offer::Redirect(_), _) => Verdict::Chosen,
            (Offer::Ports { .. }, _) if self.is_member(route, first) => Verdict::Chosen,
            (Offer::Ports { .. }, _) => Verdict::LessFit,
        }
    }

    fn is_member(&self, route: &Route, place: &Place) -> bool {
        let Some(group) = place.group(self.authority, self.listener) else { return false };
        let members = &self.table.group(group).members;
        members.iter().any(|member| route.backends().any(|backend| backend.id == self.table.backend(*member).id))
    }

    fn width(&self, route: &Route, chosen: &Door) -> Width {
        let winner = self.meant.iter().find(|other| self.door(other).is_some_and(|door| ptr::eq(door, chosen)));
        match winner {
            Some(winner) if winner.host == route.host && winner.path == route.path => Width::Entrance,
            Some(winner) if winner.host == route.host => Width::Path,
            Some(_) | None => Width::Host,
        }
    }

    /// The door that a route is behind.
    fn door(&self, route: &Route) -> Option<&Door> {
        self.table.site(&route.host)?.doors(&route.path).iter().find(|door| door.entrance == route.entrance)
    }
}

#[cfg(test)]
mod tests;
