//! The streams that a client opens for the connection itself (RFC 9114 §6.2, RFC 9204 §4.2).

use std::cell::Cell;

use bytes::{Buf as _, Bytes};

use crate::frame::{self, Header, Numbers};
use crate::varint;
use crate::violation::Violation;

/// More settings than anybody has.
const SETTINGS_BYTES: u64 = 4096;
/// More than the only number that a frame of the control stream holds.
const NUMBER_BYTES: u64 = 8;

/// Which streams of a connection are there that there may be one of only.
#[derive(Debug, Default)]
pub struct PeerStreams {
    control: Cell<bool>,
    encoder: Cell<bool>,
    decoder: Cell<bool>,
}

/// Reads one of a client's streams, in whichever pieces it comes.
#[derive(Debug, Default)]
pub struct UniReader {
    numbers: Numbers,
    kind: Option<Kind>,
}

#[derive(Debug)]
enum Kind {
    Control(Control),
    /// Says how our table of what it packs with changes: not at all.
    Encoder,
    /// Says what it has understood of our table. `amid` a number.
    Decoder {
        amid: bool,
    },
    /// Nobody listens.
    Unknown,
}

#[derive(Debug, Default)]
struct Control {
    settled: bool,
    frame: Option<Header>,
    /// What of the frame has come that must be understood as a whole.
    payload: Vec<u8>,
    /// The last identifiers that were told.
    goaway: Option<u64>,
    most_pushed: Option<u64>,
}

impl UniReader {
    /// Reads all of `input`; the number of frames that ended in it, or the like.
    ///
    /// # Errors
    /// When it breaks a rule, which costs the connection.
    pub fn read(&mut self, input: &mut Bytes, streams: &PeerStreams) -> Result<usize, Violation> {
        if self.kind.is_none() {
            let Some(number) = self.numbers.number(input) else { return Ok(0) };
            self.kind = Some(streams.open(number)?);
        }
        match &mut self.kind {
            Some(Kind::Control(control)) => control.read(&mut self.numbers, input),
            Some(Kind::Encoder) => encoder(input),
            Some(Kind::Decoder { amid }) => decoder(input, amid),
            Some(Kind::Unknown) | None => {
                input.clear();
                Ok(1)
            }
        }
    }

    /// The stream has ended, or was broken off.
    ///
    /// # Errors
    /// When the connection needs it.
    pub fn end(&self) -> Result<(), Violation> {
        match self.kind {
            Some(Kind::Control(_) | Kind::Encoder | Kind::Decoder { .. }) => Err(Violation::ClosedCriticalStream),
            Some(Kind::Unknown) | None => Ok(()),
        }
    }

    /// Whether nothing on it means anything to us.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self.kind, Some(Kind::Unknown))
    }
}

impl PeerStreams {
    fn open(&self, number: u64) -> Result<Kind, Violation> {
        let (there, kind) = match number {
            0x0 => (&self.control, Kind::Control(Control::default())),
            // Only servers push.
            0x1 => return Err(Violation::StreamCreation),
            0x2 => (&self.encoder, Kind::Encoder),
            0x3 => (&self.decoder, Kind::Decoder { amid: false }),
            _ => return Ok(Kind::Unknown),
        };
        if there.replace(true) { Err(Violation::StreamCreation) } else { Ok(kind) }
    }
}

impl Control {
    fn read(&mut self, numbers: &mut Numbers, input: &mut Bytes) -> Result<usize, Violation> {
        let mut ended = 0;
        loop {
            let Some(Header { kind, length }) = self.frame else {
                let Some(header) = numbers.header(input) else { return Ok(ended) };
                self.begin(header)?;
                continue;
            };
            let piece = input.split_to(usize::try_from(length).unwrap_or(usize::MAX).min(input.len()));
            if is_understood(kind) {
                self.payload.extend_from_slice(&piece);
            }
            let left = length - piece.len() as u64;
            self.frame = Some(Header { kind, length: left });
            if left > 0 {
                return Ok(ended);
            }
            self.frame = None;
            let payload = std::mem::take(&mut self.payload);
            self.understand(kind, &payload)?;
            ended += 1;
        }
    }

