//! What a proxy in front of us says of a connection before the client is heard: whose it is.

use std::io;
use std::net::SocketAddr;

use dproxy_route::{Announced, AnnouncementError, Ends, announced};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use crate::clock::{Deadline, Elapsed};
use crate::common::Common;
use crate::error::chain;

/// More than the announcement of a client that comes over TCP needs.
const AT_ONCE: usize = 512;

/// Why it is not known whose connection it is.
#[derive(Debug, thiserror::Error)]
enum Unannounced {
    #[error("the connection broke")]
    Broken(#[source] io::Error),
    #[error("it was not announced by the PROXY protocol, as the setting `proxy_protocol` wants")]
    Senseless(#[source] AnnouncementError),
}

/// The ends of a connection from `peer`: those that it announces, if its connections begin with that; none if they
/// should and this one does not, or not in time.
pub(super) async fn ends(common: &Common, deadline: &Deadline, stream: &mut TcpStream, ends: Ends) -> Option<Ends> {
    deadline.set(common.settings().timeouts.request_head);
    let peer = ends.from;
    match deadline.guard(read(stream)).await {
        Ok(Ok(announced)) => return Some(announced.unwrap_or(ends)),
        Ok(Err(error @ Unannounced::Senseless(_))) => tracing::warn!(%peer, error = chain(&error), "connection closed"),
        Ok(Err(error @ Unannounced::Broken(_))) => tracing::debug!(%peer, error = chain(&error), "connection not announced"),
        Err(Elapsed) => tracing::debug!(%peer, "connection not announced in time"),
    }
    None
}

/// Reads the announcement and not a byte more: what follows is the client's.
async fn read(stream: &mut TcpStream) -> Result<Option<Ends>, Unannounced> {
    let mut known = Vec::new();
    loop {
        let before = known.len();
        let mut room = [0; AT_ONCE];
        let seen = stream.peek(&mut room).await.map_err(Unannounced::Broken)?;
        if seen == 0 {
            return Err(Unannounced::Broken(io::ErrorKind::UnexpectedEof.into()));
        }
        known.extend_from_slice(&room[..seen]);
        let (taken, ends) = match announced(&known).map_err(Unannounced::Senseless)? {
            Announced::Whole { length, ends } => (length - before, Some(ends)),
            Announced::Partial => (seen, None),
        };
        stream.read_exact(&mut room[..taken]).await.map_err(Unannounced::Broken)?;
        if let Some(ends) = ends {
            return Ok(ends);
        }
    }
}

/// Both ends of a connection as the kernel has them.
pub(super) fn own_ends(stream: &TcpStream, from: SocketAddr, port: u16) -> Ends {
    // A socket that does not tell is about to end.
    let ip = stream.local_addr().map_or(from.ip(), |address| address.ip());
    Ends { from, to: SocketAddr::new(ip, port) }
}
