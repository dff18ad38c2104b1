//! The two fields of a WebSocket's opening that HTTP/2 does not have (RFC 6455 §4, RFC 8441 §5).

use std::hash::{BuildHasher as _, RandomState};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha1_smol::Sha1;

/// What every server hashes with the key it got.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Sixteen bytes that nobody else chose, for a client that sent none.
pub(crate) fn key() -> String {
    let random = RandomState::new();
    BASE64_STANDARD.encode([random.hash_one(0).to_le_bytes(), random.hash_one(1).to_le_bytes()].concat())
}

/// `Sec-WebSocket-Accept` for the key in these lines of a head, for a client whose backend sends none.
pub(crate) fn accept(lines: &[u8]) -> Option<String> {
    let key = lines.split(|&byte| byte == b'\n').find_map(|line| {
        let colon = line.iter().position(|&byte| byte == b':')?;
        is_key(&line[..colon]).then(|| line[colon + 1..].trim_ascii())
    })?;
    let hash = Sha1::from([key, GUID].concat());
    Some(BASE64_STANDARD.encode(hash.digest().bytes()))
}

pub(crate) fn is_key(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"sec-websocket-key")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_that_of_the_standard() {
        let lines = b"GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        assert_eq!(accept(lines).unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_key_is_sixteen_bytes_and_never_the_same() {
        let (first, second) = (key(), key());
        assert_ne!(first, second);
        assert_eq!(BASE64_STANDARD.decode(first).unwrap().len(), 16);
    }
}
