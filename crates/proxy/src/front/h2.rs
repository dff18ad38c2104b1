//! HTTP/2 clients: one connection, many requests at a time, each in a task of its own.

mod guard;
mod hello;

use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use dproxy_http1::RequestHead;
use h2::RecvStream;
use h2::server::{Builder, Connection, SendResponse};
use http::Request;

use crate::access::Tally;
use crate::buffer::Buffer;
use crate::client::{Carries, Client, Path, Stream, Wire};
use crate::clock::Deadline;
use crate::error::ProxyError;
use crate::front::h2::guard::Guarded;
use crate::front::h2::hello::{Hello, Reticent};
use crate::front::hands;
use crate::front::{fail, respond};
use crate::marked::Marked;
use crate::message::{self, Asked};
use crate::peer::Peer;
use crate::proxy::Proxy;
use crate::tls::Agreed;
use crate::transport::Transport;

/// RFC 9113 §3.4
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Requests of one connection that are served at a time.
const STREAMS: u32 = 100;
/// What a client may send ahead of its backend, on one stream and on all together.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// What an answer may run ahead of its client.
const SEND_BUFFER: usize = 64 * 1024;
/// Streams that a client may cancel before they were even looked at.
const CANCELLED_UNSEEN: usize = 50;
/// Streams that a client may make us cancel by breaking rules on them.
const CANCELLED_BY_ERROR: usize = 200;
/// How long a connection may take to end once nothing is under way.
const FAREWELL: Duration = Duration::from_secs(1);

/// A request that is to be served.
pub(crate) struct Job {
    proxy: Rc<Proxy>,
    client: Client,
    request: Request<RecvStream>,
}

/// A connection on which there is more than a hello.
struct Session {
    connection: Connection<Marked<Guarded<Reticent<Transport>>>, Bytes>,
    peer: Peer,
    path: Path,
    tls: Option<Rc<Agreed>>,
    deadline: Deadline,
}

/// Whether bytes are the preface of HTTP/2.
pub(crate) enum Preface {
    /// They are, and there may be more behind it.
    Whole,
    /// They may become it.
    Partial,
    /// They are not.
    Other,
}

pub(crate) fn preface(bytes: &[u8]) -> Preface {
    if bytes.starts_with(PREFACE) {
        Preface::Whole
    } else if PREFACE.starts_with(bytes) {
        Preface::Partial
    } else {
        Preface::Other
    }
}

/// Serves a connection, of which `begun` was read before.
pub(crate) fn serve(proxy: &Rc<Proxy>, client: Client, begun: Option<Buffer>) -> impl Future<Output = ()> {
    // Each stage apart: the last one lives long and keeps nothing of those before, and whoever only says hello makes no room for it.
    let greeting = Box::pin(greet(proxy, client, begun));
    async move {
        let beginning = match greeting.await {
            Some((client, hello)) => Box::pin(begin(proxy, client, hello)),
            None => return,
        };
        if let Some(mut session) = beginning.await {
            session.serve(proxy).await;
        }
    }
}

/// Waits until there is more than a hello; none if the connection has ended instead.
async fn greet(proxy: &Rc<Proxy>, mut client: Client, begun: Option<Buffer>) -> Option<(Client, Hello)> {
    let Wire::H1(stream) = &mut client.wire else { return None };
    let mut hello = Hello::new(begun.as_ref().map_or(&[], Buffer::filled));
    drop(begun);
    client.deadline.set(proxy.common().settings().timeouts.request_head);
    let goes_on = hello.wait(proxy, stream, &client.deadline, &settings(proxy)).await;
    goes_on.then_some((client, hello))
}

/// Lets the library begin behind a hello.
async fn begin(proxy: &Rc<Proxy>, client: Client, hello: Hello) -> Option<Box<Session>> {
    let path = Path::Known(client.ends());
    let Client { wire, peer, path: _, tls, deadline, tally: _, trail: _ } = client;
    let Wire::H1(stream) = wire else { return None };
    let patience = proxy.common().settings().timeouts.request_head;
    let mut begun = proxy.buffers.lend_tiny();
    if !begun.append(hello.heard()) {
        return None;
    }
    let io = Guarded::new(hello.hide(stream), Some(begun), &proxy.clock, patience);
    let io = Marked::requests(io, PREFACE.len());
    deadline.set(patience);
    match deadline.guard(builder(proxy).handshake::<_, Bytes>(io)).await {
        Ok(Ok(connection)) => Some(Box::new(Session { connection, peer, path, tls, deadline })),
        _ => None,
    }
}

