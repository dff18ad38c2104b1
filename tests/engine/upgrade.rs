//! Another program takes over in the same process, and clients do not notice; a broken one never gets that far.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use dproxy_testkit::{Dproxy, Origin, Signal, pause};
use std::time::Duration;

use super::{Loads, sockets};
use crate::{alone, dproxy};

/// A master whose program can be replaced.
pub(super) fn installed(origin: &Origin, workers: usize) -> (tempfile::TempDir, Dproxy) {
    let home = tempfile::tempdir().unwrap();
    let program = home.path().join("dproxy");
    fs::copy(env!("CARGO_BIN_EXE_dproxy"), &program).unwrap();
    let mut options = dproxy().workers(workers).route("a.test", &[origin.addr()]);
    options.binary = program;
    (home, options.start())
}

/// Puts another program in the place of the one that runs, as a package manager does.
pub(super) fn install(home: &Path, text: &str) {
    let aside = home.join("dproxy.new");
    fs::write(&aside, text).unwrap();
    fs::set_permissions(&aside, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(aside, home.join("dproxy")).unwrap();
}

/// The same program in another file, as after an update.
pub(super) fn update(home: &Path) {
    fs::copy(env!("CARGO_BIN_EXE_dproxy"), home.join("aside")).unwrap();
    fs::rename(home.join("aside"), home.join("dproxy")).unwrap();
}

/// A script that does `deed` when it is to be the master, and is dproxy for a check and for everything else.
pub(super) fn fails_as_master(deed: &str) -> String {
    script("master", deed)
}

/// A script that does `deed` first when it is to be a `master`, or for a `rehearsal` of that, and is dproxy then.
fn script(part: &str, deed: &str) -> String {
    let parts = "part=$1; [ -z \"$DPROXY_REHEARSAL\" ] || part=rehearsal";
    format!("#!/bin/sh\n{parts}\ncase $part in {part}) {deed};; esac\nexec {} \"$@\"\n", env!("CARGO_BIN_EXE_dproxy"))
}

fn children(pid: u32) -> usize {
    fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap().split_whitespace().count()
}

#[test]
fn upgrades_under_load_lose_no_request_and_keep_the_process() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let (home, dproxy) = installed(&origin, 3);
    let loads = Loads::start(&dproxy);
    let (pid, mut requests) = (dproxy.pid(), 0);
    let descriptors = || fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
    let mut before = 0;
    for round in 0..5 {
        let workers: BTreeSet<u32> = dproxy.worker_pids().into_iter().collect();
        update(home.path());
        let told = dproxy.ctl(&["upgrade"]);
        assert_eq!(told.code, Some(0), "{told:?}\n{}", dproxy.log());
        assert!(told.stdout.contains("upgraded from version"), "{told:?}");
        let status = dproxy.status();
        assert_eq!(status["pid"], pid);
        assert_eq!(fs::read_to_string(dproxy.pid_file()).unwrap().trim(), pid.to_string());
        assert_eq!(status["upgrade"]["number"], round + 1);
        dproxy.wait_for("workers of the new program only", || dproxy.worker_pids().iter().all(|worker| !workers.contains(worker)));
        assert!(status["requests_total"].as_u64() >= Some(requests), "counters never go back");
        requests = status["requests_total"].as_u64().unwrap();
        loads.go_on(100);
        sockets::wait_for_the_inventory(&dproxy, 3);
        if round == 0 {
            before = descriptors();
        }
    }
    dproxy.wait_for("no descriptor more", || descriptors() <= before);
    dproxy.wait_for("no process more", || children(pid) == 3);
    loads.stop_without_a_failure();
    let exe = fs::read_link(format!("/proc/{}/exe", dproxy.worker_pids()[0])).unwrap();
    assert_eq!(exe, fs::canonicalize(home.path().join("dproxy")).unwrap());
    let second = dproxy.second_master();
    assert!(second.code != Some(0) && second.stderr.contains(&pid.to_string()), "the lock was never let go: {second:?}");
}

