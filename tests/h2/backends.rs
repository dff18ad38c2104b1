//! Backends of HTTP/2: their connections are shared, watched and left in time; tunnels reach them.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use bytes::Bytes;
use dproxy_testkit::{Connection, Dproxy, Frame, Frames, Origin, PATIENCE, free_addr, wait_for};
use h2::server::{Builder, SendResponse};
use h2::{Reason, RecvStream};
use http::{Request, Response};

use super::{ask, backend, fetch, leading_to, over_h2, read, runtime, send};
use crate::dproxy;

/// A backend with settings of its own, and how many connections it had.
fn backend_with<F: Future<Output = ()> + Send + 'static>(
    builder: &Builder,
    answer: impl Fn(Request<RecvStream>, SendResponse<Bytes>) -> F + Send + Sync + Clone + 'static,
) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(free_addr()).unwrap();
    let addr = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    let (builder, connections) = (builder.clone(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&connections);
    thread::spawn(move || {
        runtime().block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::Relaxed);
                let (builder, answer) = (builder.clone(), answer.clone());
                tokio::spawn(async move {
                    let Ok(mut connection) = builder.handshake(stream).await else { return };
                    while let Some(Ok((request, respond))) = connection.accept().await {
                        tokio::spawn(answer(request, respond));
                    }
                });
            }
        });
    });
    (addr, connections)
}

/// A backend that plays each connection by hand; the number of the connection tells how.
pub(super) fn by_hand(play: impl Fn(usize, &mut Frames) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind(free_addr()).unwrap();
    let addr = listener.local_addr().unwrap();
    let play = Arc::new(play);
    thread::spawn(move || {
        for number in 0.. {
            let Ok(mut frames) = Frames::accept(&listener) else { return };
            let play = Arc::clone(&play);
            thread::spawn(move || play(number, &mut frames));
        }
    });
    addr
}

/// Reads a whole request; its body.
pub(super) fn whole_request(frames: &mut Frames) -> Option<(u32, Vec<u8>)> {
    let mut body = Vec::new();
    loop {
        let frame = frames.asked().ok()?;
        if frame.kind == 0 {
            body.extend_from_slice(&frame.payload);
        }
        if frame.kind < 2 && frame.flags & 1 != 0 {
            return Some((frame.stream, body));
        }
    }
}

/// Answers every request with the bytes of its body.
fn echo_by_hand(frames: &mut Frames) {
    while let Some((stream, body)) = whole_request(frames) {
        let data = body.chunks(16_384).map(|piece| Frame::bytes(0, 0, stream, piece));
        let answer = [Frame::bytes(1, 4, stream, &[0x88]), data.collect::<Vec<_>>().concat(), Frame::bytes(0, 1, stream, &[])].concat();
        if frames.send(&answer).is_err() {
            return;
        }
    }
}

/// Greets, echoes what it hears and ends with it: over a tunnel of this protocol only.
async fn tunnel(request: Request<RecvStream>, mut respond: SendResponse<Bytes>) {
    let asked = request.extensions().get::<h2::ext::Protocol>().map(|protocol| protocol.as_str().to_owned());
    let keyless = !request.headers().contains_key("sec-websocket-key") && !request.headers().contains_key("upgrade");
    if asked.as_deref() != Some("websocket") || !keyless || request.uri().path() == "/no" {
        respond.send_response(Response::builder().status(403).body(()).unwrap(), true).unwrap();
        return;
    }
    let head = Response::builder().header("sec-websocket-protocol", "chat").body(()).unwrap();
    let mut stream = respond.send_response(head, false).unwrap();
    send(&mut stream, Bytes::from_static(b"welcome"), false).await.unwrap();
    let mut body = request.into_body();
    while let Some(Ok(data)) = body.data().await {
        body.flow_control().release_capacity(data.len()).unwrap();
        send(&mut stream, data, false).await.unwrap();
    }
    stream.send_data(Bytes::new(), true).unwrap();
}

const UPGRADE: &str = "GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A backend that takes tunnels.
fn tunnelling() -> Dproxy {
    let (addr, _) = backend_with(Builder::new().enable_connect_protocol(), tunnel);
    leading_to(addr).start()
}

