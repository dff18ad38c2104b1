//! What must hold for any bytes: nothing panics, pieces do not matter, limits are kept, and what was read can be packed again.

use bytes::Bytes;
use dproxy_http3::{PeerStreams, Piece, Request, RequestReader, Section, UniReader, Violation, qpack};

/// Bytes of a field section.
const MOST: usize = 2000;

type Fields = Vec<(String, Vec<u8>)>;

/// What a stream says, however it comes.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    sections: Vec<Fields>,
    data: Vec<u8>,
    end: Result<(), Violation>,
}

/// A request's stream.
pub fn request(bytes: &[u8]) {
    let whole = read(bytes, bytes.len().max(1));
    for step in [1, 2, 7, 100] {
        assert_eq!(read(bytes, step), whole, "in steps of {step}");
    }
}

/// A stream of the connection.
pub fn uni(bytes: &[u8]) {
    let whole = hear(bytes, bytes.len().max(1));
    for step in [1, 2, 7, 100] {
        assert_eq!(hear(bytes, step), whole, "in steps of {step}");
    }
}

fn read(bytes: &[u8], step: usize) -> Told {
    let mut reader = RequestReader::new(MOST);
    let mut told = Told { sections: Vec::new(), data: Vec::new(), end: Ok(()) };
    for piece in bytes.chunks(step) {
        let mut input = Bytes::copy_from_slice(piece);
        loop {
            match reader.read(&mut input) {
                Ok(Some(Piece::Data(data))) => told.data.extend_from_slice(&data),
                Ok(Some(Piece::Head(section) | Piece::Trailers(section))) => told.sections.push(looked_at(&section)),
                Ok(None) => break,
                Err(violation) => {
                    // How far the body came before it depends on the pieces.
                    told.data.clear();
                    told.end = Err(violation);
                    return told;
                }
            }
        }
        assert!(input.is_empty());
    }
    told.end = reader.end();
    told
}

fn looked_at(section: &Section) -> Fields {
    let fields: Fields = section.iter().map(|(name, value)| (name.to_owned(), value.to_vec())).collect();
    let size: usize = fields.iter().map(|(name, value)| name.len() + value.len() + 32).sum();
    assert!(size <= MOST);
    if let Ok(request) = Request::of(section) {
        assert!(request.fields().all(|(name, value)| !name.starts_with(':') && !value.contains(&b'\n')));
    }
    let mut packed = Vec::new();
    qpack::encode(section.iter(), &mut packed);
    let again = qpack::decode(&packed, MOST).expect("what was unpacked can be packed");
    assert!(again.iter().eq(section.iter()));
    fields
}

fn hear(bytes: &[u8], step: usize) -> Result<(), Violation> {
    let (mut reader, streams) = (UniReader::default(), PeerStreams::default());
    for piece in bytes.chunks(step) {
        let mut input = Bytes::copy_from_slice(piece);
        while !input.is_empty() {
            reader.read(&mut input, &streams)?;
        }
    }
    reader.end()
}
