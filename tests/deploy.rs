//! Containers are restarted, recreated, replaced, paused, renamed and disconnected under load: whatever a proxy can
//! save is saved.

use std::time::{Duration, Instant};

use dproxy_testkit::{
    Connection, Container, Dproxy, Engine, Failure, Kind, Load, PATIENCE, Report, Run, Running, json, pause, unique, wait_for,
};

use crate::{among_others, dproxy};

/// A proxy that has heard from the engine, and holds requests for longer than a busy machine takes for anything.
pub(crate) fn before(engine: &Engine) -> Dproxy {
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
pub(crate) fn check(dproxy: &Dproxy, host: &str, what: &str, deed: impl FnOnce()) -> Report {
    dproxy.wait_for(host, || dproxy.get(host, "/").status == 200);
    dproxy.wait_until_all_know();
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

pub(crate) fn host(word: &str) -> String {
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

#[test]
fn recreating_a_container_costs_no_request() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let host = host("recreate");
    let run = Run::echo("recreate").hostname(&host).publish(80);
    let mut container = Some(engine.run(&run));
    check(&dproxy, &host, "rm -f and run", || {
        container.take();
        container = Some(engine.run(&run));
    });
    check(&dproxy, &host, "as docker-compose does it", || {
        let old = container.take().unwrap();
        old.stop();
        old.rename(&unique("old"));
        container = Some(engine.run(&run));
    });
}

#[test]
fn a_container_that_stops_finishes_what_it_has_beside_its_sibling() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    // Under a name of its own it would go on to be the only one, and so to be asked.
    let dproxy = dproxy().docker(&engine.endpoint()).env("DOCKER_PROXY_DOCKER_INTERNAL_NAMES", "false").start();
    let host = host("finishes");
    let run = |word| engine.run(&Run::echo(word).hostname(&host).publish(80));
    let (leaver, stayer) = (run("leaver"), run("stayer"));
    for container in [&leaver, &stayer] {
        dproxy.wait_for(&container.name, || dproxy.get(&host, "/").field("x-echo-name") == Some(container.name.as_str()));
    }
    let under_way = || {
        let backends = dproxy.data("/backends");
        let rows = backends.as_array().unwrap().iter().filter(|row| row["hosts"].as_array().unwrap().contains(&json!(host)));
        rows.map(|row| row["requests"].as_u64().unwrap()).collect::<Vec<u64>>()
    };
    // Nobody may ask for these twice. One after the other, since workers that choose at the same moment do not see each other's choice.
    let mut uploads: Vec<Connection> = Vec::new();
    for count in 1..=4 {
        let mut upload = Connection::open(dproxy.http()).unwrap();
        upload.send(format!("POST /delay/3000 HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\nhi").as_bytes()).unwrap();
        uploads.push(upload);
        dproxy.wait_for("the request to be under way", || under_way().iter().sum::<u64>() == count);
    }
    assert_eq!(under_way(), [2, 2]);
    leaver.stop_after(10);
    let answers: Vec<u16> = uploads.iter_mut().map(|upload| upload.answer_to("POST").unwrap().status).collect();
    assert_eq!(answers, [200; 4]);
}

#[test]
fn a_rolling_replacement_costs_no_request() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let host = host("rolling");
    let run = || engine.run(&Run::echo("rolling").hostname(&host).publish(80));
    let mut replicas = [run(), run(), run()];
    check(&dproxy, &host, "three replicas one by one", || {
        for replica in &mut replicas {
            let new = run();
            new.wait_until_up(80);
            replica.stop();
            *replica = new;
        }
    });
    check(&dproxy, &host, "two of three killed", || replicas[..2].iter().for_each(Container::kill));
}

