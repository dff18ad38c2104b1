//! Whether another program can take this one's place, found out before it does.
//!
//! ```text
//!   master ── `check`: starts ──► new program ─ `rehearse` ──► a worker of its own
//!     │                            reads the note,             takes a table
//!     │                            the configuration
//!     │  ◄── one line: it can ─────┘
//!     │  anything else, or LIMIT passed: refused, with what it said
//! ```
//!
//! So a program that exits, hangs, crashes or is something else altogether is found out while the old one serves. It is
//! started with the very words that it will be started with, and told in its environment that this is a rehearsal: what
//! fails by those words fails here.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use dproxy_config::Config;
use dproxy_ipc::{Generation, Snapshot, ToMaster, ToWorker, pollable};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::books::Books;
use crate::core::{Event, SlotId, WorkerId};
use crate::estate::Note;
use crate::spawn::{Launcher, Letter, Memory};

/// The process id of the master that asks for a rehearsal.
const REHEARSAL: &str = "DPROXY_REHEARSAL";
/// How long a check may take.
const LIMIT: Duration = Duration::from_secs(10);
/// How long the rehearsal's worker may take; less, so that its failure is told.
const WORKER_LIMIT: Duration = Duration::from_secs(7);
/// So much is kept of what the new program says.
const WORDS: usize = 16 * 1024;
/// So many of its last lines are shown.
const LINES: usize = 8;

/// What a program says that can take over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Verdict {
    can_take_over: bool,
    /// Its version.
    pub(crate) version: String,
}

/// Why a program is not let take over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
    #[error("the new program `{path}` cannot be started")]
    Start {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("the new program did not finish its check within {} s, and was ended", LIMIT.as_secs())]
    Hangs,
    #[error("the new program failed its check ({status}): {said}")]
    Failed { status: String, said: String },
    #[error("the new program ended its check without a word that it can take over: it is no dproxy that knows how; {said}")]
    Silent { said: String },
    #[error("the new program cannot be watched")]
    Watch(#[source] io::Error),
}

/// Lets the program at `path` show that it could go on with what is in `note`.
pub(crate) async fn check(path: PathBuf, note: OwnedFd) -> Result<Verdict, CheckError> {
    let mut child = start(&path, note).map_err(|cause| CheckError::Start { path, cause })?;
    let watched = watch(&mut child);
    let heard = match watched {
        Ok((ended, out, err)) => {
            let all = async { tokio::join!(read(out), read(err), async { ended.readable().await.map(|mut ready| ready.retain_ready()) }) };
            timeout(LIMIT, all).await.map(|(out, err, _)| (out, err)).map_err(|_elapsed| None)
        }
        Err(error) => Err(Some(error)),
    };
    if heard.is_err() {
        end(&child);
    }
    let status = child.wait().map_err(CheckError::Watch)?;
    let (out, err) = match heard {
        Ok(heard) => heard,
        Err(Some(error)) => return Err(CheckError::Watch(error)),
        Err(None) => return Err(CheckError::Hangs),
    };
    if !status.success() {
        return Err(CheckError::Failed { status: status.to_string(), said: said(&err) });
    }
    let verdict = out.lines().find_map(|line| serde_json::from_str::<Verdict>(line).ok()).filter(|verdict| verdict.can_take_over);
    verdict.ok_or_else(|| CheckError::Silent { said: said(&err) })
}

fn start(path: &Path, note: OwnedFd) -> io::Result<Child> {
    let mut words = std::env::args_os();
    let mut command = Command::new(path);
    command.arg0(words.next().unwrap_or_else(|| "dproxy".into())).args(words).env(REHEARSAL, std::process::id().to_string());
    command.stdin(Stdio::from(note)).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.process_group(0).spawn()
}

/// Its end, and both ends of what it says.
type Watched = (tokio::io::unix::AsyncFd<OwnedFd>, pipe::Receiver, pipe::Receiver);

fn watch(child: &mut Child) -> io::Result<Watched> {
    let process = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidData)?;
    let ended = pollable(rustix::process::pidfd_open(process, PidfdFlags::empty())?)?;
    let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
    let (out, err) = (child.stdout.take().ok_or_else(gone)?, child.stderr.take().ok_or_else(gone)?);
    Ok((ended, pipe::Receiver::from_owned_fd(out.into())?, pipe::Receiver::from_owned_fd(err.into())?))
}

