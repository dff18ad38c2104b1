//! The sides that clients see: each reads heads off a connection and hands them to the exchange.

pub(crate) mod h1;
