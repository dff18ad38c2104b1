//! Trailers that break the rules are a broken message to both sides, never one that has ended (RFC 9113 §8.1.1).

use dproxy_testkit::{Connection, Dproxy, Frame, Frames, Origin, Step, header_block, ok};

use super::backends::{by_hand, whole_request};
use super::{ask, fetch, leading_to, over_h2};
use crate::http::before;

const GOOD: &[(&str, &str)] = &[("x-sum", "6")];
/// What no trailer section may have (RFC 9113 §8.1, §8.2.2, §8.3).
const BAD: &[&[(&str, &str)]] = &[
    &[(":status", "200")],
    &[(":method", "GET")],
    &[(":scheme", "http")],
    &[(":authority", "a.test")],
    &[(":path", "/")],
    &[(":protocol", "websocket")],
    &[(":path", "/"), ("x-sum", "6")],
    &[("x-sum", "6"), (":path", "/")],
    &[("connection", "close")],
    &[("keep-alive", "1")],
    &[("proxy-connection", "x")],
    &[("transfer-encoding", "chunked")],
    &[("upgrade", "websocket")],
    &[("te", "gzip")],
];
/// `:path: /again`, kept in the table of compression, and then that entry alone.
const KEPT: &[u8] = b"\x44\x06/again";
const KEPT_ALONE: &[u8] = &[0x80 | 62];
const MALFORMED: Option<u32> = Some(1);

#[test]
fn a_request_with_such_trailers_is_reset_and_never_whole_for_its_backend() {
    let origin = Origin::start(|request| [vec![Step::ReadBody], ok(&request.body.len().to_string())].concat());
    let dproxy = before(&origin);
    let mut frames = Frames::open(dproxy.http()).unwrap();
    let mut stream = 1;
    // A code is that of RST_STREAM; none is an answer.
    let mut check = |trailers: &[u8], code: Option<u32>, with_body: bool| {
        let head = [(":method", "POST"), (":scheme", "http"), (":authority", "a.test")];
        let head = [KEPT.to_vec(), header_block(&head)].concat();
        let body = if with_body { Frame::bytes(0, 0, stream, b"hello") } else { Vec::new() };
        frames.send(&[Frame::bytes(1, 4, stream, &head), body, Frame::bytes(1, 5, stream, trailers)].concat()).unwrap();
        let frame = loop {
            let frame = frames.frame().unwrap_or_else(|failure| panic!("{trailers:?}: {failure}"));
            if frame.stream == stream {
                break frame;
            }
        };
        assert_eq!((frame.kind, frame.code()), (if code.is_some() { 3 } else { 1 }, code), "{trailers:?}: {frame:?}");
        stream += 2;
    };
    for with_body in [true, false] {
        check(&header_block(GOOD), None, with_body);
        check(&[], None, with_body);
        BAD.iter().for_each(|fields| check(&header_block(fields), MALFORMED, with_body));
        check(KEPT_ALONE, MALFORMED, with_body);
        check(&header_block(GOOD), None, with_body);
    }
    let whole = origin.requests().iter().filter(|request| request.complete).count();
    assert_eq!(whole, 6, "the good ones");
}

/// A backend that answers the n-th request with the n-th trailers behind a body.
fn answering(trailers: Vec<Vec<u8>>) -> Dproxy {
    let addr = by_hand(move |_, frames| {
        for trailers in &trailers {
            let Some((stream, _)) = whole_request(frames) else { return };
            let (head, body) = (Frame::bytes(1, 4, stream, &[0x88]), Frame::bytes(0, 0, stream, b"hello"));
            if frames.send(&[head, body, Frame::bytes(1, 5, stream, trailers)].concat()).is_err() {
                return;
            }
        }
    });
    leading_to(addr).workers(1).start()
}

#[test]
fn an_answer_with_such_trailers_breaks_off_for_every_client() {
    // Each is sent twice: to a client of either version.
    let twice = |fields: &&[(&str, &str)]| [(); 2].map(|()| header_block(fields));
    let dproxy = answering([&[GOOD], BAD, &[GOOD]].concat().iter().flat_map(twice).collect());
    let check = |fields: &[(&str, &str)], whole: bool| {
        let over_http2 = over_h2(dproxy.http(), async |requests| fetch(&requests, ask("GET", "/")).await);
        assert_eq!(over_http2.is_ok(), whole, "{fields:?}: {over_http2:?}");
        let mut connection = Connection::open(dproxy.http()).unwrap();
        connection.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
        let over_http1 = connection.answer_to("GET");
        assert_eq!(over_http1.as_ref().is_ok_and(|answer| answer.text() == "hello"), whole, "{fields:?}: {over_http1:?}");
    };
    check(GOOD, true);
    BAD.iter().for_each(|fields| check(fields, false));
    check(GOOD, true);
}
