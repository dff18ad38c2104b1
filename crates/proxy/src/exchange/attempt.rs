//! One try to have a request answered by one backend.

use std::cell::Cell;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, Instant};

use dproxy_http1::{BodyReader, Frame, Framing, RequestHead, Version, Violation};
use dproxy_route::{Algorithm, BackendIndex, Ends, Found, Scheme};
use dproxy_stats::Counter;
use tokio::net::TcpStream;

use crate::buffer::{Buffer, KEPT};
use crate::client::{Client, Wire};
use crate::clock::Elapsed;
use crate::error::ProxyError;
use crate::exchange::answer::{Awaiting, Expected, NoHead, await_head};
use crate::exchange::delivery::{Delivered, Delivering};
use crate::exchange::inbound::{Beside, InboundEnd, inbound};
use crate::exchange::progress::Progress;
use crate::exchange::tunnel::{End, Silence, tunnel};
use crate::exchange::wild::is_unfit;
use crate::exchange::{Failure, Opening, Served};
use crate::flow::Outlet;
use crate::forward;
use crate::message::{self, Manner};
use crate::proxy::Proxy;
use crate::relay::{LONG, Sink, Source};
use crate::tls::{Offer, is_about_tls};
use crate::transport::Transport;
use crate::unless::unless;
use crate::upstream::h2::{Connections, Share};
use crate::upstream::{Pool, Upstream};
use crate::view::View;
use crate::websocket;

/// A container on this machine takes a connection at once, or its network is gone and nothing says so.
const CONNECT_HERE: Duration = Duration::from_secs(1);

/// A try with everything it needs.
pub(crate) struct Attempt<'r> {
    pub(crate) proxy: &'r Proxy,
    pub(crate) view: &'r View,
    /// The route that it is made for.
    pub(crate) found: &'r Found<'r>,
    pub(crate) backend: BackendIndex,
    pub(crate) pool: &'r Rc<Pool>,
    /// Of the client's way to us.
    pub(crate) ends: Ends,
    pub(crate) request: &'r RequestHead,
    pub(crate) opening: Opening,
    /// What the client shall bring along next time, if that is new.
    pub(crate) cookie: Option<String>,
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
    /// What the client shall remember of TLS.
    pub(crate) hsts: Option<&'r str>,
    /// The number of the request, if the client is told.
    pub(crate) request_id: Option<&'r [u8]>,
    /// An answer that is an error is kept from the client: somebody else may serve the name.
    pub(crate) wary: bool,
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

/// The way that a request goes to a backend.
struct Way {
    upstream: Upstream,
    /// The connection was there before.
    kept: bool,
    /// What of the request leaves at once.
    opening: Opening,
}

/// Waiting for the backend is in vain, or another one is quicker.
struct GivenUp;

/// What came of a connection to a backend.
struct Carried {
    client: Served,
    backend_reusable: bool,
}

