//! Carries out what the core decides, and tells it what happened.
//!
//! One task owns everything here. Others (a worker's channel, the engine's watcher, the control server) only
//! send it what they see.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use dproxy_config::{Config, Loaded};
use dproxy_control::server::{self, Bound};
use dproxy_control::{Refusal, Reply};
use dproxy_ipc::{Generation, ListenerInfo, Snapshot, SocketId, ToMaster, ToWorker};
use dproxy_stats::Counters;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval, sleep_until, timeout};
use tracing::{debug, error, info, warn};

use crate::access_log::AccessLog;
use crate::books::Books;
use crate::core::{Change, Core, Effect, Event, Exit, LOOK, Parcel, RequestId, Setup, SlotId, SourceId, WorkerId};
use crate::figures::Figures;
use crate::inherited::Inherited;
use crate::listen;
use crate::pidfile::{self, PidFile};
use crate::privileges::{self, Fences};
use crate::remembered::Remembered;
use crate::signals::{self, Order, Signals};
use crate::spawn::{Launcher, Letter, Memory, Worker};
use crate::supervisor::Supervisor;
use certificates::Vault;

mod answers;
mod certificates;
mod engines;
mod reload;
mod rounds;
mod supervision;

use engines::Engines;

/// What the driver holds on behalf of the core.
struct Driver {
    core: Core,
    /// What happened while effects were carried out; taken in before anything else.
    happened: VecDeque<Event>,
    events: mpsc::Sender<Event>,
    launcher: Launcher,
    workers: BTreeMap<WorkerId, Worker>,
    /// What workers that were not set up yet will count in.
    memories: BTreeMap<WorkerId, Memory>,
    access_log: AccessLog,
    books: Books,
    sockets: BTreeMap<SocketId, Arc<OwnedFd>>,
    /// The names under which the service manager keeps copies of them.
    kept: BTreeMap<SocketId, String>,
    inherited: Inherited,
    supervisor: Supervisor,
    /// The newest one, sealed.
    snapshot: Option<(Generation, Arc<OwnedFd>)>,
    replies: BTreeMap<RequestId, oneshot::Sender<Result<Reply, Refusal>>>,
    next_request: u64,
    remembered: Remembered,
    engines: Engines,
    vault: Vault,
    facts: Facts,
    leaving: bool,
}

/// What is shown and is not the core's.
struct Facts {
    started: Instant,
    config: Config,
    api: Vec<String>,
    /// Of the configuration that counts.
    warnings: Vec<String>,
    /// Why the newest configuration does not count.
    refused: Option<String>,
    /// Of the newest one: what needs a restart of dproxy.
    postponed: Vec<String>,
    /// Where clients come in that begin in clear.
    clear: Vec<SocketAddr>,
    /// Which port was chosen instead of the wanted one.
    port: Option<String>,
    figures: Figures,
    /// Another one, so that the CPU figures of operators keep their own pace.
    scales: Figures,
    /// The totals of all workers that are gone.
    gone: Counters,
    /// What holds the workers in.
    fences: Fences,
}

/// Events of all workers that wait to be taken in; a worker that floods the master waits itself.
const EVENTS: usize = 1024;
/// Commands of all operators that wait to be taken in.
const COMMANDS: usize = 64;
/// How long the control server may take for its last answers.
const FAREWELL: Duration = Duration::from_secs(2);

