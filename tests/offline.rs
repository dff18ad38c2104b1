//! What people and programs are told of sites whose containers are gone, and for how long.

use std::fs;
use std::os::unix::fs::symlink;

use dproxy_testkit::{Answer, Container, Dproxy, Engine, Run, Signal, request, unique};

use crate::{among_others, dproxy};

/// A proxy that has heard from the engine, and does not wait long for what has gone.
fn before(endpoint: &str, yaml: &str) -> Dproxy {
    let dproxy = dproxy().docker(endpoint).yaml(&format!("timeouts:\n  hold: 500ms\n{yaml}")).start();
    dproxy.wait_for("the engine", || dproxy.status()["engine"]["connected"] == true);
    dproxy
}

/// A container that was served.
fn served(engine: &Engine, dproxy: &Dproxy, word: &str) -> (Container, String) {
    let host = format!("{}.test", unique(word));
    let container = engine.run(&Run::echo(word).hostname(&host).publish(80));
    dproxy.wait_for(&host, || dproxy.get(&host, "/").status == 200);
    (container, host)
}

#[track_caller]
fn wait_for_status(dproxy: &Dproxy, host: &str, status: u16) -> Answer {
    dproxy.wait_for(&format!("status {status} of {host}"), || dproxy.get(host, "/").status == status);
    dproxy.get(host, "/")
}

/// An answer to `method` for somebody who accepts this.
fn accepting(dproxy: &Dproxy, method: &str, host: &str, accept: &str) -> Answer {
    let text = format!("{method} / HTTP/1.1\r\nHost: {host}\r\nAccept: {accept}\r\nConnection: close\r\n\r\n");
    request(dproxy.http(), &text).unwrap()
}

#[test]
fn a_stopped_site_says_so_in_the_form_that_is_wanted_and_a_destroyed_one_is_unknown() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine.endpoint(), "");
    let (container, host) = served(&engine, &dproxy, "stopped");
    container.kill();
    dproxy.wait_for("the exit code", || dproxy.get(&host, "/").text().contains("exit code 137"));
    let page = accepting(&dproxy, "GET", &host, "text/html,*/*;q=0.8");
    assert_eq!((page.status, page.field("retry-after")), (503, Some("5")), "{page:?}");
    assert_eq!(page.field("content-type"), Some("text/html; charset=utf-8"));
    let text = page.text();
    let told = ["just now, exit code 137", " ago, exit code 137"].iter().any(|words| text.contains(words));
    assert!(text.contains(&host) && text.contains("stopped ") && told, "{text}");
    assert!(!text.contains(&container.name) && !text.contains("{{"), "{text}");

    let told = accepting(&dproxy, "GET", &host, "application/json").json();
    assert_eq!((told["status"].as_u64(), told["host"].as_str(), told["retry_after"].as_u64()), (Some(503), Some(host.as_str()), Some(5)));
    assert!(told["reason"].as_str().is_some_and(|reason| reason.ends_with("exit code 137")), "{told}");
    let plain = accepting(&dproxy, "GET", &host, "text/html;q=0.1, text/plain");
    assert!(plain.text().starts_with("503 Service Unavailable\n"), "{plain:?}");
    let head = request(dproxy.http(), &format!("HEAD / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
    assert!(head.is_ok_and(|head| head.status == 503 && head.body.is_empty()));

    drop(container);
    wait_for_status(&dproxy, &host, 404);
}

fn says_since_when(page: &str) -> bool {
    page.contains("paused just now") || page.contains("paused ") && page.contains(" ago")
}

#[test]
fn a_paused_site_says_since_when_also_after_a_restart_of_dproxy() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let mut dproxy = before(&engine.endpoint(), "");
    let (container, host) = served(&engine, &dproxy, "asleep");
    container.pause();
    // Whoever asks before every worker knows waits for as long as it sleeps; so the operator's view is asked first.
    let is_offline = || {
        let routes = dproxy.data("/routes");
        routes.as_array().is_some_and(|routes| routes.iter().any(|route| route["host"] == host.as_str() && route["state"] == "offline"))
    };
    dproxy.wait_for("a route that is offline", is_offline);
    dproxy.wait_for("all workers to know", || dproxy.status()["workers_at_generation"] == 2);
    let page = wait_for_status(&dproxy, &host, 503).text();
    assert!(says_since_when(&page), "{page}");
    dproxy.signal(Signal::SIGTERM);
    assert_eq!(dproxy.exit_code(), 0);
    dproxy.start_again();
    let page = wait_for_status(&dproxy, &host, 503).text();
    assert!(says_since_when(&page), "{page}");
    container.unpause();
    wait_for_status(&dproxy, &host, 200);
}

#[test]
fn known_sites_are_remembered_when_dproxy_starts_without_its_engine() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let home = tempfile::tempdir().unwrap();
    let socket = home.path().join("docker.sock");
    symlink(engine.socket(), &socket).unwrap();
    let mut dproxy = before(&format!("unix://{}", socket.display()), "");
    let (_live, host) = served(&engine, &dproxy, "live");
    let (stopped, other) = served(&engine, &dproxy, "gone");
    stopped.kill();
    wait_for_status(&dproxy, &other, 503);

    dproxy.signal(Signal::SIGTERM);
    assert_eq!(dproxy.exit_code(), 0);
    fs::remove_file(&socket).unwrap();
    dproxy.start_again();
    assert!(wait_for_status(&dproxy, &host, 503).text().contains("engine does not answer"));
    assert!(wait_for_status(&dproxy, &other, 503).text().contains("stopped"));
    assert_eq!(dproxy.get("never.test", "/").status, 404);
    drop(stopped);
    symlink(engine.socket(), &socket).unwrap();
    wait_for_status(&dproxy, &host, 200);
    wait_for_status(&dproxy, &other, 404);
}

#[test]
fn pages_of_the_operators_own_are_used_and_read_again() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(home.path().join(name), text).unwrap();
    write("error_503.html", "<p>{{host}} {{status}} {{reason}} [{{container}}] {{unknown}}");
    write("error_999.html", "no such status");
    let mut dproxy = before(&engine.endpoint(), &format!("pages:\n  directory: {}\n  container_names: true", home.path().display()));
    assert!(dproxy.status()["warnings"].to_string().contains("error_999.html"), "{}", dproxy.status());
    let (container, host) = served(&engine, &dproxy, "own");
    container.kill();
    let page = wait_for_status(&dproxy, &host, 503).text();
    let expected = [format!("<p>{host} 503 stopped"), format!("[{}] {{{{unknown}}}}", container.name)];
    assert!(expected.iter().all(|part| page.contains(part.as_str())), "{page}");
    assert!(dproxy.get("<b>.test", "/").status == 400);

    write("error_default.html", "mine for {{status}}");
    dproxy.signal(Signal::SIGHUP);
    dproxy.wait_for("the new page", || dproxy.get("nobody.test", "/").text() == "mine for 404");
    assert_eq!(dproxy.get("nobody.test", "/").status, 404);
}
