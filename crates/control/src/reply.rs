//! What the master answers. These types are the JSON of the API.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

mod certificate;
mod store;

pub use self::certificate::{CertificateRow, CertificatesRow};
pub use self::store::{ImageRow, StoreRow, StoreState};
use crate::{Command, Explanation, Why};

/// The answer to a [`Command`]: `message` and `data` of the API.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// To a change.
    Done {
        /// Begins with [`Command::opening`]; the server puts it there where it is missing.
        message: String,
        /// The pool as it is now.
        status: Box<Status>,
    },
    /// To [`Command::Status`].
    Status(Box<Status>),
    /// To [`Command::Workers`].
    Workers(Vec<WorkerRow>),
    /// To [`Command::Worker`].
    Worker(Box<WorkerRow>),
    /// To [`Command::Logs`].
    Logs(Vec<LogRow>),
    /// To [`Command::Routes`].
    Routes(Vec<RouteRow>),
    /// To [`Command::Containers`].
    Containers(Vec<ContainerRow>),
    /// To [`Command::Images`].
    Images(Vec<ImageRow>),
    /// To [`Command::Backends`].
    Backends(Vec<BackendRow>),
    /// To [`Command::Certificates`].
    Certificates(Vec<CertificateRow>),
    /// To [`Command::Problems`].
    Problems(Vec<ProblemRow>),
    /// To [`Command::Metrics`]: the text format of Prometheus.
    Metrics(String),
    /// To [`Command::Explain`].
    Explain(Box<Explanation>),
    /// To [`Command::Why`].
    Why(Box<Why>),
    /// To [`Command::AddRoute`] and [`Command::RemoveRoute`].
    RoutesChanged {
        /// What was done.
        message: String,
        /// The routes that came or went.
        rows: Vec<RouteRow>,
    },
}

impl Reply {
    /// Reads the `message` and `data` with which the API answered `command`.
    ///
    /// # Errors
    /// When `data` has another shape: another version of dproxy answered.
    pub fn parse(command: &Command, message: String, data: Value) -> Result<Reply, serde_json::Error> {
        Ok(match command {
            Command::Start(_)
            | Command::Stop(_)
            | Command::Resize(..)
            | Command::Restart(_)
            | Command::Upgrade(_)
            | Command::Reload
            | Command::Reset => Reply::Done { message, status: serde_json::from_value(data)? },
            Command::Status => Reply::Status(serde_json::from_value(data)?),
            Command::Workers => Reply::Workers(serde_json::from_value(data)?),
            Command::Worker(_) => Reply::Worker(serde_json::from_value(data)?),
            Command::Logs => Reply::Logs(serde_json::from_value(data)?),
            Command::Routes => Reply::Routes(serde_json::from_value(data)?),
            Command::Containers => Reply::Containers(serde_json::from_value(data)?),
            Command::Images => Reply::Images(serde_json::from_value(data)?),
            Command::Backends => Reply::Backends(serde_json::from_value(data)?),
            Command::Certificates => Reply::Certificates(serde_json::from_value(data)?),
            Command::Problems => Reply::Problems(serde_json::from_value(data)?),
            Command::Metrics => Reply::Metrics(serde_json::from_value(data)?),
            Command::Explain(_) => Reply::Explain(serde_json::from_value(data)?),
            Command::Why(_) => Reply::Why(serde_json::from_value(data)?),
            Command::AddRoute(_) | Command::RemoveRoute(_) => Reply::RoutesChanged { message, rows: serde_json::from_value(data)? },
        })
    }
}

/// What the pool is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PoolState {
    /// Workers come up.
    Starting,
    /// As many as wanted serve.
    Running,
    /// On the way to another size.
    Resizing,
    /// Workers are being replaced.
    Restarting,
    /// Workers drain and leave.
    Stopping,
    /// Nobody serves, and nobody should.
    #[default]
    Stopped,
}

