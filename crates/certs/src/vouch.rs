//! One certificate: what it vouches for, and whether it can.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dproxy_config::{Certificate, Secret};
use dproxy_route::HostPattern;
use rustls::crypto::aws_lc_rs;
use rustls::sign::CertifiedKey;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use zeroize::Zeroizing;

use crate::pem::Sections;

/// An operator has this long to renew a certificate once we begin to remind.
const REMIND: Duration = Duration::from_secs(7 * 24 * 3600);
const DAY: u64 = 24 * 3600;
/// The file whose certificate is shown where no other is for the name.
const DEFAULT: &str = "default";

/// A certificate that can be served, and what its operator should know about it.
#[derive(Clone, Debug)]
pub(crate) struct Voucher {
    pub(crate) certificate: Certificate,
    pub(crate) begins: SystemTime,
    pub(crate) ends: SystemTime,
    /// Names by the file's name that the certificate does not have.
    pub(crate) uncovered: Vec<HostPattern>,
}

/// Why a certificate cannot be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VouchError {
    #[error("there is no key for it; put `{0}` beside it")]
    NoKey(String),
    #[error("there is no certificate in it")]
    NoCertificate,
    #[error("its key cannot be used: {0}")]
    Key(String),
    #[error("its certificate cannot be used: {0}")]
    Certificate(String),
    #[error("the key in `{0}` belongs to another certificate")]
    Mismatch(String),
    #[error("it names no host; make one with a subject alternative name")]
    NoName,
}

impl Voucher {
    /// Makes one of the sections of its files; `file` and `key_file` are how people call them.
    pub(crate) fn new(file: &str, key_file: &str, sections: Sections, staple: Option<Vec<u8>>) -> Result<Voucher, VouchError> {
        let Sections { certificates, keys } = sections;
        if certificates.is_empty() {
            return Err(VouchError::NoCertificate);
        }
        let key = keys.into_iter().next().ok_or_else(|| VouchError::NoKey(expected_key(file)))?;
        let leaf = leaf(&certificates, &key, key_file)?;
        let chain = chain(certificates, leaf)?;
        let parsed = parse(&chain[0])?;
        let covered = names_of(&parsed);
        let by_file = name_by_file(file);
        let default = stem(file) == DEFAULT;
        if covered.is_empty() && by_file.is_none() && !default && !is_for_clients(&parsed) {
            return Err(VouchError::NoName);
        }
        let uncovered: Vec<HostPattern> = by_file.into_iter().filter(|name| !covers(&covered, name)).collect();
        let names = covered.iter().chain(&uncovered).cloned().collect();
        let validity = parsed.validity();
        let (begins, ends) = (time(validity.not_before.timestamp()), time(validity.not_after.timestamp()));
        let certificate = Certificate { file: file.to_owned(), names, default, chain, key: Secret::new(key.to_vec()), staple };
        Ok(Voucher { certificate, begins, ends, uncovered })
    }

    /// Whether clients believe it at this time.
    pub(crate) fn is_valid(&self, now: SystemTime) -> bool {
        self.begins <= now && now < self.ends
    }

    /// What its operator should know.
    pub(crate) fn remarks(&self, now: SystemTime) -> Vec<String> {
        let mut remarks: Vec<String> =
            self.uncovered.iter().map(|name| format!("its certificate is not made for `{name}`, as the file is called")).collect();
        if let Ok(left) = self.begins.duration_since(now) {
            remarks.push(format!("it is not valid before {} days from now; is the clock right?", left.as_secs() / DAY + 1));
        }
        remarks.extend(reminder(self.ends, now).map(|reminder| format!("it {reminder}")));
        remarks
    }
}

/// What to say of a certificate that is valid until `ends`, if it is time to: `expires in 3 days; renew it`.
#[must_use]
pub fn reminder(ends: SystemTime, now: SystemTime) -> Option<String> {
    let days = |time: Duration| time.as_secs() / DAY;
    match ends.duration_since(now) {
        Err(expired) => Some(format!("expired {} days ago; renew it", days(expired.duration()))),
        Ok(left) if left < REMIND => Some(format!("expires in {} days; renew it", days(left))),
        Ok(_) => None,
    }
}

/// Whether this is a certificate that vouches for others.
pub(crate) fn is_authority(der: &[u8]) -> bool {
    let is_ca = |parsed: &X509Certificate<'_>| matches!(parsed.basic_constraints(), Ok(Some(constraints)) if constraints.value.ca);
    parse(der).is_ok_and(|parsed| is_ca(&parsed))
}

