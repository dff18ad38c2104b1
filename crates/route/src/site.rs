//! What one host offers: by path, then by listener, then who stands behind it.

use hashbrown::HashMap;

use crate::{Authority, DoorIndex, Entrance, GroupIndex, Https, Listener, Notice, PathPrefix, Redirect, Rewrite, Service};

pub(crate) type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// All paths of one host.
#[derive(Debug, Default)]
pub(crate) struct Site {
    root: Box<[Door]>,
    /// Most hosts have none.
    deeper: Option<Box<Deeper>>,
}

/// The paths of a host below its root.
#[derive(Debug, Default)]
struct Deeper {
    doors: Map<Vec<u8>, Box<[Door]>>,
    /// Bytes of the longest one.
    longest: usize,
}

/// One host, path and entrance.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) entrance: Entrance,
    /// Never empty: one, or behind a wildcard one for each service, sorted.
    pub(crate) places: Box<[Place]>,
}

/// Who answers there, by port asked for.
#[derive(Debug)]
pub(crate) struct Place {
    /// The door it stands behind.
    pub(crate) door: DoorIndex,
    pub(crate) service: Service,
    pub(crate) rewrite: Rewrite,
    pub(crate) https: Https,
    /// Behind a wildcard each has a number of its own.
    pub(crate) wild: Option<WildIndex>,
    pub(crate) serves: Serves,
}

/// The number of a service behind a wildcard, the same as long as the table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WildIndex(pub(crate) u32);

#[derive(Debug)]
pub(crate) enum Serves {
    Offline(Box<Notice>),
    Redirect(Redirect),
    Live {
        /// For the bare host name on a listener whose number no container port equals.
        main: GroupIndex,
        /// For the bare host name on a listener with this port.
        listener: Box<[(u16, GroupIndex)]>,
        /// For `host:port` where that is not the listener's port.
        named: Box<[(u16, GroupIndex)]>,
    },
}

impl Site {
    /// The doors of one path, the narrowest entrance first.
    pub(crate) fn insert(&mut self, path: &PathPrefix, doors: Box<[Door]>) {
        if path.is_root() {
            self.root = doors;
        } else {
            let (key, deeper) = (path.as_key(), self.deeper.get_or_insert_default());
            deeper.longest = deeper.longest.max(key.len());
            deeper.doors.insert(key.as_bytes().to_vec(), doors);
        }
    }

    /// The door for a request: of the longest path that has one for its listener.
    pub(crate) fn find(&self, path: &[u8], listener: Listener) -> Option<&Door> {
        let deeper = self.deeper.as_ref().and_then(|deeper| deeper.find(path, listener));
        deeper.or_else(|| open(&self.root, listener))
    }

    /// Everybody who answers for it.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Place> {
        let deeper = self.deeper.iter().flat_map(|deeper| deeper.doors.values()).flatten();
        self.root.iter().chain(deeper).flat_map(|door| &door.places)
    }

    /// The doors of exactly this path.
    pub(crate) fn doors(&self, path: &PathPrefix) -> &[Door] {
        if path.is_root() {
            return &self.root;
        }
        let deeper = self.deeper.as_ref().and_then(|deeper| deeper.doors.get(path.as_key().as_bytes()));
        deeper.map_or(&[], |doors| doors)
    }
}

impl Deeper {
    fn find(&self, path: &[u8], listener: Listener) -> Option<&Door> {
        let mut prefix = path;
        while let Some(border) = prefix.iter().rposition(|&byte| byte != b'/') {
            prefix = &prefix[..=border];
            if prefix.len() <= self.longest
                && let Some(doors) = self.doors.get(prefix)
                && let Some(door) = open(doors, listener)
            {
                return Some(door);
            }
            let Some(slash) = prefix.iter().rposition(|&byte| byte == b'/') else { break };
            prefix = &prefix[..slash];
        }
        None
    }
}

/// The first of `doors` that opens at this listener.
fn open(doors: &[Door], listener: Listener) -> Option<&Door> {
    doors.iter().find(|door| door.entrance.admits(listener))
}

impl Door {
    /// Whom a name is given to, while nobody knows better: names are spread over
    /// the services behind a wildcard, by all workers in the same way.
    pub(crate) fn first(&self, host: &str) -> &Place {
        match &*self.places {
            [only] => only,
            several => &several[spread(host, several.len())],
        }
    }

    /// Everybody behind it, whoever comes first in front.
    pub(crate) fn in_turn(&self, host: &str) -> impl Iterator<Item = &Place> {
        let (before, from) = self.places.split_at(spread(host, self.places.len()));
        from.iter().chain(before)
    }
}

/// A number below `count` that is the same in every process.
fn spread(host: &str, count: usize) -> usize {
    // FNV-1a.
    let hash = host.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash as usize % count.max(1)
}

impl Place {
    /// The group for a request; none where nobody is live.
    pub(crate) fn group(&self, authority: Authority<'_>, listener: Listener) -> Option<GroupIndex> {
        let Serves::Live { main, listener: by_listener, named } = &self.serves else { return None };
        let asked = authority.port.filter(|port| *port != listener.port).and_then(|port| of_port(named, port));
        Some(asked.or_else(|| of_port(by_listener, listener.port)).unwrap_or(*main))
    }

    pub(crate) fn is_offline(&self) -> bool {
        matches!(self.serves, Serves::Offline(_))
    }
}

fn of_port(groups: &[(u16, GroupIndex)], port: u16) -> Option<GroupIndex> {
    groups.iter().find(|(number, _)| *number == port).map(|(_, group)| *group)
}
