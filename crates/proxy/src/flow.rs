//! The two ends of a flow of body bytes, whatever protocol carries them.
//!
//! An [`Inlet`] is read into a [`Buffer`], an [`Outlet`] takes bytes as fast as
//! its receiver does. HTTP/2's windows are given back as bytes are copied out
//! and waited for before they are copied in, so back-pressure goes end to end.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use dproxy_http1::Name;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::tcp::{ReadHalf, WriteHalf};

use crate::buffer::Buffer;

/// Where bytes come from.
#[derive(Debug)]
pub(crate) enum Inlet<'t> {
    /// A connection of its own.
    Tcp(ReadHalf<'t>),
    /// A stream of an HTTP/2 connection, and what of its last frame did not fit.
    H2 { stream: RecvStream, rest: Bytes },
    /// The message has no body.
    Ended,
}

/// Where bytes go.
#[derive(Debug)]
pub(crate) enum Outlet<'t> {
    /// A connection of its own.
    Tcp(WriteHalf<'t>),
    /// A stream of an HTTP/2 connection.
    H2(SendStream<Bytes>),
    /// The message has no body and was ended with its head.
    Ended,
}

impl Inlet<'_> {
    pub(crate) fn h2<'t>(stream: RecvStream) -> Inlet<'t> {
        Inlet::H2 { stream, rest: Bytes::new() }
    }

    /// Reads once into the room of `buffer`; 0 is the end.
    pub(crate) async fn read(&mut self, buffer: &mut Buffer) -> io::Result<usize> {
        match self {
            Inlet::Tcp(stream) => {
                // No memory waits for a peer that is silent.
                if !buffer.is_there() {
                    stream.readable().await?;
                }
                let read = stream.read(buffer.room()).await?;
                buffer.produced(read);
                Ok(read)
            }
            Inlet::H2 { stream, rest } => {
                while rest.is_empty() {
                    match poll_fn(|context| stream.poll_data(context)).await {
                        Some(data) => *rest = data.map_err(io_error)?,
                        None => return Ok(0),
                    }
                }
                let room = buffer.room();
                let taken = rest.len().min(room.len());
                rest.copy_to_slice(&mut room[..taken]);
                buffer.produced(taken);
                stream.flow_control().release_capacity(taken).map_err(io_error)?;
                Ok(taken)
            }
            Inlet::Ended => Ok(0),
        }
    }

    /// The trailer section as lines of HTTP/1, once everything was read.
    pub(crate) async fn trailers(&mut self) -> io::Result<Vec<u8>> {
        let Inlet::H2 { stream, .. } = self else { return Ok(Vec::new()) };
        let trailers = poll_fn(|context| stream.poll_trailers(context)).await.map_err(io_error)?;
        let mut lines = Vec::new();
        for (name, value) in trailers.iter().flatten() {
            // The others would change what was decided when the head was read.
            if Name::of(name.as_str().as_bytes()) == Name::Other {
                crate::forward::line(&mut lines, name.as_str(), value.as_bytes());
            }
        }
        Ok(lines)
    }
}

impl Outlet<'_> {
    /// Writes all of `data`.
    pub(crate) async fn write_all(&mut self, data: &[u8]) -> io::Result<()> {
        match self {
            Outlet::Tcp(stream) => stream.write_all(data).await,
            Outlet::H2(stream) => send(stream, data, false).await,
            Outlet::Ended => Ok(()),
        }
    }

    /// Writes all of `pieces`, together where the protocol has a say in that.
    pub(crate) async fn write_pieces(&mut self, pieces: &mut [IoSlice<'_>]) -> io::Result<()> {
        match self {
            Outlet::Tcp(stream) => write_all(stream, pieces).await,
            Outlet::H2(_) | Outlet::Ended => {
                for piece in pieces {
                    self.write_all(piece).await?;
                }
                Ok(())
            }
        }
    }

    /// Writes all of `data` and, over HTTP/2, the end of the body: `trailers` as
    /// lines of HTTP/1, or just the mark.
    pub(crate) async fn end(&mut self, data: &[u8], trailers: &[u8]) -> io::Result<()> {
        match self {
            Outlet::Tcp(stream) => stream.write_all(data).await,
            Outlet::H2(stream) if trailers.is_empty() => send(stream, data, true).await,
            Outlet::H2(stream) => {
                send(stream, data, false).await?;
                stream.send_trailers(fields(trailers)).map_err(io_error)
            }
            Outlet::Ended => Ok(()),
        }
    }

    /// Says behind the end of a body that nothing more comes; HTTP/2 has said so with that end.
    pub(crate) async fn shutdown(&mut self) -> io::Result<()> {
        match self {
            Outlet::Tcp(stream) => stream.shutdown().await,
            Outlet::H2(_) | Outlet::Ended => Ok(()),
        }
    }

    /// Ready when the receiver has given up; a TCP receiver says so on its other half.
    pub(crate) fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match self {
            Outlet::H2(stream) => {
                // Either it was reset or its whole connection ended.
                let _ = ready!(stream.poll_reset(context));
                Poll::Ready(())
            }
            Outlet::Tcp(_) | Outlet::Ended => Poll::Pending,
        }
    }

    /// Makes sure that what was written so far is not taken for the whole.
    pub(crate) fn break_off(&mut self) {
        match self {
            Outlet::H2(stream) => stream.send_reset(Reason::INTERNAL_ERROR),
            Outlet::Tcp(stream) => {
                // If it cannot be set, the client sees an end too early, as from any server that dies.
                let _ = socket2::SockRef::from(stream.as_ref()).set_linger(Some(std::time::Duration::ZERO));
            }
            Outlet::Ended => {}
        }
    }
}

/// Sends as the receiver's window opens.
async fn send(stream: &mut SendStream<Bytes>, data: &[u8], ends: bool) -> io::Result<()> {
    let mut data = Bytes::copy_from_slice(data);
    while !data.is_empty() {
        stream.reserve_capacity(data.len());
        let capacity = poll_fn(|context| stream.poll_capacity(context)).await;
        let capacity = capacity.ok_or(io::ErrorKind::BrokenPipe)?.map_err(io_error)?;
        let piece = data.split_to(capacity.min(data.len()));
        let last = ends && data.is_empty();
        stream.send_data(piece, last).map_err(io_error)?;
        if last {
            return Ok(());
        }
    }
    if ends { stream.send_data(Bytes::new(), true).map_err(io_error) } else { Ok(()) }
}

/// Writes all of `pieces`, in as few calls as the receiver allows.
pub(crate) async fn write_all(stream: &mut (impl AsyncWrite + Unpin), mut pieces: &mut [IoSlice<'_>]) -> io::Result<()> {
    IoSlice::advance_slices(&mut pieces, 0);
    while !pieces.is_empty() {
        let written = stream.write_vectored(pieces).await?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        IoSlice::advance_slices(&mut pieces, written);
    }
    Ok(())
}

/// Lines that were parsed before, as HTTP/2 wants them.
fn fields(lines: &[u8]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for line in lines.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            fields.append(name, value);
        }
    }
    fields
}

pub(crate) fn io_error(error: h2::Error) -> io::Error {
    if error.is_io() { error.into_io().unwrap_or_else(|| io::ErrorKind::ConnectionReset.into()) } else { io::Error::other(error) }
}
