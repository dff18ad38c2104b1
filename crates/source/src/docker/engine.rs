//! The few questions we ask an engine.
//!
//! bollard asks for the version and for single containers, through our own
//! transport. The list and the events are read by [`super::wire`]: bollard
//! would give up a whole list for one container it does not understand.

use std::io;
use std::time::Duration;

use bollard::models::SystemVersion;
use bollard::{BollardRequest, ClientVersion, Docker};
use dproxy_config::DockerEndpoint;
use http::Response;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde_json::Value;
use tokio::time::timeout;

use super::facts::Inspected;
use super::reach::Place;
use super::sight;
use super::transport::{Transport, TransportError};
use super::wire::Listing;

/// The newest API we know. Between this and the oldest that engines still
/// speak nothing differs in what we read.
const NEWEST: ApiVersion = ApiVersion { major: 1, minor: 44 };
/// How long a whole answer may take that has an end.
const BODY_LIMIT: Duration = Duration::from_secs(5);
/// More than ten thousand containers need in a list.
const MAX_BODY: usize = 64 * 1024 * 1024;
/// The events that can change a route. Engines let unknown names pass (`remove` is podman's).
const EVENTS: [&str; 17] = [
    "create",
    "start",
    "restart",
    "die",
    "kill",
    "stop",
    "oom",
    "pause",
    "unpause",
    "health_status",
    "rename",
    "update",
    "destroy",
    "remove",
    "connect",
    "disconnect",
    "cleanup",
];

/// An engine that answers.
#[derive(Debug)]
pub(super) struct Engine {
    transport: Transport,
    docker: Docker,
    version: ApiVersion,
    about: About,
}

/// What an engine says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct About {
    /// `Docker 28.5.2, API 1.51`.
    pub(super) version: String,
    /// Where its containers are.
    pub(super) place: Place,
    /// The hostname of its machine.
    pub(super) machine: Option<String>,
    /// The id of the container that we are in ourselves, be it this engine's or another's.
    pub(super) own_container: Option<String>,
}

