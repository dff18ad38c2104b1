//! A worker gives up what a proxy never needs, before it reads the first word of anybody.
//!
//! Every descriptor that it works with is passed to it, so it can do without files, without ports of its own and
//! without other programs; it keeps connecting, accepting and copying. Whoever takes a worker over through a bug
//! has the connections of that worker and nothing else.
//!
//! The order matters: each step needs a right that a later one takes away.
//!
//! ```text
//!   bounding set ──► user ──► capabilities ──► no_new_privs ──► Landlock ──► seccomp
//!   needs SETPCAP    SETUID   needs nothing    must come before both         last: refuses the others' calls
//! ```
//!
//! A layer that the kernel lacks is left out and told of: a proxy without it serves all the same.

mod capabilities;
mod landlock;
mod seccomp;
mod user;

use dproxy_config::Identity;
use dproxy_ipc::{Confinement, Hold};

/// What a worker shall give up; its master says so when it starts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Orders {
    /// Whom it shall belong to; none leaves it with whom it was started by.
    pub identity: Option<Identity>,
    /// Whether Landlock and seccomp fence it in.
    pub sandbox: bool,
}

/// Gives up what `orders` say. Must run before there is a second thread: some of it binds only the calling one
/// and those that it starts later.
pub(crate) fn confine(orders: Orders) -> Confinement {
    capabilities::forget_for_good();
    let user = user::become_user(orders.identity);
    let capabilities = capabilities::drop_all();
    let no_new_privileges = no_new_privileges();
    let fence = |build: fn() -> Hold| if orders.sandbox { build() } else { Hold::Off };
    let landlock = fence(landlock::restrict);
    let seccomp = fence(seccomp::filter);
    Confinement { user, no_new_privileges, capabilities, landlock, seccomp }
}

fn no_new_privileges() -> Hold {
    match rustix::thread::set_no_new_privs(true) {
        Ok(()) => Hold::Holds("set".to_owned()),
        Err(error) => Hold::Missing(error.to_string()),
    }
}
