//! A body that goes on: server-sent events, until the listener or the master leaves.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::bulletin::{Bulletin, Kind};

/// A comment after so much silence shows both sides that the other one is there, and keeps proxies between them from closing.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The events that one listener gets.
pub(super) struct Feed {
    next: Pin<Box<Next>>,
}

/// The next event, and where those after it come from; none when it is over.
type Next = dyn Future<Output = Option<(Bytes, Source)>> + Send;

/// Where they come from.
pub(super) struct Source {
    /// Told before anything else.
    pub(super) first: Option<Bulletin>,
    /// What is told to everybody.
    pub(super) bulletins: Receiver<Bulletin>,
    /// Only these kinds; none is all.
    pub(super) kinds: Vec<Kind>,
    /// Its sender is gone when the master leaves.
    pub(super) open: watch::Receiver<()>,
}

impl Feed {
    pub(super) fn new(source: Source) -> Feed {
        Feed { next: Box::pin(source.next()) }
    }
}

impl Source {
    /// See [`Next`].
    async fn next(mut self) -> Option<(Bytes, Source)> {
        if let Some(first) = self.first.take()
            && self.wants(first.kind)
        {
            return Some((Bytes::from(first.to_string()), self));
        }
        loop {
            let bulletin = tokio::select! {
                heard = self.bulletins.recv() => match heard {
                    Ok(bulletin) => bulletin,
                    Err(RecvError::Lagged(missed)) => Bulletin::new(Kind::Missed, &missed),
                    Err(RecvError::Closed) => return None,
                },
                () = sleep(HEARTBEAT) => return Some((Bytes::from_static(b": all is quiet\n\n"), self)),
                _ = self.open.changed() => return None,
            };
            if self.wants(bulletin.kind) {
                return Some((Bytes::from(bulletin.to_string()), self));
            }
        }
    }

    fn wants(&self, kind: Kind) -> bool {
        self.kinds.is_empty() || kind == Kind::Missed || self.kinds.contains(&kind)
    }
}

impl Body for Feed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some((bytes, source)) = ready!(self.next.as_mut().poll(context)) else { return Poll::Ready(None) };
        self.next = Box::pin(source.next());
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }
}
