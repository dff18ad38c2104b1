//! Worker processes: how they begin, how the master talks to them, how their end is noticed. Those that an earlier
//! master started are held like our own.
//!
//! A worker is this same program, through `/proc/self/exe`: the kernel opens the very file that the master runs
//! from, also after an update has put another in its place. Nothing runs between fork and exec, so the standard
//! library uses posix_spawn, whose cost does not grow with the master.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use dproxy_config::Config;
use dproxy_ipc::{Channel, LOG_FILTER, SendError, ToMaster, ToWorker, pollable};
use dproxy_stats::{Account, Counters, Page, Row, Sums};
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions};
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tracing::debug;

use crate::core::{Event, Exit, Parcel, SlotId, WorkerId};
use crate::doors::DoorFile;
use crate::privileges;
use crate::starvation::Starvation;

/// How workers are started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Launcher {
    /// What a worker finds in its environment, and nothing else.
    environment: Vec<(String, String)>,
    /// What it is told about its place on the machine.
    orders: Vec<String>,
    /// Keeps the workers' output out of the master's log.
    silent: bool,
    /// Where workers get their doors.
    doors: PathBuf,
}

/// A worker process as the master holds it. Dropped, the line to it is closed.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) pid: u32,
    pub(crate) starvation: Starvation,
    process: Pid,
    descriptor: Arc<OwnedFd>,
    page: Page,
    /// None: it counts on a board that is not ours.
    row: Option<Row>,
    letters: mpsc::UnboundedSender<Letter>,
    tasks: Vec<AbortHandle>,
    door: Option<DoorFile>,
}

/// What the master needs to hold a worker, wherever it comes from.
#[derive(Debug)]
pub(crate) struct Hold {
    pub(crate) pid: u32,
    pub(crate) channel: Channel,
    pub(crate) page: Page,
    pub(crate) row: Option<Row>,
    pub(crate) door: Option<DoorFile>,
}

/// What is made for a worker and given to it: the memory that it counts in, and its door.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) page: Arc<OwnedFd>,
    pub(crate) row: Arc<OwnedFd>,
    /// Where it will wait for the next master.
    pub(crate) door: Option<Arc<OwnedFd>>,
}

/// A message and the descriptors that go with it.
#[derive(Debug)]
pub(crate) struct Letter {
    pub(crate) message: ToWorker,
    pub(crate) descriptors: Vec<Arc<OwnedFd>>,
}

/// Why no worker could be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LaunchError {
    #[error("cannot make a channel")]
    Channel(#[source] io::Error),
    #[error("cannot make memory for its counters")]
    Memory(#[source] io::Error),
    #[error("cannot start the process")]
    Process(#[source] io::Error),
    #[error("cannot watch the process")]
    Watch(#[source] io::Error),
}

/// From the end of the line to the end of the process.
const END_GRACE: Duration = Duration::from_secs(1);

impl Launcher {
    /// How the configuration wants workers to be started. They find in their environment how to log, and nothing of the
    /// operator's secrets.
    pub(crate) fn new(config: &Config) -> Launcher {
        let kept = ["RUST_BACKTRACE", "TZ", "LANG"].into_iter().filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)));
        let filter = std::env::var(LOG_FILTER).unwrap_or_else(|_unset| config.log_level.as_str().to_owned());
        let environment = kept.chain([(LOG_FILTER.to_owned(), filter)]).collect();
        let doors = config.directories.run.clone();
        Launcher { environment, orders: privileges::orders(&config.privileges), silent: config.worker_silent, doors }
    }

    /// Starts a worker; what it says and how it ends comes as events.
    ///
    /// # Errors
    /// When a descriptor or process is missing; nothing is left behind then.
    pub(crate) fn launch(&self, worker: WorkerId, slot: SlotId, events: &mpsc::Sender<Event>) -> Result<(Worker, Memory), LaunchError> {
        let (channel, theirs) = Channel::pair().map_err(LaunchError::Channel)?;
        let (mut memory, page, row) = memory().map_err(LaunchError::Memory)?;
        let mut command = Command::new("/proc/self/exe");
        command.arg0("dproxy").arg("worker").args(&self.orders).env_clear().envs(self.environment.iter().cloned());
        // A group of its own: the Ctrl-C that ends the master in a terminal is not for its workers.
        command.process_group(0).stdin(Stdio::from(theirs));
        if self.silent {
            command.stdout(Stdio::null()).stderr(Stdio::null());
        }
        let pid = command.spawn().map_err(LaunchError::Process)?.id();
        let (door, socket) = DoorFile::make(&self.doors, slot, pid).unzip();
        memory.door = socket.map(Arc::new);
        let hold = Hold { pid, channel, page, row: Some(row), door };
        let held = Worker::hold(worker, hold, events).inspect_err(|_unwatched| end_unwatched(process_of(pid)));
        Ok((held.map_err(LaunchError::Watch)?, memory))
    }
}

impl Worker {
    /// Holds a worker from now on; what it says and how it ends comes as events.
    ///
    /// # Errors
    /// When the process cannot be watched: it has ended and was buried, or no descriptor is left.
    pub(crate) fn hold(worker: WorkerId, hold: Hold, events: &mpsc::Sender<Event>) -> io::Result<Worker> {
        let Hold { pid, channel, page, row, door } = hold;
        let process = process_of(pid);
        let (descriptor, watched) = watch(process)?;
        let channel = Arc::new(channel);
        let (letters, received) = mpsc::unbounded_channel();
        let tasks = vec![
            tokio::spawn(listen_to(worker, Arc::clone(&channel), events.clone())).abort_handle(),
            tokio::spawn(deliver(worker, channel, received)).abort_handle(),
            tokio::spawn(await_end(worker, watched, events.clone())).abort_handle(),
        ];
        Ok(Worker { pid, starvation: Starvation::default(), process, descriptor, page, row, letters, tasks, door })
    }

