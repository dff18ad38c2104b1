//! The bars of the engine: what is promised, what was measured, in one table.
//!
//! As a test it runs a short form, and only what must never happen fails it: timings of a busy machine say little.
//! `scripts/engine-bars` runs the long form with the machine alone, and there everything counts.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use dproxy_testkit::{Dproxy, Load, Mode, Origin, PATIENCE, Report, Running, Signal, kill, pause, wait_for};

use super::{hung, serving, sockets};
use crate::{alone, dproxy};

/// How much of everything.
#[derive(Clone, Copy)]
struct Scale {
    rounds: usize,
    long: bool,
}

/// What was measured against one bar.
struct Figure {
    text: String,
    holds: bool,
    /// A timing, which counts only where the machine does nothing else.
    timing: bool,
}

/// A number, what is promised, and how it is measured.
type Bar = (u32, &'static str, &'static str, fn(&Origin, Scale) -> Figure);

const BARS: &[Bar] = &[
    (1, "resize 1, 8, 1 under load", "0 failed", resizing),
    (3, "kill -9 a worker every 100 ms", "only what it held", killing),
    (4, "kill to replacement ready", "p50 5 ms, p99 50 ms", replacement),
    (6, "restart with keep-alive clients", "0 failed", restarting),
    (7, "a worker frozen 1 s of every 2 s", "0.1 % over 100 ms late", frozen),
    (9, "descriptors and zombies after resizes", "0 more", leaks),
    (12, "the API beside a stopped worker", "100 ms", control),
    (13, "master's CPU in a crash loop", "2 %", crash_loop),
    (14, "a table that kills is taken back", "1 s", poison),
    (16, "clients per worker, 1,000 over 8", "within 15 %", balance),
    (20, "master's memory with 1,000 routes", "30 MB", memory),
];

#[test]
fn the_bars_hold() {
    let _alone = alone();
    let long = std::env::var_os("DPROXY_BARS").is_some_and(|form| form == "long");
    let scale = Scale { rounds: if long { 30 } else { 2 }, long };
    let origin = Origin::saying("ok");
    let mut table = format!("\n{:>3}  {:<40} {:<34} {:<24}\n", "bar", "what", "figure", "limit");
    let mut missed = Vec::new();
    for (number, what, limit, measure) in BARS {
        let figure = measure(&origin, scale);
        let mark = if figure.holds { "" } else { "  MISSED" };
        writeln!(table, "{number:>3}  {what:<40} {:<34} {limit:<24}{mark}", figure.text).unwrap();
        if !figure.holds && (long || !figure.timing) {
            missed.push(*number);
        }
    }
    println!("{table}");
    assert!(missed.is_empty(), "bars {missed:?} were missed:\n{table}");
}

fn loads(dproxy: &Dproxy, clients: usize) -> Vec<Running> {
    let load = Load { clients, rate: Some(1000), body: Some("ok".to_owned()), ..Load::new(dproxy.http(), "a.test") };
    let loads = vec![load.clone().start(), Load { mode: Mode::PerRequest, clients: 8, ..load }.start()];
    loads.iter().for_each(|load| wait_for("a load that goes on", PATIENCE, || load.done() > 100));
    loads
}

fn stop(loads: Vec<Running>) -> (u64, u64) {
    let reports: Vec<Report> = loads.into_iter().map(Running::stop).collect();
    (reports.iter().map(Report::failed).sum(), reports.iter().map(|report| report.good).sum())
}

fn lossless(loads: Vec<Running>) -> Figure {
    let (failed, good) = stop(loads);
    Figure { text: format!("{failed} of {good} failed"), holds: failed == 0, timing: false }
}

fn resize(dproxy: &Dproxy, size: usize) {
    assert_eq!(dproxy.ctl(&["resize", &size.to_string()]).code, Some(0));
}

fn resizing(origin: &Origin, scale: Scale) -> Figure {
    let dproxy = serving(origin, 1);
    let loads = loads(&dproxy, 8);
    (0..scale.rounds).for_each(|_| [8, 1].into_iter().for_each(|size| resize(&dproxy, size)));
    lossless(loads)
}

fn killing(origin: &Origin, scale: Scale) -> Figure {
    let dproxy = serving(origin, 4);
    let loads = loads(&dproxy, 8);
    let mut kills = 0;
    for _ in 0..scale.rounds * 5 {
        if let Some(victim) = dproxy.worker_pids().first() {
            kill(*victim, Signal::SIGKILL);
            kills += 1;
        }
        pause(Duration::from_millis(100));
    }
    let (failed, good) = stop(loads);
    // Each of the sixteen clients holds one connection.
    Figure { text: format!("{failed} of {good} in {kills} kills"), holds: failed <= 16 * kills, timing: false }
}

