//! Clients of HTTP/3 that share no code with the program.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bytes::{Buf as _, Bytes};
use dproxy_testkit::PATIENCE;
use h3::client::SendRequest;
use h3_quinn::OpenStreams;
use http::{Request, Response};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Connection, Endpoint, EndpointConfig, TokioRuntime};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use tokio::runtime::{Builder, Runtime};

pub(super) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Certificates are looked at by the tests of TLS.
#[derive(Debug)]
struct Credulous;

impl ServerCertVerifier for Credulous {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

fn config() -> ClientConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS13]).unwrap();
    let mut tls = tls.dangerous().with_custom_certificate_verifier(Arc::new(Credulous)).with_no_client_auth();
    tls.alpn_protocols = vec![b"h3".to_vec()];
    let mut config = ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap()));
    let mut transport = quinn::TransportConfig::default();
    transport.max_idle_timeout(Some(Duration::from_secs(5).try_into().unwrap()));
    config.transport_config(Arc::new(transport));
    config
}

/// A socket of its own for each client, as different machines have.
pub(super) fn endpoint() -> Endpoint {
    let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut endpoint = Endpoint::new(EndpointConfig::default(), None, socket, Arc::new(TokioRuntime)).unwrap();
    endpoint.set_default_client_config(config());
    endpoint
}

/// A connection to whoever serves `a.test` at this port.
pub(super) async fn connect(endpoint: &Endpoint, port: u16) -> Result<Connection, quinn::ConnectionError> {
    endpoint.connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), "a.test").unwrap().await
}

/// An answer, all of it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) head: Response<()>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

pub(super) type Requests = SendRequest<OpenStreams, Bytes>;

/// Speaks HTTP/3 on a connection.
pub(super) async fn requests(connection: Connection) -> Result<Requests, h3::error::ConnectionError> {
    let (mut driver, requests) = h3::client::new(h3_quinn::Connection::new(connection)).await?;
    tokio::spawn(async move { driver.wait_idle().await });
    Ok(requests)
}

/// Lets a client do its work at this port, which must not take for ever.
#[track_caller]
pub(super) fn over_h3<T>(port: u16, work: impl AsyncFnOnce(Requests) -> T) -> T {
    runtime().block_on(async {
        let endpoint = endpoint();
        let connection = connect(&endpoint, port).await.unwrap();
        let work = async { work(requests(connection).await.unwrap()).await };
        tokio::time::timeout(PATIENCE, work).await.expect("a client that is done in time")
    })
}

pub(super) fn ask(method: &str, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(format!("https://a.test{path}"))
}

/// Sends a request with this body, and reads all of the answer.
pub(super) async fn fetch(requests: &mut Requests, request: Request<()>, body: &[u8]) -> Result<Answer, h3::error::StreamError> {
    let mut stream = requests.send_request(request).await?;
    if !body.is_empty() {
        stream.send_data(Bytes::copy_from_slice(body)).await?;
    }
    stream.finish().await?;
    let head = stream.recv_response().await?;
    let mut body = Vec::new();
    while let Some(mut piece) = stream.recv_data().await? {
        body.extend_from_slice(&piece.copy_to_bytes(piece.remaining()));
    }
    Ok(Answer { head, body })
}

/// Clients that ask one thing after another, each on a connection of its own, and begin another when that ends.
pub(super) struct Load {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    over: AtomicBool,
    good: AtomicU64,
    again: AtomicU64,
    failures: std::sync::Mutex<Vec<String>>,
}

/// What became of a load.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) good: u64,
    /// Connections that ended in good order, and were begun again.
    pub(super) again: u64,
    pub(super) failures: Vec<String>,
}

impl Load {
    pub(super) fn start(port: u16, clients: usize) -> Load {
        let shared = Arc::new(Shared::default());
        let client = |_| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || runtime().block_on(shared.client(port)))
        };
        Load { clients: (0..clients).map(client).collect(), shared }
    }

    pub(super) fn good(&self) -> u64 {
        self.shared.good.load(Ordering::Relaxed)
    }

    /// The longest that a number of good answers took to grow, from now on.
    pub(super) fn pause_until_more(&self, more: u64) -> Duration {
        let (begun, before) = (Instant::now(), self.good());
        dproxy_testkit::wait_for("good answers over HTTP/3", PATIENCE, || self.good() >= before + more);
        begun.elapsed()
    }

    pub(super) fn stop(self) -> Report {
        self.shared.over.store(true, Ordering::Relaxed);
        self.clients.into_iter().for_each(|client| client.join().unwrap());
        let failures = std::mem::take(&mut *self.shared.failures.lock().unwrap());
        Report { good: self.shared.good.load(Ordering::Relaxed), again: self.shared.again.load(Ordering::Relaxed), failures }
    }
}

impl Shared {
    async fn client(&self, port: u16) {
        let endpoint = endpoint();
        while !self.over.load(Ordering::Relaxed) {
            match tokio::time::timeout(PATIENCE, self.connection(&endpoint, port)).await {
                Ok(Ok(())) => {}
                Ok(Err(failure)) => self.failures.lock().unwrap().push(failure),
                Err(_) => self.failures.lock().unwrap().push("a connection without an end".to_owned()),
            }
            self.again.fetch_add(1, Ordering::Relaxed);
        }
        endpoint.wait_idle().await;
    }

    /// One connection after the other; an error is a request that was lost.
    async fn connection(&self, endpoint: &Endpoint, port: u16) -> Result<(), String> {
        let connection = connect(endpoint, port).await.map_err(|error| format!("no connection: {error}"))?;
        let mut requests = requests(connection).await.map_err(|error| format!("no HTTP/3: {error}"))?;
        let begun = Instant::now();
        while !self.over.load(Ordering::Relaxed) && begun.elapsed() < PATIENCE / 2 {
            let Ok(mut stream) = requests.send_request(ask("GET", "/").body(()).unwrap()).await else {
                // It was told to go elsewhere before it asked.
                return Ok(());
            };
            let answered = async {
                stream.finish().await?;
                let head = stream.recv_response().await?;
                let mut length = 0;
                while let Some(piece) = stream.recv_data().await? {
                    length += piece.remaining();
                }
                Ok::<_, h3::error::StreamError>((head.status().as_u16(), length))
            };
            match answered.await {
                Ok((200, 2)) => _ = self.good.fetch_add(1, Ordering::Relaxed),
                Ok(other) => return Err(format!("a wrong answer: {other:?}")),
                // It was not looked at, and can be asked again.
                Err(h3::error::StreamError::RemoteTerminate { code, .. }) if code == h3::error::Code::H3_REQUEST_REJECTED => return Ok(()),
                Err(error) => return Err(format!("no answer: {error:?}")),
            }
        }
        Ok(())
    }
}
