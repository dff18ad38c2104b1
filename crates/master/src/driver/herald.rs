//! Finds out what is different from what was told last, for those who listen to `/events`.
//!
//! Nothing reports its changes: what is there is compared with what was there. So nothing is forgotten, whoever changes it,
//! and without a listener it costs nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::Arc;

use dproxy_control::{Bulletin, ContainerRow, Kind, RouteRow, Status, WorkerRow};
use dproxy_ipc::Generation;

use tokio::sync::oneshot;

use super::Driver;
use crate::log::tail;

/// What was told last; nothing while nobody listens.
#[derive(Default)]
pub(super) struct Told {
    world: Option<World>,
    routes: Routes,
}

/// Routes as they were told last, and those that are on their way: they are looked at elsewhere, since there may be many.
#[derive(Default)]
struct Routes {
    told: Option<Arc<[RouteRow]>>,
    /// Whose were looked at last, or are.
    generation: Option<Generation>,
    /// The look that is under way.
    news: Option<oneshot::Receiver<RouteNews>>,
}

/// What came of a look at all routes.
pub(super) struct RouteNews {
    rows: Arc<[RouteRow]>,
    bulletins: Vec<Bulletin>,
}

/// Everything that is told of.
struct World {
    status: Status,
    workers: BTreeMap<u16, WorkerRow>,
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
        self.ask_for_routes();
        let mut now = self.world();
        for bulletin in self.told.world.iter().flat_map(|before| before.news(&now)) {
            self.herald.tell(bulletin);
        }
        let since = self.told.world.as_ref().map_or(now.line, |before| before.line);
        for row in tail::lines_after(since) {
            self.herald.tell(Bulletin::new(Kind::Log, &row));
            now.line = row.number;
        }
        self.told.world = Some(now);
    }

    /// Has the routes of the newest snapshot looked at, if that was not done.
    fn ask_for_routes(&mut self) {
        let generation = self.core.generation();
        if self.told.routes.generation == Some(generation) || self.told.routes.news.is_some() {
            return;
        }
        let (tell, news) = oneshot::channel();
        let before = self.told.routes.told.clone();
        // Whoever listened may have gone.
        self.route_records(move |rows| drop(tell.send(RouteNews::between(before.as_deref(), rows.into()))));
        self.told.routes.generation = Some(generation);
        self.told.routes.news = Some(news);
    }

    /// They were looked at.
    pub(super) fn routes_looked_at(&mut self, RouteNews { rows, bulletins }: RouteNews) {
        bulletins.into_iter().for_each(|bulletin| self.herald.tell(bulletin));
        self.told.routes.told = Some(rows);
        self.tell_news();
    }

    fn world(&mut self) -> World {
        World {
            status: steady(self.status()),
            workers: self.all_worker_records().into_iter().map(|row| (row.slot, row)).collect(),
            containers: self.container_records().into_iter().map(|row| ((row.engine.clone(), row.id.clone()), row)).collect(),
            line: tail::written(),
        }
    }
}

impl Told {
    /// The next look at routes; never comes while nobody has one.
    pub(super) async fn routes(&mut self) -> RouteNews {
        let Some(news) = &mut self.routes.news else { return pending().await };
        let looked = news.await;
        self.routes.news = None;
        match looked {
            Ok(looked) => looked,
            // Nobody looks any more.
            Err(_gone) => pending().await,
        }
    }
}

impl RouteNews {
    /// What a listener of those `before` must be told of these `rows`.
    fn between(before: Option<&[RouteRow]>, rows: Arc<[RouteRow]>) -> RouteNews {
        let missing = |rows: &[RouteRow], others: &[RouteRow]| -> Vec<RouteRow> {
            let others: BTreeSet<String> = others.iter().map(key).collect();
            rows.iter().filter(|row| !others.contains(&key(row))).cloned().collect()
        };
        let mut bulletins = Vec::new();
        if let Some(before) = before {
            bulletins.extend(missing(before, &rows).iter().map(|row| Bulletin::new(Kind::RouteRemoved, row)));
            bulletins.extend(missing(&rows, before).iter().map(|row| Bulletin::new(Kind::RouteAdded, row)));
        }
        RouteNews { rows, bulletins }
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
