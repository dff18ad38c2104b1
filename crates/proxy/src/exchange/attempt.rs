//! One try to have a request answered by one backend.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::pin;
use std::rc::Rc;
use std::time::Instant;

use dproxy_http1::{BodyReader, Framing, Name, RequestHead, ResponseHead, Version, Violation};
use dproxy_route::Scheme;
use dproxy_stats::Counter;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

use crate::buffer::Buffer;
use crate::clock::Elapsed;
use crate::error::ProxyError;
use crate::exchange::inbound::{Beside, InboundEnd, inbound};
use crate::exchange::progress::Progress;
use crate::exchange::tunnel::{End, tunnel};
use crate::exchange::{Failure, Opening, Served};
use crate::forward::{self, Delivery, Encoding, Timings};
use crate::front::h1::{Client, count_status};
use crate::proxy::Proxy;
use crate::relay::{RelayError, Sink, Source, read, relay, write_all};
use crate::upstream::Pool;
use crate::view::View;

/// More interim answers than any sensible backend sends.
const MAX_INTERIM: usize = 32;

/// A try with everything it needs.
pub(crate) struct Attempt<'r> {
    pub(crate) proxy: &'r Proxy,
    pub(crate) view: &'r View,
    pub(crate) pool: &'r Rc<Pool>,
    pub(crate) request: &'r RequestHead,
    pub(crate) opening: Opening,
    /// The head as the backend gets it.
    pub(crate) head: &'r [u8],
    /// The token of an `Upgrade` that was asked for.
    pub(crate) upgrade: Option<&'r [u8]>,
    /// When the request began, if the client may know how long it took.
    pub(crate) clocked: Option<Instant>,
}

/// A try that came to nothing.
#[derive(Debug)]
pub(crate) enum Broken {
    /// Another backend may be tried.
    Elsewhere(ProxyError),
    /// A kept connection had gone; the same backend may be tried.
    Again(ProxyError),
    /// Nothing else may be tried.
    Final(Failure),
}

/// Why no head of an answer came.
enum NoHead {
    /// The connection ended without a byte of an answer.
    Closed(io::Error),
    /// It ended within the head.
    Broken(io::Error),
    /// It is none.
    Malformed(Violation),
    /// The client does not take interim answers.
    ClientGone,
}

/// A delivered answer, and what can be done with the two connections.
struct Delivered {
    client: Served,
    backend_reusable: bool,
    switched: bool,
}

