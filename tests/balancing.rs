//! Which of several backends a request goes to: shares and weights, clients that stay, keys that stay.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use dproxy_testkit::{
    Answer, Connection, Container, Dproxy, Engine, Load, Origin, PATIENCE, Run, Step, answer, chunked, ok, request, unique, wait_for,
    wait_for_some,
};

use crate::{among_others, dproxy};

/// Replicas that answer to one name.
struct Replicas {
    host: String,
    containers: Vec<Container>,
}

impl Replicas {
    fn start(engine: &Engine, count: usize, labels: impl Fn(usize, Run) -> Run) -> Replicas {
        let host = format!("{}.test", unique("balance"));
        let mut replicas = Replicas { host, containers: Vec::new() };
        (0..count).for_each(|number| replicas.add(engine, number, &labels));
        replicas
    }

    fn add(&mut self, engine: &Engine, number: usize, labels: impl Fn(usize, Run) -> Run) {
        let run = Run::echo("replica").label("dproxy.host", &self.host);
        self.containers.push(engine.run(&labels(number, run)));
        self.containers[self.containers.len() - 1].wait_until_up(80);
    }

    /// Waits until as many serve as there are.
    fn wait_until_served(&self, dproxy: &Dproxy) {
        dproxy.wait_for("all replicas", || backends(dproxy, &self.host).len() == self.containers.len());
        dproxy.wait_for("all workers", || {
            let status = dproxy.status();
            status["workers_at_generation"] == status["workers_wanted"]
        });
    }

    /// How often each answers, in their order.
    fn shares(&self, dproxy: &Dproxy, count: usize) -> Vec<usize> {
        let names = (0..count).map(|_| name(&dproxy.get(&self.host, "/")));
        let counts = names.fold(BTreeMap::<String, usize>::new(), |mut counts, name| {
            *counts.entry(name).or_default() += 1;
            counts
        });
        self.containers.iter().map(|container| counts.get(&container.name).copied().unwrap_or(0)).collect()
    }
}

