//! The head that travels on: the sender's fields as they were written, ours behind them.

use std::io::Write as _;

use dproxy_http1::{Framing, Method, Name, Names, RequestHead, ResponseHead, Version};

use dproxy_route::Rewrite;

use crate::peer::Peer;
use crate::trail::Trail;

/// What a backend is told about where a request came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'r> {
    pub(crate) peer: &'r Peer,
    /// Whether what the peer says of earlier hops is believed.
    pub(crate) trusted: bool,
    /// The port the client reached.
    pub(crate) port: u16,
    /// Whether it spoke TLS.
    pub(crate) secure: bool,
    /// The protocol it spoke, for `Via`.
    pub(crate) protocol: &'static str,
    pub(crate) server_name: &'r str,
    /// What becomes of the path.
    pub(crate) rewrite: &'r Rewrite,
    /// Who the client is by its certificate, as field lines.
    pub(crate) identity: &'r [u8],
    /// What it is followed by, where we have a say.
    pub(crate) trail: Option<&'r Trail>,
}

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// As its sender framed it.
    AsIs,
    /// Just the data: its end is that of the stream, or of the connection of a client that knows no chunks.
    Bare,
    /// In chunks, for a body that came without framing.
    Chunks,
}

/// What the client gets besides the backend's own head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delivery<'r> {
    pub(crate) version: Version,
    /// The connection ends with this answer.
    pub(crate) close: bool,
    pub(crate) encoding: Encoding,
    /// Asked for by a trusted peer.
    pub(crate) timings: Option<Timings<'r>>,
    /// `Set-Cookie`, where the client shall come to the same backend again.
    pub(crate) cookie: Option<&'r str>,
    /// What the client shall remember of TLS, where the backend does not say it.
    pub(crate) hsts: Option<&'r str>,
    /// Where else the host is spoken with, likewise.
    pub(crate) alternative: Option<&'r str>,
    /// The number of the request, where the client is told and the backend does not say it.
    pub(crate) request_id: Option<&'r [u8]>,
}

/// Where the answer came from and how long it took, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timings<'r> {
    pub(crate) backend: &'r str,
    pub(crate) total: u128,
    pub(crate) backend_time: u128,
}

/// Fields that only we write: whatever the client sent under these names is either believed and written anew, or dropped. What
/// other proxies say of client certificates is believed of trusted peers, so it is not among them.
const OURS: Names = Names::of(&[
    Name::XForwardedFor,
    Name::XForwardedHost,
    Name::XForwardedPort,
    Name::XForwardedPrefix,
    Name::XForwardedProto,
    Name::XForwardedProtocol,
    Name::XForwardedServer,
    Name::XRealIp,
    Name::XDebugOther,
    Name::ClientCert,
]);
const DIGITS: &[u8; 10] = b"0123456789";

/// What delimits a body.
const FRAMING: Names = Names::of(&[Name::ContentLength, Name::TransferEncoding]);

/// What tells clients that a host is there over TLS only.
pub(crate) const HSTS: &str = "strict-transport-security";
/// What tells clients where else a host is spoken with (RFC 7838 §3).
pub(crate) const ALT_SVC: &str = "alt-svc";

/// Whether a backend says a field itself.
fn says(head: &ResponseHead, bytes: &[u8], name: &str) -> bool {
    head.fields.list().iter().any(|field| field.name_in(bytes).eq_ignore_ascii_case(name.as_bytes()))
}

impl Delivery<'_> {
    /// What we say of TLS beside the backend's own fields: nothing where it says something itself.
    pub(crate) fn hsts_beside(&self, head: &ResponseHead, bytes: &[u8]) -> Option<&str> {
        self.hsts.filter(|_| !says(head, bytes, HSTS))
    }

    /// Where else the host is spoken with, likewise.
    pub(crate) fn alternative_beside(&self, head: &ResponseHead, bytes: &[u8]) -> Option<&str> {
        self.alternative.filter(|_| !says(head, bytes, ALT_SVC))
    }

    /// The number of the request, likewise.
    pub(crate) fn request_id_beside(&self, head: &ResponseHead) -> Option<&[u8]> {
        self.request_id.filter(|_| !head.fields.list().iter().any(|field| field.name == Name::XRequestId))
    }
}

