//! Field lines: where they lie in the buffer and which of them mean something to a gateway.

use crate::Violation;
use crate::bytes::{is_blank, token_length, value_length};

/// A stretch of the buffer that a head was read from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    start: u32,
    end: u32,
}

/// One field line, `name: value CR LF`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// What the name means to us.
    pub name: Name,
    /// Where the line begins, which is where the name begins.
    pub(crate) start: u32,
    /// Where the name ends.
    pub(crate) name_end: u32,
    /// The value without blanks around it.
    pub(crate) value: Span,
    /// Where the line ends, behind its CR LF.
    pub(crate) end: u32,
}

/// The fields that a gateway acts on; every other is just carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// Any that is not listed here.
    Other,
    /// `Accept`
    Accept,
    /// `Client-Cert`, `Client-Cert-…`, `X-Client-Cert-…`: who a client is by its certificate, as we say it.
    ClientCert,
    /// The same as other proxies say it: `X-Forwarded-Client-Cert`, `X-Forwarded-Tls-Client-Cert…`, `Ssl-Client-…`, `X-Ssl-Client-…`
    ClientCertOfOthers,
    /// `Connection`
    Connection,
    /// `Content-Length`
    ContentLength,
    /// `Expect`
    Expect,
    /// `Host`
    Host,
    /// `Keep-Alive`
    KeepAlive,
    /// `Max-Forwards`
    MaxForwards,
    /// `Proxy`, which CGI programs mistake for a setting.
    Proxy,
    /// `Proxy-Connection`
    ProxyConnection,
    /// `TE`
    Te,
    /// `Trailer`
    Trailer,
    /// `Traceparent`
    Traceparent,
    /// `Tracestate`
    Tracestate,
    /// `Transfer-Encoding`
    TransferEncoding,
    /// `Upgrade`
    Upgrade,
    /// `X-Debug`: asks for the timings.
    XDebug,
    /// Any other `X-Debug-…`.
    XDebugOther,
    /// `X-Forwarded-For`
    XForwardedFor,
    /// `X-Forwarded-Host`
    XForwardedHost,
    /// `X-Forwarded-Port`
    XForwardedPort,
    /// `X-Forwarded-Prefix`
    XForwardedPrefix,
    /// `X-Forwarded-Proto`
    XForwardedProto,
    /// `X-Forwarded-Protocol`
    XForwardedProtocol,
    /// `X-Forwarded-Server`
    XForwardedServer,
    /// `X-Real-IP`
    XRealIp,
    /// `X-Request-ID`
    XRequestId,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Span {
        // Heads are bounded far below 4 GiB by `Limits`.
        Span { start: u32::try_from(start).unwrap_or(u32::MAX), end: u32::try_from(end).unwrap_or(u32::MAX) }
    }

    /// The bytes, out of the buffer that the head was read from.
    #[must_use]
    pub fn of(self, buffer: &[u8]) -> &[u8] {
        &buffer[self.start as usize..self.end as usize]
    }
}

impl Field {
    /// Reads the line that begins at `start` of `buffer`, its end and all, in one go. None when it is not all there or
    /// breaks a rule, which [`Field::parse`] tells.
    pub(crate) fn sound(buffer: &[u8], start: usize) -> Option<Field> {
        let lines = &buffer[start..];
        let colon = token_length(lines);
        if colon == 0 || lines.get(colon) != Some(&b':') {
            return None;
        }
        let line = colon + 1 + value_length(&lines[colon + 1..]);
        lines[line..].starts_with(b"\r\n").then(|| Field::of(buffer, start, start + colon, start + line))
    }

    /// Reads the line that begins at `start` of `buffer` and whose CR stands at `line_end`.
    pub(crate) fn parse(buffer: &[u8], start: usize, line_end: usize) -> Result<Field, Violation> {
        let line = &buffer[start..line_end];
        let colon = token_length(line);
        if colon == 0 || line.get(colon) != Some(&b':') {
            return Err(if matches!(line[0], b' ' | b'\t') { Violation::Folded } else { Violation::FieldName });
        }
        let value = &line[colon + 1..];
        if value_length(value) < value.len() {
            return Err(Violation::FieldValue);
        }
        Ok(Field::of(buffer, start, start + colon, line_end))
    }

    /// The line from `start` to the CR at `line_end`, with the colon at `name_end`.
    fn of(buffer: &[u8], start: usize, name_end: usize, line_end: usize) -> Field {
        let mut value_start = name_end + 1;
        while value_start < line_end && is_blank(buffer[value_start]) {
            value_start += 1;
        }
        let mut value_end = line_end;
        while value_end > value_start && is_blank(buffer[value_end - 1]) {
            value_end -= 1;
        }
        let name = Span::new(start, name_end);
        Field {
            name: Name::of(&buffer[start..name_end]),
            start: name.start,
            name_end: name.end,
            value: Span::new(value_start, value_end),
            end: Span::new(start, line_end + 2).end,
        }
    }

