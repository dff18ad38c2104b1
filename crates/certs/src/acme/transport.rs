//! How the authority is reached: HTTPS, with patience of its own, and an ear for how long it wants to be left alone.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use dproxy_tls::public_roots;
use http::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use http::{Request, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{self, PemObject as _};
use tokio::time::timeout;

/// No answer of an authority takes longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// A connection on which nothing is asked is closed after so long.
const IDLE: Duration = Duration::from_secs(20);

/// The client of one authority's server.
pub(super) struct Transport {
    client: Client<HttpsConnector<HttpConnector>, BodyWrapper<Bytes>>,
    silence: Silence,
}

/// Until when the authority wants to hear nothing, as it said with its last refusal.
#[derive(Clone, Debug, Default)]
pub(super) struct Silence(Arc<AtomicU64>);

/// Why the authority's server cannot be believed at all.
#[derive(Debug, thiserror::Error)]
pub(super) enum RootsError {
    #[error("`acme.root` cannot be used: `{}`", path.display())]
    File {
        path: PathBuf,
        #[source]
        cause: pem::Error,
    },
    #[error("`acme.root` cannot be used: there is no certificate in `{}`", .0.display())]
    Empty(PathBuf),
    #[error("what is in `acme.root` cannot be used")]
    Refused(#[source] rustls::Error),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum TransportError {
    #[error("no answer within {} s", PATIENCE.as_secs())]
    Late,
    #[error("its server answers {0}")]
    Status(StatusCode),
}

impl Transport {
    /// Believes the authorities in the file `root` only, if there is one.
    pub(super) fn new(root: Option<&Path>) -> Result<Transport, RootsError> {
        let connector = HttpsConnectorBuilder::new().with_tls_config(client_config(root)?).https_only().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE).build(connector);
        Ok(Transport { client, silence: Silence::default() })
    }

    pub(super) fn silence(&self) -> Silence {
        self.silence.clone()
    }
}

impl HttpClient for Transport {
    fn request(&self, request: Request<BodyWrapper<Bytes>>) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let (answer, silence) = (self.client.request(request), self.silence.clone());
        Box::pin(async move {
            let answer = timeout(PATIENCE, answer).await.map_err(|_elapsed| other(TransportError::Late))?.map_err(other)?;
            let status = answer.status();
            if status.is_client_error() || status.is_server_error() {
                silence.hear(answer.headers());
                // A proxy or a balancer in front of it says nothing that its protocol knows.
                if !is_json(answer.headers()) {
                    return Err(other(TransportError::Status(status)));
                }
            }
            Ok(BytesResponse::from(answer))
        })
    }
}

impl Silence {
    /// Until when nothing shall be asked, if the authority said so.
    pub(super) fn until(&self, now: SystemTime) -> Option<SystemTime> {
        let until = UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::Relaxed));
        (until > now).then_some(until)
    }

    /// RFC 9110 §10.2.3: seconds, or a date.
    fn hear(&self, headers: &HeaderMap) {
        let Some(said) = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()) else { return };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let until = match said.trim().parse::<u64>() {
            Ok(seconds) => Some(now.saturating_add(seconds)),
            Err(_) => httpdate::parse_http_date(said.trim()).ok().and_then(|date| Some(date.duration_since(UNIX_EPOCH).ok()?.as_secs())),
        };
        // A mistake of theirs must not silence us for years.
        until.into_iter().for_each(|until| self.0.store(until.min(now + 7 * 24 * 3600), Ordering::Relaxed));
    }
}

/// How a server is spoken to over TLS of which the authorities in the file `root` vouch, or those that the machine believes.
pub(super) fn client_config(root: Option<&Path>) -> Result<ClientConfig, RootsError> {
    let roots = match root {
        Some(path) => roots_in(path)?,
        None => public_roots(),
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(RootsError::Refused)?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn other(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Other(Box::new(error))
}

fn is_json(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|media_type| media_type.contains("json"))
}

fn roots_in(path: &Path) -> Result<RootCertStore, RootsError> {
    let broken = |cause| RootsError::File { path: path.to_owned(), cause };
    let found: Result<Vec<CertificateDer<'static>>, _> = CertificateDer::pem_file_iter(path).map_err(broken)?.collect();
    let found = found.map_err(broken)?;
    if found.is_empty() {
        return Err(RootsError::Empty(path.to_owned()));
    }
    let mut roots = RootCertStore::empty();
    found.into_iter().try_for_each(|root| roots.add(root)).map_err(RootsError::Refused)?;
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn an_authority_says_how_long_it_wants_to_be_left_alone() {
        let check = |said: &str, least: u64, most: u64| {
            let (silence, mut headers) = (Silence::default(), HeaderMap::new());
            headers.insert(RETRY_AFTER, said.parse().unwrap());
            let now = SystemTime::now();
            silence.hear(&headers);
            let left = silence.until(now).map_or(0, |until| until.duration_since(now).unwrap().as_secs());
            assert!((least..=most).contains(&left), "{said}: {left}");
        };
        check("120", 115, 121);
        check("0", 0, 1);
        check("soon", 0, 0);
        check("-5", 0, 0);
        check("99999999999999999999", 0, 0);
        check("9999999999", 604_000, 604_801);
        check("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0);
        check(&httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(60)), 55, 61);
    }

    #[test]
    fn a_root_that_cannot_be_used_is_told_by_its_file() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("root.pem");
        let told = || Transport::new(Some(&path)).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(told().contains("root.pem`"), "{}", told());
        fs::write(&path, "nonsense").unwrap();
        assert!(told().contains("there is no certificate in `"), "{}", told());
    }
}
