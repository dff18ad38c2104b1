//! Where HTTP/2 connections wait for their first request.
//!
//! The library sets 28 KiB aside for every connection. One that only says hello gets
//! its answer from here and costs a tenth of that: what it said is kept, and read by
//! the library once there is more to it. The library's own hello is then left out.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::PREFACE;
use crate::clock::Deadline;
use crate::proxy::Proxy;
use crate::unless::unless;

/// Whoever says more without asking anything does not just say hello.
const MOST: usize = 1024;

const PRIORITY: u8 = 0x2;
const SETTINGS: u8 = 0x4;
const WINDOW_UPDATE: u8 = 0x8;
const ACK: u8 = 0x1;
const ENABLE_PUSH: u16 = 0x2;
const INITIAL_WINDOW_SIZE: u16 = 0x4;
const MAX_FRAME_SIZE: u16 = 0x5;
/// A window is no wider, and so wide at first.
const WIDEST: u32 = 0x7fff_ffff;
const FIRST_WINDOW: u32 = 0xffff;
const FRAME_HEADER: usize = 9;
const ACKNOWLEDGED: [u8; FRAME_HEADER] = [0, 0, 0, SETTINGS, ACK, 0, 0, 0, 0];
/// GOAWAY without an error; no stream was looked at.
const GOODBYE: [u8; FRAME_HEADER + 8] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// What was said on a connection before its first request.
#[derive(Debug)]
pub(super) struct Hello {
    /// From the first byte of the preface on.
    heard: Vec<u8>,
    /// Up to here it is hello.
    walked: usize,
    /// Frames of SETTINGS that we have sent, with or without an acknowledgement.
    said: usize,
}

/// What stands behind a hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behind {
    /// Nothing yet.
    Nothing,
    /// SETTINGS, which ends there.
    Settings { end: usize },
    /// Another word of the hello, which ends there.
    Word { end: usize },
    /// What the library must look at.
    More,
}

/// Why nobody waits any longer.
enum Stop {
    TooLong,
    Draining,
}

/// A stream on which the first so many frames of SETTINGS are not written: their reader has them already.
#[derive(Debug)]
pub(super) struct Reticent<S> {
    inner: S,
    /// Frames that are still to be left out.
    left_out: usize,
    frame: Writing,
}

/// How far the frame is that is being written.
#[derive(Debug)]
enum Writing {
    /// So many bytes of its header are known.
    Header([u8; FRAME_HEADER], usize),
    /// So many bytes of its header are out.
    Begun([u8; FRAME_HEADER], usize),
    /// So many bytes of its payload are to come, and whether they are left out.
    Payload(usize, bool),
}

impl Hello {
    pub(super) fn new(heard: &[u8]) -> Hello {
        Hello { heard: heard.to_vec(), walked: PREFACE.len(), said: 0 }
    }

    /// Waits until there is more; false if the connection has ended instead.
    /// `settings` is what the library will say first. The wait begins with `deadline` and goes on for as long as an idle one.
    pub(super) async fn wait<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        proxy: &Proxy,
        stream: &mut S,
        deadline: &Deadline,
        settings: &[u8],
    ) -> bool {
        while !self.is_over() && !proxy.is_draining() {
            let stop = |context: &mut Context<'_>| match deadline.poll_elapsed(context) {
                Poll::Ready(_) => Poll::Ready(Stop::TooLong),
                Poll::Pending if proxy.is_draining() => Poll::Ready(Stop::Draining),
                Poll::Pending => Poll::Pending,
            };
            match unless(self.go_on(stream, settings), stop).await {
                Ok(Ok(())) => deadline.set_idle(proxy.common().settings().timeouts.keep_alive),
                Ok(Err(_)) => return false,
                Err(Stop::Draining) => return true,
                Err(Stop::TooLong) => {
                    // Whoever does not read it learns from the end of the connection.
                    let _ = stream.write_all(&GOODBYE).await;
                    return false;
                }
            }
        }
        true
    }

    pub(super) fn heard(&self) -> &[u8] {
        &self.heard
    }

    /// Lets the library speak on `stream`, but for what was said already.
    pub(super) fn hide<S>(&self, stream: S) -> Reticent<S> {
        Reticent { inner: stream, left_out: self.said, frame: Writing::Header([0; FRAME_HEADER], 0) }
    }

    fn is_over(&self) -> bool {
        let mut place = self.walked;
        loop {
            match self.behind(place) {
                Behind::Nothing => return false,
                Behind::Settings { end } | Behind::Word { end } => place = end,
                Behind::More => return true,
            }
        }
    }

    /// Answers what was heard and hears what comes next.
    async fn go_on<S: AsyncRead + AsyncWrite + Unpin>(&mut self, stream: &mut S, settings: &[u8]) -> io::Result<()> {
        if self.said == 0 {
            self.said = 1;
            stream.write_all(settings).await?;
        }
        loop {
            match self.behind(self.walked) {
                Behind::Settings { end } => {
                    (self.walked, self.said) = (end, self.said + 1);
                    stream.write_all(&ACKNOWLEDGED).await?;
                }
                Behind::Word { end } => self.walked = end,
                Behind::Nothing | Behind::More => break,
            }
        }
        let mut room = [0; 256];
        match stream.read(&mut room).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                self.heard.extend_from_slice(&room[..read]);
                Ok(())
            }
        }
    }

    fn behind(&self, place: usize) -> Behind {
        let Some(bytes) = self.heard.get(place..) else {
            return if PREFACE.starts_with(&self.heard) { Behind::Nothing } else { Behind::More };
        };
        let &[a, b, c, kind, flags, ref stream @ ..] = bytes else { return Behind::Nothing };
        let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        let of_connection = stream.iter().take(4).all(|&byte| byte == 0);
        let is_word = matches!(kind, SETTINGS | WINDOW_UPDATE) && of_connection || kind == PRIORITY;
        if !is_word || self.heard.len() > MOST {
            return Behind::More;
        }
        let end = place + FRAME_HEADER + length;
        let Some(payload) = self.heard.get(place + FRAME_HEADER..end) else { return Behind::Nothing };
        match kind {
            // The library knows what to say to that.
            _ if !is_sound(kind, flags & ACK != 0, &stream[..4], payload) => Behind::More,
            SETTINGS if flags & ACK == 0 => Behind::Settings { end },
            _ => Behind::Word { end },
        }
    }
}

