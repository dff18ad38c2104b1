//! Answers that send a client elsewhere.

use std::fmt;
use std::str::FromStr;

use crate::{Authority, Entrance, HostError, Protocol};

/// Where a client is sent, and how firmly.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Redirect {
    /// Where to.
    pub target: Target,
    /// With which status.
    pub code: RedirectCode,
}

/// The status of a redirect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub enum RedirectCode {
    /// 301: for good; POST may become GET.
    Moved,
    /// 302: for now; POST may become GET. What nobody chose is not for good: browsers do not forget.
    #[default]
    Found,
    /// 307: for now, with the same method.
    Temporary,
    /// 308: for good, with the same method.
    Permanent,
}

/// A URL or an absolute path with places to fill in: `https://{host}{path}{query}`.
///
/// One without a path keeps path and query of the request; any other text
/// replaces them where it does not name them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Target(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
enum Piece {
    Text(String),
    Host,
    Path,
    Query,
}

/// Why a text is no redirect's target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Neither a URL nor a path.
    #[error("redirect `{0}` begins with none of `http://`, `https://` and `/`")]
    Relative(String),
    /// A character that has no place in a URL.
    #[error("redirect `{0}` holds `{1}`, which is written with `%` in a URL")]
    Character(String, char),
    /// Something else in braces.
    #[error("redirect `{0}` holds `{1}`; the places to fill in are `{{host}}`, `{{path}}` and `{{query}}`")]
    Place(String, String),
    /// What stands for the host is none.
    #[error("redirect `{text}` has no good host")]
    Host {
        /// The whole.
        text: String,
        /// What is wrong with it.
        #[source]
        cause: HostError,
    },
}

/// Why a text is no redirect's status.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of the redirects 301, 302, 307 and 308")]
pub struct RedirectCodeError(String);

impl Redirect {
    /// Where it stands when nobody said so: one that turns clear requests into
    /// encrypted ones of the same host has no business among the latter.
    #[must_use]
    pub fn entrance(&self) -> Entrance {
        let same_host = matches!(self.target.0.as_slice(), [Piece::Text(scheme), Piece::Host, ..] if scheme == "https://");
        Entrance { protocol: same_host.then_some(Protocol::Http), port: None }
    }

    /// The `Location` for a request to `host` for `target`, a path with or without a query.
    #[must_use]
    pub fn location(&self, host: &str, target: &[u8]) -> Vec<u8> {
        let (path, query) = match target.iter().position(|byte| *byte == b'?') {
            Some(mark) => (&target[..mark], &target[mark + 1..]),
            None => (target, &[][..]),
        };
        // `OPTIONS *` has none.
        let path = if path.starts_with(b"/") { path } else { b"/" };
        let mut out = Vec::with_capacity(64 + target.len());
        for piece in &self.target.0 {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Host => out.extend_from_slice(host.as_bytes()),
                Piece::Path => join_path(&mut out, path),
                Piece::Query => join_query(&mut out, query),
            }
        }
        // To browsers `//name` is another host, and so is `/\name`; no stranger's path may lead there.
        let slashes = out.iter().take_while(|byte| matches!(byte, b'/' | b'\\')).count();
        out.drain(slashes.min(1)..slashes);
        out
    }
}

impl RedirectCode {
    const ALL: [RedirectCode; 4] = [RedirectCode::Moved, RedirectCode::Found, RedirectCode::Temporary, RedirectCode::Permanent];

    /// As it stands in the answer.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            RedirectCode::Moved => 301,
            RedirectCode::Found => 302,
            RedirectCode::Temporary => 307,
            RedirectCode::Permanent => 308,
        }
    }

    /// The words behind the status.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            RedirectCode::Moved => "Moved Permanently",
            RedirectCode::Found => "Found",
            RedirectCode::Temporary => "Temporary Redirect",
            RedirectCode::Permanent => "Permanent Redirect",
        }
    }
}

impl FromStr for RedirectCode {
    type Err = RedirectCodeError;

    fn from_str(text: &str) -> Result<RedirectCode, RedirectCodeError> {
        let text = text.trim();
        let code = RedirectCode::ALL.into_iter().find(|code| code.status().to_string() == text);
        code.ok_or_else(|| RedirectCodeError(text.to_owned()))
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Target, TargetError> {
        let text = text.trim();
        let mut pieces = pieces(text)?;
        let authority = match text.split_once("://") {
            Some(("http" | "https", rest)) => rest,
            _ if text.starts_with('/') && !text.starts_with("//") => return Ok(Target(pieces)),
            _ => return Err(TargetError::Relative(text.to_owned())),
        };
        let end = ["/", "?", "#", "{path}", "{query}"].iter().filter_map(|mark| authority.find(mark)).min();
        check_authority(text, &authority[..end.unwrap_or(authority.len())])?;
        if end.is_none() {
            pieces.extend([Piece::Path, Piece::Query]);
        }
        Ok(Target(pieces))
    }
}

fn pieces(text: &str) -> Result<Vec<Piece>, TargetError> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let length = rest[open..].find('}').map_or(rest.len() - open, |close| close + 1);
        let place = match &rest[open..open + length] {
            "{host}" => Piece::Host,
            "{path}" => Piece::Path,
            "{query}" => Piece::Query,
            other => return Err(TargetError::Place(text.to_owned(), other.to_owned())),
        };
        push_text(&mut pieces, text, &rest[..open])?;
        pieces.push(place);
        rest = &rest[open + length..];
    }
    push_text(&mut pieces, text, rest)?;
    Ok(pieces)
}

fn push_text(pieces: &mut Vec<Piece>, whole: &str, text: &str) -> Result<(), TargetError> {
    let odd = |character: &char| !character.is_ascii_graphic() || matches!(character, '"' | '<' | '>' | '\\' | '^' | '`' | '|' | '}');
    if let Some(character) = text.chars().find(odd) {
        return Err(TargetError::Character(whole.to_owned(), character));
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text.to_owned()));
    }
    Ok(())
}

/// A name with `{host}` in it is as good as the one that will stand there.
fn check_authority(whole: &str, authority: &str) -> Result<(), TargetError> {
    let example = authority.replace("{host}", "h");
    let mut room = [0; Authority::ROOM];
    let parsed = Authority::parse(example.as_bytes(), &mut room).map(|_| ());
    parsed.map_err(|cause| TargetError::Host { text: whole.to_owned(), cause })
}

/// One slash between the two.
fn join_path(out: &mut Vec<u8>, path: &[u8]) {
    let doubled = out.last() == Some(&b'/') && path.starts_with(b"/");
    out.extend_from_slice(&path[usize::from(doubled)..]);
}

/// Joined by `?` or `&`, as it needs; neither is left over.
fn join_query(out: &mut Vec<u8>, query: &[u8]) {
    let has_mark = out.contains(&b'?');
    let joined = out.last().is_some_and(|last| matches!(last, b'?' | b'&'));
    match (query.is_empty(), joined) {
        (true, true) => {
            out.pop();
        }
        (true, false) => {}
        (false, true) => out.extend_from_slice(query),
        (false, false) => {
            out.push(if has_mark { b'&' } else { b'?' });
            out.extend_from_slice(query);
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| {
            f.write_str(match piece {
                Piece::Text(text) => text,
                Piece::Host => "{host}",
                Piece::Path => "{path}",
                Piece::Query => "{query}",
            })
        })
    }
}

impl fmt::Display for Redirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code.status(), self.target)
    }
}

#[cfg(test)]
mod tests;
