//! Who serves the names that only wildcards match.
//!
//! A wildcard does not say which names there really are: whoever has it is
//! asked, and who gave a good answer is remembered here. Strangers can invent
//! names without end, so there is room for a fixed number of them, and what was
//! not used for longest goes first.

use std::cell::RefCell;

use dproxy_route::{BackendIndex, WildIndex};
use hashbrown::{Equivalent, HashMap};

use crate::view::Edition;

/// So many names are remembered at most.
const NAMES: usize = 10_000;
/// In milliseconds: then a name is asked about anew.
const LIFE: u64 = 60_000;
/// Of so many backends of a name it is remembered how they answered.
const BACKENDS: usize = 64;

/// What is known of names, as long as the tables that serve them stay the same.
///
/// Two halves: what is wanted moves to the young one; when that is full it
/// becomes the old one, and the old one is forgotten.
#[derive(Debug, Default)]
pub(crate) struct Memory(RefCell<Halves>);

/// Who serves a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// The service that gave a good answer.
    pub(crate) service: WildIndex,
    /// Those of its backends that gave one.
    pub(crate) fit: Vec<BackendIndex>,
    /// Those that did not, where another one did.
    pub(crate) unfit: Vec<BackendIndex>,
}

#[derive(Debug, Default)]
struct Halves {
    young: HashMap<Key, Entry, foldhash::fast::RandomState>,
    old: HashMap<Key, Entry, foldhash::fast::RandomState>,
}

/// A name, and the service that comes first for it: a name may mean another thing by path or listener.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    table: Edition,
    first: WildIndex,
    host: Box<str>,
}

#[derive(Hash)]
struct KeyRef<'k> {
    table: Edition,
    first: WildIndex,
    host: &'k str,
}

#[derive(Debug)]
struct Entry {
    known: Known,
    /// Valid before that moment.
    until: u64,
}

impl Memory {
    /// Who serves `host`, for which `first` of that table comes first.
    pub(crate) fn recall(&self, table: Edition, first: WildIndex, host: &str, now: u64) -> Option<Known> {
        let mut halves = self.0.borrow_mut();
        let key = KeyRef { table, first, host };
        if let Some((key, entry)) = halves.old.remove_entry(&key) {
            halves.insert(key, entry);
        }
        let entry = halves.young.get(&key).filter(|entry| now < entry.until)?;
        Some(entry.known.clone())
    }

    /// From now on `known` serves `host`.
    pub(crate) fn learn(&self, table: Edition, first: WildIndex, host: &str, mut known: Known, now: u64) {
        known.fit.truncate(BACKENDS);
        known.unfit.truncate(BACKENDS);
        let key = Key { table, first, host: host.into() };
        let mut halves = self.0.borrow_mut();
        halves.old.remove(&key);
        halves.insert(key, Entry { known, until: now + LIFE });
    }

    #[cfg(test)]
    fn names(&self) -> usize {
        let halves = self.0.borrow();
        halves.young.len() + halves.old.len()
    }
}

impl Halves {
    fn insert(&mut self, key: Key, entry: Entry) {
        if self.young.len() >= NAMES / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, entry);
    }
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        (self.table, self.first) == (key.table, key.first) && *self.host == *key.host
    }
}

#[cfg(test)]
mod tests {
    use dproxy_route::{Authority, Backend, Listener, Lookup, Protocol, Route, RouteTable};

    use super::*;
    use crate::view::Fingerprint;

    const ONE: Edition = Edition { number: 1, fingerprint: Fingerprint(0) };
    const OTHER: Edition = Edition { number: 2, fingerprint: Fingerprint(0) };

    fn known() -> Known {
        let backend = Backend::at(([127, 0, 0, 1], 80).into());
        let table = RouteTable::build(&[Route::fixed(0, "*.test".parse().unwrap(), "/".parse().unwrap(), backend)]);
        let listener = Listener { protocol: Protocol::Http, port: 80 };
        let Lookup::Found(found) = table.lookup(Authority { host: "a.test", port: None }, listener, b"/") else { panic!("it is there") };
        Known { service: found.wild.unwrap(), fit: table.group(found.group).members.clone(), unfit: Vec::new() }
    }

    #[test]
    fn what_was_learnt_is_known_for_a_minute_until_the_table_changes() {
        let (memory, known) = (Memory::default(), known());
        assert_eq!(memory.recall(ONE, known.service, "a.test", 0), None);
        memory.learn(ONE, known.service, "a.test", known.clone(), 1_000);
        assert_eq!(memory.recall(ONE, known.service, "a.test", 60_999), Some(known.clone()));
        assert_eq!(memory.recall(ONE, known.service, "b.test", 1_000), None);
        assert_eq!(memory.recall(ONE, known.service, "a.test", 61_000), None);
        memory.learn(ONE, known.service, "a.test", known.clone(), 1_000);
        assert_eq!(memory.recall(OTHER, known.service, "a.test", 1_000), None);
    }

    #[test]
    fn a_million_names_take_the_room_of_a_few_thousand_and_those_in_use_stay() {
        let (memory, known) = (Memory::default(), known());
        memory.learn(ONE, known.service, "mine.test", known.clone(), 0);
        for number in 0..1_000_000 {
            memory.learn(ONE, known.service, &format!("{number}.test"), known.clone(), 0);
            assert!(memory.names() <= NAMES);
            if number % 1_000 == 0 {
                assert!(memory.recall(ONE, known.service, "mine.test", 0).is_some(), "after {number}");
            }
        }
        assert_eq!(memory.recall(ONE, known.service, "1.test", 0), None);
    }
}
