//! Everything that was said, wherever it was, as one file that says the same.

use std::fmt::Write as _;
use std::path::Path;

use crate::engines::ENDPOINTS;
use crate::file::{File, ROUTES};
use crate::mistake::Source;
use crate::reference::BEFORE_ENDPOINTS;
use crate::settings::{DOCKER_ENDPOINT, DefaultValue, Kind, SETTINGS, Setting};
use crate::variables;
use crate::words::{Environment, Flags, Origin, Word};
use crate::yaml::{self, Key, Node, Value};

/// Where the comments begin, if there is room.
const COMMENTS: usize = 44;

/// A file in which every key has its value and where that comes from; defaults are comments. What it is read from makes
/// sense already.
pub(crate) fn text(flags: &Flags, environment: &Environment, file: Option<(&Path, &str)>) -> String {
    let source = file.map(|(path, text)| Source::new(path, text));
    let written = source.as_ref().map(|source| File::read(source, environment)).unwrap_or_default();
    let tree = file.and_then(|(_, text)| tree(text, environment));
    let mut text = heading(file.map(|(path, _)| path));
    let (mut last, mut one_engine) = (None, false);
    for (setting, key) in SETTINGS.iter().filter_map(|setting| Some((setting, setting.key?))) {
        let (section, name) = key.split_once('.').map_or((None, key), |(section, name)| (Some(section), name));
        if let Some(section) = section.filter(|section| last != Some(*section)) {
            text.push_str(&format!("{section}:\n"));
        }
        last = section;
        let file = || written.words.get(setting.flag).cloned();
        let words = flags.words(setting).or_else(|| environment.words(setting)).or_else(file);
        let indent = if section.is_some() { "  " } else { "" };
        text.push_str(&line(setting, indent, name, words.as_deref()));
        if setting.flag == DOCKER_ENDPOINT.flag {
            one_engine = words.is_some();
        }
        if setting.flag == BEFORE_ENDPOINTS && !one_engine {
            text.push_str(&list(&tree, ENDPOINTS, "  "));
        }
    }
    text.push_str(&list(&tree, ROUTES, ""));
    text
}

/// The file as a tree, with its variables filled in.
fn tree(text: &str, environment: &Environment) -> Option<Node> {
    // It was read before, so it is YAML, and lacks no variable.
    let mut tree = yaml::parse(text).ok()?;
    variables::fill(&mut tree, environment, &mut Vec::new());
    Some(tree)
}

/// The list at this key of the file, an entry on each line; nothing where there is none.
fn list(tree: &Option<Node>, key: &str, indent: &str) -> String {
    let found = key.split('.').try_fold(tree.as_ref(), |node, name| Some(entry(node?, name)));
    let name = key.rsplit('.').next().unwrap_or(key);
    let entries = match found.flatten().map(|node| (node, &node.value)) {
        Some((_, Value::List(entries))) => entries,
        // As older versions wrote it.
        Some((node, Value::Map(_))) => return format!("{indent}{name}: {}\n", flow(node)),
        Some((_, Value::Nothing | Value::Scalar(_))) | None => return String::new(),
    };
    let entries = entries.iter().map(|entry| format!("{indent}  - {}\n", flow(entry)));
    format!("{indent}{name}:\n{}", entries.collect::<String>())
}

fn entry<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find(|(key, _)| key.text == name).map(|(_, value)| value)
}

