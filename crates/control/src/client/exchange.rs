//! One request and its answer over a fresh connection.

use std::error::Error;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONNECTION, HOST};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use interprocess::local_socket::GenericFilePath;
use interprocess::local_socket::tokio::Stream;
use interprocess::local_socket::tokio::prelude::*;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::{Address, ClientError, Rows, Target};
use crate::{Command, Token};

/// More than the rows of a hundred thousand routes; what answers more is not dproxy.
const ANSWER_BYTES: usize = 256 * 1024 * 1024;

/// What both kinds of connections have in common.
trait Wire: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire for S {}

/// A connection, and what is said of ourselves over it.
struct Line<'t> {
    wire: Box<dyn Wire>,
    host: String,
    token: Option<&'t Token>,
}

/// Status and body of the answer to `command`.
pub(super) async fn send(target: &Target, command: &Command, rows: &Rows) -> Result<(u16, String), ClientError> {
    let line = Line::to(target).await?;
    let request = line.request(command.method(), &rows.of(command.path()), command.body());
    line.over(request, whole).await
}

/// Gives the data of every event at `path` to `hear`, until that says no or the other side leaves.
pub(super) async fn follow(target: &Target, path: &str, hear: impl FnMut(&str) -> bool) -> Result<(), ClientError> {
    let line = Line::to(target).await?;
    let request = line.request(Method::GET, path, "");
    line.over(request, async |response| events(response.into_body(), hear).await).await
}

async fn whole(response: Response<Incoming>) -> Result<(u16, String), ClientError> {
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), ANSWER_BYTES).collect().await.map_err(broken)?;
    Ok((status, String::from_utf8_lossy(&body.to_bytes()).into_owned()))
}

async fn events(mut body: Incoming, mut hear: impl FnMut(&str) -> bool) -> Result<(), ClientError> {
    let mut text = Vec::new();
    while let Some(frame) = body.frame().await {
        text.extend(frame.map_err(broken)?.into_data().unwrap_or_default());
        while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = text.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            if line.strip_prefix("data: ").is_some_and(|data| !hear(data.trim_end())) {
                return Ok(());
            }
        }
    }
    Ok(())
}

impl<'t> Line<'t> {
    async fn to(target: &'t Target) -> Result<Line<'t>, ClientError> {
        let by_socket = async |socket: &Path| {
            let wire = Box::new(connect_socket(socket).await?);
            Ok(Line { wire, host: "localhost".to_owned(), token: None })
        };
        let by_address = async |address: &'t Address| {
            let wire = Box::new(connect_address(address.socket).await?);
            Ok(Line { wire, host: address.socket.to_string(), token: address.token.as_ref() })
        };
        match target {
            Target::Socket(socket) => by_socket(socket).await,
            Target::Address(address) => by_address(address).await,
            Target::Either { socket, address } => match by_socket(socket).await {
                Ok(line) => Ok(line),
                // The socket is where it should be, so what is wrong there helps more.
                Err(unreachable) => by_address(address).await.map_err(|_: ClientError| unreachable),
            },
        }
    }

    fn request(&self, method: Method, path: &str, body: &str) -> Request<Full<Bytes>> {
        let builder = Request::builder().method(method).uri(path).header(HOST, &self.host).header(CONNECTION, "close");
        let builder = match self.token {
            Some(token) => builder.header(AUTHORIZATION, token.field()),
            None => builder,
        };
        let body = Full::new(Bytes::copy_from_slice(body.as_bytes()));
        builder.body(body).expect("paths of commands and socket addresses are fit for a head, and tokens hold no blanks")
    }

    async fn over<T>(
        self,
        request: Request<Full<Bytes>>,
        read: impl AsyncFnOnce(Response<Incoming>) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        let (mut sender, connection) = http1::handshake(TokioIo::new(self.wire)).await.map_err(broken)?;
        let exchange = async { read(sender.send_request(request).await.map_err(broken)?).await };
        tokio::pin!(exchange);
        tokio::select! {
            biased;
            answer = &mut exchange => answer,
            // The connection may end together with the answer; whatever went wrong with it, `exchange` tells.
            _ = connection => exchange.await,
        }
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

fn broken(cause: impl Into<Box<dyn Error + Send + Sync>>) -> ClientError {
    ClientError::Broken { cause: cause.into() }
}
