//! The routes of the file: which hosts go to which addresses, and which are sent elsewhere.
//!
//! ```yaml
//! routes:
//!   - host: shop.example.com
//!     backends: ["10.0.0.5:8080", "10.0.0.6:8080"]
//!   - hosts: [example.com, "*.example.com"]
//!     path: /api
//!     backends: http://10.0.0.7:9000
//!   - host: grpc.example.com
//!     backends: h2c://10.0.0.8:50051
//!     max_requests: 20
//!   - host: example.com
//!     path: /shop
//!     strip_prefix: true
//!     backends: 10.0.0.9:80
//!   - host: example.com
//!     listen: http
//!     redirect: https://{host}
//!     redirect_code: 308
//!   - host: example.org
//!     backends: ["10.0.0.5:80", "10.0.0.6:80"]
//!     balance: least_conn
//!     check_path: /health
//!   - host: private.example.org
//!     backends: https://10.0.0.5:8443
//!     tls_ca: internal.pem
//!     client_ca: partners.pem
//! ```

use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::sync::LazyLock;

use dproxy_route::{
    Backend, Entrance, HostPattern, Https, Offer, PathPrefix, Redirect, RedirectCode, Rewrite, Route, Scheme, Trust, Tuning,
};

use crate::file::{ROUTES, suggest};
use crate::mistake::{Mistake, Source};
use crate::values::{Number, Port};
use crate::yaml::{Key, Node, Place, Value};

const KEYS: [&str; 12] = [
    "host",
    "hosts",
    "path",
    "listen",
    "strip_prefix",
    "add_prefix",
    "backend",
    "backends",
    "max_requests",
    "proxy_protocol",
    "redirect",
    "redirect_code",
];

/// Words that labels know, too.
static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| Tuning::WORDS.into_iter().chain(Https::WORDS).chain(Trust::WORDS).collect());
/// What the file calls each of [`WORDS`]: its dots would be sections here.
static WORD_KEYS: LazyLock<Vec<String>> = LazyLock::new(|| WORDS.iter().map(|word| word.replace('.', "_")).collect());

/// Every key of an entry.
pub(crate) fn keys() -> impl Iterator<Item = &'static str> {
    KEYS.into_iter().chain(WORD_KEYS.iter().map(String::as_str))
}

/// A text of the file and where it is.
struct Item<'n> {
    text: &'n str,
    place: Place,
}

/// One entry of the list as written.
#[derive(Default)]
struct Entry<'n> {
    hosts: Vec<Item<'n>>,
    path: Option<Item<'n>>,
    listen: Option<Item<'n>>,
    strip_prefix: Option<Item<'n>>,
    add_prefix: Option<Item<'n>>,
    backends: Vec<Item<'n>>,
    /// Of each backend.
    max_requests: Option<Item<'n>>,
    proxy_protocol: Option<Item<'n>>,
    redirect: Option<Item<'n>>,
    redirect_code: Option<Item<'n>>,
    /// What is said in [`WORDS`], each with the place of its word.
    said: Vec<(usize, Item<'n>)>,
}

/// What [`WORDS`] come to.
#[derive(Default)]
struct Manner {
    tuning: Tuning,
    https: Https,
    trust: Trust,
}

/// The routes that make sense; what does not goes to `mistakes`.
pub(crate) fn read(source: &Source<'_>, node: &Node, mistakes: &mut Vec<Mistake>) -> Vec<Route> {
    let entries = match &node.value {
        Value::Nothing => return Vec::new(),
        Value::List(entries) => entries,
        Value::Scalar(_) | Value::Map(_) => {
            let kind = node.value.kind();
            let text = format!("must be a list of `- host: name` with `backends: [\"10.0.0.5:8080\"]`, not {kind}");
            mistakes.push(source.mistake(node.place, "", Some(ROUTES.to_owned()), text));
            return Vec::new();
        }
    };
    let mut routes = Vec::new();
    for (place, node) in (0_u32..).zip(entries) {
        routes.extend(read_entry(source, format!("{ROUTES}[{place}]"), place, node, mistakes));
    }
    routes
}