/// A part of the file in one line.
fn flow(node: &Node) -> String {
    match &node.value {
        Value::Nothing => "~".to_owned(),
        Value::Scalar(text) => scalar(text),
        Value::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let entry = |(key, value): &(Key, Node)| format!("{}: {}", scalar(&key.text), flow(value));
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

fn heading(path: Option<&Path>) -> String {
    let from = path.map_or_else(|| "there is no file".to_owned(), |path| format!("the file is {}", path.display()));
    format!("# What counts, and where it comes from; {from}.\n")
}

fn line(setting: &Setting, indent: &str, name: &str, words: Option<&[Word]>) -> String {
    let (start, comment) = match (words, setting.default) {
        (Some(words), _) => (format!("{indent}{name}: {}", value(setting, words)), from(words)),
        (None, DefaultValue::Text(text)) => (format!("{indent}#{name}: {text}").trim_end().to_owned(), "default".to_owned()),
        (None, DefaultValue::Depends(words)) => (format!("{indent}#{name}:"), format!("default: {words}")),
    };
    format!("{start:<COMMENTS$} # {comment}\n")
}

fn from(words: &[Word]) -> String {
    match words.first().map(|word| &word.origin) {
        Some(Origin::File { path, line, .. }) => format!("{}:{line}", path.display()),
        Some(origin @ (Origin::Flag(_) | Origin::Environment(_))) => origin.to_string().replace('`', ""),
        None => "an empty list".to_owned(),
    }
}

fn value(setting: &Setting, words: &[Word]) -> String {
    let texts: Vec<String> = words.iter().map(|word| scalar(&word.text)).collect();
    match setting.kind {
        Kind::List(_) => format!("[{}]", texts.join(", ")),
        Kind::One(_) | Kind::Switch => texts.into_iter().next().unwrap_or_default(),
    }
}

/// A text as a value of the file; between quotes wherever YAML could take it for something else.
fn scalar(text: &str) -> String {
    let number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    let word = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let word = word && text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c)) && !text.eq_ignore_ascii_case("null");
    if number || word {
        return text.to_owned();
    }
    let mut quoted = "\"".to_owned();
    for letter in text.replace("${", "$${").chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            // Writing to a text does not fail.
            letter if letter.is_control() => drop(write!(quoted, "\\u{:04x}", u32::from(letter))),
            letter => quoted.push(letter),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Surroundings};

    /// What is shown means what was said, by whomever.
    #[track_caller]
    fn check(words: &str, yaml: &str, lines: &[&str]) {
        let words: Vec<(&str, &str)> = words.split(' ').filter_map(|word| word.split_once('=')).collect();
        let flags = Flags::from_pairs(words.iter().filter_map(|(name, value)| Some((name.strip_prefix("--")?, *value))));
        let environment = Environment::from_pairs(words.iter().filter(|(name, _)| !name.starts_with("--")).copied());
        let surroundings = Surroundings { user: 0, cpus: 3, hostname: "machine".to_owned() };
        let file = Some((Path::new("f"), yaml));
        let shown = text(&flags, &environment, file);
        let resolve = |flags, environment, text| Config::resolve(flags, environment, &surroundings, Some((Path::new("f"), text)));
        let (said, meant) = (resolve(&flags, &environment, yaml).unwrap(), resolve(&Flags::default(), &Environment::default(), &shown));
        assert_eq!(meant.map(|loaded| loaded.config), Ok(said.config), "{shown}");
        for line in lines {
            assert!(shown.lines().any(|shown| shown == *line), "`{line}` is not in {shown}");
        }
    }

    #[test]
    fn every_key_is_shown_with_its_value_and_who_gave_it() {
        check(
            "PORT=81 --workers=4",
            "port: 80\napi:\n  port: 99\n",
            &[
                "# What counts, and where it comes from; the file is f.",
                "port: 81                                     # environment PORT",
                "workers: 4                                   # flag --workers",
                "api:",
                "  port: 99                                   # f:3",
                "  #address: 127.0.0.1                        # default",
                "  #socket:                                   # default: `docker-proxy.sock` in `directories.run`",
            ],
        );
    }

    #[test]
    fn what_is_shown_is_a_file_that_says_the_same() {
        check("", "", &[]);
        check("", "limits: {head_bytes: 8KiB}", &[]);
        check("", "hostname: [\"::1\", 10.0.0.1]\ntrusted: 10.0.0.0/8, ::1", &["hostname: [\"::1\", \"10.0.0.1\"]                # f:1"]);
        check("NAME=a.test", "server_name: ${NAME}\naccess_log: \"/a b#\\\"\\\\\u{fc}\\t\"\npid_path: \"$${X}\"", &[]);
        check("DOCKER_HOST=/c.sock", "docker: {endpoints: [/a.sock, /b.sock]}", &[]);
        check(
            "HOME=/h",
            "docker:\n  dialects: none\n  endpoints:\n    - /a.sock\n    - {endpoint: \"tcp://b:1\", name: east, address: 10.0.0.2}\n",
            &["    - /a.sock", "    - {endpoint: \"tcp://b:1\", name: east, address: \"10.0.0.2\"}"],
        );
        check(
            "IP=10.0.0.1",
            "routes:\n  - host: a.test\n    backends: [\"${IP}:80\"]\n    weight: 3\n  - {host: \"*\", redirect: \"https://{host}\", path: ~}\n",
            &["  - {host: a.test, backends: [\"10.0.0.1:80\"], weight: 3}"],
        );
        check(
            "",
            "routes: {a.test: web, b.test: \"10.0.0.1:80\"}\nservice: {proxy: {workers: 9}}",
            &["workers: 9                                   # f:2"],
        );
    }
}
