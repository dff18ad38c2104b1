//! What the master remembers, and the store that keeps it.
//!
//! Containers, backends, routes, images and workers are kept as they are shown, but for what changes all the time; routes by
//! hand, hosts and the pool size so that they are there again after a restart. What is known lies in our memory; the store
//! follows, and may be late or away.

mod clerk;

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, SystemTime};

use dproxy_config::Config;
use dproxy_control::{BackendRow, ContainerRow, ImageRow, RouteRow, StoreRow, StoreState, WorkerRow};
use dproxy_store::{Change, Collection, Health, Keeper, Ledger, Others, Place, Record, Records as Stored};
use serde::Serialize;
use serde_json::Value;
use tokio::time::timeout;

use self::clerk::Clerk;
use crate::signals;

/// So long a start, an answer and the end wait for a store; normally it takes a few milliseconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// Everything that is remembered.
#[derive(Debug)]
pub(crate) struct Records {
    ledger: Ledger,
    /// Has those of [`MANY`].
    clerk: Clerk,
    keeper: Keeper,
}

/// Collections that may have so many records that nobody waits for them.
const MANY: [Collection; 2] = [Collection::Routes, Collection::Backends];

/// Something that is kept as it is shown.
pub(crate) trait Kept: Serialize + 'static {
    /// Where.
    const COLLECTION: Collection;
    /// Fields that are shown and not kept, because they are different at each look.
    const FLEETING: &[&str];

    /// No other one of the collection has it, or hardly one.
    fn key(&self) -> String;

    /// When it was seen first, and when it changed last.
    fn stamps(&mut self) -> [&mut Option<String>; 2];
}

impl Records {
    /// Begins to open the store, on a thread of its own.
    pub(crate) fn open(config: &Config) -> io::Result<Records> {
        let place = Place::of(&config.store, &config.directories.state);
        let keeper = Keeper::begin(place, signals::hold_back)?;
        Ok(Records { ledger: Ledger::default(), clerk: Clerk::begin(keeper.pen())?, keeper })
    }

    /// Waits until the store was read or is away, but not for long. Whether it was read.
    pub(crate) async fn await_store(&mut self) -> bool {
        let stored = timeout(PATIENCE, self.keeper.first_recalled()).await.ok().flatten();
        stored.is_some_and(|stored| {
            self.recall(&stored);
            true
        })
    }

    /// What the store held, once it could be read.
    pub(crate) async fn recalled(&mut self) -> Stored {
        self.keeper.recalled().await
    }

    /// Takes in what the store held.
    pub(crate) fn recall(&mut self, stored: &Stored) {
        let (many, few) = stored.clone().into_iter().partition(|(collection, _)| MANY.contains(collection));
        self.clerk.recall(many);
        self.keeper.change(self.ledger.recall(&few));
    }

    /// A collection has these values now.
    pub(crate) fn keep(&mut self, collection: Collection, values: BTreeMap<String, Value>) {
        self.keeper.change(self.ledger.have(SystemTime::now().into(), collection, values, Others::Go));
    }

    /// A single fact.
    pub(crate) fn keep_note(&mut self, key: &str, value: Value) {
        let values = BTreeMap::from([(key.to_owned(), value)]);
        self.keeper.change(self.ledger.have(SystemTime::now().into(), Collection::Notes, values, Others::Stay));
    }

    /// These are all there are, or where `others` stay, all that were told of yet. Each row gets its times.
    pub(crate) fn keep_rows<Row: Kept>(&mut self, rows: &mut [Row], others: Others) {
        self.keeper.change(keep(&mut self.ledger, SystemTime::now(), rows, others));
    }

    /// The same for rows of [`MANY`], which are made on another thread and then handed on.
    pub(crate) fn keep_many<Row: Kept>(
        &self,
        others: Others,
        make: impl FnOnce() -> Vec<Row> + Send + 'static,
        hand_on: impl FnOnce(Vec<Row>) + Send + 'static,
    ) {
        self.clerk.keep_rows(others, make, hand_on);
    }

    /// Whether all of [`Records::keep_many`] is done.
    pub(crate) fn is_idle(&self) -> bool {
        self.clerk.is_idle()
    }

    /// What is kept there.
    pub(crate) fn values(&self, collection: Collection) -> impl Iterator<Item = &Value> {
        self.ledger.list(collection).map(|(_, record)| &record.value)
    }

    /// A single fact.
    pub(crate) fn note(&self, key: &str) -> Option<&Value> {
        self.ledger.get(Collection::Notes, key).map(|record| &record.value)
    }

    /// Ends when all that was kept before is in the store, or it is away; or when that takes too long.
    pub(crate) fn settled(&self) -> impl Future<Output = ()> + Send + use<> {
        let settled = self.keeper.settled();
        async {
            // It is written later then.
            let _ = timeout(PATIENCE, settled).await;
        }
    }

    /// Writes what is still to be written.
    pub(crate) async fn close(self) {
        drop(self.clerk);
        // A store that takes longer does without.
        let _ = timeout(PATIENCE, self.keeper.close()).await;
    }

