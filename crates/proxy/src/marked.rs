//! HTTP/2 on its way to the library, with a mark at the head of every trailer section.
//!
//! Trailers have no pseudo-fields, and a message that has some is malformed: nobody may take it for whole (RFC 9113 §8.1,
//! §8.1.1). The library refuses those that stand behind another field (`HeaderBlock::load` in its `frame/headers.rs`) and
//! drops those at the head of a section without a word (`recv_trailers` in its `proto/streams/recv.rs`). So a field of ours
//! goes in front of them all: an empty `host`, which is never passed on as a trailer (`Inlet::trailers`). Nothing is
//! decompressed for that, and the table of compression stays as it was.
//!
//! Not marked are a section whose first frame is as long as a frame may be, for want of room, and that of a backend's answer
//! without any DATA, which could as well be the answer behind an interim one.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const DATA: u8 = 0x0;
const HEADERS: u8 = 0x1;
const RST_STREAM: u8 = 0x3;
const END_STREAM: u8 = 0x1;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;
const FRAME_HEADER: usize = 9;
/// No frame to us may be longer (RFC 9113 §4.2).
const LONGEST: usize = 1 << 14;
/// `host` without a value: an entry of the static table (RFC 7541 §6.1, Appendix A).
const MARK: u8 = 0x80 | 38;
/// How many answers may be under way on a connection before the oldest goes without a mark.
const MOST_BEGUN: usize = 1024;

/// A connection whose trailers are marked as they are read.
#[derive(Debug)]
pub(crate) struct Marked<S> {
    inner: S,
    frames: Frames,
    /// What was read and waits to be handed out: nearly always nothing.
    ready: Vec<u8>,
}

/// Walks over frames and marks those that are trailers.
#[derive(Debug)]
struct Frames {
    messages: Messages,
    at: At,
}

/// Whose messages they are, and what tells their trailers from their heads.
#[derive(Debug)]
enum Messages {
    /// A client's; its newest stream. Where a stream has begun there are only trailers to come.
    Requests { newest: u32 },
    /// A backend's; the streams on which there was DATA and more is to come.
    Answers { begun: Vec<u32> },
}

/// Where in a frame we are.
#[derive(Debug)]
enum At {
    /// So many bytes of a header are known, and held back.
    Header([u8; FRAME_HEADER], usize),
    /// So many bytes are to come that are none of our business.
    Payload(usize),
    /// Before the first field of a trailer section.
    Section {
        /// Bytes that are no fields: how much padding there is, and the priority.
        before: usize,
        /// Within a change of the table's size, which only the head of a block may say (RFC 7541 §4.2).
        resizes: bool,
        left: usize,
    },
}

impl<S> Marked<S> {
    /// What a client sends behind so many bytes of a preface.
    pub(crate) fn requests(inner: S, preface: usize) -> Marked<S> {
        Marked { inner, frames: Frames::new(Messages::Requests { newest: 0 }, preface), ready: Vec::new() }
    }

    /// What a backend sends.
    pub(crate) fn answers(inner: S) -> Marked<S> {
        Marked { inner, frames: Frames::new(Messages::Answers { begun: Vec::new() }, 0), ready: Vec::new() }
    }
}

impl Frames {
    fn new(messages: Messages, preface: usize) -> Frames {
        Frames { messages, at: At::Payload(preface) }
    }

    /// How many of `bytes` go on as they are. Behind them a header is not whole, or trailers begin.
    fn pass(&mut self, bytes: &[u8]) -> usize {
        let mut place = 0;
        while let At::Payload(left) = &mut self.at {
            let passed = (*left).min(bytes.len() - place);
            *left -= passed;
            place += passed;
            let Some(header) = bytes[place..].first_chunk().filter(|header| !self.messages.is_marked(header)) else { break };
            self.messages.note(header);
            self.at = At::Payload(length(header));
            place += FRAME_HEADER;
        }
        place
    }

