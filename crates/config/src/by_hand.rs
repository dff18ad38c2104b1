//! A route that an operator adds while everything runs: an entry as in the file, and how long it lives.
//!
//! ```json
//! {"host": "shop.example.com", "backends": ["10.0.0.5:8080"], "lifetime": "10m"}
//! ```

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use dproxy_route::{Owner, Route};

use crate::mistake::{Mistake, Source};
use crate::routes;
use crate::values::Time;
use crate::yaml::{self, Key, Node, Value};

/// The key beside those of the file's routes.
const LIFETIME: &str = "lifetime";

/// What the text is called in messages.
const NAME: &str = "route";

/// What somebody asks for; it has no number yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandRoute {
    /// As it was written, JSON or YAML.
    text: String,
    routes: Vec<Route>,
    lifetime: Option<Duration>,
}

/// Everything that is wrong with a text, in one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the route makes no sense: {0}")]
pub struct HandRouteError(String);

impl HandRoute {
    /// A route in a few words: `place` is a host, with a path behind it or without.
    ///
    /// # Errors
    /// Everything that makes no sense.
    pub fn of(place: &str, backends: &[String], lifetime: Option<&str>) -> Result<HandRoute, HandRouteError> {
        let (host, path) = place.find('/').map_or((place, "/"), |slash| place.split_at(slash));
        let mut route = serde_json::json!({"host": host, "path": path, "backends": backends});
        if let Some(lifetime) = lifetime {
            route[LIFETIME] = lifetime.into();
        }
        route.to_string().parse()
    }

    /// As it was written: parsing it makes the same again.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How long it lives; none is until it is removed.
    #[must_use]
    pub fn lifetime(&self) -> Option<Duration> {
        self.lifetime
    }

    /// Its routes, once it has a number.
    #[must_use]
    pub fn routes(&self, id: u32) -> Vec<Route> {
        self.routes.iter().cloned().map(|route| Route { owner: Owner::Hand { id }, ..route }).collect()
    }

    /// Whether both lead the same requests to the same place, for however long.
    #[must_use]
    pub fn is_same_as(&self, other: &HandRoute) -> bool {
        self.routes == other.routes
    }
}

impl FromStr for HandRoute {
    type Err = HandRouteError;

    fn from_str(text: &str) -> Result<HandRoute, HandRouteError> {
        // JSON is YAML, so the reader of the file reads both.
        let source = Source::new(Path::new(NAME), text);
        let mut node = yaml::parse(text).map_err(|error| HandRouteError(error.text))?;
        let Value::Map(fields) = &mut node.value else {
            let text = "write it like `{\"host\": \"shop.example.com\", \"backends\": [\"10.0.0.5:8080\"], \"lifetime\": \"10m\"}`";
            return Err(HandRouteError(text.to_owned()));
        };
        let said: Vec<(Key, Node)> = fields.extract_if(.., |(key, _)| key.text == LIFETIME).collect();
        let mut mistakes = Vec::new();
        let routes = routes::read_entry(&source, NAME.to_owned(), 0, &node, &mut mistakes);
        let mut errors: Vec<String> = mistakes.into_iter().map(|Mistake { text, .. }| text).collect();
        let lifetime = lifetime_of(&said).map_err(|error| errors.push(error)).unwrap_or_default();
        if errors.is_empty() { Ok(HandRoute { text: text.to_owned(), routes, lifetime }) } else { Err(HandRouteError(errors.join("; "))) }
    }
}

