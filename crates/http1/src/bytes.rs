//! Which bytes may stand where: tables of RFC 9110 §5.6.2 and §5.5.

use wide::u8x16;

/// `tchar`: what methods and field names are made of.
pub(crate) const fn is_token(byte: u8) -> bool {
    TOKEN[byte as usize]
}

/// `field-vchar`, blank or tab: what field values and reason phrases are made of.
pub(crate) const fn is_value(byte: u8) -> bool {
    VALUE[byte as usize]
}

/// How many bytes `text` begins with that are all [`is_token`]; letters, digits and dashes, of which nearly every name is made,
/// are looked at sixteen at once.
#[inline]
pub(crate) fn token_length(text: &[u8]) -> usize {
    let plain = plain_length(text, letters);
    plain + text[plain..].iter().take_while(|&&byte| is_token(byte)).count()
}

/// How many bytes `text` begins with that are all [`is_value`]; plain text, which nearly every value is, is looked at in the same way.
#[inline]
pub(crate) fn value_length(text: &[u8]) -> usize {
    let plain = plain_length(text, |bytes| !controls(bytes));
    plain + text[plain..].iter().take_while(|&&byte| is_value(byte)).count()
}

/// How many bytes `text` begins with that are surely all found by `find`. Fewer than sixteen at its end are not looked at.
#[inline]
fn plain_length(text: &[u8], find: impl Fn(u8x16) -> u8x16) -> usize {
    let (chunks, _) = text.as_chunks();
    let mut length = 0;
    for chunk in chunks {
        let found = leading(find(u8x16::new(*chunk)));
        length += found;
        if found < chunk.len() {
            break;
        }
    }
    length
}

/// How many bytes come before the first that was not found.
fn leading(found: u8x16) -> usize {
    // As many bits as bytes, and a stop behind them.
    (!found.to_bitmask()).trailing_zeros() as usize
}

/// Which of the bytes are ASCII letters, digits or dashes.
fn letters(bytes: u8x16) -> u8x16 {
    let among = |bytes: u8x16, first: u8, last: u8| {
        let distance = bytes - u8x16::splat(first);
        distance.min(u8x16::splat(last - first)).simd_eq(distance)
    };
    among(bytes | u8x16::splat(0x20), b'a', b'z') | among(bytes, b'0', b'9') | bytes.simd_eq(u8x16::splat(b'-'))
}

/// Which of the bytes are control characters; a tab is one.
fn controls(bytes: u8x16) -> u8x16 {
    bytes.min(u8x16::splat(0x1f)).simd_eq(bytes) | bytes.simd_eq(u8x16::splat(0x7f))
}

/// What a request target may hold: no blank, no control, no `#`. Bytes above
/// ASCII are no URI, but are sent in the wild and passed on as they are.
pub(crate) const fn is_target(byte: u8) -> bool {
    byte > b' ' && byte != 0x7f && byte != b'#'
}

/// Blanks that may stand around a value.
pub(crate) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

pub(crate) fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

static TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128u8 {
        table[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(byte, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~');
        byte += 1;
    }
    table
};

static VALUE: [bool; 256] = {
    let mut table = [true; 256];
    let mut byte = 0;
    while byte < 32 {
        table[byte] = byte == b'\t' as usize;
        byte += 1;
    }
    table[0x7f] = false;
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_judged_alike_at_every_place() {
        for byte in 0..=u8::MAX {
            for place in 0..37 {
                let mut text = *b"a value\tof many more\xffletters than one";
                text[place] = byte;
                let length = if is_value(byte) { text.len() } else { place };
                assert_eq!(value_length(&text), length, "{byte:#x} at {place}");
            }
        }
    }

    #[test]
    fn tokens_are_judged_alike_at_every_place() {
        for byte in 0..=u8::MAX {
            for place in 0..37 {
                let mut text = *b"Some-Name-1-that-is~longer-than-most!";
                text[place] = byte;
                let length = if is_token(byte) { text.len() } else { place };
                assert_eq!(token_length(&text), length, "{byte:#x} at {place}");
            }
        }
    }
}
