//! What an operator asks of a running dproxy: the HTTP API, its Unix socket and `dproxy ctl`.

use std::time::{Duration, Instant};

use dproxy_testkit::{Connection, Failure, Origin, Signal, Value, get, kill, request};

use crate::dproxy;

#[track_caller]
fn names(list: &Value) -> Vec<String> {
    list.as_object().unwrap_or_else(|| panic!("no object: {list}")).keys().cloned().collect()
}

#[test]
fn the_three_addresses_of_the_manual_work_with_get() {
    let origin = Origin::saying("ok");
    let dproxy = dproxy().route("a.test", &[origin.addr()]).start();
    let resized = dproxy.api("/service/balancer/resize?size=5");
    assert_eq!(resized.status, 200, "{}", resized.text());
    assert_eq!(resized.json()["ok"], true);
    assert!(resized.json()["message"].as_str().unwrap().starts_with("resizing..."), "{}", resized.text());
    dproxy.wait_for_workers(5);

    let stopped = dproxy.api("/service/balancer/stop");
    assert!(stopped.json()["message"].as_str().unwrap().starts_with("stopping..."), "{}", stopped.text());
    dproxy.wait_for_workers(0);
    assert!(matches!(get(dproxy.http(), "a.test", "/"), Err(Failure::Refused)), "a stopped balancer frees its port");

    let started = dproxy.api("/service/balancer/start");
    assert!(started.json()["message"].as_str().unwrap().contains("spawned"), "{}", started.text());
    dproxy.wait_for_workers(5);
    assert_eq!(dproxy.get("a.test", "/").text(), "ok");
}

#[test]
fn post_works_as_well_and_restart_replaces_every_worker() {
    let dproxy = dproxy().start();
    assert_eq!(dproxy.post("/service/balancer/resize?size=3&wait=1").status, 200);
    let before = dproxy.worker_pids();
    assert_eq!(before.len(), 3);
    assert_eq!(dproxy.post("/service/balancer/restart?wait=1").status, 200);
    dproxy.wait_for_workers(3);
    assert!(dproxy.worker_pids().iter().all(|pid| !before.contains(pid)));
}

#[test]
fn waiting_answers_when_the_size_is_reached() {
    let dproxy = dproxy().start();
    let answer = dproxy.api("/service/balancer/resize?size=6&wait=1");
    assert_eq!(answer.json()["data"]["workers_online"], 6, "{}", answer.text());
    let again = dproxy.api("/service/balancer/resize?size=6&wait=1");
    assert_eq!(again.status, 200, "the same size is no change: {}", again.text());
    let start = dproxy.api("/service/balancer/start");
    assert_eq!(start.status, 200, "start on a running pool is no change: {}", start.text());
}

#[test]
fn sizes_that_make_no_sense_are_refused_and_say_why() {
    let dproxy = dproxy().start();
    let check = |query: &str, word: &str| {
        let answer = dproxy.api(&format!("/service/balancer/resize{query}"));
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
        let json = answer.json();
        assert_eq!(json["ok"], false, "{query}");
        assert!(json["message"].as_str().unwrap().contains(word), "{query}: {json}");
    };
    check("", "size");
    check("?size=", "whole number");
    check("?size=0", "stop");
    check("?size=-1", "whole number");
    check("?size=1.5", "whole number");
    check("?size=abc", "whole number");
    check("?size=1025", "1024");
    check("?size=99999999999999999999", "1024");
    check("?size=3&size=4", "more than once");
    check("?sise=3", "sise");
    assert_eq!(dproxy.status()["workers_wanted"], 2);
}

