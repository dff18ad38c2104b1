//! How soon things are done.

use std::fs;
use std::time::{Duration, Instant};

use dproxy_testkit::{Dproxy, Engine, Load, Mode, Origin, PATIENCE, Run, Running, Signal, Step, kill, ok, unique, wait_for};

use super::{Figure, Scale, resize, with_routes};
use crate::dproxy;
use crate::engine::{hung, serving};

pub(super) fn replacement(origin: &Origin, scale: Scale) -> Figure {
    // Each slot once: a second failure in a row is followed by a pause on purpose.
    let kills = scale.rounds.max(5);
    let dproxy = serving(origin, kills);
    let mut times: Vec<Duration> = (0..kills).map(|slot| replaced_after(&dproxy, slot)).collect();
    times.sort_unstable();
    let (middle, most) = (times[times.len() / 2], times[times.len() - 1]);
    let holds = middle <= Duration::from_millis(5) && most <= Duration::from_millis(50);
    Figure::timing(format!("p50 {middle:.1?}, max {most:.1?}"), holds)
}

/// From the log: the times of the master's own notes, so that looking costs nothing.
fn replaced_after(dproxy: &Dproxy, slot: usize) -> Duration {
    let lines = |what: &str| dproxy.log().lines().filter(|line| line.contains(what)).count();
    let (died, online) = (lines("worker died"), lines("worker online"));
    kill(dproxy.worker_pids()[slot], Signal::SIGKILL);
    dproxy.wait_for("a replacement", || lines("worker died") > died && lines("worker online") > online);
    let log = dproxy.log();
    let last = |what: &str| log.lines().rfind(|line| line.contains(what)).map(micros_of).unwrap();
    Duration::from_micros(last("worker online").saturating_sub(last("worker died")))
}

/// Microseconds of the day at which a line was logged: `2026-11-22T20:01:59.849796Z`.
fn micros_of(line: &str) -> u64 {
    let clock = line.split_once('T').unwrap().1.split_once('Z').unwrap().0;
    let (time, micros) = clock.split_once('.').unwrap();
    let seconds = time.split(':').fold(0, |sum, part| sum * 60 + part.parse::<u64>().unwrap());
    seconds * 1_000_000 + micros.parse::<u64>().unwrap()
}

pub(super) fn frozen(origin: &Origin, _scale: Scale) -> Figure {
    let dproxy = serving(origin, 4);
    let report = hung::frozen_half_of_the_time(&dproxy, dproxy.worker_pids()[1]);
    let late = report.late(hung::LATE);
    let text = format!("{late} of {} late, max {:.0?}", report.good, report.percentile(100));
    Figure::timing(text, late <= hung::FREEZES.max(report.latencies.len() / 1000))
}

pub(super) fn control(origin: &Origin, scale: Scale) -> Figure {
    let dproxy = serving(origin, 2);
    let victim = dproxy.worker_pids()[0];
    kill(victim, Signal::SIGSTOP);
    let ask = |_| {
        let asked = Instant::now();
        let _ = dproxy.status();
        asked.elapsed()
    };
    let slowest = (0..scale.rounds * 5).map(ask).max().unwrap();
    kill(victim, Signal::SIGCONT);
    Figure::timing(format!("max {slowest:.1?}"), slowest <= Duration::from_millis(100))
}

pub(super) fn poison(origin: &Origin, _scale: Scale) -> Figure {
    let mut dproxy = serving(origin, 4);
    let time = crate::engine::poison::taken_back_after(&mut dproxy, origin);
    Figure::timing(format!("{time:.1?}"), time <= Duration::from_secs(1))
}

/// Adds a route to the file and waits until every worker has it. How long that took.
pub(super) fn added(dproxy: &mut Dproxy, number: usize) -> Duration {
    let generation = dproxy.status()["generation"].as_u64();
    let file = fs::read_to_string(dproxy.config()).unwrap();
    fs::write(dproxy.config(), format!("{file}  - hosts: [added{number}.test]\n    backends: [\"127.0.0.1:9\"]\n")).unwrap();
    let begun = Instant::now();
    dproxy.signal(Signal::SIGHUP);
    wait_for_a_table_after(dproxy, generation);
    begun.elapsed()
}

fn wait_for_a_table_after(dproxy: &Dproxy, generation: Option<u64>) {
    wait_for("everybody with the new table", 3 * PATIENCE, || {
        let status = dproxy.status();
        status["generation"].as_u64() > generation && status["workers_at_generation"] == status["workers_wanted"]
    });
}

/// Once every worker has all routes.
pub(super) fn many(origin: &Origin, scale: Scale) -> Dproxy {
    let count = if scale.long { 100_000 } else { 2_000 };
    let dproxy = with_routes(origin, 8, count).start();
    wait_for("everybody with all routes", 3 * PATIENCE, || {
        let status = dproxy.status();
        status["routes"] == count && status["workers_at_generation"] == status["workers_wanted"]
    });
    dproxy
}

pub(super) fn many_routes(origin: &Origin, scale: Scale) -> Figure {
    let mut dproxy = many(origin, scale);
    let slowest = (0..if scale.long { 3 } else { 1 }).map(|number| added(&mut dproxy, number)).max().unwrap();
    Figure::timing(format!("max {slowest:.0?} with reading the file"), slowest <= Duration::from_secs(1))
}

