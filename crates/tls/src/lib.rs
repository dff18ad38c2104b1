//! TLS as all of us speak it: what is agreed upon, and who is believed.
//!
//! Workers carry requests to a backend, the master asks it whether it is well;
//! both meet it in the same way, so that what the one finds holds for the other.

mod backend;
mod provider;
mod roots;

pub use backend::{TrustError, client_config, server_name};
pub use provider::provider;
pub use roots::{public_authorities, public_roots};
