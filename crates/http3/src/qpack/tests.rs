use super::*;

fn packed(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    encode(fields.iter().map(|(name, value)| (*name, value.as_bytes())), &mut out);
    out
}

fn unpacked(bytes: &[u8]) -> Result<Vec<(String, String)>, Violation> {
    let section = decode(bytes, 1000)?;
    Ok(section.iter().map(|(name, value)| (name.to_owned(), String::from_utf8_lossy(value).into_owned())).collect())
}

#[test]
fn a_section_is_unpacked_as_the_rfc_shows() {
    // RFC 9204 §B.1
    let bytes = [&[0x00, 0x00, 0x51, 0x0b][..], b"/index.html"].concat();
    assert_eq!(unpacked(&bytes).unwrap(), [(":path".to_owned(), "/index.html".to_owned())]);
}

#[test]
fn what_was_packed_is_unpacked() {
    let check = |fields: &[(&str, &str)]| {
        let expected: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(unpacked(&packed(fields)).unwrap(), expected);
    };
    check(&[]);
    check(&[(":status", "200")]);
    check(&[(":status", "418"), ("content-type", "text/html; charset=utf-8"), ("x-mine", ""), ("x-mine", "a, b")]);
    check(&[("a-name-that-is-longer-than-the-bits-of-its-first-byte-have-room-for", &"v".repeat(300))]);
    check(&[("x-é".trim_end_matches('é'), "välue")]);
}

#[test]
fn names_and_values_may_be_packed_apart() {
    let bytes = [
        0x00, 0x00, 0x2f, 0x01, 0x25, 0xa8, 0x49, 0xe9, 0x5b, 0xa9, 0x7d, 0x7f, 0x89, 0x25, 0xa8, 0x49, 0xe9, 0x5b, 0xb8, 0xe8, 0xb4, 0xbf,
    ];
    assert_eq!(unpacked(&bytes).unwrap(), [("custom-key".to_owned(), "custom-value".to_owned())]);
}

#[test]
fn what_needs_a_dynamic_table_or_ends_too_early_is_refused() {
    let refused = |bytes: &[u8]| assert_eq!(unpacked(bytes), Err(Violation::Compression), "{bytes:x?}");
    refused(&[]);
    refused(&[0x00]);
    refused(&[0x02, 0x00, 0x80]);
    refused(&[0x00, 0x00, 0x80]);
    refused(&[0x00, 0x00, 0x10]);
    refused(&[0x00, 0x00, 0x40, 0x00]);
    refused(&[0x00, 0x00, 0x00, 0x00]);
    // An index that is no more in the table, a number without end, and a string longer than what there is.
    refused(&[0x00, 0x00, 0xff, 0x24]);
    refused(&[0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    refused(&[0x00, 0x00, 0x51, 0x0b, b'/']);
    refused(&[0x00, 0x00, 0x51]);
}

#[test]
fn what_no_field_holds_is_refused() {
    let refused = |name: &str, value: &str| assert_eq!(unpacked(&packed(&[(name, value)])), Err(Violation::Message), "{name:?} {value:?}");
    for name in ["", ":", "Upper", "a b", "a:", "a\r\nb", "é"] {
        refused(name, "x");
    }
    for value in ["a\r\nb: c", "a\nb", "a\0", " a", "a\t"] {
        refused("x-mine", value);
    }
}

#[test]
fn a_section_is_as_large_as_it_is_allowed_to_be_and_no_larger() {
    let bytes = packed(&[("x-mine", "12345"), ("x-mine", "67890")]);
    let size = 2 * (6 + 5 + 32);
    assert!(decode(&bytes, size).is_ok());
    assert_eq!(decode(&bytes, size - 1).err(), Some(Violation::SectionTooLarge));
    // A byte of an index stands for many.
    let bomb = [&[0x00, 0x00][..], &[0xc0 | 62; 60]].concat();
    assert_eq!(decode(&bomb, 1000).err(), Some(Violation::SectionTooLarge));
}
