//! `Expect: 100-continue`, early answers and upgrades: where both sides speak in turn.

use crate::{Case, OK, OLD_OK};

const EXPECTING: &str = "POST / HTTP/1.1|Host: a.test|Expect: 100-continue|Content-Length: 2||";
const EXPECTED: &str = "POST / HTTP/1.1|Host: a.test|Expect: 100-continue|Content-Length: 2|+||";

#[test]
fn a_client_that_waits_is_told_to_go_on() {
    let client = format!("{EXPECTING}{{see Continue||}}hi");
    let backend = format!("{{head}}HTTP/1.1 100 Continue||{{get hi}}{OK}");
    Case::client(&client).backend(&backend).passes(&[&format!("{EXPECTED}hi")], &format!("HTTP/1.1 100 Continue||{OK}"));
}

#[test]
fn a_client_that_waits_may_be_refused_at_once() {
    let refusal = "HTTP/1.1 417 Expectation Failed|Content-Length: 0||";
    let outcome = Case::client(EXPECTING)
        .backend(&format!("{{head}}{refusal}"))
        .play("HTTP/1.1 417 Expectation Failed|Content-Length: 0|connection: close||{end}");
    assert_eq!(outcome.client, "HTTP/1.1 417 Expectation Failed|Content-Length: 0|connection: close||{end}");
    assert_eq!(outcome.backend, [EXPECTED]);
}

#[test]
fn a_backend_may_ignore_that_a_client_waits() {
    Case::client(&format!("{EXPECTING}hi")).backend(&format!("{{head}}{{get hi}}{OK}")).passes(&[&format!("{EXPECTED}hi")], OK);
}

#[test]
fn an_answer_before_the_end_of_the_request_ends_the_connection() {
    let closing = "HTTP/1.1 413 Too Large|Content-Length: 2|connection: close||no{end}";
    let check = |request: &str| Case::client(request).backend("{head}HTTP/1.1 413 Too Large|Content-Length: 2||no").answers(closing);
    check("POST / HTTP/1.1|Host: a.test|Content-Length: 9||hi");
    check("POST / HTTP/1.1|Host: a.test|Transfer-Encoding: chunked||2|hi|");
    check("POST / HTTP/1.1|Host: a.test|Transfer-Encoding: chunked||");
}

#[test]
fn an_upload_goes_on_while_it_is_answered() {
    let client = "POST / HTTP/1.1|Host: a.test|Content-Length: 4||hi{see one}ho";
    let backend = "{head}{get hi}HTTP/1.1 200 OK|Content-Length: 6||one{get ho}two";
    let got = "POST / HTTP/1.1|Host: a.test|Content-Length: 4|+||hiho";
    Case::client(client).backend(backend).passes(&[got], "HTTP/1.1 200 OK|Content-Length: 6|connection: close||onetwo{end}");
}

const UPGRADE: &str = "GET /chat HTTP/1.1|Host: a.test|Connection: keep-alive, Upgrade|Upgrade: websocket|Sec-WebSocket-Key: x||";
const UPGRADE_ARRIVES: &str = "GET /chat HTTP/1.1|Host: a.test|Sec-WebSocket-Key: x|connection: upgrade|upgrade: websocket|+||";
const SWITCH: &str = "HTTP/1.1 101 Switching Protocols|Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Accept: y||";
const SWITCHED: &str = "HTTP/1.1 101 Switching Protocols|Sec-WebSocket-Accept: y|connection: upgrade|upgrade: websocket||";

#[test]
fn a_confirmed_upgrade_opens_a_tunnel() {
    let check = |client: &str, backend: &str, backend_gets: &str, client_gets: &str| {
        let client_gets = format!("{SWITCHED}{client_gets}");
        let case = Case::client(&format!("{UPGRADE}{client}")).backend(&format!("{{head}}{backend}"));
        case.passes(&[&format!("{UPGRADE_ARRIVES}{backend_gets}")], &client_gets);
    };
    check("{see y|}|{0x00}ping", &format!("{SWITCH}{{get ping}}pong{{0xff}}{{close}}"), "|{0x00}ping", "pong{0xff}{end}");
    // What either side says at once is not lost.
    check("early", &format!("{SWITCH}first{{get early}}{{close}}"), "early", "first{end}");
    // One side may end while the other goes on.
    check("{see y|}ping{fin}", &format!("{SWITCH}{{get ping}}{{pause}}late{{close}}"), "ping", "late{end}");
}

#[test]
fn the_token_of_an_upgrade_is_kept_whatever_it_is() {
    let request = "GET / HTTP/1.1|Host: a.test|Connection: upgrade|Upgrade: Odd/2.0||{see 0||}x";
    let backend = "{head}HTTP/1.1 101 Go|Connection: upgrade|Upgrade: odd/2.0||{get x}y{close}";
    Case::client(request).backend(backend).answers("HTTP/1.1 101 Go|connection: upgrade|upgrade: odd/2.0||y{end}");
}

#[test]
fn an_upgrade_may_be_declined() {
    Case::client(UPGRADE).backend(&format!("{{head}}{OK}")).passes(&[UPGRADE_ARRIVES], OK);
    let upgrade_required = "HTTP/1.1 426 Upgrade Required|Content-Length: 0||";
    Case::client(UPGRADE).backend(&format!("{{head}}{upgrade_required}")).answers(upgrade_required);
}

#[test]
fn a_switch_that_nobody_asked_for_is_no_answer() {
    let check = |request: &str, switch: &str| Case::client(request).backend(&format!("{{head}}{switch}")).answers("{page 502}");
    check("GET / HTTP/1.1|Host: a.test||", SWITCH);
    check("GET / HTTP/1.1|Host: a.test|Upgrade: websocket||", SWITCH);
    check(UPGRADE, &SWITCH.replace("Upgrade: websocket", "Upgrade: other"));
    check(UPGRADE, "HTTP/1.1 101 Switching Protocols|Connection: upgrade||");
}

#[test]
fn an_old_client_cannot_ask_for_an_upgrade() {
    let request = "GET / HTTP/1.0|Host: a.test|Connection: upgrade|Upgrade: websocket||";
    Case::client(request).backend(&format!("{{head}}{OK}")).passes(&["GET / HTTP/1.1|Host: a.test|+1.0||"], OLD_OK);
}

#[test]
fn an_old_client_that_expects_to_be_told_is_not() {
    let request = "POST / HTTP/1.0|Host: a.test|Expect: 100-continue|Content-Length: 2||hi";
    Case::client(request).backend(&format!("{{head}}HTTP/1.1 100 Continue||{{get hi}}{OK}")).answers(OLD_OK);
}

#[test]
fn an_upgrade_to_http_2_is_not_passed_on() {
    let request = "GET / HTTP/1.1|Host: a.test|Connection: Upgrade, HTTP2-Settings|Upgrade: h2c|HTTP2-Settings: AAAA||";
    Case::client(request).backend(&format!("{{head}}{OK}")).passes(&["GET / HTTP/1.1|Host: a.test|+||"], OK);
}

#[test]
fn what_follows_a_broken_tunnel_is_no_request() {
    let client = format!("{UPGRADE}{{see y|}}{{pause}}{{pause}}GET /smuggled HTTP/1.1|Host: a.test||");
    let outcome = Case::client(&client).backend(&format!("{{head}}{SWITCH}{{reset}}")).play_out();
    assert!(!outcome.client.contains("200 OK") && outcome.backend.len() == 1, "{outcome:?}");
}
