//! What a host asks of its clients as to TLS.

use std::fmt;
use std::str::FromStr;

use crate::{ClientAuth, Demand, DemandError};

/// What is said of one host; the settings count where nothing is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Https {
    /// What becomes of requests in the clear.
    pub in_clear: Option<InClear>,
    /// What clients of TLS shall remember.
    pub hsts: Option<Hsts>,
    /// Who vouches for clients.
    pub client_auth: Option<ClientAuth>,
    /// Who makes its certificate.
    pub issuer: Option<Issuer>,
    /// Whether connections for the name go to the backend as they are, which has the certificate.
    pub passthrough: bool,
}

/// Why a text is not what a word wants.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpsError {
    /// See [`InClearError`].
    #[error(transparent)]
    InClear(#[from] InClearError),
    /// See [`HstsError`].
    #[error(transparent)]
    Hsts(#[from] HstsError),
    /// See [`DemandError`].
    #[error(transparent)]
    Demand(#[from] DemandError),
    /// See [`IssuerError`].
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// The name of a file.
    #[error("it names no file of the directory of certificates")]
    NoFile,
    /// Neither yes nor no.
    #[error("`{0}` is neither `true` nor `false`")]
    Switch(String),
    /// Two who would both speak TLS with the client.
    #[error("`client_ca` has us speak TLS with clients, and `tls.passthrough` the backend; leave one of them out")]
    Both,
    /// Nobody is named who could vouch for clients.
    #[error("`client_auth` needs `client_ca`, which names the authority that vouches for clients")]
    NoAuthority,
}

/// What becomes of requests in the clear, where there is a certificate for the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub enum InClear {
    /// They are served.
    #[default]
    Served,
    /// They are sent to the TLS port.
    Redirected,
}

/// The value of a `Strict-Transport-Security` field (RFC 6797).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub enum Hsts {
    /// There is none.
    #[default]
    Off,
    /// This one.
    Says(String),
}

/// Who makes the certificate of a host that has none in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub enum Issuer {
    /// Nobody.
    #[default]
    Nobody,
    /// An authority of our own, which only those believe who were told to.
    Internal,
    /// An authority that is asked over the network (RFC 8555).
    Acme,
    /// The same, but nobody as long as the operator has not agreed to that authority's terms.
    Automatic,
}

/// Why a text names nobody who makes certificates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` makes no certificates; write `acme` (Let's Encrypt, or whom `acme.directory` names), `internal` (an authority of our own), `automatic` (`acme`, but nobody before `acme.agree_to_terms`) or `off`"
)]
pub struct IssuerError(String);

/// Why a text says nothing of requests in the clear.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither `redirect` nor `off`")]
pub struct InClearError(String);

/// Why a text is no value of `Strict-Transport-Security`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a value of Strict-Transport-Security; write one like `max-age=31536000; includeSubDomains`, or `off`")]
pub struct HstsError(String);

impl Https {
    /// Every word, in the order in which they must be said.
    pub const WORDS: [&str; 6] = ["https", "hsts", "client_ca", "client_auth", "tls", "tls.passthrough"];

    /// Takes in what is said under one of [`Https::WORDS`]; another one says nothing. What makes no sense changes nothing.
    ///
    /// # Errors
    /// When it makes no sense.
    pub fn say(&mut self, word: &str, text: &str) -> Result<(), HttpsError> {
        let text = text.trim();
        match word {
            "https" => self.in_clear = Some(text.parse()?),
            "hsts" => self.hsts = Some(text.parse()?),
            "client_ca" if text.is_empty() => return Err(HttpsError::NoFile),
            "client_ca" => self.client_auth = Some(ClientAuth { authority: text.to_owned(), demand: Demand::default() }),
            "client_auth" => self.client_auth.as_mut().ok_or(HttpsError::NoAuthority)?.demand = text.parse()?,
            "tls" => self.issuer = Some(text.parse()?),
            "tls.passthrough" => match text {
                "true" if self.client_auth.is_some() => return Err(HttpsError::Both),
                "true" | "false" => self.passthrough = text == "true",
                _ => return Err(HttpsError::Switch(text.to_owned())),
            },
            _ => {}
        }
        Ok(())
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        *self == Https::default()
    }
}

