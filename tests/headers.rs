//! Who is told what: forwarding fields, hop-by-hop fields, and what a stranger may not say.

use dproxy_testkit::{Connection, Origin, answer, request};

use crate::dproxy;
use crate::http::before;

#[test]
fn a_backend_learns_who_asked_and_how() {
    let origin = Origin::saying("ok");
    let dproxy = before(&origin);
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(b"GET /p?q=%41//x HTTP/1.1\r\nHost: A.test:8080\r\nX-Odd_Name: v\r\n\r\n").unwrap();
    assert_eq!(connection.answer_to("GET").unwrap().status, 200);
    let seen = origin.last();
    let port = dproxy.http().port().to_string();
    assert_eq!(seen.target, "/p?q=%41//x");
    assert_eq!(seen.values("host"), ["A.test:8080"], "Host is kept");
    assert_eq!(seen.values("x-real-ip"), ["127.0.0.1"]);
    assert_eq!(seen.values("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(seen.values("x-forwarded-proto"), ["http"]);
    assert_eq!(seen.values("x-forwarded-protocol"), ["http"]);
    assert_eq!(seen.values("x-forwarded-port"), [port.as_str()]);
    assert_eq!(seen.values("x-forwarded-host"), ["A.test:8080"]);
    assert_eq!(seen.values("x-forwarded-server").len(), 1);
    assert_eq!(seen.values("x-debug-backend").len(), 1);
    assert_eq!(seen.values("x-odd_name"), ["v"]);
}

#[test]
fn what_a_stranger_says_about_itself_is_not_believed() {
    let origin = Origin::saying("ok");
    let dproxy = before(&origin);
    let text = "GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-For: 6.6.6.6\r\nx-real-ip: 6.6.6.6\r\nX-FORWARDED-PROTO: https\r\n\
                X-Forwarded-Host: evil.test\r\nX-Forwarded-Port: 1\r\nX-Forwarded-Server: evil\r\nX-Forwarded-Protocol: https\r\n\
                X-Debug-Backend: evil\r\nX-Debug-Time-Total: 1\r\nConnection: close\r\n\r\n";
    assert_eq!(request(dproxy.http(), text).unwrap().status, 200);
    let seen = origin.last();
    for (name, value) in &seen.fields {
        assert!(!value.contains("6.6.6.6") && !value.contains("evil") && value != "https", "{name}: {value}");
    }
    assert_eq!(seen.values("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(seen.values("x-debug-time-total"), Vec::<&str>::new());
}

#[test]
fn a_trusted_peer_is_believed_and_its_chain_grows() {
    let origin = Origin::saying("ok");
    let dproxy = dproxy().route("a.test", &[origin.addr()]).yaml("trusted: [127.0.0.0/8]").start();
    let text = "GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n";
    assert_eq!(request(dproxy.http(), text).unwrap().status, 200);
    let seen = origin.last();
    assert_eq!(seen.values("x-forwarded-for").join(", "), "6.6.6.6, 127.0.0.1");
    assert_eq!(seen.values("x-forwarded-proto"), ["https"]);
}

#[test]
fn hop_by_hop_fields_stay_on_their_hop() {
    let origin =
        Origin::start(|_| answer("HTTP/1.1 200 OK\r\nConnection: X-Back, keep-alive\r\nX-Back: 1\r\nKeep-Alive: 5\r\nX-End: 1", "ok"));
    let dproxy = before(&origin);
    let text = "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: X-There, close\r\nX-There: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\n\
                Proxy-Connection: close\r\nProxy-Authorization: x\r\nUpgrade: other\r\nX-End: 1\r\n\r\n";
    let answer = request(dproxy.http(), text).unwrap();
    let seen = origin.last();
    for name in ["x-there", "keep-alive", "proxy-connection", "upgrade"] {
        assert_eq!(seen.values(name), Vec::<&str>::new(), "{name} reached the backend");
    }
    assert_eq!(seen.values("x-end"), ["1"]);
    for name in ["x-back", "keep-alive"] {
        assert_eq!(answer.field(name), None, "{name} reached the client");
    }
    assert_eq!(answer.field("x-end"), Some("1"));
}
