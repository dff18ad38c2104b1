//! Containers are restarted, recreated, replaced, paused, renamed and disconnected under load: whatever a proxy can
//! save is saved.

use std::time::Duration;

use dproxy_testkit::{Dproxy, Engine, Load, PATIENCE, Report, Run, Running, unique, wait_for};

use crate::{among_others, dproxy};

/// A proxy that has heard from the engine, and holds requests for longer than a busy machine takes for anything.
fn before(engine: &Engine) -> Dproxy {
    let dproxy = dproxy().docker(&engine.endpoint()).yaml("timeouts:\n  hold: 60s").start();
    dproxy.wait_for("the engine", || dproxy.status()["engine"]["connected"] == true);
    dproxy
}

/// A load of requests that do no harm when they are asked twice; some of them are always under way.
fn load(dproxy: &Dproxy, host: &str) -> Running {
    let silence = Duration::from_secs(90);
    Load { clients: 6, rate: Some(150), path: "/delay/20".to_owned(), silence, ..Load::new(dproxy.http(), host) }.start()
}

/// Waits until the load has got some more answers.
#[track_caller]
fn wait_for_more(load: &Running) {
    let seen = load.done();
    wait_for("a load that goes on", 3 * PATIENCE, || load.done() > seen + 50);
}

/// Puts a host under load while `deed` is done, and says how many requests failed and how many were held.
#[track_caller]
fn check(dproxy: &Dproxy, host: &str, what: &str, deed: impl FnOnce()) -> Report {
    dproxy.wait_for(host, || dproxy.get(host, "/").status == 200);
    let held = dproxy.status()["requests_held_total"].as_u64();
    let load = load(dproxy, host);
    wait_for_more(&load);
    deed();
    wait_for_more(&load);
    let report = load.stop();
    let held = dproxy.status()["requests_held_total"].as_u64().zip(held).map(|(after, before)| after - before);
    println!("{what}: {report}; {} held", held.unwrap_or_default());
    assert_eq!(report.failed(), 0, "{what}: {report}");
    report
}

fn host(word: &str) -> String {
    format!("{}.test", unique(word))
}

#[test]
fn a_restart_costs_no_request() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let host = host("restart");
    let container = engine.run(&Run::echo("restart").hostname(&host).publish(80));
    check(&dproxy, &host, "restart", || container.restart());
    check(&dproxy, &host, "three restarts", || (0..3).for_each(|_| container.restart()));
    check(&dproxy, &host, "kill and start", || {
        container.kill();
        container.start();
    });
}
