//! Seeded worlds for the core: pretend workers, a pretend kernel, bad luck and impatient operators.
//!
//! A world is one seed. It runs hundreds of events with faults, then some without, and must come to rest in the state
//! that was last asked for. `checks` holds what must be true after every single step. A failure names its seed;
//! `DPROXY_SIM_SEED=<seed> cargo test -p dproxy-master seeded` runs that world alone.

mod checks;
mod random;
mod succession;
mod worker;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::net::Ipv4Addr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dproxy_config::{ProxySettings, WorkerCount};
use dproxy_control::Wait;
use dproxy_ipc::{ClientInfo, Generation, Snapshot, ToMaster, ToWorker};
use dproxy_route::{Backend, HostPattern, PathPrefix, Route};

use super::{Change, Core, Effect, Event, Exit, LOOK, Parcel, RequestId, Sabotage, Setup, SourceId, WorkerId};
use checks::Checks;
use random::Random;
use worker::Pretend;

/// What will happen at some moment.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a world has a few hundred of them")]
enum Due {
    /// The core learns of something.
    ToCore(Event),
    /// A worker reads its next letter.
    ToWorker(WorkerId),
    /// A worker dies.
    Dies(WorkerId, Exit),
    /// The driver looks whether workers live.
    Look,
}

/// How often an operator, the engine or bad luck acts in a world; the core sees some ten times as many events.
const ACTS: u32 = 60;

/// How much goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Luck {
    Bad,
    /// Faults cease.
    Good,
}

struct World {
    random: Random,
    luck: Luck,
    now: Instant,
    core: Core,
    due: BinaryHeap<Reverse<(Instant, u64)>>,
    payload: BTreeMap<u64, Due>,
    sequence: u64,
    workers: BTreeMap<WorkerId, Pretend>,
    checks: Checks,
    requests: u64,
    pids: u32,
    /// How many ever connected.
    clients: u32,
    begun: Instant,
    /// A look is due. There are looks only while somebody hangs: a hundred thousand others would say nothing.
    looking: bool,
    /// What was published.
    published: BTreeMap<Generation, Arc<Snapshot>>,
    /// What the sources told last, and what the operator configured: the next master hears it again.
    told: BTreeMap<SourceId, Arc<Vec<Route>>>,
    setup: Setup,
    sabotage: Option<Sabotage>,
    /// Generations that kill whoever serves them.
    deadly: BTreeSet<Generation>,
    /// Prints every step.
    trace: bool,
}

impl World {
    fn new(seed: u64, sabotage: Option<Sabotage>) -> World {
        let mut random = Random(seed);
        let now = Instant::now();
        let mut settings = ProxySettings::default();
        settings.timeouts.drain = Duration::from_secs(2);
        let addresses = (0..1 + random.below(2)).map(|port| ([127, 0, 0, 1], 8000 + u16::try_from(port).unwrap()).into()).collect();
        let setup = Setup {
            workers: size(&mut random),
            cpus: usize::try_from(random.below(5)).unwrap(),
            addresses,
            settings,
            awaited: vec![SourceId::File, SourceId::Docker(1), SourceId::Docker(2)],
        };
        let mut core = Core::new(now, setup.clone());
        core.sabotage = sabotage;
        let due = BinaryHeap::new();
        let (payload, workers) = (BTreeMap::new(), BTreeMap::new());
        World {
            random,
            luck: Luck::Bad,
            now,
            core,
            due,
            payload,
            sequence: 0,
            workers,
            checks: Checks::default(),
            requests: 0,
            pids: 0,
            clients: 0,
            begun: now,
            looking: false,
            published: BTreeMap::new(),
            told: BTreeMap::new(),
            setup,
            sabotage,
            deadly: BTreeSet::new(),
            trace: named_seed().is_some(),
        }
    }

    /// The whole life of a world.
    fn run(mut self, acts: u32) {
        self.tell(Event::Routes(SourceId::File, Arc::default()));
        for _ in 0..acts {
            self.something();
            self.connect();
            let pause = if self.random.one_in(20) { self.random.millis(20_000) } else { self.random.millis(300) };
            self.pass(pause);
        }
        self.calm();
    }

    /// An operator, an engine or bad luck.
    fn something(&mut self) {
        match self.random.below(17) {
            0..=3 => self.crash(),
            4..=6 => {
                let change = Change::Resize(size(&mut self.random));
                self.ask(change);
            }
            7 => self.ask(Change::Stop),
            8 => self.ask(Change::Start),
            9 | 10 => self.ask(Change::Restart),
            11 | 12 => self.routes(),
            13 if self.random.one_in(3) => self.grow(),
            13 => self.hang(),
            14 if self.random.one_in(8) => self.epidemic(),
            14 if self.random.one_in(2) => self.settings(),
            14 => self.poison(),
            15 => self.listen(),
            _ => self.succeed(),
        }
    }