/// Writes the request head but for what differs between backends and the empty line.
pub(crate) fn request_head(out: &mut Vec<u8>, head: &RequestHead, bytes: &[u8], origin: &Origin<'_>) {
    put(out, &[head.method_in(bytes), b" "]);
    origin.rewrite.write(head.origin_form(bytes), out);
    out.extend_from_slice(b" HTTP/1.1\r\n");
    let replaced = origin.trail.map_or(OURS, |trail| OURS.and(trail.replaced()));
    let without = replaced.with_if(!origin.trusted, Name::ClientCertOfOthers).with_if(head.method == Method::Options, Name::MaxForwards);
    head.fields.copy_end_to_end(bytes, head.connection, without, out);
    if let Some(left) = forwards_left(head, bytes) {
        number(out, "max-forwards", left);
    }
    if !head.fields.names().has(Name::Host) {
        line(out, "host", head.host.of(bytes));
    }
    if head.framing == Framing::UntilClose {
        out.extend_from_slice(b"transfer-encoding: chunked\r\n");
    }
    if let Some(token) = upgrade_token(head, bytes) {
        out.extend_from_slice(b"connection: upgrade\r\n");
        line(out, "upgrade", token);
    }
    if let Some(trail) = origin.trail {
        trail.write(|name, value| line(out, name, value));
    }
    if origin.trusted {
        appended_forwarding(out, head, bytes, origin);
    } else {
        own_forwarding(out, head, bytes, origin);
    }
    forwarded_prefix(out, head, bytes, origin);
    let (server, protocol) = (origin.server_name.as_bytes(), origin.protocol.as_bytes());
    put(out, &[origin.identity, b"x-forwarded-server: ", server, b"\r\nvia: ", protocol, b" ", server, b"\r\n"]);
}

/// How far an OPTIONS may still go behind us (RFC 9110 §7.6.2).
fn forwards_left(head: &RequestHead, bytes: &[u8]) -> Option<u64> {
    let field = if head.method == Method::Options { head.fields.only(bytes, Name::MaxForwards) } else { None };
    str::from_utf8(field?).ok()?.parse::<u64>().ok()?.checked_sub(1)
}

/// The token of an `Upgrade` that is asked for rightly and that we carry: never
/// h2c, whose frames a tunnel would hide from us (RFC 9110 §7.8).
pub(crate) fn upgrade_token<'b>(head: &RequestHead, bytes: &'b [u8]) -> Option<&'b [u8]> {
    if !head.connection.upgrade || head.version == Version::Http10 {
        return None;
    }
    head.fields.only(bytes, Name::Upgrade).filter(|token| !token.eq_ignore_ascii_case(b"h2c") && !token.contains(&b','))
}

