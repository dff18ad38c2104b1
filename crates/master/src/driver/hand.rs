//! Routes that operators add and remove while everything runs.

use std::sync::Arc;
use std::time::SystemTime;

use dproxy_config::HandRoute;
use dproxy_control::{Refusal, Reply, RouteRow, Selection};
use dproxy_route::Route;

use super::Driver;
use crate::by_hand::Added;
use crate::core::{Event, SourceId};
use crate::views;

impl Driver {
    pub(super) fn add_route(&mut self, route: HandRoute) -> Result<Reply, Refusal> {
        let added = self.by_hand.add(SystemTime::now(), route.clone())?;
        self.tell_routes_by_hand();
        let (id, message) = match added {
            Added::New(id) => (id, format!("added route {id}")),
            Added::Renewed(id) => (id, format!("route {id} is there already, and lives on")),
        };
        Ok(Reply::RoutesChanged { message, rows: self.rows_by_hand(&route.routes(id)) })
    }

    pub(super) fn remove_route(&mut self, selection: &Selection) -> Result<Reply, Refusal> {
        let gone = self.by_hand.remove(selection)?;
        self.tell_routes_by_hand();
        let message = format!("removed {} routes", gone.len());
        Ok(Reply::RoutesChanged { message, rows: self.rows_by_hand(&gone) })
    }

    /// Forgets those that have lived long enough.
    pub(super) fn expire_routes(&mut self) {
        if self.by_hand.expire(SystemTime::now()) {
            self.tell_routes_by_hand();
        }
    }

    fn rows_by_hand(&self, routes: &[Route]) -> Vec<RouteRow> {
        let now = SystemTime::now();
        let row = |route: &Route| {
            let mut row = views::route_row(route, None);
            views::complete_by_hand(route, &mut row, |id| self.by_hand.rest(id, now));
            row
        };
        routes.iter().map(row).collect()
    }

    fn tell_routes_by_hand(&mut self) {
        self.keep_routes_by_hand();
        self.happened.push_back(Event::Routes(SourceId::Hand, Arc::new(self.by_hand.routes())));
    }
}
