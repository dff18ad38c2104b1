//! For how long a loop has no time for anybody else while a large table changes.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use dproxy_testkit::{Dproxy, Origin, get, pause};

use super::speed::{added, many};
use super::{Figure, Scale};

const LIMIT: Duration = Duration::from_millis(5);

/// The API shares the master's only thread, so what its simplest answer takes is what else the master does.
pub(super) fn master(origin: &Origin, scale: Scale) -> Figure {
    let mut dproxy = many(origin, scale);
    let address = dproxy.api_addr();
    let before = slowest_answer(address, || pause(Duration::from_secs(1)));
    let most = slowest_answer(address, || changes(&mut dproxy, scale));
    figure(most, before)
}

/// What workers say themselves of how late their timers were.
pub(super) fn workers(origin: &Origin, scale: Scale) -> Figure {
    let mut dproxy = many(origin, scale);
    let before = latest_timer(&dproxy);
    let mut most = Duration::ZERO;
    for number in 0..rounds(scale) {
        added(&mut dproxy, number);
        most = most.max(latest_timer(&dproxy));
    }
    figure(most, before)
}

/// Busy cores let everybody wait: what is over the limit is compared with how it was before.
fn figure(most: Duration, before: Duration) -> Figure {
    Figure::timing(format!("max {most:.1?} ({before:.1?} before)"), most <= before.max(LIMIT) * 2)
}

fn rounds(scale: Scale) -> usize {
    if scale.long { 3 } else { 1 }
}

fn changes(dproxy: &mut Dproxy, scale: Scale) {
    for number in 0..rounds(scale) {
        added(dproxy, number);
    }
}

/// The slowest answer to a question that costs the master nothing, asked again and again meanwhile.
fn slowest_answer(address: SocketAddr, meanwhile: impl FnOnce()) -> Duration {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let mut slowest = Duration::ZERO;
            while !over.load(Ordering::Relaxed) {
                let asked = Instant::now();
                get(address, &address.to_string(), "/ping").expect("an API that answers");
                slowest = slowest.max(asked.elapsed());
                pause(Duration::from_millis(1));
            }
            slowest
        });
        meanwhile();
        over.store(true, Ordering::Relaxed);
        asking.join().unwrap()
    })
}

/// The latest of all workers within the last seconds: each tells of one when it is over, and until the next one is.
fn latest_timer(dproxy: &Dproxy) -> Duration {
    let told = || {
        pause(Duration::from_millis(400));
        told_of_timers(dproxy)
    };
    [told(), told(), told()].into_iter().max().unwrap()
}

fn told_of_timers(dproxy: &Dproxy) -> Duration {
    let answer = dproxy.api("/metrics");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let metrics = answer.text();
    let late = metrics.lines().filter(|line| line.starts_with("dproxy_worker_loop_lag_seconds{"));
    let seconds = late.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
    Duration::from_secs_f64(seconds.fold(0.0, f64::max))
}
