//! The text of a configuration file as a tree that remembers its places.
//!
//! Only this module knows the YAML library. Every scalar is kept as the text
//! that was written, but for whole numbers like `74.0`, because a value means
//! the same wherever it comes from: flag, environment or file.
//!
//! The tree is made of the events of the library's parser. Through serde, which knows no places, the same takes three
//! times as long, and a file of a hundred thousand routes is read while somebody waits for it.

use std::collections::HashMap;

use serde_yaml::granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};

/// Room for tens of thousands of routes. What aliases stand for is counted each time.
const LARGEST: usize = 4_000_000;
/// So many bytes of a text count as much as a value of their own.
const BYTES: usize = 64;
/// Collections in each other. Nothing that we know needs more than four.
const DEEPEST: usize = 64;
/// The key whose values are the keys of a map that it names (YAML 1.1 merge).
const MERGE: &str = "<<";

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
    let mut tree = Tree::default();
    let mut events = Parser::new_from_str(text);
    while let Some(event) = events.next_event() {
        let (event, span) = event?;
        tree.grow(event, Place::from(span.start))?;
    }
    Ok(tree.whole.unwrap_or(Node { place: tree.end, value: Value::Nothing }))
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

/// As much of the tree as was read.
#[derive(Default)]
struct Tree {
    /// Collections that have not ended, the outermost first.
    open: Vec<Open>,
    whole: Option<Node>,
    /// What aliases may stand for.
    anchored: HashMap<usize, Node>,
    documents: usize,
    size: usize,
    end: Place,
}

/// A collection that has not ended.
struct Open {
    place: Place,
    /// What an alias calls it; 0 for nothing.
    anchor: usize,
    items: Items,
}

enum Items {
    List(Vec<Node>),
    Map {
        entries: Vec<(Key, Node)>,
        /// The one that waits for its value.
        key: Option<Key>,
    },
}

impl Tree {
    fn grow(&mut self, event: Event<'_>, place: Place) -> Result<(), NotYaml> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(NotYaml::at(place, "the file must be one YAML document; take `---` out"));
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let is_plain = style == ScalarStyle::Plain && !is_text(tag.as_deref());
                let value = match whole_number(&text) {
                    _ if is_plain && is_nothing(&text) => Value::Nothing,
                    Some(number) if is_plain => Value::Scalar(number),
                    _ => Value::Scalar(text.into_owned()),
                };
                self.put(Node { place, value }, anchor)?;
            }
            Event::SequenceStart(_style, anchor, _tag) => self.open(place, anchor, Items::List(Vec::new()))?,
            Event::MappingStart(_style, anchor, _tag) => self.open(place, anchor, Items::Map { entries: Vec::new(), key: None })?,
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { place, anchor, items }) = self.open.pop() else { return Ok(()) };
                let value = match items {
                    Items::List(items) => Value::List(items),
                    Items::Map { entries, key: _ } => Value::Map(merged(entries)?),
                };
                self.put(Node { place, value }, anchor)?;
            }
            Event::Alias(anchor) => {
                let Some(node) = self.anchored.get(&anchor) else {
                    return Err(NotYaml::at(place, "an alias cannot stand for what it is a part of"));
                };
                let node = Node { place, value: node.value.clone() };
                self.weigh(&node, self.open.len()).map_err(|error| NotYaml { place, ..error })?;
                self.put(node, 0)?;
            }
            Event::StreamEnd => self.end = place,
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, place: Place, anchor: usize, items: Items) -> Result<(), NotYaml> {
        if self.open.len() == DEEPEST {
            return Err(NotYaml::too_deep(place));
        }
        self.open.push(Open { place, anchor, items });
        Ok(())
    }

    /// Puts a node, which is whole, where it belongs.
    fn put(&mut self, node: Node, anchor: usize) -> Result<(), NotYaml> {
        self.count(&node)?;
        if anchor != 0 {
            self.weigh(&node, 0).map_err(|error| NotYaml { place: node.place, ..error })?;
            self.anchored.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.items) {
            None => self.whole = Some(node),
            Some(Items::List(items)) => items.push(node),
            Some(Items::Map { entries, key }) => match (key.take(), node) {
                (Some(key), value) => entries.push((key, value)),
                (None, Node { place, value: Value::Scalar(text) }) => *key = Some(Key { place, text }),
                (None, node) => return Err(NotYaml::at(node.place, format!("a key must be a name, not {}", node.value.kind()))),
            },
        }
        Ok(())
    }

    /// Counts a node, `depth` collections deep, and all that it is made of.
    fn weigh(&mut self, node: &Node, depth: usize) -> Result<(), NotYaml> {
        self.count(node)?;
        if depth > DEEPEST {
            return Err(NotYaml::too_deep(node.place));
        }
        match &node.value {
            Value::Nothing | Value::Scalar(_) => Ok(()),
            Value::List(items) => items.iter().try_for_each(|item| self.weigh(item, depth + 1)),
            Value::Map(entries) => entries.iter().try_for_each(|(_key, value)| self.weigh(value, depth + 1)),
        }
    }

    /// Counts a node, without what it is made of.
    fn count(&mut self, node: &Node) -> Result<(), NotYaml> {
        self.size += 1 + if let Value::Scalar(text) = &node.value { text.len() / BYTES } else { 0 };
        if self.size > LARGEST {
            return Err(NotYaml::at(node.place, format!("more than {LARGEST} values, those that aliases stand for counted each time")));
        }
        Ok(())
    }
}

