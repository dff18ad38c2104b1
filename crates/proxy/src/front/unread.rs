//! What a client still sends of a request that was answered without it.
//!
//! Where little is left, reading it costs less than a new connection. Where much
//! is, or nobody knows, the connection ends; but not before the client had time
//! to read its answer, which closing with bytes unread would destroy (RFC 9112 §9.6).

use std::io;
use std::time::Duration;

use dproxy_http1::{BodyReader, Frame, Framing, Name, RequestHead};

use crate::buffer::Buffer;
use crate::client::{Client, Wire};
use crate::transport::Transport;

/// How long, and for how many bytes, an answered client is read on.
const PATIENCE: Duration = Duration::from_secs(2);
const MOST: usize = 1024 * 1024;

/// Where the rest of the body of a request that is the first `length` of `bytes` begins and
/// ends; none if it is long, may end anywhere, or may never come.
pub(super) fn rest_of_body(request: &RequestHead, bytes: &[u8], length: usize) -> Option<BodyReader> {
    let body = BodyReader::new(request.framing);
    let mut ahead = body;
    let mut there = length;
    while let Frame::Data(count) | Frame::Framing(count) | Frame::Trailer(count) | Frame::Dropped(count) =
        ahead.next(&bytes[there..]).ok()?
    {
        there += count;
    }
    let is_short = matches!(request.framing, Framing::Length(_)) && ahead.expected() <= MOST as u64;
    // Who waits for 100 may, after another answer, send the body or not (RFC 9110 §10.1.1).
    let waits = request.fields.list().iter().any(|field| field.name == Name::Expect);
    (ahead.is_done() || is_short && !waits).then_some(body)
}

/// Reads the rest of a body, which begins in `buffer`. False if it does not come in time.
pub(super) async fn read(client: &mut Client, buffer: &mut Buffer, mut body: BodyReader) -> bool {
    client.deadline.set(PATIENCE);
    let Wire::H1(stream) = &mut client.wire else { return false };
    let skipped = client.deadline.guard(skip(stream, buffer, &mut body)).await;
    matches!(skipped, Ok(Ok(())))
}

async fn skip(stream: &mut Transport, buffer: &mut Buffer, body: &mut BodyReader) -> io::Result<()> {
    loop {
        match body.next(buffer.filled()).map_err(io::Error::other)? {
            Frame::Data(count) | Frame::Framing(count) | Frame::Trailer(count) | Frame::Dropped(count) => buffer.consume(count),
            Frame::End => return Ok(()),
            Frame::Partial => match stream.read(buffer.room()).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => buffer.produced(read),
            },
        }
    }
}

/// Reads on for a while what nobody wants any more, with our side closed.
pub(super) async fn linger(client: &mut Client) {
    client.deadline.set(PATIENCE);
    let Wire::H1(stream) = &mut client.wire else { return };
    // Both sides may be gone already; then there is nothing to be saved.
    let _ = client.deadline.guard(discard(stream)).await;
}

async fn discard(stream: &mut Transport) -> io::Result<()> {
    stream.end().await?;
    let mut room = [0; 1024];
    let mut left = MOST;
    while left > 0 {
        match stream.read(&mut room).await? {
            0 => return Ok(()),
            read => left = left.saturating_sub(read),
        }
    }
    Ok(())
}
