//! The doors of workers in the run directory: one socket file for each, through which the next master finds it.

use std::fs::{self, Metadata};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use dproxy_ipc::Door;
use tracing::{debug, warn};

use crate::core::SlotId;
use crate::pidfile::{RUN_MODE, make_directory};

/// A worker's socket file; removed when dropped, which is after the worker's end.
#[derive(Debug)]
pub(crate) struct DoorFile {
    path: PathBuf,
}

const PREFIX: &str = "worker-";
const SUFFIX: &str = ".sock";

impl DoorFile {
    /// Makes the door of a worker; none if that cannot be, which costs the worker only what it could survive.
    pub(crate) fn make(directory: &Path, slot: SlotId, pid: u32) -> Option<(DoorFile, OwnedFd)> {
        let path = directory.join(format!("{PREFIX}{}-{pid}{SUFFIX}", slot.0));
        // Somebody may have cleared the directory away.
        let made = make_directory(directory, RUN_MODE).map_err(io::Error::other).and_then(|()| Door::make(&path));
        match made {
            Ok(socket) => Some((DoorFile { path }, socket)),
            Err(error) => {
                let error = format!("{:#}", anyhow::Error::new(error));
                warn!(path = %path.display(), error, "no door for a worker, which will not outlive the master");
                None
            }
        }
    }

    /// The file of a worker that another master started.
    pub(crate) fn at(path: PathBuf) -> DoorFile {
        DoorFile { path }
    }

    /// Whether the next master could find it.
    pub(crate) fn is_there(&self) -> bool {
        self.path.exists()
    }
}

impl Drop for DoorFile {
    fn drop(&mut self) {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => debug!(path = %self.path.display(), %error, "door not removed"),
            Ok(()) | Err(_) => {}
        }
    }
}

/// Every door there is, with the process id in its name. Files of other users are none of ours.
pub(crate) fn list(directory: &Path) -> Vec<(PathBuf, u32)> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries.flatten(),
        Err(error) => {
            warn!(directory = %directory.display(), %error, "cannot look for workers of an earlier master");
            return Vec::new();
        }
    };
    let ours = |metadata: &Metadata| metadata.file_type().is_socket() && metadata.uid() == rustix::process::geteuid().as_raw();
    let doors = entries.filter(|entry| entry.metadata().is_ok_and(|metadata| ours(&metadata)));
    doors.filter_map(|entry| Some((entry.path(), pid_in(entry.file_name().to_str()?)?))).collect()
}

fn pid_in(name: &str) -> Option<u32> {
    let (slot, pid) = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.split_once('-')?;
    let _slot: u16 = slot.parse().ok()?;
    pid.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doors_are_found_by_name_and_gone_with_their_worker() {
        let home = tempfile::tempdir().unwrap();
        let (door, _socket) = DoorFile::make(home.path(), SlotId(3), 77).unwrap();
        fs::write(home.path().join("worker-1-2.sock"), "").unwrap();
        assert_eq!(list(home.path()), [(home.path().join("worker-3-77.sock"), 77)]);
        drop(door);
        assert_eq!(list(home.path()), []);
        assert_eq!(list(&home.path().join("nowhere")), []);
        assert!(DoorFile::make(&home.path().join("nowhere"), SlotId(0), 1).is_some_and(|(door, _)| door.is_there()), "made again");
        assert!(DoorFile::make(&home.path().join("worker-1-2.sock"), SlotId(0), 1).is_none(), "a file is no directory");
    }

    #[test]
    fn other_names_are_no_doors() {
        let check = |name, expected| assert_eq!(pid_in(name), expected, "{name}");
        check("worker-0-1.sock", Some(1));
        check("worker-1023-4194304.sock", Some(4_194_304));
        check("control.sock", None);
        check("worker-.sock", None);
        check("worker-0.sock", None);
        check("worker-0--1.sock", None);
        check("worker-70000-1.sock", None);
        check("worker-0-1.socket", None);
    }
}
