//! How a connection begins: in clear, or with a TLS handshake.
//!
//! At the ports for TLS nothing else is spoken. At the others the first byte
//! tells: no request of HTTP begins with that of a handshake.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use dproxy_route::{Listener, Protocol};

use crate::access::Tally;
use crate::buffer::Buffer;
use crate::client::{Client, Path, Wire};
use crate::clock::{Deadline, Elapsed};
use crate::error::chain;
use crate::front::{announcement, h1, h2, on_demand, passage};
use crate::peer::Peer;
use crate::proxy::Proxy;
use crate::tcp::Tcp;
use crate::tls::{self, Greeted, HandshakeError, Hello, UnderWay};
use crate::transport::Transport;
use crate::unless::unless;
use crate::view::View;

/// A client's connection on which nothing is under way.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) tcp: Tcp,
    /// Who is at the other end.
    pub(crate) peer: SocketAddr,
    /// The port that it reached.
    pub(crate) port: u16,
    pub(crate) stage: Stage,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Just accepted.
    New,
    /// It was served before, in the clear, and has not said anything that we would know.
    Waits,
    /// It has asked over HTTP/1 in the clear, and nothing else may follow.
    Http1,
}

/// Serves a connection until it ends; one that shall be given away, with nothing under way, is given back.
pub(crate) async fn serve(proxy: &Rc<Proxy>, arrival: Arrival) -> Option<Arrival> {
    let Arrival { mut tcp, peer, port, stage } = arrival;
    let deadline = proxy.clock.deadline();
    let mut path = Path::Taken { from: peer, port };
    if stage == Stage::New && proxy.common().is_announced_by(peer.ip()) {
        // Apart: few connections are.
        path = Box::pin(announcement::path(&proxy.common(), &deadline, &mut tcp, path)).await?;
    }
    let (peer, wire) = (Peer::new(path.from()), Wire::H1(Transport::Tcp(tcp)));
    let mut client = Client { wire, peer, path, tls: None, deadline, tally: Tally::default(), trail: None };
    if stage == Stage::New && proxy.common().is_tls_port(port) {
        // Apart: a handshake is short, and a connection lives long.
        client = Box::pin(secure(proxy, client, None)).await?;
        if client.agreed_upon_http2() {
            Box::pin(h2::serve(proxy, client, None)).await;
            return None;
        }
    }
    h1::serve(proxy, client, stage).await
}

/// A client that begins with TLS, of which `begun` was read before, once that is agreed upon; none if it came to nothing, or
/// is spoken with its backend.
pub(crate) async fn secure(proxy: &Rc<Proxy>, mut client: Client, begun: Option<Buffer>) -> Option<Client> {
    let common = proxy.common();
    let under_way = proxy.handshakes.begin(common.settings().limits.handshakes);
    client.deadline.set(common.settings().timeouts.handshake);
    let begun = begun.unwrap_or_else(|| proxy.buffers.lend_tiny());
    let Wire::H1(Transport::Tcp(tcp)) = &mut client.wire else { return None };
    let hello = in_time(client.peer.ip(), &client.deadline, &under_way, tls::hear(tcp, begun)).await?;
    if let Some(proof) = tls::proof_for(&common, &hello) {
        // Whoever looks will tell whether it has seen it.
        let _ = Box::pin(in_time(client.peer.ip(), &client.deadline, &under_way, tls::prove(proof, hello, tcp))).await;
        return None;
    }
    drop(common);
    // Who names nobody is served by what every host gets.
    let mut view = proxy.view(hello.name.as_deref().unwrap_or_default());
    let listener = Listener { protocol: Protocol::Https, port: client.port() };
    if let Some(found) = hello.name.as_ref().and_then(|name| view.table.passage(name, listener)) {
        drop(under_way);
        Box::pin(passage::carry(proxy, &view, &mut client, &found, hello.bytes)).await;
        return None;
    }
    if let Some(name) = hello.name.as_deref().filter(|name| view.common.is_on_demand(name) && view.serves_somebody()) {
        view = Box::pin(on_demand::wait(proxy, &client.deadline, &under_way, name)).await?;
    }
    shake_hands(&view, &under_way, client, hello).await
}

/// The same client behind TLS; none if that came to nothing.
async fn shake_hands(view: &View, under_way: &UnderWay<'_>, client: Client, hello: Hello) -> Option<Client> {
    let Client { wire: Wire::H1(Transport::Tcp(tcp)), deadline, .. } = client else { return None };
    let agreeing = tls::agree(view, hello, tcp);
    let Greeted { session, agreed } = in_time(client.peer.ip(), &deadline, under_way, agreeing).await?;
    Some(Client { wire: Wire::H1(Transport::Tls(session)), tls: Some(Rc::new(agreed)), deadline, ..client })
}

/// What a part of a handshake comes to; none if that is nothing.
async fn in_time<T>(
    peer: IpAddr,
    deadline: &Deadline,
    under_way: &UnderWay<'_>,
    part: impl Future<Output = Result<T, HandshakeError>>,
) -> Option<T> {
    match deadline.guard(unless(part, |context| under_way.poll_given_up(context))).await {
        Ok(Ok(Ok(done))) => return Some(done),
        Ok(Ok(Err(error @ HandshakeError::Callers(..)))) => tracing::warn!(%peer, error = chain(&error), "no TLS connection"),
        Ok(Ok(Err(error))) => tracing::debug!(%peer, error = chain(&error), "no TLS connection"),
        Ok(Err(())) => tracing::debug!(%peer, "handshake given up for a newer one"),
        Err(Elapsed) => tracing::debug!(%peer, "handshake took too long"),
    }
    None
}
