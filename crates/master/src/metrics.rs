//! Every figure that we have, as a monitoring system wants to see it.
//!
//! Labels are what an operator named (routes, backends, engines, certificates) and numbers of slots, never what a client
//! sent. What is gone is told no more, and of backends no more than [`MOST`] are told one by one.

mod exposition;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dproxy_control::{BackendRow, EngineRow, Status, StoreState, WorkerRow};
use dproxy_route::RouteName;
use dproxy_stats::{Counter, Counters, Sums};

use self::exposition::{Exposition, Labels};

/// So many backends are told of one by one; what there is in all is told besides.
const MOST: usize = 10_000;
/// How often the timer of a worker comes round. One that hangs is so much late, and all the time since.
const BEAT: Duration = Duration::from_millis(100);

/// All that is told.
pub(crate) struct Figures<'f> {
    /// The whole at a glance.
    pub(crate) status: &'f Status,
    /// Over all workers that ever were.
    pub(crate) counters: &'f Counters,
    /// Those of one slot stand beside each other.
    pub(crate) workers: &'f [WorkerFigures],
    /// Each once.
    pub(crate) backends: &'f [BackendRow],
    /// Each that had a request.
    pub(crate) routes: &'f [RouteFigures<'f>],
    /// The file of each certificate, and until when it is valid.
    pub(crate) certificates: Vec<(&'f str, SystemTime)>,
    /// Of the newest snapshot.
    pub(crate) snapshot_age: Duration,
    /// Whether the newest configuration counts.
    pub(crate) configured: bool,
    /// Resident memory of the master.
    pub(crate) memory_bytes: u64,
    /// Now.
    pub(crate) now: SystemTime,
}

/// A worker process, or a slot that has none.
pub(crate) struct WorkerFigures {
    /// As operators see it.
    pub(crate) row: WorkerRow,
    /// What it counts.
    pub(crate) counters: Counters,
    /// How long ago its timer came round last; none before the first time.
    pub(crate) silence: Option<Duration>,
}

/// A route, and what its requests came to.
pub(crate) struct RouteFigures<'f> {
    /// What it is known by.
    pub(crate) name: &'f RouteName,
    /// Over all workers that ever were.
    pub(crate) sums: Sums,
}

/// The workers of one slot, put together: while one takes the place of another there are two.
#[derive(Default)]
struct SlotFigures {
    online: bool,
    restarts: u64,
    generation: u64,
    connections: u64,
    in_flight: u64,
    requests: u64,
    memory_bytes: u64,
    lag: Duration,
}

/// The text of all figures.
pub(crate) fn render(figures: &Figures<'_>) -> String {
    let mut exposition = Exposition::default();
    tell_process(&mut exposition, figures);
    tell_requests(&mut exposition, figures.counters);
    tell_routes(&mut exposition, figures.routes);
    tell_workers(&mut exposition, figures.workers);
    tell_backends(&mut exposition, figures.backends);
    tell_sources(&mut exposition, figures);
    exposition.into_text()
}

fn tell_process(out: &mut Exposition, figures: &Figures<'_>) {
    let Figures { status, now, .. } = figures;
    out.gauge("dproxy_build_info", "Always 1; the labels say which program this is.").of(&[("version", &status.version)], 1);
    let started = since_epoch(*now) - Duration::from_secs(status.uptime_seconds).as_secs_f64();
    out.gauge("process_start_time_seconds", "When the master started, in seconds since 1970.").only(started);
    out.gauge("process_resident_memory_bytes", "Resident memory of the master.").only(figures.memory_bytes);
    out.gauge("dproxy_workers_wanted", "How many workers there should be.").only(status.workers_wanted);
    out.gauge("dproxy_workers_online", "How many workers serve.").only(status.workers_online);
    out.gauge("dproxy_workers_current", "How many of these serve the newest snapshot.").only(status.workers_at_generation);
    out.gauge("dproxy_pool_state", "1 for what the pool of workers is doing.").of(&[("state", &status.pool.to_string())], 1);
    out.gauge("dproxy_snapshot_generation", "The number of the newest snapshot of routes and settings.").only(status.generation);
    out.gauge("dproxy_snapshot_age_seconds", "How long ago the newest snapshot was made.").only(figures.snapshot_age.as_secs_f64());
    let configured = u8::from(figures.configured);
    out.gauge("dproxy_config_last_reload_successful", "1 when the newest configuration counts, 0 when it was refused.").only(configured);
    let stored = u8::from(status.store.state == StoreState::Good);
    out.gauge("dproxy_store_up", "1 when the store has what must survive a restart, 0 while it is away.").only(stored);
    out.gauge("dproxy_routes", "How many routes there are.").only(status.routes);
    out.gauge("dproxy_containers", "How many containers there are.").only(status.containers);
    out.gauge("dproxy_problems", "How many problems an operator should mend.").only(status.problems);
    out.gauge("dproxy_warnings", "How many warnings the status has.").only(status.warnings.len());
}

