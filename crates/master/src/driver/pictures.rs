//! All that rows of routes and of backends are made of, at one moment: they are made on other threads, since there may be a
//! hundred thousand of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::SystemTime;

use dproxy_control::{BackendRow, RouteRow};
use dproxy_ipc::Snapshot;
use dproxy_route::{BackendId, Route};
use dproxy_stats::Board;

use super::Driver;
use super::answers::engine_of;
use super::wellness::now;
use crate::books;
use crate::health::Chart;
use crate::views;

/// Routes, and whose they are.
pub(super) struct RoutePicture {
    snapshot: Option<Arc<Snapshot>>,
    /// What the engine of each container is called, by the container's id.
    engines: HashMap<String, String>,
    /// How long each route by hand lives still, by its number.
    lives: BTreeMap<u32, u64>,
}

/// Backends, and how they do.
pub(super) struct BackendPicture {
    snapshot: Option<Arc<Snapshot>>,
    board: Arc<Board>,
    chart: Chart,
    now: u64,
}

impl Driver {
    pub(super) fn route_picture(&self) -> RoutePicture {
        let engines = self.engines_of_containers().into_iter().map(|(id, name)| (id, name.to_owned())).collect();
        RoutePicture { snapshot: self.core.snapshot_shared(), engines, lives: self.by_hand.lives(SystemTime::now()) }
    }

    pub(super) fn backend_picture(&self) -> BackendPicture {
        let snapshot = self.core.snapshot_shared();
        BackendPicture { snapshot, board: self.books.board_shared(), chart: self.health.chart(), now: now() }
    }
}

impl RoutePicture {
    /// Every route.
    pub(super) fn rows(&self) -> Vec<RouteRow> {
        let row = |route: &Route| {
            let mut row = views::route_row(route, engine_of(route, |id| self.engines.get(id).map(String::as_str)));
            views::complete_by_hand(route, &mut row, |id| self.lives.get(&id).copied());
            row
        };
        self.snapshot.iter().flat_map(|snapshot| &snapshot.routes).map(row).collect()
    }
}

impl BackendPicture {
    /// Every backend.
    pub(super) fn rows(&self) -> Vec<BackendRow> {
        let Some(snapshot) = &self.snapshot else { return Vec::new() };
        let limit = snapshot.settings.limits.backend_requests;
        let mut rows = views::backend_rows(&snapshot.routes, limit, |id| load(&self.board, snapshot, id));
        self.chart.complete(&mut rows, &self.board, self.now);
        rows
    }
}

/// What a backend is counted to have.
pub(super) fn load(board: &Board, snapshot: &Snapshot, id: &BackendId) -> Option<views::Load> {
    let place = snapshot.columns.binary_search_by(|(known, _)| known.cmp(id)).ok()?;
    books::load(board, snapshot.columns[place].1)
}
