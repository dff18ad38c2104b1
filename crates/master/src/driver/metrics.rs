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
    fn route_figures(&self) -> Vec<(RouteName, Sums)> {
        let accounts = self.core.snapshot().map_or(&[][..], |snapshot| &snapshot.accounts);
        let figures = accounts.iter().filter_map(|(name, number)| {
            let account = Account::at(*number)?;
            let mut sums = sum_of(self.workers.values(), account);
            sums.add(&self.books.dead_account(account));
            (!sums.is_nothing()).then(|| (name.clone(), sums))
        });
        figures.collect()
    }

    /// Hands every figure on, as text.
    pub(super) fn metrics(&mut self, hand_on: impl FnOnce(String) + Send + 'static) {
        let views = self.core.workers();
        let own = std::process::id();
        let usage = self.facts.scraped.look(&[pids_of(&views).as_slice(), &[own]].concat());
        let now = now();
        let figures = |(row, counters): (WorkerRow, Counters)| WorkerFigures { silence: silence(now, &counters), row, counters };
        let workers: Vec<WorkerFigures> = self.worker_rows(&views, &usage).map(figures).collect();
        let (status, counters, routes, backends) = (self.status(), self.sum(), self.route_figures(), self.backend_picture());
        let certificates: Vec<(String, SystemTime)> = self.vault.expiries().map(|(file, until)| (file.to_owned(), until)).collect();
        let (snapshot_age, configured) = (self.published.elapsed(), self.facts.refused.is_none());
        let memory_bytes = usage.get(&own).map_or(0, |usage| usage.memory_bytes);
        self.chores.spawn_blocking(move || {
            hand_on(metrics::render(&metrics::Figures {
                status: &status,
                counters: &counters,
                workers: &workers,
                backends: &backends.rows(),
                routes: &routes.iter().map(|(name, sums)| RouteFigures { name, sums: *sums }).collect::<Vec<_>>(),
                certificates: certificates.iter().map(|(file, until)| (file.as_str(), *until)).collect(),
                snapshot_age,
                configured,
                memory_bytes,
                now: SystemTime::now(),
            }));
        });
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
