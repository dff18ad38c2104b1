//! Backends that take so many requests at a time and no more, counted over all workers; and how often a request
//! is sent again.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use dproxy_testkit::{
    Connection, Engine, Failure, Kind, Load, Origin, PATIENCE, Run, Signal, Step, free_addr, get, kill, ok, unique, wait_for, wait_for_some,
};

use crate::{alone, among_others, dproxy};

/// A backend that takes its time and knows how many requests it has.
struct Slow {
    addr: SocketAddr,
    /// Requests read and not answered, of clients that are still there.
    inside: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Slow {
    fn start(time: Duration) -> Slow {
        let listener = TcpListener::bind(free_addr()).unwrap();
        let addr = listener.local_addr().unwrap();
        let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counts = (Arc::clone(&inside), Arc::clone(&most));
        // It ends with the test's process: nothing holds on to it but idle threads.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (inside, most) = (Arc::clone(&counts.0), Arc::clone(&counts.1));
                thread::spawn(move || serve(&stream, time, &inside, &most));
            }
        });
        Slow { addr, inside, most }
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    fn forget(&self) {
        wait_for("nothing under way", PATIENCE, || self.inside.load(Ordering::SeqCst) == 0);
        self.most.store(0, Ordering::SeqCst);
    }
}

/// Serves one connection. A client that leaves while it waits is noticed.
fn serve(stream: &TcpStream, time: Duration, inside: &AtomicUsize, most: &AtomicUsize) {
    let mut lines = BufReader::new(stream);
    loop {
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            stream.set_read_timeout(None).unwrap();
            if !matches!(lines.read_line(&mut line), Ok(1..)) {
                return;
            }
        }
        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        stream.set_read_timeout(Some(time)).unwrap();
        let gone = matches!(stream.peek(&mut [0]), Ok(0));
        inside.fetch_sub(1, Ordering::SeqCst);
        if gone || (&mut &*stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").is_err() {
            return;
        }
    }
}

/// Answers when the gate opens.
fn gated(gate: &Arc<AtomicBool>) -> Origin {
    let gate = Arc::clone(gate);
    Origin::start(move |_| [Step::ReadBody, Step::Until(Arc::clone(&gate))].into_iter().chain(ok("ok")).collect())
}

fn ask(addr: SocketAddr) -> Connection {
    let mut connection = Connection::open(addr).unwrap();
    connection.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
    connection
}

fn limits(lines: &str) -> String {
    format!("limits:\n  {}", lines.replace(", ", "\n  "))
}

#[test]
fn no_backend_gets_more_than_its_cap_from_all_workers_together_and_nobody_starves() {
    let _alone = alone();
    let slow = Slow::start(Duration::from_millis(20));
    let dproxy = dproxy().workers(4).route("a.test", &[slow.addr]).yaml(&limits("backend_requests: 3")).start();
    let load = Load { clients: 32, limit: 900, body: Some("ok".to_owned()), ..Load::new(dproxy.http(), "a.test") };
    let report = load.start().join();
    assert_eq!((report.good, report.failed()), (900, 0), "{report}");
    assert_eq!(slow.most(), 3, "{report}");
    // 32 clients at 150 requests a second wait some 200 ms for each other, wherever their connections ended up.
    assert!(report.latencies.last().unwrap() < &Duration::from_secs(2), "{report}");
    assert!(report.elapsed < Duration::from_secs(15), "places stay empty: {report}");
}

#[test]
fn a_killed_worker_neither_keeps_its_places_nor_frees_those_of_others() {
    let _alone = alone();
    let slow = Slow::start(Duration::from_millis(20));
    let dproxy = dproxy().workers(4).route("a.test", &[slow.addr]).yaml(&limits("backend_requests: 3")).start();
    let load = Load { clients: 24, body: Some("ok".to_owned()), ..Load::new(dproxy.http(), "a.test") };
    let running = load.clone().start();
    for _ in 0..8 {
        let victim = dproxy.worker_pids()[0];
        let done = running.done();
        wait_for("full load", PATIENCE, || running.done() > done + 30);
        kill(victim, Signal::SIGKILL);
        dproxy.wait_for("a new worker", || dproxy.online() == Some(4) && !dproxy.worker_pids().contains(&victim));
    }
    let report = running.stop();
    let cut = report.count(Kind::Reset) + report.count(Kind::Eof) + report.count(Kind::Cut);
    assert_eq!(report.failed(), cut, "only what a dead worker held may be cut: {report}");
    // The backend learns a moment later than the master that a worker's requests are gone.
    assert!(slow.most() <= 6, "{} at once", slow.most());
    slow.forget();
    let report = Load { limit: 300, ..load }.start().join();
    assert_eq!((report.good, slow.most()), (300, 3), "exactly the cap again: {report}");
}

