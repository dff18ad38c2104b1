//! What clients notice of a pool that is changed under them: nothing.

use std::time::{Duration, Instant};

use dproxy_testkit::{
    Dproxy, Kind, Load, Mode, Origin, PATIENCE, Report, Running, Signal, free_addr, in_a_lossy_network, kill, pause, wait_for,
};

use super::{Figure, Scale, resize};
use crate::dproxy;
use crate::engine::{handover, orphans, serving, sockets, upgrade};

/// Clients that keep their connections, and eight that open one per request.
struct Pressure(Vec<Running>);

impl Pressure {
    fn on(dproxy: &Dproxy, clients: usize, scale: Scale) -> Pressure {
        let rate = |long| Some(if scale.long { long } else { 1000 });
        let load = Load { clients, rate: rate(4000), body: Some("ok".to_owned()), ..Load::new(dproxy.http(), "a.test") };
        let single = Load { mode: Mode::PerRequest, clients: 8, rate: rate(2000), ..load.clone() };
        let pressure = Pressure(vec![load.start(), single.start()]);
        pressure.0.iter().for_each(|load| wait_for("a load that goes on", PATIENCE, || load.done() > 100));
        pressure
    }

    fn done(&self) -> u64 {
        self.0.iter().map(Running::done).sum()
    }

    /// Does it again and again: as often as the scale says, and until there were enough requests. Not faster than
    /// ten times a second: what new processes cost would leave nothing of the machine to serve with.
    fn during(&self, rounds: usize, scale: Scale, mut deed: impl FnMut()) -> usize {
        let mut done = 0;
        while done < rounds || self.done() < scale.requests {
            let began = Instant::now();
            deed();
            done += 1;
            pause(Duration::from_millis(100).saturating_sub(began.elapsed()));
        }
        done
    }

    /// All loads as one.
    fn stop(self) -> Report {
        let reports = self.0.into_iter().map(Running::stop);
        reports.fold(Report::default(), |mut all, report| {
            all.merge(report);
            all
        })
    }
}

/// Not one may fail.
fn lossless(report: &Report, what: &str) -> Figure {
    if report.failed() > 0 {
        println!("{report}");
    }
    Figure::strict(format!("{} of {} failed, {what}", report.failed(), report.good + report.failed()), report.failed() == 0)
}

pub(super) fn resizing(origin: &Origin, scale: Scale) -> Figure {
    let dproxy = serving(origin, 1);
    let pressure = Pressure::on(&dproxy, 8, scale);
    let rounds = pressure.during(scale.rounds, scale, || [8, 1].into_iter().for_each(|size| resize(&dproxy, size)));
    lossless(&pressure.stop(), &format!("{rounds} rounds"))
}

pub(super) fn half_open(_origin: &Origin, scale: Scale) -> Figure {
    let to = free_addr();
    let run = in_a_lossy_network(30, to, || {
        let origin = Origin::saying("ok");
        // The kernel sends a packet again after 0.2 s, 0.4 s, 0.8 s and so on: one that is lost nine times, as one in fifty thousand
        // is, comes after two minutes.
        let patient = dproxy().listening(to.port()).workers(1).yaml("timeouts:\n  request_head: 250s");
        let dproxy = patient.route("a.test", &[origin.addr()]).start();
        let (clients, rate) = if scale.long { (300, Some(2000)) } else { (30, Some(300)) };
        let silence = Duration::from_secs(250);
        let load = Load { clients, rate, silence, mode: Mode::PerRequest, body: Some("ok".to_owned()), ..Load::new(to, "a.test") };
        let pressure = Pressure(vec![load.start()]);
        let few = Scale { requests: if scale.long { 10_000 } else { 300 }, ..scale };
        let rounds = pressure.during(scale.rounds, few, || [8, 1].into_iter().for_each(|size| resize(&dproxy, size)));
        let report = pressure.stop();
        if report.failed() > 0 {
            println!("{report}");
        }
        // The line alone loses one packet in fifty thousand for good: the kernel gives up what a closed socket has still to say.
        let (silent, all) = (report.count(Kind::Timeout), report.good + report.failed());
        let text = format!("{} of {all} failed, {silent} lost by the line, {rounds} rounds", report.failed() - silent);
        Figure::strict(text, report.failed() == silent && silent <= 1 + all / 5000)
    });
    run.unwrap_or_else(|reason| Figure::skipped(&reason))
}

