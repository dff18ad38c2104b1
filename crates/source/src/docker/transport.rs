//! How requests get to an engine: HTTP/1.1 over a Unix socket, TCP or TLS.
//!
//! Every answer's *head* has a time limit, because an engine that is starting
//! takes connections seconds before it answers. Bodies have none here: events
//! are a body that never ends.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use dproxy_config::DockerEndpoint;
use http::{Request, Response, header};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::tls::{self, TlsError};

/// How long a connection and the head of an answer may take, together.
pub(super) const HEAD_LIMIT: Duration = Duration::from_secs(2);
/// Connections kept for later requests; one list and a few inspections.
const MAX_IDLE: usize = 8;

/// A way to one engine. Clones share their connections, which end with the last of them.
#[derive(Clone)]
pub(super) struct Transport(Arc<Inner>);

struct Inner {
    endpoint: DockerEndpoint,
    tls: Option<TlsConnector>,
    pool: Mutex<Pool>,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Sender>,
    /// Carries the bytes of each connection.
    drivers: JoinSet<()>,
    peer: Option<IpAddr>,
}

type Sender = SendRequest<Empty<Bytes>>;

/// Why an engine was not reached.
#[derive(Debug, thiserror::Error)]
pub(super) enum TransportError {
    #[error("cannot connect to `{endpoint}`")]
    Connect {
        endpoint: String,
        #[source]
        cause: io::Error,
    },
    #[error("no permission to connect to `{endpoint}`; run dproxy as root or as a member of the group that owns it")]
    Forbidden {
        endpoint: String,
        #[source]
        cause: io::Error,
    },
    #[error("cannot speak TLS to `{endpoint}`")]
    Tls {
        endpoint: String,
        #[source]
        cause: TlsError,
    },
    #[error("`{endpoint}` does not answer within {} s", HEAD_LIMIT.as_secs())]
    Silent { endpoint: String },
    #[error("`{path}` is no path to ask for")]
    Path {
        path: String,
        #[source]
        cause: http::Error,
    },
    #[error("`{endpoint}` broke off")]
    Exchange {
        endpoint: String,
        #[source]
        cause: hyper::Error,
    },
}

impl Transport {
    /// Prepares the way; nothing is opened yet but the certificates' files.
    pub(super) fn new(endpoint: &DockerEndpoint) -> Result<Transport, TransportError> {
        let tls = match endpoint {
            DockerEndpoint::Tcp { tls: Some(files), .. } => {
                let client = tls::client(files).map_err(|cause| TransportError::Tls { endpoint: endpoint.to_string(), cause })?;
                Some(TlsConnector::from(Arc::new(client)))
            }
            DockerEndpoint::Tcp { tls: None, .. } | DockerEndpoint::Unix(_) => None,
        };
        Ok(Transport(Arc::new(Inner { endpoint: endpoint.clone(), tls, pool: Mutex::default() })))
    }

    /// The engine's address, once a TCP connection to it was made.
    pub(super) fn peer(&self) -> Option<IpAddr> {
        self.0.with_pool(|pool| pool.peer)
    }

    /// Asks for `path`, on a connection of an earlier request where one is free.
    pub(super) async fn ask(&self, path: &str) -> Result<Response<Incoming>, TransportError> {
        self.0.within_limit(self.0.ask(path)).await
    }

    /// Asks for `path` on a connection of its own: the answer has no end.
    pub(super) async fn subscribe(&self, path: &str) -> Result<Response<Incoming>, TransportError> {
        self.0
            .within_limit(async {
                let mut sender = self.0.connect().await?;
                self.0.exchange(&mut sender, path).await
            })
            .await
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transport({})", self.0.endpoint)
    }
}

impl Inner {
    async fn within_limit<T>(&self, asked: impl Future<Output = Result<T, TransportError>>) -> Result<T, TransportError> {
        timeout(HEAD_LIMIT, asked).await.unwrap_or_else(|_| Err(TransportError::Silent { endpoint: self.endpoint.to_string() }))
    }

    async fn ask(&self, path: &str) -> Result<Response<Incoming>, TransportError> {
        if let Some(mut sender) = self.with_pool(Pool::take) {
            // The engine may have closed it this very moment: then a new one will tell.
            if let Ok(response) = self.exchange(&mut sender, path).await {
                self.with_pool(|pool| pool.keep(sender));
                return Ok(response);
            }
        }
        let mut sender = self.connect().await?;
        let response = self.exchange(&mut sender, path).await?;
        self.with_pool(|pool| pool.keep(sender));
        Ok(response)
    }

    async fn exchange(&self, sender: &mut Sender, path: &str) -> Result<Response<Incoming>, TransportError> {
        let request = Request::get(path).header(header::HOST, "docker").header(header::USER_AGENT, "dproxy").body(Empty::new());
        let request = request.map_err(|cause| TransportError::Path { path: path.to_owned(), cause })?;
        sender.send_request(request).await.map_err(|cause| self.broke_off(cause))
    }

    async fn connect(&self) -> Result<Sender, TransportError> {
        match &self.endpoint {
            DockerEndpoint::Unix(path) => {
                let stream = UnixStream::connect(path).await.map_err(|cause| self.unreachable(cause))?;
                self.handshake(stream).await
            }
            DockerEndpoint::Tcp { host, port, .. } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(|cause| self.unreachable(cause))?;
                stream.set_nodelay(true).map_err(|cause| self.unreachable(cause))?;
                let peer = stream.peer_addr().map_err(|cause| self.unreachable(cause))?;
                self.with_pool(|pool| pool.peer = Some(peer.ip().to_canonical()));
                let Some(connector) = &self.tls else { return self.handshake(stream).await };
                let secured = tls::connect(connector, host, stream).await;
                self.handshake(secured.map_err(|cause| TransportError::Tls { endpoint: self.endpoint.to_string(), cause })?).await
            }
        }
    }

    async fn handshake<S>(&self, stream: S) -> Result<Sender, TransportError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|cause| self.broke_off(cause))?;
        self.with_pool(|pool| {
            while pool.drivers.try_join_next().is_some() {}
            pool.drivers.spawn(async move {
                // Whoever waits for an answer on this connection is told by hyper.
                let _ = connection.await;
            });
        });
        Ok(sender)
    }

    fn with_pool<T>(&self, act: impl FnOnce(&mut Pool) -> T) -> T {
        act(&mut self.pool.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn unreachable(&self, cause: io::Error) -> TransportError {
        let endpoint = self.endpoint.to_string();
        match cause.kind() {
            io::ErrorKind::PermissionDenied => TransportError::Forbidden { endpoint, cause },
            _ => TransportError::Connect { endpoint, cause },
        }
    }

    fn broke_off(&self, cause: hyper::Error) -> TransportError {
        TransportError::Exchange { endpoint: self.endpoint.to_string(), cause }
    }
}

impl Pool {
    /// A connection whose last answer was read to its end.
    fn take(&mut self) -> Option<Sender> {
        self.idle.retain(|sender| !sender.is_closed());
        let free = self.idle.iter().position(SendRequest::is_ready)?;
        Some(self.idle.swap_remove(free))
    }

    /// Keeps a connection whose answer may still be on its way.
    fn keep(&mut self, sender: Sender) {
        self.idle.retain(|sender| !sender.is_closed());
        if self.idle.len() < MAX_IDLE {
            self.idle.push(sender);
        }
    }
}
