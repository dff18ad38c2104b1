//! Why a request got no answer from a backend, and what the client is told.

use std::io;
use std::net::SocketAddr;

use dproxy_http1::{Method, Violation};
use dproxy_route::{HostError, Notice};
use dproxy_stats::Fault;

/// A request that failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProxyError {
    #[error("bad request")]
    Request(#[source] Violation),
    #[error("bad host")]
    Host(#[source] HostError),
    #[error("this connection was made for another site")]
    Misdirected,
    #[error("this site wants a client certificate")]
    NoCertificate,
    #[error("method not allowed")]
    Method,
    #[error("the request did not arrive in time")]
    RequestTimeout,
    #[error("no route")]
    Unknown,
    #[error("offline: {}", .0.reason)]
    Offline(Box<Notice>),
    #[error("all backends are busy")]
    Busy,
    #[error("cannot connect to `{address}`")]
    Connect {
        address: SocketAddr,
        #[source]
        cause: io::Error,
    },
    #[error("connection to `{address}` not made in time")]
    ConnectTimeout { address: SocketAddr },
    #[error("no TLS with `{address}`")]
    BackendTls {
        address: SocketAddr,
        #[source]
        cause: io::Error,
    },
    #[error("an upgrade cannot reach `{address}`, which speaks HTTP/2 and does not allow extended CONNECT (RFC 8441)")]
    NoTunnel { address: SocketAddr },
    #[error("backend closed the connection without an answer")]
    BackendClosed(#[source] io::Error),
    #[error("the container at `{address}` has gone")]
    BackendGone { address: SocketAddr },
    #[error("backend did not answer in time")]
    BackendTimeout,
    #[error("backend's answer is malformed")]
    Backend(#[source] Violation),
    #[error("backend answered {status} for a name that it may not serve")]
    Unfit { status: u16 },
    #[error("client went away")]
    ClientGone,
}

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blame {
    /// What it sent cannot be served, now or later.
    Client,
    /// Nobody is wrong: it is just not there.
    Nobody,
    /// It should have answered.
    Backend,
}

impl ProxyError {
    pub(crate) fn blame(&self) -> Blame {
        match self {
            ProxyError::Request(_)
            | ProxyError::Host(_)
            | ProxyError::Misdirected
            | ProxyError::NoCertificate
            | ProxyError::Method
            | ProxyError::RequestTimeout
            | ProxyError::ClientGone => Blame::Client,
            ProxyError::Unknown | ProxyError::Offline(_) | ProxyError::Busy => Blame::Nobody,
            ProxyError::Connect { .. }
            | ProxyError::ConnectTimeout { .. }
            | ProxyError::BackendTls { .. }
            | ProxyError::NoTunnel { .. }
            | ProxyError::BackendClosed(_)
            | ProxyError::BackendGone { .. }
            | ProxyError::BackendTimeout
            | ProxyError::Unfit { .. }
            | ProxyError::Backend(_) => Blame::Backend,
        }
    }

    /// Whether a request with this method may be sent again once the world has changed: nobody had it, or nobody is
    /// left who had it and twice does no harm.
    pub(crate) fn may_pass(&self, method: Method) -> bool {
        match self {
            ProxyError::Connect { .. } | ProxyError::ConnectTimeout { .. } => true,
            ProxyError::BackendClosed(_) | ProxyError::BackendGone { .. } => method.is_idempotent(),
            _ => false,
        }
    }

    /// What of it counts against the backend.
    pub(crate) fn fault(&self) -> Option<Fault> {
        match self {
            ProxyError::Connect { .. } | ProxyError::BackendTls { .. } => Some(Fault::Connect),
            ProxyError::ConnectTimeout { .. } => Some(Fault::ConnectTimeout),
            ProxyError::BackendClosed(_) => Some(Fault::Closed),
            ProxyError::BackendTimeout => Some(Fault::Timeout),
            ProxyError::Backend(_) => Some(Fault::Malformed),
            ProxyError::Request(_)
            | ProxyError::Host(_)
            | ProxyError::Method
            | ProxyError::RequestTimeout
            | ProxyError::Unknown
            | ProxyError::Offline(_)
            | ProxyError::Busy
            | ProxyError::NoTunnel { .. }
            | ProxyError::Unfit { .. }
            | ProxyError::Misdirected
            | ProxyError::NoCertificate
            | ProxyError::BackendGone { .. }
            | ProxyError::ClientGone => None,
        }
    }

    /// The status the client gets; none when there is nobody to tell.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            ProxyError::Request(violation) => Some(match violation {
                Violation::TargetTooLong => 414,
                Violation::HeadTooLarge => 431,
                Violation::Version => 505,
                Violation::LineEnd
                | Violation::RequestLine
                | Violation::StatusLine
                | Violation::Target
                | Violation::Folded
                | Violation::FieldName
                | Violation::FieldValue
                | Violation::ContentLength
                | Violation::TransferEncoding
                | Violation::TwoLengths
                | Violation::Host
                | Violation::Chunk
                | Violation::Trailer => 400,
            }),
            ProxyError::Host(_) => Some(400),
            ProxyError::Misdirected => Some(421),
            ProxyError::NoCertificate => Some(403),
            ProxyError::Method => Some(405),
            ProxyError::RequestTimeout => Some(408),
            ProxyError::Unknown => Some(404),
            ProxyError::Offline(_) | ProxyError::Busy => Some(503),
            ProxyError::Connect { .. }
            | ProxyError::BackendTls { .. }
            | ProxyError::NoTunnel { .. }
            | ProxyError::BackendClosed(_)
            | ProxyError::BackendGone { .. }
            | ProxyError::Backend(_) => Some(502),
            ProxyError::Unfit { status } => Some(*status),
            ProxyError::ConnectTimeout { .. } | ProxyError::BackendTimeout => Some(504),
            ProxyError::ClientGone => None,
        }
    }

    /// Its own words and those of everything that caused it.
    pub(crate) fn chain(&self) -> String {
        chain(self)
    }
}

/// An error's own words and those of everything that caused it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
