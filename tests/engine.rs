//! Master and workers under load: whatever happens to the pool, clients do not notice.

mod bars;
mod handover;
mod hung;
mod orphans;
mod poison;
mod sockets;
mod upgrade;

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use dproxy_testkit::{Connection, Dproxy, Failure, Kind, Load, Mode, Origin, PATIENCE, Running, Signal, Step, get, kill, ok, wait_for};

use crate::{alone, dproxy};

/// Both kinds of clients at once: those that keep their connections and those that open one per request.
struct Loads(Vec<Running>);

impl Loads {
    fn start(dproxy: &Dproxy) -> Loads {
        let load = Load { clients: 6, rate: Some(1000), body: Some("ok".to_owned()), ..Load::new(dproxy.http(), "a.test") };
        let loads = Loads(vec![load.clone().start(), Load { mode: Mode::PerRequest, ..load }.start()]);
        loads.go_on(200);
        loads
    }

    /// Waits until each has done `more` requests more.
    fn go_on(&self, more: u64) {
        for load in &self.0 {
            let done = load.done();
            wait_for("a load that goes on", PATIENCE, || load.done() >= done + more);
        }
    }

    #[track_caller]
    fn stop_without_a_failure(self) {
        for load in self.0 {
            let report = load.stop();
            assert!(report.good > 0 && report.failed() == 0, "{report}");
        }
    }
}

fn serving(origin: &Origin, workers: usize) -> Dproxy {
    dproxy().workers(workers).route("a.test", &[origin.addr()]).start()
}

#[test]
fn resizing_to_30_and_back_loses_no_request() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let dproxy = serving(&origin, 2);
    let loads = Loads::start(&dproxy);
    for size in ["30", "2", "30", "1", "4"] {
        let told = dproxy.ctl(&["resize", size]);
        assert_eq!(told.code, Some(0), "{told:?}");
        loads.go_on(100);
    }
    dproxy.wait_for_workers(4);
    loads.stop_without_a_failure();
}

#[test]
fn restarting_every_worker_loses_no_request() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let dproxy = serving(&origin, 3);
    let loads = Loads::start(&dproxy);
    for _ in 0..3 {
        let before: BTreeSet<u32> = dproxy.worker_pids().into_iter().collect();
        assert_eq!(dproxy.ctl(&["restart"]).code, Some(0));
        dproxy.wait_for("new workers", || dproxy.worker_pids().iter().all(|pid| !before.contains(pid)));
        loads.go_on(100);
    }
    loads.stop_without_a_failure();
}

#[test]
fn a_reload_loses_no_request_and_brings_new_routes() {
    let _alone = alone();
    let (origin, other) = (Origin::saying("ok"), Origin::saying("other"));
    let mut dproxy = serving(&origin, 2);
    let loads = Loads::start(&dproxy);
    assert_eq!(dproxy.get("b.test", "/").status, 404);
    let file = fs::read_to_string(dproxy.config()).unwrap();
    fs::write(dproxy.config(), format!("{file}\n  - hosts: [b.test]\n    backends: [\"{}\"]\n", other.addr())).unwrap();
    dproxy.signal(Signal::SIGHUP);
    dproxy.wait_for("the new route", || dproxy.get("b.test", "/").status == 200);

    fs::write(dproxy.config(), format!("{file}\nwrkers: 3\n")).unwrap();
    dproxy.signal(Signal::SIGHUP);
    dproxy.wait_for("a warning about the bad file", || dproxy.status()["warnings"].to_string().contains("wrkers"));
    assert_eq!(dproxy.get("b.test", "/").text(), "other", "a bad file leaves the old one running");
    loads.stop_without_a_failure();
}

