//! Certificates that are ordered when a client asks for them, and only for names that the operator allows.

use std::fs;
use std::time::{Duration, Instant};

use dproxy_testkit::{self as testkit, Dproxy, Origin, Signal, answer, ok};

use super::pebble::Pebble;
use super::{SEVERAL_TRIES, is_served, wait_for_problem};

/// As long as a client waits at most, and longer than it takes where nobody is waited for.
const AT_ONCE: Duration = Duration::from_secs(12);

fn routes(origin: &Origin) -> String {
    format!(
        "routes:\n  - {{host: \"*.customers.test\", backends: \"{0}\"}}\n  - {{host: \"*.other.test\", backends: \"{0}\"}}\n  \
         - {{host: off.customers.test, backends: \"{0}\", tls: off}}",
        origin.addr()
    )
}

fn rules(pebble: &Pebble, origin: &Origin, lines: &str) -> Dproxy {
    pebble.client().yaml(&format!("acme:\n{lines}\n{}", routes(origin))).start()
}

/// A client of `host` is told that there is no certificate, without a long wait.
#[track_caller]
fn is_refused(pebble: &Pebble, host: &str) {
    let begun = Instant::now();
    let output = pebble.curl(host);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("unrecognized name"), "{host}: {output:?}");
    assert!(begun.elapsed() < AT_ONCE, "{host} took {:?}", begun.elapsed());
}

#[test]
fn the_first_client_of_an_allowed_name_waits_for_its_certificate() {
    let Some(mut pebble) = Pebble::start() else { return };
    let origin = Origin::saying("hello");
    let mut dproxy = rules(&pebble, &origin, "  on_demand: [\"*.customers.test\"]");
    assert_eq!(pebble.orders(), 0, "nobody has asked");
    assert!(is_served(&pebble, "a.customers.test", "hello"), "with the first handshake: {}", dproxy.log());
    assert!(is_served(&pebble, "a.customers.test", "hello"));
    assert_eq!(pebble.orders(), 1);
    let rows = dproxy.data("/certificates");
    assert!(rows.to_string().contains("acme/a.customers.test.pem"), "{rows}");
    for host in ["a.other.test", "customers.test", "off.customers.test", "nobody.test"] {
        is_refused(&pebble, host);
    }
    assert_eq!(pebble.orders(), 1, "{}", pebble.log());
    dproxy.wait_for("no problem", || dproxy.data("/problems").as_array().is_some_and(Vec::is_empty));
    // It is there after a restart, and the authority is not needed for it.
    dproxy.signal(Signal::SIGTERM);
    dproxy.wait_for_end();
    let root = fs::read(pebble.root()).unwrap();
    pebble.fall();
    dproxy.start_again();
    assert!(is_served(&pebble, "a.customers.test", "hello"));
    assert!(root == fs::read(pebble.root()).unwrap());
}

#[test]
fn many_clients_of_a_name_wait_for_one_order() {
    let Some(pebble) = Pebble::start() else { return };
    let origin = Origin::saying("hello");
    let _dproxy = rules(&pebble, &origin, "  on_demand: [\"*.customers.test\"]");
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..20).map(|_| scope.spawn(|| is_served(&pebble, "a.customers.test", "hello"))).collect();
        clients.into_iter().for_each(|client| assert!(client.join().unwrap()));
    });
    assert_eq!(pebble.orders(), 1, "{}", pebble.log());
}

#[test]
fn a_flood_of_names_stops_at_the_limit_and_harms_nobody() {
    let Some(pebble) = Pebble::start() else { return };
    let origin = Origin::saying("hello");
    let mut dproxy = rules(&pebble, &origin, "  on_demand: [\"*.customers.test\"]\n  on_demand_limit: 2");
    assert!(is_served(&pebble, "good.customers.test", "hello"));
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let pebble = &pebble;
            scope.spawn(move || {
                for number in 0..25 {
                    assert!(!is_served(pebble, &format!("x{thread}-{number}.other.test"), ""));
                    is_served(pebble, &format!("x{thread}-{number}.customers.test"), "");
                }
            });
        }
    });
    assert_eq!(pebble.orders(), 2, "{}", pebble.log());
    assert!(is_served(&pebble, "good.customers.test", "hello"));
    wait_for_problem(&dproxy, &["certificates on demand", "more than 2 within an hour", "`acme.on_demand_limit`"]);
    // The next master does not begin anew.
    dproxy.signal(Signal::SIGTERM);
    dproxy.wait_for_end();
    dproxy.start_again();
    assert!(is_served(&pebble, "good.customers.test", "hello"));
    assert!(!is_served(&pebble, "more.customers.test", "hello"));
    assert_eq!(pebble.orders(), 2, "{}", pebble.log());
}

