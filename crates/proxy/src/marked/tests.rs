use dproxy_testkit::Frame;
use tokio::io::AsyncReadExt as _;

use super::*;

/// `:status: 200` of the static table, and a field that is said in full.
const STATUS: &[u8] = &[0x88];
const FIELD: &[u8] = &[0, 1, b'a', 1, b'b'];
/// END_STREAM and END_HEADERS.
const LAST: u8 = 5;

/// Bytes that come in pieces of one length.
struct Pieces(Vec<u8>, usize);

impl AsyncRead for Pieces {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let piece = self.1.min(self.0.len());
        into.put_slice(&self.0.drain(..piece).collect::<Vec<_>>());
        Poll::Ready(Ok(()))
    }
}

/// What is read of `sent`, which comes and is taken in pieces of `step` bytes.
fn read(mark: fn(Pieces) -> Marked<Pieces>, sent: &[u8], step: usize) -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut marked = mark(Pieces(sent.to_vec(), step));
        let (mut got, mut room) = (Vec::new(), vec![0; step]);
        loop {
            match marked.read(&mut room).await.unwrap() {
                0 => return got,
                read => got.extend_from_slice(&room[..read]),
            }
        }
    })
}

/// Frames that are sent, as (kind, flags, stream, payload), and the last one's payload as it is read.
#[track_caller]
fn check(mark: fn(Pieces) -> Marked<Pieces>, sent: &[(u8, u8, u32, &[u8])], expected: &[u8]) {
    let bytes = |frames: &[(u8, u8, u32, &[u8])]| -> Vec<u8> {
        frames.iter().flat_map(|&(kind, flags, stream, payload)| Frame::bytes(kind, flags, stream, payload)).collect()
    };
    let (&(kind, flags, stream, _), before) = sent.split_last().unwrap();
    let whole = bytes(sent);
    let expected = [bytes(before), Frame::bytes(kind, flags, stream, expected)].concat();
    for step in 1..=whole.len() {
        assert_eq!(read(mark, &whole, step), expected, "{sent:?} in steps of {step}");
    }
}

fn marked(fields: &[u8]) -> Vec<u8> {
    [&[MARK], fields].concat()
}

#[test]
fn trailers_of_requests_are_marked_and_nothing_else() {
    let ask = (HEADERS, 4, 1, FIELD);
    let check = |sent: &[(u8, u8, u32, &[u8])], expected: &[u8]| check(|pieces| Marked::requests(pieces, 0), sent, expected);
    check(&[ask], FIELD);
    check(&[ask, (HEADERS, LAST, 3, STATUS)], STATUS);
    check(&[ask, (HEADERS, LAST, 1, STATUS)], &marked(STATUS));
    check(&[ask, (DATA, 0, 1, b"hello"), (HEADERS, LAST, 1, FIELD)], &marked(FIELD));
    check(&[ask, (HEADERS, 4, 5, FIELD), (HEADERS, LAST, 1, FIELD)], &marked(FIELD));
    check(&[ask, (HEADERS, LAST, 1, &[])], &marked(&[]));
    check(&[ask, (DATA, END_STREAM, 1, FIELD)], FIELD);
    check(&[ask, (6, 0, 0, &[0; 8])], &[0; 8]);
    // The changes of a table's size come first.
    check(&[ask, (HEADERS, LAST, 1, &[0x20, 0x3f, 0xe1, 0x1f, 0x88])], &[0x20, 0x3f, 0xe1, 0x1f, MARK, 0x88]);
    check(&[ask, (HEADERS, LAST, 1, &[0x20])], &[0x20, MARK]);
    check(&[ask, (HEADERS, LAST | PADDED, 1, &[2, 0x88, 0, 0])], &[2, MARK, 0x88, 0, 0]);
    check(&[ask, (HEADERS, LAST | PRIORITY, 1, &[0, 0, 0, 0, 7, 0x88])], &[0, 0, 0, 0, 7, MARK, 0x88]);
    check(&[ask, (HEADERS, LAST | PADDED | PRIORITY, 1, &[0, 0, 0, 0, 0, 7, 0x88])], &[0, 0, 0, 0, 0, 7, MARK, 0x88]);
    // Too short for what it says of itself; it stays so.
    check(&[ask, (HEADERS, LAST | PRIORITY, 1, &[0; 4])], &[0; 4]);
}

#[test]
fn trailers_of_answers_are_marked_where_data_came_before() {
    let (head, data) = ((HEADERS, 4, 1, STATUS), (DATA, 0, 1, &b"hello"[..]));
    let check = |sent: &[(u8, u8, u32, &[u8])], expected: &[u8]| check(Marked::answers, sent, expected);
    check(&[head], STATUS);
    check(&[head, head], STATUS);
    check(&[head, (HEADERS, LAST, 1, STATUS)], STATUS);
    check(&[head, data, (HEADERS, LAST, 1, STATUS)], &marked(STATUS));
    check(&[head, data, (HEADERS, LAST, 3, STATUS)], STATUS);
    check(&[head, data, (RST_STREAM, 0, 1, &[0; 4]), (HEADERS, LAST, 1, STATUS)], STATUS);
    check(&[head, data, (DATA, 1, 1, b""), (HEADERS, LAST, 1, STATUS)], STATUS);
    check(&[head, data, data, (HEADERS, LAST, 1, FIELD)], &marked(FIELD));
}

#[test]
fn a_frame_of_full_length_and_a_broken_end_pass_as_they_are() {
    let full = vec![0x88; LONGEST];
    let whole = [Frame::bytes(HEADERS, 4, 1, FIELD), Frame::bytes(HEADERS, 1, 1, &full)].concat();
    for cut in [0, 1, 5, 9, 14, 15, 22, 23, 24, whole.len()] {
        for step in [1, 7, 4096] {
            assert_eq!(read(|pieces| Marked::requests(pieces, 0), &whole[..cut], step), whole[..cut], "{cut} bytes in steps of {step}");
        }
    }
}

#[test]
fn answers_that_never_end_are_not_remembered_for_ever() {
    let mut messages = Messages::Answers { begun: Vec::new() };
    let header = |kind, flags, stream: u32| Frame::bytes(kind, flags, stream, b"x").first_chunk().copied().unwrap();
    let streams = u32::try_from(MOST_BEGUN).unwrap() + 1;
    (1..=streams).for_each(|stream| messages.note(&header(DATA, 0, stream)));
    let is_marked = |stream| messages.is_marked(&header(HEADERS, LAST, stream));
    assert_eq!([1, 2, streams].map(is_marked), [false, true, true]);
}
