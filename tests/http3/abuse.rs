//! Clients of HTTP/3 that want to cost more than they pay. Each is cut off or bounded, costs little memory, and harms nobody.

use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use dproxy_testkit::{Origin, PATIENCE, Signal, kill, resident, wait_for};
use quinn::{Connection, SendStream};

use super::client::{connect, endpoint, runtime};
use super::serve;
use crate::alone;
use crate::tls::Secure;

/// By how much the memory of the worker may grow meanwhile.
const GROWTH: u64 = 30 * 1024;

/// A field section that asks `a.test` for `/`: the static table, and one literal (RFC 9204 §4.5).
const GET: &[u8] = b"\x00\x00\xd1\xd7\xc1\x50\x06a.test";

fn number(number: u64) -> Vec<u8> {
    if number < 64 { vec![number.to_be_bytes()[7]] } else { (number | 0x80 << 24).to_be_bytes()[4..].to_vec() }
}

fn frame(kind: u64, payload: &[u8]) -> Vec<u8> {
    [number(kind), number(payload.len() as u64), payload.to_vec()].concat()
}

fn request() -> Vec<u8> {
    frame(1, GET)
}

/// A control stream that has said its settings.
async fn control(connection: &Connection) -> SendStream {
    let mut control = connection.open_uni().await.unwrap();
    control.write_all(&[&[0][..], &frame(4, &[])].concat()).await.unwrap();
    control
}

/// Lets an attacker do its work, three times, while others ask. It says when it was cut off.
#[track_caller]
fn check(name: &str, attack: impl AsyncFn(&Connection) + Send + Sync) {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let secure = serve(|options| options.workers(1).env("DOCKER_PROXY_TIMEOUT_REQUEST_HEAD", "2s").route("a.test", &[origin.addr()]));
    let worker = secure.dproxy.worker_pids()[0];
    let (before, done) = (resident(worker), AtomicBool::new(false));
    let (slowest, most) = thread::scope(|scope| {
        let good = scope.spawn(|| others(&secure, worker, &done));
        for _ in 0..3 {
            runtime().block_on(async {
                let endpoint = endpoint();
                let connection = connect(&endpoint, secure.port).await.unwrap();
                tokio::time::timeout(PATIENCE, attack(&connection)).await.unwrap_or_else(|_| panic!("{name}: never ends"));
                connection.close(0_u32.into(), b"");
            });
        }
        done.store(true, Ordering::SeqCst);
        good.join().unwrap()
    });
    let grown = most.saturating_sub(before);
    println!("{name}: {grown} KiB more, slowest good request {slowest:?}");
    assert!(grown < GROWTH, "{name}: {grown} KiB more");
    assert!(slowest < Duration::from_secs(2), "{name}: a good request took {slowest:?}");
    assert_eq!(secure.dproxy.worker_pids(), [worker], "{name}\n{}", secure.dproxy.log());
    wait_for("the end of all that was begun", PATIENCE, || secure.dproxy.status()["requests_in_flight"] == 0);
}

/// Others, whom it must not harm: their slowest request, and the most memory that was used meanwhile.
fn others(secure: &Secure, worker: u32, done: &AtomicBool) -> (Duration, u64) {
    let (mut slowest, mut most) = (Duration::ZERO, 0);
    while !done.load(Ordering::SeqCst) {
        let begun = Instant::now();
        assert_eq!(secure.dproxy.get("a.test", "/").status, 200);
        slowest = slowest.max(begun.elapsed());
        most = most.max(resident(worker));
    }
    (slowest, most)
}

/// Goes on until it is cut off.
async fn until_cut_off(connection: &Connection, mut step: impl AsyncFnMut() -> Option<()>) {
    for _ in 0..1_000_000_u32 {
        if step().await.is_none() || connection.close_reason().is_some() {
            return;
        }
    }
    panic!("never cut off");
}

/// What the client hears on the stream of a request that begins with `bytes`.
async fn answered(connection: &Connection, bytes: &[u8]) -> Result<Vec<u8>, quinn::ReadToEndError> {
    let (mut send, mut receive) = connection.open_bi().await.unwrap();
    // It may be refused before all of it was said.
    let _ = send.write_all(bytes).await;
    let _ = send.finish();
    receive.read_to_end(1 << 20).await
}

