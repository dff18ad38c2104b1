//! The bars of the engine: what is promised, what was measured, in one table.
//!
//! As a test it runs a short form, and only what must never happen fails it: timings of a busy machine say little.
//! `scripts/engine-bars` runs the long form with the machine alone, and there everything counts.

mod clients;
mod costs;
mod speed;
mod stalls;
mod walls;

use std::io::Write as _;

use dproxy_testkit::{Dproxy, Origin};

use crate::alone;

/// How much of everything.
#[derive(Clone, Copy)]
struct Scale {
    rounds: usize,
    /// At least so many requests where not one may fail.
    requests: u64,
    long: bool,
}

const SHORT: Scale = Scale { rounds: 2, requests: 1000, long: false };
const LONG: Scale = Scale { rounds: 30, requests: 100_000, long: true };

/// What was measured against one bar.
struct Figure {
    text: String,
    verdict: Verdict,
}

enum Verdict {
    Holds,
    Missed,
    /// A timing, which counts only where the machine does nothing else.
    Slow,
    /// It cannot be measured here.
    Skipped,
}

impl Figure {
    /// Of what must never happen.
    fn strict(text: String, holds: bool) -> Figure {
        Figure { text, verdict: if holds { Verdict::Holds } else { Verdict::Missed } }
    }

    /// Of what depends on the machine.
    fn timing(text: String, holds: bool) -> Figure {
        Figure { text, verdict: if holds { Verdict::Holds } else { Verdict::Slow } }
    }

    fn skipped(reason: &str) -> Figure {
        Figure { text: reason.to_owned(), verdict: Verdict::Skipped }
    }

    fn word(&self) -> &'static str {
        match self.verdict {
            Verdict::Holds => "ok",
            Verdict::Missed | Verdict::Slow => "MISSED",
            Verdict::Skipped => "skipped",
        }
    }

    fn fails(&self, scale: Scale) -> bool {
        match self.verdict {
            Verdict::Holds | Verdict::Skipped => false,
            Verdict::Missed => true,
            Verdict::Slow => scale.long,
        }
    }
}

/// A number, what is measured, what is promised, and how it is measured.
type Bar = (&'static str, &'static str, &'static str, fn(&Origin, Scale) -> Figure);

const BARS: &[Bar] = &[
    ("1", "resize 1, 8, 1 under load", "0 failed", clients::resizing),
    ("2", "the same, 30 % lost after SYN", "0 failed", clients::half_open),
    ("3", "kill -9 a worker every 100 ms", "only what it held", clients::killing),
    ("4", "kill to replacement ready", "p50 5 ms, p99 50 ms", speed::replacement),
    ("5", "upgrade under load", "0 failed, same process", clients::upgrading),
    ("5", "upgrade to a broken program", "the old one serves on", clients::broken_upgrades),
    ("6", "restart with keep-alive clients", "0 failed", clients::restarting),
    ("6", "silent clients over restart, resize, upgrade", "0 reconnects", clients::silent),
    ("7", "a worker frozen 1 s of every 2 s", "0.1 % over 100 ms late", speed::frozen),
    ("8", "kill -9 the master, start the next", "0 failed, 1 s", clients::orphaned),
    ("9", "descriptors and zombies after resizes", "0 more", costs::leaks),
    ("10", "many routes, 8 workers: memory of tables", "200 MB at 100,000", costs::tables),
    ("10", "many routes: file changed to last worker", "1 s", speed::many_routes),
    ("10", "many routes: one by the API to last worker", "1 s", speed::one_by_hand),
    ("10", "many routes: slowest request meanwhile", "5 ms", speed::stall),
    ("10", "many routes: the API meanwhile", "5 ms", stalls::master),
    ("10", "many routes: timers of workers meanwhile", "5 ms late", stalls::workers),
    ("11", "1,000 routes: container start to last worker", "20 ms and coalescing", speed::event),
    ("12", "the API beside a stopped worker", "100 ms", speed::control),
    ("12", "master's memory over updates", "constant", costs::updates),
    ("13", "master's CPU in a crash loop", "2 %", costs::crash_loop),
    ("14", "a table that kills is taken back", "1 s", speed::poison),
    ("15", "p99 with a slow backend, 1, 8, 30 workers", "10 % more", speed::shared_view),
    ("16", "clients per worker, 1,000 over 8", "within 15 %", clients::balance),
    ("17", "log lines over rotation", "0 torn, 0 lost", walls::log_lines),
    ("18", "a worker that was taken over", "all refused", walls::sandbox),
    ("18", "a kernel without Landlock and seccomp", "serves", walls::lacking),
    ("19", "a second master, a stale PID file", "1 s, first undisturbed", walls::second_master),
    ("20", "master's memory with 1,000 routes", "30 MB", costs::memory),
    ("", "resize 1 to 30 at 1,000 routes", "300 ms", speed::growing),
    ("", "CPU of 30 idle workers and their master", "2 %", costs::idle),
];

#[test]
fn the_bars_hold() {
    let _alone = alone();
    let scale = if std::env::var_os("DPROXY_BARS").is_some_and(|form| form == "long") { LONG } else { SHORT };
    let origin = Origin::saying("ok");
    let mut missed = Vec::new();
    show(&["bar", "what", "figure", "limit", "", ""]);
    for (number, what, limit, measure) in BARS {
        let begun = std::time::Instant::now();
        let figure = measure(&origin, scale);
        let took = format!("{:.1} s", begun.elapsed().as_secs_f32());
        show(&[number, what, &figure.text, limit, figure.word(), &took]);
        if figure.fails(scale) {
            missed.push(format!("{number} {what}: {} ({limit})", figure.text));
        }
    }
    assert!(missed.is_empty(), "missed:\n{}", missed.join("\n"));
}

/// At once, for whoever waits for the next row.
fn show([number, what, figure, limit, word, took]: &[&str; 6]) {
    println!("{number:>3}  {what:<46} {figure:<46} {limit:<24} {word:<8} {took:>7}");
    // Whoever started it may have gone; the verdict counts all the same.
    let _ = std::io::stdout().flush();
}

fn resize(dproxy: &Dproxy, size: usize) {
    assert_eq!(dproxy.ctl(&["resize", &size.to_string()]).code, Some(0));
}

/// With a thousand routes, or as many as there shall be.
fn with_routes(origin: &Origin, workers: usize, count: usize) -> dproxy_testkit::Options {
    let options = crate::dproxy().workers(workers).route("a.test", &[origin.addr()]);
    (1..count).fold(options, |options, number| options.route(&format!("host{number}.test"), &[origin.addr()]))
}
