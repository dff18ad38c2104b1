//! Handshakes that never end, or come in floods.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use dproxy_testkit::resident;

use dproxy_testkit::Connection;

use super::{Secure, Shop, echo};

/// The first bytes of a client's hello, and never the rest.
fn half_done(secure: &Secure) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", secure.port)).unwrap();
    stream.write_all(&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]).unwrap();
    stream
}

/// Whether the other side has ended it.
fn is_ended(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
    match stream.read(&mut [0; 64]) {
        Ok(read) => read == 0,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

#[test]
fn a_handshake_that_does_not_go_on_ends_in_time() {
    let secure = Shop::with(&["a.test"]).serve(|options| options.env("DOCKER_PROXY_TIMEOUT_HANDSHAKE", "300ms"));
    let mut stream = half_done(&secure);
    secure.dproxy.wait_for("its end", || is_ended(&mut stream));
}

#[test]
fn a_connection_on_which_was_asked_in_the_clear_stays_in_the_clear() {
    let origin = echo();
    let secure = Shop::with(&["a.test"]).serve(|options| options.route("a.test", &[origin.addr()]));
    let mut client = Connection::open(secure.dproxy.http()).unwrap();
    for _ in 0..2 {
        client.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
        assert_eq!(client.answer_to("GET").unwrap().status, 200);
    }
    client.send(&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]).unwrap();
    assert_eq!(client.answer_to("GET").unwrap().status, 400);
}

#[test]
fn a_flood_of_half_done_handshakes_keeps_nobody_out() {
    let origin = echo();
    let secure = Shop::with(&["a.test"]).serve(|options| {
        let options = options.workers(1).env("DOCKER_PROXY_LIMIT_HANDSHAKES", "10").env("DOCKER_PROXY_TIMEOUT_HANDSHAKE", "10min");
        options.route("a.test", &[origin.addr()])
    });
    let mut flood: Vec<TcpStream> = (0..60).map(|_| half_done(&secure)).collect();
    assert!(secure.get("https://a.test/", &[]).contains("x-forwarded-proto: https"));
    secure
        .dproxy
        .wait_for("the oldest to be given up", || flood.iter_mut().filter_map(|stream| is_ended(stream).then_some(())).count() >= 50);
    assert!(secure.get("https://a.test/", &[]).contains("x-forwarded-proto: https"));
    assert!(flood.iter_mut().filter_map(|stream| is_ended(stream).then_some(())).count() <= 53, "no more than needed");
}

/// What openssl says first to a.test, whole.
fn hello() -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap().to_string();
    let words = ["s_client", "-connect", &at, "-servername", "a.test"];
    let mut client = Command::new("openssl").args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    let mut head = [0; 5];
    stream.read_exact(&mut head).unwrap();
    let mut body = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    stream.read_exact(&mut body).unwrap();
    drop(stream);
    client.wait().unwrap();
    [&head[..], &body].concat()
}

#[test]
fn thousands_of_clients_that_say_hello_and_nothing_more_cost_little_memory_and_keep_nobody_out() {
    let origin = echo();
    let secure = Shop::with(&["a.test"])
        .serve(|options| options.workers(1).env("DOCKER_PROXY_TIMEOUT_HANDSHAKE", "10min").route("a.test", &[origin.addr()]));
    assert!(secure.get("https://a.test/", &[]).contains("x-forwarded-proto: https"));
    let worker = secure.dproxy.worker_pids()[0];
    let (before, hello) = (resident(worker), hello());
    let mut flood = Vec::new();
    for _ in 0..6 {
        flood.extend((0..500).map(|_| {
            let mut stream = TcpStream::connect(("127.0.0.1", secure.port)).unwrap();
            stream.write_all(&hello).unwrap();
            stream
        }));
        assert!(secure.get("https://a.test/", &[]).contains("x-forwarded-proto: https"), "among {}", flood.len());
    }
    let open = || secure.dproxy.status()["connections_open"].as_u64().unwrap();
    secure.dproxy.wait_for("the oldest to be given up", || open() <= 2000);
    assert!(open() >= 1900, "no more than needed");
    let grown = resident(worker).saturating_sub(before);
    assert!(grown < 2000 * 40, "{grown} KiB for 2,000 handshakes");
    drop(flood);
    secure.dproxy.wait_for("the end of all", || open() == 0);
}
