//! Certificates by ACME, of a real authority (Debian's pebble) for real containers.

mod on_demand;
mod pebble;
mod wishes;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use dproxy_testkit::{self as testkit, Dproxy, Engine, Origin, Run, Signal, free_port, unique};

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

/// Containers of other tests are there too.
#[track_caller]
fn was_ordered_for(pebble: &Pebble, one: &str, and_not: &str) {
    let log = pebble.log();
    assert!(log.contains(one) && !log.contains(and_not), "{log}");
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
    was_ordered_for(&pebble, &asks, &does_not);
}

#[test]
fn a_container_that_was_written_for_caddy_has_one_too_and_sends_clients_there() {
    let Some(engine) = Engine::shared() else { return };
    let Some(pebble) = Pebble::start() else { return };
    let dproxy = pebble.client().docker(&engine.endpoint()).start();
    let (bare, clear) = (format!("{}.test", unique("bare")), format!("{}.test", unique("clear")));
    let run =
        |name: &str, address: &str| engine.run(&Run::echo(name).label("caddy", address).label("caddy.reverse_proxy", "{{upstreams 80}}"));
    let container = run("bare", &bare);
    let plain = run("clear", &format!("http://{clear}"));
    wait_for(&dproxy, &pebble, &bare, &container.name);
    let answer = dproxy.get(&bare, "/x?y");
    assert_eq!((answer.status, answer.field("location")), (301, Some(format!("https://{bare}:{}/x?y", pebble.https).as_str())));
    dproxy.wait_for("the other in the clear", || dproxy.get(&clear, "/").text().contains(&plain.name));
    assert!(!pebble.curl(&clear).status.success(), "`http://` asks for none");
    was_ordered_for(&pebble, &bare, &clear);
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
    let root = fs::read(pebble.root()).unwrap();
    pebble.fall();
    dproxy.start_again();
    assert!(is_served(&pebble, "a.test", "hello"), "from the first moment");
    assert!(is_served(&pebble, "b.test", "hello"));
    pebble.rise();
    // The new one has another root.
    fs::write(pebble.root(), root).unwrap();
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
    let config = fs::read_to_string(dproxy.config()).unwrap();
    fs::write(dproxy.config(), config.replace(&routes(&["a.test"]), &routes(&["a.test", "b.test"]))).unwrap();
    wait_for_problem(
        &dproxy,
        &["certificates by ACME", "`https://127.0.0.1:", "cannot be asked", "onnection refused", "b.test wait for a certificate"],
    );
    // Workers learn of the host a little after the authority has been asked.
    dproxy.wait_for("b.test in the clear", || dproxy.get("b.test", "/").text() == "hello");
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
    wait_for_problem(&dproxy, &["certificate of *.wild.test", "needs a record in the DNS", "`acme.dns_hook`"]);
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

#[test]
fn a_machine_that_believes_nobody_believes_whom_browsers_believe() {
    let Some(pebble) = Pebble::start() else { return };
    let origin = Origin::saying("hello");
    let routes = format!("routes:\n  - {{host: a.test, backends: \"{}\", tls: acme}}", origin.addr());
    let nowhere = pebble.home().join("nowhere").display().to_string();
    let client = pebble.client().env("SSL_CERT_FILE", &nowhere).env("SSL_CERT_DIR", &nowhere).env("DOCKER_PROXY_ACME_ROOT", "");
    let dproxy = client.yaml(&routes).start();
    wait_for_problem(&dproxy, &["certificates by ACME", "invalid peer certificate: UnknownIssuer"]);
}

/// A hook that tells pebble's server of names, and notes what it was called with.
fn hook(pebble: &Pebble) -> PathBuf {
    let program = pebble.home().join("hook");
    let lines = format!(
        "#!/bin/sh\necho \"$*\" >> {}\ncase $1 in\npresent) path=set-txt; more=\", \\\"value\\\": \\\"$3\\\"\";;\ncleanup) path=clear-txt;;\nesac\n\
         exec curl -sSf --noproxy '*' -d \"{{\\\"host\\\": \\\"$2.\\\"$more}}\" http://127.0.0.1:{}/$path\n",
        pebble.home().join("calls").display(),
        pebble.names_management,
    );
    fs::write(&program, lines).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    program
}

#[test]
fn the_tls_port_is_enough_for_tls_alpn_01() {
    let Some(pebble) = Pebble::start() else { return };
    let origin = Origin::saying("hello");
    let routes = format!("routes:\n  - {{host: a.test, backends: \"{}\", tls: acme}}", origin.addr());
    let client = pebble.client().env("DOCKER_PROXY_ACME_CHALLENGE", "tls-alpn-01");
    let dproxy = client.listening(free_port()).yaml(&routes).start();
    wait_for(&dproxy, &pebble, "a.test", "hello");
    // Nobody is shown the proof but an authority that looks for it.
    let asked = Command::new("openssl")
        .args(["s_client", "-alpn", "acme-tls/1", "-servername", "a.test", "-connect", &format!("127.0.0.1:{}", pebble.https)])
        .stdin(Stdio::null())
        .output();
    match asked {
        Ok(asked) => assert!(!String::from_utf8_lossy(&asked.stdout).contains("ALPN protocol: acme-tls/1"), "{asked:?}"),
        Err(error) => println!("skipped: cannot run openssl: {error}"),
    }
}

#[test]
fn a_pattern_gets_its_certificate_by_the_hook() {
    let Some(pebble) = Pebble::start() else { return };
    let origin = Origin::saying("hello");
    let routes = format!(
        "routes:\n  - {{host: \"*.wild.test\", backends: \"{0}\", tls: acme}}\n  - {{host: a.test, backends: \"{0}\", tls: acme}}",
        origin.addr()
    );
    let program = hook(&pebble).display().to_string();
    let dproxy = pebble.client().env("DOCKER_PROXY_ACME_DNS_HOOK", &program).yaml(&routes).start();
    wait_for(&dproxy, &pebble, "x.wild.test", "hello");
    wait_for(&dproxy, &pebble, "a.test", "hello");
    let calls = || fs::read_to_string(pebble.home().join("calls")).unwrap_or_default();
    dproxy.wait_for("the record to be taken away", || calls().contains("cleanup _acme-challenge.wild.test "));
    assert!(calls().starts_with("present _acme-challenge.wild.test "), "{}", calls());
    assert!(!calls().contains("a.test "), "a page is enough for it: {}", calls());
}

#[test]
fn a_hook_that_fails_is_told_of_in_its_own_words() {
    let Some(pebble) = Pebble::start() else { return };
    let origin = Origin::saying("hello");
    let program = pebble.home().join("hook");
    fs::write(&program, "#!/bin/sh\necho no such zone >&2\nexit 3\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let routes = format!("routes:\n  - {{host: a.test, backends: \"{}\", tls: acme}}", origin.addr());
    let client = pebble.client().env("DOCKER_PROXY_ACME_DNS_HOOK", &program.display().to_string());
    let dproxy = client.env("DOCKER_PROXY_ACME_CHALLENGE", "dns-01").yaml(&routes).start();
    wait_for_problem(&dproxy, &["certificate of a.test", "hook present _acme-challenge.a.test ", "(exit status: 3): no such zone"]);
}

#[test]
fn hosts_of_one_route_share_a_certificate_where_the_settings_say_so() {
    let Some(pebble) = Pebble::start() else { return };
    let origin = Origin::saying("hello");
    let routes = format!(
        "acme:\n  shared: true\nssl:\n  issuer: acme\nroutes:\n  - {{hosts: [a.test, www.a.test], backends: \"{0}\"}}\n  \
         - {{host: b.test, backends: \"{0}\"}}",
        origin.addr()
    );
    let dproxy = pebble.client().yaml(&routes).start();
    for host in ["a.test", "www.a.test", "b.test"] {
        wait_for(&dproxy, &pebble, host, "hello");
    }
    assert_eq!(pebble.orders(), 2, "{}", pebble.log());
}

#[test]
fn an_account_is_bound_to_a_customer_where_the_authority_wants_that() {
    let key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";
    let lines = format!(r#""externalAccountBindingRequired": true, "externalAccountMACKeys": {{"kid-1": "{key}"}},"#);
    let Some(pebble) = Pebble::start_with(&lines) else { return };
    let origin = Origin::saying("hello");
    let routes = format!("routes:\n  - {{host: a.test, backends: \"{}\", tls: acme}}", origin.addr());
    let stranger = pebble.client().at(free_port(), free_port()).env("DOCKER_PROXY_SSL_PORT", &free_port().to_string());
    let stranger = stranger.yaml(&routes).start();
    wait_for_problem(&stranger, &["certificates by ACME", "wants to know whose customer you are", "`acme.eab_kid`"]);
    let file = pebble.home().join("eab");
    fs::write(&file, format!("{key}\n")).unwrap();
    let client = pebble.client().env("DOCKER_PROXY_ACME_EAB_KID", "kid-1");
    let dproxy = client.env("DOCKER_PROXY_ACME_EAB_KEY_FILE", &file.display().to_string()).yaml(&routes).start();
    wait_for(&dproxy, &pebble, "a.test", "hello");
}
