//! Everything that a file can say changes while clients ask, one thing after the other.

use std::fs;
use std::net::{SocketAddr, TcpListener};

use dproxy_testkit::{Dproxy, Kind, Load, Mode, Origin, Signal, free_port, get, json, request};

use crate::tls::Shop;
use crate::{alone, dproxy};

/// Edits the file and waits until that counts.
fn change(dproxy: &Dproxy, from: &str, to: &str, what: &str, counts: impl FnMut() -> bool) {
    let text = fs::read_to_string(dproxy.config()).unwrap();
    assert!(text.contains(from), "`{from}` is not in {text}");
    fs::write(dproxy.config(), text.replacen(from, to, 1)).unwrap();
    dproxy.wait_for(what, counts);
    dproxy.wait_for("no warning", || dproxy.status()["warnings"] == json!([]));
}

/// The status for a request with a head of so many bytes.
fn status_of_a_head(address: SocketAddr, bytes: usize) -> Option<u16> {
    let text = format!("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nX: {}\r\n\r\n", "x".repeat(bytes));
    Some(request(address, &text).ok()?.status)
}

#[test]
fn ports_workers_limits_routes_and_certificates_change_and_no_request_is_lost() {
    let _alone = alone();
    let (origin, other, shop, next) = (Origin::saying("ok"), Origin::saying("ok"), Shop::with(&["a.test"]), Shop::with(&["a.test"]));
    let (port, later) = (free_port(), free_port());
    let dproxy = dproxy().route("a.test", &[origin.addr()]).yaml("# more").start();
    let http = dproxy.http();
    let load = Load { clients: 2, rate: Some(300), body: Some("ok".to_owned()), ..Load::new(http, "a.test") };
    let loads = [load.clone().start(), Load { mode: Mode::PerRequest, ..load }.start()];

    change(&dproxy, "workers: 2", "workers: 4", "four workers", || dproxy.online() == Some(4));
    let head = || status_of_a_head(http, 10_000);
    assert_eq!(head(), Some(200));
    change(&dproxy, "# more", "limits:\n  head_bytes: 8KiB\n# more", "a smaller head", || head() == Some(431));
    change(&dproxy, &origin.addr().to_string(), &other.addr().to_string(), "the other backend", || other.count() > 10);

    let second: SocketAddr = ([127, 0, 0, 2], http.port()).into();
    let served = |address: SocketAddr| get(address, "a.test", "/").is_ok_and(|answer| answer.text() == "ok");
    change(&dproxy, "hostname: 127.0.0.1", "hostname: [127.0.0.1, 127.0.0.2]", "another address", || served(second));
    change(&dproxy, "hostname: [127.0.0.1, 127.0.0.2]", "hostname: 127.0.0.1", "one address less", || !served(second));

    let secure = |shop: &Shop, port| shop.curl(port, "https://a.test/", &[]).stdout == b"ok";
    let ssl = format!("ssl:\n  port: {port}\n  path: {}\n# more", shop.path(""));
    change(&dproxy, "# more", &ssl, "TLS", || secure(&shop, port));
    change(&dproxy, &shop.path(""), &next.path(""), "another certificate", || secure(&next, port) && !secure(&shop, port));
    let (from, to) = (format!("port: {port}"), format!("port: {later}"));
    change(&dproxy, &from, &to, "another port for TLS", || secure(&next, later) && !secure(&next, port));
    change(&dproxy, "workers: 4", "workers: 1", "one worker", || dproxy.online() == Some(1));
    for load in loads {
        let report = load.stop();
        assert_eq!(report.failed(), 0, "{report}");
    }
}

#[test]
fn the_port_changes_and_whoever_is_connected_is_served_on() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let dproxy = dproxy().route("a.test", &[origin.addr()]).start();
    let (http, next) = (dproxy.http(), free_port());
    let load = Load { clients: 4, rate: Some(300), body: Some("ok".to_owned()), ..Load::new(http, "a.test") };
    let (load, coming) = (load.clone().start(), Load { mode: Mode::PerRequest, ..load }.start());
    dproxy.wait_for("a load", || load.done() > 100 && coming.done() > 100);
    let (from, to) = (format!("port: {}", http.port()), format!("port: {next}"));
    let served = |port: u16| get(([127, 0, 0, 1], port).into(), "a.test", "/").is_ok_and(|answer| answer.text() == "ok");
    change(&dproxy, &from, &to, "another port", || served(next) && !served(http.port()));
    let done = load.done();
    dproxy.wait_for("a load that goes on", || load.done() > done + 100);
    let report = load.stop();
    assert_eq!(report.failed(), 0, "{report}");
    let report = coming.stop();
    assert_eq!(report.failed(), report.count(Kind::Refused), "who was let in is served: {report}");
}

