//! The sockets of a pool: each has somebody who accepts from it, whatever happened, and clients are spread evenly.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;

use dproxy_testkit::{Dproxy, Load, Mode, Origin, PATIENCE, Signal, kill, wait_for};

use super::serving;
use crate::alone;

/// The inodes of the sockets that listen at an IPv4 address, as the kernel lists them.
fn listening(address: SocketAddr) -> BTreeSet<u64> {
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    let rows = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let port = format!(":{:04X}", address.port());
    rows.filter(|row| row[1].ends_with(&port) && row[3] == "0A").map(|row| row[9].parse().unwrap()).collect()
}

/// The inodes of the sockets that a process holds.
fn held(process: u32) -> BTreeSet<u64> {
    let entries = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    let links = entries.filter_map(|entry| fs::read_link(entry.path()).ok()?.to_str().map(str::to_owned));
    links.filter_map(|link| link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()).collect()
}

/// Waits until every listening socket is the master's, in the hands of a worker, and counted once.
#[track_caller]
pub(super) fn wait_for_the_inventory(dproxy: &Dproxy, workers: usize) {
    dproxy.wait_for_workers(workers);
    dproxy.wait_for("a whole inventory", || {
        let (there, ours) = (listening(dproxy.http()), held(dproxy.pid()));
        let hands: BTreeSet<u64> = dproxy.worker_pids().into_iter().flat_map(held).collect();
        let rows = dproxy.data("/workers");
        let counted: u64 = rows.as_array().into_iter().flatten().filter_map(|row| row["sockets"].as_u64()).sum();
        let all = there.is_subset(&ours) && there.is_subset(&hands) && u64::try_from(there.len()) == Ok(counted);
        all && there.len() >= workers && !dproxy.status()["warnings"].to_string().contains("nobody accepts")
    });
}

#[test]
fn the_inventory_is_whole_after_every_transition() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let dproxy = serving(&origin, 3);
    wait_for_the_inventory(&dproxy, 3);
    let before = listening(dproxy.http());
    for size in [8, 2, 5, 1, 3] {
        assert_eq!(dproxy.ctl(&["resize", &size.to_string()]).code, Some(0));
        wait_for_the_inventory(&dproxy, size);
        assert!(before.is_subset(&listening(dproxy.http())), "a socket was closed while its address is configured");
    }
    kill(dproxy.worker_pids()[1], Signal::SIGKILL);
    wait_for_the_inventory(&dproxy, 3);
    assert_eq!(dproxy.ctl(&["restart"]).code, Some(0));
    wait_for_the_inventory(&dproxy, 3);
    assert_eq!(dproxy.ctl(&["stop"]).code, Some(0));
    assert_eq!(listening(dproxy.http()), BTreeSet::new(), "a stopped pool frees its ports");
    assert_eq!(dproxy.ctl(&["start"]).code, Some(0));
    wait_for_the_inventory(&dproxy, 3);
}

/// How many requests each slot has had.
fn requests(dproxy: &Dproxy) -> BTreeMap<u64, u64> {
    let rows = dproxy.data("/workers");
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| (row["slot"].as_u64().unwrap(), row["requests"].as_u64().unwrap())).collect()
}

#[test]
fn a_thousand_clients_are_spread_evenly_over_eight_workers() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let dproxy = serving(&origin, 8);
    check_balance(&dproxy, 8);
    assert_eq!(dproxy.ctl(&["resize", "3"]).code, Some(0));
    check_balance(&dproxy, 3);
}

/// Chance may spoil a round: other programs open connections too.
#[track_caller]
fn check_balance(dproxy: &Dproxy, workers: u64) {
    let mut rounds = (0..3).map(|_| spread(dproxy));
    let even = CLIENTS / workers;
    let found = rounds.any(|counts| counts.iter().all(|count| count.abs_diff(even) * 100 <= even * 15));
    assert!(found, "more than 15 % from {even} each in every round");
}

pub(super) const CLIENTS: u64 = 1000;

/// How many of a thousand clients each worker serves.
#[track_caller]
pub(super) fn spread(dproxy: &Dproxy) -> Vec<u64> {
    let before = requests(dproxy);
    let load = Load { clients: 4, rate: Some(250), limit: CLIENTS, mode: Mode::PerRequest, ..Load::new(dproxy.http(), "a.test") };
    let report = load.start().join();
    assert_eq!(report.failed(), 0, "{report}");
    let since = || requests(dproxy).into_iter().map(|(slot, count)| count - before[&slot]).collect::<Vec<u64>>();
    wait_for("all to be counted", PATIENCE, || since().iter().sum::<u64>() == CLIENTS);
    println!("{:?} of {CLIENTS} clients", since());
    since()
}
