//! The sides that clients see: each reads heads and hands them to the exchange.

mod announcement;
pub(crate) mod arrival;
pub(crate) mod h1;
pub(crate) mod h2;
pub(crate) mod h3;
pub(crate) mod hands;
mod on_demand;
mod passage;
mod unread;

use std::time::Instant;

use dproxy_config::Following;
use dproxy_http1::{BodyReader, RequestHead};

use crate::buffer::Buffer;
use crate::client::Client;
use crate::clock::Elapsed;
use crate::error::{Blame, ProxyError};
use crate::exchange::{Failure, Served, exchange};
use crate::page::{self, Asked};
use crate::proxy::Proxy;
use crate::trail::Trail;

/// Answers the request whose head is the first `length` bytes of `buffer`, by a backend or ourselves.
async fn respond(proxy: &Proxy, client: &mut Client, buffer: &mut Buffer, request: &RequestHead, length: usize) -> Served {
    let _counted = proxy.count_request();
    let began = Instant::now();
    client.tally.begin();
    let common = proxy.common();
    let followed = common.settings().following != Following::default() || proxy.access.is_on() && common.settings().access.tells_trail();
    let head = &buffer.filled()[..length];
    client.trail = followed.then(|| Box::new(Trail::of(&common.settings().following, request, head, &proxy.numbers)));
    let entry = proxy.access.is_on().then(|| proxy.access.begin(common, client, request, head));
    let served = serve(proxy, client, buffer, request, length).await;
    client.tally.settle(&proxy.page, began);
    if let Some(entry) = entry {
        proxy.access.end(&entry, client);
    }
    served
}

/// The same, without accounting.
async fn serve(proxy: &Proxy, client: &mut Client, buffer: &mut Buffer, request: &RequestHead, length: usize) -> Served {
    match exchange(proxy, client, buffer, request, length).await {
        Ok(served) => served,
        Err(Failure::Answered(error)) => {
            tracing::debug!(error = error.chain(), "answer broken off");
            Served::Broken
        }
        Err(Failure::Unanswered(error)) => {
            let rest = unread::rest_of_body(request, buffer.filled(), length);
            fail(proxy, client, buffer, Some(Asking { request, length, rest }), &error).await
        }
        Err(Failure::Severed(error)) => fail(proxy, client, buffer, Some(Asking { request, length, rest: None }), &error).await,
    }
}

/// A request that gets an answer of our own.
struct Asking<'r> {
    request: &'r RequestHead,
    /// Of its head, at the front of the buffer.
    length: usize,
    /// What else of it will come, if that is worth reading.
    rest: Option<BodyReader>,
}

/// Tells the client why it gets no answer, and goes on if the connection can still be understood.
async fn fail(proxy: &Proxy, client: &mut Client, buffer: &mut Buffer, asking: Option<Asking<'_>>, error: &ProxyError) -> Served {
    let Some(status) = error.status() else { return Served::Broken };
    if error.blame() == Blame::Backend {
        tracing::warn!(status, error = error.chain(), "backend failed");
    }
    let rest = asking.as_ref().filter(|asking| asking.request.connection.persists(asking.request.version)).and_then(|asking| asking.rest);
    let close = rest.is_none() || status == 400 || status == 408 || proxy.says_goodbye(client.is_in_clear());
    let mut out = proxy.buffers.scratch();
    let request = asking.as_ref().map(|asking| (asking.request, &buffer.filled()[..asking.length]));
    // A request that was not understood has none.
    let request_id = request.and_then(|_| client.answered_id());
    let asked = Asked { request, close, request_id };
    let common = proxy.common();
    let body = page::write(&mut out, status, error, &asked, &common.settings().pages);
    proxy.count_status(status);
    client.tally.answered(status);
    client.tally.took(body);
    buffer.consume(asking.map_or(0, |asking| asking.length));
    client.deadline.set(common.settings().timeouts.idle);
    match client.deadline.guard(client.wire.send_page(&out)).await {
        Ok(Ok(())) => {}
        Ok(Err(_)) | Err(Elapsed) => return Served::Broken,
    }
    match rest {
        Some(rest) if !close && (rest.is_done() || Box::pin(unread::read(client, buffer, rest)).await) => Served::Persists,
        _ => Served::EndsEarly,
    }
}
