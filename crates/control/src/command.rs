//! The commands, and what refusing one means.

use dproxy_config::{HandRoute, WorkerCount};
use dproxy_route::{HostError, HostPattern, PathError, PathPrefix};
use hyper::Method;
use tokio::sync::oneshot;

use crate::{Question, Reply};

/// Something an operator asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Bring the pool up at the size it had.
    Start(Wait),
    /// Stop accepting, drain, free the ports; master and API stay.
    Stop(Wait),
    /// Have this many workers.
    Resize(WorkerCount, Wait),
    /// Replace every worker, one by one.
    Restart(Wait),
    /// Read the configuration again; answered when it counts, or with the reason why it does not.
    Reload,
    /// Forget how often each worker was started again, and try those at once that do not come up.
    Reset,
    /// Run the program that is at our path now, in this process, and replace every worker by its own.
    Upgrade(Wait),
    /// How is it?
    Status,
    /// Every worker.
    Workers,
    /// The worker in this slot.
    Worker(u16),
    /// The last lines of the master's log.
    Logs,
    /// Every route.
    Routes,
    /// Every container the engine told of.
    Containers,
    /// Every image that containers are of.
    Images,
    /// Every backend.
    Backends,
    /// Every certificate.
    Certificates,
    /// Everything that an operator should mend.
    Problems,
    /// Every figure, for a monitoring system.
    Metrics,
    /// Why the container with this name, id or beginning of an id is, or is not, routed.
    Why(String),
    /// What becomes of a request, and why.
    Explain(Question),
    /// One more route.
    AddRoute(Box<HandRoute>),
    /// Without these routes, which were added by hand.
    RemoveRoute(Selection),
}

/// Routes that were added by hand: those of which all of this is true.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// It has this number.
    pub id: Option<u32>,
    /// It is for this host.
    pub host: Option<HostPattern>,
    /// It has this path.
    pub path: Option<PathPrefix>,
}

/// When a change is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// As soon as it is accepted.
    Accepted,
    /// When the pool has become what was asked.
    Done,
}

/// A command on its way to the master.
#[derive(Debug)]
pub struct Asked {
    /// What is asked.
    pub command: Command,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Result<Reply, Refusal>>,
}

