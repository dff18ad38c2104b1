//! Clients that come over QUIC: who they are told apart by, and how their connections begin.
//!
//! All workers have sockets at the same address, and the kernel gives each packet to one of them: a client's packets by the
//! berth that its connection's id begins with, wherever they come from and however many workers come and go.

use std::fmt;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::{hkdf, hmac, rand};
use dproxy_config::{QUIC_ID_LENGTH, QuicKeys};
use quinn::{ConnectionId, ConnectionIdGenerator, Endpoint, EndpointConfig, IdleTimeout, ServerConfig, TransportConfig, VarInt};
use tokio::task::JoinHandle;

use crate::common::Common;
use crate::front::h3;
use crate::proxy::Proxy;

/// A socket on which QUIC is spoken, until this is dropped.
#[derive(Debug)]
pub struct Answering {
    proxy: Rc<Proxy>,
    port: u16,
    task: JoinHandle<()>,
}

/// Requests of one connection that are served at a time.
const STREAMS: u32 = 100;
/// Its own streams that a client needs, and some that nobody knows yet.
const STREAMS_OF_THE_CONNECTION: u32 = 8;
/// What a client may send ahead of its backend, on one stream and on all together.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// What may be on its way to a client.
const SEND_WINDOW: u64 = 1024 * 1024;
/// A client whose backend takes its time hears from us at least so often: it gives up a connection that is silent (RFC 9000
/// §10.1), as most do after half a minute. One on which nothing is under way is ended by us in time.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);
/// Handshakes that wait to be looked at, and what they may have sent meanwhile.
const WAITING: usize = 1024;
const WAITING_BYTES: u64 = 16 * 1024;
const ALL_WAITING_BYTES: u64 = 4 * 1024 * 1024;

impl Answering {
    pub(crate) fn start(proxy: &Rc<Proxy>, socket: UdpSocket, address: SocketAddr, berth: u8) -> io::Result<Option<Answering>> {
        let common = proxy.common();
        let Some(keys) = common.settings().tls.quic.as_ref() else { return Ok(None) };
        socket.set_nonblocking(true)?;
        let endpoint = Endpoint::new(endpoint_config(keys, berth), None, socket, Arc::new(quinn::TokioRuntime))?;
        let task = tokio::task::spawn_local(serve(Rc::clone(proxy), endpoint, address.port()));
        proxy.quic_ports.borrow_mut().push(address.port());
        Ok(Some(Answering { proxy: Rc::clone(proxy), port: address.port(), task }))
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.task.abort();
        let mut ports = self.proxy.quic_ports.borrow_mut();
        if let Some(place) = ports.iter().position(|port| *port == self.port) {
            ports.swap_remove(place);
        }
    }
}

/// Begins the connections of clients.
async fn serve(proxy: Rc<Proxy>, endpoint: Endpoint, port: u16) {
    loop {
        // What it begins handshakes with changes with the certificates.
        let news = proxy.news();
        endpoint.set_server_config(config(&proxy.common()));
        tokio::select! {
            () = news => {}
            () = accept(&proxy, &endpoint, port) => return,
        }
    }
}

async fn accept(proxy: &Rc<Proxy>, endpoint: &Endpoint, port: u16) {
    while let Some(incoming) = endpoint.accept().await {
        let most = proxy.common().settings().limits.handshakes;
        if !proxy.has_room() {
            incoming.refuse();
        } else if proxy.handshakes.are_many(most) && incoming.may_retry() {
            // Whoever is where it says it is comes again; the answer to others is smaller than what they sent (RFC 9000 §8.1.2).
            let _ = incoming.retry();
        } else {
            h3::begin(proxy, incoming, port);
        }
    }
}

/// How connections are begun; none where there is nothing to show.
fn config(common: &Common) -> Option<ServerConfig> {
    let crypto = common.keyring()?.quic()?;
    let keys = common.settings().tls.quic.as_ref()?;
    let token_key = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(keys.tokens.reveal());
    let mut config = ServerConfig::new(crypto, Arc::new(token_key));
    config.transport_config(Arc::new(transport(common.settings().timeouts.keep_alive)));
    config.max_incoming(WAITING).incoming_buffer_size(WAITING_BYTES).incoming_buffer_size_total(ALL_WAITING_BYTES);
    Some(config)
}

fn transport(keep_alive: Duration) -> TransportConfig {
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(STREAMS.into())
        .max_concurrent_uni_streams(STREAMS_OF_THE_CONNECTION.into())
        .stream_receive_window(STREAM_WINDOW.into())
        .receive_window(CONNECTION_WINDOW.into())
        .send_window(SEND_WINDOW)
        .keep_alive_interval(Some(SIGN_OF_LIFE.min(keep_alive / 3)))
        // Nobody speaks in datagrams here (RFC 9221).
        .datagram_receive_buffer_size(None)
        .max_idle_timeout(Some(IdleTimeout::try_from(keep_alive).unwrap_or(IdleTimeout::from(VarInt::MAX))));
    transport
}

fn endpoint_config(keys: &QuicKeys, berth: u8) -> EndpointConfig {
    let resets = hmac::Key::new(hmac::HMAC_SHA256, keys.resets.reveal());
    let mut config = EndpointConfig::new(Arc::new(resets));
    config.cid_generator(move || Box::new(Berth(berth)));
    config
}

/// Gives ids to connections by which their packets find this worker.
struct Berth(u8);

impl ConnectionIdGenerator for Berth {
    fn generate_cid(&mut self) -> ConnectionId {
        let mut id = [0; QUIC_ID_LENGTH as usize];
        rand::fill(&mut id).expect("the system has random numbers");
        id[0] = self.0;
        ConnectionId::new(&id)
    }

    fn cid_len(&self) -> usize {
        usize::from(QUIC_ID_LENGTH)
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}

impl fmt::Debug for Berth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Berth({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_begin_with_the_berth_and_differ() {
        let mut berth = Berth(7);
        let (one, other) = (berth.generate_cid(), berth.generate_cid());
        assert_eq!((one[0], other[0], one.len()), (7, 7, usize::from(QUIC_ID_LENGTH)));
        assert_ne!(one, other);
    }
}
