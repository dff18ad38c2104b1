//! The settings themselves.
//!
//! Each one has a name here, by which its meaning is looked up.

use super::DefaultValue::{Depends, Text};
use super::Kind::{List, One, Switch};
use super::balancing::*;
use super::{Reading, Setting, Variable};

/// The path of the file. It is no part of the file.
pub(crate) const CONFIG: Setting = Setting {
    key: None,
    flag: "config",
    flag_aliases: &[],
    environment: &[variable("DOCKER_PROXY_CONFIG_PATH"), variable("DOCKER_PROXY_CONFIG_FILE_PATH")],
    kind: One("PATH"),
    default: Depends("`/etc/docker-proxy/docker-proxy.yaml`, else `/etc/dproxy.yml`, else none"),
    help: "The configuration file; a directory means `docker-proxy.yaml` in it. A file named here must exist.",
};

/// [`crate::Listen::http`].
pub(crate) const PORT: Setting = Setting::new(
    "port",
    "port",
    One("PORT"),
    Depends("80, or 8080 with a warning where 80 cannot be bound"),
    "The public port. When it is set and cannot be bound, the start fails.",
)
.environment(&[variable("DOCKER_PROXY_PORT"), variable("PORT")]);

/// [`crate::Listen::addresses`].
pub(crate) const HOSTNAME: Setting = Setting::new(
    "hostname",
    "hostname",
    List("ADDRESS"),
    Text("0.0.0.0, ::"),
    "The addresses of this machine that the public port is bound at: IP addresses, `localhost` for 127.0.0.1, or `*` for all. \
     `HOST` counts only when it is an IP address.",
)
.aliases(&["address"])
.environment(&[
    variable("DOCKER_PROXY_HOSTNAME"),
    variable("DOCKER_PROXY_ADDRESS"),
    Variable { name: "HOST", reading: Reading::OnlyAddress },
]);

/// [`crate::Config::workers`].
pub(crate) const WORKERS: Setting = Setting::new(
    "workers",
    "workers",
    One("COUNT"),
    Depends("the number of CPUs this process may use"),
    "How many worker processes serve requests, 1 to 1024.",
)
.aliases(&["worker-limit"])
.environment(&[variable("DOCKER_PROXY_WORKER_LIMIT")]);

/// [`crate::Config::worker_silent`].
pub(crate) const WORKER_SILENT: Setting =
    Setting::new("worker_silent", "worker-silent", Switch, Text("false"), "Keeps what the workers write out of the master's log.")
        .environment(&[variable("DOCKER_PROXY_WORKER_SILENT")]);

/// [`crate::Config::max_memory`].
pub(crate) const MAX_MEMORY: Setting = Setting::new(
    "max_memory",
    "max-memory",
    One("SIZE"),
    Depends("no limit"),
    "A worker that has grown beyond this much memory is replaced without losing a request, one worker at a time: a size like `256MiB`.",
)
.environment(&[variable("DOCKER_PROXY_MAX_MEMORY")]);

/// [`crate::Privileges::user`].
pub(crate) const WORKER_USER: Setting = Setting::new(
    "worker_user",
    "worker-user",
    One("USER"),
    Depends("`dproxy` if there is such a user, else `nobody`"),
    "The user that workers run as when root starts dproxy: a name, or numbers like `1000:1000`. Without root it does nothing.",
)
.environment(&[variable("DOCKER_PROXY_WORKER_USER")]);

/// [`crate::Privileges::sandbox`].
pub(crate) const SANDBOX: Setting = Setting::new(
    "sandbox",
    "sandbox",
    Switch,
    Text("true"),
    "Landlock and seccomp take from workers what they never need: files, other programs, listening. `dproxy doctor` says what holds here.",
)
.environment(&[variable("DOCKER_PROXY_SANDBOX")]);

/// [`crate::ProxySettings::server_name`].
pub(crate) const SERVER_NAME: Setting = Setting::new(
    "server_name",
    "server-name",
    One("NAME"),
    Depends("the machine's host name"),
    "The name of this proxy, sent to backends as `x-forwarded-server`.",
)
.environment(&[variable("DOCKER_PROXY_SERVER_NAME")]);

/// [`crate::ProxySettings::trusted`].
pub(crate) const TRUSTED: Setting = Setting::new(
    "trusted",
    "trusted",
    List("NETWORK"),
    Text(""),
    "Networks (`10.0.0.0/8`) or addresses of proxies in front of this one, whose `x-forwarded-*` headers are believed. \
     Everybody else's are replaced.",
)
.environment(&[variable("DOCKER_PROXY_TRUSTED")]);

