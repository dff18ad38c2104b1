//! The HTTP API of a running dproxy.
//!
//! Every path and method is in the table of `endpoint`.
//!
//! Everything but `ok` is one JSON object, `{"ok": true, "message": "…", "data": …}`. A refusal has the same shape
//! with `"ok": false`, `"data": null` and the status 400, 403, 404, 405, 408, 409, 413 or 503; its message says what to
//! do instead.
//!
//! Changes take `wait=1`: then the answer comes when the pool has become what was asked, else as soon as the change is
//! accepted. An upgrade is answered when the new program has shown that it can begin, before it takes over: the rest is told
//! by `upgrade` of `/status`. Lists take `where`, `sort`, `limit` and `skip`; the field `X-Total-Count` of the answer tells how
//! many rows there are without `limit` and `skip`. Unknown keys are refused.
//!
//! Because GET changes state, a web page must not be able to send it: see `guard`. The API never waits for a worker
//! and never does anything itself; it hands a [`Command`] to the master and passes its answer on.

mod answer;
mod bound;
mod feed;
mod guard;
mod guests;
mod readiness;

use std::time::Duration;

use bytes::Bytes;
use dproxy_config::{HandRoute, HandRouteError};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Incoming};
use hyper::{Request, Response, StatusCode};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, timeout};
use tracing::{debug, info, warn};

use self::answer::Content;
pub use self::bound::{BindError, Bound};
use self::bound::{Listening, Peer};
use self::feed::{Feed, Source};
use self::guard::Door;
use self::guests::Guests;
use self::readiness::Unready;
use crate::listing::Listing;
use crate::openapi;
use crate::request::Request as Call;
use crate::{Asked, Bulletin, Command, Herald, Kind, Refusal, Reply, Wait};

/// What a body may have: a route has the longest.
const BODY_BYTES: usize = 64 * 1024;

/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(5);

/// The master answers from what it has, so this long means that it hangs. A change that the caller waits for has no
/// such end: a pool drains as long as its requests take.
const MASTER_TIME: Duration = Duration::from_secs(5);

/// After `accept` failed: the descriptors are used up, and only time frees some.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves the API, and what `herald` tells, until the sender of `open` is gone; then finishes the answers under way, for which
/// `commands` must still be taken, hears who has come but not asked yet, and gives the doors back: who comes meanwhile waits there.
///
/// This future owns every connection; dropping it closes them all, and removes the socket file.
pub async fn serve(bound: Bound, commands: mpsc::Sender<Asked>, herald: Herald, open: watch::Receiver<()>) -> Bound {
    let address = bound.address().ip();
    let door = bound.token().map_or(Door::Tcp(address), |token| Door::Guarded(address, token));
    let tcp = Service { door, peer: None, commands: commands.clone(), herald: herald.clone(), open: open.clone() };
    let unix = Service { door: Door::Unix(bound.peers()), peer: None, commands, herald, open };
    // Apart, so that a crowd at the TCP port never keeps an operator away from the socket.
    tokio::join!(attend(bound.tcp(), tcp), attend(bound.unix(), unix));
    bound
}

