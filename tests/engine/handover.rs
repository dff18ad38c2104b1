//! Clients that keep their connections do not notice that workers come and go.

use std::time::Duration;

use dproxy_testkit::{Connection, Dproxy, Load, Origin, PATIENCE, Running, Signal, pause, wait_for};

use super::serving;
use crate::alone;

/// Clients that have had an answer and say nothing.
pub(super) fn silent(dproxy: &Dproxy, count: usize) -> Vec<Connection> {
    let mut clients: Vec<Connection> = (0..count).map(|_| Connection::open(dproxy.http()).unwrap()).collect();
    clients.iter_mut().for_each(ask);
    clients
}

pub(super) fn ask(client: &mut Connection) {
    client.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
    let answer = client.answer_to("GET").unwrap();
    assert!(answer.text() == "ok" && !answer.closes(), "{answer:?}");
}

#[test]
fn silent_clients_stay_connected_whatever_happens_to_the_pool() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let dproxy = serving(&origin, 4);
    let mut clients = silent(&dproxy, 300);
    for words in [&["resize", "1"][..], &["resize", "4"], &["restart"], &["resize", "2"], &["restart"]] {
        assert_eq!(dproxy.ctl(words).code, Some(0));
    }
    dproxy.wait_for_workers(2);
    clients.iter_mut().for_each(ask);
    let seen = origin.last();
    assert_eq!(seen.values("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(seen.values("x-forwarded-port"), [dproxy.http().port().to_string().as_str()]);
    assert_eq!(dproxy.status()["connections_total"], 300, "nobody had to connect again");
    dproxy.wait_for("each to be counted once", || dproxy.status()["connections_open"] == 300);
}

/// Whether a client that gets its answer may ask again on the same connection.
fn stays(client: &mut Connection) -> bool {
    client.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
    let answer = client.answer_to("GET").unwrap();
    assert_eq!(answer.text(), "ok");
    !answer.closes()
}

#[test]
fn clients_on_their_way_when_the_master_dies_are_answered_all_the_same() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let mut dproxy = serving(&origin, 8);
    let mut sent_away = 0;
    for micros in [0, 500, 1000, 2000, 4000] {
        let mut clients = silent(&dproxy, 400);
        assert_eq!(dproxy.post("/service/balancer/resize?size=1").status, 200);
        pause(Duration::from_micros(micros));
        dproxy.signal(Signal::SIGKILL);
        dproxy.wait_for_end();
        let mut silent = clients.split_off(200);
        // A worker that leaves and has nobody left to give them to tells them so with an answer.
        clients.retain_mut(stays);
        dproxy.launch_again();
        dproxy.wait_for("the next master", || dproxy.online() == Some(1));
        clients.append(&mut silent);
        clients.retain_mut(stays);
        sent_away += 400 - clients.len();
        clients.iter_mut().for_each(|client| assert!(stays(client)));
        assert_eq!(dproxy.ctl(&["resize", "8"]).code, Some(0));
        dproxy.wait_for("all workers", || dproxy.online() == Some(8));
    }
    println!("{sent_away} of 2000 were sent away with an answer");
    assert!(sent_away > 0, "it never died in the midst of it");
}

/// How often the clients of this load had to connect, and what went wrong.
pub(super) fn connections_of(load: Running, during: impl FnOnce()) -> (u64, u64, u64) {
    wait_for("a load that goes on", PATIENCE, || load.done() > 1000);
    during();
    let report = load.stop();
    println!("{report}");
    (report.connections, report.failed(), report.good)
}

#[test]
fn clients_that_ask_all_the_time_stay_connected_over_restarts_and_resizes() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let dproxy = serving(&origin, 3);
    let load = Load { clients: 100, rate: Some(1000), body: Some("ok".to_owned()), ..Load::new(dproxy.http(), "a.test") };
    let (connections, failed, _) = connections_of(load.start(), || {
        for words in [&["restart"][..], &["resize", "1"], &["resize", "5"], &["restart"]] {
            assert_eq!(dproxy.ctl(words).code, Some(0));
        }
    });
    assert_eq!((connections, failed), (100, 0));
}
