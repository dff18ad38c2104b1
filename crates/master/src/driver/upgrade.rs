//! An upgrade in place: the same process goes on as another program, and clients do not notice.
//!
//! ```text
//!                upgrade_asked             judged: it can            give_way: exec
//!   Idle ──────────────────────► Checking ──────────────► Ready ─────────────────────► (the new program)
//!    ▲ ▲                            │ judged: it cannot     │ give_way: exec refused,        │ begin, continue_upgrade
//!    │ └────────────────────────────┴───────────────────────┘ or a signal came first         ▼
//!    │                                                        replaced: all are its own   Replacing
//!    ├──────────────────────────────────────────────────────────────────────────────────────┤
//!    │   continue_upgrade: it came back, and why                                            │ replaced: they do not come up
//!    └───────────────────────────── (the old program) ◄─────────────────────────────────────┘ overdue: nobody serves
//!                                                              Legacy::go_back: exec        also when it cannot begin
//! ```
//! When the new program hangs before a worker of its own serves, its watchman goes back for it; when it hangs before it has
//! one, an alarm ends it (see [`crate::legacy`]), and the next master finds the workers.
//!
//! Old workers serve through all of it. They lose their master for the moment between the programs, wait at their doors
//! and are found there; each leaves only when a new one serves in its slot.

use std::convert::Infallible;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use dproxy_control::server::Bound;
use dproxy_control::{PoolState, Refusal, Reply, UpgradeRow, UpgradeState, Wait};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, yield_now};
use tokio::time::{Instant, sleep_until};
use tracing::{error, info, warn};

use super::{Driver, chain};
use crate::check::{self, CheckError, Verdict};
use crate::configuration::Texts;
use crate::core::{Change, Event, RequestId};
use crate::estate::{Kept, Note, Place, Rest, SocketNote};
use crate::legacy::{self, Legacy, Luggage};
use crate::signals::{self, Order, Signals};

/// So long it is waited for clients that travel from one worker to another; who is late stays where he was.
const TRAVEL: Duration = Duration::from_secs(2);
/// How long the first new worker may take to serve.
const FIRST_WORKER: Duration = Duration::from_secs(10);

/// Where an upgrade is, and what became of the last one.
#[derive(Default)]
pub(super) struct Upgrade {
    phase: Phase,
    row: Option<UpgradeRow>,
}

#[derive(Default)]
enum Phase {
    #[default]
    Idle,
    /// The new program shows that it can begin.
    Checking { task: JoinHandle<Result<Verdict, CheckError>>, reply: oneshot::Sender<Result<Reply, Refusal>> },
    /// It can: this one gives way once no client is on its way from one worker to another.
    Ready { until: Instant },
    /// We are the new program, and replace the workers.
    Replacing { legacy: Box<Legacy>, request: RequestId, first_by: Option<Instant> },
}

/// What can happen to an upgrade by itself.
pub(super) enum News {
    /// The check is over.
    Judged(Result<Verdict, String>),
    /// The first new worker should serve by now.
    Overdue,
}

impl Upgrade {
    pub(super) fn row(&self) -> Option<UpgradeRow> {
        self.row.clone()
    }

    pub(super) fn is_under_way(&self) -> bool {
        !matches!(self.phase, Phase::Idle)
    }

    pub(super) fn is_checking(&self) -> bool {
        matches!(self.phase, Phase::Checking { .. })
    }

    /// Whether this is the request by which we had all workers replaced.
    pub(super) fn awaits(&self, asked: RequestId) -> bool {
        matches!(self.phase, Phase::Replacing { request, .. } if request == asked)
    }

    /// What happens next; never ends while nothing is under way.
    pub(super) async fn news(&mut self) -> News {
        match &mut self.phase {
            Phase::Checking { task, .. } => News::Judged(match task.await {
                Ok(checked) => checked.map_err(chain),
                Err(broken) => Err(chain(broken)),
            }),
            Phase::Replacing { first_by: Some(first_by), .. } => {
                sleep_until(*first_by).await;
                News::Overdue
            }
            Phase::Idle | Phase::Ready { .. } | Phase::Replacing { first_by: None, .. } => std::future::pending().await,
        }
    }

    fn tell(&mut self, state: UpgradeState, text: String) {
        if let Some(row) = &mut self.row {
            (row.state, row.text) = (state, text);
        }
    }

    fn fail(&mut self, text: &str) {
        error!(text, "not upgraded");
        self.tell(UpgradeState::Failed, text.to_owned());
    }
}

