//! Tables that kill workers: they are taken back.

use std::fs;
use std::time::{Duration, Instant};

use dproxy_testkit::{Dproxy, Load, Mode, Origin, PATIENCE, Signal, kill, wait_for};

use super::serving;
use crate::alone;

/// Adds a route for `b.test` to the configuration and waits until it is served.
fn add_a_route(dproxy: &mut Dproxy, origin: &Origin) {
    let file = fs::read_to_string(dproxy.config()).unwrap();
    fs::write(dproxy.config(), format!("{file}\n  - hosts: [b.test]\n    backends: [\"{}\"]\n", origin.addr())).unwrap();
    dproxy.signal(Signal::SIGHUP);
    dproxy.wait_for("the new route", || dproxy.get("b.test", "/").status == 200);
}

fn warnings(dproxy: &Dproxy) -> String {
    dproxy.status()["warnings"].to_string()
}

/// A new table, and two workers that die soon after: to the master it looks as if the table had killed them.
pub(super) fn taken_back_after(dproxy: &mut Dproxy, origin: &Origin) -> Duration {
    let victims = dproxy.worker_pids();
    add_a_route(dproxy, origin);
    victims[..2].iter().for_each(|victim| kill(*victim, Signal::SIGKILL));
    let dead = Instant::now();
    dproxy.wait_for("the old table", || dproxy.get("b.test", "/").status == 404);
    dead.elapsed()
}

#[test]
fn a_table_that_two_workers_die_of_is_taken_back_and_reported() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let mut dproxy = serving(&origin, 4);
    let load = Load { clients: 4, rate: Some(200), mode: Mode::PerRequest, ..Load::new(dproxy.http(), "a.test") }.start();
    wait_for("a load that goes on", PATIENCE, || load.done() > 50);
    let victims = dproxy.worker_pids();
    let time = taken_back_after(&mut dproxy, &origin);
    assert!(time < Duration::from_secs(5), "taken back after {time:?}");
    let text = warnings(&dproxy);
    assert!(text.contains("quarantined") && text.contains("b.test"), "{text}");
    dproxy.wait_for("everybody with the old table", || dproxy.status()["workers_at_generation"] == 4);
    assert!(victims[2..].iter().all(|pid| dproxy.worker_pids().contains(pid)), "the others never left service");
    let report = load.stop();
    assert!(report.failed() <= 4, "only what the dead held may be lost: {report}");

    // An operator may insist.
    assert_eq!(dproxy.ctl(&["restart"]).code, Some(0));
    dproxy.wait_for("the new table again", || dproxy.get("b.test", "/").status == 200 && !warnings(&dproxy).contains("quarantined"));
}

#[test]
fn a_crash_loop_is_shown_and_over_soon_after_its_cause() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let dproxy = serving(&origin, 2);
    let loops = "failed 3 times in a row";
    dproxy.wait_for("a warning", || {
        let rows = dproxy.data("/workers");
        // It may be between two lives.
        if let Some(pid) = rows[0]["pid"].as_u64().filter(|_| rows[0]["state"] == "online") {
            kill(u32::try_from(pid).unwrap(), Signal::SIGKILL);
        }
        warnings(&dproxy).contains(loops)
    });
    assert_eq!(dproxy.get("a.test", "/").status, 200, "the other worker serves");
    let over = Instant::now();
    dproxy.wait_for("both workers", || dproxy.online() == Some(2));
    assert!(over.elapsed() < Duration::from_secs(10));
}

#[test]
fn workers_that_die_of_something_else_change_no_table() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let mut dproxy = serving(&origin, 3);
    add_a_route(&mut dproxy, &origin);
    dproxy.wait_for("a proven table", || dproxy.log().contains("snapshot proven"));
    for _ in 0..3 {
        let victim = dproxy.worker_pids()[0];
        kill(victim, Signal::SIGKILL);
        dproxy.wait_for("a new worker", || dproxy.online() == Some(3) && !dproxy.worker_pids().contains(&victim));
    }
    assert_eq!(dproxy.get("b.test", "/").status, 200);
    assert!(!warnings(&dproxy).contains("quarantined"), "{}", warnings(&dproxy));
}
