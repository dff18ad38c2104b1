//! Delivering an answer whose head is there.

use std::future::Future;
use std::pin::pin;
use std::time::Instant;

use dproxy_http1::{BodyReader, Frame, Framing, ResponseHead, Violation};
use dproxy_stats::Fault;

use crate::buffer::Buffer;
use crate::client::Speaker;
use crate::clock::{Elapsed, boot_millis};
use crate::error::ProxyError;
use crate::exchange::answer::AnswerHead;
use crate::exchange::attempt::{Attempt, Broken};
use crate::exchange::inbound::{Beside, InboundEnd};
use crate::exchange::progress::Progress;
use crate::exchange::{Failure, Served};
use crate::flow::Inlet;
use crate::forward::{self, Delivery, Encoding, Timings};
use crate::relay::{LONG, RelayError, Sink, Source, relay};

/// An attempt that has come as far as an answer.
pub(crate) struct Delivering<'r> {
    pub(crate) attempt: &'r Attempt<'r>,
    pub(crate) response: &'r ResponseHead,
    pub(crate) progress: &'r Progress<'r>,
    pub(crate) to_stream: bool,
    /// Nobody but the client and the kernel knows anything about the connection.
    pub(crate) in_clear: bool,
    /// When the backend had the request, if anybody wants to know how long it took.
    pub(crate) asked: Option<Instant>,
}

/// A delivered answer, and what can be done with the two connections.
pub(crate) struct Delivered<'u> {
    pub(crate) client: Served,
    pub(crate) backend_reusable: bool,
    /// What the backend says after it switched protocols, if it did.
    pub(crate) switched: Option<Inlet<'u>>,
}

/// How the driving of a relay ended: by itself, by the client's side, or by the clock.
type Driven = Result<Result<Result<(), RelayError>, InboundEnd>, Elapsed>;

