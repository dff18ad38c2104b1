//! The worker process: obeys the channel, serves the proxy.
//!
//! A worker opens nothing by itself. Routes, settings, sockets and its page of
//! counters all come over the one socket it was born with; when that ends, the
//! master is gone, and the worker serves on until another master comes, or, if
//! none does, finishes what it has and goes too (`line`).

mod atlas;
mod berths;
mod doctor;
mod handover;
mod holdings;
mod line;
mod listeners;
mod sandbox;
mod signals;

use std::fs::File;
use std::io::IsTerminal as _;
use std::os::fd::{AsFd as _, OwnedFd};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use dproxy_ipc::{Confinement, Generation, LOG_FILTER, Log, PROTOCOL, ToMaster, ToWorker};
use dproxy_proxy::{Idle, Proxy};
use tokio::runtime::{Builder, LocalOptions};

use crate::berths::Berths;
pub use crate::doctor::doctor;
use crate::holdings::{Keepsakes, Memory};
use crate::line::{Line, Word};
use crate::listeners::Listeners;
pub use crate::sandbox::Orders;
use crate::signals::Signals;

/// How long an orphan finishes what it has.
const ORPHAN_DRAIN: Duration = Duration::from_secs(30);

/// Runs a worker, which first gives up what `orders` say, until it is told to go.
///
/// # Errors
/// When the process was not started by a master, or the channel says what no master says.
pub fn run(orders: Orders) -> anyhow::Result<()> {
    start_log();
    raise_descriptor_limit();
    let line = std::io::stdin().as_fd().try_clone_to_owned().context("cannot take over the channel")?;
    let confinement = sandbox::confine(orders);
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default()).context("cannot start the runtime")?;
    runtime.block_on(serve(line, confinement))
}

/// A worker that is up.
struct Worker {
    line: Line,
    proxy: Rc<Proxy>,
    listeners: Listeners,
    berths: Berths,
    keepsakes: Keepsakes,
}

/// How a worker ends.
enum Leave {
    /// The master said so.
    Drain { deadline: Duration, idle: Idle },
    /// The master is gone.
    Orphaned,
}

async fn serve(line: OwnedFd, confinement: Confinement) -> anyhow::Result<()> {
    let line = Line::new(line).context("`dproxy worker` is started by `dproxy master`, not by hand")?;
    let mut signals = Signals::install()?;
    line.send(&ToMaster::Hello { protocol: PROTOCOL }).await.context("cannot greet the master")?;
    line.send(&ToMaster::Confined(confinement.clone())).await.context("cannot tell the master what holds")?;
    let Some(mut worker) = Worker::born(line, confinement).await? else { return Ok(()) };
    let clock = Rc::clone(&worker.proxy);
    let clock = tokio::task::spawn_local(async move { clock.keep_time().await });
    let leave = tokio::select! {
        leave = worker.obey() => leave?,
        () = signals.terminated() => Leave::Drain { deadline: ORPHAN_DRAIN, idle: Idle::Close },
    };
    worker.leave(leave).await;
    clock.abort();
    Ok(())
}

impl Worker {
    /// Takes the counters and the first snapshot; none if the master left meanwhile.
    async fn born(mut line: Line, confinement: Confinement) -> anyhow::Result<Option<Worker>> {
        let Word::Said(message, mut descriptors) = line.hear().await? else { return Ok(None) };
        let mut log = descriptors.drain(4.min(descriptors.len())..).next().map(File::from);
        let memory: Result<[OwnedFd; 4], _> = descriptors.try_into();
        let (ToWorker::Setup { slot }, Ok([page, board, row, dead])) = (message, memory) else {
            bail!("the master's first word is not `Setup`")
        };
        let memory = Memory { page, board, row, dead };
        let (page, ledger) = memory.map()?;
        // Until it serves, a worker without a master is of no use to another one.
        let mut door = None;
        let (generation, snapshot) = loop {
            let Word::Said(message, mut descriptors) = line.hear().await? else { return Ok(None) };
            match (message, descriptors.pop()) {
                (ToWorker::Snapshot { generation }, Some(memory)) => break (generation, memory),
                (ToWorker::Door { build }, Some(socket)) => door = Some((build, socket)),
                (ToWorker::Log, file) => log = file.map(File::from),
                (ToWorker::Refused { .. }, _) => {}
                (message, _) => bail!("the master says `{message:?}` before the first snapshot"),
            }
        };
        let (atlas, snapshot) = atlas::open(snapshot, None).await.context("cannot read the first snapshot")?;
        let proxy = Proxy::sharing(atlas, page, ledger, u32::from(slot));
        proxy.log_to(log);
        line.send(&ToMaster::Applied { generation }).await?;
        let keepsakes = Keepsakes::new(slot, memory, snapshot, generation, confinement);
        let (listeners, berths) = (Listeners::new(Rc::clone(&proxy)), Berths::new(Rc::clone(&proxy)));
        let mut worker = Worker { listeners, berths, line, proxy, keepsakes };
        if let Some((build, socket)) = door {
            worker.wait_at(build, socket)?;
        }
        Ok(Some(worker))
    }