/// Why an engine gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum EngineError {
    #[error(transparent)]
    Transport(#[from] TransportError),
    #[error("the engine does not tell its version")]
    Version(#[source] bollard::errors::Error),
    #[error("the engine's API version `{0}` makes no sense")]
    ApiVersion(String),
    #[error("the engine does not tell about the container")]
    Inspect(#[source] bollard::errors::Error),
    #[error("the engine refuses `{path}` with {status}: {message}")]
    Refused { path: String, status: u16, message: String },
    #[error("the engine's answer to `{path}` ended early")]
    Body {
        path: String,
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("the engine's answer to `{path}` took longer than {} s", BODY_LIMIT.as_secs())]
    Slow { path: String },
    #[error("the engine's list is no list")]
    List(#[source] serde_json::Error),
}

/// `1.44`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ApiVersion {
    major: u16,
    minor: u16,
}

impl Engine {
    /// Connects, asks for the version and settles on one that both sides speak.
    pub(super) async fn connect(endpoint: &DockerEndpoint) -> Result<Engine, EngineError> {
        let transport = Transport::new(endpoint)?;
        let told = client(&transport, None)?.version().await.map_err(|cause| told_by(cause, EngineError::Version))?;
        let version = ApiVersion::agreed(&told)?;
        let docker = client(&transport, Some(version))?;
        let place = match endpoint {
            DockerEndpoint::Unix(_) => Place::Here,
            DockerEndpoint::Tcp { .. } => transport.peer().map_or(Place::Here, Place::At),
        };
        let about = About { version: described(&told), place, machine: None, own_container: sight::own_container() };
        let mut engine = Engine { transport, docker, version, about };
        engine.about.machine = engine.machine().await;
        Ok(engine)
    }

    pub(super) fn about(&self) -> &About {
        &self.about
    }

    /// All that happens from now on.
    pub(super) async fn events(&self) -> Result<Incoming, EngineError> {
        let filters = serde_json::json!({ "type": ["container", "network"], "event": EVENTS }).to_string();
        let path = self.path(&format!("/events?filters={}", encoded(&filters)));
        Ok(accepted(self.transport.subscribe(&path).await?, &path).await?.into_body())
    }

    /// All containers, running or not.
    pub(super) async fn list(&self) -> Result<Listing, EngineError> {
        let body = self.read(&self.path("/containers/json?all=1")).await?;
        Listing::read(&body).map_err(EngineError::List)
    }

    /// What a list does not say of one container; none where it is gone.
    pub(super) async fn inspect(&self, id: &str) -> Result<Option<Inspected>, EngineError> {
        let answer = timeout(BODY_LIMIT, self.docker.inspect_container(id, None)).await;
        match answer.map_err(|_| EngineError::Slow { path: format!("/containers/{id}/json") })? {
            Ok(answer) => Ok(Some(Inspected::of(answer))),
            Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
            Err(cause) => Err(told_by(cause, EngineError::Inspect)),
        }
    }

    /// The machine's hostname. An engine that does not tell it costs nothing but
    /// a name too many for containers on the host network.
    async fn machine(&self) -> Option<String> {
        let body = self.read(&self.path("/info")).await.ok()?;
        let info: Value = serde_json::from_slice(&body).ok()?;
        Some(info["Name"].as_str()?.to_owned())
    }

    async fn read(&self, path: &str) -> Result<Vec<u8>, EngineError> {
        let read = async {
            let response = accepted(self.transport.ask(path).await?, path).await?;
            body(response, path).await
        };
        timeout(BODY_LIMIT, read).await.unwrap_or_else(|_| Err(EngineError::Slow { path: path.to_owned() }))
    }

    fn path(&self, path: &str) -> String {
        format!("{}{path}", self.version.prefix())
    }
}

/// bollard over our transport. It leaves the version out of its paths, so we put it in.
fn client(transport: &Transport, version: Option<ApiVersion>) -> Result<Docker, EngineError> {
    let transport = transport.clone();
    let send = move |request: BollardRequest| {
        let transport = transport.clone();
        async move {
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
            let path = match version {
                Some(version) if !path.starts_with("/v1.") => format!("{}{path}", version.prefix()),
                Some(_) | None => path.to_owned(),
            };
            transport.ask(&path).await.map_err(|cause| bollard::errors::Error::from(io::Error::other(cause)))
        }
    };
    let spoken = version.unwrap_or(NEWEST);
    let spoken = ClientVersion { major_version: spoken.major.into(), minor_version: spoken.minor.into() };
    Docker::connect_with_custom_transport(send, Some("http://docker"), BODY_LIMIT.as_secs(), &spoken).map_err(EngineError::Version)
}

/// What went wrong on our own way to the engine is told as it is; bollard only carried it.
fn told_by(cause: bollard::errors::Error, otherwise: impl FnOnce(bollard::errors::Error) -> EngineError) -> EngineError {
    match cause {
        bollard::errors::Error::IOError { err } => match err.downcast() {
            Ok(cause) => EngineError::Transport(cause),
            Err(err) => otherwise(bollard::errors::Error::IOError { err }),
        },
        other => otherwise(other),
    }
}

async fn accepted(response: Response<Incoming>, path: &str) -> Result<Response<Incoming>, EngineError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let body = timeout(BODY_LIMIT, body(response, path)).await.unwrap_or(Ok(Vec::new())).unwrap_or_default();
    let told: Option<Value> = serde_json::from_slice(&body).ok();
    let message = told.as_ref().and_then(|told| told["message"].as_str()).unwrap_or("no reason given");
    let path = path.split('?').next().unwrap_or(path).to_owned();
    Err(EngineError::Refused { path, status: status.as_u16(), message: message.to_owned() })
}

async fn body(response: Response<Incoming>, path: &str) -> Result<Vec<u8>, EngineError> {
    let body = Limited::new(response.into_body(), MAX_BODY).collect().await;
    Ok(body.map_err(|cause| EngineError::Body { path: path.to_owned(), cause })?.to_bytes().into())
}

fn described(told: &SystemVersion) -> String {
    let name = told.platform.as_ref().map(|platform| platform.name.as_str()).unwrap_or_default();
    let podman = told.components.iter().flatten().any(|component| component.name.to_ascii_lowercase().contains("podman"));
    let name = if podman || name.to_ascii_lowercase().contains("podman") { "Podman" } else { "Docker" };
    let version = told.version.as_deref().unwrap_or("of unknown version");
    format!("{name} {version}, API {}", told.api_version.as_deref().unwrap_or("unknown"))
}

impl ApiVersion {
    /// The newest that both sides speak; where the engine has left ours behind,
    /// its oldest, because nothing we read has ever changed.
    fn agreed(told: &SystemVersion) -> Result<ApiVersion, EngineError> {
        let newest = told.api_version.as_deref().unwrap_or_default();
        let newest = ApiVersion::parse(newest).ok_or_else(|| EngineError::ApiVersion(newest.to_owned()))?;
        let oldest = told.min_api_version.as_deref().and_then(ApiVersion::parse);
        let common = NEWEST.min(newest);
        Ok(oldest.map_or(common, |oldest| common.max(oldest)))
    }

    fn parse(text: &str) -> Option<ApiVersion> {
        let (major, minor) = text.split_once('.')?;
        Some(ApiVersion { major: major.parse().ok()?, minor: minor.parse().ok()? })
    }

    fn prefix(self) -> String {
        format!("/v{}.{}", self.major, self.minor)
    }
}

/// `text` as the value of a query.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() || byte == b'_' { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn agreed(newest: &str, oldest: &str, expected: &str) {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let told = SystemVersion { api_version: some(newest), min_api_version: some(oldest), ..SystemVersion::default() };
        let agreed = ApiVersion::agreed(&told).map_or_else(|error| error.to_string(), ApiVersion::prefix);
        assert_eq!(agreed, expected);
    }

    #[test]
    fn the_newest_version_that_both_speak_is_spoken() {
        agreed("1.41", "1.12", "/v1.41");
        agreed("1.24", "", "/v1.24");
        agreed("1.44", "1.24", "/v1.44");
        agreed("1.51", "1.44", "/v1.44");
        agreed("1.60", "1.48", "/v1.48");
        agreed("2.3", "1.24", "/v1.44");
        agreed("", "", "the engine's API version `` makes no sense");
        agreed("new", "", "the engine's API version `new` makes no sense");
    }

    #[test]
    fn filters_are_encoded() {
        assert_eq!(encoded(r#"{"a_b":["c"]}"#), "%7B%22a_b%22%3A%5B%22c%22%5D%7D");
    }
}
