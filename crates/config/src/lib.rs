//! What the operator asked for, once it makes sense.
//!
//! Flags, environment and file are *words*; [`Config`] is what they mean.

mod config;
mod proxy;

pub use config::{Api, Config, Directories, Docker, DockerEndpoint, DockerTls, Listen, PortChoice, WorkerCount, WorkerCountError};
pub use proxy::{Limits, ProxySettings, Timeouts};
