//! What an operator got wrong, where, and the way out.

use std::fmt;
use std::path::Path;

use crate::words::Origin;
use crate::yaml::Place;

/// More than these are counted, not shown: the first ones are what gets mended first.
const SHOWN: usize = 20;

/// A line longer than this is cut around the caret.
const LONGEST_LINE: usize = 160;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where it is.
    pub origin: Origin,
    /// What is wrong and what to write instead.
    pub text: String,
    /// The line of the file, for a mistake in a file.
    pub excerpt: Option<Excerpt>,
}

/// A line of the file and the part of it that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// Its number, from one.
    pub number: usize,
    /// The line, without tabs.
    pub line: String,
    /// Where the wrong part begins, in characters from zero.
    pub start: usize,
    /// How many characters are wrong, at least one.
    pub width: usize,
}

/// All mistakes of one configuration, those of the file from its top; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub(crate) Vec<Mistake>);

/// The text of the file, for pointing into it.
#[derive(Debug)]
pub(crate) struct Source<'t> {
    pub(crate) path: &'t Path,
    pub(crate) text: &'t str,
    lines: Vec<&'t str>,
}

impl Mistakes {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Mistake> {
        self.0.iter()
    }
}

impl<'t> Source<'t> {
    pub(crate) fn new(path: &'t Path, text: &'t str) -> Source<'t> {
        Source { path, text, lines: text.lines().collect() }
    }

    /// A mistake at `place`, where `wrong` is written.
    pub(crate) fn mistake(&self, place: Place, wrong: &str, key: Option<String>, text: impl Into<String>) -> Mistake {
        let origin = Origin::file(self.path, place.line, place.column, key);
        Mistake { origin, text: text.into(), excerpt: self.excerpt(place, wrong) }
    }

    /// Where `part` of the value at `place` is written, as far as that can be seen.
    pub(crate) fn place_of(&self, part: &str, place: Place) -> Place {
        let line = place.line.checked_sub(1).and_then(|number| self.lines.get(number)).copied().unwrap_or_default();
        let rest = line.char_indices().nth(place.column.saturating_sub(1)).map_or("", |(start, _)| &line[start..]);
        let before = rest.split_once(part).map_or("", |(before, _)| before);
        Place { column: place.column + before.chars().count(), ..place }
    }

    /// A mistake in a word that may come from here or from elsewhere.
    pub(crate) fn mistake_in(source: Option<&Source<'_>>, origin: &Origin, wrong: &str, text: String) -> Mistake {
        let excerpt = match (source, origin) {
            (Some(source), Origin::File { line, column, .. }) => source.excerpt(Place { line: *line, column: *column }, wrong),
            _ => None,
        };
        Mistake { origin: origin.clone(), text, excerpt }
    }

    fn excerpt(&self, place: Place, wrong: &str) -> Option<Excerpt> {
        let line = self.lines.get(place.line.checked_sub(1)?)?;
        let start = place.column.saturating_sub(1);
        let rest: String = line.chars().skip(start).collect();
        // What was written differs from what it says where it is quoted or comes from the environment.
        let width = if rest.starts_with(wrong) { wrong.chars().count() } else { written_width(&rest) };
        let cut = start.saturating_sub(LONGEST_LINE / 2);
        let shown = line.chars().skip(cut).take(LONGEST_LINE).map(|c| if c.is_control() { ' ' } else { c });
        let shown: String = shown.collect::<String>().trim_end().to_owned();
        let start = start - cut;
        let width = width.clamp(1, LONGEST_LINE.saturating_sub(start).max(1));
        Some(Excerpt { number: place.line, line: shown, start, width })
    }
}

/// How far a quoted value reaches, else a word.
fn written_width(rest: &str) -> usize {
    let mut letters = rest.chars();
    match letters.next() {
        Some(quote @ ('"' | '\'')) => letters.take_while(|c| *c != quote).count() + 2,
        Some(_) => rest.chars().take_while(|c| !c.is_whitespace() && !",]}".contains(*c)).count(),
        None => 1,
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.text)?;
        let Some(Excerpt { number, line, start, width }) = &self.excerpt else { return Ok(()) };
        let gutter = number.to_string().len();
        let (before, caret) = (" ".repeat(*start), "^".repeat(*width));
        write!(f, "\n {number} | {line}\n {:gutter$} | {before}{caret}", "")
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = self.0.as_slice() {
            return only.fmt(f);
        }
        write!(f, "{} mistakes in the configuration", self.0.len())?;
        for mistake in self.0.iter().take(SHOWN) {
            write!(f, "\n{mistake}")?;
        }
        match self.0.len().checked_sub(SHOWN) {
            None | Some(0) => Ok(()),
            Some(more) => write!(f, "\nand {more} more"),
        }
    }
}

impl std::error::Error for Mistakes {}