/// What [`builder`] lets the library say first (RFC 9113 §6.5, RFC 8441 §3).
fn settings(proxy: &Proxy) -> Vec<u8> {
    let head_bytes = proxy.common().settings().limits.head_bytes;
    let mut frame = vec![0, 0, 24, 4, 0, 0, 0, 0, 0];
    for (name, value) in [(3u16, STREAMS), (4, STREAM_WINDOW), (6, head_bytes), (8, 1)] {
        frame.extend(name.to_be_bytes());
        frame.extend(value.to_be_bytes());
    }
    frame
}

fn builder(proxy: &Proxy) -> Builder {
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(STREAMS)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buffer_size(SEND_BUFFER)
        .enable_connect_protocol()
        .max_header_list_size(proxy.common().settings().limits.head_bytes)
        .max_pending_accept_reset_streams(CANCELLED_UNSEEN)
        .max_local_error_reset_streams(Some(CANCELLED_BY_ERROR));
    builder
}

impl Session {
    async fn serve(&mut self, proxy: &Rc<Proxy>) {
        let keep_alive = proxy.common().settings().timeouts.keep_alive;
        let mut leaving = false;
        while let Some((request, answer)) = self.next_request(proxy, keep_alive, &mut leaving).await {
            let stream = Stream { carries: Carries::Nothing, respond: answer };
            let (tls, deadline) = (self.tls.clone(), proxy.clock.deadline());
            let (peer, path) = (self.peer, self.path);
            let client = Client { wire: Wire::H2(stream), peer, path, tls, deadline, tally: Tally::default(), trail: None };
            proxy.hands.give(hands::Job::H2(Box::new(Job { proxy: Rc::clone(proxy), client, request })));
        }
        self.connection.graceful_shutdown();
        self.deadline.set(FAREWELL);
        // Whoever does not say goodbye in time is cut off.
        let _ = self.deadline.guard(poll_fn(|context| self.connection.poll_closed(context))).await;
    }

    /// Drives the connection until it brings another request. None when it has
    /// ended, has been silent for too long, or shall end and has nothing under way.
    async fn next_request(
        &mut self,
        proxy: &Proxy,
        keep_alive: Duration,
        leaving: &mut bool,
    ) -> Option<(Request<RecvStream>, SendResponse<Bytes>)> {
        let Session { connection, deadline, .. } = self;
        let mut idle = false;
        let next = poll_fn(|context| {
            if proxy.is_draining() && !*leaving {
                *leaving = true;
                connection.graceful_shutdown();
            }
            let next = connection.poll_accept(context);
            if next.is_pending() && idle == connection.has_streams() {
                idle = !idle;
                if idle { deadline.set_idle(keep_alive) } else { deadline.clear() }
            }
            next
        });
        deadline.clear();
        match deadline.guard(next).await {
            Ok(Some(Ok(request))) => Some(request),
            _ => None,
        }
    }
}

/// Serves one request of a connection.
pub(crate) async fn serve_request(job: Job) {
    let Job { proxy, mut client, request } = job;
    let (parts, body) = request.into_parts();
    let tunnels = message::tunnel_protocol(&parts).is_some();
    let has_body = !body.is_end_stream() && !tunnels;
    let mut buffer = proxy.buffers.lend();
    let mut head = proxy.buffers.lend_head::<RequestHead>();
    let limits = proxy.common().limits;
    let read = {
        let (asked, fields) = (Asked::by(&parts, has_body), message::fields_of(&parts.headers));
        message::request_head(&asked, fields, &mut proxy.buffers.scratch(), &mut buffer, &mut head, &limits)
    };
    if let Wire::H2(stream) = &mut client.wire {
        stream.carries = match (tunnels, has_body) {
            (true, _) => Carries::Tunnel { reads: body, writes: None },
            (false, true) => Carries::Body(body),
            (false, false) => Carries::Nothing,
        };
    }
    // Whatever becomes of the stream, its connection goes on.
    let _ = match read {
        Ok(length) => respond(&proxy, &mut client, &mut buffer, &head, length).await,
        Err(violation) => fail(&proxy, &mut client, &mut buffer, None, &ProxyError::Request(violation)).await,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size_of_future<A, B, C, F>(_: fn(A, B, C) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn a_connection_that_idles_keeps_little_beside_what_is_the_librarys() {
        let library = size_of::<Connection<Marked<Guarded<Reticent<Transport>>>, Bytes>>();
        let ours = size_of_future(serve) + size_of::<Session>() - library;
        assert!(ours < 512, "{ours} bytes");
    }
}