    /// Writes `bytes` to `out` as the library shall read them.
    fn mark(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while let [first, rest @ ..] = bytes {
            match &mut self.at {
                At::Payload(0) => self.at = At::Header([0; FRAME_HEADER], 0),
                At::Payload(left) => {
                    let (passed, behind) = bytes.split_at((*left).min(bytes.len()));
                    out.extend_from_slice(passed);
                    *left -= passed.len();
                    bytes = behind;
                }
                At::Header(header, known) => {
                    header[*known] = *first;
                    *known += 1;
                    bytes = rest;
                    if *known == FRAME_HEADER {
                        let header = *header;
                        self.at = self.messages.begin(header, out);
                    }
                }
                At::Section { before, resizes, left } => {
                    if *before == 0 && !*resizes && first & 0xe0 != 0x20 {
                        out.push(MARK);
                        self.at = At::Payload(*left);
                        continue;
                    }
                    match *before {
                        0 if *resizes => *resizes = first & 0x80 != 0,
                        0 => *resizes = first & 0x1f == 0x1f,
                        _ => *before -= 1,
                    }
                    out.push(*first);
                    *left -= 1;
                    bytes = rest;
                    if *left == 0 {
                        out.push(MARK);
                        self.at = At::Payload(0);
                    }
                }
            }
        }
    }

    /// What is held back of a header that will never be whole.
    fn held(&mut self) -> Vec<u8> {
        match std::mem::replace(&mut self.at, At::Payload(0)) {
            At::Header(header, known) => header[..known].to_vec(),
            At::Payload(_) | At::Section { .. } => Vec::new(),
        }
    }
}

impl Messages {
    /// Whether the frame gets a mark.
    fn is_marked(&self, header: &[u8; FRAME_HEADER]) -> bool {
        let [_, _, _, kind, flags, ..] = *header;
        let are_trailers = match self {
            Messages::Requests { newest } => stream(header) <= *newest,
            Messages::Answers { begun } => flags & END_STREAM != 0 && begun.contains(&stream(header)),
        };
        // One that is too short for its flags is not made long enough.
        kind == HEADERS && are_trailers && (before_fields(flags)..LONGEST).contains(&length(header))
    }

    fn note(&mut self, header: &[u8; FRAME_HEADER]) {
        let ([_, _, _, kind, flags, ..], stream) = (*header, stream(header));
        match self {
            Messages::Requests { newest } if kind == HEADERS => *newest = stream.max(*newest),
            Messages::Requests { .. } => {}
            Messages::Answers { begun } => {
                let ends = matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0 || kind == RST_STREAM;
                match begun.iter().position(|&begun| begun == stream) {
                    Some(place) if ends => drop(begun.remove(place)),
                    None if kind == DATA && !ends => {
                        if begun.len() == MOST_BEGUN {
                            begun.remove(0);
                        }
                        begun.push(stream);
                    }
                    Some(_) | None => {}
                }
            }
        }
    }

    /// Writes the header of a frame to `out`, with room for a mark if it gets one.
    fn begin(&mut self, header: [u8; FRAME_HEADER], out: &mut Vec<u8>) -> At {
        let marked = self.is_marked(&header);
        self.note(&header);
        let ([a, b, c, _, flags, ..], left) = (header, length(&header));
        if !marked {
            out.extend_from_slice(&header);
            return At::Payload(left);
        }
        let [_, a, b, c] = (u32::from_be_bytes([0, a, b, c]) + 1).to_be_bytes();
        out.extend_from_slice(&[a, b, c]);
        out.extend_from_slice(&header[3..]);
        if left == 0 {
            out.push(MARK);
            return At::Payload(0);
        }
        At::Section { before: before_fields(flags), resizes: false, left }
    }
}

fn length(&[a, b, c, ..]: &[u8; FRAME_HEADER]) -> usize {
    usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c)
}

fn stream(&[_, _, _, _, _, a, b, c, d]: &[u8; FRAME_HEADER]) -> u32 {
    u32::from_be_bytes([a & 0x7f, b, c, d])
}

/// How many bytes of HEADERS stand before its fields (RFC 9113 §6.2).
fn before_fields(flags: u8) -> usize {
    usize::from(flags & PADDED != 0) + 5 * usize::from(flags & PRIORITY != 0)
}

impl<S: AsyncRead + Unpin> AsyncRead for Marked<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.ready.is_empty() {
            let before = into.filled().len();
            ready!(Pin::new(&mut this.inner).poll_read(context, into))?;
            let bytes = &into.filled()[before..];
            if bytes.is_empty() {
                this.ready = this.frames.held();
                break;
            }
            let passed = this.frames.pass(bytes);
            this.frames.mark(&bytes[passed..], &mut this.ready);
            into.set_filled(before + passed);
            if passed > 0 {
                return Poll::Ready(Ok(()));
            }
        }
        let taken = this.ready.len().min(into.remaining());
        into.put_slice(&this.ready[..taken]);
        this.ready.drain(..taken);
        if this.ready.is_empty() {
            this.ready = Vec::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Marked<S> {
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
