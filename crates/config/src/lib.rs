//! What the operator asked for, once it makes sense.
//!
//! Flags, environment and file are *words*; [`Config`] is what they mean. Every
//! option stands once, in [`SETTINGS`]; [`load`] finds and reads the file and
//! [`Config::resolve`] makes sense of everything that was said, or tells every
//! [`Mistake`]. Nothing here touches the system: environment, machine and the
//! reading of files are arguments.

mod access;
mod acme;
mod by_hand;
mod config;
mod endpoint;
mod engines;
mod file;
mod following;
mod load;
mod mistake;
mod older;
mod on_demand;
mod peers;
mod places;
mod privileges;
mod proxy;
pub mod reference;
mod resolve;
mod routes;
mod schema;
mod settings;
mod shown;
mod store;
mod tls;
mod values;
mod variables;
mod words;
mod yaml;

pub use access::{AccessField, AccessFieldError, AccessFormat, AccessFormatError, AccessLines, AccessLog, AccessTarget, Rotation};
pub use acme::{Acme, AcmeDirectory, AcmeDirectoryError, Binding, DnsHook, Email, EmailError, Proof, ProofError};
pub use by_hand::{HandRoute, HandRouteError};
pub use config::{
    Api, Assignment, Config, Dialect, DialectError, Directories, Docker, DockerEndpoint, DockerTls, Listen, LogLevel, LogLevelError,
    PortChoice, WorkerCount, WorkerCountError,
};
pub use file::nearest;
pub use following::{Following, RequestIds, RequestIdsError, TraceContexts, TraceContextsError};
pub use load::{LoadError, ReadFile, load, load_api, show};
pub use mistake::{Excerpt, Mistake, Mistakes};
pub use on_demand::{AskUrl, AskUrlError, OnDemand};
pub use peers::{NameOrNumber, PeerName, PeerNameError};
pub use places::CONFIG_PATHS;
pub use privileges::{Identity, Privileges, WorkerUser, WorkerUserError};
pub use proxy::{Ejection, Limits, MarkKey, PageTemplate, Pages, ProxySettings, Timeouts};
pub use resolve::Loaded;
pub use schema::schema;
pub use settings::{DefaultValue, Kind, Reading, SETTINGS, Setting, Variable};
pub use store::{RedisUrl, StoreChoice, StoreChoiceError};
pub use tls::{Authority, Certificate, Challenge, QUIC_ID_LENGTH, QuicKeys, Secret, TicketKey, TlsPolicy, TlsPolicyError, TlsSettings};
pub use words::{Environment, Flags, Origin, Surroundings};