#[test]
fn a_killed_worker_costs_only_what_it_held() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let dproxy = serving(&origin, 3);
    let load = Load { clients: 6, rate: Some(1000), body: Some("ok".to_owned()), ..Load::new(dproxy.http(), "a.test") };
    let (kept, single) = (load.clone().start(), Load { mode: Mode::PerRequest, ..load }.start());
    let mut kills = 0;
    for _ in 0..5 {
        let victim = dproxy.worker_pids()[0];
        kill(victim, Signal::SIGKILL);
        kills += 1;
        dproxy.wait_for("a new worker", || dproxy.online() == Some(3) && !dproxy.worker_pids().contains(&victim));
        let done = single.done();
        wait_for("a load that goes on", PATIENCE, || single.done() > done + 100);
    }
    for load in [kept, single] {
        let report = load.stop();
        let cut = report.count(Kind::Reset) + report.count(Kind::Eof) + report.count(Kind::Cut);
        assert_eq!(report.failed(), cut, "only what the dead worker held may be cut: {report}");
        // Six clients of this load: at most six connections can have been the dead worker's.
        assert!(cut <= 6 * kills, "{report}");
        assert!(report.good > 100, "{report}");
    }
}

#[test]
fn a_killed_worker_loses_nothing_that_waits_to_be_accepted() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let dproxy = serving(&origin, 1);
    let victim = dproxy.worker_pids()[0];
    // The only worker is frozen: nobody accepts what comes now.
    kill(victim, Signal::SIGSTOP);
    let mut waiting: Vec<Connection> = (0..10).map(|_| Connection::open(dproxy.http()).unwrap()).collect();
    for connection in &mut waiting {
        connection.send(b"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n").unwrap();
    }
    kill(victim, Signal::SIGKILL);
    for connection in &mut waiting {
        assert_eq!(connection.answer_to("GET").unwrap().text(), "ok");
    }
}

#[test]
fn stop_frees_the_port_and_start_takes_it_back() {
    let origin = Origin::saying("ok");
    let dproxy = serving(&origin, 2);
    for _ in 0..3 {
        assert_eq!(dproxy.ctl(&["stop"]).code, Some(0));
        assert!(matches!(get(dproxy.http(), "a.test", "/"), Err(Failure::Refused)));
        drop(std::net::TcpListener::bind(dproxy.http()).expect("the port is free for another program"));
        assert_eq!(dproxy.ctl(&["start"]).code, Some(0));
        assert_eq!(dproxy.get("a.test", "/").text(), "ok");
    }
}

#[test]
fn stop_lets_requests_under_way_finish() {
    let origin = Origin::start(|_| [Step::Pause(Duration::from_millis(500))].into_iter().chain(ok("done")).collect());
    let dproxy = serving(&origin, 2);
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
    wait_for("the request", PATIENCE, || origin.count() == 1);
    assert_eq!(dproxy.ctl(&["stop"]).code, Some(0));
    assert_eq!(connection.answer_to("GET").unwrap().text(), "done");
}

#[test]
fn a_terminated_master_finishes_what_is_under_way() {
    let origin = Origin::start(|_| [Step::Pause(Duration::from_millis(500))].into_iter().chain(ok("done")).collect());
    let mut dproxy = serving(&origin, 2);
    let workers = dproxy.worker_pids();
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
    wait_for("the request", PATIENCE, || origin.count() == 1);
    dproxy.signal(Signal::SIGTERM);
    let answer = connection.answer_to("GET").unwrap();
    assert_eq!(answer.text(), "done");
    assert_eq!(dproxy.exit_code(), 0, "{}", dproxy.log());
    assert!(!dproxy.pid_file().exists(), "an orderly end removes the PID file");
    assert!(!dproxy.socket().exists(), "and the control socket");
    for worker in workers {
        assert!(!std::path::Path::new(&format!("/proc/{worker}")).exists(), "worker {worker} outlived its master");
    }
    assert!(matches!(get(dproxy.http(), "a.test", "/"), Err(Failure::Refused)));
}

#[test]
fn a_terminated_master_cuts_no_request_of_a_load() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let mut dproxy = serving(&origin, 2);
    let loads = Loads::start(&dproxy);
    dproxy.signal(Signal::SIGTERM);
    assert_eq!(dproxy.exit_code(), 0, "{}", dproxy.log());
    for load in loads.0 {
        let report = load.stop();
        let unanswered = report.count(Kind::Reset) + report.count(Kind::Eof);
        assert_eq!(report.failed(), unanswered + report.count(Kind::Refused), "no answer is cut: {report}");
        // Nobody serves on: an idle connection is closed, and its client may just have asked again; a client asks again elsewhere.
        assert!(unanswered <= 6, "each of the six clients can be met by that once: {report}");
    }
}

