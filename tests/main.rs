//! The program as its users meet it: the real binary, real sockets, a real Docker engine. One file per feature;
//! `house` holds the walls between the rooms.
#![allow(clippy::unwrap_used)]

mod access_log;
mod acme;
mod balancing;
mod caps;
mod cli;
mod clients;
mod compose;
mod control;
mod deploy;
mod dialects;
mod differential;
mod docker;
mod engine;
mod engines;
mod explain;
mod failures;
mod grpc;
mod h2;
mod headers;
mod health;
mod house;
mod http;
mod http3;
mod image;
mod local_authority;
mod metrics;
mod networks;
mod offline;
mod peers;
mod proxy_protocol;
mod reload;
mod routing;
mod sandbox;
mod service;
mod settings;
mod store;
mod streaming;
mod supervised;
mod tls;
mod vouched;
mod websocket;
mod why;
mod wildcards;
mod wire;

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use dproxy_testkit::Options;

/// Tests that keep the machine busy share it; tests that measure, or that load it on purpose, have it alone.
static MACHINE: RwLock<()> = RwLock::new(());

/// Waits until no busy test runs, and keeps others from beginning.
fn alone() -> RwLockWriteGuard<'static, ()> {
    MACHINE.write().unwrap_or_else(PoisonError::into_inner)
}

/// For a busy test beside other busy ones.
fn among_others() -> RwLockReadGuard<'static, ()> {
    MACHINE.read().unwrap_or_else(PoisonError::into_inner)
}

/// A `dproxy master` to be, with two workers, no routes and no engine.
fn dproxy() -> Options {
    Options::new(env!("CARGO_BIN_EXE_dproxy"))
}
