//! What survives a restart, a crash, a spoilt disk and a Redis server that is away.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use dproxy_testkit::{Answer, Dproxy, Engine, Origin, Redis, Run, Signal, Value, free_port, unique};

use crate::vouched::write_server_certificate;
use crate::{among_others, dproxy};

fn store_file(dproxy: &Dproxy) -> PathBuf {
    dproxy.home().join("state/store.redb")
}

/// Adds a route by hand.
fn add(dproxy: &Dproxy, host: &str, origin: &Origin) -> Answer {
    dproxy.send_api("POST", "/routes", &format!(r#"{{"host": "{host}", "backends": ["{}"]}}"#, origin.addr()))
}

/// The hosts of all routes.
fn hosts(dproxy: &Dproxy) -> Vec<String> {
    let rows = dproxy.data("/routes?sort=host");
    rows.as_array().into_iter().flatten().map(|row| row["host"].as_str().unwrap().to_owned()).collect()
}

/// Kills the master as nobody can be prepared for, and starts it again.
fn crash(dproxy: &mut Dproxy) {
    dproxy.signal(Signal::SIGKILL);
    dproxy.wait_for_end();
    dproxy.start_again();
}

/// Waits until the store is so, and gives what `status` says of it.
#[track_caller]
fn wait_for_store(dproxy: &Dproxy, state: &str) -> Value {
    dproxy.wait_for(&format!("a store that is {state}"), || dproxy.status()["store"]["state"] == state);
    dproxy.status()
}

/// A store that is away is told with the way out, everything else goes on, and it is the same once it is back.
#[track_caller]
fn check_away(dproxy: &Dproxy, origin: &Origin, told: &str) {
    let status = wait_for_store(dproxy, "away");
    let error = status["store"]["error"].as_str().unwrap_or_default();
    assert!(error.contains(told), "{error}");
    let warnings = status["warnings"].to_string();
    assert!(warnings.contains("what is remembered is in memory only") && warnings.contains(told.split('`').next().unwrap()), "{warnings}");
    assert!(dproxy.log().contains("it is tried again"), "{}", dproxy.log());
    assert_eq!(add(dproxy, "meanwhile.test", origin).status, 200);
    dproxy.wait_for("a route that was added meanwhile", || dproxy.get("meanwhile.test", "/").status == 200);
}

#[test]
fn what_was_answered_is_there_after_a_kill_at_any_moment() {
    let _busy = among_others();
    let origin = Origin::saying("by hand");
    let mut dproxy = dproxy().workers(1).start();
    let mut wanted: Vec<String> = Vec::new();
    for round in 0..30_u64 {
        let api = dproxy.api_addr();
        // So many changes are answered before the kill, which comes in the middle of the next ones.
        for number in 0..=round % 3 {
            let host = format!("r{round:02}-{number}.test");
            assert_eq!(add(&dproxy, &host, &origin).status, 200);
            wanted.push(host);
        }
        let gone = wanted.swap_remove(usize::try_from(round * 7).unwrap() % wanted.len());
        assert_eq!(dproxy.send_api("DELETE", &format!("/routes?host={gone}"), "").status, 200);
        let loose = std::thread::spawn(move || {
            let added = |number: u32| {
                let body = format!(r#"{{"host": "loose-{round}-{number}.test", "backends": ["10.0.0.1:80"]}}"#);
                let length = body.len();
                let text = format!("POST /routes HTTP/1.1\r\nHost: {api}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
                dproxy_testkit::request(api, &text).is_ok_and(|answer| answer.status == 200)
            };
            (0..10).filter(|number| added(*number)).map(|number| format!("loose-{round}-{number}.test")).collect::<Vec<_>>()
        });
        dproxy_testkit::pause(std::time::Duration::from_micros(round * 1700 % 23_000));
        crash(&mut dproxy);
        wanted.extend(loose.join().unwrap());
        assert_eq!(dproxy.status()["store"]["state"], "good", "{}", dproxy.log());
        let there = hosts(&dproxy);
        let missing: Vec<&String> = wanted.iter().filter(|host| !there.contains(host)).collect();
        assert!(missing.is_empty(), "round {round}: {missing:?} of {}", wanted.len());
        assert!(!there.contains(&gone), "round {round}: {gone}");
        // What was under way may be there or not; it is whole if it is.
        for extra in there.iter().filter(|host| !wanted.contains(*host)) {
            assert!(extra.starts_with("loose-"), "round {round}: {extra}");
        }
        for row in dproxy.data("/routes").as_array().unwrap() {
            assert!(row["created"].as_str() <= row["updated"].as_str() && row["created"].is_string(), "{row}");
        }
    }
}

#[test]
fn records_keep_their_times_over_a_restart_and_can_be_asked_for() {
    let Some(engine) = Engine::shared() else { return };
    let host = format!("{}.test", unique("record"));
    let container = engine.run(&Run::echo("record").hostname(&host).publish(80));
    let mut dproxy = dproxy().docker(&engine.endpoint()).start();
    dproxy.wait_for(&host, || dproxy.get(&host, "/").status == 200);
    let name = container.name.clone();
    let asked = |dproxy: &Dproxy| {
        let queries = [
            format!("/containers?where=name%3D{name}"),
            format!("/backends?where=hosts~{host}"),
            format!("/routes?where=host%3D{host}"),
            "/images?where=name~echo&sort=-created&limit=1".to_owned(),
            "/workers?where=slot%3D0".to_owned(),
        ];
        queries.map(|query| {
            let rows = dproxy.data(&query);
            assert_eq!(rows.as_array().map(Vec::len), Some(1), "{query}: {rows}");
            rows[0].clone()
        })
    };
    let before = asked(&dproxy);
    for row in &before {
        assert!(row["created"].as_str().is_some_and(|time| time.ends_with('Z') && time.len() == 24), "{row}");
        assert!(row["updated"].as_str() >= row["created"].as_str(), "{row}");
    }
    let created = before[0]["created"].as_str().unwrap().to_owned();
    assert_eq!(dproxy.data(&format!("/containers?where=name%3D{name},created%3E%3D{created}")).as_array().map(Vec::len), Some(1));
    assert_eq!(dproxy.data(&format!("/containers?where=name%3D{name},created%3C{created}")).as_array().map(Vec::len), Some(0));
    // Who adds something is answered when that, and all before it, is in the store.
    assert_eq!(dproxy.send_api("POST", "/routes", r#"{"host": "last.test", "backends": ["127.0.0.1:1"]}"#).status, 200);
    crash(&mut dproxy);
    dproxy.wait_for(&host, || dproxy.get(&host, "/").status == 200);
    dproxy.wait_for("the engine", || dproxy.status()["engine"]["connected"] == true);
    dproxy.wait_for("its backends", || dproxy.data(&format!("/backends?where=hosts~{host}"))[0].is_object());
    let after = asked(&dproxy);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before["created"], after["created"], "{before} {after}");
    }
    assert_eq!(before[0]["updated"], after[0]["updated"], "nothing has changed");
    container.stop();
    let row = |dproxy: &Dproxy| dproxy.data(&format!("/containers?where=name%3D{name}"))[0].clone();
    dproxy.wait_for("a container that has changed", || row(&dproxy)["updated"].as_str() > after[0]["updated"].as_str());
    assert_eq!(row(&dproxy)["created"], before[0]["created"]);
}

#[test]
fn a_damaged_file_is_told_and_costs_no_service() {
    let origin = Origin::saying("ok");
    let mut dproxy = dproxy().route("a.test", &[origin.addr()]).start();
    dproxy.signal(Signal::SIGTERM);
    assert_eq!(dproxy.exit_code(), 0);
    fs::write(store_file(&dproxy), "spoilt ".repeat(4000)).unwrap();
    dproxy.start_again();
    assert_eq!(dproxy.get("a.test", "/").status, 200);
    check_away(&dproxy, &origin, "is damaged (");
    let status = dproxy.ctl(&["status"]);
    assert!(status.stdout.contains("store        ") && status.stdout.contains(", away"), "{}", status.stdout);
    fs::remove_file(store_file(&dproxy)).unwrap();
    let status = wait_for_store(&dproxy, "good");
    assert!(!status["warnings"].to_string().contains("remembered"), "{status}");
    crash(&mut dproxy);
    assert_eq!(hosts(&dproxy), ["a.test", "meanwhile.test"]);
}

#[test]
fn a_file_that_somebody_else_has_is_told_and_taken_once_it_is_free() {
    let origin = Origin::saying("ok");
    let mut dproxy = dproxy().route("a.test", &[origin.addr()]).start();
    assert_eq!(add(&dproxy, "before.test", &origin).status, 200);
    dproxy.signal(Signal::SIGTERM);
    assert_eq!(dproxy.exit_code(), 0);
    let file = File::options().read(true).write(true).open(store_file(&dproxy)).unwrap();
    file.lock().unwrap();
    dproxy.start_again();
    assert_eq!(dproxy.get("a.test", "/").status, 200);
    check_away(&dproxy, &origin, "is in use by another program");
    drop(file);
    wait_for_store(&dproxy, "good");
    dproxy.wait_for("what was there before", || hosts(&dproxy) == ["a.test", "before.test", "meanwhile.test"]);
    crash(&mut dproxy);
    assert_eq!(hosts(&dproxy), ["a.test", "before.test", "meanwhile.test"]);
}

/// A file system of so many bytes, until it is dropped.
struct Disk(tempfile::TempDir);

impl Disk {
    fn of(size: &str) -> Option<Disk> {
        let directory = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "none"]).arg(directory.path()).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Disk(directory)),
            other => {
                println!("skipped: cannot mount a small disk: {other:?}");
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn enlarge(&self, size: &str) {
        assert!(Command::new("mount").args(["-o", &format!("remount,size={size}")]).arg(self.path()).status().unwrap().success());
    }

    /// Leaves not a byte.
    fn fill(&self) {
        let mut file = File::create(self.path().join("filler")).unwrap();
        while file.write(&[7; 512]).is_ok() {}
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The directory is of the test alone, and nobody is left who needs it.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[test]
fn a_full_disk_is_told_and_costs_no_service() {
    let Some(disk) = Disk::of("64k") else { return };
    disk.fill();
    let origin = Origin::saying("ok");
    let state = disk.path().display().to_string();
    let mut dproxy = dproxy().route("a.test", &[origin.addr()]).arg("--state-directory").arg(&state).start();
    assert_eq!(dproxy.get("a.test", "/").status, 200);
    check_away(&dproxy, &origin, "cannot be read or written; make room on its disk");
    assert!(dproxy.status()["store"]["error"].as_str().unwrap().contains("No space left on device"));
    disk.enlarge("16m");
    wait_for_store(&dproxy, "good");
    crash(&mut dproxy);
    assert_eq!(hosts(&dproxy), ["a.test", "meanwhile.test"]);
}

#[test]
fn a_disk_that_fills_up_costs_nothing_that_was_kept_before() {
    let Some(disk) = Disk::of("1m") else { return };
    let origin = Origin::saying("ok");
    let state = disk.path().display().to_string();
    let mut dproxy = dproxy().arg("--state-directory").arg(&state).start();
    wait_for_store(&dproxy, "good");
    let mut added = Vec::new();
    let mut add_one = |dproxy: &Dproxy| {
        let host = format!("h{:03}.test", added.len());
        assert_eq!(add(dproxy, &host, &origin).status, 200);
        added.push(host);
    };
    add_one(&dproxy);
    disk.fill();
    dproxy.wait_for("a store that is away", || {
        add_one(&dproxy);
        dproxy.status()["store"]["state"] == "away"
    });
    assert_eq!(hosts(&dproxy), added);
    let (kept, all) = (added[0].clone(), added);
    crash(&mut dproxy);
    assert!(all.starts_with(&hosts(&dproxy)), "{:?}", hosts(&dproxy));
    disk.enlarge("16m");
    wait_for_store(&dproxy, "good");
    dproxy.wait_for("what was kept", || hosts(&dproxy).contains(&kept));
}

#[test]
fn a_redis_server_keeps_it_as_well_and_may_go_and_come_back() {
    let Some(mut redis) = Redis::with(&[]) else { return };
    let origin = Origin::saying("ok");
    let mut dproxy = dproxy().yaml(&format!("store: {}\n", redis.url())).start();
    let status = wait_for_store(&dproxy, "good");
    assert_eq!(status["store"]["place"], redis.url().as_str());
    assert!(!store_file(&dproxy).exists());
    assert_eq!(add(&dproxy, "one.test", &origin).status, 200);
    assert!(redis.ask(&["HVALS", "dproxy:routes_by_hand"]).contains("one.test"), "it is there when it is answered");
    dproxy.wait_for("records of workers", || redis.ask(&["HLEN", "dproxy:workers"]) == "2");
    redis.stop();
    check_away(&dproxy, &origin, "the Redis server at `");
    crash(&mut dproxy);
    assert_eq!(dproxy.status()["store"]["state"], "away", "it starts without");
    assert_eq!(add(&dproxy, "two.test", &origin).status, 200);
    redis.start();
    wait_for_store(&dproxy, "good");
    dproxy.wait_for("what was kept there", || hosts(&dproxy) == ["one.test", "two.test"]);
    dproxy.wait_for("the records", || redis.ask(&["HLEN", "dproxy:routes_by_hand"]) == "2");
}

#[test]
fn a_redis_server_behind_tls_keeps_it_if_it_is_the_right_one() {
    let home = tempfile::tempdir().unwrap();
    write_server_certificate(home.path());
    let path = |file: &str| home.path().join(file).display().to_string();
    let port = free_port().to_string();
    let (certificate, key, authority) = (path("server.crt"), path("server.key"), path("server-ca.crt"));
    let words = ["--tls-port", &port, "--tls-cert-file", &certificate, "--tls-key-file", &key, "--tls-ca-cert-file", &authority];
    let Some(mut redis) = Redis::with(&[&words[..], &["--tls-auth-clients", "no", "--requirepass", "secret"]].concat()) else { return };
    let origin = Origin::saying("ok");
    let store = |more: &str| dproxy().yaml(&format!("store: rediss://:secret@127.0.0.1:{port}/0\n{more}")).start();

    let stranger = store("");
    let error = wait_for_store(&stranger, "away")["store"]["error"].to_string();
    assert!(error.contains("invalid peer certificate: UnknownIssuer"), "{error}");
    drop(stranger);
    let nowhere = store(&format!("store_root: {}\n", path("nowhere")));
    let error = wait_for_store(&nowhere, "away")["store"]["error"].to_string();
    assert!(error.contains("`store_root`: `") && error.contains("nowhere` cannot be read"), "{error}");
    drop(nowhere);
    let empty = store(&format!("store_root: {key}\n"));
    let error = wait_for_store(&empty, "away")["store"]["error"].to_string();
    assert!(error.contains("`store_root`: there is no certificate in `"), "{error}");
    drop(empty);

    let mut dproxy = store(&format!("store_root: {authority}\n"));
    let status = wait_for_store(&dproxy, "good");
    assert_eq!(status["store"]["place"], format!("rediss://127.0.0.1:{port}/0").as_str(), "no password");
    assert_eq!(add(&dproxy, "one.test", &origin).status, 200);
    redis.stop();
    check_away(&dproxy, &origin, "the Redis server at `");
    crash(&mut dproxy);
    redis.start();
    wait_for_store(&dproxy, "good");
    dproxy.wait_for("what was kept there", || hosts(&dproxy).contains(&"one.test".to_owned()));
}

#[test]
fn nothing_is_kept_in_memory() {
    let origin = Origin::saying("ok");
    let mut dproxy = dproxy().yaml("store: memory\n").start();
    assert_eq!(add(&dproxy, "one.test", &origin).status, 200);
    assert_eq!(dproxy.status()["store"]["place"], "memory");
    crash(&mut dproxy);
    assert!(hosts(&dproxy).is_empty() && !store_file(&dproxy).exists());
}

#[test]
fn an_upgrade_takes_the_store_over() {
    let origin = Origin::saying("ok");
    let dproxy = dproxy().start();
    assert_eq!(add(&dproxy, "one.test", &origin).status, 200);
    assert_eq!(dproxy.post("/service/balancer/upgrade?wait=1").status, 200);
    dproxy
        .wait_for("the new program", || dproxy.try_api("/status").is_ok_and(|answer| answer.json()["data"]["upgrade"]["state"] == "done"));
    assert_eq!(wait_for_store(&dproxy, "good")["store"]["error"], Value::Null);
    assert_eq!(hosts(&dproxy), ["one.test"]);
    assert!(!dproxy.log().contains("in use by another program"), "{}", dproxy.log());
}

#[test]
fn an_upgrade_keeps_routes_by_hand_also_without_a_store() {
    let origin = Origin::saying("ok");
    let dproxy = dproxy().yaml("store: memory\n").start();
    assert_eq!(add(&dproxy, "a.test", &origin).status, 200);
    assert_eq!(add(&dproxy, "b.test", &origin).status, 200);
    assert_eq!(dproxy.send_api("DELETE", "/routes?id=1", "").status, 200);
    for _ in 0..2 {
        let told = dproxy.ctl(&["upgrade"]);
        assert_eq!(told.code, Some(0), "{told:?}");
        assert_eq!(hosts(&dproxy), ["b.test"]);
        assert_eq!(dproxy.get("b.test", "/").text(), "ok");
    }
    assert!(add(&dproxy, "c.test", &origin).text().contains("added route 3"), "no number is given twice");
}
