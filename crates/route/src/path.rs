//! Path prefixes that end on segment borders.

use std::fmt;
use std::str::FromStr;

/// The part of a path that a route claims: `/` or `/api`. `/api` claims `/api`,
/// `/api/` and `/api/v1`, but not `/apix`.
///
/// Kept without a trailing slash; the root is the empty string.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct PathPrefix(String);

/// Why a text is no path prefix.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It does not begin with a slash.
    #[error("path `{0}` must begin with `/`")]
    NotAbsolute(String),
    /// It holds a blank, a control character, `?` or `#`.
    #[error("path `{0}` must not hold blanks, `?` or `#`")]
    Forbidden(String),
    /// It is no part of another one that it must be a part of.
    #[error("`{text}` is neither `true` nor `false` nor a part at the front of the path `{path}`")]
    NoPart {
        /// What was written.
        text: String,
        /// Of which it is none.
        path: PathPrefix,
    },
}

impl PathPrefix {
    /// The prefix of every path.
    #[must_use]
    pub fn root() -> PathPrefix {
        PathPrefix::default()
    }

    /// Without the trailing slash; empty for the root.
    #[must_use]
    pub fn as_key(&self) -> &str {
        &self.0
    }

    /// The part at its front that `text` means: all of it (`true`), nothing (`false`), or this much (`/api`).
    ///
    /// # Errors
    /// When the path does not begin with `text`.
    pub fn part(&self, text: &str) -> Result<PathPrefix, PathError> {
        match text {
            "true" => Ok(self.clone()),
            "false" => Ok(PathPrefix::root()),
            _ => {
                let part: Option<PathPrefix> = text.parse().ok().filter(|part: &PathPrefix| part.covers(self));
                part.ok_or_else(|| PathError::NoPart { text: text.to_owned(), path: self.clone() })
            }
        }
    }

    /// Whether every path that `other` claims is claimed by this one, too.
    #[must_use]
    pub fn covers(&self, other: &PathPrefix) -> bool {
        self.covers_path(other.as_key().as_bytes())
    }

    /// Whether it claims this path, as it was sent.
    #[must_use]
    pub fn covers_path(&self, path: &[u8]) -> bool {
        path.strip_prefix(self.0.as_bytes()).is_some_and(|rest| self.is_root() || rest.is_empty() || rest.starts_with(b"/"))
    }

    /// Whether this is `/`.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for PathPrefix {
    type Err = PathError;

    fn from_str(text: &str) -> Result<PathPrefix, PathError> {
        if !text.starts_with('/') {
            return Err(PathError::NotAbsolute(text.to_owned()));
        }
        let forbidden = |byte: u8| byte <= b' ' || byte == 0x7f || byte == b'?' || byte == b'#';
        if text.bytes().any(forbidden) {
            return Err(PathError::Forbidden(text.to_owned()));
        }
        Ok(PathPrefix(text.trim_end_matches('/').to_owned()))
    }
}

impl fmt::Display for PathPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "/" } else { &self.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        match text.parse::<PathPrefix>() {
            Ok(path) => assert_eq!(path.to_string(), expected),
            Err(error) => assert_eq!(error.to_string(), expected),
        }
    }

    #[test]
    fn paths_are_kept_without_trailing_slash() {
        check("/", "/");
        check("/api/", "/api");
        check("/api/v1", "/api/v1");
        check("api", "path `api` must begin with `/`");
        check("", "path `` must begin with `/`");
        check("/a b", "path `/a b` must not hold blanks, `?` or `#`");
        check("/a?b", "path `/a?b` must not hold blanks, `?` or `#`");
    }

    #[test]
    fn a_prefix_claims_whole_segments() {
        let claims = |prefix: &str, path: &str| prefix.parse::<PathPrefix>().unwrap().covers_path(path.as_bytes());
        assert!(claims("/", "/x") && claims("/", "*") && claims("/api", "/api") && claims("/api", "/api/") && claims("/api", "/api/v1"));
        assert!(!claims("/api", "/apix") && !claims("/api", "/") && !claims("/api/v1", "/api"));
    }
}
