//! Answers of our own: what a person or a program is told when no backend answers.

mod accept;
mod template;

use std::io::Write as _;
use std::time::SystemTime;

use dproxy_config::Pages;
use dproxy_http1::{Method, RequestHead, Version};
use dproxy_route::RedirectCode;

use crate::error::ProxyError;
use crate::forward::line;
use crate::page::accept::Form;
use crate::page::template::{Filling, escape_html};

/// Seconds until a host that is offline, or a backend that is gone, may be worth another try.
const RETRY_AFTER: u32 = 5;

/// For whoever has no page of his own.
const BUILT_IN: &str = include_str!("page/page.html");

/// What is passed on, besides methods that only backends know.
const METHODS: &[u8] = b"GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH";

/// Words for people.
struct Words {
    title: &'static str,
    message: String,
}

/// What decides how an answer of ours is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'r> {
    /// The request, as far as it was understood, and its bytes.
    pub(crate) request: Option<(&'r RequestHead, &'r [u8])>,
    /// The connection ends with this answer.
    pub(crate) close: bool,
    /// The number of the request, if the client is told.
    pub(crate) request_id: Option<&'r [u8]>,
}

/// Writes the whole answer to a request that failed, by the operator's `pages` where there are some; how many bytes of
/// it are the body.
pub(crate) fn write(out: &mut Vec<u8>, status: u16, error: &ProxyError, asked: &Asked<'_>, pages: &Pages) -> usize {
    let host = asked.request.map(|(head, bytes)| String::from_utf8_lossy(head.host.of(bytes))).unwrap_or_default();
    let Words { title, message } = words(status, error, &host);
    let notice = match error {
        ProxyError::Offline(notice) => Some(notice),
        _ => None,
    };
    let reason = notice.map(|notice| notice.told_at(SystemTime::now())).unwrap_or_default();
    let filling = Filling {
        host: &host,
        status,
        title,
        message: &message,
        reason: &reason,
        container: notice.and_then(|notice| notice.container.as_deref()).filter(|_| pages.container_names),
        refresh: (status == 503 && asked.request.is_some_and(|(head, _)| head.method == Method::Get)).then_some(RETRY_AFTER),
    };
    let form = asked.request.map_or(Form::Html, |(head, bytes)| Form::wanted_by(head, bytes));
    let body = match form {
        Form::Html => filling.fill(pages.template(status).unwrap_or(BUILT_IN)),
        Form::Json => json_body(&filling),
        Form::Text => text_body(&filling),
    };
    head(out, status, title, form.media_type(), body.len());
    if status == 503 {
        line(out, "retry-after", RETRY_AFTER.to_string().as_bytes());
    }
    if status == 405 {
        line(out, "allow", METHODS);
    }
    line(out, "vary", b"accept");
    finish(out, asked, body.as_bytes())
}

/// Writes the answer to `Host: __ping__`.
pub(crate) fn write_ping(out: &mut Vec<u8>, asked: &Asked<'_>) -> usize {
    head(out, 200, "OK", "text/plain", 2);
    finish(out, asked, b"ok")
}

/// Writes what an authority wants to see, with a type that keeps browsers from making more of it.
pub(crate) fn write_challenge(out: &mut Vec<u8>, text: &str, asked: &Asked<'_>) -> usize {
    head(out, 200, "OK", "application/octet-stream", text.len());
    finish(out, asked, text.as_bytes())
}

/// Writes the answer to an OPTIONS that is meant for us.
pub(crate) fn write_options(out: &mut Vec<u8>, asked: &Asked<'_>) -> usize {
    out.extend_from_slice(b"HTTP/1.1 200 OK\r\nserver: dproxy\r\ncontent-length: 0\r\n");
    line(out, "allow", METHODS);
    finish(out, asked, b"")
}

/// Writes the answer that sends a client elsewhere, with a page for those that do not go by themselves.
pub(crate) fn write_redirect(out: &mut Vec<u8>, code: RedirectCode, location: &[u8], asked: &Asked<'_>) -> usize {
    let (status, reason) = (code.status(), code.reason());
    let link = escape_html(&String::from_utf8_lossy(location));
    let body = format!("<!doctype html>\n<title>{status} {reason}</title>\n<p>It is at <a href=\"{link}\">{link}</a>.</p>\n");
    write!(
        out,
        "HTTP/1.1 {status} {reason}\r\nserver: dproxy\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n",
        body.len()
    )
    .expect("a vector takes every byte");
    line(out, "location", location);
    finish(out, asked, body.as_bytes())
}

