//! One line of the access log, in each of its formats.
//!
//! What the request says is written while its head is at hand, the rest when
//! the answer is done.

use std::io::Write as _;
use std::rc::Rc;
use std::time::{Duration, Instant};

use dproxy_config::{AccessField, AccessFormat, RequestIds, TraceContexts};
use dproxy_http1::{Name, RequestHead, Version};
use dproxy_route::Logged;

use crate::access::{Tally, Time};
use crate::client::{Client, Wire};
use crate::common::Common;
use crate::trail::{TraceContext, Trail};

/// Bytes that one byte of a client's becomes at most, as `\\u0000`.
const WIDEST: usize = 6;

/// A line that waits for its answer.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Up to the status.
    line: Vec<u8>,
    /// What the request says that stands behind it.
    rest: Vec<u8>,
    started: Instant,
    /// By whose settings it was begun.
    common: Rc<Common>,
}

/// A request whose head is at hand.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'r> {
    pub(crate) client: &'r Client,
    pub(crate) request: &'r RequestHead,
    pub(crate) head: &'r [u8],
    /// Longer texts are cut off.
    pub(crate) longest: usize,
}

impl Entry {
    pub(crate) fn begin(common: Rc<Common>, time: &Time, seen: Seen<'_>) -> Entry {
        let mut entry = Entry { line: Vec::with_capacity(256), rest: Vec::new(), started: Instant::now(), common: Rc::clone(&common) };
        match &common.settings().access.format {
            AccessFormat::Full => {
                entry.begin_common(b"", time, seen);
                entry.visitor(b"-", seen);
                entry.rest.push(b' ');
                escape(&mut entry.rest, seen.request.host.of(seen.head), seen.longest);
            }
            AccessFormat::Combined => {
                entry.begin_common(b"", time, seen);
                entry.visitor(b"-", seen);
            }
            AccessFormat::Hipache => {
                // It listened to both families at once, where an address of the old one is written like this.
                let prefix: &[u8] = if seen.client.peer.ip().is_ipv4() { b"::ffff:" } else { b"" };
                entry.begin_common(prefix, time, seen);
                entry.visitor(b"", seen);
                entry.rest.push(b' ');
                quoted(&mut entry.rest, seen.request.host.of(seen.head), seen.longest);
            }
            AccessFormat::Json(fields) => {
                entry.line.push(b'{');
                for field in fields {
                    json_of_request(&mut entry.line, *field, time, seen);
                }
            }
        }
        entry
    }

    /// How many requests get one, where their route does not say.
    pub(crate) fn logged(&self) -> Logged {
        self.common.settings().access.logged
    }

    /// Writes the whole line to `out`.
    pub(crate) fn end(&self, client: &Client, out: &mut Vec<u8>) {
        let tally = &client.tally;
        let took = self.started.elapsed();
        out.extend_from_slice(&self.line);
        match &self.common.settings().access.format {
            AccessFormat::Full => {
                self.result(tally, out);
                number(out, format_args!(" {}", took.as_millis()));
                self.trail(client, out);
            }
            AccessFormat::Combined => {
                self.result(tally, out);
                self.trail(client, out);
            }
            AccessFormat::Hipache => {
                self.result(tally, out);
                let backend = tally.backend_time().unwrap_or_default();
                out.push(b' ');
                thousandths(out, took.as_millis());
                out.push(b' ');
                thousandths(out, backend.as_millis());
                self.trail(client, out);
            }
            AccessFormat::Json(fields) => {
                for field in fields {
                    json_of_answer(out, *field, tally, took);
                }
                // Each field ends with a comma; there is at least one.
                out.pop();
                out.push(b'}');
            }
        }
        out.push(b'\n');
    }

    /// What all formats but JSON begin with.
    fn begin_common(&mut self, prefix: &[u8], time: &Time, seen: Seen<'_>) {
        let Seen { client, request, head, longest } = seen;
        let line = &mut self.line;
        line.extend_from_slice(prefix);
        line.extend_from_slice(client.peer.text());
        line.extend_from_slice(b" - - [");
        line.extend_from_slice(time.common.as_bytes());
        line.extend_from_slice(b"] \"");
        escape(line, request.method_in(head), longest);
        line.push(b' ');
        escape(line, request.origin_form(head), longest);
        line.push(b' ');
        line.extend_from_slice(protocol(seen).as_bytes());
        line.extend_from_slice(b"\" ");
    }

