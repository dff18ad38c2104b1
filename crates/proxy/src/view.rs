//! What a worker serves by, from one snapshot to the next.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use dproxy_config::ProxySettings;
use dproxy_http1::Limits;
use dproxy_route::{
    Algorithm, Backend, BackendId, BackendIndex, Condition, Demand, DoorIndex, Found, Group, Https, InClear, Route, RouteName, RouteTable,
};
use dproxy_stats::{Account, Column, Ejection, Fault};
use ipnet::IpNet;

use crate::budget::Sum;
use crate::clock::{boot_millis, millis};
use crate::field::Field;
use crate::marks::Marks;
use crate::pick::{Chance, Draw, Mercy, Turn, Wish, choose};
use crate::place::{Place, Places};
use crate::queue::{Queue, Waiting};
use crate::tls::{Agreed, Asking, Callers, CallersError, Clients, Keyring};
use crate::upstream::{Pool, Pools};

/// Routes and settings, ready for look-up. Made off the loop, since it may take
/// a while; [`crate::Proxy::install`] makes it serve.
#[derive(Debug)]
pub struct Tables {
    settings: ProxySettings,
    table: RouteTable,
    /// Of each backend of the table.
    columns: Vec<Option<Column>>,
    /// Of each door of the table.
    accounts: Vec<Option<Account>>,
    keyring: Option<Arc<Keyring>>,
    /// Backends of paused containers.
    pub(crate) asleep: Vec<BackendId>,
    /// Backends that get nothing new because fitter ones stand beside them. They finish what they have.
    pub(crate) resting: Vec<BackendId>,
    marks: Marks,
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
    /// What is said to backends of TLS.
    pub(crate) clients: Clients,
    /// What clients are asked for that have to show a certificate.
    callers: Callers,
    trusted: Vec<IpNet>,
    announced_by: Vec<IpNet>,
    /// Of each group of the table.
    choices: Vec<Choice>,
    pools: Vec<Rc<Pool>>,
    /// Of each door of the table.
    accounts: Vec<Option<Account>>,
    chance: Chance,
    pub(crate) marks: Marks,
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
    /// Whether the backends all get the same.
    even: bool,
    /// Made when somebody has to wait.
    queue: OnceCell<Rc<Queue>>,
}

impl Tables {
    /// Builds the look-up structures.
    #[must_use]
    pub fn build(settings: ProxySettings, routes: &[Route]) -> Tables {
        let table = RouteTable::build(routes).with_www_fallback(settings.www_fallback);
        let columns = vec![None; table.backends().len()];
        let accounts = vec![None; table.count_doors()];
        let asleep = routes.iter().filter_map(Route::notice).flat_map(|notice| &notice.asleep).cloned().collect();
        let resting = resting(routes, &table);
        let marks = Marks::of(&table, &settings);
        Tables { settings, table, columns, accounts, marks, keyring: None, asleep, resting }
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

    /// The same, with the accounts of routes in the memory that each worker has for them.
    #[must_use]
    pub fn with_accounts(mut self, accounts: &[(RouteName, u32)]) -> Tables {
        for (name, number) in accounts {
            if let Some(door) = self.table.door_named(name) {
                self.accounts[door.as_usize()] = Account::at(*number);
            }
        }
        self
    }

    /// The same with the certificates of its settings; those that were `before` are not read again.
    #[must_use]
    pub fn with_certificates(self, before: Option<&Arc<Keyring>>) -> Tables {
        Tables { keyring: Keyring::build(&self.settings.tls, before), ..self }
    }
}

/// The backends of which no group of the table has one, though a route does.
fn resting(routes: &[Route], table: &RouteTable) -> Vec<BackendId> {
    let is_unfit = |backend: &&Backend| backend.condition != Condition::Ready;
    let inside: HashSet<&BackendId> = table.backends().iter().filter(is_unfit).map(|backend| &backend.id).collect();
    let unfit = routes.iter().flat_map(Route::backends).filter(is_unfit).map(|backend| &backend.id);
    unfit.filter(|id| !inside.contains(id)).cloned().collect()
}

impl View {
    /// `offset` is where round robin begins, so that workers do not move in step.
    /// `now` is the clock's, none at the start.
    pub(crate) fn new(tables: Tables, pools: &mut Pools, offset: u32, now: Option<u64>) -> View {
        let Tables { settings, table, columns, accounts, marks, keyring, asleep: _, resting: _ } = tables;
        let limits = Limits {
            head_bytes: settings.limits.head_bytes as usize,
            fields: settings.limits.head_fields as usize,
            target_bytes: settings.limits.target_bytes as usize,
        };
        let pools = pools.of(table.backends(), &columns, settings.limits.backend_requests, now);
        let choice = |group: &Group| Choice { turn: Turn::starting_at(offset), even: is_even(&table, group), queue: OnceCell::new() };
        let choices = table.groups().iter().map(choice).collect();
        // The configuration refuses what is no network, so nothing is lost here.
        let networks = |texts: &[String]| texts.iter().filter_map(|network| network.parse().ok()).collect();
        let (trusted, announced_by) = (networks(&settings.trusted), networks(&settings.announced_by));
        let chance = Chance::seeded(boot_millis() << 32 | u64::from(offset));
        View {
            settings,
            table,
            limits,
            keyring,
            clients: Clients::default(),
            callers: Callers::default(),
            trusted,
            announced_by,
            choices,
            pools,
            accounts,
            chance,
            marks,
        }
    }

    /// Whether nothing but TLS is spoken at this port.
    pub(crate) fn is_tls_port(&self, port: u16) -> bool {
        self.settings.tls.ports.contains(&port)
    }

