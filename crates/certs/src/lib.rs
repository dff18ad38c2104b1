//! Who vouches for a host name: certificates in files, an authority that is asked, and one of our own.
//!
//! A [`Directory`] is looked at again and again. What it holds becomes
//! [`Holdings`]: certificates with their keys, the best one for a name first,
//! authorities that may vouch for clients, and problems. A bad file costs only
//! itself: what was read from it while it was good is served until it is mended
//! or taken away. [`Acme`] asks an authority of the world for certificates of hosts
//! that want them from there, and [`Vouching`] makes certificates for hosts that want none of
//! the world's. [`Tickets`] makes the keys by which all workers know the
//! sessions of each other. A [`Description`] tells people what is in a certificate.

mod acme;
mod describe;
mod directory;
mod layout;
mod local;
mod pem;
mod revoked;
mod tickets;
mod vouch;
mod watch;

pub use acme::{Acme, Acquired, News};
pub use describe::Description;
pub use directory::{Directory, Holdings};
pub use local::Vouching;
pub use tickets::{Tickets, quic_keys};
pub use vouch::reminder;
pub use watch::watch;
