//! What the driver looks at from time to time, so that the core can judge it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use dproxy_stats::{Counter, Row};

use super::Driver;
use crate::core::Event;
use crate::spawn::Worker;
use crate::starvation::waited_for_cpu;

/// How often the workers' memory is looked at, if there is a limit.
pub(super) const WEIGHING: Duration = Duration::from_secs(2);

impl Driver {
    /// Reads every worker's last beat from its page. A worker that was kept from running is not looked at.
    pub(super) fn look(&mut self) {
        let mut beats = BTreeMap::new();
        for (id, worker) in &mut self.workers {
            let beat = worker.counters().get(Counter::Heartbeat);
            let pid = worker.pid;
            if !worker.starvation.look(beat, || waited_for_cpu(pid)) {
                beats.insert(*id, beat);
            }
        }
        self.happened.push_back(Event::Looked(beats));
        self.look_at_the_board();
        self.expire_routes();
        if self.access_log.rotate(Instant::now(), SystemTime::now()) {
            self.hand_out_log();
        }
        self.record();
        self.clear_attic();
        self.tell_news();
    }

    /// Goes on with an audit, and frees columns that nobody uses any more.
    fn look_at_the_board(&mut self) {
        let rows: Vec<&Row> = self.workers.values().filter_map(Worker::row).collect();
        self.books.look(&rows, self.core.columns());
        let mut vacated = self.core.leaving_columns();
        vacated.retain(|column| self.books.is_empty(*column));
        if !vacated.is_empty() {
            // Before anything else: a backend that comes back in between would have its column taken away.
            self.happened.push_front(Event::Vacated(vacated));
        }
    }

    /// Compares every worker's memory with what it may use.
    pub(super) fn weigh(&mut self) {
        let Some(limit) = self.facts.config.max_memory.map(u64::from) else { return };
        let pids: Vec<u32> = self.workers.values().map(|worker| worker.pid).collect();
        let usage = self.facts.scales.look(&pids);
        for (id, worker) in &self.workers {
            if let Some(usage) = usage.get(&worker.pid).filter(|usage| usage.memory_bytes > limit) {
                self.happened.push_back(Event::Outgrew(*id, usage.memory_bytes));
            }
        }
    }
}
