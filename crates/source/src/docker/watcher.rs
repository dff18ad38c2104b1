//! The driver: connects, asks, waits, and hands all news to the [`World`].
//!
//! One task owns the world and never waits for the engine's answers: lists and
//! inspections are tasks of their own, so that a container the engine is busy
//! with holds nobody up.

use std::convert::Infallible;
use std::error::Error;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use dproxy_config::{Docker, DockerEndpoint};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{debug, info, warn};

use super::engine::{Engine, EngineError};
use super::events::{StreamEnd, drain};
use super::facts::Inspected;
use super::sight;
use super::vigil::Vigil;
use super::wire::{Happening, Listing};
use super::world::{Urgency, World};
use crate::Update;

/// Events of one deed come within this time of each other; one list serves them all.
const SETTLE: Duration = Duration::from_millis(20);
/// Nobody waits longer for a list, however much happens.
const MAX_SETTLE: Duration = Duration::from_millis(50);
/// Engines lose events silently; this is how long that can go unseen.
const LIST_EVERY: Duration = Duration::from_secs(10);
/// How long news waits for inspections, which take a millisecond each on an idle engine.
const PATIENCE: Duration = Duration::from_millis(5);
/// The same after a connection was made, when all containers are inspected.
const FIRST_PATIENCE: Duration = Duration::from_millis(100);
/// More inspections at a time would not be faster.
const MAX_INSPECTIONS: usize = 32;

/// See [`super::watch`].
pub(super) async fn watch(settings: Docker, updates: watch::Sender<Update>) {
    let endpoint = settings.endpoint.clone();
    let mut watcher =
        Watcher { endpoint, world: World::new(settings), updates, vigil: Vigil::default(), backoff: Backoff::default(), farewell: None };
    loop {
        let Err(lost) = watcher.follow().await;
        watcher.lost(&lost);
        let pause = watcher.backoff.next();
        watcher.meanwhile(sleep(pause)).await;
    }
}

/// Why an engine cannot be followed any more.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Events(#[from] StreamEnd),
    #[error("a task of ours failed")]
    Task(#[source] tokio::task::JoinError),
}

struct Watcher {
    endpoint: DockerEndpoint,
    world: World,
    updates: watch::Sender<Update>,
    vigil: Vigil,
    backoff: Backoff,
    /// When to publish though nothing happened: what was gone is forgotten.
    farewell: Option<Instant>,
}

impl Watcher {
    /// Follows the engine until it is lost.
    async fn follow(&mut self) -> Result<Infallible, Lost> {
        let endpoint = self.endpoint.clone();
        let engine = self.meanwhile(Engine::connect(&endpoint)).await?;
        // Events first: what happens between the two is in the list or in the events.
        let body = self.meanwhile(engine.events()).await?;
        let (heard, happenings) = unbounded_channel();
        let mut stream = JoinSet::new();
        stream.spawn(drain(body, heard));
        self.world.connected(engine.about().clone(), Instant::now());
        let session = Session {
            engine: Arc::new(engine),
            happenings,
            stream,
            lists: JoinSet::new(),
            inspections: JoinSet::new(),
            plan: Plan::new(Instant::now()),
            patience: FIRST_PATIENCE,
        };
        session.run(self).await
    }

    /// Does `work`, and passes on which processes end meanwhile.
    async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                (id, pid) = self.vigil.ended() => {
                    if self.world.process_ended(&id, pid, Instant::now()) == Urgency::Now {
                        self.publish();
                    }
                }
                () = until(self.farewell) => self.publish(),
            }
        }
    }

    fn lost(&mut self, lost: &Lost) {
        let error = chain(lost);
        if self.world.lost(error.clone()) {
            warn!(endpoint = %self.endpoint, error, "engine lost");
        } else {
            debug!(endpoint = %self.endpoint, error, "engine still lost");
        }
        self.publish();
    }

    fn publish(&mut self) {
        let update = self.world.update(SystemTime::now());
        self.farewell = self.world.farewell().map(|rest| Instant::now() + rest);
        self.updates.send_if_modified(|known| {
            let changed = *known != update;
            if changed {
                debug!(routes = update.routes.len(), containers = update.containers.len(), "containers changed");
                *known = update;
            }
            changed
        });
    }
}

