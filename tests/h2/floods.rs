//! Clients of HTTP/2 that want to cost more than they pay. Each is cut off, costs little memory, and harms nobody.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use dproxy_testkit::{Dproxy, Frame, Frames, Origin, PATIENCE, get, header_block, pause, resident, wait_for};

use crate::{alone, dproxy};

/// More than any of them may send.
const FRAMES: u32 = 100_000;
/// Frames that are sent at a time.
const BATCH: u32 = 50;
/// By how much the memory of its worker may grow meanwhile.
const GROWTH: u64 = 20 * 1024;

fn request(stream: u32, flags: u8) -> Vec<u8> {
    Frame::bytes(1, flags, stream, &header_block(&[(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a.test")]))
}

/// One worker, so that attacker and others share it.
fn one_worker(origin: &Origin) -> Dproxy {
    dproxy().workers(1).route("a.test", &[origin.addr()]).start()
}

/// Sends what `frames` makes of 0, 1, 2 … until the connection is cut off. False when it never was.
fn flood(addr: SocketAddr, frames: &mut dyn FnMut(u32) -> Vec<u8>) -> bool {
    let mut connection = Frames::open(addr).unwrap();
    for batch in 0..FRAMES / BATCH {
        let bytes: Vec<u8> = (batch * BATCH..(batch + 1) * BATCH).flat_map(&mut *frames).collect();
        if connection.send(&bytes).is_err() {
            return true;
        }
    }
    connection.rest().is_ok()
}

#[track_caller]
fn check(name: &str, mut frames: impl FnMut(u32) -> Vec<u8> + Send) {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let dproxy = one_worker(&origin);
    let worker = dproxy.worker_pids()[0];
    assert_eq!(dproxy.get("a.test", "/").status, 200);
    let (before, done) = (resident(worker), AtomicBool::new(false));
    let (slowest, most) = thread::scope(|scope| {
        let good = scope.spawn(|| {
            let (mut slowest, mut most) = (Duration::ZERO, before);
            while !done.load(Ordering::SeqCst) {
                let begun = Instant::now();
                assert_eq!(dproxy.get("a.test", "/").status, 200, "{name}");
                slowest = slowest.max(begun.elapsed());
                most = most.max(resident(worker));
            }
            (slowest, most)
        });
        for _ in 0..3 {
            assert!(flood(dproxy.http(), &mut frames), "{name}: never cut off");
        }
        done.store(true, Ordering::SeqCst);
        good.join().unwrap()
    });
    let grown = most - before;
    println!("{name}: {grown} KiB more, {} backend connections, slowest good request {slowest:?}", origin.connections());
    assert!(grown < GROWTH, "{name}: {grown} KiB more");
    assert!(slowest < Duration::from_secs(2), "{name}: a good request took {slowest:?}");
    assert_eq!(dproxy.worker_pids(), [worker], "{name}");
    wait_for("the end of all that was begun", PATIENCE, || dproxy.worker_pids() == [worker] && origin.open() <= 64);
}

#[test]
fn rapid_reset() {
    check("rapid reset", |number| [request(2 * number + 1, 5), Frame::bytes(3, 0, 2 * number + 1, &8_u32.to_be_bytes())].concat());
}

#[test]
fn reset_of_requests_that_are_under_way() {
    check("unhurried reset", |number| {
        // A batch of requests, time to ask the backend, then a batch that cancels them.
        if number % BATCH == 0 {
            pause(Duration::from_millis(2));
        }
        let stream = number / (2 * BATCH) * BATCH + number % BATCH;
        let cancels = number / BATCH % 2 == 1;
        if cancels { Frame::bytes(3, 0, 2 * stream + 1, &8_u32.to_be_bytes()) } else { request(2 * stream + 1, 5) }
    });
}

#[test]
fn made_you_reset() {
    // A window update of nothing is an error of its stream: the proxy itself resets.
    check("made you reset", |number| [request(2 * number + 1, 4), Frame::bytes(8, 0, 2 * number + 1, &[0; 4])].concat());
}

#[test]
fn made_you_reset_by_data_after_the_end() {
    check("data after the end", |number| [request(2 * number + 1, 5), Frame::bytes(0, 0, 2 * number + 1, b"x")].concat());
}

#[test]
fn continuation() {
    check(
        "continuation",
        |number| if number == 0 { request(1, 1) } else { Frame::bytes(9, 0, 1, &header_block(&[("x-more", "and more")])) },
    );
}

#[test]
fn empty_continuation() {
    check("empty continuation", |number| if number == 0 { request(1, 1) } else { Frame::bytes(9, 0, 1, &[]) });
}

#[test]
fn settings() {
    check("settings", |_| Frame::bytes(4, 0, 0, &[0, 4, 0, 1, 0, 0]));
}

#[test]
fn ping() {
    check("ping", |_| Frame::bytes(6, 0, 0, &[7; 8]));
}

#[test]
fn priority() {
    check("priority", |number| Frame::bytes(2, 0, 2 * (number % 1000) + 1, &[0, 0, 0, 0, 9]));
}

#[test]
fn empty_data() {
    check("empty data", |number| if number == 0 { request(1, 4) } else { Frame::bytes(0, 0, 1, &[]) });
}

#[test]
fn padding_alone() {
    check("padding alone", |number| if number == 0 { request(1, 4) } else { Frame::bytes(0, 8, 1, &[0]) });
}

#[test]
fn window_updates() {
    check("window updates", |_| Frame::bytes(8, 0, 0, &1_u32.to_be_bytes()));
}

#[test]
fn unknown_frames() {
    check("unknown frames", |_| Frame::bytes(0x42, 0, 0, b"?"));
}

#[test]
fn a_bomb_of_header_compression() {
    // One field of 4,000 bytes goes into the table, then stands for itself in a byte, 4,000 times a request.
    let value = "x".repeat(4000);
    let pseudo = header_block(&[(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a.test")]);
    let mut entry = vec![0x40, 1, b'b'];
    entry.extend([127, 0xa1, 0x1e]);
    entry.extend(value.bytes());
    check("header bomb", move |number| {
        let first: &[u8] = if number == 0 { &entry } else { &[] };
        let block = [&pseudo[..], first, &[0xbe].repeat(4000)].concat();
        Frame::bytes(1, 5, 2 * number + 1, &block)
    });
}

#[test]
fn windows_that_never_open() {
    let _alone = alone();
    let body = "x".repeat(1024 * 1024);
    let origin = Origin::saying(&body);
    let dproxy = dproxy().workers(1).route("a.test", &[origin.addr()]).yaml("timeouts:\n  idle: 500ms").start();
    let worker = dproxy.worker_pids()[0];
    let before = resident(worker);
    let mut connections: Vec<Frames> = (0..20)
        .map(|_| {
            let mut frames = Frames::open(dproxy.http()).unwrap();
            frames.send(&Frame::bytes(4, 0, 0, &[0, 4, 0, 0, 0, 0])).unwrap();
            (0..50).for_each(|number| frames.send(&request(2 * number + 1, 5)).unwrap());
            frames
        })
        .collect();
    wait_for("all requests", PATIENCE, || origin.count() >= 1000);
    let grown = resident(worker).saturating_sub(before);
    println!("windows that never open: {grown} KiB more for 1000 streams");
    assert!(grown < 200 * 1024, "{grown} KiB");
    assert_eq!(get(dproxy.http(), "a.test", "/").unwrap().body.len(), body.len());
    // Each is given up in time: its stream is reset, its backend let go.
    assert_eq!(connections[0].next_of(3).unwrap().kind, 3);
    wait_for("the end of all", PATIENCE, || origin.open() <= 1);
}

#[test]
fn two_thousand_connections_at_once() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let dproxy = one_worker(&origin);
    let worker = dproxy.worker_pids()[0];
    let before = resident(worker);
    let connections: Vec<Frames> = (0..2000).map(|_| Frames::open(dproxy.http()).unwrap()).collect();
    wait_for("all of them", PATIENCE, || dproxy.data("/workers")[0]["connections"].as_u64().is_none_or(|open| open >= 2000));
    assert_eq!(dproxy.get("a.test", "/").status, 200);
    let grown = resident(worker).saturating_sub(before);
    println!("two thousand connections: {grown} KiB more");
    // 2.5 KiB each; the 20 that the library wants come with the first request.
    assert!(grown < 2000 * 10, "{grown} KiB more");
    drop(connections);
    assert_eq!(dproxy.get("a.test", "/").status, 200);
}