    /// Where the client came from and what it calls itself; `absent` where it does not say.
    fn visitor(&mut self, absent: &[u8], seen: Seen<'_>) {
        self.rest.reserve(128);
        for name in [&b"referer"[..], b"user-agent"] {
            self.rest.push(b' ');
            quoted(&mut self.rest, said(name, seen).unwrap_or(absent), seen.longest);
        }
    }

    fn result(&self, tally: &Tally, out: &mut Vec<u8>) {
        number(out, format_args!("{} {}", tally.status(), tally.bytes()));
        out.extend_from_slice(&self.rest);
    }

    /// What the request is followed by, where the settings have it be followed by something.
    fn trail(&self, client: &Client, out: &mut Vec<u8>) {
        let Some(trail) = &client.trail else { return };
        let following = &self.common.settings().following;
        // Both fit a line as they are.
        if following.request_id != RequestIds::Passed {
            out.push(b' ');
            quoted(out, trail.request_id().unwrap_or(b"-"), usize::MAX);
        }
        if following.context != TraceContexts::Passed {
            out.push(b' ');
            let trace = trail.context().map_or_else(|| "-".to_owned(), TraceContext::trace_id);
            quoted(out, trace.as_bytes(), usize::MAX);
        }
    }
}

fn json_of_request(out: &mut Vec<u8>, field: AccessField, time: &Time, seen: Seen<'_>) {
    let Seen { client, request, head, longest } = seen;
    let trail = client.trail.as_deref();
    let context = trail.and_then(Trail::context);
    let made;
    let text = match field {
        AccessField::Time => Some(time.precise.as_bytes()),
        AccessField::Client => Some(client.peer.text()),
        AccessField::ForwardedFor => request.fields.only(head, Name::XForwardedFor),
        AccessField::Method => Some(request.method_in(head)),
        AccessField::Scheme => Some(if client.tls.is_some() { &b"https"[..] } else { b"http" }),
        AccessField::Host => Some(request.host.of(head)),
        AccessField::Target => Some(request.origin_form(head)),
        AccessField::Protocol => Some(protocol(seen).as_bytes()),
        AccessField::Referer => said(b"referer", seen),
        AccessField::UserAgent => said(b"user-agent", seen),
        AccessField::RequestId => trail.and_then(Trail::request_id),
        AccessField::TraceId => {
            made = context.map(TraceContext::trace_id);
            made.as_deref().map(str::as_bytes)
        }
        AccessField::SpanId => {
            made = context.map(TraceContext::parent_id);
            made.as_deref().map(str::as_bytes)
        }
        AccessField::Status | AccessField::Bytes | AccessField::Duration | AccessField::Backend | AccessField::BackendTime => return,
    };
    json_text(out, field, text, longest);
}

fn json_of_answer(out: &mut Vec<u8>, field: AccessField, tally: &Tally, took: Duration) {
    match field {
        AccessField::Status => number(out, format_args!("\"{}\":{},", field.as_str(), tally.status())),
        AccessField::Bytes => number(out, format_args!("\"{}\":{},", field.as_str(), tally.bytes())),
        AccessField::Duration => json_millis(out, field, took),
        AccessField::Backend => tally.with_backend(|backend| json_text(out, field, backend.map(str::as_bytes), usize::MAX)),
        AccessField::BackendTime => match tally.backend_time() {
            Some(took) => json_millis(out, field, took),
            None => json_text(out, field, None, usize::MAX),
        },
        AccessField::Time
        | AccessField::Client
        | AccessField::ForwardedFor
        | AccessField::Method
        | AccessField::Scheme
        | AccessField::Host
        | AccessField::Target
        | AccessField::Protocol
        | AccessField::Referer
        | AccessField::UserAgent
        | AccessField::RequestId
        | AccessField::TraceId
        | AccessField::SpanId => {}
    }
}

/// The first field of this name.
fn said<'r>(name: &[u8], seen: Seen<'r>) -> Option<&'r [u8]> {
    let mut fields = seen.request.fields.list().iter().filter(|field| field.name == Name::Other);
    Some(fields.find(|field| field.name_in(seen.head).eq_ignore_ascii_case(name))?.value_in(seen.head))
}