/// One connection to an engine, from the subscription to its end.
struct Session {
    engine: Arc<Engine>,
    happenings: UnboundedReceiver<Happening>,
    stream: JoinSet<StreamEnd>,
    /// At most one.
    lists: JoinSet<(Instant, Result<Listing, EngineError>)>,
    inspections: JoinSet<(String, Result<Option<Inspected>, EngineError>)>,
    plan: Plan,
    patience: Duration,
}

impl Session {
    async fn run(mut self, watcher: &mut Watcher) -> Result<Infallible, Lost> {
        loop {
            self.begin(&mut watcher.world);
            let wake = self.plan.wake(watcher.world.doubt());
            tokio::select! {
                biased;
                happening = self.happenings.recv() => match happening {
                    Some(happening) => self.heard(happening, watcher),
                    None => return Err(self.end().await),
                },
                (id, pid) = watcher.vigil.ended() => {
                    let urgency = watcher.world.process_ended(&id, pid, Instant::now());
                    self.stirred(urgency, watcher);
                }
                Some(done) = self.lists.join_next() => {
                    let (begun, listing) = done.map_err(Lost::Task)?;
                    self.listed(listing?, begun, watcher);
                }
                Some(done) = self.inspections.join_next() => {
                    let (id, answer) = done.map_err(Lost::Task)?;
                    self.inspected(&id, answer, watcher);
                }
                () = sleep_until(wake) => self.woken(watcher),
                () = until(watcher.farewell) => watcher.publish(),
            }
        }
    }

    /// Asks for all that is due and not asked for yet.
    fn begin(&mut self, world: &mut World) {
        let now = Instant::now();
        if self.lists.is_empty() && self.plan.take_list(now, world.doubt()) {
            let engine = self.engine.clone();
            self.lists.spawn(async move { (now, engine.list().await) });
        }
        for id in world.take_inspections(MAX_INSPECTIONS.saturating_sub(self.inspections.len())) {
            let engine = self.engine.clone();
            self.inspections.spawn(async move {
                let answer = engine.inspect(&id).await;
                (id, answer)
            });
        }
        self.plan.listing = !self.lists.is_empty();
    }

    fn heard(&mut self, happening: Happening, watcher: &mut Watcher) {
        debug!(?happening, "event");
        let urgency = watcher.world.heard(happening, Instant::now());
        self.stirred(urgency, watcher);
    }

    fn stirred(&mut self, urgency: Urgency, watcher: &mut Watcher) {
        self.plan.stir(Instant::now());
        if urgency == Urgency::Now {
            self.publish(watcher);
        }
    }

    fn listed(&mut self, mut listing: Listing, begun: Instant, watcher: &mut Watcher) {
        sight::look(&mut listing.containers);
        if watcher.backoff.rest() {
            info!(endpoint = %watcher.endpoint, engine = self.engine.about().version, containers = listing.containers.len(), "engine found");
        }
        watcher.world.listed(listing, begun);
        self.news(watcher);
    }

    fn inspected(&mut self, id: &str, answer: Result<Option<Inspected>, EngineError>, watcher: &mut Watcher) {
        let urgency = watcher.world.inspected(id, answer.map_err(|error| chain(&error)));
        watcher.vigil.keep(watcher.world.processes());
        if urgency == Urgency::Soon && self.plan.is_listing_soon() {
            // Half of the news would show a state that never was: the list is the other half.
            self.plan.publish_by(Instant::now() + MAX_SETTLE);
        } else {
            self.news(watcher);
        }
    }

