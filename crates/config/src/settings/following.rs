//! The settings of what requests are followed by.

use super::DefaultValue::Text;
use super::Kind::{One, Switch};
use super::Setting;
use super::table::variable;

/// [`crate::Following::request_id`].
pub(crate) const TRACING_REQUEST_ID: Setting = Setting::new(
    "tracing.request_id",
    "tracing-request-id",
    One("MODE"),
    Text("pass"),
    "What becomes of `x-request-id`: `pass` is nothing; with `create` a request that brings none gets one, or one that brings several or \
     anything but 1 to 128 visible characters without `\"`, `\\` and `,`. Lines of the access log tell it then.",
)
.environment(&[variable("DOCKER_PROXY_TRACING_REQUEST_ID")]);

/// [`crate::Following::context`].
pub(crate) const TRACING_CONTEXT: Setting = Setting::new(
    "tracing.context",
    "tracing-context",
    One("MODE"),
    Text("pass"),
    "What becomes of `traceparent` and `tracestate` (W3C Trace Context): `pass` is nothing; with `create` a request without a valid \
     `traceparent` begins a trace, which is to be sampled; with `join` dproxy besides is a place of its own in each trace: backends are \
     told a parent id that the access log tells, too.",
)
.environment(&[variable("DOCKER_PROXY_TRACING_CONTEXT")]);

/// [`crate::Following::answers`].
pub(crate) const TRACING_ANSWER: Setting = Setting::new(
    "tracing.answer",
    "tracing-answer",
    Switch,
    Text("false"),
    "Answers tell clients the number of their request as `x-request-id`, notice pages too; what a backend itself says under that name stays.",
)
.environment(&[variable("DOCKER_PROXY_TRACING_ANSWER")]);