#[test]
fn a_second_signal_ends_it_now() {
    let origin = Origin::start(|_| vec![Step::Hang]);
    let mut dproxy = serving(&origin, 2);
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
    wait_for("the request", PATIENCE, || origin.count() == 1);
    dproxy.signal(Signal::SIGTERM);
    assert!(dproxy.lives_on(Duration::from_millis(300)), "a graceful stop waits for the request: {}", dproxy.log());
    dproxy.signal(Signal::SIGTERM);
    dproxy.wait_for_end();
}

#[test]
fn a_second_master_on_the_same_pid_file_leaves_the_first_alone() {
    let origin = Origin::saying("ok");
    let dproxy = serving(&origin, 2);
    let second = dproxy.second_master();
    assert_ne!(second.code, Some(0), "{second:?}");
    assert!(second.stderr.contains(&dproxy.pid().to_string()), "it names who is there: {second:?}");
    assert_eq!(fs::read_to_string(dproxy.pid_file()).unwrap().trim(), dproxy.pid().to_string());
    assert_eq!(dproxy.get("a.test", "/").text(), "ok");
    assert_eq!(dproxy.ctl(&["status"]).code, Some(0), "the control socket is still the first one's");
}

#[test]
fn a_stale_pid_file_is_no_obstacle() {
    let origin = Origin::saying("ok");
    let mut dproxy = serving(&origin, 2);
    dproxy.signal(Signal::SIGTERM);
    assert_eq!(dproxy.exit_code(), 0);
    for stale in ["4194303\n", "1\n", "", "no number"] {
        fs::write(dproxy.pid_file(), stale).unwrap();
        dproxy.start_again();
        assert_eq!(dproxy.get("a.test", "/").text(), "ok", "{stale:?}");
        dproxy.signal(Signal::SIGTERM);
        assert_eq!(dproxy.exit_code(), 0, "{stale:?}");
    }
}

#[test]
fn a_worker_keeps_its_slot_and_counts_go_on_when_it_is_replaced() {
    let origin = Origin::saying("ok");
    let dproxy = serving(&origin, 2);
    for _ in 0..10 {
        assert_eq!(dproxy.get("a.test", "/").status, 200);
    }
    dproxy.wait_for("ten requests", || dproxy.status()["requests_total"] == 10);
    kill(dproxy.worker_pids()[0], Signal::SIGKILL);
    dproxy.wait_for("a respawn", || {
        let rows = dproxy.data("/workers");
        dproxy.online() == Some(2) && rows.as_array().is_some_and(|rows| rows.iter().any(|row| row["restarts"] == 1))
    });
    let rows = dproxy.data("/workers");
    let slots: Vec<u64> = rows.as_array().unwrap().iter().filter_map(|row| row["slot"].as_u64()).collect();
    assert_eq!(slots.len(), 2);
    assert_eq!(slots[1], slots[0] + 1);
    assert!(dproxy.status()["requests_total"].as_u64() >= Some(10), "counters never go back");
}

#[test]
fn quit_writes_the_status_to_the_log_and_nothing_ends() {
    let mut dproxy = dproxy().start();
    dproxy.signal(Signal::SIGQUIT);
    dproxy.wait_for("the status in the log", || dproxy.log().contains("status"));
    assert_eq!(dproxy.online(), Some(2));
}

#[test]
fn no_descriptor_and_no_process_is_left_after_many_resizes() {
    let _alone = alone();
    let dproxy = dproxy().start();
    let resize = |size: &str| assert_eq!(dproxy.ctl(&["resize", size]).code, Some(0), "{size}");
    let descriptors = || fs::read_dir(format!("/proc/{}/fd", dproxy.pid())).unwrap().count();
    resize("8");
    resize("2");
    dproxy.wait_for_workers(2);
    let before = descriptors();
    for _ in 0..10 {
        resize("8");
        resize("2");
    }
    dproxy.wait_for_workers(2);
    dproxy.wait_for("no descriptor more", || descriptors() <= before);
}
