//! One try to have a request answered by one backend.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::time::Instant;

use dproxy_http1::{BodyReader, Framing, RequestHead, Version, Violation};
use dproxy_route::Scheme;
use dproxy_stats::Counter;
use tokio::net::TcpStream;

use crate::buffer::Buffer;
use crate::client::Client;
use crate::clock::Elapsed;
use crate::error::ProxyError;
use crate::exchange::answer::{Awaiting, Expected, NoHead, await_head};
use crate::exchange::delivery::{Delivered, Delivering};
use crate::exchange::inbound::{Beside, InboundEnd, inbound};
use crate::exchange::progress::Progress;
use crate::exchange::tunnel::{End, Silence, tunnel};
use crate::exchange::{Failure, Opening, Served};
use crate::flow::{Inlet, Outlet, io_error};
use crate::forward;
use crate::message;
use crate::proxy::Proxy;
use crate::relay::{Sink, Source};
use crate::upstream::{Pool, Upstream};
use crate::view::View;

/// A try with everything it needs.
pub(crate) struct Attempt<'r> {
    pub(crate) proxy: &'r Proxy,
    pub(crate) view: &'r View,
    pub(crate) pool: &'r Rc<Pool>,
    pub(crate) request: &'r RequestHead,
    pub(crate) opening: Opening,
    /// Names of trailer fields of the request that end here.
    pub(crate) unwanted: &'r [Vec<u8>],
    /// The head as the backend gets it.
    pub(crate) head: &'r [u8],
    /// The token of an `Upgrade` that was asked for.
    pub(crate) upgrade: Option<&'r [u8]>,
    /// The client takes trailers.
    pub(crate) wants_trailers: bool,
    /// When the request began, if the client may know how long it took.
    pub(crate) clocked: Option<Instant>,
}

/// A try that came to nothing.
#[derive(Debug)]
pub(crate) enum Broken {
    /// Nothing was sent; another backend may be tried.
    Unreached(ProxyError),
    /// The backend had it; another may be tried within the budget for that.
    Elsewhere(ProxyError),
    /// A kept connection had gone; the same backend may be tried.
    Again(ProxyError),
    /// Nothing else may be tried.
    Final(Failure),
}

/// A request that is on its way.
struct Sent<'u> {
    answer: Awaiting<'u>,
    /// Where the rest of the body goes.
    outlet: Outlet<'u>,
}

