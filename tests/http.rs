//! One request through the program: framings, bodies, connections, the choice of a route.

use dproxy_testkit::{Connection, Dproxy, Framing, Origin, Step, answer, chunked, free_addr, get, ok, request};

use crate::dproxy;

/// A proxy whose host `a.test` leads to `origin`.
pub(crate) fn before(origin: &Origin) -> Dproxy {
    dproxy().route("a.test", &[origin.addr()]).start()
}

#[test]
fn every_framing_of_an_answer_arrives_whole() {
    let origin = Origin::start(|request| match request.target.as_str() {
        "/length" => ok("hello"),
        "/empty" => ok(""),
        "/chunked" => vec![Step::Send(
            [&b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"[..], &chunked("hel"), &chunked("lo"), &chunked("")].concat(),
        )],
        "/close" => vec![Step::Send(b"HTTP/1.1 200 OK\r\n\r\nhello".to_vec()), Step::Close],
        "/old" => vec![Step::Send(b"HTTP/1.0 200 OK\r\n\r\nhello".to_vec()), Step::Close],
        "/none" => vec![Step::Send(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec())],
        "/same" => vec![Step::Send(b"HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 5\r\n\r\n".to_vec())],
        _ => answer("HTTP/1.1 404 Not Here\r\nX-Odd: 1", "no"),
    });
    let dproxy = before(&origin);
    let mut connection = Connection::open(dproxy.http()).unwrap();
    let mut check = |path: &str, status: u16, framing: &[Framing], body: &str| {
        connection.send(format!("GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n").as_bytes()).unwrap();
        let answer = connection.answer_to("GET").unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (status, body), "{path}: {answer:?}");
        assert!(framing.contains(&answer.framing), "{path}: {answer:?}");
        assert_eq!(answer.version, "HTTP/1.1", "{path}");
        assert!(!answer.closes(), "{path} must leave the connection open: {answer:?}");
        answer
    };
    check("/length", 200, &[Framing::Length], "hello");
    check("/empty", 200, &[Framing::Length], "");
    check("/chunked", 200, &[Framing::Chunked], "hello");
    check("/none", 204, &[Framing::Empty], "");
    let same = check("/same", 304, &[Framing::Empty], "");
    assert_eq!(same.field("etag"), Some("\"x\""));
    let odd = check("/other", 404, &[Framing::Length], "no");
    assert_eq!(odd.field("x-odd"), Some("1"));
    // What ends with its connection on one side may be chunked on the other, or close it.
    for path in ["/close", "/old"] {
        let answer = get(dproxy.http(), "a.test", path).unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (200, "hello"), "{path}");
    }
}