#[test]
fn a_good_request_in_raw_bytes_is_answered() {
    check("a good request", async |connection| {
        let answer = answered(connection, &request()).await.unwrap();
        assert!(answer.ends_with(b"\x00\x02ok"), "{answer:?}");
    });
}

#[test]
fn a_section_that_announces_a_gigabyte() {
    check("a section of a gigabyte", async |connection| {
        for _ in 0..50 {
            let begun = [number(1), number(1 << 29), vec![0; 100_000]].concat();
            let answer = answered(connection, &begun).await;
            // 431, or the stream was broken off before it could be heard.
            assert!(!matches!(answer, Ok(ref bytes) if bytes.is_empty()), "{answer:?}");
        }
    });
}

#[test]
fn a_section_that_grows_when_it_is_unpacked() {
    check("a bomb", async |connection| {
        let bomb = frame(1, &[GET, &[0xc0 | 57; 16_000]].concat());
        for _ in 0..50 {
            answered(connection, &bomb).await.unwrap();
        }
    });
}

#[test]
fn a_body_of_single_bytes() {
    check("single bytes", async |connection| {
        let (mut send, _receive) = connection.open_bi().await.unwrap();
        send.write_all(&request()).await.unwrap();
        let pieces = frame(0, b"x").repeat(10_000);
        for _ in 0..100 {
            send.write_all(&pieces).await.unwrap();
        }
    });
}

#[test]
fn frames_that_nobody_knows() {
    check("unknown frames", async |connection| {
        let (mut send, _receive) = connection.open_bi().await.unwrap();
        let pieces = frame(0x21, &[0; 1000]).repeat(100);
        // It ends when the head of a request should have been there.
        while send.write_all(&pieces).await.is_ok() {}
    });
}

#[test]
fn requests_that_are_cancelled_at_once() {
    check("rapid reset", async |connection| {
        let _control = control(connection).await;
        until_cut_off(connection, async || {
            let (mut send, mut receive) = connection.open_bi().await.ok()?;
            send.write_all(&request()).await.ok()?;
            send.reset(0x10c_u32.into()).ok()?;
            receive.stop(0x10c_u32.into()).ok()
        })
        .await;
    });
}

#[test]
fn frames_that_bring_nobody_anything() {
    for (name, payload) in [("priority updates", frame(0xf0700, b"\0u=3")), ("grease", frame(0x21, b"")), ("push ids", frame(0xd, &[0x3f]))]
    {
        check(name, async |connection| {
            let mut control = control(connection).await;
            let pieces = payload.repeat(500);
            until_cut_off(connection, async || control.write_all(&pieces).await.ok()).await;
        });
    }
}

#[test]
fn streams_that_nobody_knows() {
    check("unknown streams", async |connection| {
        until_cut_off(connection, async || {
            let mut stream = connection.open_uni().await.ok()?;
            // It may be refused before it is said.
            let _ = stream.write_all(&[0x21, 1, 2, 3]).await;
            let _ = stream.finish();
            Some(())
        })
        .await;
    });
}

#[test]
fn what_breaks_a_rule_of_the_connection_costs_the_connection() {
    let check = |secure: &Secure, code: u32, kind: &str, bytes: &[u8]| {
        runtime().block_on(async {
            let endpoint = endpoint();
            let connection = connect(&endpoint, secure.port).await.unwrap();
            if kind == "uni" {
                connection.open_uni().await.unwrap().write_all(bytes).await.unwrap();
            } else {
                let (mut send, _) = connection.open_bi().await.unwrap();
                send.write_all(bytes).await.unwrap();
            }
            let closed = tokio::time::timeout(PATIENCE, connection.closed()).await.expect("it is closed");
            assert!(
                matches!(&closed, quinn::ConnectionError::ApplicationClosed(close) if close.error_code == code.into()),
                "{bytes:?}: {closed:?}"
            );
        });
    };
    let origin = Origin::saying("ok");
    let secure = serve(|options| options.workers(1).route("a.test", &[origin.addr()]));
    check(&secure, 0x10a, "uni", &[&[0][..], &frame(7, &[0])].concat());
    check(&secure, 0x105, "uni", &[&[0][..], &frame(4, &[]), &frame(4, &[])].concat());
    check(&secure, 0x109, "uni", &[&[0][..], &frame(4, &[2, 0])].concat());
    check(&secure, 0x103, "uni", &[1, 0]);
    check(&secure, 0x201, "uni", &[2, 0x3f]);
    check(&secure, 0x202, "uni", &[3, 0x80]);
    check(&secure, 0x105, "bi", &frame(0, b"data before the head"));
    check(&secure, 0x105, "bi", &frame(4, &[]));
    check(&secure, 0x200, "bi", &frame(1, &[0x00, 0x00, 0x80]));
}