fn expected_key(file: &str) -> String {
    format!("{}.key", stem(file))
}

/// Whether it was made to be shown to backends: such a one needs no name of a host.
fn is_for_clients(certificate: &X509Certificate<'_>) -> bool {
    matches!(certificate.extended_key_usage(), Ok(Some(usage)) if usage.value.client_auth)
}

/// The name of a file without its folders and its last extension.
fn stem(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The name that a file is called by, if that is one of a host: `_` stands for `*`.
fn name_by_file(file: &str) -> Option<HostPattern> {
    let stem = stem(file);
    let stem = stem.strip_suffix(".pem").unwrap_or(stem);
    let pattern = match stem.strip_prefix("_.") {
        Some(parent) => format!("*.{parent}"),
        None => stem.to_owned(),
    };
    let parsed = pattern.parse().ok()?;
    // `server.crt` is not for a host called `server`.
    pattern.contains('.').then_some(parsed)
}

/// Which certificate the key belongs to.
fn leaf(certificates: &[Vec<u8>], key: &Zeroizing<Vec<u8>>, key_file: &str) -> Result<usize, VouchError> {
    let der = PrivateKeyDer::try_from(key.as_slice()).map_err(|cause| VouchError::Key(cause.to_owned()))?;
    let provider = aws_lc_rs::default_provider();
    let signing = provider.key_provider.load_private_key(der.clone_key()).map_err(|cause| VouchError::Key(cause.to_string()))?;
    let mut broken = None;
    for (place, certificate) in certificates.iter().enumerate() {
        let chain = vec![CertificateDer::from(certificate.clone())];
        match CertifiedKey::new(chain, signing.clone()).keys_match() {
            Ok(()) => return Ok(place),
            Err(rustls::Error::InconsistentKeys(_)) => {}
            Err(cause) => broken = Some(cause),
        }
    }
    Err(broken.map_or_else(|| VouchError::Mismatch(key_file.to_owned()), |cause| VouchError::Certificate(cause.to_string())))
}

/// The certificates from the one at `leaf` upwards, in whatever order they were written. Those that belong to
/// another chain are left out, and so is a root: clients have it or do not believe it.
fn chain(certificates: Vec<Vec<u8>>, leaf: usize) -> Result<Vec<Vec<u8>>, VouchError> {
    let mut rest = certificates;
    let mut chain = vec![rest.remove(leaf)];
    loop {
        let last = parse(&chain[chain.len() - 1])?;
        let issuer = rest.iter().position(|other| {
            let is_issuer = |other: &X509Certificate<'_>| other.subject() == last.issuer() && other.subject() != other.issuer();
            parse(other).is_ok_and(|other| is_issuer(&other))
        });
        let Some(issuer) = issuer else { return Ok(chain) };
        chain.push(rest.remove(issuer));
    }
}

pub(crate) fn parse(der: &[u8]) -> Result<X509Certificate<'_>, VouchError> {
    let parsed = x509_parser::parse_x509_certificate(der);
    parsed.map(|(_, certificate)| certificate).map_err(|cause| VouchError::Certificate(cause.to_string()))
}

/// The names it has; the common name only where it has no others.
fn names_of(certificate: &X509Certificate<'_>) -> Vec<HostPattern> {
    let pattern = |text: &str| text.parse::<HostPattern>().ok().filter(|pattern| *pattern != HostPattern::Any);
    let alternatives = certificate.subject_alternative_name().ok().flatten();
    let mut names: Vec<HostPattern> = match alternatives {
        Some(alternatives) => {
            let dns = alternatives.value.general_names.iter().filter_map(|name| match name {
                GeneralName::DNSName(name) => pattern(name),
                _ => None,
            });
            dns.collect()
        }
        None => certificate.subject().iter_common_name().filter_map(|name| pattern(name.as_str().ok()?)).collect(),
    };
    names.sort_unstable();
    names.dedup();
    names
}

/// Whether a certificate with `names` is for all hosts of `wanted`.
pub(crate) fn covers(names: &[HostPattern], wanted: &HostPattern) -> bool {
    let parent = match wanted {
        HostPattern::Exact(host) => host.as_str().split_once('.').and_then(|(_, parent)| parent.parse().ok()).map(HostPattern::Below),
        HostPattern::Below(_) | HostPattern::Any => None,
    };
    names.iter().any(|name| name == wanted || Some(name) == parent.as_ref())
}

pub(crate) fn time(seconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}
