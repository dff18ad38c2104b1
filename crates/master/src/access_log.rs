//! Where all workers write their access log.
//!
//! The master opens the file in append mode and hands it out: a worker can open
//! nothing. A file that has grown too large or too old is renamed and another
//! one is handed out; workers write to the old one until they have it, so that
//! no line is lost. Opened again at USR1, for whoever renames it himself.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, stdout};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use dproxy_config::{AccessTarget, Rotation};
use nix::sys::stat::{FileStat, SFlag, fstat};
use tracing::{error, info};

/// After a rotation that failed, the next one is tried.
const RETRY: Duration = Duration::from_secs(60);

/// Where the lines go; nowhere without a target.
pub(crate) struct AccessLog {
    settings: dproxy_config::AccessLog,
    open: Option<Open>,
    /// A rotation has failed; until then none is tried.
    hindered: Option<Instant>,
}

/// What workers get.
struct Open {
    descriptor: Arc<OwnedFd>,
    /// When the file was made, as far as that is known.
    since: SystemTime,
}

impl AccessLog {
    /// Opens the target. One that cannot be opened costs the log, not the traffic.
    pub(crate) fn open(settings: dproxy_config::AccessLog) -> AccessLog {
        let mut log = AccessLog { settings, open: None, hindered: None };
        log.reopen();
        log
    }

    /// Opens whatever is at the path now, and goes on with what was open if that does not work.
    pub(crate) fn reopen(&mut self) {
        let opened = match &self.settings.target {
            None => return,
            Some(AccessTarget::Stdout) => stdout().as_fd().try_clone_to_owned().map(Open::new),
            Some(AccessTarget::File(path)) => append_to(path).map(Open::of),
        };
        match opened {
            Ok(open) => {
                info!(to = ?self.settings.target, "access log opened");
                self.open = Some(open);
            }
            Err(error) => error!(to = ?self.settings.target, %error, "cannot open the access log"),
        }
    }

    /// What a worker gets.
    pub(crate) fn descriptor(&self) -> Option<Arc<OwnedFd>> {
        Some(Arc::clone(&self.open.as_ref()?.descriptor))
    }

    /// Begins another file when this one is too large or too old; whether it did.
    pub(crate) fn rotate(&mut self, now: Instant, today: SystemTime) -> bool {
        let (Some(AccessTarget::File(path)), Some(open)) = (&self.settings.target, &self.open) else { return false };
        if self.hindered.is_some_and(|until| now < until) || !open.is_due(&self.settings.rotation, today) {
            return false;
        }
        match begin_another(path, self.settings.rotation.keep) {
            Ok(file) => {
                info!(path = %path.display(), "access log rotated");
                self.open = Some(Open::of(file));
                self.hindered = None;
                true
            }
            Err(error) => {
                error!(path = %path.display(), %error, "cannot rotate the access log; it grows on, and a minute later is tried again");
                self.hindered = Some(now + RETRY);
                false
            }
        }
    }
}

impl Open {
    fn new(descriptor: OwnedFd) -> Open {
        Open { descriptor: Arc::new(descriptor), since: SystemTime::now() }
    }

    /// Not every file system knows when a file was made; then its age counts from now.
    fn of(file: File) -> Open {
        let since = file.metadata().and_then(|metadata| metadata.created());
        Open { descriptor: Arc::new(file.into()), since: since.unwrap_or_else(|_unknown| SystemTime::now()) }
    }

    /// Whether another file shall be begun; never in the place of one that is empty, or of something else than a file.
    fn is_due(&self, rotation: &Rotation, now: SystemTime) -> bool {
        let Ok(FileStat { st_size, st_mode, .. }) = fstat(&self.descriptor) else { return false };
        let size = u64::try_from(st_size).unwrap_or(0);
        let is_file = SFlag::from_bits_truncate(st_mode) & SFlag::S_IFMT == SFlag::S_IFREG;
        let is_large = rotation.size > 0 && size >= u64::from(rotation.size);
        let age = now.duration_since(self.since).unwrap_or_default();
        is_file && size > 0 && (is_large || rotation.age.is_some_and(|most| age >= most))
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o640).open(path)
}

