//! Certificates by ACME, of a real authority (Debian's pebble) for real containers.

mod pebble;

use std::time::Duration;

use dproxy_testkit::{self as testkit, Dproxy, Engine, Origin, Run, Signal, unique};

use pebble::Pebble;

/// An authority that was away is tried again after a while.
const SEVERAL_TRIES: Duration = Duration::from_secs(90);

/// Waits until `https://host/` says this, with a certificate that the authority made.
#[track_caller]
fn wait_for(dproxy: &Dproxy, pebble: &Pebble, host: &str, says: &str) {
    dproxy.wait_for(&format!("https://{host}/"), || is_served(pebble, host, says));
}

fn is_served(pebble: &Pebble, host: &str, says: &str) -> bool {
    let output = pebble.curl(host);
    output.status.success() && String::from_utf8_lossy(&output.stdout).contains(says)
}

#[track_caller]
fn wait_for_problem(dproxy: &Dproxy, words: &[&str]) {
    dproxy.wait_for(&format!("a problem with {words:?}"), || {
        let problems = dproxy.data("/problems");
        let rows = problems.as_array().into_iter().flatten();
        rows.map(ToString::to_string).any(|row| words.iter().all(|word| row.contains(word)))
    });
}

#[test]
fn a_container_that_says_so_has_a_certificate_as_soon_as_it_is_there() {
    let Some(engine) = Engine::shared() else { return };
    let Some(pebble) = Pebble::start() else { return };
    let dproxy = pebble.client().docker(&engine.endpoint()).start();
    let (asks, does_not) = (format!("{}.test", unique("asks")), format!("{}.test", unique("silent")));
    let _silent = engine.run(&Run::echo("silent").hostname(&does_not));
    let container = engine.run(&Run::echo("asks").hostname(&asks).label("dproxy.tls", "acme"));
    wait_for(&dproxy, &pebble, &asks, &container.name);
    assert!(!pebble.curl(&does_not).status.success(), "it did not ask for one");
    assert_eq!(pebble.orders(), 1, "{}", pebble.log());
}

#[test]
fn certificates_are_there_again_after_a_restart_and_not_ordered_again() {
    let Some(mut pebble) = Pebble::start() else { return };
    let origin = Origin::saying("hello");
    let routes = format!(
        "ssl:\n  issuer: acme\nroutes:\n  - {{host: a.test, backends: \"{0}\"}}\n  - {{host: b.test, backends: \"{0}\"}}\n  \
         - {{host: web.internal, backends: \"{0}\"}}\n  - {{host: c.test, backends: \"{0}\", tls: off}}",
        origin.addr()
    );
    let mut dproxy = pebble.client().yaml(&routes).start();
    wait_for(&dproxy, &pebble, "a.test", "hello");
    wait_for(&dproxy, &pebble, "b.test", "hello");
    let figures = dproxy.api("/metrics").text();
    assert!(figures.contains("file=\"acme/a.test.pem\""), "{figures}");
    dproxy.signal(Signal::SIGTERM);
    dproxy.wait_for_end();
    let orders = pebble.orders();
    assert_eq!(orders, 2);
    let root = std::fs::read(pebble.root()).unwrap();
    pebble.fall();
    dproxy.start_again();
    assert!(is_served(&pebble, "a.test", "hello"), "from the first moment");
    assert!(is_served(&pebble, "b.test", "hello"));
    pebble.rise();
    // The new one has another root.
    std::fs::write(pebble.root(), root).unwrap();
    dproxy.signal(Signal::SIGHUP);
    dproxy.wait_for("the configuration to be read again", || dproxy.log().contains("configuration read again"));
    assert!(is_served(&pebble, "a.test", "hello"));
    assert_eq!(pebble.orders(), 0, "{}", pebble.log());
}

#[test]
fn an_authority_that_is_away_is_told_of_and_stops_nothing() {
    let Some(mut pebble) = Pebble::start() else { return };
    let origin = Origin::saying("hello");
    let routes = |hosts: &[&str]| {
        let route = |host: &&str| format!("  - {{host: {host}, backends: \"{}\", tls: acme}}\n", origin.addr());
        format!("routes:\n{}", hosts.iter().map(route).collect::<String>())
    };
    let dproxy = pebble.client().yaml(&routes(&["a.test"])).start();
    wait_for(&dproxy, &pebble, "a.test", "hello");
    pebble.fall();
    let config = std::fs::read_to_string(dproxy.config()).unwrap();
    std::fs::write(dproxy.config(), config.replace(&routes(&["a.test"]), &routes(&["a.test", "b.test"]))).unwrap();
    wait_for_problem(&dproxy, &["certificates by ACME", "cannot be asked", "onnection refused", "b.test wait for a certificate"]);
    assert_eq!(dproxy.get("b.test", "/").text(), "hello", "in the clear");
    assert!(is_served(&pebble, "a.test", "hello"));
    // It comes back, and knows nobody any more.
    pebble.rise();
    testkit::wait_for("https://b.test/", SEVERAL_TRIES, || is_served(&pebble, "b.test", "hello"));
    dproxy.wait_for("no problem", || dproxy.data("/problems").as_array().is_some_and(Vec::is_empty));
}

#[test]
fn a_host_that_does_not_lead_here_is_told_of_and_holds_nobody_up() {
    let Some(pebble) = Pebble::start() else { return };
    let origin = Origin::saying("hello");
    // Nobody is there.
    pebble.tell_names("/add-a", r#"{"host": "far.test", "addresses": ["127.0.0.3"]}"#);
    let routes = format!(
        "routes:\n  - {{host: far.test, backends: \"{0}\", tls: acme}}\n  - {{host: near.test, backends: \"{0}\", tls: acme}}\n  \
         - {{host: \"*.wild.test\", backends: \"{0}\", tls: acme}}",
        origin.addr()
    );
    let dproxy = pebble.client().yaml(&routes).start();
    wait_for(&dproxy, &pebble, "near.test", "hello");
    wait_for_problem(&dproxy, &["certificate of far.test", "not convinced: far.test: ", "must lead to this machine"]);
    wait_for_problem(&dproxy, &["certificate of *.wild.test", "needs a proof in the DNS"]);
    let log = dproxy.log();
    assert!(log.contains("certificate not issued") && log.contains("certificate issued"), "{log}");
}

#[test]
fn pages_of_backends_for_other_authorities_are_theirs() {
    let Some(pebble) = Pebble::start() else { return };
    let origin = Origin::saying("its own answer");
    let routes = format!("routes:\n  - {{host: a.test, backends: \"{}\", tls: acme}}", origin.addr());
    let dproxy = pebble.client().yaml(&routes).start();
    wait_for(&dproxy, &pebble, "a.test", "its own answer");
    assert_eq!(dproxy.get("a.test", "/.well-known/acme-challenge/theirs").text(), "its own answer");
}

#[test]
fn nobody_is_asked_before_the_operator_agrees() {
    let origin = Origin::saying("hello");
    let routes = format!("ssl:\n  issuer: acme\nroutes:\n  - {{host: a.test, backends: \"{}\"}}", origin.addr());
    let dproxy = crate::dproxy().yaml(&routes).start();
    wait_for_problem(&dproxy, &["a.test want", "acme-v02.api.letsencrypt.org", "`acme.agree_to_terms: true`"]);
    assert_eq!(dproxy.get("a.test", "/").text(), "hello");
}
