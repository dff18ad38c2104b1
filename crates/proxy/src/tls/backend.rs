//! TLS with backends: as whom to come, and the handshake.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use dproxy_config::TlsSettings;
use dproxy_route::Trust;
use dproxy_tls::{TrustError, client_config, server_name};
use hashbrown::HashMap;
use rustls::{ClientConfig, ClientConnection, Connection};
use tokio::net::TcpStream;

use super::handshake::{HandshakeError, poll_agree};
use super::session::Session;
use crate::buffer::Buffers;
use crate::tcp::Tcp;

/// What is offered to a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Offer {
    /// Whichever it likes better.
    Both,
    /// Only HTTP/1: what the client wants is had most surely there.
    Http1,
}

/// What is said to the backends of one view.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    made: RefCell<HashMap<(Trust, Offer), Arc<ClientConfig>, foldhash::fast::RandomState>>,
}

impl Clients {
    /// Secures a connection to a backend; whether it speaks HTTP/2 there.
    pub(crate) async fn secure(
        &self,
        tls: &TlsSettings,
        trust: &Trust,
        offer: Offer,
        tcp: TcpStream,
        buffers: &Rc<Buffers>,
    ) -> io::Result<(Session, bool)> {
        let address = tcp.peer_addr()?;
        let config = self.config(tls, trust, offer).map_err(io::Error::other)?;
        let name = server_name(trust, address.ip()).map_err(io::Error::other)?;
        let client = ClientConnection::new(config, name).map_err(|error| io::Error::other(HandshakeError::Refused(error)))?;
        let mut connection = Connection::Client(client);
        let tcp = Tcp::from(tcp);
        poll_fn(|context| poll_agree(&mut connection, &tcp, context)).await.map_err(io::Error::other)?;
        let http2 = connection.alpn_protocol() == Some(b"h2");
        Ok((Session::new(tcp, connection, buffers), http2))
    }

    fn config(&self, tls: &TlsSettings, trust: &Trust, offer: Offer) -> Result<Arc<ClientConfig>, TrustError> {
        let key = (trust.clone(), offer);
        if let Some(config) = self.made.borrow().get(&key) {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(client_config(tls, trust, offer.protocols())?);
        self.made.borrow_mut().insert(key, Arc::clone(&config));
        Ok(config)
    }
}

impl Offer {
    fn protocols(self) -> &'static [&'static [u8]] {
        match self {
            Offer::Both => &[b"h2", b"http/1.1"],
            Offer::Http1 => &[b"http/1.1"],
        }
    }
}

/// Whether a connection failed for reasons of TLS.
pub(crate) fn is_about_tls(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<HandshakeError>() || inner.is::<TrustError>())
}
