//! Containers written for other proxies are routed as they are.

use dproxy_testkit::{Engine, Run, unique};

use crate::among_others;
use crate::docker::{before, served_by, wait_for_status};

#[test]
fn containers_for_nginx_proxy_traefik_and_caddy_are_served() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let host = |word: &str| format!("{}.test", unique(word));
    let multi = |word: &str| Run::image("dproxy-test/echo:multi", word);

    let nginx = host("nginx");
    let container = engine.run(&multi("nginx").env("VIRTUAL_HOST", &nginx).env("VIRTUAL_PORT", "8080").env("PASSWORD", "hidden"));
    let answer = wait_for_status(&dproxy, &nginx, 200);
    assert_eq!((answer.field("x-echo-name"), answer.field("x-echo-port")), (Some(container.name.as_str()), Some("8080")));
    assert!(!dproxy.ctl(&["why", &container.name]).stdout.contains("hidden"));

    let traefik = host("traefik");
    let labels = multi("traefik")
        .label("traefik.enable", "true")
        .label("traefik.http.routers.web.rule", &format!("Host(`{traefik}`) && PathPrefix(`/api`)"))
        .label("traefik.http.routers.web.entrypoints", "websecure")
        .label("traefik.http.routers.web.middlewares", "strip")
        .label("traefik.http.middlewares.strip.stripprefix.prefixes", "/api")
        .label("traefik.http.services.web.loadbalancer.server.port", "9000");
    let container = engine.run(&labels);
    // Workers learn of a route one after the other, so the answer that counts is the one that was waited for.
    dproxy.wait_for("the router, its service's port and its middleware", || {
        let answer = dproxy.get(&traefik, "/api/x");
        let from = (answer.field("x-echo-name"), answer.field("x-echo-port"));
        from == (Some(container.name.as_str()), Some("9000")) && answer.json()["path"] == "/x"
    });
    assert_eq!(dproxy.get(&traefik, "/").status, 404);

    let caddy = host("caddy");
    let container = engine.run(&multi("caddy").label("caddy", &caddy).label("caddy.reverse_proxy", "{{upstreams 8080}}"));
    assert_eq!(served_by(&dproxy, &caddy), container.name);
    assert!(dproxy.ctl(&["why", &container.name]).stdout.contains("it is written for caddy"));
}

#[test]
fn a_guard_that_is_not_supported_leaves_nobody_in() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let host = format!("{}.test", unique("guarded"));
    let labels = Run::echo("guarded")
        .label("traefik.http.routers.web.rule", &format!("Host(`{host}`)"))
        .label("traefik.http.routers.web.middlewares", "auth")
        .label("traefik.http.middlewares.auth.basicauth.users", "bob:$apr1$x$y");
    let container = engine.run(&labels);
    let answer = wait_for_status(&dproxy, &host, 503);
    assert!(answer.text().contains("basicauth"), "{}", answer.text());
    assert_eq!(dproxy.get(&format!("{}.internal", container.name), "/").status, 404, "no other name leads around it");
    assert!(dproxy.data("/problems").to_string().contains("is not supported, and without it everybody could come in"));
}

#[test]
fn dialects_can_be_switched_off() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = crate::dproxy().docker(&engine.endpoint()).arg("--docker-dialects=none").start();
    let host = format!("{}.test", unique("plain"));
    let container = engine.run(&Run::echo("plain").env("VIRTUAL_HOST", &host));
    served_by(&dproxy, &format!("{}.internal", container.name));
    assert_eq!(dproxy.get(&host, "/").status, 404);
}
