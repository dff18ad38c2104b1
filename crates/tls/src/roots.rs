//! Who is believed where nobody is named.
//!
//! An image of nothing but this program has no file with authorities, so those that browsers believe are part of it.

use std::sync::{Arc, LazyLock};

use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

/// Those that browsers believe, as they were when this program was made.
static BUILT_IN: LazyLock<Arc<RootCertStore>> = LazyLock::new(|| Arc::new(store(TLS_SERVER_ROOT_CERTS)));

/// The authorities that this machine believes; where it believes nobody, those that browsers believe. Reads files.
#[must_use]
pub fn public_authorities() -> Vec<CertificateDer<'static>> {
    // Some that cannot be read, or used, are no reason to believe nobody.
    let mut found = rustls_native_certs::load_native_certs().certs;
    found.retain(|authority| RootCertStore::empty().add(authority.clone()).is_ok());
    if found.is_empty() { TLS_SERVER_ROOT_CERTS.to_vec() } else { found }
}

/// The same, to verify with.
#[must_use]
pub fn public_roots() -> RootCertStore {
    store(&public_authorities())
}

/// The authorities that browsers believe. Reads no files.
pub(crate) fn built_in() -> Arc<RootCertStore> {
    Arc::clone(&BUILT_IN)
}

fn store(authorities: &[CertificateDer<'static>]) -> RootCertStore {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(authorities.iter().cloned());
    store
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_are_built_in_can_all_be_used_and_the_best_known_is_among_them() {
        assert_eq!(built_in().len(), TLS_SERVER_ROOT_CERTS.len());
        let name = b"ISRG Root X1";
        let known = |authority: &&CertificateDer<'_>| authority.windows(name.len()).any(|part| part == name);
        assert!(TLS_SERVER_ROOT_CERTS.iter().any(|authority| known(&authority)));
    }

    #[test]
    fn somebody_is_believed_on_every_machine() {
        assert!(!public_roots().is_empty());
        assert_eq!(public_roots().len(), public_authorities().len());
    }
}
