//! The JSON of the API, and which status goes with it.

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS};
use hyper::{Response, StatusCode};
use serde::Serialize;

use super::feed::Feed;
use crate::listing::{Listing, Page};
use crate::{Command, Refusal, Reply};

const TOTAL: HeaderName = HeaderName::from_static("x-total-count");

/// What an answer holds: all at once, or what happens from now on.
pub(super) type Content = Either<Full<Bytes>, Feed>;

/// The text format of Prometheus.
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The one shape of every answer, but for texts.
#[derive(Serialize)]
struct Envelope<'a, Data> {
    ok: bool,
    message: &'a str,
    data: Data,
}

/// What the master answered, as much of it as the caller wants to see.
pub(super) fn done(command: &Command, listing: &Listing, reply: Reply) -> Response<Content> {
    match reply {
        Reply::Done { message, status } => success(&opened(command, message), &status),
        Reply::Status(status) => {
            let message = format!("{}: {} of {} workers online", status.pool, status.workers_online, status.workers_wanted);
            success(&message, &status)
        }
        Reply::Workers(rows) => list("workers", rows, listing),
        Reply::Worker(row) => success(&format!("worker in slot {}: {}", row.slot, row.state), &row),
        Reply::Logs(rows) => list("lines", rows, listing),
        Reply::Routes(rows) => list("routes", rows, listing),
        Reply::Containers(rows) => list("containers", rows, listing),
        Reply::Images(rows) => list("images", rows, listing),
        Reply::Backends(rows) => list("backends", rows, listing),
        Reply::Certificates(rows) => list("certificates", rows, listing),
        Reply::Problems(rows) => list("problems", rows, listing),
        Reply::Metrics(text) => response(StatusCode::OK, EXPOSITION, Bytes::from(text)),
        Reply::Explain(explanation) => success(&explanation.verdict, &explanation),
        Reply::Why(why) => success(&why.verdict(), &why),
        Reply::RoutesChanged { message, rows } => success(&message, &rows),
    }
}

/// The master's message with the words that are promised at its beginning.
fn opened(command: &Command, message: String) -> String {
    match command.opening() {
        Some(opening) if !message.starts_with(opening) => format!("{opening} {message}"),
        Some(_) | None => message,
    }
}

/// A refusal, and the status that says whose mistake it was.
pub(super) fn refused(refusal: &Refusal) -> Response<Content> {
    let status = match refusal {
        Refusal::Bad(_) => StatusCode::BAD_REQUEST,
        Refusal::Unauthorized(_) => StatusCode::UNAUTHORIZED,
        Refusal::Forbidden(_) => StatusCode::FORBIDDEN,
        Refusal::NotFound(_) => StatusCode::NOT_FOUND,
        Refusal::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
        Refusal::Busy(_) => StatusCode::CONFLICT,
        Refusal::Failed(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut response = failure(status, &refusal.to_string());
    let field = match refusal {
        Refusal::Method { allow } => Some((ALLOW, HeaderValue::from_str(allow).expect("methods are fit for a field"))),
        Refusal::Unauthorized(_) => Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
        Refusal::Bad(_) | Refusal::Forbidden(_) | Refusal::NotFound(_) | Refusal::Busy(_) | Refusal::Failed(_) => None,
    };
    response.headers_mut().extend(field);
    response
}

/// A failure of the exchange itself.
pub(super) fn failure(status: StatusCode, message: &str) -> Response<Content> {
    json(status, &Envelope { ok: false, message, data: () })
}

/// A document of another shape.
pub(super) fn document(document: &impl Serialize) -> Response<Content> {
    json(StatusCode::OK, document)
}

/// Events without end.
pub(super) fn events(feed: Feed) -> Response<Content> {
    let mut response = Response::new(Content::Right(feed));
    decorate(&mut response, "text/event-stream");
    response
}

/// A plain text.
pub(super) fn text(text: &'static str) -> Response<Content> {
    response(StatusCode::OK, "text/plain; charset=utf-8", Bytes::from_static(text.as_bytes()))
}

fn success(message: &str, data: &impl Serialize) -> Response<Content> {
    json(StatusCode::OK, &Envelope { ok: true, message, data })
}

fn list<Row: Serialize + Default>(name: &str, rows: Vec<Row>, listing: &Listing) -> Response<Content> {
    let Page { rows, total } = match listing.apply(rows) {
        Ok(page) => page,
        Err(refusal) => return refused(&refusal),
    };
    let mut response = success(&format!("Found {} {name}.", rows.len()), &rows);
    response.headers_mut().insert(TOTAL, HeaderValue::from(total));
    response
}

fn json(status: StatusCode, body: &impl Serialize) -> Response<Content> {
    let mut bytes = serde_json::to_vec(body).expect("rows are structs of plain values, which JSON can say");
    bytes.push(b'\n');
    response(status, "application/json", Bytes::from(bytes))
}

fn response(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Content> {
    let mut response = Response::new(Content::Left(Full::new(body)));
    *response.status_mut() = status;
    decorate(&mut response, content_type);
    response
}

fn decorate(response: &mut Response<Content>, content_type: &'static str) {
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}