#[test]
fn a_file_that_asks_for_what_cannot_be_had_changes_nothing_at_all() {
    let origin = Origin::saying("ok");
    let mut dproxy = dproxy().route("a.test", &[origin.addr()]).yaml("# more").start();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let whole = fs::read_to_string(dproxy.config()).unwrap();
    let other = whole.replace(&format!("port: {}", dproxy.http().port()), &format!("port: {}", taken.local_addr().unwrap().port()));
    fs::write(dproxy.config(), other.replace("a.test", "b.test")).unwrap();
    let refused = |dproxy: &Dproxy| dproxy.status()["warnings"].to_string().contains("another program listens on port");
    dproxy.wait_for("a warning", || refused(&dproxy));
    dproxy.signal(Signal::SIGHUP);
    dproxy.wait_for("another try", || dproxy.log().matches("another program listens").count() > 1);
    assert!(refused(&dproxy), "it stays until it is mended");
    assert_eq!((dproxy.get("a.test", "/").status, dproxy.get("b.test", "/").status), (200, 404));
    drop(taken);
    fs::write(dproxy.config(), whole.replace("a.test", "c.test")).unwrap();
    dproxy.wait_for("the mended file", || dproxy.get("c.test", "/").status == 200);
    assert_eq!(dproxy.status()["warnings"], json!([]));
}

#[test]
fn what_only_a_restart_changes_is_told_as_long_as_it_is_so() {
    let mut dproxy = dproxy().start();
    let text = fs::read_to_string(dproxy.config()).unwrap();
    let (from, to) = (format!("port: {}", dproxy.api_addr().port()), format!("port: {}", free_port()));
    fs::write(dproxy.config(), text.replace(&from, &to)).unwrap();
    let told = |dproxy: &Dproxy| dproxy.status()["warnings"].to_string().contains("new settings of the API count after a restart");
    dproxy.wait_for("a warning", || told(&dproxy));
    let read = dproxy.log().matches("configuration read again").count();
    dproxy.signal(Signal::SIGHUP);
    dproxy.wait_for("another reading", || dproxy.log().matches("configuration read again").count() > read);
    assert!(told(&dproxy));
    fs::write(dproxy.config(), text).unwrap();
    dproxy.wait_for("no warning", || !told(&dproxy));
}

#[test]
fn a_change_of_how_workers_are_started_replaces_them_and_no_request_is_lost() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let dproxy = dproxy().route("a.test", &[origin.addr()]).yaml("# more").start();
    let before = dproxy.worker_pids();
    let load = Load { clients: 2, rate: Some(300), body: Some("ok".to_owned()), ..Load::new(dproxy.http(), "a.test") }.start();
    let others = || dproxy.online() == Some(2) && dproxy.worker_pids().iter().all(|pid| !before.contains(pid));
    change(&dproxy, "# more", "log_level: debug", "other workers", others);
    dproxy.wait_for("words of the new level", || dproxy.log().contains("DEBUG dproxy_master"));
    let report = load.stop();
    assert_eq!(report.failed(), 0, "{report}");
}
#[test]
fn addresses_that_overlap_take_turns() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let dproxy = dproxy().route("a.test", &[origin.addr()]).start();
    let load =
        Load { clients: 4, rate: Some(500), mode: Mode::PerRequest, body: Some("ok".to_owned()), ..Load::new(dproxy.http(), "a.test") }
            .start();
    let second: SocketAddr = ([127, 0, 0, 2], dproxy.http().port()).into();
    let served = |address: SocketAddr| get(address, "a.test", "/").is_ok_and(|answer| answer.text() == "ok");
    for _ in 0..3 {
        change(&dproxy, "hostname: 127.0.0.1", "hostname: 0.0.0.0", "every address", || served(second));
        change(&dproxy, "hostname: 0.0.0.0", "hostname: 127.0.0.1", "one address", || !served(second));
    }
    let report = load.stop();
    assert_eq!(report.failed(), 0, "{report}");
}