/// Writes the answer's head, whole.
pub(crate) fn response_head(out: &mut Vec<u8>, head: &ResponseHead, bytes: &[u8], delivery: &Delivery<'_>) {
    status_line(out, head, bytes);
    // What has no body says nothing of its length (RFC 9110 §8.6, RFC 9112 §6.1).
    let unframed = head.status == 204 || head.status < 200;
    let without = Names::default()
        .with_if(unframed, Name::ContentLength)
        .with_if(unframed || delivery.encoding != Encoding::AsIs, Name::TransferEncoding)
        .with_if(delivery.timings.is_some(), Name::XDebugOther);
    head.fields.copy_end_to_end(bytes, head.connection, without, out);
    if delivery.encoding == Encoding::Chunks {
        out.extend_from_slice(b"transfer-encoding: chunked\r\n");
    }
    if head.status == 101 {
        out.extend_from_slice(b"connection: upgrade\r\n");
        line(out, "upgrade", head.fields.only(bytes, Name::Upgrade).unwrap_or_default());
    } else if delivery.close {
        out.extend_from_slice(b"connection: close\r\n");
    } else if delivery.version == Version::Http10 {
        out.extend_from_slice(b"connection: keep-alive\r\n");
    }
    if let Some(cookie) = delivery.cookie {
        line(out, "set-cookie", cookie.as_bytes());
    }
    if let Some(hsts) = delivery.hsts_beside(head, bytes) {
        line(out, HSTS, hsts.as_bytes());
    }
    if let Some(alternative) = delivery.alternative_beside(head, bytes) {
        line(out, ALT_SVC, alternative.as_bytes());
    }
    if let Some(id) = delivery.request_id_beside(head) {
        line(out, "x-request-id", id);
    }
    if let Some(timings) = &delivery.timings {
        for (name, value) in timing_fields(timings) {
            line(out, name, value.as_bytes());
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// What a trusted client that asks for it is told.
pub(crate) fn timing_fields(timings: &Timings<'_>) -> [(&'static str, String); 3] {
    [
        ("x-debug-backend", timings.backend.to_owned()),
        ("x-debug-time-total", timings.total.to_string()),
        ("x-debug-time-backend", timings.backend_time.to_string()),
    ]
}

/// Writes a 1xx head, which says nothing of bodies or connections.
pub(crate) fn interim_head(out: &mut Vec<u8>, head: &ResponseHead, bytes: &[u8]) {
    status_line(out, head, bytes);
    head.fields.copy_end_to_end(bytes, head.connection, FRAMING, out);
    out.extend_from_slice(b"\r\n");
}

/// How an answer's body that is framed like this reaches the client.
pub(crate) fn encoding(framing: Framing, version: Version, to_stream: bool) -> Encoding {
    match (framing, version) {
        _ if to_stream => Encoding::Bare,
        (Framing::None | Framing::Length(_), _) | (Framing::Chunked, Version::Http11) => Encoding::AsIs,
        (Framing::UntilClose, Version::Http11) => Encoding::Chunks,
        (Framing::Chunked | Framing::UntilClose, Version::Http10) => Encoding::Bare,
    }
}

/// How a request's body that is framed like this reaches the backend.
pub(crate) fn request_encoding(framing: Framing, to_h2: bool) -> Encoding {
    match framing {
        _ if to_h2 => Encoding::Bare,
        Framing::None | Framing::Length(_) | Framing::Chunked => Encoding::AsIs,
        // It came over HTTP/2, without a length.
        Framing::UntilClose => Encoding::Chunks,
    }
}

/// `name: value`
pub(crate) fn line(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    put(out, &[name.as_bytes(), b": ", value, b"\r\n"]);
}

/// Writes one piece after the other.
fn put(out: &mut Vec<u8>, pieces: &[&[u8]]) {
    for piece in pieces {
        out.extend_from_slice(piece);
    }
}

fn number(out: &mut Vec<u8>, name: &str, value: impl std::fmt::Display) {
    write!(out, "{name}: {value}\r\n").expect("a vector takes every byte");
}

fn status_line(out: &mut Vec<u8>, head: &ResponseHead, bytes: &[u8]) {
    put(out, &[b"HTTP/1.1 ", head.status_in(bytes), b" ", head.reason_in(bytes), b"\r\n"]);
}

/// Where the backend's `/` is on the client's side: what a proxy before us took off the path, then what we take off.
fn forwarded_prefix(out: &mut Vec<u8>, head: &RequestHead, bytes: &[u8], origin: &Origin<'_>) {
    let before = if origin.trusted { head.fields.only(bytes, Name::XForwardedPrefix) } else { None };
    let own = origin.rewrite.strip.as_key().as_bytes();
    if before.is_some() || !own.is_empty() {
        let before = before.unwrap_or_default();
        line(out, "x-forwarded-prefix", &[before.strip_suffix(b"/").unwrap_or(before), own].concat());
    }
}

/// The peer is the client.
fn own_forwarding(out: &mut Vec<u8>, head: &RequestHead, bytes: &[u8], origin: &Origin<'_>) {
    let (ip, host) = (origin.peer.text(), head.host.of(bytes));
    let protocol: &[u8] = if origin.secure {
        b"\r\nx-forwarded-proto: https\r\nx-forwarded-protocol: https\r\nx-forwarded-port: "
    } else {
        b"\r\nx-forwarded-proto: http\r\nx-forwarded-protocol: http\r\nx-forwarded-port: "
    };
    let mut room = [0; 5];
    let port = decimal(origin.port, &mut room);
    put(out, &[b"x-real-ip: ", ip, b"\r\nx-forwarded-for: ", ip, protocol, port, b"\r\nx-forwarded-host: ", host, b"\r\n"]);
}

/// The peer is a proxy whose word is good: what it says stays, and it is appended itself.
fn appended_forwarding(out: &mut Vec<u8>, head: &RequestHead, bytes: &[u8], origin: &Origin<'_>) {
    let said = |name| head.fields.only(bytes, name);
    let ip = origin.peer.text();
    let mut hops =
        head.fields.list().iter().filter(|field| field.name == Name::XForwardedFor).map(|field| field.value_in(bytes)).collect::<Vec<_>>();
    hops.push(ip);
    line(out, "x-real-ip", said(Name::XRealIp).unwrap_or(ip));
    line(out, "x-forwarded-for", &hops.join(&b", "[..]));
    let proto =
        said(Name::XForwardedProto).or_else(|| said(Name::XForwardedProtocol)).unwrap_or(if origin.secure { b"https" } else { b"http" });
    line(out, "x-forwarded-proto", proto);
    line(out, "x-forwarded-protocol", proto);
    match said(Name::XForwardedPort) {
        Some(value) => line(out, "x-forwarded-port", value),
        None => number(out, "x-forwarded-port", origin.port),
    }
    line(out, "x-forwarded-host", said(Name::XForwardedHost).unwrap_or_else(|| head.host.of(bytes)));
}

/// A number that stands in every head, where formatting would cost as much as the rest of its line.
fn decimal(number: u16, room: &mut [u8; 5]) -> &[u8] {
    let (mut first, mut rest) = (room.len(), number);
    loop {
        first -= 1;
        room[first] = DIGITS[usize::from(rest % 10)];
        rest /= 10;
        if rest == 0 {
            return &room[first..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_formatting_would() {
        for number in [0, 7, 10, 80, 100, 443, 599, 8080, 10000, u16::MAX] {
            assert_eq!(decimal(number, &mut [0; 5]), number.to_string().as_bytes());
        }
    }
}