#[test]
fn places_of_workers_that_all_died_at_once_are_free_again() {
    let gate = Arc::new(AtomicBool::new(false));
    let origin = gated(&gate);
    let dproxy = dproxy().workers(3).route("a.test", &[origin.addr()]).yaml(&limits("backend_requests: 3")).start();
    let held: Vec<Connection> = (0..3).map(|_| ask(dproxy.http())).collect();
    wait_for("a full backend", PATIENCE, || origin.count() == 3);
    let victims = dproxy.worker_pids();
    victims.iter().for_each(|victim| kill(*victim, Signal::SIGKILL));
    dproxy.wait_for("new workers", || dproxy.online() == Some(3) && dproxy.worker_pids().iter().all(|pid| !victims.contains(pid)));
    drop(held);
    let mut next: Vec<Connection> = (0..4).map(|_| ask(dproxy.http())).collect();
    wait_for("three more requests", PATIENCE, || origin.count() == 6);
    gate.store(true, Ordering::SeqCst);
    for connection in &mut next {
        assert_eq!(connection.answer_to("GET").unwrap().text(), "ok");
    }
}

#[test]
fn a_request_that_waited_in_vain_is_told_that_all_are_busy() {
    let gate = Arc::new(AtomicBool::new(false));
    let (origin, other) = (gated(&gate), gated(&gate));
    let yaml = format!("{}\ntimeouts:\n  queue: 300ms", limits("backend_requests: 1"));
    let dproxy = dproxy().workers(1).route("a.test", &[origin.addr(), other.addr()]).yaml(&yaml).start();
    let mut held = [ask(dproxy.http()), ask(dproxy.http())];
    wait_for("two full backends", PATIENCE, || origin.count() == 1 && other.count() == 1);
    let asked = Instant::now();
    let answer = dproxy.get("a.test", "/");
    let took = asked.elapsed();
    assert_eq!((answer.status, answer.field("retry-after").is_some()), (503, true), "{answer:?}");
    assert!(answer.text().contains("busy"), "{}", answer.text());
    assert!(took >= Duration::from_millis(290) && took < Duration::from_secs(3), "it took {took:?}");
    gate.store(true, Ordering::SeqCst);
    for connection in &mut held {
        assert_eq!(connection.answer_to("GET").unwrap().text(), "ok");
    }
    assert_eq!(dproxy.get("a.test", "/").status, 200);
}

#[test]
fn a_client_that_leaves_frees_its_place_in_the_queue_at_once() {
    let gate = Arc::new(AtomicBool::new(false));
    let origin = gated(&gate);
    let yaml = limits("backend_requests: 1, queue: 1");
    let dproxy = dproxy().workers(1).route("a.test", &[origin.addr()]).yaml(&yaml).start();
    let mut held = ask(dproxy.http());
    wait_for("a full backend", PATIENCE, || origin.count() == 1);
    let mut waiting = Connection::open(dproxy.http()).unwrap();
    // Part of a body, which nobody reads while the request waits, must not hide that its client leaves.
    waiting.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000\r\n\r\n").unwrap();
    waiting.send(&[b'x'; 50_000]).unwrap();
    let refused = || get(dproxy.http(), "a.test", "/").is_ok_and(|answer| answer.status == 503);
    wait_for("a full queue", PATIENCE, refused);
    drop(waiting);
    let mut next = wait_for_some("a place in the queue", Duration::from_secs(2), || {
        let mut connection = ask(dproxy.http());
        connection.silence(Duration::from_millis(200)).unwrap();
        matches!(connection.answer_to("GET"), Err(Failure::Timeout(_))).then_some(connection)
    });
    gate.store(true, Ordering::SeqCst);
    next.silence(PATIENCE).unwrap();
    assert_eq!(held.answer_to("GET").unwrap().text(), "ok");
    assert_eq!(next.answer_to("GET").unwrap().text(), "ok");
    assert!(origin.requests().iter().all(|request| request.method == "GET"), "what nobody waits for is not asked");
}

