//! What a message says survives every pair of versions.

use std::future::poll_fn;

use bytes::Bytes;
use dproxy_testkit::{Connection, Frame, Frames, Origin, Step, answer, header_block};
use http::{HeaderMap, HeaderValue, Response};

use super::{ask, backend, fetch, leading_to, over_h2, read, send};
use crate::http::before;

/// A body of several frames, with trailers behind it.
const CHUNKED_ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nfoo\r\n3\r\nbar\r\n0\r\nX-Sum: 6\r\nContent-Length: 9\r\n\r\n";

fn trailers() -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", HeaderValue::from_static("6"));
    // Would lie about the body if it were believed.
    trailers.insert("x-forwarded-for", HeaderValue::from_static("6.6.6.6"));
    trailers
}

/// Says back the body that it got, its trailers and its length, with trailers of its own.
fn echo() -> std::net::SocketAddr {
    backend(|mut request, mut respond| async move {
        let length = request.headers().get("content-length").map_or("none", |length| length.to_str().unwrap()).to_owned();
        let te = request.headers().get("te").map_or("none", |te| te.to_str().unwrap()).to_owned();
        let (body, sent) = read(request.body_mut()).await.unwrap();
        let sum = sent.get("x-sum").map_or("none", |sum| sum.to_str().unwrap());
        let text = format!("{} length={length} te={te} sum={sum} fields={}", String::from_utf8_lossy(&body), sent.len());
        let mut stream = respond.send_response(Response::new(()), false).unwrap();
        stream.send_data(text.into(), false).unwrap();
        stream.send_trailers(trailers()).unwrap();
    })
}

#[test]
fn bodies_and_trailers_pass_from_http2_to_http1() {
    let origin = Origin::start(|_| vec![Step::ReadBody, Step::Send(CHUNKED_ANSWER.to_vec())]);
    let dproxy = before(&origin);
    over_h2(dproxy.http(), async |mut requests| {
        let (response, mut body) = requests.send_request(ask("POST", "/p").body(()).unwrap(), false).unwrap();
        send(&mut body, Bytes::from_static(b"hello "), false).await.unwrap();
        send(&mut body, Bytes::from_static(b"world"), false).await.unwrap();
        body.send_trailers(trailers()).unwrap();
        let mut response = response.await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(response.headers().get("transfer-encoding").is_none(), "{response:?}");
        let (body, trailers) = read(response.body_mut()).await.unwrap();
        assert_eq!(body, b"foobar");
        assert_eq!((trailers.len(), trailers["x-sum"].as_bytes()), (1, &b"6"[..]), "{trailers:?}");
    });
    let request = origin.last();
    assert_eq!((request.field("transfer-encoding"), request.field("content-length")), (Some("chunked"), None));
    assert_eq!((request.body.as_slice(), request.field("x-sum")), (&b"hello world"[..], Some("6")));
    assert!(!request.values("x-forwarded-for").contains(&"6.6.6.6"), "{request:?}");
}

#[test]
fn a_length_that_http2_tells_is_told_to_http1() {
    let origin = Origin::saying("ok");
    let dproxy = before(&origin);
    over_h2(dproxy.http(), async |mut requests| {
        let request = ask("PUT", "/").header("content-length", "5").body(()).unwrap();
        let (response, mut body) = requests.send_request(request, false).unwrap();
        send(&mut body, Bytes::from_static(b"hello"), true).await.unwrap();
        assert_eq!(response.await.unwrap().headers()["content-length"], "2");
    });
    let request = origin.last();
    assert_eq!((request.field("transfer-encoding"), request.field("content-length")), (None, Some("5")));
    assert_eq!(request.body, b"hello");
}

#[test]
fn bodies_and_trailers_pass_from_http2_to_http2() {
    let dproxy = leading_to(echo()).start();
    over_h2(dproxy.http(), async |mut requests| {
        let (response, mut body) = requests.send_request(ask("POST", "/").header("te", "trailers").body(()).unwrap(), false).unwrap();
        send(&mut body, Bytes::from_static(b"hello"), false).await.unwrap();
        body.send_trailers(trailers()).unwrap();
        let (body, trailers) = read(response.await.unwrap().body_mut()).await.unwrap();
        assert_eq!(String::from_utf8(body).unwrap(), "hello length=none te=trailers sum=6 fields=1");
        assert_eq!(trailers["x-sum"], "6");
    });
}

