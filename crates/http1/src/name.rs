//! Field names that mean something to a gateway, and sets of them.

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

/// A set of names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Names(u32);

impl Name {
    /// Recognises a name, whatever its case.
    #[must_use]
    pub fn of(name: &[u8]) -> Name {
        match (name.len(), name[0] | 0x20) {
            (2, b't') => is(name, b"te", Name::Te),
            (4, b'h') => is(name, b"host", Name::Host),
            (5, b'p') => is(name, b"proxy", Name::Proxy),
            (6, b'a') => is(name, b"accept", Name::Accept),
            (6, b'e') => is(name, b"expect", Name::Expect),
            (7, b't') => is(name, b"trailer", Name::Trailer),
            (7, b'u') => is(name, b"upgrade", Name::Upgrade),
            (7, b'x') => is(name, b"x-debug", Name::XDebug),
            (9, b'x') if are_same(name, b"x-real-ip") => Name::XRealIp,
            (10, b't') => is(name, b"tracestate", Name::Tracestate),
            (11, b't') => is(name, b"traceparent", Name::Traceparent),
            (12, b'x') if are_same(name, b"x-request-id") => Name::XRequestId,
            (10, b'c') => is(name, b"connection", Name::Connection),
            (10, b'k') => is(name, b"keep-alive", Name::KeepAlive),
            (12, b'm') => is(name, b"max-forwards", Name::MaxForwards),
            (14, b'c') => is(name, b"content-length", Name::ContentLength),
            (16, b'p') => is(name, b"proxy-connection", Name::ProxyConnection),
            (17, b't') => is(name, b"transfer-encoding", Name::TransferEncoding),
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
            && are_same(start, b"x-forwarded-")
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

impl Names {
    /// These and no other.
    #[must_use]
    pub const fn of(names: &[Name]) -> Names {
        let (mut set, mut rest) = (Names(0), names);
        while let [first, behind @ ..] = rest {
            set = set.with(*first);
            rest = behind;
        }
        set
    }

    /// This one too.
    #[must_use]
    pub const fn with(self, name: Name) -> Names {
        const { assert!((Name::XRequestId as u32) < u32::BITS) };
        Names(self.0 | 1 << name as u32)
    }

    /// This one too, if so.
    #[must_use]
    pub const fn with_if(self, so: bool, name: Name) -> Names {
        if so { self.with(name) } else { self }
    }

    /// Those of either.
    #[must_use]
    pub const fn and(self, others: Names) -> Names {
        Names(self.0 | others.0)
    }

    /// Whether it is one of them.
    #[must_use]
    pub const fn has(self, name: Name) -> bool {
        self.0 & (1 << name as u32) != 0
    }

    /// Whether any name is in both.
    #[must_use]
    pub const fn meets(self, others: Names) -> bool {
        self.0 & others.0 != 0
    }
}

/// The `meaning` of a name, if it is this one.
fn is<const N: usize>(name: &[u8], text: &[u8; N], meaning: Name) -> Name {
    if are_same(name, text) { meaning } else { Name::Other }
}

/// Whether a name is `text`, which has no capitals; in a token, nothing but a capital becomes a letter or a dash by this bit. All
/// bytes are looked at, which is quicker than to stop at one.
fn are_same<const N: usize>(name: &[u8], text: &[u8; N]) -> bool {
    name.len() == N && name.iter().zip(text).fold(0, |differs, (byte, wanted)| differs | (byte | 0x20) ^ wanted) == 0
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
