//! Which bytes may stand where: tables of RFC 9110 §5.6.2 and §5.5.

/// `tchar`: what methods and field names are made of.
pub(crate) const fn is_token(byte: u8) -> bool {
    TOKEN[byte as usize]
}

/// `field-vchar`, blank or tab: what field values and reason phrases are made of.
pub(crate) const fn is_value(byte: u8) -> bool {
    VALUE[byte as usize]
}

/// Whether all of `text` is made of [`is_value`] bytes. Eight are looked at at once: nearly every value is plain text.
pub(crate) fn are_value(text: &[u8]) -> bool {
    let (words, rest) = text.as_chunks::<8>();
    words.iter().all(|word| is_plain(*word) || word.iter().all(|&byte| is_value(byte))) && rest.iter().all(|&byte| is_value(byte))
}

/// Whether none of the bytes is a control character; a tab is one.
const fn is_plain(bytes: [u8; 8]) -> bool {
    const fn each(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    let word = u64::from_ne_bytes(bytes);
    // A byte borrows from its high bit only if it is less than what is taken away, and had none.
    let below_blank = word.wrapping_sub(each(b' ')) & !word;
    let without_delete = word ^ each(0x7f);
    let delete = without_delete.wrapping_sub(each(1)) & !without_delete;
    (below_blank | delete) & each(0x80) == 0
}

/// What a request target may hold: no blank, no control, no `#`. Bytes above
/// ASCII are no URI, but are sent in the wild and passed on as they are.
pub(crate) const fn is_target(byte: u8) -> bool {
    byte > b' ' && byte != 0x7f && byte != b'#'
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
                assert_eq!(are_value(&text), is_value(byte), "{byte:#x} at {place}");
            }
        }
    }
}
