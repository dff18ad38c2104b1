//! Which bytes may stand where: tables of RFC 9110 §5.6.2 and §5.5.

/// `tchar`: what methods and field names are made of.
pub(crate) const fn is_token(byte: u8) -> bool {
    TOKEN[byte as usize]
}

/// `field-vchar`, blank or tab: what field values and reason phrases are made of.
pub(crate) const fn is_value(byte: u8) -> bool {
    VALUE[byte as usize]
}

/// Whether all of `text` is made of [`is_value`] bytes; without a branch per byte, so that many are looked at at once.
pub(crate) fn are_value(text: &[u8]) -> bool {
    let odd = |byte: u8| u8::from(byte < b' ') & u8::from(byte != b'\t') | u8::from(byte == 0x7f);
    text.iter().fold(0, |found, &byte| found | odd(byte)) == 0
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
