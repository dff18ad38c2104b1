use super::*;

/// What is read of `bytes`, which must be the same with every byte more, up to its end, and whatever follows it.
fn read(bytes: &[u8]) -> Result<Announced, AnnouncementError> {
    let whole = announced(bytes);
    for length in 0..bytes.len() {
        match (announced(&bytes[..length]), whole) {
            (Ok(Announced::Partial), _) => {}
            (early, Ok(Announced::Whole { length: wanted, .. })) => assert!(length >= wanted && early == whole, "{length} of {bytes:?}"),
            (early, _) => assert!(early.is_err(), "{length} of {bytes:?}"),
        }
    }
    if whole != Ok(Announced::Partial) {
        assert_eq!(announced(&[bytes, b"GET / HTTP/1.1\r\n"].concat()), whole);
    }
    whole
}

#[track_caller]
fn check(bytes: &[u8], expected: &str) {
    let shown = match read(bytes) {
        Ok(Announced::Partial) => "partial".to_owned(),
        Ok(Announced::Whole { length, ends: None }) => format!("{length} itself"),
        Ok(Announced::Whole { length, ends: Some(Ends { from, to }) }) => format!("{length} {from} {to}"),
        Err(error) => error.to_string(),
    };
    assert_eq!(shown, expected, "{bytes:?}");
}

fn binary(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [&SIGNATURE[..], &[command, family], &length, rest].concat()
}

#[test]
fn a_line_tells_both_ends() {
    check(b"PROXY TCP4 192.0.2.1 10.0.0.1 56324 443\r\n", "41 192.0.2.1:56324 10.0.0.1:443");
    check(b"PROXY TCP4 192.0.2.1 10.0.0.1 56324 443\r\nGET", "41 192.0.2.1:56324 10.0.0.1:443");
    check(b"PROXY TCP6 2001:db8::1 ::1 1 0\r\n", "32 [2001:db8::1]:1 [::1]:0");
    check(b"PROXY UNKNOWN\r\n", "15 itself");
    check(b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", "35 itself");
    check(b"", "partial");
    check(b"PROX", "partial");
    check(b"PROXY TCP4 192.0.2.1\r", "partial");
}

#[test]
fn a_line_that_makes_no_sense_is_none() {
    for line in [
        "PROXY \r\n",
        "PROXY UNKNOWN \u{1}\r\n",
        "PROXY UNKNOWN \u{7f}\r\n",
        "PROXY UNKNOWN \u{e4}\r\n",
        "PROXY UNKNOWN a\rb\r\n",
        "PROXY TCP5 192.0.2.1 10.0.0.1 1 2\r\n",
        "PROXY TCP4 192.0.2.1 10.0.0.1 1\r\n",
        "PROXY TCP4 192.0.2.1 10.0.0.1 1 2 3\r\n",
        "PROXY TCP4  192.0.2.1 10.0.0.1 1 2\r\n",
        "PROXY TCP4 192.0.2.1 10.0.0.1 1 65536\r\n",
        "PROXY TCP4 192.0.2.1 10.0.0.1 +1 2\r\n",
        "PROXY TCP4 192.0.2.1 10.0.0.1 01 2\r\n",
        "PROXY TCP4 192.0.2.256 10.0.0.1 1 2\r\n",
        "PROXY TCP4 2001:db8::1 ::1 1 2\r\n",
        "PROXY TCP6 192.0.2.1 10.0.0.1 1 2\r\n",
        "PROXY TCP4 a b c d\r\n",
        "PROXY tcp4 192.0.2.1 10.0.0.1 1 2\r\n",
        "PROXY TCP4 192.0.2.1 10.0.0.1 1 2\n",
    ] {
        check(line.as_bytes(), "its PROXY line makes no sense");
    }
    check(&[b"PROXY UNKNOWN ", &[b'x'; 100][..]].concat(), "its PROXY line makes no sense");
    check(b"PROXIES", "it does not begin with the PROXY protocol");
    check(b"GET / HTTP/1.1\r\n", "it does not begin with the PROXY protocol");
    check(b"proxy TCP4", "it does not begin with the PROXY protocol");
}

#[test]
fn a_head_tells_both_ends() {
    let v4 = [192, 0, 2, 1, 10, 0, 0, 1, 1, 0, 1, 187];
    check(&binary(0x21, 0x11, &v4), "28 192.0.2.1:256 10.0.0.1:443");
    check(&binary(0x21, 0x11, &[&v4[..], &[3, 0, 4, 1, 2, 3, 4]].concat()), "35 192.0.2.1:256 10.0.0.1:443");
    check(&binary(0x21, 0x21, &[&[0; 15][..], &[1], &[0; 15], &[2], &[0, 80, 0, 81]].concat()), "52 [::1]:80 [::2]:81");
    check(&binary(0x20, 0x00, &[]), "16 itself");
    check(&binary(0x20, 0x11, &v4), "28 itself");
    check(&binary(0x21, 0x00, &[1, 2, 3]), "19 itself");
    check(b"\r\n\r\n", "partial");
    check(&binary(0x21, 0x11, &v4)[..20], "partial");
}

#[test]
fn a_head_that_makes_no_sense_is_none() {
    let senseless = "its PROXY head makes no sense";
    check(&binary(0x21, 0x11, &[0; 11]), senseless);
    check(&binary(0x21, 0x21, &[0; 35]), senseless);
    check(&binary(0x22, 0x11, &[0; 12]), senseless);
    check(&binary(0x11, 0x11, &[0; 12]), senseless);
    check(&binary(0x21, 0x12, &[0; 12]), senseless);
    check(&binary(0x21, 0x31, &[0; 216]), senseless);
    check(&binary(0x21, 0x11, &vec![0; 16 * 1024 + 1]), "its PROXY head is too long");
    check(b"\r\n\r\n\0\r\nQUIT\r\n", "it does not begin with the PROXY protocol");
}

#[test]
fn what_is_written_is_read() {
    let ends = |from: &str, to: &str| Some(Ends { from: from.parse().unwrap(), to: to.parse().unwrap() });
    for version in [Announcement::V1, Announcement::V2] {
        let check = |written: Option<Ends>, wanted: Option<Ends>| {
            let bytes = version.of(written);
            assert_eq!(read(&bytes), Ok(Announced::Whole { length: bytes.len(), ends: wanted }));
        };
        check(None, None);
        let (v4, v6) = (ends("192.0.2.1:1", "10.0.0.1:443"), ends("[2001:db8::1]:1", "[::1]:443"));
        check(v4, v4);
        check(v6, v6);
        check(ends("[::ffff:192.0.2.1]:1", "10.0.0.1:443"), v4);
        check(ends("192.0.2.1:1", "[::1]:443"), ends("[::ffff:192.0.2.1]:1", "[::1]:443"));
    }
}

#[test]
fn a_version_is_one_of_two_words() {
    assert_eq!("V2".parse(), Ok(Announcement::V2));
    assert_eq!("v1".parse(), Ok(Announcement::V1));
    assert_eq!("yes".parse::<Announcement>().unwrap_err().to_string(), "`yes` is neither `v1` nor `v2`");
}
