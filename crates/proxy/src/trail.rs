//! What a request is followed by on its way through many programs: its number
//! (`x-request-id`), and its place in a trace (W3C Trace Context).
//!
//! By default both are carried like any other field; the settings let us give
//! them to requests that come without.

mod context;
mod numbers;

use dproxy_config::{Following, RequestIds, TraceContexts};
use dproxy_http1::{Name, Names, RequestHead};

pub(crate) use crate::trail::context::TraceContext;
pub(crate) use crate::trail::numbers::Numbers;

/// A longer number is not carried any further where we may give another.
const LONGEST_ID: usize = 128;

/// What one request is followed by.
#[derive(Debug)]
pub(crate) struct Trail {
    request_id: RequestId,
    trace: Trace,
    /// Whether the client is told the number.
    answers: bool,
}

/// The number of a request.
#[derive(Debug)]
enum RequestId {
    /// It has none that could be told.
    Absent,
    /// It came with it.
    Carried(Vec<u8>),
    /// We gave it.
    Created(String),
}

/// Its place in a trace.
#[derive(Debug)]
enum Trace {
    /// It has none.
    Absent,
    /// It came with it, and stays.
    Carried(TraceContext),
    /// The trace came with it; the place is ours.
    Joined(TraceContext),
    /// Both are ours.
    Begun(TraceContext),
}

impl Trail {
    /// What the request with this head is followed by from here on.
    pub(crate) fn of(following: &Following, request: &RequestHead, head: &[u8], numbers: &Numbers) -> Trail {
        let request_id = match (carried(request, head, Name::XRequestId).filter(|id| is_number(id)), following.request_id) {
            (Some(id), _) => RequestId::Carried(id.to_vec()),
            (None, RequestIds::Passed) => RequestId::Absent,
            (None, RequestIds::Created) => RequestId::Created(numbers.request_id()),
        };
        let trace = match (carried(request, head, Name::Traceparent).and_then(TraceContext::parse), following.context) {
            (Some(context), TraceContexts::Passed | TraceContexts::Created) => Trace::Carried(context),
            (Some(context), TraceContexts::Joined) => Trace::Joined(context.joined_at(numbers.place())),
            (None, TraceContexts::Passed) => Trace::Absent,
            (None, TraceContexts::Created | TraceContexts::Joined) => Trace::Begun(TraceContext::begun(numbers.trace(), numbers.place())),
        };
        Trail { request_id, trace, answers: following.answers }
    }

    /// Its number, if it has one.
    pub(crate) fn request_id(&self) -> Option<&[u8]> {
        match &self.request_id {
            RequestId::Absent => None,
            RequestId::Carried(id) => Some(id),
            RequestId::Created(id) => Some(id.as_bytes()),
        }
    }

    /// Its number, if the client is told.
    pub(crate) fn answered_id(&self) -> Option<&[u8]> {
        self.request_id().filter(|_| self.answers)
    }

    /// Its place in a trace, as the backend sees it, if it has one.
    pub(crate) fn context(&self) -> Option<&TraceContext> {
        match &self.trace {
            Trace::Absent => None,
            Trace::Carried(context) | Trace::Joined(context) | Trace::Begun(context) => Some(context),
        }
    }

    /// Fields of the request that end here, because we say them ourselves or what they belong to is unknown.
    pub(crate) fn replaced(&self) -> Names {
        let (joined, begun) = (matches!(self.trace, Trace::Joined(_)), matches!(self.trace, Trace::Begun(_)));
        Names::default()
            .with_if(matches!(self.request_id, RequestId::Created(_)), Name::XRequestId)
            .with_if(joined || begun, Name::Traceparent)
            // It tells of a trace that goes no further.
            .with_if(begun, Name::Tracestate)
    }

    /// Writes what we say ourselves, with `line`.
    pub(crate) fn write(&self, mut line: impl FnMut(&str, &[u8])) {
        if let RequestId::Created(id) = &self.request_id {
            line("x-request-id", id.as_bytes());
        }
        if let Trace::Joined(context) | Trace::Begun(context) = &self.trace {
            line("traceparent", context.to_string().as_bytes());
        }
    }
}

/// The value of a field that comes once and does not belong to this hop alone.
fn carried<'h>(request: &RequestHead, head: &'h [u8], name: Name) -> Option<&'h [u8]> {
    let listed = request.fields.listed(head, request.connection);
    request.fields.only(head, name).filter(|_| !listed.iter().any(|other| Name::of(other) == name))
}

/// Whether this can be told in a log and an answer.
fn is_number(id: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && !b"\"\\,".contains(byte);
    (1..=LONGEST_ID).contains(&id.len()) && id.iter().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_fits_a_log_and_an_answer() {
        let check = |id: &str, expected: bool| assert_eq!(is_number(id.as_bytes()), expected, "{id}");
        check("7", true);
        check("f9ed4675-f1c5-4513-c61a-3b3b4e25b4c0", true);
        check("a:b/c=d.e_f+g@h~", true);
        check("", false);
        check("a b", false);
        check("a,b", false);
        check("a\"b", false);
        check("a\\b", false);
        check("a\tb", false);
        check("\u{e4}", false);
        check(&"x".repeat(128), true);
        check(&"x".repeat(129), false);
    }
}