impl Command {
    /// Path and query that ask for this over HTTP; parsing them makes the same command again.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Command::Start(wait) => format!("/service/balancer/start{}", wait.query('?')),
            Command::Stop(wait) => format!("/service/balancer/stop{}", wait.query('?')),
            Command::Resize(size, wait) => format!("/service/balancer/resize?size={size}{}", wait.query('&')),
            Command::Restart(wait) => format!("/service/balancer/restart{}", wait.query('?')),
            Command::Upgrade(wait) => format!("/service/balancer/upgrade{}", wait.query('?')),
            Command::Reload => "/service/balancer/reload".to_owned(),
            Command::Reset => "/service/balancer/reset".to_owned(),
            Command::Worker(slot) => format!("/worker?slot={slot}"),
            Command::Logs => "/logs".to_owned(),
            Command::Status => "/status".to_owned(),
            Command::Workers => "/workers".to_owned(),
            Command::Routes => "/routes".to_owned(),
            Command::Containers => "/containers".to_owned(),
            Command::Images => "/images".to_owned(),
            Command::Backends => "/backends".to_owned(),
            Command::Certificates => "/certificates".to_owned(),
            Command::Problems => "/problems".to_owned(),
            Command::Metrics => "/metrics".to_owned(),
            Command::Explain(question) => {
                let url: String = form_urlencoded::byte_serialize(question.to_string().as_bytes()).collect();
                format!("/explain?url={url}")
            }
            Command::Why(container) => {
                let encoded: String = form_urlencoded::byte_serialize(container.as_bytes()).collect();
                format!("/why?container={encoded}")
            }
            Command::AddRoute(_) => "/routes".to_owned(),
            Command::RemoveRoute(selection) => format!("/routes?{}", selection.query()),
        }
    }

    /// The method that asks for this.
    #[must_use]
    pub fn method(&self) -> Method {
        match self {
            Command::Start(_) | Command::Stop(_) | Command::Resize(..) | Command::Restart(_) | Command::Upgrade(_) => Method::POST,
            Command::Reload | Command::Reset | Command::AddRoute(_) => Method::POST,
            Command::RemoveRoute(_) => Method::DELETE,
            Command::Status
            | Command::Workers
            | Command::Worker(_)
            | Command::Logs
            | Command::Routes
            | Command::Containers
            | Command::Images
            | Command::Backends
            | Command::Certificates
            | Command::Problems
            | Command::Metrics
            | Command::Why(_)
            | Command::Explain(_) => Method::GET,
        }
    }

    /// What is sent along: nothing but with [`Command::AddRoute`].
    #[must_use]
    pub fn body(&self) -> &str {
        if let Command::AddRoute(route) = self { route.text() } else { "" }
    }

    /// How the message of a successful answer begins. Scripts of many years look for these words.
    #[must_use]
    pub fn opening(&self) -> Option<&'static str> {
        match self {
            Command::Start(_) => Some("spawned"),
            Command::Stop(_) => Some("stopping..."),
            Command::Resize(..) => Some("resizing..."),
            Command::Restart(_) => Some("restarting..."),
            Command::Upgrade(_) => Some("upgrading..."),
            Command::Reload
            | Command::Reset
            | Command::Worker(_)
            | Command::Logs
            | Command::Status
            | Command::Workers
            | Command::Routes
            | Command::Containers
            | Command::Images
            | Command::Backends
            | Command::Certificates
            | Command::Problems
            | Command::Metrics
            | Command::Why(_)
            | Command::Explain(_)
            | Command::AddRoute(_)
            | Command::RemoveRoute(_) => None,
        }
    }

    /// When the answer comes; none for what is answered at once.
    #[must_use]
    pub fn wait(&self) -> Option<Wait> {
        match self {
            Command::Start(wait) | Command::Stop(wait) | Command::Resize(_, wait) | Command::Restart(wait) | Command::Upgrade(wait) => {
                Some(*wait)
            }
            Command::Reload
            | Command::Reset
            | Command::Worker(_)
            | Command::Logs
            | Command::Status
            | Command::Workers
            | Command::Routes
            | Command::Containers
            | Command::Images
            | Command::Backends
            | Command::Certificates
            | Command::Problems
            | Command::Metrics
            | Command::Why(_)
            | Command::Explain(_)
            | Command::AddRoute(_)
            | Command::RemoveRoute(_) => None,
        }
    }

    /// Whether it changes something, which the log tells.
    #[must_use]
    pub fn is_change(&self) -> bool {
        self.method() != Method::GET
    }
}

/// Why nothing is selected.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// The host is none.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The path is none.
    #[error(transparent)]
    Path(#[from] PathError),
}

impl Selection {
    /// The routes of `place`, a host with a path behind it or without, or the one with this number.
    ///
    /// # Errors
    /// When the place is none.
    pub fn of(place: Option<&str>, id: Option<u32>) -> Result<Selection, SelectionError> {
        let Some(place) = place else { return Ok(Selection { id, ..Selection::default() }) };
        let (host, path) = place.find('/').map_or((place, None), |slash| (&place[..slash], Some(&place[slash..])));
        Ok(Selection { id, host: Some(host.parse()?), path: path.map(str::parse).transpose()? })
    }

    fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.id.iter().map(|id| ("id", id.to_string())));
        query.extend_pairs(self.host.iter().map(|host| ("host", host.to_string())));
        query.extend_pairs(self.path.iter().map(|path| ("path", path.to_string())));
        query.finish()
    }
}

impl Wait {
    fn query(self, separator: char) -> String {
        match self {
            Wait::Accepted => String::new(),
            Wait::Done => format!("{separator}wait=1"),
        }
    }
}

/// Why a command was not carried out. The text says what to do instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request makes no sense (400).
    #[error("{0}")]
    Bad(String),
    /// The caller did not show who it is (401).
    #[error("{0}")]
    Unauthorized(String),
    /// The caller may not ask (403).
    #[error("{0}")]
    Forbidden(String),
    /// No such thing (404).
    #[error("{0}")]
    NotFound(String),
    /// The path is there, but not for this method (405).
    #[error("this path takes {allow}")]
    Method {
        /// The methods it takes: the `Allow` field.
        allow: String,
    },
    /// Another operation is under way (409).
    #[error("{0}")]
    Busy(String),
    /// It was tried and did not work (503).
    #[error("{0}")]
    Failed(String),
}