#[test]
fn bodies_and_trailers_pass_from_http1_to_http2() {
    let dproxy = leading_to(echo()).start();
    #[track_caller]
    fn check(connection: &mut Connection, request: &str, expected: &str) {
        connection.send(request.as_bytes()).unwrap();
        let answer = connection.answer_to("POST").unwrap();
        let trailers: Vec<&str> = answer.trailers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((answer.status, answer.text().as_str(), trailers.as_slice()), (200, expected, &["x-sum"][..]), "{answer:?}");
    }
    let mut connection = Connection::open(dproxy.http()).unwrap();
    check(
        &mut connection,
        "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nX-Sum: 6\r\nHost: b\r\n\r\n",
        "hello length=none te=none sum=6 fields=1",
    );
    check(
        &mut connection,
        "POST / HTTP/1.1\r\nHost: a.test\r\nTE: trailers\r\nConnection: TE\r\nContent-Length: 5\r\n\r\nhello",
        "hello length=5 te=trailers sum=none fields=0",
    );
    check(&mut connection, "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n", " length=0 te=none sum=none fields=0");
}

#[test]
fn as_many_fields_as_are_allowed_reach_a_backend_of_http2() {
    let counting = backend(|request, mut respond| async move {
        let own = request.headers().keys().filter(|name| name.as_str().starts_with("x-many-")).count();
        respond.send_response(Response::builder().header("x-count", own).body(()).unwrap(), true).unwrap();
    });
    let dproxy = leading_to(counting).start();
    over_h2(dproxy.http(), async |requests| {
        // With Host it is 128.
        let request = (0..127).fold(ask("GET", "/"), |request, number| request.header(format!("x-many-{number}"), "1"));
        let answer = fetch(&requests, request).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers()["x-count"].to_str().unwrap()), (200, "127"));
    });
}

#[test]
fn a_head_says_over_http1_what_it_said_over_http2() {
    let origin = Origin::saying("ok");
    let dproxy = before(&origin);
    over_h2(dproxy.http(), async |requests| {
        let request =
            ask("OPTIONS", "/%41//b?c=%20&d").header("x-one", "1").header("cookie", "a=1").header("x-two", "2").header("cookie", "b=2");
        assert_eq!(fetch(&requests, request).await.unwrap().status(), 200);
    });
    let request = origin.last();
    assert_eq!((request.method.as_str(), request.target.as_str(), request.version.as_str()), ("OPTIONS", "/%41//b?c=%20&d", "HTTP/1.1"));
    assert_eq!(request.values("host"), ["a.test"]);
    assert_eq!(request.values("cookie"), ["a=1; b=2"]);
    assert!(request.field("via").is_some_and(|via| via.starts_with("2 ")), "{request:?}");
    assert_eq!((request.field("x-forwarded-for"), request.field("x-forwarded-host")), (Some("127.0.0.1"), Some("a.test")));
    let names: Vec<&str> =
        request.fields.iter().map(|(name, _)| name.as_str()).filter(|name| name.starts_with("x-") && name.len() == 5).collect();
    assert_eq!(names, ["x-one", "x-two"]);
}

