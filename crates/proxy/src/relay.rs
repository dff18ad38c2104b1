//! Bodies on their way: the one place where bytes of a body move.

use std::io::{self, IoSlice, Write as _};

use dproxy_http1::{BodyReader, Frame, Violation};
use tokio::io::{AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::tcp::{ReadHalf, WriteHalf};

use crate::buffer::Buffer;
use crate::forward::Encoding;

/// A body longer than this gets a large buffer at once.
const LONG: u64 = 64 * 1024;

/// Where a body comes from: what is in the buffer, then what can be read.
#[derive(Debug)]
pub(crate) struct Source<'s, 't> {
    pub(crate) stream: &'s mut ReadHalf<'t>,
    pub(crate) buffer: &'s mut Buffer,
    pub(crate) body: &'s mut BodyReader,
}

/// Where a body goes.
#[derive(Debug)]
pub(crate) struct Sink<'s, 't> {
    pub(crate) stream: &'s mut WriteHalf<'t>,
    pub(crate) encoding: Encoding,
}

/// Why a body did not arrive.
#[derive(Debug)]
pub(crate) enum RelayError {
    /// Its sender broke off or could not be read from.
    Read(io::Error),
    /// Its sender framed it wrongly.
    Framing(Violation),
    /// Its receiver did not take it.
    Write(io::Error),
}

/// What of the buffer goes out together.
struct Stretch {
    /// This many bytes go out …
    send: usize,
    /// … and this many behind them do not.
    skip: usize,
    next: Next,
}

#[derive(PartialEq, Eq)]
enum Next {
    /// There is more in the buffer.
    Buffered,
    /// More must be read.
    Read,
    /// The body has ended.
    End,
}

/// Up to so many bytes, copying them behind the head costs less than handing
/// the kernel two pieces.
const COPIED: usize = 4 * 1024;

/// Moves a body from `source` to `sink`, with `head` in front of its first
/// bytes. `progress` is called with the number of bytes whenever some went out.
pub(crate) async fn relay(
    head: &mut Vec<u8>,
    source: Source<'_, '_>,
    sink: Sink<'_, '_>,
    mut progress: impl FnMut(usize),
) -> Result<(), RelayError> {
    let Source { stream, buffer, body } = source;
    if body.expected() > LONG {
        buffer.grow();
    }
    loop {
        let stretch = stretch(body, buffer.filled(), sink.encoding).map_err(RelayError::Framing)?;
        let ends = stretch.next == Next::End;
        if stretch.send > 0 || !head.is_empty() || ends {
            send(sink.stream, head, &buffer.filled()[..stretch.send], sink.encoding, ends).await.map_err(RelayError::Write)?;
            progress(stretch.send);
            head.clear();
        }
        buffer.consume(stretch.send + stretch.skip);
        match stretch.next {
            Next::End => return Ok(()),
            Next::Buffered => continue,
            Next::Read => {}
        }
        if buffer.is_full() && !buffer.grow() {
            return Err(RelayError::Framing(Violation::Trailer));
        }
        let read = read(stream, buffer).await.map_err(RelayError::Read)?;
        if read == 0 {
            if !body.may_end_here() {
                return Err(RelayError::Read(io::ErrorKind::UnexpectedEof.into()));
            }
            if sink.encoding == Encoding::Chunks {
                sink.stream.write_all(LAST_CHUNK).await.map_err(RelayError::Write)?;
            }
            return Ok(());
        }
        // A sender that fills the buffer has more: fewer, larger pieces are cheaper.
        if buffer.is_full() {
            buffer.grow();
        }
    }
}

/// Reads once into the room of `buffer`; 0 is the end.
pub(crate) async fn read(stream: &mut ReadHalf<'_>, buffer: &mut Buffer) -> io::Result<usize> {
    let read = stream.read(buffer.room()).await?;
    buffer.produced(read);
    Ok(read)
}

const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

fn stretch(body: &mut BodyReader, bytes: &[u8], encoding: Encoding) -> Result<Stretch, Violation> {
    let mut send = 0;
    loop {
        match body.next(&bytes[send..])? {
            Frame::Data(length) => send += length,
            Frame::Framing(length) if encoding == Encoding::AsIs => send += length,
            Frame::Framing(skip) | Frame::Dropped(skip) => return Ok(Stretch { send, skip, next: Next::Buffered }),
            Frame::Partial => return Ok(Stretch { send, skip: 0, next: Next::Read }),
            Frame::End => return Ok(Stretch { send, skip: 0, next: Next::End }),
        }
    }
}

/// Writes head and data together, the data as a chunk where that is wanted.
async fn send(stream: &mut WriteHalf<'_>, head: &mut Vec<u8>, data: &[u8], encoding: Encoding, ends: bool) -> io::Result<()> {
    if encoding == Encoding::Chunks {
        return send_chunk(stream, head, data, ends).await;
    }
    if head.is_empty() {
        return stream.write_all(data).await;
    }
    if data.len() <= COPIED {
        head.extend_from_slice(data);
        return stream.write_all(head).await;
    }
    write_all(stream, &mut [IoSlice::new(head), IoSlice::new(data)]).await
}

async fn send_chunk(stream: &mut WriteHalf<'_>, head: &[u8], data: &[u8], ends: bool) -> io::Result<()> {
    let mut room = [0; 18];
    let (size, line_end) = if data.is_empty() { (&[][..], &[][..]) } else { (size_line(data.len(), &mut room), &b"\r\n"[..]) };
    let last = if ends { LAST_CHUNK } else { &[] };
    write_all(stream, &mut [head, size, data, line_end, last].map(IoSlice::new)).await
}

fn size_line(size: usize, room: &mut [u8; 18]) -> &[u8] {
    let mut rest = &mut room[..];
    write!(rest, "{size:x}\r\n").expect("sixteen digits and a line end fit");
    let used = 18 - rest.len();
    &room[..used]
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