/// Accepts at one door until it is closed.
async fn attend<L: Listening>(listener: &L, service: Service) {
    let mut guests = Guests::default();
    let mut open = service.open.clone();
    loop {
        tokio::select! {
            accepted = listener.accept_one() => match accepted {
                Ok(stream) => match L::peer(&stream) {
                    Ok(peer) => guests.admit(stream, Service { peer, ..service.clone() }),
                    // It has gone already.
                    Err(error) => debug!(%error, "control connection of nobody"),
                },
                Err(error) => {
                    warn!(%error, "control connection not accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
            () = guests.departure() => {}
            // Nothing is ever sent: this is the end.
            _ = open.changed() => break,
        }
    }
    guests.farewell().await;
}

/// Answers the requests of one door.
#[derive(Clone)]
struct Service {
    door: Door,
    /// Whom the kernel knows the client as, at the Unix socket.
    peer: Option<Peer>,
    commands: mpsc::Sender<Asked>,
    herald: Herald,
    /// Its sender is gone when the door is closed.
    open: watch::Receiver<()>,
}

impl Service {
    async fn answer(&self, request: Request<Incoming>) -> Response<Content> {
        if let Err(refusal) = guard::check(&self.door, self.peer, request.headers(), request.uri()) {
            warn!(%refusal, path = request.uri().path(), "control request refused");
            return answer::refused(&refusal);
        }
        let (head, body) = request.into_parts();
        let call = match Call::parse(&head.method, head.uri.path(), head.uri.query()) {
            Ok(call) => call,
            Err(refusal) => return answer::refused(&refusal),
        };
        // Read also where nobody needs it, so that its sender gets to the answer.
        let body = match read(body).await {
            Ok(body) => body,
            Err(response) => return *response,
        };
        self.call(call, &body).await.unwrap_or_else(|refusal| answer::refused(&refusal))
    }

    async fn call(&self, call: Call, body: &[u8]) -> Result<Response<Content>, Refusal> {
        let (command, listing) = match call {
            Call::Ask(command, listing) => (command, listing),
            Call::AddRoute => (Command::AddRoute(Box::new(route_of(body)?)), Listing::default()),
            Call::Events(kinds) => return self.events(kinds).await,
            // That this runs is the proof: the API shares the master's only thread.
            Call::Alive => return Ok(answer::text("ok\n")),
            Call::Ready => return self.ready().await,
            Call::Description => return Ok(answer::document(&openapi::document())),
        };
        Ok(answer::done(&command, &listing, self.ask(command.clone()).await?))
    }

    async fn ready(&self) -> Result<Response<Content>, Refusal> {
        let end = Instant::now() + readiness::MOMENTS;
        while let Reply::Status(status) = self.ask(Command::Status).await? {
            match readiness::judge(&status) {
                Ok(()) => break,
                Err(Unready::Outdated(_)) if Instant::now() < end => sleep(readiness::LOOK).await,
                Err(unready) => return Err(unready.into()),
            }
        }
        Ok(answer::text("ok\n"))
    }

    /// Nothing is missed between the status, which comes first, and what happens after it.
    async fn events(&self, kinds: Vec<Kind>) -> Result<Response<Content>, Refusal> {
        let bulletins = self.herald.listen();
        let first = match self.ask(Command::Status).await? {
            Reply::Status(status) => Some(Bulletin::new(Kind::Status, &status)),
            _ => None,
        };
        Ok(answer::events(Feed::new(Source { first, bulletins, kinds, open: self.open.clone() })))
    }

    async fn ask(&self, command: Command) -> Result<Reply, Refusal> {
        if command.is_change() {
            info!(method = %command.method(), path = command.path(), body = command.body(), "asked");
        } else {
            debug!(path = command.path(), "asked");
        }
        match command.wait() {
            Some(Wait::Done) => self.exchange(command).await,
            Some(Wait::Accepted) | None => timeout(MASTER_TIME, self.exchange(command)).await.unwrap_or_else(|_| {
                let seconds = MASTER_TIME.as_secs();
                Err(Refusal::Failed(format!("the master did not answer within {seconds} s; its log may say why")))
            }),
        }
    }

    async fn exchange(&self, command: Command) -> Result<Reply, Refusal> {
        let leaving = || Refusal::Failed("the master is leaving; ask again when it has been started".to_owned());
        let (reply, answer) = oneshot::channel();
        self.commands.send(Asked { command, reply }).await.map_err(|_| leaving())?;
        answer.await.map_err(|_| leaving())?
    }
}

fn route_of(body: &[u8]) -> Result<HandRoute, Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| Refusal::Bad("the route is no text in UTF-8".to_owned()))?;
    text.parse().map_err(|error: HandRouteError| Refusal::Bad(error.to_string()))
}

async fn read(body: Incoming) -> Result<Bytes, Box<Response<Content>>> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let refuse = |status, text| Err(Box::new(answer::failure(status, text)));
    match timeout(BODY_TIME, Limited::new(body, BODY_BYTES).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            refuse(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large; all but a route has its values in the query")
        }
        Ok(Err(_)) => refuse(StatusCode::BAD_REQUEST, "the body is broken"),
        Err(_) => refuse(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time"),
    }
}

#[cfg(test)]
mod tests;