    /// Does what the master says until that is to leave.
    async fn obey(&mut self) -> anyhow::Result<Leave> {
        loop {
            let heard = tokio::select! {
                heard = self.line.hear() => heard?,
                name = self.proxy.demanded() => {
                    self.answer(&ToMaster::Wanted { name }).await;
                    continue;
                }
            };
            let (message, mut descriptors) = match heard {
                Word::Said(message, descriptors) => (message, descriptors),
                Word::Orphaned => continue,
                Word::Alone => return Ok(Leave::Orphaned),
            };
            let answer = match message {
                ToWorker::Setup { .. } => bail!("the master said `Setup` twice"),
                ToWorker::Snapshot { generation } => self.apply(generation, descriptors.pop()).await,
                ToWorker::Sockets { keep, added, lent, serial } => {
                    self.listeners.replace(&keep, added, &lent, descriptors)?;
                    ToMaster::Listening { serial }
                }
                ToWorker::Quic { berth, sockets } => {
                    self.berths.replace(berth, sockets, descriptors)?;
                    continue;
                }
                ToWorker::Door { build } => {
                    let socket = descriptors.pop().context("the door came without its socket")?;
                    self.wait_at(build, socket)?;
                    continue;
                }
                ToWorker::Tell => {
                    self.tell(None).await;
                    continue;
                }
                ToWorker::Log => {
                    self.proxy.log_to(descriptors.pop().map(File::from));
                    continue;
                }
                ToWorker::TakeOver { clients, serial } => {
                    handover::take_over(&self.proxy, clients, descriptors);
                    ToMaster::TookOver { serial }
                }
                ToWorker::Refused { name } => {
                    self.proxy.refuse(&name);
                    continue;
                }
                // It answers what is said while draining, and this worker does not drain.
                ToWorker::HandedOver => bail!("the master took clients that nobody gave it"),
                ToWorker::Drain { deadline_ms, idle } => {
                    let idle = match idle {
                        dproxy_ipc::Idle::HandOver => Idle::HandOver,
                        dproxy_ipc::Idle::Close => Idle::Close,
                    };
                    return Ok(Leave::Drain { deadline: Duration::from_millis(deadline_ms), idle });
                }
            };
            self.answer(&answer).await;
        }
    }

    /// Says something of which a master that has just died hears nothing; the next one asks for all of it.
    async fn answer(&self, answer: &ToMaster) {
        if let Err(error) = self.line.send(answer).await {
            tracing::debug!(error = format!("{:#}", anyhow::Error::new(error)), "answer not sent");
        }
    }

    fn wait_at(&mut self, build: String, door: OwnedFd) -> anyhow::Result<()> {
        self.keepsakes.build = build;
        self.line.wait_at(door)
    }

    /// Tells the master all that this worker holds.
    async fn tell(&self, leaving: Option<Duration>) {
        if let Err(error) = self.keepsakes.tell(self.line.channel(), &self.listeners, &self.berths, leaving).await {
            tracing::warn!(error = format!("{error:#}"), "the master was not told");
        }
    }

    async fn apply(&mut self, generation: Generation, memory: Option<OwnedFd>) -> ToMaster {
        let opened = match memory {
            Some(memory) => atlas::open(memory, Some(self.proxy.charter())).await,
            None => Err(anyhow::anyhow!("the snapshot came without its memory")),
        };
        match opened {
            Ok((atlas, memory)) => {
                self.proxy.install(atlas);
                self.berths.speak();
                self.keepsakes.snapshot = memory;
                self.keepsakes.generation = generation;
                ToMaster::Applied { generation }
            }
            Err(error) => ToMaster::Rejected { generation, reason: format!("{error:#}") },
        }
    }

    /// Accepts no more, finishes what is under way and says so.
    async fn leave(mut self, leave: Leave) {
        self.listeners.clear();
        self.berths.clear();
        let (deadline, idle) = match leave {
            Leave::Drain { deadline, idle } => (deadline, idle),
            Leave::Orphaned => {
                tracing::warn!("the master is gone; finishing what is under way");
                (ORPHAN_DRAIN, Idle::Close)
            }
        };
        let (proxy, end) = (Rc::clone(&self.proxy), Instant::now() + deadline);
        let cut = tokio::select! {
            cut = proxy.drain(deadline, idle) => cut,
            never = self.part(end) => match never {},
        };
        if cut > 0 {
            tracing::warn!(cut, generation = self.keepsakes.generation.0, "requests cut off at the deadline");
        }
        // A master that is gone cannot be told.
        let _ = self.line.send(&ToMaster::Drained { cut }).await;
    }
}

/// Connections need descriptors: as many as the system lets us have.
fn raise_descriptor_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard));
    if let Err(error) = raised {
        tracing::warn!(%error, "cannot raise the limit of open files");
    }
}

fn start_log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env(LOG_FILTER).unwrap_or_else(|_| EnvFilter::new("info"));
    // Opened now, while files may be.
    let standard = Log::standard();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(move || standard);
    let log = log.with_ansi(std::io::stderr().is_terminal()).with_target(false);
    // Tests of this crate may have started one already.
    let _ = log.try_init();
}
