//! Which backends are believed, and as whom we come.

use std::net::IpAddr;
use std::sync::Arc;

use dproxy_config::TlsSettings;
use dproxy_route::Trust;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};

use crate::provider;
use crate::roots::built_in;

/// Why a backend cannot be met as was asked for.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TrustError {
    /// The file that is named is not there.
    #[error("there is no authority `{0}` in the directory of certificates")]
    Authority(String),
    /// The file that is named is not there.
    #[error("there is no certificate `{0}` in the directory of certificates")]
    Certificate(String),
    /// It cannot be asked for.
    #[error("`{0}` is no name that a certificate can have")]
    Name(String),
    /// TLS cannot be spoken so.
    #[error("no backend can be trusted")]
    Refused(#[source] rustls::Error),
    /// They are no authorities.
    #[error("these authorities vouch for nobody")]
    Verifier(#[source] rustls::client::VerifierBuilderError),
}

/// How a backend is met that is trusted so far; one of `protocols` shall be spoken there, the best first.
///
/// # Errors
/// When a file that is named is not there.
pub fn client_config(tls: &TlsSettings, trust: &Trust, protocols: &[&[u8]]) -> Result<ClientConfig, TrustError> {
    let provider = Arc::new(provider());
    let verifier: Arc<dyn ServerCertVerifier> = if trust.verify {
        let authorities = authorities(tls, trust)?;
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
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(config)
}

/// The name by which a backend at `address` is asked for, and which it must have.
///
/// # Errors
/// When a certificate cannot have it.
pub fn server_name(trust: &Trust, address: IpAddr) -> Result<ServerName<'static>, TrustError> {
    match &trust.name {
        Some(name) => ServerName::try_from(name.clone()).map_err(|_| TrustError::Name(name.clone())),
        None => Ok(ServerName::IpAddress(address.into())),
    }
}

/// Those that may vouch for a backend: the one that is named, else all that there are in files, else those that browsers
/// believe.
fn authorities(tls: &TlsSettings, trust: &Trust) -> Result<Arc<RootCertStore>, TrustError> {
    let named = |name: &str| trust.authority.as_ref().is_none_or(|wanted| wanted == name);
    let mut store = RootCertStore::empty();
    for authority in tls.authorities.iter().filter(|authority| named(&authority.name)) {
        for der in &authority.certificates {
            store.add(CertificateDer::from(der.clone())).map_err(TrustError::Refused)?;
        }
    }
    match &trust.authority {
        _ if !store.is_empty() => Ok(Arc::new(store)),
        Some(name) => Err(TrustError::Authority(name.clone())),
        None => Ok(built_in()),
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
