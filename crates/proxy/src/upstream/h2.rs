//! Connections to an HTTP/2 backend: each carries many requests, and there are no more than needed.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::client::{Builder, Connection, ResponseFuture, SendRequest};
use h2::{Ping, PingPong, SendStream};
use http::Request;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::flow::io_error;
use crate::marked::Marked;
use crate::upstream::pulse::{Heard, Pulse, keep_alive};

/// What a stream may send ahead of its client, and all of a connection together.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;
/// A backend that allows next to no streams on a connection does not get connections without end.
const MOST: usize = 64;

/// The connections to one backend.
#[derive(Debug)]
pub(crate) struct Connections {
    /// The oldest is used first: what a burst brought goes cold and is closed.
    open: RefCell<Vec<Rc<Shared>>>,
    /// Whoever opens one; the others wait for what comes of it.
    turn: Semaphore,
}

/// A connection that requests share.
#[derive(Debug)]
struct Shared {
    requests: SendRequest<Bytes>,
    pulse: Rc<Pulse>,
    clock: Rc<Clock>,
    /// Clock time at which the last request on it was done.
    since: Cell<u64>,
}

/// One request's share of a connection.
#[derive(Debug)]
pub(crate) struct Share {
    requests: SendRequest<Bytes>,
    of: Rc<Shared>,
}

impl Default for Connections {
    fn default() -> Connections {
        Connections { open: RefCell::default(), turn: Semaphore::new(1) }
    }
}

impl Connections {
    /// A share of a connection, and whether it was there before. One is opened on
    /// what `dial` brings when the others have as many requests as they take; its
    /// answers' heads may be as long as `head_bytes`.
    pub(crate) async fn join<S: AsyncRead + AsyncWrite + Unpin + 'static>(
        &self,
        clock: &Rc<Clock>,
        head_bytes: u32,
        dial: impl Future<Output = io::Result<S>>,
    ) -> io::Result<(Share, bool)> {
        if let Some(share) = self.with_room() {
            return Ok((share, true));
        }
        let _turn = self.turn.acquire().await.map_err(io::Error::other)?;
        if let Some(share) = self.with_room() {
            return Ok((share, true));
        }
        match open(clock, head_bytes, dial).await {
            Ok(shared) => {
                let share = Share::new(&shared);
                self.open.borrow_mut().push(shared);
                Ok((share, false))
            }
            // On a connection that is full it waits until another request is done.
            Err(cause) => self.least_busy().map(|share| (share, true)).ok_or(cause),
        }
    }

    /// Closes connections on which nothing was asked since `before`; whether there are others.
    pub(crate) fn sweep(&self, before: u64) -> bool {
        let mut open = self.open.borrow_mut();
        open.retain(|shared| shared.is_open() && (shared.pulse.streams() > 0 || shared.since.get() >= before));
        !open.is_empty()
    }

    fn with_room(&self) -> Option<Share> {
        let mut open = self.open.borrow_mut();
        open.retain(|shared| shared.is_open());
        if let Some(shared) = open.iter().find(|shared| shared.has_room()) {
            return Some(Share::new(shared));
        }
        let enough = open.len() >= MOST;
        drop(open);
        if enough { self.least_busy() } else { None }
    }

    fn least_busy(&self) -> Option<Share> {
        let open = self.open.borrow();
        open.iter().filter(|shared| shared.is_open()).min_by_key(|shared| shared.pulse.streams()).map(Share::new)
    }
}

impl Shared {
    /// Whether it takes another request: neither ended nor told to go away.
    fn is_open(&self) -> bool {
        // A handle with no request of its own is never told to wait, so nobody has to be woken.
        !matches!(self.requests.clone().poll_ready(&mut Context::from_waker(Waker::noop())), Poll::Ready(Err(_)))
    }

    fn has_room(&self) -> bool {
        self.pulse.streams() < self.requests.current_max_send_streams()
    }
}

impl Share {
    fn new(of: &Rc<Shared>) -> Share {
        of.pulse.stream_begins();
        Share { requests: of.requests.clone(), of: Rc::clone(of) }
    }

    /// Whether the backend takes tunnels (RFC 8441).
    pub(crate) fn takes_tunnels(&self) -> bool {
        self.requests.is_extended_connect_protocol_enabled()
    }

    /// Sends the head of a request, which may be all of it.
    pub(crate) fn send(&mut self, request: Request<()>, ends: bool) -> io::Result<(ResponseFuture, SendStream<Bytes>)> {
        self.requests.send_request(request, ends).map_err(io_error)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.of.pulse.stream_ends();
        self.of.since.set(self.of.clock.now());
    }
}

/// Opens a connection and waits for what the backend says of its limits.
async fn open<S: AsyncRead + AsyncWrite + Unpin + 'static>(
    clock: &Rc<Clock>,
    head_bytes: u32,
    dial: impl Future<Output = io::Result<S>>,
) -> io::Result<Rc<Shared>> {
    let pulse = Pulse::new(clock);
    let stream = Marked::answers(Heard::new(dial.await?, &pulse));
    let mut builder = Builder::new();
    builder
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(head_bytes)
        .enable_push(false);
    let (requests, mut connection) = builder.handshake(stream).await.map_err(io_error)?;
    let Some(mut pings) = connection.ping_pong() else { return Err(io::ErrorKind::Other.into()) };
    settle(&mut connection, &mut pings).await?;
    let beating = Rc::clone(&pulse);
    tokio::task::spawn_local(async move {
        if let Err(error) = keep_alive(connection, pings, &beating).await {
            tracing::debug!(error = error.to_string(), "connection to an HTTP/2 backend ended");
        }
    });
    let (clock, since) = (Rc::clone(clock), Cell::new(clock.now()));
    Ok(Rc::new(Shared { requests, pulse, clock, since }))
}

/// Whoever answers a PING has sent its SETTINGS before (RFC 9113 §3.4).
async fn settle<S: AsyncRead + AsyncWrite + Unpin>(connection: &mut Connection<S, Bytes>, pings: &mut PingPong) -> io::Result<()> {
    pings.send_ping(Ping::opaque()).map_err(io_error)?;
    poll_fn(|context| match Pin::new(&mut *connection).poll(context) {
        Poll::Ready(Ok(())) => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
        Poll::Ready(Err(error)) => Poll::Ready(Err(io_error(error))),
        Poll::Pending => pings.poll_pong(context).map_ok(drop).map_err(io_error),
    })
    .await
}
