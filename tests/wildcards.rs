//! Names that only wildcards match: who serves them is found out, and remembered.

use std::time::Instant;

use dproxy_testkit::{
    Connection, Container, Dproxy, Engine, Frame, Frames, Origin, PATIENCE, Run, Signal, answer, header_block, kill, ok, request, resident,
    unique,
};

use crate::{alone, among_others, dproxy};

/// Time-outs short enough to be waited for.
const SHORT: &str = "timeouts:\n  connect: 500ms\n  first_byte: 500ms\n";

/// Of HTTP/2.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A backend that answers this status to everything.
fn answering(status: u16) -> Origin {
    Origin::start(move |_| answer(&format!("HTTP/1.1 {status} As It Is"), &status.to_string()))
}

/// A backend that knows one name.
fn knowing(name: &'static str) -> Origin {
    Origin::start(move |request| if request.field("host") == Some(name) { ok(name) } else { answer("HTTP/1.1 404 Not Found", "nobody") })
}

/// A proxy where each pattern leads to its origins.
fn with(routes: &[(&str, &[&Origin])]) -> Dproxy {
    let add = |options: dproxy_testkit::Options, (host, origins): &(&str, &[&Origin])| {
        options.route(host, &origins.iter().map(|origin| origin.addr()).collect::<Vec<_>>())
    };
    routes.iter().fold(dproxy().workers(1), add).yaml(SHORT).start()
}

#[test]
fn an_error_makes_the_next_candidate_serve_and_what_is_none_does_not() {
    let check = |status: u16, served: u16| {
        let (first, wider) = (answering(status), Origin::saying("wider"));
        let dproxy = with(&[("*.wild.test", &[&first]), ("*.test", &[&wider])]);
        assert_eq!(dproxy.get("a.wild.test", "/").status, served, "{status}");
    };
    for status in [404, 421, 500, 501, 502, 503, 504, 599] {
        check(status, 200);
    }
    for status in [200, 204, 301, 304, 400, 401, 403, 405, 410, 429] {
        check(status, status);
    }
}

#[test]
fn who_says_when_to_come_again_is_believed() {
    let busy = Origin::start(|_| answer("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5", "busy"));
    let wider = Origin::saying("wider");
    let dproxy = with(&[("*.wild.test", &[&busy]), ("*.test", &[&wider])]);
    assert_eq!(dproxy.get("a.wild.test", "/").text(), "busy");
    assert_eq!(wider.count(), 0);
}

#[test]
fn the_last_answer_is_passed_on_and_at_most_four_are_asked() {
    let origins: Vec<Origin> = [404, 404, 404, 404, 404, 404].into_iter().map(answering).collect();
    let wide = answering(500);
    let dproxy = with(&[("*.wild.test", &origins.iter().collect::<Vec<_>>()), ("*", &[&wide])]);
    assert_eq!(dproxy.get("a.wild.test", "/").text(), "500", "the last try is for a wider wildcard");
    assert_eq!((origins.iter().map(Origin::count).sum::<usize>(), wide.count()), (3, 1));
    let dproxy = with(&[("*.wild.test", &origins.iter().collect::<Vec<_>>())]);
    assert_eq!(dproxy.get("a.wild.test", "/").text(), "404");
    assert_eq!(origins.iter().map(Origin::count).sum::<usize>(), 3 + 4);
}

#[test]
fn an_answer_that_was_kept_back_is_better_than_none() {
    let lost = answering(404);
    let dproxy = dproxy().workers(1).route("*.wild.test", &[lost.addr()]).route("*", &[dproxy_testkit::free_addr()]).start();
    assert_eq!(dproxy.get("a.wild.test", "/").text(), "404");
}

