//! The driver's part in what a monitoring system sees. Nobody is asked for it: what workers count lies in our memory.

use std::time::{Duration, SystemTime};

use dproxy_control::WorkerRow;
use dproxy_route::RouteName;
use dproxy_stats::{Account, Counter, Counters, Sums};

use super::Driver;
use super::answers::pids_of;
use super::wellness::now;
use crate::metrics::{self, RouteFigures, WorkerFigures};
use crate::spawn::Worker;

impl Driver {
    /// Accounts that an earlier master opened go on.
    pub(super) fn recall_accounts(&mut self) {
        let Driver { books, core, .. } = self;
        core.snapshot().into_iter().for_each(|snapshot| books.recall_accounts(&snapshot.accounts));
    }

    /// These routes are counted from nothing.
    pub(super) fn open_accounts(&mut self, fresh: &[(RouteName, u32)]) {
        let Driver { books, workers, .. } = self;
        books.open_accounts(fresh, |account| sum_of(workers.values(), account));
    }

    /// Every route that had a request.
    fn route_figures(&self) -> Vec<RouteFigures<'_>> {
        let accounts = self.core.snapshot().map_or(&[][..], |snapshot| &snapshot.accounts);
        let figures = accounts.iter().filter_map(|(name, number)| {
            let account = Account::at(*number)?;
            let mut sums = sum_of(self.workers.values(), account);
            sums.add(&self.books.dead_account(account));
            Some(RouteFigures { name, sums })
        });
        figures.filter(|route| !route.sums.is_nothing()).collect()
    }

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
            routes: &self.route_figures(),
            certificates: self.vault.expiries().collect(),
            snapshot_age: self.published.elapsed(),
            configured: self.facts.refused.is_none(),
            memory_bytes: usage.get(&own).map_or(0, |usage| usage.memory_bytes),
            now: SystemTime::now(),
        })
    }
}

/// What these workers have noted there.
fn sum_of<'w>(workers: impl Iterator<Item = &'w Worker>, account: Account) -> Sums {
    let mut sum = Sums::default();
    workers.for_each(|worker| sum.add(&worker.account(account)));
    sum
}

/// How long ago at `now` a worker's timer came round last; none before the first time.
fn silence(now: u64, counters: &Counters) -> Option<Duration> {
    let beat = counters.get(Counter::Heartbeat);
    (beat != 0).then(|| Duration::from_millis(now.saturating_sub(beat)))
}
