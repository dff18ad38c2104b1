//! Replicas that contradict each other.
//!
//! Offers for one host, path and listener are put together; all must mean the
//! same by it. The fittest of the oldest owner is right: a container that comes
//! later never changes what requests to the others become. Whoever says
//! otherwise gets no requests there, and its operator is told.

use crate::{HostPattern, Https, Offer, Problem, Route, Service};

/// What makes two offers ones for the same place: behind a wildcard each
/// service has its own.
pub(crate) fn is_same_place(one: &Route, other: &Route) -> bool {
    is_same_door(one, other) && own_service(one) == own_service(other)
}

/// Whether both are for the same host, path and listener.
pub(crate) fn is_same_door(one: &Route, other: &Route) -> bool {
    one.host == other.host && one.path == other.path && one.entrance == other.entrance
}

/// All routes, each once, so that those of a place lie side by side.
pub(crate) fn by_place<'r>(routes: impl Iterator<Item = &'r Route>) -> Vec<&'r Route> {
    let mut sorted: Vec<&Route> = routes.collect();
    let key = |route: &'r Route| (&route.host, &route.path, route.entrance, own_service(route));
    sorted.sort_unstable_by(|one, other| key(one).cmp(&key(other)).then_with(|| one.cmp(other)));
    sorted.dedup();
    sorted
}

/// Of the replicas of a place, those that are not offline and agree; none when all are offline.
pub(crate) fn agreed<'r>(replicas: &[&'r Route]) -> Vec<&'r Route> {
    let Some(lead) = lead(replicas) else { return Vec::new() };
    replicas.iter().copied().filter(|route| agrees(route, lead)).collect()
}

/// What an operator should mend: live routes that get no requests because they contradict their siblings.
#[must_use]
pub fn contradictions(routes: &[Route]) -> Vec<Problem> {
    // Nearly always nobody rewrites anything, and then there is nothing to contradict.
    let plain = |route: &Route| route.rewrite.is_nothing() && has_no_say(&route.https) && !matches!(route.offer, Offer::Redirect(_));
    if routes.iter().all(plain) {
        return Vec::new();
    }
    let sorted = by_place(routes.iter());
    let places = sorted.chunk_by(|one, other| is_same_place(one, other));
    let mut problems: Vec<Problem> = places.flat_map(problems_of).collect();
    problems.sort_unstable();
    problems
}

fn problems_of(replicas: &[&Route]) -> Vec<Problem> {
    let Some(lead) = lead(replicas) else { return Vec::new() };
    let others = replicas.iter().filter(|route| !matches!(route.offer, Offer::Offline(_)) && !agrees(route, lead));
    others.map(|route| Problem::new(route.owner.to_string(), contradiction(route, lead))).collect()
}

/// Why `route` gets no requests beside `lead`.
pub(crate) fn contradiction(route: &Route, lead: &Route) -> String {
    format!(
        "it gets no requests for {}{}: it would {}, but {} was there before and would {}; let both do the same, or give one another path",
        route.host,
        route.path,
        deed(route, lead),
        lead.owner,
        deed(lead, route),
    )
}

/// Whoever is right among replicas; none when all are offline.
pub(crate) fn lead<'r>(replicas: &[&'r Route]) -> Option<&'r Route> {
    let live = replicas.iter().copied().filter(|route| !matches!(route.offer, Offer::Offline(_)));
    let condition = |route: &Route| route.backends().next().map(|main| main.condition);
    live.min_by(|one, other| (condition(one), one.since, &one.owner).cmp(&(condition(other), other.since, &other.owner)))
}

/// Whether it leaves to others who is let in, and who speaks TLS with them.
fn has_no_say(https: &Https) -> bool {
    https.client_auth.is_none() && !https.passthrough
}

fn is_same_door_keeper(one: &Https, other: &Https) -> bool {
    one.client_auth == other.client_auth && one.passthrough == other.passthrough
}

fn agrees(route: &Route, lead: &Route) -> bool {
    let same_offer = match (&route.offer, &lead.offer) {
        (Offer::Ports { .. }, Offer::Ports { .. }) => true,
        (Offer::Redirect(one), Offer::Redirect(other)) => one == other,
        (Offer::Ports { .. } | Offer::Redirect(_) | Offer::Offline(_), _) => false,
    };
    same_offer && route.rewrite == lead.rewrite && is_same_door_keeper(&route.https, &lead.https)
}

/// What becomes of requests, told so that it differs from `other`.
fn deed(route: &Route, other: &Route) -> String {
    let auth = &route.https.client_auth;
    match &route.offer {
        _ if route.https.passthrough != other.https.passthrough => match route.https.passthrough {
            true => "speak TLS with clients itself".to_owned(),
            false => "leave TLS to us".to_owned(),
        },
        _ if *auth != other.https.client_auth => match auth {
            Some(auth) => format!("have it that {auth}"),
            None => "let everybody in".to_owned(),
        },
        Offer::Redirect(redirect) => format!("redirect with {redirect}"),
        Offer::Ports { .. } | Offer::Offline(_) if route.rewrite.is_nothing() => "leave the path as it is".to_owned(),
        Offer::Ports { .. } | Offer::Offline(_) => route.rewrite.to_string(),
    }
}

fn own_service(route: &Route) -> Option<&Service> {
    match route.host {
        HostPattern::Exact(_) => None,
        HostPattern::Below(_) | HostPattern::Any => Some(&route.service),
    }
}
