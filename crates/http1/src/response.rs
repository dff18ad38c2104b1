//! Response heads (RFC 9112 §4).

use crate::bytes::is_value;
use crate::framing::Lengths;
use crate::head::Line;
use crate::request::version;
use crate::{Connection, Fields, Framing, Limits, Method, Name, Span, Version, Violation};

/// The head of an answer. Spans point into the buffer it was read from.
#[derive(Debug, Default)]
pub struct ResponseHead {
    /// What the backend speaks.
    pub version: Version,
    /// 100 to 999.
    pub status: u16,
    /// Every field line.
    pub fields: Fields,
    /// How the body is delimited.
    pub framing: Framing,
    /// What becomes of the connection.
    pub connection: Connection,
    status_span: Span,
    /// What follows the status, blanks excluded.
    reason: Span,
    begun: bool,
}

impl ResponseHead {
    /// Makes ready for the next answer.
    pub fn clear(&mut self) {
        self.fields.clear();
        self.begun = false;
    }

    /// Reads on in `buffer`, which begins with the head and has grown since the
    /// last call. `method` is that of the request: it decides whether there is a
    /// body. The length of the head once it is whole.
    ///
    /// # Errors
    /// The first [`Violation`]; the connection can then not be used further.
    pub fn parse(&mut self, buffer: &[u8], limits: &Limits, method: Method) -> Result<Option<usize>, Violation> {
        if !self.begun {
            match self.fields.line(buffer, limits)? {
                Line::Partial => return partial_start(buffer),
                Line::Empty(_) => return Err(Violation::StatusLine),
                Line::Whole(line) => self.start_line(buffer, line)?,
            }
            self.begun = true;
        }
        let Some(length) = self.fields.parse(buffer, limits)? else { return Ok(None) };
        self.conclude(buffer, method)?;
        Ok(Some(length))
    }

    /// The three digits of the status.
    #[must_use]
    pub fn status_in<'b>(&self, buffer: &'b [u8]) -> &'b [u8] {
        self.status_span.of(buffer)
    }

    /// The reason phrase as it was written.
    #[must_use]
    pub fn reason_in<'b>(&self, buffer: &'b [u8]) -> &'b [u8] {
        self.reason.of(buffer)
    }

    /// Whether another head follows for the same request (RFC 9110 §15.2).
    #[must_use]
    pub fn is_interim(&self) -> bool {
        (100..200).contains(&self.status) && self.status != 101
    }

    fn start_line(&mut self, buffer: &[u8], line: Span) -> Result<(), Violation> {
        let bytes = line.of(buffer);
        let (version_text, rest) = bytes.split_at_checked(8).ok_or(Violation::StatusLine)?;
        self.version = version(version_text)?.ok_or(Violation::StatusLine)?;
        let [b' ', hundreds @ b'1'..=b'9', tens @ b'0'..=b'9', ones @ b'0'..=b'9', rest @ ..] = rest else {
            return Err(Violation::StatusLine);
        };
        self.status = u16::from(hundreds - b'0') * 100 + u16::from(tens - b'0') * 10 + u16::from(ones - b'0');
        // The blank belongs there even without a reason, but some servers leave it out.
        let reason = match rest {
            [] => rest,
            [b' ', reason @ ..] if reason.iter().all(|&byte| is_value(byte)) => reason,
            _ => return Err(Violation::StatusLine),
        };
        let start = bytes.as_ptr().addr() - buffer.as_ptr().addr();
        self.status_span = Span::new(start + 9, start + 12);
        let end = start + bytes.len();
        self.reason = Span::new(end - reason.len(), end);
        Ok(())
    }

    /// Draws the conclusions once every field is known (RFC 9112 §6.3).
    fn conclude(&mut self, buffer: &[u8], method: Method) -> Result<(), Violation> {
        let mut lengths = Lengths::default();
        self.connection = Connection::default();
        for field in self.fields.list() {
            match field.name {
                Name::ContentLength | Name::TransferEncoding => lengths.see(field, buffer)?,
                Name::Connection => self.connection.see(field, buffer),
                _ => {}
            }
        }
        let announced = lengths.framing(self.version)?;
        let bodiless = method == Method::Head || self.status < 200 || self.status == 204 || self.status == 304;
        self.framing = if bodiless { Framing::None } else { announced.unwrap_or(Framing::UntilClose) };
        Ok(())
    }
}

/// What does not even begin like an answer need not be waited for.
fn partial_start(buffer: &[u8]) -> Result<Option<usize>, Violation> {
    let begin = b"HTTP/1.";
    let common = begin.len().min(buffer.len());
    if buffer[..common] == begin[..common] { Ok(None) } else { Err(Violation::StatusLine) }
}

#[cfg(test)]
mod tests;
