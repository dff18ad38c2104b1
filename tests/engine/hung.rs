//! Workers whose loop does not turn: their clients are served by others, and they are replaced. And what must not hold up any.

use std::fs;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::time::Duration;

use dproxy_testkit::{Dproxy, Load, Mode, Origin, PATIENCE, Report, Signal, free_addr, kill, pause, wait_for};

use super::serving;
use crate::{alone, dproxy};

/// What a client calls late.
pub(super) const LATE: Duration = Duration::from_millis(100);

/// How often it is measured before a bad figure is believed: the machine may have other things to do.
const ROUNDS: usize = 6;

/// How often it is frozen in a round.
pub(super) const FREEZES: usize = 3;

#[test]
fn a_worker_frozen_half_of_the_time_makes_hardly_anybody_wait() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let dproxy = serving(&origin, 4);
    let victim = dproxy.worker_pids()[1];
    let mut reports = (0..ROUNDS).map(|_| frozen_half_of_the_time(&dproxy, victim));
    // What it had just accepted waits with it; with nobody looking into its queue one in sixteen would be late.
    let good = reports.find(|report| report.late(LATE) <= FREEZES.max(report.latencies.len() / 1000));
    assert!(good.is_some(), "too many waited for {LATE:?} in each of {ROUNDS} rounds");
    assert!(dproxy.worker_pids().contains(&victim), "it is no reason to end a worker");
}

pub(super) fn frozen_half_of_the_time(dproxy: &Dproxy, victim: u32) -> Report {
    let load = Load { clients: 16, rate: Some(200), mode: Mode::PerRequest, ..Load::new(dproxy.http(), "a.test") }.start();
    wait_for("a load that goes on", PATIENCE, || load.done() > 200);
    for _ in 0..FREEZES {
        kill(victim, Signal::SIGSTOP);
        pause(Duration::from_secs(1));
        kill(victim, Signal::SIGCONT);
        pause(Duration::from_secs(1));
    }
    let report = load.stop();
    println!("{} late: {report}", report.late(LATE));
    assert_eq!(report.failed(), 0, "{report}");
    report
}

#[test]
fn a_worker_that_uses_too_much_memory_is_replaced_and_loses_no_request() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    // Any worker of a test build uses more than the least that can be set.
    let dproxy = dproxy().workers(2).yaml("max_memory: 8MiB").route("a.test", &[origin.addr()]).start();
    let before = dproxy.worker_pids();
    let load = Load { clients: 4, rate: Some(100), ..Load::new(dproxy.http(), "a.test") }.start();
    dproxy.wait_for("two new workers", || dproxy.online() == Some(2) && dproxy.worker_pids().iter().all(|pid| !before.contains(pid)));
    let report = load.stop();
    assert_eq!(report.failed(), 0, "{report}");
    assert!(dproxy.log().contains("more memory than"), "{}", dproxy.log());
}

#[test]
fn a_worker_that_hangs_is_replaced_and_nobody_waits_for_that() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let dproxy = serving(&origin, 2);
    let victim = dproxy.worker_pids()[0];
    let load = Load { clients: 8, rate: Some(200), mode: Mode::PerRequest, ..Load::new(dproxy.http(), "a.test") }.start();
    wait_for("a load that goes on", PATIENCE, || load.done() > 50);
    kill(victim, Signal::SIGSTOP);
    dproxy.wait_for("a warning", || dproxy.status()["warnings"].to_string().contains("silent"));
    dproxy.wait_for("a new worker", || dproxy.online() == Some(2) && !dproxy.worker_pids().contains(&victim));
    let report = load.stop();
    // What it had accepted when it froze dies with it.
    assert!(report.failed() <= 8, "{report}");
    assert!(report.percentile(99) < Duration::from_millis(500), "{report}");
    dproxy.wait_for("no warning", || !dproxy.status()["warnings"].to_string().contains("silent"));
}

#[test]
fn a_log_that_nobody_reads_holds_nobody_up_and_one_that_is_closed_fails_nobody() {
    let home = tempfile::tempdir().unwrap();
    let (log, program) = (home.path().join("log"), home.path().join("dproxy"));
    nix::unistd::mkfifo(&log, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let collector = fs::OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(&log).unwrap();
    let script = format!("#!/bin/sh\nexec {} \"$@\" 2> {}\n", env!("CARGO_BIN_EXE_dproxy"), log.display());
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut options = dproxy().workers(2).route("a.test", &[free_addr()]);
    options.binary = program;
    let dproxy = options.start();
    // Each is a line of the log, and a pipe has room for some hundreds.
    (0..1000).for_each(|_| assert_eq!(dproxy.get("a.test", "/").status, 502));
    assert_eq!(dproxy.post("/service/balancer/restart?wait=1").status, 200, "the master is not held up, either");
    drop(collector);
    (0..100).for_each(|_| assert_eq!(dproxy.get("a.test", "/").status, 502));
    assert_eq!(dproxy.post("/service/balancer/resize?size=3&wait=1").status, 200);
}