    /// How the store does.
    pub(crate) fn row(&self) -> StoreRow {
        let (state, error) = match self.keeper.health() {
            Health::Opening => (StoreState::Opening, None),
            Health::Good => (StoreState::Good, None),
            Health::Away(error) => (StoreState::Away, Some(error)),
        };
        StoreRow { place: self.keeper.place().to_string(), state, error }
    }

    /// What an operator should know of it.
    pub(crate) fn warning(&self) -> Option<String> {
        let error = self.row().error?;
        Some(format!("what is remembered is in memory only and ends with dproxy, until the store is back: {error}"))
    }
}

/// Takes note of all rows of a collection at `now`, and gives each its times; what is to be written for that.
fn keep<Row: Kept>(ledger: &mut Ledger, now: SystemTime, rows: &mut [Row], others: Others) -> Vec<Change> {
    let keys = keys(rows);
    let values = keys.iter().cloned().zip(rows.iter().map(value)).collect();
    let changes = ledger.have(now.into(), Row::COLLECTION, values, others);
    for (key, row) in keys.iter().zip(rows) {
        if let Some(Record { created, updated, .. }) = ledger.get(Row::COLLECTION, key) {
            let [first, last] = row.stamps();
            (*first, *last) = (Some(created.to_string()), Some(updated.to_string()));
        }
    }
    changes
}

/// The key of each row. Where two have the same one, the later one gets a number.
fn keys<Row: Kept>(rows: &[Row]) -> Vec<String> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let numbered = |row: &Row| {
        let key = row.key();
        let count = seen.entry(key.clone()).and_modify(|count| *count += 1).or_insert(1);
        if *count == 1 { key } else { format!("{key} ({count})") }
    };
    rows.iter().map(numbered).collect()
}

/// What is kept of a row.
fn value<Row: Kept>(row: &Row) -> Value {
    let mut value = serde_json::to_value(row).unwrap_or_default();
    if let Value::Object(fields) = &mut value {
        fields.retain(|name, _| !Row::FLEETING.contains(&name.as_str()) && name != "created" && name != "updated");
    }
    value
}

impl Kept for ContainerRow {
    const COLLECTION: Collection = Collection::Containers;
    const FLEETING: &[&str] = &[];

    fn key(&self) -> String {
        self.engine.as_ref().map_or_else(|| self.id.clone(), |engine| format!("{} on {engine}", self.id))
    }

    fn stamps(&mut self) -> [&mut Option<String>; 2] {
        [&mut self.created, &mut self.updated]
    }
}

impl Kept for BackendRow {
    const COLLECTION: Collection = Collection::Backends;
    const FLEETING: &[&str] = &["requests", "waited_ms", "since_seconds"];

    fn key(&self) -> String {
        self.id.clone()
    }

    fn stamps(&mut self) -> [&mut Option<String>; 2] {
        [&mut self.created, &mut self.updated]
    }
}

impl Kept for RouteRow {
    const COLLECTION: Collection = Collection::Routes;
    const FLEETING: &[&str] = &["expires_seconds"];

    fn key(&self) -> String {
        let listen = self.listen.as_ref().map_or_else(String::new, |listen| format!(" at {listen}"));
        format!("{}{}{listen} of {}", self.host, self.path, self.owner)
    }

    fn stamps(&mut self) -> [&mut Option<String>; 2] {
        [&mut self.created, &mut self.updated]
    }
}

impl Kept for ImageRow {
    const COLLECTION: Collection = Collection::Images;
    const FLEETING: &[&str] = &[];

    fn key(&self) -> String {
        self.name.clone()
    }

    fn stamps(&mut self) -> [&mut Option<String>; 2] {
        [&mut self.created, &mut self.updated]
    }
}

impl Kept for WorkerRow {
    const COLLECTION: Collection = Collection::Workers;
    const FLEETING: &[&str] = &["uptime_seconds", "connections", "requests", "in_flight", "memory_bytes", "cpu_percent"];

    fn key(&self) -> String {
        self.slot.to_string()
    }

    fn stamps(&mut self) -> [&mut Option<String>; 2] {
        [&mut self.created, &mut self.updated]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_all_the_time_is_not_kept() {
        let row = WorkerRow { slot: 3, requests: 9, created: Some("then".to_owned()), ..WorkerRow::default() };
        let kept = value(&row);
        let fields: Vec<&str> = kept.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields, ["generation", "pid", "restarts", "slot", "sockets", "state"]);
        let kept = value(&BackendRow { last_error: Some("refused".to_owned()), ..BackendRow::default() });
        assert!(kept["last_error"] == "refused" && kept.get("requests").is_none());
    }

    #[test]
    fn rows_of_one_name_are_told_apart() {
        let rows = [1, 2, 1, 1].map(|slot| WorkerRow { slot, ..WorkerRow::default() });
        assert_eq!(keys(&rows), ["1", "2", "1 (2)", "1 (3)"]);
    }
}