/// Ends it, and all that it has started.
fn end(child: &Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // It may have ended in this moment.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// The end of what it says. All of it is read: nobody shall fail because he talks much.
async fn read(mut pipe: pipe::Receiver) -> String {
    let mut bytes = Vec::new();
    // What it said until the pipe broke is what it said.
    while let Ok(1..) = pipe.read_buf(&mut bytes).await {
        let surplus = bytes.len().saturating_sub(WORDS);
        bytes.drain(..surplus);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The last lines of what it said, in one.
fn said(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match lines.len() {
        0 => "it said nothing".to_owned(),
        count => format!("it said: {}", lines[count.saturating_sub(LINES)..].join(" / ")),
    }
}

/// Whether this process was started for a rehearsal and not to be a master.
///
/// # Errors
/// When it was, but not by the master itself: a script that starts dproxy and waits for it is no program that could take the
/// master's place.
pub fn is_rehearsal() -> Result<bool, GoBetween> {
    let parent = std::os::unix::process::parent_id();
    match std::env::var(REHEARSAL) {
        Ok(master) if master == parent.to_string() => Ok(true),
        Ok(_) => Err(GoBetween { parent }),
        Err(_) => Ok(false),
    }
}

/// Something stands between the master and the new program.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("process {parent} stands between the running master and this program; a script must replace itself by dproxy: `exec dproxy`")]
pub struct GoBetween {
    parent: u32,
}

/// Shows that this program could take over what the note on the standard input tells of; says so in `out`.
///
/// # Errors
/// When it could not: the note makes no sense, or no worker comes up.
pub fn rehearse(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let note = io::stdin().as_fd().try_clone_to_owned().context("nothing was left for an upgrade")?;
    let note = Note::read(&File::from(note)).context("this is a check for `dproxy ctl upgrade`, not for a person")?;
    crate::worker_identity(&config.privileges)?;
    crate::peers_of(&config.api.peers)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    runtime.block_on(async {
        let up = timeout(WORKER_LIMIT, bring_up_a_worker(config)).await;
        up.with_context(|| format!("a worker did not come up within {} s", WORKER_LIMIT.as_secs()))?
    })?;
    let verdict = Verdict { can_take_over: true, version: env!("CARGO_PKG_VERSION").to_owned() };
    // An upgrade from a stranger's note is no upgrade.
    anyhow::ensure!(!note.kept.program.as_os_str().is_empty(), "the note names no program");
    writeln!(out, "{}", serde_json::to_string(&verdict)?)?;
    Ok(())
}

/// Starts a worker and gives it a table.
async fn bring_up_a_worker(config: &Config) -> anyhow::Result<()> {
    let (events, mut happenings) = mpsc::channel(16);
    let books = Books::open(None, None).context("cannot make the board of all workers")?;
    let (worker, memory) = Launcher::new(config).launch(WorkerId(0), SlotId(0), &events)?;
    let mut memory = Some(memory);
    let generation = Generation(1);
    while let Some(event) = happenings.recv().await {
        match event {
            Event::Said(_, ToMaster::Hello { .. }) => {
                let Some(Memory { page, row, door: _ }) = memory.take() else { continue };
                let descriptors = vec![page, books.descriptor(), row, books.dead_descriptor()];
                worker.send(Letter { message: ToWorker::Setup { slot: 0 }, descriptors });
                let (settings, routes) = (config.proxy.clone(), config.routes.clone());
                let snapshot = Snapshot { generation, settings, routes, columns: Vec::new(), accounts: Vec::new() };
                let descriptors = vec![snapshot.seal().context("cannot encode a table")?.into()];
                worker.send(Letter { message: ToWorker::Snapshot { generation }, descriptors });
            }
            Event::Said(_, ToMaster::Applied { .. }) => {
                worker.kill();
            }
            Event::Exited(_, crate::core::Exit::Signal(signal)) if signal == Signal::KILL.as_raw() && memory.is_none() => return Ok(()),
            Event::Exited(_, exit) => anyhow::bail!("its worker {exit}"),
            Event::Said(_, ToMaster::Rejected { reason, .. }) => anyhow::bail!("its worker cannot use a table: {reason}"),
            Event::Broken(_, reason) => anyhow::bail!("its worker is broken: {reason}"),
            _ => {}
        }
    }
    anyhow::bail!("nobody tells of its worker")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A check of a program that does `script`; `note` is on its standard input.
    async fn checked(script: &str) -> Result<Verdict, String> {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("program");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut note = tempfile::tempfile().unwrap();
        note.write_all(b"note").unwrap();
        check(path, note.into()).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn only_a_program_that_says_so_can_take_over() {
        let version = "9.9.9".to_owned();
        let good = "echo noise; echo '{\"can_take_over\":true,\"version\":\"9.9.9\",\"more\":1}'";
        assert_eq!(checked(good).await, Ok(Verdict { can_take_over: true, version }));
        let check = async |script: &str, expected: &str| {
            let error = checked(script).await.unwrap_err();
            assert!(error.contains(expected), "{script}: {error}");
        };
        check("exit 0", "without a word that it can take over").await;
        check("echo '{\"can_take_over\":false,\"version\":\"1\"}'", "without a word").await;
        check("echo first >&2; echo why >&2; exit 3", "(exit status: 3): it said: first / why").await;
        check("kill -SEGV $$", "signal: 11").await;
        check(&format!("{good}; exit 1"), "exit status: 1").await;
        check("head -c 100000 /dev/zero >&2; echo why >&2; exit 3", "(exit status: 3)").await;
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_named() {
        let note = tempfile::tempfile().unwrap().into();
        let error = check(PathBuf::from("/no/such/program"), note).await.unwrap_err();
        assert_eq!(error.to_string(), "the new program `/no/such/program` cannot be started");
    }
}