    /// Whether it can outlive the master.
    pub(crate) fn has_door(&self) -> bool {
        self.door.as_ref().is_some_and(DoorFile::is_there)
    }

    /// Sends as soon as the worker takes it. The core bounds what is under way, so the queue is short.
    pub(crate) fn send(&self, letter: Letter) {
        // A worker that is gone is told of by its exit.
        let _ = self.letters.send(letter);
    }

    /// Its figures now.
    pub(crate) fn counters(&self) -> Counters {
        self.page.read()
    }

    /// What it has noted there.
    pub(crate) fn account(&self, account: Account) -> Sums {
        self.page.account(account)
    }

    /// Its row of the board, if it counts on ours.
    pub(crate) fn row(&self) -> Option<&Row> {
        self.row.as_ref()
    }

    /// ABRT.
    pub(crate) fn abort(&self) {
        self.signal(Signal::ABORT);
    }

    /// TERM.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// KILL.
    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        if let Err(error) = rustix::process::pidfd_send_signal(&self.descriptor, signal) {
            debug!(pid = self.process.as_raw_nonzero(), %error, "signal not delivered");
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

/// A worker's page and row, for it and for us.
fn memory() -> io::Result<(Memory, Page, Row)> {
    let (page, row) = (dproxy_ipc::counters_page()?, dproxy_ipc::row()?);
    let ours = (Page::map(&page.try_clone()?.into())?, Row::map(&row.try_clone()?.into())?);
    Ok((Memory { page: Arc::new(page), row: Arc::new(row), door: None }, ours.0, ours.1))
}

fn process_of(pid: u32) -> Pid {
    i32::try_from(pid).ok().and_then(Pid::from_raw).expect("the kernel's process ids are positive")
}

/// Two descriptors of the process: one for signals, one that becomes readable at its end.
fn watch(process: Pid) -> io::Result<(Arc<OwnedFd>, AsyncFd<OwnedFd>)> {
    let descriptor = rustix::process::pidfd_open(process, PidfdFlags::empty())?;
    let watched = pollable(descriptor.try_clone()?)?;
    Ok((Arc::new(descriptor), watched))
}

/// Ends a process whose end would go unnoticed. It has just begun, so the wait for its end is short.
fn end_unwatched(process: Pid) {
    if rustix::process::kill_process(process, Signal::KILL).is_ok() {
        // Nothing can be done about a child that cannot be waited for.
        let _ = rustix::process::waitpid(Some(process), rustix::process::WaitOptions::empty());
    }
}

async fn listen_to(worker: WorkerId, channel: Arc<Channel>, events: mpsc::Sender<Event>) {
    loop {
        let event = match channel.receive::<ToMaster>().await {
            Ok(Some((ToMaster::HandOver { clients }, connections))) if clients.len() == connections.len() => {
                Event::Entrusted(worker, Parcel { clients, connections: connections.into_iter().map(Arc::new).collect() })
            }
            Ok(Some((message, _no_descriptors))) => Event::Said(worker, message),
            Ok(None) => {
                // Nearly always it has just ended; the task is then dropped while it waits here.
                tokio::time::sleep(END_GRACE).await;
                Event::Broken(worker, "it closed its channel".to_owned())
            }
            Err(error) => Event::Broken(worker, format!("{:#}", anyhow::Error::new(error))),
        };
        let last = matches!(event, Event::Broken(..));
        // A closed queue means that the master leaves.
        if events.send(event).await.is_err() || last {
            return;
        }
    }
}

async fn deliver(worker: WorkerId, channel: Arc<Channel>, mut letters: mpsc::UnboundedReceiver<Letter>) {
    while let Some(Letter { message, descriptors }) = letters.recv().await {
        let descriptors: Vec<BorrowedFd<'_>> = descriptors.iter().map(|descriptor| descriptor.as_fd()).collect();
        match channel.send(&message, &descriptors).await {
            Ok(()) => {}
            // Its exit tells the same.
            Err(SendError::Gone) => return,
            Err(error) => debug!(worker = worker.0, error = format!("{:#}", anyhow::Error::new(error)), "message not sent"),
        }
    }
}

async fn await_end(worker: WorkerId, process: AsyncFd<OwnedFd>, events: mpsc::Sender<Event>) {
    let exit = loop {
        let mut ready = match process.readable().await {
            Ok(ready) => ready,
            Err(error) => break Exit::NotStarted(format!("its end cannot be waited for: {error}")),
        };
        match rustix::process::waitid(WaitId::PidFd(process.get_ref().as_fd()), WaitIdOptions::EXITED | WaitIdOptions::NOHANG) {
            Ok(Some(status)) => break status.exit_status().map_or(Exit::Signal(status.terminating_signal().unwrap_or(0)), Exit::Code),
            Ok(None) => ready.clear_ready(),
            Err(rustix::io::Errno::INTR) => {}
            // Another master's child.
            Err(rustix::io::Errno::CHILD) => break Exit::Unseen,
            Err(error) => break Exit::NotStarted(format!("its end cannot be waited for: {error}")),
        }
    };
    // A closed queue means that the master leaves.
    let _ = events.send(Event::Exited(worker, exit)).await;
}
