//! From a connection to a backend to one over which it can be asked: as workers do, with the same certificates.

use std::sync::Arc;

use dproxy_config::TlsSettings;
use dproxy_route::Trust;
use dproxy_tls::{TrustError, client_config, server_name};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::Target;
use super::probe::ProbeError;

/// How one backend is met.
pub(super) enum Way {
    Clear,
    Secured(Box<Manners>),
}

/// With whose certificates TLS is spoken with one backend.
pub(super) struct Manners {
    trust: Trust,
    name: Result<ServerName<'static>, TrustError>,
    settings: watch::Receiver<TlsSettings>,
    /// As the settings were when they were looked at last.
    made: Option<Arc<ClientConfig>>,
}

/// A connection over which a backend can be asked.
pub(super) enum Stream {
    Clear(TcpStream),
    Http1(Box<TlsStream<TcpStream>>),
    Http2(Box<TlsStream<TcpStream>>),
}

/// Checks are made for their answer alone, and HTTP/1 takes least; but there are backends that speak HTTP/2 only.
const PROTOCOLS: &[&[u8]] = &[b"http/1.1", b"h2"];

impl Way {
    /// The one to `target`; `settings` are the newest, always.
    pub(super) fn to(target: &Target, settings: watch::Receiver<TlsSettings>) -> Way {
        let Some(trust) = target.trust.clone() else { return Way::Clear };
        let name = server_name(&trust, target.address.ip());
        Way::Secured(Box::new(Manners { trust, name, settings, made: None }))
    }

    /// Goes it, where `tcp` is its beginning.
    pub(super) async fn secure(&mut self, tcp: TcpStream) -> Result<Stream, ProbeError> {
        let Way::Secured(manners) = self else { return Ok(Stream::Clear(tcp)) };
        let (config, name) = (manners.config()?, manners.name.clone()?);
        let tls = TlsConnector::from(config).connect(name, tcp).await.map_err(ProbeError::Tls)?;
        let http2 = tls.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(if http2 { Stream::Http2(Box::new(tls)) } else { Stream::Http1(Box::new(tls)) })
    }
}

impl Manners {
    fn config(&mut self) -> Result<Arc<ClientConfig>, TrustError> {
        // Whoever sends them has gone only when the whole check has.
        if self.settings.has_changed().unwrap_or(false) {
            self.made = None;
        }
        if let Some(made) = &self.made {
            return Ok(Arc::clone(made));
        }
        let made = Arc::new(client_config(&self.settings.borrow_and_update(), &self.trust, PROTOCOLS)?);
        self.made = Some(Arc::clone(&made));
        Ok(made)
    }
}