/// [`crate::ProxySettings::announced_by`].
pub(crate) const PROXY_PROTOCOL: Setting = Setting::new(
    "proxy_protocol",
    "proxy-protocol",
    List("NETWORK"),
    Text(""),
    "Networks (`10.0.0.0/8`) or addresses of proxies in front of this one whose connections all begin with the PROXY protocol, \
     version 1 or 2. It tells who the client is; a connection of theirs without it is closed. Everybody else's is no announcement.",
)
.environment(&[variable("DOCKER_PROXY_PROXY_PROTOCOL")]);

/// [`crate::ProxySettings::www_fallback`].
pub(crate) const WWW_FALLBACK: Setting = Setting::new(
    "www_fallback",
    "www-fallback",
    Switch,
    Text("true"),
    "A name that begins with `www.` and that nothing else serves is served as the name behind it.",
)
.environment(&[variable("DOCKER_PROXY_WWW_FALLBACK")]);

/// [`crate::Config::log_level`].
pub(crate) const LOG_LEVEL: Setting =
    Setting::new("log_level", "log-level", One("LEVEL"), Text("info"), "How much is logged: `error`, `warn`, `info`, `debug` or `trace`.")
        .environment(&[variable("DOCKER_PROXY_LOG_LEVEL")]);

/// [`crate::Config::access_log`].
pub(crate) const ACCESS_LOG: Setting = Setting::new(
    "access_log",
    "access-log",
    One("PATH"),
    Text(""),
    "The file that gets a line for each request, or `stdout`. A file is opened again on `USR1`.",
)
.environment(&[variable("DOCKER_PROXY_ACCESS_LOG")]);

/// [`crate::AccessLines::format`].
pub(crate) const ACCESS_LOG_FORMAT: Setting = Setting::new(
    "access_log_format",
    "access-log-format",
    One("FORMAT"),
    Text("full"),
    "What a line of the access log looks like: `combined` as Apache writes it, `full` for that with host and milliseconds behind it, \
     `hipache` for that with host and the seconds of request and backend, or `json`.",
)
.environment(&[variable("DOCKER_PROXY_ACCESS_LOG_FORMAT")]);

/// [`crate::AccessFormat::Json`].
pub(crate) const ACCESS_LOG_FIELDS: Setting = Setting::new(
    "access_log_fields",
    "access-log-fields",
    List("FIELD"),
    Text(""),
    "What each line of `json` tells; all where none is named: `time`, `client`, `forwarded_for`, `method`, `scheme`, `host`, `target`, \
     `protocol`, `referer`, `user_agent`, `status`, `bytes`, `duration_ms`, `backend`, `backend_ms`.",
)
.environment(&[variable("DOCKER_PROXY_ACCESS_LOG_FIELDS")]);

/// [`crate::Rotation::size`].
pub(crate) const ACCESS_LOG_MAX_SIZE: Setting = Setting::new(
    "access_log_max_size",
    "access-log-max-size",
    One("BYTES"),
    Text("100MiB"),
    "When the file of the access log has so many bytes, it is renamed, `.1` behind its name, and another one begun; `0` is never.",
)
.environment(&[variable("DOCKER_PROXY_ACCESS_LOG_MAX_SIZE")]);

/// [`crate::Rotation::age`].
pub(crate) const ACCESS_LOG_MAX_AGE: Setting = Setting::new(
    "access_log_max_age",
    "access-log-max-age",
    One("TIME"),
    Text(""),
    "When the file of the access log is so old (`1d`, `12h`), another one is begun; nothing is never.",
)
.environment(&[variable("DOCKER_PROXY_ACCESS_LOG_MAX_AGE")]);

/// [`crate::Rotation::keep`].
pub(crate) const ACCESS_LOG_KEEP: Setting = Setting::new(
    "access_log_keep",
    "access-log-keep",
    One("NUMBER"),
    Text("10"),
    "So many old files of the access log stay, the newest as `.1`.",
)
.environment(&[variable("DOCKER_PROXY_ACCESS_LOG_KEEP")]);

