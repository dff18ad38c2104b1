//! The spellings of a Docker endpoint.

use std::path::PathBuf;
use std::str::FromStr;

use dproxy_route::{Authority, HostError};

/// The ports that Docker itself uses, without and with TLS.
const PLAIN_PORT: u16 = 2375;
const TLS_PORT: u16 = 2376;

/// An endpoint as written; whether `tcp://` means TLS is said elsewhere (`DOCKER_TLS_VERIFY`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// `unix:///path` or a bare path.
    Unix(PathBuf),
    /// Everything else.
    Tcp { host: String, port: Option<u16>, wire: Wire },
}

/// What is spoken on a TCP endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// `tcp://` or a bare `host:port`: as `DOCKER_TLS_VERIFY` says.
    Open,
    /// `http://`.
    Plain,
    /// `https://`.
    Tls,
}

/// Why a text is no endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EndpointError {
    #[error("`{0}` names no socket; write one like `unix:///var/run/docker.sock`")]
    NoPath(String),
    #[error("`{0}`: {scheme}:// is not supported; {instead}", scheme = scheme(.0), instead = instead_of(.0))]
    Unsupported(String),
    #[error("`{0}` is neither `unix:///path`, a path, `tcp://host:port`, `http://host:port`, `https://host:port` nor `host:port`")]
    Unknown(String),
    #[error("`{0}` needs a port, as in `tcp://127.0.0.1:2375`, or a `/` if it is a path")]
    NoPort(String),
    #[error("`{0}` has a path behind the port; an engine is reached without one")]
    Path(String),
    #[error("`{text}` names no host that can be dialled")]
    Host { text: String, source: HostError },
}

impl Endpoint {
    /// The port to dial, when nobody named one.
    pub(crate) fn default_port(tls: bool) -> u16 {
        if tls { TLS_PORT } else { PLAIN_PORT }
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Endpoint, EndpointError> {
        let Some((scheme, rest)) = text.split_once("://") else { return bare(text) };
        match scheme.to_ascii_lowercase().as_str() {
            "unix" if rest.is_empty() => Err(EndpointError::NoPath(text.to_owned())),
            "unix" => Ok(Endpoint::Unix(rest.into())),
            "tcp" => tcp(text, rest, Wire::Open),
            "http" => tcp(text, rest, Wire::Plain),
            "https" => tcp(text, rest, Wire::Tls),
            "ssh" | "fd" | "npipe" => Err(EndpointError::Unsupported(text.to_owned())),
            _ => Err(EndpointError::Unknown(text.to_owned())),
        }
    }
}

fn bare(text: &str) -> Result<Endpoint, EndpointError> {
    if text.contains('/') {
        return Ok(Endpoint::Unix(text.into()));
    }
    match tcp(text, text, Wire::Open)? {
        Endpoint::Tcp { port: None, .. } => Err(EndpointError::NoPort(text.to_owned())),
        endpoint => Ok(endpoint),
    }
}

fn tcp(text: &str, rest: &str, wire: Wire) -> Result<Endpoint, EndpointError> {
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains('/') {
        return Err(EndpointError::Path(text.to_owned()));
    }
    let mut room = [0; Authority::ROOM];
    let authority =
        Authority::parse(authority.as_bytes(), &mut room).map_err(|source| EndpointError::Host { text: text.to_owned(), source })?;
    Ok(Endpoint::Tcp { host: authority.host.to_owned(), port: authority.port, wire })
}

fn scheme(text: &str) -> &str {
    text.split_once("://").map_or(text, |(scheme, _)| scheme)
}

fn instead_of(text: &str) -> &'static str {
    match scheme(text).to_ascii_lowercase().as_str() {
        "ssh" => "forward the engine's socket with `ssh -L /path/docker.sock:/var/run/docker.sock` and write `unix:///path/docker.sock`",
        "npipe" => "named pipes exist on Windows only; write `tcp://host:port`",
        _ => "sockets handed over by systemd are for the engine itself; write `unix:///var/run/docker.sock`",
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = match text.parse::<Endpoint>() {
            Ok(Endpoint::Unix(path)) => format!("unix {}", path.display()),
            Ok(Endpoint::Tcp { host, port, wire }) => format!("{wire:?} {host} {port:?}"),
            Err(error) => match error.source() {
                Some(source) => format!("{error}: {source}"),
                None => error.to_string(),
            },
        };
        assert_eq!(shown, expected);
    }

    #[test]
    fn every_spelling_of_docker_is_understood() {
        check("unix:///var/run/docker.sock", "unix /var/run/docker.sock");
        check("/run/user/1000/docker.sock", "unix /run/user/1000/docker.sock");
        check("./docker.sock", "unix ./docker.sock");
        check("tcp://10.0.0.5:2375", "Open 10.0.0.5 Some(2375)");
        check("tcp://10.0.0.5:2375/", "Open 10.0.0.5 Some(2375)");
        check("tcp://docker", "Open docker None");
        check("TCP://Docker.Local:2376", "Open docker.local Some(2376)");
        check("http://127.0.0.1:2375", "Plain 127.0.0.1 Some(2375)");
        check("https://engine.test:2376", "Tls engine.test Some(2376)");
        check("127.0.0.1:2375", "Open 127.0.0.1 Some(2375)");
        check("engine.test:2375", "Open engine.test Some(2375)");
        check("[::1]:2375", "Open [::1] Some(2375)");
        check("tcp://[fe80::1]:2375", "Open [fe80::1] Some(2375)");
    }

    #[test]
    fn what_cannot_be_dialled_is_refused_with_a_way_out() {
        check("unix://", "`unix://` names no socket; write one like `unix:///var/run/docker.sock`");
        check(
            "ssh://me@host",
            "`ssh://me@host`: ssh:// is not supported; forward the engine's socket with \
             `ssh -L /path/docker.sock:/var/run/docker.sock` and write `unix:///path/docker.sock`",
        );
        check(
            "fd://",
            "`fd://`: fd:// is not supported; sockets handed over by systemd are for the engine itself; write `unix:///var/run/docker.sock`",
        );
        check(
            "npipe:////./pipe/docker_engine",
            "`npipe:////./pipe/docker_engine`: npipe:// is not supported; named pipes exist on Windows only; write `tcp://host:port`",
        );
        check(
            "ftp://a:1",
            "`ftp://a:1` is neither `unix:///path`, a path, `tcp://host:port`, `http://host:port`, `https://host:port` nor `host:port`",
        );
        check("docker", "`docker` needs a port, as in `tcp://127.0.0.1:2375`, or a `/` if it is a path");
        check("tcp://a:1/v1", "`tcp://a:1/v1` has a path behind the port; an engine is reached without one");
        check("tcp://:2375", "`tcp://:2375` names no host that can be dialled: host name is empty");
        check("tcp://a:99999", "`tcp://a:99999` names no host that can be dialled: `a:99999` does not end in a port from 1 to 65535");
        check("a b:1", "`a b:1` names no host that can be dialled: `a b` is not a host name");
    }
}
