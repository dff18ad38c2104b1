//! Whoever sent a request, as the exchange sees them.

use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use dproxy_http1::{Framing, ResponseHead};
use dproxy_route::{Demand, Ends, Https, Listener, Protocol};
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};

use crate::access::Tally;
use crate::buffer::Buffer;
use crate::clock::Deadline;
use crate::error::ProxyError;
use crate::flow::{Inlet, Outlet, io_error};
use crate::forward::{self, Delivery};
use crate::h3::{self, Sending};
use crate::message;
use crate::peer::Peer;
use crate::tls::{Agreed, Spoken};
use crate::trail::Trail;
use crate::transport::Transport;
use crate::unless::unless;

/// One client, for one request or for many.
pub(crate) struct Client {
    pub(crate) wire: Wire,
    pub(crate) peer: Peer,
    pub(crate) path: Path,
    /// What was agreed upon, if it speaks TLS.
    pub(crate) tls: Option<Rc<Agreed>>,
    pub(crate) deadline: Deadline,
    /// What the request that is being answered came to so far.
    pub(crate) tally: Tally,
    /// What that request is followed by, where anybody wants to know.
    pub(crate) trail: Option<Box<Trail>>,
}

/// A client's way here.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Path {
    /// As a proxy in front of us has announced it, or the kernel was asked before.
    Known(Ends),
    /// As it came itself; which of our addresses it reached is asked for when somebody wants to know.
    Taken { from: SocketAddr, port: u16 },
}

/// How a client is spoken to.
pub(crate) enum Wire {
    /// A connection that carries one request at a time.
    H1(Transport),
    /// A stream of a connection that carries many.
    H2(Stream),
    /// The same over QUIC.
    H3(Box<h3::Stream>),
}

/// A request and its answer on an HTTP/2 connection.
pub(crate) struct Stream {
    pub(crate) carries: Carries,
    pub(crate) respond: SendResponse<Bytes>,
}

/// What comes behind the head of a request of HTTP/2.
pub(crate) enum Carries {
    /// Nothing, or it was taken already.
    Nothing,
    /// The request's body.
    Body(RecvStream),
    /// Whatever is said once a backend has agreed to the tunnel (RFC 8441); then there is a way back too.
    Tunnel { reads: RecvStream, writes: Option<SendStream<Bytes>> },
}

