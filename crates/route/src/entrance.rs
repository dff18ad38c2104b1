//! Where requests come in: the listener's protocol and port.

use std::fmt;
use std::str::FromStr;

/// What a client speaks at a listener.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub enum Protocol {
    /// In the clear.
    #[default]
    Http,
    /// Over TLS.
    Https,
}

/// Where one request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    /// What is spoken there.
    pub protocol: Protocol,
    /// The port that the client reached.
    pub port: u16,
}

/// Which listeners a route answers at; all of them where nothing is said.
///
/// The order is that of preference: who names the port wins over who names the
/// protocol, and that one over who names nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Entrance {
    /// Only where this is spoken.
    pub protocol: Option<Protocol>,
    /// Only at this port.
    pub port: Option<u16>,
}

/// Why a text names no listeners.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no listener; write `http`, `https`, a port like `8080`, or both like `https:8443`")]
pub struct EntranceError(String);

impl Protocol {
    /// `http` or `https`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Http => "http",
            Protocol::Https => "https",
        }
    }

    /// The port that URLs of this protocol mean when they name none.
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Protocol::Http => 80,
            Protocol::Https => 443,
        }
    }
}

impl Entrance {
    /// Whether requests that come in there are meant.
    #[must_use]
    pub fn admits(&self, listener: Listener) -> bool {
        self.protocol.is_none_or(|protocol| protocol == listener.protocol) && self.port.is_none_or(|port| port == listener.port)
    }

    /// Whether every listener is meant.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.protocol.is_none() && self.port.is_none()
    }
}

impl Ord for Entrance {
    fn cmp(&self, other: &Entrance) -> std::cmp::Ordering {
        let key = |it: &Entrance| (it.port.is_none(), it.protocol.is_none(), it.port, it.protocol);
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Entrance {
    fn partial_cmp(&self, other: &Entrance) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for Protocol {
    type Err = EntranceError;

    fn from_str(text: &str) -> Result<Protocol, EntranceError> {
        let known = [Protocol::Http, Protocol::Https];
        let protocol = known.into_iter().find(|protocol| protocol.as_str().eq_ignore_ascii_case(text));
        protocol.ok_or_else(|| EntranceError(text.to_owned()))
    }
}

impl FromStr for Entrance {
    type Err = EntranceError;

    fn from_str(text: &str) -> Result<Entrance, EntranceError> {
        let text = text.trim();
        let invalid = || EntranceError(text.to_owned());
        let port = |digits: &str| {
            let port = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
            port.filter(|port| *port != 0).ok_or_else(invalid)
        };
        let protocol = |word: &str| word.parse().map_err(|_| invalid());
        Ok(match text.split_once(':') {
            Some((word, digits)) => Entrance { protocol: Some(protocol(word)?), port: Some(port(digits)?) },
            None if text.starts_with(|first: char| first.is_ascii_digit()) => Entrance { protocol: None, port: Some(port(text)?) },
            None => Entrance { protocol: Some(protocol(text)?), port: None },
        })
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Entrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.protocol, self.port) {
            (Some(protocol), Some(port)) => write!(f, "{protocol}:{port}"),
            (Some(protocol), None) => protocol.fmt(f),
            (None, Some(port)) => port.fmt(f),
            (None, None) => f.write_str("any"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        match text.parse::<Entrance>() {
            Ok(entrance) => assert_eq!(entrance.to_string(), expected),
            Err(error) => assert_eq!(error.to_string(), expected),
        }
    }

    #[test]
    fn listeners_are_named_by_protocol_port_or_both() {
        let refused = |text: &str| {
            check(text, &format!("`{text}` names no listener; write `http`, `https`, a port like `8080`, or both like `https:8443`"));
        };
        check("http", "http");
        check(" HTTPS ", "https");
        check("8080", "8080");
        check("https:8443", "https:8443");
        refused("");
        refused("ftp");
        refused("0");
        refused("65536");
        refused("8080:http");
        refused("http:");
        refused(":80");
        refused("http:+80");
    }

    #[test]
    fn the_narrower_one_comes_first() {
        let mut all: Vec<Entrance> = ["http", "443", "https:443", "80"].map(|text| text.parse().unwrap()).to_vec();
        all.push(Entrance::default());
        all.sort_unstable();
        let words: Vec<String> = all.iter().map(ToString::to_string).collect();
        assert_eq!(words, ["https:443", "80", "443", "http", "any"]);
    }
}
