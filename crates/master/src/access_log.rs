//! The file that all workers write their access log to.
//!
//! The master opens it in append mode and hands it out: a worker can open
//! nothing. Opened again at USR1, so that whoever rotates logs only renames.

use std::fs::OpenOptions;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use tracing::{error, info};

/// Where the lines go; nowhere without a path.
pub(crate) struct AccessLog {
    path: Option<PathBuf>,
    file: Option<Arc<OwnedFd>>,
}

impl AccessLog {
    /// Opens the file. One that cannot be opened costs the log, not the traffic.
    pub(crate) fn open(path: Option<PathBuf>) -> AccessLog {
        let mut log = AccessLog { path, file: None };
        log.reopen();
        log
    }

    /// Opens whatever is at the path now, and goes on with what was open if that does not work.
    pub(crate) fn reopen(&mut self) {
        let Some(path) = &self.path else { return };
        match OpenOptions::new().append(true).create(true).mode(0o640).open(path) {
            Ok(file) => {
                info!(path = %path.display(), "access log opened");
                self.file = Some(Arc::new(OwnedFd::from(file)));
            }
            Err(error) => error!(path = %path.display(), %error, "cannot open the access log"),
        }
    }

    /// What a worker gets.
    pub(crate) fn descriptor(&self) -> Option<Arc<OwnedFd>> {
        self.file.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_appended_to_and_made_again_after_a_rename() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("access.log");
        std::fs::write(&path, "before\n").unwrap();
        let mut log = AccessLog::open(Some(path.clone()));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "before\n");
        std::fs::rename(&path, directory.path().join("access.log.1")).unwrap();
        log.reopen();
        assert!(path.exists() && log.descriptor().is_some());
    }

    #[test]
    fn a_path_that_cannot_be_opened_costs_only_the_log() {
        assert!(AccessLog::open(Some(PathBuf::from("/proc/no/such/place"))).descriptor().is_none());
        assert!(AccessLog::open(None).descriptor().is_none());
    }
}
