//! Who may ask at the Unix socket: the kernel tells who they are.

use crate::Refusal;

/// Everybody who may, by number. Others are told that they may not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peers {
    /// Besides root.
    pub users: Vec<u32>,
    /// Whoever is of one of these.
    pub groups: Vec<u32>,
    /// Whether somebody was let in whom the kernel would keep away from the file.
    pub extended: bool,
}

const ROOT: u32 = 0;

impl Peers {
    /// Whether this user, with this group, may ask.
    pub(crate) fn admit(&self, peer: Option<(u32, u32)>) -> Result<(), Refusal> {
        let Some((user, group)) = peer else { return Err(Refusal::Forbidden("nobody knows who asks".to_owned())) };
        if user == ROOT || self.users.contains(&user) || self.groups.contains(&group) {
            return Ok(());
        }
        let text = format!("user {user} may not ask here; the setting `api.peers` lets in users and, with `@`, groups; or ask as root");
        Err(Refusal::Forbidden(text))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    impl Peers {
        /// Whoever runs the test.
        pub(crate) fn ourselves() -> Peers {
            Peers { users: vec![std::fs::metadata("/proc/self").unwrap().uid()], ..Peers::default() }
        }
    }

    #[test]
    fn root_and_those_who_are_named_may_ask_and_nobody_else() {
        let peers = Peers { users: vec![1000], groups: vec![50, 60], extended: true };
        let may = |user, group| peers.admit(Some((user, group))).is_ok();
        assert!(may(0, 0) && may(0, 7) && may(1000, 7) && may(7, 50) && may(7, 60));
        assert!(!may(7, 7) && !may(50, 1000) && !may(7, 0));
        assert!(peers.admit(Some((7, 7))).unwrap_err().to_string().starts_with("user 7 may not ask here"));
    }
}
