//! What a server says on its control stream (RFC 9114 §6.2.1).

use crate::{frame, varint};

/// The kind of stream.
const CONTROL: u64 = 0x0;
/// The setting for field sections (RFC 9114 §7.2.4.1).
const MAX_FIELD_SECTION_SIZE: u64 = 0x6;

/// The beginning of the stream: what it is, and that no field section may be larger than so many bytes.
#[must_use]
pub fn opening(most: u32) -> Vec<u8> {
    let mut settings = Vec::new();
    varint::encode(MAX_FIELD_SECTION_SIZE, &mut settings);
    varint::encode(u64::from(most), &mut settings);
    let mut out = Vec::new();
    varint::encode(CONTROL, &mut out);
    frame::begin(frame::SETTINGS, settings.len(), &mut out);
    out.extend_from_slice(&settings);
    out
}

/// That no stream from `next` on will be served (RFC 9114 §5.2).
#[must_use]
pub fn goodbye(next: u64) -> Vec<u8> {
    let mut number = Vec::new();
    varint::encode(next, &mut number);
    let mut out = Vec::new();
    frame::begin(frame::GOAWAY, number.len(), &mut out);
    out.extend_from_slice(&number);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_what_the_rfc_shows() {
        assert_eq!(opening(32 * 1024), [0x00, 0x04, 0x05, 0x06, 0x80, 0x00, 0x80, 0x00]);
        assert_eq!(goodbye(8), [0x07, 0x01, 0x08]);
    }
}