#[test]
fn a_pause_a_rename_and_a_move_to_another_network_cost_no_request() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let host = host("quiet");
    let container = engine.run(&Run::echo("quiet").hostname(&host));
    check(&dproxy, &host, "pause and unpause", || {
        container.pause();
        dproxy.wait_for("a paused route", || dproxy.data("/routes").to_string().contains("\"paused\""));
        container.unpause();
    });
    check(&dproxy, &host, "rename", || container.rename(&unique("renamed")));
    let network = Network::make(&engine);
    check(&dproxy, &host, "network connect and disconnect", || {
        network.connect("connect", &container);
        network.connect("disconnect", &container);
    });
    check(&dproxy, &host, "disconnect from the only network and connect", || {
        let bridge = Network { engine: engine.clone(), name: "bridge".to_owned() };
        bridge.connect("disconnect", &container);
        bridge.connect("connect", &container);
        std::mem::forget(bridge);
    });
}

#[test]
fn what_a_paused_container_was_asked_is_asked_elsewhere() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let host = host("inside");
    let replicas = [engine.run(&Run::echo("inside").hostname(&host)), engine.run(&Run::echo("inside").hostname(&host))];
    for replica in &replicas {
        dproxy.wait_for(&replica.name, || dproxy.get(&host, "/").field("x-echo-name") == Some(replica.name.as_str()));
    }
    let silence = Duration::from_secs(30);
    let load = Load { limit: 40, path: "/delay/2000".to_owned(), silence, ..Load::new(dproxy.http(), &host) }.start();
    dproxy.wait_for("requests in both", || dproxy.status()["requests_in_flight"].as_u64() >= Some(8));
    replicas[0].pause();
    let report = load.join();
    println!("a pause, with a sibling: {report}");
    assert_eq!(report.failed(), 0, "{report}");
}

#[test]
fn bodies_and_tunnels_end_soon_when_their_container_is_gone_without_a_sign() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let host = host("cut");
    let network = Network::make(&engine);
    let container = engine.run(&Run::echo("cut").hostname(&host).network(&network.name));
    dproxy.wait_for(&host, || dproxy.get(&host, "/").status == 200);
    dproxy.wait_until_all_know();
    let open = |path: &str, fields: &str, status: u16| {
        let mut client = Connection::open(dproxy.http()).unwrap();
        client.silence(PATIENCE).unwrap();
        client.send(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n").as_bytes()).unwrap();
        assert_eq!(client.head().unwrap().status, status);
        client
    };
    let body = open("/stream?n=0&ms=100", "", 200);
    let upgrade =
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n";
    let tunnel = open("/", upgrade, 101);
    let begun = Instant::now();
    network.connect("disconnect", &container);
    for mut client in [body, tunnel] {
        let ended = client.rest();
        assert!(!matches!(ended, Err(Failure::Timeout(_))), "{ended:?}");
    }
    println!("ended after {:?}", begun.elapsed());
}

/// A network of the engine, removed when dropped.
struct Network {
    engine: Engine,
    name: String,
}

impl Network {
    fn make(engine: &Engine) -> Network {
        let name = unique("net");
        let made = engine.call("POST", "/networks/create", Some(&json!({ "Name": name, "Driver": "bridge" })));
        assert!(made.as_ref().is_ok_and(|answer| answer.status < 300), "{made:?}");
        Network { engine: engine.clone(), name }
    }

    /// `connect` or `disconnect`.
    #[track_caller]
    fn connect(&self, word: &str, container: &Container) {
        let done = self.engine.call("POST", &format!("/networks/{}/{word}", self.name), Some(&json!({ "Container": container.id })));
        assert!(done.as_ref().is_ok_and(|answer| answer.status < 300), "{word}: {done:?}");
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // A container that is still in it keeps it; the next run does not mind.
        let _ = self.engine.call("DELETE", &format!("/networks/{}", self.name), None);
    }
}

#[test]
fn many_containers_restarted_at_once_cost_no_request() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let host = host("many");
    let containers: Vec<Container> = (0..50).map(|_| engine.run(&Run::echo("many").hostname(&host))).collect();
    check(&dproxy, &host, "50 replicas restarted at once", || {
        std::thread::scope(|scope| containers.iter().for_each(|container| drop(scope.spawn(|| container.restart()))));
    });
}

