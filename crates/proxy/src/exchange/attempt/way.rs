//! The way to a backend: a connection that was kept, or a new one.

use std::future::Future;
use std::io;
use std::time::Duration;

use dproxy_http1::BodyReader;
use dproxy_route::Scheme;
use dproxy_stats::Counter;
use tokio::net::TcpStream;

use super::{Attempt, Broken, GivenUp};
use crate::client::Client;
use crate::clock::Elapsed;
use crate::error::ProxyError;
use crate::exchange::{Failure, Opening};
use crate::tls::{Offer, is_about_tls};
use crate::transport::Transport;
use crate::unless::unless;
use crate::upstream::Upstream;
use crate::upstream::h2::Connections;

/// A container on this machine takes a connection at once, or its network is gone and nothing says so.
const CONNECT_HERE: Duration = Duration::from_secs(1);

/// The way that a request goes to a backend.
pub(super) struct Way {
    pub(super) upstream: Upstream,
    /// The connection was there before.
    pub(super) kept: bool,
    /// What of the request leaves at once.
    pub(super) opening: Opening,
}

impl Attempt<'_> {
    /// A kept connection, or a new one.
    pub(super) async fn way(&self, client: &mut Client) -> Result<Way, Broken> {
        let (upstream, kept) = match self.pool.take_kept() {
            Some(stream) => (Upstream::H1(stream), true),
            // Apart, so that requests on kept connections make no room for it.
            None => Box::pin(self.open(client)).await?,
        };
        if kept {
            self.proxy.page.add(Counter::Reuses, 1);
        }
        let opening = match upstream {
            Upstream::H1(_) => self.opening,
            // HTTP/2 takes none of HTTP/1's framing.
            Upstream::H2(_) => Opening { body: 0, rest: BodyReader::new(self.request.framing), ..self.opening },
        };
        Ok(Way { upstream, kept, opening })
    }

    async fn open(&self, client: &mut Client) -> Result<(Upstream, bool), Broken> {
        let address = self.pool.address;
        client.deadline.set(self.connect_limit());
        let opened = unless(self.share_or_connect(), |_| self.poll_given_up());
        let error = match client.deadline.guard(client.wire.unless_gone(opened)).await {
            Ok(Some(Ok(Ok(upstream)))) => {
                self.pool.standing.recover();
                return Ok(upstream);
            }
            Ok(Some(Err(GivenUp))) => ProxyError::BackendGone { address },
            Ok(None) => return Err(Broken::Final(Failure::Unanswered(ProxyError::ClientGone))),
            Ok(Some(Ok(Err(cause)))) if is_about_tls(&cause) => ProxyError::BackendTls { address, cause },
            Ok(Some(Ok(Err(cause)))) => ProxyError::Connect { address, cause },
            Err(Elapsed) => ProxyError::ConnectTimeout { address },
        };
        self.proxy.page.add(Counter::ConnectFailures, 1);
        self.pool.standing.fail(self.proxy.clock.now());
        Err(Broken::Unreached(error))
    }

    fn connect_limit(&self) -> Duration {
        let limit = self.view.common.settings().timeouts.connect;
        if self.pool.standing.is_here() { limit.min(CONNECT_HERE) } else { limit }
    }

    async fn share_or_connect(&self) -> io::Result<(Upstream, bool)> {
        match self.pool.scheme {
            Scheme::Http => Ok((Upstream::H1(Transport::Tcp(self.dial().await?.into())), false)),
            // Apart, both, so that other connections make no room for it.
            Scheme::H2c => Box::pin(self.join(async { Ok(Transport::Tcp(self.dial().await?.into())) })).await,
            Scheme::Https => Box::pin(self.share_or_secure()).await,
        }
    }

    /// The same behind TLS.
    async fn share_or_secure(&self) -> io::Result<(Upstream, bool)> {
        // What an upgrade asks for is had most surely over HTTP/1.
        if self.upgrade.is_some() {
            return Ok((Upstream::H1(self.secure(Offer::Http1).await?.0), false));
        }
        if self.pool.prefers_h2.get() {
            return self.join(async { Ok(self.secure(Offer::Both).await?.0) }).await;
        }
        match self.secure(Offer::Both).await? {
            (transport, true) => self.join(std::future::ready(Ok(transport))).await,
            (transport, false) => Ok((Upstream::H1(transport), false)),
        }
    }

    async fn join(&self, dial: impl Future<Output = io::Result<Transport>>) -> io::Result<(Upstream, bool)> {
        let head_bytes = self.view.common.settings().limits.head_bytes;
        let own = Connections::default();
        let shared = if self.pool.is_announced() { &own } else { &self.pool.shared };
        let (share, kept) = shared.join(&self.proxy.clock, head_bytes, dial).await?;
        Ok((Upstream::H2(share), kept))
    }

    /// A new connection behind TLS, and whether HTTP/2 is spoken on it.
    async fn secure(&self, offer: Offer) -> io::Result<(Transport, bool)> {
        let stream = self.dial().await?;
        let (common, buffers) = (&self.view.common, &self.proxy.buffers);
        let (session, http2) = common.clients.secure(&common.settings().tls, &self.pool.trust, offer, stream, buffers).await?;
        // A backend that changed its mind is believed.
        self.pool.prefers_h2.set(http2 || offer == Offer::Http1 && self.pool.prefers_h2.get());
        Ok((Transport::Tls(session), http2))
    }

    async fn dial(&self) -> io::Result<TcpStream> {
        let stream = self.pool.connect(self.ends).await?;
        self.proxy.page.add(Counter::Connects, 1);
        Ok(stream)
    }
}
