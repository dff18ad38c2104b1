//! Between the two shapes of a head: the fields of HTTP/2 and HTTP/3, and HTTP/1's lines.
//!
//! A request in fields is written down as HTTP/1 and read by the same strict
//! parser, so routing, forwarding fields and refusals exist once.

use std::io::Write as _;

use bytes::Bytes;
use dproxy_http1::{Framing, Limits, Method, Name, RequestHead, ResponseHead, Violation};
use h2::ext::Protocol;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri};

use crate::buffer::Buffer;
use crate::exchange::Expected;
use crate::forward::{self, Delivery, line};
use crate::websocket;

/// At least as many fields as `forward` adds to a request.
const OUR_FIELDS: usize = 32;

/// What a request in fields says before them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'p> {
    pub(crate) method: &'p str,
    pub(crate) target: &'p str,
    pub(crate) authority: Option<&'p str>,
    /// What an extended CONNECT wants to become (RFC 8441).
    pub(crate) tunnel: Option<&'p str>,
    pub(crate) has_body: bool,
}

impl<'p> Asked<'p> {
    /// By a request of HTTP/2.
    pub(crate) fn by(parts: &'p Parts, has_body: bool) -> Asked<'p> {
        Asked {
            method: parts.method.as_str(),
            target: parts.uri.path_and_query().map_or("/", |target| target.as_str()),
            authority: parts.uri.authority().map(http::uri::Authority::as_str),
            tunnel: tunnel_protocol(parts).map(Protocol::as_str),
            has_body,
        }
    }
}

/// Each name and its value.
pub(crate) fn fields_of(map: &HeaderMap) -> impl Iterator<Item = (&str, &[u8])> {
    map.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
}

/// Writes a request of HTTP/2 or HTTP/3 into `buffer` as a head of HTTP/1 and reads it.
/// Returns the length of the head. `out` is room to write in, and empty.
pub(crate) fn request_head<'p>(
    asked: &Asked<'p>,
    fields: impl Iterator<Item = (&'p str, &'p [u8])>,
    out: &mut Vec<u8>,
    buffer: &mut Buffer,
    head: &mut RequestHead,
    limits: &Limits,
) -> Result<usize, Violation> {
    let Asked { method, target, authority, tunnel, has_body } = *asked;
    out.extend_from_slice(if tunnel.is_some() { "GET" } else { method }.as_bytes());
    out.push(b' ');
    out.extend_from_slice(target.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
    // `:authority` is the Host; a Host field beside it must say the same (RFC 9113 §8.3.1, RFC 9114 §4.3.1).
    if let Some(authority) = authority {
        line(out, "host", authority.as_bytes());
    }
    let mut cookies: Vec<&[u8]> = Vec::new();
    let mut has_key = false;
    for (name, value) in fields {
        match name {
            "host" if authority.is_some_and(|authority| authority.as_bytes().eq_ignore_ascii_case(value)) => {}
            // They may be sent in pieces; HTTP/1 knows one only (RFC 9113 §8.2.3, RFC 9114 §4.2.1).
            "cookie" => cookies.push(value),
            name => {
                has_key |= websocket::is_key(name.as_bytes());
                line(out, name, value);
            }
        }
    }
    if !cookies.is_empty() {
        line(out, "cookie", &cookies.join(&b"; "[..]));
    }
    if let Some(protocol) = tunnel {
        out.extend_from_slice(b"connection: upgrade\r\n");
        line(out, "upgrade", protocol.as_bytes());
        if protocol.eq_ignore_ascii_case("websocket") && !has_key {
            line(out, "sec-websocket-key", websocket::key().as_bytes());
        }
    }
    out.extend_from_slice(b"\r\n");
    if out.len() > limits.head_bytes {
        return Err(Violation::HeadTooLarge);
    }
    if !buffer.append(out) {
        return Err(Violation::HeadTooLarge);
    }
    let length = head.parse(buffer.filled(), limits)?.ok_or(Violation::RequestLine)?;
    match (has_body, head.framing) {
        // Bodies are framed by themselves there (RFC 9113 §8.1, RFC 9114 §4.1).
        (_, Framing::Chunked) => return Err(Violation::TransferEncoding),
        // What follows an extended CONNECT is no body.
        (_, Framing::Length(_)) if tunnel.is_some() => return Err(Violation::ContentLength),
        (true, Framing::None) => head.framing = Framing::UntilClose,
        (false, _) => head.framing = Framing::None,
        (true, _) => {}
    }
    Ok(length)
}

/// What an extended CONNECT wants to become, the same in HTTP/1's `Upgrade` (RFC 8441).
pub(crate) fn tunnel_protocol(parts: &Parts) -> Option<&Protocol> {
    parts.extensions.get()
}

/// What an HTTP/2 backend is told besides the lines of a head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner<'r> {
    /// The client takes trailers.
    pub(crate) wants_trailers: bool,
    /// What the stream shall become (RFC 8441).
    pub(crate) tunnel: Option<&'r [u8]>,
    /// It is said over TLS.
    pub(crate) secure: bool,
}

