//! The master dies: its workers serve on, and the next one takes them over.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use dproxy_testkit::{Dproxy, Origin, Signal, kill};

use super::upgrade::{fails_as_master, install, installed, update};
use super::{Loads, serving, sockets};
use crate::{alone, dproxy};

pub(super) fn lives(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

fn doors(dproxy: &Dproxy) -> usize {
    let files = fs::read_dir(dproxy.home().join("run")).unwrap().flatten();
    files.filter(|file| file.file_name().to_string_lossy().starts_with("worker-")).count()
}

/// Kills the master, and starts the next one. How long after its start it has all workers.
pub(super) fn succeed(dproxy: &mut Dproxy) -> Duration {
    dproxy.signal(Signal::SIGKILL);
    dproxy.wait_for_end();
    let begun = Instant::now();
    dproxy.start_again();
    begun.elapsed()
}

#[test]
fn a_killed_master_s_workers_serve_on_and_the_next_one_takes_them_over() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let mut dproxy = serving(&origin, 3);
    let loads = Loads::start(&dproxy);
    for round in 0..3 {
        let workers: BTreeSet<u32> = dproxy.worker_pids().into_iter().collect();
        let requests = dproxy.status()["requests_total"].as_u64();
        dproxy.signal(Signal::SIGKILL);
        dproxy.wait_for_end();
        loads.go_on(200);
        assert_eq!(dproxy.ctl(&["status"]).code, Some(3), "without a master that is said");
        let begun = Instant::now();
        dproxy.start_again();
        println!("round {round}: the next master has all workers after {:?}", begun.elapsed());
        let after: BTreeSet<u32> = dproxy.worker_pids().into_iter().collect();
        assert_eq!(after, workers, "the same workers: {}", dproxy.log());
        assert!(dproxy.status()["requests_total"].as_u64() >= requests, "counters never go back");
        loads.go_on(100);
    }
    for size in ["5", "1", "3"] {
        assert_eq!(dproxy.ctl(&["resize", size]).code, Some(0), "{}", dproxy.log());
        loads.go_on(50);
    }
    let before: BTreeSet<u32> = dproxy.worker_pids().into_iter().collect();
    assert_eq!(dproxy.ctl(&["restart"]).code, Some(0));
    dproxy.wait_for("new workers only", || dproxy.worker_pids().iter().all(|pid| !before.contains(pid)));
    sockets::wait_for_the_inventory(&dproxy, 3);
    loads.stop_without_a_failure();
    dproxy.wait_for("the end of the old ones", || before.iter().all(|pid| !lives(*pid)));
    assert_eq!(doors(&dproxy), 3, "a door for each worker, none of the dead");
}

#[test]
fn a_run_directory_that_was_cleared_away_is_made_again_by_a_restart_of_the_workers() {
    let origin = Origin::saying("ok");
    let dproxy = serving(&origin, 2);
    fs::remove_dir_all(dproxy.home().join("run")).unwrap();
    assert_eq!(dproxy.get("a.test", "/").text(), "ok");
    let told = dproxy.ctl(&["upgrade"]);
    assert!(told.code == Some(1) && told.stderr.contains("`dproxy ctl restart` gives new ones"), "nobody would find them: {told:?}");
    assert_eq!(dproxy.ctl(&["restart"]).code, Some(0));
    dproxy.wait_for("new doors", || doors(&dproxy) == 2);
    let told = dproxy.ctl(&["upgrade"]);
    assert_eq!(told.code, Some(0), "{told:?}\n{}", dproxy.log());
    assert_eq!(dproxy.get("a.test", "/").text(), "ok");
    let socket = dproxy.socket().display().to_string();
    assert_eq!(dproxy.ctl(&["--socket", &socket, "status"]).code, Some(0), "the control socket is there again, too");
}

