//! Which bytes may stand where: tables of RFC 9110 §5.6.2 and §5.5.

/// `tchar`: what methods and field names are made of.
pub(crate) const fn is_token(byte: u8) -> bool {
    TOKEN[byte as usize]
}

/// `field-vchar`, blank or tab: what field values and reason phrases are made of.
pub(crate) const fn is_value(byte: u8) -> bool {
    VALUE[byte as usize]
}

/// How many bytes `text` begins with that are all [`is_token`]. Four are looked at at once, without a guess at each.
pub(crate) fn token_length(text: &[u8]) -> usize {
    let (words, _) = text.as_chunks::<4>();
    let whole = 4 * words.iter().take_while(|[a, b, c, d]| is_token(*a) & is_token(*b) & is_token(*c) & is_token(*d)).count();
    whole + text[whole..].iter().take_while(|&&byte| is_token(byte)).count()
}

/// How many bytes `text` begins with that are all [`is_value`]. Eight are looked at at once: nearly every value is plain text.
pub(crate) fn value_length(text: &[u8]) -> usize {
    let mut length = 0;
    while let Some(word) = text[length..].first_chunk::<8>() {
        let plain = plain_length(*word);
        length += plain;
        if plain < word.len() {
            // A tab, or no part of a value.
            if !is_value(text[length]) {
                return length;
            }
            length += 1;
        }
    }
    length + text[length..].iter().take_while(|&&byte| is_value(byte)).count()
}

/// How many of the bytes come before the first control character; a tab is one.
const fn plain_length(bytes: [u8; 8]) -> usize {
    const fn each(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    let word = u64::from_le_bytes(bytes);
    // A byte borrows from its high bit only if it is less than what is taken away, and had none. Such a borrow may
    // reach the bytes behind it, of which nobody asks then.
    let below_blank = word.wrapping_sub(each(b' ')) & !word;
    let without_delete = word ^ each(0x7f);
    let delete = without_delete.wrapping_sub(each(1)) & !without_delete;
    ((below_blank | delete) & each(0x80)).trailing_zeros() as usize / 8
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
            for place in 0..19 {
                let mut text = *b"a value\tof letters\xff";
                text[place] = byte;
                let length = if is_value(byte) { text.len() } else { place };
                assert_eq!(value_length(&text), length, "{byte:#x} at {place}");
            }
        }
    }

    #[test]
    fn tokens_are_judged_alike_at_every_place() {
        for byte in 0..=u8::MAX {
            for place in 0..11 {
                let mut text = *b"Some-Name-1";
                text[place] = byte;
                let length = if is_token(byte) { text.len() } else { place };
                assert_eq!(token_length(&text), length, "{byte:#x} at {place}");
            }
        }
    }
}
