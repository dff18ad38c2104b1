//! The sides that clients see: each reads heads and hands them to the exchange.

pub(crate) mod h1;
pub(crate) mod h2;

use dproxy_http1::{Framing, RequestHead};

use crate::buffer::Buffer;
use crate::client::Client;
use crate::clock::Elapsed;
use crate::error::{Blame, ProxyError};
use crate::exchange::{Failure, Served, exchange};
use crate::page::{self, Asked};
use crate::proxy::Proxy;

/// Answers the request whose head is the first `length` bytes of `buffer`, by a backend or ourselves.
async fn respond(proxy: &Proxy, client: &mut Client, buffer: &mut Buffer, request: &RequestHead, length: usize) -> Served {
    let _counted = proxy.count_request();
    let entry = proxy.access.begin(client, request, &buffer.filled()[..length]);
    let served = serve(proxy, client, buffer, request, length).await;
    if let Some(entry) = entry {
        proxy.access.end(entry, &client.tally);
    }
    served
}

/// The same, without accounting.
async fn serve(proxy: &Proxy, client: &mut Client, buffer: &mut Buffer, request: &RequestHead, length: usize) -> Served {
    client.tally.answered(0);
    match exchange(proxy, client, buffer, request, length).await {
        Ok(served) => served,
        Err(Failure::Answered(error)) => {
            tracing::debug!(error = error.chain(), "answer broken off");
            Served::Broken
        }
        Err(Failure::Unanswered(error)) => fail(proxy, client, buffer, Some((request, length)), &error).await,
    }
}

/// Tells the client why it gets no answer, and goes on if the connection can still be understood.
async fn fail(
    proxy: &Proxy,
    client: &mut Client,
    buffer: &mut Buffer,
    request: Option<(&RequestHead, usize)>,
    error: &ProxyError,
) -> Served {
    let Some(status) = error.status() else { return Served::Broken };
    if error.blame() == Blame::Backend {
        tracing::warn!(status, error = error.chain(), "backend failed");
    }
    // With a body under way it is not known where the next request begins.
    let understood = request.is_some_and(|(head, _)| head.framing == Framing::None && head.connection.persists(head.version));
    let close = !understood || status == 400 || status == 408 || proxy.says_goodbye();
    let mut out = proxy.buffers.scratch();
    let asked = Asked { request: request.map(|(head, length)| (head, &buffer.filled()[..length])), close };
    let body = page::write(&mut out, status, error, &asked);
    proxy.count_status(status);
    client.tally.answered(status);
    client.tally.took(body);
    buffer.consume(request.map_or(0, |(_, length)| length));
    client.deadline.set(proxy.view().settings.timeouts.idle);
    match client.deadline.guard(client.wire.send_page(&out)).await {
        Ok(Ok(())) if close => Served::EndsEarly,
        Ok(Ok(())) => Served::Persists,
        Ok(Err(_)) | Err(Elapsed) => Served::Broken,
    }
}