/// [`crate::Config::pages`].
pub(crate) const PAGES_DIRECTORY: Setting = Setting::new(
    "pages.directory",
    "pages",
    One("PATH"),
    Text(""),
    "A directory with notice pages of your own, `error_503.html` or for any other status, and `error_default.html`. What stands in \
     double braces is filled in: `host`, `status`, `title`, `message`, `reason`, `container`, `refresh`. Read again on `HUP`.",
)
.environment(&[variable("DOCKER_PROXY_PAGES")]);

/// [`crate::Pages::container_names`].
pub(crate) const PAGES_CONTAINER_NAMES: Setting = Setting::new(
    "pages.container_names",
    "pages-container-names",
    Switch,
    Text("false"),
    "Notice pages may tell the name of the container.",
)
.environment(&[variable("DOCKER_PROXY_PAGES_CONTAINER_NAMES")]);

/// [`crate::Config::pid_path`].
pub(crate) const PID_PATH: Setting = Setting::new(
    "pid_path",
    "pid-path",
    One("PATH"),
    Depends("`docker-proxy.pid` in `directories.run`"),
    "The PID file of the master. It is locked: a second master that names the same one refuses to start.",
)
.environment(&[variable("DOCKER_PROXY_PID_PATH")]);

/// [`crate::Directories::log`].
pub(crate) const LOG_DIRECTORY: Setting = Setting::new(
    "directories.log",
    "log-directory",
    One("PATH"),
    Depends("`/var/log/docker-proxy`; without root `docker-proxy/log` in `$XDG_STATE_HOME`"),
    "Where logs go.",
)
.environment(&[variable("DOCKER_PROXY_LOG_DIRECTORY")]);

/// [`crate::Directories::state`].
pub(crate) const STATE_DIRECTORY: Setting = Setting::new(
    "directories.state",
    "state-directory",
    One("PATH"),
    Depends("`/var/lib/docker-proxy`; without root `docker-proxy` in `$XDG_STATE_HOME`"),
    "Where the things are that survive a restart.",
)
.environment(&[variable("DOCKER_PROXY_STATE_DIRECTORY")]);

/// [`crate::Directories::run`].
pub(crate) const RUN_DIRECTORY: Setting = Setting::new(
    "directories.run",
    "run-directory",
    One("PATH"),
    Depends("`/var/run/docker-proxy`; without root `docker-proxy` in `$XDG_RUNTIME_DIR`, else `/tmp/dproxy-<uid>`"),
    "Where the PID file and the control socket are.",
)
.environment(&[variable("DOCKER_PROXY_RUN_DIRECTORY")]);

/// The address half of [`crate::Api::address`].
pub(crate) const API_ADDRESS: Setting = Setting::new(
    "api.address",
    "api-address",
    One("ADDRESS"),
    Text("127.0.0.1"),
    "The address of the control API. At another one than loopback, callers must show the token of `api.token_file`.",
)
.environment(&[variable("DOCKER_PROXY_API_ADDRESS")]);

/// The port half of [`crate::Api::address`].
pub(crate) const API_PORT: Setting = Setting::new("api.port", "api-port", One("PORT"), Text("16000"), "The port of the control API.")
    .environment(&[variable("DOCKER_PROXY_API_PORT")]);

/// [`crate::Api::socket`].
pub(crate) const API_SOCKET: Setting = Setting::new(
    "api.socket",
    "api-socket",
    One("PATH"),
    Depends("`docker-proxy.sock` in `directories.run`"),
    "The Unix socket of the control API, which `dproxy ctl` uses.",
)
.environment(&[variable("DOCKER_PROXY_API_SOCKET")]);

/// [`crate::Api::token`].
pub(crate) const API_TOKEN_FILE: Setting = Setting::new(
    "api.token_file",
    "api-token-file",
    One("PATH"),
    Depends("`api-token` in `directories.state` where `api.address` is no loopback address, else none"),
    "The file with the token that callers of the API's port show as `Authorization: Bearer …`. It must be for its owner alone \
     (mode 0600), and is made when it is missing. The Unix socket needs none.",
)
.environment(&[variable("DOCKER_PROXY_API_TOKEN_FILE")]);

/// [`crate::Docker::endpoint`].
pub(crate) const DOCKER_ENDPOINT: Setting = Setting::new(
    "docker.endpoint",
    "docker-endpoint",
    One("ENDPOINT"),
    Text("unix:///var/run/docker.sock"),
    "Where the Docker engine is: `unix:///path`, a bare path, `tcp://host:port`, `http://host:port`, `https://host:port` or `host:port`.",
)
.aliases(&["docker-host"])
.environment(&[variable("DOCKER_HOST"), variable("DOCKER_SOCK_PATH"), variable("DOCKER_SOCKET_PATH")]);