/// The whole at a glance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// Of the program.
    pub version: String,
    /// Of the master.
    pub pid: u32,
    /// Since the master started.
    pub uptime_seconds: u64,
    /// Of the pool.
    pub pool: PoolState,
    /// How many workers there should be.
    pub workers_wanted: usize,
    /// How many serve.
    pub workers_online: usize,
    /// The newest snapshot.
    pub generation: u64,
    /// How many workers serve it.
    pub workers_at_generation: usize,
    /// Where requests come in.
    pub listeners: Vec<String>,
    /// Where HTTP/3 is spoken, over UDP.
    pub http3: Vec<String>,
    /// Where the API is.
    pub api: Vec<String>,
    /// The first Docker engine, for programs that know of one.
    pub engine: EngineRow,
    /// Every Docker engine.
    #[serde(default)]
    pub engines: Vec<EngineRow>,
    /// The file that was read.
    pub config: Option<String>,
    /// How many routes.
    pub routes: usize,
    /// How many backends.
    pub backends: usize,
    /// How many containers.
    pub containers: usize,
    /// How the certificates are.
    #[serde(default)]
    pub certificates: CertificatesRow,
    /// Who keeps what survives a restart.
    #[serde(default)]
    pub store: StoreRow,
    /// What an operator should know: ports we fell back to, a configuration that was refused.
    pub warnings: Vec<String>,
    /// How many problems `problems` lists.
    pub problems: usize,
    /// Client connections accepted, by all workers that ever were.
    pub connections_total: u64,
    /// Client connections open.
    pub connections_open: u64,
    /// Requests, by all workers that ever were.
    pub requests_total: u64,
    /// Requests under way.
    pub requests_in_flight: u64,
    /// Requests that waited for containers to come back, by all workers that ever were.
    #[serde(default)]
    pub requests_held_total: u64,
    /// Those that wait now.
    #[serde(default)]
    pub requests_held: u64,
    /// Answers with a status of 500 or more.
    pub errors_5xx_total: u64,
    /// What holds the workers in.
    #[serde(default)]
    pub sandbox: SandboxRow,
    /// The last upgrade, if there was one.
    #[serde(default)]
    pub upgrade: Option<UpgradeRow>,
}

/// An upgrade of the running program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UpgradeRow {
    /// Counted from one.
    pub number: u64,
    /// Where it is.
    pub state: UpgradeState,
    /// In words: from which version to which, or why not.
    pub text: String,
}

/// How far an upgrade has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UpgradeState {
    /// The new program shows that it can begin.
    #[default]
    Checking,
    /// It runs, and replaces the workers.
    Replacing,
    /// Every worker is its own.
    Done,
    /// The program before runs on.
    Failed,
}

/// What stands between a captured worker and the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SandboxRow {
    /// `layer: how it holds`, or `layer: off` where the operator wants it so.
    pub held: Vec<String>,
    /// `layer: why it does not hold`.
    pub missing: Vec<String>,
}

impl fmt::Display for PoolState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PoolState::Starting => "starting",
            PoolState::Running => "running",
            PoolState::Resizing => "resizing",
            PoolState::Restarting => "restarting",
            PoolState::Stopping => "stopping",
            PoolState::Stopped => "stopped",
        })
    }
}

/// A Docker engine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EngineRow {
    /// What it is called, where there are several.
    #[serde(default)]
    pub name: Option<String>,
    /// How many containers it told of.
    #[serde(default)]
    pub containers: usize,
    /// Where it is.
    pub endpoint: String,
    /// Whether events come in from it.
    pub connected: bool,
    /// Its version and API version, once it told.
    pub version: Option<String>,
    /// Why it is not connected.
    pub error: Option<String>,
}

