//! Which route a request takes, and what becomes of it there.

use dproxy_testkit::{Answer, Dproxy, Engine, Origin, Run, request, unique};

use crate::{among_others, dproxy};

/// A proxy with these entries in its file, where `ORIGIN` is the address of `origin`.
fn with_routes(origin: &Origin, entries: &str) -> Dproxy {
    let entries = entries.replace("ORIGIN", &origin.addr().to_string());
    dproxy().workers(1).yaml(&format!("routes:\n{entries}")).start()
}

/// The request's target and `x-forwarded-prefix` as the backend gets them.
#[track_caller]
fn seen(dproxy: &Dproxy, origin: &Origin, host: &str, path: &str) -> String {
    let answer = dproxy.get(host, path);
    assert_eq!(answer.status, 200, "{host}{path}: {}", answer.text());
    let last = origin.last();
    let prefix = last.field("x-forwarded-prefix").map(|prefix| format!(" below {prefix}")).unwrap_or_default();
    format!("{}{prefix}", last.target)
}

fn location(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.field("location").unwrap_or_default())
}

#[test]
fn paths_are_rewritten_on_their_way() {
    let origin = Origin::saying("ok");
    let dproxy = with_routes(
        &origin,
        "  - {host: a.test, backends: ORIGIN}\n\
           \x20 - {host: a.test, path: /api, strip_prefix: true, backends: ORIGIN}\n\
           \x20 - {host: a.test, path: /api/v1, strip_prefix: /api, add_prefix: /app, backends: ORIGIN}\n",
    );
    let check = |path: &str, expected: &str| assert_eq!(seen(&dproxy, &origin, "a.test", path), expected, "{path}");
    check("/", "/");
    check("/apix?y", "/apix?y");
    check("/api", "/ below /api");
    check("/api/?q=/api", "/?q=/api below /api");
    check("/api/v2/x", "/v2/x below /api");
    check("/api/v1/x?y=z", "/app/v1/x?y=z below /api");
    check("/api//evil.test", "/evil.test below /api");
}

#[test]
fn a_stranger_cannot_say_where_a_backend_is() {
    let origin = Origin::saying("ok");
    let dproxy = with_routes(&origin, "  - {host: a.test, backends: ORIGIN}\n");
    let text = "GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-Prefix: /evil\r\nConnection: close\r\n\r\n";
    assert_eq!(request(dproxy.http(), text).unwrap().status, 200);
    assert_eq!(origin.last().field("x-forwarded-prefix"), None);
}

#[test]
fn clients_are_sent_elsewhere() {
    let origin = Origin::saying("ok");
    let dproxy = with_routes(
        &origin,
        "  - {host: old.test, redirect: \"https://new.test\", redirect_code: 301}\n\
           \x20 - {host: old.test, path: /keep, backends: ORIGIN}\n\
           \x20 - {host: old.test, path: /shop, strip_prefix: true, redirect: \"https://shop.test/x{path}?from=old&{query}\"}\n\
           \x20 - {host: tls.test, redirect: \"https://{host}\", redirect_code: 308}\n\
           \x20 - {host: \"*\", redirect: \"/{path}\", redirect_code: 307}\n",
    );
    let check = |host: &str, path: &str, status: u16, expected: &str| {
        assert_eq!(location(&dproxy.get(host, path)), (status, expected), "{host}{path}");
    };
    check("old.test", "/a/b?c=d", 301, "https://new.test/a/b?c=d");
    check("old.test", "/keep/x", 200, "");
    check("old.test", "/shop/a?b=c", 302, "https://shop.test/x/a?from=old&b=c");
    check("old.test", "/shop", 302, "https://shop.test/x/?from=old");
    check("TLS.test:8080", "/a", 308, "https://tls.test/a");
    check("any.test", "//evil.test/", 307, "/evil.test/");
    let page = dproxy.get("old.test", "/<script>");
    assert!(!page.text().contains("<script>"), "{}", page.text());
    let old = request(dproxy.http(), "GET / HTTP/1.0\r\n\r\n").unwrap();
    assert_eq!(old.status, 400, "no Host, no telling where to: {}", old.text());
}

