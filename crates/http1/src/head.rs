//! What request and response heads have in common: the section of field lines.

use crate::{Connection, Field, Name, Names, Span, Violation, framing};

/// Room for as many fields is made at once.
const USUAL_FIELDS: usize = 20;

/// What always speaks of one connection only.
const HOP_BY_HOP: Names = Names::of(&[Name::Connection, Name::KeepAlive, Name::ProxyConnection, Name::Te, Name::Upgrade, Name::Proxy]);
/// What delimits or routes a message.
const ESSENTIAL: Names = Names::of(&[Name::Host, Name::ContentLength, Name::TransferEncoding]);

/// How large a head may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes from the first of the start line to the empty line.
    pub head_bytes: usize,
    /// Field lines.
    pub fields: usize,
    /// Bytes of a request target.
    pub target_bytes: usize,
}

/// The field lines of a head, and how far they have been read.
#[derive(Debug, Default)]
pub struct Fields {
    list: Vec<Field>,
    /// All their names.
    names: Names,
    /// Where the next line to read begins.
    next_line: usize,
    /// Up to where no LF was found behind `next_line`.
    searched: usize,
}

/// A line of a head.
pub(crate) enum Line {
    /// The buffer ends before the line does.
    Partial,
    /// From its first byte to its CR.
    Whole(Span),
    /// The empty line that ends the head; the length of the head.
    Empty(usize),
}

impl Fields {
    /// All of them, in the order in which they came.
    #[must_use]
    pub fn list(&self) -> &[Field] {
        &self.list
    }

    /// The value of the only field with this meaning; none if there is none or more than one.
    #[must_use]
    pub fn only<'b>(&self, buffer: &'b [u8], name: Name) -> Option<&'b [u8]> {
        if !self.names.has(name) {
            return None;
        }
        let mut values = self.list.iter().filter(|field| field.name == name);
        match (values.next(), values.next()) {
            (Some(field), None) => Some(field.value_in(buffer)),
            _ => None,
        }
    }

    /// Their names.
    #[must_use]
    pub fn names(&self) -> Names {
        self.names
    }

    /// Copies what may travel further, each line as it was written, to `out`: all but what speaks of this connection only
    /// (RFC 9110 §7.6.1), and but those `without` which it shall go.
    pub fn copy_end_to_end(&self, buffer: &[u8], connection: Connection, without: Names, out: &mut Vec<u8>) {
        let left_out = HOP_BY_HOP.and(without);
        // Most heads travel as they are.
        if !connection.lists && !self.names.meets(left_out) {
            out.extend_from_slice(self.lines(buffer));
            return;
        }
        let listed = self.listed(buffer, connection);
        // Lines that stay lie side by side for the most part: copy them by runs.
        let mut run = 0..0;
        for field in &self.list {
            if left_out.has(field.name) || is_listed(field, buffer, &listed) {
                continue;
            }
            let (start, end) = (field.start, field.end);
            if run.end != start {
                out.extend_from_slice(&buffer[run]);
                run = start..start;
            }
            run.end = end;
        }
        out.extend_from_slice(&buffer[run]);
    }

    /// All lines, which lie one behind the other.
    fn lines<'b>(&self, buffer: &'b [u8]) -> &'b [u8] {
        match (self.list.first(), self.list.last()) {
            (Some(first), Some(last)) => &buffer[first.start..last.end],
            _ => &[],
        }
    }

    /// Shows `each` what may travel further, in the order in which it came.
    pub fn each_end_to_end(&self, buffer: &[u8], connection: Connection, mut each: impl FnMut(&Field)) {
        let listed = self.listed(buffer, connection);
        self.list.iter().filter(|field| !HOP_BY_HOP.has(field.name) && !is_listed(field, buffer, &listed)).for_each(&mut each);
    }

    /// The options of `Connection` fields, if any of them may name a field; trailers of these names do not travel either.
    #[must_use]
    pub fn listed<'b>(&self, buffer: &'b [u8], connection: Connection) -> Vec<&'b [u8]> {
        if !connection.lists {
            return Vec::new();
        }
        // `close` is the one option that names no field (RFC 9112 §9.6).
        self.options(buffer).filter(|option| !option.eq_ignore_ascii_case(b"close")).collect()
    }

    fn options<'b>(&self, buffer: &'b [u8]) -> impl Iterator<Item = &'b [u8]> {
        let fields = self.list.iter().filter(|field| field.name == Name::Connection);
        fields.flat_map(move |field| framing::options(field.value_in(buffer)))
    }

    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.names = Names::default();
        self.next_line = 0;
        self.searched = 0;
    }

    /// The next line of the head, which must be the one behind the last returned.
    pub(crate) fn line(&mut self, buffer: &[u8], limits: &Limits) -> Result<Line, Violation> {
        let start = self.next_line;
        let from = self.searched.max(start);
        let Some(found) = memchr::memchr(b'\n', &buffer[from..]) else {
            self.searched = buffer.len();
            return if buffer.len() >= limits.head_bytes { Err(Violation::HeadTooLarge) } else { Ok(Line::Partial) };
        };
        let line_feed = from + found;
        if line_feed >= limits.head_bytes {
            return Err(Violation::HeadTooLarge);
        }
        if line_feed == start || buffer[line_feed - 1] != b'\r' {
            return Err(Violation::LineEnd);
        }
        self.next_line = line_feed + 1;
        Ok(if line_feed - 1 == start { Line::Empty(line_feed + 1) } else { Line::Whole(Span::new(start, line_feed - 1)) })
    }

    /// Passes over an empty line before a request line (RFC 9112 §2.2).
    pub(crate) fn skip_empty_line(&mut self, buffer: &[u8]) {
        if self.next_line == 0 && buffer.starts_with(b"\r\n") {
            self.next_line = 2;
        }
    }

    /// Reads field lines until the empty one; the length of the head once it is there.
    pub(crate) fn parse(&mut self, buffer: &[u8], limits: &Limits) -> Result<Option<usize>, Violation> {
        loop {
            let start = self.next_line;
            // A line that came in pieces is not read from its beginning for each.
            if self.searched <= start
                && let Some(field) = Field::sound(buffer, start)
                && field.end <= limits.head_bytes
            {
                self.next_line = field.end;
                self.push(field, limits)?;
                continue;
            }
            match self.line(buffer, limits)? {
                Line::Partial => return Ok(None),
                Line::Empty(length) => return Ok(Some(length)),
                Line::Whole(line) => self.push(Field::parse(buffer, start, start + line.of(buffer).len())?, limits)?,
            }
        }
    }

    fn push(&mut self, field: Field, limits: &Limits) -> Result<(), Violation> {
        if self.list.len() == limits.fields {
            return Err(Violation::HeadTooLarge);
        }
        if self.list.capacity() == 0 {
            self.list.reserve(USUAL_FIELDS);
        }
        self.names = self.names.with(field.name);
        self.list.push(field);
        Ok(())
    }
}

/// Whether `Connection` names a field, which then goes no further. What delimits or routes the message cannot be taken away so.
fn is_listed(field: &Field, buffer: &[u8], listed: &[&[u8]]) -> bool {
    !ESSENTIAL.has(field.name) && listed.iter().any(|option| option.eq_ignore_ascii_case(field.name_in(buffer)))
}
