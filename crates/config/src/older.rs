//! The file as older versions wrote it. It is still read, with a note for each key that has another place now.
//!
//! ```yaml
//! routes:
//!   shop.example.com: shop          # the container of that name
//!   api.example.com: shop:8080      # and its port
//! service:
//!   proxy:
//!     workers: 4
//!     options: {}
//! ```

use std::collections::BTreeMap;

use dproxy_route::{HostPattern, Offer, PathPrefix, Route};

use crate::config::Assignment;
use crate::file::{ROUTES, suggest};
use crate::mistake::{Mistake, Source};
use crate::routes;
use crate::values::Port;
use crate::words::{Origin, Word};
use crate::yaml::{Key, Node, Place, Value};

/// The section of older versions.
pub(crate) const SERVICE: &str = "service";
/// What is in it, and in that.
const PROXY: &str = "proxy";
const KEYS: [&str; 2] = ["workers", "options"];

/// What an older file says.
#[derive(Debug, Default)]
pub(crate) struct Older {
    /// The containers that were given a host name.
    pub(crate) assignments: Vec<Assignment>,
    /// The addresses that were.
    pub(crate) routes: Vec<Route>,
    /// The number of workers.
    pub(crate) workers: Option<Word>,
    /// What its owner should know, one line each.
    pub(crate) notes: Vec<String>,
}

/// Reads what is written in the old way; what makes no sense goes to `mistakes`.
pub(crate) struct Reader<'r> {
    pub(crate) source: &'r Source<'r>,
    pub(crate) older: &'r mut Older,
    pub(crate) mistakes: &'r mut Vec<Mistake>,
}

