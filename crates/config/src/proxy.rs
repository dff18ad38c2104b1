//! The settings that workers obey.
//!
//! This one type *is* what the configuration makes, what the snapshot carries
//! and what the proxy reads: no copies, no twin for updates.

use std::fmt;
use std::time::Duration;

use dproxy_route::Algorithm;

use crate::{AccessLines, Following, TlsSettings};

/// Everything that a worker needs to know besides routes and sockets.
#[derive(Clone, Debug, PartialEq, Eq, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct ProxySettings {
    /// This proxy's name: `x-forwarded-server` and `Via`.
    pub server_name: String,
    /// How long each step of a request may take.
    pub timeouts: Timeouts,
    /// How large a request may be.
    pub limits: Limits,
    /// Peers whose forwarding headers are believed, as networks (`10.0.0.0/8`).
    pub trusted: Vec<String>,
    /// Peers whose connections begin with the PROXY protocol, as networks.
    pub announced_by: Vec<String>,
    /// What is written of each request, where there is an access log.
    pub access: AccessLines,
    /// What requests are followed by.
    pub following: Following,
    /// What people see where no backend answers.
    pub pages: Pages,
    /// Whether `www.X` is served as `X` where nothing else serves it.
    pub www_fallback: bool,
    /// How TLS is spoken with clients, and with what.
    pub tls: TlsSettings,
    /// How a backend is chosen where its route does not say.
    pub balance: Algorithm,
    /// When a backend that fails is left alone.
    pub ejection: Ejection,
    /// Makes names of backends that clients see, which tell nothing and stay the same.
    pub secret: MarkKey,
}

/// When a backend that fails is left alone, and for how long.
#[derive(Clone, Debug, PartialEq, Eq, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Ejection {
    /// After so many failures in a row; zero is never.
    pub failures: u32,
    /// The first time; for as much longer each time that follows soon.
    pub time: Duration,
    /// But not for more.
    pub longest: Duration,
    /// In percent of a route's backends: no more than these at a time.
    pub share: u32,
    /// Whether an answer with a status of 500 or more is a failure.
    pub server_errors: bool,
}

/// The key of a keyed hash. Its holder never shows it.
#[derive(Clone, Copy, Default, PartialEq, Eq, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct MarkKey(pub u64, pub u64);

impl fmt::Debug for MarkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MarkKey")
    }
}

/// What people see where no backend answers; the built-in page where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Pages {
    /// The operator's own, each for one status; at most one without, which is for all others.
    pub templates: Vec<PageTemplate>,
    /// Whether they may tell the names of containers.
    pub container_names: bool,
}

/// A page with places for words.
#[derive(Clone, Debug, PartialEq, Eq, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct PageTemplate {
    /// For which status; none is for all that have no page of their own.
    pub status: Option<u16>,
    /// HTML.
    pub text: String,
}

impl Pages {
    /// The operator's page for this status.
    #[must_use]
    pub fn template(&self, status: u16) -> Option<&str> {
        let of = |wanted: Option<u16>| self.templates.iter().find(|template| template.status == wanted);
        of(Some(status)).or_else(|| of(None)).map(|template| template.text.as_str())
    }
}

/// How long each step may take; none is a cap on a whole body.
#[derive(Clone, Debug, PartialEq, Eq, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Timeouts {
    /// From the first byte of a request head to its last.
    pub request_head: Duration,
    /// From the first byte of a TLS handshake to its end.
    pub handshake: Duration,
    /// To get a place at a backend when all of a route's backends are full.
    pub queue: Duration,
    /// To wait for containers that have gone and may come back at once, or that are starting.
    pub hold: Duration,
    /// To open a connection to a backend.
    pub connect: Duration,
    /// From the whole request sent to the first byte of the answer.
    pub first_byte: Duration,
    /// Between two bytes of a body, either way.
    pub idle: Duration,
    /// Between two bytes of a tunnel (WebSocket, any other `Upgrade`), either way.
    pub tunnel: Duration,
    /// Between two requests of a client's connection.
    pub keep_alive: Duration,
    /// How long an unused connection to a backend is kept.
    pub upstream_keep_alive: Duration,
    /// How long a leaving worker finishes what it has.
    pub drain: Duration,
}

/// How large a request may be.
#[derive(Clone, Debug, PartialEq, Eq, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Limits {
    /// Bytes of a request or answer head, request line and fields.
    pub head_bytes: u32,
    /// Fields of a head.
    pub head_fields: u32,
    /// Bytes of the request target; more is 414.
    pub target_bytes: u32,
    /// Client connections per worker.
    pub connections: u32,
    /// TLS handshakes that are under way at a time in one worker; another one ends the oldest.
    pub handshakes: u32,
    /// Requests that a backend takes at a time, over all workers, where nothing else is said of it; zero is any number.
    pub backend_requests: u32,
    /// Requests that wait in one worker for the backends of one route; more are refused at once.
    pub queue: u32,
    /// Requests that wait in one worker for containers to come back; more are refused at once.
    pub held: u32,
    /// Bytes of memory that these have.
    pub held_bytes: u32,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            request_head: Duration::from_secs(10),
            handshake: Duration::from_secs(10),
            queue: Duration::from_secs(10),
            hold: Duration::from_secs(10),
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(60),
            idle: Duration::from_secs(60),
            tunnel: Duration::from_secs(3600),
            keep_alive: Duration::from_secs(75),
            upstream_keep_alive: Duration::from_secs(4),
            drain: Duration::from_secs(30),
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            head_bytes: 64 * 1024,
            head_fields: 128,
            target_bytes: 16 * 1024,
            connections: 100_000,
            handshakes: 2000,
            backend_requests: 0,
            queue: 1000,
            held: 1000,
            held_bytes: 64 * 1024 * 1024,
        }
    }
}

impl Default for Ejection {
    fn default() -> Ejection {
        Ejection { failures: 5, time: Duration::from_secs(10), longest: Duration::from_secs(300), share: 50, server_errors: false }
    }
}

impl Default for ProxySettings {
    fn default() -> ProxySettings {
        ProxySettings {
            server_name: "dproxy".to_owned(),
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            trusted: Vec::new(),
            announced_by: Vec::new(),
            access: AccessLines::default(),
            following: Following::default(),
            pages: Pages::default(),
            www_fallback: true,
            tls: TlsSettings::default(),
            balance: Algorithm::default(),
            ejection: Ejection::default(),
            secret: MarkKey::default(),
        }
    }
}
