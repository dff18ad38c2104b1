//! What it costs: memory, descriptors, CPU.

use std::fs;
use std::time::{Duration, Instant};

use dproxy_testkit::{Dproxy, Origin, Signal, kill, pause, resident, share_of_memory};

use super::speed::many;
use super::{Figure, Scale, resize, with_routes};
use crate::engine::{serving, sockets};

pub(super) fn leaks(origin: &Origin, scale: Scale) -> Figure {
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
    Figure::strict(format!("0 after {} resizes", rounds * 2), true)
}

/// User and system time of a process, in clock ticks of a hundredth of a second.
fn ticks(process: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// Waits that long, and says how much of one CPU the processes used meanwhile.
fn percent_over(time: Duration, processes: &[u32], mut meanwhile: impl FnMut()) -> f64 {
    let all = || processes.iter().map(|process| ticks(*process)).sum::<u64>();
    let (begun, before) = (Instant::now(), all());
    while begun.elapsed() < time {
        meanwhile();
    }
    let used = u32::try_from(all() - before).unwrap();
    f64::from(used) / begun.elapsed().as_secs_f64()
}

pub(super) fn crash_loop(origin: &Origin, _scale: Scale) -> Figure {
    let dproxy = serving(origin, 2);
    let percent = percent_over(Duration::from_secs(4), &[dproxy.pid()], || {
        // One worker whose every life is short.
        let rows = dproxy.data("/workers");
        if let Some(pid) = rows[0]["pid"].as_u64() {
            kill(u32::try_from(pid).unwrap(), Signal::SIGKILL);
        }
        pause(Duration::from_millis(250));
    });
    let restarts = dproxy.data("/workers")[0]["restarts"].clone();
    dproxy.wait_for("a worker that stays", || dproxy.online() == Some(2));
    Figure::timing(format!("{percent:.1} %, {restarts} restarts seen"), percent <= 2.0)
}

pub(super) fn idle(origin: &Origin, scale: Scale) -> Figure {
    let dproxy = serving(origin, 30);
    let mut all = dproxy.worker_pids();
    all.push(dproxy.pid());
    let time = Duration::from_secs(if scale.long { 10 } else { 1 });
    let percent = percent_over(time, &all, || pause(time));
    Figure::timing(format!("{percent:.1} % over {time:.0?}"), percent <= 2.0)
}

/// Of all workers, in KiB: what they share is counted once.
fn of_workers(dproxy: &Dproxy) -> u64 {
    dproxy.worker_pids().into_iter().map(share_of_memory).sum()
}

pub(super) fn tables(origin: &Origin, scale: Scale) -> Figure {
    let few = of_workers(&serving(origin, 8));
    let many = of_workers(&many(origin, scale));
    let megabytes = many.saturating_sub(few) / 1024;
    Figure::timing(format!("{megabytes} MB in all"), megabytes <= 200)
}

pub(super) fn updates(origin: &Origin, scale: Scale) -> Figure {
    let mut dproxy = with_routes(origin, 2, 100).start();
    let rounds = if scale.long { 100 } else { 10 };
    turned_over(&mut dproxy, rounds);
    let before = resident(dproxy.pid());
    turned_over(&mut dproxy, rounds);
    let more = resident(dproxy.pid()).saturating_sub(before);
    // An allocator keeps some pages; a table that was never freed would cost more than a KiB each time.
    Figure::timing(format!("{more} KiB more after {rounds}"), more <= 1024)
}

/// So many tables, each with a route that the one before had not; an even number, so that the next begins anew.
fn turned_over(dproxy: &mut Dproxy, tables: usize) {
    let file = fs::read_to_string(dproxy.config()).unwrap();
    for number in 0..tables {
        let host = if number % 2 == 0 { "odd.test" } else { "even.test" };
        fs::write(dproxy.config(), format!("{file}  - hosts: [{host}]\n    backends: [\"127.0.0.1:9\"]\n")).unwrap();
        let generation = dproxy.status()["generation"].as_u64();
        dproxy.signal(Signal::SIGHUP);
        dproxy.wait_for("the next table", || dproxy.status()["generation"].as_u64() > generation);
    }
    fs::write(dproxy.config(), file).unwrap();
}

pub(super) fn memory(origin: &Origin, _scale: Scale) -> Figure {
    let dproxy = with_routes(origin, 2, 1000).start();
    let status = fs::read_to_string(format!("/proc/{}/status", dproxy.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    Figure::timing(format!("{} MB", kilobytes / 1024), kilobytes <= 30 * 1024)
}
