//! Watches over the processes of containers on this machine.
//!
//! Current engines tell the end of a container up to seconds late, and a dead
//! engine not at all. The kernel tells in milliseconds, through a pidfd.

use std::collections::HashMap;
use std::fs;
use std::os::fd::OwnedFd;

use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::task::JoinSet;

/// The processes that are watched.
#[derive(Default)]
pub(super) struct Vigil {
    /// By container id.
    watched: HashMap<String, i32>,
    ends: JoinSet<(String, i32)>,
}

impl Vigil {
    /// Watches exactly these processes from now on, as far as the kernel lets us.
    pub(super) fn keep<'p>(&mut self, processes: impl Iterator<Item = (&'p str, i32)>) {
        for (id, pid) in processes {
            if self.watched.get(id) == Some(&pid) {
                continue;
            }
            let Some(process) = open(id, pid) else { continue };
            let id = id.to_owned();
            self.watched.insert(id.clone(), pid);
            self.ends.spawn(async move {
                // An error leaves it to the engine's events, like a process that cannot be watched.
                if process.readable().await.is_err() {
                    std::future::pending::<()>().await;
                }
                (id, pid)
            });
        }
    }

    /// The next container whose process ended; waits for ever where there is none.
    pub(super) async fn ended(&mut self) -> (String, i32) {
        loop {
            match self.ends.join_next().await {
                Some(Ok((id, pid))) => {
                    if self.watched.get(&id) == Some(&pid) {
                        self.watched.remove(&id);
                    }
                    return (id, pid);
                }
                // A watch that panicked watches no more; events remain.
                Some(Err(_)) => {}
                None => std::future::pending().await,
            }
        }
    }
}

/// Opens the process `pid` if it is of the container `id`. Where the engine
/// counts processes otherwise (another PID namespace) it is somebody else's.
fn open(id: &str, pid: i32) -> Option<AsyncFd<OwnedFd>> {
    let process = pidfd_open(Pid::from_raw(pid)?, PidfdFlags::NONBLOCK).ok()?;
    // Read after the opening: the number cannot be given to another process unseen.
    let groups = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    if !groups.contains(id) {
        return None;
    }
    // SAFETY: the descriptor is open and owned by the `AsyncFd` from here on; `OwnedFd::as_raw_fd` always answers the same.
    #[expect(unsafe_code, reason = "tokio has no safe way to wait for a descriptor of another kind")]
    unsafe { AsyncFd::register_with_interest(process, Interest::READABLE) }.ok()
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use super::*;

    /// A part of our own control group's name: a child is in the same one.
    fn group() -> String {
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap();
        groups.lines().next().unwrap_or_default().to_owned()
    }

    #[tokio::test]
    async fn the_end_of_a_watched_process_is_told_at_once() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let id = group();
        let mut vigil = Vigil::default();
        vigil.keep([(id.as_str(), pid)].into_iter());
        vigil.keep([(id.as_str(), pid)].into_iter());
        let early = tokio::time::timeout(Duration::from_millis(20), vigil.ended()).await;
        assert!(early.is_err(), "it still runs");
        child.kill().unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(5), vigil.ended()).await;
        assert_eq!(ended, Ok((id, pid)));
        child.wait().unwrap();
    }

    #[tokio::test]
    async fn a_process_of_somebody_else_is_not_watched() {
        assert!(open("0123456789ab", i32::try_from(std::process::id()).unwrap()).is_none());
        assert!(open("0123456789ab", 0).is_none());
        assert!(open("0123456789ab", i32::MAX).is_none());
    }
}
