//! What goes where: host names, routes, backends, and the table a worker
//! consults once per request.
//!
//! Everything here is a plain value: no I/O, no clock, no task. Sources make
//! [`Route`]s, the master gathers them, a worker builds a [`RouteTable`] out of
//! them and looks each request up in it.

mod agreement;
mod announcement;
mod asked;
mod backend;
mod check;
mod client_auth;
mod entrance;
mod explain;
mod host;
mod https;
mod limits;
mod logged;
mod notice;
mod path;
mod pick;
mod problem;
mod redirect;
mod rewrite;
mod route;
mod site;
mod table;
mod tuning;

pub use agreement::contradictions;
pub use announcement::{Announced, Announcement, AnnouncementError, AnnouncementWordError, Ends, announced};
pub use asked::{Entry, PatternRef, Presence, presences};
pub use backend::{Backend, BackendId, Condition, Scheme, Trust, TrustError, Whereabouts};
pub use check::{Check, Probe, Statuses, StatusesError};
pub use client_auth::{Admission, ClientAuth, Demand, DemandError};
pub use entrance::{Entrance, EntranceError, Listener, Protocol};
pub use explain::{Explanation, Judged, Verdict, Width, explain};
pub use host::{Authority, Host, HostError, HostPattern};
pub use https::{Hsts, HstsError, Https, HttpsError, InClear, InClearError, Issuer, IssuerError};
pub use limits::Limits;
pub use logged::{Logged, LoggedError};
pub use notice::Notice;
pub use path::{PathError, PathPrefix};
pub use pick::{Algorithm, AlgorithmError, HashBy, PickPolicy, SameSite, Sticky};
pub use problem::Problem;
pub use redirect::{Redirect, RedirectCode, RedirectCodeError, Target, TargetError};
pub use rewrite::Rewrite;
pub use route::{Offer, Owner, Route, RouteName, Service};
pub use site::WildIndex;
pub use table::{BackendIndex, DoorIndex, Found, Group, GroupIndex, Lookup, RouteTable};
pub use tuning::{Share, Tuning, TuningError};
