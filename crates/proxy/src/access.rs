//! The access log: one line per answered request, written many at a time.
//!
//! The beginning of a line is written while the request's head is at hand, the
//! rest when the answer is done. Lines gather in memory and go out whole, in
//! one write per tick: with a file in append mode, no line of any worker is
//! ever torn. To a pipe they go in pieces that stay together ([`sink`]).

mod line;
mod sink;
mod tally;

use std::cell::RefCell;
use std::fs::File;
use std::rc::Rc;
use std::time::Duration;

use dproxy_http1::RequestHead;
use dproxy_route::Logged;

use crate::access::line::{Entry, Seen};
use crate::access::sink::Sink;
pub(crate) use crate::access::tally::Tally;
use crate::client::Client;
use crate::common::Common;
use crate::pick::Chance;

/// So much is written out before the next tick.
const FULL: usize = 64 * 1024;

/// A worker that leaves waits so long for a slow reader of a pipe.
const FAREWELL: Duration = Duration::from_secs(1);

/// A worker's access log; off until it has a file.
#[derive(Debug)]
pub(crate) struct AccessLog {
    sink: RefCell<Option<Sink>>,
    lines: RefCell<Vec<u8>>,
    time: RefCell<Time>,
    /// Decides which requests get a line where not all do.
    chance: Chance,
}

/// The time of the last tick, as lines tell it.
#[derive(Debug, Default)]
pub(crate) struct Time {
    /// `22/Nov/2026:19:45:20 +0000`
    common: String,
    /// `2026-11-22T19:45:20.123Z`
    precise: String,
}

impl Default for AccessLog {
    fn default() -> AccessLog {
        AccessLog { sink: RefCell::default(), lines: RefCell::default(), time: RefCell::default(), chance: Chance::random() }
    }
}

impl AccessLog {
    /// Writes to `file` from now on; to nothing without one. What was gathered goes to the file before.
    pub(crate) fn set_file(&self, file: Option<File>) {
        self.flush(Duration::ZERO);
        self.sink.replace(file.map(Sink::new));
        self.tick();
    }

    /// Whether lines are written.
    pub(crate) fn is_on(&self) -> bool {
        self.sink.borrow().is_some()
    }

    /// Begins the line of a request.
    pub(crate) fn begin(&self, common: Rc<Common>, client: &Client, request: &RequestHead, head: &[u8]) -> Entry {
        client.tally.watch();
        let longest = self.sink.borrow().as_ref().map_or(usize::MAX, Sink::longest);
        Entry::begin(common, &self.time.borrow(), Seen { client, request, head, longest })
    }

    /// Ends a line, or drops it where not all requests get one.
    pub(crate) fn end(&self, entry: &Entry, client: &Client) {
        let tally = &client.tally;
        let logged = tally.logged().unwrap_or(entry.logged());
        if !logged.takes(tally.status(), || self.chance.share(Logged::WHOLE)) {
            return;
        }
        let mut lines = self.lines.borrow_mut();
        entry.end(client, &mut lines);
        let full = lines.len() >= FULL;
        drop(lines);
        if full {
            self.flush(Duration::ZERO);
        }
    }

    /// Writes out what was gathered and looks at the time.
    pub(crate) fn tick(&self) {
        if self.is_on() {
            self.flush(Duration::ZERO);
            let now = jiff::Timestamp::now();
            let common = now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string();
            let precise = now.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
            self.time.replace(Time { common, precise });
        }
    }

    /// Writes out everything, since there is no other tick.
    pub(crate) fn leave(&self) {
        self.flush(FAREWELL);
    }

    fn flush(&self, patience: Duration) {
        let mut lines = self.lines.borrow_mut();
        match self.sink.borrow().as_ref() {
            Some(sink) if !lines.is_empty() => sink.write(&mut lines, patience),
            Some(_) => {}
            None => lines.clear(),
        }
    }
}
