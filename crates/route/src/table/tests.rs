//! Routes are written a line each: `[entrance|]pattern[/path] name:port,port… [flag…]`,
//! where the first port is the main one and the flags are `firm`, a condition,
//! `offline`, `strip` (the route's path), `add=/path`, `since=N` or `to=redirect`.

use super::*;
use crate::{Condition, Entrance, Owner, Protocol, RedirectCode, Scheme, Share, Whereabouts, contradictions};

pub(crate) fn routes(text: &str) -> Vec<Route> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(route).collect()
}

fn route(line: &str) -> Route {
    let mut words = line.split_whitespace();
    let target = words.next().unwrap();
    let (entrance, target) = target.split_once('|').map_or((Entrance::default(), target), |(door, rest)| (door.parse().unwrap(), rest));
    let (host, path) = target.find('/').map_or((target, "/"), |slash| target.split_at(slash));
    let (name, ports) = words.next().unwrap().split_once(':').unwrap();
    let flags: Vec<&str> = words.collect();
    let condition = [Condition::Starting, Condition::Unhealthy, Condition::Stopping];
    let condition = condition.into_iter().find(|c| flags.contains(&c.as_str())).unwrap_or_default();
    let backend = |port: &str| Backend {
        id: BackendId::of_container(name, port.parse().unwrap()),
        name: name.to_owned(),
        port: port.parse().unwrap(),
        address: format!("127.0.0.1:{port}").parse().unwrap(),
        scheme: Scheme::Http,
        condition,
        max_requests: None,
        whereabouts: Whereabouts::Here,
        share: Share::default(),
        check: None,
        trust: crate::Trust::default(),
        announced: None,
    };
    let mut backends = ports.split(',').map(backend);
    let path: crate::PathPrefix = path.parse().unwrap();
    let value = |key: &str| flags.iter().find_map(|flag| flag.strip_prefix(key)?.strip_prefix('='));
    let strip = if flags.contains(&"strip") { path.clone() } else { crate::PathPrefix::root() };
    let rewrite = Rewrite { strip, add: value("add").unwrap_or("/").parse().unwrap() };
    let offer = if let Some(target) = value("to") {
        Offer::Redirect(Redirect { target: target.parse().unwrap(), code: RedirectCode::default() })
    } else if flags.contains(&"offline") {
        Offer::Offline(Notice::new(format!("{name} stopped")))
    } else {
        Offer::Ports { main: backends.next().unwrap(), firm: flags.contains(&"firm"), others: backends.collect() }
    };
    Route {
        host: host.parse().unwrap(),
        path,
        entrance,
        owner: Owner::Container { id: name.to_owned(), name: name.to_owned() },
        service: Service(name.to_owned()),
        pick: PickPolicy::default(),
        logged: None,
        rewrite,
        https: Https::default(),
        since: value("since").map_or(0, |since| since.parse().unwrap()),
        offer,
    }
}

/// `url` is `[https://]host[:port]/path`, asked at a listener on the protocol's port.
#[track_caller]
fn check(table: &str, url: &str, expected: &str) {
    assert_eq!(answer_of(&RouteTable::build(&routes(table)).with_www_fallback(true), url), expected, "{url}");
}