#[test]
fn a_web_page_cannot_command() {
    let dproxy = dproxy().start();
    let local = dproxy.api_addr();
    let check = |fields: &str| {
        let text = format!("GET /service/balancer/stop HTTP/1.1\r\n{fields}Connection: close\r\n\r\n");
        let answer = request(local, &text).unwrap();
        assert_eq!(answer.status, 403, "{fields}: {}", answer.text());
    };
    check("Host: evil.test\r\n");
    check(&format!("Host: evil.test:{}\r\n", local.port()));
    check(&format!("Host: {local}\r\nOrigin: http://evil.test\r\n"));
    check(&format!("Host: {local}\r\nOrigin: null\r\n"));
    check(&format!("Host: {local}\r\nSec-Fetch-Site: cross-site\r\n"));
    check(&format!("Host: {local}\r\nSec-Fetch-Site: same-site\r\n"));
    assert_eq!(dproxy.online(), Some(2));
    let own =
        format!("GET /status HTTP/1.1\r\nHost: localhost:{}\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n\r\n", local.port());
    assert_eq!(request(local, &own).unwrap().status, 200);
}

#[test]
fn lists_have_one_shape() {
    let origin = Origin::saying("ok");
    let dproxy = dproxy().route("a.test", &[origin.addr()]).start();
    let check = |path: &str, message: &str, count: usize| {
        let json = dproxy.api(path).json();
        assert_eq!((&json["ok"], json["message"].as_str()), (&Value::Bool(true), Some(message)), "{path}: {json}");
        assert_eq!(json["data"].as_array().map(Vec::len), Some(count), "{path}: {json}");
        json["data"][0].clone()
    };
    let worker = check("/workers", "Found 2 workers.", 2);
    for key in ["slot", "pid", "state", "restarts", "generation", "connections", "requests", "memory_bytes"] {
        assert!(names(&worker).contains(&key.to_owned()), "{key}: {worker}");
    }
    assert_eq!(worker["state"], "online");
    let route = check("/routes", "Found 1 routes.", 1);
    assert_eq!((&route["host"], &route["path"], &route["state"]), (&"a.test".into(), &"/".into(), &"live".into()));
    let backend = check("/backends", "Found 1 backends.", 1);
    assert_eq!(backend["address"], origin.addr().to_string());
    check("/containers", "Found 0 containers.", 0);
    check("/certificates", "Found 0 certificates.", 0);
    check("/problems", "Found 0 problems.", 0);
    check("/workers?limit=1", "Found 1 workers.", 1);
    assert_eq!(dproxy.api("/nothing").status, 404);
    assert_eq!(dproxy.api("/ping").status, 200);
    assert_eq!(dproxy.api("/healthz").status, 200);
}

