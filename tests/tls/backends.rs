//! TLS to backends. Another of our own programs is the backend: it speaks HTTP/2 and HTTP/1 behind TLS.

use std::fs;

use dproxy_testkit::{Dproxy, Origin};

use super::{Secure, Shop, echo};
use crate::dproxy;

/// A program in front whose backend is `https://127.0.0.1:port`.
fn before(port: u16) -> Dproxy {
    dproxy().workers(1).yaml(&format!("routes:\n  - {{host: a.test, backends: [\"https://127.0.0.1:{port}\"]}}")).start()
}

fn backend(origin: &Origin) -> Secure {
    let shop = Shop::with(&["a.test"]);
    shop.put("default", &["default.test"]);
    shop.serve(|options| options.route("a.test", &[origin.addr()]))
}

#[test]
fn requests_reach_a_backend_of_tls_over_http_2_and_the_connection_is_kept() {
    let origin = echo();
    let backend = backend(&origin);
    let front = before(backend.port);
    for size in [0, 1, 70_000, 3_000_000] {
        let answer = front.get("a.test", &format!("/{size}"));
        assert_eq!(answer.status, 200, "{}", front.log());
        assert!(answer.text().ends_with(&format!("\n{}", "y".repeat(size))), "{size} bytes");
    }
    let via = origin.last();
    assert!(via.values("via").iter().any(|via| via.starts_with("2 ")), "{via:?}");
    assert_eq!(via.field("x-forwarded-proto"), Some("https"));
    assert_eq!(backend.dproxy.status()["connections_total"], 1, "one connection for all of them");
}

#[test]
fn a_backend_that_does_not_speak_tls_is_a_bad_gateway_and_the_log_says_why() {
    let origin = Origin::saying("clear");
    let front = before(origin.addr().port());
    assert_eq!(front.get("a.test", "/").status, 502);
    front.wait_for("the reason", || front.log().contains("no TLS with"));
}

/// A program in front that checks `https://127.0.0.1:port` all the time, and its directory of certificates.
fn checking(port: u16, shop: Shop, more: &str) -> Secure {
    let entry = format!("host: a.test, backends: [\"https://127.0.0.1:{port}\"], check_interval: 100ms, {more}");
    shop.serve(|options| options.workers(1).yaml(&format!("routes:\n  - {{{entry}}}")))
}

fn health(front: &Dproxy) -> String {
    let row = front.data("/backends")[0].clone();
    format!("{} {}", row["condition"], row["last_error"]).replace('"', "")
}

#[track_caller]
fn wait_for_health(front: &Secure, expected: &str) {
    front.dproxy.wait_for(expected, || health(&front.dproxy).contains(expected));
}

#[test]
fn a_check_meets_a_backend_of_tls_as_requests_do() {
    let origin = echo();
    let backend = backend(&origin);
    let asked = "check_path: /well, check_host: a.test";
    // Whoever answers is believed: asked over HTTP/2, which a backend of our own likes better.
    let front = checking(backend.port, Shop::with(&["b.test"]), asked);
    wait_for_health(&front, "ready");
    assert_eq!(origin.last().target, "/well");
    drop(front);

    // Only whom we know: nobody, then the wrong one, then the right one, without another start.
    let strict = format!("{asked}, tls_verify: true, tls_server_name: a.test, tls_ca: theirs.pem");
    let front = checking(backend.port, Shop::with(&["b.test"]), &strict);
    wait_for_health(&front, "TLS cannot be spoken with it: there is no authority `theirs.pem`");
    let before = origin.count();
    fs::copy(front.shop.ca(), front.shop.path("theirs.pem")).unwrap();
    wait_for_health(&front, "no TLS: invalid peer certificate");
    let problems = front.dproxy.data("/problems").to_string();
    assert!(problems.contains("its check fails (GET /well): no TLS: invalid peer certificate"), "{problems}");
    assert_eq!(origin.count(), before, "nothing was said to a backend that cannot be believed");
    fs::copy(backend.shop.ca(), front.shop.path("theirs.pem")).unwrap();
    wait_for_health(&front, "ready");

    // The name must be right, too, also where nothing but a connection is asked for.
    let wrong = "check: tcp, tls_verify: true, tls_server_name: c.test, tls_ca: theirs.pem";
    let shop = Shop::with(&["b.test"]);
    fs::copy(backend.shop.ca(), shop.path("theirs.pem")).unwrap();
    let front = checking(backend.port, shop, wrong);
    wait_for_health(&front, "no TLS: invalid peer certificate: certificate not valid for name");
}

#[test]
fn where_there_is_no_file_those_are_believed_that_browsers_believe() {
    let origin = echo();
    let backend = backend(&origin);
    let strict = "check: tcp, tls_verify: true, tls_server_name: a.test";
    let shop = Shop::with(&["b.test"]);
    let entry = format!("host: a.test, backends: [\"https://127.0.0.1:{}\"], check_interval: 100ms, {strict}", backend.port);
    let nowhere = shop.path("nowhere");
    let front = dproxy().env("SSL_CERT_FILE", &nowhere).env("SSL_CERT_DIR", &nowhere).yaml(&format!("routes:\n  - {{{entry}}}")).start();
    front.wait_for("nobody to vouch for it", || health(&front).contains("no TLS: invalid peer certificate: UnknownIssuer"));
    assert_ne!(front.get("a.test", "/").status, 200);
}

#[test]
fn a_backend_that_does_not_speak_tls_fails_its_check() {
    let clear = dproxy().start();
    let front = checking(clear.http().port(), Shop::with(&["b.test"]), "check: tcp");
    wait_for_health(&front, "no TLS: received corrupt message");
}

#[test]
fn a_check_shows_the_certificate_that_requests_show() {
    let origin = echo();
    let shop = Shop::with(&["a.test"]);
    fs::copy(shop.ca(), shop.path("partners.pem")).unwrap();
    let routes = format!("routes:\n  - {{host: a.test, backends: \"{}\", client_ca: partners.pem}}", origin.addr());
    let backend = shop.serve(|options| options.yaml(&routes));
    let asked = "check_path: /well, check_host: a.test, tls_server_name: a.test";
    let stranger = checking(backend.port, Shop::with(&["b.test"]), asked);
    wait_for_health(&stranger, "CertificateRequired");

    let own = Shop::with(&["b.test"]);
    let alice = fs::read(backend.shop.client("alice")).unwrap();
    fs::write(own.path("us.pem"), alice).unwrap();
    let friend = checking(backend.port, own, &format!("{asked}, tls_client_cert: us.pem"));
    wait_for_health(&friend, "ready");
    assert!(origin.last().values("x-client-cert-subject")[0].contains("alice"), "{:?}", origin.last());
}
