//! Which rows are wanted: `where`, as short text or as JSON.
//!
//! | text | JSON | rows whose field |
//! |---|---|---|
//! | `state=online` | `{"state": "online"}` | is this, or is a list that has it |
//! | `state!=online` | `{"state": {"!=": "online"}}` | is not this |
//! | `name~web` | `{"name": {"contains": "web"}}` | has this in it |
//! | | `{"name": {"startsWith": "web"}}`, `"endsWith"` | begins, ends with this |
//! | `requests>10`, `>=`, `<`, `<=` | `{"requests": {">": 10}}` | is more, less |
//! | | `{"slot": [1, 2]}` | is one of these |
//!
//! Several, with commas, must all be true.

use std::cmp::Ordering;
use std::str::FromStr;

use serde_json::{Map, Value};

use super::compare;

/// What must be true of a row; by default nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Filter(Vec<Condition>);

impl Eq for Filter {}

/// What must be true of a field.
#[derive(Clone, Debug, PartialEq)]
struct Condition {
    field: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    Is(Value),
    IsNot(Value),
    OneOf(Vec<Value>),
    Contains(String),
    StartsWith(String),
    EndsWith(String),
    Compares(Value, &'static [Ordering]),
}

/// Why a text says nothing about rows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FilterError {
    /// It is neither the one nor the other.
    #[error("where `{0}` is no condition; write `state=online`, `requests>=10,name~web`, or JSON such as `{{\"state\": \"online\"}}`")]
    Text(String),
    /// It begins like JSON.
    #[error("where `{text}` is no JSON object of fields: {cause}")]
    Json { text: String, cause: String },
    /// There is no such test.
    #[error("where knows no `{0}`; the tests are =, !=, <, <=, >, >=, contains, startsWith, endsWith and in")]
    Test(String),
}

const LESS: &[Ordering] = &[Ordering::Less];
const MORE: &[Ordering] = &[Ordering::Greater];
const AT_MOST: &[Ordering] = &[Ordering::Less, Ordering::Equal];
const AT_LEAST: &[Ordering] = &[Ordering::Greater, Ordering::Equal];

/// The longer ones first: `<=` begins with `<`.
const SIGNS: [&str; 7] = ["!=", "<=", ">=", "=", "<", ">", "~"];

impl Filter {
    /// The fields it asks for.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|condition| condition.field.as_str())
    }

    /// Whether all of it is true of a row.
    pub(super) fn admits(&self, row: &Map<String, Value>) -> bool {
        self.0.iter().all(|condition| condition.test.holds(row.get(&condition.field).unwrap_or(&Value::Null)))
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Filter, FilterError> {
        let text = text.trim();
        if !text.starts_with(['{', '[', '"']) {
            return text.split(',').map(Condition::of_text).collect::<Result<_, _>>().map(Filter);
        }
        let wrong = |cause: serde_json::Error| FilterError::Json { text: text.to_owned(), cause: cause.to_string() };
        let fields: Map<String, Value> = serde_json::from_str(text).map_err(wrong)?;
        let mut conditions = Vec::new();
        for (field, value) in fields {
            let tests = Test::all_of_json(value)?;
            conditions.extend(tests.into_iter().map(|test| Condition { field: field.clone(), test }));
        }
        Ok(Filter(conditions))
    }
}

impl Condition {
    fn of_text(text: &str) -> Result<Condition, FilterError> {
        let wrong = || FilterError::Text(text.to_owned());
        let at = text.find(['!', '<', '>', '=', '~']).ok_or_else(wrong)?;
        let (field, rest) = text.split_at(at);
        let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign)).ok_or_else(wrong)?;
        let (field, value) = (field.trim(), rest[sign.len()..].trim());
        if field.is_empty() {
            return Err(wrong());
        }
        let name = if sign == "~" { "contains" } else { sign };
        Ok(Condition { field: field.to_owned(), test: Test::named(name, Value::from(value))? })
    }
}

impl Test {
    fn all_of_json(value: Value) -> Result<Vec<Test>, FilterError> {
        match value {
            Value::Object(tests) => tests.into_iter().map(|(name, value)| Test::named(&name, value)).collect(),
            Value::Array(values) => Ok(vec![Test::OneOf(values)]),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(vec![Test::Is(value)]),
        }
    }

    fn named(name: &str, value: Value) -> Result<Test, FilterError> {
        Ok(match name {
            "=" | "==" => Test::Is(value),
            "!=" | "!" => Test::IsNot(value),
            "<" => Test::Compares(value, LESS),
            "<=" => Test::Compares(value, AT_MOST),
            ">" => Test::Compares(value, MORE),
            ">=" => Test::Compares(value, AT_LEAST),
            "contains" | "like" => Test::Contains(text_of(&value)),
            "startsWith" => Test::StartsWith(text_of(&value)),
            "endsWith" => Test::EndsWith(text_of(&value)),
            "in" => match value {
                Value::Array(values) => Test::OneOf(values),
                one => Test::OneOf(vec![one]),
            },
            other => return Err(FilterError::Test(other.to_owned())),
        })
    }

