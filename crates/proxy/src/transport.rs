//! What carries HTTP/1, or the whole of HTTP/2: a TCP connection, or a TLS session on one.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::flow::{Inlet, Outlet};
use crate::tcp::{Leave, Tcp, would_block};
use crate::tls::Session;

/// A connection, in clear or not.
#[derive(Debug)]
pub(crate) enum Transport {
    Tcp(Tcp),
    Tls(Session),
}

impl Transport {
    /// Waits until there is something to read, or the end. Each connection is read by one task, so the place
    /// for one waker will do: `TcpStream::readable` keeps a list of waiters and costs several times as much.
    pub(crate) async fn readable(&self) -> io::Result<()> {
        poll_fn(|context| match self {
            Transport::Tcp(tcp) => tcp.poll_readable(context),
            Transport::Tls(session) => session.poll_readable(context),
        })
        .await
    }

    /// Reads what waits to be read, if that can be had at once.
    pub(crate) fn try_read(&self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Transport::Tcp(tcp) => tcp.try_read(room),
            Transport::Tls(session) => session.try_read(room),
        }
    }

    /// Reads once; 0 is the end.
    pub(crate) async fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            // Who has waited for it to be readable finds something there.
            Transport::Tcp(tcp) => match would_block(tcp.try_read(room)) {
                Poll::Ready(read) => read,
                Poll::Pending => poll_fn(|context| tcp.poll_read(context, room)).await,
            },
            Transport::Tls(session) => session.read(room).await,
        }
    }

    /// The address that its other side reached, if the kernel tells.
    pub(crate) fn local_ip(&self) -> Option<IpAddr> {
        match self {
            Transport::Tcp(tcp) => tcp.local_ip(),
            Transport::Tls(session) => session.local_ip(),
        }
    }

    /// Says that nothing more comes.
    pub(crate) async fn end(&mut self) -> io::Result<()> {
        match self {
            Transport::Tcp(tcp) => tcp.end(),
            Transport::Tls(session) => session.end().await,
        }
    }

    /// Both directions, which may be used beside each other.
    pub(crate) fn split(&mut self) -> (Inlet<'_>, Outlet<'_>) {
        match self {
            Transport::Tcp(tcp) => (Inlet::Tcp(tcp), Outlet::Tcp(tcp)),
            Transport::Tls(session) => (Inlet::Tls(session), Outlet::Tls(session)),
        }
    }

    /// Resolves when the other side has gone. Nothing is read.
    pub(crate) async fn gone(&mut self) {
        match self {
            Transport::Tcp(tcp) => tcp.gone().await,
            Transport::Tls(session) => session.gone().await,
        }
    }

    /// Whether it is open, with nothing to read, as far as we know. Costs a
    /// system call only when something did arrive.
    pub(crate) fn is_silent(&self) -> bool {
        match self {
            Transport::Tcp(tcp) => matches!(tcp.try_read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock),
            Transport::Tls(session) => session.is_silent(),
        }
    }
}

impl AsyncRead for Transport {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Transport::Tcp(tcp) => tcp.poll_fill(context, into),
            Transport::Tls(session) => Pin::new(session).poll_read(context, into),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Transport::Tcp(tcp) => tcp.poll_write(context, &[IoSlice::new(bytes)], Leave::AtOnce),
            Transport::Tls(session) => Pin::new(session).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(self: Pin<&mut Self>, context: &mut Context<'_>, pieces: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Transport::Tcp(tcp) => tcp.poll_write(context, pieces, Leave::AtOnce),
            Transport::Tls(session) => Pin::new(session).poll_write_vectored(context, pieces),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Transport::Tcp(_) => Poll::Ready(Ok(())),
            Transport::Tls(session) => Pin::new(session).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Transport::Tcp(tcp) => Poll::Ready(tcp.end()),
            Transport::Tls(session) => Pin::new(session).poll_shutdown(context),
        }
    }
}
