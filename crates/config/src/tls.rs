//! What workers need to speak TLS.
//!
//! The operator says how ([`TlsSettings`]); the master adds what it alone may
//! read or make: certificates with their keys, authorities and ticket keys.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use dproxy_route::{HostPattern, Hsts, InClear};
use zeroize::Zeroize;

/// How TLS is spoken with clients, and with what.
#[derive(Clone, Debug, Default, PartialEq, Eq, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct TlsSettings {
    /// Which versions are spoken.
    pub policy: TlsPolicy,
    /// Ports on which nothing but TLS is spoken.
    pub ports: Vec<u16>,
    /// Whether TLS is understood at the other ports, too.
    pub peek: bool,
    /// Whether HTTP/3 is spoken at those ports, over UDP.
    pub http3: bool,
    /// What becomes of requests in the clear, where their host does not say otherwise.
    pub in_clear: InClear,
    /// What hosts tell clients to remember, where they do not say otherwise.
    pub hsts: Hsts,
    /// The best one for a name comes first.
    pub certificates: Arc<[Certificate]>,
    /// Who may vouch for clients, by the name of its file.
    pub authorities: Arc<[Authority]>,
    /// The first one seals new tickets, all of them open old ones.
    pub tickets: Vec<TicketKey>,
    /// What QUIC needs, where it is spoken.
    pub quic: Option<QuicKeys>,
    /// What authorities are shown at the moment.
    pub challenges: Vec<Challenge>,
    /// Names whose certificates may be asked for when they are missing.
    pub on_demand: Vec<HostPattern>,
}

/// Which versions of TLS are spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub enum TlsPolicy {
    /// TLS 1.2 and 1.3, with forward secrecy and authenticated encryption.
    #[default]
    Intermediate,
    /// TLS 1.3 only.
    Modern,
}

/// Why a text is no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a policy; use `intermediate` (TLS 1.2 and 1.3) or `modern` (TLS 1.3 only)")]
pub struct TlsPolicyError(String);

/// A certificate that vouches for host names, with its key.
#[derive(Clone, Debug, PartialEq, Eq, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Certificate {
    /// The file it was read from.
    pub file: String,
    /// The names it is shown for; `*.` covers one label, as in certificates.
    pub names: Vec<HostPattern>,
    /// Whether it is shown where no other is for the name.
    pub default: bool,
    /// In DER, the one with the names first.
    pub chain: Vec<Vec<u8>>,
    /// In DER.
    pub key: Secret,
    /// An answer of its authority that it is not revoked (OCSP), in DER.
    pub staple: Option<Vec<u8>>,
}

/// What an authority is shown that wants to see whether a name is ours (RFC 8555 §8).
#[derive(Clone, Debug, PartialEq, Eq, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub enum Challenge {
    /// A page in the clear (`http-01`).
    Page {
        /// The last part of its path.
        token: String,
        /// What it says.
        text: String,
    },
    /// A certificate at the TLS port (`tls-alpn-01`).
    Handshake {
        /// The name that it is asked for by, canonical.
        name: String,
        /// In DER.
        certificate: Vec<u8>,
        /// In DER.
        key: Secret,
    },
}

/// An authority that vouches for clients.
#[derive(Clone, Debug, PartialEq, Eq, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Authority {
    /// Its file, as labels name it.
    pub name: String,
    /// In DER.
    pub certificates: Vec<Vec<u8>>,
    /// Lists of certificates that it has taken back, in DER.
    pub revoked: Vec<Vec<u8>>,
}

/// How many bytes the id has that a worker gives to a connection of QUIC. Clients begin with ids of other lengths: those that
/// are common have 8, 16, 18 or 20 bytes.
pub const QUIC_ID_LENGTH: u8 = 11;

/// The secrets of QUIC that all workers share, and those who come after them.
#[derive(Clone, Debug, PartialEq, Eq, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct QuicKeys {
    /// Makes the tokens by which a client believes that its connection is gone (RFC 9000 §10.3).
    pub resets: Secret,
    /// Seals what proves that a client is where it says it is (RFC 9000 §8.1).
    pub tokens: Secret,
}

/// A key that seals session tickets.
#[derive(Clone, Debug, PartialEq, Eq, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct TicketKey {
    /// Says in a ticket which key sealed it.
    pub name: [u8; 16],
    /// 32 bytes.
    pub secret: Secret,
}

/// Bytes that nobody may see: not in a log, and not in memory that is free again. However often it is cloned, they are in one
/// place.
#[derive(Clone, PartialEq, Eq, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Secret(Arc<Hidden>);

#[derive(PartialEq, Eq, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
struct Hidden(Vec<u8>);

impl FromStr for TlsPolicy {
    type Err = TlsPolicyError;

    fn from_str(text: &str) -> Result<TlsPolicy, TlsPolicyError> {
        match text.to_ascii_lowercase().as_str() {
            "intermediate" => Ok(TlsPolicy::Intermediate),
            "modern" => Ok(TlsPolicy::Modern),
            _ => Err(TlsPolicyError(text.to_owned())),
        }
    }
}

impl Secret {
    /// Keeps `bytes` from being seen.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Secret {
        Secret(Arc::new(Hidden(bytes)))
    }

    /// The bytes, for whoever needs them.
    #[must_use]
    pub fn reveal(&self) -> &[u8] {
        &self.0.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_in_one_place_however_often_it_is_passed_on() {
        let secret = Secret::new(b"hunter2".to_vec());
        assert!(std::ptr::eq(secret.reveal(), secret.clone().reveal()));
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Secret::new(b"hunter2".to_vec())), "Secret");
    }

    #[test]
    fn a_policy_is_one_of_two_words() {
        assert_eq!("Modern".parse(), Ok(TlsPolicy::Modern));
        assert_eq!("intermediate".parse(), Ok(TlsPolicy::Intermediate));
        assert!("old".parse::<TlsPolicy>().unwrap_err().to_string().starts_with("`old` is not a policy"));
    }
}
