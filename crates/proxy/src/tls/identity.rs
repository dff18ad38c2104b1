//! Who a client is by its certificate: whom a handshake asks for one, who vouches for it, and what backends are told.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;

use aws_lc_rs::digest::{self, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dproxy_config::TlsSettings;
use dproxy_route::{Admission, Demand};
use dproxy_tls::provider;
use hashbrown::HashMap;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::x509::X509Name;

use super::Keyring;
use crate::forward::line;

/// How the handshakes of one view ask for certificates.
#[derive(Debug, Default)]
pub(crate) struct Callers {
    made: RefCell<HashMap<Admission, Arc<Asking>, foldhash::fast::RandomState>>,
}

/// How one of them does.
#[derive(Debug)]
pub(crate) struct Asking {
    pub(crate) config: Arc<ServerConfig>,
    vouchers: Arc<Vouchers>,
}

/// Who a client is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The files of the authorities that vouch for it.
    authorities: Vec<String>,
    /// What backends are told, as field lines.
    lines: Vec<u8>,
}

/// Why nobody can be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallersError {
    #[error("there is no authority `{0}` in the directory of certificates; put its certificate there, without a key")]
    Missing(String),
    #[error("authority `{0}` cannot vouch for clients")]
    Unusable(String, #[source] rustls::Error),
    #[error("authority `{0}` vouches for nobody")]
    Verifier(String, #[source] VerifierBuilderError),
}

/// Some authorities, of which any may vouch.
#[derive(Debug)]
struct Vouchers {
    each: Vec<(String, Arc<dyn ClientCertVerifier>)>,
    subjects: Vec<DistinguishedName>,
    demand: Demand,
    /// Which they are: sessions that others have vouched for are none of theirs.
    print: Vec<u8>,
}

impl Callers {
    /// How a handshake asks that is meant for `admission`.
    pub(crate) fn asking(&self, keyring: &Keyring, admission: Admission) -> Result<Arc<Asking>, CallersError> {
        if let Some(asking) = self.made.borrow().get(&admission) {
            return Ok(Arc::clone(asking));
        }
        let vouchers = Arc::new(Vouchers::of(keyring.settings(), &admission)?);
        let verifier = Arc::<Vouchers>::clone(&vouchers);
        let asking = Arc::new(Asking { config: keyring.asking(verifier, vouchers.print.clone()), vouchers });
        self.made.borrow_mut().insert(admission, Arc::clone(&asking));
        Ok(asking)
    }
}

impl Asking {
    /// Who shows these certificates, its own first; nobody in particular if nobody vouches for it, or not any more.
    pub(crate) fn identity(&self, chain: &[CertificateDer<'_>]) -> Option<Identity> {
        let (own, others) = chain.split_first()?;
        let authorities = self.vouchers.who_vouch(own, others, UnixTime::now());
        if authorities.is_empty() { None } else { Some(Identity { authorities, lines: lines_of(own)? }) }
    }
}

impl Identity {
    /// What backends are told of a client that `authority` vouches for.
    pub(crate) fn told_by(&self, authority: &str) -> Option<&[u8]> {
        self.authorities.iter().any(|known| known == authority).then_some(&self.lines)
    }
}

impl Vouchers {
    fn of(settings: &TlsSettings, admission: &Admission) -> Result<Vouchers, CallersError> {
        let mut vouchers = Vouchers { each: Vec::new(), subjects: Vec::new(), demand: admission.demand, print: Vec::new() };
        let mut print = digest::Context::new(&SHA256);
        for name in &admission.authorities {
            let authority = settings.authorities.iter().find(|authority| authority.name == *name);
            let authority = authority.ok_or_else(|| CallersError::Missing(name.clone()))?;
            let mut roots = RootCertStore::empty();
            for der in &authority.certificates {
                print.update(der);
                roots.add(CertificateDer::from(der.clone())).map_err(|cause| CallersError::Unusable(name.clone(), cause))?;
            }
            vouchers.subjects.extend(roots.subjects());
            let mut verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(provider()));
            if !authority.revoked.is_empty() {
                authority.revoked.iter().for_each(|list| print.update(list));
                let lists = authority.revoked.iter().map(|list| CertificateRevocationListDer::from(list.clone()));
                // Authorities between have lists of their own, which need not be here.
                verifier = verifier.with_crls(lists).allow_unknown_revocation_status();
            }
            vouchers.each.push((name.clone(), verifier.build().map_err(|cause| CallersError::Verifier(name.clone(), cause))?));
        }
        vouchers.print = print.finish().as_ref().to_vec();
        Ok(vouchers)
    }

    fn who_vouch(&self, own: &CertificateDer<'_>, others: &[CertificateDer<'_>], now: UnixTime) -> Vec<String> {
        let vouches = |verifier: &Arc<dyn ClientCertVerifier>| verifier.verify_client_cert(own, others, now).is_ok();
        self.each.iter().filter(|(_, verifier)| vouches(verifier)).map(|(name, _)| name.clone()).collect()
    }
}

