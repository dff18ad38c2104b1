//! The settings of Docker engines.

use super::DefaultValue::{Depends, Text};
use super::Kind::{List, One, Switch};
use super::table::variable;
use super::{Reading, Setting, Variable};

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