#[test]
fn an_engine_restart_and_an_engine_that_is_gone_cost_no_request() {
    let _busy = among_others();
    let Some(private) = Engine::private("dpxtestd") else { return };
    let engine = private.engine();
    let dproxy = before(engine);
    let host = host("engine");
    let _container = engine.run(&Run::echo("engine").hostname(&host).always());
    check(&dproxy, &host, "engine restart", || {
        private.stop();
        private.start();
    });
    // Minutes of it only where time is given, as to the engine's bars.
    let long = std::env::var_os("DPROXY_BARS").is_some_and(|form| form == "long");
    check(&dproxy, &host, "engine killed, gone for a while and started", || {
        private.kill();
        dproxy.wait_for("a lost engine", || dproxy.status()["engine"]["connected"] == false);
        pause(Duration::from_secs(if long { 180 } else { 5 }));
        private.start();
        dproxy.wait_for("the engine again", || dproxy.status()["engine"]["connected"] == true);
    });
}

#[test]
fn requests_are_held_only_for_a_while_and_only_so_many() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = dproxy().workers(1).docker(&engine.endpoint()).yaml("timeouts:\n  hold: 3s\nlimits:\n  held: 2").start();
    let host = host("bound");
    let container = engine.run(&Run::echo("bound").hostname(&host).publish(80));
    dproxy.wait_for(&host, || dproxy.get(&host, "/").status == 200);
    container.kill();
    dproxy.wait_for("the end", || dproxy.data("/routes").to_string().contains("stopped"));
    let waits = || Load { clients: 2, limit: 2, ..Load::new(dproxy.http(), &host) }.start();
    let load = waits();
    dproxy.wait_for("two that wait", || dproxy.status()["requests_held"] == 2);
    let begun = Instant::now();
    assert_eq!(dproxy.get(&host, "/").status, 503, "a third one does not wait");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(load.join().count(Kind::Status(503)), 2, "nobody came back");
    let begun = Instant::now();
    assert_eq!(dproxy.get(&host, "/").status, 503);
    assert!(begun.elapsed() < Duration::from_secs(2), "it was offline for longer than anybody waits: {:?}", begun.elapsed());
    assert_eq!(dproxy.status()["requests_held"], 0);
    assert!(dproxy.ctl(&["status"]).stdout.contains("waited for a container to come back"));
}

#[test]
fn a_client_that_leaves_frees_its_place() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let host = host("leaves");
    let container = engine.run(&Run::echo("leaves").hostname(&host).publish(80));
    dproxy.wait_for(&host, || dproxy.get(&host, "/").status == 200);
    container.kill();
    dproxy.wait_for("the end", || dproxy.data("/routes").to_string().contains("stopped"));
    let mut client = Connection::open(dproxy.http()).unwrap();
    // Its body is larger than anybody reads ahead.
    client.send(format!("POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100000\r\n\r\nbegun").as_bytes()).unwrap();
    dproxy.wait_for("one that waits", || dproxy.status()["requests_held"] == 1);
    drop(client);
    dproxy.wait_for("nobody that waits", || dproxy.status()["requests_held"] == 0);
}

#[test]
fn a_starting_container_is_waited_for_until_it_is_healthy() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let host = host("starting");
    let _container = engine.run(&Run::image("dproxy-test/echo:health", "starting").hostname(&host).env("START_DELAY_MS", "1500"));
    dproxy.wait_for("a starting backend", || dproxy.data("/backends").to_string().contains(&host));
    dproxy.wait_for("all workers to know", || dproxy.status()["workers_at_generation"] == 2);
    let answer = dproxy.get(&host, "/");
    assert_eq!(answer.status, 200, "{}", answer.text());
}
