//! One request and its answer over a fresh connection.

use std::error::Error;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONNECTION, HOST};
use hyper_util::rt::TokioIo;
use interprocess::local_socket::GenericFilePath;
use interprocess::local_socket::tokio::Stream;
use interprocess::local_socket::tokio::prelude::*;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::{Address, ClientError, Target};
use crate::{Command, Token};

/// More than the rows of a hundred thousand routes; what answers more is not dproxy.
const ANSWER_BYTES: usize = 256 * 1024 * 1024;

/// Status and body of the answer to `command`.
pub(super) async fn send(target: &Target, command: &Command) -> Result<(u16, String), ClientError> {
    match target {
        Target::Socket(socket) => over(connect_socket(socket).await?, request("localhost", None, command)).await,
        Target::Address(address) => over(connect_address(address.socket).await?, request_at(address, command)).await,
        Target::Either { socket, address } => match connect_socket(socket).await {
            Ok(stream) => over(stream, request("localhost", None, command)).await,
            Err(unreachable) => match connect_address(address.socket).await {
                Ok(stream) => over(stream, request_at(address, command)).await,
                // The socket is where it should be, so what is wrong there helps more.
                Err(_) => Err(unreachable),
            },
        },
    }
}

async fn connect_socket(socket: &Path) -> Result<Stream, ClientError> {
    let failed = |cause: std::io::Error| match cause.kind() {
        ErrorKind::NotFound => ClientError::NoSocket(socket.to_owned()),
        ErrorKind::ConnectionRefused => ClientError::DeadSocket(socket.to_owned()),
        ErrorKind::PermissionDenied => ClientError::Denied(socket.to_owned()),
        _ => ClientError::Connect { place: socket.display().to_string(), cause },
    };
    let name = socket.to_fs_name::<GenericFilePath>().map_err(failed)?;
    Stream::connect(name).await.map_err(failed)
}

async fn connect_address(address: SocketAddr) -> Result<TcpStream, ClientError> {
    TcpStream::connect(address).await.map_err(|cause| match cause.kind() {
        ErrorKind::ConnectionRefused => ClientError::NoListener(address),
        _ => ClientError::Connect { place: address.to_string(), cause },
    })
}

async fn over<S>(stream: S, request: Request<Full<Bytes>>) -> Result<(u16, String), ClientError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let exchange = async {
        let response = sender.send_request(request).await.map_err(broken)?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), ANSWER_BYTES).collect().await.map_err(broken)?;
        Ok((status, String::from_utf8_lossy(&body.to_bytes()).into_owned()))
    };
    tokio::pin!(exchange);
    tokio::select! {
        biased;
        answer = &mut exchange => answer,
        // The connection may end together with the answer; whatever went wrong with it, `exchange` tells.
        _ = connection => exchange.await,
    }
}

fn request_at(address: &Address, command: &Command) -> Request<Full<Bytes>> {
    request(&address.socket.to_string(), address.token.as_ref(), command)
}

fn request(host: &str, token: Option<&Token>, command: &Command) -> Request<Full<Bytes>> {
    let builder = match token {
        Some(token) => Request::builder().header(AUTHORIZATION, token.field()),
        None => Request::builder(),
    };
    builder
        .method(command.method())
        .uri(command.path())
        .header(HOST, host)
        .header(CONNECTION, "close")
        .body(Full::new(Bytes::copy_from_slice(command.body().as_bytes())))
        .expect("paths of commands and socket addresses are fit for a head, and tokens hold no blanks")
}

fn broken(cause: impl Into<Box<dyn Error + Send + Sync>>) -> ClientError {
    ClientError::Broken { cause: cause.into() }
}
