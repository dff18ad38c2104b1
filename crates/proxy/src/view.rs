//! What a worker serves by, from one snapshot to the next.

use std::net::IpAddr;
use std::rc::Rc;

use dproxy_config::ProxySettings;
use dproxy_http1::Limits;
use dproxy_route::{BackendIndex, Found, Group, Route, RouteTable};
use ipnet::IpNet;

use crate::pick::Turn;
use crate::upstream::{Pool, Pools};

/// Routes and settings, ready for look-up. Made off the loop, since it may take
/// a while; [`crate::Proxy::install`] makes it serve.
#[derive(Debug)]
pub struct Tables {
    settings: ProxySettings,
    table: RouteTable,
}

/// [`Tables`] with what only the loop may touch. It never changes; a request is
/// served by one view from first byte to last.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) settings: ProxySettings,
    pub(crate) table: RouteTable,
    pub(crate) limits: Limits,
    trusted: Vec<IpNet>,
    turns: Vec<Turn>,
    pools: Vec<Rc<Pool>>,
}

impl Tables {
    /// Builds the look-up structures.
    #[must_use]
    pub fn build(settings: ProxySettings, routes: &[Route]) -> Tables {
        Tables { settings, table: RouteTable::build(routes) }
    }
}

impl View {
    /// `offset` is where round robin begins, so that workers do not move in step.
    pub(crate) fn new(tables: Tables, pools: &mut Pools, offset: u32) -> View {
        let Tables { settings, table } = tables;
        let limits = Limits {
            head_bytes: settings.limits.head_bytes as usize,
            fields: settings.limits.head_fields as usize,
            target_bytes: settings.limits.target_bytes as usize,
        };
        let pools = pools.of(table.backends());
        let turns = table.groups().iter().map(|_| Turn::starting_at(offset)).collect();
        // The configuration refuses what is no network, so nothing is lost here.
        let trusted = settings.trusted.iter().filter_map(|network| network.parse().ok()).collect();
        View { settings, table, limits, trusted, turns, pools }
    }

    /// Whether this peer's forwarding fields are believed.
    pub(crate) fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&peer))
    }

    pub(crate) fn group(&self, found: &Found<'_>) -> &Group {
        self.table.group(found.group)
    }

    /// The next backend of a route that is not in `tried`.
    pub(crate) fn pick(&self, found: &Found<'_>, tried: &[BackendIndex]) -> Option<BackendIndex> {
        self.turns[found.group.as_usize()].pick(self.group(found), tried)
    }

    pub(crate) fn pool(&self, backend: BackendIndex) -> &Rc<Pool> {
        &self.pools[backend.as_usize()]
    }
}