#[test]
fn ready_is_who_serves_and_who_does_not_says_why() {
    let dproxy = dproxy().start();
    let check = |status: u16, text: &str| {
        let told = dproxy.api("/readyz");
        assert!(told.status == status && told.text().contains(text), "{}", told.text());
    };
    check(200, "ok\n");
    assert_eq!(dproxy.ctl(&["stop"]).code, Some(0));
    check(503, "nobody serves: the pool is stopped");
    assert_eq!(dproxy.api("/healthz").status, 200, "it lives all the same");
    assert_eq!(dproxy.ctl(&["start"]).code, Some(0));
    check(200, "ok\n");
    // Whoever is held takes no table, but for some time no other worker is started in its place.
    let workers = dproxy.worker_pids();
    workers.iter().for_each(|pid| kill(*pid, Signal::SIGSTOP));
    let added = dproxy.send_api("POST", "/routes", r#"{"host": "new.test", "backends": ["127.0.0.1:9"]}"#);
    assert_eq!(added.status, 200, "{}", added.text());
    check(503, "no worker serves the newest table, generation");
    workers.iter().for_each(|pid| kill(*pid, Signal::SIGCONT));
    dproxy.wait_for("readiness", || dproxy.api("/readyz").status == 200);
}

#[test]
fn the_unix_socket_answers_like_the_port() {
    let dproxy = dproxy().start();
    let mut connection = Connection::open_unix(&dproxy.socket(), Duration::from_secs(5)).unwrap();
    connection.send(b"GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let status = connection.answer_to("GET").unwrap().json();
    assert_eq!(status["data"]["pid"], dproxy.pid());
}

#[test]
fn status_counts_what_happened() {
    let origin = Origin::saying("ok");
    let dproxy = dproxy().route("a.test", &[origin.addr()]).start();
    for _ in 0..7 {
        assert_eq!(dproxy.get("a.test", "/").status, 200);
    }
    dproxy.wait_for("seven requests", || dproxy.status()["requests_total"] == 7);
    let status = dproxy.status();
    assert_eq!((&status["pool"], &status["workers_online"]), (&"running".into(), &2.into()), "{status}");
    assert_eq!(status["connections_total"], 7, "{status}");
    assert_eq!(status["engine"]["connected"], false, "{status}");
    assert!(status["engine"]["error"].is_string(), "without an engine it says so: {status}");
}

#[test]
fn ctl_says_it_in_tables_and_in_json() {
    let origin = Origin::saying("ok");
    let dproxy = dproxy().route("a.test", &[origin.addr()]).start();
    let table = dproxy.ctl(&["status"]);
    assert_eq!(table.code, Some(0), "{table:?}");
    assert!(table.stdout.contains("running") && table.stdout.contains(&dproxy.pid().to_string()), "{table:?}");
    let routes = dproxy.ctl(&["routes"]);
    assert!(routes.stdout.contains("a.test") && routes.stdout.contains(&origin.addr().to_string()), "{routes:?}");
    let list = dproxy.ctl(&["list"]);
    for pid in dproxy.worker_pids() {
        assert!(list.stdout.contains(&pid.to_string()), "{list:?}");
    }
    let json = dproxy.ctl(&["status", "--json"]).json();
    assert!(json.to_string().contains("\"workers_online\":2"), "{json}");
    let json = dproxy.ctl(&["--json", "list"]).json();
    assert!(json.to_string().contains("\"slot\":"), "{json}");
}

#[test]
fn ctl_resizes_stops_and_starts() {
    let dproxy = dproxy().start();
    let check = |words: &[&str], workers: usize| {
        let told = dproxy.ctl(words);
        assert_eq!(told.code, Some(0), "{words:?}: {told:?}");
        // ctl waits by itself.
        assert_eq!(dproxy.online(), u64::try_from(workers).ok(), "{words:?}: {told:?}");
    };
    check(&["resize", "30"], 30);
    check(&["resize", "3"], 3);
    check(&["stop"], 0);
    check(&["start"], 3);
    check(&["restart"], 3);
    for wrong in [&["resize", "0"], &["resize", "abc"], &["resize", "1025"], &["resize", "-1"]] {
        let told = dproxy.ctl(wrong);
        assert_ne!(told.code, Some(0), "{wrong:?}: {told:?}");
        assert!(!told.stderr.is_empty(), "{wrong:?}: {told:?}");
    }
    assert_ne!(dproxy.ctl(&["resize"]).code, Some(0));
    assert_ne!(dproxy.ctl(&["no-such-word"]).code, Some(0));
}

#[test]
fn ctl_says_when_nothing_runs() {
    let mut dproxy = dproxy().start();
    dproxy.signal(Signal::SIGTERM);
    assert_eq!(dproxy.exit_code(), 0);
    let told = dproxy.ctl(&["status"]);
    assert_ne!(told.code, Some(0), "{told:?}");
    assert!(told.stderr.contains("not running"), "{told:?}");
}

#[test]
fn the_api_answers_while_the_balancer_is_stopped() {
    let dproxy = dproxy().start();
    assert_eq!(dproxy.ctl(&["stop"]).code, Some(0));
    let status = dproxy.status();
    assert_eq!((&status["pool"], &status["workers_online"]), (&"stopped".into(), &0.into()), "{status}");
    assert_eq!(dproxy.ctl(&["resize", "4"]).code, Some(0), "a stopped pool can be resized");
    assert_eq!(dproxy.ctl(&["start"]).code, Some(0));
    dproxy.wait_for_workers(4);
}

#[test]
fn a_size_survives_a_restart_of_the_program() {
    let mut dproxy = dproxy().start();
    assert_eq!(dproxy.ctl(&["resize", "4"]).code, Some(0));
    dproxy.signal(Signal::SIGTERM);
    assert_eq!(dproxy.exit_code(), 0);
    dproxy.launch_again();
    dproxy.wait_for_workers(4);
}

#[test]
fn the_api_answers_fast_even_under_a_resize() {
    let dproxy = dproxy().start();
    assert_eq!(dproxy.api("/service/balancer/resize?size=20").status, 200);
    let asked = Instant::now();
    assert_eq!(dproxy.api("/status").status, 200);
    assert!(asked.elapsed() < Duration::from_secs(1), "it took {:?}", asked.elapsed());
    dproxy.wait_for_workers(20);
}

#[test]
fn a_route_by_hand_serves_is_listed_and_removed() {
    let origin = Origin::saying("by hand");
    let dproxy = dproxy().start();
    let added = dproxy.send_api("POST", "/routes", &format!(r#"{{"host": "hand.test", "backends": ["{}"]}}"#, origin.addr()));
    assert_eq!(added.status, 200, "{}", added.text());
    let row = &added.json()["data"][0];
    assert_eq!((&row["host"], &row["id"], &row["owner"]), (&"hand.test".into(), &1.into(), &"by hand, 1".into()), "{row}");
    dproxy.wait_for("the route serves", || dproxy.get("hand.test", "/").text() == "by hand");
    assert_eq!(dproxy.api("/routes?where=host%3Dhand.test").json()["data"].as_array().map(Vec::len), Some(1));

    let gone = dproxy.send_api("DELETE", "/routes?id=1", "");
    assert_eq!(gone.status, 200, "{}", gone.text());
    dproxy.wait_for("the host is unknown", || dproxy.get("hand.test", "/").status == 404);
    assert_eq!(dproxy.send_api("DELETE", "/routes?id=1", "").status, 404);
    assert_eq!(dproxy.send_api("DELETE", "/routes", "").status, 400);
    assert_eq!(dproxy.send_api("POST", "/routes", "").status, 400);
    assert_eq!(dproxy.send_api("POST", "/routes", r#"{"host": "hand.test"}"#).status, 400);
}

#[test]
fn a_route_by_hand_survives_a_restart_and_ends_with_its_lifetime() {
    let origin = Origin::saying("by hand");
    let mut dproxy = dproxy().start();
    for (host, lifetime) in [("long.test", "1h"), ("short.test", "4s")] {
        let route = format!(r#"{{"host": "{host}", "backends": ["{}"], "lifetime": "{lifetime}"}}"#, origin.addr());
        assert_eq!(dproxy.send_api("POST", "/routes", &route).status, 200);
    }
    dproxy.wait_for("both serve", || ["long.test", "short.test"].into_iter().all(|host| dproxy.get(host, "/").status == 200));
    dproxy.wait_for("the short one has ended", || dproxy.get("short.test", "/").status == 404);
    dproxy.signal(Signal::SIGTERM);
    assert_eq!(dproxy.exit_code(), 0);
    dproxy.launch_again();
    dproxy.wait_for_workers(2);
    dproxy.wait_for("the long one serves again", || dproxy.get("long.test", "/").text() == "by hand");
    let rows = dproxy.api("/routes").json()["data"].clone();
    assert_eq!(rows.as_array().map(Vec::len), Some(1), "{rows}");
    assert!(rows[0]["expires_seconds"].as_u64().is_some_and(|seconds| seconds > 3000 && seconds <= 3600), "{rows}");
}

#[test]
fn one_operation_runs_at_a_time_but_start_and_stop_are_always_obeyed() {
    let dproxy = dproxy().start();
    let mut connection = Connection::open(dproxy.api_addr()).unwrap();
    let paths = ["resize?size=30", "resize?size=30", "resize?size=4", "restart", "upgrade", "start", "stop", "resize?size=3"];
    // All in one write, so that the first one is under way when the others come.
    let ask = |path: &&str| format!("POST /service/balancer/{path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    connection.send(paths.iter().map(ask).collect::<String>().as_bytes()).unwrap();
    let statuses = paths.map(|_| connection.answer_to("POST").unwrap());
    for (path, (answer, status)) in paths.iter().zip(statuses.iter().zip([200, 200, 409, 409, 409, 200, 200, 200])) {
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
    }
    let said = statuses[2].json();
    let expected = "a resize to 30 is under way, ";
    assert!(
        said["message"].as_str().is_some_and(|text| text.starts_with(expected) && text.contains("ask again when it is done")),
        "{said}"
    );
    assert_eq!(dproxy.ctl(&["start"]).code, Some(0));
    dproxy.wait_for_workers(3);
    assert_eq!(dproxy.post("/service/balancer/restart?wait=1").status, 200, "what is done hinders nobody");
}

#[test]
fn the_api_describes_itself() {
    let dproxy = dproxy().start();
    let document = dproxy.api("/openapi.json").json();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = names(&document["paths"]);
    for path in
        paths.iter().filter(|path| !path.contains("balancer") && !["/why", "/explain", "/events", "/worker"].contains(&path.as_str()))
    {
        assert_eq!(dproxy.api(path).status, 200, "{path}");
    }
}

#[test]
fn another_address_than_loopback_needs_the_token_of_a_file() {
    let dproxy = dproxy().arg("--api-address=0.0.0.0").spawn();
    dproxy.wait_for("it runs", || dproxy.ctl(&["status"]).code == Some(0));
    let file = dproxy.home().join("state/api-token");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600, "it is made for its owner alone");
    let token = std::fs::read_to_string(&file).unwrap().trim().to_owned();
    let ask = |path: &str, fields: &str| {
        let text = format!("GET {path} HTTP/1.1\r\nHost: proxy.example.test\r\n{fields}Connection: close\r\n\r\n");
        request(dproxy.api_addr(), &text).unwrap()
    };
    let refused = ask("/status", "");
    assert_eq!((refused.status, refused.field("www-authenticate")), (401, Some("Bearer")), "{}", refused.text());
    assert_eq!(ask("/service/balancer/stop", "Authorization: Bearer 0123456789abcdef\r\n").status, 401);
    assert_eq!(ask("/status", &format!("Authorization: Bearer {token}\r\n")).status, 200);
    assert_eq!(ask("/healthz", "").status, 200, "whether it lives is no secret");
    assert_eq!(dproxy.ctl(&["status"]).code, Some(0), "the socket needs none");
    let api = format!("http://{}", dproxy.api_addr());
    let (api, file) = (api.as_str(), file.to_str().unwrap());
    let without = dproxy.run(&["ctl", "--api", api, "status"]);
    assert!(without.code == Some(1) && without.stderr.contains("--token-file"), "{without:?}");
    let with = dproxy.run(&["ctl", "--api", api, "--token-file", file, "status"]);
    assert_eq!(with.code, Some(0), "{with:?}");
}

#[test]
fn a_token_that_others_can_read_is_no_token() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("token");
    std::fs::write(&file, "0123456789abcdef\n").unwrap();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let mut dproxy = dproxy().arg(&format!("--api-token-file={}", file.display())).spawn();
    assert_eq!(dproxy.exit_code(), 1);
    assert!(dproxy.log().contains("may be read by others (mode 644)"), "{}", dproxy.log());
}

/// The next event of this kind: its data.
fn next_event(events: &mut Connection, kind: &str) -> Value {
    loop {
        let line = events.line().unwrap();
        if line.trim_end() == format!("event: {kind}") {
            let data = events.line().unwrap();
            return data.trim_end().trim_start_matches("data: ").parse().unwrap();
        }
    }
}

#[test]
fn events_tell_what_happens_as_it_happens() {
    let origin = Origin::saying("ok");
    let dproxy = dproxy().start();
    let mut events = Connection::open(dproxy.api_addr()).unwrap();
    events.send(b"GET /events HTTP/1.0\r\nHost: localhost\r\n\r\n").unwrap();
    let head = events.head().unwrap();
    assert_eq!((head.status, head.field("content-type")), (200, Some("text/event-stream")));
    assert_eq!(next_event(&mut events, "status")["workers_online"], 2, "the status comes first");

    let route = format!(r#"{{"host": "new.test", "backends": ["{}"]}}"#, origin.addr());
    assert_eq!(dproxy.send_api("POST", "/routes", &route).status, 200);
    let added = next_event(&mut events, "route_added");
    assert!(added["host"] == "new.test" && added["created"].is_string(), "{added}");
    assert_eq!(dproxy.send_api("DELETE", "/routes?host=new.test", "").status, 200);
    assert_eq!(next_event(&mut events, "route_removed")["host"], "new.test");
    assert_eq!(dproxy.api("/service/balancer/resize?size=3&wait=1").status, 200);
    let worker = next_event(&mut events, "worker");
    assert!(worker["slot"] == 2 && worker["created"].is_string(), "{worker}");

    let mut quiet = Connection::open(dproxy.api_addr()).unwrap();
    quiet.send(b"GET /events?kind=log HTTP/1.0\r\nHost: localhost\r\n\r\n").unwrap();
    assert_eq!(quiet.head().unwrap().status, 200);
    assert_eq!(dproxy.post("/service/balancer/reset").status, 200);
    let line = next_event(&mut quiet, "log");
    assert!(line["line"].as_str().is_some_and(|line| line.contains("/service/balancer/reset")), "{line}");
    assert_eq!(dproxy.api("/events?kind=nonsense").status, 400);
}

#[test]
fn reload_answers_with_what_came_of_it() {
    let origin = Origin::saying("ok");
    let dproxy = dproxy().start();
    let file = std::fs::read_to_string(dproxy.config()).unwrap();
    let routes = format!("routes:\n  - host: later.test\n    backends: [\"{}\"]\n", origin.addr());
    std::fs::write(dproxy.config(), format!("{file}{routes}")).unwrap();
    let answer = dproxy.post("/service/balancer/reload");
    assert_eq!(answer.status, 200, "{}", answer.text());
    dproxy.wait_for("the new route serves", || dproxy.get("later.test", "/").status == 200);
    std::fs::write(dproxy.config(), format!("{file}no_such_key: 1\n")).unwrap();
    let answer = dproxy.post("/service/balancer/reload");
    assert!(answer.status == 503 && answer.text().contains("no_such_key"), "{} {}", answer.status, answer.text());
    assert_eq!(dproxy.get("later.test", "/").status, 200);
}

#[test]
fn a_reset_counts_restarts_from_zero_and_the_log_is_there() {
    let dproxy = dproxy().start();
    let pid = dproxy.worker_pids()[0];
    dproxy_testkit::kill(pid, Signal::SIGKILL);
    let restarts = || dproxy.api("/worker?slot=0").json()["data"]["restarts"].as_u64();
    let any = || dproxy.data("/workers").as_array().is_some_and(|rows| rows.iter().any(|row| row["restarts"] == 1));
    dproxy.wait_for("a restart is counted", any);
    assert_eq!(dproxy.post("/service/balancer/reset").status, 200);
    dproxy.wait_for("it is counted no more", || !any() && restarts() == Some(0));
    let lines = dproxy.api(&format!("/logs?where=line~pid={pid}&limit=1")).json();
    assert_eq!(lines["data"].as_array().map(Vec::len), Some(1), "{lines}");
    assert_eq!(dproxy.api("/worker?slot=9").status, 404);
    assert_eq!(dproxy.api("/worker").status, 400);
}

#[test]
fn a_tester_finds_no_answer_that_is_not_described() {
    let dproxy = dproxy().start();
    let Some(output) = crate::clients::python("api_calls.py", "schemathesis", &[&format!("http://{}", dproxy.api_addr())]) else { return };
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(dproxy.api("/ping").status, 200);
}
