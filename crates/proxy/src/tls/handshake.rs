//! From the first byte of a TLS connection to the first byte of a request.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use dproxy_route::Authority;
use rustls::server::{Accepted, AcceptedAlert, Acceptor};
use rustls::{Connection, InvalidMessage};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::Keyring;
use super::identity::{CallersError, Identity};
use super::keyring::canonical;
use super::session::{Session, Wire, would_block};
use crate::buffer::Buffer;
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
    /// It speaks HTTP/2, and nothing else.
    pub(crate) http2: bool,
    /// Who it is, where it was asked and somebody vouches for it.
    pub(crate) identity: Option<Identity>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandshakeError {
    #[error("it does not speak TLS")]
    NotTls,
    #[error("no certificate for `{0}`")]
    UnknownName(String),
    #[error("clients of `{0}` cannot be asked for a certificate")]
    Callers(String, #[source] CallersError),
    #[error("no agreement")]
    Refused(#[source] rustls::Error),
    #[error("the connection broke")]
    Broken(#[source] io::Error),
}

/// Carries a handshake to its end; `begun` was read before.
pub(crate) async fn secure(view: &View, keyring: &Keyring, mut tcp: TcpStream, begun: Option<Buffer>) -> Result<Greeted, HandshakeError> {
    let accepted = hear(&mut tcp, begun).await?;
    let name = accepted.client_hello().server_name().map(str::to_owned);
    let mut room = [0; Authority::ROOM];
    let name = name.as_deref().and_then(|name| canonical(name, &mut room)).map(str::to_owned);
    let Some(config) = keyring.config_for(name.as_deref()) else {
        say(&mut tcp, &UNRECOGNIZED_NAME).await;
        return Err(HandshakeError::UnknownName(name.unwrap_or_default()));
    };
    let asking = match view.asking(keyring, name.as_deref()) {
        Ok(asking) => asking,
        Err(error) => {
            say(&mut tcp, &ACCESS_DENIED).await;
            return Err(HandshakeError::Callers(name.unwrap_or_default(), error));
        }
    };
    let config = asking.as_ref().map_or(config, |asking| Arc::clone(&asking.config));
    let mut tls = match accepted.into_connection(config) {
        Ok(tls) => Connection::Server(tls),
        Err((error, alert)) => return Err(refuse(&mut tcp, error, alert).await),
    };
    poll_fn(|context| poll_agree(&mut tls, &mut tcp, context)).await?;
    let identity = asking.and_then(|asking| asking.identity(tls.peer_certificates()?));
    let agreed = Agreed { name, http2: tls.alpn_protocol() == Some(b"h2"), identity };
    Ok(Greeted { session: Session::new(tcp, tls), agreed })
}

/// Reads the client's hello.
async fn hear(tcp: &mut TcpStream, begun: Option<Buffer>) -> Result<Accepted, HandshakeError> {
    let mut acceptor = Acceptor::default();
    let mut rest: &[u8] = begun.as_ref().map_or(&[], |begun| begun.filled());
    loop {
        let read = match rest {
            [] => poll_fn(|context| would_block(acceptor.read_tls(&mut Wire { tcp, context }))).await,
            _ => acceptor.read_tls(&mut rest),
        };
        if read.map_err(HandshakeError::Broken)? == 0 {
            return Err(HandshakeError::Broken(io::ErrorKind::UnexpectedEof.into()));
        }
        match acceptor.accept() {
            Ok(Some(accepted)) => return Ok(accepted),
            Ok(None) => {}
            Err((rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType), _)) => {
                say(tcp, NOT_TLS).await;
                return Err(HandshakeError::NotTls);
            }
            Err((error, alert)) => return Err(refuse(tcp, error, alert).await),
        }
    }
}

/// Tells the client why there will be no connection.
async fn refuse(tcp: &mut TcpStream, error: rustls::Error, mut alert: AcceptedAlert) -> HandshakeError {
    let mut bytes = Vec::new();
    // A vector takes every byte.
    let _ = alert.write_all(&mut bytes);
    say(tcp, &bytes).await;
    HandshakeError::Refused(error)
}

/// A last word. Whoever does not hear it finds the connection closed.
async fn say(tcp: &mut TcpStream, word: &[u8]) {
    let _ = tcp.write_all(word).await;
    let _ = tcp.shutdown().await;
}

/// Ready when both sides have agreed. What is then still to be said leaves with the first bytes that are written.
pub(super) fn poll_agree(tls: &mut Connection, tcp: &mut TcpStream, context: &mut Context<'_>) -> Poll<Result<(), HandshakeError>> {
    while tls.is_handshaking() {
        while tls.wants_write() {
            ready!(would_block(tls.write_tls(&mut Wire { tcp, context }))).map_err(HandshakeError::Broken)?;
        }
        if ready!(would_block(tls.read_tls(&mut Wire { tcp, context }))).map_err(HandshakeError::Broken)? == 0 {
            return Poll::Ready(Err(HandshakeError::Broken(io::ErrorKind::UnexpectedEof.into())));
        }
        if let Err(error) = tls.process_new_packets() {
            // The other side is told why, if that can be done at once.
            let _ = tls.write_tls(&mut Wire { tcp, context });
            return Poll::Ready(Err(HandshakeError::Refused(error)));
        }
    }
    Poll::Ready(Ok(()))
}
