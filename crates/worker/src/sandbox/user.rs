//! A worker of root becomes somebody who owns nothing.

use dproxy_config::Identity;
use dproxy_ipc::Hold;
use nix::errno::Errno;
use nix::unistd::{self, Gid, Uid};

/// Becomes `identity` with no group but its own; without one, stays who it is.
pub(super) fn become_user(identity: Option<Identity>) -> Hold {
    let Some(identity) = identity else {
        let own = Identity { user: unistd::geteuid().as_raw(), group: unistd::getegid().as_raw() };
        return Hold::Holds(format!("{own}, the master's own"));
    };
    match change(identity) {
        Ok(()) => Hold::Holds(identity.to_string()),
        Err(errno) => Hold::Missing(format!("cannot become {identity}: {}", errno.desc())),
    }
}

/// Groups first: who is no longer root cannot change them.
fn change(identity: Identity) -> Result<(), Errno> {
    let (user, group) = (Uid::from_raw(identity.user), Gid::from_raw(identity.group));
    unistd::setgroups(&[])?;
    unistd::setresgid(group, group, group)?;
    unistd::setresuid(user, user, user)
}
