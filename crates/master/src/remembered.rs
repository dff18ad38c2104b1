//! The pool size an operator asked for, over a restart of dproxy.
//!
//! It counts until the configuration's own number changes: then the configuration has the last word.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use dproxy_config::WorkerCount;
use serde::{Deserialize, Serialize};
use tracing::warn;

/// The file, and what the configuration says.
#[derive(Debug)]
pub(crate) struct Remembered {
    path: PathBuf,
    configured: WorkerCount,
}

/// What is in the file. Numbers, because what they mean is checked when they are read.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    /// What the configuration said at the time.
    configured: String,
    /// What the operator asked for.
    size: String,
}

impl Remembered {
    pub(crate) fn new(state_directory: &Path, configured: WorkerCount) -> Remembered {
        Remembered { path: state_directory.join("pool.json"), configured }
    }

    /// How many workers to start.
    pub(crate) fn size(&self) -> WorkerCount {
        match self.read() {
            Ok(size) => size.unwrap_or(self.configured),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.configured,
            Err(error) => {
                warn!(path = %self.path.display(), %error, "remembered pool size not read, using the configured one");
                self.configured
            }
        }
    }

    /// Takes note that the configuration says something else now; whether it does.
    pub(crate) fn reconfigure(&mut self, configured: WorkerCount) -> bool {
        let changed = self.configured != configured;
        self.configured = configured;
        changed
    }

    /// Keeps `size`; a failure costs nothing but the memory of it.
    pub(crate) fn keep(&self, size: WorkerCount) {
        if let Err(error) = self.write(size) {
            warn!(path = %self.path.display(), %error, "pool size not remembered");
        }
    }

    fn read(&self) -> io::Result<Option<WorkerCount>> {
        let note: Note = serde_json::from_str(&fs::read_to_string(&self.path)?)?;
        let configured: WorkerCount = note.configured.parse().map_err(io::Error::other)?;
        let size = note.size.parse().map_err(io::Error::other)?;
        Ok((configured == self.configured).then_some(size))
    }

    fn write(&self, size: WorkerCount) -> io::Result<()> {
        let note = Note { configured: self.configured.to_string(), size: size.to_string() };
        let aside = self.path.with_extension("new");
        fs::write(&aside, serde_json::to_string(&note)?)?;
        fs::rename(&aside, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(number: usize) -> WorkerCount {
        WorkerCount::of_cpus(number)
    }

    #[test]
    fn a_size_is_remembered_until_the_configuration_changes() {
        let home = tempfile::tempdir().unwrap();
        let remembered = Remembered::new(home.path(), count(2));
        assert_eq!(remembered.size(), count(2));
        remembered.keep(count(30));
        assert_eq!(Remembered::new(home.path(), count(2)).size(), count(30));
        assert_eq!(Remembered::new(home.path(), count(4)).size(), count(4));
    }

    #[test]
    fn a_broken_note_counts_for_nothing() {
        for text in ["", "{", "[]", "{\"configured\":\"2\",\"size\":\"0\"}", "{\"configured\":\"2\"}"] {
            let home = tempfile::tempdir().unwrap();
            fs::write(home.path().join("pool.json"), text).unwrap();
            assert_eq!(Remembered::new(home.path(), count(2)).size(), count(2), "{text}");
        }
    }

    #[test]
    fn a_directory_that_is_not_there_is_no_obstacle() {
        let remembered = Remembered::new(Path::new("/nonexistent"), count(2));
        remembered.keep(count(3));
        assert_eq!(remembered.size(), count(2));
    }
}
