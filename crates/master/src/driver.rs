//! Carries out what the core decides, and tells it what happened.
//!
//! One task owns everything here. Others (a worker's channel, the engine's watcher, the control server) only
//! send it what they see.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use dproxy_config::{Config, Loaded};
use dproxy_control::server::{self, Bound};
use dproxy_control::{Asked, Herald, Refusal, Reply};
use dproxy_ipc::{Generation, ListenerInfo, SocketId, ToMaster, ToWorker};
use dproxy_route::Problem;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep_until, timeout};
use tracing::{debug, error, info, warn};

use crate::access_log::AccessLog;
use crate::books::Books;
use crate::by_hand::ByHand;
use crate::configuration::{Configuration, ReadFile, Settling, Watch};
use crate::core::{Change, Core, Effect, Event, Exit, LOOK, Parcel, RequestId, SlotId, WorkerId};
use crate::figures::Figures;
use crate::health::Health;
use crate::inherited::Inherited;
use crate::legacy::Legacy;
use crate::listen;
use crate::pages;
use crate::pidfile::PidFile;
use crate::privileges::Fences;
use crate::records::Records;
use crate::remembered::Remembered;
use crate::signals::{self, Order, Signals};
use crate::sites::Sites;
use crate::spawn::{Launcher, Letter, Memory, Worker};
use crate::supervisor::Supervisor;
use certificates::Vault;

mod answers;
mod attic;
mod begin;
mod beside;
mod certificates;
mod composing;
mod engines;
mod fading;
mod hand;
mod herald;
mod metrics;
mod pictures;
mod quay;
mod records;
mod reload;
mod rounds;
mod supervision;
mod upgrade;
mod wellness;

use upgrade::Upgrade;

use attic::Attic;
use beside::Beside;
use composing::{Made, Prepared, Survey};
use engines::Engines;
use fading::Fading;
use herald::Told;
use quay::Quay;
use records::Recorded;
use reload::Reading;

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
    health: Health,
    sockets: BTreeMap<SocketId, Arc<OwnedFd>>,
    /// The names under which the service manager keeps copies of them.
    kept: BTreeMap<SocketId, String>,
    inherited: Inherited,
    supervisor: Supervisor,
    /// The next one.
    composing: Beside<Made>,
    prepared: Option<Prepared>,
    /// The newest one, sealed.
    snapshot: Option<(Generation, Arc<OwnedFd>)>,
    /// What is known of its routes.
    survey: Survey,
    /// Whether all that was said is in the newest snapshot.
    told_all: watch::Sender<bool>,
    /// What the sources do not agree about.
    disputes: Vec<Problem>,
    attic: Attic,
    /// When that was made; the beginning of this master where an earlier one made it.
    published: Instant,
    replies: BTreeMap<RequestId, oneshot::Sender<Result<Reply, Refusal>>>,
    next_request: u64,
    /// Answers that wait until what they tell of is in the store, and what is done on other threads.
    chores: JoinSet<()>,
    records: Records,
    recorded: Recorded,
    remembered: Remembered,
    sites: Sites,
    by_hand: ByHand,
    /// Tells what happens, and what was told last.
    herald: Herald,
    told: Told,
    /// Who waits for the configuration to be read again.
    reloads: Vec<oneshot::Sender<Result<Reply, Refusal>>>,
    engines: Engines,
    vault: Vault,
    quay: Quay,
    facts: Facts,
    fading: Fading,
    /// The files of the configuration are being read again.
    settling: Option<Settling>,
    reading: Reading,
    watch: Watch,
    upgrade: Upgrade,
    pid_file: PidFile,
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
    /// Others, so that the CPU figures of operators keep their own pace.
    scales: Figures,
    scraped: Figures,
    /// What holds the workers in.
    fences: Fences,
    /// Which program this is, and where it was started from.
    build: String,
    program: PathBuf,
}

/// Events of all workers that wait to be taken in; a worker that floods the master waits itself.
const EVENTS: usize = 1024;
/// Commands of all operators that wait to be taken in.
const COMMANDS: usize = 64;
/// How long the control server may take for its last answers.
const FAREWELL: Duration = Duration::from_secs(2);