#[test]
fn a_stream_that_is_cancelled_frees_its_place_in_the_queue_too() {
    let gate = Arc::new(AtomicBool::new(false));
    let origin = gated(&gate);
    let yaml = limits("backend_requests: 1, queue: 1");
    let dproxy = dproxy().workers(1).route("a.test", &[origin.addr()]).yaml(&yaml).start();
    let _held = ask(dproxy.http());
    wait_for("a full backend", PATIENCE, || origin.count() == 1);
    let refused = || get(dproxy.http(), "a.test", "/").is_ok_and(|answer| answer.status == 503);
    let waits = || {
        let mut connection = ask(dproxy.http());
        connection.silence(Duration::from_millis(200)).unwrap();
        matches!(connection.answer_to("GET"), Err(Failure::Timeout(_)))
    };
    // The connection is driven while this sleeps, and at no other time.
    let connection_goes_on = || tokio::time::sleep(Duration::from_millis(50));
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let stream = tokio::net::TcpStream::connect(dproxy.http()).await.unwrap();
        let (mut requests, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        let request = http::Request::get("http://a.test/cancelled").body(()).unwrap();
        let (answer, _) = requests.send_request(request, true).unwrap();
        connection_goes_on().await;
        wait_for("a full queue", PATIENCE, refused);
        drop(answer);
        connection_goes_on().await;
        wait_for("a place in the queue", Duration::from_secs(2), waits);
    });
    gate.store(true, Ordering::SeqCst);
    assert!(origin.requests().iter().all(|request| request.target != "/cancelled"));
}

#[test]
fn those_who_wait_are_served_in_their_order() {
    let gate = Arc::new(AtomicBool::new(false));
    let origin = gated(&gate);
    let dproxy = dproxy().workers(1).route("a.test", &[origin.addr()]).yaml(&limits("backend_requests: 1, queue: 100")).start();
    let mut connections = Vec::new();
    for number in 0..20 {
        let mut connection = Connection::open(dproxy.http()).unwrap();
        connection.send(format!("GET /{number} HTTP/1.1\r\nHost: a.test\r\n\r\n").as_bytes()).unwrap();
        connections.push(connection);
        dproxy.wait_for("one more", || dproxy.status()["requests_in_flight"] == number + 1);
    }
    gate.store(true, Ordering::SeqCst);
    for connection in &mut connections {
        assert_eq!(connection.answer_to("GET").unwrap().status, 200);
    }
    let targets: Vec<String> = origin.requests().into_iter().map(|request| request.target).collect();
    assert_eq!(targets, (0..20).map(|number| format!("/{number}")).collect::<Vec<_>>());
}

#[test]
fn beside_a_dead_backend_requests_wait_for_the_one_that_lives() {
    let slow = Slow::start(Duration::from_millis(20));
    let dproxy = dproxy().workers(2).route("a.test", &[free_addr(), slow.addr]).yaml(&limits("backend_requests: 2")).start();
    let report = Load { clients: 12, limit: 200, ..Load::new(dproxy.http(), "a.test") }.start().join();
    assert_eq!((report.good, slow.most()), (200, 2), "{report}");
}

#[test]
fn a_route_says_how_much_its_backends_take() {
    let slow = Slow::start(Duration::from_millis(10));
    let routes = format!("routes:\n  - host: a.test\n    backends: \"{}\"\n    max_requests: 2", slow.addr);
    let dproxy = dproxy().workers(3).yaml(&routes).start();
    let report = Load { clients: 12, limit: 200, ..Load::new(dproxy.http(), "a.test") }.start().join();
    assert_eq!((report.good, slow.most()), (200, 2), "{report}");
}

#[test]
fn the_smallest_limit_counts_where_routes_of_a_backend_disagree() {
    let origin = Origin::saying("ok");
    let route = |host: &str, most: u32| format!("  - host: {host}\n    backends: \"{}\"\n    max_requests: {most}\n", origin.addr());
    let mut dproxy = dproxy().yaml(&format!("routes:\n{}{}", route("a.test", 7), route("b.test", 5))).start();
    let limits = |dproxy: &dproxy_testkit::Dproxy| dproxy.data("/backends")[0]["max_requests"].as_u64();
    let problems = |dproxy: &dproxy_testkit::Dproxy| dproxy.data("/problems").to_string();
    dproxy.wait_for("one limit for both", || limits(&dproxy) == Some(5));
    let told = problems(&dproxy);
    assert!(told.contains("max_requests") && told.contains("the smallest counts, 5"), "{told}");
    let file = std::fs::read_to_string(dproxy.config()).unwrap();
    std::fs::write(dproxy.config(), file.replace("max_requests: 7", "max_requests: 5")).unwrap();
    dproxy.signal(Signal::SIGHUP);
    dproxy.wait_for("nothing to tell", || !problems(&dproxy).contains("max_requests"));
    assert_eq!(limits(&dproxy), Some(5));
}

