//! Rules of Traefik's routers: `` Host(`a.test`) && PathPrefix(`/api`) ``.
//!
//! A rule comes to a list of places, each a host and a path. What a place cannot say (headers, methods, negation) is
//! an error: without it the route would get requests that it was not meant for.

/// Longer rules and more places are nobody's intention.
const MAX_LENGTH: usize = 16 * 1024;
const MAX_PLACES: usize = 256;
const MAX_DEPTH: usize = 32;

/// A host and a path that a rule matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// A name, `*.name` or `*`; none where the rule names none.
    pub(super) host: Option<String>,
    /// A prefix; none where the rule names none.
    pub(super) path: Option<String>,
    /// Whether only this very path is meant.
    pub(super) exact: bool,
}

/// Why a rule cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RuleError {
    #[error("`{0}` is expected")]
    Expected(&'static str),
    #[error("`{0}` makes no sense there")]
    Unexpected(String),
    #[error("matcher `{0}` is not supported")]
    Matcher(String),
    #[error("`!` is not supported")]
    Negation,
    #[error("regular expression `{0}` is not supported; only those that mean a name and everything below it are")]
    Expression(String),
    #[error("it never matches")]
    Impossible,
    #[error("it is too long, too deep, or has too many alternatives")]
    Excessive,
}

/// The places that `rule` matches.
pub(super) fn places(rule: &str) -> Result<Vec<Place>, RuleError> {
    if rule.len() > MAX_LENGTH {
        return Err(RuleError::Excessive);
    }
    let mut parser = Parser { rest: rule, depth: 0 };
    let places = parser.alternatives()?;
    match parser.peek() {
        None if places.is_empty() => Err(RuleError::Impossible),
        None => Ok(places),
        Some(_) => Err(RuleError::Unexpected(parser.rest.trim().to_owned())),
    }
}

struct Parser<'r> {
    rest: &'r str,
    depth: usize,
}

impl Parser<'_> {
    /// `a || b`
    fn alternatives(&mut self) -> Result<Vec<Place>, RuleError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(RuleError::Excessive);
        }
        let mut places = self.conjunction()?;
        while self.takes("||") {
            places.extend(self.conjunction()?);
            bounded(&places)?;
        }
        self.depth -= 1;
        Ok(places)
    }

    /// `a && b`
    fn conjunction(&mut self) -> Result<Vec<Place>, RuleError> {
        let mut places = self.matcher()?;
        while self.takes("&&") {
            let others = self.matcher()?;
            if places.len().saturating_mul(others.len()) > MAX_PLACES {
                return Err(RuleError::Excessive);
            }
            places = places.iter().flat_map(|place| others.iter().filter_map(|other| place.and(other))).collect();
        }
        Ok(places)
    }

    /// `(a)` or ``Name(`value`, …)``
    fn matcher(&mut self) -> Result<Vec<Place>, RuleError> {
        if self.takes("!") {
            return Err(RuleError::Negation);
        }
        if self.takes("(") {
            let places = self.alternatives()?;
            return if self.takes(")") { Ok(places) } else { Err(RuleError::Expected(")")) };
        }
        let rest = self.rest.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        if name.is_empty() {
            return Err(rest.chars().next().map_or(RuleError::Expected("Host(…)"), |c| RuleError::Unexpected(c.to_string())));
        }
        self.rest = rest;
        let values = self.values()?;
        let place = |value: &String| place_of(name, value);
        values.iter().map(place).collect()
    }

    fn values(&mut self) -> Result<Vec<String>, RuleError> {
        if !self.takes("(") {
            return Err(RuleError::Expected("("));
        }
        let mut values = Vec::new();
        loop {
            values.push(self.value()?);
            if self.takes(")") {
                return Ok(values);
            }
            if !self.takes(",") {
                return Err(RuleError::Expected(")"));
            }
            if values.len() > MAX_PLACES {
                return Err(RuleError::Excessive);
            }
        }
    }

    fn value(&mut self) -> Result<String, RuleError> {
        let rest = self.rest.trim_start();
        let Some(quote) = rest.chars().next().filter(|quote| matches!(quote, '`' | '"' | '\'')) else {
            return Err(RuleError::Expected("`"));
        };
        let inside = &rest[1..];
        let end = inside.find(quote).ok_or(RuleError::Expected("`"))?;
        self.rest = &inside[end + 1..];
        Ok(inside[..end].to_owned())
    }

    fn takes(&mut self, token: &str) -> bool {
        let rest = self.rest.trim_start().strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn peek(&self) -> Option<char> {
        self.rest.trim_start().chars().next()
    }
}

fn bounded(places: &[Place]) -> Result<(), RuleError> {
    if places.len() > MAX_PLACES { Err(RuleError::Excessive) } else { Ok(()) }
}

fn place_of(name: &str, value: &str) -> Result<Place, RuleError> {
    let host = |host: String| Place { host: Some(host), ..Place::default() };
    let path = |exact| Place { path: Some(value.to_owned()), exact, ..Place::default() };
    match name.to_ascii_lowercase().as_str() {
        "host" | "hostheader" => Ok(host(value.to_ascii_lowercase())),
        "hostregexp" => wildcard_of(value).map(host).ok_or_else(|| RuleError::Expression(value.to_owned())),
        "pathprefix" => Ok(path(false)),
        "path" => Ok(path(true)),
        _ => Err(RuleError::Matcher(name.to_owned())),
    }
}

