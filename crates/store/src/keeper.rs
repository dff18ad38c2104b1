//! Keeps records on a thread of its own: nobody waits for a disk or a network.
//!
//! ```text
//!              open, recall what was there
//!   Opening ───────────────────────────────► Open ◄──────────────┐ open, and bring the store to what we know
//!      │ cannot                         write, │ check fail      │
//!      └────────────────► Away ◄───────────────┘ ────────────────┘ after a pause
//! ```
//!
//! The thread knows every record itself. So while a store is away nothing is lost but time, and when it is back, however
//! old or empty, it is brought to what is known. What a store held that was never read before is recalled first: records
//! that we know ourselves count, the others come back.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use dproxy_config::{RedisUrl, StoreChoice};
use tokio::sync::{oneshot, watch};
use tracing::{info, warn};

use crate::{Change, Collection, FileStore, MemoryStore, Record, Records, RedisStore, Store, StoreError};

/// How often an idle store is looked at.
const CHECK: Duration = Duration::from_secs(5);
/// The pause before a store that is away is tried again doubles up to the second one.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));

/// Where records are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nowhere else.
    Memory,
    /// In this file.
    File(PathBuf),
    /// On this server.
    Redis(RedisUrl),
}

/// How the store does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Nobody knows yet.
    Opening,
    /// It has what we know.
    Good,
    /// It does not; why, and the way out.
    Away(String),
}

/// Keeps records, and brings back those of before.
#[derive(Debug)]
pub struct Keeper {
    place: Place,
    pen: Pen,
    recalled: Option<oneshot::Receiver<Records>>,
    health: watch::Receiver<Health>,
    ended: oneshot::Receiver<()>,
}

/// Has changes made, for others than whoever has the keeper. The keeper's thread ends after the last of them.
#[derive(Clone, Debug)]
pub struct Pen(Sender<Order>);

/// What the thread is told.
#[derive(Debug)]
enum Order {
    Change(Vec<Change>),
    /// Answer when everything before is written, or cannot be.
    Settle(oneshot::Sender<()>),
}

impl Place {
    /// The one that was chosen; a file lies in `state_directory`.
    #[must_use]
    pub fn of(choice: &StoreChoice, state_directory: &Path) -> Place {
        match choice {
            StoreChoice::Memory => Place::Memory,
            StoreChoice::File => Place::File(state_directory.join("store.redb")),
            StoreChoice::Redis(url) => Place::Redis(url.clone()),
        }
    }

    /// Opens the store there.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(&self) -> Result<Box<dyn Store>, StoreError> {
        Ok(match self {
            Place::Memory => Box::new(MemoryStore::default()),
            Place::File(path) => Box::new(FileStore::open(path)?),
            Place::Redis(url) => Box::new(RedisStore::open(url)?),
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Memory => f.write_str("memory"),
            Place::File(path) => path.display().fmt(f),
            Place::Redis(url) => url.fmt(f),
        }
    }
}

impl Keeper {
    /// Begins to open the store; `on_thread` is called first on its thread.
    ///
    /// # Errors
    /// When there can be no more threads.
    pub fn begin(place: Place, on_thread: fn()) -> std::io::Result<Keeper> {
        let (orders, incoming) = channel();
        let (tell_recalled, recalled) = oneshot::channel();
        let (tell_health, health) = watch::channel(Health::Opening);
        let (tell_ended, ended) = oneshot::channel();
        let mut clerk = Clerk {
            place: place.clone(),
            known: Records::new(),
            recalled: Some(tell_recalled),
            health: tell_health,
            desk: Desk::Away { until: Instant::now(), pause: PAUSES.0 },
        };
        let _unwaited: JoinHandle<()> = thread::Builder::new().name("store".to_owned()).spawn(move || {
            on_thread();
            clerk.work(&incoming);
            drop(clerk);
            // Whoever waited for it may have gone.
            let _ = tell_ended.send(());
        })?;
        Ok(Keeper { place, pen: Pen(orders), recalled: Some(recalled), health, ended })
    }

