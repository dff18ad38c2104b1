//! The text of a configuration file as a tree that remembers its places.
//!
//! Only this module knows the YAML library. Every scalar is kept as the text
//! that was written, because a value means the same wherever it comes from:
//! flag, environment or file.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_yaml::{DuplicateKeyPolicy, Location, NonFiniteFloatPolicy, Options, Spanned};

/// Room for tens of thousands of routes; the library's own figures end earlier.
const MOST_NODES: usize = 4_000_000;

/// A value and where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// Where it begins.
    pub(crate) place: Place,
    /// What it is.
    pub(crate) value: Value,
}

/// What a node can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// Nothing, `~` or `null`.
    Nothing,
    /// Text, number or truth value, as text.
    Scalar(String),
    /// A list.
    List(Vec<Node>),
    /// Keys and values, in the order written; a key may be there twice.
    Map(Vec<(Key, Node)>),
}

/// The key of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// Where it is.
    pub(crate) place: Place,
    /// What it says.
    pub(crate) text: String,
}

/// A line and a column, both counted from one; zero where the library could not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Line.
    pub(crate) line: usize,
    /// Column, in characters.
    pub(crate) column: usize,
}

/// Why a text is no YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotYaml {
    /// Where it went wrong.
    pub(crate) place: Place,
    /// What went wrong.
    pub(crate) text: String,
}

/// Reads `text`.
pub(crate) fn parse(text: &str) -> Result<Node, NotYaml> {
    serde_yaml::from_str_with_options(text, options())
        .map_err(|error| NotYaml { place: error.location().map(Place::from).unwrap_or_default(), text: plain_message(&error) })
}

impl Value {
    /// The kind, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Nothing => "nothing",
            Value::Scalar(_) => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a section of keys",
        }
    }
}

fn options() -> Options {
    serde_yaml::options! {
        budget: serde_yaml::budget! { max_nodes: MOST_NODES, max_events: 2 * MOST_NODES },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    }
}

/// The message without the place, which we show ourselves, and in our operator's words where the library speaks to programmers.
fn plain_message(error: &serde_yaml::Error) -> String {
    if let serde_yaml::Error::MultipleDocuments { .. } = error.without_snippet() {
        return "the file must be one YAML document; take `---` out".to_owned();
    }
    let full = error.without_snippet().to_string();
    let line = full.lines().next().unwrap_or_default();
    let message = line.rfind(" at line ").map_or(line, |end| &line[..end]);
    message.strip_prefix("error: ").unwrap_or(message).to_owned()
}

impl From<Location> for Place {
    fn from(location: Location) -> Place {
        let number = |number: u64| usize::try_from(number).unwrap_or_default();
        Place { line: number(location.line()), column: number(location.column()) }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        Ok(Node { place: spanned.referenced.into(), value: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, a list or a section of keys")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Scalar(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = entries.next_key::<Node>()? {
            let Value::Scalar(text) = key.value else {
                let text = format_args!("a key must be a name, not {} (line {})", key.value.kind(), key.place.line);
                return Err(A::Error::custom(text));
            };
            map.push((Key { place: key.place, text }, entries.next_value()?));
        }
        Ok(Value::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree in one line: every value with its place.
    fn show(node: &Node) -> String {
        let place = format!("{}:{}", node.place.line, node.place.column);
        match &node.value {
            Value::Nothing => format!("{place} -"),
            Value::Scalar(text) => format!("{place} {text}"),
            Value::List(items) => format!("{place} [{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
            Value::Map(entries) => {
                let entry = |(key, value): &(Key, Node)| format!("{}:{} {}= {}", key.place.line, key.place.column, key.text, show(value));
                format!("{place} {{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
        }
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = match parse(text) {
            Ok(node) => show(&node),
            Err(error) => format!("{}:{} {}", error.place.line, error.place.column, error.text),
        };
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn every_value_keeps_its_text_and_its_place() {
        check("", "1:1 -");
        check("# nothing\n", "2:1 -");
        check(
            "a: 1\nb: [x, 007, 1.5, true, yes, ~]\n",
            "1:1 {1:1 a= 1:4 1, 2:1 b= 2:4 [2:5 x, 2:8 007, 2:13 1.5, 2:18 true, 2:24 yes, 2:29 -]}",
        );
        check("a:\n  b: \"0x10\"\n", "1:1 {1:1 a= 2:3 {2:3 b= 2:6 0x10}}");
        check("a: 1\na: 2\n", "1:1 {1:1 a= 1:4 1, 2:1 a= 2:4 2}");
        check("80: x\n", "1:1 {1:1 80= 1:5 x}");
        check("a: &n 5\nb: *n\n", "1:1 {1:1 a= 1:7 5, 2:1 b= 2:4 5}");
        check("a: 127.0.0.1:9000\nb: http://1.2.3.4:5\n", "1:1 {1:1 a= 1:4 127.0.0.1:9000, 2:1 b= 2:4 http://1.2.3.4:5}");
        check("a: ${A:-b}\nb: [\"${C}\"]\n", "1:1 {1:1 a= 1:4 ${A:-b}, 2:1 b= 2:4 [2:5 ${C}]}");
        check("a: 12:30\nb: 1_000\nc: 10s\n", "1:1 {1:1 a= 1:4 12:30, 2:1 b= 2:4 1_000, 3:1 c= 3:4 10s}");
    }

    #[test]
    fn what_is_no_yaml_is_refused_with_its_place() {
        check("a: [1\n", "1:4 unclosed bracket '['");
        check("a: b: c\n", "1:5 mapping values are not allowed in this context");
        check("a:\n\t- b\n", "2:2 tabs disallowed within this context (block indentation)");
        check("? [a]\n: b\n", "0:0 a key must be a name, not a list (line 1)");
        check("a: 1\n---\nb: 2\n", "3:1 the file must be one YAML document; take `---` out");
        check("a: *b\n", "1:4 alias references unknown anchor");
        check("a: \"x\n", "1:4 unclosed quote");
        check("- a\nb: 1\n", "2:1 while parsing a block collection, did not find expected '-' indicator");
    }
}
