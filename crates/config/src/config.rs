//! The configuration as it is meant: every value checked, every default filled in.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use dproxy_route::{HostPattern, Issuer, Route};

use crate::{AccessLog, Acme, PeerName, Privileges, ProxySettings, StoreChoice, Timeouts};

/// Everything `dproxy master` was told, by flag, environment, file or default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The file that was read, if there is one.
    pub path: Option<PathBuf>,
    /// The public side.
    pub listen: Listen,
    /// How many workers serve it.
    pub workers: WorkerCount,
    /// Keeps the workers' output out of the master's log.
    pub worker_silent: bool,
    /// A worker that uses more bytes of memory than this is replaced.
    pub max_memory: Option<u32>,
    /// What the workers may be and do.
    pub privileges: Privileges,
    /// How much the master and its workers log.
    pub log_level: LogLevel,
    /// Where each request gets a line.
    pub access_log: AccessLog,
    /// The directory with the operator's notice pages.
    pub pages: Option<PathBuf>,
    /// Where the PID file is.
    pub pid_path: PathBuf,
    /// Where everything else is.
    pub directories: Directories,
    /// Who keeps what survives a restart.
    pub store: StoreChoice,
    /// The control side.
    pub api: Api,
    /// The engines whose containers are served, at least one.
    pub docker: Vec<Docker>,
    /// What the workers obey.
    pub proxy: ProxySettings,
    /// The directory with the TLS certificates.
    pub certificates: Option<PathBuf>,
    /// Who makes the certificates of hosts that have none there, where they do not say otherwise.
    pub issuer: Issuer,
    /// How an authority is asked for certificates.
    pub acme: Acme,
    /// Routes written in the file.
    pub routes: Vec<Route>,
}

/// Where requests come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// Addresses to bind; `0.0.0.0` and `[::]` by default.
    pub addresses: Vec<IpAddr>,
    /// The clear port.
    pub http: PortChoice,
    /// The TLS port, where there are certificates.
    pub https: PortChoice,
}

/// A port somebody asked for, or the one we would like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortChoice {
    /// Must be bound, else the start fails.
    Explicit(u16),
    /// `wanted` if it can be bound, else `fallback` with a warning.
    Preferred {
        /// 80 or 443.
        wanted: u16,
        /// 8080 or 8443.
        fallback: u16,
    },
}

/// Pool size: 1 to 1024.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkerCount(NonZeroU16);

/// Why a text or number is no pool size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkerCountError {
    /// No whole number.
    #[error("size `{0}` is not a whole number from 1 to 1024")]
    NotANumber(String),
    /// Zero workers is what `stop` is for.
    #[error("size 0 would serve nobody; to take the balancer off its ports use `stop`")]
    Zero,
    /// More than 1024.
    #[error("size `{0}` is more than 1024")]
    TooMany(String),
}

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// Someone must act.
    Error,
    /// We coped.
    Warn,
    /// It changed.
    #[default]
    Info,
    /// For those who change dproxy.
    Debug,
    /// Everything.
    Trace,
}

/// Why a text is no log level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a log level; use `error`, `warn`, `info`, `debug` or `trace`")]
pub struct LogLevelError(String);

/// Directories of note, made at start with mode 0755 (run: 0750).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directories {
    /// Logs.
    pub log: PathBuf,
    /// What survives a restart.
    pub state: PathBuf,
    /// PID file and control socket.
    pub run: PathBuf,
}

/// Where the control API listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    /// TCP address.
    pub address: SocketAddr,
    /// Unix socket, in the run directory.
    pub socket: PathBuf,
    /// Who may ask at the socket besides root and our own user and group.
    pub peers: Vec<PeerName>,
    /// The file with the token that callers of the TCP address show; none at loopback unless somebody wants it.
    pub token: Option<PathBuf>,
}

/// An engine, and which addresses of its containers are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Docker {
    /// Where the engine listens.
    pub endpoint: DockerEndpoint,
    /// What it is called; none where there is no other to tell it from.
    pub name: Option<String>,
    /// The address at which published ports are reachable; loopback by default.
    pub address: Option<IpAddr>,
    /// Whether containers are dialled at their own addresses; where nobody said, those of an engine on this machine are.
    pub container_addresses: Option<bool>,
    /// Whether every container also answers to `<name>.internal`.
    pub internal_names: bool,
    /// Whether containers without a published port are reached at their own address.
    pub unpublished: bool,
    /// How long requests for a container that has gone wait for its return.
    pub hold: Duration,
    /// The other proxies for which containers may be written; the first that applies counts.
    pub dialects: Vec<Dialect>,
    /// Containers that the file gives further host names.
    pub assignments: Vec<Assignment>,
}

/// A host name for a container, written in the file as older versions had it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The name, or a pattern.
    pub host: HostPattern,
    /// The container's name, or the beginning of its id.
    pub container: String,
    /// Its port; its main one where none is named.
    pub port: Option<u16>,
}

