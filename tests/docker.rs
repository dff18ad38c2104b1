//! Containers of a real engine become routes, and stop being routes, while requests go on.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use dproxy_testkit::{Answer, Container, Dproxy, Engine, Load, PATIENCE, Run, unique, wait_for};

use crate::{alone, among_others, dproxy};

/// What the issue promises from the engine's answer to a served route.
const PROMISED: Duration = Duration::from_millis(100);

/// A proxy that has heard from the engine, and does not wait long for what has gone.
pub(crate) fn before(engine: &Engine) -> Dproxy {
    let dproxy = dproxy().docker(&engine.endpoint()).yaml("timeouts:\n  hold: 1s").start();
    dproxy.wait_for("the engine", || dproxy.status()["engine"]["connected"] == true);
    dproxy
}

/// Asks until the answer has this status and every worker gives the same.
#[track_caller]
pub(crate) fn wait_for_status(dproxy: &Dproxy, host: &str, status: u16) -> Answer {
    dproxy.wait_for(&format!("status {status} of {host}"), || dproxy.get(host, "/").status == status);
    wait_for_all_workers(dproxy);
    let answer = dproxy.get(host, "/");
    assert_eq!(answer.status, status, "{host} by another worker: {}", answer.text());
    answer
}

/// Waits until every worker serves what the master knows now.
#[track_caller]
pub(crate) fn wait_for_all_workers(dproxy: &Dproxy) {
    let known = dproxy.status()["generation"].as_u64();
    dproxy.wait_for("all workers to know", || {
        dproxy.data("/workers").as_array().is_some_and(|rows| rows.iter().all(|row| row["generation"].as_u64() >= known))
    });
}

/// The name of the container that answers.
#[track_caller]
pub(crate) fn served_by(dproxy: &Dproxy, host: &str) -> String {
    wait_for_status(dproxy, host, 200).field("x-echo-name").unwrap_or_default().to_owned()
}

#[test]
fn containers_from_before_the_start_are_served() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let host = format!("{}.test", unique("early"));
    let container = engine.run(&Run::echo("early").hostname(&host).publish(80));
    let dproxy = before(&engine);
    assert_eq!(served_by(&dproxy, &host), container.name);
    let named = format!("{}.internal", container.name);
    assert_eq!(served_by(&dproxy, &named), container.name, "every container answers to its name");
}

#[test]
fn a_container_is_served_within_100_ms_of_its_start() {
    let Some(engine) = Engine::shared() else { return };
    let _alone = alone();
    let dproxy = before(&engine);
    let mut took = Vec::new();
    for _ in 0..5 {
        let host = format!("{}.test", unique("late"));
        let container = engine.create(&Run::echo("late").hostname(&host).publish(80));
        assert_eq!(dproxy.get(&host, "/").status, 404, "a container that was never up is not known");
        container.start();
        let started = Instant::now();
        wait_for(&host, PATIENCE, || dproxy.get(&host, "/").status == 200);
        took.push(started.elapsed());
    }
    took.sort_unstable();
    assert!(took[2] < PROMISED, "median of {took:?}");
}

#[test]
fn a_stopped_container_is_offline_and_a_started_one_is_back() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let host = format!("{}.test", unique("stop"));
    let container = engine.run(&Run::echo("stop").hostname(&host).publish(80));
    assert_eq!(served_by(&dproxy, &host), container.name);
    container.stop();
    let offline = wait_for_status(&dproxy, &host, 503);
    assert!(offline.field("retry-after").is_some(), "{offline:?}");
    assert!(offline.field("content-type").unwrap_or_default().starts_with("text/html"), "{offline:?}");
    container.start();
    assert_eq!(served_by(&dproxy, &host), container.name);
    container.kill();
    wait_for_status(&dproxy, &host, 503);
    container.start();
    assert_eq!(served_by(&dproxy, &host), container.name);
    container.remove();
    wait_for_status(&dproxy, &host, 404);
}

#[test]
fn a_container_that_ends_by_itself_is_offline() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let host = format!("{}.test", unique("exit"));
    let container = engine.run(&Run::echo("exit").hostname(&host).publish(80));
    assert_eq!(served_by(&dproxy, &host), container.name);
    assert!(dproxy.get(&host, "/exit/3").status > 0, "whatever it says, it says it and ends");
    wait_for_status(&dproxy, &host, 503);
}