/// The half of a client that is spoken to before the body of the answer.
pub(crate) enum Speaker<'c> {
    H1(Outlet<'c>),
    H2(&'c mut Stream),
    H3(&'c mut Sending),
}

impl Client {
    /// Whether nothing was agreed upon that another worker would have to know.
    pub(crate) fn is_in_clear(&self) -> bool {
        self.tls.is_none()
    }

    /// Whether it speaks TLS, and HTTP/2 within.
    pub(crate) fn agreed_upon_http2(&self) -> bool {
        self.tls.as_ref().is_some_and(|agreed| agreed.protocol == Spoken::Http2)
    }

    /// Whether it may ask for what is `host`'s, which wants to know its clients as `https` says.
    pub(crate) fn is_let_in(&self, host: &str, https: &Https) -> Result<(), ProxyError> {
        if https.passthrough {
            // Whoever speaks TLS with us does so for another name.
            return Err(ProxyError::Misdirected);
        }
        let Some(auth) = &https.client_auth else { return Ok(()) };
        let agreed = self.tls.as_deref();
        if agreed.is_some_and(|agreed| agreed.protocol == Spoken::Http3) {
            // There nobody is asked for a certificate. Over TCP somebody is (RFC 7838 §6).
            return Err(ProxyError::Misdirected);
        }
        if agreed.and_then(|agreed| agreed.identity.as_ref()?.told_by(&auth.authority)).is_some() {
            return Ok(());
        }
        match (agreed.map(|agreed| agreed.name.as_deref()), auth.demand) {
            // A handshake for the name itself would have asked for the certificate.
            (Some(Some(name)), _) if name != host => Err(ProxyError::Misdirected),
            (Some(None), Demand::Required) => Err(ProxyError::Misdirected),
            (_, Demand::Required) => Err(ProxyError::NoCertificate),
            (_, Demand::Optional) => Ok(()),
        }
    }

    /// What a backend is told of who it is, where the host wants to know.
    pub(crate) fn identity(&self, https: &Https) -> &[u8] {
        let authority = https.client_auth.as_ref().map(|auth| auth.authority.as_str());
        let identity = self.tls.as_ref().and_then(|agreed| agreed.identity.as_ref());
        identity.zip(authority).and_then(|(identity, authority)| identity.told_by(authority)).unwrap_or_default()
    }

    /// The number of its request, if it is told.
    pub(crate) fn answered_id(&self) -> Option<&[u8]> {
        self.trail.as_ref()?.answered_id()
    }

    /// Both ends of its path.
    pub(crate) fn ends(&self) -> Ends {
        match self.path {
            Path::Known(ends) => ends,
            Path::Taken { from, port } => {
                let ip = match &self.wire {
                    Wire::H1(transport) => transport.local_ip(),
                    Wire::H2(_) | Wire::H3(_) => None,
                };
                // A socket that does not tell is about to end.
                Ends { from, to: SocketAddr::new(ip.unwrap_or(from.ip()), port) }
            }
        }
    }

    /// The port it reached.
    pub(crate) fn port(&self) -> u16 {
        self.path.port()
    }

    /// Where it came in.
    pub(crate) fn listener(&self) -> Listener {
        let protocol = if self.tls.is_some() { Protocol::Https } else { Protocol::Http };
        Listener { protocol, port: self.port() }
    }
}

impl Path {
    pub(crate) fn from(self) -> SocketAddr {
        match self {
            Path::Known(ends) => ends.from,
            Path::Taken { from, .. } => from,
        }
    }

    pub(crate) fn port(self) -> u16 {
        match self {
            Path::Known(ends) => ends.to.port(),
            Path::Taken { port, .. } => port,
        }
    }
}

impl Wire {
    /// The two halves for one exchange.
    pub(crate) fn split(&mut self) -> (Inlet<'_>, Speaker<'_>) {
        match self {
            Wire::H1(stream) => {
                let (inlet, outlet) = stream.split();
                (inlet, Speaker::H1(outlet))
            }
            Wire::H2(stream) => {
                let inlet = stream.carries.take_body().map_or(Inlet::Ended, Inlet::h2);
                (inlet, Speaker::H2(stream))
            }
            Wire::H3(stream) => {
                let h3::Stream { reads, writes } = &mut **stream;
                (Inlet::H3(reads), Speaker::H3(writes))
            }
        }
    }

    /// Reads what waits to be read, if that can be had at once.
    pub(crate) fn read_waiting(&mut self, buffer: &mut Buffer) {
        if let Wire::H1(stream) = self
            && let Ok(read) = stream.try_read(buffer.room())
        {
            buffer.produced(read);
        }
    }

    /// Both directions of a tunnel that was agreed to; none if it was not.
    pub(crate) fn tunnel(&mut self) -> Option<(Inlet<'_>, Outlet<'_>)> {
        match self {
            Wire::H1(stream) => Some(stream.split()),
            Wire::H2(stream) => match std::mem::replace(&mut stream.carries, Carries::Nothing) {
                Carries::Tunnel { reads, writes: Some(writes) } => Some((Inlet::h2(reads), Outlet::H2(writes))),
                Carries::Tunnel { .. } | Carries::Body(_) | Carries::Nothing => None,
            },
            // Nobody is told that it could be asked for (RFC 9220).
            Wire::H3(_) => None,
        }
    }

    /// Drives `future`, unless the client gives up meanwhile. Nothing is read from it.
    pub(crate) async fn unless_gone<T>(&mut self, future: impl Future<Output = T>) -> Option<T> {
        let mut gone = pin!(self.gone());
        unless(future, |context| gone.as_mut().poll(context)).await.ok()
    }

    async fn gone(&mut self) {
        match self {
            Wire::H1(stream) => stream.gone().await,
            Wire::H2(stream) => poll_fn(|context| stream.poll_gone(context)).await,
            Wire::H3(stream) => poll_fn(|context| stream.writes.poll_gone(context)).await,
        }
    }

    /// Whether it is one of many on its connection: trailers can follow a body, and its end needs no framing.
    pub(crate) fn is_stream(&self) -> bool {
        matches!(self, Wire::H2(_) | Wire::H3(_))
    }

    /// Sends an answer of our own, written as HTTP/1.
    pub(crate) async fn send_page(&mut self, page: &[u8]) -> io::Result<()> {
        match self {
            Wire::H1(stream) => stream.split().1.write_all(&mut [IoSlice::new(page)], || {}).await,
            Wire::H2(stream) => {
                let (head, body) = message::response_of_page(page);
                let mut outlet = stream.respond.send_response(head, body.is_empty()).map_err(io_error)?;
                if body.is_empty() {
                    return Ok(());
                }
                let body = Bytes::copy_from_slice(body);
                outlet.send_data(body, true).map_err(io_error)
            }
            Wire::H3(stream) => {
                let (head, body) = message::response_of_page(page);
                stream.writes.page(&head, body).await
            }
        }
    }
}

impl Carries {
    fn take_body(&mut self) -> Option<RecvStream> {
        match std::mem::replace(self, Carries::Nothing) {
            Carries::Body(body) => Some(body),
            other => {
                *self = other;
                None
            }
        }
    }
}

impl Stream {
    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        // Either it was reset or its whole connection ended.
        let _ = ready!(self.respond.poll_reset(context));
        Poll::Ready(())
    }
}

impl<'c> Speaker<'c> {
    /// Passes an interim answer on.
    pub(crate) async fn interim(&mut self, head: &ResponseHead, bytes: &[u8]) -> io::Result<()> {
        match self {
            Speaker::H1(stream) => {
                let mut out = Vec::new();
                forward::interim_head(&mut out, head, bytes);
                stream.write_all(&mut [IoSlice::new(&out)], || {}).await
            }
            Speaker::H2(stream) => stream.respond.send_informational(message::response(head, bytes, None)).map_err(io_error),
            Speaker::H3(stream) => stream.interim(&message::response(head, bytes, None)).await,
        }
    }

    /// Begins the answer. Over HTTP/1 and HTTP/3 its head is written to `out`, to leave
    /// with the first bytes of the body.
    pub(crate) fn respond(self, out: &mut Vec<u8>, head: &ResponseHead, bytes: &[u8], delivery: &Delivery<'_>) -> io::Result<Outlet<'c>> {
        match self {
            Speaker::H1(stream) => {
                forward::response_head(out, head, bytes, delivery);
                Ok(stream)
            }
            Speaker::H2(stream) => {
                let ends = head.framing == Framing::None && head.status != 101;
                let outlet = stream.respond.send_response(message::response(head, bytes, Some(delivery)), ends).map_err(io_error)?;
                match &mut stream.carries {
                    // It is written to once the exchange is over.
                    Carries::Tunnel { writes, .. } if head.status == 101 => {
                        *writes = Some(outlet);
                        Ok(Outlet::Ended)
                    }
                    _ if ends => Ok(Outlet::Ended),
                    _ => Ok(Outlet::H2(outlet)),
                }
            }
            Speaker::H3(stream) => {
                stream.begin(&message::response(head, bytes, Some(delivery)), out);
                Ok(Outlet::H3(stream))
            }
        }
    }

    /// Resolves when a client that is not read from has given up.
    pub(crate) fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match self {
            Speaker::H1(_) => Poll::Pending,
            Speaker::H2(stream) => stream.poll_gone(context),
            Speaker::H3(stream) => stream.poll_gone(context),
        }
    }
}