impl fmt::Display for Https {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let in_clear = self.in_clear.map(|in_clear| match in_clear {
            InClear::Served => "requests in the clear are served".to_owned(),
            InClear::Redirected => "requests in the clear are sent to TLS".to_owned(),
        });
        let hsts = self.hsts.as_ref().map(|hsts| match hsts {
            Hsts::Off => "no HSTS".to_owned(),
            Hsts::Says(value) => format!("HSTS {value}"),
        });
        let client_auth = self.client_auth.as_ref().map(ToString::to_string);
        let issuer = self.issuer.map(|issuer| match issuer {
            Issuer::Nobody => "its certificate is in a file".to_owned(),
            Issuer::Internal => "its certificate is made here".to_owned(),
            Issuer::Acme => "its certificate comes by ACME".to_owned(),
            Issuer::Automatic => "its certificate comes by ACME, if you agree to that".to_owned(),
        });
        let passthrough = self.passthrough.then(|| "its backend speaks TLS with clients".to_owned());
        f.write_str(&in_clear.into_iter().chain(hsts).chain(client_auth).chain(issuer).chain(passthrough).collect::<Vec<_>>().join(", "))
    }
}

impl FromStr for InClear {
    type Err = InClearError;

    fn from_str(text: &str) -> Result<InClear, InClearError> {
        match text.to_ascii_lowercase().as_str() {
            "redirect" => Ok(InClear::Redirected),
            "off" => Ok(InClear::Served),
            _ => Err(InClearError(text.to_owned())),
        }
    }
}

impl FromStr for Issuer {
    type Err = IssuerError;

    fn from_str(text: &str) -> Result<Issuer, IssuerError> {
        match text.to_ascii_lowercase().as_str() {
            "internal" => Ok(Issuer::Internal),
            "acme" => Ok(Issuer::Acme),
            "automatic" => Ok(Issuer::Automatic),
            "off" => Ok(Issuer::Nobody),
            _ => Err(IssuerError(text.to_owned())),
        }
    }
}

impl Hsts {
    /// The value as it is sent, if there is one.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        match self {
            Hsts::Off => None,
            Hsts::Says(value) => Some(value),
        }
    }
}

impl FromStr for Hsts {
    type Err = HstsError;

    /// RFC 6797 §6.1: `max-age` in seconds, and directives that we know.
    fn from_str(text: &str) -> Result<Hsts, HstsError> {
        if text.eq_ignore_ascii_case("off") {
            return Ok(Hsts::Off);
        }
        let mut directives = text.split(';').map(str::trim);
        let seconds = |value: &str| !value.is_empty() && value.len() <= 10 && value.bytes().all(|byte| byte.is_ascii_digit());
        let has_age = directives.next().and_then(|first| first.strip_prefix("max-age=")).is_some_and(seconds);
        let known = |directive: &str| ["includesubdomains", "preload"].contains(&directive.to_ascii_lowercase().as_str());
        if has_age && directives.all(known) { Ok(Hsts::Says(text.to_owned())) } else { Err(HstsError(text.to_owned())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hsts_has_an_age_and_directives_that_are_known() {
        let check = |text: &str, good: bool| assert_eq!(text.parse::<Hsts>().is_ok(), good, "{text}");
        check("off", true);
        check("max-age=31536000", true);
        check("max-age=0", true);
        check("max-age=63072000; includeSubDomains; preload", true);
        check("max-age=", false);
        check("max-age=1y", false);
        check("includeSubDomains", false);
        check("max-age=1; x=1", false);
        check("max-age=1\r\nx: y", false);
        check("", false);
    }

    #[test]
    fn requests_in_the_clear_are_served_or_sent_away() {
        assert_eq!("Redirect".parse(), Ok(InClear::Redirected));
        assert_eq!("off".parse(), Ok(InClear::Served));
        assert_eq!("yes".parse::<InClear>().unwrap_err().to_string(), "`yes` is neither `redirect` nor `off`");
    }
}