    /// Where it keeps records.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// How the store does.
    #[must_use]
    pub fn health(&self) -> Health {
        self.health.borrow().clone()
    }

    /// What the store held when it was opened first. It comes once; until then, and ever after, this waits.
    pub async fn recalled(&mut self) -> Records {
        let Some(recalled) = &mut self.recalled else { return std::future::pending().await };
        let records = recalled.await;
        // Nothing comes twice.
        self.recalled = None;
        match records {
            Ok(records) => records,
            Err(_ended) => std::future::pending().await,
        }
    }

    /// The same, or none if the store is away.
    pub async fn first_recalled(&mut self) -> Option<Records> {
        let mut health = self.health.clone();
        tokio::select! {
            biased;
            records = self.recalled() => Some(records),
            // It ends with the thread only, and then nothing comes any more.
            _ = health.wait_for(|health| matches!(health, Health::Away(_))) => None,
        }
    }

    /// Has these changes made. They are as good as made: what cannot be written now is written later.
    pub fn change(&self, changes: Vec<Change>) {
        self.pen.change(changes);
    }

    /// For somebody else who has changes.
    #[must_use]
    pub fn pen(&self) -> Pen {
        self.pen.clone()
    }

    /// Ends when all that was said before is written, or cannot be.
    pub fn settled(&self) -> impl Future<Output = ()> + Send + use<> {
        let (tell, settled) = oneshot::channel();
        // As above.
        let _ = self.pen.0.send(Order::Settle(tell));
        async {
            // Who ended has written what he could.
            let _ = settled.await;
        }
    }

    /// Writes what is to be written, and closes the store.
    pub async fn close(self) {
        drop(self.pen);
        // It ends either way.
        let _ = self.ended.await;
    }
}

impl Pen {
    /// Has these changes made, see [`Keeper::change`].
    pub fn change(&self, changes: Vec<Change>) {
        if !changes.is_empty() {
            // The thread lives as long as this does.
            let _ = self.0.send(Order::Change(changes));
        }
    }
}

/// The thread's own.
struct Clerk {
    place: Place,
    known: Records,
    /// Until the store was read for the first time.
    recalled: Option<oneshot::Sender<Records>>,
    health: watch::Sender<Health>,
    desk: Desk,
}

enum Desk {
    Open(Box<dyn Store>),
    /// It is tried again at that time, and then after this pause.
    Away {
        until: Instant,
        pause: Duration,
    },
}