    /// Clients come to some worker that accepts, and say nothing for the rest of their lives.
    fn connect(&mut self) {
        let count = self.random.below(6);
        let Some(worker) = self.any_worker().and_then(|worker| self.workers.get_mut(&worker)) else { return };
        for _ in 0..count.min(if worker.accepts.is_empty() { 0 } else { count }) {
            self.clients += 1;
            worker.clients.push(ClientInfo { peer: (Ipv4Addr::from_bits(self.clients), 1).into(), port: 80, has_asked: true });
        }
    }

    fn ask(&mut self, change: Change) {
        self.requests += 1;
        let wait = if self.random.one_in(3) { Wait::Accepted } else { Wait::Done };
        self.checks.asked(RequestId(self.requests), change);
        self.tell(Event::Asked(RequestId(self.requests), change, wait));
    }

    fn crash(&mut self) {
        let exit = if self.random.one_in(30) { Exit::Code(78) } else { Exit::Signal(9) };
        if let Some(worker) = self.any_worker() {
            self.dies(worker, exit);
        }
    }

    /// A worker that reads nothing for a while, perhaps too long.
    fn hang(&mut self) {
        let pause = self.random.millis(40_000);
        if let Some(worker) = self.any_worker() {
            self.workers.get_mut(&worker).unwrap().busy_until = self.now + pause;
            self.look_soon();
        }
    }

    fn grow(&mut self) {
        if let Some(worker) = self.any_worker() {
            self.tell(Event::Outgrew(worker, 1 << 30));
        }
    }

    fn look_soon(&mut self) {
        // A master that is late itself must not take it for the silence of others.
        let late = if self.luck == Luck::Bad && self.random.one_in(20) { self.random.millis(10_000) } else { Duration::ZERO };
        if !std::mem::replace(&mut self.looking, true) {
            self.later(LOOK + late, Due::Look);
        }
    }

    /// The loops of all but those that hang have turned since the last look.
    fn look(&mut self) {
        self.looking = false;
        let now = self.now;
        for worker in self.workers.values_mut().filter(|worker| worker.busy_until <= now && worker.serves.is_some()) {
            worker.beat += 1;
        }
        let beats = self.workers.iter().map(|(worker, pretend)| (*worker, pretend.beat)).collect();
        self.tell(Event::Looked(beats));
        let hang = self.workers.values().any(|worker| worker.busy_until > now);
        if hang || self.core.processes.values().any(|process| process.pulse.is_silent()) {
            self.look_soon();
        }
    }

    /// The engine tells of other routes, of the same ones, or lost them all.
    fn routes(&mut self) {
        let source = match self.random.below(4) {
            0 => SourceId::File,
            1 => SourceId::Docker(2),
            _ => SourceId::Docker(1),
        };
        let count = self.random.below(4);
        let first = u8::try_from(self.random.below(4)).unwrap();
        let route = |entry: u8| {
            let backend = Backend::at(([10, 0, 0, first + entry], 80).into());
            Route::fixed(u32::from(entry), HostPattern::Any, PathPrefix::root(), backend)
        };
        if self.random.one_in(2) {
            let leaving = self.core.leaving_columns();
            self.tell(Event::Vacated(leaving));
        }
        self.tell(Event::Routes(source, Arc::new((0..u8::try_from(count).unwrap()).map(route).collect())));
    }

    /// The engine tells of a route that no worker survives. There is nothing before the first table to go back to.
    fn poison(&mut self) {
        if self.core.snapshot().is_some() {
            self.tell(Event::Routes(SourceId::Docker(1), Arc::new(vec![deadly_route()])));
        }
    }

    /// Whoever starts is killed, so often that every slot is given up.
    fn epidemic(&mut self) {
        for _ in 0..40 {
            let everybody: Vec<WorkerId> = self.workers.keys().copied().collect();
            everybody.into_iter().for_each(|worker| self.dies(worker, Exit::Signal(9)));
            self.pass(Duration::from_secs(1));
        }
    }

    fn settings(&mut self) {
        let mut settings = ProxySettings::default();
        settings.timeouts.drain = Duration::from_secs(2 + self.random.below(2));
        self.tell(Event::Settings(Box::new(settings)));
    }

    fn listen(&mut self) {
        let ports = 1 + self.random.below(3);
        let addresses = (0..ports).map(|port| ([127, 0, 0, 1], 8000 + u16::try_from(port).unwrap()).into()).collect();
        self.tell(Event::Listen(addresses));
    }

