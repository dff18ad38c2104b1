//! The driver's part in what is remembered: it has the records be true, and takes in what a store brings back.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use dproxy_control::{BackendRow, ContainerRow, ImageRow, Refusal, Reply, RouteRow, WorkerRow};
use dproxy_ipc::Generation;
use dproxy_source::Link;
use dproxy_store::{Collection, Others, Records as Stored};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tracing::info;

use super::Driver;
use crate::core::{Change, Event, SourceId, WorkerView};
use crate::views;

/// So long an answer waits for the next snapshot; normally it is there at once.
const PATIENCE: Duration = Duration::from_secs(1);
/// The key of the pool size that was asked for.
pub(super) const POOL: &str = "pool";
/// The key of the number that the next route by hand gets.
const NEXT_ROUTE: &str = "next_route";

/// What the records were made of last: while it is the same, they are true.
#[derive(Default)]
pub(super) struct Recorded {
    workers: Vec<WorkerView>,
    generation: Option<Generation>,
    containers: bool,
}

impl Recorded {
    /// An engine has told something.
    pub(super) fn engine_told(&mut self) {
        self.containers = false;
    }
}

impl Driver {
    /// Keeps what is different since the last look.
    pub(super) fn record(&mut self) {
        let workers = self.core.workers();
        if self.recorded.workers != workers {
            self.worker_records(&workers);
            self.recorded.workers = workers;
        }
        if !self.recorded.containers {
            self.container_records();
            self.image_records();
        }
        let generation = Some(self.core.generation());
        if self.recorded.generation != generation && self.has_told_all() {
            self.route_records(drop);
            self.backend_records(drop);
            self.recorded.generation = generation;
        }
    }

    /// Every container, with its times.
    pub(super) fn container_records(&mut self) -> Vec<ContainerRow> {
        let mut rows = self.containers();
        self.records.keep_rows(&mut rows, self.others());
        self.recorded.containers = true;
        rows
    }

    /// Every image, with its times.
    pub(super) fn image_records(&mut self) -> Vec<ImageRow> {
        let mut rows = views::image_rows(&self.containers());
        self.records.keep_rows(&mut rows, self.others());
        rows
    }

    /// Hands every route on, with its times.
    pub(super) fn route_records(&self, hand_on: impl FnOnce(Vec<RouteRow>) + Send + 'static) {
        let picture = self.route_picture();
        self.records.keep_many(self.others_routed(), move || picture.rows(), hand_on);
    }

    /// Hands every backend on, with its times.
    pub(super) fn backend_records(&self, hand_on: impl FnOnce(Vec<BackendRow>) + Send + 'static) {
        let picture = self.backend_picture();
        self.records.keep_many(self.others_routed(), move || picture.rows(), hand_on);
    }

    /// Takes note of how backends do, unless that is still under way.
    pub(super) fn weigh_backends(&self) {
        if self.records.is_idle() {
            self.backend_records(drop);
        }
    }

    /// Every worker, with its times.
    pub(super) fn all_worker_records(&mut self) -> Vec<WorkerRow> {
        let mut rows = self.workers();
        self.records.keep_rows(&mut rows, Others::Go);
        rows
    }

    fn worker_records(&mut self, views: &[WorkerView]) {
        let row = |view: &WorkerView| views::worker_row(Instant::now(), view, &Default::default(), Default::default());
        let mut rows: Vec<WorkerRow> = views.iter().map(row).collect();
        self.records.keep_rows(&mut rows, Others::Go);
    }

    /// Until every engine has told what it has, what is remembered of it may be true.
    fn others(&self) -> Others {
        let told = self.engines.iter().all(|engine| matches!(engine.update().link, Link::Connected { .. }));
        if told { Others::Go } else { Others::Stay }
    }

    /// The same, and until that is in the newest snapshot.
    fn others_routed(&self) -> Others {
        if self.has_told_all() { self.others() } else { Others::Stay }
    }

    /// Whether all that sources told so far is in the newest snapshot.
    fn has_told_all(&self) -> bool {
        self.core.snapshot().is_some() && self.happened.is_empty() && !self.core.is_composing()
    }

    pub(super) fn keep_routes_by_hand(&mut self) {
        self.records.keep(Collection::RoutesByHand, self.by_hand.notes());
        self.records.keep_note(NEXT_ROUTE, self.by_hand.next());
    }

    pub(super) fn keep_sites(&mut self) {
        self.records.keep(Collection::Sites, self.sites.notes());
    }

    /// Takes in what the records say: at the start, and when a store comes late.
    pub(super) fn remember(&mut self) {
        self.sites.recall(self.records.values(Collection::Sites));
        self.by_hand.recall(self.records.values(Collection::RoutesByHand), self.records.note(NEXT_ROUTE));
        self.by_hand.expire(SystemTime::now());
    }

    /// The store could not be read at the start, and now it can.
    pub(super) fn store_came_late(&mut self, stored: &Stored) {
        info!("what was remembered comes late");
        self.records.recall(stored);
        self.remember();
        self.keep_routes_by_hand();
        self.happened.push_back(Event::Routes(SourceId::Hand, Arc::new(self.by_hand.routes())));
        self.tell_remembered_sites();
        let before = self.remembered.size();
        if let Some(note) = self.records.note(POOL) {
            self.remembered.recall(note);
        }
        if self.remembered.size() != before {
            self.order(Change::Resize(self.remembered.size()));
        }
        self.recorded = Recorded::default();
    }

    /// Answers once what was asked for is in the store and in the newest snapshot: whoever got the answer finds it there,
    /// whatever happens next.
    pub(super) fn answer_when_kept(&mut self, reply: oneshot::Sender<Result<Reply, Refusal>>, answer: Result<Reply, Refusal>) {
        let settled = self.records.settled();
        // Until the events that are queued were taken in.
        self.told_all.send_replace(self.has_told_all());
        let mut told_all = self.told_all.subscribe();
        self.chores.spawn(async move {
            settled.await;
            // Where snapshot follows upon snapshot it is in one of them.
            let _ = timeout(PATIENCE, told_all.wait_for(|told_all| *told_all)).await;
            // Whoever asked may have gone; the command stands all the same.
            let _ = reply.send(answer);
        });
    }
}
