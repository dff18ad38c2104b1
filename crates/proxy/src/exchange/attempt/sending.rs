//! Sending a request: its head, and in the same call what is there of its body.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::pin::pin;

use dproxy_http1::{Frame, Framing, Violation};
use dproxy_route::Scheme;
use dproxy_stats::Counter;

use super::{Attempt, Broken};
use crate::buffer::Buffer;
use crate::client::{Client, Wire};
use crate::clock::Elapsed;
use crate::error::ProxyError;
use crate::exchange::answer::Awaiting;
use crate::exchange::{Failure, Opening};
use crate::flow::Outlet;
use crate::message::{self, Manner};
use crate::relay::LONG;
use crate::transport::Transport;
use crate::upstream::Upstream;
use crate::upstream::h2::Share;

/// A request that is on its way.
pub(super) struct Sent<'u> {
    pub(super) answer: Awaiting<'u>,
    /// Where the rest of the body goes.
    pub(super) outlet: Outlet<'u>,
}

impl Attempt<'_> {
    /// Sends the head and what is there of the body.
    pub(super) async fn send<'u>(
        &self,
        upstream: &'u mut Upstream,
        client: &Client,
        body: [&[u8]; 2],
        kept: bool,
    ) -> Result<Sent<'u>, Broken> {
        match upstream {
            Upstream::H1(stream) => pin!(self.send_h1(stream, client, body, kept)).await,
            Upstream::H2(share) => self.send_h2(share),
        }
    }

    fn send_h2<'u>(&self, share: &mut Share) -> Result<Sent<'u>, Broken> {
        let is_whole = self.request.framing == Framing::None;
        // Without what was asked for, the request would mean something else.
        if self.upgrade.is_some() && !(is_whole && share.takes_tunnels()) {
            return Err(Broken::Unreached(ProxyError::NoTunnel { address: self.pool.address }));
        }
        let manner = Manner { wants_trailers: self.wants_trailers, tunnel: self.upgrade, secure: self.pool.scheme == Scheme::Https };
        let request = message::backend_request(self.head, &self.view.common.limits, manner);
        let Some(request) = request else { return Err(Broken::Final(Failure::Unanswered(ProxyError::Request(Violation::Target)))) };
        let ends = is_whole && self.upgrade.is_none();
        let sent = share.send(request, ends).map_err(|cause| Broken::Again(ProxyError::BackendClosed(cause)))?;
        let outlet = if ends { Outlet::Ended } else { Outlet::H2(sent.1) };
        Ok(Sent { answer: Awaiting::H2(sent.0), outlet })
    }

    async fn send_h1<'u>(&self, stream: &'u mut Transport, client: &Client, body: [&[u8]; 2], kept: bool) -> Result<Sent<'u>, Broken> {
        let (inlet, mut outlet) = stream.split();
        let idle = self.view.common.settings().timeouts.idle;
        client.deadline.set(idle);
        let took_some = Cell::new(false);
        let moved = || {
            took_some.set(true);
            client.deadline.set(idle);
        };
        let length = body.map(<[u8]>::len).iter().sum::<usize>();
        self.proxy.page.add(Counter::BytesIn, length as u64);
        client.tally.received(length);
        match client.deadline.guard(write_opening(&mut outlet, self.head, body, moved)).await {
            // A connection that had gone before we wrote took nothing in. One that goes later may have been acted upon.
            Ok(Err(cause)) if kept && !took_some.get() && is_gone(&cause) => Err(self.stale(cause)),
            Err(Elapsed) => Err(Broken::Final(Failure::Unanswered(ProxyError::BackendTimeout))),
            // With an error too: it may have answered before it closed, and the answer tells.
            Ok(Ok(()) | Err(_)) => Ok(Sent { answer: Awaiting::H1(inlet), outlet }),
        }
    }
}

/// Takes what waits of a long body of known length, so that it leaves with the head: a second call, and
/// a backend that is woken twice, would cost more than its bytes. How much of `upload` that is.
pub(super) fn read_ahead(client: &mut Client, opening: &mut Opening, upload: &mut Buffer) -> usize {
    if !matches!(client.wire, Wire::H1(_)) || opening.body == 0 || opening.rest.expected() <= LONG {
        return 0;
    }
    while upload.grow() {}
    client.wire.read_waiting(upload);
    match opening.rest.next(upload.filled()) {
        Ok(Frame::Data(length)) => length,
        // Nothing waits yet; what is no data is left to the relay, which says why.
        _ => 0,
    }
}

async fn write_opening(backend: &mut Outlet<'_>, head: &[u8], body: [&[u8]; 2], moved: impl FnMut()) -> io::Result<()> {
    let head = IoSlice::new(head);
    match body {
        [[], []] => backend.write_all(&mut [head], moved).await,
        [body, []] | [[], body] => backend.write_all(&mut [head, IoSlice::new(body)], moved).await,
        [body, ahead] => backend.write_all(&mut [head, IoSlice::new(body), IoSlice::new(ahead)], moved).await,
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::NotConnected)
}
