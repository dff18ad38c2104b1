//! HTTP/1 clients: one connection, one request after another.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use dproxy_http1::{Framing, RequestHead};
use dproxy_stats::Counter;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::buffer::Buffer;
use crate::clock::{Deadline, Elapsed};
use crate::error::{Blame, ProxyError};
use crate::exchange::{Failure, Served, exchange};
use crate::page::{self, Asked};
use crate::peer::Peer;
use crate::proxy::Proxy;

/// How long, and for how many bytes, a connection that was answered early is
/// read on: closing it with bytes unread would destroy the answer (RFC 9112 §9.6).
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 1024 * 1024;

/// A client's connection.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    pub(crate) peer: Peer,
    /// The port it reached.
    pub(crate) port: u16,
    pub(crate) deadline: Deadline,
}

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// The client may ask again.
    Wait,
    /// Nothing more can be said on it.
    Close,
    /// An answer is on its way that must not be destroyed.
    Linger,
}

/// Serves a connection until it ends.
pub(crate) async fn serve(proxy: &Proxy, stream: TcpStream, peer: SocketAddr, port: u16) {
    let mut client = Client { stream, peer: Peer::new(peer), port, deadline: proxy.clock.deadline() };
    // The first request is awaited like its first byte, not like another one.
    let mut patience = proxy.view().settings.timeouts.request_head;
    loop {
        client.deadline.set_idle(patience);
        // No buffer and no request is held while the client is silent.
        if !matches!(client.deadline.guard(client.stream.readable()).await, Ok(Ok(()))) {
            return;
        }
        match Box::pin(requests(proxy, &mut client)).await {
            Next::Wait => patience = proxy.view().settings.timeouts.keep_alive,
            Next::Close => return,
            Next::Linger => return linger(&mut client).await,
        }
    }
}

/// Serves requests until the client has nothing more to say for the moment.
async fn requests(proxy: &Proxy, client: &mut Client) -> Next {
    let mut buffer = proxy.buffers.lend();
    let mut request = RequestHead::default();
    loop {
        request.clear();
        let length = match read_head(proxy, client, &mut buffer, &mut request).await {
            Ok(Some(length)) => length,
            Ok(None) => return Next::Close,
            Err(error) => return refuse(proxy, client, &error).await,
        };
        proxy.page.add(Counter::Requests, 1);
        proxy.page.add(Counter::InFlight, 1);
        let answered = InFlight(proxy);
        let next = respond(proxy, client, &mut buffer, &request, length).await;
        drop(answered);
        if next != Next::Wait || buffer.is_empty() {
            return next;
        }
    }
}

/// Reads one request head; its length, or none when the client left without having begun one.
async fn read_head(
    proxy: &Proxy,
    client: &mut Client,
    buffer: &mut Buffer,
    request: &mut RequestHead,
) -> Result<Option<usize>, ProxyError> {
    let view = proxy.view();
    client.deadline.set(view.settings.timeouts.request_head);
    loop {
        if !buffer.is_empty()
            && let Some(length) = request.parse(buffer.filled(), &view.limits).map_err(ProxyError::Request)?
        {
            return Ok(Some(length));
        }
        if buffer.is_full() {
            buffer.grow();
        }
        match client.deadline.guard(client.stream.read(buffer.room())).await {
            Ok(Ok(0)) if buffer.is_empty() => return Ok(None),
            // A head that will never end is not worth an answer either.
            Ok(Ok(0) | Err(_)) => return Err(ProxyError::ClientGone),
            Ok(Ok(read)) => buffer.produced(read),
            Err(Elapsed) if buffer.is_empty() => return Ok(None),
            Err(Elapsed) => return Err(ProxyError::RequestTimeout),
        }
    }
}

/// Answers one request, by a backend or ourselves.
async fn respond(proxy: &Proxy, client: &mut Client, buffer: &mut Buffer, request: &RequestHead, length: usize) -> Next {
    match exchange(proxy, client, buffer, request, length).await {
        Ok(Served::Persists) => Next::Wait,
        Ok(Served::Ends) => Next::Close,
        Ok(Served::EndsEarly) => Next::Linger,
        Err(Failure::Answered(error)) => {
            tracing::debug!(error = error.chain(), "answer broken off");
            Next::Close
        }
        Err(Failure::Unanswered(error)) => fail(proxy, client, buffer, request, length, &error).await,
    }
}

/// Tells the client why it gets no answer, and goes on if the connection can still be understood.
async fn fail(proxy: &Proxy, client: &mut Client, buffer: &mut Buffer, request: &RequestHead, length: usize, error: &ProxyError) -> Next {
    let Some(status) = error.status() else { return Next::Close };
    if error.blame() == Blame::Backend {
        tracing::warn!(status, error = error.chain(), "backend failed");
    }
    // With a body under way it is not known where the next request begins.
    let understood = request.framing == Framing::None && request.connection.persists(request.version);
    let close = !understood || status == 400 || status == 408 || proxy.is_draining();
    let mut out = proxy.buffers.scratch();
    page::write(&mut out, status, error, &Asked { request: Some((request, &buffer.filled()[..length])), close });
    count_status(proxy, status);
    buffer.consume(length);
    client.deadline.set(proxy.view().settings.timeouts.idle);
    match client.deadline.guard(client.stream.write_all(&out)).await {
        Ok(Ok(())) if close => Next::Linger,
        Ok(Ok(())) => Next::Wait,
        _ => Next::Close,
    }
}

/// Answers what could not be read as a request.
async fn refuse(proxy: &Proxy, client: &mut Client, error: &ProxyError) -> Next {
    let Some(status) = error.status() else { return Next::Close };
    let mut out = proxy.buffers.scratch();
    page::write(&mut out, status, error, &Asked { request: None, close: true });
    count_status(proxy, status);
    client.deadline.set(proxy.view().settings.timeouts.idle);
    match client.deadline.guard(client.stream.write_all(&out)).await {
        Ok(Ok(())) => Next::Linger,
        _ => Next::Close,
    }
}

/// Reads on for a while what nobody wants any more.
async fn linger(client: &mut Client) {
    client.deadline.set(LINGER);
    // Both sides may be gone already; then there is nothing to be saved.
    let _ = client.deadline.guard(discard(&mut client.stream)).await;
}

async fn discard(stream: &mut TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    let mut room = [0; 1024];
    let mut left = LINGER_BYTES;
    while left > 0 {
        match stream.read(&mut room).await? {
            0 => return Ok(()),
            read => left = left.saturating_sub(read),
        }
    }
    Ok(())
}

pub(crate) fn count_status(proxy: &Proxy, status: u16) {
    let class = match status {
        ..200 => Counter::Status1xx,
        200..300 => Counter::Status2xx,
        300..400 => Counter::Status3xx,
        400..500 => Counter::Status4xx,
        500.. => Counter::Status5xx,
    };
    proxy.page.add(class, 1);
}

/// Counts a request for as long as it is being answered, however that ends.
struct InFlight<'p>(&'p Proxy);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.page.sub(Counter::InFlight, 1);
    }
}
