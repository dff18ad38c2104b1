//! The access log: one line per answered request, written many at a time.
//!
//! The beginning of a line is written while the request's head is at hand, the
//! rest when the answer is done. Lines gather in memory and go out whole, in
//! one write per tick: with a file in append mode, no line of any worker is
//! ever torn.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::Write as _;
use std::time::Instant;

use dproxy_http1::{RequestHead, Version};

use crate::client::Client;

/// So much is written out before the next tick.
const FULL: usize = 64 * 1024;

/// A worker's access log; off until it has a file.
#[derive(Debug, Default)]
pub(crate) struct AccessLog {
    file: RefCell<Option<File>>,
    lines: RefCell<Vec<u8>>,
    /// `22/Nov/2026:19:45:20 +0000`, of the last tick.
    time: RefCell<String>,
    /// A write failed, and that was said.
    failing: Cell<bool>,
}

/// A line that waits for its answer.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Up to the status.
    line: Vec<u8>,
    /// From behind the size to before the time it took.
    rest: Vec<u8>,
    started: Instant,
}

/// What a request came to, as far as the client saw it.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// 0 while there is none.
    status: Cell<u16>,
    /// Bytes of the body.
    bytes: Cell<u64>,
}

impl Tally {
    /// The answer to a request begins, with this status.
    pub(crate) fn answered(&self, status: u16) {
        self.status.set(status);
        self.bytes.set(0);
    }

    /// The status of the answer, 0 while there is none.
    pub(crate) fn status(&self) -> u16 {
        self.status.get()
    }

    /// So many bytes of the body went to the client.
    pub(crate) fn took(&self, bytes: usize) {
        self.bytes.set(self.bytes.get() + bytes as u64);
    }
}

impl AccessLog {
    /// Writes to `file` from now on; to nothing without one. What was gathered goes to the file before.
    pub(crate) fn set_file(&self, file: Option<File>) {
        self.flush();
        self.file.replace(file);
        self.tick();
    }

    /// Begins the line of a request; none while the log is off.
    pub(crate) fn begin(&self, client: &Client, request: &RequestHead, head: &[u8]) -> Option<Entry> {
        self.file.borrow().as_ref()?;
        let mut line = Vec::with_capacity(256);
        line.extend_from_slice(client.peer.text());
        line.extend_from_slice(b" - - [");
        line.extend_from_slice(self.time.borrow().as_bytes());
        line.extend_from_slice(b"] \"");
        escape(&mut line, request.method_in(head));
        line.push(b' ');
        escape(&mut line, request.origin_form(head));
        let protocol = match request.version {
            _ if client.wire.is_h2() => "2.0",
            Version::Http11 => "1.1",
            Version::Http10 => "1.0",
        };
        write!(line, " HTTP/{protocol}\" ").expect("a vector takes every byte");
        let mut rest = Vec::with_capacity(128);
        for name in [&b"referer"[..], b"user-agent"] {
            let mut values = request.fields.list().iter().filter(|field| field.name_in(head).eq_ignore_ascii_case(name));
            rest.extend_from_slice(b" \"");
            escape(&mut rest, values.next().map_or(b"-", |field| field.value_in(head)));
            rest.push(b'"');
        }
        rest.push(b' ');
        escape(&mut rest, request.host.of(head));
        Some(Entry { line, rest, started: Instant::now() })
    }

    /// Ends a line.
    pub(crate) fn end(&self, entry: Entry, tally: &Tally) {
        let mut lines = self.lines.borrow_mut();
        lines.extend_from_slice(&entry.line);
        let milliseconds = entry.started.elapsed().as_millis();
        write!(lines, "{} {}", tally.status.get(), tally.bytes.get()).expect("a vector takes every byte");
        lines.extend_from_slice(&entry.rest);
        writeln!(lines, " {milliseconds}").expect("a vector takes every byte");
        let full = lines.len() >= FULL;
        drop(lines);
        if full {
            self.flush();
        }
    }

    /// Writes out what was gathered and looks at the time.
    pub(crate) fn tick(&self) {
        if self.file.borrow().is_some() {
            self.flush();
            let now = jiff::Timestamp::now().strftime("%d/%b/%Y:%H:%M:%S +0000").to_string();
            self.time.replace(now);
        }
    }

    fn flush(&self) {
        let mut lines = self.lines.borrow_mut();
        let file = self.file.borrow();
        let Some(mut file) = file.as_ref() else { return lines.clear() };
        if lines.is_empty() {
            return;
        }
        match file.write_all(&lines) {
            Ok(()) => self.failing.set(false),
            // A full disk must not stop the traffic; it is said once.
            Err(error) if !self.failing.replace(true) => tracing::error!(%error, "cannot write the access log; lines are lost"),
            Err(_) => {}
        }
        lines.clear();
    }
}

/// What a client sent, so that it can end neither the word nor the line.
fn escape(out: &mut Vec<u8>, text: &[u8]) {
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b' '..=b'~' => out.push(byte),
            _ => write!(out, "\\x{byte:02x}").expect("a vector takes every byte"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn escaped(text: &[u8], expected: &str) {
        let mut out = Vec::new();
        escape(&mut out, text);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn nothing_a_client_sends_ends_a_word_or_a_line() {
        escaped(b"/plain?a=b%20c", "/plain?a=b%20c");
        escaped(b"say \"hi\"\\", "say \\\"hi\\\"\\\\");
        escaped(b"a\nb\x00\xff", "a\\x0ab\\x00\\xff");
    }
}
