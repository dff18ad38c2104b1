//! How much a stranger can make us hold, and for how long.

use std::sync::atomic::Ordering;
use std::time::Duration;

use dproxy_testkit::wait_for;

use crate::backend::Pretend;
use crate::client::Client;
use crate::stage::{PATIENCE, Running, hurried};
use crate::{Case, GET, OK, onward};

const HEAD_BYTES: u16 = 2000;

/// Under limits that are easily reached.
fn narrow(request: &str) -> Case {
    Case::client(request).with(|settings| {
        settings.limits.head_bytes = u32::from(HEAD_BYTES);
        settings.limits.head_fields = 10;
        settings.limits.target_bytes = 100;
    })
}

/// Fills `{}` of `request` up to `length` bytes in all.
fn filled(request: &str, length: u16) -> String {
    let rest = crate::notation::bytes(&request.replace("{}", "")).len();
    request.replace("{}", &"x".repeat(usize::from(length) - rest))
}

#[test]
fn a_head_has_a_greatest_size() {
    let request = "GET / HTTP/1.1|Host: a.test|X: {}||";
    let fits = narrow(&filled(request, HEAD_BYTES)).backend(&format!("{{head}}{OK}"));
    fits.answers(OK);
    narrow(&filled(request, HEAD_BYTES + 1)).passes(&[], "{page 431 close}{end}");
    narrow(&filled("GET / HTTP/1.1|Host: a.test|X: {}", HEAD_BYTES)).passes(&[], "{page 431 close}{end}");
    narrow(&filled("GET / HTTP/1.1|Host: a.test|{}: x||", HEAD_BYTES + 1)).passes(&[], "{page 431 close}{end}");
}

#[test]
fn a_head_has_a_greatest_number_of_fields() {
    let request = |count: usize| format!("GET / HTTP/1.1|Host: a.test|{}|", "a: b|".repeat(count));
    narrow(&request(9)).backend(&format!("{{head}}{OK}")).answers(OK);
    narrow(&request(10)).passes(&[], "{page 431 close}{end}");
}

#[test]
fn a_target_has_a_greatest_length() {
    let request = |length: usize| format!("GET /{} HTTP/1.1|Host: a.test||", "x".repeat(length - 1));
    narrow(&request(100)).backend(&format!("{{head}}{OK}")).answers(OK);
    narrow(&request(101)).passes(&[], "{page 414 close}{end}");
    narrow(&format!("GET /{}", "x".repeat(200))).passes(&[], "{page 414 close}{end}");
}

#[test]
fn an_answer_has_a_greatest_head_too() {
    let answer = |length: u16| filled("HTTP/1.1 200 OK|Content-Length: 0|X: {}||", length);
    narrow(GET).backend(&format!("{{head}}{}", answer(HEAD_BYTES))).answers(&answer(HEAD_BYTES));
    narrow(GET).backend(&format!("{{head}}{}", answer(HEAD_BYTES + 1))).answers("{page 502}");
    let fields = format!("HTTP/1.1 200 OK|Content-Length: 0|{}|", "a: b|".repeat(10));
    narrow(GET).backend(&format!("{{head}}{fields}")).answers("{page 502}");
}

#[test]
fn extensions_and_trailers_have_a_greatest_size() {
    let head = "POST / HTTP/1.1|Host: a.test|Transfer-Encoding: chunked||";
    let arrives = "POST / HTTP/1.1|Host: a.test|Transfer-Encoding: chunked|+||";
    let fits = [format!("1;{}|a|0||", "x".repeat(254)), format!("0|X: {}||", "x".repeat(8000)), format!("0|{}|", "a: b|".repeat(1000))];
    for body in fits {
        onward(&format!("{head}{body}"), &format!("{arrives}{body}"));
    }
    let too_long = [
        format!("1;{}|a|0||", "x".repeat(255)),
        format!("{}1|a|0||", "0".repeat(15)),
        format!("0|X: {}||", "x".repeat(8200)),
        format!("0|{}|", "a: b|".repeat(1500)),
        format!("0|X: {}", "x".repeat(9000)),
    ];
    for body in too_long {
        let client = Case::client(&format!("{head}{body}")).backend("{head}{stall}").play("{page 400 close}{end}").client;
        assert_eq!(client, "{page 400 close}{end}", "{} bytes of {}", body.len(), &body[..20]);
    }
}

#[test]
fn a_client_that_is_slow_is_let_go() {
    let check = |request: &str, answer: &str| Case::client(request).hurried().backend("{head}{stall}").answers(answer);
    check("GET / HTTP/1.1|Host: a.te", "{page 408 close}{end}");
    check("GET", "{page 408 close}{end}");
    check("", "{end}");
    check("POST / HTTP/1.1|Host: a.test|Content-Length: 9||hi", "{page 408 close}{end}");
    check("POST / HTTP/1.1|Host: a.test|Transfer-Encoding: chunked||2|hi|", "{page 408 close}{end}");
}

/// What both kernels' socket buffers take on the way, and our own largest buffers.
const ON_THE_WAY: usize = 32 * 1024 * 1024;

#[test]
fn a_client_that_never_reads_is_held_back_and_let_go() {
    for head in ["HTTP/1.1 200 OK||", "HTTP/1.1 200 OK|Content-Length: 9999999999999||"] {
        let backend = Pretend::start(&[format!("{{head}}{head}{{flood {}}}", "x".repeat(16 * 1024))]);
        let proxy = Running::start(hurried(), backend.address);
        let mut client = Client::connect(proxy.address);
        client.follow(GET);
        wait_for("the backend's connection", PATIENCE, || !backend.got().is_empty());
        backend.seen();
        let sent = backend.sent.load(Ordering::SeqCst);
        assert!(sent < ON_THE_WAY, "{sent} bytes were taken from the backend for nobody");
    }
}

#[test]
fn a_client_that_leaves_takes_its_request_along() {
    for (request, script) in [
        (GET, "{head}{stall}"),
        (GET, "{head}HTTP/1.1 200 OK||abc{stall}"),
        ("POST / HTTP/1.1|Host: a.test|Content-Length: 9||abc", "{head}{stall}"),
    ] {
        let backend = Pretend::start(&[script.to_owned()]);
        let proxy = Running::start(Default::default(), backend.address);
        let mut client = Client::connect(proxy.address);
        client.follow(request);
        wait_for("the request", PATIENCE, || backend.open() == 1);
        client.follow("{gone}");
        // Long before any time-out.
        wait_for("the end of the backend's connection", PATIENCE, || backend.open() == 0);
    }
}

#[test]
fn a_client_that_asks_on_and_on_without_reading_is_held_back_and_let_go() {
    let backend = Pretend::start(&[]);
    let proxy = Running::start(hurried(), backend.address);
    let sent = Client::connect(proxy.address).flood("TRACE / HTTP/1.1|Host: a.test||");
    assert!(sent < ON_THE_WAY, "{sent} bytes of requests were taken");
}

#[test]
fn a_silent_tunnel_is_closed() {
    let request = "GET / HTTP/1.1|Host: a.test|Connection: upgrade|Upgrade: x||";
    let switch = "HTTP/1.1 101 Go|connection: upgrade|upgrade: x||";
    let case = Case::client(request).with(|settings| settings.timeouts.tunnel = Duration::from_millis(250));
    case.backend(&format!("{{head}}{switch}hi{{stall}}")).answers(&format!("{switch}hi{{end}}"));
}