pub(super) fn one_by_hand(origin: &Origin, scale: Scale) -> Figure {
    let dproxy = many(origin, scale);
    let add = |number: u32| {
        let generation = dproxy.status()["generation"].as_u64();
        let begun = Instant::now();
        let route = format!(r#"{{"host": "hand{number}.test", "backends": ["127.0.0.1:9"]}}"#);
        assert_eq!(dproxy.send_api("POST", "/routes", &route).status, 200);
        wait_for_a_table_after(&dproxy, generation);
        begun.elapsed()
    };
    let slowest = (0..if scale.long { 3 } else { 1 }).map(add).max().unwrap();
    Figure::timing(format!("max {slowest:.0?}"), slowest <= Duration::from_secs(1))
}

pub(super) fn stall(origin: &Origin, scale: Scale) -> Figure {
    let mut dproxy = many(origin, scale);
    let load = Load { clients: 2, rate: Some(200), ..Load::new(dproxy.http(), "a.test") };
    let quiet = load.clone().start();
    wait_for("a quiet load", PATIENCE, || quiet.done() > 200);
    let quiet = quiet.stop();
    let load: Running = load.start();
    for number in 0..if scale.long { 3 } else { 1 } {
        added(&mut dproxy, number);
    }
    wait_for("a load that goes on", PATIENCE, || load.done() > 200);
    let report = load.stop();
    let (p99, most, before) = (report.percentile(99), report.percentile(100), quiet.percentile(100));
    // Busy cores let requests wait too: what is over the limit is compared with how it was before.
    let holds = most <= before.max(Duration::from_millis(5)) * 2;
    Figure::timing(format!("p99 {p99:.1?}, max {most:.1?} ({before:.1?} before)"), holds)
}

pub(super) fn event(origin: &Origin, scale: Scale) -> Figure {
    let Some(engine) = Engine::shared() else { return Figure::skipped("no engine") };
    let dproxy = with_routes(origin, 8, 1000).docker(&engine.endpoint()).start();
    dproxy.wait_for("the engine", || dproxy.status()["engine"]["connected"] == true);
    let mut times: Vec<Duration> = (0..if scale.long { 10 } else { 2 }).map(|_| told_of_a_start(&dproxy, &engine)).collect();
    times.sort_unstable();
    let (middle, most) = (times[times.len() / 2], times[times.len() - 1]);
    // What comes together is sent together: a table is held back for that long after the one before.
    let coalescing = Duration::from_millis(100);
    Figure::timing(format!("p50 {middle:.1?}, max {most:.1?}"), middle <= Duration::from_millis(20) + coalescing)
}

/// From the answer of the engine that a container runs to the last worker that knows it.
fn told_of_a_start(dproxy: &Dproxy, engine: &Engine) -> Duration {
    let host = format!("{}.test", unique("event"));
    let container = engine.create(&Run::echo("event").hostname(&host).label("dproxy.host", &host));
    container.start();
    let begun = Instant::now();
    dproxy.wait_for("everybody with the new table", || {
        let status = dproxy.status();
        let known = dproxy.get(&host, "/").status != 404;
        known && status["workers_at_generation"] == status["workers_wanted"]
    });
    begun.elapsed()
}

pub(super) fn shared_view(_origin: &Origin, scale: Scale) -> Figure {
    let [one, eight, thirty] = [1, 8, 30].map(|workers| p99_with(workers, scale));
    let more = |many: Duration| (many.as_secs_f64() / one.as_secs_f64() - 1.0) * 100.0;
    let text = format!("{one:.0?}, {eight:.0?}, {thirty:.0?}: {:+.0} %, {:+.0} %", more(eight), more(thirty));
    Figure::timing(text, more(eight.max(thirty)) <= 10.0)
}

/// Eight backends of which one is slow, each with few places, so that who goes where is what counts.
fn p99_with(workers: usize, scale: Scale) -> Duration {
    let taking = |millis| Origin::start(move |_| [Step::Pause(Duration::from_millis(millis))].into_iter().chain(ok("ok")).collect());
    let origins: Vec<Origin> = [20, 5, 5, 5, 5, 5, 5, 5].map(|factor| taking(factor * 4)).into();
    let addresses: Vec<_> = origins.iter().map(Origin::addr).collect();
    let dproxy = dproxy().workers(workers).route("a.test", &addresses).start();
    let limit = if scale.long { 4000 } else { 600 };
    let load = Load { clients: 60, rate: Some(800), limit, mode: Mode::PerRequest, ..Load::new(dproxy.http(), "a.test") };
    load.start().join().percentile(99)
}

pub(super) fn growing(origin: &Origin, scale: Scale) -> Figure {
    let dproxy = with_routes(origin, 1, 1000).start();
    let grown = |_| {
        let begun = Instant::now();
        assert_eq!(dproxy.post("/service/balancer/resize?size=30").status, 200);
        dproxy.wait_for("thirty workers", || dproxy.online() == Some(30));
        let time = begun.elapsed();
        resize(&dproxy, 1);
        time
    };
    let slowest = (0..if scale.long { 3 } else { 1 }).map(grown).max().unwrap();
    Figure::timing(format!("max {slowest:.0?}"), slowest <= Duration::from_millis(300))
}