/// Whether a TCP [`crate::Docker::endpoint`] speaks TLS.
pub(crate) const DOCKER_TLS_VERIFY: Setting = Setting::new(
    "docker.tls_verify",
    "docker-tls-verify",
    Switch,
    Text("false"),
    "Speaks TLS with a TCP endpoint and checks its certificate. As Docker reads it, `DOCKER_TLS_VERIFY` with any text means `true`.",
)
.environment(&[Variable { name: "DOCKER_TLS_VERIFY", reading: Reading::SetMeansOn }]);

/// Where the files of [`crate::DockerTls`] are.
pub(crate) const DOCKER_CERT_PATH: Setting = Setting::new(
    "docker.cert_path",
    "docker-cert-path",
    One("PATH"),
    Depends("`~/.docker`"),
    "The directory with `ca.pem`, `cert.pem` and `key.pem` for a TLS endpoint.",
)
.environment(&[variable("DOCKER_CERT_PATH")]);

/// [`crate::Docker::address`].
pub(crate) const DOCKER_ADDRESS: Setting = Setting::new(
    "docker.address",
    "docker-address",
    One("ADDRESS"),
    Depends("loopback"),
    "The address at which published ports are reachable, for an engine on another machine or a proxy inside a container.",
)
.environment(&[variable("DOCKER_PROXY_DOCKER_ADDRESS")]);

/// [`crate::Docker::container_addresses`].
pub(crate) const DOCKER_CONTAINER_ADDRESSES: Setting = Setting::new(
    "docker.container_addresses",
    "docker-container-addresses",
    Switch,
    Depends("`true` for an engine on this machine, `false` for one behind TCP"),
    "Containers are dialled at their own addresses. Say `true` where the networks of an engine on another machine are routed here, \
     `false` for a Unix socket that leads to another machine.",
)
.environment(&[variable("DOCKER_PROXY_DOCKER_CONTAINER_ADDRESSES")]);

/// [`crate::Docker::internal_names`].
pub(crate) const DOCKER_INTERNAL_NAMES: Setting = Setting::new(
    "docker.internal_names",
    "docker-internal-names",
    Switch,
    Text("true"),
    "Every container also answers to `<container name>.internal`.",
)
.environment(&[variable("DOCKER_PROXY_DOCKER_INTERNAL_NAMES")]);

/// [`crate::Docker::unpublished`].
pub(crate) const DOCKER_UNPUBLISHED: Setting = Setting::new(
    "docker.unpublished",
    "docker-unpublished",
    Switch,
    Text("true"),
    "Containers without a published port are reached at their own address and exposed or labelled port.",
)
.environment(&[variable("DOCKER_PROXY_DOCKER_UNPUBLISHED")]);

/// [`crate::Docker::dialects`].
pub(crate) const DOCKER_DIALECTS: Setting = Setting::new(
    "docker.dialects",
    "docker-dialects",
    List("NAME"),
    Text("traefik, caddy, nginx-proxy"),
    "The other proxies whose labels and environment are understood on containers without label `dproxy.host`; the first that applies \
     counts, `none` is none.",
)
.aliases(&["dialects"])
.environment(&[variable("DOCKER_PROXY_DOCKER_DIALECTS")]);

/// [`crate::Timeouts::request_head`].
pub(crate) const TIMEOUT_REQUEST_HEAD: Setting = timeout(
    "timeouts.request_head",
    "timeout-request-head",
    "10s",
    "From the first byte of a request's head to its last.",
    &[variable("DOCKER_PROXY_TIMEOUT_REQUEST_HEAD")],
);

/// [`crate::Timeouts::handshake`].
pub(crate) const TIMEOUT_HANDSHAKE: Setting = timeout(
    "timeouts.handshake",
    "timeout-handshake",
    "10s",
    "From the first byte of a TLS handshake to its end.",
    &[variable("DOCKER_PROXY_TIMEOUT_HANDSHAKE")],
);

/// [`crate::Timeouts::queue`].
pub(crate) const TIMEOUT_QUEUE: Setting = timeout(
    "timeouts.queue",
    "timeout-queue",
    "10s",
    "How long a request waits when all its backends have as many requests as they take; then it is answered with 503.",
    &[variable("DOCKER_PROXY_TIMEOUT_QUEUE")],
);