#[test]
fn an_answer_that_is_never_read_is_not_kept() {
    let _alone = alone();
    let origin = Origin::saying(&"z".repeat(50_000_000));
    let secure = serve(|options| options.workers(1).route("a.test", &[origin.addr()]));
    let worker = secure.dproxy.worker_pids()[0];
    let before = resident(worker);
    runtime().block_on(async {
        let endpoint = endpoint();
        let connection = connect(&endpoint, secure.port).await.unwrap();
        let mut kept = Vec::new();
        for _ in 0..20 {
            let (mut send, receive) = connection.open_bi().await.unwrap();
            send.write_all(&request()).await.unwrap();
            send.finish().unwrap();
            kept.push(receive);
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        let grown = resident(worker).saturating_sub(before);
        println!("answers that nobody reads: {grown} KiB more");
        assert!(grown < GROWTH, "{grown} KiB more");
    });
}

#[test]
fn handshakes_that_never_end_and_packets_without_sense() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let secure = serve(|options| options.workers(1).route("a.test", &[origin.addr()]));
    let worker = secure.dproxy.worker_pids()[0];
    let (before, done) = (resident(worker), AtomicBool::new(false));
    let (slowest, most) = thread::scope(|scope| {
        let good = scope.spawn(|| others(&secure, worker, &done));
        let address = ("127.0.0.1", secure.port);
        runtime().block_on(async {
            // Each says hello, and is never heard of again.
            for _ in 0..2000 {
                let endpoint = endpoint();
                let connecting = endpoint.connect(([127, 0, 0, 1], secure.port).into(), "a.test").unwrap();
                let _ = tokio::time::timeout(Duration::from_millis(1), connecting).await;
            }
        });
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        for round in 0..20_000_u32 {
            let mut packet = vec![0; 20 + usize::try_from(round % 1300).unwrap()];
            let mut state = round.wrapping_mul(2_654_435_761) | 1;
            for byte in &mut packet {
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                *byte = state.to_be_bytes()[0];
            }
            // Initial packets by their first bytes, every other time.
            if round % 2 == 0 {
                packet[..6].copy_from_slice(&[0xc3, 0, 0, 0, 1, 8]);
            }
            let _ = socket.send_to(&packet, address);
        }
        done.store(true, Ordering::SeqCst);
        good.join().unwrap()
    });
    let grown = most.saturating_sub(before);
    println!("handshakes and nonsense: {grown} KiB more, slowest good request {slowest:?}");
    assert!(grown < GROWTH, "{grown} KiB more");
    assert!(slowest < Duration::from_secs(2), "a good request took {slowest:?}");
    assert_eq!(secure.dproxy.worker_pids(), [worker], "{}", secure.dproxy.log());
}

#[test]
fn a_client_that_died_costs_nothing_after_a_while() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let secure = serve(|options| options.workers(1).env("DOCKER_PROXY_TIMEOUT_KEEP_ALIVE", "2s").route("a.test", &[origin.addr()]));
    runtime().block_on(async {
        for _ in 0..10 {
            let endpoint = endpoint();
            let connection = connect(&endpoint, secure.port).await.unwrap();
            std::mem::forget(connection);
        }
    });
    wait_for("the end of all connections", PATIENCE, || secure.dproxy.status()["connections_open"] == 0);
    let worker = secure.dproxy.worker_pids()[0];
    kill(worker, Signal::SIGTERM);
    wait_for("another one", PATIENCE, || secure.dproxy.worker_pids().first().is_some_and(|pid| *pid != worker));
}