#[test]
fn an_old_client_gets_no_chunks() {
    let origin = Origin::start(|_| {
        vec![Step::Send([&b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"[..], &chunked("hello"), &chunked("")].concat())]
    });
    let dproxy = before(&origin);
    let answer = request(dproxy.http(), "GET / HTTP/1.0\r\nHost: a.test\r\n\r\n").unwrap();
    assert_eq!((answer.status, answer.framing, answer.text().as_str()), (200, Framing::Close, "hello"), "{answer:?}");
}

#[test]
fn an_answer_to_head_has_no_body_and_keeps_its_length() {
    let origin = Origin::start(|request| match request.method.as_str() {
        "HEAD" => vec![Step::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".to_vec())],
        _ => ok("hello"),
    });
    let dproxy = before(&origin);
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(b"HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
    let head = connection.answer_to("HEAD").unwrap();
    assert_eq!((head.status, head.field("content-length")), (200, Some("5")));
    connection.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
    assert_eq!(connection.answer_to("GET").unwrap().text(), "hello");
    let notice = request(dproxy.http(), "HEAD / HTTP/1.1\r\nHost: unknown.test\r\nConnection: close\r\n\r\n").unwrap();
    assert_eq!((notice.status, notice.body.len()), (404, 0));
}

#[test]
fn a_large_answer_arrives_whole() {
    let body = "0123456789abcdef".repeat(512 * 1024);
    let origin = Origin::saying(&body);
    let dproxy = before(&origin);
    let answer = dproxy.get("a.test", "/");
    assert!(answer.text() == body, "{} bytes came of {}", answer.body.len(), body.len());
}

#[test]
fn bodies_of_requests_arrive_whole() {
    let origin = Origin::saying("ok");
    let dproxy = before(&origin);
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(b"POST /l HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello").unwrap();
    assert_eq!(connection.answer_to("POST").unwrap().text(), "ok");
    assert_eq!(origin.last().body, b"hello");
    connection.send(b"POST /c HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n").unwrap();
    assert_eq!(connection.answer_to("POST").unwrap().text(), "ok");
    assert_eq!(origin.last().body, b"hello");
    let large = "x".repeat(3_000_000);
    connection.send(format!("PUT /big HTTP/1.1\r\nHost: a.test\r\nContent-Length: {}\r\n\r\n{large}", large.len()).as_bytes()).unwrap();
    assert_eq!(connection.answer_to("PUT").unwrap().text(), "ok");
    assert_eq!(origin.last().body.len(), large.len());
}

#[test]
fn a_request_may_come_byte_by_byte() {
    let origin = Origin::saying("ok");
    let dproxy = before(&origin);
    let mut connection = Connection::open(dproxy.http()).unwrap();
    for byte in b"POST /slow HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" {
        connection.send(&[*byte]).unwrap();
    }
    assert_eq!(connection.answer_to("POST").unwrap().text(), "ok");
    assert_eq!(origin.last().body, b"abc");
}

#[test]
fn a_client_that_expects_100_gets_it_before_its_body() {
    let origin = Origin::start(|request| {
        let go_on = request.field("expect").map(|_| Step::Send(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec()));
        go_on.into_iter().chain(ok("thanks")).collect()
    });
    let dproxy = before(&origin);
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n").unwrap();
    assert_eq!(connection.head().unwrap().status, 100);
    connection.send(b"body").unwrap();
    let answer = connection.answer_to("POST").unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (200, "thanks"));
    assert_eq!(origin.last().body, b"body");
}

#[test]
fn an_early_answer_reaches_a_client_that_still_sends() {
    let origin = Origin::start(|_| vec![Step::Send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno".to_vec()), Step::Hang]);
    let dproxy = before(&origin);
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000\r\n\r\nfirst bytes").unwrap();
    let answer = connection.answer_to("POST").unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (413, "no"));
}

#[test]
fn connections_are_kept_on_both_sides() {
    let origin = Origin::saying("ok");
    let dproxy = dproxy().workers(1).route("a.test", &[origin.addr()]).start();
    let mut connection = Connection::open(dproxy.http()).unwrap();
    for _ in 0..20 {
        connection.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
        assert_eq!(connection.answer_to("GET").unwrap().text(), "ok");
    }
    assert_eq!((origin.count(), origin.connections()), (20, 1));
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let origin = Origin::start(|request| ok(&request.target));
    let dproxy = before(&origin);
    let mut connection = Connection::open(dproxy.http()).unwrap();
    let all: String = (0..10).map(|number| format!("GET /{number} HTTP/1.1\r\nHost: a.test\r\n\r\n")).collect();
    connection.send(all.as_bytes()).unwrap();
    for number in 0..10 {
        assert_eq!(connection.answer_to("GET").unwrap().text(), format!("/{number}"));
    }
}

#[test]
fn a_backend_that_closed_its_idle_connection_costs_nothing() {
    let origin = Origin::start(|_| ok("ok").into_iter().chain([Step::Close]).collect());
    let dproxy = dproxy().workers(1).route("a.test", &[origin.addr()]).start();
    for number in 0..20 {
        assert_eq!(dproxy.get("a.test", "/").status, 200, "request {number}");
    }
}

#[test]
fn connection_close_is_honoured() {
    let origin = Origin::saying("ok");
    let dproxy = before(&origin);
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(b"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n").unwrap();
    let answer = connection.answer_to("GET").unwrap();
    assert!(answer.closes(), "{answer:?}");
    assert_eq!(connection.rest().unwrap(), b"");
}

#[test]
fn replicas_share_the_load() {
    let origins: Vec<Origin> = (0..3).map(|number| Origin::saying(&number.to_string())).collect();
    let addrs: Vec<_> = origins.iter().map(Origin::addr).collect();
    let dproxy = dproxy().workers(1).route("a.test", &addrs).start();
    for _ in 0..30 {
        assert_eq!(dproxy.get("a.test", "/").status, 200);
    }
    let counts: Vec<usize> = origins.iter().map(Origin::count).collect();
    assert_eq!(counts, [10, 10, 10]);
}

#[test]
fn hosts_are_told_apart() {
    let (exact, wild, any) = (Origin::saying("exact"), Origin::saying("wild"), Origin::saying("any"));
    let dproxy = dproxy().route("a.test", &[exact.addr()]).route("*.a.test", &[wild.addr()]).route("b.test", &[any.addr()]).start();
    assert_eq!(dproxy.get("a.test", "/").text(), "exact");
    assert_eq!(dproxy.get("A.TEST.:81", "/").text(), "exact");
    assert_eq!(dproxy.get("x.y.a.test", "/").text(), "wild");
    assert_eq!(dproxy.get("b.test", "/").text(), "any");
    assert_eq!(dproxy.get("c.test", "/").status, 404);
    // An absolute target is the host, whatever the field says would be a contradiction.
    let absolute = request(dproxy.http(), "GET http://b.test/x HTTP/1.1\r\nHost: b.test\r\nConnection: close\r\n\r\n").unwrap();
    assert_eq!(absolute.text(), "any");
    assert_eq!(any.last().target, "/x");
}

#[test]
fn ping_is_answered_by_the_proxy_itself() {
    let dproxy = dproxy().start();
    let pong = dproxy.get("__ping__", "/");
    assert_eq!((pong.status, pong.text().trim()), (200, "ok"));
}

#[test]
fn an_upload_that_nobody_takes_leaves_its_connection_in_use() {
    let origin = Origin::saying("ok");
    let closing = Origin::start(|_| vec![Step::Close]);
    let dproxy = dproxy().workers(1).route("a.test", &[origin.addr()]).route("dead.test", &[free_addr()]);
    let fed = Origin::start(|_| vec![Step::ReadBody, Step::Close]);
    let dproxy = dproxy.route("closing.test", &[closing.addr()]).route("fed.test", &[fed.addr()]).start();
    let body = "x".repeat(100_000);
    let check = |host: &str, framing: &str, body: &str, status: u16, goes_on: bool| {
        let mut connection = Connection::open(dproxy.http()).unwrap();
        for piece in format!("POST / HTTP/1.1\r\nHost: {host}\r\n{framing}\r\n\r\n{body}").as_bytes().chunks(9_000) {
            connection.send(piece).unwrap();
        }
        let answer = connection.answer_to("POST").unwrap();
        assert_eq!((answer.status, answer.closes()), (status, !goes_on), "{host}, {framing}: {answer:?}");
        if goes_on {
            connection.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
            assert_eq!(connection.answer_to("GET").unwrap().text(), "ok", "{host}, {framing}");
        }
    };
    let long = format!("Content-Length: {}", body.len());
    check("dead.test", &long, &body, 502, true);
    check("nobody.test", &long, &body, 404, true);
    check("closing.test", "Content-Length: 20000", &body[..20_000], 502, true);
    check("dead.test", "Content-Length: 5", "hello", 502, true);
    check("dead.test", "Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n", 502, true);
    check("dead.test", "Transfer-Encoding: chunked", "5\r\nhel", 502, false);
    check("dead.test", "Content-Length: 2000000", &body, 502, false);
    check("dead.test", &format!("Expect: 100-continue\r\n{long}"), "", 502, false);
    // More of it is gone than was kept.
    check("fed.test", &long, &body, 502, false);
}
