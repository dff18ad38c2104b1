//! Nothing waits for the rest: each piece goes through when it comes, either way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use dproxy_testkit::{Connection, Origin, PATIENCE, Step, chunked, wait_for};

use crate::http::before;

#[test]
fn each_piece_of_an_answer_goes_through_at_once() {
    let gate = Arc::new(AtomicBool::new(false));
    let held = Arc::clone(&gate);
    let origin = Origin::start(move |_| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        vec![
            Step::Send([&head[..], &chunked("data: 1\n\n")].concat()),
            Step::Until(Arc::clone(&held)),
            Step::Send([chunked("data: 2\n\n"), chunked("")].concat()),
        ]
    });
    let dproxy = before(&origin);
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(b"GET /events HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
    assert_eq!(connection.head().unwrap().status, 200);
    // The backend says no more until this has come through.
    assert_eq!((connection.line().unwrap().as_str(), connection.line().unwrap().as_str()), ("9", "data: 1"));
    gate.store(true, Ordering::SeqCst);
    let rest: Vec<String> = (0..6).map(|_| connection.line().unwrap()).collect();
    assert_eq!(rest, ["", "", "9", "data: 2", "", ""]);
}

#[test]
fn each_piece_of_a_request_goes_through_at_once() {
    let origin = Origin::saying("ok");
    let dproxy = before(&origin);
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n").unwrap();
    wait_for("the first piece", PATIENCE, || origin.count() == 1 && origin.last().body == b"first");
    connection.send(b"6\r\nsecond\r\n0\r\n\r\n").unwrap();
    assert_eq!(connection.answer_to("POST").unwrap().text(), "ok");
    assert_eq!(origin.last().body, b"firstsecond");
}

#[test]
fn a_client_that_leaves_frees_the_backend_at_once() {
    let origin = Origin::start(|_| vec![Step::Hang]);
    let dproxy = before(&origin);
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
    wait_for("the request", PATIENCE, || origin.count() == 1);
    drop(connection);
    let left = Instant::now();
    wait_for("the backend's connection to end", PATIENCE, || origin.open() == 0);
    assert!(left.elapsed() < Duration::from_secs(1), "it took {:?}", left.elapsed());
}

#[test]
fn interim_answers_and_trailers_go_through() {
    let origin = Origin::start(|_| {
        let hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n";
        let head = b"HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n";
        vec![Step::Send([&hints[..], &head[..], &chunked("hello"), b"0\r\nX-Sum: 5\r\n\r\n"].concat())]
    });
    let dproxy = before(&origin);
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(b"GET / HTTP/1.1\r\nHost: a.test\r\nTE: trailers\r\nConnection: TE\r\n\r\n").unwrap();
    let hints = connection.head().unwrap();
    assert_eq!((hints.status, hints.field("link")), (103, Some("</style.css>; rel=preload")));
    let answer = connection.answer_to("GET").unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello"));
    assert_eq!(answer.trailers, [("X-Sum".to_owned(), "5".to_owned())]);
}

#[test]
fn an_upgraded_connection_carries_bytes_both_ways() {
    let gate = Arc::new(AtomicBool::new(false));
    let held = Arc::clone(&gate);
    let origin = Origin::start(move |_| {
        let head = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\nwelcome\n";
        vec![Step::Send(head.to_vec()), Step::Until(Arc::clone(&held)), Step::Send(b"again\n".to_vec()), Step::Close]
    });
    let dproxy = before(&origin);
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(b"GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n").unwrap();
    let head = connection.head().unwrap();
    assert_eq!((head.status, head.field("upgrade")), (101, Some("chat")));
    assert_eq!(connection.line().unwrap(), "welcome");
    connection.send(b"any bytes, no HTTP").unwrap();
    gate.store(true, Ordering::SeqCst);
    assert_eq!(connection.line().unwrap(), "again");
    assert_eq!(connection.rest().unwrap(), b"");
    assert_eq!(origin.last().field("upgrade"), Some("chat"));
}
