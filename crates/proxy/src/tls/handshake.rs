//! From the first byte of a TLS connection to the first byte of a request.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use dproxy_route::Authority;
use rustls::server::{Accepted, AcceptedAlert, Acceptor};
use rustls::{Connection, InvalidMessage, ServerConfig};

use super::identity::{CallersError, Identity};
use super::keyring::canonical;
use super::session::{Session, Wire};
use crate::buffer::Buffer;
use crate::tcp::{Leave, Tcp, would_block};
use crate::view::View;

/// Says that no certificate is there for the name (RFC 6066 §3): a fatal alert, in a record of its own.
const UNRECOGNIZED_NAME: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 112];
/// Says that whoever it is, nobody can let it in (RFC 8446 §6.2).
const ACCESS_DENIED: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 49];
/// What a client hears that does not speak TLS where nothing else is spoken.
const NOT_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 53\r\nconnection: close\r\n\r\n\
                         This port speaks TLS only. Write https:// in the URL.";

/// A client whose handshake is over.
pub(crate) struct Greeted {
    pub(crate) session: Session,
    /// What was agreed upon.
    pub(crate) agreed: Agreed,
}

/// What a client and we have agreed upon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Agreed {
    /// The name that it asked for, canonical.
    pub(crate) name: Option<String>,
    pub(crate) protocol: Spoken,
    /// Who it is, where it was asked and somebody vouches for it.
    pub(crate) identity: Option<Identity>,
}

