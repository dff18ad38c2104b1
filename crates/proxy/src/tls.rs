//! TLS with clients: who is shown which certificate, and the bytes of a connection.
//!
//! A handshake begins with the client's hello, read by [`handshake`]; the
//! [`Keyring`] knows by its server name what to show. From then on a [`Session`]
//! is to the rest what a TCP connection is.

mod backend;
mod demands;
mod handshake;
mod handshakes;
mod identity;
mod keyring;
mod proving;
mod session;
mod ticketer;

pub(crate) use backend::{Clients, Offer, is_about_tls};
pub(crate) use demands::{Demands, Outlook};
pub(crate) use handshake::{Agreed, Greeted, HandshakeError, Hello, Spoken, agree, hear, prove};
pub(crate) use handshakes::{Handshakes, UnderWay};
pub(crate) use identity::{Asking, Callers, CallersError};
pub(crate) use keyring::Keyring;
pub(crate) use proving::proof_for;
pub(crate) use session::Session;

/// The first byte of every TLS connection: the record is a handshake.
pub(crate) const HANDSHAKE: u8 = 0x16;