/// Runs the master until it is told to leave, or another program has taken its place in this process.
pub(crate) async fn run<L>(mut loaded: Loaded, configuration: &Arc<Configuration<L>>, legacy: &mut Option<Legacy>) -> anyhow::Result<()>
where
    L: Fn(&ReadFile<'_>) -> anyhow::Result<Loaded> + Send + Sync + 'static,
{
    pages::furnish(&mut loaded);
    let mut signals = Signals::catch().context("cannot catch signals")?;
    let (happening, mut happenings) = mpsc::channel(EVENTS);
    let (mut driver, bound) = Driver::begin(loaded, happening, legacy).await?;
    driver.watch.follow(&configuration.considered());
    let mut control = Control::open(bound, &driver.herald);
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
        driver.moor();
        driver.tell_supervisor();
        driver.tell_authority();
        if driver.may_give_way() {
            let bound = control.close(&mut driver).await?;
            while let Ok(event) = happenings.try_recv() {
                driver.happened.push_back(event);
            }
            driver.take_in();
            let order = driver.give_way(&bound, &mut signals, configuration.texts()).await;
            // Nobody took over.
            control = Control::open(bound, &driver.herald);
            order.into_iter().for_each(|order| driver.obey(order));
        }
        let deadline = driver.core.next_deadline();
        tokio::select! {
            Some(event) = happenings.recv() => driver.happened.push_back(event),
            Some(asked) = control.asked.recv() => driver.asked(asked),
            order = signals.next() => driver.obey(order),
            () = Driver::files_due(driver.settling.as_ref()), if !driver.reading.is_under_way() => driver.look_at_files(configuration),
            read = driver.reading.done() => driver.files_read(read, configuration),
            () = driver.fading.over() => driver.fade_out(),
            hint = driver.watch.hint() => driver.hinted(hint, configuration),
            made = driver.composing.done() => driver.composed(made),
            news = driver.engines.news() => driver.engine_told(news),
            news = driver.upgrade.news() => driver.upgrade_news(news),
            stored = driver.records.recalled() => driver.store_came_late(&stored),
            Some(_) = driver.chores.join_next() => {}
            finding = driver.health.found() => driver.checked(finding),
            looked = driver.told.routes() => driver.routes_looked_at(looked),
            _ = looks.tick() => driver.look(),
            news = driver.vault.changed() => driver.vault_told(news),
            _ = weighings.tick() => {
                driver.weigh();
                driver.weigh_backends();
                driver.vouch_anew();
                driver.renew_tickets();
            }
            () = driver.supervisor.beat() => {}
            () = sleep_until(deadline.unwrap_or_else(Instant::now).into()), if deadline.is_some() => driver.happened.push_back(Event::Tick),
        }
    }
    if control.close(&mut driver).await.is_err() {
        warn!("control connections were cut off");
    }
    while driver.chores.join_next().await.is_some() {}
    driver.records.close().await;
    info!("dproxy master leaves");
    Ok(())
}

/// The control server, which a task of its own runs.
struct Control {
    task: JoinHandle<Bound>,
    asked: mpsc::Receiver<Asked>,
    /// Dropped, it closes the doors.
    open: watch::Sender<()>,
}

impl Control {
    fn open(bound: Bound, herald: &Herald) -> Control {
        let (commands, asked) = mpsc::channel(COMMANDS);
        let (open, doors) = watch::channel(());
        Control { task: tokio::spawn(server::serve(bound, commands, herald.clone(), doors)), asked, open }
    }

