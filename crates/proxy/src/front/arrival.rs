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
use crate::front::{h1, h2};
use crate::peer::Peer;
use crate::proxy::Proxy;
use crate::tls::{self, Greeted, HandshakeError};
use crate::transport::Transport;
use crate::unless::unless;

/// Serves a connection until it ends; one that shall be given away, with nothing under way, is given back.
pub(crate) async fn serve(proxy: &Rc<Proxy>, stream: TcpStream, peer: SocketAddr, port: u16) -> Option<TcpStream> {
    let client = Client {
        wire: Wire::H1(Transport::Tcp(stream)),
        peer: Peer::new(peer),
        port,
        tls: None,
        deadline: proxy.clock.deadline(),
        tally: Tally::default(),
    };
    if proxy.view().is_tls_port(port) {
        // Apart: a handshake is short, and a connection lives long.
        Box::pin(secure(proxy, client, None)).await;
        return None;
    }
    h1::serve(proxy, client).await
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
