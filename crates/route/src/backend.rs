//! One port of one container, or one address from the configuration file.

use std::fmt;
use std::net::SocketAddr;

use crate::{Announcement, Check, Share};

/// Names a backend for as long as it is the same thing: `<container id>:<port>`
/// or the address of a static backend. Connections, counters and health of a
/// backend are kept under this name across route tables.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct BackendId(String);

impl BackendId {
    /// The port `port` of the container with the id `container` (twelve digits are kept).
    #[must_use]
    pub fn of_container(container: &str, port: u16) -> BackendId {
        let short = container.get(..12).unwrap_or(container);
        BackendId(format!("{short}:{port}"))
    }

    /// A backend that has no container: the address is its name.
    #[must_use]
    pub fn of_address(address: SocketAddr) -> BackendId {
        BackendId(address.to_string())
    }

    /// The same for what speaks more there than plain HTTP: an address may serve each protocol on its own.
    fn of_url(scheme: Scheme, address: SocketAddr) -> BackendId {
        match scheme {
            Scheme::Http => BackendId::of_address(address),
            Scheme::Https | Scheme::H2c => BackendId(format!("{}://{address}", scheme.as_str())),
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BackendId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The protocol a backend speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub enum Scheme {
    /// HTTP/1.1 over TCP.
    #[default]
    Http,
    /// HTTP/1.1 over TLS.
    Https,
    /// HTTP/2 over TCP, without an upgrade; what gRPC speaks.
    H2c,
}

impl Scheme {
    /// `http`, `https` or `h2c`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
            Scheme::H2c => "h2c",
        }
    }
}

/// How fit a backend is to get new requests.
///
/// The order matters: of the backends that share a route, only those of the
/// best condition get requests (see [`crate::RouteTable::build`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub enum Condition {
    /// Running, and healthy as far as anybody knows.
    #[default]
    Ready,
    /// Its health check has not passed yet.
    Starting,
    /// Its health check fails.
    Unhealthy,
    /// It was told to stop: it may still finish what it has.
    Stopping,
}

impl Condition {
    /// The word shown to operators.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Condition::Ready => "ready",
            Condition::Starting => "starting",
            Condition::Unhealthy => "unhealthy",
            Condition::Stopping => "stopping",
        }
    }
}

/// Who stands behind a backend, and how far away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub enum Whereabouts {
    /// An address that somebody wrote down: nobody tells when it comes and goes.
    #[default]
    Fixed,
    /// A container on another machine, whose engine tells of its end.
    Away,
    /// A container on this machine: it answers a connection at once or never, and its end is known at once.
    Here,
}

impl Whereabouts {
    /// Whether somebody tells when it comes and goes.
    #[must_use]
    pub fn is_watched(self) -> bool {
        self != Whereabouts::Fixed
    }
}

/// How far a backend of TLS is trusted, and as whom it is met. Files are those of the directory of certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Trust {
    /// Whether its certificate must be good; otherwise whoever answers at the address is believed.
    pub verify: bool,
    /// The file of the authority that vouches for it; any that is there, where none is named.
    pub authority: Option<String>,
    /// The name that it is asked for by, and must have; its address where there is none.
    pub name: Option<String>,
    /// The file of the certificate that we show.
    pub certificate: Option<String>,
}

/// Why a text is not what a word wants.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither `true` nor `false`; its certificate must be good")]
pub struct TrustError(String);

impl Trust {
    /// Every word, in the order in which they must be said.
    pub const WORDS: [&str; 4] = ["tls.ca", "tls.server_name", "tls.client_cert", "tls.verify"];

    /// Takes in what is said under one of [`Trust::WORDS`]; another one says nothing, and so does an empty text.
    ///
    /// # Errors
    /// When it makes no sense. The backend is then not trusted blindly.
    pub fn say(&mut self, word: &str, text: &str) -> Result<(), TrustError> {
        let text = text.trim();
        let said = || Some(text.to_owned()).filter(|text| !text.is_empty());
        match word {
            // Whoever names an authority wants it to vouch.
            "tls.ca" => (self.authority, self.verify) = (said(), !text.is_empty()),
            "tls.server_name" => self.name = said(),
            "tls.client_cert" => self.certificate = said(),
            "tls.verify" if text.is_empty() => {}
            "tls.verify" => {
                self.verify = text != "false";
                if self.verify && text != "true" {
                    return Err(TrustError(text.to_owned()));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Somewhere a request can be sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Backend {
    /// Its lasting name.
    pub id: BackendId,
    /// What people call it: the container's name, or the address.
    pub name: String,
    /// The container port (or the port of the static address); what a `Host`
    /// header's port is compared with. Not necessarily the port dialled.
    pub port: u16,
    /// Where to dial.
    pub address: SocketAddr,
    /// What it speaks there.
    pub scheme: Scheme,
    /// Whether it should get new requests.
    pub condition: Condition,
    /// How many requests it takes at a time, zero for any number; none where nobody said so, and the settings do.
    pub max_requests: Option<u32>,
    /// Who stands behind it.
    pub whereabouts: Whereabouts,
    /// How much of the requests it gets, beside others.
    pub share: Share,
    /// How the master asks it whether it is well.
    pub check: Option<Box<Check>>,
    /// How far it is trusted where it speaks TLS.
    pub trust: Trust,
    /// How each connection tells it whose it is, if it does.
    pub announced: Option<Announcement>,
}

impl Backend {
    /// A backend at `address` that no container stands behind.
    #[must_use]
    pub fn at(address: SocketAddr) -> Backend {
        Backend::speaking(Scheme::Http, address)
    }

    /// The same, which speaks `scheme`.
    #[must_use]
    pub fn speaking(scheme: Scheme, address: SocketAddr) -> Backend {
        let id = BackendId::of_url(scheme, address);
        Backend {
            name: id.0.clone(),
            id,
            port: address.port(),
            address,
            scheme,
            condition: Condition::Ready,
            max_requests: None,
            whereabouts: Whereabouts::Fixed,
            share: Share::default(),
            check: None,
            trust: Trust::default(),
            announced: None,
        }
    }
}
