//! The driver's part in what a monitoring system sees. Nobody is asked for it: what workers count lies in our memory.

use std::time::{Duration, SystemTime};

use dproxy_control::WorkerRow;
use dproxy_stats::{Counter, Counters};

use super::Driver;
use super::answers::pids_of;
use super::wellness::now;
use crate::metrics::{self, WorkerFigures};

impl Driver {
    /// Every figure, as text.
    pub(super) fn metrics(&mut self) -> String {
        let views = self.core.workers();
        let own = std::process::id();
        let usage = self.facts.scraped.look(&[pids_of(&views).as_slice(), &[own]].concat());
        let now = now();
        let figures = |(row, counters): (WorkerRow, Counters)| WorkerFigures { silence: silence(now, &counters), row, counters };
        let workers: Vec<WorkerFigures> = self.worker_rows(&views, &usage).map(figures).collect();
        metrics::render(&metrics::Figures {
            status: &self.status(),
            counters: &self.sum(),
            workers: &workers,
            backends: &self.backends(),
            certificates: self.vault.expiries().collect(),
            snapshot_age: self.published.elapsed(),
            configured: self.facts.refused.is_none(),
            memory_bytes: usage.get(&own).map_or(0, |usage| usage.memory_bytes),
            now: SystemTime::now(),
        })
    }
}

/// How long ago at `now` a worker's timer came round last; none before the first time.
fn silence(now: u64, counters: &Counters) -> Option<Duration> {
    let beat = counters.get(Counter::Heartbeat);
    (beat != 0).then(|| Duration::from_millis(now.saturating_sub(beat)))
}
