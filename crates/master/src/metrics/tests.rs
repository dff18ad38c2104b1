use dproxy_route::Entrance;
use dproxy_stats::{Account, Page, Served};

use super::*;

fn status() -> Status {
    let engine = EngineRow { endpoint: "unix:///x".to_owned(), connected: true, containers: 3, ..EngineRow::default() };
    Status { version: "1.2.3".to_owned(), engines: vec![engine], workers_wanted: 2, ..Status::default() }
}

fn worker(slot: u16, state: &str, generation: u64, silence: u64) -> WorkerFigures {
    let row = WorkerRow { slot, state: state.to_owned(), generation, connections: 2, restarts: 1, ..WorkerRow::default() };
    let mut counters = Counters::default();
    counters.set(Counter::Lateness, 1500);
    WorkerFigures { row, counters, silence: Some(Duration::from_millis(silence)) }
}

fn backend(id: &str, condition: &str) -> BackendRow {
    BackendRow { id: id.to_owned(), name: "web".to_owned(), condition: condition.to_owned(), requests: Some(4), ..BackendRow::default() }
}

/// Two requests that were answered, and a tunnel.
fn sums() -> Sums {
    let file = tempfile::tempfile().unwrap();
    file.set_len(Page::BYTES as u64).unwrap();
    let (page, account) = (Page::map(&file).unwrap(), Account::at(0).unwrap());
    for (status, took) in [(200, Some(4)), (502, Some(20_000)), (101, None)] {
        page.note(account, &Served { status, received: 10, sent: 100, took: took.map(Duration::from_millis) });
    }
    page.account(account)
}

fn text(workers: &[WorkerFigures], backends: &[BackendRow]) -> String {
    let name = RouteName { host: "*.a.test".parse().unwrap(), path: "/x".parse().unwrap(), entrance: Entrance::default() };
    let mut counters = Counters::default();
    counters.set(Counter::Requests, 7);
    counters.set(Counter::Status2xx, 6);
    render(&Figures {
        status: &status(),
        counters: &counters,
        workers,
        backends,
        routes: &[RouteFigures { name: &name, sums: sums() }],
        certificates: vec![("a.pem", UNIX_EPOCH + Duration::from_secs(2_000_000_000))],
        snapshot_age: Duration::from_millis(1500),
        configured: true,
        memory_bytes: 1 << 20,
        now: UNIX_EPOCH + Duration::from_secs(1000),
    })
}

#[track_caller]
fn check(text: &str, line: &str) {
    assert!(text.lines().any(|found| found == line), "`{line}` is not in\n{text}");
}

#[test]
fn every_figure_has_a_line() {
    let text =
        text(&[worker(0, "online", 5, 10), worker(1, "waiting restart", 0, 3100)], &[backend("a:80", "ready"), backend("b:80", "ejected")]);
    for line in [
        r#"dproxy_build_info{version="1.2.3"} 1"#,
        "dproxy_snapshot_age_seconds 1.5",
        "process_start_time_seconds 1000",
        "dproxy_requests_total 7",
        r#"dproxy_responses_total{code="2xx"} 6"#,
        r#"dproxy_worker_online{slot="0"} 1"#,
        r#"dproxy_worker_online{slot="1"} 0"#,
        r#"dproxy_worker_loop_lag_seconds{slot="0"} 0.0015"#,
        r#"dproxy_worker_loop_lag_seconds{slot="1"} 3"#,
        r#"dproxy_worker_generation{slot="0"} 5"#,
        r#"dproxy_route_requests_total{host="*.a.test",path="/x",listen="any",code="1xx"} 1"#,
        r#"dproxy_route_requests_total{host="*.a.test",path="/x",listen="any",code="2xx"} 1"#,
        r#"dproxy_route_requests_total{host="*.a.test",path="/x",listen="any",code="5xx"} 1"#,
        r#"dproxy_route_request_body_bytes_total{host="*.a.test",path="/x",listen="any"} 30"#,
        r#"dproxy_route_response_body_bytes_total{host="*.a.test",path="/x",listen="any"} 300"#,
        r#"dproxy_route_request_duration_seconds_bucket{host="*.a.test",path="/x",listen="any",le="0.001"} 0"#,
        r#"dproxy_route_request_duration_seconds_bucket{host="*.a.test",path="/x",listen="any",le="0.005"} 1"#,
        r#"dproxy_route_request_duration_seconds_bucket{host="*.a.test",path="/x",listen="any",le="10"} 1"#,
        r#"dproxy_route_request_duration_seconds_bucket{host="*.a.test",path="/x",listen="any",le="+Inf"} 2"#,
        r#"dproxy_route_request_duration_seconds_sum{host="*.a.test",path="/x",listen="any"} 20.004"#,
        r#"dproxy_route_request_duration_seconds_count{host="*.a.test",path="/x",listen="any"} 2"#,
        r#"dproxy_backends{condition="ejected"} 1"#,
        r#"dproxy_backend_up{backend="a:80",name="web"} 1"#,
        r#"dproxy_backend_up{backend="b:80",name="web"} 0"#,
        r#"dproxy_backend_ejected{backend="b:80",name="web"} 1"#,
        r#"dproxy_backend_requests_in_flight{backend="b:80",name="web"} 4"#,
        r#"dproxy_engine_connected{engine="unix:///x"} 1"#,
        r#"dproxy_certificate_expiry_timestamp_seconds{file="a.pem"} 2000000000"#,
    ] {
        check(&text, line);
    }
}

#[test]
fn no_figure_is_told_twice() {
    let text = text(&[worker(0, "online", 5, 0), worker(0, "stopping", 4, 0)], &[backend("a:80", "ready")]);
    check(&text, r#"dproxy_worker_connections_open{slot="0"} 4"#);
    check(&text, r#"dproxy_worker_restarts_total{slot="0"} 1"#);
    let mut names: Vec<&str> =
        text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' ')).map(|(name, _)| name).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn only_so_many_backends_are_told_of() {
    let backends: Vec<BackendRow> = (0..MOST + 5).map(|number| backend(&number.to_string(), "ready")).collect();
    let text = text(&[], &backends);
    assert_eq!(text.lines().filter(|line| line.starts_with("dproxy_backend_up{")).count(), MOST);
    check(&text, r#"dproxy_backends{condition="ready"} 10005"#);
}
