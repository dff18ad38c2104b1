//! Workers come and go, and clients of HTTP/3 do not notice.

use std::time::Duration;

use dproxy_testkit::{Origin, PATIENCE, Signal, kill, wait_for};

use super::client::{Load, Report, ask, connect, endpoint, fetch, requests, runtime};
use super::serve;
use crate::alone;
use crate::tls::Secure;

const CLIENTS: usize = 8;

fn nothing_is_lost(what: &str, report: &Report) {
    println!("{what}: {} good, {} connections, failures {:?}", report.good, report.again, report.failures);
    assert!(report.failures.is_empty(), "{what}: {:?}", report.failures);
}

/// Under load, with what is done to the program meanwhile.
fn under_load(workers: usize, what: &str, change: impl FnOnce(&mut Secure, &Load)) {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let mut secure = serve(|options| options.workers(workers).route("a.test", &[origin.addr()]));
    let load = Load::start(secure.port, CLIENTS);
    load.pause_until_more(100);
    change(&mut secure, &load);
    load.pause_until_more(100);
    nothing_is_lost(what, &load.stop());
}

#[test]
fn nothing_is_lost_when_the_pool_grows_and_shrinks() {
    under_load(2, "resize", |secure, load| {
        for size in ["4", "1", "3", "2"] {
            assert_eq!(secure.dproxy.ctl(&["resize", size]).code, Some(0));
            load.pause_until_more(50);
        }
    });
}

#[test]
fn nothing_is_lost_when_all_workers_are_replaced() {
    under_load(2, "restart", |secure, load| {
        for _ in 0..2 {
            assert_eq!(secure.dproxy.ctl(&["restart"]).code, Some(0));
            load.pause_until_more(50);
        }
    });
}

#[test]
fn nothing_is_lost_over_an_upgrade() {
    under_load(2, "upgrade", |secure, load| {
        let upgraded = secure.dproxy.ctl(&["upgrade"]);
        assert_eq!(upgraded.code, Some(0), "{upgraded:?}\n{}", secure.dproxy.log());
        load.pause_until_more(50);
    });
}

#[test]
fn nothing_is_lost_when_the_master_dies_and_the_next_one_comes() {
    under_load(2, "the next master", |secure, load| {
        secure.dproxy.signal(Signal::SIGKILL);
        secure.dproxy.wait_for_end();
        load.pause_until_more(50);
        secure.dproxy.start_again();
        load.pause_until_more(50);
        assert_eq!(secure.dproxy.ctl(&["restart"]).code, Some(0));
        load.pause_until_more(50);
    });
}

#[test]
fn clients_of_a_worker_that_is_killed_lose_what_it_held_and_come_again_at_once() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let secure = serve(|options| options.workers(2).route("a.test", &[origin.addr()]));
    let load = Load::start(secure.port, CLIENTS);
    load.pause_until_more(100);
    for round in 0..5 {
        secure.dproxy.wait_for_workers(2);
        let victim = secure.dproxy.worker_pids()[round % 2];
        kill(victim, Signal::SIGKILL);
        wait_for("another worker", PATIENCE, || secure.dproxy.worker_pids().len() == 2 && !secure.dproxy.worker_pids().contains(&victim));
        load.pause_until_more(100);
    }
    let report = load.stop();
    println!("killed: {} good, {} connections, failures {:?}", report.good, report.again, report.failures);
    assert!(report.failures.len() <= 5 * CLIENTS, "{:?}", report.failures);
    assert!(report.failures.iter().all(|failure| failure.contains("no answer")), "connections are begun at once: {:?}", report.failures);
}

#[test]
fn a_client_whose_address_changes_goes_on() {
    let origin = Origin::saying("ok");
    let secure = serve(|options| options.workers(4).route("a.test", &[origin.addr()]));
    runtime().block_on(async {
        let endpoint = endpoint();
        let connection = connect(&endpoint, secure.port).await.unwrap();
        let mut requests = requests(connection).await.unwrap();
        for change in 0..20 {
            let asked = fetch(&mut requests, ask("GET", "/").body(()).unwrap(), b"");
            let answer = tokio::time::timeout(PATIENCE, asked).await.expect("an answer").unwrap();
            assert_eq!(answer.text(), "ok", "after {change} changes");
            // From another port, as behind a router that forgets.
            endpoint.rebind(std::net::UdpSocket::bind("127.0.0.1:0").unwrap()).unwrap();
        }
    });
}

#[test]
fn a_request_that_takes_its_time_is_answered_while_its_worker_leaves() {
    let slow =
        Origin::start(|_| [dproxy_testkit::Step::Pause(Duration::from_secs(3))].into_iter().chain(dproxy_testkit::ok("late")).collect());
    let secure = super::serve_silently(|options| options.workers(2).route("a.test", &[slow.addr()]));
    runtime().block_on(async {
        let endpoint = endpoint();
        let connection = connect(&endpoint, secure.port).await.unwrap();
        let mut requests = requests(connection).await.unwrap();
        let asked = fetch(&mut requests, ask("GET", "/").body(()).unwrap(), b"");
        let restart = async {
            while slow.count() == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let dproxy = &secure.dproxy;
            std::thread::scope(|scope| _ = scope.spawn(|| dproxy.ctl(&["restart", "--no-wait"])));
        };
        let (answer, ()) = tokio::join!(tokio::time::timeout(PATIENCE, asked), restart);
        assert_eq!(answer.expect("an answer").unwrap().text(), "late");
    });
}