impl Attempt<'_> {
    /// Sends the request and delivers the answer.
    pub(crate) async fn run(&self, client: &mut Client, buffer: &mut Buffer) -> Result<Served, Broken> {
        let (mut upstream, kept) = self.connection(client).await?;
        let opening = self.opening_for(&upstream);
        let buffers = &self.proxy.buffers;
        let mut answer = if self.pool.answers_long.get() { buffers.lend_large() } else { buffers.lend() };
        let used = opening.head + opening.body;
        // A body that goes on gets a buffer of its own: the head must stay, for the page that a failure becomes.
        let mut upload = if opening.rest.is_done() { None } else { Some(buffer.split_off(used)) };
        let delivered = {
            let sent = self.send(&mut upstream, client, &buffer.filled()[opening.head..used], kept).await?;
            let ahead = upload.as_mut().unwrap_or(buffer);
            self.converse(client, ahead, sent, &mut answer, kept).await?
        };
        match upload {
            Some(upload) => *buffer = upload,
            None => buffer.consume(used),
        }
        let Upstream::H1(mut backend) = upstream else { return Ok(delivered.client) };
        if delivered.switched {
            // Apart, so that no other request makes room for a tunnel.
            Box::pin(self.switch(client, buffer, &mut backend, &mut answer)).await;
            // However the tunnel ended, what follows on this connection is no request.
            return Ok(Served::Ends);
        }
        if delivered.backend_reusable && answer.is_empty() {
            self.pool.put(backend, self.proxy.clock.now());
        }
        Ok(delivered.client)
    }

    /// A kept connection, or a new one; whether it was kept.
    async fn connection(&self, client: &mut Client) -> Result<(Upstream, bool), Broken> {
        if let Some(stream) = self.pool.take_kept() {
            return Ok((Upstream::H1(stream), true));
        }
        // Apart, so that requests on kept connections make no room for it.
        Box::pin(self.open(client)).await
    }

    async fn open(&self, client: &mut Client) -> Result<(Upstream, bool), Broken> {
        if self.pool.scheme == Scheme::Https {
            return Err(Broken::Unreached(ProxyError::BackendTls));
        }
        let address = self.pool.address;
        client.deadline.set(self.view.settings.timeouts.connect);
        let error = match client.deadline.guard(client.wire.unless_gone(self.share_or_connect())).await {
            Ok(Some(Ok(upstream))) => return Ok(upstream),
            Ok(None) => return Err(Broken::Final(Failure::Unanswered(ProxyError::ClientGone))),
            Ok(Some(Err(cause))) => ProxyError::Connect { address, cause },
            Err(Elapsed) => ProxyError::ConnectTimeout { address },
        };
        self.proxy.page.add(Counter::ConnectFailures, 1);
        Err(Broken::Unreached(error))
    }

    async fn share_or_connect(&self) -> io::Result<(Upstream, bool)> {
        if let Some(shared) = self.pool.take_shared().await {
            return Ok((Upstream::H2(shared), true));
        }
        let upstream = self.pool.connect().await?;
        self.proxy.page.add(Counter::Connects, 1);
        Ok((upstream, false))
    }

    /// What of the body can leave with the head: HTTP/2 takes none of HTTP/1's framing.
    fn opening_for(&self, upstream: &Upstream) -> Opening {
        match upstream {
            Upstream::H1(_) => self.opening,
            Upstream::H2(_) => Opening { body: 0, rest: BodyReader::new(self.request.framing), ..self.opening },
        }
    }

    /// Sends the head and what is there of the body.
    async fn send<'u>(&self, upstream: &'u mut Upstream, client: &Client, body: &[u8], kept: bool) -> Result<Sent<'u>, Broken> {
        match upstream {
            Upstream::H1(stream) => self.send_h1(stream, client, body, kept).await,
            Upstream::H2(requests) => {
                let request = message::backend_request(self.head, &self.view.limits, self.wants_trailers);
                let Some(request) = request else { return Err(Broken::Final(Failure::Unanswered(ProxyError::Request(Violation::Target)))) };
                let ends = self.request.framing == Framing::None;
                let sent = requests.send_request(request, ends).map_err(|error| self.stale(io_error(error)))?;
                let outlet = if ends { Outlet::Ended } else { Outlet::H2(sent.1) };
                Ok(Sent { answer: Awaiting::H2(sent.0), outlet })
            }
        }
    }

    async fn send_h1<'u>(&self, stream: &'u mut TcpStream, client: &Client, body: &[u8], kept: bool) -> Result<Sent<'u>, Broken> {
        let (reads, writes) = stream.split();
        let mut outlet = Outlet::Tcp(writes);
        let idle = self.view.settings.timeouts.idle;
        let moved = || client.deadline.set(idle);
        moved();
        self.proxy.page.add(Counter::BytesIn, body.len() as u64);
        match client.deadline.guard(write_opening(&mut outlet, self.head, body, moved)).await {
            // A connection that had gone before we wrote took nothing in.
            Ok(Err(cause)) if kept && is_gone(&cause) => Err(self.stale(cause)),
            Err(Elapsed) => Err(Broken::Final(Failure::Unanswered(ProxyError::BackendTimeout))),
            // With an error too: it may have answered before it closed, and the answer tells.
            Ok(Ok(()) | Err(_)) => Ok(Sent { answer: Awaiting::Tcp(reads), outlet }),
        }
    }

    /// Awaits the answer and delivers it while the request's body goes on.
    async fn converse(
        &self,
        client: &mut Client,
        ahead: &mut Buffer,
        sent: Sent<'_>,
        answer: &mut Buffer,
        kept: bool,
    ) -> Result<Delivered, Broken> {
        let progress = Progress::new(&self.proxy.page, &client.deadline, &self.view.settings.timeouts, &client.tally);
        let asked = self.clocked.map(|_| Instant::now());
        let over_h2 = client.wire.is_h2();
        let (mut client_inlet, mut speaker) = client.wire.split();
        let Sent { answer: awaiting, mut outlet } = sent;
        let to_h2 = matches!(awaiting, Awaiting::H2(_));
        let mut rest = if to_h2 { BodyReader::new(self.request.framing) } else { self.opening.rest };
        if rest.is_done() {
            progress.request_sent();
        }
        let source = Source { inlet: &mut client_inlet, buffer: ahead, body: &mut rest, unwanted: self.unwanted };
        let sink = Sink { outlet: &mut outlet, encoding: forward::request_encoding(self.request.framing, to_h2) };
        let inbound = pin!(inbound(source, sink, &progress));
        let mut beside = Beside::new(inbound);

        let expected = Expected {
            limits: &self.view.limits,
            method: self.request.method,
            upgrade: self.upgrade,
            interim: self.request.version == Version::Http11,
        };
        let head = await_head(awaiting, answer, &expected, &mut speaker);
        let head = self.watched(head, &mut beside, &progress, kept).await?;
        let delivery = Delivering { attempt: self, progress: &progress, over_h2, asked };
        delivery.deliver(head, answer, speaker, &mut beside).await
    }

    /// Awaits a head with the client's side beside it, and says what can be done when none comes.
    async fn watched<T, F: Future<Output = InboundEnd>>(
        &self,
        head: impl Future<Output = Result<T, NoHead>>,
        beside: &mut Beside<'_, F>,
        progress: &Progress<'_>,
        kept: bool,
    ) -> Result<T, Broken> {
        let unanswered = |error| Err(Broken::Final(Failure::Unanswered(error)));
        match progress.deadline().guard(beside.drive(head)).await {
            Ok(Ok(Ok(head))) => Ok(head),
            Ok(Ok(Err(NoHead::Closed(cause)))) => Err(self.closed(cause, kept)),
            Ok(Ok(Err(NoHead::Untouched(cause)))) => Err(self.stale(cause)),
            Ok(Ok(Err(NoHead::Broken(cause)))) => unanswered(ProxyError::BackendClosed(cause)),
            Ok(Ok(Err(NoHead::Malformed(violation)))) => unanswered(ProxyError::Backend(violation)),
            Ok(Ok(Err(NoHead::ClientGone)) | Err(InboundEnd::Gone | InboundEnd::Refused(_))) => unanswered(ProxyError::ClientGone),
            Ok(Err(InboundEnd::Request(violation))) => unanswered(ProxyError::Request(violation)),
            Err(Elapsed) if progress.is_request_sent() => unanswered(ProxyError::BackendTimeout),
            Err(Elapsed) => unanswered(ProxyError::RequestTimeout),
        }
    }

    /// Becomes a tunnel, for as long as both sides want.
    async fn switch(&self, client: &mut Client, ahead: &mut Buffer, backend: &mut TcpStream, answer: &mut Buffer) {
        let Some((inlet, outlet)) = client.wire.tunnel() else { return };
        let client_end = End { inlet, outlet, buffer: ahead };
        let (reads, writes) = backend.split();
        let backend_end = End { inlet: Inlet::Tcp(reads), outlet: Outlet::Tcp(writes), buffer: answer };
        let silence = Silence { deadline: &client.deadline, limit: self.view.settings.timeouts.tunnel };
        let page = &self.proxy.page;
        tunnel(client_end, backend_end, silence, |up, down| {
            page.add(Counter::BytesIn, up as u64);
            page.add(Counter::BytesOut, down as u64);
        })
        .await;
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
        if self.opening.rest.is_done() {
            Broken::Again(ProxyError::BackendClosed(cause))
        } else {
            Broken::Final(Failure::Unanswered(ProxyError::BackendClosed(cause)))
        }
    }
}

async fn write_opening(backend: &mut Outlet<'_>, head: &[u8], body: &[u8], moved: impl FnMut()) -> io::Result<()> {
    if body.is_empty() {
        return backend.write_all(&mut [io::IoSlice::new(head)], moved).await;
    }
    backend.write_all(&mut [io::IoSlice::new(head), io::IoSlice::new(body)], moved).await
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::NotConnected)
}