fn head(out: &mut Vec<u8>, status: u16, reason: &str, media_type: &str, length: usize) {
    write!(
        out,
        "HTTP/1.1 {status} {reason}\r\nserver: dproxy\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\ncache-control: no-store\r\n"
    )
    .expect("a vector takes every byte");
}

fn finish(out: &mut Vec<u8>, asked: &Asked<'_>, body: &[u8]) -> usize {
    if let Some(id) = asked.request_id {
        line(out, "x-request-id", id);
    }
    let old = asked.request.is_some_and(|(head, _)| head.version == Version::Http10);
    if asked.close {
        out.extend_from_slice(b"connection: close\r\n");
    } else if old {
        out.extend_from_slice(b"connection: keep-alive\r\n");
    }
    out.extend_from_slice(b"\r\n");
    let bodiless = asked.request.is_some_and(|(head, _)| head.method == Method::Head);
    if bodiless {
        return 0;
    }
    out.extend_from_slice(body);
    body.len()
}

fn words(status: u16, error: &ProxyError, host: &str) -> Words {
    let (title, message) = match status {
        400 => ("Bad Request", format!("The request cannot be understood: {}.", error.chain())),
        403 => ("Forbidden", format!("The site {host} lets in only those who show a client certificate that it knows.")),
        404 => ("Not Found", format!("No site is known here under the name {host}.")),
        405 => ("Method Not Allowed", "This method is not passed on.".to_owned()),
        408 => ("Request Timeout", "The request did not arrive in time.".to_owned()),
        414 => ("URI Too Long", "The address of the page is too long.".to_owned()),
        421 => ("Misdirected Request", format!("This connection was made for another site than {host}.")),
        431 => ("Request Header Fields Too Large", "The head of the request is too large.".to_owned()),
        503 => ("Service Unavailable", unavailable(error, host)),
        504 => ("Gateway Timeout", format!("The site {host} did not answer in time.")),
        505 => ("HTTP Version Not Supported", "Only HTTP/1.0 and HTTP/1.1 are understood here.".to_owned()),
        _ => ("Bad Gateway", no_answer(error, host)),
    };
    Words { title, message }
}

fn no_answer(error: &ProxyError, host: &str) -> String {
    match error {
        ProxyError::NoTunnel { .. } => {
            format!(
                "The site {host} takes no upgraded connections such as WebSocket: it speaks HTTP/2 without extended CONNECT (RFC 8441)."
            )
        }
        _ => format!("The site {host} is there, but it did not answer as it should."),
    }
}

fn unavailable(error: &ProxyError, host: &str) -> String {
    match error {
        ProxyError::Busy => format!("The site {host} is busy at the moment. Please try again in a little while."),
        _ => format!("The site {host} is offline at the moment. Please try again in a little while."),
    }
}

fn text_body(filling: &Filling<'_>) -> String {
    let Filling { status, title, message, reason, .. } = filling;
    let reason = if reason.is_empty() { String::new() } else { format!("{reason}\n") };
    format!("{status} {title}\n\n{message}\n{reason}")
}

fn json_body(filling: &Filling<'_>) -> String {
    let text = |name: &str, value: &str| format!(",\"{name}\":\"{}\"", escape_json(value));
    let mut body = format!("{{\"status\":{}", filling.status);
    body += &text("error", filling.title);
    body += &text("host", filling.host);
    body += &text("message", filling.message);
    if !filling.reason.is_empty() {
        body += &text("reason", filling.reason);
    }
    if let Some(container) = filling.container {
        body += &text("container", container);
    }
    if filling.status == 503 {
        body += &format!(",\"retry_after\":{RETRY_AFTER}");
    }
    body + "}\n"
}

fn escape_json(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            control if control.is_control() => escaped.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => escaped.push(other),
        }
    }
    escaped
}
