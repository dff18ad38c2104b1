//! The stream of a request of HTTP/3: what its client says, and what it is told.
//!
//! quinn carries the bytes and waits where a window is full, `dproxy_http3` knows what they mean.

use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes};
use dproxy_http1::Name;
use dproxy_http3::{Code, Piece, RequestReader, Section, Violation, answer};
use http::Response;
use quinn::{Connection, ReadError, RecvStream, SendStream, VarInt, WriteError};

use crate::forward::line;
use crate::message::fields_of;

/// What is taken from a stream at once.
const AT_ONCE: usize = 64 * 1024;

/// A request and its answer on an HTTP/3 connection.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) reads: Receiving,
    pub(crate) writes: Sending,
}

/// The half that a client speaks on.
#[derive(Debug)]
pub(crate) struct Receiving {
    connection: Connection,
    stream: RecvStream,
    reader: RequestReader,
    /// What was taken from the stream and not read.
    rest: Bytes,
    /// What was read of the body and not handed on.
    data: Bytes,
    trailers: Option<Section>,
    has_ended: bool,
    was_reset: bool,
}

/// The half that a client is spoken to on. Whoever drops it before its end breaks the answer off.
pub(crate) struct Sending {
    stream: SendStream,
    /// So many of the next bytes are frames already.
    framed: usize,
    /// So many bytes belong to the data frame that was begun.
    owed: usize,
    /// The beginning of a frame that is not written yet.
    begun: Bytes,
    has_ended: bool,
    was_refused: bool,
    /// Resolves when the client wants no more.
    refusal: Option<Pin<Box<dyn Future<Output = ()>>>>,
}

/// Why nothing more is read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unread {
    #[error("the client has gone")]
    Gone(#[source] ReadError),
    #[error("the client breaks a rule")]
    Senseless(#[source] Violation),
}

impl Stream {
    /// Of a connection whose field sections may have so many bytes.
    pub(crate) fn new(connection: Connection, (writes, reads): (SendStream, RecvStream), most: usize) -> Stream {
        Stream { reads: Receiving::new(connection, reads, most), writes: Sending::new(writes) }
    }

    /// Whether its client has given it up.
    pub(crate) fn was_given_up(&self) -> bool {
        self.reads.was_reset || self.writes.was_refused
    }

    /// Has the client hear what it did wrong.
    pub(crate) fn refuse(&mut self, violation: Violation) {
        self.writes.reset(violation.code());
        self.reads.refuse(violation);
    }
}

impl Receiving {
    fn new(connection: Connection, stream: RecvStream, most: usize) -> Receiving {
        let reader = RequestReader::new(most);
        let (rest, data) = (Bytes::new(), Bytes::new());
        Receiving { connection, stream, reader, rest, data, trailers: None, has_ended: false, was_reset: false }
    }

    /// The fields in front of the body.
    pub(crate) async fn head(&mut self) -> Result<Section, Unread> {
        loop {
            match self.next().await? {
                Some(Piece::Head(section)) => return Ok(section),
                Some(Piece::Data(_) | Piece::Trailers(_)) => {}
                None => return Err(Unread::Senseless(Violation::Incomplete)),
            }
        }
    }

    /// Whether a body follows the head. One whose end has not come yet is taken for one.
    pub(crate) async fn has_body(&mut self) -> Result<bool, Unread> {
        let next = {
            let mut next = pin!(self.next());
            poll_fn(|context| Poll::Ready(next.as_mut().poll(context))).await
        };
        match next {
            Poll::Pending => Ok(true),
            Poll::Ready(piece) => {
                let piece = piece?;
                let has_more = piece.is_some();
                self.keep(piece);
                Ok(has_more)
            }
        }
    }

    /// Reads once; 0 is the end.
    pub(crate) async fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        while self.data.is_empty() {
            match self.next().await {
                Ok(None) => return Ok(0),
                Ok(piece) => self.keep(piece),
                Err(Unread::Gone(error)) => return Err(io::Error::other(error)),
                Err(Unread::Senseless(violation)) => {
                    self.refuse(violation);
                    return Err(io::Error::other(violation));
                }
            }
        }
        let taken = self.data.len().min(room.len());
        self.data.copy_to_slice(&mut room[..taken]);
        Ok(taken)
    }

    /// The trailer section as lines of HTTP/1, once everything was read.
    pub(crate) fn trailers(&mut self) -> Vec<u8> {
        let mut lines = Vec::new();
        for (name, value) in self.trailers.take().iter().flat_map(Section::iter) {
            // The others would change what was decided when the head was read.
            if Name::of(name.as_bytes()) == Name::Other {
                line(&mut lines, name, value);
            }
        }
        lines
    }

    /// The next piece; none at the end. Whoever stops waiting loses nothing.
    async fn next(&mut self) -> Result<Option<Piece>, Unread> {
        loop {
            if let Some(piece) = self.reader.read(&mut self.rest).map_err(Unread::Senseless)? {
                return Ok(Some(piece));
            }
            if self.has_ended {
                return Ok(None);
            }
            match self.stream.read_chunk(AT_ONCE, true).await {
                Ok(Some(chunk)) => self.rest = chunk.bytes,
                Ok(None) => {
                    self.has_ended = true;
                    self.reader.end().map_err(Unread::Senseless)?;
                }
                Err(error) => {
                    self.was_reset = true;
                    return Err(Unread::Gone(error));
                }
            }
        }
    }

    fn keep(&mut self, piece: Option<Piece>) {
        match piece {
            Some(Piece::Data(data)) => self.data = data,
            Some(Piece::Trailers(section)) => self.trailers = Some(section),
            // There is one head only.
            Some(Piece::Head(_)) | None => {}
        }
    }

    fn refuse(&mut self, violation: Violation) {
        self.has_ended = true;
        // It may have ended by itself.
        let _ = self.stream.stop(number(violation.code()));
        if !violation.is_of_one_stream() {
            close(&self.connection, violation);
        }
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        if !self.has_ended {
            // The answer was given without the rest of the request (RFC 9114 §4.1).
            let _ = self.stream.stop(number(Code::NoError));
        }
    }
}

