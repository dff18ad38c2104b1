//! The PROXY protocol: from proxies in front of us, and to backends that want it.

use std::process::Command;

use dproxy_testkit::{Answer, Connection, Dproxy, Options, Origin, request};

use crate::dproxy;

fn listening(options: Options, origin: &Origin) -> Dproxy {
    options.yaml("proxy_protocol: [127.0.0.1]").route("a.test", &[origin.addr()]).start()
}

/// A program whose backend is announced to.
fn announcing(version: &str, backend: &str) -> Dproxy {
    dproxy().yaml(&format!("routes:\n  - {{host: a.test, backends: \"{backend}\", proxy_protocol: {version}}}")).start()
}

const GET: &str = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\x0a\0\0\x01\x01\0\x01\xbb";

/// The answer to a connection that sends these pieces.
fn said(dproxy: &Dproxy, pieces: &[&[u8]]) -> Option<Answer> {
    let mut connection = Connection::open(dproxy.http()).unwrap();
    for piece in pieces {
        connection.send(piece).ok()?;
    }
    connection.answer_to("GET").ok()
}

#[test]
fn a_peer_that_announces_tells_who_the_client_is() {
    let origin = Origin::saying("ok");
    let dproxy = listening(dproxy(), &origin);
    let check = |pieces: &[&[u8]], ip: &str, port: &str| {
        assert_eq!(said(&dproxy, pieces).unwrap().status, 200, "{pieces:?}");
        let seen = origin.last();
        assert_eq!((seen.values("x-real-ip"), seen.values("x-forwarded-for")), (vec![ip], vec![ip]), "{pieces:?}");
        assert_eq!(seen.values("x-forwarded-port"), [port], "{pieces:?}");
    };
    let own = dproxy.http().port().to_string();
    let line = b"PROXY TCP4 192.0.2.7 10.0.0.1 56324 443\r\n";
    check(&[line, GET.as_bytes()], "192.0.2.7", "443");
    check(&[&[&line[..], GET.as_bytes()].concat()], "192.0.2.7", "443");
    check(&[b"PROXY TCP6 2001:db8::7 ::1 1 8443\r\n", GET.as_bytes()], "2001:db8::7", "8443");
    check(&[V2, GET.as_bytes()], "192.0.2.1", "443");
    check(&[&V2[..3], &V2[3..20], &V2[20..], GET.as_bytes()], "192.0.2.1", "443");
    check(&[b"PROXY UNKNOWN\r\n", GET.as_bytes()], "127.0.0.1", &own);
    check(&[b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", GET.as_bytes()], "127.0.0.1", &own);
}

#[test]
fn a_peer_that_should_announce_and_does_not_is_not_heard_and_the_log_says_why() {
    let origin = Origin::saying("ok");
    let dproxy = listening(dproxy(), &origin);
    assert!(said(&dproxy, &[GET.as_bytes()]).is_none());
    assert!(said(&dproxy, &[b"PROXY TCP4 1 2 3 4\r\n", GET.as_bytes()]).is_none());
    assert_eq!(origin.count(), 0);
    dproxy.wait_for("the reason", || dproxy.log().contains("as the setting `proxy_protocol` wants"));
}

#[test]
fn what_a_stranger_announces_is_no_announcement() {
    let origin = Origin::saying("ok");
    let dproxy = dproxy().yaml("proxy_protocol: [192.0.2.0/24]").route("a.test", &[origin.addr()]).start();
    assert_eq!(said(&dproxy, &[b"PROXY TCP4 1.1.1.1 2.2.2.2 3 4\r\n", GET.as_bytes()]).unwrap().status, 400);
    assert_eq!(said(&dproxy, &[V2, GET.as_bytes()]).map(|answer| answer.status).unwrap_or(400), 400);
    assert_eq!(request(dproxy.http(), GET).unwrap().status, 200);
    assert_eq!(origin.last().values("x-real-ip"), ["127.0.0.1"]);
}

#[test]
fn an_announced_client_that_goes_to_another_worker_stays_who_it_is() {
    let origin = Origin::saying("ok");
    let dproxy = listening(dproxy().workers(2), &origin);
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(V2).unwrap();
    for _ in 0..2 {
        connection.send(GET.as_bytes()).unwrap();
        assert_eq!(connection.answer_to("GET").unwrap().status, 200);
        assert_eq!(origin.last().values("x-real-ip"), ["192.0.2.1"]);
        let before = dproxy.worker_pids();
        assert_eq!(dproxy.ctl(&["restart"]).code, Some(0));
        dproxy.wait_for("new workers only", || dproxy.worker_pids().iter().all(|pid| !before.contains(pid)));
    }
}

#[test]
fn a_backend_is_told_whose_each_connection_is_and_none_is_shared() {
    let origin = Origin::saying("ok");
    let behind = dproxy().yaml("proxy_protocol: [127.0.0.1]").route("a.test", &[origin.addr()]).start();
    for (version, scheme) in [("v1", "http"), ("v2", "http"), ("v1", "h2c"), ("v2", "h2c")] {
        let front = announcing(version, &format!("{scheme}://{}", behind.http()));
        for client in ["127.0.0.2", "127.0.0.3", "127.0.0.2"] {
            let url = format!("http://{}/", front.http());
            let output = Command::new("curl").args(["-sS", "--interface", client, "-H", "Host: a.test", &url]).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), "ok", "{version} {scheme}: {output:?}\n{}", behind.log());
            let seen = origin.last();
            assert_eq!(seen.values("x-real-ip"), [client], "{version} {scheme}");
            assert_eq!(seen.values("x-forwarded-port"), [front.http().port().to_string()], "{version} {scheme}");
        }
    }
}

#[test]
fn a_check_announces_itself() {
    let origin = Origin::saying("ok");
    let behind = dproxy().yaml("proxy_protocol: [127.0.0.1]").route("a.test", &[origin.addr()]).start();
    let entry = format!("{{host: a.test, backends: \"{}\", proxy_protocol: v2, check_path: /well, check_host: a.test}}", behind.http());
    let front = dproxy().yaml(&format!("routes:\n  - {entry}")).start();
    front.wait_for("the check", || front.data("/backends").to_string().contains("\"ready\""));
    assert_eq!(origin.last().target, "/well");
}
