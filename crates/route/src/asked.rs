//! What there is for one host pattern, and which patterns a host name may meet.

use std::collections::BTreeMap;

use crate::{BackendId, HostPattern, Route, RouteName, RouteTable};

/// Everything that is known for one host pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Entry {
    /// Sorted.
    pub routes: Vec<Route>,
    /// The numbers of the columns in which requests of their backends are counted, sorted. A backend without one is
    /// counted by each worker alone.
    pub columns: Vec<(BackendId, u32)>,
    /// The numbers of the routes' accounts, sorted. What a route without one serves is counted in the totals only.
    pub accounts: Vec<(RouteName, u32)>,
}

/// How a backend is there; one that is there in several ways is so in the first of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// Some request may get it.
    Serving,
    /// It gets nothing new because fitter ones stand beside it. It finishes what it has.
    Resting,
    /// Its container is paused, and keeps what it was asked.
    Asleep,
}

/// The backends of all routes of one host pattern, and how they are there.
#[must_use]
pub fn presences(routes: &[Route]) -> BTreeMap<BackendId, Presence> {
    let asleep = routes.iter().filter_map(Route::notice).flat_map(|notice| &notice.asleep);
    let mut found: BTreeMap<BackendId, Presence> = asleep.map(|id| (id.clone(), Presence::Asleep)).collect();
    // A route that stands alone is contradicted by none, and all of its backends serve.
    let alone = routes.len() == 1;
    let offered = if alone { Presence::Serving } else { Presence::Resting };
    found.extend(routes.iter().flat_map(Route::backends).map(|backend| (backend.id.clone(), offered)));
    if !alone {
        found.extend(RouteTable::build(routes).backends().iter().map(|backend| (backend.id.clone(), Presence::Serving)));
    }
    found
}

/// A [`HostPattern`] that owns nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PatternRef<'p> {
    /// Just this name.
    Exact(&'p str),
    /// Every name below this one.
    Below(&'p str),
    /// Every name.
    Any,
}

impl HostPattern {
    /// The same, borrowed.
    #[must_use]
    pub fn borrowed(&self) -> PatternRef<'_> {
        match self {
            HostPattern::Exact(host) => PatternRef::Exact(host.as_str()),
            HostPattern::Below(host) => PatternRef::Below(host.as_str()),
            HostPattern::Any => PatternRef::Any,
        }
    }
}

impl<'p> PatternRef<'p> {
    /// Every pattern whose routes a request may get that meets this one first, in the order in which they are looked at.
    pub fn and_wider(self) -> impl Iterator<Item = PatternRef<'p>> {
        let parents = std::iter::successors(self.parent(), |pattern| pattern.parent());
        let any = (self != PatternRef::Any).then_some(PatternRef::Any);
        std::iter::once(self).chain(parents).chain(any).chain(self.bare())
    }

    /// What `www.X` may fall back to.
    #[must_use]
    pub fn bare(self) -> Option<PatternRef<'p>> {
        match self {
            PatternRef::Exact(host) => host.strip_prefix("www.").map(PatternRef::Exact),
            PatternRef::Below(_) | PatternRef::Any => None,
        }
    }

    /// All names below what is behind the first dot.
    fn parent(self) -> Option<PatternRef<'p>> {
        match self {
            PatternRef::Exact(host) | PatternRef::Below(host) => host.split_once('.').map(|(_, parent)| PatternRef::Below(parent)),
            PatternRef::Any => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Backend, Condition, Notice, Offer, PathPrefix};

    #[test]
    fn a_name_meets_itself_what_is_above_it_and_what_it_falls_back_to() {
        use PatternRef::{Any, Below, Exact};
        let check = |first: PatternRef<'_>, others: &[PatternRef<'_>]| {
            let all: Vec<_> = first.and_wider().collect();
            assert_eq!(all, [&[first], others].concat());
        };
        check(Exact("a.b.test"), &[Below("b.test"), Below("test"), Any]);
        check(Exact("www.a.test"), &[Below("a.test"), Below("test"), Any, Exact("a.test")]);
        check(Exact("one"), &[Any]);
        check(Exact(""), &[Any]);
        check(Below("b.test"), &[Below("test"), Any]);
        check(Any, &[]);
    }

    #[test]
    fn backends_serve_rest_or_sleep() {
        let backend = |last, condition| Backend { condition, ..Backend::at(([127, 0, 0, last], 80).into()) };
        let route = |last, condition| Route::fixed(u32::from(last), HostPattern::Any, PathPrefix::root(), backend(last, condition));
        let id = |last| backend(last, Condition::Ready).id;
        let notice = Notice { asleep: vec![id(3), id(1)], ..Notice::new("paused") };
        let offline = Route::written(9, HostPattern::Any, PathPrefix::root(), Offer::Offline(notice));
        let check = |routes: &[Route], expected: &[(u8, Presence)]| {
            assert_eq!(presences(routes), expected.iter().map(|(last, presence)| (id(*last), *presence)).collect());
        };
        check(&[], &[]);
        check(&[route(1, Condition::Stopping)], &[(1, Presence::Serving)]);
        check(&[route(1, Condition::Ready), route(2, Condition::Stopping)], &[(1, Presence::Serving), (2, Presence::Resting)]);
        check(&[offline.clone(), route(1, Condition::Ready)], &[(1, Presence::Serving), (3, Presence::Asleep)]);
        check(&[offline], &[(1, Presence::Asleep), (3, Presence::Asleep)]);
    }
}