impl Attempt<'_> {
    /// Sends the request and delivers the answer.
    pub(crate) async fn run(&self, client: &mut Client, buffer: &mut Buffer) -> Result<Served, Broken> {
        let (mut backend, kept) = self.connection(client).await?;
        self.send(&mut backend, client, buffer, kept).await?;
        let mut answer = self.proxy.buffers.lend();
        let used = self.opening.head + self.opening.body;
        let whole = self.opening.rest.is_done();
        // A body that goes on gets a buffer of its own: the head must stay, for the page that a failure becomes.
        let mut upload = if whole { None } else { Some(buffer.split_off(used)) };
        let delivered = {
            let ahead = upload.as_mut().unwrap_or(buffer);
            self.converse(client, ahead, &mut backend, &mut answer, kept).await?
        };
        if let Some(upload) = upload {
            *buffer = upload;
        } else {
            buffer.consume(used);
        }
        if delivered.switched {
            let page = &self.proxy.page;
            let ends = (End { stream: &mut client.stream, buffer }, End { stream: &mut backend, buffer: &mut answer });
            tunnel(ends.0, ends.1, &client.deadline, |up, down| {
                page.add(Counter::BytesIn, up as u64);
                page.add(Counter::BytesOut, down as u64);
            })
            .await;
        } else if delivered.backend_reusable && answer.is_empty() {
            self.pool.put(backend, self.proxy.clock.now());
        }
        Ok(delivered.client)
    }

    /// A kept connection, or a new one; whether it was kept.
    async fn connection(&self, client: &Client) -> Result<(TcpStream, bool), Broken> {
        if self.pool.scheme == Scheme::Https {
            return Err(Broken::Elsewhere(ProxyError::BackendTls));
        }
        if let Some(stream) = self.pool.take() {
            return Ok((stream, true));
        }
        let address = self.pool.address;
        client.deadline.set(self.view.settings.timeouts.connect);
        let error = match client.deadline.guard(self.pool.connect()).await {
            Ok(Ok(stream)) => {
                self.proxy.page.add(Counter::Connects, 1);
                return Ok((stream, false));
            }
            Ok(Err(cause)) => ProxyError::Connect { address, cause },
            Err(Elapsed) => ProxyError::ConnectTimeout { address },
        };
        self.proxy.page.add(Counter::ConnectFailures, 1);
        Err(Broken::Elsewhere(error))
    }

    /// Sends head and opening of the body in one go.
    async fn send(&self, backend: &mut TcpStream, client: &Client, buffer: &Buffer, kept: bool) -> Result<(), Broken> {
        let body = &buffer.filled()[self.opening.head..][..self.opening.body];
        client.deadline.set(self.view.settings.timeouts.idle);
        self.proxy.page.add(Counter::BytesIn, body.len() as u64);
        match client.deadline.guard(write_opening(backend, self.head, body)).await {
            Ok(Ok(())) => Ok(()),
            // A connection that had gone before we wrote took nothing in.
            Ok(Err(cause)) if kept && is_gone(&cause) => Err(self.stale(cause)),
            // It may have answered before it closed: the answer tells.
            Ok(Err(_)) => Ok(()),
            Err(Elapsed) => Err(Broken::Final(Failure::Unanswered(ProxyError::BackendTimeout))),
        }
    }

    /// Awaits the answer and delivers it while the request's body goes on.
    async fn converse(
        &self,
        client: &mut Client,
        ahead: &mut Buffer,
        backend: &mut TcpStream,
        answer: &mut Buffer,
        kept: bool,
    ) -> Result<Delivered, Broken> {
        let progress = Progress::new(&self.proxy.page, &client.deadline, &self.view.settings.timeouts);
        let (mut client_reads, mut client_writes) = client.stream.split();
        let (mut backend_reads, mut backend_writes) = backend.split();
        let mut rest = self.opening.rest;
        let inbound = pin!(inbound(&mut client_reads, ahead, &mut rest, &mut backend_writes, &progress));
        let mut beside = Beside::new(inbound);
        if self.opening.rest.is_done() {
            progress.request_sent();
        }

        let mut response = ResponseHead::default();
        let length = {
            let head = self.await_head(&mut backend_reads, answer, &mut response, &mut client_writes);
            self.watched(head, &mut beside, &progress, kept).await?
        };
        progress.answer_begins();
        count_status(self.proxy, response.status);

        let mut out = self.proxy.buffers.scratch();
        let encoding = forward::encoding(response.framing, self.request.version);
        let persists = self.request.connection.persists(self.request.version) && encoding != Encoding::Bare;
        let close = !persists || !progress.is_request_sent() || self.proxy.is_draining();
        let delivery = Delivery { version: self.request.version, close, encoding, timings: self.timings() };
        forward::response_head(&mut out, &response, &answer.filled()[..length], &delivery);
        answer.consume(length);

        let mut body = BodyReader::new(response.framing);
        let source = Source { stream: &mut backend_reads, buffer: answer, body: &mut body };
        let sink = Sink { stream: &mut client_writes, encoding };
        let relayed = relay(&mut out, source, sink, |bytes| progress.delivered(bytes));
        match progress.deadline().guard(beside.drive(relayed)).await {
            Ok(Ok(Ok(()))) => {}
            failed => {
                break_off(client_writes.as_ref(), encoding);
                return Err(Broken::Final(Failure::Answered(answered_error(failed))));
            }
        }

        let sent = progress.is_request_sent() && !beside.was_refused();
        let backend_persists = response.connection.persists(response.version) && response.framing != Framing::UntilClose;
        Ok(Delivered {
            client: served(close, sent),
            backend_reusable: sent && backend_persists && response.status != 101,
            switched: response.status == 101,
        })
    }

    /// Awaits a head with the client's side beside it, and says what can be done when none comes.
    async fn watched<F: Future<Output = InboundEnd>>(
        &self,
        head: impl Future<Output = Result<usize, NoHead>>,
        beside: &mut Beside<'_, F>,
        progress: &Progress<'_>,
        kept: bool,
    ) -> Result<usize, Broken> {
        let unanswered = |error| Err(Broken::Final(Failure::Unanswered(error)));
        match progress.deadline().guard(beside.drive(head)).await {
            Ok(Ok(Ok(length))) => Ok(length),
            Ok(Ok(Err(NoHead::Closed(cause)))) => Err(self.closed(cause, kept)),
            Ok(Ok(Err(NoHead::Broken(cause)))) => unanswered(ProxyError::BackendClosed(cause)),
            Ok(Ok(Err(NoHead::Malformed(violation)))) => unanswered(ProxyError::Backend(violation)),
            Ok(Ok(Err(NoHead::ClientGone)) | Err(InboundEnd::Gone | InboundEnd::Refused(_))) => unanswered(ProxyError::ClientGone),
            Ok(Err(InboundEnd::Request(violation))) => unanswered(ProxyError::Request(violation)),
            Err(Elapsed) if progress.is_request_sent() => unanswered(ProxyError::BackendTimeout),
            Err(Elapsed) => unanswered(ProxyError::RequestTimeout),
        }
    }

    /// Reads until a final head is there; its length. Interim ones are passed on.
    async fn await_head(
        &self,
        from: &mut ReadHalf<'_>,
        answer: &mut Buffer,
        response: &mut ResponseHead,
        client: &mut WriteHalf<'_>,
    ) -> Result<usize, NoHead> {
        let mut interim = 0;
        loop {
            match read(from, answer).await {
                Ok(0) if answer.is_empty() && interim == 0 => return Err(NoHead::Closed(io::ErrorKind::UnexpectedEof.into())),
                Ok(0) => return Err(NoHead::Broken(io::ErrorKind::UnexpectedEof.into())),
                Err(cause) if answer.is_empty() && interim == 0 => return Err(NoHead::Closed(cause)),
                Err(cause) => return Err(NoHead::Broken(cause)),
                Ok(_) => {}
            }
            while let Some(length) = response.parse(answer.filled(), &self.view.limits, self.request.method).map_err(NoHead::Malformed)? {
                if !response.is_interim() {
                    self.check_switch(response, answer)?;
                    return Ok(length);
                }
                interim += 1;
                if interim > MAX_INTERIM {
                    return Err(NoHead::Malformed(Violation::HeadTooLarge));
                }
                self.pass_interim(response, &answer.filled()[..length], client).await?;
                answer.consume(length);
                response.clear();
            }
            if answer.is_full() {
                answer.grow();
            }
        }
    }

    /// A backend may switch only to what the client asked for (RFC 9110 §7.8).
    fn check_switch(&self, response: &ResponseHead, answer: &Buffer) -> Result<(), NoHead> {
        if response.status != 101 {
            return Ok(());
        }
        let offered = response.fields.only(answer.filled(), Name::Upgrade);
        match (self.upgrade, offered) {
            (Some(asked), Some(offered)) if asked.eq_ignore_ascii_case(offered) => Ok(()),
            _ => Err(NoHead::Malformed(Violation::StatusLine)),
        }
    }

    /// HTTP/1.0 knows no interim answers (RFC 9110 §15.2).
    async fn pass_interim(&self, response: &ResponseHead, bytes: &[u8], client: &mut WriteHalf<'_>) -> Result<(), NoHead> {
        if self.request.version == Version::Http10 {
            return Ok(());
        }
        let mut out = self.proxy.buffers.scratch();
        forward::interim_head(&mut out, response, bytes);
        client.write_all(&out).await.map_err(|_| NoHead::ClientGone)
    }

    /// The backend closed without a byte of an answer. Asking again is right only
    /// where asking twice does no harm (RFC 9110 §9.2.2).
    fn closed(&self, cause: io::Error, kept: bool) -> Broken {
        let replayable = self.opening.rest.is_done() && self.request.method.is_idempotent() && self.upgrade.is_none();
        match (replayable, kept) {
            (true, true) => self.stale(cause),
            (true, false) => Broken::Elsewhere(ProxyError::BackendClosed(cause)),
            (false, _) => Broken::Final(Failure::Unanswered(ProxyError::BackendClosed(cause))),
        }
    }

    /// Its neighbours in the pool went with it.
    fn stale(&self, cause: io::Error) -> Broken {
        self.pool.clear();
        Broken::Again(ProxyError::BackendClosed(cause))
    }

    fn timings(&self) -> Option<Timings<'_>> {
        let total = self.clocked?.elapsed().as_millis();
        Some(Timings { backend: &self.pool.label, total, backend_time: total })
    }
}