pub(crate) fn answer_of(table: &RouteTable, url: &str) -> String {
    let (protocol, rest) = url.split_once("://").map_or((Protocol::Http, url), |(scheme, rest)| (scheme.parse().unwrap(), rest));
    let (authority, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
    let mut room = [0; Authority::ROOM];
    let authority = Authority::parse(authority.as_bytes(), &mut room).unwrap();
    match table.lookup(authority, Listener { protocol, port: protocol.default_port() }, path.as_bytes()) {
        Lookup::Unknown => "unknown".to_owned(),
        Lookup::Offline(notice) => notice.reason.clone(),
        Lookup::Redirect(redirect, rewrite) => {
            let mut target = Vec::new();
            rewrite.write(path.as_bytes(), &mut target);
            format!("-> {}", String::from_utf8(redirect.location(authority.host, &target)).unwrap())
        }
        Lookup::Found(found) => {
            let members = table.group(found.group).members.iter().map(|index| table.backend(*index));
            let members = members.map(|backend| format!("{}:{}", backend.name, backend.port)).collect::<Vec<_>>().join(" ");
            if found.rewrite.is_nothing() { members } else { format!("{members} ({})", found.rewrite) }
        }
    }
}

const SITES: &str = "
    site1.com       one:80
    *.site1.com     one:80
    api.site1.com   api:80
    api.site2.com   two:80
    site2.com       two:80
";

#[test]
fn the_seeds_matrix_of_hosts_holds() {
    check(SITES, "site1.com", "one:80");
    check(SITES, "api.site1.com", "api:80");
    check(SITES, "cdn.site1.com", "one:80");
    check(SITES, "a.b.site1.com", "one:80");
    check(SITES, "www.site2.com", "two:80");
    check(SITES, "api.site3.com", "unknown");
    check(SITES, "cdn.site2.com", "unknown");
}

#[test]
fn exact_wins_over_near_wildcard_over_wide_wildcard_over_any() {
    let table = "
        a.b.c    exact:80
        *.b.c    near:80
        *.c      wide:80
        *        any:80
    ";
    check(table, "a.b.c", "exact:80");
    check(table, "x.b.c", "near:80");
    check(table, "b.c", "wide:80");
    check(table, "c", "any:80");
    check("*.c wide:80", "c", "unknown");
}

#[test]
fn the_longest_path_wins_and_ends_on_a_segment_border() {
    let table = "
        shop.org          web:80
        shop.org/api      api:80
        shop.org/api/v2   new:80
    ";
    check(table, "shop.org/", "web:80");
    check(table, "shop.org/api", "api:80");
    check(table, "shop.org/api/", "api:80");
    check(table, "shop.org/api/v1", "api:80");
    check(table, "shop.org/api/v2/x/y", "new:80");
    check(table, "shop.org/apix", "web:80");
    check(table, "shop.org//api", "web:80");
    check("shop.org/api api:80", "shop.org/", "unknown");
}

#[test]
fn one_host_on_several_containers_is_balanced() {
    check("a.test one:80\na.test two:80\na.test three:80", "a.test", "one:80 three:80 two:80");
}

#[test]
fn ports_of_one_container_are_never_mixed() {
    let table = "a.test multi:3000,80,8080";
    check(table, "a.test", "multi:80");
    check(table, "a.test:8080", "multi:8080");
    check(table, "a.test:3000", "multi:3000");
    check(table, "a.test:80", "multi:80");
    check(table, "a.test:9", "multi:80");
}

#[test]
fn a_label_says_which_port_serves_the_bare_host() {
    let table = "a.test multi:3000,80,8080 firm";
    check(table, "a.test", "multi:3000");
    check(table, "a.test:80", "multi:3000");
    check(table, "a.test:8080", "multi:8080");
    let mixed = "a.test labelled:3000,80 firm\na.test plain:80";
    check(mixed, "a.test", "labelled:3000 plain:80");
}

#[test]
fn only_the_best_condition_there_is_gets_requests() {
    check("a.test one:80\na.test two:80 starting", "a.test", "one:80");
    check("a.test one:80 unhealthy\na.test two:80 starting", "a.test", "two:80");
    check("a.test one:80 stopping\na.test two:80", "a.test", "two:80");
    check("a.test one:80 stopping", "a.test", "one:80");
    check("a.test one:80 unhealthy", "a.test", "one:80");
}

#[test]
fn a_host_is_offline_only_when_nothing_else_serves_it() {
    check("a.test one:80 offline", "a.test", "one stopped");
    check("a.test one:80 offline\na.test two:80", "a.test", "two:80");
    check("*.test wild:80\na.test one:80 offline", "a.test", "one stopped");
}

#[test]
fn equal_groups_and_backends_are_kept_once() {
    let table = RouteTable::build(&routes("a.test one:80,8080\nb.test one:80,8080"));
    assert_eq!(table.backends().len(), 2);
    let doubled = routes("a.test one:80\na.test one:80");
    assert_eq!(RouteTable::build(&doubled).group(GroupIndex(0)).members.len(), 1);
}

#[test]
fn www_falls_back_to_the_bare_name_only_where_it_may_and_nothing_else_serves() {
    check("a.test one:80", "www.a.test", "one:80");
    check("a.test one:80\nwww.a.test two:80", "www.a.test", "two:80");
    check("a.test one:80\n* any:80", "www.a.test", "any:80");
    check("*.a.test one:80", "www.a.test", "one:80");
    check("a.test one:80", "www.www.a.test", "unknown");
    let strict = RouteTable::build(&routes("a.test one:80"));
    assert_eq!(answer_of(&strict, "www.a.test"), "unknown");
}

#[test]
fn a_listener_is_chosen_by_port_then_by_protocol() {
    let table = "
        a.test             any:80
        http|a.test        clear:80
        443|a.test         port:80
        https|b.test       secure:80
        http:8080|c.test   odd:80
    ";
    check(table, "a.test", "clear:80");
    check(table, "https://a.test", "port:80");
    check(table, "b.test", "unknown");
    check(table, "https://b.test", "secure:80");
    check(table, "c.test", "unknown");
}

#[test]
fn a_path_for_another_listener_gives_way_to_the_next_shorter_and_the_next_host() {
    let table = "
        https|a.test/api/v1   new:80
        a.test/api            api:80
        https|b.test          secure:80
        *.test                wild:80
    ";
    check(table, "https://a.test/api/v1/x", "new:80");
    check(table, "a.test/api/v1/x", "api:80");
    check(table, "a.test/", "wild:80");
    check(table, "b.test/", "wild:80");
}

#[test]
fn a_redirect_is_a_route_like_any_other() {
    let table = "
        http|a.test       r:80 to=https://{host}
        a.test            web:80
        old.test          r:80 to=https://new.test
        old.test/shop     r:80 strip to=https://shop.test
        old.test/keep     web:80
    ";
    check(table, "a.test/x", "-> https://a.test/x");
    check(table, "https://a.test/x", "web:80");
    check(table, "old.test/a", "-> https://new.test/a");
    check(table, "old.test/shop/a", "-> https://shop.test/a");
    check(table, "old.test/keep/a", "web:80");
}

#[test]
fn of_replicas_that_contradict_each_other_the_oldest_fit_one_is_right() {
    #[track_caller]
    fn both(table: &str, expected: &str, problem: &str) {
        check(table, "a.test/api/x", expected);
        let problems: Vec<String> = contradictions(&routes(table)).iter().map(ToString::to_string).collect();
        assert_eq!(problems.join("; "), problem);
    }
    both("a.test/api one:80 strip since=1\na.test/api two:80 strip since=2", "one:80 two:80 (strip /api)", "");
    let told = "container one: it gets no requests for a.test/api: it would strip /api, but container two was there \
                before and would leave the path as it is; let both do the same, or give one another path";
    both("a.test/api one:80 strip since=2\na.test/api two:80 since=1", "two:80", told);
    both("a.test/api one:80 strip since=2\na.test/api two:80 since=1 offline", "one:80 (strip /api)", "");
    both("a.test/api one:80 strip since=2 offline\na.test/api two:80 since=1", "two:80", "");
    let told = "container one: it gets no requests for a.test/api: it would leave the path as it is, but container two was there before \
                and would strip /api; let both do the same, or give one another path";
    both("a.test/api one:80 since=1 stopping\na.test/api two:80 strip since=2", "two:80 (strip /api)", told);
    let told = "container two: it gets no requests for a.test/api: it would leave the path as it is, but container one was there before \
                and would redirect with 302 /x; let both do the same, or give one another path";
    both("a.test/api one:80 since=1 to=/x\na.test/api two:80 since=2", "-> /x", told);
    both("https|a.test/api one:80 strip since=2\na.test/api two:80 since=1", "two:80", "");
}

#[test]
fn services_behind_one_wildcard_stay_apart_and_names_are_spread_over_them() {
    let table = RouteTable::build(&routes("*.test one:80\n*.test two:80\n* any:80\n*.x.test gone:80 offline"));
    let names: Vec<String> = (0..20).map(|number| answer_of(&table, &format!("n{number}.test"))).collect();
    assert!(names.contains(&"one:80".to_owned()) && names.contains(&"two:80".to_owned()), "{names:?}");
    let candidates = |host: &str| {
        let mut room = [0; Authority::ROOM];
        let authority = Authority::parse(host.as_bytes(), &mut room).unwrap();
        let listener = Listener { protocol: Protocol::Http, port: 80 };
        let mut found: Vec<String> =
            table.candidates(authority, listener, b"/").iter().map(|(level, found)| format!("{level} {}", found.service.0)).collect();
        let first = found.first().cloned().unwrap_or_default();
        found.sort();
        (first, found)
    };
    for (number, name) in names.iter().enumerate() {
        let (first, all) = candidates(&format!("n{number}.test"));
        assert_eq!(all, ["0 one", "0 two", "1 any"]);
        assert_eq!(format!("{}:80", &first[2..]), *name);
    }
    assert_eq!(candidates("a.x.test").1, ["1 one", "1 two", "2 any"]);
}
