//! The client's side while it is being answered: its body goes to the backend,
//! then whether it is still there.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use dproxy_http1::Violation;

use crate::buffer::Buffer;
use crate::exchange::progress::Progress;
use crate::flow::Inlet;
use crate::moments::Moments;
use crate::relay::{RelayError, Sink, Source, relay};
use crate::unless::unless;

/// How the client's side can end before the answer does.
#[derive(Debug)]
pub(crate) enum InboundEnd {
    /// It went away.
    Gone,
    /// Its body cannot be understood.
    Request(Violation),
    /// The backend takes no more of the body; it may answer all the same.
    Refused(io::Error),
}

/// The client's side, driven beside what its answer is waiting for.
pub(crate) struct Beside<'f, F> {
    inbound: Pin<&'f mut F>,
    /// Why the backend takes no more of the body.
    refused: Option<io::Error>,
}

/// Sends what is left of the body and then watches the client, keeping what it
/// says already of its next request. Ends only if something is wrong.
pub(crate) async fn inbound(body: Source<'_, '_>, to: Sink<'_, '_>, progress: &Progress<'_>, moments: &Moments) -> InboundEnd {
    let Source { inlet, buffer, body, unwanted, silenced } = body;
    if !body.is_done() {
        let source = Source { inlet: &mut *inlet, buffer: &mut *buffer, body, unwanted, silenced };
        // Apart, so that requests whose body is there make no room for it.
        match Box::pin(relay(&mut Vec::new(), source, to, |bytes| progress.received(bytes))).await {
            Ok(()) => {}
            Err(RelayError::Read(_)) => return InboundEnd::Gone,
            Err(RelayError::Framing(violation)) => return InboundEnd::Request(violation),
            Err(RelayError::Write(cause)) => return InboundEnd::Refused(cause),
        }
    }
    progress.request_sent();
    if matches!(inlet, Inlet::Tcp(tcp) if tcp.is_apart()) {
        moments.one().await;
    }
    watch(inlet, buffer).await
}

async fn watch(from: &mut Inlet<'_>, buffer: &mut Buffer) -> InboundEnd {
    // A stream that has ended says nothing more; whether its client is still there shows where it is answered.
    while matches!(from, Inlet::Tcp(_) | Inlet::Tls(_)) && !buffer.is_full() {
        if !matches!(from.read(buffer).await, Ok(1..)) {
            return InboundEnd::Gone;
        }
    }
    // Or it asked far ahead.
    std::future::pending().await
}

impl<'f, F: Future<Output = InboundEnd>> Beside<'f, F> {
    pub(crate) fn new(inbound: Pin<&'f mut F>) -> Self {
        Beside { inbound, refused: None }
    }

    /// Drives `main` to its end, unless the client's side ends it.
    pub(crate) fn drive<M: Future>(&mut self, main: M) -> impl Future<Output = Result<M::Output, InboundEnd>> {
        unless(main, |context| self.poll(context))
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<InboundEnd> {
        if self.refused.is_some() {
            return Poll::Pending;
        }
        match ready!(self.inbound.as_mut().poll(context)) {
            InboundEnd::Refused(cause) => {
                self.refused = Some(cause);
                Poll::Pending
            }
            end @ (InboundEnd::Gone | InboundEnd::Request(_)) => Poll::Ready(end),
        }
    }

    /// Whether the backend stopped taking the body.
    pub(crate) fn was_refused(&self) -> bool {
        self.refused.is_some()
    }
}
