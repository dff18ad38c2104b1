//! What the driver answers to operators.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::{Instant, SystemTime};

use dproxy_control::{
    Asked, Command, ContainerRow, EngineRow, Explanation, ProblemRow, Question, Refusal, Reply, Status, Wait, Why, WorkerRow,
};
use dproxy_route::{Owner, Route};
use dproxy_stats::{Counter, Counters};

use tokio::sync::oneshot;

use super::Driver;
use super::engines::Engine;
use super::pictures::load;
use crate::core::{Change, Event, RequestId, WorkerView};
use crate::figures::Usage;
use crate::log::tail;
use crate::{explain, views, why};

impl Driver {
    /// Reads are answered from what is here; changes go to the core, which answers in its own time.
    pub(super) fn asked(&mut self, asked: Asked) {
        let Asked { command, reply } = asked;
        let answer = match command {
            Command::Start(wait) => return self.change(Change::Start, wait, reply),
            Command::Stop(wait) => return self.change(Change::Stop, wait, reply),
            Command::Resize(size, wait) => return self.change(Change::Resize(size), wait, reply),
            Command::Restart(wait) => return self.change(Change::Restart, wait, reply),
            Command::Upgrade(_) => return self.upgrade_asked(reply),
            Command::Reload => {
                self.reloads.push(reply);
                return self.wish_to_reload();
            }
            Command::Reset => {
                self.happened.push_back(Event::Reset);
                Ok(Reply::Done { message: "restarts are counted from zero".to_owned(), status: Box::new(self.status()) })
            }
            Command::Worker(slot) => self.worker(slot),
            Command::Logs => Ok(Reply::Logs(tail::lines_after(0))),
            Command::Status => {
                // Whoever begins to listen asks for this first, and what comes after it is news.
                self.tell_news();
                Ok(Reply::Status(Box::new(self.status())))
            }
            Command::Workers => Ok(Reply::Workers(self.all_worker_records())),
            Command::Routes => {
                let answer = |rows| answer(reply, Reply::Routes(rows));
                return self.route_records(answer);
            }
            Command::Containers => Ok(Reply::Containers(self.container_records())),
            Command::Images => Ok(Reply::Images(self.image_records())),
            Command::Backends => {
                let answer = |rows| answer(reply, Reply::Backends(rows));
                return self.backend_records(answer);
            }
            Command::Certificates => Ok(Reply::Certificates(self.vault.rows(SystemTime::now()))),
            Command::Problems => Ok(Reply::Problems(self.problems())),
            Command::Metrics => return self.metrics(|text| answer(reply, Reply::Metrics(text))),
            Command::Explain(question) => Ok(Reply::Explain(Box::new(self.explanation(&question)))),
            Command::Why(word) => self.why(&word).map(|why| Reply::Why(Box::new(why))),
            Command::AddRoute(route) => {
                let answer = self.add_route(*route);
                return self.answer_when_kept(reply, answer);
            }
            Command::RemoveRoute(selection) => {
                let answer = self.remove_route(&selection);
                return self.answer_when_kept(reply, answer);
            }
        };
        // Whoever asked may have gone.
        let _ = reply.send(answer);
    }

    pub(super) fn answer(&mut self, request: RequestId, answer: Result<String, Refusal>) {
        if self.upgrade.awaits(request) {
            return self.replaced(answer);
        }
        let Some(reply) = self.replies.remove(&request) else { return };
        let answer = answer.map(|message| Reply::Done { message, status: Box::new(self.status()) });
        self.answer_when_kept(reply, answer);
    }

