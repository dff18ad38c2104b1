//! Whatever a container says, in whichever language, it is understood or told as a problem, and its neighbour is
//! routed as if it were not there.

use super::tests::{container, settings, shown};
use super::*;

/// Names of labels and variables that mean something, also beyond their end.
const NAMES: [&str; 30] = [
    "dproxy.host",
    "dproxy.port",
    "dproxy.path",
    "dproxy.protocol",
    "dproxy.listen",
    "dproxy.network",
    "dproxy.redirect",
    "dproxy.redirect_code",
    "dproxy.strip_prefix",
    "dproxy.add_prefix",
    "dproxy.balance",
    "dproxy.weight",
    "dproxy.sticky",
    "dproxy.slow_start",
    "dproxy.check.path",
    "dproxy.check.interval",
    "dproxy.max_requests",
    "dproxy.tls.verify",
    "dproxy.tls.passthrough",
    "dproxy.",
    "traefik.enable",
    "traefik.http.routers.a.rule",
    "traefik.http.routers.a.service",
    "traefik.http.services.a.loadbalancer.server.port",
    "traefik.http.middlewares.m.redirectscheme.scheme",
    "traefik.http.routers.a.middlewares",
    "caddy",
    "caddy.reverse_proxy",
    "caddy_0.handle_path",
    "com.docker.compose.service",
];
/// What values are put together from.
const PIECES: [&str; 34] = [
    "a.test",
    "*.b.test",
    "*",
    ".",
    "..",
    "xn--",
    "ä.test",
    "[::1]",
    ":80",
    "80",
    "0",
    "65536",
    "-1",
    ",",
    " ",
    "/",
    "/api",
    "//",
    "%2e",
    "?",
    "https://",
    "http",
    "true",
    "maybe",
    "10s",
    "1e9",
    "Host(`",
    "`)",
    " && ",
    " || ",
    "PathPrefix(`",
    "!(",
    "{{upstreams ",
    "\u{0}",
];

fn value(random: &mut fastrand::Rng) -> String {
    (0..random.usize(0..7)).map(|_| PIECES[random.usize(..PIECES.len())]).collect()
}

#[test]
fn whatever_a_container_says_its_neighbour_is_routed() {
    let dialects = vec![Dialect::Traefik, Dialect::Caddy, Dialect::NginxProxy];
    let settings = Settings { dialects, ..settings() };
    let neighbour = container("neighbour", "neighbour.example");
    let alone = shown(&routes_of(std::slice::from_ref(&neighbour), &settings));
    assert_eq!(alone.matches("ready").count(), 1, "{alone}");
    for seed in 0..20_000 {
        let random = &mut fastrand::Rng::with_seed(seed);
        let mut strange = container("strange", &value(random));
        for _ in 0..random.usize(0..6) {
            strange.labels.insert(NAMES[random.usize(..NAMES.len())].to_owned(), value(random));
        }
        let together = shown(&routes_of(&[strange.clone(), neighbour.clone()], &settings));
        assert!(together.contains(&alone), "seed {seed}: {:?}\n{together}", strange.labels);
    }
}
