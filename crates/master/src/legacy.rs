//! One program takes another's place in the same process: an upgrade, and the way back.
//!
//! ```text
//!   old program ──── `become_program` ────► new program ──── `go_back` ────► old program
//!     lays a note, leaves descriptors open    has both till its workers serve   finds both as they were
//! ```
//!
//! Whatever the note names stays open and untouched until the new program is sure of itself, so the way back needs
//! nothing to be undone. Workers are not in the note: they notice that their master is gone, wait at their doors for the
//! next one, and so are found as after a crash (see [`crate::estate`]). The lock of the PID file lies with its open
//! description: there is no moment at which nobody has it.
//!
//! When the new program hangs, its own [`Watchman`] goes back for it. One that hangs even before it has that could give
//! nothing back. An alarm(2), which stays over exec(2), ends the process then: workers serve on, and whoever keeps the
//! service up starts the next master, which finds them.

mod watchman;

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use nix::unistd::alarm;
use rustix::io::{FdFlags, fcntl_setfd};
use tracing::{error, warn};

use crate::estate::{Kept, Note, Rest};
use crate::inherited::passed;
use watchman::Watchman;

/// So long a program may take until it has [`arrived`]. Whole seconds.
const ARRIVAL: u32 = 30;

/// What the program before left in this process.
#[derive(Debug)]
pub(crate) struct Legacy {
    note: Note,
    rest: Option<Rest>,
    way_back: Arc<WayBack>,
    /// None when it serves, or nobody can or need go back for it.
    watchman: Option<Watchman>,
    /// This program was the one before, too: the one in between did not serve, and this is why.
    pub(crate) failed: Option<String>,
}

/// What it takes to give the process back.
#[derive(Debug)]
struct WayBack {
    /// Everything that was left open, the note's own memory included.
    left: BTreeMap<RawFd, OwnedFd>,
    memory: RawFd,
    /// The program before.
    executable: Option<RawFd>,
}

/// Process id and descriptor of the note.
const NOTE: &str = "DPROXY_LEGACY";
/// Why the program in between gave up.
const FAILED: &str = "DPROXY_UPGRADE_FAILED";

impl Legacy {
    /// What was left, if anything was. Only the first call finds it.
    pub(crate) fn take() -> Option<Legacy> {
        let memory = number(&std::env::var(NOTE).ok()?)?;
        let mut left = passed::left_open(&[memory]);
        let file = File::from(left.remove(&memory)?);
        let note = Note::read(&file).inspect_err(|cause| error!(%cause, "what the program before left cannot be used")).ok()?;
        left.insert(memory, file.into());
        left.extend(passed::left_open(&note.kept.descriptors));
        let rest = note.rest();
        if rest.is_none() {
            warn!("the program before was of another kind: only its sockets are kept");
        }
        let executable = note.kept.executable.filter(|number| left.contains_key(number));
        let way_back = Arc::new(WayBack { left, memory, executable });
        let failed = std::env::var(FAILED).ok();
        // Who has come back has nobody to go back to.
        let watchman = match failed {
            Some(_) => None,
            None => Watchman::post(Arc::clone(&way_back)).inspect_err(|error| warn!(%error, "nobody watches over the upgrade")).ok(),
        };
        Some(Legacy { note, rest, way_back, watchman, failed })
    }

    /// What is kept in any case.
    pub(crate) fn kept(&self) -> &Kept {
        &self.note.kept
    }

    /// The rest, if this program understands it.
    pub(crate) fn rest(&self) -> Rest {
        self.rest.clone().unwrap_or_default()
    }

    /// A copy of something that was left open.
    pub(crate) fn copy(&self, number: RawFd) -> io::Result<OwnedFd> {
        let left = self.way_back.left.get(&number).ok_or_else(|| io::Error::other(format!("descriptor {number} was not left open")))?;
        left.try_clone()
    }

    /// This program has begun, and can tell by itself when something is wrong, as long as it does not hang.
    pub(crate) fn has_begun(&self) {
        if let Some(watchman) = &self.watchman {
            watchman.has_begun();
        }
    }

    /// A worker of this program serves, so it is sure of itself.
    pub(crate) fn serves(&mut self) {
        self.watchman = None;
    }

    /// Gives the process back to the program before, and says why. Returns only if that cannot be.
    pub(crate) fn go_back(&self, reason: &str) -> io::Error {
        error!(reason, "going back to the program before");
        self.way_back.go(reason)
    }
}

