//! Backends that are not well: by Docker's own checks, by dproxy's, and by what happens to requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use dproxy_testkit::{Answer, Container, Dproxy, Engine, Load, Origin, Run, Signal, Step, Value, answer, free_addr, get, kill, ok, unique};

use crate::{alone, among_others, dproxy};

/// A backend whose state the test decides.
struct Switched {
    origin: Origin,
    well: Arc<AtomicBool>,
    /// Checks that it got.
    checks: Arc<AtomicUsize>,
}

impl Switched {
    /// While it is not well it answers its checks with 503, and requests as if nothing were.
    fn start(name: &'static str) -> Switched {
        let (well, checks) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
        let (state, counter) = (Arc::clone(&well), Arc::clone(&checks));
        let origin = Origin::start(move |request| {
            if request.target != "/health" {
                return ok(name);
            }
            counter.fetch_add(1, Ordering::SeqCst);
            if state.load(Ordering::SeqCst) { ok("well") } else { answer("HTTP/1.1 503 Ill", "ill") }
        });
        Switched { origin, well, checks }
    }

    fn set(&self, well: bool) {
        self.well.store(well, Ordering::SeqCst);
    }
}

/// The routes of one host with these backends.
fn routes(backends: &[&Origin], more: &str) -> String {
    let backends: Vec<String> = backends.iter().map(|origin| format!("\"{}\"", origin.addr())).collect();
    format!("routes:\n  - host: a.test\n    backends: [{}]\n{more}", backends.join(", "))
}

const CHECKED: &str = "    check_path: /health\n    check_interval: 100ms\n    check_timeout: 2s\n    check_fall: 2\n";

fn row(dproxy: &Dproxy, of: &str) -> Value {
    let rows = dproxy.data("/backends");
    let row = rows.as_array().unwrap().iter().find(|row| row["address"] == of || row["name"] == of);
    row.unwrap_or_else(|| panic!("{of}: {rows:#}")).clone()
}

#[track_caller]
fn wait_for_condition(dproxy: &Dproxy, origin: &Origin, condition: &str) {
    let address = origin.addr().to_string();
    dproxy.wait_for(&format!("{address} to be {condition}"), || row(dproxy, &address)["condition"] == condition);
}

fn texts(dproxy: &Dproxy, count: usize) -> Vec<String> {
    (0..count).map(|_| dproxy.get("a.test", "/")).map(|answer: Answer| answer.text()).collect()
}

#[test]
fn a_backend_that_fails_its_check_gets_nothing_from_any_worker_until_it_passes_again() {
    let (one, other) = (Switched::start("one"), Switched::start("other"));
    let dproxy = dproxy().workers(4).yaml(&routes(&[&one.origin, &other.origin], CHECKED)).start();
    wait_for_condition(&dproxy, &one.origin, "ready");
    wait_for_condition(&dproxy, &other.origin, "ready");
    let both = texts(&dproxy, 20);
    assert!(both.contains(&"one".to_owned()) && both.contains(&"other".to_owned()), "{both:?}");
    one.set(false);
    wait_for_condition(&dproxy, &one.origin, "failing");
    assert_eq!(texts(&dproxy, 40), ["other"; 40]);
    let shown = row(&dproxy, &one.origin.addr().to_string());
    assert_eq!(shown["last_error"], "answered with status 503", "{shown:#}");
    let problems = dproxy.data("/problems");
    let text = problems[0]["text"].as_str().unwrap();
    assert_eq!((text, dproxy.status()["problems"].as_u64()), ("its check fails (GET /health): answered with status 503", Some(1)));
    let table = dproxy.ctl(&["backends"]).stdout;
    assert!(table.contains("failing") && table.contains("answered with status 503"), "{table}");
    let explained = dproxy.ctl(&["explain", "http://a.test/"]).stdout;
    assert!(explained.contains("failing") && explained.contains("answered with status 503"), "{explained}");
    one.set(true);
    wait_for_condition(&dproxy, &one.origin, "ready");
    assert!(texts(&dproxy, 20).contains(&"one".to_owned()));
    assert_eq!(dproxy.status()["problems"], 0);
}

#[test]
fn when_all_fail_their_checks_all_are_asked() {
    let (one, other) = (Switched::start("one"), Switched::start("other"));
    one.set(false);
    other.set(false);
    let dproxy = dproxy().workers(2).yaml(&routes(&[&one.origin, &other.origin], CHECKED)).start();
    wait_for_condition(&dproxy, &one.origin, "failing");
    wait_for_condition(&dproxy, &other.origin, "failing");
    let both = texts(&dproxy, 20);
    assert!(both.contains(&"one".to_owned()) && both.contains(&"other".to_owned()), "{both:?}");
}

