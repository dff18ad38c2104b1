//! Which hosts get a certificate when a client asks for them.

use std::str::FromStr;

use dproxy_route::HostPattern;

/// The rule without which nobody gets one so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnDemand {
    /// Nobody but these.
    pub names: Vec<HostPattern>,
    /// Who has to agree besides.
    pub ask: Option<AskUrl>,
    /// So many are ordered within an hour.
    pub most: u32,
}

/// The URL of whoever is asked whether a host gets a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskUrl(String);

/// Why a text is no [`AskUrl`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a URL that can be asked; write one like `http://127.0.0.1:9000/allowed`")]
pub struct AskUrlError(String);

impl OnDemand {
    /// Whether any host may get one.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.names.is_empty()
    }

    /// Whether this canonical name may get one, as far as the names tell.
    #[must_use]
    pub fn allows(&self, name: &str) -> bool {
        self.names.iter().any(|pattern| pattern.matches(name))
    }

    /// Whether every name that `host` stands for may get one.
    #[must_use]
    pub fn covers(&self, host: &HostPattern) -> bool {
        self.names.iter().any(|pattern| match host {
            HostPattern::Exact(name) => pattern.matches(name.as_str()),
            HostPattern::Below(parent) => pattern == host || !pattern.is_exactly(parent.as_str()) && pattern.matches(parent.as_str()),
            HostPattern::Any => pattern == host,
        })
    }
}

impl AskUrl {
    /// The URL that asks about this canonical name.
    #[must_use]
    pub fn about(&self, name: &str) -> String {
        let mark = if self.0.contains('?') { '&' } else { '?' };
        format!("{}{mark}domain={name}", self.0)
    }

    /// The URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AskUrl {
    type Err = AskUrlError;

    fn from_str(text: &str) -> Result<AskUrl, AskUrlError> {
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let host = rest.map(|rest| rest.split(['/', ':', '?']).next().unwrap_or_default());
        let good = plain && host.is_some_and(|host| !host.is_empty());
        good.then(|| AskUrl(text.to_owned())).ok_or_else(|| AskUrlError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(names: &[&str]) -> OnDemand {
        OnDemand { names: names.iter().map(|name| name.parse().unwrap()).collect(), ask: None, most: 1 }
    }

    #[test]
    fn only_what_the_rule_names_is_allowed() {
        let check = |names: &[&str], host: &str, allowed: bool| assert_eq!(rule(names).allows(host), allowed, "{names:?} {host}");
        check(&[], "a.test", false);
        check(&["a.test"], "a.test", true);
        check(&["a.test"], "b.a.test", false);
        check(&["*.a.test"], "b.a.test", true);
        check(&["*.a.test"], "a.test", false);
        check(&["*.a.test"], "ba.test", false);
        check(&["*"], "any.test", true);
    }

    #[test]
    fn a_pattern_is_covered_by_a_wider_one() {
        let check = |names: &[&str], host: &str, covered: bool| {
            assert_eq!(rule(names).covers(&host.parse().unwrap()), covered, "{names:?} {host}");
        };
        check(&["*.a.test"], "*.a.test", true);
        check(&["*.a.test"], "*.b.a.test", true);
        check(&["*.b.a.test"], "*.a.test", false);
        check(&["a.test"], "*.a.test", false);
        check(&["*"], "*.a.test", true);
        check(&["*.a.test"], "*", false);
    }

    #[test]
    fn a_question_names_the_host() {
        let check = |url: &str, expected: &str| assert_eq!(url.parse::<AskUrl>().unwrap().about("a.test"), expected);
        check("http://127.0.0.1:9/ask", "http://127.0.0.1:9/ask?domain=a.test");
        check("https://ask.test", "https://ask.test?domain=a.test");
        check("http://ask.test/?key=1", "http://ask.test/?key=1&domain=a.test");
        let wrong = |url: &str| assert!(url.parse::<AskUrl>().is_err(), "{url}");
        wrong("");
        wrong("ask.test");
        wrong("ftp://ask.test");
        wrong("http://");
        wrong("http:///ask");
        wrong("http://ask.test/a b");
        wrong("http://ask.test/#a");
    }
}
