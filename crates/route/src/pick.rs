//! How one of several backends is chosen for a request.

use std::fmt;
use std::str::FromStr;

use crate::PathPrefix;

/// What the replicas of a route say about being chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct PickPolicy {
    /// None where nobody said so, and the settings do.
    pub algorithm: Option<Algorithm>,
    /// Whether a client stays with the backend it had.
    pub sticky: Option<Box<Sticky>>,
}

/// How the next backend is found. Weights count in each of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub enum Algorithm {
    /// Of the next in turn and another one at random, the one with fewer requests under way in all workers.
    #[default]
    TwoChoices,
    /// Each in turn.
    RoundRobin,
    /// The one with the fewest requests under way in all workers.
    LeastConnections,
    /// Any.
    Random,
    /// Of two at random, the one that answers sooner by what was seen of it lately, slow answers remembered longest.
    Fastest,
    /// The same one for the same key, as long as it is there and not much busier than the others.
    Hash(HashBy),
}

/// What of a request is its key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub enum HashBy {
    /// The client's address.
    Client,
    /// A field of the head.
    Header(String),
    /// A cookie.
    Cookie(String),
}

/// The cookie by which a client stays with the backend it had.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Sticky {
    /// Its name.
    pub name: String,
    /// The paths that it is sent with: the table fills in the route's.
    pub path: PathPrefix,
    /// Sent over TLS only.
    pub secure: bool,
    /// Whether requests that other sites make bring it.
    pub same_site: SameSite,
    /// In seconds; without it the client forgets it when it is closed.
    pub max_age: Option<u32>,
}

/// Whether requests that other sites make bring a cookie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub enum SameSite {
    /// Those that open a page.
    #[default]
    Lax,
    /// None of them.
    Strict,
    /// All of them; browsers want it to be secure then.
    None,
}

/// Why a text is no algorithm.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of `p2c`, `round_robin`, `least_conn`, `random`, `ewma`, `hash:ip`, `hash:header:NAME` and `hash:cookie:NAME`")]
pub struct AlgorithmError(String);

impl FromStr for Algorithm {
    type Err = AlgorithmError;

    fn from_str(text: &str) -> Result<Algorithm, AlgorithmError> {
        let text = text.trim();
        let algorithm = match text.to_ascii_lowercase().replace(['-', ' '], "_").as_str() {
            "p2c" | "two_choices" => Algorithm::TwoChoices,
            "round_robin" | "roundrobin" | "weighted" | "wrr" => Algorithm::RoundRobin,
            "least_conn" | "leastconn" | "least_connections" => Algorithm::LeastConnections,
            "random" => Algorithm::Random,
            "ewma" | "peak_ewma" => Algorithm::Fastest,
            "hash:ip" | "ip_hash" | "source" => Algorithm::Hash(HashBy::Client),
            _ => Algorithm::Hash(HashBy::named(text).ok_or_else(|| AlgorithmError(text.to_owned()))?),
        };
        Ok(algorithm)
    }
}

impl HashBy {
    /// `hash:header:NAME` or `hash:cookie:NAME`.
    fn named(text: &str) -> Option<HashBy> {
        let mut words = text.splitn(3, ':');
        let (hash, kind, name) = (words.next()?, words.next()?, words.next()?);
        if !hash.eq_ignore_ascii_case("hash") || !is_token(name) {
            return None;
        }
        match kind.to_ascii_lowercase().as_str() {
            "header" => Some(HashBy::Header(name.to_owned())),
            "cookie" => Some(HashBy::Cookie(name.to_owned())),
            _ => None,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Algorithm::TwoChoices => f.write_str("p2c"),
            Algorithm::RoundRobin => f.write_str("round_robin"),
            Algorithm::LeastConnections => f.write_str("least_conn"),
            Algorithm::Random => f.write_str("random"),
            Algorithm::Fastest => f.write_str("ewma"),
            Algorithm::Hash(HashBy::Client) => f.write_str("hash:ip"),
            Algorithm::Hash(HashBy::Header(name)) => write!(f, "hash:header:{name}"),
            Algorithm::Hash(HashBy::Cookie(name)) => write!(f, "hash:cookie:{name}"),
        }
    }
}

impl Default for Sticky {
    fn default() -> Sticky {
        Sticky { name: "dproxy".to_owned(), path: PathPrefix::root(), secure: false, same_site: SameSite::Lax, max_age: None }
    }
}

impl SameSite {
    /// As the cookie says it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            SameSite::Lax => "Lax",
            SameSite::Strict => "Strict",
            SameSite::None => "None",
        }
    }
}

/// Whether this can be the name of a field or a cookie (RFC 9110 §5.6.2).
pub(crate) fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        match text.parse::<Algorithm>() {
            Ok(algorithm) => assert_eq!(algorithm.to_string(), expected),
            Err(error) => assert!(error.to_string().starts_with(expected), "{error}"),
        }
    }

    #[test]
    fn an_algorithm_has_one_name_and_is_known_by_its_usual_others() {
        check("p2c", "p2c");
        check(" Round-Robin ", "round_robin");
        check("weighted", "round_robin");
        check("leastconn", "least_conn");
        check("random", "random");
        check("peak_ewma", "ewma");
        check("ip_hash", "hash:ip");
        check("hash:header:X-Tenant", "hash:header:X-Tenant");
        check("HASH:Cookie:sid", "hash:cookie:sid");
        check("hash:header:", "`hash:header:` is none of `p2c`, ");
        check("hash:header:a b", "`hash:header:a b` is none of ");
        check("hash:body:x", "`hash:body:x` is none of ");
        check("hash:", "`hash:` is none of ");
        check("", "`` is none of ");
        check("best", "`best` is none of ");
    }
}
