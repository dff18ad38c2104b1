//! What authorities wish: when certificates are renewed (ARI, RFC 9773), and how long they want no orders.

use std::process::{Command, Stdio};
use std::time::Duration;

use dproxy_testkit::{Dproxy, Origin, Signal, wait_for};

use super::pebble::{Pebble, Ruler};
use super::{is_served, wait_for_problem};

/// Renewed in a thousand years.
const LATE: &str = r#""window": ["3020-01-02T04:00:00Z", "3020-01-03T04:00:00Z"]"#;
/// Renewed long ago.
const NOW: &str = r#""window": ["2020-01-02T04:00:00Z", "2020-01-03T04:00:00Z"]"#;
/// What [`Dproxy`] waits for at most is shorter than what the authority asks for here.
const PATIENCE: Duration = Duration::from_secs(90);

fn start(pebble: &Pebble, ruler: &Ruler, origin: &Origin) -> Dproxy {
    let routes = format!("routes:\n  - {{host: a.test, backends: \"{}\", tls: acme}}", origin.addr());
    pebble.client().env("DOCKER_PROXY_ACME_DIRECTORY", &ruler.directory()).yaml(&routes).start()
}

/// The certificate that is shown.
fn shown(pebble: &Pebble, host: &str) -> Vec<u8> {
    let words = ["s_client", "-connect", &format!("127.0.0.1:{}", pebble.https), "-servername", host];
    let output = Command::new("openssl").args(words).stdin(Stdio::null()).output().unwrap().stdout;
    let text = String::from_utf8_lossy(&output);
    let begin = text.find("-----BEGIN").unwrap_or_default();
    text[begin..].split("-----END").next().unwrap_or_default().as_bytes().to_vec()
}

#[test]
fn a_certificate_is_renewed_when_the_authority_says_now() {
    let Some(pebble) = Pebble::start() else { return };
    let Some(ruler) = pebble.behind(&format!("{{{LATE}}}")) else { return };
    let origin = Origin::saying("hello");
    let mut dproxy = start(&pebble, &ruler, &origin);
    wait_for("https://a.test/", PATIENCE, || is_served(&pebble, "a.test", "hello"));
    let before = shown(&pebble, "a.test");
    dproxy.signal(Signal::SIGHUP);
    wait_for("a question", PATIENCE, || pebble.asked(&["GET /renewal/", " 200"]).len() == 1);
    assert_eq!(pebble.asked(&["POST /order-plz", " 201"]).len(), 1, "it is not time");
    pebble.rule(&format!("{{{NOW}}}"));
    dproxy.signal(Signal::SIGHUP);
    wait_for("another certificate", PATIENCE, || is_served(&pebble, "a.test", "hello") && shown(&pebble, "a.test") != before);
    let orders = pebble.asked(&["POST /order-plz", " 201"]);
    assert_eq!(orders.len(), 2, "{orders:?}");
    let asked = &pebble.asked(&["GET /renewal/"])[0].1;
    let id = asked.split("/renewal/").nth(1).unwrap().split(' ').next().unwrap();
    assert!(orders[0].1.ends_with("replaces=None") && orders[1].1.ends_with(&format!("replaces={id}")), "{orders:?} {id}");
}

#[test]
fn too_many_orders_wait_as_long_as_the_authority_says_also_over_a_restart() {
    let Some(pebble) = Pebble::start() else { return };
    let Some(ruler) = pebble.behind(&format!("{{{LATE}, \"limited\": 25}}")) else { return };
    let origin = Origin::saying("hello");
    let mut dproxy = start(&pebble, &ruler, &origin);
    wait_for_problem(&dproxy, &["certificate of a.test", "too many certificates (rateLimited)", "no order before ", " GMT"]);
    pebble.rule(&format!("{{{LATE}}}"));
    let refused = pebble.asked(&["POST /order-plz", " 429"]);
    assert_eq!(refused.len(), 1, "{refused:?}");
    // Neither of these makes it come earlier.
    dproxy.signal(Signal::SIGHUP);
    dproxy.wait_for("the configuration to be read again", || dproxy.log().contains("configuration read again"));
    dproxy.signal(Signal::SIGTERM);
    dproxy.wait_for_end();
    dproxy.start_again();
    wait_for_problem(&dproxy, &["certificate of a.test", "too many certificates (rateLimited)", "no order before "]);
    wait_for("https://a.test/", PATIENCE, || is_served(&pebble, "a.test", "hello"));
    let placed = pebble.asked(&["POST /order-plz", " 201"]);
    assert_eq!((placed.len(), pebble.asked(&["POST /order-plz", " 429"]).len()), (1, 1), "{placed:?}");
    let waited = placed[0].0 - refused[0].0;
    assert!((25.0..45.0).contains(&waited), "{waited} s, told 25");
    dproxy.wait_for("no problem", || dproxy.data("/problems").as_array().is_some_and(Vec::is_empty));
}

#[test]
fn an_authority_that_wants_no_new_customers_is_left_alone_as_long_as_it_says() {
    let Some(pebble) = Pebble::start() else { return };
    let Some(ruler) = pebble.behind(&format!("{{{LATE}, \"newcomers\": 20}}")) else { return };
    let origin = Origin::saying("hello");
    let mut dproxy = start(&pebble, &ruler, &origin);
    wait_for_problem(&dproxy, &["certificate of a.test", "no account at", "too many accounts (rateLimited)", "no order before ", " GMT"]);
    pebble.rule(&format!("{{{LATE}}}"));
    let refused = pebble.asked(&["POST /sign-me-up", " 429"]);
    assert_eq!(refused.len(), 1, "{refused:?}");
    dproxy.signal(Signal::SIGTERM);
    dproxy.wait_for_end();
    dproxy.start_again();
    wait_for("https://a.test/", PATIENCE, || is_served(&pebble, "a.test", "hello"));
    let made = pebble.asked(&["POST /sign-me-up", " 201"]);
    assert_eq!((made.len(), pebble.asked(&["POST /sign-me-up", " 429"]).len()), (1, 1), "{made:?}");
    let waited = made[0].0 - refused[0].0;
    assert!((20.0..40.0).contains(&waited), "{waited} s, told 20");
}
