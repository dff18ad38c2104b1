//! Connections to backends: kept, checked before use, opened when there is none.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use bytes::Bytes;
use dproxy_route::{Backend, BackendId, Scheme};
use h2::client::SendRequest;
use hashbrown::HashMap;
use tokio::net::TcpStream;

use crate::flow::io_error;

/// Unused connections kept for one backend.
const MAX_IDLE: usize = 16 * 1024;
/// What a stream of an HTTP/2 backend may send ahead of its client, and all of them together.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;

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
    /// The one connection of an HTTP/2 backend, shared by all requests.
    shared: RefCell<Option<SendRequest<Bytes>>>,
}

/// A connection to a backend, ready for a request.
#[derive(Debug)]
pub(crate) enum Upstream {
    /// All of it.
    H1(TcpStream),
    /// A stream of it.
    H2(SendRequest<Bytes>),
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
        Pool { address: backend.address, scheme: backend.scheme, label, idle: RefCell::default(), shared: RefCell::default() }
    }

    /// A connection that is open as far as we know.
    pub(crate) async fn take(&self) -> Option<Upstream> {
        if self.scheme == Scheme::H2c {
            // Cloned first: nothing stays borrowed while its turn is awaited.
            let shared = self.shared.borrow().clone()?;
            return match shared.ready().await {
                Ok(ready) => Some(Upstream::H2(ready)),
                Err(_) => {
                    self.shared.take();
                    None
                }
            };
        }
        let mut idle = self.idle.borrow_mut();
        while let Some(kept) = idle.pop() {
            if is_alive(&kept.stream) {
                return Some(Upstream::H1(kept.stream));
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
        self.shared.take();
    }

    /// Opens a connection.
    pub(crate) async fn connect(&self) -> io::Result<Upstream> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        if self.scheme == Scheme::H2c { self.share(stream).await } else { Ok(Upstream::H1(stream)) }
    }

    async fn share(&self, stream: TcpStream) -> io::Result<Upstream> {
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(STREAM_WINDOW).initial_connection_window_size(CONNECTION_WINDOW).enable_push(false);
        let (requests, connection) = builder.handshake(stream).await.map_err(io_error)?;
        tokio::task::spawn_local(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection to an HTTP/2 backend ended");
            }
        });
        let ready = requests.ready().await.map_err(io_error)?;
        self.shared.replace(Some(ready.clone()));
        Ok(Upstream::H2(ready))
    }
}

/// An idle connection has nothing to read: neither an end nor surplus bytes.
/// Costs a system call only when something did arrive.
fn is_alive(stream: &TcpStream) -> bool {
    matches!(stream.try_read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}