fn backends(dproxy: &Dproxy, host: &str) -> Vec<String> {
    let rows = dproxy.data("/backends");
    let ours = rows.as_array().unwrap().iter().filter(|row| row["hosts"].as_array().unwrap().iter().any(|known| known == host));
    ours.map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

fn name(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.field("x-echo-name").unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

/// GET with further lines in the head.
fn get_with(addr: SocketAddr, host: &str, lines: &str) -> Answer {
    request(addr, &format!("GET / HTTP/1.1\r\nHost: {host}\r\n{lines}Connection: close\r\n\r\n")).unwrap()
}

/// `name=value` of the cookie that an answer sets, if it does.
fn cookie(answer: &Answer) -> Option<String> {
    Some(answer.field("set-cookie")?.split(';').next()?.to_owned())
}

#[test]
fn replicas_share_requests_evenly_and_by_weight() {
    let Some(engine) = Engine::shared() else { return };
    let dproxy = dproxy().workers(1).docker(&engine.endpoint()).start();
    let replicas = Replicas::start(&engine, 4, |_, run| run);
    replicas.wait_until_served(&dproxy);
    assert_eq!(replicas.shares(&dproxy, 40), [10; 4]);
    for balance in ["p2c", "round_robin", "least_conn", "weighted"] {
        let weights = ["3", "1", "0"];
        let replicas =
            Replicas::start(&engine, 3, |number, run| run.label("dproxy.weight", weights[number]).label("dproxy.balance", balance));
        replicas.wait_until_served(&dproxy);
        let shares = replicas.shares(&dproxy, 80);
        assert!(shares[0].abs_diff(60) <= 4 && shares[1].abs_diff(20) <= 4 && shares[2] == 0, "{balance}: {shares:?}");
    }
}

#[test]
fn whoever_has_no_weight_serves_when_nobody_else_does() {
    let origin = Origin::saying("drained");
    let routes = format!("routes:\n  - {{host: a.test, backend: \"{}\", weight: 0}}", origin.addr());
    assert_eq!(dproxy().yaml(&routes).start().get("a.test", "/").text(), "drained");
    let gone = dproxy_testkit::free_addr();
    let routes = format!("{routes}\n  - {{host: a.test, backend: \"{gone}\", weight: 5}}");
    let dproxy = dproxy().yaml(&routes).start();
    (0..10).for_each(|_| assert_eq!(dproxy.get("a.test", "/").text(), "drained"));
}

#[test]
fn a_label_that_makes_no_sense_is_told_and_the_container_is_served_all_the_same() {
    let Some(engine) = Engine::shared() else { return };
    let dproxy = dproxy().docker(&engine.endpoint()).start();
    let wrong = [
        ("dproxy.weight", "heavy", "`heavy` is no whole number from 0 to 1000"),
        ("dproxy.balance", "best", "`best` is none of `p2c`, `round_robin`, `least_conn`, `random`, `ewma`, `hash:ip`"),
        ("dproxy.slow_start", "soon", "`soon` is no time from 0s to 1h"),
        ("dproxy.sticky", "a b", "`a b` is neither `true` nor `false` nor the name of a cookie"),
        ("dproxy.check.path", "health", "path `health` must begin with `/`"),
    ];
    let replicas = Replicas::start(&engine, 1, |_, run| wrong.iter().fold(run, |run, (label, text, _)| run.label(label, text)));
    replicas.wait_until_served(&dproxy);
    assert_eq!(replicas.shares(&dproxy, 1), [1]);
    let subject = format!("container {}", replicas.containers[0].name);
    let problems = dproxy.data("/problems");
    for (label, _, expected) in wrong {
        let told = problems.as_array().unwrap().iter().any(|problem| {
            problem["subject"] == subject.as_str() && problem["text"].as_str().unwrap().starts_with(&format!("label {label}: {expected}"))
        });
        assert!(told, "{label}: {problems:#}");
    }
}

#[test]
fn a_client_stays_with_its_container_over_resize_and_restart_until_it_is_gone() {
    let Some(engine) = Engine::shared() else { return };
    let mut dproxy = dproxy().workers(2).docker(&engine.endpoint()).start();
    let mut replicas = Replicas::start(&engine, 4, |_, run| run.label("dproxy.sticky", "sid").label("dproxy.sticky.same_site", "strict"));
    replicas.wait_until_served(&dproxy);
    let first = dproxy.get(&replicas.host, "/");
    let (mine, set) = (name(&first), first.field("set-cookie").unwrap().to_owned());
    let bare = cookie(&first).unwrap();
    assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{set}");
    let value = bare.strip_prefix("sid=").unwrap();
    let container = replicas.containers.iter().position(|container| container.name == mine).unwrap();
    let address = replicas.containers[container].address(80).ip().to_string();
    assert!(value.len() == 16 && value.bytes().all(|byte| byte.is_ascii_hexdigit()), "{value}");
    assert!(!value.contains(&replicas.containers[container].id[..12]) && !value.contains(&address), "{value}");
    let lines = format!("Cookie: other=1; {bare}\r\n");
    let check = |dproxy: &Dproxy, host: &str, when: &str| {
        for _ in 0..12 {
            let answer = get_with(dproxy.http(), host, &lines);
            assert_eq!((name(&answer), cookie(&answer)), (mine.clone(), None), "{when}");
        }
    };
    check(&dproxy, &replicas.host, "at first");
    assert_eq!(dproxy.ctl(&["resize", "5"]).code, Some(0));
    check(&dproxy, &replicas.host, "after a resize");
    assert_eq!(dproxy.ctl(&["restart"]).code, Some(0));
    check(&dproxy, &replicas.host, "after a restart of the workers");
    assert_eq!(dproxy.ctl(&["resize", "2"]).code, Some(0));
    dproxy.signal(dproxy_testkit::Signal::SIGTERM);
    assert_eq!(dproxy.exit_code(), 0);
    dproxy.start_again();
    replicas.wait_until_served(&dproxy);
    check(&dproxy, &replicas.host, "after a restart of dproxy");
    replicas.add(&engine, 4, |_, run| run.label("dproxy.sticky", "sid"));
    replicas.wait_until_served(&dproxy);
    check(&dproxy, &replicas.host, "beside a new sibling");

    replicas.containers.remove(container).remove();
    replicas.wait_until_served(&dproxy);
    let answer = get_with(dproxy.http(), &replicas.host, &lines);
    let (next, new) = (name(&answer), cookie(&answer).expect("a new cookie"));
    assert!(next != mine && new != bare);
    for _ in 0..8 {
        assert_eq!(name(&get_with(dproxy.http(), &replicas.host, &format!("Cookie: {new}\r\n"))), next);
    }
}

#[test]
fn a_cookie_that_nobody_set_is_as_none() {
    let (one, other) = (Origin::saying("one"), Origin::saying("other"));
    let routes = format!(
        "routes:\n  - host: a.test\n    backends: [\"{}\", \"{}\"]\n    sticky: true\n    sticky_secure: true\n    sticky_max_age: 1h",
        one.addr(),
        other.addr()
    );
    let dproxy = dproxy().yaml(&routes).start();
    for value in ["", "x", "0000000000000000", "zzzzzzzzzzzzzzzz", "127.0.0.1:80", "+123456789abcdef", "ffffffffffffffffffffffff"] {
        let answer = get_with(dproxy.http(), "a.test", &format!("Cookie: dproxy={value}\r\n"));
        let set = answer.field("set-cookie").unwrap_or_else(|| panic!("{value}: {answer:?}"));
        assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600; Secure"), "{set}");
    }
}

#[test]
fn streams_and_http_2_keep_their_backend_too() {
    let stream = |name: &'static str| {
        Origin::start(move |_| {
            let head = b"HTTP/1.1 200 OK\r\nSet-Cookie: own=1\r\nTransfer-Encoding: chunked\r\n\r\n";
            vec![Step::Send(head.to_vec()), Step::Send(chunked(name)), Step::Pause(Duration::from_millis(5)), Step::Send(chunked(""))]
        })
    };
    let (one, other) = (stream("one"), stream("other"));
    let routes = format!("routes:\n  - {{host: a.test, path: /app, backends: [\"{}\", \"{}\"], sticky: true}}", one.addr(), other.addr());
    let dproxy = dproxy().workers(3).yaml(&routes).start();
    let jar = dproxy.home().join("jar");
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        let curl = |number: u32| {
            let url = format!("http://a.test:{}/app/{number}", dproxy.http().port());
            let resolve = format!("a.test:{}:{}", dproxy.http().port(), dproxy.http().ip());
            let command =
                Command::new("curl").args(["-sS", version, "--resolve", &resolve, "-b"]).arg(&jar).arg("-c").arg(&jar).arg(url).output();
            command.map(|output| String::from_utf8(output.stdout).unwrap())
        };
        let Ok(first) = curl(0) else { return };
        assert!(["one", "other"].contains(&first.as_str()), "{first}");
        (1..10).for_each(|number| assert_eq!(curl(number).unwrap(), first, "{version}"));
        let kept = std::fs::read_to_string(&jar).unwrap();
        assert!(kept.contains("\town\t1") && kept.contains("\t/app\tFALSE\t0\tdproxy\t"), "{kept}");
        std::fs::remove_file(&jar).unwrap();
    }
}

