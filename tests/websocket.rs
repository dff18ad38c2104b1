//! WebSocket by its own library; and any other token that HTTP/1.1 is left for.

use std::time::Duration;

use dproxy_testkit::{Connection, Origin, PATIENCE, Step, free_addr, wait_for};

use crate::clients::python;
use crate::dproxy;
use crate::http::before;

/// Asks for a tunnel.
const ASK: &[u8] = b"GET /t HTTP/1.1\r\nHost: a.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: tail/1\r\n\r\n";
const AGREED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: tail/1\r\n\r\n";

#[test]
fn messages_of_every_kind_go_through() {
    let backend = free_addr();
    let dproxy = dproxy().route("ws.test", &[backend]).start();
    let Some(output) = python("websocket_calls.py", "websockets", &[&backend.port().to_string(), &dproxy.http().to_string()]) else {
        return;
    };
    assert!(output.status.success(), "{output:#?}\n{}", dproxy.log());
}

#[test]
fn any_token_opens_a_tunnel_that_each_side_ends_by_itself() {
    let origin = Origin::start(|_| vec![Step::Send([AGREED, b"first"].concat()), Step::Hang]);
    let dproxy = before(&origin);
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(ASK).unwrap();
    let head = connection.head().unwrap();
    assert_eq!((head.status, head.field("upgrade")), (101, Some("tail/1")), "{head:?}");
    assert_eq!(connection.bytes(5).unwrap(), b"first");
    assert_eq!(origin.last().field("upgrade"), Some("tail/1"));
    // The backend reads until the client has ended its side, and then ends its own.
    connection.stream().shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(connection.rest().unwrap(), b"");
    wait_for("the tunnel's end", PATIENCE, || origin.open() == 0);
}

#[test]
fn a_tunnel_on_which_nothing_moves_ends() {
    let origin = Origin::start(|_| vec![Step::Send(AGREED.to_vec()), Step::Hang]);
    let dproxy = dproxy().route("a.test", &[origin.addr()]).yaml("timeouts:\n  tunnel: 500ms\n  idle: 100ms").start();
    let mut connection = Connection::open(dproxy.http()).unwrap();
    connection.send(ASK).unwrap();
    assert_eq!(connection.head().unwrap().status, 101);
    // What moves keeps it alive, for longer than any of its limits.
    for _ in 0..6 {
        connection.send(b"x").unwrap();
        dproxy_testkit::pause(Duration::from_millis(200));
    }
    assert_eq!(origin.open(), 1);
    assert_eq!(connection.rest().unwrap(), b"");
    wait_for("the backend's side to end", PATIENCE, || origin.open() == 0);
}