#[test]
fn a_websocket_of_http1_is_a_tunnel_at_a_backend_of_http2() {
    let dproxy = tunnelling();
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(UPGRADE.as_bytes()).unwrap();
    let head = connection.head().unwrap();
    assert_eq!((head.status, head.field("upgrade"), head.field("connection")), (101, Some("websocket"), Some("upgrade")), "{head:?}");
    assert_eq!(head.field("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    assert_eq!(head.field("sec-websocket-protocol"), Some("chat"));
    assert_eq!(connection.bytes(7).unwrap(), b"welcome");
    connection.send(b"hello").unwrap();
    assert_eq!(connection.bytes(5).unwrap(), b"hello");
    connection.stream().shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(connection.rest().unwrap(), b"");

    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(UPGRADE.replace("/ws", "/no").as_bytes()).unwrap();
    assert_eq!(connection.answer_to("GET").unwrap().status, 403);
}

#[test]
fn a_websocket_of_http2_is_a_tunnel_at_a_backend_of_http2() {
    over_h2(tunnelling().http(), async |requests| {
        let mut requests = requests.ready().await.unwrap();
        // The proxy's SETTINGS come before its first answer.
        assert_eq!(fetch(&requests, ask("GET", "/")).await.unwrap().status(), 403);
        let connect = ask("CONNECT", "/ws").extension(h2::ext::Protocol::from_static("websocket"));
        let (response, mut stream) = requests.send_request(connect.body(()).unwrap(), false).unwrap();
        let mut response = response.await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(!response.headers().contains_key("sec-websocket-accept") && !response.headers().contains_key("upgrade"));
        send(&mut stream, Bytes::from_static(b"hello"), true).await.unwrap();
        assert_eq!(read(response.body_mut()).await.unwrap().0, b"welcomehello");
    });
}

#[test]
fn an_upgrade_that_a_backend_of_http2_does_not_allow_is_refused_and_says_why() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let plain = backend(move |_, mut respond| {
        counted.fetch_add(1, Ordering::Relaxed);
        async move { drop(respond.send_response(Response::new(()), true)) }
    });
    let dproxy = leading_to(plain).start();
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(UPGRADE.as_bytes()).unwrap();
    let answer = connection.answer_to("GET").unwrap();
    assert!(answer.status == 502 && answer.text().contains("RFC 8441"), "{answer:?}");
    assert_eq!(asked.load(Ordering::Relaxed), 0, "it is never asked for something else");
    wait_for("the reason in the log", PATIENCE, || dproxy.log().contains("does not allow extended CONNECT"));
}

#[test]
fn heads_of_answers_over_http2_have_a_limit() {
    let long = backend(|request, mut respond| async move {
        let length = request.uri().path()[1..].parse().unwrap();
        let head = Response::builder().header("x-long", "a".repeat(length)).body(()).unwrap();
        drop(respond.send_response(head, true));
    });
    let dproxy = leading_to(long).yaml("limits:\n  head_bytes: 16384").start();
    let check = |length: usize, status: u16| {
        let answer = dproxy_testkit::get(dproxy.http(), "a.test", &format!("/{length}")).unwrap();
        assert_eq!(answer.status, status, "{length} bytes");
    };
    check(15_000, 200);
    check(17_000, 502);
    check(100_000, 502);
    check(15_000, 200);
}

#[test]
fn a_burst_at_a_cold_backend_opens_one_connection_and_more_only_beyond_its_limit() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let opened = Arc::clone(&gate);
    let arrived = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&arrived);
    let answer = move |_: Request<RecvStream>, mut respond: SendResponse<Bytes>| {
        let gate = Arc::clone(&gate);
        counted.fetch_add(1, Ordering::Relaxed);
        async move {
            gate.acquire().await.unwrap().forget();
            drop(respond.send_response(Response::new(()), true));
        }
    };
    let (addr, connections) = backend_with(Builder::new().max_concurrent_streams(20), answer);
    let dproxy = leading_to(addr).workers(1).start();
    let burst = |count: usize| -> Vec<Connection> {
        let ask = |_| {
            let mut connection = Connection::open(dproxy.http()).unwrap();
            connection.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
            connection
        };
        (0..count).map(ask).collect()
    };
    let mut first = burst(20);
    wait_for("twenty requests", PATIENCE, || arrived.load(Ordering::Relaxed) == 20);
    assert_eq!(connections.load(Ordering::Relaxed), 1);
    let mut second = burst(5);
    wait_for("five more", PATIENCE, || arrived.load(Ordering::Relaxed) == 25);
    assert_eq!(connections.load(Ordering::Relaxed), 2);
    opened.add_permits(25);
    for connection in first.iter_mut().chain(&mut second) {
        assert_eq!(connection.answer_to("GET").unwrap().status, 200);
    }
}

