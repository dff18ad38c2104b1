//! What a client says on the stream of a request (RFC 9114 §4.1).

use bytes::{Buf as _, Bytes};

use crate::frame::{self, Header, Numbers};
use crate::qpack::{self, Section};
use crate::violation::Violation;

/// Reads a request's stream, in whichever pieces it comes.
#[derive(Debug)]
pub struct RequestReader {
    /// Bytes of a field section, packed or not.
    most: usize,
    stage: Stage,
    frame: Frame,
    numbers: Numbers,
    /// Of the field section that has begun.
    packed: Vec<u8>,
    /// What the body must still come to, if its length was told.
    owed: Option<u64>,
}

/// What was read.
#[derive(Debug)]
pub enum Piece {
    /// The fields in front of the body.
    Head(Section),
    /// Some of the body.
    Data(Bytes),
    /// The fields behind the body.
    Trailers(Section),
}

/// How far the message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Head,
    Body,
    /// Its trailers were read.
    Over,
}

/// The frame that is being read, and how many bytes of it are to come.
#[derive(Clone, Copy, Debug)]
enum Frame {
    None,
    Section(usize),
    Data(u64),
    /// It means nothing to us (RFC 9114 §9).
    Unknown(u64),
}

impl RequestReader {
    /// A reader of field sections of at most so many bytes, as RFC 9114 §4.2.2 counts them.
    #[must_use]
    pub fn new(most: usize) -> RequestReader {
        RequestReader { most, stage: Stage::Head, frame: Frame::None, numbers: Numbers::default(), packed: Vec::new(), owed: None }
    }

    /// Takes bytes from the front of `input` until something was read or there are no more.
    ///
    /// # Errors
    /// When they break a rule. The reader is of no use then.
    pub fn read(&mut self, input: &mut Bytes) -> Result<Option<Piece>, Violation> {
        loop {
            match &mut self.frame {
                Frame::None => {
                    let Some(header) = self.numbers.header(input) else { return Ok(None) };
                    self.begin(header)?;
                }
                Frame::Section(left) => {
                    let taken = input.split_to((*left).min(input.len()));
                    self.packed.extend_from_slice(&taken);
                    *left -= taken.len();
                    if *left > 0 {
                        return Ok(None);
                    }
                    self.frame = Frame::None;
                    return self.section().map(Some);
                }
                Frame::Data(0) | Frame::Unknown(0) => self.frame = Frame::None,
                Frame::Data(_) | Frame::Unknown(_) if input.is_empty() => return Ok(None),
                Frame::Data(left) => {
                    let data = input.split_to(usize::try_from(*left).unwrap_or(usize::MAX).min(input.len()));
                    *left -= length(&data);
                    self.owed = self.owed.map(|owed| owed.checked_sub(length(&data)).ok_or(Violation::Message)).transpose()?;
                    return Ok(Some(Piece::Data(data)));
                }
                Frame::Unknown(left) => {
                    let skipped = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                    input.advance(skipped);
                    *left -= skipped as u64;
                }
            }
        }
    }

    /// The stream has ended.
    ///
    /// # Errors
    /// When the message has not.
    pub fn end(&self) -> Result<(), Violation> {
        let is_amid = self.numbers.is_amid() || !matches!(self.frame, Frame::None | Frame::Data(0) | Frame::Unknown(0));
        match (self.stage, is_amid) {
            (Stage::Head, _) => Err(Violation::Incomplete),
            (Stage::Body | Stage::Over, true) => Err(Violation::Frame),
            (Stage::Body | Stage::Over, false) if self.owed.unwrap_or(0) > 0 => Err(Violation::Message),
            (Stage::Body | Stage::Over, false) => Ok(()),
        }
    }

    fn begin(&mut self, Header { kind, length }: Header) -> Result<(), Violation> {
        self.frame = match kind {
            frame::HEADERS if self.stage != Stage::Over => {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                if length > self.most {
                    return Err(Violation::SectionTooLarge);
                }
                Frame::Section(length)
            }
            frame::DATA if self.stage == Stage::Body => Frame::Data(length),
            frame::HEADERS
            | frame::DATA
            | frame::CANCEL_PUSH
            | frame::SETTINGS
            | frame::PUSH_PROMISE
            | frame::GOAWAY
            | frame::MAX_PUSH_ID => return Err(Violation::UnexpectedFrame),
            _ if frame::is_of_http2(kind) => return Err(Violation::UnexpectedFrame),
            _ => Frame::Unknown(length),
        };
        Ok(())
    }

    fn section(&mut self) -> Result<Piece, Violation> {
        let section = qpack::decode(&std::mem::take(&mut self.packed), self.most)?;
        Ok(match self.stage {
            Stage::Head => {
                self.stage = Stage::Body;
                self.owed = section.content_length();
                Piece::Head(section)
            }
            Stage::Body | Stage::Over => {
                self.stage = Stage::Over;
                if section.iter().any(|(name, _)| name.starts_with(':')) {
                    return Err(Violation::Message);
                }
                Piece::Trailers(section)
            }
        })
    }
}

fn length(data: &Bytes) -> u64 {
    data.len() as u64
}

#[cfg(test)]
mod tests;
