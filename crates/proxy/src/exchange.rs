//! One request's way to a backend and its answer's way back.
//!
//! ```text
//! judge (method, Host) ─► find (route) ─► admit ─► connect ─► send ─► await head ─► deliver
//!                         ▲    │           ▲  │                            │
//!                         │    ▼           │  ▼                            │
//!                         └── hold         └── another backend ◄───────────┘
//! ```
//! A request is held when its site is gone but may come back at once (`hold`).
//! To be admitted is to have a place at a backend: one of those in turn that has
//! room, or the first to have room again.
//!
//! What goes wrong before the first byte of an answer is a
//! [`Failure::Unanswered`] and becomes a page; what goes wrong later can only be
//! shown by breaking the connection off.

pub(crate) mod admission;
mod answer;
mod attempt;
mod delivery;
mod errand;
mod hold;
mod inbound;
mod own;
mod progress;
mod tries;
pub(crate) mod tunnel;
mod wild;
mod wish;

use std::rc::Rc;
use std::time::Duration;

use dproxy_http1::{BodyReader, Method, Name, RequestHead, Version};
use dproxy_route::{Authority, Found, Https, Lookup, WildIndex};

use crate::buffer::Buffer;
use crate::client::Client;
use crate::error::ProxyError;
pub(crate) use crate::exchange::answer::Expected;
use crate::exchange::errand::Errand;
use crate::exchange::hold::Hold;
use crate::exchange::own::Own;
use crate::exchange::tries::{Stuck, Tries};
use crate::exchange::wild::{Question, seek};
use crate::proxy::Proxy;
use crate::view::View;

/// Where authorities look for what proves that a name is ours (RFC 8555 §8.3).
const CHALLENGES: &[u8] = b"/.well-known/acme-challenge/";

/// How a request was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Served {
    /// The connection can be used further.
    Persists,
    /// It ends with the answer.
    Ends,
    /// It ends with the answer, though the client may still be sending.
    EndsEarly,
    /// The answer is not whole, or nobody is there to get it.
    Broken,
}

/// A request that was not served.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The client has heard nothing yet.
    Unanswered(ProxyError),
    /// Neither, and a part of its body is gone.
    Severed(ProxyError),
    /// The answer broke off.
    Answered(ProxyError),
}

/// Who answers a request.
enum Goal<'v> {
    /// One of a route's backends.
    Backend(Found<'v>),
    /// We do.
    Own(Own),
}

/// What of the request is in the buffer and can be sent at once.
#[derive(Clone, Copy, Debug)]
struct Opening {
    /// Bytes of the head.
    head: usize,
    /// Bytes of the body that follow it.
    body: usize,
    /// Where the body goes on.
    rest: BodyReader,
}

/// Serves the request whose head is the first `length` bytes of `buffer`.
pub(crate) async fn exchange(
    proxy: &Proxy,
    client: &mut Client,
    buffer: &mut Buffer,
    request: &RequestHead,
    length: usize,
) -> Result<Served, Failure> {
    let mut room = [0; Authority::ROOM];
    let head = &buffer.filled()[..length];
    let (name, mut first) = proxy.view_by_name(request.host.of(head)).unzip();
    let authority = judge(request, head, name.as_deref(), &mut room).map_err(Failure::Unanswered)?;
    let mut journey = Journey { proxy, request, length, authority, tries: Tries::default(), hold: Hold::new(proxy, buffer.filled().len()) };
    loop {
        let view = first.take().unwrap_or_else(|| proxy.view(authority.host));
        let patience = match journey.round(&view, client, buffer).await? {
            Round::Served(served) => return Ok(served),
            Round::Waits(patience) => patience,
        };
        // Apart, so that requests that need not wait make no room for it.
        Box::pin(journey.hold.wait(client, authority.host, &view, patience)).await.map_err(Failure::Unanswered)?;
    }
}

/// One request's way by one view after another.
struct Journey<'j> {
    proxy: &'j Proxy,
    request: &'j RequestHead,
    length: usize,
    authority: Authority<'j>,
    tries: Tries,
    hold: Hold<'j>,
}

/// What came of a request by one view.
enum Round {
    Served(Served),
    /// It may be served by a later one, for which it waits so long.
    Waits(Duration),
}

