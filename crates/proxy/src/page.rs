//! Answers of our own: what a person or a program is told when no backend answers.

use std::io::Write as _;

use dproxy_http1::{Name, RequestHead, Version};
use dproxy_route::RedirectCode;

use crate::error::ProxyError;
use crate::forward::line;

/// When a host that is offline, or a backend that is gone, may be worth another try.
const RETRY_AFTER: &str = "5";

/// What is passed on, besides methods that only backends know.
const METHODS: &[u8] = b"GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH";

/// Words for people.
struct Words {
    reason: &'static str,
    text: String,
}

/// What decides how an answer of ours is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'r> {
    /// The request, as far as it was understood, and its bytes.
    pub(crate) request: Option<(&'r RequestHead, &'r [u8])>,
    /// The connection ends with this answer.
    pub(crate) close: bool,
}

/// Writes the whole answer to a request that failed; how many bytes of it are the body.
pub(crate) fn write(out: &mut Vec<u8>, status: u16, error: &ProxyError, asked: &Asked<'_>) -> usize {
    let host = asked.request.map(|(head, bytes)| String::from_utf8_lossy(head.host.of(bytes))).unwrap_or_default();
    let words = words(status, error, &host);
    let json = asked.request.is_some_and(|(head, bytes)| wants_json(head, bytes));
    let body = if json { json_body(status, &words, &host) } else { html_body(status, &words) };
    head(out, status, words.reason, if json { "application/json" } else { "text/html; charset=utf-8" }, body.len());
    if status == 503 {
        line(out, "retry-after", RETRY_AFTER.as_bytes());
    }
    if status == 405 {
        line(out, "allow", METHODS);
    }
    finish(out, asked, body.as_bytes())
}

/// Writes the answer to `Host: __ping__`.
pub(crate) fn write_ping(out: &mut Vec<u8>, asked: &Asked<'_>) -> usize {
    head(out, 200, "OK", "text/plain", 2);
    finish(out, asked, b"ok")
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
    let old = asked.request.is_some_and(|(head, _)| head.version == Version::Http10);
    if asked.close {
        out.extend_from_slice(b"connection: close\r\n");
    } else if old {
        out.extend_from_slice(b"connection: keep-alive\r\n");
    }
    out.extend_from_slice(b"\r\n");
    let bodiless = asked.request.is_some_and(|(head, _)| head.method == dproxy_http1::Method::Head);
    if bodiless {
        return 0;
    }
    out.extend_from_slice(body);
    body.len()
}

fn words(status: u16, error: &ProxyError, host: &str) -> Words {
    let (reason, text) = match status {
        400 => ("Bad Request", format!("The request cannot be understood: {}.", error.chain())),
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
    Words { reason, text }
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
        ProxyError::Offline(notice) => {
            format!("The site {host} is offline at the moment ({}). Please try again in a little while.", notice.reason)
        }
        ProxyError::Busy => format!("The site {host} is busy at the moment. Please try again in a little while."),
        _ => format!("The site {host} is offline at the moment. Please try again in a little while."),
    }
}

/// JSON where it is asked for and a page is not.
fn wants_json(head: &RequestHead, bytes: &[u8]) -> bool {
    let accept = head.fields.list().iter().filter(|field| field.name == Name::Accept);
    let mut accept = accept.map(|field| String::from_utf8_lossy(field.value_in(bytes)).to_ascii_lowercase());
    accept.any(|value| (value.contains("application/json") || value.contains("+json")) && !value.contains("text/html"))
}

fn json_body(status: u16, words: &Words, host: &str) -> String {
    let (reason, host, text) = (words.reason, escape_json(host), escape_json(&words.text));
    format!("{{\"status\":{status},\"error\":\"{reason}\",\"host\":\"{host}\",\"message\":\"{text}\"}}\n")
}

fn html_body(status: u16, words: &Words) -> String {
    let (reason, text) = (words.reason, escape_html(&words.text));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{status} {reason}</title>\n<style>body{{font:1.1em/1.5 system-ui,sans-serif;color:#333;max-width:36em;margin:15vh auto;padding:0 1em}}\
         h1{{font-weight:500}}small{{color:#777}}</style>\n</head>\n<body>\n<h1>{reason}</h1>\n<p>{text}</p>\n<small>{status} · dproxy</small>\n\
         </body>\n</html>\n"
    )
}

fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
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
