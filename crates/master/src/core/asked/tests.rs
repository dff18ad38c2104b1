use std::net::SocketAddr;
use std::sync::Arc;

use dproxy_config::ProxySettings;
use dproxy_ipc::{PROTOCOL, ToMaster, ToWorker};

use super::super::{Event, Setup, SourceId, WorkerId};
use super::*;

/// A core whose workers do everything at once.
struct Pool {
    core: Core,
    now: Instant,
    requests: u64,
    answers: Vec<(RequestId, Result<String, Refusal>)>,
    remembered: Vec<WorkerCount>,
}

impl Pool {
    fn of(workers: usize) -> Pool {
        let now = Instant::now();
        let addresses: Vec<SocketAddr> = vec![([127, 0, 0, 1], 80).into()];
        let setup = Setup { workers: count(workers), cpus: 1, addresses, settings: ProxySettings::default(), awaited: Vec::new() };
        let mut pool = Pool { core: Core::new(now, setup), now, requests: 0, answers: Vec::new(), remembered: Vec::new() };
        pool.tell(Event::Routes(SourceId::File, Arc::default()));
        pool
    }

    /// Tells the core, and answers for the driver and the workers until there is nothing left to do.
    fn tell(&mut self, event: Event) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            for effect in self.core.handle(self.now, event) {
                events.extend(self.answers_to(effect));
            }
        }
    }

    fn answers_to(&mut self, effect: Effect) -> Vec<Event> {
        let said = |worker, message| vec![Event::Said(worker, message)];
        match effect {
            Effect::Open { sockets, .. } => vec![Event::Opened(sockets.iter().map(|info| info.socket).collect())],
            Effect::Spawn(worker, _) => said(worker, ToMaster::Hello { protocol: PROTOCOL }),
            Effect::Send(worker, ToWorker::Snapshot { generation }) => said(worker, ToMaster::Applied { generation }),
            Effect::Send(worker, ToWorker::Sockets { serial, .. }) => said(worker, ToMaster::Listening { serial }),
            Effect::Send(worker, ToWorker::Drain { .. }) => vec![Event::Exited(worker, super::super::Exit::Code(0))],
            Effect::Answer(request, answer) => {
                self.answers.push((request, answer));
                Vec::new()
            }
            Effect::Remember(size) => {
                self.remembered.push(size);
                Vec::new()
            }
            Effect::Send(
                _,
                ToWorker::Setup { .. }
                | ToWorker::Log
                | ToWorker::Refused { .. }
                | ToWorker::Door { .. }
                | ToWorker::Tell
                | ToWorker::Quic { .. }
                | ToWorker::TakeOver { .. }
                | ToWorker::HandedOver,
            ) => Vec::new(),
            Effect::Compose(draft) => vec![Event::Composed(Box::new(draft.compose()))],
            Effect::Pass(..) | Effect::Steer { .. } | Effect::Close(_) | Effect::Publish(_) => Vec::new(),
            Effect::Abort(_) | Effect::Terminate(_) | Effect::Kill(_) => Vec::new(),
        }
    }

    fn ask(&mut self, change: Change) -> RequestId {
        self.requests += 1;
        self.tell(Event::Asked(RequestId(self.requests), change, Wait::Done));
        RequestId(self.requests)
    }

    /// What `change` was answered with at once.
    fn answer(&mut self, change: Change) -> String {
        let request = self.ask(change);
        self.answer_to(request)
    }

    fn answer_to(&self, request: RequestId) -> String {
        match self.answers.iter().find(|(answered, _)| *answered == request) {
            Some((_, Ok(message))) => message.clone(),
            Some((_, Err(refusal))) => format!("{refusal:?}"),
            None => "waits".to_owned(),
        }
    }

    /// From now on no worker comes up.
    fn break_workers(&mut self) {
        let workers: Vec<WorkerId> = self.core.workers().iter().filter_map(|view| view.worker).collect();
        for worker in workers {
            self.core.handle(self.now, Event::Exited(worker, super::super::Exit::Code(super::super::slot::BAD_CONFIGURATION)));
        }
    }
}

fn count(workers: usize) -> WorkerCount {
    WorkerCount::of_cpus(workers)
}

#[test]
fn each_change_is_answered_with_the_words_people_know() {
    let mut pool = Pool::of(2);
    let mut check = |change, answer: &str, online| {
        assert_eq!((pool.answer(change).as_str(), pool.core.online()), (answer, online), "{change:?}");
    };
    check(Change::Start, "already running with 2 workers", 2);
    check(Change::Resize(count(5)), "resizing...", 5);
    check(Change::Resize(count(5)), "already 5 workers", 5);
    check(Change::Resize(count(1)), "resizing...", 1);
    check(Change::Restart, "restarting...", 1);
    check(Change::Stop, "stopping...", 0);
    check(Change::Stop, "already stopped", 0);
    check(Change::Resize(count(3)), "stopped; `start` will bring up 3 workers", 0);
    check(Change::Start, "spawned", 3);
    check(Change::Stop, "stopping...", 0);
    check(Change::Restart, "spawned", 3);
}

#[test]
fn a_size_is_remembered_when_it_changes() {
    let mut pool = Pool::of(2);
    for size in [2, 5, 5, 2] {
        pool.answer(Change::Resize(count(size)));
    }
    assert_eq!(pool.remembered, [count(5), count(2)]);
}

#[test]
fn who_waits_for_what_cannot_come_any_more_is_told_what_took_over() {
    let mut pool = Pool::of(2);
    pool.break_workers();
    let first = pool.ask(Change::Start);
    assert_eq!(pool.answer_to(first), "already running with 2 workers", "an operator's word revives halted slots");
    pool.break_workers();
    let early = pool.ask(Change::Resize(count(3)));
    let same = pool.ask(Change::Resize(count(3)));
    assert_eq!((pool.answer_to(early).as_str(), pool.answer_to(same).as_str()), ("waits", "waits"));
    let late = pool.ask(Change::Resize(count(4)));
    assert_eq!(pool.answer_to(early), "Busy(\"`resize 4` came later and took over\")");
    assert_eq!(pool.answer_to(same), pool.answer_to(early));
    pool.answer(Change::Stop);
    assert_eq!(pool.answer_to(late), "Busy(\"`stop` came later and took over\")");
}

#[test]
fn who_waits_too_long_is_told_how_far_it_came() {
    let mut pool = Pool::of(2);
    pool.break_workers();
    let request = pool.ask(Change::Resize(count(3)));
    pool.now += Duration::from_secs(600);
    pool.tell(Event::Tick);
    let answer = pool.answer_to(request);
    assert!(answer.starts_with("Failed(\"1 of 3 workers serve; slot 0: exited with code 78; slot 1:"), "{answer}");
}

#[test]
fn a_master_that_leaves_takes_no_orders() {
    let mut pool = Pool::of(2);
    pool.tell(Event::Close);
    assert_eq!(pool.answer(Change::Start), "Busy(\"dproxy is shutting down\")");
    assert_eq!(pool.core.workers(), []);
}