impl Driver {
    /// An operator wants the program at our path to take over.
    pub(super) fn upgrade_asked(&mut self, reply: oneshot::Sender<Result<Reply, Refusal>>) {
        let task = self.may_upgrade().and_then(|()| {
            let failed = |error: std::io::Error| Refusal::Failed(format!("cannot write down what the new program needs: {error}"));
            // Descriptors of this one mean nothing to a check.
            let note = Note::new(Kept { program: self.facts.program.clone(), ..Kept::default() }, &self.rest()).write().map_err(failed)?;
            Ok(tokio::spawn(check::check(self.facts.program.clone(), note)))
        });
        match task {
            Ok(task) => {
                let number = self.upgrade.row.as_ref().map_or(1, |row| row.number + 1);
                let text = format!("`{}` is checked", self.facts.program.display());
                info!(program = %self.facts.program.display(), "upgrade: the new program is checked");
                self.upgrade = Upgrade {
                    phase: Phase::Checking { task, reply },
                    row: Some(UpgradeRow { number, state: UpgradeState::Checking, text }),
                };
            }
            // Whoever asked may have gone.
            Err(refusal) => drop(reply.send(Err(refusal))),
        }
    }

    fn may_upgrade(&self) -> Result<(), Refusal> {
        let busy = |text: &str| Err(Refusal::Busy(text.to_owned()));
        if self.leaving {
            return busy("dproxy is shutting down");
        }
        if self.upgrade.is_under_way() {
            return busy("another upgrade is under way");
        }
        if let Some(refusal) = self.core.refusal(Change::Restart) {
            return Err(refusal);
        }
        if !self.replies.is_empty() || self.core.pool_state() == PoolState::Restarting {
            return busy("another operation is under way; ask again when it is done");
        }
        if self.workers.iter().any(|(worker, it)| !it.has_door() && !self.memories.contains_key(worker)) {
            let place = self.facts.config.directories.run.display();
            let text = format!("workers could not be handed over: they have no sockets in `{place}`; `dproxy ctl restart` gives new ones");
            return Err(Refusal::Failed(text));
        }
        Ok(())
    }

    pub(super) fn upgrade_news(&mut self, news: News) {
        match news {
            News::Judged(verdict) => self.judged(verdict),
            News::Overdue => self.overdue(),
        }
    }

    /// The check is over.
    fn judged(&mut self, verdict: Result<Verdict, String>) {
        let Phase::Checking { reply, .. } = std::mem::take(&mut self.upgrade.phase) else { return };
        let answer = match verdict {
            Ok(_) if self.leaving => Err(Refusal::Busy("dproxy is shutting down".to_owned())),
            Ok(Verdict { version, .. }) => {
                let text = format!("version {version} takes over from {}", env!("CARGO_PKG_VERSION"));
                self.upgrade.tell(UpgradeState::Replacing, text.clone());
                self.upgrade.phase = Phase::Ready { until: Instant::now() + TRAVEL };
                Ok(Reply::Done { message: format!("upgrading... {text}"), status: Box::new(self.status()) })
            }
            Err(text) => {
                let text = format!("{text}; version {} runs on", env!("CARGO_PKG_VERSION"));
                self.upgrade.fail(&text);
                Err(Refusal::Failed(text))
            }
        };
        // Whoever asked may have gone; the upgrade goes on all the same.
        let _ = reply.send(answer);
    }

    /// Whether the new program may take over now: clients on their way between workers arrive first, if they do so soon.
    pub(super) fn may_give_way(&self) -> bool {
        let Phase::Ready { until } = self.upgrade.phase else { return false };
        (!self.core.has_travellers() && !self.core.is_composing()) || until <= Instant::now()
    }

    /// Lets the new program take over. Returns only if it did not, perhaps with an order that came first.
    pub(super) async fn give_way(&mut self, bound: &Bound, signals: &mut Signals, configuration: Texts) -> Option<Order> {
        self.upgrade.phase = Phase::Idle;
        if self.leaving {
            self.upgrade.fail("dproxy is shutting down");
            return None;
        }
        self.records.settled().await;
        self.end_the_unborn();
        self.supervisor.reloading();
        // What comes from here on waits for the new program; what came before is ours to obey.
        signals::hold_back();
        // The runtime takes in what the handlers have noted.
        yield_now().await;
        yield_now().await;
        let order = signals.sent();
        let reason = match &order {
            Some(_) => "a signal came first; ask again".to_owned(),
            None => match self.pack_and_go(bound, configuration) {
                Ok(never) => match never {},
                Err(error) => format!("the new program cannot be run: {error}"),
            },
        };
        signals::let_come();
        self.bury_orphans();
        self.upgrade.fail(&format!("{reason}; version {} runs on", env!("CARGO_PKG_VERSION")));
        order
    }

    /// Ends workers that serve nobody yet: the new program could not go on with them.
    fn end_the_unborn(&self) {
        let unborn = self.memories.keys().filter_map(|worker| self.workers.get(worker));
        unborn.for_each(crate::spawn::Worker::kill);
    }

