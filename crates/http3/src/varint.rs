//! Whole numbers of one to eight bytes (RFC 9000 §16).

/// The greatest that can be said.
pub const MOST: u64 = (1 << 62) - 1;

/// The number at the front of `bytes` and how many of them it takes; none if there are not enough.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<(u64, usize)> {
    let (&first, _) = bytes.split_first()?;
    let length = 1 << (first >> 6);
    let rest = bytes.get(1..length)?;
    let number = rest.iter().fold(u64::from(first & 0x3f), |number, &byte| number << 8 | u64::from(byte));
    Some((number, length))
}

/// Writes `number`, which is at most [`MOST`], in as few bytes as it needs.
pub fn encode(number: u64, out: &mut Vec<u8>) {
    debug_assert!(number <= MOST);
    let bytes = number.to_be_bytes();
    let (length, mark) = match number {
        0..0x40 => (1, 0x00),
        0x40..0x4000 => (2, 0x40),
        0x4000..0x4000_0000 => (4, 0x80),
        _ => (8, 0xc0),
    };
    let start = out.len();
    out.extend_from_slice(&bytes[8 - length..]);
    out[start] |= mark;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_the_rfc_shows() {
        let check = |bytes: &[u8], number: u64| {
            assert_eq!(decode(bytes), Some((number, bytes.len())));
            let mut out = Vec::new();
            encode(number, &mut out);
            assert_eq!(out, bytes);
        };
        // RFC 9000 §A.1
        check(&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c], 151_288_809_941_952_652);
        check(&[0x9d, 0x7f, 0x3e, 0x7d], 494_878_333);
        check(&[0x7b, 0xbd], 15_293);
        check(&[0x25], 37);
        check(&[0; 1], 0);
        check(&[0x3f], 63);
        check(&[0x40, 0x40], 64);
        check(&[0xff; 8], MOST);
    }

    #[test]
    fn more_bytes_than_needed_are_understood_and_too_few_are_waited_for() {
        assert_eq!(decode(&[0x40, 0x25]), Some((37, 2)));
        for bytes in [&[][..], &[0x40], &[0x9d, 0x7f, 0x3e], &[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8]] {
            assert_eq!(decode(bytes), None);
        }
    }
}