#[test]
fn checks_are_made_once_for_all_workers() {
    let _alone = alone();
    let one = Switched::start("one");
    let dproxy = dproxy().workers(8).yaml(&routes(&[&one.origin], "    check_path: /health\n    check_interval: 1s\n")).start();
    wait_for_condition(&dproxy, &one.origin, "ready");
    let before = one.checks.load(Ordering::SeqCst);
    dproxy_testkit::pause(Duration::from_secs(4));
    let made = one.checks.load(Ordering::SeqCst) - before;
    assert!((2..=6).contains(&made), "{made} checks in 4 s");
    assert!(one.origin.requests().iter().all(|request| request.fields.contains(&("User-Agent".to_owned(), "dproxy-check".to_owned()))));
}

#[test]
fn a_backend_that_resets_is_ejected_for_all_workers_and_back_once_it_answers() {
    let _busy = among_others();
    let bad = Arc::new(AtomicBool::new(true));
    let state = Arc::clone(&bad);
    let sick = Origin::start(move |_| if state.load(Ordering::SeqCst) { vec![Step::Reset] } else { ok("sick") });
    let sound = Origin::saying("sound");
    let yaml = routes(&[&sick, &sound], "ejection:\n  time: 1s\n  max_time: 1s\n");
    let dproxy = dproxy().workers(4).yaml(&yaml).start();
    let report = Load { clients: 4, limit: 400, ..Load::new(dproxy.http(), "a.test") }.start().join();
    assert_eq!((report.good, report.failed()), (400, 0), "{report}");
    let asked = sick.count();
    assert!((5..60).contains(&asked), "{asked} of 400 requests went to a backend that resets each");
    let shown = row(&dproxy, &sick.addr().to_string());
    assert_eq!(
        (&shown["condition"], &shown["last_error"]),
        (&Value::from("ejected"), &Value::from("closed without an answer")),
        "{shown:#}"
    );
    assert!(dproxy.log().contains("backend ejected"), "{}", dproxy.log());
    bad.store(false, Ordering::SeqCst);
    dproxy.wait_for("its return", || dproxy.get("a.test", "/").text() == "sick");
    wait_for_condition(&dproxy, &sick, "ready");
    assert!(texts(&dproxy, 20).contains(&"sick".to_owned()));
}

#[test]
fn the_last_backend_is_never_ejected_nor_more_than_half() {
    let origins: Vec<Origin> = (0..4).map(|_| Origin::start(|_| vec![Step::Reset])).collect();
    let one = dproxy().workers(1).route("a.test", &[origins[0].addr()]).start();
    let all = dproxy().workers(2).route("a.test", &origins.iter().map(Origin::addr).collect::<Vec<_>>()).start();
    for dproxy in [&one, &all] {
        (0..60).for_each(|_| assert_eq!(dproxy.get("a.test", "/").status, 502));
    }
    let ejected = |dproxy: &Dproxy| dproxy.data("/backends").as_array().unwrap().iter().filter(|row| row["condition"] == "ejected").count();
    assert_eq!((ejected(&one), ejected(&all)), (0, 2));
}

#[test]
fn where_too_few_are_left_the_ejected_are_asked_too() {
    let bad = Arc::new(AtomicBool::new(true));
    let flaky = |name: &'static str| {
        let state = Arc::clone(&bad);
        Origin::start(move |_| if state.load(Ordering::SeqCst) { vec![Step::Reset] } else { ok(name) })
    };
    let (one, two) = (flaky("one"), flaky("two"));
    let sound = [Origin::saying("three"), Origin::saying("four")];
    let all = [&one, &two, &sound[0], &sound[1]];
    let dproxy = dproxy().workers(1).yaml(&routes(&all, "ejection:\n  time: 1h\n  max_time: 1h\n")).start();
    dproxy.wait_for("two ejected", || {
        let _ = dproxy.get("a.test", "/");
        [&one, &two].iter().all(|origin| row(&dproxy, &origin.addr().to_string())["condition"] == "ejected")
    });
    bad.store(false, Ordering::SeqCst);
    assert!(texts(&dproxy, 20).iter().all(|text| text == "three" || text == "four"));
    // One of the others goes: two of three are ejected now, which is more than half.
    let file = std::fs::read_to_string(dproxy.config()).unwrap();
    std::fs::write(dproxy.config(), file.replace(&format!(", \"{}\"", sound[1].addr()), "")).unwrap();
    kill(dproxy.pid(), Signal::SIGHUP);
    dproxy.wait_for("the ejected to be asked", || ["one", "two"].contains(&dproxy.get("a.test", "/").text().as_str()));
}

#[test]
fn a_dead_backend_costs_few_connections_and_no_request() {
    let dead = free_addr();
    let sound = Origin::saying("sound");
    let dproxy = dproxy().workers(2).route("a.test", &[dead, sound.addr()]).start();
    let report = Load { clients: 4, limit: 400, ..Load::new(dproxy.http(), "a.test") }.start().join();
    assert_eq!((report.good, report.failed()), (400, 0), "{report}");
    assert_eq!(row(&dproxy, &dead.to_string())["condition"], "ejected");
}

