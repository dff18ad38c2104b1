//! TLS with backends: whom to believe, and as whom to come.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;

use dproxy_config::TlsSettings;
use dproxy_route::Trust;
use hashbrown::HashMap;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, ClientConnection, Connection, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio::net::TcpStream;

use super::handshake::{HandshakeError, poll_agree};
use super::keyring::provider;
use super::session::Session;

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

/// Why a backend cannot be met as was asked for.
#[derive(Debug, thiserror::Error)]
enum TrustError {
    #[error("there is no authority `{0}` in the directory of certificates")]
    Authority(String),
    #[error("there is no authority in the directory of certificates; put the file of the one that vouches for it there, without a key")]
    NoAuthority,
    #[error("there is no certificate `{0}` in the directory of certificates")]
    Certificate(String),
    #[error("`{0}` is no name that a certificate can have")]
    Name(String),
    #[error("no backend can be trusted")]
    Refused(#[source] rustls::Error),
    #[error("these authorities vouch for nobody")]
    Verifier(#[source] rustls::client::VerifierBuilderError),
}

impl Clients {
    /// Secures a connection to a backend; whether it speaks HTTP/2 there.
    pub(crate) async fn secure(&self, tls: &TlsSettings, trust: &Trust, offer: Offer, mut tcp: TcpStream) -> io::Result<(Session, bool)> {
        let address = tcp.peer_addr()?;
        let config = self.config(tls, trust, offer).map_err(io::Error::other)?;
        let name = match &trust.name {
            Some(name) => ServerName::try_from(name.clone()).map_err(|_| io::Error::other(TrustError::Name(name.clone())))?,
            None => ServerName::IpAddress(address.ip().into()),
        };
        let client = ClientConnection::new(config, name).map_err(|error| io::Error::other(HandshakeError::Refused(error)))?;
        let mut connection = Connection::Client(client);
        poll_fn(|context| poll_agree(&mut connection, &mut tcp, context)).await.map_err(io::Error::other)?;
        let http2 = connection.alpn_protocol() == Some(b"h2");
        Ok((Session::new(tcp, connection), http2))
    }

    fn config(&self, tls: &TlsSettings, trust: &Trust, offer: Offer) -> Result<Arc<ClientConfig>, TrustError> {
        let key = (trust.clone(), offer);
        if let Some(config) = self.made.borrow().get(&key) {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(client_config(tls, trust, offer)?);
        self.made.borrow_mut().insert(key, Arc::clone(&config));
        Ok(config)
    }
}

/// Whether a connection failed for reasons of TLS.
pub(crate) fn is_about_tls(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<HandshakeError>() || inner.is::<TrustError>())
}

fn client_config(tls: &TlsSettings, trust: &Trust, offer: Offer) -> Result<ClientConfig, TrustError> {
    let provider = Arc::new(provider());
    let verifier: Arc<dyn ServerCertVerifier> = if trust.verify {
        let authorities = Arc::new(authorities(tls, trust)?);
        WebPkiServerVerifier::builder_with_provider(authorities, Arc::clone(&provider)).build().map_err(TrustError::Verifier)?
    } else {
        Arc::new(Whoever(Arc::clone(&provider)))
    };
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(TrustError::Refused)?;
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    let mut config = match &trust.certificate {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let missing = || TrustError::Certificate(file.clone());
            let ours = tls.certificates.iter().find(|certificate| certificate.file == *file).ok_or_else(missing)?;
            let chain = ours.chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
            let key = PrivateKeyDer::try_from(ours.key.reveal()).map_err(|_| missing())?;
            builder.with_client_auth_cert(chain, key.clone_key()).map_err(TrustError::Refused)?
        }
    };
    config.alpn_protocols = match offer {
        Offer::Both => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        Offer::Http1 => vec![b"http/1.1".to_vec()],
    };
    Ok(config)
}

/// Those that may vouch for a backend: the one that is named, else all that there are.
fn authorities(tls: &TlsSettings, trust: &Trust) -> Result<RootCertStore, TrustError> {
    let named = |name: &str| trust.authority.as_ref().is_none_or(|wanted| wanted == name);
    let mut store = RootCertStore::empty();
    for authority in tls.authorities.iter().filter(|authority| named(&authority.name)) {
        for der in &authority.certificates {
            store.add(CertificateDer::from(der.clone())).map_err(TrustError::Refused)?;
        }
    }
    match &trust.authority {
        _ if !store.is_empty() => Ok(store),
        Some(name) => Err(TrustError::Authority(name.clone())),
        None => Err(TrustError::NoAuthority),
    }
}

/// Believes whoever answers at the address, as in the clear; that it has the key is checked all the same.
#[derive(Debug)]
struct Whoever(Arc<CryptoProvider>);

impl ServerCertVerifier for Whoever {
    fn verify_server_cert(
        &self,
        _leaf: &CertificateDer<'_>,
        _others: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _staple: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, leaf, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, leaf, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