    fn begin(&mut self, header: Header) -> Result<(), Violation> {
        match header.kind {
            frame::SETTINGS if self.settled => return Err(Violation::UnexpectedFrame),
            frame::SETTINGS if header.length > SETTINGS_BYTES => return Err(Violation::Excessive),
            frame::SETTINGS => self.settled = true,
            _ if !self.settled => return Err(Violation::MissingSettings),
            frame::DATA | frame::HEADERS | frame::PUSH_PROMISE => return Err(Violation::UnexpectedFrame),
            kind if frame::is_of_http2(kind) => return Err(Violation::UnexpectedFrame),
            kind if is_understood(kind) && header.length > NUMBER_BYTES => return Err(Violation::Frame),
            _ => {}
        }
        self.frame = Some(header);
        Ok(())
    }

    fn understand(&mut self, kind: u64, payload: &[u8]) -> Result<(), Violation> {
        match kind {
            frame::SETTINGS => settings(payload),
            // It says up to which push it takes, and we push nothing.
            frame::GOAWAY => falls(&mut self.goaway, number(payload)?),
            frame::MAX_PUSH_ID => grows(&mut self.most_pushed, number(payload)?),
            // Nothing was promised.
            frame::CANCEL_PUSH => number(payload).and(Err(Violation::Id)),
            _ => Ok(()),
        }
    }
}

fn is_understood(kind: u64) -> bool {
    matches!(kind, frame::SETTINGS | frame::GOAWAY | frame::MAX_PUSH_ID | frame::CANCEL_PUSH)
}

/// The number that is all of a payload.
fn number(payload: &[u8]) -> Result<u64, Violation> {
    varint::decode(payload).filter(|(_, used)| *used == payload.len()).map(|(number, _)| number).ok_or(Violation::Frame)
}

/// RFC 9114 §5.2
fn falls(before: &mut Option<u64>, now: u64) -> Result<(), Violation> {
    if before.replace(now).is_some_and(|before| now > before) { Err(Violation::Id) } else { Ok(()) }
}

/// RFC 9114 §7.2.7
fn grows(before: &mut Option<u64>, now: u64) -> Result<(), Violation> {
    if before.replace(now).is_some_and(|before| now < before) { Err(Violation::Id) } else { Ok(()) }
}

/// Whether settings are sound (RFC 9114 §7.2.4); none of them matters to us, who pack without a table.
fn settings(mut payload: &[u8]) -> Result<(), Violation> {
    let mut seen = Vec::new();
    while !payload.is_empty() {
        let (name, used) = varint::decode(payload).ok_or(Violation::Frame)?;
        let (_, more) = varint::decode(&payload[used..]).ok_or(Violation::Frame)?;
        payload = &payload[used + more..];
        // Those of HTTP/2 have no meaning here.
        if matches!(name, 0x2..=0x5) {
            return Err(Violation::Settings);
        }
        seen.push(name);
    }
    seen.sort_unstable();
    if seen.windows(2).any(|pair| pair[0] == pair[1]) { Err(Violation::Settings) } else { Ok(()) }
}

/// The only thing to be said of a table that has no room is that it has none (RFC 9204 §4.3.1).
fn encoder(input: &mut Bytes) -> Result<usize, Violation> {
    let said = input.len();
    if input.iter().any(|&byte| byte != 0x20) {
        return Err(Violation::EncoderStream);
    }
    input.clear();
    Ok(said)
}

/// That it has given up a stream is all that can be said of a table that was not used (RFC 9204 §4.4.2).
fn decoder(input: &mut Bytes, amid: &mut bool) -> Result<usize, Violation> {
    let said = input.len();
    while input.has_remaining() {
        let byte = input.get_u8();
        *amid = match (*amid, byte) {
            (true, _) => byte & 0x80 != 0,
            (false, 0x40..0x80) => byte & 0x3f == 0x3f,
            (false, _) => return Err(Violation::DecoderStream),
        };
    }
    Ok(said)
}

#[cfg(test)]
mod tests;