#[test]
fn answers_without_a_body_have_none() {
    let origin = Origin::start(|request| match request.target.as_str() {
        "/none" => vec![Step::Send(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec())],
        "/same" => vec![Step::Send(b"HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 5\r\n\r\n".to_vec())],
        "/head" => vec![Step::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n".to_vec())],
        _ => answer("HTTP/1.1 404 Not Here\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: X-Hop\r\nX-Hop: 1", "no"),
    });
    let dproxy = before(&origin);
    over_h2(dproxy.http(), async |requests| {
        let check = async |method: &str, path: &str, status: u16, length: Option<&str>, body: &[u8]| {
            let answer = fetch(&requests, ask(method, path)).await.unwrap();
            assert_eq!((answer.status().as_u16(), answer.body().as_slice()), (status, body), "{path}");
            assert_eq!(answer.headers().get("content-length").map(|value| value.to_str().unwrap()), length, "{path}");
            answer
        };
        check("GET", "/none", 204, None, b"").await;
        check("GET", "/same", 304, Some("5"), b"").await;
        check("HEAD", "/head", 200, Some("1234"), b"").await;
        let odd = check("GET", "/odd", 404, Some("2"), b"no").await;
        assert_eq!(odd.headers().get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
        assert!(odd.headers().get("x-hop").is_none() && odd.headers().get("connection").is_none(), "{odd:?}");
    });
}

#[test]
fn interim_answers_pass_between_all_versions() {
    let early = "HTTP/1.1 103 Early Hints\r\nLink: </s>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";
    let origin = Origin::start(move |_| {
        vec![Step::Send(early.into()), Step::ReadBody, Step::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec())]
    });
    let hinting = backend(|mut request, mut respond| async move {
        let hints = Response::builder().status(103).header("link", "</s>").body(()).unwrap();
        respond.send_informational(hints).unwrap();
        respond.send_informational(Response::builder().status(100).body(()).unwrap()).unwrap();
        read(request.body_mut()).await.unwrap();
        respond.send_response(Response::new(()), true).unwrap();
    });
    for dproxy in [before(&origin), leading_to(hinting).start()] {
        over_h2(dproxy.http(), async |mut requests| {
            let request = ask("POST", "/").header("expect", "100-continue").body(()).unwrap();
            let (mut response, mut body) = requests.send_request(request, false).unwrap();
            let hints = poll_fn(|context| response.poll_informational(context)).await.unwrap().unwrap();
            assert_eq!((hints.status().as_u16(), &hints.headers()["link"]), (103, &HeaderValue::from_static("</s>")));
            let next = poll_fn(|context| response.poll_informational(context)).await.unwrap().unwrap();
            assert_eq!(next.status(), 100);
            send(&mut body, Bytes::from_static(b"hello"), true).await.unwrap();
            assert_eq!(response.await.unwrap().status(), 200);
        });
        let mut connection = Connection::open(dproxy.http()).unwrap();
        connection.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
        assert_eq!([(); 3].map(|()| connection.head().unwrap().status), [103, 100, 200]);
    }
}

#[test]
fn what_http2_forbids_is_refused_and_the_connection_goes_on() {
    let origin = Origin::saying("ok");
    let dproxy = before(&origin);
    let mut frames = Frames::open(dproxy.http()).unwrap();
    let good = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a.test")];
    let mut stream = 1;
    // A code is that of RST_STREAM; none is an answer.
    let mut check = |fields: &[(&str, &str)], code: Option<u32>| {
        frames.send(&Frame::bytes(1, 5, stream, &header_block(fields))).unwrap();
        let frame = loop {
            let frame = frames.frame().unwrap_or_else(|failure| panic!("{fields:?}: {failure}"));
            if frame.stream == stream {
                break frame;
            }
        };
        assert_eq!(frame.code(), code, "{fields:?}: {frame:?}");
        assert_eq!(frame.kind, if code.is_some() { 3 } else { 1 }, "{fields:?}: {frame:?}");
        stream += 2;
    };
    let malformed = Some(1);
    let mut with = |name, value, code| check(&[&good[..], &[(name, value)]].concat(), code);
    with("x-fine", "1", None);
    with("connection", "close", malformed);
    with("keep-alive", "1", malformed);
    with("transfer-encoding", "chunked", malformed);
    with("upgrade", "websocket", malformed);
    with("proxy-connection", "x", malformed);
    with("te", "gzip", malformed);
    with("te", "trailers", None);
    with(":path", "/again", malformed);
    with(":status", "200", malformed);
    with("content-length", "5", malformed);
    check(&good[1..], malformed);
    check(&[good[0], good[2], good[3]], malformed);
    check(&[good[0], good[1], good[3]], malformed);
    check(&[good[0], good[1], (":path", ""), good[3]], malformed);
    check(&[("x-before", "1"), good[0], good[1], good[2], good[3]], malformed);
    let served = origin.count();
    assert_eq!(served, 2);
    // Understood, and not served.
    check(&[good[0], good[1], good[2], good[3], ("host", "b.test")], None);
    check(&[good[0], good[1], good[2], (":authority", "u@a.test")], None);
    check(&[("x", "y")], malformed);
    assert_eq!(origin.count(), served);
    // Not even names: these cost the whole connection.
    for odd in [("X-Upper", "1"), (":odd", "x"), ("", "x"), ("a b", "x")] {
        let mut frames = Frames::open(dproxy.http()).unwrap();
        frames.send(&Frame::bytes(1, 5, 1, &header_block(&[&good[..], &[odd]].concat()))).unwrap();
        assert!(frames.rest().unwrap().iter().any(|frame| frame.kind == 7), "{odd:?}");
    }
    assert_eq!(origin.count(), served);
}

#[test]
fn an_answer_whose_body_begins_wrongly_is_502() {
    for body in ["zz\r\n", "2\r\nhiX", "-2\r\nhi\r\n0\r\n\r\n", "0\r\nno colon\r\n\r\n"] {
        let origin = Origin::raw(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}").as_bytes());
        let dproxy = before(&origin);
        over_h2(dproxy.http(), async |requests| {
            let answer = fetch(&requests, ask("GET", "/")).await.unwrap();
            assert_eq!(answer.status(), 502, "{body:?}");
        });
    }
}

#[test]
fn a_request_that_breaks_its_own_length_is_reset() {
    let origin = Origin::saying("ok");
    let dproxy = before(&origin);
    for (length, sent) in [("9", "hello"), ("2", "hello")] {
        over_h2(dproxy.http(), async |mut requests| {
            let request = ask("POST", "/").header("content-length", length).body(()).unwrap();
            let (response, mut body) = requests.send_request(request, false).unwrap();
            // The proxy may have refused it before all was sent.
            let _ = send(&mut body, Bytes::copy_from_slice(sent.as_bytes()), true).await;
            assert!(response.await.is_err(), "{length}");
        });
    }
    assert!(origin.requests().iter().all(|request| !request.complete), "{:?}", origin.requests());
}

#[test]
fn an_answer_over_http2_says_over_http1_where_it_ends_and_what_it_sets() {
    let odd = backend(|request, mut respond| async move {
        let status: u16 = request.uri().path()[1..].parse().unwrap();
        let head = Response::builder().status(status).header("set-cookie", "a=1; Path=/").header("x-between", "1");
        drop(respond.send_response(head.header("set-cookie", "b=2, c").body(()).unwrap(), true));
    });
    let dproxy = leading_to(odd).start();
    let mut connection = Connection::open(dproxy.http()).unwrap();
    let mut check = |method: &str, status: u16, length: Option<&str>| {
        connection.send(format!("{method} /{status} HTTP/1.1\r\nHost: a.test\r\n\r\n").as_bytes()).unwrap();
        let answer = connection.answer_to(method).unwrap();
        let cookies: Vec<&str> = answer.fields.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value.as_str()).collect();
        assert_eq!((answer.status, answer.field("content-length"), cookies), (status, length, vec!["a=1; Path=/", "b=2, c"]), "{answer:?}");
    };
    check("GET", 200, Some("0"));
    check("POST", 404, Some("0"));
    check("HEAD", 200, None);
    check("GET", 204, None);
    check("GET", 304, None);
    check("GET", 500, Some("0"));
}