    fn pack_and_go(&self, bound: &Bound, configuration: Texts) -> std::io::Result<Infallible> {
        let executable: OwnedFd = std::fs::File::open("/proc/self/exe")?.into();
        let dead = self.books.dead_descriptor();
        let mut luggage = Luggage::default();
        let (tcp, unix) = bound.descriptors();
        let kept = Kept {
            pid_file: Some(Place { path: self.pid_file.path().to_owned(), descriptor: luggage.pack(self.pid_file.as_fd()) }),
            api: Some(luggage.pack(tcp)),
            control: Some(Place { path: bound.socket().to_owned(), descriptor: luggage.pack(unix) }),
            sockets: self.pack_sockets(&mut luggage),
            activated: self.inherited.activated().map(|socket| luggage.pack(socket)).collect(),
            program: self.facts.program.clone(),
            executable: Some(luggage.pack(executable.as_fd())),
            descriptors: Vec::new(),
        };
        let dead = luggage.pack(dead.as_fd());
        let rest = Rest { dead: Some(dead), configuration, ..self.rest() };
        let memory = Note::new(Kept { descriptors: luggage.numbers(), ..kept }, &rest).write()?;
        let note = luggage.pack(memory.as_fd());
        info!(program = %self.facts.program.display(), "another program takes over");
        Err(legacy::become_program(&self.facts.program, note, luggage.descriptors(), None))
    }

    fn pack_sockets<'d>(&'d self, luggage: &mut Luggage<'d>) -> Vec<SocketNote> {
        let infos = self.core.sockets();
        let note = |info: dproxy_ipc::ListenerInfo| {
            let descriptor = luggage.pack(self.sockets.get(&info.socket)?.as_fd());
            let name = self.kept.get(&info.socket).cloned();
            Some(SocketNote { socket: info.socket.0, address: info.address, descriptor, name })
        };
        infos.into_iter().filter_map(note).collect()
    }

    /// What the next program should know.
    fn rest(&self) -> Rest {
        Rest {
            number: self.upgrade.row.as_ref().map_or(0, |row| row.number),
            wanted: Some((self.core.wanted().to_string(), self.facts.config.workers.to_string())),
            stopped: matches!(self.core.pool_state(), PoolState::Stopped | PoolState::Stopping),
            generation: self.core.generation().0,
            spawned: self.core.started().map(|(slot, count)| (slot.0, count)).collect(),
            uptime_seconds: self.facts.started.elapsed().as_secs(),
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            dead: None,
            by_hand: self.by_hand.notes().into_values().collect(),
            next_by_hand: Some(self.by_hand.next()),
            configuration: Texts::new(),
        }
    }

    /// Goes on with the upgrade in which this program began, if it did.
    pub(super) fn continue_upgrade(&mut self, legacy: Option<Legacy>) {
        let Some(legacy) = legacy else { return };
        let Rest { number, program_version, stopped, .. } = legacy.rest();
        let version = env!("CARGO_PKG_VERSION");
        let row =
            UpgradeRow { number, state: UpgradeState::Replacing, text: format!("version {version} takes over from {program_version}") };
        self.upgrade.row = Some(row);
        if let Some(reason) = &legacy.failed {
            return self.upgrade.fail(&format!("{reason}; version {version} runs on"));
        }
        if stopped {
            return self.upgraded(&program_version);
        }
        let request = self.new_request();
        self.happened.push_back(Event::Asked(request, Change::Restart, Wait::Done));
        let first_by = Some(Instant::now() + FIRST_WORKER);
        legacy.has_begun();
        self.upgrade.phase = Phase::Replacing { legacy: Box::new(legacy), request, first_by };
    }

    /// Every worker was replaced by one of ours, or that does not work.
    pub(super) fn replaced(&mut self, answer: Result<String, Refusal>) {
        match answer {
            Ok(_message) => {
                if let Phase::Replacing { legacy, .. } = std::mem::take(&mut self.upgrade.phase) {
                    self.upgraded(&legacy.rest().program_version);
                }
            }
            Err(Refusal::Busy(text)) => {
                warn!(text, "the upgrade is not waited for any more");
                self.upgrade.phase = Phase::Idle;
            }
            Err(refusal) => self.go_back(&refusal.to_string()),
        }
    }

    /// The first new worker should serve by now.
    fn overdue(&mut self) {
        let serves = self.core.has_own_worker_online();
        match &mut self.upgrade.phase {
            Phase::Replacing { first_by, legacy, .. } if serves || self.leaving => {
                legacy.serves();
                *first_by = None;
            }
            Phase::Replacing { .. } => {
                self.go_back(&format!("no worker of the new program has served within {} s", FIRST_WORKER.as_secs()))
            }
            Phase::Idle | Phase::Checking { .. } | Phase::Ready { .. } => {}
        }
    }

    fn upgraded(&mut self, before: &str) {
        let version = env!("CARGO_PKG_VERSION");
        info!(before, version, "upgraded");
        self.upgrade.tell(UpgradeState::Done, format!("upgraded from version {before} to {version}"));
    }

    /// Gives the process back to the program before. If even that does not work, this one goes on with what it has.
    fn go_back(&mut self, reason: &str) {
        let Phase::Replacing { legacy, .. } = std::mem::take(&mut self.upgrade.phase) else { return };
        signals::hold_back();
        let error = legacy.go_back(reason);
        signals::let_come();
        self.upgrade.fail(&format!("{reason}; the program before cannot be run either: {error}"));
    }
}