    /// A list passes when one of its items does; it is not something when none of its items is.
    fn holds(&self, actual: &Value) -> bool {
        let any = |holds: &dyn Fn(&Value) -> bool| match actual {
            Value::Array(items) => items.iter().any(holds),
            single => holds(single),
        };
        match self {
            Test::Is(wanted) => any(&|actual| is_same(actual, wanted)),
            Test::IsNot(wanted) => !any(&|actual| is_same(actual, wanted)),
            Test::OneOf(wanted) => any(&|actual| wanted.iter().any(|wanted| is_same(actual, wanted))),
            Test::Contains(part) => any(&|actual| text_of(actual).contains(part)),
            Test::StartsWith(part) => any(&|actual| text_of(actual).starts_with(part)),
            Test::EndsWith(part) => any(&|actual| text_of(actual).ends_with(part)),
            Test::Compares(wanted, orders) => any(&|actual| order(actual, wanted).is_some_and(|order| orders.contains(&order))),
        }
    }
}

fn is_same(actual: &Value, wanted: &Value) -> bool {
    match (actual, wanted) {
        (Value::Null, Value::String(text)) => text.is_empty() || text == "null",
        (Value::Array(_) | Value::Object(_), _) => actual == wanted,
        (Value::Null | Value::Bool(_) | Value::String(_) | Value::Number(_), _) => order(actual, wanted) == Some(Ordering::Equal),
    }
}

/// How a field stands to a value of the same kind, or to a text that can be read as one.
fn order(actual: &Value, wanted: &Value) -> Option<Ordering> {
    match (actual, wanted) {
        (Value::Number(_), Value::String(text)) => {
            let number: serde_json::Number = serde_json::from_str(text).ok()?;
            Some(compare(actual, &Value::Number(number)))
        }
        (Value::Number(_), Value::Number(_)) | (Value::Null, Value::Null) => Some(compare(actual, wanted)),
        (Value::Bool(_) | Value::String(_), Value::String(_) | Value::Bool(_) | Value::Number(_)) => {
            Some(text_of(actual).cmp(&text_of(wanted)))
        }
        (_, _) => None,
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of three workers `text` admits, or why it makes no sense.
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let rows = serde_json::json!([
            {"slot": 1, "state": "online", "pid": 7, "hosts": ["a.test", "b.test"], "up": true},
            {"slot": 2, "state": "waiting restart", "pid": null, "hosts": [], "up": false},
            {"slot": 10, "state": "online", "pid": 8, "hosts": ["c.test"], "up": true},
        ]);
        let shown = match text.parse::<Filter>() {
            Ok(filter) => {
                let admitted = rows.as_array().unwrap().iter().filter(|row| filter.admits(row.as_object().unwrap()));
                admitted.map(|row| row["slot"].to_string()).collect::<Vec<_>>().join(" ")
            }
            Err(error) => error.to_string(),
        };
        assert!(shown == expected || (expected.ends_with('…') && shown.starts_with(expected.trim_end_matches('…'))), "{text}: {shown}");
    }

    #[test]
    fn short_text_says_most() {
        check("state=online", "1 10");
        check(" state = waiting restart ", "2");
        check("state!=online", "2");
        check("state~ait", "2");
        check("slot=1", "1");
        check("slot>1", "2 10");
        check("slot>=2", "2 10");
        check("slot<10", "1 2");
        check("slot<=2", "1 2");
        check("slot>1,state=online", "10");
        check("slot=one", "");
        check("pid=", "2");
        check("pid=null", "2");
        check("pid!=7", "2 10");
        check("hosts=a.test", "1");
        check("hosts~test", "1 10");
        check("hosts!=a.test", "2 10");
        check("up=true", "1 10");
        check("slot=99999999999999999999999999", "");
    }

    #[test]
    fn json_says_all() {
        check("{}", "1 2 10");
        check(r#"{"state": "online"}"#, "1 10");
        check(r#"{"slot": [1, 2]}"#, "1 2");
        check(r#"{"slot": {"in": [10]}}"#, "10");
        check(r#"{"slot": {">": 1, "<": 10}}"#, "2");
        check(r#"{"state": {"!": "online"}}"#, "2");
        check(r#"{"state": {"startsWith": "on"}, "slot": {"!=": 1}}"#, "10");
        check(r#"{"state": {"endsWith": "restart"}}"#, "2");
        check(r#"{"pid": null}"#, "2");
        check(r#"{"up": false}"#, "2");
        check(r#"{"hosts": {"contains": "b."}}"#, "1");
    }

    #[test]
    fn what_says_nothing_is_told_with_the_way_out() {
        check("", "where `` is no condition; write `state=online`…");
        check("state", "where `state` is no condition…");
        check("=online", "where `=online` is no condition…");
        check("state!online", "where `state!online` is no condition…");
        check("a=1,,b=2", "where `` is no condition…");
        check("{", "where `{` is no JSON object of fields: EOF…");
        check("[1]", "where `[1]` is no JSON object of fields: invalid type…");
        check(r#"{"slot": {"near": 1}}"#, "where knows no `near`; the tests are…");
    }
}
