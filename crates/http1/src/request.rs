//! Request heads (RFC 9112 §3).

use crate::bytes::{is_target, is_token};
use crate::framing::Lengths;
use crate::head::Line;
use crate::{Connection, Fields, Framing, Limits, Name, Span, Violation};

/// What a request line holds besides its target: a method, a version, blanks.
/// A longer line is too long whether it arrives at once or piece by piece.
const BESIDE_TARGET: usize = 64;

/// The head of a request. Spans point into the buffer it was read from.
#[derive(Debug, Default)]
pub struct RequestHead {
    /// What to do.
    pub method: Method,
    /// What to do it to, in the form that was sent.
    pub target: Target,
    /// What the client understands.
    pub version: Version,
    /// Every field line.
    pub fields: Fields,
    /// How the body is delimited.
    pub framing: Framing,
    /// What becomes of the connection.
    pub connection: Connection,
    /// The `Host` field, or the authority of an absolute target.
    pub host: Span,
    /// `Expect: 100-continue` is there.
    pub expects_continue: bool,
    method_span: Span,
    target_span: Span,
    begun: bool,
}

/// Methods that a gateway treats apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    #[default]
    Get,
    /// `HEAD`
    Head,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `DELETE`
    Delete,
    /// `OPTIONS`
    Options,
    /// `TRACE`
    Trace,
    /// `CONNECT`
    Connect,
    /// Any other token.
    Other,
}

/// The forms of a request target (RFC 9112 §3.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// `/path?query`
    #[default]
    Origin,
    /// `http://host/path?query`; the span is what follows the authority, and may be empty.
    Absolute {
        /// `/path?query`
        path: Span,
    },
    /// `*`, with OPTIONS.
    Asterisk,
    /// `host:port`, with CONNECT.
    Authority,
}

/// HTTP/1.0 or HTTP/1.1; a higher minor version is met as that (RFC 9110 §2.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// RFC 1945.
    Http10,
    /// RFC 9112.
    #[default]
    Http11,
}

impl RequestHead {
    /// Makes ready for the next request.
    pub fn clear(&mut self) {
        self.fields.clear();
        self.begun = false;
    }

    /// Reads on in `buffer`, which begins with the head and has grown since the
    /// last call. The length of the head once it is whole.
    ///
    /// # Errors
    /// The first [`Violation`]; the connection can then not be used further.
    pub fn parse(&mut self, buffer: &[u8], limits: &Limits) -> Result<Option<usize>, Violation> {
        if !self.begun {
            self.fields.skip_empty_line(buffer);
            match self.fields.line(buffer, limits)? {
                Line::Partial => return self.partial_start(buffer, limits),
                Line::Empty(_) => return Err(Violation::RequestLine),
                Line::Whole(line) => self.start_line(buffer, line, limits)?,
            }
            self.begun = true;
        }
        let Some(length) = self.fields.parse(buffer, limits)? else { return Ok(None) };
        self.conclude(buffer)?;
        Ok(Some(length))
    }

