//! Connections to backends: kept, checked before use, opened when there is none.

pub(crate) mod h2;
mod pulse;
mod standing;

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::rc::Rc;

use dproxy_route::{Announcement, Backend, BackendId, Ends, Presence, Scheme, Trust};
use dproxy_stats::{Column, Ledger};
use hashbrown::HashMap;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::clock::boot_millis;
use crate::place::{Count, Places};
use crate::transport::Transport;
use crate::upstream::h2::{Connections, Share};
use crate::upstream::standing::Standing;

/// Unused connections kept for one backend.
const MAX_IDLE: usize = 16 * 1024;
/// Unused connections kept for all backends: at most this share of the descriptors that we may have, and not more.
const MAX_IDLE_SHARE: usize = 4;
const MAX_IDLE_IN_ALL: usize = 64 * 1024;

/// A worker's pools, by the lasting name of their backend: one for each way in which it is met.
#[derive(Debug)]
pub(crate) struct Pools {
    by_backend: HashMap<BackendId, Vec<Rc<Pool>>, foldhash::fast::RandomState>,
    kept: Rc<KeptInAll>,
    /// Where requests are counted, if all workers count together.
    ledger: Option<Rc<Ledger>>,
    /// What the clock of all processes showed when this worker's began.
    began: u64,
}

/// The connections to one backend.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) address: SocketAddr,
    pub(crate) scheme: Scheme,
    pub(crate) trust: Trust,
    /// How each connection tells whose it is; then it carries one request.
    announced: Option<Announcement>,
    /// A backend of TLS that likes HTTP/2 better: its connections are shared.
    pub(crate) prefers_h2: Cell<bool>,
    /// `name@address`, for `x-debug-backend`.
    pub(crate) label: String,
    pub(crate) places: Rc<Places>,
    pub(crate) standing: Standing,
    /// The last answer was long; the next one may be, and is then read with fewer calls.
    pub(crate) answers_long: Cell<bool>,
    kept: Rc<KeptInAll>,
    /// The one used last is used first: the others may go cold and be closed.
    idle: RefCell<Vec<Kept>>,
    /// Those of an HTTP/2 backend.
    pub(crate) shared: Connections,
}

/// A connection to a backend, ready for a request.
#[derive(Debug)]
pub(crate) enum Upstream {
    /// All of it.
    H1(Transport),
    /// A stream of it.
    H2(Share),
}

#[derive(Debug)]
struct Kept {
    stream: Transport,
    /// Clock time at which it came back.
    since: u64,
    _counted: Counted,
}

/// How many connections all pools keep.
#[derive(Debug)]
struct KeptInAll {
    count: Cell<usize>,
    most: usize,
}

/// One of them, until it is dropped.
#[derive(Debug)]
struct Counted(Rc<KeptInAll>);

impl Pools {
    /// No pool yet; requests of all workers that share the board of `ledger` will be counted together.
    pub(crate) fn counted_by(ledger: Ledger) -> Pools {
        Pools { ledger: Some(Rc::new(ledger)), ..Pools::default() }
    }

    /// The pool of each backend, in their order. A backend that does not say how many requests it takes at a time takes
    /// `limit`; zero is any number. `since` is the clock's time from which on they stand as they do, none at the start.
    pub(crate) fn of(&mut self, backends: &[Backend], columns: &[Option<Column>], limit: u32, since: Option<u64>) -> Vec<Rc<Pool>> {
        let both = backends.iter().zip(columns);
        let pools: Vec<Rc<Pool>> = both.map(|(backend, column)| self.pool(backend, *column, since)).collect();
        for (pool, backend) in pools.iter().zip(backends) {
            pool.places.limit_to(NonZeroU32::new(backend.max_requests.unwrap_or(limit)));
            pool.standing.turn(backend.condition, since);
            pool.places.share_out(backend.share);
        }
        pools
    }