    /// Whether TLS is understood at the other ports.
    pub(crate) fn peeks(&self) -> bool {
        self.settings.tls.peek && (self.keyring.is_some() || self.table.passes_through() || !self.settings.tls.challenges.is_empty())
    }

    /// How a handshake for `name` asks the client for a certificate, if it does.
    pub(crate) fn asking(&self, keyring: &Keyring, name: Option<&str>) -> Result<Option<Arc<Asking>>, CallersError> {
        let admission = name.and_then(|name| self.table.admission(name));
        admission.map(|admission| self.callers.asking(keyring, admission)).transpose()
    }

    /// Whether requests for `host` in the clear are sent to TLS. In the clear nobody can show a certificate.
    pub(crate) fn redirects(&self, host: &str, https: &Https) -> bool {
        let in_clear = https.in_clear.unwrap_or(self.settings.tls.in_clear) == InClear::Redirected;
        let wanted = in_clear || https.client_auth.as_ref().is_some_and(|auth| auth.demand == Demand::Required);
        https.passthrough || wanted && self.keyring.as_ref().is_some_and(|keyring| keyring.has(host))
    }

    /// What a client that has agreed upon this shall remember of TLS, if it was shown a certificate that was made for the name.
    pub(crate) fn hsts<'v>(&'v self, agreed: &Agreed, https: &'v Https) -> Option<&'v str> {
        let value = https.hsts.as_ref().unwrap_or(&self.settings.tls.hsts).value()?;
        let name = agreed.name.as_ref()?;
        self.keyring.as_ref().filter(|keyring| keyring.has(name)).map(|_| value)
    }

    /// Whether a client that has agreed upon this may ask for `host`: it was shown the certificate that is shown there.
    pub(crate) fn is_meant_for(&self, agreed: &Agreed, host: &str) -> bool {
        let Some(name) = &agreed.name else { return true };
        name == host || self.keyring.as_ref().is_none_or(|keyring| keyring.is_shown_for(name, host))
    }

    /// Whether this peer's connections begin with words of whose they are.
    pub(crate) fn is_announced_by(&self, peer: IpAddr) -> bool {
        self.announced_by.iter().any(|network| network.contains(&peer.to_canonical()))
    }

    /// Whether this peer's forwarding fields are believed.
    pub(crate) fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&peer))
    }

    /// Where what is served at a door is noted.
    pub(crate) fn account(&self, door: DoorIndex) -> Option<Account> {
        self.accounts[door.as_usize()]
    }

    pub(crate) fn group(&self, found: &Found<'_>) -> &Group {
        self.table.group(found.group)
    }

    /// How one of a route's backends is chosen.
    pub(crate) fn algorithm(&self, found: &Found<'_>) -> &Algorithm {
        self.group(found).pick.algorithm.as_ref().unwrap_or(&self.settings.balance)
    }

    /// A place that `take` gets at one of a route's backends, as the request wishes.
    pub(crate) fn pick(&self, found: &Found<'_>, wish: &Wish<'_>, take: impl Fn(&Rc<Places>) -> Option<Place>) -> Option<Seat> {
        let members = &self.group(found).members;
        let seat = |backend| take(&self.pool(backend).places).map(|place| Seat { backend, place });
        if let [only] = members[..] {
            return if wish.tried.contains(&only) { None } else { seat(only) };
        }
        let algorithm = self.algorithm(found);
        let field = Field::new(members, &self.pools, &self.marks, wish);
        let field = if *algorithm == Algorithm::Fastest { field.timed() } else { field };
        if let Some(kept) = wish.stays.filter(|kept| field.is_fit(*kept))
            && let Some(seat) = seat(kept)
        {
            return Some(seat);
        }
        let choice = self.choice(found);
        let draw = Draw { turn: &choice.turn, chance: &self.chance, even: choice.even };
        for mercy in Mercy::ALL {
            let chosen = choose(algorithm, draw, wish.key, members.len(), |place| field.candidate(place, mercy));
            let Some(first) = chosen else { continue };
            if mercy == Mercy::None && field.saw_trouble() && field.is_decimated(self.settings.ejection.share) {
                continue;
            }
            // When it is full, whoever comes next.
            let others = (first + 1..members.len()).chain(0..first).filter(|place| field.candidate(*place, mercy).weight > 0);
            let mut order = std::iter::once(first).chain(others).map(|place| members[place]);
            let seat = order.find_map(|backend| if field.may_go_to(backend, mercy) { seat(backend) } else { None });
            if seat.is_some() || !field.lost_a_trial() {
                return seat;
            }
        }
        None
    }

    /// Notes that a backend failed, and ejects it when it does so too often; never more than the settings' share of
    /// its siblings on this route, and never the last.
    pub(crate) fn failed(&self, found: &Found<'_>, backend: BackendIndex, fault: Fault) {
        let pool = self.pool(backend);
        let Some(vitals) = pool.places.vitals() else { return };
        let rules = &self.settings.ejection;
        let members = &self.group(found).members;
        let may_go = || Field::new(members, &self.pools, &self.marks, &Wish::default()).can_spare(backend, rules.share);
        let ejection = Ejection { faults: rules.failures, time: millis(rules.time), longest: millis(rules.longest) };
        if let Some(time) = vitals.failed(fault, boot_millis(), &ejection, self.chance.next(), may_go) {
            tracing::warn!(backend = pool.label, fault = fault.as_str(), milliseconds = time, "backend ejected");
        }
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

/// Whether the backends of a group all get the same, from the first moment on.
fn is_even(table: &RouteTable, group: &Group) -> bool {
    let mut shares = group.members.iter().map(|member| table.backend(*member).share);
    let first = shares.next().unwrap_or_default();
    first.slow_start.is_zero() && shares.all(|share| share == first)
}
