//! HTTP/1 clients: one connection, one request after another.

use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::buffer::Buffer;
use crate::client::{Client, Wire};
use crate::clock::Elapsed;
use crate::error::ProxyError;
use crate::exchange::Served;
use crate::front::arrival::{self, Arrival, Stage};
use crate::front::h2::{self, Preface};
use crate::front::{fail, respond, unread};
use crate::proxy::Proxy;
use crate::tls;
use crate::transport::Transport;
use crate::unless::unless;
use dproxy_http1::RequestHead;

/// A client that asks again so soon finds what its last request was served with;
/// after that it costs as little as a silent client can.
const BRIEFLY: Duration = Duration::from_millis(200);

/// What becomes of the connection.
enum Next {
    /// The client may ask again.
    Wait,
    /// Nothing more can be said on it.
    Close,
    /// An answer is on its way that must not be destroyed.
    Linger,
    /// It speaks HTTP/2, as the bytes that were read show.
    Http2(Buffer),
    /// It speaks TLS, as the bytes that were read show.
    Tls(Buffer),
}

/// What the first bytes of a request are.
enum Begun {
    /// A head of this length.
    Head(usize),
    /// The preface of HTTP/2.
    Preface,
    /// A TLS handshake.
    Handshake,
    /// The client left without having begun one.
    Nothing,
}

/// How a client's silence ends.
enum Silence {
    /// It says something.
    Over,
    /// It left.
    Left,
    /// It has lasted too long.
    TooLong,
    /// Somebody else shall wait for the client.
    HandedOver,
}

/// Serves a connection until it ends; one that shall be given away, with nothing under way, is given back.
pub(crate) async fn serve(proxy: &Rc<Proxy>, mut client: Client, mut stage: Stage) -> Option<Arrival> {
    // The first request is awaited like its first byte, not like another one.
    let mut patience = proxy.common().settings().timeouts.request_head;
    let mut asks_again = false;
    while !proxy.closes_idle() {
        // No buffer and no request is held while the client is silent.
        match silence(proxy, &mut client, patience).await {
            Silence::Over => {}
            Silence::Left | Silence::TooLong => return None,
            Silence::HandedOver => return given_away(client, stage),
        }
        match Box::pin(requests(proxy, &mut client, &mut stage, asks_again)).await {
            Next::Wait if asks_again => patience = proxy.common().settings().timeouts.keep_alive.saturating_sub(BRIEFLY),
            Next::Wait => (patience, asks_again) = (proxy.common().settings().timeouts.keep_alive, true),
            Next::Close => return None,
            Next::Linger => {
                Box::pin(unread::linger(&mut client)).await;
                return None;
            }
            Next::Http2(begun) => {
                Box::pin(h2::serve(proxy, client, Some(begun))).await;
                return None;
            }
            Next::Tls(begun) => {
                client = Box::pin(arrival::secure(proxy, client, Some(begun))).await?;
                if client.agreed_upon_http2() {
                    Box::pin(h2::serve(proxy, client, None)).await;
                    return None;
                }
            }
        }
    }
    None
}

/// The connection as somebody else shall serve it.
fn given_away(client: Client, stage: Stage) -> Option<Arrival> {
    let Client { wire: Wire::H1(Transport::Tcp(tcp)), path, .. } = client else { return None };
    let stage = if stage == Stage::New { Stage::Waits } else { stage };
    Some(Arrival { tcp, peer: path.from(), port: path.port(), stage })
}

/// Waits until the client says something, at most for so long.
async fn silence(proxy: &Proxy, client: &mut Client, patience: Duration) -> Silence {
    let Client { wire: Wire::H1(stream), deadline, .. } = client else { return Silence::Left };
    deadline.set_idle(patience);
    let in_clear = matches!(stream, Transport::Tcp(_));
    let end = |context: &mut Context<'_>| match deadline.poll_elapsed(context) {
        // The keys of a TLS session are nobody else's.
        _ if in_clear && proxy.hands_over() => Poll::Ready(Silence::HandedOver),
        elapsed => elapsed.map(|Elapsed| Silence::TooLong),
    };
    // What was said already is answered before anything else.
    match unless(stream.readable(), end).await {
        Ok(Ok(())) => Silence::Over,
        Ok(Err(_)) => Silence::Left,
        Err(end) => end,
    }
}