    /// Bad luck ends; everything must come to rest as it was last asked for.
    fn calm(&mut self) {
        self.luck = Luck::Good;
        self.pass(Duration::from_secs(120));
        self.checks.recovered(&self.core);
        // Slots that were halted by a bad configuration need an operator.
        let wanted = self.checks.wanted(self.core.wanted());
        self.ask(if wanted == 0 { Change::Stop } else { Change::Start });
        self.pass(Duration::from_secs(120));
        let generation = self.core.generation();
        self.checks.at_rest(&self.core, &self.workers, wanted, generation);
        self.tell(Event::Close);
        self.pass(Duration::from_secs(120));
        assert!(self.workers.is_empty(), "workers outlive the end: {:?}", self.workers);
        self.checks.at_the_end();
    }

    /// Lets everything happen that is due until `pause` has passed.
    fn pass(&mut self, pause: Duration) {
        let until = self.now + pause;
        loop {
            let due = self.due.peek().map(|Reverse((at, _))| *at);
            let tick = self.core.next_deadline();
            match (due, tick) {
                (Some(at), tick) if at <= until && tick.is_none_or(|tick| at <= tick) => self.next_due(),
                (_, Some(tick)) if tick <= until => {
                    assert!(tick >= self.now, "the core asks for a moment that has passed");
                    self.now = tick;
                    self.tell(Event::Tick);
                }
                _ => break,
            }
        }
        self.now = until;
    }

    fn next_due(&mut self) {
        let Some(Reverse((at, sequence))) = self.due.pop() else { return };
        self.now = self.now.max(at);
        match self.payload.remove(&sequence) {
            Some(Due::ToCore(event)) => self.tell(event),
            Some(Due::ToWorker(worker)) => self.works(worker),
            Some(Due::Dies(worker, exit)) => self.dies(worker, exit),
            Some(Due::Look) => self.look(),
            None => {}
        }
    }

    fn tell(&mut self, event: Event) {
        self.checks.before(&event);
        match &event {
            Event::Routes(source, routes) => drop(self.told.insert(*source, Arc::clone(routes))),
            Event::Settings(settings) => self.setup.settings = (**settings).clone(),
            Event::Listen(addresses) => self.setup.addresses.clone_from(addresses),
            _ => {}
        }
        let told = self.trace.then(|| format!("{event:?}"));
        let effects = self.core.handle(self.now, event);
        if let Some(told) = told {
            println!("{:?} {told} -> {effects:?}", self.now - self.begun);
        }
        for effect in effects {
            self.checks.effect(&self.core, &effect);
            self.perform(effect);
        }
        self.checks.after(&self.core, self.now);
    }

    fn perform(&mut self, effect: Effect) {
        let bad = self.luck == Luck::Bad;
        match effect {
            Effect::Open { sockets, .. } => {
                let ids = sockets.iter().map(|info| info.socket).collect();
                let event = if bad && self.random.one_in(10) { Event::OpenFailed(ids, "luck".to_owned()) } else { Event::Opened(ids) };
                self.later(Duration::ZERO, Due::ToCore(event));
            }
            Effect::Spawn(worker, _) if bad && self.random.one_in(20) => {
                self.later(Duration::ZERO, Due::ToCore(Event::Exited(worker, Exit::NotStarted("luck".to_owned()))));
            }
            Effect::Spawn(worker, _) => {
                self.pids += 1;
                self.workers.insert(worker, Pretend::new(self.now));
                self.later(Duration::ZERO, Due::ToCore(Event::Spawned(worker, self.pids)));
                let slow = if bad && self.random.one_in(10) { 60_000 } else { 100 };
                let start = self.random.millis(slow);
                self.later(start, Due::ToWorker(worker));
            }
            Effect::Compose(draft) => {
                let time = self.random.millis(if bad { 500 } else { 50 });
                self.later(time, Due::ToCore(Event::Composed(Box::new(draft.compose()))));
            }
            Effect::Publish(snapshot) => {
                self.published.insert(snapshot.generation, Arc::clone(&snapshot));
                if snapshot.routes.contains(&deadly_route()) {
                    self.deadly.insert(snapshot.generation);
                }
            }
            Effect::Send(worker, message) => {
                if let Some(pretend) = self.workers.get_mut(&worker) {
                    pretend.inbox.push_back(message);
                    let delay = self.random.millis(20);
                    self.later(delay, Due::ToWorker(worker));
                }
            }
            Effect::Pass(worker, serial, parcel) => {
                if bad && self.random.one_in(10) {
                    let life = self.random.millis(40);
                    self.later(life, Due::Dies(worker, Exit::Signal(9)));
                }
                self.perform(Effect::Send(worker, ToWorker::TakeOver { clients: parcel.clients, serial }));
            }
            Effect::Abort(worker) => {
                if !self.random.one_in(3) {
                    self.later(Duration::ZERO, Due::Dies(worker, Exit::Signal(6)));
                }
            }
            Effect::Terminate(worker) => {
                if !(bad && self.random.one_in(3)) {
                    self.later(Duration::ZERO, Due::Dies(worker, Exit::Signal(15)));
                }
            }
            Effect::Kill(worker) => self.later(Duration::ZERO, Due::Dies(worker, Exit::Signal(9))),
            Effect::Steer { .. } | Effect::Close(_) | Effect::Answer(..) | Effect::Remember(_) => {}
        }
    }

