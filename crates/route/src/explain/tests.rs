use super::*;
use crate::table::tests::{answer_of, routes};
use crate::{Entrance, Protocol};

/// Each route on a line, `host/path name verdict`, as `explain` orders them.
fn explained(table: &str, url: &str) -> Vec<String> {
    let (protocol, rest) = url.split_once("://").map_or((Protocol::Http, url), |(scheme, rest)| (scheme.parse().unwrap(), rest));
    let (authority, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
    let mut room = [0; Authority::ROOM];
    let authority = Authority::parse(authority.as_bytes(), &mut room).unwrap();
    let listener = Listener { protocol, port: protocol.default_port() };
    let routes = routes(table);
    let explanation = explain(&routes, true, authority, listener, path.as_bytes());
    let shown = |judged: &Judged<'_>| {
        let Judged { route, verdict } = judged;
        let verdict = match verdict {
            Verdict::Contradicts(_) => "contradicts".to_owned(),
            Verdict::Offline(notice) => format!("offline: {notice}"),
            other => format!("{other:?}").to_lowercase(),
        };
        format!("{}{} {} {verdict}", route.host, route.path, route.service.0)
    };
    explanation.judged.iter().map(shown).collect()
}

#[track_caller]
fn check(table: &str, url: &str, expected: &[&str]) {
    assert_eq!(explained(table, url), expected, "{url}");
}

#[test]
fn losers_are_told_why() {
    let table = "
        a.test/api         api:80
        a.test/api         gone:80 offline
        a.test/api         sick:80 unhealthy
        a.test/api         other:80 strip since=9
        a.test             web:80
        https|a.test/api   secure:80
        a.test/api/v1      new:80
        *.test             wild:80
        b.test             stranger:80
    ";
    check(
        table,
        "a.test/api/x",
        &[
            "a.test/api api chosen",
            "a.test/api sick lessfit",
            "a.test/api gone offline: gone stopped",
            "a.test/api other contradicts",
            "a.test/ web wider(path)",
            "*.test/ wild wider(host)",
            "a.test/api secure otherlistener",
            "a.test/api/v1 new otherpath",
        ],
    );
    check(
        table,
        "https://a.test/api",
        &[
            "a.test/api secure chosen",
            "a.test/api api wider(entrance)",
            "a.test/api gone wider(entrance)",
            "a.test/api other wider(entrance)",
            "a.test/api sick wider(entrance)",
            "a.test/ web wider(path)",
            "*.test/ wild wider(host)",
            "a.test/api/v1 new otherpath",
        ],
    );
    check("a.test one:80", "b.test", &[]);
    check("a.test one:80 offline", "a.test", &["a.test/ one chosen"]);
    check("a.test one:80", "www.a.test", &["a.test/ one chosen"]);
    check("a.test r:80 to=/x", "a.test", &["a.test/ r chosen"]);
}

#[test]
fn candidates_of_a_wildcard_are_told_apart_from_losers() {
    let verdicts = explained("*.test one:80\n*.test two:80\n*.test/deep three:80\n* any:80", "a.test");
    assert_eq!(verdicts.iter().filter(|line| line.ends_with("chosen")).count(), 1);
    assert_eq!(verdicts.iter().filter(|line| line.ends_with("candidate")).count(), 2);
    assert_eq!(verdicts.last().unwrap(), "*.test/deep three otherpath");
}

/// Whatever the routes: what is explained is what happens, and what is chosen is what serves.
#[test]
fn an_explanation_never_differs_from_the_look_up() {
    let mut state: u64 = 7;
    let mut next = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % bound
    };
    let doors = ["", "", "", "http|", "https|", "80|", "443|", "https:443|"];
    let hosts = ["a.test", "b.a.test", "*.a.test", "*.test", "*", "www.a.test"];
    let paths = ["", "", "/x", "/x/y", "/x/y/z"];
    let flags = ["", "", "", " offline", " unhealthy", " strip", " add=/q", " to=/elsewhere", " since=5", " firm"];
    let asked = ["a.test", "b.a.test", "c.a.test", "www.a.test", "d.test", "x.y.z", "www.b.a.test", "a.test:8080"];
    for _ in 0..3_000 {
        let line = |next: &mut dyn FnMut(usize) -> usize, number: usize| {
            let (door, host, path, flag) = (doors[next(8)], hosts[next(6)], paths[next(5)], flags[next(10)]);
            format!("{door}{host}{path} n{number}:80,8080{flag}\n")
        };
        let table: String = (0..1 + next(8)).map(|number| line(&mut next, number)).collect();
        let routes = routes(&table);
        let whole = RouteTable::build(&routes).with_www_fallback(true);
        let scheme = if next(2) == 0 { "http" } else { "https" };
        let url = format!("{scheme}://{}{}/", asked[next(8)], paths[next(5)]);
        let said = answer_of(&whole, &url);
        let protocol: Protocol = scheme.parse().unwrap();
        let listener = Listener { protocol, port: protocol.default_port() };
        let rest = url.split_once("://").unwrap().1;
        let (authority, path) = rest.split_at(rest.find('/').unwrap());
        let mut room = [0; Authority::ROOM];
        let authority = Authority::parse(authority.as_bytes(), &mut room).unwrap();
        let explanation = explain(&routes, true, authority, listener, path.as_bytes());
        assert_eq!(answer_of(&explanation.table, &url), said, "{url}\n{table}");
        let outcome = explanation.outcome(authority, listener, path.as_bytes());
        let chosen: Vec<&Judged<'_>> = explanation.judged.iter().filter(|judged| judged.verdict == Verdict::Chosen).collect();
        assert_eq!(chosen.is_empty(), outcome == Lookup::Unknown, "{url}\n{table}");
        for backend in explanation.backends(&outcome) {
            assert!(chosen.iter().any(|judged| judged.route.backends().any(|other| other.id == backend.id)), "{url}\n{table}");
        }
        for judged in chosen {
            let Route { path: prefix, entrance, .. } = judged.route;
            assert!(prefix.covers_path(path.as_bytes()) && Entrance::admits(entrance, listener), "{url}\n{table}");
        }
    }
}
