//! Host names as routes and requests name them.
//!
//! Names come from labels, from container hostnames and from the `Host` field
//! of strangers' requests. They are parsed here, once; behind this wall a name
//! is always canonical: lower case, ASCII, no trailing dot, no port.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// RFC 1035 §2.3.4, without the trailing dot.
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// A canonical host name or address: lower case, no port, no trailing dot;
/// IPv6 in brackets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Host(String);

/// Which host names a route answers to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub enum HostPattern {
    /// Just this name.
    Exact(Host),
    /// Every name below this one, at any depth, but not the name itself.
    Below(Host),
    /// Every name (`*`).
    Any,
}

/// Why a text is no host name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// Nothing is there.
    #[error("host name is empty")]
    Empty,
    /// Longer than 253 characters, or a label longer than 63.
    #[error("host name `{0}` is too long (253 characters, 63 between dots)")]
    TooLong(String),
    /// A character or an arrangement that no host name has.
    #[error("`{0}` is not a host name")]
    Invalid(String),
    /// What follows the colon is no port.
    #[error("`{0}` does not end in a port from 1 to 65535")]
    Port(String),
    /// A star elsewhere than as the first label.
    #[error("`{0}` has a `*` that is not the whole first label")]
    Star(String),
}

impl Host {
    /// The canonical text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Host {
    type Err = HostError;

    /// Parses what an operator or a container says. A port and a trailing dot
    /// are taken off; names outside ASCII become their IDNA form (UTS 46).
    fn from_str(text: &str) -> Result<Host, HostError> {
        let text = text.trim();
        let ascii;
        let text = if text.is_ascii() {
            text
        } else {
            ascii = idna::domain_to_ascii(text).map_err(|_| HostError::Invalid(text.to_owned()))?;
            &ascii
        };
        let mut room = [0; Authority::ROOM];
        let authority = Authority::parse(text.as_bytes(), &mut room)?;
        Ok(Host(authority.host.to_owned()))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HostPattern {
    /// Whether it answers to this canonical name.
    #[must_use]
    pub fn matches(&self, host: &str) -> bool {
        match self {
            HostPattern::Exact(exact) => exact.as_str() == host,
            HostPattern::Below(parent) => host.strip_suffix(parent.as_str()).is_some_and(|rest| rest.ends_with('.')),
            HostPattern::Any => true,
        }
    }

    /// Whether it answers to this canonical name and to no other.
    #[must_use]
    pub fn is_exactly(&self, host: &str) -> bool {
        matches!(self, HostPattern::Exact(_)) && self.matches(host)
    }
}

impl FromStr for HostPattern {
    type Err = HostError;

    fn from_str(text: &str) -> Result<HostPattern, HostError> {
        let text = text.trim();
        if text == "*" {
            return Ok(HostPattern::Any);
        }
        if let Some(parent) = text.strip_prefix("*.") {
            let parent: Host = parent.parse().map_err(|error| match error {
                HostError::Invalid(_) | HostError::Star(_) => HostError::Invalid(text.to_owned()),
                other => other,
            })?;
            return Ok(HostPattern::Below(parent));
        }
        if text.contains('*') {
            return Err(HostError::Star(text.to_owned()));
        }
        Ok(HostPattern::Exact(text.parse()?))
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostPattern::Exact(host) => host.fmt(f),
            HostPattern::Below(parent) => write!(f, "*.{parent}"),
            HostPattern::Any => f.write_str("*"),
        }
    }
}

/// The `Host` field of a request: `uri-host [ ":" port ]` (RFC 9110 §7.2),
/// canonical without an allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authority<'r> {
    /// Canonical name, as in [`Host`].
    pub host: &'r str,
    /// The port behind the colon; none where it is missing or empty.
    pub port: Option<u16>,
}

impl<'r> Authority<'r> {
    /// What [`Authority::parse`] needs as room: the longest name and its trailing dot.
    pub const ROOM: usize = MAX_NAME + 1;

