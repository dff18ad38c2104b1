//! Bodies on their way: the one place where bytes of a body move.

use std::io::{self, IoSlice, Write as _};
use std::task::{Context, Poll};

use dproxy_http1::{BodyReader, Frame, Violation};

use crate::buffer::Buffer;
use crate::flow::{Inlet, Outlet};
use crate::forward::Encoding;
use crate::unless::unless;

/// A body longer than this gets a large buffer at once.
pub(crate) const LONG: u64 = 64 * 1024;
/// Up to so many bytes, copying them behind the head costs less than handing
/// the kernel two pieces.
const COPIED: usize = 4 * 1024;
const LAST_CHUNK: &[u8] = b"0\r\n";

/// Where a body comes from: what is in the buffer, then what can be read.
pub(crate) struct Source<'s, 't> {
    pub(crate) inlet: &'s mut Inlet<'t>,
    pub(crate) buffer: &'s mut Buffer,
    pub(crate) body: &'s mut BodyReader,
    /// Names of trailer fields that end here, as the head's `Connection` says.
    pub(crate) unwanted: &'s [Vec<u8>],
    pub(crate) silenced: Silenced<'s>,
}

/// Whether nothing more will come from a sender, though it never said so: its machine or network is gone.
pub(crate) type Silenced<'s> = &'s dyn Fn() -> bool;

/// Where a body goes.
#[derive(Debug)]
pub(crate) struct Sink<'s, 't> {
    pub(crate) outlet: &'s mut Outlet<'t>,
    pub(crate) encoding: Encoding,
    /// The connection ends with the body.
    pub(crate) closes: bool,
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
    /// There is more in the buffer, of which this is a line of trailers.
    Trailer,
    /// There is more in the buffer.
    Buffered,
    /// More must be read.
    Read,
    /// The body has ended.
    End,
}

/// Moves a body from `source` to `sink`, with `head` in front of its first
/// bytes. `progress` is called with the number of bytes whenever some went out.
pub(crate) async fn relay(
    head: &mut Vec<u8>,
    source: Source<'_, '_>,
    mut sink: Sink<'_, '_>,
    mut progress: impl FnMut(usize),
) -> Result<(), RelayError> {
    let Source { inlet, buffer, body, unwanted, silenced } = source;
    let encoding = sink.encoding;
    // Lines of HTTP/1 that are not passed on where they stand.
    let mut trailers = Vec::new();
    // Streams send frames of their own size anyway.
    let grows = !sink.outlet.is_stream();
    while grows && body.expected() > LONG && buffer.grow() {}
    loop {
        let expected = Expected { encoding, unwanted, whole: !head.is_empty() };
        let stretch = stretch(body, buffer.filled(), &expected).map_err(RelayError::Framing)?;
        let bytes = buffer.filled();
        let (data, behind) = (&bytes[..stretch.send], &bytes[stretch.send..][..stretch.skip]);
        if stretch.next == Next::End {
            sink.end(head, data, &trailers, || progress(0)).await.map_err(RelayError::Write)?;
            progress(stretch.send);
            buffer.consume(stretch.send);
            return Ok(());
        }
        if stretch.next == Next::Trailer {
            trailers.extend_from_slice(behind);
        }
        if stretch.send > 0 || !head.is_empty() {
            sink.send(head, data, || progress(0)).await.map_err(RelayError::Write)?;
            progress(stretch.send);
            head.clear();
        }
        buffer.consume(stretch.send + stretch.skip);
        if stretch.next != Next::Read {
            continue;
        }
        if buffer.is_full() && !buffer.grow() {
            return Err(RelayError::Framing(Violation::Trailer));
        }
        if read(inlet, buffer, sink.outlet, silenced).await? == 0 {
            if !body.may_end_here() {
                return Err(RelayError::Read(io::ErrorKind::UnexpectedEof.into()));
            }
            let trailers = inlet.trailers().await.map_err(RelayError::Read)?;
            return sink.end(head, &[], &trailers, || progress(0)).await.map_err(RelayError::Write);
        }
        // A sender that fills the buffer has more: fewer, larger pieces are cheaper.
        if buffer.is_full() && grows {
            buffer.grow();
        }
    }
}

/// Reads once, unless the receiver gives up first or the sender is gone. What came before it went is still read.
pub(crate) async fn read(
    inlet: &mut Inlet<'_>,
    buffer: &mut Buffer,
    outlet: &mut Outlet<'_>,
    silenced: Silenced<'_>,
) -> Result<usize, RelayError> {
    let given_up = |context: &mut Context<'_>| {
        if silenced() {
            return Poll::Ready(RelayError::Read(io::ErrorKind::ConnectionAborted.into()));
        }
        outlet.poll_gone(context).map(|()| RelayError::Write(io::ErrorKind::BrokenPipe.into()))
    };
    unless(inlet.read(buffer), given_up).await?.map_err(RelayError::Read)
}

