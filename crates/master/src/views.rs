//! What operators see: the core, the engine's news and the figures, as rows.

use std::collections::{BTreeMap, HashSet};
use std::time::Instant;

use dproxy_control::{BackendRow, ContainerRow, EngineRow, ImageRow, ProblemRow, RouteRow, WorkerRow};
use dproxy_route::{Backend, BackendId, HostPattern, Offer, Owner, PathPrefix, Problem, Route};
use dproxy_source::{Container, Link, Update};
use dproxy_stats::{Counter, Counters};

use crate::core::WorkerView;
use crate::figures::Usage;

/// A worker's row.
pub(crate) fn worker_row(now: Instant, view: &WorkerView, counters: &Counters, usage: Usage) -> WorkerRow {
    WorkerRow {
        slot: view.slot.0,
        pid: view.pid,
        state: view.state.to_owned(),
        restarts: view.restarts,
        uptime_seconds: view.started.map_or(0, |started| now.saturating_duration_since(started).as_secs()),
        generation: view.generation.0,
        sockets: view.sockets,
        connections: counters.get(Counter::Open),
        requests: counters.get(Counter::Requests),
        in_flight: counters.get(Counter::InFlight),
        memory_bytes: usage.memory_bytes,
        cpu_percent: usage.cpu_percent,
        ..WorkerRow::default()
    }
}

/// A route's row; `engine` is what the engine of its container is called, where there are several.
pub(crate) fn route_row(route: &Route, engine: Option<&str>) -> RouteRow {
    let (state, reason, redirect) = match &route.offer {
        Offer::Ports { .. } => ("live", None, None),
        Offer::Redirect(redirect) => ("redirect", None, Some(redirect.to_string())),
        Offer::Offline(notice) => ("offline", Some(notice.to_string()), None),
    };
    RouteRow {
        host: route.host.to_string(),
        path: route.path.to_string(),
        listen: (!route.entrance.is_any()).then(|| route.entrance.to_string()),
        strip_prefix: prefix(&route.rewrite.strip),
        add_prefix: prefix(&route.rewrite.add),
        redirect,
        state: state.to_owned(),
        owner: engine.map_or_else(|| route.owner.to_string(), |engine| format!("{} on {engine}", route.owner)),
        service: route.service.0.clone(),
        backends: route.backends().map(backend_word).collect(),
        reason,
        ..RouteRow::default()
    }
}

/// Adds the number of a route by hand, and how many seconds it will live still by `rest`.
pub(crate) fn complete_by_hand(route: &Route, row: &mut RouteRow, rest: impl Fn(u32) -> Option<u64>) {
    let Owner::Hand { id } = route.owner else { return };
    row.id = Some(id);
    row.expires_seconds = rest(id);
}

/// Every backend once, by name.
///
/// `load` tells how many requests one has and for how many milliseconds somebody waits; `limit` is what those take that
/// say nothing themselves, zero any number.
pub(crate) fn backend_rows(routes: &[Route], limit: u32, load: impl Fn(&BackendId) -> Option<Load>) -> Vec<BackendRow> {
    // One backend may serve every host there is, so each knows by a set which it has.
    let mut rows: BTreeMap<&BackendId, (BackendRow, HashSet<&HostPattern>)> = BTreeMap::new();
    for route in routes {
        for backend in route.backends() {
            let new = || (backend_row(backend, limit, load(&backend.id)), HashSet::new());
            let (row, hosts) = rows.entry(&backend.id).or_insert_with(new);
            if hosts.insert(&route.host) {
                row.hosts.push(route.host.to_string());
            }
        }
    }
    let mut rows: Vec<BackendRow> = rows.into_values().map(|(row, _)| row).collect();
    rows.sort_by(|a, b| (&a.name, a.port, &a.id).cmp(&(&b.name, b.port, &b.id)));
    rows
}