/// Whether a word of the hello keeps the rules of its kind (RFC 9113 §6.3, §6.5, §6.9).
fn is_sound(kind: u8, acknowledges: bool, stream: &[u8], payload: &[u8]) -> bool {
    match (kind, payload) {
        (SETTINGS, _) if acknowledges => payload.is_empty(),
        (SETTINGS, _) => {
            let (settings, rest) = payload.as_chunks();
            rest.is_empty() && settings.iter().all(is_setting)
        }
        (WINDOW_UPDATE, &[a, b, c, d]) => (1..=WIDEST - FIRST_WINDOW).contains(&u32::from_be_bytes([a, b, c, d])),
        (PRIORITY, [before @ .., _weight]) => before.len() == 4 && before != stream && stream != [0; 4],
        _ => false,
    }
}

fn is_setting(&[a, b, value @ ..]: &[u8; 6]) -> bool {
    let value = u32::from_be_bytes(value);
    match u16::from_be_bytes([a, b]) {
        ENABLE_PUSH => value <= 1,
        INITIAL_WINDOW_SIZE => value <= WIDEST,
        MAX_FRAME_SIZE => (1 << 14..1 << 24).contains(&value),
        _ => true,
    }
}

impl<S: AsyncWrite + Unpin> Reticent<S> {
    /// Writes what is known of the header of a frame that is not left out.
    fn poll_begin(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Writing::Begun(header, out) = &mut self.frame {
            *out += ready!(Pin::new(&mut self.inner).poll_write(context, &header[*out..]))?;
            if *out == FRAME_HEADER {
                self.frame = Writing::Payload(length(header), false);
            }
        }
        Poll::Ready(Ok(()))
    }
}

fn length(header: &[u8; FRAME_HEADER]) -> usize {
    usize::from(header[0]) << 16 | usize::from(header[1]) << 8 | usize::from(header[2])
}