/// The routes of one entry, called `name`: all, or none when anything is wrong with it.
pub(crate) fn read_entry(source: &Source<'_>, name: String, number: u32, node: &Node, mistakes: &mut Vec<Mistake>) -> Vec<Route> {
    Reader { source, name, mistakes }.routes(number, node)
}

/// Reads one entry.
struct Reader<'r> {
    source: &'r Source<'r>,
    name: String,
    mistakes: &'r mut Vec<Mistake>,
}

impl Reader<'_> {
    /// The routes of one entry: all, or none when anything is wrong with it.
    fn routes(&mut self, number: u32, node: &Node) -> Vec<Route> {
        let before = self.mistakes.len();
        let Some(entry) = self.entry(node) else { return Vec::new() };
        let hosts: Vec<HostPattern> = entry.hosts.iter().filter_map(|item| self.parsed(item)).collect();
        let path: PathPrefix = self.parsed_if_any(&entry.path).unwrap_or_default();
        let strip = entry.strip_prefix.as_ref().and_then(|item| self.good(item, path.part(item.text))).unwrap_or_default();
        let rewrite = Rewrite { strip, add: self.parsed_if_any(&entry.add_prefix).unwrap_or_default() };
        let manner = self.manner(&entry.said);
        let offers = self.offers(&entry, &manner);
        let natural = offers.iter().find_map(|offer| if let Offer::Redirect(redirect) = offer { Some(redirect.entrance()) } else { None });
        let entrance: Entrance = self.parsed_if_any(&entry.listen).or(natural).unwrap_or_default();
        // A list that lost its only item to a mistake is not empty by itself: one mistake is enough.
        if self.mistakes.len() == before && hosts.is_empty() {
            self.mistake(node.place, "", "has no host; write `host: name`, or `host: \"*\"` for every name".to_owned());
        }
        if self.mistakes.len() == before && offers.is_empty() {
            let text = "has no backend; write `backends: [\"10.0.0.5:8080\"]`, or `redirect: https://example.com`";
            self.mistake(node.place, "", text.to_owned());
        }
        if self.mistakes.len() > before {
            return Vec::new();
        }
        let route = |host: &HostPattern, offer: &Offer| {
            let route = Route::written(number, host.clone(), path.clone(), offer.clone());
            Route {
                entrance,
                rewrite: rewrite.clone(),
                pick: manner.tuning.pick.clone(),
                logged: manner.tuning.logged,
                https: manner.https.clone(),
                ..route
            }
        };
        hosts.iter().flat_map(|host| offers.iter().map(move |offer| (host, offer))).map(|(host, offer)| route(host, offer)).collect()
    }

    /// What stands behind an entry: one offer for each backend, or a redirect.
    fn offers(&mut self, entry: &Entry<'_>, manner: &Manner) -> Vec<Offer> {
        let Manner { tuning, trust, https: _ } = manner;
        let announced = self.parsed_if_any(&entry.proxy_protocol);
        let max_requests = entry.max_requests.as_ref().and_then(|item| self.max_requests(item));
        let backends = entry.backends.iter().filter_map(|item| self.backend(item));
        let check = || tuning.check.clone().map(Box::new);
        let backends = backends.map(|backend| Backend {
            max_requests,
            share: tuning.share,
            check: check(),
            trust: trust.clone(),
            announced,
            ..backend
        });
        let mut offers: Vec<Offer> = backends.map(|main| Offer::Ports { main, firm: true, others: Vec::new() }).collect();
        let code: Option<RedirectCode> = self.parsed_if_any(&entry.redirect_code);
        match (&entry.redirect, &entry.redirect_code) {
            (Some(item), _) if !entry.backends.is_empty() => {
                let text = "has `redirect` and `backends`; a request goes to one or the other".to_owned();
                self.mistake(item.place, item.text, text);
            }
            (Some(item), _) => {
                let target = self.parsed(item);
                offers.extend(target.map(|target| Offer::Redirect(Redirect { target, code: code.unwrap_or_default() })));
            }
            (None, Some(item)) => {
                let text = "`redirect_code` needs `redirect`, which says where to".to_owned();
                self.mistake(item.place, item.text, text);
            }
            (None, None) => {}
        }
        offers
    }

    fn entry<'n>(&mut self, node: &'n Node) -> Option<Entry<'n>> {
        let Value::Map(fields) = &node.value else {
            self.mistake(node.place, "", format!("must be `host`, `path` and `backends`, not {}", node.value.kind()));
            return None;
        };
        let mut entry = Entry::default();
        let mut seen: Vec<&Key> = Vec::new();
        for (key, value) in fields {
            if let Some(first) = seen.iter().find(|first| first.text == key.text) {
                self.mistake(key.place, &key.text, format!("key `{}` is already there in line {}", key.text, first.place.line));
                continue;
            }
            seen.push(key);
            match key.text.as_str() {
                "host" | "hosts" => entry.hosts.extend(self.items(key, value)),
                "backend" | "backends" => entry.backends.extend(self.items(key, value)),
                "path" => entry.path = self.single(value, "`path` must be a single value; write one entry for each path"),
                "listen" => entry.listen = self.single(value, "`listen` must be a single value; write one entry for each listener"),
                "strip_prefix" => entry.strip_prefix = self.single(value, "`strip_prefix` must be `true` or a part of the path"),
                "add_prefix" => entry.add_prefix = self.single(value, "`add_prefix` must be a single path"),
                "redirect" => entry.redirect = self.single(value, "`redirect` must be a single URL or path"),
                "redirect_code" => entry.redirect_code = self.single(value, "`redirect_code` must be a single number"),
                "proxy_protocol" => entry.proxy_protocol = self.single(value, "`proxy_protocol` must be `v1` or `v2`"),
                "max_requests" => entry.max_requests = self.single(value, "`max_requests` must be a single number"),
                word => match WORD_KEYS.iter().position(|known| known == word) {
                    Some(place) => {
                        let item = self.single(value, &format!("`{word}` must be a single value"));
                        entry.said.extend(item.map(|item| (place, item)));
                    }
                    None => self.unknown(key),
                },
            }
        }
        Some(entry)
    }

    fn unknown(&mut self, key: &Key) {
        let known: Vec<&str> = keys().collect();
        self.mistake(key.place, &key.text, suggest(&key.text, &key.text, &known));
    }

    /// Everything that is said in [`WORDS`], in the order that it must be said in.
    fn manner(&mut self, said: &[(usize, Item<'_>)]) -> Manner {
        let mut manner = Manner::default();
        let mut said: Vec<&(usize, Item<'_>)> = said.iter().collect();
        said.sort_by_key(|(place, _)| *place);
        for (place, item) in said {
            if let Err(error) = manner.say(WORDS[*place], item.text) {
                self.mistake(item.place, item.text, format!("`{}`: {error}", WORD_KEYS[*place]));
            }
        }
        manner
    }

    /// A single value, if there is one.
    fn single<'n>(&mut self, node: &'n Node, otherwise: &str) -> Option<Item<'n>> {
        match &node.value {
            Value::Nothing => None,
            Value::Scalar(text) => Some(Item { text: text.trim(), place: node.place }),
            Value::List(_) | Value::Map(_) => {
                self.mistake(node.place, "", otherwise.to_owned());
                None
            }
        }
    }

    /// A single value or a list of them.
    fn items<'n>(&mut self, key: &Key, node: &'n Node) -> Vec<Item<'n>> {
        let nodes = match &node.value {
            Value::Nothing => [].as_slice(),
            Value::Scalar(_) => std::slice::from_ref(node),
            Value::List(nodes) => nodes.as_slice(),
            Value::Map(_) => {
                self.mistake(node.place, "", format!("`{}` must be a single value or a list, not {}", key.text, node.value.kind()));
                [].as_slice()
            }
        };
        let mut items = Vec::with_capacity(nodes.len());
        for node in nodes {
            match &node.value {
                Value::Scalar(text) => items.push(Item { text: text.trim(), place: node.place }),
                other => self.mistake(node.place, "", format!("`{}` must be made of single values, not {}", key.text, other.kind())),
            }
        }
        items
    }

    fn parsed_if_any<T: FromStr<Err: std::error::Error>>(&mut self, item: &Option<Item<'_>>) -> Option<T> {
        self.parsed(item.as_ref()?)
    }

    fn parsed<T: FromStr<Err: std::error::Error>>(&mut self, item: &Item<'_>) -> Option<T> {
        self.good(item, item.text.parse())
    }

    fn good<T>(&mut self, item: &Item<'_>, read: Result<T, impl std::error::Error>) -> Option<T> {
        let text = |error: &dyn std::error::Error| match error.source() {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        };
        read.map_err(|error| self.mistake(item.place, item.text, text(&error))).ok()
    }

    fn max_requests(&mut self, item: &Item<'_>) -> Option<u32> {
        let number = item.text.parse::<Number<0, 1_000_000>>();
        let read = number.map(|Number(number)| number);
        read.map_err(|error| self.mistake(item.place, item.text, format!("`max_requests`: {error}; 0 is any number"))).ok()
    }

    fn backend(&mut self, item: &Item<'_>) -> Option<Backend> {
        self.good(item, backend_of(item.text))
    }

    fn mistake(&mut self, place: Place, wrong: &str, text: String) {
        self.mistakes.push(self.source.mistake(place, wrong, Some(self.name.clone()), text));
    }
}