#[test]
fn a_program_that_cannot_take_over_is_refused_and_says_why() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let (home, dproxy) = installed(&origin, 2);
    let workers = dproxy.worker_pids();
    let loads = Loads::start(&dproxy);
    let broken = [
        ("#!/bin/sh\necho out of order >&2\nexit 3\n", "out of order"),
        ("#!/bin/sh\nkill -SEGV $$\n", "signal: 11"),
        ("#!/bin/sh\nexit 0\n", "no dproxy that knows how"),
        ("#!/bin/sh\ncase $1 in master) exec sleep 60;; esac\n", "did not finish its check within 10 s"),
        (concat!("#!/bin/sh\n", env!("CARGO_BIN_EXE_dproxy"), " \"$@\"\n"), "a script must replace itself by dproxy"),
        ("not a program", "the new program"),
    ];
    for (program, expected) in broken {
        install(home.path(), program);
        let told = dproxy.run_as(env!("CARGO_BIN_EXE_dproxy"), &["ctl", "upgrade"]);
        assert!(told.code == Some(1) && told.stderr.contains(expected), "{program}: {told:?}");
        assert_eq!(dproxy.status()["upgrade"]["state"], "failed", "{program}");
    }
    fs::remove_file(home.path().join("dproxy")).unwrap();
    let told = dproxy.run_as(env!("CARGO_BIN_EXE_dproxy"), &["ctl", "upgrade"]);
    assert!(told.code == Some(1) && told.stderr.contains("cannot be started"), "{told:?}");
    assert_eq!(dproxy.worker_pids(), workers, "nobody was replaced");
    loads.stop_without_a_failure();
}

#[test]
fn a_check_that_hangs_leaves_nobody_behind() {
    let origin = Origin::saying("ok");
    let (home, dproxy) = installed(&origin, 1);
    let left = home.path().join("left");
    install(home.path(), &format!("#!/bin/sh\nsleep 1000 & echo $! > {}\nkill -STOP $$\n", left.display()));
    let told = dproxy.run_as(env!("CARGO_BIN_EXE_dproxy"), &["ctl", "upgrade"]);
    assert!(told.code == Some(1) && told.stderr.contains("did not finish its check within 10 s"), "{told:?}");
    let sleeper = fs::read_to_string(left).unwrap().trim().parse().unwrap();
    dproxy.wait_for("the end of what it started", || !super::orphans::lives(sleeper));
    assert_eq!(dproxy.get("a.test", "/").text(), "ok");
}

#[test]
fn a_new_program_that_does_not_serve_gives_the_process_back() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let (home, dproxy) = installed(&origin, 2);
    let (pid, loads) = (dproxy.pid(), Loads::start(&dproxy));
    let requests = dproxy.status()["requests_total"].as_u64();
    // Its configuration is fine when it is checked, and not any more when it begins.
    let file = fs::read_to_string(dproxy.config()).unwrap();
    let breaks = format!("echo 'no_such_key: 1' >> {}", dproxy.config().display());
    install(home.path(), &fails_as_master(&breaks));
    let told = dproxy.run_as(env!("CARGO_BIN_EXE_dproxy"), &["ctl", "upgrade"]);
    assert!(told.code == Some(1) && told.stderr.contains("no_such_key"), "{told:?}\n{}", dproxy.log());
    fs::write(dproxy.config(), file).unwrap();
    let status = dproxy.status();
    assert_eq!((status["pid"].as_u64(), status["upgrade"]["state"].as_str()), (Some(u64::from(pid)), Some("failed")));
    assert!(status["requests_total"].as_u64() >= requests);
    sockets::wait_for_the_inventory(&dproxy, 2);
    loads.go_on(100);
    update(home.path());
    let told = dproxy.ctl(&["upgrade"]);
    assert_eq!(told.code, Some(0), "a whole one takes over afterwards: {told:?}\n{}", dproxy.log());
    loads.stop_without_a_failure();
}

#[test]
fn a_new_program_that_hangs_while_it_begins_gives_the_process_back() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let (home, dproxy) = installed(&origin, 2);
    let (pid, loads) = (dproxy.pid(), Loads::start(&dproxy));
    // Whoever opens the file waits for ever, as when the server that has it does not answer any more.
    let (config, aside) = (dproxy.config().display().to_string(), dproxy.home().join("aside"));
    fs::copy(dproxy.config(), &aside).unwrap();
    install(home.path(), &fails_as_master(&format!("rm {config} && mkfifo {config}")));
    let socket = dproxy.socket().display().to_string();
    let told = dproxy.run_as(env!("CARGO_BIN_EXE_dproxy"), &["ctl", "--socket", &socket, "upgrade"]);
    assert!(told.code == Some(1) && told.stderr.contains("the new program hangs: it did not begin"), "{told:?}\n{}", dproxy.log());
    let status = dproxy.status();
    assert_eq!((status["pid"].as_u64(), status["upgrade"]["state"].as_str()), (Some(u64::from(pid)), Some("failed")));
    fs::rename(aside, dproxy.config()).unwrap();
    sockets::wait_for_the_inventory(&dproxy, 2);
    loads.go_on(100);
    update(home.path());
    let told = dproxy.ctl(&["upgrade"]);
    assert_eq!(told.code, Some(0), "a whole one takes over afterwards: {told:?}\n{}", dproxy.log());
    loads.stop_without_a_failure();
}

