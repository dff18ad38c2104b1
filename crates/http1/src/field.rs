//! Field lines: where they lie in the buffer.

use crate::bytes::{is_blank, token_length, value_length};
use crate::{Name, Violation};

/// A stretch of the buffer that a head was read from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    start: usize,
    end: usize,
}

/// One field line, `name: value CR LF`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// What the name means to us.
    pub name: Name,
    /// Where the line begins, which is where the name begins.
    pub(crate) start: usize,
    /// Where the name ends.
    pub(crate) name_end: usize,
    /// The value without blanks around it.
    pub(crate) value: Span,
    /// Where the line ends, behind its CR LF.
    pub(crate) end: usize,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Span {
        Span { start, end }
    }

    /// The bytes, out of the buffer that the head was read from.
    #[must_use]
    pub fn of(self, buffer: &[u8]) -> &[u8] {
        &buffer[self.start..self.end]
    }
}

impl Field {
    /// Reads the line that begins at `start` of `buffer`, its end and all, in one go. None when it is not all there or
    /// breaks a rule, which [`Field::parse`] tells.
    #[inline]
    pub(crate) fn sound(buffer: &[u8], start: usize) -> Option<Field> {
        let line = buffer.get(start..)?;
        let (name, [b':', value @ ..]) = line.split_at_checked(token_length(line))? else { return None };
        let (value, [b'\r', b'\n', ..]) = value.split_at_checked(value_length(value))? else { return None };
        (!name.is_empty()).then(|| Field::of(start, name, value))
    }

    /// Reads the line that begins at `start` of `buffer` and whose CR stands at `line_end`.
    pub(crate) fn parse(buffer: &[u8], start: usize, line_end: usize) -> Result<Field, Violation> {
        let line = &buffer[start..line_end];
        match line.split_at(token_length(line)) {
            ([], [b' ' | b'\t', ..]) => Err(Violation::Folded),
            (name @ [_, ..], [b':', value @ ..]) if value_length(value) == value.len() => Ok(Field::of(start, name, value)),
            ([_, ..], [b':', ..]) => Err(Violation::FieldValue),
            _ => Err(Violation::FieldName),
        }
    }

    /// The line that begins at `start` and is made of this `name`, a colon and this `value` with blanks around it.
    #[inline]
    fn of(start: usize, name: &[u8], value: &[u8]) -> Field {
        let (before, behind) = blanks_around(value);
        let name_end = start + name.len();
        let line_end = name_end + 1 + value.len();
        Field { name: Name::of(name), start, name_end, value: Span::new(name_end + 1 + before, line_end - behind), end: line_end + 2 }
    }

    /// All of it, as it was written, with its CR LF.
    #[must_use]
    pub fn line_in(self, buffer: &[u8]) -> &[u8] {
        &buffer[self.start..self.end]
    }

    /// The name as it was written.
    #[must_use]
    pub fn name_in(self, buffer: &[u8]) -> &[u8] {
        &buffer[self.start..self.name_end]
    }

    /// The value without the blanks around it.
    #[must_use]
    pub fn value_in(self, buffer: &[u8]) -> &[u8] {
        self.value.of(buffer)
    }
}

/// How many blanks a value begins and ends with: one and none, for nearly all.
#[inline]
fn blanks_around(value: &[u8]) -> (usize, usize) {
    if let [b' ', first, ..] = value
        && let [.., last] = value
        && !is_blank(*first)
        && !is_blank(*last)
    {
        return (1, 0);
    }
    let before = value.iter().take_while(|&&byte| is_blank(byte)).count();
    (before, value[before..].iter().rev().take_while(|&&byte| is_blank(byte)).count())
}