fn protocol(seen: Seen<'_>) -> &'static str {
    match seen.request.version {
        _ if matches!(seen.client.wire, Wire::H2(_)) => "HTTP/2.0",
        _ if matches!(seen.client.wire, Wire::H3(_)) => "HTTP/3.0",
        Version::Http11 => "HTTP/1.1",
        Version::Http10 => "HTTP/1.0",
    }
}

fn number(out: &mut Vec<u8>, number: std::fmt::Arguments<'_>) {
    out.write_fmt(number).expect("a vector takes every byte");
}

/// A number of thousandths as a decimal number, which costs a tenth of formatting a fraction.
fn thousandths(out: &mut Vec<u8>, count: u128) {
    number(out, format_args!("{}.{:03}", count / 1000, count % 1000));
}

/// `"name":12.345,`
fn json_millis(out: &mut Vec<u8>, field: AccessField, took: Duration) {
    number(out, format_args!("\"{}\":", field.as_str()));
    thousandths(out, took.as_micros());
    out.push(b',');
}

fn quoted(out: &mut Vec<u8>, text: &[u8], longest: usize) {
    out.push(b'"');
    escape(out, text, longest);
    out.push(b'"');
}

/// What a client sent, so that it can end neither the word nor the line.
fn escape(out: &mut Vec<u8>, text: &[u8], longest: usize) {
    let text = clipped(text, longest);
    if text.iter().all(|&byte| is_plain(byte)) {
        return out.extend_from_slice(text);
    }
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            byte if is_plain(byte) => out.push(byte),
            _ => number(out, format_args!("\\x{byte:02x}")),
        }
    }
}

/// As much of a text as takes no more than `longest` bytes however it is written.
fn clipped(text: &[u8], longest: usize) -> &[u8] {
    let room = if text.iter().all(|&byte| is_plain(byte)) { longest } else { longest / WIDEST };
    text.get(..room).unwrap_or(text)
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

/// `"name":"text",`, or `null` for nothing. What is no UTF-8 is replaced: JSON knows no other text.
fn json_text(out: &mut Vec<u8>, field: AccessField, text: Option<&[u8]>, longest: usize) {
    out.push(b'"');
    out.extend_from_slice(field.as_str().as_bytes());
    out.extend_from_slice(b"\":");
    let Some(text) = text else { return out.extend_from_slice(b"null,") };
    let text = clipped(text, longest);
    out.push(b'"');
    if text.iter().all(|&byte| is_plain(byte)) {
        out.extend_from_slice(text);
    } else {
        for chunk in text.utf8_chunks() {
            for byte in chunk.valid().bytes() {
                match byte {
                    b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
                    0..=0x1f | 0x7f => number(out, format_args!("\\u{byte:04x}")),
                    _ => out.push(byte),
                }
            }
            if !chunk.invalid().is_empty() {
                out.extend_from_slice("\u{fffd}".as_bytes());
            }
        }
    }
    out.extend_from_slice(b"\",");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &[u8], escaped: &str, json: &str) {
        let mut out = Vec::new();
        escape(&mut out, text, usize::MAX);
        assert_eq!(String::from_utf8(out).unwrap(), escaped);
        let mut out = Vec::new();
        json_text(&mut out, AccessField::Target, Some(text), usize::MAX);
        assert_eq!(String::from_utf8(out).unwrap(), format!("\"target\":\"{json}\","));
    }

    #[test]
    fn nothing_a_client_sends_ends_a_word_or_a_line() {
        check(b"/plain?a=b%20c", "/plain?a=b%20c", "/plain?a=b%20c");
        check(b"say \"hi\"\\", "say \\\"hi\\\"\\\\", "say \\\"hi\\\"\\\\");
        check(b"a\nb\x00\xff", "a\\x0ab\\x00\\xff", "a\\u000ab\\u0000\u{fffd}");
        check("\u{e4}\x7f".as_bytes(), "\\xc3\\xa4\\x7f", "\u{e4}\\u007f");
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_off_however_it_is_written() {
        let length = |text: &[u8]| {
            let mut out = Vec::new();
            escape(&mut out, text, 60);
            out.len()
        };
        assert_eq!((length(&[b'a'; 60]), length(&[b'a'; 61]), length(&[0; 100])), (60, 60, 40));
    }

    #[test]
    fn what_is_not_there_is_null() {
        let mut out = Vec::new();
        json_text(&mut out, AccessField::Referer, None, usize::MAX);
        assert_eq!(out, b"\"referer\":null,");
    }
}