    /// Tells those whose backend is not there any more that it is gone, and lets them go, and those whose backend
    /// sleeps that it does. Whether there are any.
    pub(crate) fn dismiss(&mut self, presence: impl Fn(&BackendId) -> Option<Presence>, now: u64) -> bool {
        let mut any = false;
        self.by_backend.retain(|id, pools| {
            let presence = presence(id);
            for Pool { standing, .. } in pools.iter().map(Rc::as_ref) {
                match presence {
                    Some(Presence::Serving) => standing.wake(),
                    Some(Presence::Resting) => {}
                    Some(Presence::Asleep) => standing.sleep(now),
                    None => standing.leave(now),
                }
            }
            any |= matches!(presence, Some(Presence::Asleep) | None);
            presence.is_some()
        });
        any
    }

    /// The pool that the backend has, if it is met in the same way and counted at the same place, else a new one.
    fn pool(&mut self, backend: &Backend, column: Option<Column>, since: Option<u64>) -> Rc<Pool> {
        let count = self.ledger.as_ref().zip(column);
        let column = count.map(|(_, column)| column);
        let pools = self.by_backend.entry_ref(&backend.id).or_default();
        pools.retain(|pool| pool.places.column() == column);
        if let Some(pool) = pools.iter().find(|pool| pool.is_of(backend)) {
            return Rc::clone(pool);
        }
        // The board tells since when it stands so, however late this worker is asked for it.
        let since = count.map_or(since, |(ledger, column)| ledger.board().vitals(column).since().checked_sub(self.began));
        let places = match pools.first() {
            Some(other) => Rc::clone(&other.places),
            None => Places::new(match count {
                Some((ledger, column)) => Count::Shared { ledger: Rc::clone(ledger), column },
                None => Count::Alone(Cell::default()),
            }),
        };
        let pool = Rc::new(Pool::new(backend, places, Rc::clone(&self.kept), since));
        pools.push(Rc::clone(&pool));
        pool
    }

    /// How many connections are kept for the next request, shared ones aside.
    pub(crate) fn kept(&self) -> usize {
        self.kept.count.get()
    }

    /// Closes connections that were not used since `before`, or that the backend closed, and forgets the pools that no
    /// view has any more, and that have neither a connection nor trouble to remember.
    pub(crate) fn sweep(&mut self, before: u64) {
        self.by_backend.retain(|_, pools| {
            pools.retain(|pool| pool.sweep(before) || pool.standing.is_troubled() || Rc::strong_count(pool) > 1);
            !pools.is_empty()
        });
    }
}

impl Default for Pools {
    fn default() -> Pools {
        Pools { by_backend: HashMap::default(), kept: Rc::default(), ledger: None, began: boot_millis() }
    }
}

impl Default for KeptInAll {
    fn default() -> KeptInAll {
        use nix::sys::resource::{Resource, getrlimit};
        // Where the system does not tell, the least that any has.
        let descriptors = getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(soft, _)| usize::try_from(soft).unwrap_or(usize::MAX));
        KeptInAll { count: Cell::default(), most: (descriptors / MAX_IDLE_SHARE).min(MAX_IDLE_IN_ALL) }
    }
}

impl Counted {
    /// One more, unless there are too many.
    fn another(kept: &Rc<KeptInAll>) -> Option<Counted> {
        (kept.count.get() < kept.most).then(|| {
            kept.count.set(kept.count.get() + 1);
            Counted(Rc::clone(kept))
        })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.count.set(self.0.count.get() - 1);
    }
}

impl Pool {
    fn new(backend: &Backend, places: Rc<Places>, kept: Rc<KeptInAll>, now: Option<u64>) -> Pool {
        let label = format!("{}@{}", backend.name, backend.address);
        let Backend { address, scheme, announced, .. } = *backend;
        let (idle, shared) = (RefCell::default(), Connections::default());
        let standing = Standing::new(backend.whereabouts, backend.condition, now);
        let (trust, prefers_h2) = (backend.trust.clone(), Cell::new(false));
        Pool { address, scheme, trust, announced, prefers_h2, label, places, standing, answers_long: Cell::new(false), kept, idle, shared }
    }

