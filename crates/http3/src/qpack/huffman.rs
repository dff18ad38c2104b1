//! The code in which strings are packed (RFC 7541 §5.2 and Appendix B).
//!
//! It is canonical: codes of one length follow each other in the order of their symbols, and shorter ones come before
//! longer ones. So their lengths tell all of it.

use std::sync::LazyLock;

use crate::violation::Violation;

/// How many bits each byte has, and the end, which is never said.
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28, 6, 10,
    10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6,
    7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23,
    21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22,
    22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28,
    27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27,
    26, 30,
];
const SHORTEST: u32 = 5;
const LONGEST: u32 = 30;

static CODES: LazyLock<Codes> = LazyLock::new(Codes::new);

/// The code, from its shortest words to its longest.
struct Codes {
    /// Those that have words of a length.
    lengths: Vec<Length>,
    symbols: Vec<usize>,
}

/// The words of one length.
struct Length {
    bits: u32,
    /// The first of them, and the first word behind them, with zeros up to 32 bits.
    first: u64,
    behind: u64,
    /// Where their symbols begin.
    place: usize,
}

impl Codes {
    fn new() -> Codes {
        let mut codes = Codes { lengths: Vec::new(), symbols: Vec::new() };
        let mut first = 0;
        for bits in SHORTEST..=LONGEST {
            let place = codes.symbols.len();
            codes.symbols.extend((0..LENGTHS.len()).filter(|symbol| u32::from(LENGTHS[*symbol]) == bits));
            let behind = first + (((codes.symbols.len() - place) as u64) << (32 - bits));
            if behind > first {
                codes.lengths.push(Length { bits, first, behind, place });
            }
            first = behind;
        }
        codes
    }

    /// The symbol of the word that 32 bits begin with, and its length.
    fn symbol(&self, window: u64) -> Option<(usize, u32)> {
        let length = self.lengths.iter().find(|length| window < length.behind)?;
        let place = usize::try_from((window - length.first) >> (32 - length.bits)).ok()?;
        Some((self.symbols[length.place + place], length.bits))
    }
}

/// Unpacks a string of at most `room` bytes to the end of `out`.
pub(super) fn decode(packed: &[u8], room: usize, out: &mut Vec<u8>) -> Result<(), Violation> {
    let most = out.len().saturating_add(room);
    let codes = &*CODES;
    let mut rest = packed.iter();
    // The bits that were not understood yet, at the bottom.
    let (mut bits, mut have) = (0u64, 0);
    loop {
        while have < 32
            && let Some(&byte) = rest.next()
        {
            bits = bits << 8 | u64::from(byte);
            have += 8;
        }
        let missing = 32u32.saturating_sub(have);
        // What is missing is filled up with ones, as the end of a string is.
        let window = if missing > 0 { bits << missing | ((1 << missing) - 1) } else { bits >> (have - 32) } & 0xffff_ffff;
        let (symbol, length) = codes.symbol(window).ok_or(Violation::Compression)?;
        if length > have {
            // Fewer than eight ones, the beginning of no shorter word, are the end.
            let is_padding = have < 8 && bits & ((1 << have) - 1) == (1 << have) - 1;
            return if is_padding { Ok(()) } else { Err(Violation::Compression) };
        }
        let byte = u8::try_from(symbol).map_err(|_| Violation::Compression)?;
        if out.len() >= most {
            return Err(Violation::SectionTooLarge);
        }
        out.push(byte);
        have -= length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpacked(packed: &[u8]) -> Result<String, Violation> {
        let mut out = Vec::new();
        decode(packed, 100, &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn strings_are_unpacked_as_the_rfc_shows() {
        // RFC 7541 §C.4 and §C.6
        let check = |packed: &[u8], text: &str| assert_eq!(unpacked(packed).as_deref(), Ok(text));
        check(&[0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff], "www.example.com");
        check(&[0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf], "no-cache");
        check(&[0x25, 0xa8, 0x49, 0xe9, 0x5b, 0xb8, 0xe8, 0xb4, 0xbf], "custom-value");
        check(&[0x64, 0x02], "302");
        check(&[], "");
        let date = [
            0xd0, 0x7a, 0xbe, 0x94, 0x10, 0x54, 0xd4, 0x44, 0xa8, 0x20, 0x05, 0x95, 0x04, 0x0b, 0x81, 0x66, 0xe0, 0x82, 0xa6, 0x2d, 0x1b,
            0xff,
        ];
        check(&date, "Mon, 21 Oct 2013 20:13:21 GMT");
    }

    #[test]
    fn what_no_string_packs_to_is_refused() {
        let refused = |packed: &[u8]| assert_eq!(unpacked(packed), Err(Violation::Compression), "{packed:?}");
        // The end of strings is never said, is made of ones, and of fewer than eight.
        refused(&[0xff, 0xff, 0xff, 0xff]);
        refused(&[0xff]);
        refused(&[0x1f, 0xff]);
        refused(&[0x00, 0x00]);
        refused(&[0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf, 0xff]);
    }

    #[test]
    fn a_string_grows_only_so_far() {
        let mut out = b"before".to_vec();
        assert_eq!(decode(&[0x00; 50], 79, &mut out), Err(Violation::SectionTooLarge));
        assert_eq!(out.len(), "before".len() + 79);
    }

    #[test]
    fn every_byte_has_a_word() {
        // Words of the RFC are made of the lengths here by the same rule, so all that can be wrong is a length.
        let sum: u64 = LENGTHS.iter().map(|length| 1 << (LONGEST - u32::from(*length))).sum();
        assert_eq!(sum, 1 << LONGEST, "the code has neither gaps nor words that begin with another");
        assert_eq!(CODES.symbols.len(), LENGTHS.len());
    }
}
