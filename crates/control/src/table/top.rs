//! Everything on one screen.

use std::collections::BTreeMap;
use std::time::Instant;

use super::latencies::{Latencies, Pace};
use super::units::{count, latency, memory, uptime};
use super::{Column, LEFT, RIGHT, Width, clean, columns, load};
use crate::{BackendRow, LogRow, RouteRow, Status, WorkerRow};

/// What there is at one moment.
pub(crate) struct Scene {
    pub(crate) at: Instant,
    pub(crate) status: Status,
    pub(crate) workers: Vec<WorkerRow>,
    pub(crate) routes: Vec<RouteRow>,
    pub(crate) backends: Vec<BackendRow>,
    pub(crate) lines: Vec<LogRow>,
    pub(crate) latencies: Latencies,
    /// Of each route since the moment before.
    pub(crate) paces: Vec<Pace>,
    /// Requests per second since the moment before, of all and of each worker by its slot.
    pub(crate) rates: BTreeMap<Option<u16>, f64>,
}

const WORKERS: [Column; 9] = [
    ("SLOT", RIGHT),
    ("PID", RIGHT),
    ("STATE", LEFT),
    ("RESTARTS", RIGHT),
    ("UPTIME", RIGHT),
    ("REQ/S", RIGHT),
    ("ACTIVE", RIGHT),
    ("MEM", RIGHT),
    ("CPU", RIGHT),
];
const ROUTES: [Column; 5] = [("ROUTE", LEFT), ("REQ/S", RIGHT), ("5XX/S", RIGHT), ("P50", RIGHT), ("P99", RIGHT)];
const BACKENDS: [Column; 6] =
    [("BACKEND", LEFT), ("ADDRESS", LEFT), ("CONDITION", LEFT), ("REQUESTS", RIGHT), ("HOSTS", LEFT), ("LAST ERROR", LEFT)];

impl Default for Scene {
    fn default() -> Scene {
        Scene {
            at: Instant::now(),
            status: Status::default(),
            workers: Vec::new(),
            routes: Vec::new(),
            backends: Vec::new(),
            lines: Vec::new(),
            latencies: Latencies::default(),
            paces: Vec::new(),
            rates: BTreeMap::new(),
        }
    }
}

impl Scene {
    /// The same with the rates since `before`.
    pub(crate) fn after(mut self, before: &Scene) -> Scene {
        let seconds = self.at.saturating_duration_since(before.at).as_secs_f64().max(0.001);
        let rate = |now: u64, then: u64| f64::from(u32::try_from(now.saturating_sub(then)).unwrap_or(u32::MAX)) / seconds;
        let all = rate(self.status.requests_total, before.status.requests_total);
        self.rates.insert(None, all);
        self.paces = self.latencies.since(&before.latencies, seconds);
        for row in &self.workers {
            // A new process counts from zero.
            let then = before.workers.iter().find(|then| (then.slot, then.pid) == (row.slot, row.pid));
            self.rates.insert(Some(row.slot), rate(row.requests, then.map_or(0, |then| then.requests)));
        }
        self
    }
}

/// The screen: so many lines at most, none longer than it is wide. Workers, routes and backends share what the rest leaves.
pub(crate) fn render(scene: &Scene, wide: u16, high: usize, paint: &dyn Fn(&str) -> String) -> String {
    let width = Width::Columns(wide);
    let head = head(scene);
    let room = high.saturating_sub(head.len() + 4);
    let (log, tables) = (room / 4, room - room / 4);
    let (routes, backends) = (tables / 3, tables / 3);
    let mut lines: Vec<String> = head.iter().map(|line| cut(&clean(line), wide)).collect();
    lines.push(String::new());
    lines.extend(part(&columns(&WORKERS, scene.workers.iter().map(|row| worker(row, scene)), width), tables - routes - backends, paint));
    lines.push(String::new());
    lines.extend(part(&columns(&ROUTES, scene.paces.iter().map(route), width), routes, paint));
    lines.push(String::new());
    let busiest = busiest(&scene.backends);
    lines.extend(part(&columns(&BACKENDS, busiest.into_iter().map(backend), width), backends, paint));
    lines.push(String::new());
    let last = scene.lines.len().saturating_sub(log);
    lines.extend(scene.lines[last..].iter().map(|row| cut(&clean(&row.line), wide)));
    lines.truncate(high);
    lines.join("\n")
}