/// Runs the master until it is told to leave.
pub(crate) async fn run(loaded: Loaded, reload: impl Fn() -> anyhow::Result<Loaded>) -> anyhow::Result<()> {
    let Loaded { config, warnings } = loaded;
    let mut signals = Signals::catch().context("cannot catch signals")?;
    let directories = &config.directories;
    pidfile::make_directory(&directories.run, 0o750)?;
    let _pid_file = PidFile::take(&config.pid_path)?;
    for directory in [&directories.log, &directories.state] {
        if let Err(error) = pidfile::make_directory(directory, 0o755) {
            warn!(error = format!("{:#}", anyhow::Error::new(error)), "continuing without the directory");
        }
    }
    warnings.iter().for_each(|warning| warn!("{warning}"));
    let inherited = Inherited::take_over();
    let chosen = inherited.choose(&config.listen)?;
    chosen.warning.iter().for_each(|warning| warn!("{warning}"));
    let mut vault = Vault::open(config.certificates.clone());
    vault.open_doors(&config.listen, |listen| inherited.choose_tls(listen, &[]))?;
    let bound = Bound::bind(config.api.address, &config.api.socket).await?;
    raise_descriptor_limit();

    let remembered = Remembered::new(&config.directories.state, config.workers);
    let engines = Engines::watch(&config.docker);
    let setup = Setup {
        workers: remembered.size(),
        cpus: std::thread::available_parallelism().map_or(1, usize::from),
        addresses: [chosen.addresses.as_slice(), vault.addresses()].concat(),
        settings: vault.equip(config.proxy.clone()),
        awaited: std::iter::once(SourceId::File).chain(engines.sources()).collect(),
    };
    let now = Instant::now();
    let (events, mut happenings) = mpsc::channel(EVENTS);
    let (commands, mut asked) = mpsc::channel(COMMANDS);
    let api = bound.endpoints();
    info!(version = env!("CARGO_PKG_VERSION"), pid = std::process::id(), listen = ?setup.addresses, api = ?api, workers = %setup.workers, "dproxy master starts");
    let control = tokio::spawn(server::serve(bound, commands));
    let mut driver = Driver {
        core: Core::new(now, setup),
        happened: VecDeque::from([Event::Routes(SourceId::File, config.routes.clone())]),
        events,
        launcher: launcher(&config),
        workers: BTreeMap::new(),
        memories: BTreeMap::new(),
        access_log: AccessLog::open(config.access_log.clone()),
        books: Books::open().context("cannot make the board of all workers")?,
        sockets: BTreeMap::new(),
        kept: BTreeMap::new(),
        inherited,
        supervisor: Supervisor::from_environment(),
        snapshot: None,
        replies: BTreeMap::new(),
        next_request: 0,
        remembered,
        engines,
        vault,
        facts: Facts {
            started: now,
            api,
            warnings,
            refused: None,
            postponed: Vec::new(),
            clear: chosen.addresses,
            port: chosen.warning,
            figures: Figures::new(),
            scales: Figures::new(),
            gone: Counters::default(),
            fences: Fences::default(),
            config,
        },
        leaving: false,
    };
    let mut weighings = interval(rounds::WEIGHING);
    weighings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut looks = interval(LOOK);
    // A late look is no two looks: silence is counted in looks.
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !driver.is_done() {
        driver.take_in();
        if driver.is_done() {
            break;
        }
        driver.tell_supervisor();
        let deadline = driver.core.next_deadline();
        tokio::select! {
            Some(event) = happenings.recv() => driver.happened.push_back(event),
            Some(asked) = asked.recv() => driver.asked(asked),
            order = signals.next() => driver.obey(order, &reload),
            news = driver.engines.news() => driver.happened.push_back(news),
            _ = looks.tick() => driver.look(),
            () = driver.vault.changed() => driver.certificates_changed(),
            _ = weighings.tick() => {
                driver.weigh();
                driver.renew_tickets();
            }
            () = driver.supervisor.beat() => {}
            () = sleep_until(deadline.unwrap_or(now).into()), if deadline.is_some() => driver.happened.push_back(Event::Tick),
        }
    }
    // The server ends with its last answer, once nobody takes commands any more.
    drop(asked);
    if timeout(FAREWELL, control).await.is_err() {
        warn!("control connections were cut off");
    }
    info!("dproxy master leaves");
    Ok(())
}

impl Driver {
    fn is_done(&self) -> bool {
        self.leaving && self.workers.is_empty() && self.happened.is_empty()
    }

    /// Lets the core judge everything that happened, and does what it says.
    fn take_in(&mut self) {
        while let Some(event) = self.happened.pop_front() {
            self.note(&event);
            for effect in self.core.handle(Instant::now(), event) {
                self.perform(effect);
            }
        }
    }

