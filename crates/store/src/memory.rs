//! Records that end with the process.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{Change, Collection, Record, Records, Store, StoreError};

/// Keeps records in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    records: Records,
}

impl Store for MemoryStore {
    fn list(&mut self, collection: Collection) -> Result<BTreeMap<String, Arc<Record>>, StoreError> {
        Ok(self.records.get(&collection).cloned().unwrap_or_default())
    }

    fn get(&mut self, collection: Collection, key: &str) -> Result<Option<Arc<Record>>, StoreError> {
        Ok(self.records.get(&collection).and_then(|records| records.get(key)).cloned())
    }

    fn batch(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        for Change { collection, key, record } in changes {
            let records = self.records.entry(*collection).or_default();
            match record {
                Some(record) => drop(records.insert(key.clone(), Arc::clone(record))),
                None => drop(records.remove(key)),
            }
        }
        Ok(())
    }

    fn check(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}
