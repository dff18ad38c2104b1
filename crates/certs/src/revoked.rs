//! Which certificates an authority has taken back: the lists that lie beside its own certificate.

use std::sync::Arc;
use std::time::SystemTime;

use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};
use x509_parser::prelude::FromDer as _;
use x509_parser::revocation_list::CertificateRevocationList;

use crate::vouch::{parse, time};

/// The lists of one authority.
#[derive(Debug, Default)]
pub(crate) struct Revoked {
    /// In DER.
    pub(crate) lists: Vec<Vec<u8>>,
    /// When the first of them should have been renewed.
    due: Option<SystemTime>,
}

/// Why a file holds none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RevokedError {
    #[error("`{0}` holds no list of revoked certificates")]
    NoList(String),
    #[error("`{0}` is the list of another authority")]
    Stranger(String),
    #[error("`{0}` cannot be used")]
    Unusable(String, #[source] VerifierBuilderError),
}

impl Revoked {
    /// The lists in `bytes`, PEM or DER, of the authority with these `certificates`; `file` is how people call theirs.
    pub(crate) fn read(bytes: &[u8], file: &str, certificates: &[Vec<u8>]) -> Result<Revoked, RevokedError> {
        let none = || RevokedError::NoList(file.to_owned());
        let lists: Vec<Vec<u8>> = if bytes.starts_with(b"\x30") {
            vec![bytes.to_vec()]
        } else {
            let sections: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(bytes).collect();
            sections.map_err(|_| none())?.into_iter().map(|list| list.as_ref().to_vec()).collect()
        };
        let mut due = None;
        for list in &lists {
            let (_, parsed) = CertificateRevocationList::from_der(list).map_err(|_| none())?;
            let is_own = |der: &Vec<u8>| parse(der).is_ok_and(|authority| authority.subject() == parsed.issuer());
            if !certificates.iter().any(is_own) {
                return Err(RevokedError::Stranger(file.to_owned()));
            }
            due = parsed.next_update().map(|next| time(next.timestamp())).into_iter().chain(due).min();
        }
        if lists.is_empty() {
            return Err(none());
        }
        try_out(certificates, &lists).map_err(|cause| RevokedError::Unusable(file.to_owned(), cause))?;
        Ok(Revoked { lists, due })
    }

    /// Whether a newer list should be there by now.
    pub(crate) fn is_overdue(&self, now: SystemTime) -> bool {
        self.due.is_some_and(|due| due < now)
    }
}

/// Makes of them what workers will.
fn try_out(certificates: &[Vec<u8>], lists: &[Vec<u8>]) -> Result<(), VerifierBuilderError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates.iter().map(|der| CertificateDer::from(der.clone())));
    let provider = Arc::new(aws_lc_rs::default_provider());
    let lists = lists.iter().map(|list| CertificateRevocationListDer::from(list.clone()));
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).with_crls(lists).build().map(drop)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{
        BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
        SerialNumber,
    };

    use super::*;

    fn authority(name: &str) -> (Vec<u8>, Issuer<'static, KeyPair>) {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        (params.self_signed(&key).unwrap().der().to_vec(), Issuer::new(params, key))
    }

    #[test]
    fn a_list_is_that_of_its_authority_and_may_be_overdue() {
        let (certificate, issuer) = authority("ours");
        let now = SystemTime::now();
        let hour = Duration::from_secs(3600);
        let params = CertificateRevocationListParams {
            this_update: (now - hour).into(),
            next_update: (now + hour).into(),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: Vec::new(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = params.signed_by(&issuer).unwrap();
        let certificates = [certificate];
        for bytes in [list.pem().unwrap().into_bytes(), list.der().to_vec()] {
            let revoked = Revoked::read(&bytes, "ours.crl", &certificates).unwrap();
            assert_eq!((revoked.lists.len(), revoked.is_overdue(now), revoked.is_overdue(now + hour * 2)), (1, false, true));
        }
        let refused = |bytes: &[u8], certificates: &[Vec<u8>]| Revoked::read(bytes, "x.crl", certificates).unwrap_err().to_string();
        assert_eq!(refused(list.der(), &[authority("theirs").0]), "`x.crl` is the list of another authority");
        for bytes in [&b""[..], b"nothing", b"\x30", &certificates[0]] {
            assert_eq!(refused(bytes, &certificates), "`x.crl` holds no list of revoked certificates", "{bytes:?}");
        }
    }
}
