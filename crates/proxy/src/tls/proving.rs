//! What an authority is shown that asks for a name with `acme-tls/1` and nothing else (RFC 8737): a certificate that
//! proves that the name is ours, and no word more.

use std::sync::Arc;

use dproxy_config::Challenge;
use dproxy_tls::provider;
use rustls::ServerConfig;
use rustls::server::NoServerSessionStorage;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::handshake::Hello;
use crate::common::Common;

/// The protocol that authorities speak for this.
const PROTOCOL: &[u8] = b"acme-tls/1";

/// How to answer this client, if it is an authority that asks for what is shown at the moment. Whoever else asks so for
/// a name may be meant for its backend.
pub(crate) fn proof_for(common: &Common, hello: &Hello) -> Option<Arc<ServerConfig>> {
    let wanted = hello.name.as_ref().filter(|_| hello.speaks_only(PROTOCOL))?;
    let (certificate, key) = common.settings().tls.challenges.iter().find_map(|challenge| match challenge {
        Challenge::Handshake { name, certificate, key } => (name == wanted).then_some((certificate, key)),
        Challenge::Page { .. } => None,
    })?;
    let provider = provider();
    let key = provider.key_provider.load_private_key(PrivateKeyDer::try_from(key.reveal()).ok()?.clone_key()).ok()?;
    // The master has made both for each other. What makes it a proof is critical, so that nobody else takes it for a
    // certificate: a look at whether they match would refuse it.
    let certified = CertifiedKey::new(vec![CertificateDer::from(certificate.clone())], key);
    let builder = ServerConfig::builder_with_provider(Arc::new(provider)).with_protocol_versions(&[&TLS13, &TLS12]).ok()?;
    let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Some(Arc::new(config))
}