    /// Publishes once what came in is whole, or has waited long enough to be.
    fn news(&mut self, watcher: &mut Watcher) {
        if watcher.world.is_waiting() {
            self.plan.publish_by(Instant::now() + self.patience);
        } else {
            self.publish(watcher);
        }
    }

    fn woken(&mut self, watcher: &mut Watcher) {
        if self.plan.publish_at.is_some_and(|at| at <= Instant::now()) {
            self.publish(watcher);
        }
    }

    fn publish(&mut self, watcher: &mut Watcher) {
        self.plan.publish_at = None;
        self.patience = PATIENCE;
        watcher.publish();
    }

    async fn end(&mut self) -> Lost {
        match self.stream.join_next().await {
            Some(Ok(end)) => Lost::Events(end),
            Some(Err(error)) => Lost::Task(error),
            None => Lost::Events(StreamEnd::Clean),
        }
    }
}

/// Never comes where there is no such moment.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// When what is due.
struct Plan {
    /// The next list if nothing happens.
    regular: Instant,
    stirred: Option<Stirred>,
    listing: bool,
    publish_at: Option<Instant>,
}

/// Events that no list has answered yet.
struct Stirred {
    first: Instant,
    /// When they will have settled.
    due: Instant,
}

impl Plan {
    fn new(now: Instant) -> Plan {
        Plan { regular: now, stirred: None, listing: false, publish_at: None }
    }

    /// Something happened: list once it has settled.
    fn stir(&mut self, now: Instant) {
        let first = self.stirred.as_ref().map_or(now, |stirred| stirred.first);
        self.stirred = Some(Stirred { first, due: (now + SETTLE).min(first + MAX_SETTLE) });
    }

    /// Whether a list is due; if so the next is planned.
    fn take_list(&mut self, now: Instant, doubt: Option<Instant>) -> bool {
        let due = self.due(doubt) <= now;
        if due {
            self.stirred = None;
            self.regular = now + LIST_EVERY;
        }
        due
    }

    fn publish_by(&mut self, at: Instant) {
        self.publish_at = Some(self.publish_at.map_or(at, |earlier| earlier.min(at)));
    }

    fn is_listing_soon(&self) -> bool {
        self.listing || self.stirred.is_some()
    }

    fn due(&self, doubt: Option<Instant>) -> Instant {
        let stirred = self.stirred.as_ref().map(|stirred| stirred.due);
        doubt.into_iter().chain(stirred).fold(self.regular, Instant::min)
    }

    /// When to look again if nothing comes in.
    fn wake(&self, doubt: Option<Instant>) -> Instant {
        // The end of a list that is under way wakes us by itself.
        let list = if self.listing { Instant::now() + LIST_EVERY } else { self.due(doubt) };
        self.publish_at.map_or(list, |at| at.min(list))
    }
}

/// How long to wait before the next try: 100 ms, then half as long again each time, at most 5 s.
struct Backoff(Duration);

impl Backoff {
    const FIRST: Duration = Duration::from_millis(100);
    const MOST: Duration = Duration::from_secs(5);

    fn next(&mut self) -> Duration {
        let pause = self.0.max(Backoff::FIRST);
        self.0 = (pause * 3 / 2).min(Backoff::MOST);
        pause
    }

    /// The engine answers; tells whether that is news.
    fn rest(&mut self) -> bool {
        !std::mem::replace(&mut self.0, Duration::ZERO).is_zero()
    }
}

impl Default for Backoff {
    /// A first success is news, too.
    fn default() -> Backoff {
        Backoff(Backoff::FIRST)
    }
}

/// An error and its causes in one line.
fn chain(error: &dyn Error) -> String {
    let mut line = one_line(error);
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = one_line(error);
        // Libraries often repeat their cause in their own text.
        if !line.ends_with(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = error.source();
    }
    line
}

fn one_line(error: &dyn Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
