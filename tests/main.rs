//! The program as its users meet it: the real binary, real sockets, a real Docker engine. One file per feature;
//! `house` holds the walls between the rooms.
#![allow(clippy::unwrap_used)]

mod clients;
mod control;
mod docker;
mod engine;
mod failures;
mod headers;
mod house;
mod http;
mod settings;
mod streaming;
mod wire;

use dproxy_testkit::Options;

/// A `dproxy master` to be, with two workers, no routes and no engine.
fn dproxy() -> Options {
    Options::new(env!("CARGO_BIN_EXE_dproxy"))
}
