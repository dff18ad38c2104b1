//! How a request gets a place at a backend, if need be by waiting for one.

use dproxy_route::Found;

use crate::client::Client;
use crate::clock::Elapsed;
use crate::error::ProxyError;
use crate::pick::Wish;
use crate::place::Places;
use crate::view::{Seat, View};

/// A place at one of the route's backends that the request has not tried; none when it has tried all.
///
/// When all are full it waits, with the client beside it: one that leaves frees
/// its place in the queue at once. What the client still sends is not read.
pub(crate) async fn admit(view: &View, client: &mut Client, found: &Found<'_>, wish: &Wish<'_>) -> Result<Option<Seat>, ProxyError> {
    if let Some(seat) = view.pick(found, wish, Places::for_newcomer) {
        return Ok(Some(seat));
    }
    if view.group(found).members.iter().all(|member| wish.tried.contains(member)) {
        return Ok(None);
    }
    let Some(waiting) = view.wait(found, wish.tried) else { return Err(ProxyError::Busy) };
    client.deadline.set(view.common.settings().timeouts.queue);
    let seat = waiting.take(|since| view.pick(found, wish, |places| places.for_waiter(since)));
    match client.deadline.guard(client.wire.unless_gone(seat)).await {
        Ok(Some(seat)) => Ok(Some(seat)),
        Ok(None) => Err(ProxyError::ClientGone),
        Err(Elapsed) => Err(ProxyError::Busy),
    }
}
