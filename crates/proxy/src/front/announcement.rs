//! What a proxy in front of us says of a connection before the client is heard: whose it is.

use std::io;

use dproxy_route::{Announced, AnnouncementError, Ends, announced};
use tokio::io::AsyncReadExt as _;

use crate::client::Path;
use crate::clock::{Deadline, Elapsed};
use crate::common::Common;
use crate::error::chain;
use crate::tcp::Tcp;

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

/// The path of a connection: the one that it announces, or the one that it took itself; none if it says neither, or not in time.
pub(super) async fn path(common: &Common, deadline: &Deadline, tcp: &mut Tcp, taken: Path) -> Option<Path> {
    deadline.set(common.settings().timeouts.request_head);
    let peer = taken.from();
    match deadline.guard(read(tcp)).await {
        Ok(Ok(announced)) => return Some(announced.map_or(taken, Path::Known)),
        Ok(Err(error @ Unannounced::Senseless(_))) => tracing::warn!(%peer, error = chain(&error), "connection closed"),
        Ok(Err(error @ Unannounced::Broken(_))) => tracing::debug!(%peer, error = chain(&error), "connection not announced"),
        Err(Elapsed) => tracing::debug!(%peer, "connection not announced in time"),
    }
    None
}

/// Reads the announcement and not a byte more: what follows is the client's.
async fn read(tcp: &mut Tcp) -> Result<Option<Ends>, Unannounced> {
    let stream = tcp.watched().map_err(Unannounced::Broken)?;
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
