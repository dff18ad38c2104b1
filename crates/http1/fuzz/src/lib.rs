//! What the fuzz targets check, in ordinary functions that an ordinary test calls too.
//!
//! Each takes any bytes, lets our reader and [`plain`], a second one written for
//! the purpose, understand them, and panics where the two disagree: on what is
//! refused, on any boundary or on any meaning. Our reader sees the bytes in steps
//! of several sizes; all must come to the same.

pub mod plain;

use dproxy_http1::{BodyReader, Frame, Framing, Limits, Method, RequestHead, ResponseHead, Target, Version};
use plain::{Body, Reading};

/// Narrow, so that their edges are found.
const LIMITS: Limits = Limits { head_bytes: 400, fields: 8, target_bytes: 48 };
/// A request as it is passed on may be longer by the `Host` that it lacked.
const ONWARD: Limits = Limits { head_bytes: 1000, fields: 9, target_bytes: 48 };

/// A request head.
pub fn request_head(bytes: &[u8]) {
    let expected = plain::request(bytes, &LIMITS);
    for step in steps(bytes) {
        let mut head = RequestHead::default();
        let read = arriving(bytes, step, |bytes| head.parse(bytes, &LIMITS).map_err(drop));
        let message = |length| (request_in(&head, &bytes[..length]), length);
        assert_same(read.map(|length| length.map(message)), &expected, step);
    }
    if let Reading::Whole(request, length) = expected {
        only_end_to_end_fields_travel(&request, &bytes[..length]);
    }
}

/// A response head; the first byte chooses the method of the request.
pub fn response_head(bytes: &[u8]) {
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    let (method, name) = if choice == b'H' { (Method::Head, &b"HEAD"[..]) } else { (Method::Get, &b"GET"[..]) };
    let expected = plain::response(bytes, &LIMITS, name);
    for step in steps(bytes) {
        let mut head = ResponseHead::default();
        let read = arriving(bytes, step, |bytes| head.parse(bytes, &LIMITS, method).map_err(drop));
        let message = |length| (response_in(&head, &bytes[..length]), length);
        assert_same(read.map(|length| length.map(message)), &expected, step);
    }
}

/// A chunked body and what follows it.
pub fn chunked_body(bytes: &[u8]) {
    let expected = plain::content(bytes, Body::Chunked);
    for step in steps(bytes) {
        let mut reader = BodyReader::new(Framing::Chunked);
        let (mut content, mut taken) = (plain::Content::default(), 0);
        let read = arriving(bytes, step, |bytes| {
            let done = take_body(&mut reader, bytes, &mut taken, &mut content)?;
            Ok(done.then_some(taken))
        });
        assert_same(read.map(|length| length.map(|length| (content.clone(), length))), &expected, step);
    }
    if let Reading::Whole(content, _) = expected {
        let again = plain::content(&content.passed, Body::Chunked);
        let same = plain::Content { passed: content.passed.clone(), data: content.data };
        assert_eq!(again, Reading::Whole(same, content.passed.len()), "what is passed on is the same body");
    }
}

/// A connection: one request with its body after another. What would be passed
/// on must be, to the second reader, the same request, alone.
pub fn connection(bytes: &[u8]) {
    let expected = connection_plainly(bytes);
    for step in steps(bytes) {
        let said = connection_in_steps(bytes, step);
        assert_eq!(said.requests, expected.requests, "in steps of {step}");
        match expected.end {
            End::Unfinished { hopeless: true } => {}
            end => assert_eq!(said.end, end, "in steps of {step}"),
        }
    }
}

/// One request of a connection, as far as both readers can tell it.
#[derive(Debug, PartialEq, Eq)]
struct Exchanged {
    head: usize,
    content: plain::Content,
    /// As a backend would get it.
    onward: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Unfinished { hopeless: bool },
    Refused,
}

#[derive(Debug)]
struct Connection {
    requests: Vec<Exchanged>,
    end: End,
}