async fn write_opening(backend: &mut TcpStream, head: &[u8], body: &[u8]) -> io::Result<()> {
    if body.is_empty() {
        return backend.write_all(head).await;
    }
    write_all(backend, &mut [IoSlice::new(head), IoSlice::new(body)]).await
}

fn served(close: bool, sent: bool) -> Served {
    match (close, sent) {
        (_, false) => Served::EndsEarly,
        (true, true) => Served::Ends,
        (false, true) => Served::Persists,
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::NotConnected)
}

fn answered_error(failed: Result<Result<Result<(), RelayError>, InboundEnd>, Elapsed>) -> ProxyError {
    match failed {
        Ok(Ok(Err(RelayError::Read(cause)))) => ProxyError::BackendClosed(cause),
        Ok(Ok(Err(RelayError::Framing(violation)))) => ProxyError::Backend(violation),
        Ok(Err(InboundEnd::Request(violation))) => ProxyError::Request(violation),
        Err(Elapsed) => ProxyError::BackendTimeout,
        Ok(Ok(Ok(()) | Err(RelayError::Write(_))) | Err(InboundEnd::Gone | InboundEnd::Refused(_))) => ProxyError::ClientGone,
    }
}

/// An answer whose end is that of the connection must not seem whole: reset it.
fn break_off(client: &TcpStream, encoding: Encoding) {
    if encoding == Encoding::Bare {
        // If it cannot be set, the client sees an end too early, as from any server that dies.
        let _ = socket2::SockRef::from(client).set_linger(Some(std::time::Duration::ZERO));
    }
}
