//! The access log: one line per answered request, written many at a time.
//!
//! The beginning of a line is written while the request's head is at hand, the
//! rest when the answer is done. Lines gather in memory and go out whole, in
//! one write per tick: with a file in append mode, no line of any worker is
//! ever torn.

mod line;
mod tally;

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::Write as _;
use std::rc::Rc;

use dproxy_http1::RequestHead;

use crate::access::line::{Entry, Seen};
pub(crate) use crate::access::tally::Tally;
use crate::client::Client;
use crate::view::View;

/// So much is written out before the next tick.
const FULL: usize = 64 * 1024;

/// A worker's access log; off until it has a file.
#[derive(Debug, Default)]
pub(crate) struct AccessLog {
    file: RefCell<Option<File>>,
    lines: RefCell<Vec<u8>>,
    time: RefCell<Time>,
    /// A write failed, and that was said.
    failing: Cell<bool>,
}

/// The time of the last tick, as lines tell it.
#[derive(Debug, Default)]
pub(crate) struct Time {
    /// `22/Nov/2026:19:45:20 +0000`
    common: String,
    /// `2026-11-22T19:45:20.123Z`
    precise: String,
}

impl AccessLog {
    /// Writes to `file` from now on; to nothing without one. What was gathered goes to the file before.
    pub(crate) fn set_file(&self, file: Option<File>) {
        self.flush();
        self.file.replace(file);
        self.tick();
    }

    /// Whether lines are written.
    pub(crate) fn is_on(&self) -> bool {
        self.file.borrow().is_some()
    }

    /// Begins the line of a request.
    pub(crate) fn begin(&self, view: Rc<View>, client: &Client, request: &RequestHead, head: &[u8]) -> Entry {
        client.tally.watch();
        Entry::begin(view, &self.time.borrow(), Seen { client, request, head })
    }

    /// Ends a line.
    pub(crate) fn end(&self, entry: &Entry, tally: &Tally) {
        let mut lines = self.lines.borrow_mut();
        entry.end(tally, &mut lines);
        let full = lines.len() >= FULL;
        drop(lines);
        if full {
            self.flush();
        }
    }

    /// Writes out what was gathered and looks at the time.
    pub(crate) fn tick(&self) {
        if self.is_on() {
            self.flush();
            let now = jiff::Timestamp::now();
            let common = now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string();
            let precise = now.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
            self.time.replace(Time { common, precise });
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
