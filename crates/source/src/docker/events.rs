//! The engine's stream of events.

use bytes::BytesMut;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::sync::mpsc::UnboundedSender;
use tracing::warn;

use super::wire::Happening;

/// No event is longer; what is longer is no event.
const MAX_LINE: usize = 1024 * 1024;

/// Why the stream ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum StreamEnd {
    #[error("the engine ended its events")]
    Clean,
    #[error("the engine's events broke off")]
    Broken(#[source] hyper::Error),
    #[error("the engine sends events without end of line")]
    Endless,
}

/// Reads events until they end.
///
/// This task awaits nothing but the engine: one that waited for something else
/// would slow the engine down and lose events without a sign.
pub(super) async fn drain(mut body: Incoming, heard: UnboundedSender<Happening>) -> StreamEnd {
    let mut buffer = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let data = match frame {
            Ok(frame) => frame.into_data().unwrap_or_default(),
            Err(cause) => return StreamEnd::Broken(cause),
        };
        buffer.extend_from_slice(&data);
        while let Some(end) = buffer.iter().position(|&byte| byte == b'\n') {
            let line = buffer.split_to(end + 1);
            // Whoever listens may have gone; then this task is about to end as well.
            let _ = happening(line.trim_ascii()).map(|happening| heard.send(happening));
        }
        if buffer.len() > MAX_LINE {
            return StreamEnd::Endless;
        }
    }
    StreamEnd::Clean
}

fn happening(line: &[u8]) -> Option<Happening> {
    if line.is_empty() {
        return None;
    }
    Happening::read(line).unwrap_or_else(|error| {
        warn!(%error, "odd event");
        // Whatever it was about, the list knows.
        Some(Happening::Stirred)
    })
}
