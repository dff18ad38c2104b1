//! `${NAME}` in values of the file, taken from the environment.

use crate::words::{Environment, Origin};
use crate::yaml::{Node, Place, Value};

/// A variable that cannot be put in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unfilled {
    /// Where the value begins that names it.
    pub(crate) place: Place,
    /// As it is written.
    pub(crate) written: String,
    /// Why not, and the way out.
    pub(crate) cause: Cause,
}

/// Why a variable cannot be put in its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Cause {
    #[error("the environment has no `{0}`; write `${{{0}:-default}}` if there need not be one")]
    Missing(String),
    #[error("the environment has no `{name}`: {text}")]
    Required { name: String, text: String },
    #[error("`${{` needs a `}}`; write `$${{` for a plain `${{`")]
    Open,
    #[error("`{0}` is no name of a variable; write `$${{` for a plain `${{`")]
    Name(String),
    #[error("a default cannot hold another `${{`; set that variable where this one is set")]
    Nested,
}

impl Unfilled {
    /// Whether the value stands there.
    pub(crate) fn is_at(&self, origin: &Origin) -> bool {
        matches!(origin, Origin::File { line, column, .. } if *line == self.place.line && *column == self.place.column)
    }
}

/// Puts variables in their places, in every value below `node`. Keys are as they are.
pub(crate) fn fill(node: &mut Node, environment: &Environment, unfilled: &mut Vec<Unfilled>) {
    match &mut node.value {
        Value::Nothing => {}
        Value::Scalar(text) => match filled(text, environment) {
            Ok(Some(filled)) => *text = filled,
            Ok(None) => {}
            Err((written, cause)) => unfilled.push(Unfilled { place: node.place, written, cause }),
        },
        Value::List(items) => items.iter_mut().for_each(|item| fill(item, environment, unfilled)),
        Value::Map(entries) => entries.iter_mut().for_each(|(_key, value)| fill(value, environment, unfilled)),
    }
}

/// None where the text names no variable.
fn filled(text: &str, environment: &Environment) -> Result<Option<String>, (String, Cause)> {
    if !text.contains("${") {
        return Ok(None);
    }
    let mut filled = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, from) = rest.split_at(start);
        if let Some(before) = before.strip_suffix('$') {
            filled.push_str(before);
            filled.push_str("${");
            rest = &from[2..];
            continue;
        }
        let end = from.find('}').ok_or_else(|| (from.to_owned(), Cause::Open))?;
        let (written, after) = from.split_at(end + 1);
        filled.push_str(before);
        filled.push_str(&value(&written[2..end], environment).map_err(|cause| (written.to_owned(), cause))?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(Some(filled))
}

/// What stands for the text between the braces, by the rules of a shell.
fn value(inside: &str, environment: &Environment) -> Result<String, Cause> {
    let end = inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inside.len());
    let (name, rest) = inside.split_at(end);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(Cause::Name(inside.to_owned()));
    }
    if rest.contains("${") {
        return Err(Cause::Nested);
    }
    // With the colon, an empty one counts as not set.
    let (found, rest) = match rest.strip_prefix(':') {
        Some(rest) => (environment.value(name), Some(rest).filter(|rest| !rest.is_empty())),
        None => (environment.any_value(name), Some(rest)),
    };
    let rest = rest.ok_or_else(|| Cause::Name(inside.to_owned()))?;
    let mut letters = rest.chars();
    match (letters.next(), found) {
        (None, found) => found.map(str::to_owned).ok_or_else(|| Cause::Missing(name.to_owned())),
        (Some('-' | '?'), Some(found)) => Ok(found.to_owned()),
        (Some('-'), None) => Ok(letters.as_str().to_owned()),
        (Some('?'), None) => Err(Cause::Required { name: name.to_owned(), text: letters.as_str().to_owned() }),
        (Some(_), _) => Err(Cause::Name(inside.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let environment = Environment::from_pairs([("NAME", "value"), ("PORT", "81"), ("EMPTY", ""), ("ODD", "${PORT}")]);
        let shown = match filled(text, &environment) {
            Ok(filled) => filled.unwrap_or_else(|| text.to_owned()),
            Err((written, cause)) => format!("{written}: {cause}"),
        };
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn variables_are_put_in_their_places() {
        check("", "");
        check("x", "x");
        check("${PORT}", "81");
        check("x-${NAME}-${PORT}/y", "x-value-81/y");
        check("${EMPTY}", "");
        check("${ODD}", "${PORT}");
        check("${NONE:-7}", "7");
        check("${NONE-7}", "7");
        check("${EMPTY:-7}", "7");
        check("${EMPTY-7}", "");
        check("${PORT:-7}", "81");
        check("${NONE:-}", "");
        check("${NONE:-a:b-c?d}", "a:b-c?d");
        check("${PORT:?is needed}", "81");
    }

    #[test]
    fn a_dollar_alone_is_a_dollar() {
        check("$NAME", "$NAME");
        check("a$", "a$");
        check("$${NAME}", "${NAME}");
        check("$${NAME} is ${NAME}", "${NAME} is value");
        check("$$", "$$");
        check("{host}", "{host}");
    }

    #[test]
    fn what_cannot_be_put_there_is_told_with_the_way_out() {
        check("x${NONE}", "${NONE}: the environment has no `NONE`; write `${NONE:-default}` if there need not be one");
        check("${EMPTY:?say where}", "${EMPTY:?say where}: the environment has no `EMPTY`: say where");
        check("${NAME", "${NAME: `${` needs a `}`; write `$${` for a plain `${`");
        for name in ["", "1A", "A B", "A:", "A+x", "A:+x", "\u{fc}"] {
            check(&format!("${{{name}}}"), &format!("${{{name}}}: `{name}` is no name of a variable; write `$${{` for a plain `${{`"));
        }
        check("${A:-${B}}", "${A:-${B}: a default cannot hold another `${`; set that variable where this one is set");
    }
}