#[test]
fn the_operators_program_has_to_agree() {
    let Some(pebble) = Pebble::start() else { return };
    let origin = Origin::saying("hello");
    let asked = Origin::start(|request| match request.target.as_str() {
        "/allowed?domain=good.customers.test" => ok("yes"),
        _ => answer("HTTP/1.1 403 Forbidden", "no"),
    });
    let dproxy = rules(&pebble, &origin, &format!("  on_demand_ask: http://{}/allowed", asked.addr()));
    assert!(is_served(&pebble, "good.customers.test", "hello"), "{}", dproxy.log());
    is_refused(&pebble, "bad.customers.test");
    is_refused(&pebble, "bad.customers.test");
    is_refused(&pebble, "nobody.test");
    assert_eq!(pebble.orders(), 1, "{}", pebble.log());
    let targets: Vec<String> = asked.requests().into_iter().map(|request| request.target).collect();
    assert_eq!(targets, ["/allowed?domain=good.customers.test", "/allowed?domain=bad.customers.test"], "once each, and only of routes");
    wait_for_problem(&dproxy, &["certificates on demand", "bad.customers.test: `acme.on_demand_ask` answers 403 Forbidden"]);
    drop(asked);
    is_refused(&pebble, "late.customers.test");
    wait_for_problem(&dproxy, &["late.customers.test: `acme.on_demand_ask` cannot be asked"]);
    assert!(is_served(&pebble, "good.customers.test", "hello"));
}

#[test]
fn an_authority_that_is_away_costs_a_client_its_handshake_and_the_next_one_nothing() {
    let Some(mut pebble) = Pebble::start() else { return };
    let origin = Origin::saying("hello");
    let dproxy = rules(&pebble, &origin, "  on_demand: [\"*.customers.test\"]");
    pebble.fall();
    is_refused(&pebble, "a.customers.test");
    is_refused(&pebble, "a.customers.test");
    pebble.rise();
    testkit::wait_for("https://a.customers.test/", SEVERAL_TRIES, || is_served(&pebble, "a.customers.test", "hello"));
    dproxy.wait_for("no problem", || dproxy.data("/problems").as_array().is_some_and(Vec::is_empty));
}

#[test]
fn a_name_that_does_not_lead_here_is_refused_and_told_of() {
    let Some(pebble) = Pebble::start() else { return };
    let origin = Origin::saying("hello");
    pebble.tell_names("/add-a", r#"{"host": "far.customers.test", "addresses": ["127.0.0.3"]}"#);
    let dproxy = rules(&pebble, &origin, "  on_demand: [\"*.customers.test\"]");
    assert!(!is_served(&pebble, "far.customers.test", ""));
    is_refused(&pebble, "far.customers.test");
    assert_eq!(pebble.orders(), 1, "it rests: {}", pebble.log());
    wait_for_problem(&dproxy, &["certificates on demand", "far.customers.test: ", "not convinced"]);
    assert!(is_served(&pebble, "near.customers.test", "hello"), "it holds nobody up");
}

#[test]
fn a_pattern_without_a_hook_is_met_on_demand() {
    let Some(pebble) = Pebble::start() else { return };
    let origin = Origin::saying("hello");
    let lines = format!(
        "acme:\n  on_demand: [\"*.customers.test\"]\nssl:\n  issuer: acme\nroutes:\n  - {{host: \"*.customers.test\", backends: \"{}\"}}",
        origin.addr()
    );
    let dproxy = pebble.client().yaml(&lines).start();
    assert!(is_served(&pebble, "a.customers.test", "hello"), "{}", dproxy.log());
    assert_eq!(dproxy.data("/problems").to_string(), "[]");
}
