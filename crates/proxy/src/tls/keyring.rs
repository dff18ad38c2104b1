//! Which certificate is shown for which name.

use std::fmt;
use std::sync::Arc;

use dproxy_config::{Certificate, TlsPolicy, TlsSettings};
use dproxy_route::{Authority, HostPattern};
use dproxy_tls::provider;
use hashbrown::HashMap;
use quinn::crypto::rustls::QuicServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ClientHello, NoClientAuth, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, SignatureAlgorithm};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::ticketer::Ticketer;

type Map = HashMap<String, Arc<Shown>, foldhash::fast::RandomState>;

/// All certificates of one moment, ready to be shown. Made off the loop: reading keys takes a while.
#[derive(Debug)]
pub(crate) struct Keyring {
    /// What it was made from.
    settings: TlsSettings,
    /// Keys that the next keyring may use again, by the name of their file.
    ready: HashMap<String, (Certificate, Arc<CertifiedKey>), foldhash::fast::RandomState>,
    names: Arc<Names>,
    config: Arc<ServerConfig>,
    /// The same for QUIC, where that is spoken.
    quic: Option<Quic>,
}

/// How clients are answered that come over QUIC.
#[derive(Clone)]
struct Quic(Arc<QuicServerConfig>);

/// What is shown for each name.
#[derive(Debug, Default)]
struct Names {
    exact: Map,
    below: Map,
    default: Option<Arc<Shown>>,
}

/// The certificates for one name, of which a client gets the first that it understands.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    keys: Vec<Arc<CertifiedKey>>,
}

impl Keyring {
    /// Makes one, with what is still good of `before`; none where there is nothing to show.
    pub(crate) fn build(settings: &TlsSettings, before: Option<&Arc<Keyring>>) -> Option<Arc<Keyring>> {
        if let Some(before) = before.filter(|before| before.settings == *settings) {
            return Some(Arc::clone(before));
        }
        let provider = provider();
        let mut ready = HashMap::default();
        let mut names = Names::default();
        for certificate in settings.certificates.iter() {
            let known = before.and_then(|before| before.ready.get(&certificate.file)).filter(|(known, _)| known == certificate);
            let key = match known {
                Some((_, key)) => Arc::clone(key),
                None => match certified(certificate, &provider) {
                    Ok(key) => Arc::new(key),
                    Err(error) => {
                        // The master has tried it already.
                        tracing::error!(file = certificate.file, %error, "certificate not used");
                        continue;
                    }
                },
            };
            names.add(certificate, &key);
            ready.insert(certificate.file.clone(), (certificate.clone(), key));
        }
        if ready.is_empty() {
            return None;
        }
        let names = Arc::new(names);
        let config = Arc::new(server_config(settings, &names, Arc::new(NoClientAuth), Vec::new()));
        let quic = settings.quic.is_some().then(|| quic_config(settings, &names));
        Some(Arc::new(Keyring { settings: settings.clone(), ready, names, config, quic }))
    }

    /// What it was made from.
    pub(super) fn settings(&self) -> &TlsSettings {
        &self.settings
    }

    /// How a client is answered that `verifier` asks for a certificate; its sessions are taken up again within `scope` only.
    pub(super) fn asking(&self, verifier: Arc<dyn ClientCertVerifier>, scope: Vec<u8>) -> Arc<ServerConfig> {
        Arc::new(server_config(&self.settings, &self.names, verifier, scope))
    }

    /// How a client that asks for `name` is answered; none if there is nothing to show.
    pub(crate) fn config_for(&self, name: Option<&str>) -> Option<Arc<ServerConfig>> {
        self.names.find(name).map(|_| Arc::clone(&self.config))
    }

    /// How clients are answered that come over QUIC.
    pub(crate) fn quic(&self) -> Option<Arc<QuicServerConfig>> {
        self.quic.as_ref().map(|quic| Arc::clone(&quic.0))
    }

    /// Whether a certificate was made for `host`, rather than shown for want of another.
    pub(crate) fn has(&self, host: &str) -> bool {
        self.names.find_own(host).is_some()
    }

