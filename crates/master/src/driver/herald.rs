//! Finds out what is different from what was told last, for those who listen to `/events`.
//!
//! Nothing reports its changes: what is there is compared with what was there. So nothing is forgotten, whoever changes it,
//! and without a listener it costs nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use dproxy_control::{Bulletin, ContainerRow, Kind, RouteRow, Status, WorkerRow};
use dproxy_ipc::Generation;

use super::Driver;
use crate::log::tail;

/// What was told last; nothing while nobody listens.
#[derive(Default)]
pub(super) struct Told(Option<World>);

/// Everything that is told of.
struct World {
    status: Status,
    workers: BTreeMap<u16, WorkerRow>,
    generation: Generation,
    routes: Rc<[RouteRow]>,
    containers: BTreeMap<(Option<String>, String), ContainerRow>,
    line: u64,
}

impl Driver {
    /// Tells what is new since the last time.
    pub(super) fn tell_news(&mut self) {
        if !self.herald.is_heard() {
            self.told = Told::default();
            return;
        }
        let mut now = self.world();
        for bulletin in self.told.0.iter().flat_map(|before| before.news(&now)) {
            self.herald.tell(bulletin);
        }
        let since = self.told.0.as_ref().map_or(now.line, |before| before.line);
        for row in tail::lines_after(since) {
            self.herald.tell(Bulletin::new(Kind::Log, &row));
            now.line = row.number;
        }
        self.told = Told(Some(now));
    }

    fn world(&mut self) -> World {
        let generation = self.core.generation();
        // Thousands of them are not looked at ten times a second while nothing has changed.
        let routes = match self.told.0.take() {
            Some(before) if before.generation == generation => {
                let routes = Rc::clone(&before.routes);
                self.told = Told(Some(before));
                routes
            }
            before => {
                self.told = Told(before);
                self.route_records().into()
            }
        };
        World {
            status: steady(self.status()),
            workers: self.all_worker_records().into_iter().map(|row| (row.slot, row)).collect(),
            generation,
            routes,
            containers: self.container_records().into_iter().map(|row| ((row.engine.clone(), row.id.clone()), row)).collect(),
            line: tail::written(),
        }
    }
}

impl World {
    /// What a listener of this one must be told of the next.
    fn news(&self, next: &World) -> Vec<Bulletin> {
        let mut news = Vec::new();
        if self.status != next.status {
            news.push(Bulletin::new(Kind::Status, &next.status));
        }
        let same = |one: &WorkerRow, other: &WorkerRow| (one.pid, &one.state) == (other.pid, &other.state);
        let changed = |row: &&WorkerRow| self.workers.get(&row.slot).is_none_or(|before| !same(before, row));
        news.extend(next.workers.values().filter(changed).map(|row| Bulletin::new(Kind::Worker, row)));
        let gone = self.workers.values().filter(|row| !next.workers.contains_key(&row.slot));
        news.extend(gone.map(|row| Bulletin::new(Kind::Worker, &WorkerRow { state: "stopped".to_owned(), pid: None, ..row.clone() })));
        if self.generation != next.generation {
            let missing = |rows: &[RouteRow], others: &[RouteRow]| -> Vec<RouteRow> {
                let others: BTreeSet<String> = others.iter().map(key).collect();
                rows.iter().filter(|row| !others.contains(&key(row))).cloned().collect()
            };
            news.extend(missing(&self.routes, &next.routes).iter().map(|row| Bulletin::new(Kind::RouteRemoved, row)));
            news.extend(missing(&next.routes, &self.routes).iter().map(|row| Bulletin::new(Kind::RouteAdded, row)));
        }
        let changed = next.containers.iter().filter(|(key, row)| self.containers.get(key) != Some(row));
        news.extend(changed.map(|(_, row)| Bulletin::new(Kind::Container, row)));
        let gone = self.containers.iter().filter(|(key, _)| !next.containers.contains_key(key));
        news.extend(gone.map(|(_, row)| Bulletin::new(Kind::ContainerRemoved, row)));
        news
    }
}

/// Without what changes all the time and is no news.
fn steady(status: Status) -> Status {
    Status {
        uptime_seconds: 0,
        connections_total: 0,
        connections_open: 0,
        requests_total: 0,
        requests_in_flight: 0,
        requests_held_total: 0,
        requests_held: 0,
        errors_5xx_total: 0,
        ..status
    }
}

/// All of a route but how long it lives still.
fn key(row: &RouteRow) -> String {
    format!("{:?}", RouteRow { expires_seconds: None, ..row.clone() })
}
