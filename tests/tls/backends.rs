//! TLS to backends. Another of our own programs is the backend: it speaks HTTP/2 and HTTP/1 behind TLS.

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
