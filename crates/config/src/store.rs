//! Where that is kept which survives a restart.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use dproxy_route::Authority;

/// Which engine keeps the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreChoice {
    /// None: they end with dproxy.
    Memory,
    /// A file in `directories.state`.
    File,
    /// A Redis server.
    Redis(RedisUrl),
}

/// Where a Redis server is, with what it takes to be let in. Only [`RedisUrl::reveal`] shows that.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl {
    text: String,
    root: Option<PathBuf>,
}

/// Why a text is no store. A URL may hold a password, so it is not repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreChoiceError {
    /// Another word.
    #[error("`{0}` is no store; write `file`, `memory`, or the URL of a Redis server like `redis://127.0.0.1:6379/0`")]
    Unknown(String),
    /// Another kind of URL.
    #[error("`{0}://` is no store; write `redis://host:port/database`, or `redis+unix:///path` for a socket")]
    Scheme(String),
    /// Something behind a `#`.
    #[error(
        "the URL of the Redis server ends in `#…`, which says nothing here; to believe a server of your own name a file in `store_root`"
    )]
    Fragment,
    /// Nobody to ask.
    #[error("the URL of the Redis server names no host that can be dialled; write one like `redis://127.0.0.1:6379/0`")]
    Host,
    /// Not a number.
    #[error("database `{0}` of the Redis server is not a whole number; write a URL like `redis://127.0.0.1:6379/0`")]
    Database(String),
    /// No socket.
    #[error("the URL of the Redis server names no socket; write one like `redis+unix:///run/redis/redis-server.sock`")]
    Socket,
}

impl FromStr for StoreChoice {
    type Err = StoreChoiceError;

    fn from_str(text: &str) -> Result<StoreChoice, StoreChoiceError> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return match text {
                "memory" => Ok(StoreChoice::Memory),
                "file" => Ok(StoreChoice::File),
                other => Err(StoreChoiceError::Unknown(other.to_owned())),
            };
        };
        match scheme {
            "redis" | "rediss" => tcp(rest)?,
            "redis+unix" | "unix" if !rest.starts_with('/') => return Err(StoreChoiceError::Socket),
            "redis+unix" | "unix" => {}
            other => return Err(StoreChoiceError::Scheme(other.to_owned())),
        }
        Ok(StoreChoice::Redis(RedisUrl { text: text.to_owned(), root: None }))
    }
}

/// Whether `[user:password@]host[:port][/database][?…]` makes sense.
fn tcp(rest: &str) -> Result<(), StoreChoiceError> {
    if rest.contains('#') {
        return Err(StoreChoiceError::Fragment);
    }
    let rest = rest.split('?').next().unwrap_or_default();
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if Authority::parse(host.as_bytes(), &mut [0; Authority::ROOM]).is_err() {
        return Err(StoreChoiceError::Host);
    }
    if !database.is_empty() && database.parse::<u16>().is_err() {
        return Err(StoreChoiceError::Database(database.to_owned()));
    }
    Ok(())
}

impl RedisUrl {
    /// All of it, for whoever dials.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// Whether TLS is spoken with it.
    #[must_use]
    pub fn is_secured(&self) -> bool {
        self.text.starts_with("rediss://")
    }

    /// The file with the only authorities that its certificate may be of; those that the machine believes without one.
    #[must_use]
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// The same server, whose certificate may be of these authorities only.
    #[must_use]
    pub fn believing(self, root: Option<PathBuf>) -> RedisUrl {
        RedisUrl { root, ..self }
    }
}

/// Without what it takes to be let in.
impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.text.split_once("://").unwrap_or_default();
        let rest = rest.split('?').next().unwrap_or_default();
        let place = if scheme == "redis" || scheme == "rediss" { rest.rsplit_once('@').map_or(rest, |(_, place)| place) } else { rest };
        write!(f, "{scheme}://{place}")
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = match text.parse::<StoreChoice>() {
            Ok(StoreChoice::Memory) => "memory".to_owned(),
            Ok(StoreChoice::File) => "file".to_owned(),
            Ok(StoreChoice::Redis(url)) => url.to_string(),
            Err(error) => error.to_string(),
        };
        assert!(shown.starts_with(expected), "{text}: {shown}");
    }

    #[test]
    fn a_store_is_a_word_or_a_url() {
        check("memory", "memory");
        check("file", "file");
        check("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0");
        check("redis://cache.internal", "redis://cache.internal");
        check("redis://[::1]:6380/", "redis://[::1]:6380/");
        check("rediss://me:secret@cache.internal:6380/1", "rediss://cache.internal:6380/1");
        check("redis+unix:///run/redis.sock?db=2&pass=x", "redis+unix:///run/redis.sock");
    }

    #[test]
    fn what_is_none_is_told_with_the_way_out() {
        check("File", "`File` is no store; write `file`, `memory`, or the URL");
        check("", "`` is no store; ");
        check("etcd://127.0.0.1", "`etcd://` is no store; write `redis://");
        check("rediss://127.0.0.1/#insecure", "the URL of the Redis server ends in `#…`, which says nothing here; ");
        check("rediss://127.0.0.1/x", "database `x` of the Redis server is not a whole number; ");
        check("redis://", "the URL of the Redis server names no host");
        check("redis://127.0.0.1:70000/", "the URL of the Redis server names no host");
        check("redis://127.0.0.1/x", "database `x` of the Redis server is not a whole number; ");
        check("redis+unix://run/redis.sock", "the URL of the Redis server names no socket; ");
    }

    #[test]
    fn a_password_is_shown_nowhere() {
        let choice: StoreChoice = "redis://user:p@ss/word@10.0.0.1:6379/1".parse().unwrap_or(StoreChoice::Memory);
        assert!(!format!("{choice:?}").contains("ss"), "{choice:?}");
        let StoreChoice::Redis(url) = "redis://:secret@10.0.0.1:6379/1".parse().unwrap() else { panic!("it is a URL") };
        assert_eq!(
            (format!("{url:?}"), url.to_string()),
            ("RedisUrl(redis://10.0.0.1:6379/1)".to_owned(), "redis://10.0.0.1:6379/1".to_owned())
        );
        assert_eq!(url.reveal(), "redis://:secret@10.0.0.1:6379/1");
    }
}