    /// Whether it is met at the same place and in the same way.
    fn is_of(&self, backend: &Backend) -> bool {
        let same_place = self.address == backend.address && self.scheme == backend.scheme;
        same_place && self.trust == backend.trust && self.announced == backend.announced
    }

    /// Whether a connection is one client's alone, and never kept.
    pub(crate) fn is_announced(&self) -> bool {
        self.announced.is_some()
    }

    /// A kept connection that is open as far as we know.
    pub(crate) fn take_kept(&self) -> Option<Transport> {
        let mut idle = self.idle.borrow_mut();
        while let Some(kept) = idle.pop() {
            if kept.stream.is_silent() {
                return Some(kept.stream);
            }
        }
        None
    }

    /// Gives back a connection on which nothing is under way.
    pub(crate) fn put(&self, stream: Transport, now: u64) {
        let mut idle = self.idle.borrow_mut();
        if !self.is_announced()
            && idle.len() < MAX_IDLE
            && let Some(counted) = Counted::another(&self.kept)
        {
            idle.push(Kept { stream, since: now, _counted: counted });
        }
    }

    /// Closes connections that were not used since `before`, or that the backend closed; whether there are others.
    fn sweep(&self, before: u64) -> bool {
        let mut idle = self.idle.borrow_mut();
        idle.retain(|kept| kept.since >= before && kept.stream.is_silent());
        self.shared.sweep(before) || !idle.is_empty()
    }

    /// Closes every kept connection.
    pub(crate) fn clear(&self) {
        self.idle.borrow_mut().clear();
    }

    /// Opens a connection, on which the backend is told of a client whose way to us has these ends, if it wants that.
    pub(crate) async fn connect(&self, ends: Option<Ends>) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        if let Some(announced) = self.announced {
            stream.write_all(&announced.of(ends)).await?;
        }
        Ok(stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backend(port: u16) -> Backend {
        Backend::at(([127, 0, 0, 1], port).into())
    }

    #[test]
    fn all_pools_together_keep_no_more_than_so_many() {
        let kept = Rc::new(KeptInAll { count: Cell::default(), most: 2 });
        let mut connections: Vec<Counted> = (0..3).map_while(|_| Counted::another(&kept)).collect();
        assert_eq!(connections.len(), 2);
        connections.pop();
        assert!(Counted::another(&kept).is_some());
    }

    #[test]
    fn a_backend_that_moved_gets_new_connections_and_keeps_its_count() {
        let mut pools = Pools::default();
        let first = pools.of(&[backend(1), backend(2)], &[None, None], 1, None);
        let place = first[0].places.for_newcomer();
        let moved = Backend { address: ([127, 0, 0, 2], 1).into(), ..backend(1) };
        let second = pools.of(&[moved, backend(2)], &[None, None], 1, None);
        assert!(!Rc::ptr_eq(&first[0], &second[0]) && Rc::ptr_eq(&first[1], &second[1]));
        assert!(second[0].places.for_newcomer().is_none(), "a request of before still counts");
        drop(place);
        assert!(second[0].places.for_newcomer().is_some());
    }

    #[test]
    fn what_a_backend_says_of_its_limit_counts_before_the_settings() {
        let mut pools = Pools::default();
        let mut check = |own: Option<u32>, setting: u32, most: usize| {
            let pool = pools.of(&[Backend { max_requests: own, ..backend(1) }], &[None], setting, None).remove(0);
            let places: Vec<_> = (0..9).map_while(|_| pool.places.for_newcomer()).collect();
            assert_eq!(places.len(), most, "{own:?} and {setting}");
        };
        check(None, 0, 9);
        check(None, 2, 2);
        check(Some(3), 2, 3);
        check(Some(0), 2, 9);
    }
}