/// Puts a new file at `path`; the old ones are `path.1`, which is the newest, to `path.<keep>`.
fn begin_another(path: &Path, keep: u32) -> io::Result<File> {
    // Before anything is moved: where no file can be made, all stays as it is.
    let next = beside(path, "next");
    let file = append_to(&next)?;
    for place in (1..keep).rev() {
        unless_missing(fs::rename(beside(path, &place.to_string()), beside(path, &(place + 1).to_string())))?;
    }
    unless_missing(fs::rename(path, beside(path, "1")))?;
    fs::rename(next, path)?;
    Ok(file)
}

/// `path.<end>`
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".");
    name.push(end);
    name.into()
}

fn unless_missing(moved: io::Result<()>) -> io::Result<()> {
    moved.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn log_at(path: &Path, rotation: Rotation) -> AccessLog {
        AccessLog::open(dproxy_config::AccessLog { target: Some(AccessTarget::File(path.to_owned())), rotation })
    }

    fn say(log: &AccessLog, line: &str) {
        let descriptor = log.descriptor().unwrap().try_clone().unwrap();
        File::from(descriptor).write_all(line.as_bytes()).unwrap();
    }

    const BY_SIZE: Rotation = Rotation { size: 3, age: None, keep: 2 };

    #[test]
    fn the_file_is_appended_to_and_made_again_after_a_rename() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("access.log");
        fs::write(&path, "before\n").unwrap();
        let mut log = log_at(&path, BY_SIZE);
        assert_eq!(fs::read_to_string(&path).unwrap(), "before\n");
        fs::rename(&path, directory.path().join("old")).unwrap();
        log.reopen();
        assert!(path.exists() && log.descriptor().is_some());
    }

    #[test]
    fn a_path_that_cannot_be_opened_costs_only_the_log() {
        assert!(log_at(Path::new("/proc/no/such/place"), BY_SIZE).descriptor().is_none());
        assert!(AccessLog::open(dproxy_config::AccessLog { target: None, rotation: BY_SIZE }).descriptor().is_none());
    }

    #[test]
    fn a_file_that_is_too_large_is_put_aside_and_the_oldest_goes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("access.log");
        let (now, today) = (Instant::now(), SystemTime::now());
        let mut log = log_at(&path, BY_SIZE);
        assert!(!log.rotate(now, today), "an empty file is large enough for a while");
        for line in ["one", "two", "three"] {
            say(&log, line);
            assert!(log.rotate(now, today), "{line}");
        }
        let mut names: Vec<_> = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort_unstable();
        assert_eq!(names, ["access.log", "access.log.1", "access.log.2"]);
        let text = |end: &str| fs::read_to_string(beside(&path, end)).unwrap();
        assert_eq!((text("1"), text("2")), ("three".to_owned(), "two".to_owned()));
    }

    #[test]
    fn a_file_that_is_too_old_is_put_aside_unless_it_is_empty() {
        let directory = tempfile::tempdir().unwrap();
        let hour = Duration::from_secs(3600);
        let mut log = log_at(&directory.path().join("access.log"), Rotation { size: 0, age: Some(hour), keep: 1 });
        let (now, later) = (Instant::now(), SystemTime::now() + 2 * hour);
        assert!(!log.rotate(now, later));
        say(&log, "one");
        assert!(!log.rotate(now, SystemTime::now()));
        assert!(log.rotate(now, later));
    }

    #[test]
    fn what_cannot_be_rotated_grows_on_and_is_tried_again_a_minute_later() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("access.log");
        let hindrance = beside(&path, "next");
        fs::create_dir(&hindrance).unwrap();
        let mut log = log_at(&path, BY_SIZE);
        say(&log, "one");
        let (now, today) = (Instant::now(), SystemTime::now());
        assert!(!log.rotate(now, today));
        fs::remove_dir(&hindrance).unwrap();
        assert!(!log.rotate(now, today));
        say(&log, "two");
        assert!(log.rotate(now + RETRY, today));
        assert_eq!(fs::read_to_string(beside(&path, "1")).unwrap(), "onetwo");
    }

    #[test]
    fn what_is_no_file_is_never_rotated() {
        let mut log = log_at(Path::new("/dev/null"), Rotation { size: 1, age: Some(Duration::from_secs(1)), keep: 1 });
        assert!(!log.rotate(Instant::now(), SystemTime::now() + RETRY));
    }
}
