//! Which backends are well: what they are asked, what is believed of their answers, and what the workers found.
//!
//! Each backend that wants it is asked by a task of its own, one question at a time: whoever is slow to answer is
//! not asked twice at once. What is believed goes to the board, where all workers see it at the next request.

mod changes;
mod chart;
mod probe;
mod record;
mod way;

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use dproxy_config::TlsSettings;
use dproxy_ipc::Snapshot;
use dproxy_route::{Announcement, Backend, BackendId, Check, Condition, Probe, Problem, Scheme, Trust};
use dproxy_stats::{Board, Column, Standing};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use tracing::{info, warn};

pub(crate) use self::changes::Changes;
use self::changes::Different;
pub(crate) use self::chart::Chart;
use self::chart::Entry;
use self::probe::ProbeError;
use self::record::{Record, Turn};
use self::way::Way;

/// Those backends of the newest snapshot that need anything.
#[derive(Debug)]
pub(crate) struct Health {
    followed: Option<Arc<Snapshot>>,
    patients: BTreeMap<BackendId, Patient>,
    findings: mpsc::Receiver<Finding>,
    finder: mpsc::Sender<Finding>,
    /// With what TLS is spoken there.
    tls: watch::Sender<TlsSettings>,
    /// How many questions may be under way at once.
    turns: Arc<Semaphore>,
    round: u64,
    /// When the first snapshot came.
    begun: Option<u64>,
}

/// The end of one check.
#[derive(Debug)]
pub(crate) struct Finding {
    backend: BackendId,
    /// Of the task that asked; another one may have taken its place.
    round: u64,
    result: Result<(), ProbeError>,
}

/// A backend, as far as its health goes.
#[derive(Debug)]
struct Patient {
    column: Column,
    condition: Condition,
    /// None where nobody checks.
    checked: Option<Checked>,
}

#[derive(Debug)]
struct Checked {
    target: Target,
    record: Record,
    round: u64,
    task: JoinHandle<()>,
}

/// What is asked, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    name: String,
    address: SocketAddr,
    announced: Option<Announcement>,
    /// How far it is trusted, where TLS is spoken.
    trust: Option<Trust>,
    check: Check,
}

/// Questions under way at once. Those to hosts that do not answer at all take long; they must not hold up the others.
const AT_ONCE: usize = 256;
/// Findings that wait to be taken in.
const FINDINGS: usize = 1024;
/// How soon a backend is asked again that has not answered well yet, where its own interval is longer.
const IMPATIENCE: Duration = Duration::from_secs(1);

impl Health {
    pub(crate) fn new() -> Health {
        let (finder, findings) = mpsc::channel(FINDINGS);
        let (tls, turns) = (watch::Sender::default(), Arc::new(Semaphore::new(AT_ONCE)));
        Health { followed: None, patients: BTreeMap::new(), findings, finder, tls, turns, round: 0, begun: None }
    }

    /// The snapshot whose backends are looked after.
    pub(crate) fn followed(&self) -> Option<Arc<Snapshot>> {
        self.followed.clone()
    }

    /// Looks after the backends of `snapshot` from now on, which are different by these changes. Workers must not have seen it
    /// yet. Must be called inside a tokio runtime.
    pub(crate) fn follow(&mut self, snapshot: Arc<Snapshot>, changes: Changes, board: &Board, now: u64) {
        self.tls.send_if_modified(|tls| {
            let news = snapshot.settings.tls != *tls;
            if news {
                tls.clone_from(&snapshot.settings.tls);
            }
            news
        });
        self.begun.get_or_insert(now);
        self.followed = Some(snapshot);
        for id in changes.gone {
            self.patients.remove(&id);
        }
        for different in changes.different {
            self.admit(different, board, now);
        }
    }

    /// The end of the next check.
    pub(crate) async fn found(&mut self) -> Finding {
        match self.findings.recv().await {
            Some(finding) => finding,
            None => unreachable!("we hold a sender ourselves"),
        }
    }

    /// Believes it, or waits for more.
    pub(crate) fn take_in(&mut self, finding: Finding, board: &Board, now: u64) {
        let Some(patient) = self.patients.get_mut(&finding.backend) else { return };
        let Some(checked) = patient.checked.as_mut().filter(|checked| checked.round == finding.round) else { return };
        let backend = &checked.target.name;
        match checked.record.hear(finding.result.map_err(|error| error.to_string()), &checked.target.check) {
            Some(Turn::Well) => {
                info!(backend, "backend passes its check");
                board.vitals(patient.column).stand(Standing::Up, now);
            }
            Some(Turn::Ill) => {
                let error = checked.record.last_error().unwrap_or_default();
                warn!(backend, error, "backend fails its check");
                board.vitals(patient.column).stand(Standing::Down, now);
            }
            None => {}
        }
    }