/// The head of a request to an HTTP/2 backend, from the lines that we would
/// send to another; none if HTTP/2 cannot say it.
pub(crate) fn backend_request(lines: &[u8], limits: &Limits, manner: Manner<'_>) -> Option<Request<()>> {
    let mut head = RequestHead::default();
    // The client's own were counted before; ours came on top.
    let limits = Limits { head_bytes: lines.len() + 1, fields: limits.fields + OUR_FIELDS, ..*limits };
    head.parse(lines, &limits).ok()??;
    let authority = str::from_utf8(head.host.of(lines)).ok()?;
    let target = str::from_utf8(head.origin_form(lines)).ok()?;
    let uri =
        Uri::builder().scheme(if manner.secure { "https" } else { "http" }).authority(authority).path_and_query(target).build().ok()?;
    let mut request = Request::new(());
    *request.method_mut() = http::Method::from_bytes(head.method_in(lines)).ok()?;
    *request.uri_mut() = uri;
    *request.version_mut() = http::Version::HTTP_2;
    for field in head.fields.list() {
        if matches!(field.name, Name::Host | Name::TransferEncoding | Name::Connection | Name::Upgrade) {
            continue;
        }
        if manner.tunnel.is_some() && websocket::is_key(field.name_in(lines)) {
            continue;
        }
        let name = HeaderName::from_bytes(field.name_in(lines)).ok()?;
        request.headers_mut().append(name, HeaderValue::from_bytes(field.value_in(lines)).ok()?);
    }
    if let Some(token) = manner.tunnel {
        *request.method_mut() = http::Method::CONNECT;
        request.extensions_mut().insert(Protocol::from(str::from_utf8(token).ok()?));
    }
    if manner.wants_trailers {
        request.headers_mut().insert(http::header::TE, HeaderValue::from_static("trailers"));
    }
    Some(request)
}

/// Writes an answer's head of HTTP/2 into `buffer` as one of HTTP/1 and reads it; its length.
/// Success of a tunnel that was asked for is HTTP/1's 101.
pub(crate) fn response_head<B>(
    response: &Response<B>,
    has_body: bool,
    buffer: &mut Buffer,
    head: &mut ResponseHead,
    expected: &Expected<'_>,
) -> Result<usize, Violation> {
    let mut out = Vec::with_capacity(512);
    let tunnel = if response.status().is_success() { expected.upgrade } else { None };
    let status = if tunnel.is_some() { StatusCode::SWITCHING_PROTOCOLS } else { response.status() };
    let reason = status.canonical_reason().unwrap_or("");
    write!(out, "HTTP/1.1 {} {reason}\r\n", status.as_u16()).expect("a vector takes every byte");
    for (name, value) in response.headers() {
        // What follows the head of a tunnel has no length.
        if tunnel.is_none() || name != http::header::CONTENT_LENGTH {
            line(&mut out, name.as_str(), value.as_bytes());
        }
    }
    if let Some(token) = tunnel {
        out.extend_from_slice(b"connection: upgrade\r\n");
        line(&mut out, "upgrade", token);
        if let Some(accept) = expected.accept.as_deref().filter(|_| token.eq_ignore_ascii_case(b"websocket")) {
            line(&mut out, "sec-websocket-accept", accept.as_bytes());
        }
    }
    if tunnel.is_none()
        && !has_body
        && tells_length(status, expected.method)
        && !response.headers().contains_key(http::header::CONTENT_LENGTH)
    {
        // Its stream has ended, which a client of HTTP/1 does not see.
        line(&mut out, "content-length", b"0");
    }
    out.extend_from_slice(b"\r\n");
    if !buffer.append(&out) {
        return Err(Violation::HeadTooLarge);
    }
    let length = head.parse(buffer.filled(), expected.limits, expected.method)?.ok_or(Violation::StatusLine)?;
    if head.framing == Framing::Chunked {
        return Err(Violation::TransferEncoding);
    }
    if !has_body {
        head.framing = Framing::None;
    }
    Ok(length)
}