fn connection_plainly(bytes: &[u8]) -> Connection {
    let mut requests = Vec::new();
    let mut rest = bytes;
    loop {
        let (request, head) = match plain::request(rest, &LIMITS) {
            Reading::Whole(request, length) => (request, length),
            Reading::Unfinished { hopeless } => return Connection { requests, end: End::Unfinished { hopeless } },
            Reading::Refused => return Connection { requests, end: End::Refused },
        };
        let (content, length) = match plain::content(&rest[head..], request.body) {
            Reading::Whole(content, length) => (content, length),
            Reading::Unfinished { hopeless } => return Connection { requests, end: End::Unfinished { hopeless } },
            Reading::Refused => return Connection { requests, end: End::Refused },
        };
        let onward = [onward_plainly(&request), content.passed.clone()].concat();
        requests.push(Exchanged { head, content, onward });
        rest = &rest[head + length..];
    }
}

/// Reads like a front: a buffer that fills in steps and is consumed from its start.
fn connection_in_steps(bytes: &[u8], step: usize) -> Connection {
    let mut requests = Vec::new();
    let (mut start, mut end) = (0, 0);
    loop {
        let mut head = RequestHead::default();
        let length = loop {
            match head.parse(&bytes[start..end], &LIMITS) {
                Ok(Some(length)) => break length,
                Ok(None) if end == bytes.len() => return Connection { requests, end: End::Unfinished { hopeless: false } },
                Ok(None) => end = (end + step).min(bytes.len()),
                Err(_) => return Connection { requests, end: End::Refused },
            }
        };
        let mut onward = onward(&head, &bytes[start..start + length]);
        start += length;
        let mut reader = BodyReader::new(head.framing);
        let mut content = plain::Content::default();
        loop {
            let mut taken = 0;
            match take_body(&mut reader, &bytes[start..end], &mut taken, &mut content) {
                Ok(true) => {
                    start += taken;
                    break;
                }
                Ok(false) if end == bytes.len() => return Connection { requests, end: End::Unfinished { hopeless: false } },
                Ok(false) => {
                    start += taken;
                    end = (end + step).min(bytes.len());
                }
                Err(()) => return Connection { requests, end: End::Refused },
            }
        }
        onward.extend_from_slice(&content.passed);
        reads_as_one_request(&onward, &content);
        requests.push(Exchanged { head: length, content, onward });
    }
}

/// Takes what of the body is in `bytes` behind `taken`; whether it has ended.
fn take_body(reader: &mut BodyReader, bytes: &[u8], taken: &mut usize, content: &mut plain::Content) -> Result<bool, ()> {
    loop {
        let rest = &bytes[*taken..];
        match reader.next(rest).map_err(drop)? {
            Frame::Data(length) => {
                content.data.extend_from_slice(&rest[..length]);
                content.passed.extend_from_slice(&rest[..length]);
                *taken += length;
            }
            Frame::Framing(length) | Frame::Trailer(length) => {
                content.passed.extend_from_slice(&rest[..length]);
                *taken += length;
            }
            Frame::Dropped(length) => *taken += length,
            Frame::Partial => return Ok(false),
            Frame::End => return Ok(true),
        }
    }
}

fn onward(head: &RequestHead, bytes: &[u8]) -> Vec<u8> {
    let mut out = [head.method_in(bytes), b" ", head.origin_form(bytes), b" HTTP/1.1\r\n"].concat();
    let before = out.len();
    head.fields.copy_end_to_end(bytes, head.connection, dproxy_http1::Names::default(), &mut out);
    assert!(out[before..].is_empty() || out.ends_with(b"\r\n"), "whole lines are copied");
    if !head.fields.list().iter().any(|field| field.name == dproxy_http1::Name::Host) {
        out.extend_from_slice(&[b"Host: ", head.host.of(bytes), b"\r\n"].concat());
    }
    out.extend_from_slice(b"\r\n");
    out
}

fn onward_plainly(request: &plain::Request) -> Vec<u8> {
    let mut out = [&request.method, &b" "[..], &origin_form(request), b" HTTP/1.1\r\n"].concat();
    for field in request.fields.iter().filter(|field| !plain::is_of_one_hop(field, &request.fields)) {
        out.extend_from_slice(&field.line);
    }
    if !request.fields.iter().any(|field| field.name.eq_ignore_ascii_case(b"host")) {
        out.extend_from_slice(&[b"Host: ", request.host.as_slice(), b"\r\n"].concat());
    }
    out.extend_from_slice(b"\r\n");
    out
}

