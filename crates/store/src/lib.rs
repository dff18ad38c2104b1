//! What must survive a restart.
//!
//! [`Record`]s lie in [`Collection`]s, and one of several engines keeps them: nobody ([`MemoryStore`]), a file
//! ([`FileStore`]) or a Redis server ([`RedisStore`]), all behind the trait [`Store`]. The [`Keeper`] writes to one on a
//! thread of its own, so that nobody waits for a disk, and the [`Ledger`] finds out what there is to write. Secrets are no
//! records: each has a file for its owner alone ([`whole_file`]).

mod engine;
mod file;
mod keeper;
mod ledger;
mod memory;
mod record;
mod redis;
pub mod whole_file;

pub use self::redis::RedisStore;
pub use engine::{Store, StoreError};
pub use file::FileStore;
pub use keeper::{Health, Keeper, Pen, Place};
pub use ledger::{Ledger, Others};
pub use memory::MemoryStore;
pub use record::{Change, Collection, Record, Records, Stamp};
