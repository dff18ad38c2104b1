//! Where a body ends and whether the connection goes on (RFC 9112 §6 and §9).

use crate::bytes::trim;
use crate::{Field, Name, Version, Violation};

/// How a body is delimited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    #[default]
    None,
    /// Exactly this many bytes, at least one.
    Length(u64),
    /// Chunks (RFC 9112 §7.1).
    Chunked,
    /// Everything until the connection ends; only answers have this.
    UntilClose,
}

/// What a message says about its connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// Nothing follows this message.
    pub close: bool,
    /// HTTP/1.0 asked for more.
    pub keep_alive: bool,
    /// `upgrade` is among the options.
    pub upgrade: bool,
    /// Other options name fields of this hop.
    pub lists: bool,
}

/// What the length fields of a head say.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lengths {
    pub(crate) length: Option<u64>,
    pub(crate) chunked: bool,
}

impl Lengths {
    /// Takes one length field into account; any other is passed over.
    pub(crate) fn see(&mut self, field: &Field, buffer: &[u8]) -> Result<(), Violation> {
        match field.name {
            Name::ContentLength if self.length.is_some() => Err(Violation::ContentLength),
            Name::ContentLength => {
                self.length = Some(parse_length(field.value_in(buffer))?);
                Ok(())
            }
            Name::TransferEncoding if self.chunked || !field.value_in(buffer).eq_ignore_ascii_case(b"chunked") => {
                Err(Violation::TransferEncoding)
            }
            Name::TransferEncoding => {
                self.chunked = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The framing that the fields give, if they give any.
    pub(crate) fn framing(self, version: Version) -> Result<Option<Framing>, Violation> {
        match (self.length, self.chunked) {
            (Some(_), true) => Err(Violation::TwoLengths),
            (None, true) if version == Version::Http10 => Err(Violation::TransferEncoding),
            (None, true) => Ok(Some(Framing::Chunked)),
            (Some(0), false) => Ok(Some(Framing::None)),
            (Some(length), false) => Ok(Some(Framing::Length(length))),
            (None, false) => Ok(None),
        }
    }
}

/// `1*DIGIT` and nothing else; nineteen digits always fit.
fn parse_length(value: &[u8]) -> Result<u64, Violation> {
    if value.is_empty() || value.len() > 19 || !value.iter().all(u8::is_ascii_digit) {
        return Err(Violation::ContentLength);
    }
    Ok(value.iter().fold(0, |length, digit| length * 10 + u64::from(digit - b'0')))
}

impl Connection {
    /// Takes one `Connection` field into account; any other is passed over.
    pub(crate) fn see(&mut self, field: &Field, buffer: &[u8]) {
        if field.name != Name::Connection {
            return;
        }
        for option in options(field.value_in(buffer)) {
            if option.eq_ignore_ascii_case(b"close") {
                self.close = true;
            } else if option.eq_ignore_ascii_case(b"keep-alive") {
                self.keep_alive = true;
            } else if option.eq_ignore_ascii_case(b"upgrade") {
                self.upgrade = true;
            } else if !option.is_empty() {
                self.lists = true;
            }
        }
    }

    /// Whether another message may follow on the connection (RFC 9112 §9.3).
    #[must_use]
    pub fn persists(&self, version: Version) -> bool {
        !self.close && (version == Version::Http11 || self.keep_alive)
    }
}

pub(crate) fn options(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(trim)
}