impl ClientCertVerifier for Vouchers {
    fn client_auth_mandatory(&self) -> bool {
        self.demand == Demand::Required
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.subjects
    }

    fn verify_client_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let mut refusal = rustls::Error::General("nobody vouches for clients".to_owned());
        for (_, verifier) in &self.each {
            match verifier.verify_client_cert(own, others, now) {
                Ok(verified) => return Ok(verified),
                Err(error) => refusal = error,
            }
        }
        Err(refusal)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, own, signed, &provider().signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, own, signed, &provider().signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

/// What backends are told of the client with this certificate: the whole of it (RFC 9440), and what most want to know.
fn lines_of(der: &CertificateDer<'_>) -> Option<Vec<u8>> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    let mut out = Vec::with_capacity(der.len() * 3 / 2 + 512);
    let mut tell = |name: &str, value: &str| line(&mut out, name, value.as_bytes());
    tell("client-cert", &format!(":{}:", STANDARD.encode(der)));
    tell("x-client-cert-subject", &in_words(certificate.subject()));
    tell("x-client-cert-issuer", &in_words(certificate.issuer()));
    tell("x-client-cert-serial", &hexadecimal(certificate.raw_serial()));
    tell("x-client-cert-sha256", &hexadecimal(digest::digest(&SHA256, der).as_ref()));
    let names = names_of(&certificate);
    if !names.is_empty() {
        tell("x-client-cert-names", &names.join(","));
    }
    Some(out)
}

/// A name as people write it, the innermost part first: `CN=alice,O=Shop` (RFC 4514).
fn in_words(name: &X509Name<'_>) -> String {
    let parts = name.iter_rdn().map(|part| {
        let attributes = part.iter().map(|attribute| {
            let kind = attribute.attr_type();
            let kind = oid2abbrev(kind, oid_registry()).map_or_else(|_| kind.to_id_string(), str::to_owned);
            let value = attribute.as_str().map(escaped).unwrap_or_else(|_| format!("#{}", hexadecimal(attribute.as_slice())));
            format!("{kind}={value}")
        });
        attributes.collect::<Vec<_>>().join("+")
    });
    let mut parts: Vec<String> = parts.collect();
    parts.reverse();
    parts.join(",")
}

/// `DNS:a.test`, `email:a@b.test`, `URI:spiffe://a/b`, `IP:10.0.0.1`
fn names_of(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return Vec::new() };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some(format!("DNS:{}", escaped(name))),
        GeneralName::RFC822Name(name) => Some(format!("email:{}", escaped(name))),
        GeneralName::URI(name) => Some(format!("URI:{}", escaped(name))),
        GeneralName::IPAddress(bytes) => Some(format!("IP:{}", address(bytes)?)),
        _ => None,
    };
    names.value.general_names.iter().filter_map(name).collect()
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

/// What has a meaning of its own, or no place in a field, is written as `\` and two digits (RFC 4514 §2.4).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (place, byte) in text.bytes().enumerate() {
        let at_an_end = place == 0 || place + 1 == text.len();
        match byte {
            b'"' | b'+' | b',' | b';' | b'<' | b'>' | b'\\' => hex_escape(&mut out, byte),
            b' ' | b'#' if at_an_end => hex_escape(&mut out, byte),
            b' '..=b'~' => out.push(char::from(byte)),
            _ => hex_escape(&mut out, byte),
        }
    }
    out
}

fn hex_escape(out: &mut String, byte: u8) {
    write!(out, "\\{byte:02x}").expect("a string takes every character");
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_of_its_own_in_a_name_is_escaped() {
        let check = |text: &str, expected: &str| assert_eq!(escaped(text), expected, "{text}");
        check("alice", "alice");
        check("Alice & Bob", "Alice & Bob");
        check("a, O=admin", "a\\2c O=admin");
        check(" a ", "\\20a\\20");
        check("#1", "\\231");
        check("a\r\nx-admin: 1", "a\\0d\\0ax-admin: 1");
        check("é", "\\c3\\a9");
        check("", "");
    }

    #[test]
    fn addresses_have_four_or_sixteen_bytes() {
        assert_eq!(address(&[10, 0, 0, 1]), Some([10, 0, 0, 1].into()));
        assert_eq!(address(&[0; 16]), Some([0_u8; 16].into()));
        assert_eq!(address(&[1, 2]), None);
    }
}