/// How many different backends there are.
pub(crate) fn count_backends(routes: &[Route]) -> usize {
    let mut ids: Vec<&BackendId> = routes.iter().flat_map(Route::backends).map(|backend| &backend.id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.len()
}

/// What is wrong when more backends are served than all workers together can count.
pub(crate) fn uncounted(backends: usize, counted: usize) -> Option<ProblemRow> {
    let uncounted = backends.checked_sub(counted).filter(|uncounted| *uncounted > 0)?;
    let text = format!(
        "{uncounted} of {backends} backends are not counted by all workers together, so that each worker keeps to their limits by \
         itself: {} is the most that are; divide the sites between several dproxy",
        dproxy_stats::Column::COUNT
    );
    Some(ProblemRow { subject: "backends".to_owned(), text })
}

/// A container's row; `engine` is what its engine is called, where there are several.
pub(crate) fn container_row(container: &Container, engine: Option<&str>) -> ContainerRow {
    ContainerRow {
        engine: engine.map(str::to_owned),
        id: container.id.get(..12).unwrap_or(&container.id).to_owned(),
        name: container.name.clone(),
        image: container.image.clone(),
        state: container.state.clone(),
        hosts: container.hosts.clone(),
        backends: container.backends.clone(),
        ..ContainerRow::default()
    }
}

/// Every image of these, by name.
pub(crate) fn image_rows(containers: &[ContainerRow]) -> Vec<ImageRow> {
    let mut rows: BTreeMap<&str, ImageRow> = BTreeMap::new();
    for container in containers {
        let image = rows.entry(&container.image).or_insert_with(|| ImageRow { name: container.image.clone(), ..ImageRow::default() });
        image.containers.push(container.name.clone());
        image.running += usize::from(container.state == "running");
    }
    rows.into_values().collect()
}

/// A problem's row; `engine` is what the engine is called that told of it, where there are several.
pub(crate) fn problem_row(problem: &Problem, engine: Option<&str>) -> ProblemRow {
    let subject = engine.map_or_else(|| problem.subject.clone(), |engine| format!("{} on {engine}", problem.subject));
    ProblemRow { subject, text: problem.text.clone() }
}

/// How the engine at `endpoint` does.
pub(crate) fn engine_row(name: Option<&str>, endpoint: String, update: &Update) -> EngineRow {
    let (connected, version, error) = match &update.link {
        Link::Connecting => (false, None, None),
        Link::Connected { version } => (true, Some(version.clone()), None),
        Link::Lost { error } => (false, None, Some(error.clone())),
    };
    EngineRow { name: name.map(str::to_owned), containers: update.containers.len(), endpoint, connected, version, error }
}

fn prefix(path: &PathPrefix) -> Option<String> {
    (!path.is_root()).then(|| path.to_string())
}

/// A backend's row, without the hosts that lead there.
/// Requests that a backend has now, and for how many milliseconds somebody has waited for it.
pub(crate) type Load = (u32, Option<u64>);

/// A backend as it is shown; `limit` is what it takes at a time where it says nothing of that itself.
pub(crate) fn backend_row(backend: &Backend, limit: u32, load: Option<Load>) -> BackendRow {
    let (requests, waited_ms) = load.unzip();
    BackendRow {
        requests,
        max_requests: Some(backend.max_requests.unwrap_or(limit)).filter(|most| *most > 0),
        waited_ms: waited_ms.flatten(),
        id: backend.id.to_string(),
        name: backend.name.clone(),
        port: backend.port,
        address: backend.address.to_string(),
        scheme: backend.scheme.as_str().to_owned(),
        condition: backend.condition.as_str().to_owned(),
        weight: backend.share.weight,
        ..BackendRow::default()
    }
}

fn backend_word(backend: &Backend) -> String {
    // One that somebody wrote down has its address for a name.
    if backend.name == backend.address.to_string() {
        return format!("{} ({})", backend.address, backend.condition.as_str());
    }
    format!("{}:{} {} ({})", backend.name, backend.port, backend.address, backend.condition.as_str())
}

#[cfg(test)]
mod tests {
    use dproxy_route::{HostPattern, Notice, Redirect, RedirectCode, Rewrite};

    use super::*;

    fn route(entry: u32, address: &str) -> Route {
        Route::fixed(entry, HostPattern::Any, PathPrefix::root(), Backend::at(address.parse().unwrap()))
    }

    #[test]
    fn backends_that_cannot_be_counted_are_a_problem() {
        assert_eq!(uncounted(3, 3), None);
        let text = uncounted(131_080, 131_072).unwrap().text;
        assert!(text.starts_with("8 of 131080 backends ") && text.contains("131072 is the most"), "{text}");
    }

    #[test]
    fn a_backend_of_two_routes_is_one_row() {
        let routes = [route(0, "10.0.0.2:80"), route(1, "10.0.0.1:80"), route(2, "10.0.0.2:80")];
        let rows = backend_rows(&routes, 0, |_| None);
        assert_eq!(rows.iter().map(|row| row.address.as_str()).collect::<Vec<_>>(), ["10.0.0.1:80", "10.0.0.2:80"]);
        assert_eq!(rows[1].hosts, ["*"]);
        assert_eq!(count_backends(&routes), 2);
    }

    #[test]
    fn a_backend_of_very_many_hosts_is_told_at_once() {
        let host = |number| HostPattern::Exact(format!("host{number}.test").parse().unwrap());
        let routes: Vec<Route> = (0..50_000).map(|number| Route { host: host(number % 40_000), ..route(number, "10.0.0.1:80") }).collect();
        // Each host compared with each other one would take minutes here.
        let rows = backend_rows(&routes, 0, |_| None);
        assert_eq!((rows.len(), rows[0].hosts.len(), rows[0].hosts[39_999].as_str()), (1, 40_000, "host39999.test"));
    }

    #[test]
    fn an_offline_route_says_why() {
        let live = route_row(&route(0, "10.0.0.2:80"), None);
        assert_eq!((live.state.as_str(), live.backends[0].as_str()), ("live", "10.0.0.2:80 (ready)"));
        let offline = Route { offer: Offer::Offline(Notice::new("paused")), ..route(0, "10.0.0.2:80") };
        let row = route_row(&offline, None);
        assert_eq!((row.state.as_str(), row.reason.as_deref(), row.backends.len()), ("offline", Some("paused"), 0));
    }

    #[test]
    fn a_route_shows_its_listener_its_rewrite_and_its_redirect() {
        let path: PathPrefix = "/api".parse().unwrap();
        let rewrite = Rewrite { strip: path.clone(), add: PathPrefix::root() };
        let row = route_row(&Route { path, rewrite, entrance: "https:8443".parse().unwrap(), ..route(0, "10.0.0.2:80") }, None);
        assert_eq!((row.listen.as_deref(), row.strip_prefix.as_deref(), row.add_prefix), (Some("https:8443"), Some("/api"), None));
        let redirect = Redirect { target: "/x".parse().unwrap(), code: RedirectCode::Moved };
        let row = route_row(&Route { offer: Offer::Redirect(redirect), ..route(0, "10.0.0.2:80") }, None);
        assert_eq!((row.state.as_str(), row.redirect.as_deref()), ("redirect", Some("301 /x")));
    }

    #[test]
    fn the_engine_is_connected_or_says_why_not() {
        let row = |link| engine_row(None, "unix:///x".to_owned(), &Update { link, ..Update::default() });
        assert!(!row(Link::Connecting).connected);
        assert_eq!(row(Link::Connected { version: "1".to_owned() }).version.as_deref(), Some("1"));
        assert_eq!(row(Link::Lost { error: "gone".to_owned() }).error.as_deref(), Some("gone"));
    }
}
