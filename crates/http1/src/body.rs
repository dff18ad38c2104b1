//! Bodies: telling data from framing, one stretch at a time.

use crate::bytes::{is_token, is_value};
use crate::{Framing, Name, Violation};

/// Longest chunk-size line, extensions included. Nobody sends them in earnest.
const MAX_SIZE_LINE: u32 = 256;
/// Fifteen digits are 2^60 bytes; leading zeros count, so that they end as well.
const MAX_DIGITS: u32 = 15;
/// Longest trailer section.
const MAX_TRAILER: usize = 8 * 1024;

/// Walks through one body.
#[derive(Clone, Copy, Debug)]
pub struct BodyReader {
    state: State,
}

/// What the next bytes of a body are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// This many bytes belong to the reader of the body.
    Data(usize),
    /// This many bytes only say where the data is; a next hop that wants chunks
    /// gets them as they are.
    Framing(usize),
    /// This many bytes are one line of the trailer section, with its line end.
    Trailer(usize),
    /// This many bytes must not travel further: a trailer field that would
    /// change what the message means (RFC 9110 §6.5.1).
    Dropped(usize),
    /// The bytes end before it can be told; more are needed behind these.
    Partial,
    /// The body has ended; what follows is no part of it.
    End,
}

/// ```text
///              ┌────────────────── DataCr, DataLf ◄──────────────┐
///              ▼                                                 │
/// Size ──► Blank ──► Extension ──► SizeLf ──► Chunk (size > 0) ──┘
///                                    │
///                                    └──────► Trailer (size = 0) ──► Done
/// ```
/// Every arrow is walked in [`BodyReader::size_line`], [`BodyReader::chunk_end`] or [`BodyReader::trailer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Length(u64),
    UntilClose,
    Size { size: u64, digits: u32 },
    Blank { size: u64, read: u32 },
    Extension { size: u64, read: u32 },
    SizeLf { size: u64 },
    Chunk { left: u64 },
    DataCr,
    DataLf,
    Trailer { read: usize },
    Done,
}

const NEXT_CHUNK: State = State::Size { size: 0, digits: 0 };

impl BodyReader {
    /// Stands before the first byte of a body that is delimited like this.
    #[must_use]
    pub fn new(framing: Framing) -> BodyReader {
        let state = match framing {
            Framing::None => State::Done,
            Framing::Length(left) => State::Length(left),
            Framing::Chunked => NEXT_CHUNK,
            Framing::UntilClose => State::UntilClose,
        };
        BodyReader { state }
    }

    /// Whether the body has ended.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Whether the end of the connection is the end of the body.
    #[must_use]
    pub fn may_end_here(&self) -> bool {
        matches!(self.state, State::Done | State::UntilClose)
    }

    /// How many bytes of data are sure to come, as far as the framing tells by now.
    #[must_use]
    pub fn expected(&self) -> u64 {
        match self.state {
            State::Length(left) | State::Chunk { left } => left,
            _ => 0,
        }
    }

    /// Says what `bytes` begin with, and moves behind it.
    ///
    /// # Errors
    /// [`Violation::Chunk`] or [`Violation::Trailer`]; the body can then not be read further.
    pub fn next(&mut self, bytes: &[u8]) -> Result<Frame, Violation> {
        match self.state {
            State::Done => Ok(Frame::End),
            _ if bytes.is_empty() => Ok(Frame::Partial),
            State::UntilClose => Ok(Frame::Data(bytes.len())),
            State::Length(left) => {
                let taken = at_most(left, bytes.len());
                let left = left - taken as u64;
                self.state = if left == 0 { State::Done } else { State::Length(left) };
                Ok(Frame::Data(taken))
            }
            State::Chunk { left } => {
                let taken = at_most(left, bytes.len());
                let left = left - taken as u64;
                self.state = if left == 0 { State::DataCr } else { State::Chunk { left } };
                Ok(Frame::Data(taken))
            }
            State::DataCr | State::DataLf | State::Size { .. } | State::Blank { .. } | State::Extension { .. } | State::SizeLf { .. } => {
                self.framing(bytes)
            }
            State::Trailer { read } => self.trailer(bytes, read),
        }
    }