#[test]
fn a_cap_that_is_raised_lets_those_in_who_wait() {
    let gate = Arc::new(AtomicBool::new(false));
    let origin = gated(&gate);
    let mut dproxy = dproxy().workers(2).route("a.test", &[origin.addr()]).yaml(&limits("backend_requests: 1")).start();
    let mut connections: Vec<Connection> = (0..4).map(|_| ask(dproxy.http())).collect();
    wait_for("a full backend", PATIENCE, || origin.count() == 1);
    let file = std::fs::read_to_string(dproxy.config()).unwrap();
    std::fs::write(dproxy.config(), file.replace("backend_requests: 1", "backend_requests: 4")).unwrap();
    dproxy.signal(Signal::SIGHUP);
    wait_for("four requests", PATIENCE, || origin.count() == 4);
    gate.store(true, Ordering::SeqCst);
    for connection in &mut connections {
        assert_eq!(connection.answer_to("GET").unwrap().text(), "ok");
    }
}

#[test]
fn when_every_backend_resets_few_requests_are_sent_again() {
    let (one, other) = (Origin::start(|_| vec![Step::Reset]), Origin::start(|_| vec![Step::Reset]));
    let dproxy = dproxy().workers(1).route("a.test", &[one.addr(), other.addr()]).start();
    for number in 0..400 {
        assert_eq!(dproxy.get("a.test", "/").status, 502, "request {number}");
    }
    let sent = one.count() + other.count();
    // A fifth of them, and thirty in each ten seconds that this takes.
    assert!((400 + 80..=400 + 80 + 90).contains(&sent), "{sent} requests sent for 400");
}

#[test]
fn a_request_with_a_body_is_never_sent_to_a_second_backend_that_may_have_acted() {
    let (one, other) = (Origin::start(|_| vec![Step::ReadBody, Step::Reset]), Origin::start(|_| vec![Step::ReadBody, Step::Reset]));
    let dproxy = dproxy().workers(1).route("a.test", &[one.addr(), other.addr()]).start();
    for _ in 0..10 {
        let post = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi";
        assert_eq!(dproxy_testkit::request(dproxy.http(), post).unwrap().status, 502);
    }
    assert_eq!(one.count() + other.count(), 10);
}

#[test]
fn labels_of_a_container_say_what_it_takes_and_speaks() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let host = format!("{}.test", unique("labels"));
    let label = |host: &str, name: &str, value: &str| engine.run(&Run::echo("labels").hostname(host).label(name, value));
    let capped = label(&host, "dproxy.max_requests", "2");
    let framed = label(&format!("h2.{host}"), "dproxy.protocol", "grpc");
    let dproxy = crate::docker::before(&engine);
    crate::docker::wait_for_status(&dproxy, &host, 200);
    let row = |name: &str| {
        let rows = dproxy.data("/backends");
        rows.as_array().unwrap().iter().find(|row| row["name"] == name).cloned().unwrap_or_default()
    };
    let slow = |_| {
        let mut connection = Connection::open(dproxy.http()).unwrap();
        connection.send(format!("GET /delay/700 HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).unwrap();
        connection
    };
    let clients: Vec<Connection> = (0..5).map(slow).collect();
    wait_for("two requests, and others that wait", PATIENCE, || {
        let row = row(&capped.name);
        row["requests"] == 2 && row["max_requests"] == 2 && row["waited_ms"].is_u64()
    });
    let listed = dproxy.ctl(&["backends"]).stdout;
    let line = listed.lines().find(|line| line.contains(&capped.name)).unwrap();
    assert!(line.contains("2 of 2") && line.contains(" ms "), "{listed}");
    for mut client in clients {
        assert_eq!(client.answer_to("GET").unwrap().status, 200);
    }
    wait_for("nothing under way", PATIENCE, || row(&capped.name)["requests"] == 0 && row(&capped.name)["waited_ms"].is_null());

    // It speaks HTTP/1 in truth, and is asked in HTTP/2.
    assert_eq!(row(&framed.name)["scheme"], "h2c");
    assert_eq!(dproxy.get(&format!("h2.{host}"), "/").status, 502);
}
