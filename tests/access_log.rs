//! The access log: a line for each request, whole, whoever writes and whatever becomes of the file.

use std::fs;

use dproxy_testkit::{Load, Mode, Origin, PATIENCE, Signal, Step, Value, answer, ok, wait_for};

use crate::{alone, dproxy};

/// The lines that a load of so many requests left, and how many of its requests were answered.
struct Written {
    text: String,
    answered: u64,
}

/// What became of the lines of a log.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lines {
    pub(crate) whole: u64,
    pub(crate) torn: u64,
    pub(crate) lost: u64,
}

/// The log of so many requests, while its file is taken away under it and workers come and go.
#[track_caller]
pub(crate) fn lines_over_rotations(requests: u64) -> Lines {
    let written = written_over_rotations(requests);
    let lines: Vec<&str> = written.text.split_inclusive('\n').filter(|line| line.contains("a.test")).collect();
    let whole = lines.iter().filter(|line| is_whole(line)).count();
    let (whole, all) = (u64::try_from(whole).unwrap(), u64::try_from(lines.len()).unwrap());
    Lines { whole, torn: all - whole, lost: written.answered.saturating_sub(all) }
}

fn is_whole(line: &str) -> bool {
    line.starts_with("127.0.0.1 - - [") && line.contains(" +0000] \"GET / HTTP/1.1\" 200 2 \"-\" ") && line.ends_with('\n')
}

#[track_caller]
fn written_over_rotations(requests: u64) -> Written {
    let origin = Origin::saying("ok");
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name);
    let file = path("access.log");
    let mut dproxy = dproxy().workers(3).route("a.test", &[origin.addr()]).arg("--access-log").arg(file.to_str().unwrap()).start();
    let load = Load { clients: 6, mode: Mode::PerRequest, limit: requests, ..Load::new(dproxy.http(), "a.test") }.start();
    for turn in 1..=3 {
        let before = load.done();
        wait_for("requests", 5 * PATIENCE, || load.done() >= before + requests / 10);
        fs::rename(&file, path(&format!("access.{turn}"))).unwrap();
        dproxy.signal(Signal::SIGUSR1);
        dproxy.wait_for("a new file", || file.exists());
        assert_eq!(dproxy.ctl(&["resize", if turn == 2 { "3" } else { "5" }]).code, Some(0));
    }
    let report = load.join();
    assert_eq!(report.failed(), 0, "{report}");
    dproxy.signal(Signal::SIGTERM);
    dproxy.wait_for_end();
    let names = ["access.1", "access.2", "access.3", "access.log"];
    let text = names.iter().map(|name| fs::read_to_string(path(name)).unwrap()).collect();
    Written { text, answered: report.good }
}

#[test]
fn no_line_is_torn_or_lost_while_the_file_is_rotated_and_workers_come_and_go() {
    let _alone = alone();
    assert_eq!(lines_over_rotations(3000), Lines { whole: 3000, torn: 0, lost: 0 });
}

