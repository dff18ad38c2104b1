//! Field sections without a dynamic table (RFC 9204 §4.5).

mod huffman;
mod table;

use crate::violation::Violation;

/// What a field costs besides its bytes (RFC 9114 §4.2.2).
const OVERHEAD: usize = 32;

/// Fields, in their order.
#[derive(Debug, Default)]
pub struct Section {
    /// Name and value of each, one behind the other.
    text: Vec<u8>,
    /// Where each name ends, and each value.
    ends: Vec<(usize, usize)>,
}

impl Section {
    /// Each name and its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        starts.zip(&self.ends).map(|(start, (middle, end))| {
            // Names are looked at when they come in.
            (str::from_utf8(&self.text[start..*middle]).unwrap_or_default(), &self.text[*middle..*end])
        })
    }

    /// What `content-length` tells, if that can be understood.
    pub(crate) fn content_length(&self) -> Option<u64> {
        let (_, value) = self.iter().find(|(name, _)| *name == "content-length")?;
        str::from_utf8(value).ok()?.parse().ok()
    }

    /// What it comes to so far.
    fn size(&self) -> usize {
        self.text.len() + self.ends.len() * OVERHEAD
    }

    /// Ends a field whose name was written up to `middle`.
    fn add(&mut self, middle: usize, most: usize) -> Result<(), Violation> {
        let start = self.ends.last().map_or(0, |(_, end)| *end);
        if !is_name(&self.text[start..middle]) || !is_value(&self.text[middle..]) {
            return Err(Violation::Message);
        }
        self.ends.push((middle, self.text.len()));
        if self.size() > most { Err(Violation::SectionTooLarge) } else { Ok(()) }
    }
}

/// Unpacks a section that comes to at most so many bytes.
///
/// # Errors
/// When it is larger, cannot be read, or holds what no field can.
pub fn decode(packed: &[u8], most: usize) -> Result<Section, Violation> {
    let mut input = packed;
    // What it needs of the dynamic table, and where it stands in it (RFC 9204 §4.5.1).
    if integer(&mut input, 8)? != 0 {
        return Err(Violation::Compression);
    }
    integer(&mut input, 7)?;
    let mut section = Section::default();
    while let Some(&first) = input.first() {
        let middle = match first {
            0b1100_0000.. => {
                let (name, value) = table::entry(integer(&mut input, 6)?).ok_or(Violation::Compression)?;
                section.text.extend_from_slice(name.as_bytes());
                let middle = section.text.len();
                section.text.extend_from_slice(value.as_bytes());
                section.add(middle, most)?;
                continue;
            }
            0b0101_0000..0b0110_0000 | 0b0111_0000..0b1000_0000 => {
                let (name, _) = table::entry(integer(&mut input, 4)?).ok_or(Violation::Compression)?;
                section.text.extend_from_slice(name.as_bytes());
                section.text.len()
            }
            0b0010_0000..0b0100_0000 => {
                string(&mut input, 3, &mut section, most)?;
                section.text.len()
            }
            // The others are about the dynamic table.
            _ => return Err(Violation::Compression),
        };
        string(&mut input, 7, &mut section, most)?;
        section.add(middle, most)?;
    }
    Ok(section)
}

/// Packs fields, whose names are in lower case.
pub fn encode<'f>(fields: impl Iterator<Item = (&'f str, &'f [u8])>, out: &mut Vec<u8>) {
    out.extend_from_slice(&[0, 0]);
    for (name, value) in fields {
        match table::find(name, value) {
            table::Match::Whole(index) => write_integer(index, 6, 0b1100_0000, out),
            table::Match::Name(index) => {
                write_integer(index, 4, 0b0101_0000, out);
                write_string(value, 7, 0, out);
            }
            table::Match::None => {
                write_string(name.as_bytes(), 3, 0b0010_0000, out);
                write_string(value, 7, 0, out);
            }
        }
    }
}

/// A number that begins within a byte (RFC 7541 §5.1), which is at most what memory holds.
fn integer(input: &mut &[u8], bits: u32) -> Result<usize, Violation> {
    let (&first, mut rest) = input.split_first().ok_or(Violation::Compression)?;
    let mask = (1usize << bits) - 1;
    let mut number = usize::from(first) & mask;
    if number == mask {
        let mut shift = 0;
        loop {
            let (&byte, more) = rest.split_first().ok_or(Violation::Compression)?;
            rest = more;
            // No length and no index that makes sense needs more.
            if shift > 28 {
                return Err(Violation::Compression);
            }
            number += usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
    }
    *input = rest;
    Ok(number)
}

fn write_integer(number: usize, bits: u32, marks: u8, out: &mut Vec<u8>) {
    let mask = (1usize << bits) - 1;
    let byte = |number: usize| u8::try_from(number).unwrap_or(u8::MAX);
    if number < mask {
        out.push(marks | byte(number));
        return;
    }
    out.push(marks | byte(mask));
    let mut rest = number - mask;
    while rest >= 0x80 {
        out.push(byte(rest & 0x7f) | 0x80);
        rest >>= 7;
    }
    out.push(byte(rest));
}

/// Unpacks a string whose length has so many bits in its first byte, behind the one that says how it is packed.
fn string(input: &mut &[u8], bits: u32, section: &mut Section, most: usize) -> Result<(), Violation> {
    let is_packed = input.first().is_some_and(|first| first & (1 << bits) != 0);
    let length = integer(input, bits)?;
    let (bytes, rest) = input.split_at_checked(length).ok_or(Violation::Compression)?;
    *input = rest;
    if !is_packed {
        // It is part of a section that was no larger than allowed.
        section.text.extend_from_slice(bytes);
        return Ok(());
    }
    let room = most.saturating_sub(section.size());
    huffman::decode(bytes, room, &mut section.text)
}

fn write_string(string: &[u8], bits: u32, marks: u8, out: &mut Vec<u8>) {
    write_integer(string.len(), bits, marks, out);
    out.extend_from_slice(string);
}

/// A token in lower case, or a pseudo-field (RFC 9114 §4.2, RFC 9110 §5.6.2).
fn is_name(name: &[u8]) -> bool {
    let name = name.strip_prefix(b":").unwrap_or(name);
    let symbol = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9') || b"!#$%&'*+-.^_`|~".contains(byte);
    !name.is_empty() && name.iter().all(symbol)
}

/// RFC 9114 §10.3, RFC 9110 §5.5: no end of a line, nothing that a reader of lines could take for one, no blanks around it.
fn is_value(value: &[u8]) -> bool {
    let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    !value.iter().any(|byte| matches!(byte, b'\0' | b'\r' | b'\n')) && !is_blank(value.first()) && !is_blank(value.last())
}

#[cfg(test)]
mod tests;