impl Clerk {
    fn work(&mut self, incoming: &Receiver<Order>) {
        self.retry();
        loop {
            let order = match incoming.recv_timeout(self.rest()) {
                Ok(order) => Some(order),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let nothing_to_do = order.is_none();
            let (changes, settled) = self.take_in(order.into_iter().chain(incoming.try_iter()));
            if let Desk::Away { until, .. } = self.desk {
                // Nobody waits for a store that is away.
                drop(settled);
                if until <= Instant::now() {
                    self.retry();
                }
                continue;
            }
            if nothing_to_do {
                self.attempt(|store| store.check());
            } else if !changes.is_empty() {
                self.attempt(|store| store.batch(&changes));
            }
            drop(settled);
        }
    }

    /// How long there is nothing to do without orders.
    fn rest(&self) -> Duration {
        match &self.desk {
            Desk::Open(_) => CHECK,
            Desk::Away { until, .. } => until.saturating_duration_since(Instant::now()),
        }
    }

    /// Knows from now on what all these say; the changes to be written, each record's last, and who wants to know when.
    fn take_in(&mut self, orders: impl Iterator<Item = Order>) -> (Vec<Change>, Vec<oneshot::Sender<()>>) {
        let (mut changes, mut settled) = (BTreeMap::new(), Vec::new());
        for order in orders {
            match order {
                Order::Change(some) => some.into_iter().for_each(|change| {
                    apply(&mut self.known, &change);
                    changes.insert((change.collection, change.key.clone()), change);
                }),
                Order::Settle(tell) => settled.push(tell),
            }
        }
        (changes.into_values().collect(), settled)
    }

    /// Does something with the open store. A connection may have been closed in the meantime, a file replaced: so after a
    /// failure the store is opened again at once, and only when that does not help it is away.
    fn attempt(&mut self, act: impl FnOnce(&mut dyn Store) -> Result<(), StoreError>) {
        let Desk::Open(store) = &mut self.desk else { return };
        if let Err(error) = guarded(&self.place, || act(store.as_mut())) {
            info!(store = %self.place, error = chain(&error), "the store is opened again");
            self.leave_desk(PAUSES.0);
            self.retry();
        }
    }

    /// Opens the store, and brings it to what is known.
    fn retry(&mut self) {
        let Desk::Away { pause, .. } = self.desk else { return };
        match self.open() {
            Ok(store) => {
                self.desk = Desk::Open(store);
                if matches!(*self.health.borrow(), Health::Away(_)) {
                    info!(store = %self.place, "the store is back, and has what is known");
                }
                self.health.send_replace(Health::Good);
            }
            Err(error) => {
                let text = chain(&error);
                let news = Health::Away(text.clone());
                if *self.health.borrow() != news {
                    warn!(store = %self.place, error = text, "what is remembered is not kept; it is tried again");
                }
                self.health.send_replace(news);
                self.leave_desk(pause);
            }
        }
    }

    fn leave_desk(&mut self, pause: Duration) {
        let next = (pause * 2).min(PAUSES.1);
        let left = std::mem::replace(&mut self.desk, Desk::Away { until: Instant::now() + pause, pause: next });
        // To close a spoilt store may fail as everything else, and does not matter.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(left)));
    }

    fn open(&mut self) -> Result<Box<dyn Store>, StoreError> {
        guarded(&self.place, || {
            let mut store = self.place.open()?;
            let mut there = Records::new();
            for collection in Collection::ALL {
                there.insert(collection, store.list(collection)?);
            }
            if self.recalled.is_some() {
                for (collection, records) in &there {
                    let known = self.known.entry(*collection).or_default();
                    let forgotten: Vec<_> = records.iter().filter(|(key, _)| !known.contains_key(*key)).collect();
                    known.extend(forgotten.into_iter().map(|(key, record)| (key.clone(), Arc::clone(record))));
                }
            }
            let missing = differences(&there, &self.known);
            if !missing.is_empty() {
                store.batch(&missing)?;
            }
            if let Some(recalled) = self.recalled.take() {
                // Whoever wanted it may have gone.
                let _ = recalled.send(there);
            }
            Ok(store)
        })
    }
}

/// What makes the records that are `there` those that are `known`.
fn differences(there: &Records, known: &Records) -> Vec<Change> {
    let mut changes = Vec::new();
    for collection in Collection::ALL {
        let nothing = BTreeMap::new();
        let (there, known) = (there.get(&collection).unwrap_or(&nothing), known.get(&collection).unwrap_or(&nothing));
        let change = |key: &String, record: Option<&Arc<Record>>| Change { collection, key: key.clone(), record: record.cloned() };
        let new = known.iter().filter(|(key, record)| there.get(*key) != Some(*record));
        changes.extend(new.map(|(key, record)| change(key, Some(record))));
        changes.extend(there.keys().filter(|key| !known.contains_key(*key)).map(|key| change(key, None)));
    }
    changes
}

fn apply(records: &mut Records, change: &Change) {
    let records = records.entry(change.collection).or_default();
    match &change.record {
        Some(record) => drop(records.insert(change.key.clone(), Arc::clone(record))),
        None => drop(records.remove(&change.key)),
    }
}

/// A spoilt file may make its reader panic; it is damaged then.
fn guarded<T>(place: &Place, act: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(act))
        .unwrap_or_else(|_panic| Err(StoreError::Damaged { place: place.to_string(), what: "its reader gave up, see the log".to_owned() }))
}

/// An error with all its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests;
