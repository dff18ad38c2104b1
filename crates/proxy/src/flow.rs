//! The two ends of a flow of body bytes, whatever protocol carries them.
//!
//! An [`Inlet`] is read into a [`Buffer`], an [`Outlet`] takes bytes as fast as
//! its receiver does. The windows of HTTP/2 and HTTP/3 are given back as bytes are copied out
//! and waited for before they are copied in, so back-pressure goes end to end.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use dproxy_http1::Name;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::buffer::Buffer;
use crate::h3::{Receiving, Sending};
use crate::tcp::{Leave, Tcp, would_block};
use crate::tls::Session;

/// Where bytes come from.
#[derive(Debug)]
pub(crate) enum Inlet<'t> {
    /// A connection of its own.
    Tcp(&'t Tcp),
    /// A TLS session of its own.
    Tls(&'t Session),
    /// A stream of an HTTP/2 connection, and what of its last frame did not fit.
    H2 { stream: RecvStream, rest: Bytes },
    /// A stream of an HTTP/3 connection.
    H3(&'t mut Receiving),
    /// The message has no body.
    Ended,
}

/// Where bytes go.
#[derive(Debug)]
pub(crate) enum Outlet<'t> {
    /// A connection of its own.
    Tcp(&'t Tcp),
    /// A TLS session of its own.
    Tls(&'t Session),
    /// A stream of an HTTP/2 connection.
    H2(SendStream<Bytes>),
    /// A stream of an HTTP/3 connection.
    H3(&'t mut Sending),
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
            Inlet::Tcp(tcp) => loop {
                poll_fn(|context| without_memory(tcp.poll_readable(context), buffer)).await?;
                if let Poll::Ready(read) = would_block(tcp.try_read(buffer.room())) {
                    let read = read?;
                    buffer.produced(read);
                    return Ok(read);
                }
            },
            Inlet::Tls(session) => {
                if buffer.is_empty() {
                    poll_fn(|context| without_memory(session.poll_readable(context), buffer)).await?;
                }
                let read = session.read(buffer.room()).await?;
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
            Inlet::H3(stream) => {
                let read = stream.read(buffer.room()).await?;
                buffer.produced(read);
                Ok(read)
            }
            Inlet::Ended => Ok(0),
        }
    }

    /// The trailer section as lines of HTTP/1, once everything was read.
    pub(crate) async fn trailers(&mut self) -> io::Result<Vec<u8>> {
        let stream = match self {
            Inlet::H2 { stream, .. } => stream,
            Inlet::H3(stream) => return Ok(stream.trailers()),
            Inlet::Tcp(_) | Inlet::Tls(_) | Inlet::Ended => return Ok(Vec::new()),
        };
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
    /// Writes all of `pieces`, in as few calls as the receiver allows, and calls
    /// `moved` whenever it took some but not all: a slow receiver is not a dead one.
    pub(crate) fn write_all(&mut self, pieces: &mut [IoSlice<'_>], moved: impl FnMut()) -> impl Future<Output = io::Result<()>> {
        self.write_to_leave(Leave::AtOnce, pieces, moved)
    }

    /// The same for the last bytes of a connection: what says so leaves with them, which spares a segment and whoever gets it a look.
    pub(crate) async fn write_last(&mut self, pieces: &mut [IoSlice<'_>], moved: impl FnMut()) -> io::Result<()> {
        self.write_to_leave(Leave::WithEnd, pieces, moved).await?;
        self.shutdown().await
    }

    async fn write_to_leave(&mut self, leave: Leave, pieces: &mut [IoSlice<'_>], mut moved: impl FnMut()) -> io::Result<()> {
        let mut pieces = filled(pieces);
        let mut left = pieces.iter().map(|piece| piece.len()).sum::<usize>();
        while left > 0 {
            let written = match self {
                Outlet::Tcp(tcp) => poll_fn(|context| tcp.poll_write(context, pieces, leave)).await?,
                Outlet::Tls(session) => session.seal(pieces)?,
                Outlet::H2(stream) => send(stream, pieces.first().map_or(&[], |data| data), false).await?,
                Outlet::H3(stream) => stream.write(pieces).await?,
                Outlet::Ended => pieces.iter().map(|piece| piece.len()).sum(),
            };
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            left = left.saturating_sub(written);
            if let Outlet::Tls(session) = self {
                if leave == Leave::WithEnd && left == 0 {
                    session.seal_end();
                }
                while session.send(leave).await? {
                    moved();
                }
            }
            if left > 0 {
                IoSlice::advance_slices(&mut pieces, written);
                moved();
            }
        }
        Ok(())
    }

    /// Writes all of `data` and, on a stream among others, the end of the body: `trailers` as
    /// lines of HTTP/1, or just the mark.
    pub(crate) async fn end(&mut self, data: &[u8], trailers: &[u8], mut moved: impl FnMut()) -> io::Result<()> {
        let Outlet::H2(stream) = self else {
            self.write_all(&mut [IoSlice::new(data)], moved).await?;
            return if let Outlet::H3(stream) = self { stream.end(&fields(trailers)).await } else { Ok(()) };
        };
        let mut rest = data;
        loop {
            let sent = send(stream, rest, trailers.is_empty()).await?;
            rest = &rest[sent..];
            if rest.is_empty() {
                break;
            }
            moved();
        }
        if trailers.is_empty() { Ok(()) } else { stream.send_trailers(fields(trailers)).map_err(io_error) }
    }

    /// Whether it is one of many on its connection, and the end of a body is told by the stream itself.
    pub(crate) fn is_stream(&self) -> bool {
        matches!(self, Outlet::H2(_) | Outlet::H3(_))
    }

    /// Says behind the end of a body that nothing more comes; a stream has said so with that end.
    pub(crate) async fn shutdown(&mut self) -> io::Result<()> {
        match self {
            Outlet::Tcp(tcp) => tcp.end(),
            Outlet::Tls(session) => session.end().await,
            Outlet::H2(_) | Outlet::H3(_) | Outlet::Ended => Ok(()),
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
            Outlet::H3(stream) => stream.poll_gone(context),
            Outlet::Tcp(_) | Outlet::Tls(_) | Outlet::Ended => Poll::Pending,
        }
    }

    /// Makes sure that what was written so far is not taken for the whole.
    pub(crate) fn break_off(&mut self) {
        match self {
            Outlet::H2(stream) => stream.send_reset(Reason::INTERNAL_ERROR),
            Outlet::H3(stream) => stream.break_off(),
            Outlet::Tcp(tcp) => tcp.reset(),
            Outlet::Tls(session) => session.break_off(),
            Outlet::Ended => {}
        }
    }
}

/// The pieces without the empty ones before and after: one piece alone is written by a simpler call.
fn filled<'p, 'd>(pieces: &'p mut [IoSlice<'d>]) -> &'p mut [IoSlice<'d>] {
    let end = pieces.iter().rposition(|piece| !piece.is_empty()).map_or(0, |last| last + 1);
    let start = pieces[..end].iter().position(|piece| !piece.is_empty()).unwrap_or(end);
    &mut pieces[start..end]
}

/// No memory waits for a peer that is silent.
fn without_memory(ready: Poll<io::Result<()>>, buffer: &mut Buffer) -> Poll<io::Result<()>> {
    if ready.is_pending() {
        buffer.rest();
    }
    ready
}

/// Sends what the receiver's window has room for, with the end of the body if
/// that is all of `data` and `ends`; how much that was.
async fn send(stream: &mut SendStream<Bytes>, data: &[u8], ends: bool) -> io::Result<usize> {
    if data.is_empty() {
        return if ends { stream.send_data(Bytes::new(), true).map(|()| 0).map_err(io_error) } else { Ok(0) };
    }
    stream.reserve_capacity(data.len());
    let capacity = poll_fn(|context| stream.poll_capacity(context)).await;
    let capacity = capacity.ok_or(io::ErrorKind::BrokenPipe)?.map_err(io_error)?;
    let sent = capacity.min(data.len());
    stream.send_data(Bytes::copy_from_slice(&data[..sent]), ends && sent == data.len()).map_err(io_error)?;
    Ok(sent)
}

/// Lines that were parsed before, as HTTP/2 and HTTP/3 want them.
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