    /// Ends with the last answer, which `driver` gives. Who comes from now on waits until the doors are served again.
    async fn close(self, driver: &mut Driver) -> anyhow::Result<Bound> {
        let Control { mut task, mut asked, open } = self;
        drop(open);
        let closed = async {
            loop {
                tokio::select! {
                    bound = &mut task => return bound,
                    Some(asked) = asked.recv() => driver.asked(asked),
                    Some(_) = driver.chores.join_next() => {}
                }
                driver.take_in();
            }
        };
        Ok(timeout(FAREWELL, closed).await.context("the control server does not end")??)
    }
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
        self.told_all.send_replace(!self.core.is_composing());
    }

    /// The driver's own part in an event.
    fn note(&mut self, event: &Event) {
        match event {
            Event::Exited(worker, _) => {
                self.memories.remove(worker);
                self.facts.fences.forget(*worker);
                if let Some(worker) = self.workers.remove(worker) {
                    worker.row().into_iter().for_each(|row| self.books.strike(row));
                    self.books.remember(&worker.counters());
                    self.books.credit(self.core.accounts(), |account| worker.account(account));
                }
                self.bury_orphans();
            }
            Event::Said(worker, ToMaster::Rejected { generation, reason }) => {
                error!(worker = worker.0, %generation, reason, "snapshot rejected");
            }
            Event::Said(_, ToMaster::Wanted { name }) => self.certificate_wanted(name),
            Event::Said(worker, ToMaster::Confined(confinement)) => self.facts.fences.learn(*worker, confinement),
            Event::Routes(_, routes) => self.attic.keep(Arc::clone(routes) as Arc<_>),
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
            | Event::Composed(_)
            | Event::Settings(_)
            | Event::Listen(_)
            | Event::Reset
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
            Effect::Compose(draft) => self.compose(draft),
            Effect::Publish(snapshot) => self.publish(&snapshot),
            Effect::Spawn(worker, slot) => self.spawn(worker, slot),
            Effect::Send(worker, message) => self.send(worker, message),
            Effect::Pass(worker, serial, parcel) => self.pass(worker, serial, parcel),
            Effect::Abort(worker) => self.workers.get(&worker).into_iter().for_each(Worker::abort),
            Effect::Terminate(worker) => self.workers.get(&worker).into_iter().for_each(Worker::terminate),
            Effect::Kill(worker) => self.workers.get(&worker).into_iter().for_each(Worker::kill),
            Effect::Answer(request, answer) => self.answer(request, answer),
            Effect::Remember(size) => self.records.keep_note(records::POOL, self.remembered.ask(size)),
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

    fn spawn(&mut self, worker: WorkerId, slot: SlotId) {
        match self.launcher.launch(worker, slot, &self.events) {
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
                let Some(Memory { page, row, door }) = self.memories.remove(&worker) else { return };
                let memory = [page, self.books.descriptor(), row, self.books.dead_descriptor()];
                let descriptors = memory.into_iter().chain(self.access_log.descriptor()).collect();
                self.post(worker, Letter { message, descriptors });
                if let Some(door) = door {
                    let message = ToWorker::Door { build: self.facts.build.clone() };
                    self.post(worker, Letter { message, descriptors: vec![door] });
                }
                return;
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
            ToWorker::Drain { .. } | ToWorker::HandedOver | ToWorker::Refused { .. } => Vec::new(),
            ToWorker::Door { .. } | ToWorker::Tell | ToWorker::Quic { .. } => {
                unreachable!("the core knows nothing of doors, berths and earlier masters")
            }
        };
        self.post(worker, Letter { message, descriptors });
    }

    fn post(&self, worker: WorkerId, letter: Letter) {
        if let Some(worker) = self.workers.get(&worker) {
            worker.send(letter);
        }
    }

    fn pass(&self, worker: WorkerId, serial: u64, parcel: Parcel) {
        debug!(worker = worker.0, clients = parcel.clients.len(), "clients handed over");
        if let Some(worker) = self.workers.get(&worker) {
            worker.send(Letter { message: ToWorker::TakeOver { clients: parcel.clients, serial }, descriptors: parcel.connections });
        }
    }

    fn obey(&mut self, order: Order) {
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
            Order::Reload => self.wish_to_reload(),
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
        self.tell_workers(&ToWorker::Log);
    }

    /// Tells every worker something; who was not set up yet learns it with that.
    fn tell_workers(&mut self, message: &ToWorker) {
        let workers: Vec<WorkerId> = self.workers.keys().copied().filter(|worker| !self.memories.contains_key(worker)).collect();
        workers.into_iter().for_each(|worker| self.send(worker, message.clone()));
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
        signals::bury_orphans(|pid| {
            self.workers.values().any(|worker| worker.pid == pid) || self.upgrade.is_checking() || self.vault.has_children()
        });
    }
}

/// An error with all its causes, in one line.
fn chain(error: impl std::error::Error + Send + Sync + 'static) -> String {
    format!("{:#}", anyhow::Error::new(error))
}
