//! The JSON Schema of the file, for editors that complete keys and underline mistakes.
//!
//! It comes from the table of settings, as all that is said about them. It says which keys there are and what kind of
//! value each takes; what the values mean is for `dproxy master --check` to judge. A value may name the environment
//! wherever it stands, so that every kind allows a text with `${`.

use serde_json::{Map, Value, json};

use crate::engines;
use crate::routes;
use crate::settings::{DefaultValue, Kind, SETTINGS, Setting};

/// The schema, as JSON for people.
#[must_use]
pub fn schema() -> String {
    let mut properties = Map::new();
    for setting in SETTINGS {
        let Some(key) = setting.key else { continue };
        let (at, name) = match key.split_once('.') {
            Some((part, name)) => (section(&mut properties, part), name),
            None => (&mut properties, key),
        };
        at.insert(name.to_owned(), described(setting));
    }
    section(&mut properties, "docker").insert("endpoints".to_owned(), list_of(&endpoint(), "Several engines, in the place of `endpoint`."));
    properties.insert("routes".to_owned(), list_of(&object(routes::keys()), "Routes that no container stands behind."));
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The configuration of dproxy",
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": false,
    });
    format!("{schema:#}\n")
}

/// The keys of a section, which is there from now on.
fn section<'p>(properties: &'p mut Map<String, Value>, name: &str) -> &'p mut Map<String, Value> {
    let empty = || json!({ "type": ["object", "null"], "properties": {}, "additionalProperties": false });
    let section = properties.entry(name).or_insert_with(empty);
    section["properties"].as_object_mut().expect("it was made with them")
}

fn described(setting: &Setting) -> Value {
    let mut described = of_kind(setting.kind);
    let default = match setting.default {
        DefaultValue::Text(text) => {
            described["default"] = text.into();
            String::new()
        }
        DefaultValue::Depends(words) => format!(" Default: {words}."),
    };
    described["description"] = format!("{}{default}", setting.help).into();
    described
}

fn of_kind(kind: Kind) -> Value {
    match kind {
        Kind::Switch => json!({ "anyOf": [{ "type": ["boolean", "null"] }, { "enum": ["yes", "no", "on", "off", 0, 1, ""] }, variable()] }),
        Kind::One("PORT") => json!({ "anyOf": [{ "type": ["integer", "null"], "minimum": 1, "maximum": 65535 }, number(), variable()] }),
        Kind::One("COUNT" | "PERCENT") => json!({ "anyOf": [{ "type": ["integer", "null"], "minimum": 0 }, number(), variable()] }),
        Kind::One(_) => scalar(),
        Kind::List(_) => json!({ "anyOf": [scalar(), { "type": "array", "items": scalar() }] }),
    }
}

/// Between quotes.
fn number() -> Value {
    json!({ "type": "string", "pattern": "^[0-9]*$" })
}

fn variable() -> Value {
    json!({ "type": "string", "pattern": "\\$\\{" })
}

fn scalar() -> Value {
    json!({ "type": ["string", "number", "boolean", "null"] })
}

fn list_of(items: &Value, description: &str) -> Value {
    json!({ "type": ["array", "null"], "items": items, "description": description })
}

fn endpoint() -> Value {
    json!({ "anyOf": [{ "type": "string" }, object(engines::KEYS.into_iter())] })
}

/// An entry with these keys.
fn object(keys: impl Iterator<Item = &'static str>) -> Value {
    let properties: Map<String, Value> = keys.map(|key| (key.to_owned(), of_kind(Kind::List("")))).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::file::File;
    use crate::mistake::Source;
    use crate::words::Environment;

    /// Every key of the schema, and of the sections in it.
    fn keys(schema: &Value, prefix: &str) -> Vec<String> {
        let properties = schema["properties"].as_object().unwrap();
        let below = |(name, value): (&String, &Value)| match value["properties"].is_object() {
            true => keys(value, &format!("{prefix}{name}.")),
            false => vec![format!("{prefix}{name}")],
        };
        properties.iter().flat_map(below).collect()
    }

    #[test]
    fn it_has_the_keys_that_are_read_and_no_others() {
        let schema: Value = serde_json::from_str(&schema()).unwrap();
        let mut expected: Vec<&str> = SETTINGS.iter().filter_map(|setting| setting.key).chain(["docker.endpoints", "routes"]).collect();
        let mut keys = keys(&schema, "");
        expected.sort_unstable();
        keys.sort_unstable();
        assert_eq!(keys, expected);
    }

    #[test]
    fn the_keys_of_an_entry_are_those_that_are_read() {
        let schema: Value = serde_json::from_str(&schema()).unwrap();
        let lists = [("routes", &schema["properties"]["routes"]["items"], "routes:\n  - {KEY: ~}\n")];
        let engines = &schema["properties"]["docker"]["properties"]["endpoints"]["items"]["anyOf"][1];
        for (name, entry, yaml) in lists.into_iter().chain([("endpoints", engines, "docker: {endpoints: [{KEY: ~}]}\n")]) {
            let keys = keys(entry, "");
            assert!(keys.len() > 5, "{name}: {keys:?}");
            for key in keys {
                let yaml = yaml.replace("KEY", &key);
                let file = File::read(&Source::new(Path::new("f"), &yaml), &Environment::default());
                assert!(file.mistakes.iter().all(|mistake| !mistake.text.contains("unknown key")), "{name}: {:?}", file.mistakes);
            }
        }
    }
}