/// Posts over HTTP/1, in one piece and in two, and over HTTP/2, and expects the body back each time.
fn check_posts(dproxy: &Dproxy) {
    let head = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\n";
    for pieces in [&[head, "hello"].concat()[..], ""] {
        let mut connection = Connection::open(dproxy.http()).unwrap();
        if pieces.is_empty() {
            connection.send(head.as_bytes()).unwrap();
            connection.send(b"hel").unwrap();
            connection.send(b"lo").unwrap();
        } else {
            connection.send(pieces.as_bytes()).unwrap();
        }
        let answer = connection.answer_to("POST").unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (200, "hello"), "{}", dproxy.log());
    }
    over_h2(dproxy.http(), async |mut requests| {
        let (response, mut body) = requests.send_request(ask("POST", "/").body(()).unwrap(), false).unwrap();
        send(&mut body, Bytes::from(vec![7; 40_000]), true).await.unwrap();
        let mut response = response.await.unwrap();
        assert_eq!((response.status().as_u16(), read(response.body_mut()).await.unwrap().0.len()), (200, 40_000), "{}", dproxy.log());
    });
}

#[test]
fn a_request_that_a_backend_refuses_untouched_is_sent_again_with_its_body() {
    let refusing = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&refusing);
    let addr = backend(move |request, mut respond| {
        // Every second one, after it has seen some of the body.
        let refuse = counted.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
        async move {
            let mut body = request.into_body();
            if refuse {
                body.data().await.unwrap().unwrap();
                respond.send_reset(Reason::REFUSED_STREAM);
                return;
            }
            let (bytes, _) = read(&mut body).await.unwrap();
            let mut stream = respond.send_response(Response::new(()), false).unwrap();
            send(&mut stream, bytes.into(), true).await.unwrap();
        }
    });
    check_posts(&leading_to(addr).workers(1).start());
    assert_eq!(refusing.load(Ordering::Relaxed), 6);
}

#[test]
fn a_request_that_a_backend_refuses_again_goes_to_another_one() {
    let refusing = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&refusing);
    let unwilling = backend(move |_, mut respond| {
        counted.fetch_add(1, Ordering::Relaxed);
        async move { respond.send_reset(Reason::REFUSED_STREAM) }
    });
    let willing = backend(|_, mut respond| async move {
        respond.send_response(Response::new(()), true).unwrap();
    });
    let route = format!("routes:\n  - host: a.test\n    backends: [\"h2c://{unwilling}\", \"h2c://{willing}\"]");
    let dproxy = dproxy().yaml(&route).workers(1).start();
    for number in 0..10 {
        let answer = dproxy_testkit::request(dproxy.http(), "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello").unwrap();
        assert_eq!(answer.status, 200, "request {number}: {}", dproxy.log());
    }
    assert!(refusing.load(Ordering::Relaxed) >= 2, "the unwilling one was asked as well");
}

#[test]
fn a_backend_that_goes_away_gets_what_it_did_not_look_at_on_another_connection() {
    let addr = by_hand(|number, frames| {
        if number % 2 == 1 {
            return echo_by_hand(frames);
        }
        // It looked at none.
        if frames.asked().is_ok() {
            frames.send(&Frame::bytes(7, 0, 0, &[0; 8])).unwrap();
            while frames.asked().is_ok() {}
        }
    });
    let dproxy = leading_to(addr).workers(1).start();
    check_posts(&dproxy);
}

#[test]
fn a_body_that_may_have_been_acted_on_is_not_sent_twice() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let addr = by_hand(move |_, frames| {
        // It looked at the request and then closes without a word.
        if whole_request(frames).is_some() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    let dproxy = leading_to(addr).workers(1).start();
    let answer = dproxy_testkit::request(dproxy.http(), "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello").unwrap();
    assert_eq!((answer.status, asked.load(Ordering::Relaxed)), (502, 1));
}

#[test]
fn a_request_with_a_body_is_tried_elsewhere_where_twice_does_no_harm() {
    // One that reads everything and closes, and one that answers.
    let broken = Origin::start(|_| vec![dproxy_testkit::Step::Close]);
    let whole = Origin::start(|request| dproxy_testkit::ok(&request.body.len().to_string()));
    let dproxy = dproxy().workers(1).route("a.test", &[broken.addr(), whole.addr()]).start();
    let check = |method: &str, statuses: [u16; 2]| {
        let mut got: Vec<u16> = (0..2)
            .map(|_| {
                let mut connection = Connection::open(dproxy.http()).unwrap();
                connection.send(format!("{method} / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 50000\r\n\r\n").as_bytes()).unwrap();
                connection.send(&[b'x'; 50_000]).unwrap();
                connection.answer_to(method).unwrap().status
            })
            .collect();
        got.sort_unstable();
        assert_eq!(got, statuses, "{method}");
    };
    check("PUT", [200, 200]);
    check("POST", [200, 502]);
}