impl Delivering<'_> {
    /// Says the head, at the front of `answer`, to the client and relays the body behind it.
    pub(crate) async fn deliver<'u, F: Future<Output = InboundEnd>>(
        &self,
        mut head: AnswerHead<'u>,
        answer: &mut Buffer,
        speaker: Speaker<'_>,
        beside: &mut Beside<'_, F>,
    ) -> Result<Delivered<'u>, Broken> {
        let proxy = self.attempt.proxy;
        let response = self.response;
        self.note(response.status);
        self.progress.answer_begins(response.status);
        let delivery = self.delivery();
        let (encoding, close) = (delivery.encoding, delivery.close);
        let bytes = &answer.filled()[..head.length];
        let unwanted = owned(&response.fields.listed(bytes, response.connection));
        let mut body = BodyReader::new(response.framing);
        if self.to_stream {
            // The head may leave by itself there: what came with it is looked at before, while the client can be told.
            look_through(body, &answer.filled()[head.length..])
                .map_err(|violation| Broken::Final(Failure::Unanswered(ProxyError::Backend(violation))))?;
        }
        let mut out = proxy.buffers.scratch();
        let spoken = speaker.respond(&mut out, response, bytes, &delivery);
        let mut outlet = spoken.map_err(|_| Broken::Final(Failure::Answered(ProxyError::ClientGone)))?;
        answer.consume(head.length);

        // What follows a switch is not ours to end.
        let closes = close && response.status != 101;
        self.attempt.pool.answers_long.set(body.expected() > LONG);
        let silenced = || self.attempt.is_silenced();
        let source = Source { inlet: &mut head.inlet, buffer: answer, body: &mut body, unwanted: &unwanted, silenced: &silenced };
        let relayed = {
            let sink = Sink { outlet: &mut outlet, encoding, closes };
            let relayed = pin!(relay(&mut out, source, sink, |bytes| self.progress.delivered(bytes)));
            self.progress.deadline().guard(beside.drive(relayed)).await
        };
        match relayed {
            Ok(Ok(Ok(()))) => proxy.count_status(response.status),
            // The head still waits for the first bytes of a body: the client can be told.
            Ok(Ok(Err(RelayError::Framing(violation)))) if !out.is_empty() => {
                return Err(Broken::Final(Failure::Unanswered(ProxyError::Backend(violation))));
            }
            failed => {
                proxy.count_status(response.status);
                // Where the end of the connection or stream is the end of the body, it must not seem whole.
                if encoding == Encoding::Bare {
                    outlet.break_off();
                }
                return Err(Broken::Final(Failure::Answered(error_of(failed))));
            }
        }
        let sent = self.progress.is_request_sent() && !beside.was_refused();
        Ok(delivered(response, head.inlet, close, sent))
    }

    /// How this client gets this answer.
    fn delivery(&self) -> Delivery<'_> {
        let request = self.attempt.request;
        let encoding = forward::encoding(self.response.framing, request.version, self.to_stream);
        let persists = request.connection.persists(request.version) && (encoding != Encoding::Bare || self.to_stream);
        // A client that still sends is told that it will not be heard to the end.
        let close = !persists || !self.progress.is_request_sent() || self.attempt.proxy.says_goodbye(self.in_clear);
        Delivery {
            version: request.version,
            close,
            encoding,
            timings: self.timings(),
            cookie: self.attempt.cookie.as_deref(),
            hsts: self.attempt.hsts,
            alternative: self.attempt.alternative,
            request_id: self.attempt.request_id,
        }
    }

    /// The backend has answered, whatever becomes of the body.
    fn note(&self, status: u16) {
        let Attempt { view, found, pool, backend, .. } = *self.attempt;
        let Some(vitals) = pool.places.vitals() else { return };
        if status >= 500 && view.common.settings().ejection.server_errors {
            view.failed(found, backend, Fault::Status);
        } else if vitals.answered(boot_millis) {
            tracing::info!(backend = pool.label, "backend answers again");
        }
        if let Some(asked) = self.asked {
            vitals.took(u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX), boot_millis());
        }
    }

    fn timings(&self) -> Option<Timings<'_>> {
        let (began, asked) = self.attempt.clocked.zip(self.asked)?;
        let backend = &self.attempt.pool.label;
        Some(Timings { backend, total: began.elapsed().as_millis(), backend_time: asked.elapsed().as_millis() })
    }
}

/// Whether `bytes` can be the beginning of such a body.
fn look_through(mut body: BodyReader, mut bytes: &[u8]) -> Result<(), Violation> {
    while let Frame::Data(count) | Frame::Framing(count) | Frame::Trailer(count) | Frame::Dropped(count) = body.next(bytes)? {
        bytes = &bytes[count..];
    }
    Ok(())
}

/// Names that outlive the head they stand in; nearly always none.
pub(crate) fn owned(names: &[&[u8]]) -> Vec<Vec<u8>> {
    if names.is_empty() { Vec::new() } else { names.iter().map(|name| name.to_vec()).collect() }
}

fn delivered<'u>(response: &ResponseHead, inlet: Inlet<'u>, close: bool, sent: bool) -> Delivered<'u> {
    let client = match (close, sent) {
        (_, false) => Served::EndsEarly,
        (true, true) => Served::Ends,
        (false, true) => Served::Persists,
    };
    let switched = (response.status == 101).then_some(inlet);
    let backend_persists = response.connection.persists(response.version) && response.framing != Framing::UntilClose;
    Delivered { client, backend_reusable: sent && backend_persists && switched.is_none(), switched }
}

fn error_of(failed: Driven) -> ProxyError {
    match failed {
        Ok(Ok(Err(RelayError::Read(cause)))) => ProxyError::BackendClosed(cause),
        Ok(Ok(Err(RelayError::Framing(violation)))) => ProxyError::Backend(violation),
        Ok(Err(InboundEnd::Request(violation))) => ProxyError::Request(violation),
        Err(Elapsed) => ProxyError::BackendTimeout,
        Ok(Ok(Ok(()) | Err(RelayError::Write(_))) | Err(InboundEnd::Gone | InboundEnd::Refused(_))) => ProxyError::ClientGone,
    }
}