    /// What is known of all of them now.
    pub(crate) fn chart(&self) -> Chart {
        let entry = |(id, patient): (&BackendId, &Patient)| (id.clone(), Entry::of(patient));
        Chart { followed: self.followed.clone(), begun: self.begun.unwrap_or(0), entries: self.patients.iter().map(entry).collect() }
    }

    /// What is wrong with those who fail their checks.
    pub(crate) fn problems(&self) -> impl Iterator<Item = Problem> {
        let checked = self.patients.values().filter_map(|patient| patient.checked.as_ref());
        checked.filter_map(|checked| Some(Problem::new(format!("backend {}", checked.target.name), checked.failure()?)))
    }

    /// What is wrong with this one, if it fails its check.
    pub(crate) fn failure(&self, backend: &BackendId) -> Option<String> {
        self.patients.get(backend)?.checked.as_ref()?.failure()
    }

    fn admit(&mut self, different: Different, board: &Board, now: u64) {
        let Different { id, column, was, is } = different;
        let known = self.patients.remove(&id);
        let vitals = board.vitals(column);
        let same = was.as_ref().is_some_and(|was| was.target == is.target);
        if !same && was.is_some() {
            vitals.stand(is.standing(), now);
        }
        // What has just become ready starts slowly.
        if was.is_some_and(|was| was.condition != is.condition) {
            vitals.stand(vitals.standing(), now);
        }
        if is.is_something() {
            let checked = known.and_then(|patient| patient.checked).filter(|_| same);
            let checked = checked.or_else(|| is.target.map(|target| self.begin(id.clone(), target)));
            self.patients.insert(id, Patient { column, condition: is.condition, checked });
        }
    }

    fn begin(&mut self, backend: BackendId, target: Target) -> Checked {
        self.round += 1;
        let round = self.round;
        let way = Way::to(&target, self.tls.subscribe());
        let asking = ask_again_and_again(backend, target.clone(), way, round, self.finder.clone(), Arc::clone(&self.turns));
        Checked { target, record: Record::default(), round, task: tokio::spawn(asking) }
    }
}

impl Checked {
    fn failure(&self) -> Option<String> {
        let error = self.record.last_error().filter(|_| !self.record.is_well())?;
        Some(format!("its check fails ({}): {error}", self.target.check.probe))
    }
}

impl Drop for Checked {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What is asked of a backend: of one that speaks HTTP/2 in the clear, whether it takes connections.
fn target_of(backend: &Backend) -> Option<Target> {
    let mut check = (**backend.check.as_ref()?).clone();
    let trust = match backend.scheme {
        Scheme::Http => None,
        Scheme::Https => Some(backend.trust.clone()),
        Scheme::H2c => {
            check.probe = Probe::Tcp;
            None
        }
    };
    let name = format!("{}:{}", backend.name, backend.port);
    Some(Target { name, address: backend.address, announced: backend.announced, trust, check })
}

/// Asks one backend for ever.
async fn ask_again_and_again(
    backend: BackendId,
    target: Target,
    mut way: Way,
    round: u64,
    finder: mpsc::Sender<Finding>,
    turns: Arc<Semaphore>,
) {
    let check = &target.check;
    let mut due = Instant::now();
    let mut proven = false;
    for number in 0_u64.. {
        sleep_until(due).await;
        let Ok(turn) = turns.acquire().await else { return };
        let asked = Instant::now();
        let result = probe::ask(&target, &mut way).await;
        drop(turn);
        proven |= result.is_ok();
        let finding = Finding { backend: backend.clone(), round, result };
        if finder.send(finding).await.is_err() {
            return;
        }
        let interval = if proven { check.interval } else { check.interval.min(IMPATIENCE) };
        due = asked + jittered(interval, RandomState::new().hash_one(number));
    }
}

/// Up to an eighth shorter or longer, so that checks that began together do not stay together.
fn jittered(interval: Duration, chance: u64) -> Duration {
    let eighth = interval / 8;
    let part = u32::try_from(chance % 1000).unwrap_or(0);
    interval - eighth + eighth * 2 * part / 1000
}

#[cfg(test)]
mod tests;
