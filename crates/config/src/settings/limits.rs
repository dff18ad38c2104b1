//! How long things may take, and how large they may be.

use super::DefaultValue::Text;
use super::Kind::One;
use super::table::variable;
use super::{Setting, Variable};

/// [`crate::Timeouts::request_head`].
pub(crate) const TIMEOUT_REQUEST_HEAD: Setting = timeout(
    "timeouts.request_head",
    "timeout-request-head",
    "10s",
    "From the first byte of a request's head to its last.",
    &[variable("DOCKER_PROXY_TIMEOUT_REQUEST_HEAD")],
);

/// [`crate::Timeouts::handshake`].
pub(crate) const TIMEOUT_HANDSHAKE: Setting = timeout(
    "timeouts.handshake",
    "timeout-handshake",
    "10s",
    "From the first byte of a TLS handshake to its end.",
    &[variable("DOCKER_PROXY_TIMEOUT_HANDSHAKE")],
);

/// [`crate::Timeouts::queue`].
pub(crate) const TIMEOUT_QUEUE: Setting = timeout(
    "timeouts.queue",
    "timeout-queue",
    "10s",
    "How long a request waits when all its backends have as many requests as they take; then it is answered with 503.",
    &[variable("DOCKER_PROXY_TIMEOUT_QUEUE")],
);

/// [`crate::Timeouts::hold`].
pub(crate) const TIMEOUT_HOLD: Setting = timeout(
    "timeouts.hold",
    "timeout-hold",
    "10s",
    "How long requests wait for a container that was restarted, recreated or paused and for one that is starting, where no other \
     serves the host; then they are answered with 503. A host that has been offline for longer is answered at once.",
    &[variable("DOCKER_PROXY_TIMEOUT_HOLD")],
);

/// [`crate::Timeouts::connect`].
pub(crate) const TIMEOUT_CONNECT: Setting = timeout(
    "timeouts.connect",
    "timeout-connect",
    "5s",
    "To open a connection to a backend; to a container on this machine never more than a second.",
    &[variable("DOCKER_PROXY_TIMEOUT_CONNECT")],
);

/// [`crate::Timeouts::first_byte`].
pub(crate) const TIMEOUT_FIRST_BYTE: Setting = timeout(
    "timeouts.first_byte",
    "timeout-first-byte",
    "60s",
    "From the whole request sent to the first byte of the backend's answer.",
    &[variable("DOCKER_PROXY_TIMEOUT_FIRST_BYTE")],
);

/// [`crate::Timeouts::idle`].
pub(crate) const TIMEOUT_IDLE: Setting = timeout(
    "timeouts.idle",
    "timeout-idle",
    "60s",
    "Between two bytes of a body, either way. No timeout caps a whole body.",
    &[variable("DOCKER_PROXY_TIMEOUT_IDLE")],
);

/// [`crate::Timeouts::tunnel`].
pub(crate) const TIMEOUT_TUNNEL: Setting = timeout(
    "timeouts.tunnel",
    "timeout-tunnel",
    "1h",
    "Between two bytes of a WebSocket or any other upgraded connection, either way.",
    &[variable("DOCKER_PROXY_TIMEOUT_TUNNEL")],
);

/// [`crate::Timeouts::keep_alive`].
pub(crate) const TIMEOUT_KEEP_ALIVE: Setting = timeout(
    "timeouts.keep_alive",
    "timeout-keep-alive",
    "75s",
    "Between two requests on a client's connection.",
    &[variable("DOCKER_PROXY_TIMEOUT_KEEP_ALIVE")],
);

/// [`crate::Timeouts::upstream_keep_alive`].
pub(crate) const TIMEOUT_UPSTREAM_KEEP_ALIVE: Setting = timeout(
    "timeouts.upstream_keep_alive",
    "timeout-upstream-keep-alive",
    "4s",
    "How long an unused connection to a backend is kept.",
    &[variable("DOCKER_PROXY_TIMEOUT_UPSTREAM_KEEP_ALIVE")],
);