fn tell_requests(out: &mut Exposition, sum: &Counters) {
    let of = |counter| sum.get(counter);
    out.counter("dproxy_connections_total", "Connections accepted from clients.").only(of(Counter::Accepted));
    out.gauge("dproxy_connections_open", "Connections of clients that are open.").only(of(Counter::Open));
    out.counter("dproxy_requests_total", "Requests whose head was read.").only(of(Counter::Requests));
    out.gauge("dproxy_requests_in_flight", "Requests that are being answered.").only(of(Counter::InFlight));
    let mut responses = out.counter("dproxy_responses_total", "Answers, by the class of their status.");
    for (class, counter) in CLASSES {
        responses.of(&[("code", class)], of(counter));
    }
    out.counter("dproxy_request_body_bytes_total", "Bytes of bodies from clients.").only(of(Counter::BytesIn));
    out.counter("dproxy_response_body_bytes_total", "Bytes of bodies to clients.").only(of(Counter::BytesOut));
    out.counter("dproxy_retries_total", "Requests sent again after a failure.").only(of(Counter::Retries));
    out.counter("dproxy_requests_held_total", "Requests that waited for their site to come back.").only(of(Counter::Held));
    out.gauge("dproxy_requests_held", "Requests that wait for their site to come back.").only(of(Counter::Holding));
    out.counter("dproxy_backend_connections_opened_total", "Connections opened to backends.").only(of(Counter::Connects));
    out.counter("dproxy_backend_connections_reused_total", "Requests that went over a connection that was kept.").only(of(Counter::Reuses));
    out.counter("dproxy_backend_connections_failed_total", "Connections to backends that could not be opened.")
        .only(of(Counter::ConnectFailures));
    out.gauge("dproxy_backend_connections_idle", "Connections to backends that are kept for the next request.").only(of(Counter::Kept));
}

fn tell_routes(out: &mut Exposition, routes: &[RouteFigures<'_>]) {
    let labels = |route: &RouteFigures<'_>| {
        let RouteName { host, path, entrance } = route.name;
        let (host, path, entrance) = (host.to_string(), path.to_string(), entrance.to_string());
        Labels::of(&[("host", &host), ("path", &path), ("listen", &entrance)])
    };
    let routes: Vec<(Labels, &Sums)> = routes.iter().map(|route| (labels(route), &route.sums)).collect();
    let help = "Requests of the route, by the class of the answer's status; none where the client left before there was one.";
    let mut requests = out.counter("dproxy_route_requests_total", help);
    for (labels, sums) in &routes {
        for (class, count) in sums.by_class().filter(|(_, count)| *count > 0) {
            requests.at(&labels.and("code", class), count);
        }
    }
    let mut received = out.counter("dproxy_route_request_body_bytes_total", "Bytes of bodies from clients of the route.");
    routes.iter().for_each(|(labels, sums)| received.at(labels, sums.received()));
    let mut sent = out.counter("dproxy_route_response_body_bytes_total", "Bytes of bodies to clients of the route.");
    routes.iter().for_each(|(labels, sums)| sent.at(labels, sums.sent()));
    let help = "From the head of a request of the route to the end of the answer; tunnels (101) are left out.";
    let mut times = out.histogram("dproxy_route_request_duration_seconds", help);
    for (labels, sums) in &routes {
        let (bounds, count) = sums.times();
        times.distribution(labels, &bounds, sums.time(), count);
    }
}

fn tell_workers(out: &mut Exposition, workers: &[WorkerFigures]) {
    let mut slots: BTreeMap<u16, SlotFigures> = BTreeMap::new();
    workers.iter().for_each(|worker| slots.entry(worker.row.slot).or_default().add(worker));
    let slots: Vec<(String, SlotFigures)> = slots.into_iter().map(|(slot, figures)| (slot.to_string(), figures)).collect();
    let mut gauge = |name, help, value: fn(&SlotFigures) -> f64| {
        let mut family = out.gauge(name, help);
        slots.iter().for_each(|(slot, figures)| family.of(&[("slot", slot)], value(figures)));
    };
    gauge("dproxy_worker_online", "1 when somebody serves in the slot.", |slot| truth(slot.online));
    gauge("dproxy_worker_loop_lag_seconds", "By how much the worker's timer was late, the most within a second.", |slot| {
        slot.lag.as_secs_f64()
    });
    let mut whole = |name: &'static str, help, value: fn(&SlotFigures) -> u64| {
        let mut family = if name.ends_with("_total") { out.counter(name, help) } else { out.gauge(name, help) };
        slots.iter().for_each(|(slot, figures)| family.of(&[("slot", slot)], value(figures)));
    };
    whole("dproxy_worker_restarts_total", "How often a worker was started again in the slot.", |slot| slot.restarts);
    whole("dproxy_worker_generation", "The number of the snapshot that the worker serves.", |slot| slot.generation);
    whole("dproxy_worker_resident_memory_bytes", "Resident memory of the worker.", |slot| slot.memory_bytes);
    whole("dproxy_worker_connections_open", "Connections of clients that the worker has.", |slot| slot.connections);
    whole("dproxy_worker_requests_in_flight", "Requests that the worker is answering.", |slot| slot.in_flight);
    // No counter: the next worker of the slot begins at nothing.
    whole("dproxy_worker_requests", "Requests that the worker has had since it was started.", |slot| slot.requests);
}

