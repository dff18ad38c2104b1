//! Streams of one connection: each ends by itself, none waits for another, none holds more than its share.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use dproxy_testkit::{Connection, Frame, Frames, Origin, PATIENCE, Step, chunked, header_block, resident, wait_for};
use h2::Reason;
use h2::client::SendRequest;
use h2::ext::Protocol;
use http::Response;
use tokio::sync::Notify;

use super::{ask, backend, fetch, leading_to, over_h2, read, send};
use crate::http::before;
use crate::{alone, among_others, dproxy};

/// Waits for a level while the connection goes on; its client is given up when that does not come true.
async fn until(level: impl Fn() -> bool) {
    while !level() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[test]
fn a_cancelled_stream_cancels_its_request_at_once_and_no_other() {
    let origin = Origin::start(|request| match request.target.as_str() {
        "/begun" => vec![Step::Send(b"HTTP/1.1 200 OK\r\n\r\nbegun".to_vec()), Step::Hang],
        "/silent" => vec![Step::Hang],
        _ => dproxy_testkit::ok("ok"),
    });
    let dproxy = dproxy().workers(1).route("a.test", &[origin.addr()]).start();
    over_h2(dproxy.http(), async |mut requests| {
        let (silent, mut stream) = requests.send_request(ask("POST", "/silent").body(()).unwrap(), false).unwrap();
        let (begun, _) = requests.send_request(ask("GET", "/begun").body(()).unwrap(), true).unwrap();
        let mut begun = begun.await.unwrap();
        assert_eq!(begun.body_mut().data().await.unwrap().unwrap(), "begun");
        until(|| origin.open() == 2).await;
        stream.send_reset(Reason::CANCEL);
        drop((silent, begun));
        let cancelled = Instant::now();
        until(|| origin.open() == 0).await;
        assert!(cancelled.elapsed() < Duration::from_secs(1), "{:?}", cancelled.elapsed());
        assert_eq!(fetch(&requests, ask("GET", "/")).await.unwrap().body(), b"ok");
    });
}

#[test]
fn an_early_answer_comes_while_the_body_is_sent() {
    let origin = Origin::start(|_| {
        vec![Step::Send(b"HTTP/1.1 413 Too Much\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec()), Step::Close]
    });
    let dproxy = before(&origin);
    over_h2(dproxy.http(), async |mut requests| {
        let (response, mut stream) = requests.send_request(ask("POST", "/").body(()).unwrap(), false).unwrap();
        send(&mut stream, Bytes::from_static(b"begun"), false).await.unwrap();
        assert_eq!(response.await.unwrap().status(), 413);
        assert!(fetch(&requests, ask("GET", "/")).await.is_ok());
    });
}

#[test]
fn a_cut_answer_is_never_taken_for_a_whole_one() {
    let cut = |head: &str| Origin::raw(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n3\r\nabc\r\n").as_bytes());
    for origin in [cut("Content-Length: 20"), cut("Transfer-Encoding: chunked")] {
        let dproxy = before(&origin);
        over_h2(dproxy.http(), async |requests| {
            assert!(fetch(&requests, ask("GET", "/")).await.is_err());
        });
    }
    let arrived = Arc::new(Notify::new());
    let reset = Arc::clone(&arrived);
    let resetting = backend(move |_, mut respond| {
        let reset = Arc::clone(&reset);
        async move {
            let mut stream = respond.send_response(Response::new(()), false).unwrap();
            send(&mut stream, Bytes::from_static(b"abc"), false).await.unwrap();
            reset.notified().await;
            stream.send_reset(Reason::INTERNAL_ERROR);
        }
    });
    let dproxy = leading_to(resetting).start();
    over_h2(dproxy.http(), async |mut requests| {
        let mut response = requests.send_request(ask("GET", "/").body(()).unwrap(), true).unwrap().0.await.unwrap();
        assert_eq!(response.body_mut().data().await.unwrap().unwrap(), "abc");
        arrived.notify_one();
        assert!(read(response.body_mut()).await.is_err());
    });
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
    assert_eq!(connection.head().unwrap().status, 200);
    assert_eq!(connection.bytes(8).unwrap(), b"3\r\nabc\r\n");
    arrived.notify_one();
    assert!(!connection.rest().is_ok_and(|rest| rest.ends_with(b"0\r\n\r\n")));
}

/// Asks again where the server had not yet counted off the stream before, as clients do (RFC 9113 §8.7).
async fn patiently(requests: &SendRequest<Bytes>) -> u16 {
    loop {
        match fetch(requests, ask("GET", "/")).await {
            Err(error) if error.reason() == Some(Reason::REFUSED_STREAM) => {}
            answer => return answer.unwrap().status().as_u16(),
        }
    }
}

#[test]
fn streams_beyond_the_most_wait_and_are_served() {
    let origin = Origin::start(|_| {
        vec![Step::ReadBody, Step::Pause(Duration::from_millis(20)), Step::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec())]
    });
    let dproxy = dproxy().workers(1).route("a.test", &[origin.addr()]).start();
    over_h2(dproxy.http(), async |requests| {
        let tasks: Vec<_> = (0..300)
            .map(|_| {
                let requests = requests.clone();
                tokio::spawn(async move { patiently(&requests).await })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap(), 200);
        }
    });
    assert!(origin.connections() <= 100, "{} connections at a time", origin.connections());
}

#[test]
fn a_pool_that_shrinks_lets_running_streams_end() {
    let gate = Arc::new(AtomicBool::new(false));
    let held = Arc::clone(&gate);
    let origin = Origin::start(move |request| match request.target.as_str() {
        "/slow" => vec![
            Step::Send([&b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"[..], &chunked("first")].concat()),
            Step::Until(Arc::clone(&held)),
            Step::Send([chunked("last"), chunked("")].concat()),
        ],
        _ => dproxy_testkit::ok("ok"),
    });
    let dproxy = dproxy().workers(1).route("a.test", &[origin.addr()]).start();
    let old = dproxy.worker_pids();
    over_h2(dproxy.http(), async |mut requests| {
        let (response, _) = requests.send_request(ask("GET", "/slow").body(()).unwrap(), true).unwrap();
        let mut response = response.await.unwrap();
        assert_eq!(response.body_mut().data().await.unwrap().unwrap(), "first");
        assert_eq!(dproxy.post("/service/balancer/restart").status, 200);
        dproxy.wait_for("a new worker", || dproxy.worker_pids().iter().any(|pid| !old.contains(pid)));
        // The old worker says that it takes no more, and goes on with what it has.
        let mut refused = false;
        while !refused {
            refused = fetch(&requests, ask("GET", "/")).await.is_err();
        }
        gate.store(true, Ordering::SeqCst);
        assert_eq!(read(response.body_mut()).await.unwrap().0, b"last");
    });
    dproxy.wait_for_workers(1);
}

#[test]
fn a_pool_that_is_resized_loses_no_request() {
    let _busy = among_others();
    let origin = Origin::saying("ok");
    let dproxy = before(&origin);
    let (done, http) = (AtomicBool::new(false), dproxy.http());
    let served = thread::scope(|scope| {
        let clients: Vec<_> = (0..4).map(|_| scope.spawn(|| ask_until(&done, http))).collect();
        for size in [5, 1, 3, 1, 6, 2] {
            assert_eq!(dproxy.post(&format!("/service/balancer/resize?size={size}")).status, 200);
            dproxy.wait_for_workers(size);
        }
        done.store(true, Ordering::SeqCst);
        clients.into_iter().map(|client| client.join().unwrap()).sum::<usize>()
    });
    println!("{served} requests, none failed");
    assert!(served > 100);
}

/// Asks and asks, ten requests at a time, and connects again when the proxy says goodbye. Any other failure is one.
fn ask_until(done: &AtomicBool, http: SocketAddr) -> usize {
    let mut served = 0;
    while !done.load(Ordering::SeqCst) {
        served += over_h2(http, async |requests| {
            let mut served = 0;
            while !done.load(Ordering::SeqCst) {
                let asked: Vec<_> = (0..10)
                    .map(|_| {
                        let requests = requests.clone();
                        tokio::spawn(async move { fetch(&requests, ask("GET", "/")).await })
                    })
                    .collect();
                for answer in asked {
                    match answer.await.unwrap() {
                        Ok(answer) => served += usize::from(answer.status() == 200 && answer.body() == b"ok"),
                        Err(error) if error.is_go_away() && error.reason() == Some(Reason::NO_ERROR) => return served,
                        Err(error) => panic!("a request failed after {served}: {error}"),
                    }
                }
            }
            served
        });
    }
    served
}

#[test]
fn a_silent_connection_ends_with_a_goodbye() {
    let dproxy = dproxy().yaml("timeouts:\n  keep_alive: 300ms").start();
    let mut frames = Frames::open(dproxy.http()).unwrap();
    let goodbye = frames.next_of(7).unwrap();
    assert_eq!(goodbye.code(), Some(0));
    frames.rest().unwrap();
}

#[test]
fn a_header_block_that_does_not_end_is_cut_off() {
    let origin = Origin::saying("ok");
    let dproxy = dproxy().route("a.test", &[origin.addr()]).yaml("timeouts:\n  request_head: 300ms").start();
    let block = header_block(&[(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a.test")]);
    let whole = Frame::bytes(1, 5, 1, &block);
    for begun in [Frame::bytes(1, 1, 1, &block), whole[..whole.len() - 1].to_vec()] {
        let mut frames = Frames::open(dproxy.http()).unwrap();
        frames.send(&begun).unwrap();
        frames.rest().unwrap();
    }
    // Half a preface cannot be told from a request.
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(b"PRI * HTTP/2.0\r\n\r\nS").unwrap();
    assert!(connection.rest().is_ok());
    assert_eq!(origin.count(), 0);
}

#[test]
fn a_client_that_does_not_read_holds_bounded_memory() {
    let _alone = alone();
    let endless = vec![b'x'; 64 * 1024 * 1024];
    let origin = Origin::start(move |_| vec![Step::Send(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()), Step::Send(endless.clone()), Step::Close]);
    let dproxy = dproxy().workers(1).route("a.test", &[origin.addr()]).start();
    let worker = dproxy.worker_pids()[0];
    let before = resident(worker);
    let mut frames = Frames::open(dproxy.http()).unwrap();
    let block = header_block(&[(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a.test")]);
    for number in 0..20 {
        frames.send(&Frame::bytes(1, 5, 2 * number + 1, &block)).unwrap();
    }
    wait_for("all streams", PATIENCE, || origin.count() == 20);
    dproxy_testkit::pause(Duration::from_secs(1));
    let grown = resident(worker).saturating_sub(before);
    // A large buffer and what may be sent ahead, each; and what the connection may have on its way.
    assert!(grown < 20 * 512, "{grown} KiB for 20 streams");
    // Whoever reads gets everything.
    over_h2(dproxy.http(), async |requests| {
        assert_eq!(fetch(&requests, ask("GET", "/")).await.unwrap().body().len(), 64 * 1024 * 1024);
    });
}

#[test]
fn websocket_over_http2_is_an_upgrade_at_the_backend() {
    let origin = Origin::start(|request| {
        match request.target.as_str() {
        "/ws" => vec![
            Step::Send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: chat\r\n\r\nwelcome".to_vec()),
            Step::Hang,
        ],
        _ => dproxy_testkit::answer("HTTP/1.1 403 Forbidden", "not you"),
    }
    });
    let dproxy = dproxy().workers(1).route("a.test", &[origin.addr()]).start();
    over_h2(dproxy.http(), async |requests| {
        let mut requests = requests.ready().await.unwrap();
        // Known once the proxy's SETTINGS are there.
        until(|| requests.is_extended_connect_protocol_enabled()).await;
        let connect = |path: &str| ask("CONNECT", path).extension(Protocol::from_static("websocket")).header("sec-websocket-version", "13");
        let (response, mut stream) = requests.send_request(connect("/ws").body(()).unwrap(), false).unwrap();
        let mut response = response.await.unwrap();
        assert_eq!((response.status().as_u16(), response.headers()["sec-websocket-protocol"].as_bytes()), (200, &b"chat"[..]));
        for name in ["sec-websocket-accept", "upgrade", "connection", "content-length"] {
            assert!(response.headers().get(name).is_none(), "{name}: {response:?}");
        }
        assert_eq!(response.body_mut().data().await.unwrap().unwrap(), "welcome");
        send(&mut stream, Bytes::from_static(b"bytes"), true).await.unwrap();
        // The backend reads to the end and closes: so ends the other way.
        assert!(read(response.body_mut()).await.unwrap().0.is_empty());

        let (refused, _stream) = requests.send_request(connect("/no").body(()).unwrap(), false).unwrap();
        let mut refused = refused.await.unwrap();
        assert_eq!((refused.status().as_u16(), read(refused.body_mut()).await.unwrap().0.as_slice()), (403, &b"not you"[..]));
    });
    let request = origin.requests().remove(0);
    assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", "/ws"));
    assert_eq!((request.field("upgrade"), request.field("sec-websocket-version")), (Some("websocket"), Some("13")));
    assert!(request.field("connection").is_some_and(|value| value.eq_ignore_ascii_case("upgrade")));
    let key = request.field("sec-websocket-key").unwrap();
    assert!(key.len() == 24 && key.ends_with("=="), "{key}");
    wait_for("the tunnel's end", PATIENCE, || origin.open() == 0);
}
