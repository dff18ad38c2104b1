//! What is in a PEM file.

use rustls_pki_types::pem::{PemObject as _, SectionKind};
use zeroize::Zeroizing;

/// The sections that matter, in DER.
#[derive(Default)]
pub(crate) struct Sections {
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) keys: Vec<Zeroizing<Vec<u8>>>,
}

/// Why a file has none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PemError {
    #[error("its key is locked by a password; unlock it with `openssl pkey -in FILE -out FILE`")]
    Locked,
    #[error("it is no PEM: {0:?}")]
    Broken(rustls_pki_types::pem::Error),
}

impl Sections {
    /// Reads `text`.
    pub(crate) fn read(text: &[u8]) -> Result<Sections, PemError> {
        let mut sections = Sections::default();
        for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(text) {
            match section.map_err(PemError::Broken)? {
                (SectionKind::Certificate, der) => sections.certificates.push(der),
                (SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey, der) => {
                    sections.keys.push(Zeroizing::new(der));
                }
                _ => {}
            }
        }
        let holds = |words: &[u8]| text.windows(words.len()).any(|window| window == words);
        if holds(b"BEGIN ENCRYPTED PRIVATE KEY") || holds(b"Proc-Type: 4,ENCRYPTED") {
            return Err(PemError::Locked);
        }
        Ok(sections)
    }
}