impl Sending {
    fn new(stream: SendStream) -> Sending {
        Sending { stream, framed: 0, owed: 0, begun: Bytes::new(), has_ended: false, was_refused: false, refusal: None }
    }

    /// Says an interim answer.
    pub(crate) async fn interim(&mut self, head: &Response<()>) -> io::Result<()> {
        let mut frame = Vec::new();
        answer::head(head.status().as_str(), fields_of(head.headers()), &mut frame);
        self.write_frames(frame.into()).await
    }

    /// Writes the answer's head to `out`, which is then the first that is written.
    pub(crate) fn begin(&mut self, head: &Response<()>, out: &mut Vec<u8>) {
        let before = out.len();
        answer::head(head.status().as_str(), fields_of(head.headers()), out);
        self.framed = out.len() - before;
    }

    /// Writes what the client takes at once; how much that was.
    pub(crate) async fn write(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let Some(first) = pieces.iter().find(|piece| !piece.is_empty()) else { return Ok(0) };
        if self.framed > 0 {
            let written = self.write_some(&first[..first.len().min(self.framed)]).await?;
            self.framed -= written;
            return Ok(written);
        }
        if self.owed == 0 {
            self.owed = pieces.iter().map(|piece| piece.len()).sum();
            let mut frame = Vec::with_capacity(9);
            answer::data(self.owed, &mut frame);
            self.begun = frame.into();
        }
        self.write_begun().await?;
        let written = self.write_some(&first[..first.len().min(self.owed)]).await?;
        self.owed -= written;
        Ok(written)
    }

    /// Says that nothing follows but trailers, given as fields.
    pub(crate) async fn end(&mut self, trailers: &http::HeaderMap) -> io::Result<()> {
        if !trailers.is_empty() {
            let mut frame = Vec::new();
            answer::trailers(fields_of(trailers), &mut frame);
            self.write_frames(frame.into()).await?;
        }
        self.has_ended = true;
        // A stream that was reset before has heard it.
        let _ = self.stream.finish();
        Ok(())
    }

    /// Says all of an answer of our own.
    pub(crate) async fn page(&mut self, head: &Response<()>, body: &[u8]) -> io::Result<()> {
        let mut frames = Vec::with_capacity(body.len() + 256);
        answer::head(head.status().as_str(), fields_of(head.headers()), &mut frames);
        if !body.is_empty() {
            answer::data(body.len(), &mut frames);
            frames.extend_from_slice(body);
        }
        self.framed = 0;
        self.write_frames(frames.into()).await?;
        self.end(&http::HeaderMap::new()).await
    }

    /// Ready when the client wants no more of it, or is gone.
    pub(crate) fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.refusal.is_none() {
            let stopped = self.stream.stopped();
            self.refusal = Some(Box::pin(async move {
                // Whatever it says, nobody listens.
                let _ = stopped.await;
            }));
        }
        let gone = self.refusal.as_mut().map_or(Poll::Pending, |refusal| refusal.as_mut().poll(context));
        self.was_refused |= gone.is_ready();
        gone
    }

    /// Makes sure that what was said so far is not taken for the whole.
    pub(crate) fn break_off(&mut self) {
        self.reset(Code::Internal);
    }

    fn reset(&mut self, code: Code) {
        self.has_ended = true;
        // One that has ended, or was refused, needs no more.
        let _ = self.stream.reset(number(code));
    }

    async fn write_frames(&mut self, frames: Bytes) -> io::Result<()> {
        self.begun = frames;
        self.write_begun().await
    }

    async fn write_begun(&mut self) -> io::Result<()> {
        while !self.begun.is_empty() {
            let begun = self.begun.clone();
            let written = self.write_some(&begun).await?;
            self.begun.advance(written);
        }
        Ok(())
    }

    async fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.stream.write(bytes).await;
        self.was_refused |= matches!(written, Err(WriteError::Stopped(_)));
        written.map_err(io::Error::other)
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        if !self.has_ended {
            // A stream that is only dropped would end as if all had been said.
            self.break_off();
        }
    }
}

impl std::fmt::Debug for Sending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sending").field("stream", &self.stream.id()).field("has_ended", &self.has_ended).finish_non_exhaustive()
    }
}

/// Ends a connection because of what its client did.
pub(crate) fn close(connection: &Connection, violation: Violation) {
    connection.close(number(violation.code()), violation.to_string().as_bytes());
}

/// A code as QUIC says it.
pub(crate) fn number(code: Code) -> VarInt {
    VarInt::from_u32(code.number())
}
