//! Awaiting the head of an answer; interim ones are passed on as they come.

use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use dproxy_http1::{Limits, Method, Name, ResponseHead, Violation};
use h2::client::ResponseFuture;
use h2::{Reason, RecvStream};
use http::Response;

use crate::buffer::Buffer;
use crate::client::Speaker;
use crate::flow::{Inlet, io_error};
use crate::message;
use crate::unless::unless;

/// More interim answers than any sensible backend sends.
const MAX_INTERIM: usize = 32;

/// Where an answer will come from.
pub(crate) enum Awaiting<'u> {
    H1(Inlet<'u>),
    H2(ResponseFuture),
}

/// What the answer must fit.
pub(crate) struct Expected<'r> {
    pub(crate) limits: &'r Limits,
    pub(crate) method: Method,
    /// The token of an `Upgrade` that was asked for.
    pub(crate) upgrade: Option<&'r [u8]>,
    /// The `Sec-WebSocket-Accept` that a backend of HTTP/2 does not send.
    pub(crate) accept: Option<String>,
    /// The client knows interim answers; HTTP/1.0 does not (RFC 9110 §15.2).
    pub(crate) interim: bool,
}

/// Where a final head lies: at the front of the buffer it was read into.
pub(crate) struct AnswerHead<'u> {
    pub(crate) length: usize,
    /// Where the body comes from.
    pub(crate) inlet: Inlet<'u>,
}

/// Why no head of an answer came.
pub(crate) enum NoHead {
    /// The connection ended without a byte of an answer.
    Closed(io::Error),
    /// The backend says that it did not touch the request.
    Untouched(io::Error),
    /// It ended within the head.
    Broken(io::Error),
    /// It is none.
    Malformed(Violation),
    /// The client went away.
    ClientGone,
}

/// Reads until a final head is there, into `response`.
pub(crate) async fn await_head<'u>(
    awaiting: Awaiting<'u>,
    response: &mut ResponseHead,
    buffer: &mut Buffer,
    expected: &Expected<'_>,
    client: &mut Speaker<'_>,
) -> Result<AnswerHead<'u>, NoHead> {
    match awaiting {
        Awaiting::H1(inlet) => await_h1(inlet, response, buffer, expected, client).await,
        // Apart, so that the others make no room for it.
        Awaiting::H2(awaited) => Box::pin(await_h2(awaited, response, buffer, expected, client)).await,
    }
}

async fn await_h1<'u>(
    mut inlet: Inlet<'u>,
    response: &mut ResponseHead,
    buffer: &mut Buffer,
    expected: &Expected<'_>,
    client: &mut Speaker<'_>,
) -> Result<AnswerHead<'u>, NoHead> {
    let mut interim = 0;
    loop {
        let read = unless_gone(inlet.read(buffer), client).await?;
        match read {
            Ok(0) if buffer.is_empty() && interim == 0 => return Err(NoHead::Closed(io::ErrorKind::UnexpectedEof.into())),
            Ok(0) => return Err(NoHead::Broken(io::ErrorKind::UnexpectedEof.into())),
            Err(cause) if buffer.is_empty() && interim == 0 => return Err(NoHead::Closed(cause)),
            Err(cause) => return Err(NoHead::Broken(cause)),
            Ok(_) => {}
        }
        while let Some(length) = response.parse(buffer.filled(), expected.limits, expected.method).map_err(NoHead::Malformed)? {
            if !response.is_interim() {
                check_switch(response, buffer, expected)?;
                return Ok(AnswerHead { length, inlet });
            }
            interim += 1;
            if interim > MAX_INTERIM {
                return Err(NoHead::Malformed(Violation::HeadTooLarge));
            }
            if expected.interim {
                client.interim(response, &buffer.filled()[..length]).await.map_err(|_| NoHead::ClientGone)?;
            }
            buffer.consume(length);
            response.clear();
            if buffer.is_empty() {
                break;
            }
        }
        if buffer.is_full() {
            buffer.grow();
        }
    }
}

async fn await_h2<'u>(
    mut awaited: ResponseFuture,
    response: &mut ResponseHead,
    buffer: &mut Buffer,
    expected: &Expected<'_>,
    client: &mut Speaker<'_>,
) -> Result<AnswerHead<'u>, NoHead> {
    for _ in 0..MAX_INTERIM {
        match unless_gone(poll_fn(|context| poll_head(&mut awaited, context)), client).await? {
            Ok(Head::Final(head)) => {
                let has_body = !head.body().is_end_stream();
                let length = message::response_head(&head, has_body, buffer, response, expected);
                let length = length.map_err(NoHead::Malformed)?;
                return Ok(AnswerHead { length, inlet: Inlet::h2(head.into_body()) });
            }
            Ok(Head::Interim(head)) => {
                let length = message::response_head(&head, false, buffer, response, expected);
                let length = length.map_err(NoHead::Malformed)?;
                if expected.interim {
                    client.interim(response, &buffer.filled()[..length]).await.map_err(|_| NoHead::ClientGone)?;
                }
                buffer.consume(length);
                response.clear();
            }
            Err(error) if is_untouched(&error) => return Err(NoHead::Untouched(io_error(error))),
            // It broke the rules on this stream; it would do so again.
            Err(error) if error.is_library() && error.is_reset() => return Err(NoHead::Broken(io_error(error))),
            Err(error) => return Err(NoHead::Closed(io_error(error))),
        }
    }
    Err(NoHead::Malformed(Violation::HeadTooLarge))
}

/// The backend refused the stream, or went away from all behind the last that it looked at (RFC 9113 §6.8, §8.7).
fn is_untouched(error: &h2::Error) -> bool {
    error.is_remote() && (error.is_go_away() || error.reason() == Some(Reason::REFUSED_STREAM))
}

enum Head {
    Interim(Response<()>),
    Final(Response<RecvStream>),
}

fn poll_head(awaited: &mut ResponseFuture, context: &mut Context<'_>) -> Poll<Result<Head, h2::Error>> {
    if let Poll::Ready(Some(interim)) = awaited.poll_informational(context) {
        return Poll::Ready(interim.map(Head::Interim));
    }
    Pin::new(awaited).poll(context).map_ok(Head::Final)
}

/// Drives `future`, unless the client gives up.
fn unless_gone<T>(future: impl Future<Output = T>, client: &mut Speaker<'_>) -> impl Future<Output = Result<T, NoHead>> {
    unless(future, |context| client.poll_gone(context).map(|()| NoHead::ClientGone))
}

/// A backend may switch only to what the client asked for (RFC 9110 §7.8).
fn check_switch(response: &ResponseHead, buffer: &Buffer, expected: &Expected<'_>) -> Result<(), NoHead> {
    if response.status != 101 {
        return Ok(());
    }
    let offered = response.fields.only(buffer.filled(), Name::Upgrade);
    match (expected.upgrade, offered) {
        (Some(asked), Some(offered)) if asked.eq_ignore_ascii_case(offered) => Ok(()),
        _ => Err(NoHead::Malformed(Violation::StatusLine)),
    }
}
