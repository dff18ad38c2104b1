use dproxy_route::{Backend, Notice, PathPrefix};

use super::*;

fn container(id: &str, name: &str) -> Container {
    Container {
        id: format!("{id}-0123456789abcdef"),
        name: name.to_owned(),
        image: "shop:1".to_owned(),
        state: "running".to_owned(),
        hosts: vec!["a.test".to_owned()],
        backends: vec!["80 10.0.0.1:80".to_owned()],
        own_address: None,
        reasons: vec![Reason::note("state", "running")],
    }
}

/// The route of `name` at `host`, with its main port in this condition; offline without one.
fn route(id: &str, name: &str, host: &str, condition: Option<Condition>) -> Route {
    let backend = |condition| Backend { condition, ..Backend::at("10.0.0.1:80".parse().unwrap()) };
    let fixed = Route::fixed(0, host.parse().unwrap(), PathPrefix::root(), backend(Condition::Ready));
    let offer = match condition {
        Some(condition) => Offer::Ports { main: backend(condition), firm: false, others: Vec::new() },
        None => Offer::Offline(Notice::new("stopped")),
    };
    Route { owner: Owner::Container { id: container(id, name).id, name: name.to_owned() }, offer, ..fixed }
}

#[test]
fn a_container_is_found_by_name_by_id_and_by_the_beginning_of_an_id() {
    let known = [(container("abc1", "web"), None), (container("abc2", "web-2"), None), (container("def", "db"), Some("east"))];
    let found = |word: &str| match find(word, &known) {
        Ok((container, _)) => container.name.clone(),
        Err(refusal) => refusal.to_string(),
    };
    assert_eq!(found("web"), "web");
    assert_eq!(found("/web"), "web");
    assert_eq!(found("abc2-0123456789abcdef"), "web-2");
    assert_eq!(found("d"), "db");
    assert_eq!(found("abc"), "`abc` is more than one container; ask by id: abc1-0123456 (web), abc2-0123456 (web-2)");
    assert_eq!(found("webb"), "no container `webb`; did you mean `web`?");
    assert_eq!(found("eb"), "no container `eb`; did you mean `web`, `web-2`?");
    assert_eq!(found("nothing-like-it"), "no container `nothing-like-it`; `dproxy ctl containers` lists all");
    assert_eq!(found(""), "no container ``; `dproxy ctl containers` lists all");
    let twins = [(container("1", "web"), Some("east")), (container("2", "web"), Some("west"))];
    let told = find("web", &twins).unwrap_err().to_string();
    assert_eq!(told, "`web` is more than one container; ask by id: 1-0123456789 (web on east), 2-0123456789 (web on west)");
}

/// The standing of container `a` and what the routes of others mean for it.
#[track_caller]
fn check(routes: &[Route], standing: Standing, expected: &[&str]) {
    let why = judgement(&container("a", "a"), None, routes, &|_| None);
    let told = why.reasons.iter().filter(|reason| reason.about != "state");
    let told: Vec<String> = told.map(|reason| format!("{}{}", if reason.hinders { "! " } else { "" }, reason.text)).collect();
    assert_eq!((why.standing, told), (standing, expected.iter().map(|&text| text.to_owned()).collect()));
}

#[test]
fn the_routes_of_others_are_part_of_the_judgement() {
    let ready = Some(Condition::Ready);
    let own = || route("a", "a", "a.test", ready);
    check(&[own()], Standing::Routed, &[]);
    check(&[own(), route("b", "b", "a.test", ready)], Standing::Routed, &["a.test/: it shares the requests with container b"]);
    let sick = route("a", "a", "a.test", Some(Condition::Unhealthy));
    check(
        &[sick.clone(), route("b", "b", "a.test", ready)],
        Standing::Standby,
        &["! a.test/: all requests go to container b, which is fitter"],
    );
    check(
        &[sick.clone(), route("a", "a", "a.internal", ready), route("b", "b", "a.test", ready)],
        Standing::Standby,
        &["! a.test/: all requests go to container b, which is fitter"],
    );
    check(std::slice::from_ref(&sick), Standing::Routed, &[]);
    check(&[route("a", "a", "a.test", None)], Standing::Offline, &[]);
    check(&[own(), route("b", "b", "b.test", ready)], Standing::Routed, &[]);
    check(
        &[route("a", "a", "*.test", ready), route("b", "b", "b.test", ready), route("c", "c", "*.c.test", ready)],
        Standing::Routed,
        &["*.test/: names of others win over this wildcard: b.test (container b), *.c.test (container c)"],
    );
    check(&[], Standing::NotRouted, &["! it offers routes that are not served yet; `dproxy ctl status` says which table is"]);
    let many: Vec<Route> = (0..7).map(|n| route(&n.to_string(), &format!("r{n}"), "a.test", ready)).chain([own()]).collect();
    let five = "container r0, container r1, container r2, container r3, container r4";
    check(&many, Standing::Routed, &[&format!("a.test/: it shares the requests with {five} and 2 more")]);
}

#[test]
fn a_backend_that_fails_its_check_is_part_of_the_judgement() {
    let own = route("a", "a", "a.test", Some(Condition::Ready));
    let routes = [own.clone(), Route { path: "/x".parse().unwrap(), ..own }];
    let why = judgement(&container("a", "a"), None, &routes, &|_| Some("its check fails (GET /): no TLS".to_owned()));
    let told: Vec<&ReasonRow> = why.reasons.iter().filter(|reason| reason.about == "health").collect();
    assert_eq!(told.iter().map(|reason| reason.text.as_str()).collect::<Vec<_>>(), ["port 80: its check fails (GET /): no TLS"]);
    assert!(told[0].hinders);
}
