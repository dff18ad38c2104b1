//! Bodies of every length arrive whole, whatever buffers they meet on the way.

use crate::backend::Pretend;
use crate::client::Client;
use crate::notation::{bytes, find};
use crate::stage::Running;
use crate::{GET, OK, OLD_GET};

/// Around what buffers, pipes and socket calls hold.
const LENGTHS: &[usize] =
    &[1, 4095, 4096, 4097, 16_384, 32_767, 32_768, 32_769, 65_535, 65_536, 65_537, 262_143, 262_144, 262_145, 1_500_000];

/// Letters without any pattern, the same every time.
fn letters(length: usize) -> String {
    let mut state: u32 = 1;
    let mut letter = || {
        // Xorshift (Marsaglia 2003).
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        char::from_digit(10 + state % 26, 36).unwrap()
    };
    (0..length).map(|_| letter()).collect()
}

/// `data` in chunks that grow and shrink.
fn in_chunks(data: &str) -> String {
    let mut chunks = String::new();
    let mut rest = data;
    for size in [1, 1000, 16_384, 7, 70_000].into_iter().cycle() {
        let (chunk, behind) = rest.split_at(rest.len().min(size));
        if chunk.is_empty() {
            return chunks + "0|X-Sum: 1||";
        }
        chunks += &format!("{:x}|{chunk}|", chunk.len());
        rest = behind;
    }
    unreachable!("a cycle has no end")
}

#[track_caller]
fn assert_same(got: &[u8], wanted: &[u8], what: &str) {
    let differs = got.iter().zip(wanted).position(|(got, wanted)| got != wanted);
    assert!(
        got.len() == wanted.len() && differs.is_none(),
        "{what}: {} of {} bytes, first difference at {differs:?}",
        got.len(),
        wanted.len()
    );
}

/// The backend answers with this; what the client has got at the end.
fn delivered(request: &str, answer: &str, enough: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let backend = Pretend::start(&[format!("{{head}}{answer}")]);
    let proxy = Running::start(Default::default(), backend.address);
    let mut client = Client::connect(proxy.address);
    client.follow(request);
    client.read_until(|client| enough(&client.received));
    client.received
}

#[test]
fn answers_of_every_length_arrive_whole() {
    for &length in LENGTHS {
        let body = letters(length);
        let answer = bytes(&format!("HTTP/1.1 200 OK|Content-Length: {length}||{body}"));
        let got = delivered(GET, &format!("HTTP/1.1 200 OK|Content-Length: {length}||{body}"), |got| got.len() >= answer.len());
        assert_same(&got, &answer, &format!("a length of {length}"));

        let chunked = format!("HTTP/1.1 200 OK|Transfer-Encoding: chunked||{}", in_chunks(&body));
        let got = delivered(GET, &chunked, |got| got.ends_with(b"\r\n0\r\nX-Sum: 1\r\n\r\n"));
        assert_same(&got, &bytes(&chunked), &format!("{length} bytes in chunks"));

        let bare = bytes(&format!("HTTP/1.1 200 OK|connection: close||{body}"));
        for answer in [chunked, format!("HTTP/1.1 200 OK||{body}{{close}}")] {
            let got = delivered(OLD_GET, &answer, |_| false);
            assert_same(&got, &bare, &format!("{length} bytes for an old client"));
        }
    }
}

#[test]
fn an_open_end_of_every_length_arrives_whole() {
    for &length in LENGTHS {
        let body = letters(length);
        let got = delivered(GET, &format!("HTTP/1.1 200 OK||{body}{{close}}"), |got| got.ends_with(b"0\r\n\r\n"));
        let begin = find(&got, b"\r\n\r\n").unwrap() + 4;
        assert_same(&unchunked(&got[begin..]), body.as_bytes(), &format!("an open end behind {length}"));
    }
}

fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    loop {
        let line_end = find(bytes, b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..line_end]).unwrap(), 16).unwrap();
        let (chunk, rest) = bytes[line_end + 2..].split_at(size);
        assert!(rest.starts_with(b"\r\n"), "a chunk ends where its size says");
        if size == 0 {
            return data;
        }
        data.extend_from_slice(chunk);
        bytes = &rest[2..];
    }
}

#[test]
fn uploads_of_every_length_arrive_whole() {
    for &length in LENGTHS {
        let body = letters(length);
        for (field, body) in
            [(format!("Content-Length: {length}"), body.clone()), ("Transfer-Encoding: chunked".to_owned(), in_chunks(&body))]
        {
            // A marker that no body holds would change its length: its last bytes must do.
            let last = &body[body.len().saturating_sub(40)..];
            let backend = Pretend::start(&[format!("{{head}}{{get {last}}}{OK}")]);
            let proxy = Running::start(Default::default(), backend.address);
            let mut client = Client::connect(proxy.address);
            client.follow(&format!("POST / HTTP/1.1|Host: a.test|{field}||{body}"));
            client.read_until(|client| client.received.ends_with(b"ok"));
            assert_same(&client.received, &bytes(OK), &format!("the answer to {field} of {length}"));
            drop((client, proxy));
            let got = backend.seen().got.remove(0);
            let begin = find(&got, b"\r\n\r\n").unwrap() + 4;
            assert_same(&got[begin..], &bytes(&body), &format!("{field} of {length}"));
        }
    }
}
