//! What is known, with the times of each record's first and last change.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::{Change, Collection, Record, Records, Stamp};

/// Knows every record, and finds out what is to be written when something is different. It does no I/O.
#[derive(Debug, Default)]
pub struct Ledger {
    known: Records,
}

/// What becomes of records of a collection that are not told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// Not all was told yet.
    Stay,
    /// All was told, so they are no more.
    Go,
}

impl Ledger {
    /// One record.
    #[must_use]
    pub fn get(&self, collection: Collection, key: &str) -> Option<&Record> {
        self.known.get(&collection)?.get(key).map(AsRef::as_ref)
    }

    /// Every record of a collection, by key.
    pub fn list(&self, collection: Collection) -> impl Iterator<Item = (&str, &Record)> {
        self.known.get(&collection).into_iter().flatten().map(|(key, record)| (key.as_str(), record.as_ref()))
    }

    /// A collection has these values at `now`; what is to be written for that.
    pub fn have(&mut self, now: Stamp, collection: Collection, values: BTreeMap<String, Value>, others: Others) -> Vec<Change> {
        let known = self.known.entry(collection).or_default();
        let mut changes = Vec::new();
        if others == Others::Go {
            let gone = known.keys().filter(|key| !values.contains_key(*key)).cloned();
            changes.extend(gone.map(|key| Change { collection, key, record: None }));
            known.retain(|key, _| values.contains_key(key));
        }
        for (key, value) in values {
            let before = known.get(&key);
            if before.is_some_and(|record| record.value == value) {
                continue;
            }
            let created = before.map_or(now, |record| record.created);
            let record = Arc::new(Record { created, updated: now, value });
            known.insert(key.clone(), Arc::clone(&record));
            changes.push(Change { collection, key, record: Some(record) });
        }
        changes
    }

    /// These were there before us. Those that we know ourselves count, but they are as old as those; what is to be written
    /// for that.
    pub fn recall(&mut self, there: &Records) -> Vec<Change> {
        let mut changes = Vec::new();
        for (collection, records) in there {
            let known = self.known.entry(*collection).or_default();
            for (key, before) in records {
                let Some(now) = known.get_mut(key) else {
                    known.insert(key.clone(), Arc::clone(before));
                    continue;
                };
                let updated = if now.value == before.value { before.updated } else { now.updated };
                *now = Arc::new(Record { created: before.created, updated, value: now.value.clone() });
                changes.push(Change { collection: *collection, key: key.clone(), record: Some(Arc::clone(now)) });
            }
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use serde_json::json;

    use super::*;

    fn at(seconds: u64) -> Stamp {
        Stamp::from(UNIX_EPOCH + Duration::from_secs(seconds))
    }

    /// `a=1 b=2`.
    fn values(words: &str) -> BTreeMap<String, Value> {
        words.split_whitespace().filter_map(|word| word.split_once('=')).map(|(key, value)| (key.to_owned(), json!(value))).collect()
    }

    fn shown(ledger: &Ledger) -> String {
        let seconds = |stamp: Stamp| stamp.to_string()[17..19].parse::<u64>().unwrap();
        let shown = |(key, record): (&str, &Record)| {
            format!("{key}={} {}-{}", record.value.as_str().unwrap(), seconds(record.created), seconds(record.updated))
        };
        ledger.list(Collection::Routes).map(shown).collect::<Vec<_>>().join(", ")
    }

    /// Tells the ledger, and what it wants written.
    #[track_caller]
    fn check(ledger: &mut Ledger, second: u64, words: &str, others: Others, written: &str, known: &str) {
        let changes = ledger.have(at(second), Collection::Routes, values(words), others);
        let change = |change: &Change| format!("{}{}", if change.record.is_some() { '+' } else { '-' }, change.key);
        assert_eq!((changes.iter().map(change).collect::<Vec<_>>().join(" ").as_str(), shown(ledger).as_str()), (written, known));
    }

    #[test]
    fn only_what_is_different_is_written_and_gets_a_new_stamp() {
        let ledger = &mut Ledger::default();
        check(ledger, 1, "a=1 b=1", Others::Go, "+a +b", "a=1 1-1, b=1 1-1");
        check(ledger, 2, "a=1 b=2", Others::Go, "+b", "a=1 1-1, b=2 1-2");
        check(ledger, 3, "c=1", Others::Stay, "+c", "a=1 1-1, b=2 1-2, c=1 3-3");
        check(ledger, 4, "b=2", Others::Go, "-a -c", "b=2 1-2");
        check(ledger, 5, "a=1 b=2", Others::Go, "+a", "a=1 5-5, b=2 1-2");
    }

    #[test]
    fn what_was_there_before_makes_ours_older_and_adds_the_rest() {
        let mut before = Ledger::default();
        before.have(at(1), Collection::Routes, values("a=1 b=1 c=1"), Others::Go);
        let mut ledger = Ledger::default();
        ledger.have(at(9), Collection::Routes, values("a=1 b=2 d=1"), Others::Go);
        let changes = ledger.recall(&before.known);
        assert_eq!(changes.iter().map(|change| change.key.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(shown(&ledger), "a=1 1-1, b=2 1-9, c=1 1-1, d=1 9-9");
    }
}
