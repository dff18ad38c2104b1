use super::*;
use crate::{answer, varint};

const GET: [(&str, &str); 4] = [(":method", "GET"), (":scheme", "https"), (":authority", "a.test"), (":path", "/")];

fn fields(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    answer::trailers(fields.iter().map(|(name, value)| (*name, value.as_bytes())), &mut out);
    out
}

fn frame(kind: u64, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    frame::begin(kind, payload.len(), &mut out);
    out.extend_from_slice(payload);
    out
}

/// What is read of a stream that comes in pieces of so many bytes.
fn read(bytes: &[u8], step: usize) -> Result<String, Violation> {
    let mut reader = RequestReader::new(1000);
    let mut told = String::new();
    for piece in bytes.chunks(step) {
        let mut input = Bytes::copy_from_slice(piece);
        while let Some(piece) = reader.read(&mut input)? {
            match piece {
                Piece::Head(section) => told.push_str(&format!("head {} ", section.iter().count())),
                Piece::Data(data) => told.push_str(str::from_utf8(&data).unwrap()),
                Piece::Trailers(section) => told.push_str(&format!(" trailers {}", section.iter().count())),
            }
        }
        assert!(input.is_empty());
    }
    reader.end().map(|()| told)
}

fn check(parts: &[Vec<u8>], expected: Result<&str, Violation>) {
    let bytes = parts.concat();
    for step in 1..=bytes.len().max(1) {
        assert_eq!(read(&bytes, step), expected.map(str::to_owned), "{bytes:x?} in steps of {step}");
    }
}

#[test]
fn a_message_is_read_in_whichever_pieces_it_comes() {
    let unknown = || frame(0x21, b"whatever");
    check(&[fields(&GET)], Ok("head 4 "));
    check(&[fields(&GET), frame(frame::DATA, b"abc"), frame(frame::DATA, b""), frame(frame::DATA, b"def")], Ok("head 4 abcdef"));
    check(&[fields(&GET), frame(frame::DATA, b"abc"), fields(&[("x-sum", "1")])], Ok("head 4 abc trailers 1"));
    check(&[unknown(), fields(&GET), unknown(), frame(frame::DATA, b"abc"), unknown()], Ok("head 4 abc"));
}

#[test]
fn a_message_that_breaks_a_rule_is_refused() {
    let unexpected = Err(Violation::UnexpectedFrame);
    check(&[frame(frame::DATA, b"abc"), fields(&GET)], unexpected);
    check(&[fields(&GET), fields(&[("x-sum", "1")]), frame(frame::DATA, b"abc")], unexpected);
    check(&[fields(&GET), fields(&[("x-sum", "1")]), fields(&[("x-sum", "1")])], unexpected);
    for kind in [0x2, 0x3, 0x4, 0x5, 0x6, 0x7, 0x8, 0x9, 0xd] {
        check(&[frame(kind, b"")], unexpected);
        check(&[fields(&GET), frame(kind, b"")], unexpected);
    }
    check(&[fields(&GET), fields(&[(":path", "/")])], Err(Violation::Message));
    check(&[frame(frame::HEADERS, &[0x00, 0x00, 0x80])], Err(Violation::Compression));
}

#[test]
fn a_message_that_ends_too_early_is_not_whole() {
    let cut = |bytes: Vec<u8>, by: usize| vec![bytes[..bytes.len() - by].to_vec()];
    check(&[], Err(Violation::Incomplete));
    check(&cut(fields(&GET), 1), Err(Violation::Incomplete));
    check(&cut([fields(&GET), frame(frame::DATA, b"abc")].concat(), 1), Err(Violation::Frame));
    check(&cut([fields(&GET), frame(frame::DATA, b"abc")].concat(), 4), Err(Violation::Frame));
    check(&cut([fields(&GET), frame(0x21, b"abc")].concat(), 1), Err(Violation::Frame));
}

#[test]
fn a_body_is_as_long_as_it_was_told() {
    let head = || fields(&[&GET[..], &[("content-length", "3")]].concat());
    check(&[head(), frame(frame::DATA, b"abc")], Ok("head 5 abc"));
    check(&[head(), frame(frame::DATA, b"ab")], Err(Violation::Message));
    check(&[head()], Err(Violation::Message));
    check(&[head(), frame(frame::DATA, b"abcd")], Err(Violation::Message));
    check(&[head(), frame(frame::DATA, b"abc"), frame(frame::DATA, b"d")], Err(Violation::Message));
}

#[test]
fn a_section_that_says_it_is_too_large_is_not_waited_for() {
    for length in [1001, 1 << 20, varint::MOST] {
        let mut begun = Vec::new();
        varint::encode(frame::HEADERS, &mut begun);
        varint::encode(length, &mut begun);
        check(&[begun], Err(Violation::SectionTooLarge));
    }
}