    /// Parses `field` and writes the canonical name into `room`.
    ///
    /// # Errors
    /// Anything that is neither a name of letters, digits, `-` and `_`, nor an
    /// IPv4 address, nor an IPv6 address in brackets.
    pub fn parse(field: &[u8], room: &'r mut [u8; Authority::ROOM]) -> Result<Authority<'r>, HostError> {
        let (name, port) = split_port(field)?;
        let port = match port {
            None | Some(b"") => None,
            Some(digits) => Some(parse_port(digits).ok_or_else(|| HostError::Port(lossy(field)))?),
        };
        let host = if name.first() == Some(&b'[') { canonical_v6(name, room)? } else { canonical_name(name, room)? };
        Ok(Authority { host, port })
    }
}

/// Splits at the colon of a port; brackets keep the colons of an IPv6 address.
fn split_port(field: &[u8]) -> Result<(&[u8], Option<&[u8]>), HostError> {
    let name_end = if field.first() == Some(&b'[') {
        field.iter().position(|&byte| byte == b']').ok_or_else(|| HostError::Invalid(lossy(field)))? + 1
    } else {
        field.iter().position(|&byte| byte == b':').unwrap_or(field.len())
    };
    match field[name_end..].split_first() {
        None => Ok((field, None)),
        Some((b':', port)) => Ok((&field[..name_end], Some(port))),
        Some(_) => Err(HostError::Invalid(lossy(field))),
    }
}

fn parse_port(digits: &[u8]) -> Option<u16> {
    if digits.len() > 5 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let port: u16 = str::from_utf8(digits).ok()?.parse().ok()?;
    (port != 0).then_some(port)
}

fn canonical_name<'r>(name: &[u8], room: &'r mut [u8; Authority::ROOM]) -> Result<&'r str, HostError> {
    let bare = name.strip_suffix(b".").unwrap_or(name);
    if bare.is_empty() {
        return Err(HostError::Empty);
    }
    if bare.len() > MAX_NAME {
        return Err(HostError::TooLong(lossy(name)));
    }
    // Of the label that is being read: how many bytes, and how many of them are digits.
    let (mut label, mut digits) = (0, 0);
    for (from, to) in bare.iter().zip(room.iter_mut()) {
        *to = CANONICAL[usize::from(*from)];
        match *to {
            b'.' if is_label(label) => (label, digits) = (0, 0),
            b'-' if label > 0 => label += 1,
            b'0'..=b'9' => (label, digits) = (label + 1, digits + 1),
            b'a'..=b'z' | b'_' => label += 1,
            _ => return Err(refusal(*from, label, name)),
        }
    }
    if !is_label(label) {
        return Err(refusal(b'.', label, name));
    }
    let text = str::from_utf8(&room[..bare.len()]).expect("only ASCII was written");
    // `1.2.3` or `999.1.1.1` would be read as an address by some and as a name by others.
    if digits == label && label < bare.len() && text.parse::<Ipv4Addr>().is_err() {
        return Err(HostError::Invalid(lossy(name)));
    }
    Ok(text)
}

fn is_label(length: usize) -> bool {
    (1..=MAX_LABEL).contains(&length)
}

/// Why `byte` cannot stand in `name` behind so many others of its label.
fn refusal(byte: u8, label: usize, name: &[u8]) -> HostError {
    match byte {
        b'*' => HostError::Star(lossy(name)),
        b'.' if label > MAX_LABEL => HostError::TooLong(lossy(name)),
        _ => HostError::Invalid(lossy(name)),
    }
}

/// What becomes of each byte of a name; 0 of those that may not be there.
static CANONICAL: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 128u8 {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            table[byte as usize] = byte.to_ascii_lowercase();
        }
        byte += 1;
    }
    table
};