#[test]
fn a_key_stays_with_its_container_when_others_come_and_go() {
    let Some(engine) = Engine::shared() else { return };
    let dproxy = dproxy().workers(3).docker(&engine.endpoint()).start();
    let mut replicas = Replicas::start(&engine, 4, |_, run| run.label("dproxy.balance", "hash:header:X-Tenant"));
    replicas.wait_until_served(&dproxy);
    let of = |replicas: &Replicas, key: usize| name(&get_with(dproxy.http(), &replicas.host, &format!("X-Tenant: tenant-{key}\r\n")));
    let before: Vec<String> = (0..60).map(|key| of(&replicas, key)).collect();
    assert!(replicas.containers.iter().all(|container| before.contains(&container.name)), "{before:?}");
    (0..60).for_each(|key| assert_eq!(of(&replicas, key), before[key]));

    replicas.add(&engine, 4, |_, run| run.label("dproxy.balance", "hash:header:X-Tenant"));
    replicas.wait_until_served(&dproxy);
    let newcomer = replicas.containers[4].name.clone();
    let now: Vec<String> = (0..60).map(|key| of(&replicas, key)).collect();
    let moved = (0..60).filter(|key| now[*key] != before[*key]).collect::<Vec<_>>();
    assert!(moved.iter().all(|key| now[*key] == newcomer), "{moved:?}");
    assert!((1..30).contains(&moved.len()), "{} of 60 moved, a fifth should", moved.len());

    let gone = replicas.containers.remove(0).name.clone();
    replicas.wait_until_served(&dproxy);
    for (key, then) in now.iter().enumerate() {
        let after = of(&replicas, key);
        assert!(after == *then || *then == gone, "tenant-{key} was moved from {then} to {after}");
    }
}