fn lifetime_of(said: &[(Key, Node)]) -> Result<Option<Duration>, String> {
    match said {
        [] => Ok(None),
        [(_, Node { value: Value::Nothing, .. })] => Ok(None),
        [(_, Node { value: Value::Scalar(text), .. })] => {
            let time = text.parse::<Time>().map_err(|error| format!("`{LIFETIME}`: {error}"))?;
            Ok(Some(time.0))
        }
        [_] => Err(format!("`{LIFETIME}` must be a single time like `10m`")),
        _ => Err(format!("`{LIFETIME}` is there more than once")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_in_a_few_words_is_the_one_that_was_written() {
        let backends = ["10.0.0.5:8080".to_owned(), "https://10.0.0.6:8443".to_owned()];
        let short = HandRoute::of("shop.test/api", &backends, Some("10m")).unwrap();
        let long: HandRoute =
            "{host: shop.test, path: /api, backends: [\"10.0.0.5:8080\", \"https://10.0.0.6:8443\"], lifetime: 10m}".parse().unwrap();
        assert!(short.is_same_as(&long) && short.lifetime() == long.lifetime());
        assert!(HandRoute::of("shop.test", &backends, None).is_ok_and(|route| route.lifetime().is_none()));
        let wrong = |place: &str, backend: &str, lifetime| HandRoute::of(place, &[backend.to_owned()], lifetime).unwrap_err().to_string();
        assert!(wrong("a b", "10.0.0.5:80", None).contains("a b"), "{}", wrong("a b", "10.0.0.5:80", None));
        assert!(wrong("a.test", "shop", None).contains("backend `shop` is not an IP address and a port"));
        assert!(wrong("a.test", "10.0.0.5:80", Some("soon")).contains("`lifetime`: `soon`"));
        assert!(wrong("a.test", "\"]}", None).contains("is not an IP address"));
    }

    /// The routes of a text and how long they live, or why it makes no sense.
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = match text.parse::<HandRoute>() {
            Ok(route) => {
                assert_eq!(route.text().parse(), Ok(route.clone()), "what is kept makes the same again");
                let routes = route.routes(7);
                let word = |route: &Route| {
                    let backend = route.backends().map(|backend| backend.address.to_string()).collect::<String>();
                    format!("{} {}{} -> {backend}", route.owner, route.host, route.path)
                };
                let routes = routes.iter().map(word).collect::<Vec<_>>().join(", ");
                format!("{routes}{}", route.lifetime().map(|time| format!(" for {time:?}")).unwrap_or_default())
            }
            Err(error) => error.to_string(),
        };
        assert!(shown.starts_with(expected), "{text}\n  gives    {shown}\n  expected {expected}");
    }

    #[test]
    fn the_words_are_those_of_the_file_and_a_lifetime() {
        check(r#"{"host": "a.test", "backends": ["10.0.0.5:80"]}"#, "by hand, 7 a.test/ -> 10.0.0.5:80");
        check("host: a.test\nbackend: 10.0.0.5:80\nlifetime: 10m", "by hand, 7 a.test/ -> 10.0.0.5:80 for 600s");
        check(r#"{"hosts": ["a.test", "*.b.test"], "path": "/x", "backend": "10.0.0.5:80", "lifetime": "1h"}"#, "by hand, 7 a.test/x -> ");
        check(r#"{"host": "a.test", "backend": "10.0.0.5:80", "lifetime": null}"#, "by hand, 7 a.test/ -> 10.0.0.5:80");
    }

    #[test]
    fn what_makes_no_sense_says_why() {
        let wrong = |text: &str, expected: &str| check(text, &format!("the route makes no sense: {expected}"));
        wrong("", "write it like `{");
        wrong("[]", "write it like `{");
        wrong("7", "write it like `{");
        wrong("{", "");
        wrong(r#"{"host": "a.test"}"#, "has no backend; write ");
        wrong(r#"{"backend": "10.0.0.5:80"}"#, "has no host; write ");
        wrong(r#"{"host": "a..test", "backend": "10.0.0.5"}"#, "`a..test` is ");
        wrong(r#"{"host": "a.test", "backend": "10.0.0.5:80", "lifetime": "soon"}"#, "`lifetime`: ");
        wrong(r#"{"host": "a.test", "backend": "10.0.0.5:80", "lifetime": "0s"}"#, "`lifetime`: ");
        wrong(r#"{"host": "a.test", "backend": "10.0.0.5:80", "lifetime": ["1m"]}"#, "`lifetime` must be a single time like `10m`");
        wrong(r#"{"host": "a.test", "backend": "10.0.0.5:80", "lifetimes": "1m"}"#, "unknown key `lifetimes`");
    }
}
