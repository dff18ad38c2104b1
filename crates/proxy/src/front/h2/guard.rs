//! A connection that watches for floods of frames that cost us work and bring nobody anything.
//!
//! HTTP/2 lets a client send SETTINGS, PING, PRIORITY, RST_STREAM,
//! WINDOW_UPDATE, CONTINUATION and empty DATA without end. Each costs tokens;
//! requests, data and time bring tokens back. Whoever has none left is cut off,
//! and so is whoever begins a header block and does not end it in time: nothing
//! else can be said on a connection meanwhile (RFC 9113 §4.3).

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::buffer::Buffer;
use crate::clock::{Clock, Deadline};

/// Tokens of a new connection, and the most it can save.
const SAVED: i64 = 10_000;
/// Tokens that a second brings.
const PER_SECOND: i64 = 200;
/// What a request brings and what cancelling one costs: half of them may be
/// cancelled for ever, and a thousand in one go.
const REQUEST: i64 = 10;
const CANCEL: i64 = 20;
/// Bytes of ours that bring a token: a client that takes a long answer sends many window updates.
const PER_TOKEN: usize = 1024;

const DATA: u8 = 0x0;
const HEADERS: u8 = 0x1;
const RST_STREAM: u8 = 0x3;
const CONTINUATION: u8 = 0x9;
const END_HEADERS: u8 = 0x4;
const FRAME_HEADER: usize = 9;

/// A stream of bytes with some read before, whose frames are counted.
pub(crate) struct Guarded<S> {
    inner: S,
    /// What was read before, until it was handed out.
    begun: Option<Buffer>,
    frames: Frames,
    written: usize,
    clock: Rc<Clock>,
    refilled: u64,
    /// When a header block that has begun must have ended.
    deadline: Deadline,
    patience: Duration,
}

/// Walks over frames and keeps account.
struct Frames {
    tokens: i64,
    /// Bytes of the preface or of a payload that are still to come.
    skip: usize,
    header: [u8; FRAME_HEADER],
    have: usize,
    block: Block,
    /// Header blocks that have begun.
    begun: u64,
}

/// How much of a header block has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Block {
    /// None is under way.
    None,
    /// Another frame of it must follow.
    Open,
    /// The payload of its last frame.
    Last,
}

impl<S> Guarded<S> {
    /// Guards `inner`, of which `begun` was read before. A header block may take as long as `patience`.
    pub(crate) fn new(inner: S, begun: Option<Buffer>, clock: &Rc<Clock>, patience: Duration) -> Guarded<S> {
        let frames = Frames::new(super::PREFACE.len());
        let (deadline, refilled) = (clock.deadline(), clock.now());
        Guarded { inner, begun, frames, written: 0, clock: Rc::clone(clock), refilled, deadline, patience }
    }

    fn account(&mut self, bytes: &[u8]) -> io::Result<()> {
        let now = self.clock.now();
        let elapsed = i64::try_from(now - self.refilled).unwrap_or(i64::MAX);
        let earned = elapsed.saturating_mul(PER_SECOND) / 1000;
        if earned > 0 {
            self.refilled = now;
        }
        let sent = i64::try_from(self.written / PER_TOKEN).unwrap_or(0);
        self.written %= PER_TOKEN;
        self.frames.earn(earned.saturating_add(sent));
        let begun = self.frames.begun;
        self.frames.walk(bytes);
        if self.frames.block == Block::None {
            self.deadline.clear();
        } else if self.frames.begun != begun {
            self.deadline.set(self.patience);
        }
        if self.frames.tokens < 0 { Err(io::Error::other("a flood of control frames")) } else { Ok(()) }
    }
}

impl Frames {
    fn new(skip: usize) -> Frames {
        Frames { tokens: SAVED, skip, header: [0; FRAME_HEADER], have: 0, block: Block::None, begun: 0 }
    }

    fn earn(&mut self, tokens: i64) {
        self.tokens = self.tokens.saturating_add(tokens).min(SAVED);
    }