/// What a stretch may be made of.
struct Expected<'s> {
    encoding: Encoding,
    unwanted: &'s [Vec<u8>],
    /// Nothing was sent yet: better to say what is wrong than to send a part.
    whole: bool,
}

fn stretch(body: &mut BodyReader, bytes: &[u8], expected: &Expected<'_>) -> Result<Stretch, Violation> {
    let passes = expected.encoding == Encoding::AsIs;
    let mut send = 0;
    loop {
        let before = *body;
        let (skip, next) = match body.next(&bytes[send..]) {
            Ok(Frame::Data(length)) => {
                send += length;
                continue;
            }
            Ok(Frame::Framing(length)) if passes => {
                send += length;
                continue;
            }
            Ok(Frame::Trailer(length)) if is_unwanted(&bytes[send..send + length], expected.unwanted) => (length, Next::Buffered),
            Ok(Frame::Trailer(length)) if passes => {
                send += length;
                continue;
            }
            Ok(Frame::Trailer(skip)) => (skip, Next::Trailer),
            Ok(Frame::Framing(skip) | Frame::Dropped(skip)) => (skip, Next::Buffered),
            Ok(Frame::Partial) => (0, Next::Read),
            Ok(Frame::End) => (0, Next::End),
            // What came before it is sound, and is not lost with it.
            Err(_) if send > 0 && !expected.whole => {
                *body = before;
                (0, Next::Buffered)
            }
            Err(violation) => return Err(violation),
        };
        return Ok(Stretch { send, skip, next });
    }
}

fn is_unwanted(line: &[u8], unwanted: &[Vec<u8>]) -> bool {
    let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
    unwanted.iter().any(|unwanted| unwanted.eq_ignore_ascii_case(name))
}

impl Sink<'_, '_> {
    /// Writes head and data together, the data as a chunk where that is wanted.
    async fn send(&mut self, head: &mut Vec<u8>, data: &[u8], moved: impl FnMut()) -> io::Result<()> {
        if self.encoding == Encoding::Chunks {
            let mut room = [0; 18];
            return self.outlet.write_all(&mut chunk(head, data, &[], &mut room), moved).await;
        }
        self.outlet.write_all(&mut together(head, data), moved).await
    }

    /// Writes what is left and the end of the body, which may be that of the connection too.
    async fn end(&mut self, head: &mut Vec<u8>, data: &[u8], trailers: &[u8], moved: impl FnMut()) -> io::Result<()> {
        if self.encoding == Encoding::Chunks {
            let (mut room, last) = ([0; 18], [LAST_CHUNK, trailers, b"\r\n"].concat());
            return self.write_end(&mut chunk(head, data, &last, &mut room), moved).await;
        }
        if self.outlet.is_stream() {
            self.outlet.write_all(&mut [IoSlice::new(head)], || {}).await?;
            return self.outlet.end(data, trailers, moved).await;
        }
        self.write_end(&mut together(head, data), moved).await
    }

    async fn write_end(&mut self, pieces: &mut [IoSlice<'_>], moved: impl FnMut()) -> io::Result<()> {
        if self.closes { self.outlet.write_last(pieces, moved).await } else { self.outlet.write_all(pieces, moved).await }
    }
}

/// Head and data, in one piece where copying costs less.
fn together<'p>(head: &'p mut Vec<u8>, data: &'p [u8]) -> [IoSlice<'p>; 2] {
    if head.is_empty() || data.len() > COPIED {
        return [head, data].map(IoSlice::new);
    }
    head.extend_from_slice(data);
    [head, &[][..]].map(IoSlice::new)
}

/// Head and data as a chunk, and what follows it.
fn chunk<'p>(head: &'p [u8], data: &'p [u8], last: &'p [u8], room: &'p mut [u8; 18]) -> [IoSlice<'p>; 5] {
    let (size, line_end) = if data.is_empty() { (&[][..], &[][..]) } else { (size_line(data.len(), room), &b"\r\n"[..]) };
    [head, size, data, line_end, last].map(IoSlice::new)
}

fn size_line(size: usize, room: &mut [u8; 18]) -> &[u8] {
    let mut rest = &mut room[..];
    write!(rest, "{size:x}\r\n").expect("sixteen digits and a line end fit");
    let used = 18 - rest.len();
    &room[..used]
}
