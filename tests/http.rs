//! One request through the program: framings, headers, status codes, streaming, time-outs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use dproxy_testkit::{
    Answer, Connection, Dproxy, Failure, Framing, Origin, PATIENCE, Step, answer, chunked, free_addr, get, ok, request, wait_for,
};

use crate::dproxy;

/// A proxy whose host `a.test` leads to `origin`.
fn before(origin: &Origin) -> Dproxy {
    dproxy().route("a.test", &[origin.addr()]).start()
}

/// Time-outs short enough to be waited for.
const SHORT: &str = "timeouts:\n  request_head: 300ms\n  connect: 300ms\n  first_byte: 300ms\n  idle: 300ms\n  keep_alive: 300ms";

// ---------------------------------------------------------------- framings of answers

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

// ---------------------------------------------------------------- bodies of requests

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

// ---------------------------------------------------------------- streaming

#[test]
fn each_piece_of_an_answer_goes_through_at_once() {
    let gate = Arc::new(AtomicBool::new(false));
    let held = Arc::clone(&gate);
    let origin = Origin::start(move |_| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        vec![
            Step::Send([&head[..], &chunked("data: 1\n\n")].concat()),
            Step::Until(Arc::clone(&held)),
            Step::Send([chunked("data: 2\n\n"), chunked("")].concat()),
        ]
    });
    let dproxy = before(&origin);
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(b"GET /events HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
    assert_eq!(connection.head().unwrap().status, 200);
    // The backend says no more until this has come through.
    assert_eq!((connection.line().unwrap().as_str(), connection.line().unwrap().as_str()), ("9", "data: 1"));
    gate.store(true, Ordering::SeqCst);
    let rest: Vec<String> = (0..6).map(|_| connection.line().unwrap()).collect();
    assert_eq!(rest, ["", "", "9", "data: 2", "", ""]);
}

#[test]
fn each_piece_of_a_request_goes_through_at_once() {
    let origin = Origin::saying("ok");
    let dproxy = before(&origin);
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n").unwrap();
    wait_for("the first piece", PATIENCE, || origin.count() == 1 && origin.last().body == b"first");
    connection.send(b"6\r\nsecond\r\n0\r\n\r\n").unwrap();
    assert_eq!(connection.answer_to("POST").unwrap().text(), "ok");
    assert_eq!(origin.last().body, b"firstsecond");
}

#[test]
fn a_client_that_leaves_frees_the_backend_at_once() {
    let origin = Origin::start(|_| vec![Step::Hang]);
    let dproxy = before(&origin);
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
    wait_for("the request", PATIENCE, || origin.count() == 1);
    drop(connection);
    let left = Instant::now();
    wait_for("the backend's connection to end", PATIENCE, || origin.open() == 0);
    assert!(left.elapsed() < Duration::from_secs(1), "it took {:?}", left.elapsed());
}

// ---------------------------------------------------------------- headers

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

// ---------------------------------------------------------------- connections

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

// ---------------------------------------------------------------- choice of a route

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

// ---------------------------------------------------------------- failures

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
    check(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n");
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
