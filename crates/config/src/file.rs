//! The configuration file as written: which setting got which words, where.

use std::collections::BTreeMap;

use crate::engines::{self, ENDPOINTS, EngineWords};
use crate::mistake::{Mistake, Source};
use crate::older::{Older, Reader, SERVICE};
use crate::routes;
use crate::settings::{Kind, SETTINGS, Setting, WORKERS};
use crate::variables::{self, Unfilled};
use crate::words::{Environment, Origin, Word, split};
use crate::yaml::{self, Key, Node, Place, Value};

/// The key of the routes; everything else is in [`SETTINGS`], but for [`ENDPOINTS`].
pub(crate) const ROUTES: &str = "routes";

/// What a file says, and what is wrong with it.
#[derive(Debug, Default)]
pub(crate) struct File {
    /// By [`Setting::flag`].
    pub(crate) words: BTreeMap<&'static str, Vec<Word>>,
    /// The engines of the list.
    pub(crate) engines: Vec<EngineWords>,
    /// The routes that make sense.
    pub(crate) routes: Vec<dproxy_route::Route>,
    /// Everything that does not.
    pub(crate) mistakes: Vec<Mistake>,
    /// What is written as older versions wrote it.
    pub(crate) older: Older,
    /// The values that lack a variable. They stand there as written, so more mistakes may have been found in them.
    pub(crate) unfilled: Vec<Unfilled>,
}

impl File {
    /// Reads everything that can be read; a mistake costs only its own key.
    pub(crate) fn read(source: &Source<'_>, environment: &Environment) -> File {
        let mut file = File::default();
        match yaml::parse(source.text) {
            Err(error) => file.mistakes.push(source.mistake(error.place, "", None, error.text)),
            Ok(mut node) => {
                variables::fill(&mut node, environment, &mut file.unfilled);
                file.whole(source, &node);
                // The key of today counts more.
                if let Some(workers) = file.older.workers.take() {
                    file.words.entry(WORKERS.flag).or_insert_with(|| vec![workers]);
                }
            }
        }
        file
    }

    fn whole(&mut self, source: &Source<'_>, node: &Node) {
        match &node.value {
            Value::Nothing => {}
            Value::Map(entries) => self.section(source, "", entries),
            Value::Scalar(_) | Value::List(_) => {
                let text = format!("the file must be made of `key: value` lines, but it is {}", node.value.kind());
                self.mistakes.push(source.mistake(node.place, "", None, text));
            }
        }
    }

    fn section(&mut self, source: &Source<'_>, prefix: &str, entries: &[(Key, Node)]) {
        let mut seen: BTreeMap<&str, Place> = BTreeMap::new();
        for (key, node) in entries {
            let path = format!("{prefix}{}", key.text);
            if let Some(first) = seen.insert(&key.text, key.place) {
                let text = format!("key `{path}` is already there in line {}", first.line);
                self.mistakes.push(source.mistake(key.place, &key.text, None, text));
                continue;
            }
            if let Some(setting) = SETTINGS.iter().find(|setting| setting.key == Some(path.as_str()) && is_plain(&key.text)) {
                self.setting(source, setting, node);
            } else if path == ROUTES {
                self.routes(source, node);
            } else if path == SERVICE {
                Reader { source, older: &mut self.older, mistakes: &mut self.mistakes }.service(node);
            } else if path == ENDPOINTS {
                self.engines = engines::read(source, node, &mut self.mistakes);
            } else if !keys_of(&format!("{path}.")).is_empty() {
                self.subsection(source, &path, node);
            } else {
                let text = unknown_key(prefix, &key.text);
                self.mistakes.push(source.mistake(key.place, &key.text, None, text));
            }
        }
    }

    fn routes(&mut self, source: &Source<'_>, node: &Node) {
        match &node.value {
            Value::Map(entries) => {
                Reader { source, older: &mut self.older, mistakes: &mut self.mistakes }.routes(node.place, entries);
                self.routes = std::mem::take(&mut self.older.routes);
            }
            Value::Nothing | Value::Scalar(_) | Value::List(_) => self.routes = routes::read(source, node, &mut self.mistakes),
        }
    }

