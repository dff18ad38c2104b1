//! Finds the workers that outlived their master, by their doors.
//!
//! ```text
//!              knock: refused                                  a worker that is gone, or goes: its file is removed
//!   door ──┬──────────────────────────────────────────────► nobody
//!          │  knock: opened, and told all that it holds
//!          ├──────────────────────────────────────────────► found
//!          │  anything else, or PATIENCE passed
//!          └──────────────────────────────────────────────► broken: `end` it, it costs only itself
//! ```
//!
//! All doors are knocked at side by side, so that one who does not open keeps nobody waiting for longer than that.

use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dproxy_ipc::{Channel, Generation, Holding, Holdings, QuicSocket, ReceiveError, SendError, ToMaster, ToWorker, knock};
use dproxy_stats::Page;
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{debug, info, warn};

use crate::doors::{self, DoorFile};

/// A worker that was found, with all that it holds.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) pid: u32,
    pub(crate) channel: Channel,
    pub(crate) door: DoorFile,
    pub(crate) page: Page,
    pub(crate) board: OwnedFd,
    pub(crate) row: OwnedFd,
    pub(crate) dead: OwnedFd,
    pub(crate) snapshot: OwnedFd,
    /// Without its sockets.
    pub(crate) holdings: Holdings,
    pub(crate) sockets: Vec<(Holding, OwnedFd)>,
    /// Its berth and all sockets for QUIC, where it speaks that.
    pub(crate) quic: Option<(u8, Vec<(QuicSocket, OwnedFd)>)>,
}

impl Found {
    pub(crate) fn generation(&self) -> Generation {
        self.holdings.generation
    }
}