    /// The stretch of framing from here to the next data or to the trailer.
    fn framing(&mut self, bytes: &[u8]) -> Result<Frame, Violation> {
        for (place, &byte) in bytes.iter().enumerate() {
            self.state = match self.state {
                State::DataCr | State::DataLf => self.chunk_end(byte)?,
                _ => self.size_line(byte)?,
            };
            if matches!(self.state, State::Chunk { .. } | State::Trailer { .. }) {
                return Ok(Frame::Framing(place + 1));
            }
        }
        Ok(Frame::Framing(bytes.len()))
    }

    fn chunk_end(&self, byte: u8) -> Result<State, Violation> {
        match (self.state, byte) {
            (State::DataCr, b'\r') => Ok(State::DataLf),
            (State::DataLf, b'\n') => Ok(NEXT_CHUNK),
            _ => Err(Violation::Chunk),
        }
    }

    fn size_line(&self, byte: u8) -> Result<State, Violation> {
        match (self.state, byte) {
            (State::Size { size, digits }, _) if byte.is_ascii_hexdigit() && digits < MAX_DIGITS => {
                Ok(State::Size { size: size << 4 | u64::from(hex(byte)), digits: digits + 1 })
            }
            (State::Size { digits: 0, .. }, _) => Err(Violation::Chunk),
            (State::Size { size, .. } | State::Blank { size, .. } | State::Extension { size, .. }, b'\r') => Ok(State::SizeLf { size }),
            (State::Size { size, digits: read } | State::Blank { size, read }, b' ' | b'\t') if read < MAX_SIZE_LINE => {
                Ok(State::Blank { size, read: read + 1 })
            }
            (State::Size { size, digits: read } | State::Blank { size, read }, b';') if read < MAX_SIZE_LINE => {
                Ok(State::Extension { size, read: read + 1 })
            }
            (State::Extension { size, read }, _) if is_value(byte) && read < MAX_SIZE_LINE => Ok(State::Extension { size, read: read + 1 }),
            (State::SizeLf { size: 0 }, b'\n') => Ok(State::Trailer { read: 0 }),
            (State::SizeLf { size }, b'\n') => Ok(State::Chunk { left: size }),
            _ => Err(Violation::Chunk),
        }
    }

    /// One line of the trailer section; the empty one is the end of the body.
    fn trailer(&mut self, bytes: &[u8], read: usize) -> Result<Frame, Violation> {
        let Some(line_feed) = memchr::memchr(b'\n', bytes) else {
            return if read + bytes.len() > MAX_TRAILER { Err(Violation::Trailer) } else { Ok(Frame::Partial) };
        };
        let Some(line) = bytes[..line_feed].strip_suffix(b"\r") else { return Err(Violation::Trailer) };
        let read = read + line_feed + 1;
        if read > MAX_TRAILER {
            return Err(Violation::Trailer);
        }
        if line.is_empty() {
            self.state = State::Done;
            return Ok(Frame::Framing(line_feed + 1));
        }
        self.state = State::Trailer { read };
        Ok(if may_trail(line)? { Frame::Trailer(line_feed + 1) } else { Frame::Dropped(line_feed + 1) })
    }
}

/// Whether a trailer field may be passed on; it must at least be one.
fn may_trail(line: &[u8]) -> Result<bool, Violation> {
    let colon = line.iter().position(|&byte| !is_token(byte)).ok_or(Violation::Trailer)?;
    if colon == 0 || line[colon] != b':' || !line.iter().all(|&byte| is_value(byte)) {
        return Err(Violation::Trailer);
    }
    // Other names change nothing that was decided when the head was read.
    let name = Name::of(&line[..colon]);
    Ok(name == Name::Other)
}

fn at_most(left: u64, length: usize) -> usize {
    usize::try_from(left).map_or(length, |left| left.min(length))
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

#[cfg(test)]
mod tests;
