//! Whether a connection with requests under way is alive: one that has been
//! silent for a while is asked, and given up when it does not answer.
//!
//! ```text
//! listening ──silent for QUIET──► asked ──nothing heard for PATIENCE──► dead
//!     ▲                             │
//!     └── anything else is heard ── answered ◄── the answer
//! ```
//! Each silence is asked about once: backends count PINGs that bring them nothing.

use std::cell::Cell;
use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use h2::client::Connection;
use h2::{Ping, PingPong};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::clock::{Clock, Deadline, millis};
use crate::flow::io_error;

/// A backend that works on a request may be silent for so long.
const QUIET: Duration = Duration::from_secs(5);
/// What a busy backend may take to answer a PING.
const PATIENCE: Duration = Duration::from_secs(15);

/// What is known of a connection's life.
#[derive(Debug)]
pub(crate) struct Pulse {
    /// Clock time at which something was read last.
    heard: Cell<u64>,
    /// Requests under way.
    streams: Cell<usize>,
    /// When to look at it next.
    deadline: Deadline,
    clock: Rc<Clock>,
}

/// A stream of bytes whose sender is listened to.
#[derive(Debug)]
pub(crate) struct Heard<S> {
    inner: S,
    pulse: Rc<Pulse>,
}

/// How far we are with a silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Silence {
    Listening,
    /// Since then.
    Asked(u64),
    /// Then; nothing was heard later.
    Answered(u64),
}

impl Pulse {
    pub(crate) fn new(clock: &Rc<Clock>) -> Rc<Pulse> {
        let (heard, streams, deadline) = (Cell::new(clock.now()), Cell::new(0), clock.deadline());
        deadline.set(QUIET);
        Rc::new(Pulse { heard, streams, deadline, clock: Rc::clone(clock) })
    }

    /// Requests under way.
    pub(crate) fn streams(&self) -> usize {
        self.streams.get()
    }

    pub(crate) fn stream_begins(&self) {
        if self.streams.replace(self.streams.get() + 1) == 0 {
            // After a long silence it is asked beside the first request.
            self.deadline.set(Duration::ZERO);
        }
    }

    pub(crate) fn stream_ends(&self) {
        self.streams.set(self.streams.get() - 1);
    }

    /// Ready when the connection has not answered in time.
    fn poll_dead(&self, silence: &mut Silence, pings: &mut PingPong, context: &mut Context<'_>) -> Poll<io::Error> {
        loop {
            if let (Silence::Asked(_), Poll::Ready(Ok(_))) = (*silence, pings.poll_pong(context)) {
                *silence = Silence::Answered(self.clock.now());
                self.deadline.set(QUIET);
            }
            ready!(self.deadline.poll_elapsed(context));
            let (heard, quiet) = (self.heard.get(), millis(QUIET));
            match *silence {
                Silence::Asked(since) if heard <= since => return Poll::Ready(io::ErrorKind::TimedOut.into()),
                Silence::Answered(since) if heard <= since => self.deadline.set(QUIET),
                Silence::Listening | Silence::Asked(_) | Silence::Answered(_) => {
                    let silent = self.clock.now() - heard;
                    if self.streams.get() == 0 || silent < quiet {
                        *silence = Silence::Listening;
                        self.deadline.set(Duration::from_millis(quiet.saturating_sub(silent).max(1)));
                    } else if pings.send_ping(Ping::opaque()).is_ok() {
                        *silence = Silence::Asked(self.clock.now());
                        self.deadline.set(PATIENCE);
                    } else {
                        // The answer to another one is still on its way.
                        self.deadline.set(QUIET);
                    }
                }
            }
        }
    }
}

/// Drives a connection until it ends or is dead.
pub(crate) async fn keep_alive<S: AsyncRead + AsyncWrite + Unpin>(
    mut connection: Connection<S, Bytes>,
    mut pings: PingPong,
    pulse: &Pulse,
) -> io::Result<()> {
    let mut silence = Silence::Listening;
    poll_fn(|context| match Pin::new(&mut connection).poll(context) {
        Poll::Ready(end) => Poll::Ready(end.map_err(io_error)),
        Poll::Pending => pulse.poll_dead(&mut silence, &mut pings, context).map(Err),
    })
    .await
}

impl<S> Heard<S> {
    pub(crate) fn new(inner: S, pulse: &Rc<Pulse>) -> Heard<S> {
        Heard { inner, pulse: Rc::clone(pulse) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Heard<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.inner).poll_read(context, into);
        if read.is_ready() {
            self.pulse.heard.set(self.pulse.clock.now());
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heard<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, pieces: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests;