#[test]
fn a_program_that_hangs_before_it_begins_is_ended_and_the_next_master_finds_the_workers() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let (home, mut dproxy) = installed(&origin, 2);
    let loads = Loads::start(&dproxy);
    install(home.path(), &fails_as_master("exec sleep 1000"));
    // Nobody is there who could say how it went on.
    assert_eq!(dproxy.post("/service/balancer/upgrade").status, 200);
    assert_eq!(dproxy.wait_for_end().signal(), Some(Signal::SIGALRM as i32));
    loads.go_on(100);
    update(home.path());
    dproxy.start_again();
    assert!(dproxy.log().contains("a worker of an earlier master is taken over"), "{}", dproxy.log());
    loads.go_on(100);
    loads.stop_without_a_failure();
}

#[test]
fn whoever_asks_the_api_while_another_program_takes_over_is_answered() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let (_home, dproxy) = installed(&origin, 1);
    let done = AtomicBool::new(false);
    let ask = || {
        let mut answers = 0;
        while !done.load(Ordering::Relaxed) {
            let answer = dproxy.try_api("/metrics").unwrap_or_else(|failure| panic!("after {answers} answers: {failure}"));
            assert_eq!(answer.status, 200, "{}", answer.text());
            answers += 1;
        }
        answers
    };
    std::thread::scope(|scope| {
        let asking: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
        for _ in 0..5 {
            let told = dproxy.ctl(&["upgrade"]);
            assert_eq!(told.code, Some(0), "{told:?}\n{}", dproxy.log());
        }
        done.store(true, Ordering::Relaxed);
        let answers: u32 = asking.into_iter().map(|asking| asking.join().unwrap()).sum();
        println!("{answers} answers over five upgrades");
    });
}

#[test]
fn a_signal_on_the_way_to_another_program_is_not_lost() {
    let origin = Origin::saying("ok");
    let (_home, mut dproxy) = installed(&origin, 2);
    let asking = std::thread::scope(|scope| {
        let dproxy = &dproxy;
        let upgrade = scope.spawn(move || dproxy.ctl(&["upgrade"]));
        pause(Duration::from_millis(300));
        upgrade.join().unwrap()
    });
    assert_eq!(asking.code, Some(0), "{asking:?}");
    dproxy.signal(Signal::SIGTERM);
    assert_eq!(dproxy.exit_code(), 0, "the new program obeys: {}", dproxy.log());
    assert!(!dproxy.pid_file().exists() && !dproxy.socket().exists());
}

#[test]
fn a_stopped_pool_is_upgraded_and_stays_stopped() {
    let origin = Origin::saying("ok");
    let (_home, dproxy) = installed(&origin, 2);
    assert_eq!(dproxy.ctl(&["stop"]).code, Some(0));
    let told = dproxy.ctl(&["upgrade"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert_eq!(dproxy.status()["pool"], "stopped");
    assert_eq!(dproxy.ctl(&["start"]).code, Some(0));
    assert_eq!(dproxy.get("a.test", "/").text(), "ok");
}

#[test]
fn an_upgrade_is_refused_while_another_operation_runs() {
    let origin = Origin::saying("ok");
    let (home, dproxy) = installed(&origin, 2);
    install(home.path(), &script("rehearsal", "sleep 2"));
    std::thread::scope(|scope| {
        let dproxy = &dproxy;
        let first = scope.spawn(move || dproxy.run_as(env!("CARGO_BIN_EXE_dproxy"), &["ctl", "upgrade"]));
        dproxy.wait_for("the check", || dproxy.status()["upgrade"]["state"] == "checking");
        for path in ["/service/balancer/upgrade", "/service/balancer/resize?size=4", "/service/balancer/stop"] {
            assert_eq!(dproxy.post(path).status, 409, "{path}");
        }
        let first = first.join().unwrap();
        assert_eq!(first.code, Some(0), "{first:?}");
    });
}