fn replacement(origin: &Origin, scale: Scale) -> Figure {
    // Each slot once: a second failure in a row is followed by a pause on purpose.
    let kills = scale.rounds.max(5);
    let dproxy = serving(origin, kills);
    let mut times: Vec<Duration> = (0..kills).map(|slot| replaced_after(&dproxy, slot)).collect();
    times.sort_unstable();
    let (middle, most) = (times[times.len() / 2], times[times.len() - 1]);
    let holds = middle <= Duration::from_millis(5) && most <= Duration::from_millis(50);
    Figure { text: format!("p50 {middle:.1?}, max {most:.1?}"), holds, timing: true }
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

fn restarting(origin: &Origin, scale: Scale) -> Figure {
    let dproxy = serving(origin, 3);
    let loads = loads(&dproxy, if scale.long { 400 } else { 40 });
    (0..scale.rounds.min(8)).for_each(|_| assert_eq!(dproxy.ctl(&["restart"]).code, Some(0)));
    lossless(loads)
}

fn frozen(origin: &Origin, _scale: Scale) -> Figure {
    let dproxy = serving(origin, 4);
    let report = hung::frozen_half_of_the_time(&dproxy, dproxy.worker_pids()[1]);
    let late = report.late(hung::LATE);
    let text = format!("{late} of {} late, max {:.0?}", report.good, report.percentile(100));
    Figure { text, holds: late <= hung::FREEZES.max(report.latencies.len() / 1000), timing: true }
}

fn leaks(origin: &Origin, scale: Scale) -> Figure {
    let dproxy = serving(origin, 2);
    let descriptors = || fs::read_dir(format!("/proc/{}/fd", dproxy.pid())).unwrap().count();
    let round = || [8, 2].into_iter().for_each(|size| resize(&dproxy, size));
    round();
    dproxy.wait_for_workers(2);
    let before = descriptors();
    let rounds = if scale.long { 500 } else { 5 };
    (0..rounds).for_each(|_| round());
    dproxy.wait_for_workers(2);
    dproxy.wait_for("no descriptor more", || descriptors() <= before);
    sockets::wait_for_the_inventory(&dproxy, 2);
    Figure { text: format!("0 after {} resizes", rounds * 2), holds: true, timing: false }
}

fn control(origin: &Origin, scale: Scale) -> Figure {
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
    Figure { text: format!("max {slowest:.1?}"), holds: slowest <= Duration::from_millis(100), timing: true }
}

/// User and system time of a process, in clock ticks of a hundredth of a second.
fn ticks(process: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

fn crash_loop(origin: &Origin, _scale: Scale) -> Figure {
    const TIME: Duration = Duration::from_secs(4);
    let dproxy = serving(origin, 2);
    let (begun, before) = (Instant::now(), ticks(dproxy.pid()));
    while begun.elapsed() < TIME {
        // One worker whose every life is short.
        let rows = dproxy.data("/workers");
        if let Some(pid) = rows[0]["pid"].as_u64() {
            kill(u32::try_from(pid).unwrap(), Signal::SIGKILL);
        }
        pause(Duration::from_millis(250));
    }
    let percent = (ticks(dproxy.pid()) - before) * 100 / (TIME.as_secs() * 100);
    let restarts = dproxy.data("/workers")[0]["restarts"].clone();
    dproxy.wait_for("a worker that stays", || dproxy.online() == Some(2));
    Figure { text: format!("{percent} %, {restarts} restarts seen"), holds: percent <= 2, timing: true }
}

fn poison(origin: &Origin, _scale: Scale) -> Figure {
    let mut dproxy = serving(origin, 4);
    let time = super::poison::taken_back_after(&mut dproxy, origin);
    Figure { text: format!("{time:.1?}"), holds: time <= Duration::from_secs(1), timing: true }
}

fn balance(origin: &Origin, _scale: Scale) -> Figure {
    let dproxy = serving(origin, 8);
    let counts = sockets::spread(&dproxy);
    let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
    let even = sockets::CLIENTS / 8;
    let holds = counts.iter().all(|count| count.abs_diff(even) * 100 <= even * 15);
    Figure { text: format!("{least} to {most} of {even}"), holds, timing: true }
}

fn memory(origin: &Origin, _scale: Scale) -> Figure {
    let mut options = dproxy();
    for number in 0..1000 {
        options = options.route(&format!("host{number}.test"), &[origin.addr()]);
    }
    let dproxy = options.start();
    let status = fs::read_to_string(format!("/proc/{}/status", dproxy.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    Figure { text: format!("{} MB", kilobytes / 1024), holds: kilobytes <= 30 * 1024, timing: true }
}