    fn subsection(&mut self, source: &Source<'_>, path: &str, node: &Node) {
        match &node.value {
            Value::Nothing => {}
            Value::Map(entries) => self.section(source, &format!("{path}."), entries),
            Value::Scalar(_) | Value::List(_) => {
                let keys = keys_of(&format!("{path}."));
                let text = format!("must be a section with the keys {}, not {}", list(&keys), node.value.kind());
                self.mistakes.push(source.mistake(node.place, "", Some(path.to_owned()), text));
            }
        }
    }

    fn setting(&mut self, source: &Source<'_>, setting: &Setting, node: &Node) {
        let origin = |place: Place| Origin::file(source.path, place.line, place.column, setting.key.map(str::to_owned));
        let words = match (&node.value, setting.kind) {
            (Value::Nothing, _) => return,
            // As in the environment: an empty text counts as not set.
            (Value::Scalar(text), _) if text.is_empty() => return,
            (Value::Scalar(text), _) => split(setting, text, &origin(node.place)),
            (Value::List(items), Kind::List(_)) => {
                let mut words = Vec::new();
                for item in items {
                    match &item.value {
                        Value::Scalar(text) => words.push(Word::new(text, origin(item.place))),
                        other => {
                            let text = format!("must be a list of single values, but this is {}", other.kind());
                            self.mistakes.push(source.mistake(item.place, "", setting.key.map(str::to_owned), text));
                        }
                    }
                }
                words
            }
            (other, kind) => {
                let wanted = if matches!(kind, Kind::List(_)) { "a list or a single value" } else { "a single value" };
                let text = format!("must be {wanted}, not {}", other.kind());
                self.mistakes.push(source.mistake(node.place, "", setting.key.map(str::to_owned), text));
                return;
            }
        };
        self.words.insert(setting.flag, words);
    }
}

/// The keys right below `prefix`, each once.
fn keys_of(prefix: &str) -> Vec<&'static str> {
    let lists = [ENDPOINTS, ROUTES].into_iter();
    let below = SETTINGS.iter().filter_map(|setting| setting.key).chain(lists).filter_map(|key| key.strip_prefix(prefix));
    let mut keys = Vec::new();
    for key in below.map(|rest| rest.split_once('.').map_or(rest, |(key, _)| key)) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// Dots stand between a section and its key in messages, never in a file.
fn is_plain(key: &str) -> bool {
    !key.contains('.')
}

fn unknown_key(prefix: &str, key: &str) -> String {
    let path = format!("{prefix}{key}");
    if let Some((section, name)) = path.split_once('.').filter(|_| prefix.is_empty())
        && SETTINGS.iter().any(|setting| setting.key == Some(path.as_str()))
    {
        return format!("`{path}` is a key of a section; write `{section}:` and below it `{name}:`");
    }
    suggest(&path, key, &keys_of(prefix))
}

/// `unknown key`, and the key that was meant, else all there are.
pub(crate) fn suggest(path: &str, key: &str, known: &[&str]) -> String {
    let key = key.to_ascii_lowercase().replace('-', "_");
    match nearest(&key, known.iter().copied()) {
        Some(candidate) => format!("unknown key `{path}`; did you mean `{candidate}`?"),
        None => format!("unknown key `{path}`; here are {}", list(known)),
    }
}

/// The one of `known` that was most likely meant by `word`; none where no one is near.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let most = (word.len() / 3).max(1) + 1;
    let near = known.into_iter().map(|candidate| (distance(word, candidate), candidate));
    near.filter(|(distance, candidate)| *distance <= most && *distance < candidate.len()).min().map(|(_, candidate)| candidate)
}

/// How many letters must be added, dropped or changed to make one text of the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, letter) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for column in 0..to.len() {
            let change = diagonal + usize::from(to[column] != letter);
            diagonal = row[column + 1];
            row[column + 1] = change.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests;