    /// The name as it was written.
    #[must_use]
    pub fn name_in(self, buffer: &[u8]) -> &[u8] {
        &buffer[self.start as usize..self.name_end as usize]
    }

    /// The value without the blanks around it.
    #[must_use]
    pub fn value_in(self, buffer: &[u8]) -> &[u8] {
        self.value.of(buffer)
    }
}

impl Name {
    /// Recognises a name, whatever its case.
    #[must_use]
    pub fn of(name: &[u8]) -> Name {
        let is = |text: &str, meaning: Name| if name.eq_ignore_ascii_case(text.as_bytes()) { meaning } else { Name::Other };
        match (name.len(), name[0] | 0x20) {
            (2, b't') => is("te", Name::Te),
            (4, b'h') => is("host", Name::Host),
            (5, b'p') => is("proxy", Name::Proxy),
            (6, b'a') => is("accept", Name::Accept),
            (6, b'e') => is("expect", Name::Expect),
            (7, b't') => is("trailer", Name::Trailer),
            (7, b'u') => is("upgrade", Name::Upgrade),
            (7, b'x') => is("x-debug", Name::XDebug),
            (9, b'x') if name.eq_ignore_ascii_case(b"x-real-ip") => Name::XRealIp,
            (10, b't') => is("tracestate", Name::Tracestate),
            (11, b't') => is("traceparent", Name::Traceparent),
            (12, b'x') if name.eq_ignore_ascii_case(b"x-request-id") => Name::XRequestId,
            (10, b'c') => is("connection", Name::Connection),
            (10, b'k') => is("keep-alive", Name::KeepAlive),
            (12, b'm') => is("max-forwards", Name::MaxForwards),
            (14, b'c') => is("content-length", Name::ContentLength),
            (16, b'p') => is("proxy-connection", Name::ProxyConnection),
            (17, b't') => is("transfer-encoding", Name::TransferEncoding),
            (9.., b'x') => Name::of_x(name),
            (10.., b'c') if name[1] | 0x20 == b'l' => Name::of_identity(name),
            (10.., b's') if name[1] | 0x20 == b's' => Name::of_identity(name),
            _ => Name::Other,
        }
    }

    /// The letter behind `x-` keeps most names from being compared with anything.
    fn of_x(name: &[u8]) -> Name {
        if !matches!(name[2] | 0x20, b'c' | b'd' | b'f' | b's') {
            return Name::Other;
        }
        if let Some((start, rest)) = name.split_at_checked(12)
            && start.eq_ignore_ascii_case(b"x-forwarded-")
        {
            return match rest.to_ascii_lowercase().as_slice() {
                b"for" => Name::XForwardedFor,
                b"host" => Name::XForwardedHost,
                b"port" => Name::XForwardedPort,
                b"prefix" => Name::XForwardedPrefix,
                b"proto" => Name::XForwardedProto,
                b"protocol" => Name::XForwardedProtocol,
                b"server" => Name::XForwardedServer,
                _ => Name::of_identity(name),
            };
        }
        match name.split_at_checked(8) {
            Some((start, _)) if start.eq_ignore_ascii_case(b"x-debug-") => Name::XDebugOther,
            _ => Name::of_identity(name),
        }
    }

    /// Programs that know `_` only take it and `-` for the same.
    fn of_identity(name: &[u8]) -> Name {
        let begins = |start: &str| {
            let same = |(byte, wanted): (&u8, u8)| byte.eq_ignore_ascii_case(&wanted) || *byte == b'_' && wanted == b'-';
            name.len() >= start.len() && name.iter().zip(start.bytes()).all(same)
        };
        let any = |starts: &[&str]| starts.iter().any(|start| begins(start));
        if any(&["client-cert", "x-client-cert"]) {
            Name::ClientCert
        } else if any(&["x-forwarded-client-cert", "x-forwarded-tls-client-cert", "ssl-client-", "x-ssl-client-"]) {
            Name::ClientCertOfOthers
        } else {
            Name::Other
        }
    }
}

impl Name {
    /// A bit of its own.
    pub(crate) fn bit(self) -> u32 {
        const { assert!((Name::XRealIp as u32) < u32::BITS) };
        1 << self as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_tell_who_a_client_is_are_known_however_they_are_written() {
        let check =
            |names: &str, expected: Name| names.split(' ').for_each(|name| assert_eq!(Name::of(name.as_bytes()), expected, "{name}"));
        check("client-cert Client-Cert-Chain x-client-cert X-Client-Cert-Subject x_client_cert_sha256 CLIENT_CERT", Name::ClientCert);
        check("x-forwarded-client-cert X-Forwarded-Tls-Client-Cert-Info ssl-client-verify X-SSL-Client-S-DN", Name::ClientCertOfOthers);
        check("x-client x-client-id ssl-clientele x-forwarded-clients server-timing client-hints", Name::Other);
    }
}