impl<S: AsyncRead + Unpin> AsyncRead for Reticent<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut tokio::io::ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Reticent<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        loop {
            ready!(this.poll_begin(context))?;
            match &mut this.frame {
                Writing::Payload(0, _) => this.frame = Writing::Header([0; FRAME_HEADER], 0),
                Writing::Payload(left, left_out) => {
                    let piece = &bytes[..bytes.len().min(*left)];
                    let done = if *left_out { piece.len() } else { ready!(Pin::new(&mut this.inner).poll_write(context, piece))? };
                    *left -= done;
                    return Poll::Ready(Ok(done));
                }
                Writing::Header(_, 0) if this.left_out == 0 => return Pin::new(&mut this.inner).poll_write(context, bytes),
                Writing::Header(header, known) => {
                    let taken = (FRAME_HEADER - *known).min(bytes.len());
                    header[*known..*known + taken].copy_from_slice(&bytes[..taken]);
                    *known += taken;
                    if *known == FRAME_HEADER {
                        let header = *header;
                        let hides = header[3] == SETTINGS;
                        this.left_out -= usize::from(hides);
                        this.frame = if hides { Writing::Payload(length(&header), true) } else { Writing::Begun(header, 0) };
                    }
                    return Poll::Ready(Ok(taken));
                }
                // Nothing is left of it, or we would not be here.
                Writing::Begun(..) => {}
            }
        }
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, pieces: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        if self.left_out == 0 && matches!(self.frame, Writing::Header(_, 0) | Writing::Payload(0, _)) {
            return Pin::new(&mut self.inner).poll_write_vectored(context, pieces);
        }
        let piece = pieces.iter().find(|piece| !piece.is_empty()).map_or(&[][..], |piece| piece);
        self.poll_write(context, piece)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_begin(context))?;
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_begin(context))?;
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY_SETTINGS: [u8; 9] = [0, 0, 0, SETTINGS, 0, 0, 0, 0, 0];
    const OPENED: [u8; 13] = [0, 0, 4, WINDOW_UPDATE, 0, 0, 0, 0, 0, 0, 0, 0, 9];

    #[test]
    fn a_hello_is_over_with_the_first_word_that_is_none() {
        let check = |words: &[&[u8]], over: bool| {
            let bytes = [PREFACE, &words.concat()].concat();
            assert_eq!(Hello::new(&bytes).is_over(), over, "{words:?}");
            for cut in 0..bytes.len() {
                assert!(over || !Hello::new(&bytes[..cut]).is_over(), "{words:?} up to {cut}");
            }
        };
        check(&[], false);
        check(&[&EMPTY_SETTINGS], false);
        check(&[&EMPTY_SETTINGS, &OPENED, &ACKNOWLEDGED], false);
        check(&[&EMPTY_SETTINGS, &[0, 0, 5, PRIORITY, 0, 0, 0, 0, 3, 0, 0, 0, 0, 9]], false);
        check(&[&EMPTY_SETTINGS, &[0, 0, 9, 1, 5, 0, 0, 0, 1]], true);
        check(&[&[0, 0, 8, 6, 0]], true);
        check(&[&[0, 0, 4, WINDOW_UPDATE, 0, 0, 0, 0, 1]], true);
        check(&[&EMPTY_SETTINGS.repeat(120)], true);
    }

    #[test]
    fn a_word_that_breaks_a_rule_is_for_the_library() {
        let check = |kind: u8, flags: u8, stream: u8, payload: &[u8], sound: bool| {
            let length = u8::try_from(payload.len()).unwrap();
            let word = [&[0, 0, length, kind, flags, 0, 0, 0, stream][..], payload].concat();
            let hello = Hello::new(&[PREFACE, &EMPTY_SETTINGS, &word].concat());
            assert_eq!(!hello.is_over(), sound, "{kind} {flags} {stream} {payload:?}");
        };
        check(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100, 0, 99, 255, 255, 255, 255], true);
        check(SETTINGS, 0, 0, &[0; 5], false);
        check(SETTINGS, ACK, 0, &[0; 6], false);
        check(SETTINGS, 0, 0, &[0, 2, 0, 0, 0, 1], true);
        check(SETTINGS, 0, 0, &[0, 2, 0, 0, 0, 2], false);
        check(SETTINGS, 0, 0, &[0, 4, 0x7f, 255, 255, 255], true);
        check(SETTINGS, 0, 0, &[0, 4, 0x80, 0, 0, 0], false);
        check(SETTINGS, 0, 0, &[0, 5, 0, 0, 0x40, 0], true);
        check(SETTINGS, 0, 0, &[0, 5, 0, 0, 0x3f, 255], false);
        check(SETTINGS, 0, 0, &[0, 5, 1, 0, 0, 0], false);
        check(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1], true);
        check(WINDOW_UPDATE, 0, 0, &[0; 4], false);
        check(WINDOW_UPDATE, 0, 0, &[0, 0, 1], false);
        check(WINDOW_UPDATE, 0, 0, &[0x7f, 255, 0, 0], true);
        check(WINDOW_UPDATE, 0, 0, &[0x7f, 255, 0, 1], false);
        check(PRIORITY, 0, 3, &[0, 0, 0, 1, 9], true);
        check(PRIORITY, 0, 3, &[0, 0, 0, 3, 9], false);
        check(PRIORITY, 0, 3, &[0; 4], false);
        check(PRIORITY, 0, 0, &[0, 0, 0, 1, 9], false);
    }

    #[test]
    fn what_was_said_already_is_left_out_and_nothing_else() {
        let data = [&[0, 0, 5, 0, 1, 0, 0, 0, 1][..], b"hello"].concat();
        let rest = [&OPENED[..], &data, &EMPTY_SETTINGS].concat();
        let settings = [0, 0, 6, SETTINGS, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 9];
        let bytes = [&settings[..], &OPENED, &ACKNOWLEDGED, &data, &EMPTY_SETTINGS].concat();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for step in 1..=bytes.len() {
            let mut written = Vec::new();
            let mut stream = Reticent { inner: &mut written, left_out: 2, frame: Writing::Header([0; FRAME_HEADER], 0) };
            runtime.block_on(async {
                for piece in bytes.chunks(step) {
                    stream.write_all(piece).await.unwrap();
                }
                stream.flush().await.unwrap();
            });
            assert_eq!(written, rest, "in steps of {step}");
        }
    }
}
