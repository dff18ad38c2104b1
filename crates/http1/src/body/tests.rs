use super::*;

/// Walks through `bytes` in steps of `step` bytes; the data, what would be
/// passed on, and what is left behind the end.
fn walk(framing: Framing, bytes: &[u8], step: usize) -> Result<(String, String, usize), Violation> {
    let mut reader = BodyReader::new(framing);
    let (mut data, mut passed) = (Vec::new(), Vec::new());
    let (mut start, mut end) = (0, 0);
    loop {
        match reader.next(&bytes[start..end])? {
            Frame::Data(length) => {
                data.extend_from_slice(&bytes[start..start + length]);
                passed.extend_from_slice(&bytes[start..start + length]);
                start += length;
            }
            Frame::Framing(length) | Frame::Trailer(length) => {
                passed.extend_from_slice(&bytes[start..start + length]);
                start += length;
            }
            Frame::Dropped(length) => start += length,
            Frame::Partial if end == bytes.len() => break,
            Frame::Partial => end = (end + step).min(bytes.len()),
            Frame::End => break,
        }
    }
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ok((text(data), text(passed), if reader.is_done() { bytes.len() - start } else { usize::MAX }))
}

/// Any split of the bytes must say the same.
#[track_caller]
fn chunked(bytes: &str, data: &str, passed: &str, left: usize) {
    for step in 1..=bytes.len() {
        assert_eq!(walk(Framing::Chunked, bytes.as_bytes(), step), Ok((data.into(), passed.into(), left)), "{bytes:?} in steps of {step}");
    }
}

#[track_caller]
fn refused(bytes: &str, violation: Violation) {
    for step in 1..=bytes.len() {
        assert_eq!(walk(Framing::Chunked, bytes.as_bytes(), step), Err(violation), "{bytes:?} in steps of {step}");
    }
}

const UNFINISHED: usize = usize::MAX;

#[test]
fn chunks_are_passed_on_as_they_are() {
    for body in ["0\r\n\r\n", "00\r\n\r\n"] {
        chunked(body, "", body, 0);
    }
    chunked("5\r\nhello\r\n0\r\n\r\n", "hello", "5\r\nhello\r\n0\r\n\r\n", 0);
    chunked("A\r\n0123456789\r\n1\r\na\r\n0\r\n\r\nGET", "0123456789a", "A\r\n0123456789\r\n1\r\na\r\n0\r\n\r\n", 3);
    chunked("2;a=b;c=\"d\"\r\nhi\r\n0\r\n\r\n", "hi", "2;a=b;c=\"d\"\r\nhi\r\n0\r\n\r\n", 0);
    chunked("2 \t\r\nhi\r\n0 ;a\r\n\r\n", "hi", "2 \t\r\nhi\r\n0 ;a\r\n\r\n", 0);
    chunked("2\r\nhi\r\n", "hi", "2\r\nhi\r\n", UNFINISHED);
}

#[test]
fn trailers_pass_but_for_those_that_change_the_message() {
    chunked("0\r\nX-Sum: 1\r\n\r\n", "", "0\r\nX-Sum: 1\r\n\r\n", 0);
    chunked("0\r\nContent-Length: 1\r\nX-Sum: 1\r\nHost: b\r\n\r\n", "", "0\r\nX-Sum: 1\r\n\r\n", 0);
}

#[test]
fn malformed_chunks_are_refused() {
    refused("\r\n", Violation::Chunk);
    refused("g\r\n", Violation::Chunk);
    refused("-1\r\n", Violation::Chunk);
    refused("0x5\r\nhello\r\n", Violation::Chunk);
    refused("5\nhello\r\n", Violation::Chunk);
    refused("5\r\nhelloX", Violation::Chunk);
    refused("5\r\nhello\n", Violation::Chunk);
    refused(" 5\r\nhello\r\n", Violation::Chunk);
    refused("5 a\r\nhello\r\n", Violation::Chunk);
    refused("5;a\nb\r\nhello\r\n", Violation::Chunk);
    refused("5;a\u{0}b\r\nhello\r\n", Violation::Chunk);
    refused("1000000000000000\r\n", Violation::Chunk);
    refused("FFFFFFFFFFFFFFFFFF\r\n", Violation::Chunk);
    refused(&format!("5;{}\r\nhello\r\n", "a".repeat(300)), Violation::Chunk);
    refused(&format!("{}5\r\nhello\r\n", "0".repeat(20)), Violation::Chunk);
}

#[test]
fn malformed_trailers_are_refused() {
    refused("0\r\nno colon\r\n\r\n", Violation::Trailer);
    refused("0\r\n folded\r\n\r\n", Violation::Trailer);
    refused("0\r\na: b\n\r\n", Violation::Trailer);
    refused("0\r\na: b\u{0}\r\n\r\n", Violation::Trailer);
    let endless = format!("0\r\n{}", "a: b\r\n".repeat(2000));
    assert_eq!(walk(Framing::Chunked, endless.as_bytes(), 1000), Err(Violation::Trailer));
}

#[test]
fn a_length_ends_by_itself_and_an_open_end_never_does() {
    assert_eq!(walk(Framing::Length(3), b"abcGET", 2), Ok(("abc".into(), "abc".into(), 3)));
    assert_eq!(walk(Framing::None, b"GET", 1), Ok((String::new(), String::new(), 3)));
    assert_eq!(walk(Framing::UntilClose, b"abc", 2), Ok(("abc".into(), "abc".into(), UNFINISHED)));
    assert!(BodyReader::new(Framing::UntilClose).may_end_here());
    assert!(!BodyReader::new(Framing::Length(3)).may_end_here());
}
