//! What files say at one moment, and how to tell whether they still do.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::Texts;

/// What every file said at one moment, or why it could not be read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Look {
    files: BTreeMap<PathBuf, Seen>,
}

/// What one file said.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// None where there was no file.
    stamp: Option<Stamp>,
    age: Duration,
    text: Result<String, Unreadable>,
}

/// What changes with a file, whoever changes it and however.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    /// When what it says changed, in seconds and nanoseconds.
    modified: (i64, i64),
    /// When anything changed, its owner or mode, too.
    changed: (i64, i64),
}

/// Why a file cannot be read, to be compared and told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unreadable {
    /// Its number of the system.
    System(i32),
    Other(io::ErrorKind),
    /// What it said is gone with the first reader, and the next one could wait for ever.
    Pipe,
}

impl Look {
    /// Reads each of these files.
    pub(super) fn at<'p>(paths: impl Iterator<Item = &'p PathBuf>) -> Look {
        Look { files: paths.map(|path| (path.clone(), Seen::again(path))).collect() }
    }

    pub(super) fn add(&mut self, path: &Path, seen: Seen) {
        self.files.insert(path.to_owned(), seen);
    }

    /// All that were looked for.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.files.keys()
    }

    /// None where it was not looked for.
    pub(super) fn seen(&self, path: &Path) -> Option<&Seen> {
        self.files.get(path)
    }

    /// What those say that could be read.
    pub(super) fn texts(&self) -> Texts {
        self.files.iter().filter_map(|(path, seen)| Some((path.clone(), seen.text.clone().ok()?))).collect()
    }

    /// Whether every file says the same, whenever it was written.
    pub(crate) fn says_the_same(&self, other: &Look) -> bool {
        let (ours, theirs) = (self.files.iter(), other.files.iter());
        ours.map(|(path, seen)| (path, &seen.text)).eq(theirs.map(|(path, seen)| (path, &seen.text)))
    }

    /// Whether somebody seems to have touched one of the files since.
    pub(crate) fn is_outdated(&self) -> bool {
        self.files.iter().any(|(path, seen)| Stamp::of(path).map(|(stamp, _written)| stamp) != seen.stamp)
    }

    /// How long ago the youngest was written; the longest there is for one that is not there.
    pub(super) fn age(&self) -> Duration {
        self.files.values().map(|seen| seen.age).min().unwrap_or(Duration::MAX)
    }

    #[cfg(test)]
    pub(super) fn pretend(text: &str, age: Duration) -> Look {
        Look { files: BTreeMap::from([(PathBuf::from("f"), Seen { stamp: None, age, text: Ok(text.to_owned()) })]) }
    }
}

impl Seen {
    /// Of a file that is read for the first time: a pipe is waited for.
    pub(super) fn now(path: &Path) -> Seen {
        Seen::with(path, || Ok(fs::read_to_string(path)?))
    }

    /// Of a file that may have been read before.
    pub(super) fn again(path: &Path) -> Seen {
        let is_pipe = || fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo());
        Seen::with(path, || if is_pipe() { Err(Unreadable::Pipe) } else { Ok(fs::read_to_string(path)?) })
    }

    /// With this text, or with none, whatever it says: it is not read, which could take for ever.
    pub(super) fn saying(path: &Path, text: Option<String>) -> Seen {
        Seen::with(path, || text.ok_or(Unreadable::Other(io::ErrorKind::NotFound)))
    }

    fn with(path: &Path, text: impl FnOnce() -> Result<String, Unreadable>) -> Seen {
        // The stamp before the text: what is written in between is seen by the next look.
        let found = Stamp::of(path);
        // A file from the future of another clock is not young for ever.
        let age = |written: SystemTime| SystemTime::now().duration_since(written).ok();
        Seen {
            stamp: found.map(|(stamp, _written)| stamp),
            age: found.and_then(|(_stamp, written)| age(written?)).unwrap_or(Duration::MAX),
            text: text(),
        }
    }

    pub(super) fn text(&self) -> io::Result<String> {
        self.text.clone().map_err(io::Error::from)
    }
}

impl Stamp {
    /// With the time of the last writing, as far as the system knows one.
    fn of(path: &Path) -> Option<(Stamp, Option<SystemTime>)> {
        let metadata = fs::metadata(path).ok()?;
        let stamp = Stamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        };
        Some((stamp, metadata.modified().ok()))
    }
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Unreadable {
        error.raw_os_error().map_or(Unreadable::Other(error.kind()), Unreadable::System)
    }
}

impl From<Unreadable> for io::Error {
    fn from(unreadable: Unreadable) -> io::Error {
        match unreadable {
            Unreadable::System(number) => io::Error::from_raw_os_error(number),
            Unreadable::Other(kind) => kind.into(),
            Unreadable::Pipe => io::Error::other("it is a pipe, which is read at the start and never again; put a file there"),
        }
    }
}
