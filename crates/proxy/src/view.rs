//! What a worker serves by, from one snapshot to the next.

use std::cell::OnceCell;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use dproxy_config::ProxySettings;
use dproxy_http1::Limits;
use dproxy_route::{BackendId, BackendIndex, Found, Group, Route, RouteTable};
use dproxy_stats::Column;
use ipnet::IpNet;

use crate::budget::Sum;
use crate::pick::Turn;
use crate::place::{Place, Places};
use crate::queue::{Queue, Waiting};
use crate::tls::{Agreed, Keyring};
use crate::upstream::{Pool, Pools};

/// Routes and settings, ready for look-up. Made off the loop, since it may take
/// a while; [`crate::Proxy::install`] makes it serve.
#[derive(Debug)]
pub struct Tables {
    settings: ProxySettings,
    table: RouteTable,
    /// Of each backend of the table.
    columns: Vec<Option<Column>>,
    keyring: Option<Arc<Keyring>>,
    /// Backends of paused containers.
    pub(crate) asleep: Vec<BackendId>,
}

/// [`Tables`] with what only the loop may touch. It never changes; a request is
/// served by one view from first byte to last.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) settings: ProxySettings,
    pub(crate) table: RouteTable,
    pub(crate) limits: Limits,
    /// None: there is no TLS.
    pub(crate) keyring: Option<Arc<Keyring>>,
    trusted: Vec<IpNet>,
    /// Of each group of the table.
    choices: Vec<Choice>,
    pools: Vec<Rc<Pool>>,
}

/// A place at a backend.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) backend: BackendIndex,
    pub(crate) place: Place,
}

/// How requests of one group come to a backend.
#[derive(Debug)]
struct Choice {
    turn: Turn,
    /// Made when somebody has to wait.
    queue: OnceCell<Rc<Queue>>,
}

impl Tables {
    /// Builds the look-up structures.
    #[must_use]
    pub fn build(settings: ProxySettings, routes: &[Route]) -> Tables {
        let table = RouteTable::build(routes).with_www_fallback(settings.www_fallback);
        let columns = vec![None; table.backends().len()];
        let asleep = routes.iter().filter_map(Route::notice).flat_map(|notice| &notice.asleep).cloned().collect();
        Tables { settings, table, columns, keyring: None, asleep }
    }

    /// The same, with the places of backends on the board of all workers; `columns` are sorted.
    #[must_use]
    pub fn on_board(self, columns: &[(BackendId, u32)]) -> Tables {
        let column = |id: &BackendId| {
            let place = columns.binary_search_by(|(known, _)| known.cmp(id)).ok()?;
            Column::at(columns[place].1)
        };
        let columns = self.table.backends().iter().map(|backend| column(&backend.id)).collect();
        Tables { columns, ..self }
    }

    /// The same with the certificates of its settings; those that were `before` are not read again.
    #[must_use]
    pub fn with_certificates(self, before: Option<&Arc<Keyring>>) -> Tables {
        Tables { keyring: Keyring::build(&self.settings.tls, before), ..self }
    }
}

impl View {
    /// `offset` is where round robin begins, so that workers do not move in step.
    /// `now` is the clock's, none at the start.
    pub(crate) fn new(tables: Tables, pools: &mut Pools, offset: u32, now: Option<u64>) -> View {
        let Tables { settings, table, columns, keyring, asleep: _ } = tables;
        let limits = Limits {
            head_bytes: settings.limits.head_bytes as usize,
            fields: settings.limits.head_fields as usize,
            target_bytes: settings.limits.target_bytes as usize,
        };
        let pools = pools.of(table.backends(), &columns, settings.limits.backend_requests, now);
        let choice = |_: &Group| Choice { turn: Turn::starting_at(offset), queue: OnceCell::new() };
        let choices = table.groups().iter().map(choice).collect();
        // The configuration refuses what is no network, so nothing is lost here.
        let trusted = settings.trusted.iter().filter_map(|network| network.parse().ok()).collect();
        View { settings, table, limits, keyring, trusted, choices, pools }
    }

    /// Whether nothing but TLS is spoken at this port.
    pub(crate) fn is_tls_port(&self, port: u16) -> bool {
        self.settings.tls.ports.contains(&port)
    }

    /// Whether TLS is understood at the other ports.
    pub(crate) fn peeks(&self) -> bool {
        self.settings.tls.peek && self.keyring.is_some()
    }

    /// Whether a client that has agreed upon this may ask for `host`: it was shown the certificate that is shown there.
    pub(crate) fn is_meant_for(&self, agreed: &Agreed, host: &str) -> bool {
        let Some(name) = &agreed.name else { return true };
        name == host || self.keyring.as_ref().is_none_or(|keyring| keyring.is_shown_for(name, host))
    }

    /// Whether this peer's forwarding fields are believed.
    pub(crate) fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&peer))
    }

    pub(crate) fn group(&self, found: &Found<'_>) -> &Group {
        self.table.group(found.group)
    }

    /// A place that `take` gets at one of a route's backends that are not in `tried`.
    pub(crate) fn pick(&self, found: &Found<'_>, tried: &[BackendIndex], take: impl Fn(&Rc<Places>) -> Option<Place>) -> Option<Seat> {
        self.choice(found).turn.pick(self.group(found), |backend| {
            let place = if tried.contains(&backend) { None } else { take(&self.pool(backend).places) };
            place.map(|place| Seat { backend, place })
        })
    }

    /// Joins those who wait for a place at one of a route's backends that are not in `tried`, unless there are too many.
    pub(crate) fn wait(&self, found: &Found<'_>, tried: &[BackendIndex]) -> Option<Waiting> {
        let members = &self.group(found).members;
        let places = |member: &BackendIndex| Rc::clone(&self.pool(*member).places);
        let queue = self.choice(found).queue.get_or_init(|| Queue::of(members.iter().map(places).collect()));
        let wanted = members.iter().filter(|member| !tried.contains(member)).map(places).collect();
        queue.join(wanted, self.settings.limits.queue)
    }

    /// Whether a request that one of a route's backends had may be sent to another.
    pub(crate) fn allows_retry(&self, found: &Found<'_>, now: u64) -> bool {
        let members = self.group(found).members.iter();
        members.map(|member| self.pool(*member).places.recent.sum(now)).sum::<Sum>().allows_another()
    }

    pub(crate) fn pool(&self, backend: BackendIndex) -> &Rc<Pool> {
        &self.pools[backend.as_usize()]
    }

    fn choice(&self, found: &Found<'_>) -> &Choice {
        &self.choices[found.group.as_usize()]
    }
}