/// Whether an answer without a length would have a body that ends with the connection (RFC 9112 §6.3).
fn tells_length(status: StatusCode, method: Method) -> bool {
    method != Method::Head && !status.is_informational() && !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// An answer's head for a client of HTTP/2 or HTTP/3; an interim one without `delivery`.
pub(crate) fn response(head: &ResponseHead, bytes: &[u8], delivery: Option<&Delivery<'_>>) -> Response<()> {
    let mut response = Response::new(());
    // HTTP/2 has no 101: a tunnel is there with success (RFC 8441 §4).
    let switched = head.status == 101;
    let status = if switched { Ok(StatusCode::OK) } else { StatusCode::from_u16(head.status) };
    *response.status_mut() = status.unwrap_or(StatusCode::BAD_GATEWAY);
    let unframed = head.status == 204 || head.status < 200;
    // All values share one copy.
    let copy = Bytes::copy_from_slice(bytes);
    let bytes = &copy[..];
    response.headers_mut().reserve(head.fields.list().len());
    head.fields.each_end_to_end(bytes, head.connection, |field| {
        let drop = match field.name {
            Name::TransferEncoding => true,
            Name::ContentLength => unframed,
            Name::XDebugOther => delivery.is_some_and(|delivery| delivery.timings.is_some()),
            // It answers a key that the client did not send.
            Name::Other => switched && field.name_in(bytes).eq_ignore_ascii_case(b"sec-websocket-accept"),
            _ => false,
        };
        if drop {
            return;
        }
        // Both were read by a stricter parser than these constructors are.
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(field.name_in(bytes)), HeaderValue::from_maybe_shared(copy.slice_ref(field.value_in(bytes))))
        {
            response.headers_mut().append(name, value);
        }
    });
    if let Some(cookie) = delivery.and_then(|delivery| delivery.cookie)
        && let Ok(value) = HeaderValue::from_str(cookie)
    {
        response.headers_mut().append(http::header::SET_COOKIE, value);
    }
    if let Some(hsts) = delivery.and_then(|delivery| delivery.hsts_beside(head, bytes))
        && let Ok(value) = HeaderValue::from_str(hsts)
    {
        response.headers_mut().append(http::header::STRICT_TRANSPORT_SECURITY, value);
    }
    if let Some(alternative) = delivery.and_then(|delivery| delivery.alternative_beside(head, bytes))
        && let Ok(value) = HeaderValue::from_str(alternative)
    {
        response.headers_mut().append(http::header::ALT_SVC, value);
    }
    if let Some(id) = delivery.and_then(|delivery| delivery.request_id_beside(head))
        && let Ok(value) = HeaderValue::from_bytes(id)
    {
        response.headers_mut().append("x-request-id", value);
    }
    if let Some(timings) = delivery.and_then(|delivery| delivery.timings.as_ref()) {
        for (name, value) in forward::timing_fields(timings) {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(name, value);
            }
        }
    }
    response
}

/// One of our own pages, taken apart again.
pub(crate) fn response_of_page(page: &[u8]) -> (Response<()>, &[u8]) {
    let limits = Limits { head_bytes: page.len() + 1, fields: 32, target_bytes: 0 };
    let mut head = ResponseHead::default();
    let length = head.parse(page, &limits, Method::Get).ok().flatten().expect("we wrote it ourselves");
    (response(&head, &page[..length], None), &page[length..])
}