#[test]
fn a_client_of_http1_that_waits_for_100_is_served_by_a_backend_of_http2() {
    let waiting = backend(|request, mut respond| async move {
        let expects = request.headers().contains_key("expect");
        if expects {
            respond.send_informational(Response::builder().status(100).body(()).unwrap()).unwrap();
        }
        let (body, _) = read(&mut request.into_body()).await.unwrap();
        let mut stream = respond.send_response(Response::new(()), false).unwrap();
        send(&mut stream, body.into(), true).await.unwrap();
    });
    let dproxy = leading_to(waiting).start();
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n").unwrap();
    assert_eq!(connection.head().unwrap().status, 100);
    connection.send(b"hello").unwrap();
    assert_eq!(connection.answer_to("POST").unwrap().text(), "hello");
}

#[test]
fn interim_answers_without_end_are_cut_off() {
    let chatty = backend(|_, mut respond| async move {
        // The library takes them for ever where the connection has ended meanwhile.
        for _ in 0..10_000 {
            if respond.send_informational(Response::builder().status(103).body(()).unwrap()).is_err() {
                break;
            }
            tokio::task::yield_now().await;
        }
    });
    let over_http1 = dproxy_testkit::Origin::start(|_| {
        vec![dproxy_testkit::Step::Send(b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100_000)), dproxy_testkit::Step::Hang]
    });
    for dproxy in [leading_to(chatty).start(), crate::http::before(&over_http1)] {
        over_h2(dproxy.http(), async |requests| assert_eq!(fetch(&requests, ask("GET", "/")).await.unwrap().status(), 502));
        let mut connection = Connection::open(dproxy.http()).unwrap();
        connection.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
        let statuses: Vec<u16> = (0..34).map_while(|_| Some(connection.head().ok()?.status)).collect();
        assert!(statuses.len() < 34 && statuses.last() == Some(&502), "{statuses:?}");
    }
}

#[test]
fn what_a_request_is_followed_by_passes_from_http2_to_http2() {
    let seen = backend(|request, mut respond| async move {
        let text = |name: &str| request.headers().get(name).map_or("none", |value| value.to_str().unwrap()).to_owned();
        let said = format!("{} {} {}", text("x-request-id"), text("traceparent"), text("tracestate"));
        respond.send_response(Response::new(()), false).unwrap().send_data(said.into(), true).unwrap();
    });
    let following = "tracing: {request_id: create, context: join, answer: true}";
    let dproxy = leading_to(seen).yaml(following).start();
    over_h2(dproxy.http(), async |requests| {
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let asked = ask("GET", "/").header("traceparent", parent).header("tracestate", "a=1").header("x-request-id", "my-7");
        let answer = fetch(&requests, asked).await.unwrap();
        let text = String::from_utf8(answer.body().clone()).unwrap();
        assert!(text.starts_with(&format!("my-7 {}", &parent[..36])) && text.ends_with("-01 a=1") && !text.contains(parent), "{text}");
        assert_eq!(answer.headers()["x-request-id"], "my-7");
        let answer = fetch(&requests, ask("GET", "/")).await.unwrap();
        let text = String::from_utf8(answer.body().clone()).unwrap();
        assert!(text.starts_with(answer.headers()["x-request-id"].to_str().unwrap()) && text.ends_with("-01 none"), "{text}");
    });
}
