//! What a server says on the stream of a request.

use crate::qpack;
use crate::{frame, varint};

/// Writes the frame of an answer's head, or of an interim one's. `status` is its three digits.
pub fn head<'f>(status: &'f str, fields: impl Iterator<Item = (&'f str, &'f [u8])>, out: &mut Vec<u8>) {
    section(std::iter::once((":status", status.as_bytes())).chain(fields), out);
}

/// Writes the frame of the fields behind a body.
pub fn trailers<'f>(fields: impl Iterator<Item = (&'f str, &'f [u8])>, out: &mut Vec<u8>) {
    section(fields, out);
}

/// Writes what stands in front of so many bytes of a body.
pub fn data(length: usize, out: &mut Vec<u8>) {
    frame::begin(frame::DATA, length, out);
}

fn section<'a>(fields: impl Iterator<Item = (&'a str, &'a [u8])>, out: &mut Vec<u8>) {
    let mut packed = Vec::with_capacity(256);
    qpack::encode(fields, &mut packed);
    varint::encode(frame::HEADERS, out);
    varint::encode(packed.len() as u64, out);
    out.extend_from_slice(&packed);
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::frame::Numbers;

    #[test]
    fn an_answer_is_a_section_and_data_frames() {
        let mut out = Vec::new();
        head("404", [("content-type", &b"text/plain"[..])].into_iter(), &mut out);
        data(3, &mut out);
        out.extend_from_slice(b"abc");
        let mut input = Bytes::from(out);
        let header = Numbers::default().header(&mut input).unwrap();
        let packed = input.split_to(usize::try_from(header.length).unwrap());
        let section = qpack::decode(&packed, 1000).unwrap();
        let fields: Vec<_> = section.iter().collect();
        assert_eq!(fields, [(":status", &b"404"[..]), ("content-type", b"text/plain")]);
        assert_eq!(&input[..], b"\x00\x03abc");
    }
}
