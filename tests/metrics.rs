//! What a monitoring system sees: the figures of `/metrics`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use dproxy_testkit::{Dproxy, Load, Origin, Signal, kill};

use crate::{alone, dproxy};

/// The text of all figures.
#[track_caller]
fn scrape(dproxy: &Dproxy) -> String {
    let answer = dproxy.api("/metrics");
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.field("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    answer.text()
}

/// The figure with this name and these labels.
fn figure(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

/// What Prometheus' own tool has to say of the text; none without the tool.
fn promtool(text: &str) -> Option<String> {
    let mut tool = Command::new("promtool");
    let tool = tool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = match tool.spawn() {
        Ok(running) => running,
        Err(error) => {
            println!("skipped: cannot run promtool: {error}");
            return None;
        }
    };
    running.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let done = running.wait_with_output().unwrap();
    Some(format!("{}{}{}", done.status, String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr)))
}

#[test]
fn prometheus_is_content_with_every_figure() {
    let origin = Origin::saying("ok");
    let dproxy = dproxy().route("a.test", &[origin.addr()]).start();
    for _ in 0..3 {
        assert_eq!(dproxy.get("a.test", "/").text(), "ok");
    }
    assert_eq!(dproxy.get("nobody.test", "/").status, 404);
    dproxy.wait_for("the last request to be counted", || figure(&scrape(&dproxy), "dproxy_requests_in_flight") == Some(0.0));
    let text = scrape(&dproxy);
    let check = |name: &str, expected: f64| assert_eq!(figure(&text, name), Some(expected), "{name}\n{text}");
    check("dproxy_requests_total", 4.0);
    check("dproxy_responses_total{code=\"2xx\"}", 3.0);
    check("dproxy_responses_total{code=\"4xx\"}", 1.0);
    check("dproxy_response_body_bytes_total", 6.0);
    check("dproxy_workers_online", 2.0);
    check("dproxy_worker_restarts_total{slot=\"0\"}", 0.0);
    check(&format!("dproxy_backend_up{{backend=\"{0}\",name=\"{0}\"}}", origin.addr()), 1.0);
    check(&format!("dproxy_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")), 1.0);
    check("dproxy_route_requests_total{host=\"a.test\",path=\"/\",listen=\"any\",code=\"2xx\"}", 3.0);
    check("dproxy_route_response_body_bytes_total{host=\"a.test\",path=\"/\",listen=\"any\"}", 6.0);
    check("dproxy_route_request_duration_seconds_count{host=\"a.test\",path=\"/\",listen=\"any\"}", 3.0);
    assert!(figure(&text, "dproxy_worker_resident_memory_bytes{slot=\"1\"}").unwrap() > 100_000.0, "{text}");
    assert!(figure(&text, "dproxy_worker_loop_lag_seconds{slot=\"0\"}").is_some(), "{text}");
    assert!(figure(&text, "dproxy_snapshot_age_seconds").is_some(), "{text}");
    assert!(!text.contains("nobody.test"), "what clients send is no label: {text}");
    if let Some(verdict) = promtool(&text) {
        assert_eq!(verdict, "exit status: 0");
    }
}

#[test]
fn no_counter_of_a_route_goes_back_when_workers_die_or_another_route_comes_and_goes() {
    let origin = Origin::saying("ok");
    let dproxy = dproxy().route("a.test", &[origin.addr()]).start();
    let answered = || figure(&scrape(&dproxy), "dproxy_route_requests_total{host=\"a.test\",path=\"/\",listen=\"any\",code=\"2xx\"}");
    let ask = |count: usize| (0..count).for_each(|_| assert_eq!(dproxy.get("a.test", "/").text(), "ok"));
    ask(10);
    dproxy.wait_for("ten answers to be counted", || answered() == Some(10.0));
    for pid in dproxy.worker_pids() {
        kill(pid, Signal::SIGKILL);
        dproxy.wait_for("another worker", || !dproxy.worker_pids().contains(&pid) && dproxy.worker_pids().len() == 2);
    }
    assert_eq!(answered(), Some(10.0), "the dead have counted all of them");
    assert_eq!(dproxy.post("/service/balancer/restart?wait=1").status, 200);
    ask(5);
    dproxy.wait_for("five more", || answered() == Some(15.0));

    let routes = "dproxy_routes";
    let body = format!("{{\"host\": \"b.test\", \"backends\": [\"{}\"]}}", origin.addr());
    assert_eq!(dproxy.send_api("POST", "/routes", &body).status, 200);
    dproxy.wait_until_all_know();
    assert_eq!(dproxy.get("b.test", "/").text(), "ok");
    dproxy.wait_for("a figure of the other route", || scrape(&dproxy).contains("host=\"b.test\""));
    assert_eq!(dproxy.send_api("DELETE", "/routes?host=b.test", "").status, 200);
    dproxy.wait_for("the route to be gone", || figure(&scrape(&dproxy), routes) == Some(1.0));
    let text = scrape(&dproxy);
    assert!(!text.contains("host=\"b.test\""), "what is gone is told no more: {text}");
    assert_eq!(answered(), Some(15.0));
}