#[test]
fn a_cookie_or_an_address_can_be_the_key() {
    let (one, other) = (Origin::saying("one"), Origin::saying("other"));
    let route = |balance: &str| {
        format!(
            "trusted: 127.0.0.0/8\nroutes:\n  - {{host: a.test, balance: \"{balance}\", backends: [\"{}\", \"{}\"]}}",
            one.addr(),
            other.addr()
        )
    };
    let check = |balance: &str, line: &dyn Fn(usize) -> String| {
        let dproxy = dproxy().workers(3).yaml(&route(balance)).start();
        let of = |key: usize| get_with(dproxy.http(), "a.test", &line(key)).text();
        let first: Vec<String> = (0..20).map(of).collect();
        assert_eq!((0..20).map(of).collect::<Vec<_>>(), first, "{balance}");
        assert!(first.iter().any(|name| *name != first[0]), "{balance}: all the same");
    };
    check("hash:cookie:user", &|key| format!("Cookie: a=b; user={key}\r\n"));
    check("hash:ip", &|key| format!("X-Forwarded-For: 10.0.0.{key}, 10.9.9.9\r\n"));
    check("hash:ip", &|key| format!("X-Real-IP: 10.0.0.{key}\r\n"));
}

#[test]
fn a_busy_backend_gets_less_whoever_counts() {
    let _busy = among_others();
    for balance in ["p2c", "least_conn", "ewma"] {
        let slow = Origin::start(|_| [Step::ReadBody, Step::Pause(Duration::from_millis(60))].into_iter().chain(ok("ok")).collect());
        let fast: Vec<Origin> = (0..2)
            .map(|_| Origin::start(|_| [Step::ReadBody, Step::Pause(Duration::from_millis(3))].into_iter().chain(ok("ok")).collect()))
            .collect();
        let backends = [slow.addr(), fast[0].addr(), fast[1].addr()];
        let dproxy = dproxy().workers(4).route("a.test", &backends).yaml(&format!("balance: {balance}")).start();
        let report = Load { clients: 12, limit: 900, ..Load::new(dproxy.http(), "a.test") }.start().join();
        assert_eq!(report.failed(), 0, "{report}");
        let counts = (slow.count(), fast[0].count(), fast[1].count());
        assert!(counts.0 * 2 < counts.1 && counts.0 * 2 < counts.2 && counts.0 > 0, "{balance}: {counts:?}");
    }
}

#[test]
fn an_unknown_algorithm_in_the_file_is_a_mistake_with_its_place() {
    let dproxy = dproxy().start();
    std::fs::write(dproxy.config(), "balance: fair\nroutes:\n  - {host: a.test, backend: \"10.0.0.1:80\", wieght: 3, check_fall: 0}\n")
        .unwrap();
    let said = dproxy.run(&["master", "--check", "--config", &dproxy.config().display().to_string()]);
    assert_eq!(said.code, Some(78), "{said:?}");
    for expected in [
        "1:10: `balance`: `fair` is none of",
        "unknown key `wieght`; did you mean `weight`?",
        "`check_fall`: `0` is no whole number from 1 to 100",
    ] {
        assert!(said.stderr.contains(expected), "{expected}: {}", said.stderr);
    }
}

#[test]
fn a_route_in_two_entries_has_the_weights_of_both() {
    let (heavy, light) = (Origin::saying("heavy"), Origin::saying("light"));
    let entry =
        |origin: &Origin, weight: u32| format!("\n  - {{host: a.test, backend: \"{}\", weight: {weight}, balance: random}}", origin.addr());
    let dproxy = dproxy().yaml(&format!("routes:{}{}", entry(&heavy, 9), entry(&light, 1))).start();
    (0..200).for_each(|_| assert_eq!(dproxy.get("a.test", "/").status, 200));
    assert!((155..199).contains(&heavy.count()), "{} of 200", heavy.count());
    assert_eq!(heavy.count() + light.count(), 200);
}

#[test]
fn an_early_hint_or_an_error_page_of_ours_sets_no_cookie() {
    let origin = Origin::start(|_| {
        [Step::ReadBody, Step::Send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".to_vec())]
            .into_iter()
            .chain(answer("HTTP/1.1 500 Bad", "no"))
            .collect()
    });
    let routes = format!("routes:\n  - {{host: a.test, backend: \"{}\", sticky: true}}", origin.addr());
    let dproxy = dproxy().yaml(&routes).start();
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
    let answer = connection.answer_to("GET").unwrap();
    assert!(answer.status == 500 && cookie(&answer).is_some(), "{answer:?}");
    assert_eq!(cookie(&dproxy.get("b.test", "/")), None);
    drop(origin);
    let refused = wait_for_some("a refusal", PATIENCE, || Some(dproxy.get("a.test", "/")).filter(|answer| answer.status == 502));
    assert_eq!(cookie(&refused), None);
    wait_for("nothing under way", PATIENCE, || dproxy.status()["requests_in_flight"] == 0);
}
