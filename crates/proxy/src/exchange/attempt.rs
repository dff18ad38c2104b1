//! One try to have a request answered by one backend: find a `way` there, be `sending`, await the answer, deliver it.

mod sending;
mod way;

use std::future::Future;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Instant;

use dproxy_http1::{BodyReader, Framing, RequestHead, Version};
use dproxy_route::{Algorithm, BackendIndex, Ends, Found};
use dproxy_stats::Counter;

use self::sending::{Sent, read_ahead};
use self::way::Way;
use crate::buffer::{Buffer, KEPT};
use crate::client::Client;
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
use crate::proxy::Proxy;
use crate::relay::{Sink, Source};
use crate::unless::unless;
use crate::upstream::{Pool, Upstream};
use crate::view::View;
use crate::websocket;

/// A try with everything it needs.
pub(crate) struct Attempt<'r> {
    pub(crate) proxy: &'r Proxy,
    pub(crate) view: &'r View,
    /// The route that it is made for.
    pub(crate) found: &'r Found<'r>,
    pub(crate) backend: BackendIndex,
    pub(crate) pool: &'r Rc<Pool>,
    /// Of the client's way to us, if the backend is told.
    pub(crate) ends: Option<Ends>,
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
    /// Where else the client may speak with the host.
    pub(crate) alternative: Option<&'r str>,
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
        // Pinned here, where it was made, as others below: every other place would be one that it is moved to.
        let sent = {
            let sending = pin!(self.send(upstream, client, [&buffer.filled()[opening.head..used], ahead], *kept));
            sending.await?
        };
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
        let progress = Progress::new(&self.proxy.page, &client.deadline, &self.view.common.settings().timeouts, &client.tally);
        let timed = self.clocked.is_some() || *self.view.algorithm(self.found) == Algorithm::Fastest;
        let asked = timed.then(Instant::now);
        let (to_stream, in_clear) = (client.wire.is_stream(), client.is_in_clear());
        let (mut client_inlet, mut speaker) = client.wire.split();
        let to_h2 = matches!(awaiting, Awaiting::H2(_));
        let Rest { buffer, mut body } = rest;
        if body.is_done() {
            progress.request_sent();
        }
        // A client that goes says so, or the deadline does.
        let source = Source { inlet: &mut client_inlet, buffer, body: &mut body, unwanted: self.unwanted, silenced: &|| false };
        let sink = Sink { outlet, encoding: forward::request_encoding(self.request.framing, to_h2), closes: false };
        let inbound = pin!(inbound(source, sink, &progress, &self.proxy.moments));
        let mut beside = Beside::new(inbound);

        let expected = Expected {
            limits: &self.view.common.limits,
            method: self.request.method,
            upgrade: self.upgrade,
            accept: if to_h2 && self.upgrade.is_some() { websocket::accept(self.head) } else { None },
            interim: self.request.version == Version::Http11 && !self.wary,
        };
        let mut response = self.proxy.buffers.lend_head();
        let head = {
            let head = pin!(await_head(awaiting, &mut response, answer, &expected, &mut speaker));
            self.watched(head, &mut beside, &progress, kept).await?
        };
        if self.wary && progress.is_request_sent() && self.keeps_body() && is_unfit(&response, answer.filled()) {
            return Err(Broken::Elsewhere(ProxyError::Unfit { status: response.status }));
        }
        let delivery = Delivering { attempt: self, response: &response, progress: &progress, to_stream, in_clear, asked };
        pin!(delivery.deliver(head, answer, speaker, &mut beside)).await
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
        let silence = Silence { deadline: &client.deadline, limit: self.view.common.settings().timeouts.tunnel };
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
