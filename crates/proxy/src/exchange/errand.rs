//! A request, ready to be sent to whichever backend it will be.

use std::time::Instant;

use dproxy_http1::{BodyReader, Frame, Name, RequestHead, Version, Violation};
use dproxy_route::{Authority, BackendIndex, Found};
use dproxy_stats::Fault;

use crate::buffer::Buffer;
use crate::client::{Client, Wire};
use crate::exchange::attempt::{Attempt, Broken};
use crate::exchange::delivery::owned;
use crate::exchange::wish::{cookie, wish_of};
use crate::exchange::{Failure, Opening, Served};
use crate::forward::{self, Origin};
use crate::heads::Lent;
use crate::pick::Wish;
use crate::proxy::Proxy;
use crate::tls::Spoken;
use crate::view::View;

/// What all tries of a request have in common.
pub(super) struct Errand<'r> {
    proxy: &'r Proxy,
    view: &'r View,
    found: &'r Found<'r>,
    wish: Wish<'static>,
    request: &'r RequestHead,
    opening: Opening,
    /// Names of trailer fields of the request that end here.
    unwanted: Vec<Vec<u8>>,
    /// The token of an `Upgrade` that was asked for; the head may move while we wait for the answer.
    upgrade: Option<Vec<u8>>,
    wants_trailers: bool,
    /// When the request began, if the client may know how long it took.
    clocked: Option<Instant>,
    /// What the client shall remember of TLS, if it speaks that.
    hsts: Option<&'r str>,
    /// Where else it may speak with the host.
    alternative: Option<String>,
    /// The number of the request, if the client is told.
    request_id: Option<Vec<u8>>,
    /// The head as a backend gets it, but for the name of the backend behind the first `common` bytes.
    head: Lent<Vec<u8>>,
    common: usize,
}

impl<'r> Errand<'r> {
    /// The request whose head is the first `length` bytes of `buffer`, on the route that was found for it.
    pub(super) fn new(
        proxy: &'r Proxy,
        view: &'r View,
        client: &Client,
        buffer: &Buffer,
        request: &'r RequestHead,
        length: usize,
        found: &'r Found<'r>,
    ) -> Result<Errand<'r>, Violation> {
        let bytes = &buffer.filled()[..length];
        let mut head = proxy.buffers.scratch();
        let protocol = match request.version {
            _ if matches!(client.wire, Wire::H2(_)) => "2",
            _ if matches!(client.wire, Wire::H3(_)) => "3",
            Version::Http11 => "1.1",
            Version::Http10 => "1.0",
        };
        let origin = Origin {
            peer: &client.peer,
            trusted: view.common.trusts(client.peer.ip()),
            port: client.port(),
            secure: client.tls.is_some(),
            protocol,
            server_name: &view.common.settings().server_name,
            rewrite: found.rewrite,
            identity: client.identity(found.https),
            trail: client.trail.as_deref(),
        };
        forward::request_head(&mut head, request, bytes, &origin);
        Ok(Errand {
            proxy,
            view,
            found,
            wish: wish_of(view, found, client, request, bytes),
            request,
            opening: opening(request, buffer.filled(), length)?,
            unwanted: owned(&request.fields.listed(bytes, request.connection)),
            upgrade: forward::upgrade_token(request, bytes).map(<[u8]>::to_vec),
            wants_trailers: request.fields.only(bytes, Name::Te).is_some_and(|value| value.eq_ignore_ascii_case(b"trailers")),
            clocked: (origin.trusted && request.fields.only(bytes, Name::XDebug).is_some()).then(Instant::now),
            hsts: client.tls.as_ref().and_then(|agreed| view.common.hsts(agreed, found.https)),
            alternative: alternative(proxy, view, client, found, request.host.of(bytes)),
            request_id: client.answered_id().map(<[u8]>::to_vec),
            common: head.len(),
            head,
        })
    }

    /// Asks one backend. If `wary`, an answer that is an error is kept from the client.
    pub(super) async fn at(
        &mut self,
        backend: BackendIndex,
        wary: bool,
        client: &mut Client,
        buffer: &mut Buffer,
    ) -> Result<Served, Broken> {
        let pool = self.view.pool(backend);
        self.head.truncate(self.common);
        forward::line(&mut self.head, "x-debug-backend", pool.label.as_bytes());
        self.head.extend_from_slice(b"\r\n");
        let attempt = Attempt {
            proxy: self.proxy,
            view: self.view,
            found: self.found,
            backend,
            pool,
            ends: pool.is_announced().then(|| client.ends()),
            cookie: cookie(self.view, self.found, backend, &self.wish),
            request: self.request,
            opening: self.opening,
            unwanted: &self.unwanted,
            head: &self.head,
            upgrade: self.upgrade.as_deref(),
            wants_trailers: self.wants_trailers,
            clocked: self.clocked,
            hsts: self.hsts,
            alternative: self.alternative.as_deref(),
            request_id: self.request_id.as_deref(),
            wary,
        };
        let outcome = attempt.run(client, buffer).await;
        if let Err(broken) = &outcome
            && let Some(fault) = fault_of(broken)
        {
            self.view.failed(self.found, backend, fault);
        }
        outcome
    }

    /// What decides which backend it goes to, when none was tried yet.
    pub(super) fn wish(&self) -> Wish<'static> {
        self.wish
    }

    /// Whether it may be sent to several backends, one after the other (RFC 9110 §9.2.2).
    pub(super) fn is_harmless(&self) -> bool {
        // A client that awaits a 100 gets it from the backend.
        self.request.method.is_idempotent() && self.upgrade.is_none() && !self.request.expects_continue
    }
}

/// What of a try counts against its backend: not a connection that had gone, and not what broke off behind the head of an answer.
fn fault_of(broken: &Broken) -> Option<Fault> {
    match broken {
        Broken::Unreached(error) | Broken::Elsewhere(error) => error.fault(),
        Broken::Final(Failure::Unanswered(error) | Failure::Severed(error)) => error.fault(),
        Broken::Final(Failure::Answered(_)) | Broken::Again(_) => None,
    }
}

/// How much of the body came along with the head.
fn opening(request: &RequestHead, bytes: &[u8], head: usize) -> Result<Opening, Violation> {
    let mut rest = BodyReader::new(request.framing);
    let mut body = 0;
    loop {
        let before = rest;
        match rest.next(&bytes[head + body..])? {
            // What may have to be left out is left to the relay.
            Frame::Trailer(_) if request.connection.lists => return Ok(Opening { head, body, rest: before }),
            Frame::Data(length) | Frame::Framing(length) | Frame::Trailer(length) => body += length,
            Frame::Dropped(_) => return Ok(Opening { head, body, rest: before }),
            Frame::Partial | Frame::End => return Ok(Opening { head, body, rest }),
        }
    }
}

/// What a client of TLS is told of HTTP/3, where that is spoken: at the port that it knows us by (RFC 9114 §3.1.1). Hosts that
/// ask for certificates, or keep their own, are there over TCP only.
fn alternative(proxy: &Proxy, view: &View, client: &Client, found: &Found<'_>, host: &[u8]) -> Option<String> {
    let agreed = client.tls.as_ref().filter(|agreed| agreed.protocol != Spoken::Http3)?;
    if !proxy.speaks_quic(client.port()) || found.https.client_auth.is_some() {
        return None;
    }
    agreed.name.as_ref().filter(|name| view.common.has_certificate(name))?;
    let mut room = [0; Authority::ROOM];
    let port = Authority::parse(host, &mut room).ok()?.port.unwrap_or(443);
    Some(format!("h3=\":{port}\"; ma=3600"))
}
