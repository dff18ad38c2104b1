//! How a connection begins: in clear, or with a TLS handshake.
//!
//! At the ports for TLS nothing else is spoken. At the others the first byte
//! tells: no request of HTTP begins with that of a handshake.

use std::net::SocketAddr;
use std::rc::Rc;

use tokio::net::TcpStream;

use crate::access::Tally;
use crate::buffer::Buffer;
use crate::client::{Client, Wire};
use crate::error::chain;
use crate::front::announcement::{self, own_ends};
use crate::front::{h1, h2};
use crate::peer::Peer;
use crate::proxy::Proxy;
use crate::tls::{self, Greeted, HandshakeError};
use crate::transport::Transport;
use crate::unless::unless;

/// A client's connection on which nothing is under way.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) stream: TcpStream,
    /// Who is at the other end.
    pub(crate) peer: SocketAddr,
    /// The port that it reached.
    pub(crate) port: u16,
    /// It was served before, in the clear.
    pub(crate) known: bool,
}

/// Serves a connection until it ends; one that shall be given away, with nothing under way, is given back.
pub(crate) async fn serve(proxy: &Rc<Proxy>, arrival: Arrival) -> Option<Arrival> {
    let Arrival { mut stream, peer, port, known } = arrival;
    let deadline = proxy.clock.deadline();
    let mut ends = own_ends(&stream, peer, port);
    if !known && proxy.view().is_announced_by(peer.ip()) {
        // Apart: few connections are.
        ends = Box::pin(announcement::ends(&proxy.view(), &deadline, &mut stream, ends)).await?;
    }
    let (peer, wire) = (Peer::new(ends.from), Wire::H1(Transport::Tcp(stream)));
    let client = Client { wire, peer, ends, tls: None, deadline, tally: Tally::default() };
    if !known && proxy.view().is_tls_port(port) {
        // Apart: a handshake is short, and a connection lives long.
        Box::pin(secure(proxy, client, None)).await;
        return None;
    }
    let stream = h1::serve(proxy, client).await?;
    Some(Arrival { stream, peer: ends.from, port: ends.to.port(), known: true })
}

/// Serves a client that begins with TLS, of which `begun` was read before.
pub(crate) async fn secure(proxy: &Rc<Proxy>, client: Client, begun: Option<Buffer>) {
    let Some(client) = Box::pin(shake_hands(proxy, client, begun)).await else { return };
    if client.tls.as_ref().is_some_and(|agreed| agreed.http2) {
        return Box::pin(h2::serve(proxy, client, None)).await;
    }
    h1::serve(proxy, client).await;
}

/// The same client behind TLS; none if that came to nothing.
async fn shake_hands(proxy: &Rc<Proxy>, client: Client, begun: Option<Buffer>) -> Option<Client> {
    let view = proxy.view();
    let keyring = view.keyring.as_ref()?;
    let Client { wire: Wire::H1(Transport::Tcp(tcp)), deadline, .. } = client else { return None };
    let under_way = proxy.handshakes.begin(view.settings.limits.handshakes);
    deadline.set(view.settings.timeouts.handshake);
    let handshake = unless(tls::secure(&view, keyring, tcp, begun), |context| under_way.poll_given_up(context));
    match deadline.guard(handshake).await {
        Ok(Ok(Ok(Greeted { session, agreed }))) => {
            Some(Client { wire: Wire::H1(Transport::Tls(session)), tls: Some(Rc::new(agreed)), deadline, ..client })
        }
        Ok(Ok(Err(error @ HandshakeError::Callers(..)))) => {
            tracing::warn!(peer = %client.peer.ip(), error = chain(&error), "no TLS connection");
            None
        }
        Ok(Ok(Err(error))) => {
            tracing::debug!(peer = %client.peer.ip(), error = chain(&error), "no TLS connection");
            None
        }
        Ok(Err(())) => {
            tracing::debug!(peer = %client.peer.ip(), "handshake given up for a newer one");
            None
        }
        Err(_elapsed) => {
            tracing::debug!(peer = %client.peer.ip(), "handshake took too long");
            None
        }
    }
}
