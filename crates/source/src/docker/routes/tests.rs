use std::collections::HashMap;

use dproxy_route::Condition;

use super::super::facts::{Address, Attachment, Inspected, NetworkMode, Port};
use super::*;

/// Seconds since the epoch that count as now.
const NOW: u64 = 1_800_000_000;

fn moment(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A running container with one port at an address that can be reached, inspected.
pub(super) fn container(name: &str, host: &str) -> Facts {
    let last = name.bytes().map(u32::from).sum::<u32>() % 250 + 2;
    let gateway = Some("10.1.0.1".parse().unwrap());
    let address = Address { ip: format!("10.1.0.{last}").parse().unwrap(), gateway, prefix: 16, source: gateway };
    Facts {
        id: format!("{name}-id-0123456789"),
        name: name.to_owned(),
        image: "shop:1".to_owned(),
        state: State::Running,
        labels: HashMap::from([("dproxy.host".to_owned(), host.to_owned())]),
        attachments: vec![Attachment { network: "bridge".to_owned(), addresses: vec![address] }],
        ports: vec![Port { container: 80, published: None }],
        inspected: Some(Inspected { running: true, ..Inspected::default() }),
        ..Facts::default()
    }
}

pub(super) fn settings() -> Settings {
    Settings {
        engine: Place::Here,
        published_at: None,
        container_addresses: None,
        internal_names: false,
        unpublished: true,
        dialects: Vec::new(),
        assignments: Vec::new(),
        own_container: None,
        machine: None,
        now: moment(NOW),
    }
}

pub(super) fn shown(findings: &Findings) -> String {
    let offer = |offer: &Offer| match offer {
        Offer::Ports { main, .. } => format!("{} {}", main.address, main.condition.as_str()),
        Offer::Redirect(redirect) => redirect.to_string(),
        Offer::Offline(notice) => {
            let since = notice.since.map(|since| since.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs().to_string());
            format!("offline: {notice} {}", since.unwrap_or_default())
        }
    };
    let routes = findings.routes.iter().map(|route| format!("{} {}", route.host, offer(&route.offer)).trim_end().to_owned());
    routes.chain(findings.problems.iter().map(|problem| format!("! {problem}"))).collect::<Vec<_>>().join("; ")
}

#[track_caller]
fn check(containers: &[Facts], expected: &str) {
    assert_eq!(shown(&routes_of(containers, &settings())), expected);
}

/// What the state of container `a` makes of its route to `a.test`.
#[track_caller]
fn state(change: impl FnOnce(&mut Facts), expected: &str) {
    let mut facts = container("a", "a.test");
    change(&mut facts);
    check(&[facts], expected);
}

/// Inspected after its process ended, at this second.
fn ended(seconds: u64) -> Option<Inspected> {
    Some(Inspected { running: false, finished: Some(moment(seconds)), ..Inspected::default() })
}

#[test]
fn only_a_running_container_gets_requests() {
    state(|_| {}, "a.test 10.1.0.99:80 ready");
    state(|a| a.health = Condition::Starting, "a.test 10.1.0.99:80 starting");
    state(|a| a.health = Condition::Unhealthy, "a.test 10.1.0.99:80 unhealthy");
    state(|a| a.state = State::Paused, "a.test offline: paused");
    state(|a| a.state = State::Removing, "a.test offline: being removed");
    state(|a| (a.state, a.exit_code) = (State::Restarting, Some(3)), "a.test offline: restarting, exit code 3");
    state(|a| (a.state, a.exit_code) = (State::Exited, Some(137)), "a.test offline: stopped, exit code 137");
    state(|a| a.state = State::Dead, "a.test offline: stopped");
    state(|a| (a.state, a.inspected) = (State::Created, None), "");
    state(|a| (a.state, a.inspected) = (State::Created, Some(Inspected::default())), "");
    state(|a| a.state = State::Other("dreaming".to_owned()), "a.test offline: state dreaming");
}

#[test]
fn a_stopped_container_is_remembered_for_a_day() {
    let day = 24 * 60 * 60;
    state(|a| (a.state, a.inspected) = (State::Exited, ended(NOW - 5)), "a.test offline: stopped 1799999995");
    state(|a| (a.state, a.inspected) = (State::Exited, ended(NOW - day + 1)), "a.test offline: stopped 1799913601");
    state(|a| (a.state, a.inspected) = (State::Exited, ended(NOW - day)), "");
    state(|a| (a.state, a.inspected) = (State::Exited, ended(NOW + 60)), "a.test offline: stopped 1800000060");
    state(|a| (a.state, a.inspected) = (State::Created, ended(NOW - 5)), "a.test offline: not started again 1799999995");
    state(|a| (a.state, a.inspected) = (State::Exited, None), "");
}

#[test]
fn an_end_told_by_an_event_counts_before_the_list_shows_it() {
    state(|a| a.ending = Some(Ending::Stopping), "a.test 10.1.0.99:80 stopping");
    state(|a| a.ending = Some(Ending::Gone { exit_code: Some(1) }), "a.test offline: stopped, exit code 1");
    state(|a| a.ending = Some(Ending::Gone { exit_code: None }), "a.test offline: stopped");
    state(|a| (a.state, a.ending) = (State::Paused, Some(Ending::Stopping)), "a.test offline: paused");
}

#[test]
fn containers_with_the_same_host_are_replicas() {
    let replicas = [container("b", "a.test"), container("a", "a.test"), container("c", "*.a.test,c.test")];
    check(&replicas, "a.test 10.1.0.99:80 ready; a.test 10.1.0.100:80 ready; c.test 10.1.0.101:80 ready; *.a.test 10.1.0.101:80 ready");
}

#[test]
fn of_containers_of_one_second_an_inspection_tells_the_older() {
    let made = |name: &str, nanos: Option<u32>| {
        let created = nanos.map(|nanos| moment(NOW) + Duration::from_nanos(nanos.into()));
        Facts { created: NOW, inspected: Some(Inspected { created, running: true, ..Inspected::default() }), ..container(name, "a.test") }
    };
    let containers = [made("b", Some(7)), made("a", Some(8)), made("c", None)];
    let since: Vec<u64> = routes_of(&containers, &settings()).routes.iter().map(|route| route.since).collect();
    assert_eq!(since, [NOW * 1_000_000_000 + 8, NOW * 1_000_000_000 + 7, NOW * 1_000_000_000]);
}

#[test]
fn one_odd_container_costs_only_itself() {
    let mut lost = container("b", "b.test");
    lost.mode = NetworkMode::None;
    let mut odd = container("c", "c.test,-c");
    odd.oddities.push("port {} makes no sense".to_owned());
    check(
        &[container("a", "a.test"), lost, odd],
        "a.test 10.1.0.99:80 ready; c.test 10.1.0.101:80 ready; \
         ! container b: no request can reach it: it has no network (`--network none`); attach it to one; \
         ! container c: label dproxy.host: `-c` is not a host name; write it like `www.example.com` or `*.example.com`; ! container c: port {} makes no sense",
    );
}

#[test]
fn labels_make_paths_rewrites_and_redirects() {
    let labelled = |labels: &[(&str, &str)]| {
        let mut facts = container("a", "a.test");
        facts.labels.extend(labels.iter().map(|(label, value)| (format!("dproxy.{label}"), (*value).to_owned())));
        facts
    };
    let routed = routes_of(&[labelled(&[("path", "/api"), ("strip_prefix", "true"), ("listen", "8080")])], &settings()).routes;
    let Route { path, entrance, rewrite, .. } = &routed[0];
    assert_eq!(format!("{entrance} {path} {rewrite}"), "8080 /api strip /api");
    let mut redirecting = labelled(&[("redirect", "https://b.test"), ("redirect_code", "301")]);
    redirecting.ports.clear();
    check(&[redirecting.clone()], "a.test 301 https://b.test{path}{query}");
    redirecting.state = State::Exited;
    check(&[redirecting], "a.test offline: stopped");
    check(
        &[labelled(&[("path", "api")])],
        "! container a: label dproxy.path: path `api` must begin with `/`; no request reaches it until that is mended",
    );
}

#[test]
fn a_container_without_ports_is_a_problem_only_where_names_ask_for_it() {
    let mut quiet = container("a", "a.test");
    quiet.ports.clear();
    let told = "! container a: no request can reach it: it has no TCP port; publish one, or name one by label dproxy.port";
    check(&[quiet.clone()], told);
    quiet.labels.clear();
    check(&[quiet.clone()], "");
    let settings = Settings { internal_names: true, ..settings() };
    assert_eq!(shown(&routes_of(&[quiet], &settings)), "");
}

#[test]
fn the_same_containers_in_another_order_are_the_same_findings() {
    let mut containers = vec![container("a", "a.test,z.test"), container("b", "a.test"), container("c", "-bad,-worse")];
    let before = routes_of(&containers, &settings());
    containers.reverse();
    assert_eq!(routes_of(&containers, &settings()), before);
    assert!(before.routes.is_sorted() && before.problems.is_sorted());
}

#[test]
fn replicas_share_their_compose_service_else_their_image() {
    let mut facts = container("a", "a.test");
    let service = |facts: &Facts| routes_of(std::slice::from_ref(facts), &settings()).routes[0].service.0.clone();
    assert_eq!(service(&facts), "shop:1");
    facts.labels.insert(COMPOSE_PROJECT.to_owned(), "shop".to_owned());
    assert_eq!(service(&facts), "shop:1");
    facts.labels.insert(COMPOSE_SERVICE.to_owned(), "web".to_owned());
    assert_eq!(service(&facts), "shop/web");
}

#[test]
fn containers_are_shown_with_their_hosts_and_backends() {
    let mut facts = container("b", "b.test");
    facts.ports.push(Port { container: 8080, published: None });
    let settings = Settings { internal_names: true, ..settings() };
    let findings = routes_of(&[facts, container("a", "")], &settings);
    assert_eq!(findings.containers.iter().map(|container| container.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let shown = &findings.containers[1];
    assert_eq!(shown.hosts, ["b.internal", "b.test"]);
    assert_eq!(shown.backends, ["80 10.1.0.100:80", "8080 10.1.0.100:8080"]);
    assert_eq!((shown.state.as_str(), shown.image.as_str()), ("running", "shop:1"));
}

#[test]
fn the_file_may_give_a_container_further_hosts() {
    let assignment = |host: &str, container: &str, port| Assignment { host: host.parse().unwrap(), container: container.to_owned(), port };
    let mut web = container("web", "a.test");
    web.ports.push(Port { container: 8080, published: None });
    let assignments = vec![
        assignment("b.test", "web", None),
        assignment("*.c.test", "web-id-01234", Some(8080)),
        assignment("d.test", "web-id", None),
        assignment("e.test", "other", None),
    ];
    let findings = routes_of(&[web], &Settings { assignments, ..settings() });
    let last = "web".bytes().map(u32::from).sum::<u32>() % 250 + 2;
    let expected = format!("a.test 10.1.0.{last}:80 ready; b.test 10.1.0.{last}:80 ready; *.c.test 10.1.0.{last}:8080 ready");
    assert_eq!(shown(&findings), expected);
    assert_eq!(findings.containers[0].hosts, ["*.c.test", "a.test", "b.test"]);
}