fn tell_backends(out: &mut Exposition, backends: &[BackendRow]) {
    let mut conditions: BTreeMap<&str, u32> = BTreeMap::new();
    backends.iter().for_each(|backend| *conditions.entry(&backend.condition).or_default() += 1);
    let mut family = out.gauge("dproxy_backends", "How many backends are in each condition.");
    conditions.iter().for_each(|(condition, count)| family.of(&[("condition", condition)], count));

    let backends = &backends[..backends.len().min(MOST)];
    let mut each = |name, help, value: fn(&BackendRow) -> Option<f64>| {
        let mut family = out.gauge(name, help);
        for backend in backends {
            if let Some(value) = value(backend) {
                family.of(&[("backend", &backend.id), ("name", &backend.name)], value);
            }
        }
    };
    each("dproxy_backend_up", "1 when the backend is ready: by Docker, by its checks and by the workers.", |backend| {
        Some(truth(backend.condition == "ready"))
    });
    each("dproxy_backend_ejected", "1 when workers have taken the backend out because it failed.", |backend| {
        Some(truth(backend.condition == "ejected"))
    });
    each("dproxy_backend_requests_in_flight", "Requests that the backend has.", |backend| backend.requests.map(f64::from));
    each("dproxy_backend_requests_limit", "The most requests that the backend gets at a time.", |backend| {
        backend.max_requests.map(f64::from)
    });
    each("dproxy_backend_waited_seconds", "How long somebody has waited because the backend is full.", |backend| {
        backend.waited_ms.map(|waited| Duration::from_millis(waited).as_secs_f64())
    });
}

fn tell_sources(out: &mut Exposition, figures: &Figures<'_>) {
    let name = |engine: &EngineRow| engine.name.clone().unwrap_or_else(|| engine.endpoint.clone());
    let engines: Vec<(String, &EngineRow)> = figures.status.engines.iter().map(|engine| (name(engine), engine)).collect();
    let mut connected = out.gauge("dproxy_engine_connected", "1 while events come in from the Docker engine.");
    engines.iter().for_each(|(name, engine)| connected.of(&[("engine", name)], u8::from(engine.connected)));
    let mut containers = out.gauge("dproxy_engine_containers", "How many containers the Docker engine told of.");
    engines.iter().for_each(|(name, engine)| containers.of(&[("engine", name)], engine.containers));
    let mut ends = out.gauge("dproxy_certificate_expiry_timestamp_seconds", "Until when the certificate is valid, in seconds since 1970.");
    figures.certificates.iter().for_each(|(file, end)| ends.of(&[("file", file)], since_epoch(*end)));
}

const CLASSES: [(&str, Counter); 5] = [
    ("1xx", Counter::Status1xx),
    ("2xx", Counter::Status2xx),
    ("3xx", Counter::Status3xx),
    ("4xx", Counter::Status4xx),
    ("5xx", Counter::Status5xx),
];

impl SlotFigures {
    fn add(&mut self, worker: &WorkerFigures) {
        let WorkerFigures { row, counters, silence } = worker;
        self.online |= row.state == "online";
        self.restarts = row.restarts;
        self.generation = self.generation.max(row.generation);
        self.connections += row.connections;
        self.in_flight += row.in_flight;
        self.requests += row.requests;
        self.memory_bytes += row.memory_bytes;
        let overdue = silence.map_or(Duration::ZERO, |silence| silence.saturating_sub(BEAT));
        self.lag = self.lag.max(overdue).max(Duration::from_micros(counters.get(Counter::Lateness)));
    }
}

/// As metrics say yes and no.
fn truth(yes: bool) -> f64 {
    f64::from(u8::from(yes))
}

fn since_epoch(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

#[cfg(test)]
mod tests;
