//! What an engine must be able to do, and how it can fail.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tracing::warn;

use crate::{Change, Collection, Record};

/// How records are laid out. A store with a higher number was written by a newer dproxy.
pub(crate) const SCHEMA: u64 = 1;

/// Keeps records. Calls may take as long as a disk or a network does.
///
/// After an error nobody knows what the store holds: drop it, open it again and look.
pub trait Store: Send {
    /// Every record of a collection, by key. One that makes no sense is told and left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn list(&mut self, collection: Collection) -> Result<BTreeMap<String, Arc<Record>>, StoreError>;

    /// One record.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn get(&mut self, collection: Collection, key: &str) -> Result<Option<Arc<Record>>, StoreError>;

    /// Makes all of these changes in their order, or none of them. When it returns, they survive the end of this process.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn batch(&mut self, changes: &[Change]) -> Result<(), StoreError>;

    /// Whether what was written is still where it was.
    ///
    /// # Errors
    /// When it is not, or nobody can tell.
    fn check(&mut self) -> Result<(), StoreError>;

    /// Has this record from now on.
    ///
    /// # Errors
    /// As [`Store::batch`].
    fn put(&mut self, collection: Collection, key: &str, record: Arc<Record>) -> Result<(), StoreError> {
        self.batch(&[Change { collection, key: key.to_owned(), record: Some(record) }])
    }

    /// Has no such record from now on.
    ///
    /// # Errors
    /// As [`Store::batch`].
    fn delete(&mut self, collection: Collection, key: &str) -> Result<(), StoreError> {
        self.batch(&[Change { collection, key: key.to_owned(), record: None }])
    }
}

/// Why a store does not keep what it should, and the way out.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file is not there and cannot be made, or may not be read.
    #[error("`{}` cannot be opened; have its directory be there and writable for dproxy, or choose another `store` or `directories.state`", path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// It could be opened, and then not be read or written.
    #[error("`{}` cannot be read or written; make room on its disk, or choose another `store` or `directories.state`", path.display())]
    Disk {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// Another process has it.
    #[error("`{}` is in use by another program; end that, or choose another `directories.state`", path.display())]
    Locked {
        /// Which file.
        path: PathBuf,
    },
    /// It is no store, or a spoilt one.
    #[error("`{place}` is damaged ({what}); put a good copy in its place, or take it away to begin anew")]
    Damaged {
        /// Which store.
        place: String,
        /// What is wrong with it.
        what: String,
    },
    /// Somebody took it away or replaced it.
    #[error("`{}` is not the file any more that was opened", path.display())]
    Replaced {
        /// Which file.
        path: PathBuf,
    },
    /// A newer dproxy wrote it.
    #[error("`{place}` was written by a newer dproxy (its format is {found}, ours {SCHEMA}); install that, or choose another `store`")]
    Newer {
        /// Which store.
        place: String,
        /// The number there.
        found: u64,
    },
    /// The server does not answer, or not as it should.
    #[error("the Redis server at `{place}` keeps nothing; have it run, let us in and take changes, or choose another `store`")]
    Redis {
        /// Where it is.
        place: String,
        /// Why.
        #[source]
        cause: Box<redis::RedisError>,
    },
    /// The file with the authorities that its certificate may be of.
    #[error("`store_root`: `{}` cannot be read", path.display())]
    Root {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// Nobody is in that file.
    #[error("`store_root`: there is no certificate in `{}`", path.display())]
    NoRoot {
        /// Which file.
        path: PathBuf,
    },
    /// Somebody emptied the server.
    #[error("the Redis server at `{place}` has lost its records")]
    Emptied {
        /// Where it is.
        place: String,
    },
}

/// A record as it was written; none if it makes no sense.
pub(crate) fn read(collection: Collection, key: &str, text: &[u8]) -> Option<Arc<Record>> {
    match serde_json::from_slice(text) {
        Ok(record) => Some(Arc::new(record)),
        Err(error) => {
            warn!(%collection, key, %error, "a record that makes no sense is left out");
            None
        }
    }
}

/// The schema of a store: written where there is none, refused where it is a newer one.
pub(crate) fn judge(place: impl FnOnce() -> String, found: u64) -> Result<(), StoreError> {
    if found > SCHEMA { Err(StoreError::Newer { place: place(), found }) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