/// Serves requests until the client has nothing more to say for the moment. One
/// that `asks_again` and again is waited for a little.
async fn requests(proxy: &Proxy, client: &mut Client, stage: &mut Stage, asks_again: bool) -> Next {
    let mut buffer = proxy.buffers.lend_tiny();
    let mut request = proxy.buffers.lend_head::<RequestHead>();
    loop {
        request.clear();
        let length = match read_head(proxy, client, &mut buffer, &mut request, *stage).await {
            Ok(Begun::Head(length)) => length,
            Ok(Begun::Preface) => return Next::Http2(buffer),
            Ok(Begun::Handshake) => return Next::Tls(buffer),
            Ok(Begun::Nothing) => return Next::Close,
            Err(error) => {
                return match fail(proxy, client, &mut buffer, None, &error).await {
                    Served::Broken => Next::Close,
                    Served::Persists | Served::Ends | Served::EndsEarly => Next::Linger,
                };
            }
        };
        *stage = Stage::Http1;
        match respond(proxy, client, &mut buffer, &request, length).await {
            Served::Persists if buffer.is_empty() && !asks_again => return Next::Wait,
            Served::Persists if buffer.is_empty() => {
                buffer.rest();
                if let Some(next) = pause(proxy, client).await {
                    return next;
                }
            }
            Served::Persists => {}
            Served::Ends | Served::Broken => return Next::Close,
            Served::EndsEarly => return Next::Linger,
        }
    }
}

/// Waits a little for the next request, with everything at hand; none if it comes.
async fn pause(proxy: &Proxy, client: &mut Client) -> Option<Next> {
    match silence(proxy, client, BRIEFLY.min(proxy.common().settings().timeouts.keep_alive)).await {
        Silence::Over => None,
        Silence::Left => Some(Next::Close),
        Silence::TooLong | Silence::HandedOver => Some(Next::Wait),
    }
}

/// Reads one request head.
async fn read_head(
    proxy: &Proxy,
    client: &mut Client,
    buffer: &mut Buffer,
    request: &mut RequestHead,
    stage: Stage,
) -> Result<Begun, ProxyError> {
    let common = proxy.common();
    client.deadline.set(common.settings().timeouts.request_head);
    let Wire::H1(stream) = &mut client.wire else { return Ok(Begun::Nothing) };
    loop {
        if !buffer.is_empty() {
            // What begins a connection is no request: HTTP/2 behind TLS was agreed upon before, and nobody changes the
            // protocol once he has asked in one.
            let may_begin = stage != Stage::Http1 && matches!(stream, Transport::Tcp(_));
            match h2::preface(buffer.filled()) {
                _ if may_begin && buffer.filled()[0] == tls::HANDSHAKE && common.peeks() => return Ok(Begun::Handshake),
                Preface::Whole if may_begin => return Ok(Begun::Preface),
                // Cannot be told from HTTP/1 before its last byte.
                Preface::Partial if may_begin => {}
                Preface::Whole | Preface::Partial | Preface::Other => {
                    if let Some(length) = request.parse(buffer.filled(), &common.limits).map_err(ProxyError::Request)? {
                        return Ok(Begun::Head(length));
                    }
                }
            }
        }
        if buffer.is_full() {
            buffer.grow();
        }
        match client.deadline.guard(stream.read(buffer.room())).await {
            Ok(Ok(0)) if buffer.is_empty() => return Ok(Begun::Nothing),
            // A head that will never end is not worth an answer either.
            Ok(Ok(0) | Err(_)) => return Err(ProxyError::ClientGone),
            Ok(Ok(read)) => buffer.produced(read),
            Err(Elapsed) if buffer.is_empty() => return Ok(Begun::Nothing),
            Err(Elapsed) => return Err(ProxyError::RequestTimeout),
        }
    }
}
