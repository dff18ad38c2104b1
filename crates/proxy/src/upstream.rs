//! Connections to backends: kept, checked before use, opened when there is none.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use dproxy_route::{Backend, BackendId, Scheme};
use hashbrown::HashMap;
use tokio::net::TcpStream;

/// Unused connections kept for one backend.
const MAX_IDLE: usize = 512;

/// A worker's pools, by the lasting name of their backend.
#[derive(Debug, Default)]
pub(crate) struct Pools(HashMap<BackendId, Rc<Pool>, foldhash::fast::RandomState>);

/// The connections to one backend.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) address: SocketAddr,
    pub(crate) scheme: Scheme,
    /// `name@address`, for `x-debug-backend`.
    pub(crate) label: String,
    /// The one used last is used first: the others may go cold and be closed.
    idle: RefCell<Vec<Kept>>,
}

#[derive(Debug)]
struct Kept {
    stream: TcpStream,
    /// Clock time at which it came back.
    since: u64,
}

impl Pools {
    /// The pool of each backend, in their order. Pools of backends that are gone
    /// are dropped, and with them their connections.
    pub(crate) fn of(&mut self, backends: &[Backend]) -> Vec<Rc<Pool>> {
        let mut old = std::mem::take(&mut self.0);
        let pools: Vec<Rc<Pool>> = backends.iter().map(|backend| reuse(&mut old, backend)).collect();
        self.0 = backends.iter().map(|backend| backend.id.clone()).zip(pools.iter().cloned()).collect();
        pools
    }

    /// Closes connections that were not used since `before`, or that the backend closed.
    pub(crate) fn sweep(&self, before: u64) {
        for pool in self.0.values() {
            pool.idle.borrow_mut().retain(|kept| kept.since >= before && is_alive(&kept.stream));
        }
    }
}

/// The pool that the backend had, if it still stands at the same place.
fn reuse(old: &mut HashMap<BackendId, Rc<Pool>, foldhash::fast::RandomState>, backend: &Backend) -> Rc<Pool> {
    match old.remove(&backend.id) {
        Some(pool) if pool.address == backend.address && pool.scheme == backend.scheme => pool,
        _ => Rc::new(Pool::new(backend)),
    }
}

impl Pool {
    fn new(backend: &Backend) -> Pool {
        let label = format!("{}@{}", backend.name, backend.address);
        Pool { address: backend.address, scheme: backend.scheme, label, idle: RefCell::default() }
    }

    /// A connection that is open as far as we know.
    pub(crate) fn take(&self) -> Option<TcpStream> {
        let mut idle = self.idle.borrow_mut();
        while let Some(kept) = idle.pop() {
            if is_alive(&kept.stream) {
                return Some(kept.stream);
            }
        }
        None
    }

    /// Gives back a connection on which nothing is under way.
    pub(crate) fn put(&self, stream: TcpStream, now: u64) {
        let mut idle = self.idle.borrow_mut();
        if idle.len() < MAX_IDLE {
            idle.push(Kept { stream, since: now });
        }
    }

    /// Closes every kept connection.
    pub(crate) fn clear(&self) {
        self.idle.borrow_mut().clear();
    }

    pub(crate) async fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// An idle connection has nothing to read: neither an end nor surplus bytes.
/// Costs a system call only when something did arrive.
fn is_alive(stream: &TcpStream) -> bool {
    matches!(stream.try_read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}