#[test]
fn a_restart_with_another_published_port_is_followed() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let host = format!("{}.test", unique("restart"));
    let container = engine.run(&Run::echo("restart").hostname(&host).publish(80));
    assert_eq!(served_by(&dproxy, &host), container.name);
    let before = container.published(80);
    for _ in 0..3 {
        container.restart();
        assert_eq!(served_by(&dproxy, &host), container.name);
    }
    assert_ne!(container.published(80), before, "the engine gives another port at each start");
}

#[test]
fn a_renamed_container_answers_to_its_new_name_only() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let container = engine.run(&Run::echo("old").publish(80));
    assert_eq!(served_by(&dproxy, &format!("{}.internal", container.name)), container.name);
    let name = unique("new");
    container.rename(&name);
    wait_for_status(&dproxy, &format!("{name}.internal"), 200);
    wait_for_status(&dproxy, &format!("{}.internal", container.name), 404);
}

#[test]
fn a_paused_container_gets_no_requests() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let host = format!("{}.test", unique("pause"));
    let run = |word: &str| engine.run(&Run::echo(word).hostname(&host).publish(80));
    let (paused, other) = (run("paused"), run("other"));
    wait_for_names(&dproxy, &host, &[&paused, &other]);
    paused.pause();
    // Whoever asks it now waits for as long as it sleeps; so the operator's view is asked first.
    dproxy.wait_for("one backend", || {
        let backends = dproxy.data("/backends");
        backends
            .as_array()
            .is_some_and(|rows| rows.iter().all(|row| !row["id"].to_string().contains(&paused.name) && row["name"] != paused.name.as_str()))
    });
    wait_for_all_workers(&dproxy);
    wait_for_names(&dproxy, &host, &[&other]);
    paused.unpause();
    wait_for_names(&dproxy, &host, &[&paused, &other]);
}

/// Waits until exactly these containers answer for the host.
#[track_caller]
pub(crate) fn wait_for_names(dproxy: &Dproxy, host: &str, containers: &[&Container]) {
    let expected: BTreeSet<String> = containers.iter().map(|container| container.name.clone()).collect();
    dproxy.wait_for(&format!("{expected:?} at {host}"), || {
        let answers = (0..4 * expected.len()).map(|_| dproxy.get(host, "/"));
        answers.map(|answer| answer.field("x-echo-name").unwrap_or_default().to_owned()).collect::<BTreeSet<_>>() == expected
    });
}

#[test]
fn three_replicas_share_the_load() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let host = format!("{}.test", unique("replica"));
    let replicas: Vec<Container> = (0..3).map(|_| engine.run(&Run::echo("replica").hostname(&host).publish(80))).collect();
    wait_for_names(&dproxy, &host, &replicas.iter().collect::<Vec<_>>());
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for _ in 0..60 {
        let answer = dproxy.get(&host, "/");
        assert_eq!(answer.status, 200, "{}", answer.text());
        *counts.entry(answer.field("x-echo-name").unwrap_or_default().to_owned()).or_default() += 1;
    }
    assert!(counts.len() == 3 && counts.values().all(|count| *count >= 15), "{counts:?}");
}

#[test]
fn a_replica_that_leaves_costs_no_request() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let host = format!("{}.test", unique("leave"));
    let run = |word: &str| engine.run(&Run::echo(word).hostname(&host).publish(80));
    let (stays, leaves) = (run("stays"), run("leaves"));
    wait_for_names(&dproxy, &host, &[&stays, &leaves]);
    let load = Load { clients: 4, rate: Some(200), ..Load::new(dproxy.http(), &host) }.start();
    wait_for("a load under way", PATIENCE, || load.done() > 50);
    leaves.stop();
    wait_for_names(&dproxy, &host, &[&stays]);
    let seen = load.done();
    wait_for("a load that goes on", PATIENCE, || load.done() > seen + 50);
    let report = load.stop();
    assert_eq!(report.failed(), 0, "{report}");
}

#[test]
fn two_ports_of_one_container_are_never_mixed() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let host = format!("{}.test", unique("ports"));
    let _container = engine.run(&Run::image("dproxy-test/echo:multi", "ports").hostname(&host).publish(80).publish(8080).publish(9000));
    let check = |host: &str, port: &str| {
        wait_for_status(&dproxy, host, 200);
        for _ in 0..10 {
            let answer = dproxy.get(host, "/");
            assert_eq!(answer.field("x-echo-port"), Some(port), "{host}: {}", answer.text());
        }
    };
    check(&host, "80");
    check(&format!("{host}:8080"), "8080");
    check(&format!("{host}:9000"), "9000");
}

