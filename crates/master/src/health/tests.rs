use std::fs::File;

use dproxy_config::ProxySettings;
use dproxy_control::BackendRow;
use dproxy_ipc::Generation;
use dproxy_route::{HostPattern, PathPrefix, Route};

use super::*;

fn board() -> Board {
    Board::map(&File::from(dproxy_ipc::board().unwrap())).unwrap()
}

fn backend(port: u16) -> Backend {
    Backend::at(([127, 0, 0, 1], port).into())
}

fn checked(port: u16) -> Backend {
    let check = Check { probe: Probe::Tcp, interval: Duration::from_secs(3600), timeout: Duration::from_secs(5), rise: 2, fall: 2 };
    Backend { check: Some(Box::new(check)), ..backend(port) }
}

fn snapshot(backends: &[Backend]) -> Snapshot {
    let route = |backend: &Backend| Route::fixed(0, HostPattern::Any, PathPrefix::root(), backend.clone());
    let mut columns: Vec<(BackendId, u32)> = backends.iter().map(|backend| (backend.id.clone(), u32::from(backend.port))).collect();
    columns.sort();
    Snapshot {
        generation: Generation(1),
        settings: ProxySettings::default(),
        routes: backends.iter().map(route).collect(),
        columns,
        accounts: Vec::new(),
    }
}

fn follow(health: &mut Health, snapshot: &Snapshot, board: &Board, now: u64) {
    let changes = Changes::between(health.followed().as_deref(), snapshot, board, now);
    health.follow(Arc::new(snapshot.clone()), changes, board, now);
}

/// `port word` of each backend.
fn words(health: &Health, backends: &[Backend], board: &Board, now: u64) -> String {
    let mut rows: Vec<BackendRow> = backends
        .iter()
        .map(|backend| BackendRow {
            id: backend.id.to_string(),
            port: backend.port,
            condition: backend.condition.as_str().to_owned(),
            ..BackendRow::default()
        })
        .collect();
    health.chart().complete(&mut rows, board, now);
    rows.iter().map(|row| format!("{} {}", row.port, row.condition)).collect::<Vec<_>>().join(", ")
}

fn finding(health: &Health, backend: &Backend, result: Result<(), ProbeError>) -> Finding {
    let round = health.patients[&backend.id].checked.as_ref().map_or(0, |checked| checked.round);
    Finding { backend: backend.id.clone(), round, result }
}

#[tokio::test]
async fn what_is_checked_must_prove_itself_first() {
    let (board, mut health) = (board(), Health::new());
    let backends = [backend(1), checked(2), Backend { condition: Condition::Starting, ..backend(3) }];
    follow(&mut health, &snapshot(&backends), &board, 1000);
    assert_eq!(words(&health, &backends, &board, 1000), "1 ready, 2 unchecked, 3 starting");
    let good = finding(&health, &backends[1], Ok(()));
    health.take_in(good, &board, 2000);
    assert_eq!(words(&health, &backends, &board, 2000), "1 ready, 2 ready, 3 starting");
    for expected in ["2 ready", "2 failing"] {
        let bad = finding(&health, &backends[1], Err(ProbeError::Status(500)));
        health.take_in(bad, &board, 3000);
        assert_eq!(words(&health, &backends[1..2], &board, 3000), expected);
    }
    let problems: Vec<String> = health.problems().map(|problem| problem.to_string()).collect();
    assert_eq!(problems, ["backend 127.0.0.1:2:2: its check fails (a connection): answered with status 500"]);
}

#[tokio::test]
async fn a_new_table_changes_nothing_for_those_that_stay() {
    let (board, mut health) = (board(), Health::new());
    let backends = [backend(1), checked(2)];
    follow(&mut health, &snapshot(&backends), &board, 1000);
    let good = finding(&health, &backends[1], Ok(()));
    health.take_in(good, &board, 2000);
    follow(&mut health, &snapshot(&[backend(1), checked(2), backend(3)]), &board, 3000);
    assert_eq!(words(&health, &backends, &board, 3000), "1 ready, 2 ready");
    assert_eq!(board.vitals(Column::at(2).unwrap()).since(), 2000);

    // Of a check that was replaced, nothing is believed.
    let stale = finding(&health, &backends[1], Err(ProbeError::Malformed));
    let other = Backend { check: Some(Box::new(Check { fall: 1, ..Check::default() })), ..backend(2) };
    follow(&mut health, &snapshot(&[backend(1), other]), &board, 4000);
    assert_eq!(words(&health, &backends, &board, 4000), "1 ready, 2 unchecked");
    health.take_in(stale, &board, 5000);
    assert_eq!(words(&health, &backends, &board, 5000), "1 ready, 2 unchecked");
    follow(&mut health, &snapshot(&[backend(1), backend(2)]), &board, 6000);
    assert_eq!(words(&health, &backends, &board, 6000), "1 ready, 2 ready");
}

#[tokio::test]
async fn whoever_comes_back_begins_anew_and_whoever_becomes_ready_starts_then() {
    let (board, mut health) = (board(), Health::new());
    let vitals = board.vitals(Column::at(1).unwrap());
    follow(&mut health, &snapshot(&[Backend { condition: Condition::Starting, ..backend(1) }]), &board, 1000);
    assert_eq!(vitals.since(), 0, "whoever was there before us is warm");
    follow(&mut health, &snapshot(&[backend(1)]), &board, 2000);
    assert_eq!(vitals.since(), 2000);
    let rules = dproxy_stats::Ejection { faults: 1, time: 10_000, longest: 10_000 };
    assert_eq!(vitals.failed(dproxy_stats::Fault::Connect, 3000, &rules, 0, || true), Some(10_000));
    assert_eq!(words(&health, &[backend(1)], &board, 3001), "1 ejected");
    follow(&mut health, &snapshot(&[]), &board, 4000);
    follow(&mut health, &snapshot(&[backend(1)]), &board, 5000);
    assert_eq!(words(&health, &[backend(1)], &board, 5001), "1 ready");
}

#[tokio::test]
async fn checks_are_really_made() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (board, mut health) = (board(), Health::new());
    let there = checked(listener.local_addr().unwrap().port());
    follow(&mut health, &snapshot(std::slice::from_ref(&there)), &board, 1000);
    let finding = health.found().await;
    health.take_in(finding, &board, 2000);
    assert!(words(&health, &[there], &board, 2000).ends_with(" ready"));
}

#[test]
fn checks_drift_apart() {
    let second = Duration::from_secs(1);
    let waits: Vec<Duration> = (0..1000).map(|chance| jittered(second, chance)).collect();
    assert!(waits.iter().all(|wait| (Duration::from_millis(875)..=Duration::from_millis(1125)).contains(wait)));
    assert!(waits.iter().max() > waits.iter().min().map(|least| *least + second / 5).as_ref());
}