    fn walk(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = &bytes[skipped..];
            if self.skip == 0 && self.block == Block::Last {
                self.block = Block::None;
            }
            let taken = (FRAME_HEADER - self.have).min(bytes.len());
            self.header[self.have..self.have + taken].copy_from_slice(&bytes[..taken]);
            self.have += taken;
            bytes = &bytes[taken..];
            if self.have == FRAME_HEADER {
                self.have = 0;
                self.frame();
            }
        }
    }

    fn frame(&mut self) {
        let [a, b, c, kind, flags, ..] = self.header;
        self.skip = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        match kind {
            DATA if self.skip > 0 => self.earn(1),
            HEADERS => self.earn(REQUEST),
            RST_STREAM => self.tokens -= CANCEL,
            _ => self.tokens -= 1,
        }
        if kind == HEADERS {
            self.begun += 1;
        }
        if matches!(kind, HEADERS | CONTINUATION) {
            self.block = match (flags & END_HEADERS, self.skip) {
                (0, _) => Block::Open,
                (_, 0) => Block::None,
                (_, _) => Block::Last,
            };
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = into.filled().len();
        if let Some(begun) = &mut this.begun {
            let bytes = begun.filled();
            let taken = bytes.len().min(into.remaining());
            into.put_slice(&bytes[..taken]);
            begun.consume(taken);
            if begun.is_empty() {
                this.begun = None;
            }
        } else {
            let read = Pin::new(&mut this.inner).poll_read(context, into);
            if read.is_pending() && this.deadline.poll_elapsed(context).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            ready!(read)?;
        }
        Poll::Ready(this.account(&into.filled()[before..]))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(context, bytes))?;
        self.written += written;
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, pieces: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write_vectored(context, pieces))?;
        self.written += written;
        Poll::Ready(Ok(written))
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
mod tests {
    use super::*;

    fn frames() -> Frames {
        Frames { tokens: 100, ..Frames::new(0) }
    }

    fn frame(kind: u8, length: u8) -> Vec<u8> {
        let mut bytes = vec![0, 0, length, kind, 0, 0, 0, 0, 1];
        bytes.extend(std::iter::repeat_n(0, usize::from(length)));
        bytes
    }

    #[test]
    fn frames_are_found_wherever_the_bytes_are_cut() {
        let bytes = [frame(6, 8), frame(DATA, 5), frame(RST_STREAM, 4), frame(DATA, 0)].concat();
        for step in 1..bytes.len() {
            let mut frames = frames();
            bytes.chunks(step).for_each(|piece| frames.walk(piece));
            assert_eq!(frames.tokens, 100 - 1 + 1 - CANCEL - 1, "in steps of {step}");
        }
    }

    #[test]
    fn a_header_block_is_open_until_the_last_byte_of_its_last_frame() {
        let mut frames = frames();
        let mut check = |bytes: &[u8], block: Block| {
            frames.walk(bytes);
            assert_eq!(frames.block, block, "{bytes:?}");
        };
        let header = |kind, flags, length| [0, 0, length, kind, flags, 0, 0, 0, 1];
        check(&header(HEADERS, 0, 2), Block::Open);
        check(&[0, 0], Block::Open);
        check(&header(CONTINUATION, 0, 0), Block::Open);
        check(&header(CONTINUATION, END_HEADERS, 2), Block::Last);
        check(&[0], Block::Last);
        check(&[0], Block::None);
        check(&header(HEADERS, END_HEADERS, 0), Block::None);
        check(&header(6, END_HEADERS, 1), Block::None);
    }

    #[test]
    fn cancelling_each_request_costs_more_than_it_brings() {
        let mut frames = frames();
        for _ in 0..11 {
            frames.walk(&frame(HEADERS, 20));
            frames.walk(&frame(RST_STREAM, 4));
        }
        assert!(frames.tokens < 0);
    }
}