/// A worker process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkerRow {
    /// The same after a respawn.
    pub slot: u16,
    /// None while it waits for its restart.
    pub pid: Option<u32>,
    /// launching, online, stopping, stopped, errored, waiting restart.
    pub state: String,
    /// How often it was started again.
    pub restarts: u64,
    /// Since it was started.
    pub uptime_seconds: u64,
    /// The snapshot it serves.
    pub generation: u64,
    /// How many listening sockets it accepts from.
    pub sockets: usize,
    /// Client connections open.
    pub connections: u64,
    /// Requests served.
    pub requests: u64,
    /// Requests under way.
    pub in_flight: u64,
    /// Resident memory.
    pub memory_bytes: u64,
    /// Of one CPU, since the last look.
    pub cpu_percent: f32,
    /// When it was seen first.
    #[serde(default)]
    pub created: Option<String>,
    /// When it changed last.
    #[serde(default)]
    pub updated: Option<String>,
}

/// A route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RouteRow {
    /// The pattern.
    pub host: String,
    /// The prefix.
    pub path: String,
    /// The only listeners it answers at: `https`, `8443`, `https:8443`.
    #[serde(default)]
    pub listen: Option<String>,
    /// What is taken off the path.
    #[serde(default)]
    pub strip_prefix: Option<String>,
    /// What is put in front of the path.
    #[serde(default)]
    pub add_prefix: Option<String>,
    /// Status and target of a redirect.
    #[serde(default)]
    pub redirect: Option<String>,
    /// `live`, `redirect` or `offline`.
    pub state: String,
    /// Who offers it: a container's name or a place in the configuration file.
    pub owner: String,
    /// Whose replicas it has.
    pub service: String,
    /// `name:port address (condition)` of each backend, the main one first.
    pub backends: Vec<String>,
    /// Why it is offline.
    pub reason: Option<String>,
    /// The number of a route that was added by hand.
    #[serde(default)]
    pub id: Option<u32>,
    /// For how long it will live still, if not until it is removed.
    #[serde(default)]
    pub expires_seconds: Option<u64>,
    /// When it was seen first.
    #[serde(default)]
    pub created: Option<String>,
    /// When it changed last.
    #[serde(default)]
    pub updated: Option<String>,
}

/// A container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ContainerRow {
    /// Twelve digits.
    pub id: String,
    /// Without the slash.
    pub name: String,
    /// Whose it is, where there are several engines.
    #[serde(default)]
    pub engine: Option<String>,
    /// As the engine names it.
    pub image: String,
    /// running, exited, paused …
    pub state: String,
    /// Its host names.
    pub hosts: Vec<String>,
    /// `port address` of each backend.
    pub backends: Vec<String>,
    /// When it was seen first.
    #[serde(default)]
    pub created: Option<String>,
    /// When it changed last.
    #[serde(default)]
    pub updated: Option<String>,
}

/// A backend.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BackendRow {
    /// Its lasting name.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The container port.
    pub port: u16,
    /// Where it is dialled.
    pub address: String,
    /// http or https.
    pub scheme: String,
    /// ready, starting, unhealthy, stopping: as Docker has it. Of a ready one, unchecked or failing by its checks,
    /// ejected by the workers.
    pub condition: String,
    /// Requests that it has now, of all workers; none if it is not counted.
    #[serde(default)]
    pub requests: Option<u32>,
    /// The most that it gets at a time; none is any number.
    #[serde(default)]
    pub max_requests: Option<u32>,
    /// For how many milliseconds somebody has waited because it is full; none if nobody does.
    #[serde(default)]
    pub waited_ms: Option<u64>,
    /// Since when it is as it is.
    #[serde(default)]
    pub since_seconds: u64,
    /// What went wrong last, at a check or with a request.
    #[serde(default)]
    pub last_error: Option<String>,
    /// Its share beside others.
    #[serde(default)]
    pub weight: u16,
    /// Host names that lead there.
    pub hosts: Vec<String>,
    /// When it was seen first.
    #[serde(default)]
    pub created: Option<String>,
    /// When it changed last.
    #[serde(default)]
    pub updated: Option<String>,
}

/// Something to mend.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProblemRow {
    /// Whose it is.
    pub subject: String,
    /// What is wrong and the way out.
    pub text: String,
}

/// A line of the master's log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogRow {
    /// Counted from one since the master started.
    pub number: u64,
    /// As it was written.
    pub line: String,
}
