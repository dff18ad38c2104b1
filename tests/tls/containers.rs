//! What labels of real containers say of TLS and of who comes in.

use std::fs;
use std::path::Path;

use dproxy_testkit::{Container, Engine, Run, unique};

use super::{Secure, Shop};
use crate::among_others;

impl Secure {
    /// With these certificates, before the containers of `engine`.
    fn before(shop: Shop, engine: &Engine) -> Secure {
        shop.serve(|options| options.docker(&engine.endpoint()))
    }

    fn problem_of(&self, container: &Container) -> String {
        let problems = self.dproxy.data("/problems");
        let subject = format!("container {}", container.name);
        let found = problems.as_array().unwrap().iter().find(|problem| problem["subject"] == subject);
        found.map(|problem| problem["text"].as_str().unwrap().to_owned()).unwrap_or_default()
    }

    /// Waits for an answer of `url` in which `expected` is.
    #[track_caller]
    fn wait_for(&self, url: &str, words: &[&str], expected: &str) {
        let answers = || String::from_utf8_lossy(&self.curl(url, words).stdout).contains(expected);
        self.dproxy.wait_for(&format!("`{expected}` of {url}"), answers);
    }
}

/// A container that speaks TLS itself at port 443, as `host`, with the program of this machine.
fn speaking_tls(shop: &Shop, host: &str) -> Run {
    let (certificate, key) = (format!("/certs/{host}.crt"), format!("/certs/{host}.key"));
    let words = ["/openssl", "s_server", "-accept", "443", "-cert", &certificate, "-key", &key, "-www", "-quiet"];
    let run = Run::image("dproxy-test/box", "tls").command(&words).label("dproxy.host", host).label("dproxy.port", "443");
    let files = [("/usr/bin/openssl", "/openssl"), ("/lib", "/lib"), ("/lib64", "/lib64"), (&*shop.path(""), "/certs")];
    let there = files.into_iter().filter(|(path, _)| Path::new(path).exists());
    there.fold(run, |run, (path, inside)| run.mount(Path::new(path), inside))
}

/// What `openssl s_server` says of each request.
const S_SERVER: &str = "s_server";

#[test]
fn a_label_asks_clients_for_certificates_and_a_missing_authority_is_told() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let host = format!("{}.test", unique("mtls"));
    let secure = Secure::before(Shop::with(&[&host]), &engine);
    let container = engine.run(&Run::echo("mtls").hostname(&host).label("dproxy.client_ca", "partners.pem"));
    let directory = secure.shop.path("");
    let text = format!("there is no authority `partners.pem` in `{directory}`, so nobody is let in");
    secure.dproxy.wait_for("the problem", || secure.problem_of(&container) == text);
    assert!(secure.dproxy.status()["problems"].as_u64() >= Some(1));
    let alice = secure.shop.client("alice");
    let url = format!("https://{host}/");
    assert!(!secure.curl(&url, &["--cert", &alice]).status.success());

    fs::copy(secure.shop.ca(), secure.shop.path("partners.pem")).unwrap();
    secure.wait_for(&url, &["--cert", &alice], "CN=alice");
    assert_eq!(secure.problem_of(&container), "");
    assert!(!secure.curl(&url, &[]).status.success(), "nobody without a certificate");
}

#[test]
fn a_label_has_a_container_speak_tls_with_clients_itself() {
    let Some(engine) = Engine::shared().filter(Engine::shares_our_files) else { return };
    let _busy = among_others();
    let host = format!("{}.test", unique("own"));
    let inside = Shop::with(&[&host]);
    let _container = engine.run(&speaking_tls(&inside, &host).label("dproxy.tls.passthrough", "true"));
    let secure = Secure::before(Shop::with(&["other.test"]), &engine);
    let at = |port| inside.curl(port, &format!("https://{host}/"), &["--http1.1"]);
    secure.dproxy.wait_for("its page", || String::from_utf8_lossy(&at(secure.port).stdout).contains(S_SERVER));
    assert!(!secure.curl(&format!("https://{host}/"), &[]).status.success(), "the certificate is the container's");
    assert_eq!(secure.dproxy.get(&host, "/").status, 301);
}

#[test]
fn labels_say_how_far_a_container_of_tls_is_trusted_and_its_check_keeps_to_that() {
    let Some(engine) = Engine::shared().filter(Engine::shares_our_files) else { return };
    let _busy = among_others();
    let host = format!("{}.test", unique("inner"));
    let inside = Shop::with(&[&host]);
    let trusted = |ca: &str| {
        let run = speaking_tls(&inside, &host).label("dproxy.tls.ca", ca).label("dproxy.tls.server_name", &host);
        engine.run(&run.label("dproxy.check.path", "/").label("dproxy.check.interval", "100ms"))
    };
    let shop = Shop::with(&[&host]);
    fs::copy(inside.ca(), shop.path("theirs.pem")).unwrap();
    fs::copy(shop.ca(), shop.path("wrong.pem")).unwrap();
    let secure = Secure::before(shop, &engine);
    let url = format!("https://{host}/");
    let good = trusted("theirs.pem");
    secure.wait_for(&url, &[], S_SERVER);
    drop(good);
    let bad = trusted("wrong.pem");
    let why = || secure.dproxy.ctl(&["why", &bad.name]).stdout;
    secure.dproxy.wait_for("the reason", || why().contains("port 443: its check fails (GET /): no TLS: invalid peer certificate"));
    secure.dproxy.wait_for("no page", || !String::from_utf8_lossy(&secure.curl(&url, &[]).stdout).contains(S_SERVER));
}

#[test]
fn a_label_has_a_container_told_who_the_client_is_before_anything_else() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let secure = Secure::before(Shop::with(&["other.test"]), &engine);
    let says = "read -r line; while read -r field && [ ${#field} -gt 1 ]; do :; done; line=${line%?}; \
                printf 'HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n%s' ${#line} \"$line\"";
    for (version, begins) in [("v1", "PROXY TCP4 127.0.0.1 127.0.0.1 "), ("v2", "")] {
        let host = format!("{}.test", unique(version));
        let run = Run::image("dproxy-test/box", version).command(&["/bin/nc", "-ll", "-p", "80", "-e", "/bin/sh", "-c", says]);
        let run = run.label("dproxy.host", &host).label("dproxy.port", "80").label("dproxy.proxy_protocol", version);
        let _container = engine.run(&run);
        let mut last = Vec::new();
        secure.dproxy.wait_for(&format!("the announcement of {version}"), || {
            let answer = secure.dproxy.get(&host, "/");
            last = answer.body;
            answer.status == 200
        });
        assert!(last.starts_with(begins.as_bytes()) && !last.starts_with(b"GET "), "{version}: {:?}", String::from_utf8_lossy(&last));
    }
}