    /// The driver's own part in an event.
    fn note(&mut self, event: &Event) {
        match event {
            Event::Exited(worker, _) => {
                self.memories.remove(worker);
                self.facts.fences.forget(*worker);
                if let Some(worker) = self.workers.remove(worker) {
                    self.books.strike(worker.row());
                    self.facts.gone.add(&worker.counters().totals());
                }
                self.bury_orphans();
            }
            Event::Said(worker, ToMaster::Rejected { generation, reason }) => {
                error!(worker = worker.0, %generation, reason, "snapshot rejected");
            }
            Event::Said(worker, ToMaster::Confined(confinement)) => self.facts.fences.learn(*worker, confinement),
            Event::Tick
            | Event::Opened(_)
            | Event::OpenFailed(..)
            | Event::Spawned(..)
            | Event::Said(..)
            | Event::Entrusted(..)
            | Event::Broken(..)
            | Event::Looked(_)
            | Event::Outgrew(..)
            | Event::Vacated(_)
            | Event::Routes(..)
            | Event::Settings(_)
            | Event::Listen(_)
            | Event::Asked(..)
            | Event::Close
            | Event::Abandon => {}
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Open { sockets, alone } => self.open(&sockets, alone),
            Effect::Steer { first, slots } => self.steer(&first, slots),
            Effect::Close(sockets) => self.close(&sockets),
            Effect::Publish(snapshot) => self.publish(&snapshot),
            Effect::Spawn(worker, slot) => self.spawn(worker, slot),
            Effect::Send(worker, message) => self.send(worker, message),
            Effect::Pass(worker, serial, parcel) => self.pass(worker, serial, parcel),
            Effect::Abort(worker) => self.workers.get(&worker).into_iter().for_each(Worker::abort),
            Effect::Terminate(worker) => self.workers.get(&worker).into_iter().for_each(Worker::terminate),
            Effect::Kill(worker) => self.workers.get(&worker).into_iter().for_each(Worker::kill),
            Effect::Answer(request, answer) => self.answer(request, answer),
            Effect::Remember(size) => self.remembered.keep(size),
        }
    }

    fn steer(&self, first: &ListenerInfo, slots: u16) {
        let Some(socket) = self.sockets.get(&first.socket) else { return };
        match listen::steer(socket, first.address, slots) {
            Ok(()) => debug!(address = %first.address, slots, "new clients are spread"),
            // The kernel chooses by a hash then, and every socket is served by somebody.
            Err(error) => info!(address = %first.address, %error, "new clients are spread by the kernel"),
        }
    }

    /// Encodes a snapshot once for all workers.
    fn publish(&mut self, snapshot: &Snapshot) {
        let generation = snapshot.generation;
        match snapshot.seal() {
            Ok(descriptor) => {
                info!(%generation, routes = snapshot.routes.len(), "snapshot published");
                self.snapshot = Some((generation, Arc::new(descriptor)));
            }
            Err(error) => {
                error!(%generation, %error, "snapshot not published");
                self.snapshot = None;
            }
        }
    }

    fn spawn(&mut self, worker: WorkerId, slot: SlotId) {
        match self.launcher.launch(worker, &self.events) {
            Ok((launched, memory)) => {
                info!(slot = slot.0, pid = launched.pid, "worker started");
                self.happened.push_back(Event::Spawned(worker, launched.pid));
                self.memories.insert(worker, memory);
                self.workers.insert(worker, launched);
            }
            Err(error) => self.happened.push_back(Event::Exited(worker, Exit::NotStarted(chain(error)))),
        }
    }

