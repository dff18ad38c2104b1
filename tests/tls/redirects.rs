//! From the clear port to TLS, and what clients shall remember of it.

use dproxy_testkit::{Options, Origin, ok};

use super::{Secure, Shop};

fn secure(settings: &str, origin: &Origin) -> Secure {
    let words: Vec<(&str, &str)> = settings.split_whitespace().filter_map(|word| word.split_once('=')).collect();
    let set = |options: Options, (name, value): &(&str, &str)| options.env(&format!("DOCKER_PROXY_SSL_{name}"), &value.replace('_', "="));
    Shop::with(&["a.test"]).serve(|options| {
        let options = words.iter().fold(options, set);
        options.route("a.test", &[origin.addr()]).route("b.test", &[origin.addr()])
    })
}

/// Status and place of the answer to a request in the clear.
fn answered(secure: &Secure, url: &str, words: &[&str]) -> String {
    let words = [words, &["-o", "/dev/null", "-w", "%{http_code} %header{location}"]].concat();
    let output = secure.curl_at(secure.dproxy.http().port(), url, &words);
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn hosts_with_a_certificate_send_clients_to_tls_if_told_so() {
    let origin = Origin::saying("hello");
    let secure = secure("REDIRECT=true", &origin);
    let place = format!("https://a.test:{}/x?y=1", secure.port);
    assert_eq!(answered(&secure, "http://a.test/x?y=1", &[]), format!("301 {place}"));
    assert_eq!(answered(&secure, "http://a.test/x?y=1", &["-I"]), format!("301 {place}"));
    assert_eq!(answered(&secure, "http://a.test/x?y=1", &["-d", "z"]), format!("308 {place}"));
    assert_eq!(answered(&secure, "http://a.test/x?y=1", &["--http2-prior-knowledge"]), format!("301 {place}"));
    assert_eq!(answered(&secure, "http://a.test/x?y=1", &["-H", "X-Forwarded-Proto: https"]), format!("301 {place}"));
    assert_eq!(answered(&secure, "http://b.test/", &[]), "200", "there is no certificate for it");
    assert_eq!(answered(&secure, "http://a.test/.well-known/acme-challenge/x", &[]), "200");
    assert_eq!(secure.get("https://a.test/", &[]), "hello");
}

#[test]
fn a_trusted_proxy_in_front_may_have_had_it_over_tls() {
    let origin = Origin::saying("hello");
    let trusting = |options: Options| options.env("DOCKER_PROXY_SSL_REDIRECT", "true").env("DOCKER_PROXY_TRUSTED", "127.0.0.1");
    let secure = Shop::with(&["a.test"]).serve(|options| trusting(options).route("a.test", &[origin.addr()]));
    assert_eq!(answered(&secure, "http://a.test/", &["-H", "X-Forwarded-Proto: https"]), "200");
    assert!(answered(&secure, "http://a.test/", &["-H", "X-Forwarded-Proto: http"]).starts_with("301 "));
}

#[test]
fn clients_of_tls_are_told_to_remember_it_once() {
    let origin = Origin::start(|request| match request.target.as_str() {
        "/own" => vec![dproxy_testkit::Step::Send(
            b"HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=5\r\nContent-Length: 0\r\n\r\n".to_vec(),
        )],
        _ => ok("hello"),
    });
    let secure = secure("HSTS=max-age_77", &origin);
    for version in ["--http1.1", "--http2"] {
        let told = |path: &str| {
            let head = secure.get(&format!("https://a.test{path}"), &[version, "-i"]).to_ascii_lowercase();
            head.lines().filter_map(|line| line.strip_prefix("strict-transport-security: ")).collect::<Vec<_>>().join(" and ")
        };
        assert_eq!(told("/"), "max-age=77", "{version}");
        assert_eq!(told("/own"), "max-age=5", "{version}");
    }
    let clear = secure.dproxy.get("a.test", "/");
    assert_eq!(clear.field("strict-transport-security"), None);
}
