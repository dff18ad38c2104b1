//! Who may ask at the Unix socket of the API, looked up by name.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use dproxy_config::{NameOrNumber, PeerName};
use dproxy_control::Peers;
use nix::unistd::{Gid, Group, Uid, User};
use tracing::warn;

/// Why the setting `api.peers` cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum PeersError {
    /// Nobody has that name.
    #[error("there is no user `{0}` for `api.peers`; name one that this machine knows, or a number")]
    UnknownUser(String),
    /// No group has that name.
    #[error("there is no group `{0}` for `api.peers`; name one that this machine knows, or a number")]
    UnknownGroup(String),
    /// The lists cannot be read.
    #[error("cannot look up `{name}` of `api.peers`")]
    LookUp {
        /// Whom.
        name: String,
        /// What the system said.
        #[source]
        cause: nix::Error,
    },
}

/// Whoever may ask: our own user and group, and those who are `named`.
///
/// # Errors
/// When one of them is not there.
pub fn peers_of(named: &[PeerName]) -> Result<Peers, PeersError> {
    let own = Gid::effective();
    let mut peers = Peers { users: vec![Uid::effective().as_raw()], groups: vec![own.as_raw()], extended: !named.is_empty() };
    peers.users.extend(members(Group::from_gid(own).ok().flatten()));
    for name in named {
        match name {
            PeerName::User(NameOrNumber::Number(user)) => peers.users.push(*user),
            PeerName::User(NameOrNumber::Name(name)) => peers.users.push(user(name)?.ok_or_else(|| PeersError::UnknownUser(name.clone()))?),
            PeerName::Group(NameOrNumber::Number(group)) => {
                peers.groups.push(*group);
                peers.users.extend(members(Group::from_gid(Gid::from_raw(*group)).ok().flatten()));
            }
            PeerName::Group(NameOrNumber::Name(name)) => {
                let group = found(name, Group::from_name(name))?.ok_or_else(|| PeersError::UnknownGroup(name.clone()))?;
                peers.groups.push(group.gid.as_raw());
                peers.users.extend(members(Some(group)));
            }
        }
    }
    Ok(peers)
}

/// Lets those pass who may ask at a socket in this directory, as far as it is ours.
pub(crate) fn open_directory(path: &Path) {
    let opened = fs::metadata(path).and_then(|found| {
        let mode = found.permissions().mode() & 0o7777;
        if mode & 0o001 == 0 { fs::set_permissions(path, Permissions::from_mode(mode | 0o001)) } else { Ok(()) }
    });
    if let Err(error) = opened {
        warn!(path = %path.display(), %error, "those of `api.peers` may not get to the control socket");
    }
}

/// Who is of a group besides those whose own group it is.
fn members(group: Option<Group>) -> Vec<u32> {
    let names = group.map(|group| group.mem).unwrap_or_default();
    names.iter().filter_map(|name| user(name).ok().flatten()).collect()
}

fn user(name: &str) -> Result<Option<u32>, PeersError> {
    Ok(found(name, User::from_name(name))?.map(|user| user.uid.as_raw()))
}

fn found<T>(name: &str, looked_up: nix::Result<Option<T>>) -> Result<Option<T>, PeersError> {
    match looked_up {
        // No list is a list without this one.
        Err(nix::Error::ENOENT) => Ok(None),
        found => found.map_err(|cause| PeersError::LookUp { name: name.to_owned(), cause }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_groups_are_found_and_strangers_are_mistakes() {
        let peers = |names: &[&str]| peers_of(&names.iter().map(|name| name.parse().unwrap()).collect::<Vec<_>>());
        let alone = peers(&[]).unwrap();
        assert!(!alone.extended && alone.users.contains(&Uid::effective().as_raw()) && alone.groups == [Gid::effective().as_raw()]);
        let more = peers(&["4711", "@4712", "root", "@root"]).unwrap();
        assert!(more.extended && more.users.contains(&4711) && more.users.contains(&0) && more.groups.contains(&4712));
        let wrong = |name: &str| peers(&[name]).unwrap_err().to_string();
        assert!(wrong("no-such-user").starts_with("there is no user `no-such-user` for `api.peers`"));
        assert!(wrong("@no-such-group").starts_with("there is no group `no-such-group` for `api.peers`"));
    }
}
