//! Frames: a kind, a length and so many bytes (RFC 9114 §7.1).

use bytes::{Buf as _, Bytes};

use crate::varint;

pub(crate) const DATA: u64 = 0x0;
pub(crate) const HEADERS: u64 = 0x1;
pub(crate) const CANCEL_PUSH: u64 = 0x3;
pub(crate) const SETTINGS: u64 = 0x4;
pub(crate) const PUSH_PROMISE: u64 = 0x5;
pub(crate) const GOAWAY: u64 = 0x7;
pub(crate) const MAX_PUSH_ID: u64 = 0xd;

/// Kinds that HTTP/2 has and HTTP/3 has not (RFC 9114 §7.2.8).
pub(crate) fn is_of_http2(kind: u64) -> bool {
    matches!(kind, 0x2 | 0x6 | 0x8 | 0x9)
}

/// What a frame begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) kind: u64,
    pub(crate) length: u64,
}

/// Gathers numbers of a stream that may come in any pieces.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    bytes: [u8; 16],
    have: usize,
}

impl Numbers {
    /// The next header of a frame, once all of it is there.
    pub(crate) fn header(&mut self, input: &mut Bytes) -> Option<Header> {
        self.gather(input, |bytes| {
            let (kind, used) = varint::decode(bytes)?;
            let (length, _) = varint::decode(&bytes[used..])?;
            Some(Header { kind, length })
        })
    }

    /// The next number, once all of it is there.
    pub(crate) fn number(&mut self, input: &mut Bytes) -> Option<u64> {
        self.gather(input, |bytes| varint::decode(bytes).map(|(number, _)| number))
    }

    /// Whether something has begun and not ended.
    pub(crate) fn is_amid(&self) -> bool {
        self.have > 0
    }

    /// Takes byte after byte until they make sense, which they do at the latest when there is no more room.
    fn gather<T>(&mut self, input: &mut Bytes, sense: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
        while input.has_remaining() {
            self.bytes[self.have] = input.get_u8();
            self.have += 1;
            if let Some(made) = sense(&self.bytes[..self.have]) {
                self.have = 0;
                return Some(made);
            }
        }
        None
    }
}

/// Writes the beginning of a frame.
pub(crate) fn begin(kind: u64, length: usize, out: &mut Vec<u8>) {
    varint::encode(kind, out);
    // No length of memory comes near the greatest number.
    varint::encode(u64::try_from(length).unwrap_or(varint::MOST), out);
}