/// `{sub:[a-z]+}.a.test`, `^.+\.a\.test$` and their like mean `*.a.test`; `.+` means `*`.
fn wildcard_of(expression: &str) -> Option<String> {
    let bare = expression.strip_prefix('^').unwrap_or(expression);
    let bare = bare.strip_suffix('$').unwrap_or(bare);
    let rest = match bare.strip_prefix('{') {
        Some(named) => named.split_once('}')?.1,
        None => [".+", ".*", "[^.]+", "[a-z0-9-]+", "[a-zA-Z0-9-]+", "\\w+"].iter().find_map(|any| bare.strip_prefix(any))?,
    };
    if rest.is_empty() {
        return Some("*".to_owned());
    }
    let name = rest.strip_prefix("\\.").or_else(|| rest.strip_prefix('.'))?.replace("\\.", ".");
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    plain.then(|| format!("*.{}", name.to_ascii_lowercase()))
}

impl Place {
    /// What both match; none where nothing does.
    fn and(&self, other: &Place) -> Option<Place> {
        let host = match (&self.host, &other.host) {
            (Some(one), Some(another)) if one != another => return None,
            (one, another) => one.clone().or_else(|| another.clone()),
        };
        let (path, exact) = match (&self.path, &other.path) {
            (Some(one), Some(another)) if one.starts_with(another.as_str()) && !other.exact => (Some(one.clone()), self.exact),
            (Some(one), Some(another)) if another.starts_with(one.as_str()) && !self.exact => (Some(another.clone()), other.exact),
            (Some(_), Some(_)) => return None,
            (one, another) => (one.clone().or_else(|| another.clone()), self.exact || other.exact),
        };
        Some(Place { host, path, exact })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rule: &str, expected: &str) {
        let shown = match places(rule) {
            Ok(places) => {
                let place = |place: &Place| {
                    let path = place.path.as_deref().unwrap_or_default();
                    format!("{}{path}{}", place.host.as_deref().unwrap_or("-"), if place.exact { "=" } else { "" })
                };
                places.iter().map(place).collect::<Vec<_>>().join(" ")
            }
            Err(error) => format!("! {error}"),
        };
        assert_eq!(shown, expected, "{rule}");
    }

    #[test]
    fn hosts_and_paths_are_places() {
        check("Host(`a.test`)", "a.test");
        check("Host(`A.Test`)", "a.test");
        check("host(\"a.test\")", "a.test");
        check("Host(`a.test`, `b.test`)", "a.test b.test");
        check("HostHeader(`a.test`)", "a.test");
        check("Host(`a.test`) || Host(`b.test`)", "a.test b.test");
        check("Host(`a.test`) && PathPrefix(`/api`)", "a.test/api");
        check("Host(`a.test`)&&(PathPrefix(`/a`)||PathPrefix(`/b`))", "a.test/a a.test/b");
        check("(Host(`a.test`) || Host(`b.test`)) && Path(`/x`)", "a.test/x= b.test/x=");
        check("PathPrefix(`/api`)", "-/api");
        check("Host(`*.a.test`)", "*.a.test");
        check("Host(`a.test`) && PathPrefix(`/a`) && PathPrefix(`/a/b`)", "a.test/a/b");
        check("Host(`a.test`) && Path(`/a/b`) && PathPrefix(`/a`)", "a.test/a/b=");
        check("Host(`a.test`) && Host(`b.test`) || Host(`c.test`)", "c.test");
    }

    #[test]
    fn expressions_that_mean_everything_below_a_name_are_wildcards() {
        check("HostRegexp(`^.+\\.a\\.test$`)", "*.a.test");
        check("HostRegexp(`{sub:[a-z]+}.a.test`)", "*.a.test");
        check("HostRegexp(`[^.]+\\.a\\.test`)", "*.a.test");
        check("HostRegexp(`.+`)", "*");
        check("HostRegexp(`{any:.+}`)", "*");
        check(
            "HostRegexp(`^(a|b)\\.test$`)",
            "! regular expression `^(a|b)\\.test$` is not supported; only those that mean a name and everything below it are",
        );
    }

    #[test]
    fn what_a_place_cannot_say_is_an_error() {
        check("Host(`a.test`) && Headers(`X-A`, `b`)", "! matcher `Headers` is not supported");
        check("Host(`a.test`) && Method(`GET`)", "! matcher `Method` is not supported");
        check("Host(`a.test`) && ClientIP(`10.0.0.0/8`)", "! matcher `ClientIP` is not supported");
        check("Host(`a.test`) && !PathPrefix(`/api`)", "! `!` is not supported");
        check("Host(`a.test`) && Host(`b.test`)", "! it never matches");
        check("", "! `Host(…)` is expected");
        check("Host", "! `(` is expected");
        check("Host(a.test)", "! ``` is expected");
        check("Host(`a.test", "! ``` is expected");
        check("Host(`a.test`", "! `)` is expected");
        check("Host(`a.test`) Host(`b.test`)", "! `Host(`b.test`)` makes no sense there");
        check("(Host(`a.test`)", "! `)` is expected");
        check("&& Host(`a.test`)", "! `&` makes no sense there");
        check(&"(".repeat(10_000), "! it is too long, too deep, or has too many alternatives");
        check(&["Host(`a`)"; 300].join("||"), "! it is too long, too deep, or has too many alternatives");
        let wide = ["Host(`a`)"; 20].join("||");
        check(&format!("({wide})&&({wide})"), "! it is too long, too deep, or has too many alternatives");
    }

    #[test]
    fn no_text_is_too_odd_for_the_parser() {
        let pieces = ["Host", "(", ")", "`", "a.test", "&&", "||", "!", ",", " ", "PathPrefix", "/ä", "\"", "{", "}", "\u{0}"];
        let mut state = 1_u32;
        for _ in 0..20_000 {
            let text: String = (0..12)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    pieces[usize::try_from(state >> 28).unwrap()]
                })
                .collect();
            // Whatever it says, it comes back.
            let _ = places(&text);
        }
    }
}
