//! The operator's own server, which is asked whether a name gets a certificate.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dproxy_config::AskUrl;
use http::{Request, StatusCode};
use http_body_util::Empty;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::timeout;

use super::transport::{RootsError, client_config};

/// It answers within this time; a client waits meanwhile.
const PATIENCE: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_secs(20);

/// The way to it.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    url: Arc<AskUrl>,
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
}

/// Why a name gets none.
#[derive(Debug, thiserror::Error)]
pub(super) enum Denied {
    #[error("`acme.on_demand_ask` answers {0}")]
    Said(StatusCode),
    #[error("`acme.on_demand_ask` does not answer within {} s", PATIENCE.as_secs())]
    Late,
    #[error("`acme.on_demand_ask` cannot be asked")]
    Away(#[source] hyper_util::client::legacy::Error),
    #[error("`acme.on_demand_ask` cannot be asked")]
    Url(#[from] http::Error),
}

impl Asker {
    /// For a server of the operator's, whom the machine believes if it speaks TLS.
    pub(super) fn new(url: AskUrl) -> Result<Asker, RootsError> {
        let connector = HttpsConnectorBuilder::new().with_tls_config(client_config(None)?).https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE).build(connector);
        Ok(Asker { url: Arc::new(url), client })
    }

    /// Whether it agrees to this canonical name.
    pub(super) async fn agrees(&self, name: &str) -> Result<(), Denied> {
        let question = Request::get(self.url.about(name)).header("user-agent", "dproxy").body(Empty::new())?;
        let answer = timeout(PATIENCE, self.client.request(question)).await.map_err(|_elapsed| Denied::Late)?.map_err(Denied::Away)?;
        if answer.status() == StatusCode::OK { Ok(()) } else { Err(Denied::Said(answer.status())) }
    }
}
