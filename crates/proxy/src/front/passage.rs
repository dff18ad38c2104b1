//! Connections that go to a backend as they are: it has the certificate, and we carry what nobody between can read.

use dproxy_route::Found;
use dproxy_stats::{Counter, Fault};

use crate::buffer::Buffer;
use crate::client::Client;
use crate::clock::Elapsed;
use crate::error::{ProxyError, chain};
use crate::exchange::admission::admit;
use crate::exchange::tunnel::{End, Silence, tunnel};
use crate::pick::Wish;
use crate::proxy::Proxy;
use crate::transport::Transport;
use crate::view::{Seat, View};

/// Carries a client, of which `begun` was read, to one of the backends that were found for its name, until both have ended.
pub(super) async fn carry(proxy: &Proxy, view: &View, client: &mut Client, found: &Found<'_>, mut begun: Buffer) {
    let (seat, mut backend) = match reach(proxy, view, client, found).await {
        Ok(reached) => reached,
        Err(error) => {
            if !matches!(error, ProxyError::ClientGone) {
                tracing::warn!(peer = %client.peer.ip(), error = chain(&error), "connection not passed through");
            }
            return;
        }
    };
    let pool = view.pool(seat.backend);
    let mut answer = proxy.buffers.lend();
    let silence = Silence { deadline: &client.deadline, limit: view.common.settings().timeouts.tunnel };
    let Some((inlet, outlet)) = client.wire.tunnel() else { return };
    let client = End { inlet, outlet, buffer: &mut begun };
    let (inlet, outlet) = backend.split();
    let backend = End { inlet, outlet, buffer: &mut answer };
    let silenced = || pool.standing.is_silenced(proxy.clock.now());
    tunnel(client, backend, silence, &silenced, |up, down| {
        proxy.page.add(Counter::BytesIn, up as u64);
        proxy.page.add(Counter::BytesOut, down as u64);
    })
    .await;
}

/// A connection to one of the backends, and a place there.
async fn reach(proxy: &Proxy, view: &View, client: &mut Client, found: &Found<'_>) -> Result<(Seat, Transport), ProxyError> {
    let mut tried = Vec::new();
    let mut last = ProxyError::Busy;
    while let Some(seat) = admit(view, client, found, &Wish { tried: &tried, ..Wish::default() }).await? {
        let pool = view.pool(seat.backend);
        let address = pool.address;
        client.deadline.set(view.common.settings().timeouts.connect);
        let ends = pool.is_announced().then(|| client.ends());
        let (fault, error) = match client.deadline.guard(client.wire.unless_gone(pool.connect(ends))).await {
            Ok(Some(Ok(stream))) => {
                proxy.page.add(Counter::Connects, 1);
                pool.standing.recover();
                return Ok((seat, Transport::Tcp(stream.into())));
            }
            Ok(None) => return Err(ProxyError::ClientGone),
            Ok(Some(Err(cause))) => (Fault::Connect, ProxyError::Connect { address, cause }),
            Err(Elapsed) => (Fault::ConnectTimeout, ProxyError::ConnectTimeout { address }),
        };
        proxy.page.add(Counter::ConnectFailures, 1);
        pool.standing.fail(proxy.clock.now());
        view.failed(found, seat.backend, fault);
        tried.push(seat.backend);
        last = error;
    }
    Err(last)
}
