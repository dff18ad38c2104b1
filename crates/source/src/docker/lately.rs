//! What was served lately, so that requests may wait for its return.
//!
//! A restarted or recreated container is gone for a moment, and some ways to
//! recreate one take it away from the engine altogether. So whatever was live
//! is remembered here, route by route: for a while after it left, a notice says
//! when that was.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use dproxy_route::{Entrance, HostPattern, Notice, Offer, Owner, PathPrefix, Route};

use crate::REMOVED;

/// Every route that was live and is not forgotten.
#[derive(Debug, Default)]
pub(super) struct Lately(BTreeMap<Key, Trace>);

/// What does not change when a container stops.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    host: HostPattern,
    path: PathPrefix,
    entrance: Entrance,
    /// The container's id; none for what is no container's.
    container: Option<String>,
}

#[derive(Debug)]
struct Trace {
    /// As it was when it was live.
    route: Route,
    /// When it was not live any more.
    left: Option<SystemTime>,
}

impl Lately {
    /// Takes in the routes of `now`: notices of what was served lately say so, and what nobody knows any more gets
    /// one for as long as requests are held. Says when, if nothing happens before, that is over for one of them.
    pub(super) fn follow(&mut self, routes: &mut Vec<Route>, now: SystemTime, hold: Duration) -> Option<Duration> {
        let mut unseen = std::mem::take(&mut self.0);
        for route in &mut *routes {
            let key = Key::of(route);
            let before = unseen.remove(&key);
            if let Some(trace) = Trace::next(before, route, now) {
                self.0.insert(key, trace);
            }
        }
        let known: BTreeSet<Key> = routes.iter().map(|route| Key { container: None, ..Key::of(route) }).collect();
        let mut next = None;
        for (key, trace) in unseen {
            let left = trace.left.unwrap_or(now);
            // A clock that was set back does not make it young again for ever.
            let age = now.duration_since(left).unwrap_or_default();
            let Some(rest) = hold.checked_sub(age).filter(|rest| !rest.is_zero()) else { continue };
            next = Some(next.map_or(rest, |next: Duration| next.min(rest)));
            if !known.contains(&Key { container: None, ..key.clone() }) {
                routes.push(farewell(&trace.route, left));
            }
            self.0.insert(key, Trace { left: Some(left), ..trace });
        }
        routes.sort_unstable();
        next
    }
}

impl Key {
    fn of(route: &Route) -> Key {
        let container = match &route.owner {
            Owner::Container { id, .. } => Some(id.clone()),
            Owner::File { .. } | Owner::Hand { .. } => None,
        };
        Key { host: route.host.clone(), path: route.path.clone(), entrance: route.entrance, container }
    }
}

impl Trace {
    /// What is remembered of `route`, whose notice is told when it was served last.
    fn next(before: Option<Trace>, route: &mut Route, now: SystemTime) -> Option<Trace> {
        match &mut route.offer {
            Offer::Ports { .. } | Offer::Redirect(_) => Some(Trace { route: route.clone(), left: None }),
            Offer::Offline(notice) => {
                let trace = before?;
                let left = trace.left.unwrap_or(now);
                notice.left = Some(left);
                notice.since = notice.since.or(Some(left));
                Some(Trace { left: Some(left), ..trace })
            }
        }
    }
}

fn farewell(route: &Route, left: SystemTime) -> Route {
    let container = match &route.owner {
        Owner::Container { name, .. } => Some(name.clone()),
        Owner::File { .. } | Owner::Hand { .. } => None,
    };
    let notice = Notice { container, since: Some(left), left: Some(left), ..Notice::new(REMOVED) };
    Route { offer: Offer::Offline(notice), ..route.clone() }
}

#[cfg(test)]
mod tests {
    use dproxy_route::Backend;

    use super::*;

    const HOLD: Duration = Duration::from_secs(10);

    /// `host state` of container `id`, where state is `live` or the reason of a notice.
    fn route(line: &str) -> Route {
        let words: Vec<&str> = line.split(' ').collect();
        let backend = Backend::at(([10, 0, 0, 1], 80).into());
        let owner = Owner::Container { id: words[1].to_owned(), name: "web".to_owned() };
        let live = Route { owner, ..Route::fixed(0, words[0].parse().unwrap(), PathPrefix::root(), backend) };
        match words[2] {
            "live" => live,
            reason => Route { offer: Offer::Offline(Notice::new(reason)), ..live },
        }
    }

    /// What becomes of `lines` when each is what an engine says, so many seconds after the start.
    #[track_caller]
    fn check(lines: &[(u64, &str)], expected: &str) {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let mut lately = Lately::default();
        let mut last = (Vec::new(), None);
        for (second, line) in lines {
            let mut routes: Vec<Route> = line.split("; ").filter(|line| !line.is_empty()).map(route).collect();
            let next = lately.follow(&mut routes, start + Duration::from_secs(*second), HOLD);
            last = (routes, next);
        }
        let seconds = |moment: SystemTime| moment.duration_since(start).unwrap().as_secs();
        let shown = last.0.iter().map(|route| match &route.offer {
            Offer::Ports { .. } | Offer::Redirect(_) => format!("{} live", route.host),
            Offer::Offline(notice) => format!("{} {} {:?}", route.host, notice.reason, notice.left.map(seconds)),
        });
        let next = last.1.map(|next| format!("next in {}", next.as_secs()));
        assert_eq!(shown.chain(next).collect::<Vec<_>>().join("; "), expected, "{lines:?}");
    }

    #[test]
    fn what_was_live_is_told_of_for_a_while() {
        check(&[(0, "a.test 1 live")], "a.test live");
        check(&[(0, "a.test 1 stopped")], "a.test stopped None");
        check(&[(0, "a.test 1 live"), (3, "a.test 1 stopped")], "a.test stopped Some(3)");
        check(&[(0, "a.test 1 live"), (3, "a.test 1 stopped"), (9, "a.test 1 stopped")], "a.test stopped Some(3)");
        check(&[(0, "a.test 1 live"), (3, "")], "a.test removed Some(3); next in 10");
        check(&[(0, "a.test 1 live"), (3, "a.test 1 stopped"), (5, "")], "a.test removed Some(3); next in 8");
        check(&[(0, "a.test 1 live"), (3, ""), (12, "")], "a.test removed Some(3); next in 1");
        check(&[(0, "a.test 1 live"), (3, ""), (13, "")], "");
        check(&[(0, "a.test 1 live"), (3, "a.test 1 stopped"), (60, "")], "");
        check(&[(0, "a.test 1 live"), (3, ""), (5, "a.test 2 live")], "a.test live; next in 8");
        check(&[(0, "a.test 1 live"), (3, "a.test 1 stopped"), (4, "a.test 1 live"), (9, "a.test 1 paused")], "a.test paused Some(9)");
        check(&[(0, "a.test 1 live; b.test 1 live"), (3, "b.test 1 live")], "a.test removed Some(3); b.test live; next in 10");
    }
}
