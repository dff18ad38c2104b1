//! What the files say at one moment.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What every file said at one moment, or why it could not be read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Look {
    files: BTreeMap<PathBuf, Result<String, Unreadable>>,
    /// How long ago the youngest of them was written, as far as the clock can tell.
    age: Duration,
}

/// An error of the system that can be compared and told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unreadable {
    kind: io::ErrorKind,
    /// Its number, where it is the system's own.
    number: Option<i32>,
}

impl Look {
    /// Reads each of these files.
    pub(crate) fn at<'p>(paths: impl Iterator<Item = &'p PathBuf>) -> Look {
        let now = SystemTime::now();
        let mut look = Look { files: BTreeMap::new(), age: Duration::MAX };
        for path in paths {
            // The age before the text: what is written in between is seen by the next look.
            look.age = look.age.min(age(path, now));
            look.files.insert(path.clone(), std::fs::read_to_string(path).map_err(Unreadable::from));
        }
        look
    }

    /// What this file said; none where it was not looked for.
    pub(crate) fn read(&self, path: &Path) -> Option<io::Result<String>> {
        let found = self.files.get(path)?;
        Some(found.clone().map_err(io::Error::from))
    }

    /// Whether every file says the same, whenever it was written.
    pub(crate) fn says_the_same(&self, other: &Look) -> bool {
        self.files == other.files
    }

    pub(crate) fn age(&self) -> Duration {
        self.age
    }

    #[cfg(test)]
    pub(crate) fn pretend(text: &str, age: Duration) -> Look {
        Look { files: BTreeMap::from([(PathBuf::from("f"), Ok(text.to_owned()))]), age }
    }
}

/// The longest there is for a file that is not there, or that comes from the future of another clock.
fn age(path: &Path, now: SystemTime) -> Duration {
    let written = std::fs::metadata(path).and_then(|metadata| metadata.modified());
    written.ok().and_then(|written| now.duration_since(written).ok()).unwrap_or(Duration::MAX)
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Unreadable {
        Unreadable { kind: error.kind(), number: error.raw_os_error() }
    }
}

impl From<Unreadable> for io::Error {
    fn from(Unreadable { kind, number }: Unreadable) -> io::Error {
        number.map_or_else(|| kind.into(), io::Error::from_raw_os_error)
    }
}