/// What is spoken behind a handshake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Spoken {
    #[default]
    Http1,
    Http2,
    Http3,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandshakeError {
    #[error("it does not speak TLS")]
    NotTls,
    #[error("its hello is too long")]
    TooLong,
    #[error("no certificate for `{0}`")]
    UnknownName(String),
    #[error("clients of `{0}` cannot be asked for a certificate")]
    Callers(String, #[source] CallersError),
    #[error("no agreement")]
    Refused(#[source] rustls::Error),
    #[error("the connection broke")]
    Broken(#[source] io::Error),
}

/// What a client says first, read and understood.
pub(crate) struct Hello {
    accepted: Accepted,
    /// The name that it asks for, canonical.
    pub(crate) name: Option<String>,
    /// All that was read.
    pub(crate) bytes: Buffer,
    /// So much of it has been understood.
    understood: usize,
}

/// Carries a handshake to its end.
pub(crate) async fn agree(view: &View, hello: Hello, tcp: Tcp) -> Result<Greeted, HandshakeError> {
    let Hello { accepted, name, bytes, understood } = hello;
    let Some(config) = view.common.keyring().and_then(|keyring| keyring.config_for(name.as_deref())) else {
        say(&tcp, &UNRECOGNIZED_NAME).await;
        return Err(HandshakeError::UnknownName(name.unwrap_or_default()));
    };
    let asking = match view.asking(name.as_deref()) {
        Ok(asking) => asking,
        Err(error) => {
            say(&tcp, &ACCESS_DENIED).await;
            return Err(HandshakeError::Callers(name.unwrap_or_default(), error));
        }
    };
    let config = asking.as_ref().map_or(config, |asking| Arc::clone(&asking.config));
    let tls = connect(config, accepted, &bytes.filled()[understood..], &tcp).await?;
    let identity = asking.and_then(|asking| asking.identity(tls.peer_certificates()?));
    let protocol = if tls.alpn_protocol() == Some(b"h2") { Spoken::Http2 } else { Spoken::Http1 };
    let agreed = Agreed { name, protocol, identity };
    Ok(Greeted { session: Session::new(tcp, tls, bytes.owner()), agreed })
}

/// Shows an authority by `config` what it wants to see, and hangs up.
pub(crate) async fn prove(config: Arc<ServerConfig>, hello: Hello, tcp: &Tcp) -> Result<(), HandshakeError> {
    let mut tls = connect(config, hello.accepted, &hello.bytes.filled()[hello.understood..], tcp).await?;
    tls.send_close_notify();
    poll_fn(|context| {
        while tls.wants_write() {
            ready!(would_block(tls.write_tls(&mut Wire::new(tcp, context)))).map_err(HandshakeError::Broken)?;
        }
        Poll::Ready(Ok(()))
    })
    .await?;
    // It has seen enough.
    let _ = tcp.end();
    Ok(())
}

/// Agrees by `config` with a client of which `rest` was read behind its hello.
async fn connect(config: Arc<ServerConfig>, accepted: Accepted, mut rest: &[u8], tcp: &Tcp) -> Result<Connection, HandshakeError> {
    let mut tls = match accepted.into_connection(config) {
        Ok(tls) => Connection::Server(tls),
        Err((error, alert)) => return Err(refuse(tcp, error, alert).await),
    };
    while !rest.is_empty() {
        tls.read_tls(&mut rest).map_err(HandshakeError::Broken)?;
        tls.process_new_packets().map_err(HandshakeError::Refused)?;
    }
    poll_fn(|context| poll_agree(&mut tls, tcp, context)).await?;
    Ok(tls)
}

impl Hello {
    /// Whether the client offers this protocol, and no other.
    pub(super) fn speaks_only(&self, protocol: &[u8]) -> bool {
        let mut offered = self.accepted.client_hello().alpn().into_iter().flatten();
        offered.next() == Some(protocol) && offered.next().is_none()
    }
}

/// Reads the client's hello, which begins in `bytes`.
pub(crate) async fn hear(tcp: &Tcp, mut bytes: Buffer) -> Result<Hello, HandshakeError> {
    let mut acceptor = Acceptor::default();
    let mut understood = 0;
    loop {
        while understood < bytes.filled().len() {
            understood += acceptor.read_tls(&mut &bytes.filled()[understood..]).map_err(HandshakeError::Broken)?;
            match acceptor.accept() {
                Ok(Some(accepted)) => {
                    let mut room = [0; Authority::ROOM];
                    let name = accepted.client_hello().server_name().and_then(|name| canonical(name, &mut room)).map(str::to_owned);
                    return Ok(Hello { accepted, name, bytes, understood });
                }
                Ok(None) => {}
                Err((rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType), _)) => {
                    say(tcp, NOT_TLS).await;
                    return Err(HandshakeError::NotTls);
                }
                Err((error, alert)) => return Err(refuse(tcp, error, alert).await),
            }
        }
        if bytes.is_full() && !bytes.grow() {
            return Err(HandshakeError::TooLong);
        }
        // No memory is taken before there is something to put into it.
        poll_fn(|context| tcp.poll_readable(context)).await.map_err(HandshakeError::Broken)?;
        let room = bytes.room();
        match poll_fn(|context| tcp.poll_read(context, room)).await.map_err(HandshakeError::Broken)? {
            0 => return Err(HandshakeError::Broken(io::ErrorKind::UnexpectedEof.into())),
            read => bytes.produced(read),
        }
    }
}

/// Tells the client why there will be no connection.
async fn refuse(tcp: &Tcp, error: rustls::Error, mut alert: AcceptedAlert) -> HandshakeError {
    let mut bytes = Vec::new();
    // A vector takes every byte.
    let _ = alert.write_all(&mut bytes);
    say(tcp, &bytes).await;
    HandshakeError::Refused(error)
}

/// A last word. Whoever does not hear it finds the connection closed.
async fn say(tcp: &Tcp, word: &[u8]) {
    let _ = poll_fn(|context| tcp.poll_write(context, &[IoSlice::new(word)], Leave::WithEnd)).await;
    let _ = tcp.end();
}

/// Ready when both sides have agreed. What is then still to be said leaves with the first bytes that are written.
pub(super) fn poll_agree(tls: &mut Connection, tcp: &Tcp, context: &mut Context<'_>) -> Poll<Result<(), HandshakeError>> {
    while tls.is_handshaking() {
        while tls.wants_write() {
            ready!(would_block(tls.write_tls(&mut Wire::new(tcp, context)))).map_err(HandshakeError::Broken)?;
        }
        if ready!(would_block(tls.read_tls(&mut Wire::new(tcp, context)))).map_err(HandshakeError::Broken)? == 0 {
            return Poll::Ready(Err(HandshakeError::Broken(io::ErrorKind::UnexpectedEof.into())));
        }
        if let Err(error) = tls.process_new_packets() {
            // The other side is told why, if that can be done at once.
            let _ = tls.write_tls(&mut Wire::new(tcp, context));
            return Poll::Ready(Err(HandshakeError::Refused(error)));
        }
    }
    Poll::Ready(Ok(()))
}