/// Whether a tag says that a scalar is what it looks like.
fn is_text(tag: Option<&Tag>) -> bool {
    tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str") || tag.handle().is_empty() && tag.suffix() == "!")
}

/// Whether a scalar without quotes says that there is nothing.
fn is_nothing(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// The digits of a whole number that is written otherwise: `74.0` and `1e3` are whole numbers, too, says JSON Schema.
fn whole_number(text: &str) -> Option<String> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '-') || !text.contains(['.', 'e', 'E']) {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    // Every whole number up to here can be told from its neighbours.
    (number.fract() == 0.0 && number.abs() < 9e15).then(|| number.to_string())
}

/// The entries of a map with those of the maps that it is merged with; its own count, and earlier ones before later ones.
fn merged(entries: Vec<(Key, Node)>) -> Result<Vec<(Key, Node)>, NotYaml> {
    if entries.iter().all(|(key, _value)| key.text != MERGE) {
        return Ok(entries);
    }
    let (merges, mut entries): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(key, _value)| key.text == MERGE);
    for (_key, node) in merges {
        let place = node.place;
        let maps = if let Value::List(maps) = node.value { maps } else { vec![node] };
        for map in maps {
            let Value::Map(others) = map.value else {
                return Err(NotYaml::at(place, format!("`{MERGE}` takes sections of keys, not {}", map.value.kind())));
            };
            for (key, value) in others {
                if entries.iter().all(|(own, _value)| own.text != key.text) {
                    entries.push((key, value));
                }
            }
        }
    }
    Ok(entries)
}

impl NotYaml {
    fn at(place: Place, text: impl Into<String>) -> NotYaml {
        NotYaml { place, text: text.into() }
    }

    fn too_deep(place: Place) -> NotYaml {
        NotYaml::at(place, format!("more than {DEEPEST} lists and sections in each other"))
    }
}

impl From<ScanError> for NotYaml {
    fn from(error: ScanError) -> NotYaml {
        NotYaml::at(Place::from(*error.marker()), error.info())
    }
}

impl From<Marker> for Place {
    fn from(marker: Marker) -> Place {
        Place { line: marker.line(), column: marker.col() + 1 }
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
        check("? [a]\n: b\n", "1:3 a key must be a name, not a list");
        check("a: 1\n---\nb: 2\n", "2:1 the file must be one YAML document; take `---` out");
        check("a: *b\n", "1:4 while parsing node, found unknown anchor");
        check("a: \"x\n", "1:4 unclosed quote");
        check("- a\nb: 1\n", "2:1 while parsing a block collection, did not find expected '-' indicator");
    }

    #[test]
    fn only_nothing_and_whole_numbers_are_not_kept_as_written() {
        check("[~, null, Null, NULL]", "1:1 [1:2 -, 1:5 -, 1:11 -, 1:17 -]");
        check("a:\nb: ''\n", "1:1 {1:1 a= 1:2 -, 2:1 b= 2:4 }");
        check("['~', \"null\", !!str null, ! ~]", "1:1 [1:2 ~, 1:7 null, 1:21 null, 1:29 ~]");
        check("[True, 0x10, +5, .inf, !own x]", "1:1 [1:2 True, 1:8 0x10, 1:14 +5, 1:18 .inf, 1:29 x]");
        check(
            "[1e3, 74.0, '74.0', 1.25, -2.0, 1e99, 1.2.3.0]",
            "1:1 [1:2 1000, 1:7 74, 1:13 74.0, 1:21 1.25, 1:27 -2, 1:33 1e99, 1:39 1.2.3.0]",
        );
    }

    #[test]
    fn maps_are_merged_with_others() {
        let others = "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\n";
        let shown = "1:1 {1:1 a= 1:7 {1:8 x= 1:11 1, 1:14 y= 1:17 2}, 2:1 b= 2:7 {2:8 y= 2:11 3, 2:14 z= 2:17 4}, 3:1 c= ";
        let checked = |text: &str, expected: &str| check(&format!("{others}{text}"), &format!("{shown}{expected}}}"));
        checked("c: {<<: *a, y: 5}", "3:4 {3:13 y= 3:16 5, 1:8 x= 1:11 1}");
        checked("c: {y: 5, <<: *a}", "3:4 {3:5 y= 3:8 5, 1:8 x= 1:11 1}");
        checked("c: {<<: [*b, *a]}", "3:4 {2:8 y= 2:11 3, 2:14 z= 2:17 4, 1:8 x= 1:11 1}");
        check("c: {<<: 5}", "1:9 `<<` takes sections of keys, not a single value");
    }

    #[test]
    fn what_is_far_too_much_is_refused() {
        let bomb = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| format!("{text}a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1));
        check(&bomb, "19:11 more than 4000000 values, those that aliases stand for counted each time");
        check(&format!("{}1{}", "[".repeat(65), "]".repeat(65)), "1:65 more than 64 lists and sections in each other");
        let ladder = (1..80).fold("a0: &a0 [x]\n".to_owned(), |text, n| format!("{text}a{n}: &a{n} [*a{}]\n", n - 1));
        check(&ladder, "64:12 more than 64 lists and sections in each other");
        let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1_000_000), vec!["*a"; 1000].join(", "));
        check(&long, "2:509 more than 4000000 values, those that aliases stand for counted each time");
        check("a: &a [*a]", "1:8 an alias cannot stand for what it is a part of");
    }
}