/// Why a worker cannot be taken over.
#[derive(Debug, thiserror::Error)]
enum GatherError {
    #[error("it does not open its door")]
    Knock(#[source] io::Error),
    #[error("it cannot be asked")]
    Ask(#[source] SendError),
    #[error("it does not answer")]
    Answer(#[source] ReceiveError),
    #[error("it went while it was asked")]
    Gone,
    #[error("worker {0} opened the door of worker {1}")]
    OtherWorker(u32, u32),
    #[error("it told of {told} descriptors and sent {sent}")]
    Descriptors { told: usize, sent: usize },
    #[error("its page of counters cannot be mapped")]
    Page(#[source] io::Error),
    #[error("it has not answered for {} s", PATIENCE.as_secs())]
    Silent,
}

/// How long a worker may take to open and to tell.
const PATIENCE: Duration = Duration::from_secs(3);

/// Everybody who outlived the master that had this run directory. Must be called by who has the lock of the PID file.
pub(crate) async fn gather(directory: &Path) -> Vec<Found> {
    let mut asked = JoinSet::new();
    for (path, pid) in doors::list(directory) {
        asked.spawn(visit(path, pid));
    }
    let mut found: Vec<Found> = asked.join_all().await.into_iter().flatten().collect();
    found.sort_by_key(|found| (found.holdings.slot, found.pid));
    found
}

/// Asks whoever is behind a door; nobody else suffers from one that cannot be taken over.
async fn visit(path: PathBuf, pid: u32) -> Option<Found> {
    let asked = timeout(PATIENCE, ask(&path, pid)).await.unwrap_or(Err(GatherError::Silent));
    match asked {
        Ok(found) => {
            info!(slot = found.holdings.slot, pid, generation = %found.generation(), "a worker of an earlier master is taken over");
            Some(found)
        }
        Err(GatherError::Knock(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
            debug!(path = %path.display(), "nobody is behind this door any more");
            drop(DoorFile::at(path));
            None
        }
        Err(error) => {
            warn!(pid, error = format!("{:#}", anyhow::Error::new(error)), "a worker of an earlier master cannot be taken over");
            end(pid);
            drop(DoorFile::at(path));
            None
        }
    }
}

async fn ask(path: &Path, pid: u32) -> Result<Found, GatherError> {
    let (channel, opened) = knock(path).await.map_err(GatherError::Knock)?;
    if opened != pid {
        return Err(GatherError::OtherWorker(opened, pid));
    }
    channel.send(&ToWorker::Tell, &[]).await.map_err(GatherError::Ask)?;
    let mut quic = None;
    let (mut holdings, mut descriptors) = next_part(&channel, &mut quic).await?;
    let sent = descriptors.len();
    let told = Holdings::MEMORY.len() + holdings.sockets.len();
    let sockets = descriptors.split_off(Holdings::MEMORY.len().min(sent));
    let memory: Result<[OwnedFd; Holdings::MEMORY.len()], _> = descriptors.try_into();
    let Ok([page, board, row, dead, snapshot]) = memory else { return Err(GatherError::Descriptors { told, sent }) };
    let mut sockets = pair(std::mem::take(&mut holdings.sockets), sockets)?;
    while holdings.more {
        let (part, more) = next_part(&channel, &mut quic).await?;
        holdings.more = part.more;
        sockets.extend(pair(part.sockets, more)?);
    }
    let page = Page::map(&File::from(page)).map_err(GatherError::Page)?;
    Ok(Found { pid, channel, door: DoorFile::at(path.to_owned()), page, board, row, dead, snapshot, holdings, sockets, quic })
}

/// The next part of what it holds; answers to the master before are skipped.
async fn next_part(
    channel: &Channel,
    quic: &mut Option<(u8, Vec<(QuicSocket, OwnedFd)>)>,
) -> Result<(Holdings, Vec<OwnedFd>), GatherError> {
    loop {
        match channel.receive::<ToMaster>().await.map_err(GatherError::Answer)? {
            Some((ToMaster::Holds(holdings), descriptors)) => return Ok((holdings, descriptors)),
            Some((ToMaster::HoldsQuic { berth, sockets }, descriptors)) => *quic = Some((berth, pair(sockets, descriptors)?)),
            Some(_) => {}
            None => return Err(GatherError::Gone),
        }
    }
}

fn pair<T>(told: Vec<T>, sent: Vec<OwnedFd>) -> Result<Vec<(T, OwnedFd)>, GatherError> {
    if told.len() != sent.len() {
        return Err(GatherError::Descriptors { told: told.len(), sent: sent.len() });
    }
    Ok(told.into_iter().zip(sent).collect())
}

/// Ends a worker that no master has. Numbers of processes are used again, and a run directory may be shared: it must be
/// a worker, and no living master's.
fn end(pid: u32) {
    let Some(process) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return };
    let Ok(descriptor) = rustix::process::pidfd_open(process, PidfdFlags::empty()) else { return };
    if words_of(pid).get(1).is_none_or(|word| word != "worker") || is_in_service(pid) {
        return;
    }
    if rustix::process::pidfd_send_signal(&descriptor, Signal::KILL).is_ok() {
        // If it is our child it must be buried; it dies at once.
        let _ = rustix::process::waitpid(Some(process), WaitOptions::empty());
    }
}

/// Whether the parent of a process is a master other than ourselves.
fn is_in_service(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let parent = stat.rsplit(") ").next().and_then(|fields| fields.split(' ').nth(1)?.parse::<u32>().ok());
    parent.is_some_and(|parent| parent != std::process::id() && words_of(parent).get(1).is_some_and(|word| word == "master"))
}

/// The command line of a process.
fn words_of(pid: u32) -> Vec<String> {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    line.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::SlotId;

    #[tokio::test]
    async fn doors_without_a_worker_are_removed_and_nobody_is_harmed() {
        let home = tempfile::tempdir().unwrap();
        let (door, socket) = DoorFile::make(home.path(), SlotId(0), std::process::id()).unwrap();
        std::mem::forget(door);
        drop(socket);
        let (door, _silent) = DoorFile::make(home.path(), SlotId(1), std::process::id()).unwrap();
        std::mem::forget(door);
        assert!(gather(home.path()).await.is_empty(), "one is dead, one never opens");
        assert_eq!(doors::list(home.path()), [], "and this test, which is no worker, lives on");
    }

    #[test]
    fn only_workers_without_a_master_are_ended() {
        let mut other = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        end(other.id());
        assert!(other.try_wait().unwrap().is_none());
        other.kill().unwrap();
        other.wait().unwrap();
        end(u32::MAX);
        end(0);
    }
}
