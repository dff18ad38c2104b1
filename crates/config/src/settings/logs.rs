//! The settings of the logs.

use super::DefaultValue::Text;
use super::Kind::{List, One};
use super::Setting;
use super::table::variable;

/// [`crate::Config::log_level`].
pub(crate) const LOG_LEVEL: Setting =
    Setting::new("log_level", "log-level", One("LEVEL"), Text("info"), "How much is logged: `error`, `warn`, `info`, `debug` or `trace`.")
        .environment(&[variable("DOCKER_PROXY_LOG_LEVEL")]);

/// [`crate::Config::access_log`].
pub(crate) const ACCESS_LOG: Setting = Setting::new(
    "access_log",
    "access-log",
    One("PATH"),
    Text(""),
    "The file that gets a line for each request, or `stdout`. A file is opened again on `USR1`.",
)
.environment(&[variable("DOCKER_PROXY_ACCESS_LOG")]);

/// [`crate::AccessLines::format`].
pub(crate) const ACCESS_LOG_FORMAT: Setting = Setting::new(
    "access_log_format",
    "access-log-format",
    One("FORMAT"),
    Text("full"),
    "What a line of the access log looks like: `combined` as Apache writes it, `full` for that with host and milliseconds behind it, \
     `hipache` for that with host and the seconds of request and backend, or `json`. Where `tracing` creates them, request id and \
     trace id end each line.",
)
.environment(&[variable("DOCKER_PROXY_ACCESS_LOG_FORMAT")]);

/// [`crate::AccessFormat::Json`].
pub(crate) const ACCESS_LOG_FIELDS: Setting = Setting::new(
    "access_log_fields",
    "access-log-fields",
    List("FIELD"),
    Text(""),
    "What each line of `json` tells; all where none is named: `time`, `client`, `forwarded_for`, `method`, `scheme`, `host`, `target`, \
     `protocol`, `referer`, `user_agent`, `request_id`, `trace_id`, `span_id`, `status`, `bytes`, `duration_ms`, `backend`, `backend_ms`.",
)
.environment(&[variable("DOCKER_PROXY_ACCESS_LOG_FIELDS")]);

/// [`crate::AccessLines::logged`].
pub(crate) const ACCESS_LOG_SAMPLE: Setting = Setting::new(
    "access_log_sample",
    "access-log-sample",
    One("SHARE"),
    Text("on"),
    "How many requests get a line: `on` for all, a share like `0.1` or `10%` by chance, or `off` for none. With a share, even `0`, \
     whatever is answered with a status of 500 or more gets one always. A container says otherwise by label `dproxy.access_log`, a \
     route of this file by `access_log`.",
)
.environment(&[variable("DOCKER_PROXY_ACCESS_LOG_SAMPLE")]);

/// [`crate::Rotation::size`].
pub(crate) const ACCESS_LOG_MAX_SIZE: Setting = Setting::new(
    "access_log_max_size",
    "access-log-max-size",
    One("BYTES"),
    Text("100MiB"),
    "When the file of the access log has so many bytes, it is renamed, `.1` behind its name, and another one begun; `0` is never.",
)
.environment(&[variable("DOCKER_PROXY_ACCESS_LOG_MAX_SIZE")]);

/// [`crate::Rotation::age`].
pub(crate) const ACCESS_LOG_MAX_AGE: Setting = Setting::new(
    "access_log_max_age",
    "access-log-max-age",
    One("TIME"),
    Text(""),
    "When the file of the access log is so old (`1d`, `12h`), another one is begun; nothing is never.",
)
.environment(&[variable("DOCKER_PROXY_ACCESS_LOG_MAX_AGE")]);

/// [`crate::Rotation::keep`].
pub(crate) const ACCESS_LOG_KEEP: Setting = Setting::new(
    "access_log_keep",
    "access-log-keep",
    One("NUMBER"),
    Text("10"),
    "So many old files of the access log stay, the newest as `.1`.",
)
.environment(&[variable("DOCKER_PROXY_ACCESS_LOG_KEEP")]);
