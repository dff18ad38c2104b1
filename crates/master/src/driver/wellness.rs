//! The driver's part in what is known of the backends' health.

use dproxy_control::BackendRow;
use rustix::time::{ClockId, clock_gettime};

use super::Driver;
use crate::health::Finding;

impl Driver {
    /// A check has ended.
    pub(super) fn checked(&mut self, finding: Finding) {
        self.health.take_in(finding, self.books.board(), now());
    }

    /// Adds to each row what is known of its backend's health.
    pub(super) fn tell_health(&self, rows: &mut [BackendRow]) {
        self.health.chart().complete(rows, self.books.board(), now());
    }
}

/// Milliseconds of the clock that workers and master share.
pub(super) fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1000 + u64::try_from(time.tv_nsec).unwrap_or(0) / 1_000_000
}