/// [`crate::Timeouts::drain`].
pub(crate) const TIMEOUT_DRAIN: Setting = timeout(
    "timeouts.drain",
    "timeout-drain",
    "30s",
    "How long a leaving worker may finish the requests it has.",
    &[variable("DOCKER_PROXY_TIMEOUT_DRAIN")],
);

/// [`crate::Limits::head_bytes`].
pub(crate) const LIMIT_HEAD_BYTES: Setting = Setting::new(
    "limits.head_bytes",
    "limit-head-bytes",
    One("SIZE"),
    Text("64KiB"),
    "The largest head of a request or an answer, 4KiB to 16MiB.",
)
.environment(&[variable("DOCKER_PROXY_LIMIT_HEAD_BYTES")]);

/// [`crate::Limits::head_fields`].
pub(crate) const LIMIT_HEAD_FIELDS: Setting =
    Setting::new("limits.head_fields", "limit-head-fields", One("COUNT"), Text("128"), "The most fields of a head, 16 to 10000.")
        .environment(&[variable("DOCKER_PROXY_LIMIT_HEAD_FIELDS")]);

/// [`crate::Limits::target_bytes`].
pub(crate) const LIMIT_TARGET_BYTES: Setting = Setting::new(
    "limits.target_bytes",
    "limit-target-bytes",
    One("SIZE"),
    Text("16KiB"),
    "The longest request target (path and query), at least 1KiB and at most `limits.head_bytes`; a longer one is answered with 414.",
)
.environment(&[variable("DOCKER_PROXY_LIMIT_TARGET_BYTES")]);

/// [`crate::Limits::connections`].
pub(crate) const LIMIT_CONNECTIONS: Setting =
    Setting::new("limits.connections", "limit-connections", One("COUNT"), Text("100000"), "The most client connections of one worker.")
        .environment(&[variable("DOCKER_PROXY_LIMIT_CONNECTIONS")]);

/// [`crate::Limits::handshakes`].
pub(crate) const LIMIT_HANDSHAKES: Setting = Setting::new(
    "limits.handshakes",
    "limit-handshakes",
    One("COUNT"),
    Text("2000"),
    "The most TLS handshakes that are under way at a time in one worker; another one ends the oldest.",
)
.environment(&[variable("DOCKER_PROXY_LIMIT_HANDSHAKES")]);

/// [`crate::Limits::backend_requests`].
pub(crate) const LIMIT_BACKEND_REQUESTS: Setting = Setting::new(
    "limits.backend_requests",
    "limit-backend-requests",
    One("COUNT"),
    Text("0"),
    "The most requests that a backend gets at a time, from all workers together; 0 is any number. A container says otherwise by \
     label `dproxy.max_requests`, a route of this file by `max_requests`.",
)
.environment(&[variable("DOCKER_PROXY_LIMIT_BACKEND_REQUESTS")]);

/// [`crate::Limits::queue`].
pub(crate) const LIMIT_QUEUE: Setting = Setting::new(
    "limits.queue",
    "limit-queue",
    One("COUNT"),
    Text("1000"),
    "The most requests of one worker that wait for the full backends of one route; others are answered with 503 at once.",
)
.environment(&[variable("DOCKER_PROXY_LIMIT_QUEUE")]);

/// [`crate::Limits::held`].
pub(crate) const LIMIT_HELD: Setting = Setting::new(
    "limits.held",
    "limit-held",
    One("COUNT"),
    Text("1000"),
    "The most requests of one worker that wait for containers to come back; others are answered with 503 at once.",
)
.environment(&[variable("DOCKER_PROXY_LIMIT_HELD")]);

/// [`crate::Limits::held_bytes`].
pub(crate) const LIMIT_HELD_BYTES: Setting = Setting::new(
    "limits.held_bytes",
    "limit-held-bytes",
    One("SIZE"),
    Text("64MiB"),
    "The most memory for the requests of one worker that wait for containers to come back. Their bodies are not read meanwhile.",
)
.environment(&[variable("DOCKER_PROXY_LIMIT_HELD_BYTES")]);

const fn timeout(
    key: &'static str,
    flag: &'static str,
    default: &'static str,
    help: &'static str,
    environment: &'static [Variable],
) -> Setting {
    Setting::new(key, flag, One("TIME"), Text(default), help).environment(environment)
}