/// [`crate::Timeouts::hold`].
pub(crate) const TIMEOUT_HOLD: Setting = timeout(
    "timeouts.hold",
    "timeout-hold",
    "10s",
    "How long requests wait for a container that was restarted, recreated or paused and for one that is starting, where no other \
     serves the host; then they are answered with 503. A host that has been offline for longer is answered at once.",
    &[variable("DOCKER_PROXY_TIMEOUT_HOLD")],
);

/// [`crate::Timeouts::connect`].
pub(crate) const TIMEOUT_CONNECT: Setting = timeout(
    "timeouts.connect",
    "timeout-connect",
    "5s",
    "To open a connection to a backend; to a container on this machine never more than a second.",
    &[variable("DOCKER_PROXY_TIMEOUT_CONNECT")],
);

/// [`crate::Timeouts::first_byte`].
pub(crate) const TIMEOUT_FIRST_BYTE: Setting = timeout(
    "timeouts.first_byte",
    "timeout-first-byte",
    "60s",
    "From the whole request sent to the first byte of the backend's answer.",
    &[variable("DOCKER_PROXY_TIMEOUT_FIRST_BYTE")],
);

/// [`crate::Timeouts::idle`].
pub(crate) const TIMEOUT_IDLE: Setting = timeout(
    "timeouts.idle",
    "timeout-idle",
    "60s",
    "Between two bytes of a body, either way. No timeout caps a whole body.",
    &[variable("DOCKER_PROXY_TIMEOUT_IDLE")],
);

/// [`crate::Timeouts::tunnel`].
pub(crate) const TIMEOUT_TUNNEL: Setting = timeout(
    "timeouts.tunnel",
    "timeout-tunnel",
    "1h",
    "Between two bytes of a WebSocket or any other upgraded connection, either way.",
    &[variable("DOCKER_PROXY_TIMEOUT_TUNNEL")],
);

/// [`crate::Timeouts::keep_alive`].
pub(crate) const TIMEOUT_KEEP_ALIVE: Setting = timeout(
    "timeouts.keep_alive",
    "timeout-keep-alive",
    "75s",
    "Between two requests on a client's connection.",
    &[variable("DOCKER_PROXY_TIMEOUT_KEEP_ALIVE")],
);

/// [`crate::Timeouts::upstream_keep_alive`].
pub(crate) const TIMEOUT_UPSTREAM_KEEP_ALIVE: Setting = timeout(
    "timeouts.upstream_keep_alive",
    "timeout-upstream-keep-alive",
    "4s",
    "How long an unused connection to a backend is kept.",
    &[variable("DOCKER_PROXY_TIMEOUT_UPSTREAM_KEEP_ALIVE")],
);

/// [`crate::Timeouts::drain`].
pub(crate) const TIMEOUT_DRAIN: Setting = timeout(
    "timeouts.drain",
    "timeout-drain",
    "30s",
    "How long a leaving worker may finish the requests it has.",
    &[variable("DOCKER_PROXY_TIMEOUT_DRAIN")],
);

/// [`crate::Limits::head_bytes`].
pub(crate) const LIMIT_HEAD_BYTES: Setting = Setting::new(
    "limits.head_bytes",
    "limit-head-bytes",
    One("SIZE"),
    Text("64KiB"),
    "The largest head of a request or an answer, 4KiB to 16MiB.",
)
.environment(&[variable("DOCKER_PROXY_LIMIT_HEAD_BYTES")]);

/// [`crate::Limits::head_fields`].
pub(crate) const LIMIT_HEAD_FIELDS: Setting =
    Setting::new("limits.head_fields", "limit-head-fields", One("COUNT"), Text("128"), "The most fields of a head, 16 to 10000.")
        .environment(&[variable("DOCKER_PROXY_LIMIT_HEAD_FIELDS")]);

/// [`crate::Limits::target_bytes`].
pub(crate) const LIMIT_TARGET_BYTES: Setting = Setting::new(
    "limits.target_bytes",
    "limit-target-bytes",
    One("SIZE"),
    Text("16KiB"),
    "The longest request target (path and query), at least 1KiB and at most `limits.head_bytes`; a longer one is answered with 414.",
)
.environment(&[variable("DOCKER_PROXY_LIMIT_TARGET_BYTES")]);