fn canonical_v6<'r>(name: &[u8], room: &'r mut [u8; Authority::ROOM]) -> Result<&'r str, HostError> {
    use std::io::Write as _;

    let invalid = || HostError::Invalid(lossy(name));
    let inner = name.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")).ok_or_else(invalid)?;
    let address: Ipv6Addr = str::from_utf8(inner).map_err(|_| invalid())?.parse().map_err(|_| invalid())?;
    let mut rest = &mut room[..];
    write!(rest, "[{address}]").expect("an IPv6 address has at most 45 characters");
    let used = Authority::ROOM - rest.len();
    Ok(str::from_utf8(&room[..used]).expect("an address is ASCII"))
}

/// A stranger's bytes, fit to be shown: cut and with controls escaped.
fn lossy(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(80)];
    String::from_utf8_lossy(shown)
        .chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn pattern(text: &str, expected: &str) {
        match text.parse::<HostPattern>() {
            Ok(pattern) => assert_eq!(pattern.to_string(), expected),
            Err(error) => assert_eq!(error.to_string(), expected),
        }
    }

    #[test]
    fn names_become_canonical() {
        pattern("web.example.com", "web.example.com");
        pattern("WEB.Example.COM", "web.example.com");
        pattern("web.example.com.", "web.example.com");
        pattern("web.example.com:8080", "web.example.com");
        pattern(" a.test ", "a.test");
        pattern("münchen.de", "xn--mnchen-3ya.de");
        pattern("_dmarc.a.test", "_dmarc.a.test");
        pattern("127.0.0.1", "127.0.0.1");
        pattern("[::1]:80", "[::1]");
        pattern("[0:0::1]", "[::1]");
        pattern("*.Example.com", "*.example.com");
        pattern("*", "*");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        pattern("", "host name is empty");
        pattern(".", "host name is empty");
        pattern("a b", "`a b` is not a host name");
        pattern("a.com,b.com", "`a.com,b.com` is not a host name");
        pattern("http://a.com/p", "`http://a.com/p` does not end in a port from 1 to 65535");
        pattern("-bad.test", "`-bad.test` is not a host name");
        pattern("a..test", "`a..test` is not a host name");
        pattern(".a.test", "`.a.test` is not a host name");
        pattern("a.*.test", "`a.*.test` has a `*` that is not the whole first label");
        pattern("*a.test", "`*a.test` has a `*` that is not the whole first label");
        pattern("*.*.test", "`*.*.test` is not a host name");
        pattern("a.test:0", "`a.test:0` does not end in a port from 1 to 65535");
        pattern("a.test:65536", "`a.test:65536` does not end in a port from 1 to 65535");
        pattern("1.2.3", "`1.2.3` is not a host name");
        pattern("[::1", "`[::1` is not a host name");
        pattern("[::1]x", "`[::1]x` is not a host name");
        pattern(&"a".repeat(64), &format!("host name `{}` is too long (253 characters, 63 between dots)", "a".repeat(64)));
    }

    #[test]
    fn a_pattern_matches_what_it_stands_for() {
        let matches = |pattern: &str, host: &str| pattern.parse::<HostPattern>().unwrap().matches(host);
        assert!(matches("a.test", "a.test") && matches("*.test", "a.test") && matches("*.test", "a.b.test") && matches("*", "a"));
        assert!(!matches("a.test", "b.a.test") && !matches("*.test", "test") && !matches("*.test", "atest"));
    }

    #[track_caller]
    fn authority(field: &[u8], host: &str, port: Option<u16>) {
        let mut room = [0; Authority::ROOM];
        assert_eq!(Authority::parse(field, &mut room), Ok(Authority { host, port }));
    }

    #[test]
    fn an_authority_keeps_its_port_apart() {
        authority(b"Shop.Org", "shop.org", None);
        authority(b"shop.org:8080", "shop.org", Some(8080));
        authority(b"shop.org:", "shop.org", None);
        authority(b"[::1]:443", "[::1]", Some(443));
        authority(b"__ping__", "__ping__", None);
    }
}
