//! Whoever sent a request, as the exchange sees them.

use std::io;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use dproxy_http1::{Framing, ResponseHead};
use h2::RecvStream;
use h2::server::SendResponse;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::net::tcp::WriteHalf;

use crate::clock::Deadline;
use crate::flow::{Inlet, Outlet, io_error};
use crate::forward::{self, Delivery};
use crate::message;
use crate::peer::Peer;

/// One client, for one request or for many.
pub(crate) struct Client {
    pub(crate) wire: Wire,
    pub(crate) peer: Peer,
    /// The port it reached.
    pub(crate) port: u16,
    pub(crate) deadline: Deadline,
}

/// How a client is spoken to.
pub(crate) enum Wire {
    /// A connection that carries one request at a time.
    H1(TcpStream),
    /// A stream of a connection that carries many.
    H2(Stream),
}

/// A request and its answer on an HTTP/2 connection.
pub(crate) struct Stream {
    /// None once it was taken.
    pub(crate) body: Option<RecvStream>,
    pub(crate) respond: SendResponse<Bytes>,
}

/// The half of a client that is spoken to before the body of the answer.
pub(crate) enum Speaker<'c> {
    H1(WriteHalf<'c>),
    H2(&'c mut SendResponse<Bytes>),
}

impl Wire {
    /// The two halves for one exchange.
    pub(crate) fn split(&mut self) -> (Inlet<'_>, Speaker<'_>) {
        match self {
            Wire::H1(stream) => {
                let (reads, writes) = stream.split();
                (Inlet::Tcp(reads), Speaker::H1(writes))
            }
            Wire::H2(stream) => {
                let inlet = stream.body.take().map_or(Inlet::Ended, Inlet::h2);
                (inlet, Speaker::H2(&mut stream.respond))
            }
        }
    }

    /// Whether trailers can follow a body, and its end needs no framing.
    pub(crate) fn is_h2(&self) -> bool {
        matches!(self, Wire::H2(_))
    }

    /// Sends an answer of our own, written as HTTP/1.
    pub(crate) async fn send_page(&mut self, page: &[u8]) -> io::Result<()> {
        match self {
            Wire::H1(stream) => stream.write_all(page).await,
            Wire::H2(stream) => {
                let (head, body) = message::response_of_page(page);
                let mut outlet = stream.respond.send_response(head, body.is_empty()).map_err(io_error)?;
                if body.is_empty() {
                    return Ok(());
                }
                let body = Bytes::copy_from_slice(body);
                outlet.send_data(body, true).map_err(io_error)
            }
        }
    }
}

impl<'c> Speaker<'c> {
    /// Passes an interim answer on.
    pub(crate) async fn interim(&mut self, head: &ResponseHead, bytes: &[u8]) -> io::Result<()> {
        match self {
            Speaker::H1(stream) => {
                let mut out = Vec::new();
                forward::interim_head(&mut out, head, bytes);
                stream.write_all(&out).await
            }
            Speaker::H2(respond) => respond.send_informational(message::response(head, bytes, None)).map_err(io_error),
        }
    }

    /// Begins the answer. Over HTTP/1 its head is written to `out`, to leave
    /// with the first bytes of the body.
    pub(crate) fn respond(self, out: &mut Vec<u8>, head: &ResponseHead, bytes: &[u8], delivery: &Delivery<'_>) -> io::Result<Outlet<'c>> {
        match self {
            Speaker::H1(stream) => {
                forward::response_head(out, head, bytes, delivery);
                Ok(Outlet::Tcp(stream))
            }
            Speaker::H2(respond) => {
                let ends = head.framing == Framing::None;
                let outlet = respond.send_response(message::response(head, bytes, Some(delivery)), ends).map_err(io_error)?;
                Ok(if ends { Outlet::Ended } else { Outlet::H2(outlet) })
            }
        }
    }

    /// Resolves when a client that is not read from has given up.
    pub(crate) fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match self {
            Speaker::H1(_) => Poll::Pending,
            Speaker::H2(respond) => {
                // Either it was reset or its whole connection ended.
                let _ = ready!(respond.poll_reset(context));
                Poll::Ready(())
            }
        }
    }
}
