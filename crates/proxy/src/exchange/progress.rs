//! How far an exchange has come: what both directions tell the deadline and the counters.

use std::cell::Cell;

use dproxy_config::Timeouts;
use dproxy_stats::{Counter, Page};

use crate::access::Tally;
use crate::clock::Deadline;

/// Shared by the two directions of one exchange.
#[derive(Debug)]
pub(crate) struct Progress<'r> {
    page: &'r Page,
    deadline: &'r Deadline,
    timeouts: &'r Timeouts,
    tally: &'r Tally,
    sent: Cell<bool>,
    answered: Cell<bool>,
}

impl<'r> Progress<'r> {
    pub(crate) fn new(page: &'r Page, deadline: &'r Deadline, timeouts: &'r Timeouts, tally: &'r Tally) -> Progress<'r> {
        deadline.set(timeouts.idle);
        Progress { page, deadline, timeouts, tally, sent: Cell::new(false), answered: Cell::new(false) }
    }

    /// So many bytes of the request's body went to the backend.
    pub(crate) fn received(&self, bytes: usize) {
        self.page.add(Counter::BytesIn, bytes as u64);
        self.tally.received(bytes);
        self.deadline.set(self.timeouts.idle);
    }

    /// Nothing of the request is left.
    pub(crate) fn request_sent(&self) {
        self.sent.set(true);
        if !self.answered.get() {
            self.deadline.set(self.timeouts.first_byte);
        }
    }

    /// The answer's head is there, with this status.
    pub(crate) fn answer_begins(&self, status: u16) {
        self.tally.backend_answered(status);
        self.answered.set(true);
        self.deadline.set(self.timeouts.idle);
    }

    /// So many bytes of the answer's body went to the client.
    pub(crate) fn delivered(&self, bytes: usize) {
        self.page.add(Counter::BytesOut, bytes as u64);
        self.tally.took(bytes);
        self.deadline.set(self.timeouts.idle);
    }

    pub(crate) fn is_request_sent(&self) -> bool {
        self.sent.get()
    }

    pub(crate) fn deadline(&self) -> &Deadline {
        self.deadline
    }
}