impl Reader<'_> {
    /// `routes`, as a map of hosts.
    pub(crate) fn routes(&mut self, place: Place, entries: &[(Key, Node)]) {
        let text = "a map of hosts is how older versions wrote it; give the container the label `dproxy.host`, or write \
                    `- host: name` and `backends: [\"10.0.0.5:8080\"]` for an address";
        self.note(place, ROUTES, text);
        let mut seen: BTreeMap<&str, Place> = BTreeMap::new();
        for (number, (key, node)) in (0_u32..).zip(entries) {
            if let Some(first) = seen.insert(&key.text, key.place) {
                self.mistake(key.place, &key.text, ROUTES, format!("host `{}` is already there in line {}", key.text, first.line));
                continue;
            }
            match key.text.parse::<HostPattern>() {
                Ok(host) => self.behind(number, &host, node),
                Err(error) => self.mistake(key.place, &key.text, ROUTES, error.to_string()),
            }
        }
    }

    /// What stands behind a host: one container or address, or several.
    fn behind(&mut self, number: u32, host: &HostPattern, node: &Node) {
        match &node.value {
            Value::Scalar(text) => self.target(number, host, text.trim(), node.place),
            Value::List(items) => items.iter().for_each(|item| self.behind(number, host, item)),
            Value::Nothing | Value::Map(_) => {
                let text = format!("must be `container` or `container:port`, not {}", node.value.kind());
                self.mistake(node.place, "", ROUTES, text);
            }
        }
    }

    fn target(&mut self, number: u32, host: &HostPattern, text: &str, place: Place) {
        if let Ok(backend) = routes::backend_of(text) {
            let offer = Offer::Ports { main: backend, firm: true, others: Vec::new() };
            return self.older.routes.push(Route::written(number, host.clone(), PathPrefix::default(), offer));
        }
        let (container, port) = text.rsplit_once(':').map_or((text, None), |(container, port)| (container, Some(port)));
        let port = port.map(str::parse::<Port>).transpose();
        let known = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        match port {
            Ok(port) if container.starts_with(|c: char| c.is_ascii_alphanumeric()) && container.chars().all(known) => {
                let port = port.map(|Port(port)| port);
                self.older.assignments.push(Assignment { host: host.clone(), container: container.to_owned(), port });
            }
            Ok(_) | Err(_) => {
                let words = format!("`{text}` is neither a container, like `shop` or `shop:8080`, nor an address, like `10.0.0.5:8080`");
                self.mistake(place, text, ROUTES, words);
            }
        }
    }

    /// `service`, with `proxy` in it.
    pub(crate) fn service(&mut self, node: &Node) {
        for (key, node) in self.entries(node, SERVICE) {
            if key.text == PROXY {
                self.proxy(node);
            } else {
                self.unknown(key, SERVICE, &[PROXY]);
            }
        }
    }

    fn proxy(&mut self, node: &Node) {
        let section = format!("{SERVICE}.{PROXY}");
        for (key, node) in self.entries(node, &section) {
            let path = format!("{section}.{}", key.text);
            match (key.text.as_str(), &node.value) {
                ("workers", Value::Scalar(text)) => {
                    let origin = Origin::file(self.source.path, node.place.line, node.place.column, Some(path.clone()));
                    self.older.workers = Some(Word::new(text.trim(), origin));
                    self.note(key.place, &path, "is how older versions wrote it; write `workers`");
                }
                ("workers", Value::Nothing) => {}
                ("workers", Value::List(_) | Value::Map(_)) => {
                    self.mistake(node.place, "", &path, format!("must be a single value, not {}", node.value.kind()));
                }
                ("options", _) => self.note(key.place, &path, "was for the program that older versions ran, and does nothing"),
                _ => self.unknown(key, &section, &KEYS),
            }
        }
    }

    fn entries<'n>(&mut self, node: &'n Node, section: &str) -> &'n [(Key, Node)] {
        match &node.value {
            Value::Nothing => &[],
            Value::Map(entries) => entries,
            Value::Scalar(_) | Value::List(_) => {
                self.mistake(node.place, "", section, format!("must be a section of keys, not {}", node.value.kind()));
                &[]
            }
        }
    }

    fn unknown(&mut self, key: &Key, section: &str, known: &[&str]) {
        let text = suggest(&format!("{section}.{}", key.text), &key.text, known);
        self.mistakes.push(self.source.mistake(key.place, &key.text, None, text));
    }

    fn note(&mut self, place: Place, key: &str, text: &str) {
        let origin = Origin::file(self.source.path, place.line, place.column, Some(key.to_owned()));
        self.older.notes.push(format!("{origin}: {text}"));
    }

    fn mistake(&mut self, place: Place, wrong: &str, key: &str, text: String) {
        self.mistakes.push(self.source.mistake(place, wrong, Some(key.to_owned()), text));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::file::File;
    use crate::mistake::Source;
    use crate::words::Environment;

    /// What an older file comes to: each part on a line, then each mistake.
    #[track_caller]
    fn check(yaml: &str, expected: &[&str]) {
        let file = File::read(&Source::new(Path::new("f"), yaml), &Environment::default());
        let container = file.older.assignments.iter().map(ToString::to_string);
        let route = file.routes.iter().map(|route| format!("{} {} {}", route.owner, route.host, route.backends().next().unwrap().id));
        let words = file.words.iter().map(|(flag, words)| format!("{flag} = {}", words[0].text));
        let mistakes = file.mistakes.iter().map(|mistake| format!("{}: {}", mistake.origin, mistake.text));
        let shown: Vec<String> = container.chain(route).chain(words).chain(mistakes).collect();
        assert_eq!(shown, expected, "{yaml}");
    }

    #[track_caller]
    fn notes(yaml: &str, expected: &[&str]) {
        let file = File::read(&Source::new(Path::new("f"), yaml), &Environment::default());
        let told: Vec<&str> = file.older.notes.iter().map(|note| note.split(';').next().unwrap()).collect();
        assert_eq!(told, expected, "{yaml}");
    }

    #[test]
    fn hosts_lead_to_containers_and_addresses() {
        check("routes: {}\n", &[]);
        check("routes: {a.test: web}\n", &["a.test to web"]);
        check("routes:\n  a.test: web:8080\n  \"*.b.test\": shop_1\n", &["a.test to web:8080", "*.b.test to shop_1"]);
        check(
            "routes: {a.test: 10.0.0.1:80, b.test: \"http://10.0.0.2:80/\"}\n",
            &["routes[0] a.test 10.0.0.1:80", "routes[1] b.test 10.0.0.2:80"],
        );
        check(
            "routes: {a.test: [web, \"web2:81\", \"10.0.0.1:80\"]}\n",
            &["a.test to web", "a.test to web2:81", "routes[0] a.test 10.0.0.1:80"],
        );
        notes("routes: {a.test: web}\n", &["f:1:9: `routes`: a map of hosts is how older versions wrote it"]);
        notes("routes: [{host: a.test, backends: 10.0.0.1:80}]\n", &[]);
    }

    #[test]
    fn workers_are_read_where_they_were() {
        check("service: {proxy: {workers: 4, options: {xfwd: true}}}\n", &["workers = 4"]);
        check("service: {proxy: {workers: 4}}\nworkers: 5\n", &["workers = 5"]);
        check("service:\n", &[]);
        check("service: {proxy: {workers: }}\n", &[]);
        notes(
            "service: {proxy: {workers: 4, options: {}}}\n",
            &[
                "f:1:19: `service.proxy.workers`: is how older versions wrote it",
                "f:1:31: `service.proxy.options`: was for the program that older versions ran, and does nothing",
            ],
        );
    }

    #[test]
    fn what_makes_no_sense_is_told_at_its_place() {
        let neither =
            |text: &str| format!("`{text}` is neither a container, like `shop` or `shop:8080`, nor an address, like `10.0.0.5:8080`");
        for text in ["web:0", "web:x", "we b", "-web", "web:80:81"] {
            check(&format!("routes: {{a.test: \"{text}\"}}\n"), &[&format!("f:1:18: `routes`: {}", neither(text))]);
        }
        check("routes: {a b: web}\n", &["f:1:10: `routes`: `a b` is not a host name"]);
        check("routes: {a.test: {b: c}}\n", &["f:1:18: `routes`: must be `container` or `container:port`, not a section of keys"]);
        check("routes: {a.test: web, a.test: web}\n", &["a.test to web", "f:1:23: `routes`: host `a.test` is already there in line 1"]);
        check("service: {proxi: {}}\n", &["f:1:11: unknown key `service.proxi`; did you mean `proxy`?"]);
        check("service: {proxy: {wrkers: 1}}\n", &["f:1:19: unknown key `service.proxy.wrkers`; did you mean `workers`?"]);
        check("service: 5\n", &["f:1:10: `service`: must be a section of keys, not a single value"]);
        check("service: {proxy: {workers: [1]}}\n", &["f:1:28: `service.proxy.workers`: must be a single value, not a list"]);
    }
}
