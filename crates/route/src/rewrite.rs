//! What becomes of a request's path on its way to a backend.

use std::fmt;

use crate::PathPrefix;

/// A part of the path that is taken off, and one that is put in front.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Rewrite {
    /// Taken off; the route's own path begins with it. The root takes nothing off.
    pub strip: PathPrefix,
    /// Put in front of what is left.
    pub add: PathPrefix,
}

impl Rewrite {
    /// Whether paths stay as they are.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.strip.is_root() && self.add.is_root()
    }

    /// Writes `target`, a path with or without a query, as the backend gets it.
    ///
    /// What is left of the path always begins with one slash: `//name` would be
    /// another host's address to some.
    pub fn write(&self, target: &[u8], out: &mut Vec<u8>) {
        let stripped = target.strip_prefix(self.strip.as_key().as_bytes()).filter(|_| target.starts_with(b"/"));
        let Some(rest) = stripped.filter(|_| !self.is_nothing()) else { return out.extend_from_slice(target) };
        let rest = if self.strip.is_root() { rest } else { &rest[rest.iter().take_while(|byte| **byte == b'/').count()..] };
        out.extend_from_slice(self.add.as_key().as_bytes());
        if !rest.starts_with(b"/") {
            out.push(b'/');
        }
        out.extend_from_slice(rest);
    }
}

impl fmt::Display for Rewrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.strip.is_root(), self.add.is_root()) {
            (true, true) => f.write_str("nothing"),
            (false, true) => write!(f, "strip {}", self.strip),
            (true, false) => write!(f, "add {}", self.add),
            (false, false) => write!(f, "strip {}, add {}", self.strip, self.add),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(strip: &str, add: &str, target: &str, expected: &str) {
        let rewrite = Rewrite { strip: strip.parse().unwrap(), add: add.parse().unwrap() };
        let mut out = Vec::new();
        rewrite.write(target.as_bytes(), &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected, "{rewrite}: {target}");
    }

    #[test]
    fn prefixes_are_taken_off_and_put_in_front() {
        check("/", "/", "/a/b?c", "/a/b?c");
        check("/", "/", "//a", "//a");
        check("/api", "/", "/api/v1?x=/api", "/v1?x=/api");
        check("/api", "/", "/api", "/");
        check("/api", "/", "/api/", "/");
        check("/api", "/", "/api?x", "/?x");
        check("/api", "/", "/api//evil.test/x", "/evil.test/x");
        check("/api/v1", "/", "/api/v1/x", "/x");
        check("/", "/app", "/x", "/app/x");
        check("/", "/app", "/", "/app/");
        check("/", "/app/v2", "/?q", "/app/v2/?q");
        check("/api", "/app", "/api/x", "/app/x");
        check("/api", "/app", "/api", "/app/");
        check("/", "/app", "*", "*");
        check("/api", "/app", "*", "*");
    }
}