impl Manner {
    fn say(&mut self, word: &str, text: &str) -> Result<(), Box<dyn std::error::Error>> {
        self.tuning.say(word, text)?;
        self.https.say(word, text)?;
        self.trust.say(word, text)?;
        Ok(())
    }
}

/// Why a text is no backend.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BackendError {
    #[error(
        "backend `{0}` has an unknown scheme; write `10.0.0.5:8080`, `http://10.0.0.5:8080`, `https://10.0.0.5:8443` or `h2c://10.0.0.5:8080`"
    )]
    Scheme(String),
    #[error("backend `{0}` has a path; write only address and port")]
    Path(String),
    #[error("backend `{0}` is not an IP address and a port; write one like `10.0.0.5:8080` or `[fd00::5]:8080`")]
    Address(String),
}

pub(crate) fn backend_of(text: &str) -> Result<Backend, BackendError> {
    let (scheme, rest) = match text.split_once("://") {
        None => (Scheme::Http, text),
        Some((scheme, rest)) => (scheme_of(scheme, text)?, rest.strip_suffix('/').unwrap_or(rest)),
    };
    Ok(Backend::speaking(scheme, address_of(rest, text)?))
}

fn scheme_of(scheme: &str, text: &str) -> Result<Scheme, BackendError> {
    match scheme.to_ascii_lowercase().as_str() {
        "http" => Ok(Scheme::Http),
        "h2c" | "grpc" => Ok(Scheme::H2c),
        "https" => Ok(Scheme::Https),
        _ => Err(BackendError::Scheme(text.to_owned())),
    }
}

fn address_of(rest: &str, text: &str) -> Result<SocketAddr, BackendError> {
    let invalid = || BackendError::Address(text.to_owned());
    if rest.contains('/') {
        return Err(BackendError::Path(text.to_owned()));
    }
    let address: SocketAddr = match rest.parse() {
        Ok(address) => address,
        Err(_) => {
            let (host, port) = rest.rsplit_once(':').ok_or_else(invalid)?;
            let Port(port) = port.parse().map_err(|_| invalid())?;
            let host = if host.eq_ignore_ascii_case("localhost") { Ipv4Addr::LOCALHOST } else { return Err(invalid()) };
            SocketAddr::new(host.into(), port)
        }
    };
    if address.port() == 0 || address.ip().is_unspecified() { Err(invalid()) } else { Ok(address) }
}

#[cfg(test)]
mod tests;
