//! What a gateway owes both sides (RFC 9110, RFC 9112), one line a case: bytes
//! in, bytes at the backend, bytes at the client. See [`notation`] for how bytes
//! are written, [`client`] and [`backend`] for what both can do.
#![allow(clippy::unwrap_used)]

mod backend;
mod client;
mod notation;
mod stage;

mod answers;
mod backends;
mod bodies;
mod expectations;
mod following;
mod framing;
mod limits;
mod requests;

use stage::Case;

/// What most backends answer.
const OK: &str = "HTTP/1.1 200 OK|Content-Length: 2||ok";
/// The same with the end of the connection.
const OLD_OK: &str = "HTTP/1.1 200 OK|Content-Length: 2|connection: close||ok{end}";

/// The backend gets the request in this form.
#[track_caller]
fn onward(request: &str, backend_gets: &str) {
    let body = backend_gets.split_once("||").map_or("", |(_, body)| body);
    let body = if body.is_empty() { String::new() } else { format!("{{get {body}}}") };
    Case::client(request).backend(&format!("{{head}}{body}{OK}")).passes(&[backend_gets], OK);
}

/// The client that sent `request` gets the backend's answer in this form.
#[track_caller]
fn back(request: &str, backend_answers: &str, client_gets: &str) {
    Case::client(request).backend(&format!("{{head}}{backend_answers}")).answers(client_gets);
}

/// A request of a client that speaks HTTP/1.1.
const GET: &str = "GET / HTTP/1.1|Host: a.test||";
/// And of one that speaks HTTP/1.0.
const OLD_GET: &str = "GET / HTTP/1.0|Host: a.test||";
