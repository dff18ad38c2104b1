//! What requests are followed by, over all programs that they pass through.

use std::str::FromStr;

/// What becomes of `x-request-id` and of W3C Trace Context.
#[derive(Clone, Debug, Default, PartialEq, Eq, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Following {
    /// `x-request-id`.
    pub request_id: RequestIds,
    /// `traceparent` and `tracestate`.
    pub context: TraceContexts,
    /// Whether clients are told the number of their request.
    pub answers: bool,
}

/// What becomes of `x-request-id`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub enum RequestIds {
    /// Nothing.
    #[default]
    Passed,
    /// A request that has none gets one.
    Created,
}

/// What becomes of `traceparent` and `tracestate`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub enum TraceContexts {
    /// Nothing.
    #[default]
    Passed,
    /// A request that belongs to no trace begins one.
    Created,
    /// The same, and we are a place of our own in each trace.
    Joined,
}

/// Why a text does not say what becomes of request ids.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither `pass` nor `create`")]
pub struct RequestIdsError(String);

/// Why a text does not say what becomes of traces.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of `pass`, `create` and `join`")]
pub struct TraceContextsError(String);

impl FromStr for RequestIds {
    type Err = RequestIdsError;

    fn from_str(text: &str) -> Result<RequestIds, RequestIdsError> {
        match text.to_ascii_lowercase().as_str() {
            "pass" | "off" => Ok(RequestIds::Passed),
            "create" | "on" => Ok(RequestIds::Created),
            _ => Err(RequestIdsError(text.to_owned())),
        }
    }
}

impl FromStr for TraceContexts {
    type Err = TraceContextsError;

    fn from_str(text: &str) -> Result<TraceContexts, TraceContextsError> {
        match text.to_ascii_lowercase().as_str() {
            "pass" | "off" => Ok(TraceContexts::Passed),
            "create" | "on" => Ok(TraceContexts::Created),
            "join" => Ok(TraceContexts::Joined),
            _ => Err(TraceContextsError(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_becomes_of_them_goes_by_its_name() {
        assert_eq!("Create".parse(), Ok(RequestIds::Created));
        assert_eq!("join".parse::<RequestIds>().unwrap_err().to_string(), "`join` is neither `pass` nor `create`");
        assert_eq!("join".parse(), Ok(TraceContexts::Joined));
        assert_eq!("".parse::<TraceContexts>().unwrap_err().to_string(), "`` is none of `pass`, `create` and `join`");
    }
}
