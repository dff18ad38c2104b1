//! The settings of balancing and health.

use super::DefaultValue::Text;
use super::Kind::{One, Switch};
use super::Setting;
use super::table::variable;

/// [`crate::ProxySettings::balance`].
pub(crate) const BALANCE: Setting = Setting::new(
    "balance",
    "balance",
    One("ALGORITHM"),
    Text("p2c"),
    "How one of several backends is chosen: `p2c` (of two, the one with fewer requests under way in all workers), `round_robin`, \
     `least_conn`, `random`, `ewma` (of two, the one that answers sooner), `hash:ip`, `hash:header:NAME` or `hash:cookie:NAME` (the \
     same one for the same key). A container says otherwise by label `dproxy.balance`, a route of this file by `balance`.",
)
.environment(&[variable("DOCKER_PROXY_BALANCE")]);

/// [`crate::Ejection::failures`].
pub(crate) const EJECTION_FAILURES: Setting = Setting::new(
    "ejection.failures",
    "ejection-failures",
    One("COUNT"),
    Text("5"),
    "A backend that fails so many requests in a row, in all workers together, gets no more for `ejection.time`: no connection, no answer \
     in time, or none that is HTTP. Then one request tries whether it has recovered. 0 is never.",
)
.environment(&[variable("DOCKER_PROXY_EJECTION_FAILURES")]);

/// [`crate::Ejection::time`].
pub(crate) const EJECTION_TIME: Setting = Setting::new(
    "ejection.time",
    "ejection-time",
    One("TIME"),
    Text("10s"),
    "How long it gets none the first time; each further time that follows soon takes as much longer.",
)
.environment(&[variable("DOCKER_PROXY_EJECTION_TIME")]);

/// [`crate::Ejection::longest`].
pub(crate) const EJECTION_MAX_TIME: Setting = Setting::new(
    "ejection.max_time",
    "ejection-max-time",
    One("TIME"),
    Text("5min"),
    "No such time is longer; and after so much time without one, the next is a first one again.",
)
.environment(&[variable("DOCKER_PROXY_EJECTION_MAX_TIME")]);

/// [`crate::Ejection::share`].
pub(crate) const EJECTION_SHARE: Setting = Setting::new(
    "ejection.share",
    "ejection-share",
    One("PERCENT"),
    Text("50"),
    "No more of a route's backends than this get none at a time, and never the last. Where more of them do all the same, because \
     others have gone, all are asked.",
)
.environment(&[variable("DOCKER_PROXY_EJECTION_SHARE")]);

/// [`crate::Ejection::server_errors`].
pub(crate) const EJECTION_SERVER_ERRORS: Setting = Setting::new(
    "ejection.server_errors",
    "ejection-server-errors",
    Switch,
    Text("false"),
    "Answers with a status of 500 or more count as failures, too.",
)
.environment(&[variable("DOCKER_PROXY_EJECTION_SERVER_ERRORS")]);
