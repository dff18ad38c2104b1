//! How a master begins: alone, in the place of one that died, or in the process of another program.

use std::collections::{BTreeMap, VecDeque};
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use dproxy_config::{Config, Loaded, WorkerCount};
use dproxy_control::server::Bound;
use dproxy_control::{Herald, Token};
use dproxy_ipc::SocketId;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tracing::{info, warn};

use super::attic::Attic;
use super::beside::Beside;
use super::certificates::Vault;
use super::composing::Survey;
use super::engines::Engines;
use super::fading::Fading;
use super::herald::Told;
use super::quay::Quay;
use super::records::{POOL, Recorded};
use super::reload::Reading;
use super::upgrade::Upgrade;
use super::{Driver, Facts};
use crate::access_log::AccessLog;
use crate::books::Books;
use crate::by_hand::ByHand;
use crate::configuration::Watch;
use crate::core::{Core, Event, Exit, Setup, SourceId, WorkerId};
use crate::estate::{Estate, Rest};
use crate::figures::Figures;
use crate::health::Health;
use crate::inherited::{self, Inherited};
use crate::legacy::{self, Legacy};
use crate::peers;
use crate::pidfile::{self, PidFile};
use crate::privileges::Fences;
use crate::records::Records;
use crate::remembered::Remembered;
use crate::secret;
use crate::sites::Sites;
use crate::spawn::{Hold, Launcher, Worker};
use crate::supervisor::Supervisor;

impl Driver {
    /// Takes what there is to take over, and opens what is missing. `legacy` stays with the caller when this fails,
    /// so that there is a way back.
    pub(super) async fn begin(loaded: Loaded, events: mpsc::Sender<Event>, legacy: &mut Option<Legacy>) -> anyhow::Result<(Driver, Bound)> {
        let Loaded { mut config, warnings } = loaded;
        let pid_file = make_places(&config, legacy.as_ref())?;
        let mut records = Records::open(&config).context("cannot begin to open the store")?;
        config.proxy.secret = secret::of(&config.directories.state);
        warnings.iter().for_each(|warning| warn!("{warning}"));
        let bound = bind_api(&config, legacy.as_ref()).await?;
        let mut estate = Estate::collect(legacy.as_ref(), &config.directories.run).await;
        let mut inherited = Inherited::take_over(legacy.as_ref());
        let chosen = inherited.choose(&config.listen, &estate.addresses())?;
        chosen.warning.iter().for_each(|warning| warn!("{warning}"));
        let mut vault = Vault::open(&config, estate.ticket_keys(), estate.quic_keys());
        let taken = estate.addresses();
        vault.open_doors(&config.listen, |listen| inherited.choose_tls(listen, &taken))?;
        raise_descriptor_limit();

        let mut remembered = Remembered::new(config.workers);
        records.await_store().await;
        if let Some(note) = records.note(POOL) {
            remembered.recall(note);
        }
        let rest = legacy.as_ref().map(Legacy::rest).unwrap_or_default();
        let engines = Engines::watch(&config.docker, !estate.workers.is_empty());
        let setup = Setup {
            workers: wanted(&rest, &config).unwrap_or_else(|| remembered.size()),
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            addresses: [chosen.addresses.as_slice(), vault.addresses()].concat(),
            settings: vault.equip(config.proxy.clone()),
            awaited: [SourceId::File, SourceId::Hand].into_iter().chain(engines.sources()).collect(),
        };
        let now = Instant::now();
        let api = bound.endpoints();
        info!(version = env!("CARGO_PKG_VERSION"), pid = std::process::id(), listen = ?setup.addresses, api = ?api, workers = %setup.workers, "dproxy master starts");
        let supervisor = Supervisor::from_environment();
        let mut fences = Fences::default();
        let (mut workers, mut happened) = (BTreeMap::new(), VecDeque::new());
        for (worker, (hold, confinement)) in std::mem::take(&mut estate.workers) {
            fences.learn(worker, &confinement);
            happened.extend(take_worker(worker, hold, &events, &mut workers));
        }
        let (sockets, kept) = take_sockets(&mut estate, &mut inherited, &supervisor);
        happened.push_back(Event::Routes(SourceId::File, Arc::new(std::mem::take(&mut config.routes))));
        let mut driver = Driver {
            core: Core::inherit(now, setup, estate.inheritance),
            happened,
            events,
            launcher: Launcher::new(&config),
            workers,
            memories: BTreeMap::new(),
            access_log: AccessLog::open(config.access_log.clone()),
            books: Books::open(estate.board, estate.dead).context("cannot make the board of all workers")?,
            health: Health::new(),
            sockets,
            kept,
            inherited,
            supervisor,
            composing: Beside::default(),
            prepared: None,
            snapshot: estate.snapshot.map(|(generation, descriptor)| (generation, Arc::new(descriptor))),
            survey: Survey::default(),
            told_all: watch::Sender::new(true),
            disputes: Vec::new(),
            attic: Attic::default(),
            published: now,
            replies: BTreeMap::new(),
            next_request: 0,
            chores: JoinSet::new(),
            records,
            recorded: Recorded::default(),
            remembered,
            sites: Sites::default(),
            by_hand: ByHand::default(),
            herald: Herald::default(),
            told: Told::default(),
            reloads: Vec::new(),
            engines,
            vault,
            quay: Quay::inherit(std::mem::take(&mut estate.berths), std::mem::take(&mut estate.quic_sockets)),
            facts: Facts {
                started: now.checked_sub(Duration::from_secs(rest.uptime_seconds)).unwrap_or(now),
                api,
                warnings,
                refused: None,
                postponed: Vec::new(),
                clear: chosen.addresses,
                port: chosen.warning,
                figures: Figures::new(),
                scales: Figures::new(),
                scraped: Figures::new(),
                fences,
                build: legacy::build(),
                program: program(legacy.as_ref())?,
                config,
            },
            fading: Fading::default(),
            settling: None,
            reading: Reading::default(),
            watch: Watch::new(),
            upgrade: Upgrade::default(),
            pid_file,
            leaving: false,
        };
        driver.survey_inherited();
        driver.by_hand.recall(rest.by_hand.iter(), rest.next_by_hand.as_ref());
        driver.remember();
        driver.keep_routes_by_hand();
        driver.happened.push_back(Event::Routes(SourceId::Hand, Arc::new(driver.by_hand.routes())));
        driver.recall_accounts();
        driver.bury_orphans();
        driver.hand_out_log();
        driver.continue_upgrade(legacy.take());
        legacy::arrived();
        Ok((driver, bound))
    }
}