/// [`crate::Limits::connections`].
pub(crate) const LIMIT_CONNECTIONS: Setting =
    Setting::new("limits.connections", "limit-connections", One("COUNT"), Text("100000"), "The most client connections of one worker.")
        .environment(&[variable("DOCKER_PROXY_LIMIT_CONNECTIONS")]);

/// [`crate::Limits::handshakes`].
pub(crate) const LIMIT_HANDSHAKES: Setting = Setting::new(
    "limits.handshakes",
    "limit-handshakes",
    One("COUNT"),
    Text("2000"),
    "The most TLS handshakes that are under way at a time in one worker; another one ends the oldest.",
)
.environment(&[variable("DOCKER_PROXY_LIMIT_HANDSHAKES")]);

/// [`crate::Limits::backend_requests`].
pub(crate) const LIMIT_BACKEND_REQUESTS: Setting = Setting::new(
    "limits.backend_requests",
    "limit-backend-requests",
    One("COUNT"),
    Text("0"),
    "The most requests that a backend gets at a time, from all workers together; 0 is any number. A container says otherwise by \
     label `dproxy.max_requests`, a route of this file by `max_requests`.",
)
.environment(&[variable("DOCKER_PROXY_LIMIT_BACKEND_REQUESTS")]);

/// [`crate::Limits::queue`].
pub(crate) const LIMIT_QUEUE: Setting = Setting::new(
    "limits.queue",
    "limit-queue",
    One("COUNT"),
    Text("1000"),
    "The most requests of one worker that wait for the full backends of one route; others are answered with 503 at once.",
)
.environment(&[variable("DOCKER_PROXY_LIMIT_QUEUE")]);

/// [`crate::Limits::held`].
pub(crate) const LIMIT_HELD: Setting = Setting::new(
    "limits.held",
    "limit-held",
    One("COUNT"),
    Text("1000"),
    "The most requests of one worker that wait for containers to come back; others are answered with 503 at once.",
)
.environment(&[variable("DOCKER_PROXY_LIMIT_HELD")]);

/// [`crate::Limits::held_bytes`].
pub(crate) const LIMIT_HELD_BYTES: Setting = Setting::new(
    "limits.held_bytes",
    "limit-held-bytes",
    One("SIZE"),
    Text("64MiB"),
    "The most memory for the requests of one worker that wait for containers to come back. Their bodies are not read meanwhile.",
)
.environment(&[variable("DOCKER_PROXY_LIMIT_HELD_BYTES")]);

/// [`crate::Config::certificates`].
pub(crate) const SSL_PATH: Setting = Setting::new(
    "ssl.path",
    "ssl-path",
    One("PATH"),
    Depends("none"),
    "The directory with the TLS certificates and their keys, as PEM: `NAME.crt` and `NAME.key`, folders with `fullchain.pem` and \
     `privkey.pem` (certbot), or both in one `NAME.pem`; `default.crt` is shown where no other fits. Changes are noticed.",
)
.environment(&[variable("DOCKER_PROXY_SSL_PATH"), variable("DOCKER_PROXY_SSL_DIR")]);

/// [`crate::Listen::https`].
pub(crate) const SSL_PORT: Setting = Setting::new(
    "ssl.port",
    "ssl-port",
    One("PORT"),
    Depends("443, or 8443 with a warning where 443 cannot be bound"),
    "The public TLS port, listened on when a certificate loads. When it is set and cannot be bound then, the start fails.",
)
.environment(&[variable("DOCKER_PROXY_SSL_PORT")]);

/// [`crate::TlsSettings::policy`].
pub(crate) const SSL_POLICY: Setting = Setting::new(
    "ssl.policy",
    "ssl-policy",
    One("POLICY"),
    Text("intermediate"),
    "Which TLS is spoken with clients: `intermediate` is TLS 1.2 and 1.3, `modern` is TLS 1.3 only.",
)
.environment(&[variable("DOCKER_PROXY_SSL_POLICY")]);

/// [`crate::Config::issuer`].
pub(crate) const SSL_ISSUER: Setting = Setting::new(
    "ssl.issuer",
    "ssl-issuer",
    One("ISSUER"),
    Text("off"),
    "Who makes the certificates of hosts that have none in `ssl.path`: `internal` is an authority of our own for development, kept in \
     `directories.state`; `off` is nobody. A container says otherwise by label `dproxy.tls`.",
)
.environment(&[variable("DOCKER_PROXY_SSL_ISSUER")]);

