//! One master per PID file.
//!
//! The lock is what counts, not the number in the file: a master that died leaves a file that nobody has
//! locked, and the next one takes its place. The new file is written aside, locked, and then renamed over the
//! old one, so that a reader finds a whole number or none.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

/// The locked file; removed when dropped.
#[derive(Debug)]
pub(crate) struct PidFile {
    path: PathBuf,
    /// Held for the sake of its lock.
    file: Flock<File>,
}

/// Why this master may not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PidFileError {
    #[error("dproxy already runs with pid {pid} (PID file `{path}`); stop that one, or use another PID file")]
    Running { pid: String, path: PathBuf },
    #[error("cannot make directory `{path}`")]
    Directory {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("cannot write PID file `{path}`")]
    File {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
}

impl PidFile {
    /// Takes the PID file, or says who has it.
    ///
    /// # Errors
    /// When another master runs, or the file cannot be written.
    pub(crate) fn take(path: &Path) -> Result<PidFile, PidFileError> {
        if let Some(parent) = path.parent() {
            make_directory(parent, 0o755)?;
        }
        let failed = |cause| PidFileError::File { path: path.to_owned(), cause };
        let old = lock_whoever_is_there(path)?;
        let aside = path.with_extension(format!("{}.new", std::process::id()));
        let written = write_locked(&aside).and_then(|file| {
            fs::rename(&aside, path)?;
            Ok(file)
        });
        // Only now may somebody else lock the old file, and he will notice that it is not there any more.
        drop(old);
        match written {
            Ok(file) => Ok(PidFile { path: path.to_owned(), file }),
            Err(cause) => {
                // It may not even exist.
                let _ = fs::remove_file(&aside);
                Err(failed(cause))
            }
        }
    }
}

impl PidFile {
    /// Goes on with the PID file of the program before in this process, whose lock was never let go.
    ///
    /// # Errors
    /// When it is not locked after all, and somebody else has it.
    pub(crate) fn inherit(path: &Path, file: OwnedFd) -> Result<PidFile, PidFileError> {
        let failed = |(_, errno): (File, Errno)| PidFileError::File { path: path.to_owned(), cause: errno.into() };
        let file = Flock::lock(File::from(file), FlockArg::LockExclusiveNonblock).map_err(failed)?;
        Ok(PidFile { path: path.to_owned(), file })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl AsFd for PidFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        if is_at(&self.file, &self.path) {
            // On the way out there is nobody left to tell; the lock goes with the process anyway.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Of the run directory: what is in it is for its owner, and whoever of his group is let in.
pub(crate) const RUN_MODE: u32 = 0o750;

/// Makes `path` and what leads to it, with `mode` where it is new.
///
/// # Errors
/// When it is not there and cannot be made.
pub(crate) fn make_directory(path: &Path, mode: u32) -> Result<(), PidFileError> {
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    let failed = |cause| PidFileError::Directory { path: path.to_owned(), cause };
    if let Some(parent) = path.parent().filter(|parent| !parent.exists()) {
        make_directory(parent, 0o755)?;
    }
    match DirBuilder::new().mode(mode).create(path) {
        Err(cause) if !path.is_dir() => Err(failed(cause)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The lock on the file that is at `path` now.
fn lock_whoever_is_there(path: &Path) -> Result<Flock<File>, PidFileError> {
    let failed = |cause: io::Error| PidFileError::File { path: path.to_owned(), cause };
    loop {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o644).open(path).map_err(failed)?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(locked) if is_at(&locked, path) => return Ok(locked),
            // Between open and lock it was replaced or removed: look again.
            Ok(_outdated) => {}
            Err((mut file, Errno::EWOULDBLOCK)) => {
                let mut pid = String::new();
                file.read_to_string(&mut pid).map_err(failed)?;
                let pid = if pid.trim().is_empty() { "unknown" } else { pid.trim() };
                return Err(PidFileError::Running { pid: pid.to_owned(), path: path.to_owned() });
            }
            Err((_, errno)) => return Err(failed(errno.into())),
        }
    }
}

fn write_locked(path: &Path) -> io::Result<Flock<File>> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o644).open(path)?;
    let mut file = Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| io::Error::from(errno))?;
    writeln!(file, "{}", std::process::id())?;
    Ok(file)
}

/// Whether this very file is still the one at `path`.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_first_has_it_the_second_is_told_who_does_and_the_third_gets_it() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("run/deep/dproxy.pid");
        let first = PidFile::take(&path).unwrap();
        let pid = std::process::id().to_string();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{pid}\n"));
        let error = PidFile::take(&path).unwrap_err().to_string();
        assert!(error.starts_with(&format!("dproxy already runs with pid {pid} ")), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{pid}\n"), "the first is undisturbed");
        drop(first);
        assert!(!path.exists());
        drop(PidFile::take(&path).unwrap());
    }

    #[test]
    fn a_stale_file_is_no_obstacle() {
        for stale in ["", "1\n", "999999999999\n", "nonsense \u{0}"] {
            let home = tempfile::tempdir().unwrap();
            let path = home.path().join("dproxy.pid");
            fs::write(&path, stale).unwrap();
            let _taken = PidFile::take(&path).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", std::process::id()));
            assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "nothing is left aside");
        }
    }

    #[test]
    fn a_lock_that_is_taken_over_is_never_let_go() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("dproxy.pid");
        let before = PidFile::take(&path).unwrap();
        let after = PidFile::inherit(&path, before.as_fd().try_clone_to_owned().unwrap()).unwrap();
        assert!(matches!(PidFile::take(&path), Err(PidFileError::Running { .. })));
        // The program before does not end, it is gone.
        std::mem::forget(before);
        assert!(matches!(PidFile::take(&path), Err(PidFileError::Running { .. })));
        drop(after);
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_somebody_else_put_there_is_not_removed() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("dproxy.pid");
        let taken = PidFile::take(&path).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, "other").unwrap();
        drop(taken);
        assert_eq!(fs::read_to_string(&path).unwrap(), "other");
    }

    #[test]
    fn what_cannot_be_made_is_named() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("file"), "").unwrap();
        let error = PidFile::take(&home.path().join("file/dproxy.pid")).unwrap_err().to_string();
        assert!(error.starts_with("cannot make directory"), "{error}");
        let error = PidFile::take(home.path()).unwrap_err().to_string();
        assert!(error.starts_with("cannot write PID file"), "{error}");
    }

    #[test]
    fn directories_get_their_mode() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a/b");
        make_directory(&path, 0o750).unwrap();
        make_directory(&path, 0o750).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777 & !0o750, 0);
    }
}
