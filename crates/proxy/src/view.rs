//! What serves a host, from one snapshot to the next.

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use dproxy_route::{Algorithm, BackendId, BackendIndex, DoorIndex, Entry, Found, Group, RouteTable};
use dproxy_stats::{Account, Column, Ejection, Fault};

use crate::budget::Sum;
use crate::clock::{boot_millis, millis};
use crate::common::Common;
use crate::field::Field;
use crate::marks::Marks;
use crate::pick::{Draw, Mercy, Turn, Wish, choose};
use crate::place::{Place, Places};
use crate::queue::{Queue, Waiting};
use crate::tls::{Asking, CallersError};
use crate::upstream::{Pool, Pools};

/// All that a request for a host may get. It never changes; a request is served by one view from first byte to last.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) common: Rc<Common>,
    /// Which table it is: what was learnt by one table counts as long as that serves.
    pub(crate) edition: Edition,
    pub(crate) table: RouteTable,
    /// Of each group of the table.
    choices: Rc<[Choice]>,
    pools: Vec<Rc<Pool>>,
    /// Of each door of the table.
    accounts: Vec<Option<Account>>,
    pub(crate) marks: Marks,
}

/// Tells the tables of a worker apart: no two that differ have the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Edition {
    pub(crate) number: u64,
    /// Of what it was made.
    pub(crate) fingerprint: Fingerprint,
}

/// Stands for all entries that a host may meet: the same for as long as they say the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint(pub(crate) u128);

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

impl View {
    /// `offset` is where round robin begins, so that workers do not move in step. `since` is the clock's time from which
    /// on it is so, none at the start.
    pub(crate) fn new(common: Rc<Common>, edition: Edition, entries: &[Entry], pools: &mut Pools, offset: u32, since: Option<u64>) -> View {
        let table = table_of(&common, entries);
        let choice = |group: &Group| Choice { turn: Turn::starting_at(offset), even: is_even(&table, group), queue: OnceCell::new() };
        let choices = table.groups().iter().map(choice).collect();
        View::with(common, edition, table, entries, choices, pools, since)
    }

    /// The same view under another charter, made of the same: whose turn it is and who waits, all that goes on.
    pub(crate) fn under(&self, common: Rc<Common>, entries: &[Entry], pools: &mut Pools, since: Option<u64>) -> View {
        let table = table_of(&common, entries);
        View::with(common, self.edition, table, entries, Rc::clone(&self.choices), pools, since)
    }

    fn with(
        common: Rc<Common>,
        edition: Edition,
        table: RouteTable,
        entries: &[Entry],
        choices: Rc<[Choice]>,
        pools: &mut Pools,
        since: Option<u64>,
    ) -> View {
        let columns = columns_of(&table, entries);
        let pools = pools.of(table.backends(), &columns, common.settings().limits.backend_requests, since);
        let accounts = accounts_of(&table, entries);
        let marks = Marks::of(&table, common.settings());
        View { common, edition, table, choices, pools, accounts, marks }
    }

    /// Whether anybody offers its host, now or lately.
    pub(crate) fn serves_somebody(&self) -> bool {
        self.table.count_doors() > 0
    }

    /// How a handshake for `name` asks the client for a certificate, if it does.
    pub(crate) fn asking(&self, name: Option<&str>) -> Result<Option<Arc<Asking>>, CallersError> {
        let Some((keyring, name)) = self.common.keyring().zip(name) else { return Ok(None) };
        let admission = self.table.admission(name);
        admission.map(|admission| self.common.callers.asking(keyring, admission)).transpose()
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
        self.group(found).pick.algorithm.as_ref().unwrap_or(&self.common.settings().balance)
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
        let draw = Draw { turn: &choice.turn, chance: &self.common.chance, even: choice.even };
        for mercy in Mercy::ALL {
            let chosen = choose(algorithm, draw, wish.key, members.len(), |place| field.candidate(place, mercy));
            let Some(first) = chosen else { continue };
            if mercy == Mercy::None && field.saw_trouble() && field.is_decimated(self.common.settings().ejection.share) {
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
        let rules = &self.common.settings().ejection;
        let members = &self.group(found).members;
        let may_go = || Field::new(members, &self.pools, &self.marks, &Wish::default()).can_spare(backend, rules.share);
        let ejection = Ejection { faults: rules.failures, time: millis(rules.time), longest: millis(rules.longest) };
        if let Some(time) = vitals.failed(fault, boot_millis(), &ejection, self.common.chance.next(), may_go) {
            tracing::warn!(backend = pool.label, fault = fault.as_str(), milliseconds = time, "backend ejected");
        }
    }

    /// Joins those who wait for a place at one of a route's backends that are not in `tried`, unless there are too many.
    pub(crate) fn wait(&self, found: &Found<'_>, tried: &[BackendIndex]) -> Option<Waiting> {
        let members = &self.group(found).members;
        let places = |member: &BackendIndex| Rc::clone(&self.pool(*member).places);
        let queue = self.choice(found).queue.get_or_init(|| Queue::of(members.iter().map(places).collect()));
        let wanted = members.iter().filter(|member| !tried.contains(member)).map(places).collect();
        queue.join(wanted, self.common.settings().limits.queue)
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

fn table_of(common: &Common, entries: &[Entry]) -> RouteTable {
    RouteTable::build(entries.iter().flat_map(|entry| &entry.routes)).with_www_fallback(common.settings().www_fallback)
}

/// Of each backend of the table.
fn columns_of(table: &RouteTable, entries: &[Entry]) -> Vec<Option<Column>> {
    let number = |id: &BackendId, entry: &Entry| {
        let place = entry.columns.binary_search_by(|(known, _)| known.cmp(id)).ok()?;
        Column::at(entry.columns[place].1)
    };
    table.backends().iter().map(|backend| entries.iter().find_map(|entry| number(&backend.id, entry))).collect()
}

/// Of each door of the table.
fn accounts_of(table: &RouteTable, entries: &[Entry]) -> Vec<Option<Account>> {
    let mut accounts = vec![None; table.count_doors()];
    for (name, number) in entries.iter().flat_map(|entry| &entry.accounts) {
        if let Some(door) = table.door_named(name) {
            accounts[door.as_usize()] = Account::at(*number);
        }
    }
    accounts
}

/// Whether the backends of a group all get the same, from the first moment on.
fn is_even(table: &RouteTable, group: &Group) -> bool {
    let mut shares = group.members.iter().map(|member| table.backend(*member).share);
    let first = shares.next().unwrap_or_default();
    first.slow_start.is_zero() && shares.all(|share| share == first)
}