#[test]
fn a_control_socket_that_is_gone_or_taken_by_a_file_stops_no_upgrade_and_no_way_back() {
    let origin = Origin::saying("ok");
    let (home, dproxy) = installed(&origin, 1);
    let (socket, pid) = (dproxy.socket(), dproxy.pid());
    let by_socket = || dproxy.run_as(env!("CARGO_BIN_EXE_dproxy"), &["ctl", "--socket", &socket.display().to_string(), "status"]).code;
    let upgrade = || dproxy.run_as(env!("CARGO_BIN_EXE_dproxy"), &["ctl", "upgrade"]);
    let breaks = format!("echo 'no_such_key: 1' >> {}", dproxy.config().display());
    let file = fs::read_to_string(dproxy.config()).unwrap();
    for taken in [false, true] {
        fs::remove_file(&socket).unwrap();
        if taken {
            fs::write(&socket, "somebody's").unwrap();
        }
        install(home.path(), &fails_as_master(&breaks));
        let told = upgrade();
        assert!(told.code == Some(1) && told.stderr.contains("no_such_key"), "{told:?}\n{}", dproxy.log());
        fs::write(dproxy.config(), &file).unwrap();
        assert_eq!((dproxy.status()["pid"].as_u64(), by_socket() == Some(0)), (Some(u64::from(pid)), !taken), "{}", dproxy.log());
    }
    update(home.path());
    let told = upgrade();
    assert_eq!(told.code, Some(0), "{told:?}\n{}", dproxy.log());
    assert_eq!(fs::read_to_string(&socket).unwrap(), "somebody's", "nobody removes what is not his");
    fs::remove_file(&socket).unwrap();
    assert_eq!((upgrade().code, by_socket()), (Some(0), Some(0)), "{}", dproxy.log());
    assert_eq!(dproxy.get("a.test", "/").text(), "ok");
}

#[test]
fn counters_of_the_dead_outlive_the_master() {
    let origin = Origin::saying("ok");
    let mut dproxy = serving(&origin, 2);
    (0..10).for_each(|_| assert_eq!(dproxy.get("a.test", "/").status, 200));
    dproxy.wait_for("ten requests", || dproxy.status()["requests_total"] == 10);
    kill(dproxy.worker_pids()[0], Signal::SIGKILL);
    let respawned = || dproxy.data("/workers").as_array().is_some_and(|rows| rows.iter().any(|row| row["restarts"] == 1));
    dproxy.wait_for("a respawn", || respawned() && dproxy.online() == Some(2));
    succeed(&mut dproxy);
    assert_eq!(dproxy.status()["requests_total"], 10);
}

#[test]
fn a_worker_that_died_meanwhile_is_replaced_and_a_broken_one_costs_only_itself() {
    let origin = Origin::saying("ok");
    let mut dproxy = serving(&origin, 3);
    let workers = dproxy.worker_pids();
    dproxy.signal(Signal::SIGKILL);
    dproxy.wait_for_end();
    kill(workers[0], Signal::SIGKILL);
    kill(workers[1], Signal::SIGSTOP);
    dproxy.start_again();
    let after = dproxy.worker_pids();
    assert_eq!(after.len(), 3);
    assert!(after.contains(&workers[2]) && !after.contains(&workers[0]) && !after.contains(&workers[1]), "{after:?} after {workers:?}");
    dproxy.wait_for("the end of the broken one", || !lives(workers[1]));
    assert_eq!(dproxy.get("a.test", "/").text(), "ok");
    assert_eq!(doors(&dproxy), 3);
}

#[test]
fn routes_of_an_engine_that_is_away_outlive_the_master() {
    let origin = Origin::saying("ok");
    let mut dproxy = serving(&origin, 2);
    let generation = dproxy.status()["generation"].clone();
    succeed(&mut dproxy);
    assert_eq!(dproxy.status()["generation"], generation, "nothing has changed, so nothing is published");
    assert_eq!(dproxy.get("a.test", "/").text(), "ok");
}

#[test]
fn a_pool_that_was_resized_keeps_its_size_over_the_master_s_death() {
    let mut dproxy = dproxy().workers(2).start();
    assert_eq!(dproxy.ctl(&["resize", "4"]).code, Some(0));
    dproxy.signal(Signal::SIGKILL);
    dproxy.wait_for_end();
    dproxy.launch_again();
    dproxy.wait_for("four workers", || dproxy.online() == Some(4));
    assert_eq!(dproxy.worker_pids().len(), 4);
}

#[test]
fn strangers_in_the_run_directory_are_no_workers() {
    let origin = Origin::saying("ok");
    let mut dproxy = serving(&origin, 2);
    dproxy.signal(Signal::SIGKILL);
    dproxy.wait_for_end();
    let run = dproxy.home().join("run");
    fs::write(run.join("worker-0-1.sock"), "no socket").unwrap();
    drop(std::os::unix::net::UnixListener::bind(run.join("worker-1-1.sock")).unwrap());
    let _deaf = std::os::unix::net::UnixListener::bind(run.join("worker-2-1.sock")).unwrap();
    dproxy.start_again();
    assert_eq!(dproxy.worker_pids().len(), 2);
    assert!(Path::new("/proc/1").exists(), "whoever has that number is left alone");
    assert_eq!(dproxy.get("a.test", "/").text(), "ok");
}