    /// The method as it was written.
    #[must_use]
    pub fn method_in<'b>(&self, buffer: &'b [u8]) -> &'b [u8] {
        self.method_span.of(buffer)
    }

    /// The target as it was written.
    #[must_use]
    pub fn target_in<'b>(&self, buffer: &'b [u8]) -> &'b [u8] {
        self.target_span.of(buffer)
    }

    /// The path and query that a backend gets: never with an authority. Without
    /// a path it is the whole server that OPTIONS asks about (RFC 9112 §3.2.4).
    #[must_use]
    pub fn origin_form<'b>(&self, buffer: &'b [u8]) -> &'b [u8] {
        match self.target {
            Target::Absolute { path } if path.of(buffer).is_empty() && self.method == Method::Options => b"*",
            Target::Absolute { path } if path.of(buffer).is_empty() => b"/",
            Target::Absolute { path } => path.of(buffer),
            Target::Origin | Target::Asterisk | Target::Authority => self.target_in(buffer),
        }
    }

    /// A request line that does not end can already be known to be none.
    fn partial_start(&self, buffer: &[u8], limits: &Limits) -> Result<Option<usize>, Violation> {
        let line = buffer.strip_prefix(b"\r\n").unwrap_or(buffer);
        // The line's own end, half of it there, is not counted; or any split but this one would be well.
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > limits.target_bytes + BESIDE_TARGET {
            return Err(Violation::TargetTooLong);
        }
        // TLS, HTTP/2 and binary protocols show themselves by their first bytes.
        match line.iter().take(24).find(|&&byte| !is_token(byte)) {
            None | Some(b' ') => Ok(None),
            Some(_) => Err(Violation::RequestLine),
        }
    }

    fn start_line(&mut self, buffer: &[u8], line: Span, limits: &Limits) -> Result<(), Violation> {
        let bytes = line.of(buffer);
        if bytes.len() > limits.target_bytes + BESIDE_TARGET {
            return Err(Violation::TargetTooLong);
        }
        let start = bytes.as_ptr().addr() - buffer.as_ptr().addr();
        let method_end = bytes.iter().position(|&byte| !is_token(byte)).ok_or(Violation::RequestLine)?;
        if method_end == 0 || bytes[method_end] != b' ' {
            return Err(Violation::RequestLine);
        }
        let rest = &bytes[method_end + 1..];
        let target_end = rest.iter().position(|&byte| byte == b' ').ok_or(Violation::RequestLine)?;
        if target_end > limits.target_bytes {
            return Err(Violation::TargetTooLong);
        }
        self.version = version(&rest[target_end + 1..])?.ok_or(Violation::RequestLine)?;
        self.method = Method::of(&bytes[..method_end]);
        self.method_span = Span::new(start, start + method_end);
        let target_start = start + method_end + 1;
        self.target_span = Span::new(target_start, target_start + target_end);
        self.target = self.target_form(buffer, target_start)?;
        Ok(())
    }

    fn target_form(&mut self, buffer: &[u8], start: usize) -> Result<Target, Violation> {
        let target = self.target_span.of(buffer);
        if !target.iter().all(|&byte| is_target(byte)) {
            return Err(Violation::Target);
        }
        self.host = Span::default();
        match (self.method, target) {
            (Method::Connect, [_, ..]) => Ok(Target::Authority),
            (_, [b'/', ..]) => Ok(Target::Origin),
            (Method::Options, b"*") => Ok(Target::Asterisk),
            _ => self.absolute(target, start),
        }
    }

    fn absolute(&mut self, target: &[u8], start: usize) -> Result<Target, Violation> {
        let has = |scheme: &[u8]| target.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme));
        let scheme: usize = if has(b"http://") {
            7
        } else if has(b"https://") {
            8
        } else {
            return Err(Violation::Target);
        };
        let authority = target[scheme..].iter().position(|&byte| byte == b'/' || byte == b'?').map_or(target.len(), |end| scheme + end);
        // `http://host?query` has no path that could be sent on.
        if authority == scheme || target.get(authority) == Some(&b'?') {
            return Err(Violation::Target);
        }
        self.host = Span::new(start + scheme, start + authority);
        Ok(Target::Absolute { path: Span::new(start + authority, start + target.len()) })
    }

    /// Draws the conclusions once every field is known.
    fn conclude(&mut self, buffer: &[u8]) -> Result<(), Violation> {
        let mut lengths = Lengths::default();
        let mut hosts = 0;
        let mut host = Span::default();
        self.connection = Connection::default();
        self.expects_continue = false;
        for field in self.fields.list() {
            match field.name {
                Name::ContentLength | Name::TransferEncoding => lengths.see(field, buffer)?,
                Name::Connection => self.connection.see(field, buffer),
                Name::Expect => self.expects_continue |= field.value_in(buffer).eq_ignore_ascii_case(b"100-continue"),
                Name::Host => {
                    hosts += 1;
                    host = field.value;
                }
                _ => {}
            }
        }
        self.framing = lengths.framing(self.version)?.unwrap_or(Framing::None);
        self.choose_host(buffer, hosts, host)
    }

    fn choose_host(&mut self, buffer: &[u8], hosts: usize, field: Span) -> Result<(), Violation> {
        if hosts > 1 || (hosts == 0 && self.version == Version::Http11) {
            return Err(Violation::Host);
        }
        match self.target {
            Target::Absolute { .. } if hosts == 1 && !field.of(buffer).eq_ignore_ascii_case(self.host.of(buffer)) => Err(Violation::Host),
            Target::Absolute { .. } => Ok(()),
            Target::Origin | Target::Asterisk | Target::Authority => {
                self.host = field;
                Ok(())
            }
        }
    }
}

impl Method {
    fn of(token: &[u8]) -> Method {
        match token {
            b"GET" => Method::Get,
            b"HEAD" => Method::Head,
            b"POST" => Method::Post,
            b"PUT" => Method::Put,
            b"DELETE" => Method::Delete,
            b"OPTIONS" => Method::Options,
            b"TRACE" => Method::Trace,
            b"CONNECT" => Method::Connect,
            _ => Method::Other,
        }
    }

    /// Whether doing it twice is like doing it once (RFC 9110 §9.2.2).
    #[must_use]
    pub fn is_idempotent(self) -> bool {
        matches!(self, Method::Get | Method::Head | Method::Put | Method::Delete | Method::Options | Method::Trace)
    }
}

/// The version at the end of a request line or the start of a status line; none if it is no version at all.
pub(crate) fn version(text: &[u8]) -> Result<Option<Version>, Violation> {
    match text {
        b"HTTP/1.1" => Ok(Some(Version::Http11)),
        b"HTTP/1.0" => Ok(Some(Version::Http10)),
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'2'..=b'9'] => Ok(Some(Version::Http11)),
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit() => Err(Violation::Version),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests;