#[test]
fn labels_name_hosts_and_the_port() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let (one, two) = (format!("{}.test", unique("one")), format!("{}.test", unique("two")));
    let run = Run::image("dproxy-test/echo:multi", "label").label("dproxy.host", &format!("{one}, {two}")).label("dproxy.port", "9000");
    let _container = engine.run(&run.publish(80).publish(9000));
    for host in [&one, &two] {
        assert_eq!(wait_for_status(&dproxy, host, 200).field("x-echo-port"), Some("9000"));
    }
}

#[test]
fn a_container_without_a_published_port_is_reached_at_its_own_address() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let host = format!("{}.test", unique("inner"));
    let container = engine.run(&Run::echo("inner").hostname(&host));
    assert_eq!(served_by(&dproxy, &host), container.name);
}

#[test]
fn an_odd_container_costs_no_other_its_route() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let host = format!("{}.test", unique("good"));
    let odd = engine.run(&Run::echo("odd").hostname("a b,http://x/p").label("dproxy.port", "many").publish(80));
    let good = engine.run(&Run::echo("good").hostname(&host).publish(80));
    assert_eq!(served_by(&dproxy, &host), good.name);
    dproxy.wait_for("a problem that names the container", || dproxy.data("/problems").to_string().contains(&odd.name));
}

#[test]
fn the_operator_sees_containers_routes_and_backends() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let host = format!("{}.test", unique("list"));
    let secret = unique("secret");
    let container = engine.run(&Run::echo("list").hostname(&host).env("PASSWORD", &secret).publish(80));
    assert_eq!(served_by(&dproxy, &host), container.name);
    for path in ["/containers", "/routes", "/backends"] {
        let text = dproxy.api(path).text();
        assert!(text.contains(&host) && text.contains(&container.name), "{path}: {text}");
        assert!(!text.contains(&secret), "{path} shows the environment of a container: {text}");
    }
    let list = dproxy.ctl(&["containers"]).stdout;
    assert!(list.contains(&container.name) && list.contains(&host), "{list}");
}

#[test]
fn an_engine_that_restarts_is_followed() {
    let _busy = among_others();
    let Some(private) = Engine::private("dpxtestr") else { return };
    let engine = private.engine();
    let dproxy = before(engine);
    let host = format!("{}.test", unique("engine"));
    let container = engine.run(&Run::echo("engine").hostname(&host).publish(80).always());
    assert_eq!(served_by(&dproxy, &host), container.name);

    private.stop();
    dproxy.wait_for("a lost engine", || dproxy.status()["engine"]["connected"] == false);
    private.start();
    dproxy.wait_for("the engine again", || dproxy.status()["engine"]["connected"] == true);
    assert_eq!(served_by(&dproxy, &host), container.name, "it came back with its engine");
    let late = format!("{}.test", unique("after"));
    let after = engine.run(&Run::echo("after").hostname(&late).publish(80));
    assert_eq!(served_by(&dproxy, &late), after.name, "events come in again");

    private.kill();
    dproxy.wait_for("a lost engine", || dproxy.status()["engine"]["connected"] == false);
    assert_eq!(dproxy.get(&host, "/").status, 200, "containers go on without their engine, and so does their route");
    private.start();
    dproxy.wait_for("the engine again", || dproxy.status()["engine"]["connected"] == true);
    assert_eq!(served_by(&dproxy, &host), container.name);
}

#[test]
fn an_engine_that_appears_late_is_found() {
    let _busy = among_others();
    let Some(private) = Engine::private("dpxtestl") else { return };
    let engine = private.engine();
    let host = format!("{}.test", unique("absent"));
    let container = engine.run(&Run::echo("absent").hostname(&host).publish(80).always());
    private.stop();
    let dproxy = dproxy().docker(&engine.endpoint()).start();
    let status = dproxy.status();
    assert_eq!(status["engine"]["connected"], false, "{status}");
    assert!(status["engine"]["error"].is_string(), "{status}");
    assert_eq!(dproxy.get(&host, "/").status, 404);
    private.start();
    assert_eq!(served_by(&dproxy, &host), container.name);
}