/// Directories and the PID file, with its lock.
fn make_places(config: &Config, legacy: Option<&Legacy>) -> anyhow::Result<PidFile> {
    let directories = &config.directories;
    pidfile::make_directory(&directories.run, pidfile::RUN_MODE)?;
    let left = legacy.and_then(|legacy| Some((legacy, legacy.kept().pid_file.as_ref()?)));
    let pid_file = match left {
        Some((legacy, place)) => PidFile::inherit(&place.path, legacy.copy(place.descriptor)?)?,
        None => PidFile::take(&config.pid_path)?,
    };
    for directory in [&directories.log, &directories.state] {
        if let Err(error) = pidfile::make_directory(directory, 0o755) {
            warn!(error = format!("{:#}", anyhow::Error::new(error)), "continuing without the directory");
        }
    }
    Ok(pid_file)
}

async fn bind_api(config: &Config, legacy: Option<&Legacy>) -> anyhow::Result<Bound> {
    let left = legacy.and_then(|legacy| {
        let kept = legacy.kept();
        Some((legacy, kept.api?, kept.control.as_ref()?))
    });
    let token = config.api.token.as_deref().map(Token::read_or_make).transpose()?;
    let peers = peers::peers_of(&config.api.peers)?;
    if let Some(directory) = config.api.socket.parent().filter(|_| peers.extended) {
        peers::open_directory(directory);
    }
    match left {
        Some((legacy, tcp, unix)) => Bound::inherit(legacy.copy(tcp)?, token, legacy.copy(unix.descriptor)?, &unix.path, peers)
            .await
            .context("cannot take over the control API of the program before"),
        None => Ok(Bound::bind(config.api.address, token, &config.api.socket, peers).await?),
    }
}

/// The pool size of the program before, unless the configuration says something else since.
fn wanted(rest: &Rest, config: &Config) -> Option<WorkerCount> {
    let (wanted, configured) = rest.wanted.as_ref()?;
    let configured: WorkerCount = configured.parse().ok()?;
    (configured == config.workers).then(|| wanted.parse().ok()).flatten()
}

fn program(legacy: Option<&Legacy>) -> anyhow::Result<PathBuf> {
    match legacy.map(|legacy| legacy.kept().program.clone()).filter(|program| !program.as_os_str().is_empty()) {
        Some(program) => Ok(program),
        None => legacy::program().context("cannot tell where this program is"),
    }
}

/// Holds a worker; one that ended meanwhile is told of as dead.
fn take_worker(worker: WorkerId, hold: Hold, events: &mpsc::Sender<Event>, workers: &mut BTreeMap<WorkerId, Worker>) -> Option<Event> {
    match Worker::hold(worker, hold, events) {
        Ok(held) => {
            workers.insert(worker, held);
            None
        }
        Err(error) => {
            warn!(worker = worker.0, %error, "a worker of an earlier master is gone");
            Some(Event::Exited(worker, Exit::Unseen))
        }
    }
}

type Sockets = BTreeMap<SocketId, Arc<OwnedFd>>;
type Names = BTreeMap<SocketId, String>;

/// The sockets of the estate, and under which names the service manager keeps them.
fn take_sockets(estate: &mut Estate, inherited: &mut Inherited, supervisor: &Supervisor) -> (Sockets, Names) {
    let (mut sockets, mut names) = (Sockets::new(), Names::new());
    for (id, socket) in std::mem::take(&mut estate.sockets) {
        let known = inherited.recognise(&socket.descriptor);
        let name = match (socket.name, known) {
            (Some(name), _) | (None, inherited::Known::Kept(name)) => Some(name),
            (None, inherited::Known::Managers) => None,
            (None, inherited::Known::No) => {
                let name = inherited::name_of(id.0);
                supervisor.keep(&name, socket.descriptor.as_fd());
                Some(name)
            }
        };
        names.extend(name.map(|name| (id, name)));
        sockets.insert(id, socket.descriptor);
    }
    (sockets, names)
}

/// Sockets, channels and pages of a thousand workers need more descriptors than the usual soft limit.
fn raise_descriptor_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard));
    if let Err(error) = raised {
        warn!(%error, "limit of open files not raised");
    }
}