#[test]
fn a_redirect_with_a_body_under_way_is_answered_and_ends_the_connection() {
    let origin = Origin::saying("ok");
    let dproxy = with_routes(&origin, "  - {host: old.test, redirect: \"https://new.test\"}\n");
    let text = "POST /a HTTP/1.1\r\nHost: old.test\r\nContent-Length: 9\r\n\r\nabc";
    let answer = request(dproxy.http(), text).unwrap();
    assert_eq!((location(&answer), answer.field("connection")), ((302, "https://new.test/a"), Some("close")));
}

#[test]
fn a_listener_that_is_not_meant_is_not_served() {
    let origin = Origin::saying("ok");
    let dproxy = with_routes(
        &origin,
        "  - {host: a.test, listen: https, backends: ORIGIN}\n\
           \x20 - {host: b.test, listen: http, backends: ORIGIN}\n\
           \x20 - {host: c.test, listen: 1, backends: ORIGIN}\n",
    );
    assert_eq!(["a.test", "b.test", "c.test"].map(|host| dproxy.get(host, "/").status), [404, 200, 404]);
}

#[test]
fn www_falls_back_where_it_may() {
    let origin = Origin::saying("ok");
    let dproxy = with_routes(&origin, "  - {host: a.test, backends: ORIGIN}\n");
    assert_eq!(dproxy.get("www.a.test", "/").status, 200);
    let strict = with_routes(&origin, "  - {host: a.test, backends: ORIGIN}\nwww_fallback: false\n");
    assert_eq!(strict.get("www.a.test", "/").status, 404);
    assert_eq!(strict.get("a.test", "/").status, 200);
}

#[test]
fn labels_route_paths_and_a_contradiction_is_a_problem() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let host = format!("{}.test", unique("paths"));
    let run = |word: &str| Run::echo(word).hostname(&host);
    let web = engine.run(&run("web"));
    let api = engine.run(&run("api").label("dproxy.path", "/api").label("dproxy.strip_prefix", "true").label("dproxy.add_prefix", "/v2"));
    let moved =
        engine.run(&run("moved").label("dproxy.path", "/old").label("dproxy.redirect", "/new{path}").label("dproxy.redirect_code", "308"));
    let dproxy = dproxy().docker(&engine.endpoint()).start();
    dproxy.wait_for("the route", || dproxy.get(&host, "/api").status == 200 && dproxy.get(&host, "/old").status == 308);
    assert_eq!(dproxy.get(&host, "/apix").field("x-echo-name"), Some(web.name.as_str()));
    let answer = dproxy.get(&host, "/api/x?y");
    assert_eq!(answer.field("x-echo-name"), Some(api.name.as_str()));
    assert_eq!(answer.json()["target"], "/v2/x?y");
    assert!(answer.json()["headers"].to_string().contains("x-forwarded-prefix"), "{}", answer.text());
    assert_eq!(location(&dproxy.get(&host, "/old/a?b")), (308, "/new/old/a"));

    let other = engine.run(&run("other").label("dproxy.path", "/api"));
    let bad = engine.run(&run("bad").label("dproxy.path", "api"));
    let problems = || dproxy.data("/problems").to_string();
    dproxy.wait_for("both problems", || problems().contains(&other.name) && problems().contains(&bad.name));
    assert!(problems().contains(&format!("container {} was there before and would strip /api, add /v2", api.name)), "{}", problems());
    assert!(problems().contains("label dproxy.path: path `api` must begin with `/`"), "{}", problems());
    for _ in 0..4 {
        assert_eq!(dproxy.get(&host, "/api").field("x-echo-name"), Some(api.name.as_str()), "the older one stays");
        assert_eq!(dproxy.get(&host, "/").field("x-echo-name"), Some(web.name.as_str()), "a bad path gives no part of the whole");
    }
    drop(api);
    dproxy.wait_for("the other one's turn", || dproxy.get(&host, "/api").field("x-echo-name") == Some(other.name.as_str()));
    drop(moved);
    let routes = dproxy.ctl(&["routes"]).stdout;
    assert!(routes.contains(&format!("{host}/api")), "{routes}");
}
