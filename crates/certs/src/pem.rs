//! What is in a PEM file.

use rustls_pki_types::pem::{PemObject as _, SectionKind};
use zeroize::Zeroizing;

/// How a certificate or a key in DER begins: a sequence of 256 bytes or more.
const DER: [u8; 2] = [0x30, 0x82];

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
    #[error("it is DER; make PEM of it with `openssl x509 -inform DER -in FILE -out FILE`, or `openssl pkey` where it is a key")]
    Der,
    #[error("it is no PEM: {0:?}")]
    Broken(rustls_pki_types::pem::Error),
}

impl Sections {
    /// Reads `text`.
    pub(crate) fn read(text: &[u8]) -> Result<Sections, PemError> {
        // First: the fields of a locked key in the old form are no base64.
        let holds = |words: &[u8]| text.windows(words.len()).any(|window| window == words);
        if holds(b"BEGIN ENCRYPTED PRIVATE KEY") || holds(b"Proc-Type: 4,ENCRYPTED") {
            return Err(PemError::Locked);
        }
        if text.starts_with(&DER) {
            return Err(PemError::Der);
        }
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
        Ok(sections)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn der_is_told_from_what_is_nothing_at_all() {
        assert!(matches!(Sections::read(&[0x30, 0x82, 0x01, 0x00, 0x02]), Err(PemError::Der)));
        assert!(Sections::read(b"nonsense").is_ok_and(|sections| sections.certificates.is_empty()));
    }
}
