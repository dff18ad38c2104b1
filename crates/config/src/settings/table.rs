//! The settings themselves.
//!
//! Each one has a name here, by which its meaning is looked up.

use super::DefaultValue::{Depends, Text};
use super::Kind::{List, One, Switch};
use super::acme::*;
use super::balancing::*;
use super::docker::*;
use super::following::*;
use super::limits::*;
use super::logs::*;
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

/// [`crate::Config::store`].
pub(crate) const STORE: Setting = Setting::new(
    "store",
    "store",
    One("STORE"),
    Text("file"),
    "Who keeps what survives a restart: `file` is a file in `directories.state`, `memory` is nobody, and a URL like \
     `redis://:password@host:6379/0`, `rediss://host:6380/0` (over TLS) or `redis+unix:///path` is a Redis server, of which this dproxy has \
     a database for itself.",
)
.environment(&[variable("DOCKER_PROXY_STORE")]);

/// [`crate::RedisUrl::root`].
pub(crate) const STORE_ROOT: Setting = Setting::new(
    "store_root",
    "store-root",
    One("FILE"),
    Depends("the authorities that this machine believes"),
    "The only authorities, as PEM, that may vouch for a Redis server at `rediss://`: for a private one.",
)
.environment(&[variable("DOCKER_PROXY_STORE_ROOT")]);

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

/// [`crate::Api::peers`].
pub(crate) const API_PEERS: Setting = Setting::new(
    "api.peers",
    "api-peers",
    List("USER"),
    Text(""),
    "Users, and groups as `@GROUP`, who may ask at the Unix socket besides root and the user and group that dproxy runs as: names or \
     numbers. Others are refused with 403, or by the mode of the socket where nobody is named here.",
)
.environment(&[variable("DOCKER_PROXY_API_PEERS")]);

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
    "Who makes the certificates of hosts that have none in `ssl.path`: `acme` is Let's Encrypt, or whom `acme.directory` names; \
     `internal` is an authority of our own for development, kept in `directories.state`; `off` is nobody. A container says otherwise by label `dproxy.tls`.",
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

/// [`crate::TlsSettings::http3`].
pub(crate) const SSL_HTTP3: Setting = Setting::new(
    "ssl.http3",
    "ssl-http3",
    Switch,
    Text("false"),
    "Whether HTTP/3 is spoken at the TLS port, over UDP, and clients of HTTP/1 and HTTP/2 are told so (`Alt-Svc`). In a container, publish \
     the port for UDP too. Hosts that ask clients for certificates do so over TCP only.",
)
.environment(&[variable("DOCKER_PROXY_SSL_HTTP3")]);

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
    ACCESS_LOG_SAMPLE,
    ACCESS_LOG_MAX_SIZE,
    ACCESS_LOG_MAX_AGE,
    ACCESS_LOG_KEEP,
    TRACING_REQUEST_ID,
    TRACING_CONTEXT,
    TRACING_ANSWER,
    PAGES_DIRECTORY,
    PAGES_CONTAINER_NAMES,
    PID_PATH,
    LOG_DIRECTORY,
    STATE_DIRECTORY,
    RUN_DIRECTORY,
    STORE,
    STORE_ROOT,
    API_ADDRESS,
    API_PORT,
    API_SOCKET,
    API_PEERS,
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
    SSL_HTTP3,
    SSL_REDIRECT,
    SSL_HSTS,
    ACME_AGREE,
    ACME_EMAIL,
    ACME_DIRECTORY,
    ACME_STAGING,
    ACME_ROOT,
    ACME_CHALLENGE,
    ACME_DNS_HOOK,
    ACME_DNS_TIMEOUT,
    ACME_SHARED,
    ACME_ON_DEMAND,
    ACME_ON_DEMAND_ASK,
    ACME_ON_DEMAND_LIMIT,
    ACME_EAB_KID,
    ACME_EAB_KEY_FILE,
];

pub(super) const fn variable(name: &'static str) -> Variable {
    Variable { name, reading: Reading::Text }
}
