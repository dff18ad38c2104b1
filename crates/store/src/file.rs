//! Records in a file: `redb`, a table for each collection.
//!
//! A change is in the file as a whole or not at all, whenever the process is killed or the machine loses its power. The
//! file is locked while it is open.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::backends::FileBackend;
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition, TableError};

use crate::engine::{SCHEMA, judge, read};
use crate::{Change, Collection, Record, Store, StoreError};

/// What is read stays in memory up to so much; nobody reads twice.
const CACHE: usize = 1024 * 1024;
/// Facts about the file itself.
const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("about");
const SCHEMA_KEY: &str = "schema";

/// Keeps records in a file.
#[derive(Debug)]
pub struct FileStore {
    path: PathBuf,
    /// Which file it was, whatever is at the path now.
    identity: (u64, u64),
    database: Database,
}

const fn table(collection: Collection) -> TableDefinition<'static, &'static str, &'static [u8]> {
    TableDefinition::new(collection.name())
}

impl FileStore {
    /// Opens the store at `path`, or makes it.
    ///
    /// # Errors
    /// When it cannot be opened, is in use, is damaged or was written by a newer dproxy.
    pub fn open(path: &Path) -> Result<FileStore, StoreError> {
        match fs::metadata(path) {
            Ok(there) if there.len() > 0 || !there.is_file() => FileStore::open_at(path),
            Ok(_) | Err(_) => FileStore::make(path),
        }
    }

    /// Nobody ever finds a file at `path` of which only a part was made.
    fn make(path: &Path) -> Result<FileStore, StoreError> {
        let aside = path.with_extension("new");
        // What an earlier attempt left, if it did.
        let _ = fs::remove_file(&aside);
        let made = FileStore::open_at(&aside).and_then(|store| match fs::rename(&aside, path) {
            Ok(()) => Ok(FileStore { path: path.to_owned(), ..store }),
            Err(cause) => Err(StoreError::Open { path: path.to_owned(), cause }),
        });
        if made.is_err() {
            // A part takes room on the disk and is of no use.
            let _ = fs::remove_file(&aside);
        }
        made
    }

    fn open_at(path: &Path) -> Result<FileStore, StoreError> {
        let failed = |cause| StoreError::Open { path: path.to_owned(), cause };
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path).map_err(failed)?;
        let identity = identity(&file.metadata().map_err(failed)?);
        let database = open_database(file).map_err(|error| misfortune(path, error))?;
        let mut store = FileStore { path: path.to_owned(), identity, database };
        store.settle_schema()?;
        Ok(store)
    }

    fn settle_schema(&mut self) -> Result<(), StoreError> {
        match self.reading(|store| store.schema())? {
            Some(found) => judge(|| self.path.display().to_string(), found),
            None => self.reading(FileStore::found),
        }
    }

    /// The number in the file; none in a new one.
    fn schema(&self) -> Result<Option<u64>, redb::Error> {
        match self.database.begin_read()?.open_table(ABOUT) {
            Ok(about) => Ok(about.get(SCHEMA_KEY)?.map(|found| found.value())),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the tables, so that nobody needs to ask whether they are there.
    fn found(&self) -> Result<(), redb::Error> {
        let writing = self.database.begin_write()?;
        for collection in Collection::ALL {
            writing.open_table(table(collection))?;
        }
        writing.open_table(ABOUT)?.insert(SCHEMA_KEY, SCHEMA)?;
        Ok(writing.commit()?)
    }

    fn write(&self, changes: &[Change]) -> Result<(), redb::Error> {
        let writing = self.database.begin_write()?;
        for Change { collection, key, record } in changes {
            let mut records = writing.open_table(table(*collection))?;
            match record {
                Some(record) => drop(records.insert(key.as_str(), record.text().as_bytes())?),
                None => drop(records.remove(key.as_str())?),
            }
        }
        Ok(writing.commit()?)
    }

    fn reading<T>(&self, read: impl FnOnce(&FileStore) -> Result<T, redb::Error>) -> Result<T, StoreError> {
        read(self).map_err(|error| misfortune(&self.path, error))
    }
}

impl Store for FileStore {
    fn list(&mut self, collection: Collection) -> Result<BTreeMap<String, Arc<Record>>, StoreError> {
        self.reading(|store| {
            let records = store.database.begin_read()?.open_table(table(collection))?;
            let mut found = BTreeMap::new();
            for entry in records.iter()? {
                let (key, text) = entry?;
                found.extend(read(collection, key.value(), text.value()).map(|record| (key.value().to_owned(), record)));
            }
            Ok(found)
        })
    }

    fn get(&mut self, collection: Collection, key: &str) -> Result<Option<Arc<Record>>, StoreError> {
        self.reading(|store| {
            let text = store.database.begin_read()?.open_table(table(collection))?.get(key)?;
            Ok(text.and_then(|text| read(collection, key, text.value())))
        })
    }

    fn batch(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        self.reading(|store| store.write(changes))
    }

    fn check(&mut self) -> Result<(), StoreError> {
        match fs::metadata(&self.path) {
            Ok(there) if identity(&there) == self.identity => Ok(()),
            Ok(_) | Err(_) => Err(StoreError::Replaced { path: self.path.clone() }),
        }
    }
}

/// What is altered by anybody else is found here, not when it is read.
fn open_database(file: File) -> Result<Database, redb::Error> {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE).set_check_integrity_on_open(true);
    Ok(builder.create_with_backend(FileBackend::new(file)?)?)
}

fn identity(metadata: &fs::Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

fn misfortune(path: &Path, error: redb::Error) -> StoreError {
    let damaged = |what: String| StoreError::Damaged { place: path.display().to_string(), what };
    let path = path.to_owned();
    match error {
        redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => StoreError::Locked { path },
        redb::Error::Io(cause) if is_of_content(&cause) => damaged(cause.to_string()),
        redb::Error::Io(cause) => StoreError::Disk { path, cause },
        other => damaged(other.to_string()),
    }
}

/// `redb` tells so of a file that is no store, or a part of one.
fn is_of_content(cause: &io::Error) -> bool {
    matches!(cause.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof)
}