/// What of a request is still to be sent, and what the client says behind it.
struct Rest<'b> {
    buffer: &'b mut Buffer,
    body: BodyReader,
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
        let mut way = self.way(client).await?;
        let opening = way.opening;
        let buffers = &self.proxy.buffers;
        let mut answer = if self.pool.answers_long.get() { buffers.lend_large() } else { buffers.lend() };
        // A body that goes on gets a buffer of its own: the head must stay, for the page that a failure becomes.
        let mut upload = if opening.rest.is_done() { None } else { Some(buffer.split_off(opening.head + opening.body)) };
        if let Some(upload) = &mut upload {
            upload.keep();
        }
        match self.carry(&mut way, client, buffer, &mut upload, &mut answer).await {
            Ok(carried) => {
                if let Some(mut rest) = upload {
                    rest.forget();
                    *buffer = rest;
                }
                if let Upstream::H1(stream) = way.upstream
                    && carried.backend_reusable
                    && answer.is_empty()
                {
                    self.pool.put(stream, self.proxy.clock.now());
                }
                Ok(carried.client)
            }
            // What was sent of the body is sent again, or belongs to no other request.
            Err(broken) if upload.is_none_or(|mut upload| upload.rewind() && buffer.append(upload.filled())) => Err(broken),
            Err(Broken::Again(error) | Broken::Elsewhere(error) | Broken::Unreached(error) | Broken::Final(Failure::Unanswered(error))) => {
                Err(Broken::Final(Failure::Severed(error)))
            }
            Err(broken @ Broken::Final(Failure::Severed(_) | Failure::Answered(_))) => Err(broken),
        }
    }

    /// Carries request, answer and what may follow them over a connection.
    async fn carry(
        &self,
        way: &mut Way,
        client: &mut Client,
        buffer: &mut Buffer,
        upload: &mut Option<Buffer>,
        answer: &mut Buffer,
    ) -> Result<Carried, Broken> {
        let Way { upstream, kept, opening } = way;
        let used = opening.head + opening.body;
        let waiting = upload.as_mut().map_or(0, |upload| read_ahead(client, opening, upload));
        let ahead = upload.as_ref().map_or(&[][..], |upload| &upload.filled()[..waiting]);
        let sent = self.send(upstream, client, [&buffer.filled()[opening.head..used], ahead], *kept).await?;
        let Sent { answer: awaiting, mut outlet } = sent;
        if let Some(upload) = upload {
            upload.consume(waiting);
        }
        let rest = Rest { buffer: upload.as_mut().unwrap_or(buffer), body: opening.rest };
        let delivered = self.converse(client, rest, awaiting, &mut outlet, answer, *kept).await?;
        if upload.is_none() {
            buffer.consume(used);
        }
        let Some(inlet) = delivered.switched else {
            return Ok(Carried { client: delivered.client, backend_reusable: delivered.backend_reusable });
        };
        let backend = End { inlet, outlet, buffer: answer };
        // Apart, so that no other request makes room for a tunnel.
        Box::pin(self.switch(client, upload.as_mut().unwrap_or(buffer), backend)).await;
        // However the tunnel ended, what follows on these connections is no request.
        Ok(Carried { client: Served::Ends, backend_reusable: false })
    }

    /// A kept connection, or a new one.
    async fn way(&self, client: &mut Client) -> Result<Way, Broken> {
        let (upstream, kept) = match self.pool.take_kept() {
            Some(stream) => (Upstream::H1(stream), true),
            // Apart, so that requests on kept connections make no room for it.
            None => Box::pin(self.open(client)).await?,
        };
        if kept {
            self.proxy.page.add(Counter::Reuses, 1);
        }
        let opening = match upstream {
            Upstream::H1(_) => self.opening,
            // HTTP/2 takes none of HTTP/1's framing.
            Upstream::H2(_) => Opening { body: 0, rest: BodyReader::new(self.request.framing), ..self.opening },
        };
        Ok(Way { upstream, kept, opening })
    }

    async fn open(&self, client: &mut Client) -> Result<(Upstream, bool), Broken> {
        let address = self.pool.address;
        client.deadline.set(self.connect_limit());
        let opened = unless(self.share_or_connect(), |_| self.poll_given_up());
        let error = match client.deadline.guard(client.wire.unless_gone(opened)).await {
            Ok(Some(Ok(Ok(upstream)))) => {
                self.pool.standing.recover();
                return Ok(upstream);
            }
            Ok(Some(Err(GivenUp))) => ProxyError::BackendGone { address },
            Ok(None) => return Err(Broken::Final(Failure::Unanswered(ProxyError::ClientGone))),
            Ok(Some(Ok(Err(cause)))) if is_about_tls(&cause) => ProxyError::BackendTls { address, cause },
            Ok(Some(Ok(Err(cause)))) => ProxyError::Connect { address, cause },
            Err(Elapsed) => ProxyError::ConnectTimeout { address },
        };
        self.proxy.page.add(Counter::ConnectFailures, 1);
        self.pool.standing.fail(self.proxy.clock.now());
        Err(Broken::Unreached(error))
    }

    fn connect_limit(&self) -> Duration {
        let limit = self.view.settings.timeouts.connect;
        if self.pool.standing.is_here() { limit.min(CONNECT_HERE) } else { limit }
    }

    /// Ready when nothing will come from the backend any more, or not before its container is unpaused, for which no
    /// request waits that another backend can answer; the clock wakes whoever is under way then.
    fn poll_given_up(&self) -> Poll<GivenUp> {
        let sleeps = || self.pool.standing.is_asleep(self.proxy.clock.now());
        let in_vain = self.is_silenced() || sleeps() && self.is_harmless() && self.has_sibling();
        if in_vain { Poll::Ready(GivenUp) } else { Poll::Pending }
    }

    /// Whether the backend is in no table any more, and what it may have sent before its end was read.
    pub(crate) fn is_silenced(&self) -> bool {
        self.pool.standing.is_silenced(self.proxy.clock.now())
    }

    /// Whether another backend of the route is still there.
    fn has_sibling(&self) -> bool {
        let others = self.view.group(self.found).members.iter().filter(|member| **member != self.backend);
        others.map(|member| self.view.pool(*member)).any(|pool| !pool.standing.has_left())
    }

    async fn share_or_connect(&self) -> io::Result<(Upstream, bool)> {
        match self.pool.scheme {
            Scheme::Http => Ok((Upstream::H1(Transport::Tcp(self.dial().await?)), false)),
            Scheme::H2c => self.join(async { Ok(Transport::Tcp(self.dial().await?)) }).await,
            // What an upgrade asks for is had most surely over HTTP/1.
            Scheme::Https if self.upgrade.is_some() => Ok((Upstream::H1(self.secure(Offer::Http1).await?.0), false)),
            Scheme::Https if self.pool.prefers_h2.get() => self.join(async { Ok(self.secure(Offer::Both).await?.0) }).await,
            Scheme::Https => match self.secure(Offer::Both).await? {
                (transport, true) => self.join(std::future::ready(Ok(transport))).await,
                (transport, false) => Ok((Upstream::H1(transport), false)),
            },
        }
    }

    async fn join(&self, dial: impl Future<Output = io::Result<Transport>>) -> io::Result<(Upstream, bool)> {
        let head_bytes = self.view.settings.limits.head_bytes;
        let own = Connections::default();
        let shared = if self.pool.is_announced() { &own } else { &self.pool.shared };
        let (share, kept) = shared.join(&self.proxy.clock, head_bytes, dial).await?;
        Ok((Upstream::H2(share), kept))
    }

    /// A new connection behind TLS, and whether HTTP/2 is spoken on it.
    async fn secure(&self, offer: Offer) -> io::Result<(Transport, bool)> {
        let stream = self.dial().await?;
        let (session, http2) = self.view.clients.secure(&self.view.settings.tls, &self.pool.trust, offer, stream).await?;
        // A backend that changed its mind is believed.
        self.pool.prefers_h2.set(http2 || offer == Offer::Http1 && self.pool.prefers_h2.get());
        Ok((Transport::Tls(session), http2))
    }

    async fn dial(&self) -> io::Result<TcpStream> {
        let stream = self.pool.connect(self.ends).await?;
        self.proxy.page.add(Counter::Connects, 1);
        Ok(stream)
    }

    /// Sends the head and what is there of the body.
    async fn send<'u>(&self, upstream: &'u mut Upstream, client: &Client, body: [&[u8]; 2], kept: bool) -> Result<Sent<'u>, Broken> {
        match upstream {
            Upstream::H1(stream) => self.send_h1(stream, client, body, kept).await,
            Upstream::H2(share) => self.send_h2(share),
        }
    }

    fn send_h2<'u>(&self, share: &mut Share) -> Result<Sent<'u>, Broken> {
        let is_whole = self.request.framing == Framing::None;
        // Without what was asked for, the request would mean something else.
        if self.upgrade.is_some() && !(is_whole && share.takes_tunnels()) {
            return Err(Broken::Unreached(ProxyError::NoTunnel { address: self.pool.address }));
        }
        let manner = Manner { wants_trailers: self.wants_trailers, tunnel: self.upgrade, secure: self.pool.scheme == Scheme::Https };
        let request = message::backend_request(self.head, &self.view.limits, manner);
        let Some(request) = request else { return Err(Broken::Final(Failure::Unanswered(ProxyError::Request(Violation::Target)))) };
        let ends = is_whole && self.upgrade.is_none();
        let sent = share.send(request, ends).map_err(|cause| Broken::Again(ProxyError::BackendClosed(cause)))?;
        let outlet = if ends { Outlet::Ended } else { Outlet::H2(sent.1) };
        Ok(Sent { answer: Awaiting::H2(sent.0), outlet })
    }

    async fn send_h1<'u>(&self, stream: &'u mut Transport, client: &Client, body: [&[u8]; 2], kept: bool) -> Result<Sent<'u>, Broken> {
        let (inlet, mut outlet) = stream.split();
        let idle = self.view.settings.timeouts.idle;
        client.deadline.set(idle);
        let took_some = Cell::new(false);
        let moved = || {
            took_some.set(true);
            client.deadline.set(idle);
        };
        let length = body.map(<[u8]>::len).iter().sum::<usize>();
        self.proxy.page.add(Counter::BytesIn, length as u64);
        client.tally.received(length);
        match client.deadline.guard(write_opening(&mut outlet, self.head, body, moved)).await {
            // A connection that had gone before we wrote took nothing in. One that goes later may have been acted upon.
            Ok(Err(cause)) if kept && !took_some.get() && is_gone(&cause) => Err(self.stale(cause)),
            Err(Elapsed) => Err(Broken::Final(Failure::Unanswered(ProxyError::BackendTimeout))),
            // With an error too: it may have answered before it closed, and the answer tells.
            Ok(Ok(()) | Err(_)) => Ok(Sent { answer: Awaiting::H1(inlet), outlet }),
        }
    }

    /// Awaits the answer and delivers it while the request's body goes on.
    async fn converse<'u>(
        &self,
        client: &mut Client,
        rest: Rest<'_>,
        awaiting: Awaiting<'u>,
        outlet: &mut Outlet<'_>,
        answer: &mut Buffer,
        kept: bool,
    ) -> Result<Delivered<'u>, Broken> {
        client.tally.asks(self.pool);
        let progress = Progress::new(&self.proxy.page, &client.deadline, &self.view.settings.timeouts, &client.tally);
        let timed = self.clocked.is_some() || *self.view.algorithm(self.found) == Algorithm::Fastest;
        let asked = timed.then(Instant::now);
        let (over_h2, in_clear) = (client.wire.is_h2(), client.is_in_clear());
        let (mut client_inlet, mut speaker) = client.wire.split();
        let to_h2 = matches!(awaiting, Awaiting::H2(_));
        let Rest { buffer, mut body } = rest;
        if body.is_done() {
            progress.request_sent();
        }
        // A client that goes says so, or the deadline does.
        let source = Source { inlet: &mut client_inlet, buffer, body: &mut body, unwanted: self.unwanted, silenced: &|| false };
        let sink = Sink { outlet, encoding: forward::request_encoding(self.request.framing, to_h2) };
        let inbound = pin!(inbound(source, sink, &progress));
        let mut beside = Beside::new(inbound);

        let expected = Expected {
            limits: &self.view.limits,
            method: self.request.method,
            upgrade: self.upgrade,
            accept: if to_h2 && self.upgrade.is_some() { websocket::accept(self.head) } else { None },
            interim: self.request.version == Version::Http11 && !self.wary,
        };
        let head = await_head(awaiting, answer, &expected, &mut speaker);
        let head = self.watched(head, &mut beside, &progress, kept).await?;
        if self.wary && progress.is_request_sent() && self.keeps_body() && is_unfit(&head.response, answer.filled()) {
            return Err(Broken::Elsewhere(ProxyError::Unfit { status: head.response.status }));
        }
        let delivery = Delivering { attempt: self, progress: &progress, over_h2, in_clear, asked };
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
        let driven = match progress.deadline().guard(unless(beside.drive(head), |_| self.poll_given_up())).await {
            Ok(Ok(driven)) => Ok(driven),
            Ok(Err(GivenUp)) => return Err(self.given_up()),
            Err(elapsed) => Err(elapsed),
        };
        match driven {
            Ok(Ok(Ok(head))) => Ok(head),
            Ok(Ok(Err(NoHead::Closed(cause)))) => Err(self.closed(cause, kept)),
            Ok(Ok(Err(NoHead::Untouched(cause)))) => Err(Broken::Again(ProxyError::BackendClosed(cause))),
            Ok(Ok(Err(NoHead::Broken(cause)))) => unanswered(ProxyError::BackendClosed(cause)),
            Ok(Ok(Err(NoHead::Malformed(violation)))) => unanswered(ProxyError::Backend(violation)),
            Ok(Ok(Err(NoHead::ClientGone)) | Err(InboundEnd::Gone | InboundEnd::Refused(_))) => unanswered(ProxyError::ClientGone),
            Ok(Err(InboundEnd::Request(violation))) => unanswered(ProxyError::Request(violation)),
            Err(Elapsed) if progress.is_request_sent() => unanswered(ProxyError::BackendTimeout),
            Err(Elapsed) => unanswered(ProxyError::RequestTimeout),
        }
    }

    /// Becomes a tunnel, for as long as both sides want.
    async fn switch(&self, client: &mut Client, ahead: &mut Buffer, backend: End<'_>) {
        let Some((inlet, outlet)) = client.wire.tunnel() else { return };
        let client_end = End { inlet, outlet, buffer: ahead };
        let silence = Silence { deadline: &client.deadline, limit: self.view.settings.timeouts.tunnel };
        let (page, tally) = (&self.proxy.page, &client.tally);
        tunnel(client_end, backend, silence, &|| self.is_silenced(), |up, down| {
            page.add(Counter::BytesIn, up as u64);
            page.add(Counter::BytesOut, down as u64);
            tally.received(up);
            tally.took(down);
        })
        .await;
    }

    /// Whether all of the body can be sent again.
    fn keeps_body(&self) -> bool {
        self.opening.rest.is_done() || matches!(self.request.framing, Framing::Length(length) if length <= KEPT as u64)
    }

    /// The backend closed without a byte of an answer. Asking again is right only
    /// where asking twice does no harm (RFC 9110 §9.2.2).
    fn closed(&self, cause: io::Error, kept: bool) -> Broken {
        match (self.is_harmless(), kept) {
            (true, true) => self.stale(cause),
            (true, false) => {
                self.pool.standing.fail(self.proxy.clock.now());
                Broken::Elsewhere(ProxyError::BackendClosed(cause))
            }
            (false, _) => Broken::Final(Failure::Unanswered(ProxyError::BackendClosed(cause))),
        }
    }

    /// The backend is gone, and so is what it had; or it sleeps on it.
    fn given_up(&self) -> Broken {
        let error = ProxyError::BackendGone { address: self.pool.address };
        if self.is_harmless() { Broken::Elsewhere(error) } else { Broken::Final(Failure::Unanswered(error)) }
    }

    /// Whether asking twice does no harm.
    fn is_harmless(&self) -> bool {
        self.request.method.is_idempotent() && self.upgrade.is_none()
    }

    /// Its neighbours in the pool went with it.
    fn stale(&self, cause: io::Error) -> Broken {
        self.pool.clear();
        Broken::Again(ProxyError::BackendClosed(cause))
    }
}

/// Takes what waits of a long body of known length, so that it leaves with the head: a second call, and
/// a backend that is woken twice, would cost more than its bytes. How much of `upload` that is.
fn read_ahead(client: &mut Client, opening: &mut Opening, upload: &mut Buffer) -> usize {
    if !matches!(client.wire, Wire::H1(_)) || opening.body == 0 || opening.rest.expected() <= LONG {
        return 0;
    }
    while upload.grow() {}
    client.wire.read_waiting(upload);
    match opening.rest.next(upload.filled()) {
        Ok(Frame::Data(length)) => length,
        // Nothing waits yet; what is no data is left to the relay, which says why.
        _ => 0,
    }
}

async fn write_opening(backend: &mut Outlet<'_>, head: &[u8], body: [&[u8]; 2], moved: impl FnMut()) -> io::Result<()> {
    let head = IoSlice::new(head);
    match body {
        [[], []] => backend.write_all(&mut [head], moved).await,
        [body, []] | [[], body] => backend.write_all(&mut [head, IoSlice::new(body)], moved).await,
        [body, ahead] => backend.write_all(&mut [head, IoSlice::new(body), IoSlice::new(ahead)], moved).await,
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::NotConnected)
}
