//! The access log: where it goes, and what it says of each request.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use dproxy_route::Logged;

/// Where the access log goes, and what becomes of it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessLog {
    /// None: there is no log.
    pub target: Option<AccessTarget>,
    /// When another file is begun.
    pub rotation: Rotation,
}

/// Where the access log goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessTarget {
    /// The standard output of the master.
    Stdout,
    /// A file, which is appended to.
    File(PathBuf),
}

/// When another file is begun, and how many old ones stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// When it has so many bytes; zero is never.
    pub size: u32,
    /// When it is so old; none is never.
    pub age: Option<Duration>,
    /// Old files beside the new one, at least one.
    pub keep: u32,
}

/// What the workers write of each request, where there is a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct AccessLines {
    /// What a line looks like.
    pub format: AccessFormat,
    /// How many requests get one, where their route does not say.
    pub logged: Logged,
}

impl AccessLines {
    /// Whether lines tell what a request is followed by, though nothing is created.
    #[must_use]
    pub fn tells_trail(&self) -> bool {
        let of_trail = |field: &AccessField| matches!(field, AccessField::RequestId | AccessField::TraceId | AccessField::SpanId);
        matches!(&self.format, AccessFormat::Json(fields) if fields.iter().any(of_trail))
    }
}

/// What a line looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub enum AccessFormat {
    /// [`AccessFormat::Combined`], and behind it the host and the milliseconds that it took.
    #[default]
    Full,
    /// What Apache calls combined.
    Combined,
    /// What hipache wrote: combined, and behind it the host, the seconds that it took, and those of the backend.
    Hipache,
    /// An object with these fields, in this order but for those that are known only at the end.
    Json(Vec<AccessField>),
}

/// One thing that a JSON line can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub enum AccessField {
    /// When the request came, RFC 3339 in UTC.
    Time,
    /// The address of the client, or of the proxy in front of us.
    Client,
    /// What proxies in front of us say of the client.
    ForwardedFor,
    /// `GET`
    Method,
    /// `http` or `https`
    Scheme,
    /// The name that was asked for.
    Host,
    /// Path and query.
    Target,
    /// `HTTP/1.1`
    Protocol,
    /// Where the client came from.
    Referer,
    /// What the client calls itself.
    UserAgent,
    /// The number of the request, `x-request-id`.
    RequestId,
    /// The trace it belongs to, of `traceparent`.
    TraceId,
    /// Its place there, as the backend sees it.
    SpanId,
    /// Of the answer; 0 where the client went before there was one.
    Status,
    /// Of the answer's body.
    Bytes,
    /// Milliseconds from the request's head to the answer's last byte.
    Duration,
    /// Who answered: name and address of the backend.
    Backend,
    /// Milliseconds until the backend began to answer.
    BackendTime,
}

/// Why a text names no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of `full`, `combined`, `hipache` and `json`")]
pub struct AccessFormatError(String);

/// Why a text names no field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no field of the access log; there are {list}", list = AccessField::list())]
pub struct AccessFieldError(String);

impl From<PathBuf> for AccessTarget {
    fn from(path: PathBuf) -> AccessTarget {
        if path.as_os_str() == "stdout" || path.as_os_str() == "-" { AccessTarget::Stdout } else { AccessTarget::File(path) }
    }
}

impl AccessField {
    /// Every field, in the order in which they are written where none is chosen.
    pub const ALL: [AccessField; 18] = [
        AccessField::Time,
        AccessField::Client,
        AccessField::ForwardedFor,
        AccessField::Method,
        AccessField::Scheme,
        AccessField::Host,
        AccessField::Target,
        AccessField::Protocol,
        AccessField::Referer,
        AccessField::UserAgent,
        AccessField::RequestId,
        AccessField::TraceId,
        AccessField::SpanId,
        AccessField::Status,
        AccessField::Bytes,
        AccessField::Duration,
        AccessField::Backend,
        AccessField::BackendTime,
    ];

    /// Its name, in the configuration and in each line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            AccessField::Time => "time",
            AccessField::Client => "client",
            AccessField::ForwardedFor => "forwarded_for",
            AccessField::Method => "method",
            AccessField::Scheme => "scheme",
            AccessField::Host => "host",
            AccessField::Target => "target",
            AccessField::Protocol => "protocol",
            AccessField::Referer => "referer",
            AccessField::UserAgent => "user_agent",
            AccessField::RequestId => "request_id",
            AccessField::TraceId => "trace_id",
            AccessField::SpanId => "span_id",
            AccessField::Status => "status",
            AccessField::Bytes => "bytes",
            AccessField::Duration => "duration_ms",
            AccessField::Backend => "backend",
            AccessField::BackendTime => "backend_ms",
        }
    }

    fn list() -> String {
        AccessField::ALL.map(|field| format!("`{}`", field.as_str())).join(", ")
    }
}

impl FromStr for AccessFormat {
    type Err = AccessFormatError;

    fn from_str(text: &str) -> Result<AccessFormat, AccessFormatError> {
        match text.to_ascii_lowercase().as_str() {
            "full" => Ok(AccessFormat::Full),
            "combined" => Ok(AccessFormat::Combined),
            "hipache" => Ok(AccessFormat::Hipache),
            "json" => Ok(AccessFormat::Json(AccessField::ALL.to_vec())),
            _ => Err(AccessFormatError(text.to_owned())),
        }
    }
}

impl FromStr for AccessField {
    type Err = AccessFieldError;

    fn from_str(text: &str) -> Result<AccessField, AccessFieldError> {
        let named = AccessField::ALL.into_iter().find(|field| field.as_str().eq_ignore_ascii_case(text));
        named.ok_or_else(|| AccessFieldError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_found_by_its_name() {
        for field in AccessField::ALL {
            assert_eq!(field.as_str().parse(), Ok(field));
        }
        let error = "useragent".parse::<AccessField>().unwrap_err().to_string();
        assert!(error.starts_with("`useragent` is no field of the access log; there are `time`, "), "{error}");
    }

    #[test]
    fn formats_go_by_their_names() {
        assert_eq!("Combined".parse(), Ok(AccessFormat::Combined));
        assert_eq!("json".parse(), Ok(AccessFormat::Json(AccessField::ALL.to_vec())));
        assert_eq!("".parse::<AccessFormat>(), Err(AccessFormatError(String::new())));
    }
}