#[test]
fn answers_of_500_count_only_where_the_operator_says_so() {
    let check = |more: &str, expected: &str| {
        let (sick, sound) = (Origin::start(|_| answer("HTTP/1.1 500 Bad", "bad")), Origin::saying("sound"));
        let dproxy = dproxy().workers(2).yaml(&routes(&[&sick, &sound], more)).start();
        (0..30).for_each(|_| drop(dproxy.get("a.test", "/")));
        assert_eq!(row(&dproxy, &sick.addr().to_string())["condition"], expected, "{more}");
    };
    check("", "ready");
    check("ejection:\n  server_errors: true\n", "ejected");
    check("ejection:\n  server_errors: true\n  failures: 0\n", "ready");
}

#[test]
fn a_newcomer_starts_slowly() {
    let _alone = alone();
    let old = Origin::saying("old");
    let new = Origin::saying("new");
    let mut dproxy = dproxy().workers(2).yaml(&routes(&[&old], "    slow_start: 8s\n")).start();
    let file = std::fs::read_to_string(dproxy.config()).unwrap();
    std::fs::write(dproxy.config(), file.replace(&format!("\"{}\"]", old.addr()), &format!("\"{}\", \"{}\"]", old.addr(), new.addr())))
        .unwrap();
    dproxy.signal(Signal::SIGHUP);
    dproxy.wait_for("the newcomer", || {
        let status = dproxy.status();
        status["backends"] == 2 && status["workers_at_generation"] == 2
    });
    let share = || texts(&dproxy, 200).iter().filter(|text| *text == "new").count();
    let first = share();
    assert!((1..85).contains(&first), "{first} of 200 at once");
    dproxy.wait_for("its whole share", || share() >= 90);
}

/// A container of the image with a health check of its own.
fn with_health(engine: &Engine, host: &str) -> Container {
    engine.run(&Run::image("dproxy-test/echo:health", "health").label("dproxy.host", host))
}

fn docker_condition(dproxy: &Dproxy, container: &Container) -> Value {
    let rows = dproxy.data("/backends");
    let row = rows.as_array().unwrap().iter().find(|row| row["name"] == container.name.as_str());
    row.map_or(Value::Null, |row| row["condition"].clone())
}

#[test]
fn an_unhealthy_container_gets_nothing_beside_a_healthy_one_and_all_when_it_is_alone() {
    let Some(engine) = Engine::shared() else { return };
    let host = format!("{}.test", unique("docker-health"));
    let dproxy = dproxy().workers(2).docker(&engine.endpoint()).start();
    let (one, other) = (with_health(&engine, &host), with_health(&engine, &host));
    for container in [&one, &other] {
        dproxy.wait_for("a healthy container", || docker_condition(&dproxy, container) == "ready");
    }
    let _ = get(one.address(80), "x.test", "/health/fail").unwrap();
    dproxy.wait_for("an unhealthy container", || docker_condition(&dproxy, &one) == "unhealthy");
    dproxy.wait_for("all workers to know", || dproxy.status()["workers_at_generation"] == 2);
    let names = || (0..12).map(|_| dproxy.get(&host, "/").field("x-echo-name").unwrap_or_default().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(), vec![other.name.clone(); 12]);
    other.stop();
    dproxy.wait_for("the unhealthy one to serve", || dproxy.get(&host, "/").field("x-echo-name") == Some(one.name.as_str()));
    assert_eq!(names(), vec![one.name.clone(); 12]);
}

#[test]
fn labels_of_a_container_say_how_it_is_checked() {
    let Some(engine) = Engine::shared() else { return };
    let host = format!("{}.test", unique("checked"));
    let dproxy = dproxy().workers(2).docker(&engine.endpoint()).start();
    let run = || {
        let labels = [
            ("dproxy.host", host.as_str()),
            ("dproxy.check.path", "/health"),
            ("dproxy.check.interval", "200ms"),
            ("dproxy.check.fall", "2"),
        ];
        engine.run(&labels.iter().fold(Run::echo("checked"), |run, (label, text)| run.label(label, text)))
    };
    let (one, other) = (run(), run());
    for container in [&one, &other] {
        dproxy.wait_for("a checked container", || docker_condition(&dproxy, container) == "ready");
    }
    let _ = get(one.address(80), "x.test", "/health/fail").unwrap();
    dproxy.wait_for("a failing container", || docker_condition(&dproxy, &one) == "failing");
    for _ in 0..12 {
        assert_eq!(dproxy.get(&host, "/").field("x-echo-name"), Some(other.name.as_str()));
    }
    let _ = get(one.address(80), "x.test", "/health/ok").unwrap();
    dproxy.wait_for("its recovery", || docker_condition(&dproxy, &one) == "ready");
}