pub(super) fn killing(origin: &Origin, scale: Scale) -> Figure {
    let dproxy = serving(origin, 4);
    let pressure = Pressure::on(&dproxy, 8, scale);
    // In turn, and not so often that slots count as errored.
    let mut kills = 0;
    pressure.during(scale.rounds * 5, scale, || {
        let workers = dproxy.worker_pids();
        if let Some(victim) = workers.get(kills % workers.len().max(1)).filter(|_| kills < scale.rounds * 2) {
            kill(*victim, Signal::SIGKILL);
            kills += 1;
        }
    });
    let report = pressure.stop();
    let cut = report.count(Kind::Reset) + report.count(Kind::Eof) + report.count(Kind::Cut);
    let text = format!("{} of {} in {kills} kills", report.failed(), report.good + report.failed());
    // Each of the sixteen clients holds one connection; what still waits to be accepted fails in none of the other ways.
    Figure::strict(text, report.failed() == cut && cut <= 16 * u64::try_from(kills).unwrap())
}

pub(super) fn upgrading(origin: &Origin, scale: Scale) -> Figure {
    let (home, dproxy) = upgrade::installed(origin, 3);
    let pressure = Pressure::on(&dproxy, 8, scale);
    let pid = dproxy.pid();
    let rounds = pressure.during(if scale.long { 25 } else { 2 }, scale, || {
        upgrade::update(home.path());
        let told = dproxy.ctl(&["upgrade"]);
        assert_eq!(told.code, Some(0), "{told:?}\n{}", dproxy.log());
        assert_eq!(dproxy.status()["pid"], pid);
    });
    lossless(&pressure.stop(), &format!("{rounds} upgrades"))
}

pub(super) fn broken_upgrades(origin: &Origin, scale: Scale) -> Figure {
    let (home, dproxy) = upgrade::installed(origin, 3);
    let pressure = Pressure::on(&dproxy, 8, Scale { long: false, ..scale });
    let broken = ["#!/bin/sh\nexit 3\n", "#!/bin/sh\nkill -SEGV $$\n", "not a program", "#!/bin/sh\nexec sleep 60\n"];
    // The last one is waited for.
    let broken = if scale.long { &broken[..] } else { &broken[..3] };
    let workers = dproxy.worker_pids();
    for program in broken {
        upgrade::install(home.path(), program);
        let told = dproxy.run_as(env!("CARGO_BIN_EXE_dproxy"), &["ctl", "upgrade"]);
        assert_eq!(told.code, Some(1), "{program}: {told:?}");
    }
    assert_eq!(dproxy.worker_pids(), workers, "nobody was replaced");
    lossless(&pressure.stop(), &format!("{} refused", broken.len()))
}

pub(super) fn restarting(origin: &Origin, scale: Scale) -> Figure {
    let dproxy = serving(origin, 3);
    let pressure = Pressure::on(&dproxy, if scale.long { 400 } else { 40 }, scale);
    let rounds = pressure.during(scale.rounds.min(8), scale, || assert_eq!(dproxy.ctl(&["restart"]).code, Some(0)));
    lossless(&pressure.stop(), &format!("{rounds} restarts"))
}

pub(super) fn silent(origin: &Origin, scale: Scale) -> Figure {
    let (home, dproxy) = upgrade::installed(origin, 4);
    let mut clients = handover::silent(&dproxy, if scale.long { 400 } else { 100 });
    let before = dproxy.status()["connections_total"].as_u64().unwrap();
    upgrade::update(home.path());
    for words in [&["resize", "1"][..], &["resize", "4"], &["restart"], &["upgrade"]] {
        assert_eq!(dproxy.ctl(words).code, Some(0), "{words:?}");
    }
    clients.iter_mut().for_each(handover::ask);
    let more = dproxy.status()["connections_total"].as_u64().unwrap() - before;
    Figure::strict(format!("{more} of {} connected again", clients.len()), more == 0)
}

pub(super) fn orphaned(origin: &Origin, scale: Scale) -> Figure {
    let mut dproxy = serving(origin, 3);
    let pressure = Pressure::on(&dproxy, 8, scale);
    let mut times = Vec::new();
    pressure.during(scale.rounds.min(10), scale, || times.push(orphans::succeed(&mut dproxy)));
    resize(&dproxy, 5);
    resize(&dproxy, 2);
    let slowest = times.iter().max().copied().unwrap_or_default();
    let lossless = lossless(&pressure.stop(), &format!("{} kills, max {slowest:.0?}", times.len()));
    if slowest > Duration::from_secs(1) { Figure::timing(lossless.text, false) } else { lossless }
}

pub(super) fn balance(origin: &Origin, _scale: Scale) -> Figure {
    let dproxy = serving(origin, 8);
    let counts = sockets::spread(&dproxy);
    let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
    let even = sockets::CLIENTS / 8;
    let holds = counts.iter().all(|count| count.abs_diff(even) * 100 <= even * 15);
    Figure::timing(format!("{least} to {most} of {even}"), holds)
}