/// [`crate::TlsSettings::peek`].
pub(crate) const SSL_PEEK: Setting = Setting::new(
    "ssl.peek",
    "ssl-peek",
    Switch,
    Text("true"),
    "Whether a client that begins with TLS at the clear port is understood, when there are certificates.",
)
.environment(&[variable("DOCKER_PROXY_SSL_PEEK")]);

/// [`crate::TlsSettings::in_clear`].
pub(crate) const SSL_REDIRECT: Setting = Setting::new(
    "ssl.redirect",
    "ssl-redirect",
    Switch,
    Text("false"),
    "Whether hosts that have a certificate send clients of the clear port to the TLS port. A container says otherwise by label `dproxy.https`.",
)
.environment(&[variable("DOCKER_PROXY_SSL_REDIRECT")]);

/// [`crate::TlsSettings::hsts`].
pub(crate) const SSL_HSTS: Setting = Setting::new(
    "ssl.hsts",
    "ssl-hsts",
    One("VALUE"),
    Text("off"),
    "What hosts tell clients of TLS in `Strict-Transport-Security`, like `max-age=31536000`; `off` is nothing. A container says otherwise \
     by label `dproxy.hsts`.",
)
.environment(&[variable("DOCKER_PROXY_SSL_HSTS")]);

/// The table, in the order of the file.
pub const SETTINGS: &[Setting] = &[
    CONFIG,
    PORT,
    HOSTNAME,
    WORKERS,
    WORKER_SILENT,
    MAX_MEMORY,
    WORKER_USER,
    SANDBOX,
    SERVER_NAME,
    TRUSTED,
    PROXY_PROTOCOL,
    WWW_FALLBACK,
    LOG_LEVEL,
    ACCESS_LOG,
    ACCESS_LOG_FORMAT,
    ACCESS_LOG_FIELDS,
    ACCESS_LOG_MAX_SIZE,
    ACCESS_LOG_MAX_AGE,
    ACCESS_LOG_KEEP,
    PAGES_DIRECTORY,
    PAGES_CONTAINER_NAMES,
    PID_PATH,
    LOG_DIRECTORY,
    STATE_DIRECTORY,
    RUN_DIRECTORY,
    API_ADDRESS,
    API_PORT,
    API_SOCKET,
    API_TOKEN_FILE,
    DOCKER_ENDPOINT,
    DOCKER_TLS_VERIFY,
    DOCKER_CERT_PATH,
    DOCKER_ADDRESS,
    DOCKER_CONTAINER_ADDRESSES,
    DOCKER_INTERNAL_NAMES,
    DOCKER_UNPUBLISHED,
    DOCKER_DIALECTS,
    TIMEOUT_REQUEST_HEAD,
    TIMEOUT_HANDSHAKE,
    TIMEOUT_QUEUE,
    TIMEOUT_HOLD,
    TIMEOUT_CONNECT,
    TIMEOUT_FIRST_BYTE,
    TIMEOUT_IDLE,
    TIMEOUT_TUNNEL,
    TIMEOUT_KEEP_ALIVE,
    TIMEOUT_UPSTREAM_KEEP_ALIVE,
    TIMEOUT_DRAIN,
    LIMIT_HEAD_BYTES,
    LIMIT_HEAD_FIELDS,
    LIMIT_TARGET_BYTES,
    LIMIT_CONNECTIONS,
    LIMIT_HANDSHAKES,
    LIMIT_BACKEND_REQUESTS,
    LIMIT_QUEUE,
    LIMIT_HELD,
    LIMIT_HELD_BYTES,
    BALANCE,
    EJECTION_FAILURES,
    EJECTION_TIME,
    EJECTION_MAX_TIME,
    EJECTION_SHARE,
    EJECTION_SERVER_ERRORS,
    SSL_PATH,
    SSL_PORT,
    SSL_POLICY,
    SSL_ISSUER,
    SSL_PEEK,
    SSL_REDIRECT,
    SSL_HSTS,
];

const fn timeout(
    key: &'static str,
    flag: &'static str,
    default: &'static str,
    help: &'static str,
    environment: &'static [Variable],
) -> Setting {
    Setting::new(key, flag, One("TIME"), Text(default), help).environment(environment)
}

pub(super) const fn variable(name: &'static str) -> Variable {
    Variable { name, reading: Reading::Text }
}