    /// Whether a client that asked for `name` has been shown what is shown for `host`.
    pub(crate) fn is_shown_for(&self, name: &str, host: &str) -> bool {
        match (self.names.find(Some(name)), self.names.find(Some(host))) {
            (Some(shown), Some(wanted)) => shown.is_the_same(wanted),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

impl fmt::Debug for Quic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Quic")
    }
}

impl Names {
    fn add(&mut self, certificate: &Certificate, key: &Arc<CertifiedKey>) {
        for name in &certificate.names {
            let shown = match name {
                HostPattern::Exact(host) => self.exact.entry_ref(host.as_str()).or_default(),
                HostPattern::Below(parent) => self.below.entry_ref(parent.as_str()).or_default(),
                HostPattern::Any => self.default.get_or_insert_default(),
            };
            shown_mut(shown).add(key);
        }
        if certificate.default {
            shown_mut(self.default.get_or_insert_default()).add(key);
        }
    }

    /// By exact name, then by wildcard, which covers one label, then the default.
    fn find(&self, name: Option<&str>) -> Option<&Arc<Shown>> {
        name.and_then(|name| self.find_own(name)).or(self.default.as_ref())
    }

    fn find_own(&self, name: &str) -> Option<&Arc<Shown>> {
        self.exact.get(name).or_else(|| self.below.get(name.split_once('.')?.1))
    }
}

/// Nobody else has it while the names are gathered.
fn shown_mut(shown: &mut Arc<Shown>) -> &mut Shown {
    Arc::get_mut(shown).expect("the keyring is not finished yet")
}

impl Shown {
    /// Those of one kind keep their order, and ECDSA costs a tenth of RSA.
    fn add(&mut self, key: &Arc<CertifiedKey>) {
        let is_rsa = |key: &Arc<CertifiedKey>| key.key.algorithm() == SignatureAlgorithm::RSA;
        let place = if is_rsa(key) { self.keys.len() } else { self.keys.iter().position(is_rsa).unwrap_or(self.keys.len()) };
        self.keys.insert(place, Arc::clone(key));
    }

    fn is_the_same(&self, other: &Shown) -> bool {
        self.keys.len() == other.keys.len() && self.keys.iter().zip(&other.keys).all(|(one, other)| Arc::ptr_eq(one, other))
    }
}

impl ResolvesServerCert for Names {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut room = [0; Authority::ROOM];
        let name = hello.server_name().and_then(|name| canonical(name, &mut room));
        let shown = self.find(name)?;
        let understood = |key: &&Arc<CertifiedKey>| key.key.choose_scheme(hello.signature_schemes()).is_some();
        shown.keys.iter().find(understood).map(Arc::clone)
    }
}

/// A server name as the tables have it.
pub(super) fn canonical<'r>(name: &str, room: &'r mut [u8; Authority::ROOM]) -> Option<&'r str> {
    Authority::parse(name.as_bytes(), room).ok().map(|authority| authority.host)
}

fn certified(certificate: &Certificate, provider: &CryptoProvider) -> Result<CertifiedKey, rustls::Error> {
    let chain = certificate.chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
    let key = PrivateKeyDer::try_from(certificate.key.reveal()).map_err(|cause| rustls::Error::General(cause.to_owned()))?;
    let mut certified = CertifiedKey::from_der(chain, key.clone_key(), provider)?;
    certified.ocsp = certificate.staple.clone();
    Ok(certified)
}

/// QUIC has TLS 1.3 only, and HTTP/3 only is spoken over it (RFC 9001 §4.2, RFC 9114 §3.1).
fn quic_config(settings: &TlsSettings, names: &Arc<Names>) -> Quic {
    let settings = TlsSettings { policy: TlsPolicy::Modern, ..settings.clone() };
    let mut config = server_config(&settings, names, Arc::new(NoClientAuth), Vec::new());
    config.alpn_protocols = vec![b"h3".to_vec()];
    Quic(Arc::new(QuicServerConfig::try_from(config).expect("the provider has the suite that every QUIC connection begins with")))
}

fn server_config(settings: &TlsSettings, names: &Arc<Names>, verifier: Arc<dyn ClientCertVerifier>, scope: Vec<u8>) -> ServerConfig {
    let versions = match settings.policy {
        TlsPolicy::Intermediate => &[&TLS13, &TLS12][..],
        TlsPolicy::Modern => &[&TLS13],
    };
    let builder = ServerConfig::builder_with_provider(Arc::new(provider()));
    let builder = builder.with_protocol_versions(versions).expect("the provider has suites for both");
    let mut config = builder.with_client_cert_verifier(verifier).with_cert_resolver(Arc::<Names>::clone(names));
    config.ignore_client_order = true;
    config.alpn_protocols = [&b"h2"[..], b"http/1.1", b"http/1.0"].map(<[u8]>::to_vec).to_vec();
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.ticketer = Arc::new(Ticketer::new(&settings.tickets, scope));
    config
}
