//! The engines of the file, where there is more than one: `docker.endpoints`.
//!
//! ```yaml
//! docker:
//!   endpoints:
//!     - unix:///var/run/docker.sock
//!     - endpoint: tcp://10.0.0.5:2376
//!       name: east
//!       address: 10.0.0.5
//!       cert_path: /etc/docker-proxy/east
//! ```

use std::collections::BTreeMap;

use crate::file::suggest;
use crate::mistake::{Mistake, Source};
use crate::words::{Origin, Word};
use crate::yaml::{Key, Node, Place, Value};

/// The key of the list.
pub(crate) const ENDPOINTS: &str = "docker.endpoints";

/// Every key of an entry.
pub(crate) const KEYS: [&str; 6] = ["endpoint", "name", "address", "tls_verify", "cert_path", "container_addresses"];

/// One entry of the list as written; it names an endpoint.
#[derive(Debug)]
pub(crate) struct EngineWords {
    /// Where the engine is.
    pub(crate) endpoint: Word,
    /// What else is said about it.
    others: BTreeMap<&'static str, Word>,
}

impl EngineWords {
    pub(crate) fn get(&self, key: &str) -> Option<&Word> {
        self.others.get(key)
    }
}

/// The entries that name an endpoint; what else is there goes to `mistakes`.
pub(crate) fn read(source: &Source<'_>, node: &Node, mistakes: &mut Vec<Mistake>) -> Vec<EngineWords> {
    let entries = match &node.value {
        Value::Nothing => return Vec::new(),
        Value::List(entries) => entries.as_slice(),
        Value::Scalar(_) | Value::Map(_) => {
            let text = format!("must be a list of endpoints, not {}; write `- unix:///var/run/docker.sock` for each", node.value.kind());
            mistakes.push(source.mistake(node.place, "", Some(ENDPOINTS.to_owned()), text));
            return Vec::new();
        }
    };
    let read_entry = |(number, node): (usize, &Node)| {
        let mut reader = Reader { source, name: format!("{ENDPOINTS}[{number}]"), mistakes: &mut *mistakes };
        reader.entry(node)
    };
    entries.iter().enumerate().filter_map(read_entry).collect()
}

/// Reads one entry.
struct Reader<'r> {
    source: &'r Source<'r>,
    name: String,
    mistakes: &'r mut Vec<Mistake>,
}

impl Reader<'_> {
    fn entry(&mut self, node: &Node) -> Option<EngineWords> {
        match &node.value {
            Value::Scalar(text) => Some(EngineWords { endpoint: self.word(text, node.place), others: BTreeMap::new() }),
            Value::Map(fields) => self.fields(node, fields),
            Value::Nothing | Value::List(_) => {
                let text = format!("must be an endpoint, or `endpoint` and what else is known of it, not {}", node.value.kind());
                self.mistake(node.place, "", text);
                None
            }
        }
    }

    fn fields(&mut self, node: &Node, fields: &[(Key, Node)]) -> Option<EngineWords> {
        let mut others = BTreeMap::new();
        let before = self.mistakes.len();
        for (key, value) in fields {
            let Some(known) = KEYS.into_iter().find(|known| *known == key.text) else {
                self.mistake(key.place, &key.text, suggest(&key.text, &key.text, &KEYS));
                continue;
            };
            let word = match &value.value {
                Value::Nothing => continue,
                Value::Scalar(text) => self.word(text, value.place),
                Value::List(_) | Value::Map(_) => {
                    self.mistake(value.place, "", format!("`{known}` must be a single value, not {}", value.value.kind()));
                    continue;
                }
            };
            if others.insert(known, word).is_some() {
                self.mistake(key.place, &key.text, format!("key `{known}` is there twice"));
            }
        }
        let endpoint = others.remove("endpoint");
        // An entry that lost its endpoint to a mistake does not lack one: one mistake is enough.
        if endpoint.is_none() && self.mistakes.len() == before {
            self.mistake(node.place, "", "has no endpoint; write `endpoint: tcp://10.0.0.5:2376`".to_owned());
        }
        Some(EngineWords { endpoint: endpoint?, others })
    }

    fn word(&self, text: &str, place: Place) -> Word {
        Word::new(text.trim(), Origin::file(self.source.path, place.line, place.column, Some(self.name.clone())))
    }

    fn mistake(&mut self, place: Place, wrong: &str, text: String) {
        self.mistakes.push(self.source.mistake(place, wrong, Some(self.name.clone()), text));
    }
}