#[test]
fn what_a_client_sends_forges_no_line() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("access.log");
    let dproxy = dproxy().arg("--access-log").arg(file.to_str().unwrap()).start();
    let request = "GET /a\"b HTTP/1.1\r\nHost: nobody.test\r\nUser-Agent: x\" 200 9 \"y\r\nReferer: \u{e4}\r\nConnection: close\r\n\r\n";
    assert_eq!(dproxy_testkit::request(dproxy.http(), request).unwrap().status, 404);
    let line = || fs::read_to_string(&file).unwrap().lines().find(|line| line.contains("nobody.test")).map(str::to_owned);
    dproxy.wait_for("the line", || line().is_some());
    let line = line().unwrap();
    assert!(line.contains(r#""GET /a\"b HTTP/1.1" 404 "#) && line.contains(r#" "\xc3\xa4" "x\" 200 9 \"y" nobody.test "#), "{line}");
}

/// The line that a request leaves, in the format that `settings` say.
fn line_of(settings: &[&str], request: &str) -> String {
    let origin = Origin::saying("ok");
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("access.log");
    let options = settings.iter().fold(dproxy().route("a.test", &[origin.addr()]), |options, word| options.arg(word));
    let dproxy = options.arg("--access-log").arg(file.to_str().unwrap()).start();
    dproxy_testkit::request(dproxy.http(), request).unwrap();
    let line = || fs::read_to_string(&file).unwrap().lines().find(|line| line.contains("/path?a=b")).map(str::to_owned);
    dproxy.wait_for("the line", || line().is_some());
    line().unwrap()
}

const REQUEST: &str = "GET /path?a=b HTTP/1.1\r\nHost: a.test\r\nUser-Agent: curl/7.30.0\r\nConnection: close\r\n\r\n";

/// Whether a text is this one, where `#` stands for a whole or decimal number and `@` for a time.
fn is_like(text: &str, pattern: &str) -> bool {
    let mut rest = text;
    for part in pattern.split_inclusive(['#', '@']) {
        let literal = part.trim_end_matches(['#', '@']);
        let Some(behind) = rest.strip_prefix(literal) else { return false };
        let is_in = |c: char| c.is_ascii_digit() || c == '.' || part.ends_with('@') && (c.is_ascii_alphabetic() || "/:+ -".contains(c));
        rest = if literal == part { behind } else { behind.trim_start_matches(is_in) };
        if literal != part && rest.len() == behind.len() {
            return false;
        }
    }
    rest.is_empty()
}

#[track_caller]
fn check_format(settings: &[&str], pattern: &str) {
    let line = line_of(settings, REQUEST);
    assert!(is_like(&line, pattern), "{line}");
}

#[test]
fn lines_have_the_format_that_was_chosen() {
    let common = "127.0.0.1 - - [@] \"GET /path?a=b HTTP/1.1\" 200 2";
    check_format(&[], &format!("{common} \"-\" \"curl/7.30.0\" a.test #"));
    check_format(&["--access-log-format", "combined"], &format!("{common} \"-\" \"curl/7.30.0\""));
    check_format(&["--access-log-format", "hipache"], &format!("::ffff:{common} \"\" \"curl/7.30.0\" \"a.test\" # #"));
    let json = "{\"status\":200,\"duration_ms\":#}";
    check_format(
        &["--access-log-format", "json", "--access-log-fields", "status,duration_ms,target"],
        &json.replace('{', "{\"target\":\"/path?a=b\","),
    );
}

#[test]
fn a_line_of_json_tells_everything_and_is_json_whatever_the_client_sends() {
    let request = REQUEST.replace("curl/7.30.0", "say \"hi\"\\ \u{e4}\u{1f600}");
    let line: Value = line_of(&["--access-log-format", "json"], &request).parse().unwrap();
    let is = |field: &str, expected: &str| assert_eq!(line[field], expected, "{field}");
    is("client", "127.0.0.1");
    is("method", "GET");
    is("scheme", "http");
    is("host", "a.test");
    is("target", "/path?a=b");
    is("protocol", "HTTP/1.1");
    is("user_agent", "say \"hi\"\\ \u{e4}\u{1f600}");
    assert!(line["time"].as_str().unwrap().ends_with('Z') && line["referer"].is_null() && line["forwarded_for"].is_null(), "{line}");
    assert!(line["backend"].as_str().unwrap().contains("@127.0.0.1:"), "{line}");
    assert!(line["status"] == 200 && line["bytes"] == 2, "{line}");
    assert!(line["duration_ms"].as_f64().unwrap() >= line["backend_ms"].as_f64().unwrap(), "{line}");
}

#[test]
fn no_line_is_torn_or_lost_while_the_file_is_rotated_by_its_size() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("access.log");
    let options = dproxy().workers(3).route("a.test", &[origin.addr()]).arg("--access-log").arg(file.to_str().unwrap());
    let options = ["--access-log-max-size", "40KiB", "--access-log-keep", "1000"].iter().fold(options, |options, word| options.arg(word));
    let mut dproxy = options.start();
    let report = Load { clients: 6, mode: Mode::PerRequest, limit: 10_000, ..Load::new(dproxy.http(), "a.test") }.start().join();
    assert_eq!(report.failed(), 0, "{report}");
    dproxy.signal(Signal::SIGTERM);
    dproxy.wait_for_end();
    let files: Vec<_> = fs::read_dir(&home).unwrap().map(|entry| entry.unwrap().path()).collect();
    let text: String = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let lines = text.split_inclusive('\n').filter(|line| is_whole(line)).count();
    assert_eq!((u64::try_from(lines).unwrap(), text.lines().count()), (report.good, lines));
    assert!(files.len() > 1, "{files:?}");
}

#[test]
fn lines_go_to_the_standard_output_where_that_is_asked_for() {
    let origin = Origin::saying("ok");
    let dproxy = dproxy().route("a.test", &[origin.addr()]).arg("--access-log").arg("stdout").start();
    dproxy_testkit::request(dproxy.http(), REQUEST).unwrap();
    dproxy.wait_for("the line", || dproxy.log().lines().any(|line| line.contains("\"GET /path?a=b HTTP/1.1\" 200 2 ")));
}

/// Answers `/fails` with an error of its own, and all else well.
fn fallible() -> Origin {
    Origin::start(|request| if request.target == "/fails" { answer("HTTP/1.1 500 Oh", "no") } else { ok("ok") })
}