/// Another proxy, whose words on containers are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Labels `traefik.…`.
    Traefik,
    /// Labels `caddy…`, of caddy-docker-proxy.
    Caddy,
    /// `VIRTUAL_HOST` and its kin in the environment.
    NginxProxy,
}

/// Why a text is no dialect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of `traefik`, `caddy`, `nginx-proxy` and `none`")]
pub struct DialectError(String);

/// How an engine is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DockerEndpoint {
    /// A Unix socket on this machine.
    Unix(PathBuf),
    /// A TCP port.
    Tcp {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
        /// Certificates, when it is a TLS port.
        tls: Option<DockerTls>,
    },
}

/// The files of a TLS connection to an engine (`DOCKER_CERT_PATH`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DockerTls {
    /// The engine's certificate authority; the only one trusted.
    pub ca: PathBuf,
    /// Our certificate.
    pub cert: PathBuf,
    /// Our key.
    pub key: PathBuf,
}

impl Dialect {
    /// All, in the order of preference.
    pub(crate) const ALL: [Dialect; 3] = [Dialect::Traefik, Dialect::Caddy, Dialect::NginxProxy];

    /// The proxy's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Dialect::Traefik => "traefik",
            Dialect::Caddy => "caddy",
            Dialect::NginxProxy => "nginx-proxy",
        }
    }
}

impl FromStr for Dialect {
    type Err = DialectError;

    fn from_str(text: &str) -> Result<Dialect, DialectError> {
        let named = Dialect::ALL.into_iter().find(|dialect| dialect.as_str().eq_ignore_ascii_case(text));
        named.ok_or_else(|| DialectError(text.to_owned()))
    }
}

impl Docker {
    /// The only engine, at `endpoint`, with the defaults.
    #[must_use]
    pub fn at(endpoint: DockerEndpoint) -> Docker {
        Docker {
            endpoint,
            name: None,
            address: None,
            container_addresses: None,
            internal_names: true,
            unpublished: true,
            dialects: Dialect::ALL.to_vec(),
            assignments: Vec::new(),
            hold: Timeouts::default().hold,
        }
    }
}

impl WorkerCount {
    /// The most workers a pool can have.
    pub const MAX: u16 = 1024;

    /// As a number.
    #[must_use]
    pub fn get(self) -> usize {
        usize::from(self.0.get())
    }

    /// As many as there are CPUs to use, at least one, at most [`WorkerCount::MAX`].
    #[must_use]
    pub fn of_cpus(cpus: usize) -> WorkerCount {
        let count = u16::try_from(cpus).unwrap_or(WorkerCount::MAX).clamp(1, WorkerCount::MAX);
        WorkerCount(NonZeroU16::new(count).expect("clamped to at least one"))
    }
}

impl FromStr for WorkerCount {
    type Err = WorkerCountError;

    fn from_str(text: &str) -> Result<WorkerCount, WorkerCountError> {
        let digits = text.trim();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(WorkerCountError::NotANumber(text.to_owned()));
        }
        let count: u16 = digits.parse().map_err(|_| WorkerCountError::TooMany(text.to_owned()))?;
        if count > WorkerCount::MAX {
            return Err(WorkerCountError::TooMany(text.to_owned()));
        }
        NonZeroU16::new(count).map(WorkerCount).ok_or(WorkerCountError::Zero)
    }
}

impl fmt::Display for WorkerCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl LogLevel {
    /// The word, which is also a filter of the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            LogLevel::Error => "error",
            LogLevel::Warn => "warn",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
            LogLevel::Trace => "trace",
        }
    }
}

impl FromStr for LogLevel {
    type Err = LogLevelError;

    fn from_str(text: &str) -> Result<LogLevel, LogLevelError> {
        let levels = [LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug, LogLevel::Trace];
        let named = levels.into_iter().find(|level| level.as_str().eq_ignore_ascii_case(text));
        named.ok_or_else(|| LogLevelError(text.to_owned()))
    }
}

impl fmt::Display for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.host, self.container)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Display for DockerEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DockerEndpoint::Unix(path) => write!(f, "unix://{}", path.display()),
            DockerEndpoint::Tcp { host, port, .. } => write!(f, "tcp://{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        match text.parse::<WorkerCount>() {
            Ok(count) => assert_eq!(count.to_string(), expected),
            Err(error) => assert_eq!(error.to_string(), expected),
        }
    }

    #[test]
    fn a_pool_size_is_a_whole_number_from_1_to_1024() {
        check("30", "30");
        check("1024", "1024");
        check("0", "size 0 would serve nobody; to take the balancer off its ports use `stop`");
        check("1025", "size `1025` is more than 1024");
        check("99999999999999999999", "size `99999999999999999999` is more than 1024");
        check("-1", "size `-1` is not a whole number from 1 to 1024");
        check("1.5", "size `1.5` is not a whole number from 1 to 1024");
        check("ten", "size `ten` is not a whole number from 1 to 1024");
        check("", "size `` is not a whole number from 1 to 1024");
    }
}