    fn send(&mut self, worker: WorkerId, message: ToWorker) {
        let descriptors = match &message {
            ToWorker::Setup { .. } => {
                let memory = self.memories.remove(&worker).into_iter();
                let memory = memory.flat_map(|Memory { page, row }| [page, self.books.descriptor(), row]);
                memory.chain(self.access_log.descriptor()).collect()
            }
            ToWorker::Snapshot { generation } => match &self.snapshot {
                Some((newest, descriptor)) if newest == generation => vec![Arc::clone(descriptor)],
                _ => {
                    let reason = "the master could not make it".to_owned();
                    let answer = ToMaster::Rejected { generation: *generation, reason };
                    return self.happened.push_back(Event::Said(worker, answer));
                }
            },
            ToWorker::Sockets { added, .. } => added.iter().filter_map(|info| self.sockets.get(&info.socket).cloned()).collect(),
            ToWorker::Log => self.access_log.descriptor().into_iter().collect(),
            // Their connections come with a parcel, see `pass`.
            ToWorker::TakeOver { .. } => return,
            ToWorker::Drain { .. } | ToWorker::HandedOver => Vec::new(),
        };
        if let Some(worker) = self.workers.get(&worker) {
            worker.send(Letter { message, descriptors });
        }
    }

    fn pass(&self, worker: WorkerId, serial: u64, parcel: Parcel) {
        debug!(worker = worker.0, clients = parcel.clients.len(), "clients handed over");
        if let Some(worker) = self.workers.get(&worker) {
            worker.send(Letter { message: ToWorker::TakeOver { clients: parcel.clients, serial }, descriptors: parcel.connections });
        }
    }

    fn obey(&mut self, order: Order, reload: &impl Fn() -> anyhow::Result<Loaded>) {
        match order {
            Order::Leave if self.leaving => {
                warn!("leaving at once");
                self.happened.push_back(Event::Abandon);
            }
            Order::Leave => {
                info!("leaving; what is under way is finished first, a second signal ends it");
                self.leaving = true;
                self.supervisor.stopping(self.facts.config.proxy.timeouts.drain);
                self.happened.push_back(Event::Close);
            }
            Order::Reload => {
                self.supervisor.reloading();
                self.reload(reload);
            }
            Order::Restart => {
                info!("replacing all workers");
                self.order(Change::Restart);
            }
            Order::Reopen => {
                self.access_log.reopen();
                self.hand_out_log();
            }
            Order::Dump => info!(status = serde_json::to_string(&self.status()).unwrap_or_default(), "status"),
            Order::Child => self.bury_orphans(),
        }
    }

    /// Gives every worker the access log as it is now.
    fn hand_out_log(&mut self) {
        // Who was not set up yet gets it with that.
        let workers: Vec<WorkerId> = self.workers.keys().copied().filter(|worker| !self.memories.contains_key(worker)).collect();
        workers.into_iter().for_each(|worker| self.send(worker, ToWorker::Log));
    }

    /// A change that nobody waits for.
    fn order(&mut self, change: Change) {
        let request = self.new_request();
        self.happened.push_back(Event::Asked(request, change, dproxy_control::Wait::Accepted));
    }

    fn new_request(&mut self) -> RequestId {
        self.next_request += 1;
        RequestId(self.next_request)
    }

    fn bury_orphans(&self) {
        if std::process::id() == 1 {
            signals::bury_orphans(|pid| self.workers.values().any(|worker| worker.pid == pid));
        }
    }
}

/// What a worker finds in its environment: how to log, nothing of the operator's secrets.
fn launcher(config: &Config) -> Launcher {
    let kept = ["RUST_BACKTRACE", "TZ", "LANG"].into_iter().filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)));
    let filter = std::env::var(crate::log::FILTER_VARIABLE).unwrap_or_else(|_unset| config.log_level.as_str().to_owned());
    let environment = kept.chain([(crate::log::FILTER_VARIABLE.to_owned(), filter)]).collect();
    Launcher { environment, orders: privileges::orders(&config.privileges), silent: config.worker_silent }
}

/// Sockets, channels and pages of a thousand workers need more descriptors than the usual soft limit.
fn raise_descriptor_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard));
    if let Err(error) = raised {
        warn!(%error, "limit of open files not raised");
    }
}

/// An error with all its causes, in one line.
fn chain(error: impl std::error::Error + Send + Sync + 'static) -> String {
    format!("{:#}", anyhow::Error::new(error))
}
