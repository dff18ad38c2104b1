//! What a monitoring system sees: the figures of `/metrics`.

use std::io::Write as _;
use std::process::{Command, Stdio};

use dproxy_testkit::{Dproxy, Origin};

use crate::dproxy;

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
    assert!(figure(&text, "dproxy_worker_resident_memory_bytes{slot=\"1\"}").unwrap() > 100_000.0, "{text}");
    assert!(figure(&text, "dproxy_worker_loop_lag_seconds{slot=\"0\"}").is_some(), "{text}");
    assert!(figure(&text, "dproxy_snapshot_age_seconds").is_some(), "{text}");
    assert!(!text.contains("nobody.test"), "what clients send is no label: {text}");
    if let Some(verdict) = promtool(&text) {
        assert_eq!(verdict, "exit status: 0");
    }
}