#[test]
fn once_a_name_is_known_an_error_is_just_an_error() {
    let shop = Origin::start(|request| match request.target.as_str() {
        "/" => ok("shop"),
        _ => answer("HTTP/1.1 404 Not Found", "no such page"),
    });
    let wider = Origin::saying("wider");
    let dproxy = with(&[("*.wild.test", &[&shop]), ("*.test", &[&wider])]);
    assert_eq!(dproxy.get("a.wild.test", "/page").text(), "wider", "nobody knows yet");
    assert_eq!(dproxy.get("b.wild.test", "/").text(), "shop");
    assert_eq!(dproxy.get("b.wild.test", "/page").text(), "no such page");
    assert_eq!(dproxy.get("a.wild.test", "/").text(), "wider", "it gave the good answer");
}

#[test]
fn every_name_finds_the_backend_that_knows_it_and_stays_there() {
    let (one, two) = (knowing("one.wild.test"), knowing("two.wild.test"));
    let dproxy = with(&[("*.wild.test", &[&one, &two])]);
    for name in ["one.wild.test", "two.wild.test"] {
        for number in 0..6 {
            assert_eq!(dproxy.get(name, "/").text(), name, "request {number}");
        }
    }
    // Each is asked in vain once, at most.
    assert!(one.count() + two.count() <= 12 + 2, "{} and {}", one.count(), two.count());
    assert_eq!(dproxy.get("three.wild.test", "/").status, 404);
}

#[test]
fn only_what_does_no_harm_twice_is_asked_twice() {
    let (first, wider) = (answering(500), Origin::saying("wider"));
    let dproxy = with(&[("*.wild.test", &[&first]), ("*.test", &[&wider])]);
    let ask = |head: &str, body: &str| {
        let text = format!("{head} HTTP/1.1\r\nHost: a.wild.test\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
        request(dproxy.http(), &text).unwrap().status
    };
    assert_eq!(ask("POST /", "body"), 500);
    assert_eq!(wider.count(), 0);
    let long = "x".repeat(60_000);
    assert_eq!(ask("PUT /", &long), 200);
    assert_eq!(wider.last().body.len(), long.len(), "the body was kept");
    let other = with(&[("*.wild.test", &[&first]), ("*.test", &[&wider])]);
    let longer = "x".repeat(70_000);
    let text = format!("PUT / HTTP/1.1\r\nHost: b.wild.test\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{longer}", longer.len());
    assert_eq!(request(other.http(), &text).unwrap().status, 500, "too long to be kept");
}

#[test]
fn names_asked_for_over_http2_are_found_out_as_well() {
    let (first, wider) = (answering(404), Origin::saying("wider"));
    let dproxy = with(&[("*.wild.test", &[&first]), ("*.test", &[&wider])]);
    let mut frames = Frames::open(dproxy.http()).unwrap();
    let block = header_block(&[(":method", "GET"), (":scheme", "http"), (":authority", "a.wild.test"), (":path", "/")]);
    frames.send(&Frame::bytes(HEADERS, END_STREAM | END_HEADERS, 1, &block)).unwrap();
    assert_eq!(frames.next_of(DATA).unwrap().payload, b"wider");
    assert_eq!((first.count(), wider.count()), (1, 1));
}

/// A running container with this wildcard, and a compose service of its own.
fn service(engine: &Engine, word: &str, host: &str, change: impl FnOnce(Run) -> Run) -> Container {
    let run = Run::echo(word).hostname(host).label("com.docker.compose.project", "wild").label("com.docker.compose.service", word);
    engine.run(&change(run))
}

#[test]
fn two_containers_of_one_image_serve_the_names_that_each_knows() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let parent = format!("{}.test", unique("wild"));
    let only = |word: &str| {
        let names = format!("{word}.{parent}");
        engine.run(&Run::echo(word).hostname(&format!("*.{parent}")).env("ONLY_HOSTS", &names))
    };
    let (one, two) = (only("one"), only("two"));
    let dproxy = dproxy().docker(&engine.endpoint()).start();
    dproxy.wait_for("both routes", || dproxy.data("/routes").to_string().matches(&format!("*.{parent}")).count() == 2);
    dproxy.wait_until_all_know();
    for _ in 0..6 {
        for (word, container) in [("one", &one), ("two", &two)] {
            let answer = dproxy.get(&format!("{word}.{parent}"), "/");
            assert_eq!((answer.status, answer.field("x-echo-name")), (200, Some(container.name.as_str())), "{word}");
        }
        assert_eq!(dproxy.get(&format!("three.{parent}"), "/").status, 404);
    }
}