impl Journey<'_> {
    /// Finds who answers, and has it answered.
    async fn round(&mut self, view: &Rc<View>, client: &mut Client, buffer: &mut Buffer) -> Result<Round, Failure> {
        let Journey { proxy, request, length, authority, .. } = *self;
        match goal(view, authority, client, request, &buffer.filled()[..length]) {
            Ok(Goal::Own(own)) => own.answer(proxy, client, buffer, request, length).await.map(Round::Served),
            Ok(Goal::Backend(found)) => match (self.hold.for_turn(view, &found), found.wild) {
                (Some(patience), _) => Ok(Round::Waits(patience)),
                (None, Some(first)) => self.sought(view, &found, first, client, buffer).await,
                (None, None) => self.tried(view, &found, client, buffer).await,
            },
            Err(ProxyError::Offline(notice)) => waits(self.hold.for_return(view, &notice), ProxyError::Offline(notice)),
            Err(error) => Err(Failure::Unanswered(error)),
        }
    }

    /// By the backends of the route that was found.
    async fn tried(&mut self, view: &View, found: &Found<'_>, client: &mut Client, buffer: &mut Buffer) -> Result<Round, Failure> {
        let errand = Errand::new(self.proxy, view, client, buffer, self.request, self.length, found);
        let mut errand = errand.map_err(|violation| Failure::Unanswered(ProxyError::Request(violation)))?;
        match self.tries.round(self.proxy, view, found, &mut errand, client, buffer).await {
            Ok(served) => Ok(Round::Served(served)),
            Err(Stuck::Final(failure)) => Err(failure),
            Err(Stuck::Stranded(error)) => waits(self.hold.for_recovery(view, found), error),
        }
    }

    /// By candidate after candidate, beginning with the service `first`, for a name that only wildcards match.
    async fn sought(
        &mut self,
        view: &Rc<View>,
        found: &Found<'_>,
        first: WildIndex,
        client: &mut Client,
        buffer: &mut Buffer,
    ) -> Result<Round, Failure> {
        let Journey { proxy, request, length, authority, .. } = *self;
        let path = path_of(request.origin_form(&buffer.filled()[..length])).to_vec();
        let question = Question { request, length, authority, listener: client.listener(), path: &path };
        // Apart, so that requests for names that were said in full make no room for it.
        match Box::pin(seek(proxy, view, client, buffer, &question, first)).await {
            Ok(served) => Ok(Round::Served(served)),
            Err(Failure::Unanswered(error)) if error.may_pass(request.method) => waits(self.hold.for_news(view, found), error),
            Err(failure) => Err(failure),
        }
    }
}

/// Waiting where that is not in vain, else the error that made it necessary.
fn waits(patience: Option<Duration>, error: ProxyError) -> Result<Round, Failure> {
    patience.map(Round::Waits).ok_or(Failure::Unanswered(error))
}

/// Refuses what is never passed on; the authority of the rest, with the `name` of a host that is known by what was written.
fn judge<'r>(
    request: &RequestHead,
    head: &[u8],
    name: Option<&'r str>,
    room: &'r mut [u8; Authority::ROOM],
) -> Result<Authority<'r>, ProxyError> {
    if matches!(request.method, Method::Trace | Method::Connect) {
        return Err(ProxyError::Method);
    }
    if let Some(host) = name {
        return Ok(Authority { host, port: None });
    }
    let host = request.host.of(head);
    // HTTP/1.0 knows no Host; only a route for every name can serve it.
    if host.is_empty() && request.version == Version::Http10 {
        return Ok(Authority { host: "", port: None });
    }
    Authority::parse(host, room).map_err(ProxyError::Host)
}

/// Who answers, if anybody does.
fn goal<'v>(view: &'v View, authority: Authority<'_>, client: &Client, request: &RequestHead, head: &[u8]) -> Result<Goal<'v>, ProxyError> {
    if let Some(own) = Own::to(authority, request, head) {
        return Ok(Goal::Own(own));
    }
    if let Some(own) = Own::to_authority(view, request, head) {
        return Ok(Goal::Own(own));
    }
    if client.tls.as_ref().is_some_and(|agreed| !view.common.is_meant_for(agreed, authority.host)) {
        return Err(ProxyError::Misdirected);
    }
    let target = request.origin_form(head);
    let (listener, path) = (client.listener(), path_of(target));
    let lookup = view.table.lookup(authority, listener, path);
    let door = match &lookup {
        Lookup::Found(found) => Some(found.door),
        Lookup::Redirect(..) | Lookup::Offline(_) => view.table.door_for(authority, listener, path),
        Lookup::Unknown => None,
    };
    client.tally.goes_to(view, door);
    match lookup {
        Lookup::Found(found) if belongs_to_tls(view, client, authority.host, found.https, request, head) => {
            Ok(Goal::Own(Own::to_tls(view, client, authority, request, head)))
        }
        Lookup::Found(found) => client.is_let_in(authority.host, found.https).map(|()| Goal::Backend(found)),
        Lookup::Redirect(redirect, rewrite) => Own::redirect(redirect, rewrite, authority, target).map(Goal::Own),
        Lookup::Offline(notice) => Err(ProxyError::Offline(Box::new(notice.clone()))),
        Lookup::Unknown => Err(ProxyError::Unknown),
    }
}

/// Whether a request came in the clear that shall come over TLS. Challenges of certificate authorities are always answered.
fn belongs_to_tls(view: &View, client: &Client, host: &str, https: &Https, request: &RequestHead, head: &[u8]) -> bool {
    if client.tls.is_some() || !view.common.redirects(host, https) || request.origin_form(head).starts_with(CHALLENGES) {
        return false;
    }
    // A proxy in front of us may have had it over TLS.
    let said = request.fields.only(head, Name::XForwardedProto);
    !(view.common.trusts(client.peer.ip()) && said.is_some_and(|proto| proto.eq_ignore_ascii_case(b"https")))
}

/// A target without its query.
fn path_of(target: &[u8]) -> &[u8] {
    target.iter().position(|&byte| byte == b'?').map_or(target, |query| &target[..query])
}