/// How many lines a route with this `access_log` leaves of so many good requests and of one that fails.
#[track_caller]
fn lines_of(sample: &str, route: &str, good: u64) -> (usize, usize) {
    let origin = fallible();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("access.log");
    let routes = format!("routes:\n  - {{host: a.test, backends: \"{}\"{route}}}\n", origin.addr());
    let options = dproxy().yaml(&routes).arg("--access-log").arg(file.to_str().unwrap()).arg("--access-log-sample").arg(sample);
    let mut dproxy = options.start();
    let report = Load { clients: 4, limit: good, ..Load::new(dproxy.http(), "a.test") }.start().join();
    assert_eq!((report.failed(), report.good), (0, good), "{report}");
    assert_eq!(dproxy_testkit::get(dproxy.http(), "a.test", "/fails").unwrap().status, 500);
    dproxy.signal(Signal::SIGTERM);
    dproxy.wait_for_end();
    let text = fs::read_to_string(&file).unwrap();
    let count = |status: &str| text.lines().filter(|line| line.contains(status) && line.contains(" a.test ")).count();
    (count("\" 200 "), count("\" 500 "))
}

#[test]
fn as_many_requests_are_logged_as_the_setting_or_their_route_says() {
    assert_eq!(lines_of("on", "", 50), (50, 1));
    assert_eq!(lines_of("off", "", 50), (0, 0));
    assert_eq!(lines_of("0", "", 50), (0, 1));
    assert_eq!(lines_of("on", ", access_log: off", 50), (0, 0));
    assert_eq!(lines_of("off", ", access_log: on", 50), (50, 1));
    let (good, failed) = lines_of("off", ", access_log: 0.1", 4000);
    // Beyond six standard deviations.
    assert!((286..=514).contains(&good) && failed == 1, "{good} {failed}");
}

/// A request that is followed by a number and a trace.
const FOLLOWED: &str = "GET /path?a=b HTTP/1.1\r\nHost: a.test\r\nX-Request-Id: my-7\r\n\
    Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nConnection: close\r\n\r\n";

const BOTH: [&str; 2] = ["--tracing-request-id=create", "--tracing-context=create"];

#[test]
fn lines_tell_what_a_request_is_followed_by() {
    let ends = |settings: &[&str], request: &str, end: &str| {
        let line = line_of(settings, request);
        assert!(line.ends_with(end), "{line}");
    };
    let trace = "\"0af7651916cd43dd8448eb211c80319c\"";
    for format in ["full", "combined", "hipache"] {
        ends(&["--access-log-format", format, BOTH[0], BOTH[1]], FOLLOWED, &format!(" \"my-7\" {trace}"));
        ends(&["--access-log-format", format, BOTH[1]], FOLLOWED, &format!(" {trace}"));
    }
    // What is only carried changes no line but those of JSON.
    assert!(!line_of(&[], FOLLOWED).contains("my-7"));
    let line: Value = line_of(&["--access-log-format", "json"], FOLLOWED).parse().unwrap();
    assert!(line["request_id"] == "my-7" && line["trace_id"] == trace.trim_matches('"') && line["span_id"] == "b7ad6b7169203331", "{line}");
}

#[test]
fn the_number_in_the_log_is_the_one_that_backends_and_clients_see() {
    let refusing = Origin::start(|_| vec![Step::ReadBody, Step::Close]);
    let origin = Origin::saying("ok");
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("access.log");
    let options = dproxy().workers(1).route("a.test", &[refusing.addr(), origin.addr()]).arg("--access-log").arg(file.to_str().unwrap());
    let options = BOTH.iter().fold(options, |options, word| options.arg(word)).arg("--tracing-answer").arg("--access-log-format=json");
    let dproxy = options.arg("--balance=round_robin").start();
    // Each of the two comes first once.
    let answers = [(); 2].map(|()| dproxy_testkit::get(dproxy.http(), "a.test", "/").unwrap());
    let missing = dproxy_testkit::get(dproxy.http(), "b.test", "/").unwrap();
    let lines = || fs::read_to_string(&file).unwrap().lines().map(|line| line.parse().unwrap()).collect::<Vec<Value>>();
    dproxy.wait_for("the lines", || lines().iter().filter(|line| line["target"] == "/").count() == 3);
    let told = |id: &str| lines().iter().any(|line| line["request_id"] == id);
    assert!(told(missing.field("x-request-id").unwrap()) && missing.status == 404, "{missing:?}");
    for answer in &answers {
        let id = answer.field("x-request-id").unwrap();
        assert!(answer.status == 200 && told(id), "{answer:?}");
        assert!(origin.requests().iter().any(|request| request.field("x-request-id") == Some(id)));
    }
    // A second try is the same request.
    let first_try = refusing.requests().into_iter().find_map(|request| Some(request.field("x-request-id")?.to_owned())).unwrap();
    assert!(answers.iter().any(|answer| answer.field("x-request-id") == Some(&first_try)));
}