#[test]
fn a_thousand_routes_and_a_worker_that_stands_still_are_told_of_at_once() {
    let origin = Origin::saying("ok");
    let mut yaml = "routes:\n".to_owned();
    for number in 0..1000 {
        writeln!(yaml, "  - {{host: site-{number}.test, backends: [\"{}\"]}}", origin.addr()).unwrap();
    }
    let dproxy = dproxy().yaml(&yaml).start();
    let mut connection = dproxy_testkit::Connection::open(dproxy.http()).unwrap();
    for number in 0..1000 {
        connection.send(format!("GET / HTTP/1.1\r\nHost: site-{number}.test\r\n\r\n").as_bytes()).unwrap();
        assert_eq!(connection.answer_to("GET").unwrap().status, 200);
    }
    dproxy.wait_for("all to be counted", || scrape(&dproxy).matches("dproxy_route_requests_total{").count() == 1000);
    kill(dproxy.worker_pids()[0], Signal::SIGSTOP);
    // The best of several: other tests run beside this one.
    let took = |_| {
        let begun = Instant::now();
        let text = scrape(&dproxy);
        (begun.elapsed(), text)
    };
    let (quickest, text) = (0..10).map(took).min_by_key(|(took, _)| *took).unwrap();
    println!("a scrape of {} lines and {} bytes took {quickest:?}", text.lines().count(), text.len());
    assert!(quickest < Duration::from_millis(50), "{quickest:?}");
    assert_eq!(text.matches("dproxy_route_requests_total{").count(), 1000);
    if let Some(verdict) = promtool(&text) {
        assert_eq!(verdict, "exit status: 0");
    }
}

/// Every counter of a text, by name and labels.
fn counters(text: &str) -> BTreeMap<&str, f64> {
    let name = |line: &str| line.split(['{', ' ']).next().unwrap_or_default().to_owned();
    let counts = |line: &&str| ["_total", "_count", "_sum", "_bucket"].iter().any(|end| name(line).ends_with(end));
    let figures = text.lines().filter(|line| !line.starts_with('#')).filter(counts);
    figures.filter_map(|line| line.rsplit_once(' ')).map(|(name, value)| (name, value.parse().unwrap())).collect()
}

#[test]
fn no_counter_goes_back_over_an_upgrade_under_load() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let dproxy = dproxy().route("a.test", &[origin.addr()]).start();
    let load = Load { clients: 4, ..Load::new(dproxy.http(), "a.test") }.start();
    dproxy.wait_for("requests", || load.done() > 200);
    let mut last = scrape(&dproxy);
    let mut look = || {
        let text = scrape(&dproxy);
        for (name, before) in counters(&last) {
            let now = counters(&text).get(name).copied();
            assert!(now.is_some_and(|now| now >= before), "{name} was {before} and is {now:?}");
        }
        last = text;
    };
    for round in 1..=2 {
        thread::scope(|scope| {
            let upgrade = scope.spawn(|| dproxy.ctl(&["upgrade"]));
            while !upgrade.is_finished() {
                look();
            }
            let told = upgrade.join().unwrap();
            assert_eq!(told.code, Some(0), "{told:?}");
        });
        let before = load.done();
        dproxy.wait_for("requests after it", || load.done() > before + 200);
        look();
        assert_eq!(dproxy.status()["upgrade"]["number"], round);
    }
    let report = load.stop();
    assert_eq!(report.failed(), 0, "{report}");
    let answered = "dproxy_route_requests_total{host=\"a.test\",path=\"/\",listen=\"any\",code=\"2xx\"}";
    let all = f64::from(u32::try_from(report.good).unwrap());
    dproxy.wait_for("all to be counted", || figure(&scrape(&dproxy), answered) == Some(all));
}
