//! How an authority is asked for certificates (ACME, RFC 8555).

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::on_demand::OnDemand;

/// What the master's client of ACME obeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acme {
    /// Whom it asks.
    pub directory: AcmeDirectory,
    /// Whether the operator has agreed to the authority's terms. Nobody is asked before.
    pub agreed: bool,
    /// Whom the authority writes to.
    pub email: Option<Email>,
    /// The file with the only authorities that its server's certificate may be of; those of the system without one.
    pub root: Option<PathBuf>,
    /// How it is shown that a name is ours; patterns are shown in the DNS, whatever this says.
    pub proof: Proof,
    /// Who writes records into the DNS.
    pub dns: Option<DnsHook>,
    /// Whose customer the account belongs to, where the authority wants to know.
    pub binding: Option<Binding>,
    /// Whether the hosts of one container have one certificate together.
    pub shared: bool,
    /// Which names get one when a client asks for them.
    pub on_demand: OnDemand,
}

/// How an authority is shown that a name is ours (RFC 8555 §8, RFC 8737).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Proof {
    /// `http-01`: a page in the clear.
    #[default]
    Page,
    /// `tls-alpn-01`: a certificate at the TLS port.
    Handshake,
    /// `dns-01`: a record in the DNS.
    Record,
}

/// Why a text is no [`Proof`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of `http-01` (a page at port 80), `tls-alpn-01` (a handshake at port 443) and `dns-01` (a record in the DNS)")]
pub struct ProofError(String);

/// A program that writes records into the DNS, and takes them away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsHook {
    /// Called with `present` or `cleanup`, the record's name and its text.
    pub program: PathBuf,
    /// How long it may take.
    pub limit: Duration,
}

/// What binds an account to a customer of the authority (RFC 8555 §7.3.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// By which the authority knows the key.
    pub id: String,
    /// The file with the key, in base64.
    pub key: PathBuf,
}

/// The URL at which an authority tells what it can do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AcmeDirectory(String);

/// Why a text is no [`AcmeDirectory`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the URL of an ACME directory; write one like `https://acme-v02.api.letsencrypt.org/directory`")]
pub struct AcmeDirectoryError(String);

/// Somebody's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

/// Why a text is no [`Email`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an email address; write one like `you@example.org`")]
pub struct EmailError(String);

impl AcmeDirectory {
    /// Let's Encrypt.
    #[must_use]
    pub fn production() -> AcmeDirectory {
        AcmeDirectory("https://acme-v02.api.letsencrypt.org/directory".to_owned())
    }

    /// Let's Encrypt for those who try things out: nobody believes its certificates, and there are more of them.
    #[must_use]
    pub fn staging() -> AcmeDirectory {
        AcmeDirectory("https://acme-staging-v02.api.letsencrypt.org/directory".to_owned())
    }

    /// The URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AcmeDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AcmeDirectory {
    type Err = AcmeDirectoryError;

    fn from_str(text: &str) -> Result<AcmeDirectory, AcmeDirectoryError> {
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        let host = text.strip_prefix("https://").map(|rest| rest.split(['/', ':']).next().unwrap_or_default());
        let good = plain && host.is_some_and(|host| !host.is_empty());
        good.then(|| AcmeDirectory(text.to_owned())).ok_or_else(|| AcmeDirectoryError(text.to_owned()))
    }
}

impl Proof {
    /// Its name in the protocol.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Proof::Page => "http-01",
            Proof::Handshake => "tls-alpn-01",
            Proof::Record => "dns-01",
        }
    }
}

impl FromStr for Proof {
    type Err = ProofError;

    fn from_str(text: &str) -> Result<Proof, ProofError> {
        let named = [Proof::Page, Proof::Handshake, Proof::Record].into_iter().find(|proof| proof.as_str().eq_ignore_ascii_case(text));
        named.ok_or_else(|| ProofError(text.to_owned()))
    }
}

impl Email {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Email, EmailError> {
        let bare = text.strip_prefix("mailto:").unwrap_or(text);
        let plain = bare.bytes().all(|byte| byte.is_ascii_graphic() && !b",;:?<>\"".contains(&byte));
        let parts = bare.split_once('@').filter(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@'));
        (plain && parts.is_some()).then(|| Email(bare.to_owned())).ok_or_else(|| EmailError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_asked_over_tls() {
        let check = |text: &str, good: bool| assert_eq!(text.parse::<AcmeDirectory>().is_ok(), good, "{text}");
        check(AcmeDirectory::production().as_str(), true);
        check(AcmeDirectory::staging().as_str(), true);
        check("https://localhost:14000/dir", true);
        check("http://localhost:14000/dir", false);
        check("https://", false);
        check("https:///dir", false);
        check("https://a b/dir", false);
        check("letsencrypt", false);
        check("", false);
    }

    #[test]
    fn an_email_address_has_a_name_and_a_host() {
        let check = |text: &str, good: bool| assert_eq!(text.parse::<Email>().is_ok(), good, "{text}");
        check("you@example.org", true);
        check("mailto:you+acme@example.org", true);
        check("you", false);
        check("@example.org", false);
        check("you@example", false);
        check("a@b.c,d@e.f", false);
        check("a@b@c.d", false);
        check("you @example.org", false);
    }
}
