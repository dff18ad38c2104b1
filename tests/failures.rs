//! When there is no answer to pass on: notice pages, status codes, time-outs.

use std::time::{Duration, Instant};

use dproxy_testkit::{Answer, Connection, Failure, Origin, Step, free_addr, get, request};

use crate::dproxy;

/// Time-outs short enough to be waited for.
const SHORT: &str = "timeouts:\n  request_head: 300ms\n  connect: 300ms\n  first_byte: 300ms\n  idle: 300ms\n  keep_alive: 300ms";

#[track_caller]
fn notice(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let kind = answer.field("content-type").unwrap_or_default();
    assert!(kind.starts_with("text/html"), "{kind}");
    assert!(answer.text().contains(&status.to_string()), "{}", answer.text());
}

#[test]
fn an_unknown_host_gets_a_notice_page() {
    let dproxy = dproxy().start();
    notice(&dproxy.get("unknown.test", "/"), 404);
    let json =
        request(dproxy.http(), "GET / HTTP/1.1\r\nHost: unknown.test\r\nAccept: application/json\r\nConnection: close\r\n\r\n").unwrap();
    assert_eq!(json.status, 404);
    assert!(json.field("content-type").unwrap_or_default().starts_with("application/json"), "{json:?}");
    assert!(json.json().is_object());
}

#[test]
fn a_notice_page_does_not_repeat_what_a_stranger_wrote_as_markup() {
    let dproxy = dproxy().start();
    let answer = dproxy.get("unknown.test", "/<script>alert(1)</script>");
    assert!(!answer.text().contains("<script>"), "{}", answer.text());
}

#[test]
fn a_backend_that_refuses_is_502_and_a_sibling_serves_instead() {
    let origin = Origin::saying("ok");
    let dproxy = dproxy().route("none.test", &[free_addr()]).route("half.test", &[free_addr(), origin.addr()]).start();
    notice(&dproxy.get("none.test", "/"), 502);
    for number in 0..10 {
        assert_eq!(dproxy.get("half.test", "/").status, 200, "request {number}");
    }
}

#[test]
fn a_backend_that_speaks_no_http_is_502() {
    #[track_caller]
    fn check(bytes: &[u8]) {
        let origin = Origin::raw(bytes);
        let dproxy = dproxy().workers(1).route("a.test", &[origin.addr()]).start();
        assert_eq!(dproxy.get("a.test", "/").status, 502, "{}", String::from_utf8_lossy(bytes));
    }
    check(b"SSH-2.0-OpenSSH_9.6\r\n");
    check(b"");
    check(b"HTTP/1.1 200");
    check(b"HTTP/1.1 2000 Odd\r\nContent-Length: 0\r\n\r\n");
    check(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab");
    check(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n");
    check(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    check(b"HTTP/1.1 200 OK\r\nA B: c\r\n\r\n");
    check(b"HTTP/1.1 200 OK\r\nA: b\x00c\r\n\r\n");
}

#[test]
fn a_body_that_is_cut_is_seen_to_be_cut() {
    #[track_caller]
    fn check(bytes: &[u8]) {
        let origin = Origin::raw(bytes);
        let dproxy = dproxy().workers(1).route("a.test", &[origin.addr()]).start();
        match get(dproxy.http(), "a.test", "/") {
            Err(Failure::Eof(_) | Failure::Reset) => {}
            other => panic!("a cut body came as {other:?}"),
        }
    }
    check(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    check(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
}

#[test]
fn a_body_that_is_wrong_before_anything_of_it_was_sent_is_502() {
    let origin = Origin::raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n");
    let dproxy = dproxy().workers(1).route("a.test", &[origin.addr()]).start();
    assert_eq!(get(dproxy.http(), "a.test", "/").unwrap().status, 502);
}

#[test]
fn a_backend_that_is_silent_is_504() {
    let silent = Origin::start(|_| vec![Step::Hang]);
    let dproxy = dproxy().route("a.test", &[silent.addr()]).yaml(SHORT).start();
    let asked = Instant::now();
    notice(&dproxy.get("a.test", "/"), 504);
    let took = asked.elapsed();
    assert!(took >= Duration::from_millis(290) && took < Duration::from_secs(3), "it took {took:?}");
}

#[test]
fn a_backend_that_stalls_in_its_body_is_cut() {
    let stalling = Origin::start(|_| vec![Step::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".to_vec()), Step::Hang]);
    let dproxy = dproxy().route("a.test", &[stalling.addr()]).yaml(SHORT).start();
    assert!(matches!(get(dproxy.http(), "a.test", "/"), Err(Failure::Eof(_) | Failure::Reset)));
}

#[test]
fn a_slow_answer_that_never_stalls_is_not_cut() {
    let trickle = Origin::start(|_| {
        let head = Step::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n".to_vec());
        let piece = || [Step::Pause(Duration::from_millis(100)), Step::Send(b"x".to_vec())];
        [head].into_iter().chain((0..8).flat_map(|_| piece())).collect()
    });
    let dproxy = dproxy().route("a.test", &[trickle.addr()]).yaml(SHORT).start();
    assert_eq!(dproxy.get("a.test", "/").text(), "xxxxxxxx");
}

#[test]
fn a_client_that_never_finishes_its_head_is_let_go() {
    let dproxy = dproxy().yaml(SHORT).start();
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(b"GET / HTTP/1.1\r\nHost: a.te").unwrap();
    let rest = connection.rest().unwrap();
    assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408 "), "{}", String::from_utf8_lossy(&rest));
}

#[test]
fn an_idle_connection_is_let_go_in_silence() {
    let origin = Origin::saying("ok");
    let dproxy = dproxy().route("a.test", &[origin.addr()]).yaml(SHORT).start();
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
    assert_eq!(connection.answer_to("GET").unwrap().status, 200);
    assert_eq!(connection.rest().unwrap(), b"");
}