    pub(super) fn status(&self) -> Status {
        let facts = &self.facts;
        let row = |engine: &Engine| views::engine_row(engine.name(), engine.endpoint(), &engine.update());
        let engines: Vec<EngineRow> = self.engines.iter().map(row).collect();
        let sum = self.sum();
        let errors = sum.get(Counter::Status5xx);
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            uptime_seconds: facts.started.elapsed().as_secs(),
            pool: self.core.pool_state(),
            workers_wanted: self.core.wanted().get(),
            workers_online: self.core.online(),
            generation: self.core.generation().0,
            workers_at_generation: self.core.at_newest_generation(),
            listeners: self.core.addresses().iter().map(ToString::to_string).collect(),
            http3: self.quay.addresses().map(|address| address.to_string()).collect(),
            api: facts.api.clone(),
            engine: engines.first().cloned().unwrap_or_default(),
            config: facts.config.path.as_ref().map(|path| path.display().to_string()),
            routes: self.routes().len(),
            backends: self.survey.backends,
            containers: engines.iter().map(|engine| engine.containers).sum(),
            engines,
            certificates: self.vault.summary(SystemTime::now()),
            warnings: self.warnings(),
            problems: self.problems().len(),
            connections_total: sum.get(Counter::Accepted),
            connections_open: sum.get(Counter::Open),
            requests_total: sum.get(Counter::Requests),
            requests_in_flight: sum.get(Counter::InFlight),
            requests_held_total: sum.get(Counter::Held),
            requests_held: sum.get(Counter::Holding),
            errors_5xx_total: errors,
            sandbox: facts.fences.row(),
            upgrade: self.upgrade.row(),
            store: self.records.row(),
        }
    }

    fn change(&mut self, change: Change, wait: Wait, reply: oneshot::Sender<Result<Reply, Refusal>>) {
        if self.upgrade.is_under_way() {
            // Whoever asked may have gone.
            let _ = reply.send(Err(Refusal::Busy("an upgrade is under way; ask again when it is done".to_owned())));
            return;
        }
        if let Some(refusal) = self.core.refusal(change) {
            // Whoever asked may have gone.
            let _ = reply.send(Err(refusal));
            return;
        }
        let request = self.new_request();
        self.replies.insert(request, reply);
        self.happened.push_back(Event::Asked(request, change, wait));
    }

    pub(super) fn routes(&self) -> &[Route] {
        self.core.snapshot().map_or(&[], |snapshot| &snapshot.routes)
    }

    pub(super) fn workers(&mut self) -> Vec<WorkerRow> {
        let views = self.core.workers();
        let usage = self.facts.figures.look(&pids_of(&views));
        self.worker_rows(&views, &usage).map(|(row, _)| row).collect()
    }

    /// The row of each worker, and what it counts.
    pub(super) fn worker_rows<'w>(
        &'w self,
        views: &'w [WorkerView],
        usage: &'w BTreeMap<u32, Usage>,
    ) -> impl Iterator<Item = (WorkerRow, Counters)> + 'w {
        let now = Instant::now();
        views.iter().map(move |view| {
            let counters = view.worker.and_then(|worker| self.workers.get(&worker)).map(|worker| worker.counters()).unwrap_or_default();
            let usage = view.pid.and_then(|pid| usage.get(&pid)).copied().unwrap_or_default();
            (views::worker_row(now, view, &counters, usage), counters)
        })
    }

    fn worker(&mut self, slot: u16) -> Result<Reply, Refusal> {
        let row = self.all_worker_records().into_iter().find(|row| row.slot == slot);
        let missing = || Refusal::NotFound(format!("there is no slot {slot}; `list` shows those that there are"));
        Ok(Reply::Worker(Box::new(row.ok_or_else(missing)?)))
    }

    /// What the engine of each container is called, by the container's id; nothing where there is one engine.
    pub(super) fn engines_of_containers(&self) -> HashMap<String, &str> {
        let mut engines: HashMap<String, &str> = HashMap::new();
        for (engine, name) in self.engines.iter().filter_map(|engine| Some((engine, engine.name()?))) {
            engines.extend(engine.update().containers.iter().map(|container| (container.id.clone(), name)));
        }
        engines
    }

    pub(super) fn containers(&self) -> Vec<ContainerRow> {
        let mut rows = Vec::new();
        for engine in self.engines.iter() {
            rows.extend(engine.update().containers.iter().map(|container| views::container_row(container, engine.name())));
        }
        rows
    }

    fn problems(&self) -> Vec<ProblemRow> {
        let mut rows: Vec<ProblemRow> = self.vault.problems().map(|problem| views::problem_row(problem, None)).collect();
        for engine in self.engines.iter() {
            rows.extend(engine.update().problems.iter().map(|problem| views::problem_row(problem, engine.name())));
        }
        rows.extend(self.survey.missing_files.iter().map(|problem| views::problem_row(problem, None)));
        rows.extend(self.disputes.iter().map(|problem| views::problem_row(problem, None)));
        rows.extend(self.survey.contradictions.iter().map(|problem| views::problem_row(problem, None)));
        let counted = self.core.snapshot().map_or(0, |snapshot| snapshot.columns.len());
        rows.extend(views::uncounted(self.survey.backends, counted));
        rows.extend(self.health.problems().map(|problem| views::problem_row(&problem, None)));
        rows
    }

    fn warnings(&self) -> Vec<String> {
        let facts = &self.facts;
        let own = facts.warnings.iter().chain(&facts.port).chain(self.vault.warning()).chain(&facts.refused).chain(&facts.postponed);
        let own = own.cloned().chain(self.records.warning()).chain(self.quay.failure());
        own.chain(self.vault.reminders(SystemTime::now())).chain(facts.fences.warnings()).chain(self.core.warnings()).collect()
    }

    fn explanation(&self, question: &Question) -> Explanation {
        let Some(snapshot) = self.core.snapshot() else { return Explanation::default() };
        let engines = self.engines_of_containers();
        let listens: Vec<u16> = self.core.addresses().iter().map(SocketAddr::port).collect();
        let known = explain::Known {
            routes: &snapshot.routes,
            settings: &snapshot.settings,
            listens: &listens,
            load: &|backend| load(self.books.board(), snapshot, backend),
            engine: &|route| engine_of(route, |id| engines.get(id).copied()),
            now: SystemTime::now(),
        };
        let mut explanation = explain::explanation(question, &known);
        self.tell_health(&mut explanation.backends);
        explanation
    }

    fn why(&self, word: &str) -> Result<Why, Refusal> {
        let mut known = Vec::new();
        for engine in self.engines.iter() {
            known.extend(engine.update().containers.iter().map(|container| (container.clone(), engine.name())));
        }
        let (container, engine) = why::find(word, &known)?;
        let mut why = why::judgement(container, *engine, self.routes(), &|backend| self.health.failure(backend));
        why.reasons.extend(self.vault.hindrances(&container.hosts));
        Ok(why)
    }

    /// All workers that are, and the totals of those that were.
    pub(super) fn sum(&self) -> Counters {
        let mut sum = self.books.dead();
        self.workers.values().for_each(|worker| sum.add(&worker.counters()));
        sum
    }
}

/// The processes of these workers.
pub(super) fn pids_of(views: &[WorkerView]) -> Vec<u32> {
    views.iter().filter_map(|view| view.pid).collect()
}

/// What the engine of a route's container is called by `engines`.
pub(super) fn engine_of<'e>(route: &Route, engines: impl Fn(&str) -> Option<&'e str>) -> Option<&'e str> {
    match &route.owner {
        Owner::Container { id, .. } => engines(id),
        Owner::File { .. } | Owner::Hand { .. } => None,
    }
}

fn answer(reply: oneshot::Sender<Result<Reply, Refusal>>, answer: Reply) {
    // Whoever asked may have gone.
    let _ = reply.send(Ok(answer));
}