/// RFC 9112 §3.2.1 and §3.2.4.
fn origin_form(request: &plain::Request) -> Vec<u8> {
    let target = request.target.as_slice();
    if request.method == b"CONNECT" || target.starts_with(b"/") || target == b"*" {
        return target.to_vec();
    }
    let scheme = target.windows(3).position(|three| three == b"://").map_or(0, |at| at + 3);
    match target[scheme..].iter().position(|&byte| byte == b'/') {
        Some(slash) => target[scheme + slash..].to_vec(),
        None if request.method == b"OPTIONS" => b"*".to_vec(),
        None => b"/".to_vec(),
    }
}

fn reads_as_one_request(onward: &[u8], content: &plain::Content) {
    // No other method has a target like that; a proxy refuses both methods.
    if onward.starts_with(b"CONNECT ") {
        return;
    }
    let Reading::Whole(request, head) = plain::request(onward, &ONWARD) else {
        panic!("what is passed on is no request: {:?}", String::from_utf8_lossy(onward));
    };
    let body = plain::content(&onward[head..], request.body);
    assert_eq!(body, Reading::Whole(content.clone(), onward.len() - head), "what is passed on is the same request, alone");
}

fn only_end_to_end_fields_travel(request: &plain::Request, bytes: &[u8]) {
    let mut head = RequestHead::default();
    assert_eq!(head.parse(bytes, &LIMITS), Ok(Some(bytes.len())));
    assert_eq!(onward(&head, bytes), onward_plainly(request));
}

/// Feeds `read` with more and more of `bytes` until it says something.
fn arriving(bytes: &[u8], step: usize, mut read: impl FnMut(&[u8]) -> Result<Option<usize>, ()>) -> Result<Option<usize>, ()> {
    let mut end = 0;
    while end < bytes.len() {
        end = (end + step).min(bytes.len());
        match read(&bytes[..end]) {
            Ok(None) => {}
            said => return said,
        }
    }
    Ok(None)
}

fn steps(bytes: &[u8]) -> impl Iterator<Item = usize> {
    [1, 2, 3, 7, 64, bytes.len().max(1)].into_iter()
}

#[track_caller]
fn assert_same<T: std::fmt::Debug + PartialEq>(said: Result<Option<(T, usize)>, ()>, expected: &Reading<T>, step: usize) {
    match (said, expected) {
        (Err(()), Reading::Refused | Reading::Unfinished { hopeless: true }) | (Ok(None), Reading::Unfinished { .. }) => {}
        (Ok(Some((message, length))), Reading::Whole(expected, whole)) => {
            assert_eq!((&message, length), (expected, *whole), "in steps of {step}");
        }
        (said, expected) => panic!("in steps of {step} our reader says {said:?}, the plain one {expected:?}"),
    }
}

fn request_in(head: &RequestHead, bytes: &[u8]) -> plain::Request {
    assert_eq!(head.method == Method::Connect, head.target == Target::Authority);
    plain::Request {
        method: head.method_in(bytes).to_vec(),
        target: head.target_in(bytes).to_vec(),
        minor_version: minor(head.version),
        fields: fields_in(&head.fields, bytes),
        body: body_of(head.framing),
        host: head.host.of(bytes).to_vec(),
        persists: head.connection.persists(head.version),
        expects_continue: head.expects_continue,
    }
}

fn response_in(head: &ResponseHead, bytes: &[u8]) -> plain::Response {
    plain::Response {
        status: head.status,
        reason: head.reason_in(bytes).to_vec(),
        minor_version: minor(head.version),
        fields: fields_in(&head.fields, bytes),
        body: body_of(head.framing),
        persists: head.connection.persists(head.version),
    }
}

fn fields_in(fields: &dproxy_http1::Fields, bytes: &[u8]) -> Vec<plain::Field> {
    let field = |field: &dproxy_http1::Field| plain::Field {
        line: field.line_in(bytes).to_vec(),
        name: field.name_in(bytes).to_vec(),
        value: field.value_in(bytes).to_vec(),
    };
    fields.list().iter().map(field).collect()
}

fn body_of(framing: Framing) -> Body {
    match framing {
        Framing::None => Body::None,
        Framing::Length(length) => Body::Length(length),
        Framing::Chunked => Body::Chunked,
        Framing::UntilClose => Body::UntilClose,
    }
}

fn minor(version: Version) -> u8 {
    match version {
        Version::Http10 => 0,
        Version::Http11 => 1,
    }
}