impl WayBack {
    /// Says nothing by itself: the program before tells the reason.
    fn go(&self, reason: &str) -> io::Error {
        let Some(executable) = self.executable else { return io::Error::other("the program before was not left open") };
        let left: Vec<BorrowedFd<'_>> = self.left.values().map(AsFd::as_fd).collect();
        become_program(&PathBuf::from(format!("/proc/self/fd/{executable}")), self.memory, &left, Some(reason))
    }
}

/// Runs another program in this process, with the same words, with what is `left` open in it, and with the note that is
/// one of those. Returns only if that cannot be; everything is as before then.
pub(crate) fn become_program(program: &Path, note: RawFd, left: &[BorrowedFd<'_>], failed: Option<&str>) -> io::Error {
    let mut words = std::env::args_os();
    let mut command = Command::new(program);
    command.arg0(words.next().unwrap_or_else(|| "dproxy".into())).args(words);
    command.env(NOTE, format!("{}:{note}", std::process::id()));
    match failed {
        Some(reason) => command.env(FAILED, reason),
        None => command.env_remove(FAILED),
    };
    // What a service manager passed is in the note.
    for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] {
        command.env_remove(name);
    }
    let opened = left.iter().try_for_each(|descriptor| fcntl_setfd(descriptor, FdFlags::empty()));
    alarm::set(ARRIVAL);
    let error = opened.map_or_else(io::Error::from, |()| command.exec());
    arrived();
    for descriptor in left {
        // An open descriptor has flags.
        let _ = fcntl_setfd(descriptor, FdFlags::CLOEXEC);
    }
    error
}

/// This program has begun, and can tell by itself when something is wrong.
pub(crate) fn arrived() {
    alarm::cancel();
}

/// The file that this program was started from, as it was called: what is there later is what an upgrade runs, also
/// where the path leads over links.
pub(crate) fn program() -> io::Result<PathBuf> {
    let running = std::env::current_exe()?;
    let called = std::env::args_os().next().map(PathBuf::from).filter(|name| name.components().count() > 1);
    let called = called.and_then(|name| std::path::absolute(name).ok());
    let same = |path: &PathBuf| std::fs::canonicalize(path).is_ok_and(|path| path == running);
    Ok(called.filter(same).unwrap_or(running))
}

/// Which program this is: two of the same build have the same file.
pub(crate) fn build() -> String {
    use std::os::unix::fs::MetadataExt;
    match std::fs::metadata("/proc/self/exe") {
        Ok(file) => format!("{}-{}-{}-{}-{}", env!("CARGO_PKG_VERSION"), file.dev(), file.ino(), file.size(), file.mtime_nsec()),
        // Then all of one version are the same.
        Err(_unreadable) => env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// The number of a descriptor that was meant for this process.
fn number(text: &str) -> Option<RawFd> {
    let (process, number) = text.split_once(':')?;
    (process == std::process::id().to_string()).then(|| number.parse().ok()).flatten()
}

/// Keeps descriptors and their numbers, while a note is made of them.
#[derive(Debug, Default)]
pub(crate) struct Luggage<'d> {
    descriptors: Vec<BorrowedFd<'d>>,
}

impl<'d> Luggage<'d> {
    /// Takes a descriptor along; its number goes into the note.
    pub(crate) fn pack(&mut self, descriptor: BorrowedFd<'d>) -> RawFd {
        self.descriptors.push(descriptor);
        descriptor.as_raw_fd()
    }

    /// Every number.
    pub(crate) fn numbers(&self) -> Vec<RawFd> {
        self.descriptors.iter().map(AsRawFd::as_raw_fd).collect()
    }

    pub(crate) fn descriptors(&self) -> &[BorrowedFd<'d>] {
        &self.descriptors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_for_the_process_that_it_was_meant_for() {
        let us = std::process::id();
        let check = |text: &str, expected| assert_eq!(number(text), expected, "{text}");
        check(&format!("{us}:7"), Some(7));
        check(&format!("{}:7", us + 1), None);
        check(&format!("{us}:"), None);
        check(&format!("{us}"), None);
        check("", None);
        check(&format!("{us}:seven"), None);
    }

    #[test]
    fn a_program_that_is_not_there_leaves_everything_as_it_was() {
        let left = File::open("/proc/self/exe").unwrap();
        let error = become_program(Path::new("/no/such/program"), left.as_raw_fd(), &[left.as_fd()], None);
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(rustix::io::fcntl_getfd(&left).unwrap().contains(FdFlags::CLOEXEC));
    }

    #[test]
    fn this_program_has_a_path_and_a_build() {
        assert!(program().unwrap().is_file());
        assert_eq!(build(), build());
    }
}