    /// A worker reads what waits for it, and answers in order.
    fn works(&mut self, worker: WorkerId) {
        let Some(pretend) = self.workers.get_mut(&worker) else { return };
        if pretend.busy_until > self.now {
            let pause = pretend.busy_until - self.now;
            return self.later(pause, Due::ToWorker(worker));
        }
        let refuses = self.luck == Luck::Bad && self.random.one_in(25);
        let drain_takes = if self.luck == Luck::Bad && self.random.one_in(4) { 10_000 } else { self.random.below(500) };
        let (answers, end) = pretend.work(refuses);
        // One line, one order: nothing overtakes what was said before.
        let said = self.now + self.random.millis(20);
        pretend.line_until = pretend.line_until.max(said);
        let line = pretend.line_until - self.now;
        if pretend.serves.is_some_and(|generation| self.deadly.contains(&generation)) {
            // At once, or with its first requests.
            let life = self.random.millis(1500);
            self.later(life, Due::Dies(worker, Exit::Signal(11)));
        }
        for answer in answers {
            let event = match answer {
                ToMaster::HandOver { clients } => Event::Entrusted(worker, Parcel { clients, connections: Vec::new() }),
                answer => Event::Said(worker, answer),
            };
            self.later(line, Due::ToCore(event));
        }
        // Some requests never end by themselves.
        let never = self.luck == Luck::Bad && self.random.one_in(8);
        if end && !never {
            self.later(line + Duration::from_millis(drain_takes), Due::Dies(worker, Exit::Code(0)));
        }
    }

    fn dies(&mut self, worker: WorkerId, exit: Exit) {
        if let Some(pretend) = self.workers.remove(&worker) {
            // Its last words arrive before the news of its death, or with it.
            let delay = pretend.line_until.saturating_duration_since(self.now) + self.random.millis(5);
            self.later(delay, Due::ToCore(Event::Exited(worker, exit)));
        }
    }

    fn any_worker(&mut self) -> Option<WorkerId> {
        let count = u64::try_from(self.workers.len()).unwrap();
        let place = usize::try_from(self.random.below(count.max(1))).unwrap();
        self.workers.keys().nth(place).copied()
    }

    fn later(&mut self, delay: Duration, due: Due) {
        self.sequence += 1;
        self.due.push(Reverse((self.now + delay, self.sequence)));
        self.payload.insert(self.sequence, due);
    }
}

/// A route that kills whoever serves it.
fn deadly_route() -> Route {
    Route::fixed(666, HostPattern::Any, PathPrefix::root(), Backend::at(([10, 0, 0, 6], 66).into()))
}

/// The one world that somebody wants to see.
fn named_seed() -> Option<u64> {
    std::env::var("DPROXY_SIM_SEED").ok()?.parse().ok()
}

fn size(random: &mut Random) -> WorkerCount {
    WorkerCount::of_cpus(usize::try_from(1 + random.below(6)).unwrap())
}

/// The first seed whose world breaks a promise, and which.
fn first_failure(seeds: impl Iterator<Item = u64>, acts: u32, sabotage: Option<Sabotage>) -> Option<(u64, String)> {
    for seed in seeds {
        let result = catch_unwind(AssertUnwindSafe(|| World::new(seed, sabotage).run(acts)));
        if let Err(panic) = result {
            let text = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            return Some((seed, text.unwrap_or_default()));
        }
    }
    None
}

#[test]
fn thousands_of_seeded_worlds_keep_every_promise() {
    let seeds = match named_seed() {
        Some(seed) => seed..seed + 1,
        None => 0..2000,
    };
    if let Some((seed, text)) = first_failure(seeds, ACTS, None) {
        panic!("world {seed} (DPROXY_SIM_SEED={seed} runs it alone): {text}");
    }
}

#[test]
fn the_simulation_notices_every_sabotage() {
    let unnoticed: Vec<Sabotage> =
        Sabotage::ALL.into_iter().filter(|sabotage| first_failure(0..1000, ACTS, Some(*sabotage)).is_none()).collect();
    assert_eq!(unnoticed, []);
}
