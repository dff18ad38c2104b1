//! Numbers that stand for backends and keys: the same in every worker, after every restart, and telling nobody
//! which backend it is.
//!
//! They come of a keyed hash: without the key, nobody finds out by trying which
//! address a number in a cookie stands for.

use std::hash::Hasher as _;

use dproxy_config::{MarkKey, ProxySettings};
use dproxy_route::{Algorithm, BackendIndex, Group, RouteTable};
use siphasher::sip::SipHasher13;

/// The marks of a table's backends.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    secret: MarkKey,
    /// Of each backend of the table; empty where nobody asks for them.
    of_backends: Vec<u64>,
}

impl Marks {
    pub(crate) fn of(table: &RouteTable, settings: &ProxySettings) -> Marks {
        let mut marks = Marks { secret: settings.secret, of_backends: Vec::new() };
        if table.groups().iter().any(|group| uses_marks(group, &settings.balance)) {
            marks.of_backends = table.backends().iter().map(|backend| marks.of_bytes(backend.id.as_str().as_bytes())).collect();
        }
        marks
    }

    /// Of a backend; zero where nobody asks for them.
    pub(crate) fn of_backend(&self, backend: BackendIndex) -> u64 {
        self.of_backends.get(backend.as_usize()).copied().unwrap_or(0)
    }

    /// Of whatever a request brings.
    pub(crate) fn of_bytes(&self, bytes: &[u8]) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.secret.0, self.secret.1);
        hasher.write(bytes);
        hasher.finish()
    }
}

fn uses_marks(group: &Group, default: &Algorithm) -> bool {
    let algorithm = group.pick.algorithm.as_ref().unwrap_or(default);
    group.pick.sticky.is_some() || group.members.len() > 1 && matches!(algorithm, Algorithm::Hash(_))
}
