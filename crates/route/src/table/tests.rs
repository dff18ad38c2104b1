//! Routes are written a line each: `pattern[/path] name:port,port… [flag…]`,
//! where the first port is the main one and the flags are `firm`, a condition
//! or `offline`.

use super::*;
use crate::{Condition, Owner, Scheme};

fn routes(text: &str) -> Vec<Route> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(route).collect()
}

fn route(line: &str) -> Route {
    let mut words = line.split_whitespace();
    let target = words.next().unwrap();
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
    };
    let mut backends = ports.split(',').map(backend);
    let offer = if flags.contains(&"offline") {
        Offer::Offline(Notice { reason: format!("{name} stopped"), since: None })
    } else {
        Offer::Ports { main: backends.next().unwrap(), firm: flags.contains(&"firm"), others: backends.collect() }
    };
    Route {
        host: host.parse().unwrap(),
        path: path.parse().unwrap(),
        owner: Owner::Container { id: name.to_owned(), name: name.to_owned() },
        service: Service(name.to_owned()),
        pick: PickPolicy::RoundRobin,
        offer,
    }
}

/// `url` is `host[:port]/path`, asked at a listener on port 80.
#[track_caller]
fn check(table: &str, url: &str, expected: &str) {
    let (authority, path) = url.find('/').map_or((url, "/"), |slash| url.split_at(slash));
    let mut room = [0; Authority::ROOM];
    let authority = Authority::parse(authority.as_bytes(), &mut room).unwrap();
    let table = RouteTable::build(&routes(table));
    let answer = match table.lookup(authority, 80, path.as_bytes()) {
        Lookup::Unknown => "unknown".to_owned(),
        Lookup::Offline(notice) => notice.reason.clone(),
        Lookup::Found(found) => {
            let members = &table.group(found.group).members;
            members.iter().map(|index| table.backend(*index)).map(|b| format!("{}:{}", b.name, b.port)).collect::<Vec<_>>().join(" ")
        }
    };
    assert_eq!(answer, expected, "{url}");
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
