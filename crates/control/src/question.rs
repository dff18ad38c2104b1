//! A request that an operator wonders about.

use std::fmt;
use std::str::FromStr;

use dproxy_route::{Authority, HostError, Listener, Protocol};

/// A URL, as somebody would ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    protocol: Protocol,
    /// Host, and port where there is one.
    authority: String,
    /// With its query.
    target: String,
}

/// Why a text is no URL that could be asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
    /// It begins with another scheme.
    #[error("`{0}` is neither `http` nor `https`; write a URL like `https://shop.example.com/path`")]
    Scheme(String),
    /// There is no good host in it.
    #[error("`{text}` has no good host ({cause}); write a URL like `https://shop.example.com/path`")]
    Host {
        /// The whole.
        text: String,
        /// What is wrong with it.
        cause: HostError,
    },
    /// The path holds what no request line can hold.
    #[error("path `{0}` holds a blank or a control character, which is written with `%` in a URL")]
    Path(String),
}

impl Question {
    /// Asks `answer` with the host, the port that it is asked at, and the path without the query.
    /// Without a port in the URL it is the protocol's own, or where `listens` has no such one, the first it has.
    ///
    /// # Panics
    /// Never: the host was parsed before.
    pub fn put<T>(&self, listens: &[u16], answer: impl FnOnce(Authority<'_>, Listener, &[u8]) -> T) -> T {
        let mut room = [0; Authority::ROOM];
        let authority = Authority::parse(self.authority.as_bytes(), &mut room).expect("it was parsed before");
        let usual = authority.port.unwrap_or(self.protocol.default_port());
        let port = if listens.contains(&usual) { usual } else { listens.first().copied().unwrap_or(usual) };
        let path = self.target.split('?').next().unwrap_or_default();
        answer(authority, Listener { protocol: self.protocol, port }, path.as_bytes())
    }

    /// What the client speaks.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Path and query.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }
}

impl FromStr for Question {
    type Err = QuestionError;

    fn from_str(text: &str) -> Result<Question, QuestionError> {
        let text = text.trim();
        let (protocol, rest) = match text.split_once("://") {
            None => (Protocol::Http, text),
            Some((scheme, rest)) => (scheme.parse().map_err(|_| QuestionError::Scheme(scheme.to_owned()))?, rest),
        };
        // A fragment never leaves the browser.
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let mut room = [0; Authority::ROOM];
        if let Err(cause) = Authority::parse(authority.as_bytes(), &mut room) {
            return Err(QuestionError::Host { text: text.to_owned(), cause });
        }
        if target.contains(|character: char| character.is_whitespace() || character.is_control()) {
            return Err(QuestionError::Path(target.to_owned()));
        }
        let slash = if target.starts_with('/') { "" } else { "/" };
        Ok(Question { protocol, authority: authority.to_owned(), target: format!("{slash}{target}") })
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.protocol, self.authority, self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = match text.parse::<Question>() {
            Ok(question) => question.put(&[80, 8080], |authority, listener, path| {
                let path = String::from_utf8_lossy(path);
                format!("{question} is {} at {}:{} for {path}", authority.host, listener.protocol, listener.port)
            }),
            Err(error) => error.to_string(),
        };
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_url_is_a_question() {
        check("http://Shop.test/a?b#c", "http://Shop.test/a?b is shop.test at http:80 for /a");
        check("shop.test", "http://shop.test/ is shop.test at http:80 for /");
        check("shop.test:8080?x", "http://shop.test:8080/?x is shop.test at http:8080 for /");
        check("https://[::1]/", "https://[::1]/ is [::1] at https:80 for /");
        check("HTTP://a.test:99/", "http://a.test:99/ is a.test at http:80 for /");
    }

    #[test]
    fn what_is_no_url_is_told_with_the_way_out() {
        let way_out = "write a URL like `https://shop.example.com/path`";
        check("ftp://a.test/", &format!("`ftp` is neither `http` nor `https`; {way_out}"));
        check("", &format!("`` has no good host (host name is empty); {way_out}"));
        check("/path", &format!("`/path` has no good host (host name is empty); {way_out}"));
        check("http://a b/", &format!("`http://a b/` has no good host (`a b` is not a host name); {way_out}"));
        check(
            "http://*.test/",
            &format!("`http://*.test/` has no good host (`*.test` has a `*` that is not the whole first label); {way_out}"),
        );
        check("http://u@a.test/", &format!("`http://u@a.test/` has no good host (`u@a.test` is not a host name); {way_out}"));
        check("http://a.test/a b", "path `/a b` holds a blank or a control character, which is written with `%` in a URL");
    }
}
