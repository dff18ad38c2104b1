//! The authority itself: a key and a certificate in a directory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dproxy_config::{Certificate, Secret};
use dproxy_route::HostPattern;
use dproxy_store::whole_file;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::parse_x509_certificate;
use zeroize::Zeroizing;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// Nobody likes to tell all browsers of another authority.
const AUTHORITY_LASTS: Duration = DAY.saturating_mul(3650);
/// Browsers take no certificate that lasts longer than a year or so.
const LASTS: Duration = DAY.saturating_mul(90);
/// Clocks of clients may be behind ours.
const BEHIND: Duration = DAY;

/// Vouches for hosts.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    ends: SystemTime,
}

/// A certificate that an authority made.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) certificate: Certificate,
    pub(super) ends: SystemTime,
    /// When it is time for another one.
    renewed: SystemTime,
}

/// Why there is no authority, or no certificate.
#[derive(Debug, thiserror::Error)]
pub(super) enum AuthorityError {
    #[error("`{}` cannot be read", path.display())]
    Read {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("`{}` cannot be written; make its directory writable, or choose another `directories.state`", path.display())]
    Write {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("`{}` is broken; put it back, or take it and `{}` away to have a new authority", path.display(), other.display())]
    Broken { path: PathBuf, other: PathBuf },
    #[error("`{}` belongs to another key than `{}`; put the right one there, or take both away to have a new authority", path.display(), other.display())]
    Mismatch { path: PathBuf, other: PathBuf },
    #[error("`{}` is not there, but its certificate is; put it back, or take `{}` away to have a new authority", path.display(), other.display())]
    NoKey { path: PathBuf, other: PathBuf },
    #[error("`{}` has expired; take it away to have a new one, and have clients believe that", path.display())]
    Expired { path: PathBuf },
    #[error("cannot make a certificate")]
    Make(#[from] rcgen::Error),
}

/// Where the certificate of the authority in `home` is, which clients must believe.
pub(super) fn certificate_path(home: &Path) -> PathBuf {
    home.join("ca.crt")
}

fn key_path(home: &Path) -> PathBuf {
    home.join("ca.key")
}

impl Authority {
    /// The one in `home`; a new one where there is none.
    pub(super) fn open(home: &Path, now: SystemTime) -> Result<Authority, AuthorityError> {
        let (path, other) = (certificate_path(home), key_path(home));
        match (read(&path)?, read(&other)?) {
            (Some(certificate), Some(key)) => {
                let key = read_key(&key).ok_or_else(|| AuthorityError::Broken { path: other.clone(), other: path.clone() })?;
                Authority::of(&certificate, key, now, path, other)
            }
            (Some(_), None) => Err(AuthorityError::NoKey { path: other, other: path }),
            // The key was written first, and then the machine stopped; or the certificate was taken away since it expired.
            (None, Some(key)) => {
                let key = read_key(&key).ok_or(AuthorityError::Broken { path: other, other: path })?;
                Authority::make(home, key, now)
            }
            (None, None) => {
                fs::create_dir_all(home).map_err(|cause| AuthorityError::Write { path: home.to_owned(), cause })?;
                let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
                write(&other, Zeroizing::new(key.serialize_pem()).as_bytes(), whole_file::PRIVATE)?;
                Authority::make(home, key, now)
            }
        }
    }

    /// Whether it vouches for nobody any more.
    pub(super) fn has_expired(&self, now: SystemTime) -> bool {
        self.ends <= now
    }

    /// Vouches for one host.
    pub(super) fn vouch(&self, host: &HostPattern, now: SystemTime) -> Result<Leaf, AuthorityError> {
        let ends = self.ends.min(now + LASTS);
        let mut params = CertificateParams::new([host.to_string()])?;
        params.distinguished_name = DistinguishedName::new();
        params.not_before = (now - BEHIND).into();
        params.not_after = ends.into();
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let made = params.signed_by(&key, &self.issuer)?;
        let certificate = Certificate {
            file: format!("local/{host}"),
            names: vec![host.clone()],
            default: false,
            chain: vec![made.der().to_vec()],
            key: Secret::new(key.serialize_der()),
            staple: None,
        };
        let left = ends.duration_since(now).unwrap_or_default();
        Ok(Leaf { certificate, ends, renewed: now + left / 3 * 2 })
    }

    fn make(home: &Path, key: KeyPair, now: SystemTime) -> Result<Authority, AuthorityError> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "dproxy local authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.not_before = (now - BEHIND).into();
        let ends = now + AUTHORITY_LASTS;
        params.not_after = ends.into();
        let made = params.self_signed(&key)?;
        write(&certificate_path(home), made.pem().as_bytes(), whole_file::PUBLIC)?;
        Ok(Authority { issuer: Issuer::new(params, key), ends })
    }

    fn of(certificate: &[u8], key: KeyPair, now: SystemTime, path: PathBuf, other: PathBuf) -> Result<Authority, AuthorityError> {
        let broken = || AuthorityError::Broken { path: path.clone(), other: other.clone() };
        let der = CertificateDer::from_pem_slice(certificate).map_err(|_| broken())?;
        let (_, parsed) = parse_x509_certificate(&der).map_err(|_| broken())?;
        let ends = u64::try_from(parsed.validity().not_after.timestamp()).map_err(|_| broken())?;
        let ends = UNIX_EPOCH + Duration::from_secs(ends);
        if parsed.public_key().subject_public_key.as_ref() != key.public_key_raw() {
            return Err(AuthorityError::Mismatch { path, other });
        }
        if ends <= now {
            return Err(AuthorityError::Expired { path });
        }
        let issuer = Issuer::from_ca_cert_der(&der, key).map_err(|_| broken())?;
        Ok(Authority { issuer, ends })
    }
}

impl Leaf {
    /// Whether it is time for another one.
    pub(super) fn is_old(&self, now: SystemTime) -> bool {
        self.renewed <= now
    }
}

fn read_key(pem: &[u8]) -> Option<KeyPair> {
    KeyPair::from_pem(str::from_utf8(pem).ok()?).ok()
}

fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, AuthorityError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(AuthorityError::Read { path: path.to_owned(), cause }),
    }
}

fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), AuthorityError> {
    whole_file::write(path, bytes, mode).map_err(|cause| AuthorityError::Write { path: path.to_owned(), cause })
}