#[test]
fn the_seeds_matrix_holds_over_containers_that_are_good_failing_slow_and_absent() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let parent = format!("{}.test", unique("matrix"));
    let (near, wide) = (format!("*.near.{parent}"), format!("*.{parent}"));
    let good = service(&engine, "good", &wide, |run| run);
    let dproxy = dproxy().docker(&engine.endpoint()).yaml(SHORT).start();
    dproxy.wait_for("the wide wildcard", || dproxy.get(&format!("x.{parent}"), "/").status == 200);
    let check = |word: &str, path: &str, container: Container| {
        let host = format!("{word}.near.{parent}");
        dproxy.wait_for("the near wildcard", || dproxy.data("/routes").to_string().contains(&container.name));
        dproxy.wait_until_all_know();
        let began = Instant::now();
        let answer = dproxy.get(&host, path);
        assert_eq!((answer.status, answer.field("x-echo-name")), (200, Some(good.name.as_str())), "{word}: {}", answer.text());
        assert!(began.elapsed() < PATIENCE);
        drop(container);
        dproxy.wait_for("its end", || !dproxy.data("/routes").to_string().contains(&format!("{near}\"")));
    };
    // 503 at /health, without saying when to come again.
    check("failing", "/health", service(&engine, "failing", &near, |run| run.env("HEALTH", "fail")));
    check("absent", "/", service(&engine, "absent", &near, |run| run.label("dproxy.port", "81")));
    check("unknown", "/", service(&engine, "unknown", &near, |run| run.env("ONLY_HOSTS", "other.test")));
    let slow = service(&engine, "slow", &near, |run| run);
    slow.wait_until_up(80);
    let pid = u32::try_from(slow.inspect()["State"]["Pid"].as_u64().unwrap()).unwrap();
    kill(pid, Signal::SIGSTOP);
    check("slow", "/", slow);
}

#[test]
fn an_exact_name_that_appears_wins_at_once() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let parent = format!("{}.test", unique("exact"));
    let wild = service(&engine, "wild", &format!("{parent},*.{parent}"), |run| run.label("dproxy.host", &format!("{parent},*.{parent}")));
    let dproxy = dproxy().workers(1).docker(&engine.endpoint()).start();
    let name = |host: &str| dproxy.get(host, "/").field("x-echo-name").unwrap_or_default().to_owned();
    let api = format!("api.{parent}");
    dproxy.wait_for("the wildcard", || name(&api) == wild.name);
    assert_eq!((name(&parent), name(&format!("cdn.{parent}"))), (wild.name.clone(), wild.name.clone()));
    let exact = service(&engine, "exact", &api, |run| run);
    dproxy.wait_for("the exact name", || name(&api) == exact.name);
    assert_eq!(name(&format!("cdn.{parent}")), wild.name);
    drop(exact);
    dproxy.wait_for("the wildcard again", || name(&api) == wild.name);
}

#[test]
fn names_without_end_take_no_memory_without_end() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let dproxy = with(&[("*.wild.test", &[&origin])]);
    let worker = dproxy.worker_pids()[0];
    let mut connection = Connection::open(dproxy.http()).unwrap();
    let mut ask = |names: std::ops::Range<u32>| {
        for number in names {
            connection.send(format!("GET / HTTP/1.1\r\nHost: n{number}.wild.test\r\n\r\n").as_bytes()).unwrap();
            assert_eq!(connection.answer_to("GET").unwrap().status, 200);
        }
        resident(worker)
    };
    let full = ask(0..12_000);
    let after = ask(12_000..36_000);
    assert!(after < full + 4 * 1024 * 1024, "{full} bytes with as many names as are remembered, {after} with three times as many");
}