fn head(scene: &Scene) -> Vec<String> {
    let status = &scene.status;
    let live = scene.routes.iter().filter(|route| route.state != "offline").count();
    let rate = scene.rates.get(&None).map_or("-".to_owned(), |rate| format!("{rate:.0}"));
    let mut lines = vec![
        format!(
            "dproxy {}, pid {}, up {}    {}: {} of {} workers    q quits",
            status.version,
            status.pid,
            uptime(status.uptime_seconds),
            status.pool,
            status.workers_online,
            status.workers_wanted
        ),
        format!(
            "{rate} requests/s, {} in all, {} active, {} answered with 5xx    {} connections",
            count(status.requests_total),
            count(status.requests_in_flight),
            count(status.errors_5xx_total),
            count(status.connections_open)
        ),
        format!(
            "{live} of {} routes live, {} backends, {} containers, generation {}, {} problems",
            status.routes, status.backends, status.containers, status.generation, status.problems
        ),
    ];
    lines.extend(status.warnings.iter().take(2).map(|warning| format!("warning: {warning}")));
    lines
}

fn worker(row: &WorkerRow, scene: &Scene) -> [String; 9] {
    let rate = scene.rates.get(&Some(row.slot)).map_or("-".to_owned(), |rate| format!("{rate:.0}"));
    [
        row.slot.to_string(),
        row.pid.map_or("-".to_owned(), |pid| pid.to_string()),
        row.state.clone(),
        row.restarts.to_string(),
        uptime(row.uptime_seconds),
        rate,
        count(row.in_flight),
        memory(row.memory_bytes),
        format!("{:.1}%", row.cpu_percent),
    ]
}

fn route(pace: &Pace) -> [String; 5] {
    let time = |seconds: Option<f64>| seconds.map_or("-".to_owned(), latency);
    [pace.route.clone(), format!("{:.0}", pace.requests), format!("{:.1}", pace.failed), time(pace.half), time(pace.most)]
}

/// Those that are not well first, then those with the most to do.
fn busiest(rows: &[BackendRow]) -> Vec<&BackendRow> {
    let mut rows: Vec<&BackendRow> = rows.iter().collect();
    rows.sort_by_key(|row| (row.condition == "ready", std::cmp::Reverse(row.requests)));
    rows
}

fn backend(row: &BackendRow) -> [String; 6] {
    let hosts = row.hosts.first().map_or("-".to_owned(), |host| match row.hosts.len() {
        1 => host.clone(),
        many => format!("{host} and {} more", many - 1),
    });
    let error = row.last_error.clone().unwrap_or_else(|| "-".to_owned());
    [row.name.clone(), row.address.clone(), row.condition.clone(), load(row), hosts, error]
}

/// As much of a table as there is room for, and how much is missing.
fn part(table: &str, room: usize, paint: &dyn Fn(&str) -> String) -> Vec<String> {
    let painted = paint(table);
    let lines: Vec<&str> = painted.lines().collect();
    if lines.len() <= room {
        return lines.into_iter().map(str::to_owned).collect();
    }
    let shown = room.saturating_sub(1);
    let more = format!("… and {} more", lines.len() - shown);
    lines[..shown].iter().map(|line| (*line).to_owned()).chain([more]).collect()
}

fn cut(line: &str, wide: u16) -> String {
    line.chars().take(usize::from(wide)).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn scene(workers: u16, requests: u64, at: Instant) -> Scene {
        let row = |slot| WorkerRow { slot, pid: Some(7), state: "online".to_owned(), requests, ..WorkerRow::default() };
        let line = |number: u64| LogRow { number, line: format!("line {number}\x1b[2J {}", "x".repeat(200)) };
        Scene {
            at,
            status: Status { requests_total: requests * u64::from(workers), ..Status::default() },
            workers: (0..workers).map(row).collect(),
            lines: (1..100).map(line).collect(),
            ..Scene::default()
        }
    }

    #[test]
    fn nothing_is_larger_than_the_screen_whatever_its_size() {
        let now = Instant::now();
        for (wide, high) in [(20, 5), (80, 24), (200, 60), (80, 1)] {
            let text = render(&scene(100, 3, now), wide, high, &|table| table.to_owned());
            assert!(text.lines().count() <= high, "{wide}x{high}:\n{text}");
            assert!(!text.contains('\x1b'), "{text}");
        }
        let text = render(&scene(3, 3, now), 80, 24, &|table| table.to_owned());
        assert!(text.contains("line 99") && text.contains("online") && !text.contains("more"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }

    #[test]
    fn rates_are_those_since_the_moment_before() {
        let now = Instant::now();
        let next = scene(2, 30, now + Duration::from_secs(2)).after(&scene(2, 10, now));
        assert_eq!((next.rates[&None], next.rates[&Some(1)]), (20.0, 10.0));
    }
}
