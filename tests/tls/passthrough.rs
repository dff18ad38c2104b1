//! Hosts whose backends speak TLS with clients themselves: their connections are carried as they are.

use dproxy_testkit::{Dproxy, Options, Origin, free_port};

use super::{Secure, Shop, echo};
use crate::dproxy;

/// What has its own certificate for a.test, as a backend.
fn own(origin: &Origin, options: impl FnOnce(Options) -> Options) -> Secure {
    Shop::with(&["a.test"]).serve(|given| options(given).workers(1).route("a.test", &[origin.addr()]))
}

fn entry(backends: &str) -> String {
    format!("routes:\n  - {{host: a.test, backends: [{backends}], tls_passthrough: true}}")
}

/// A program without any certificate in front, and the port where it speaks TLS.
fn before(backends: &str) -> (Dproxy, u16) {
    let port = free_port();
    (dproxy().yaml(&format!("ssl:\n  port: {port}\n{}", entry(backends))).start(), port)
}

#[test]
fn a_client_gets_the_certificate_of_the_backend_and_nobody_between_reads_along() {
    let origin = echo();
    let backend = own(&origin, |options| options);
    let (front, port) = before(&format!("\"127.0.0.1:{}\"", backend.port));
    front.wait_for("the TLS port", || backend.curl_at(port, "https://a.test/", &[]).status.success());
    for at in [port, front.http().port()] {
        for version in ["--http1.1", "--http2", "--tls-max=1.2"] {
            let words: Vec<&str> = version.split('=').collect();
            let output = backend.curl_at(at, "https://a.test/300000", &words);
            let seen = String::from_utf8_lossy(&output.stdout);
            assert!(seen.ends_with(&"y".repeat(300_000)), "{version} at {at}: {output:?}\n{}", front.log());
        }
    }
    assert!(!backend.curl_at(port, "https://b.test/", &["-k"]).status.success(), "nobody has this name");
    let clear = front.get("a.test", "/x");
    assert_eq!((clear.status, clear.field("location")), (301, Some(&*format!("https://a.test:{port}/x"))));
}

#[test]
fn hosts_with_our_certificate_are_served_beside_it() {
    let (origin, theirs) = (Origin::saying("ours"), Origin::saying("theirs"));
    let backend = own(&theirs, |options| options);
    let shop = Shop::with(&["b.test"]);
    let routes = format!("{}\n  - {{host: b.test, backends: \"{}\"}}", entry(&format!("\"127.0.0.1:{}\"", backend.port)), origin.addr());
    let front = shop.serve(|options| options.yaml(&routes));
    assert_eq!(front.get("https://b.test/", &[]), "ours");
    let output = backend.curl_at(front.port, "https://a.test/", &[]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "theirs", "{output:?}");
    assert_eq!(front.get("https://b.test/", &["-H", "Host: a.test", "-o", "/dev/null", "-w", "%{http_code}"]), "421");
}

#[test]
fn a_backend_that_wants_it_is_told_who_the_client_is_and_one_that_is_gone_is_passed_over() {
    let origin = echo();
    let backend = own(&origin, |options| options.yaml("proxy_protocol: [127.0.0.1]"));
    let gone = free_port();
    let routes = format!(
        "routes:\n  - {{host: a.test, backends: [\"127.0.0.1:{gone}\", \"127.0.0.1:{}\"], tls_passthrough: true, proxy_protocol: v2}}",
        backend.port
    );
    let front = dproxy().yaml(&routes).start();
    for client in ["127.0.0.2", "127.0.0.3", "127.0.0.4"] {
        let output = backend.curl_at(front.http().port(), "https://a.test/", &["--interface", client]);
        let seen = String::from_utf8_lossy(&output.stdout).to_ascii_lowercase();
        assert!(seen.contains(&format!("x-real-ip: {client}\n")), "{output:?}\n{}", front.log());
    }
}
