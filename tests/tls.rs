//! TLS with real clients: certificates from files, sessions, and what backends are told.

mod backends;
mod certificates;
mod certs;
mod clients;
mod containers;
mod handshakes;
mod idle;
mod passthrough;
mod redirects;
mod scanners;
mod sessions;

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use dproxy_testkit::{Dproxy, Options, Origin, free_port, ok};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256, SignatureAlgorithm};
use tempfile::TempDir;

use crate::dproxy;

/// A backend that answers with the fields that it got, and as many bytes more as the path says.
pub(crate) fn echo() -> Origin {
    Origin::start(|request| {
        let fields: String = request.fields.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        let more = request.target.trim_start_matches('/').parse().unwrap_or(0);
        ok(&format!("{fields}\n{}", "y".repeat(more)))
    })
}

/// Certificates in a directory, and who vouches for them.
pub(crate) struct Shop {
    home: TempDir,
    authority: Issuer<'static, KeyPair>,
}

impl Shop {
    /// With one certificate for each of these names.
    pub(crate) fn with(names: &[&str]) -> Shop {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("ca"), params.self_signed(&key).unwrap().pem()).unwrap();
        fs::create_dir(home.path().join("certs")).unwrap();
        let shop = Shop { home, authority: Issuer::new(params, key) };
        names.iter().for_each(|name| shop.put(&name.replace('*', "_"), &[name]));
        shop
    }

    /// Where certificates are looked for.
    pub(crate) fn path(&self, file: &str) -> String {
        self.home.path().join("certs").join(file).display().to_string()
    }

    pub(crate) fn ca(&self) -> String {
        self.home.path().join("ca").display().to_string()
    }

    /// `file.crt` and `file.key` for `names`.
    pub(crate) fn put(&self, file: &str, names: &[&str]) {
        let (certificate, key) = self.make(names, &PKCS_ECDSA_P256_SHA256);
        fs::write(self.path(&format!("{file}.key")), key).unwrap();
        fs::write(self.path(&format!("{file}.crt")), certificate).unwrap();
    }

    /// A certificate and its key, as PEM.
    fn make(&self, names: &[&str], algorithm: &'static SignatureAlgorithm) -> (String, String) {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        (params.signed_by(&key, &self.authority).unwrap().pem(), key.serialize_pem())
    }

    /// What curl got at this port of the machine, trusting nobody else; `https://name/path` goes there.
    pub(crate) fn curl(&self, port: u16, url: &str, words: &[&str]) -> Output {
        let connect = format!("::127.0.0.1:{port}");
        let mut command = Command::new("curl");
        command.args(["-sS", "-m", "20", "--noproxy", "*", "--cacert", &self.ca(), "--connect-to", &connect]).args(words).arg(url);
        command.output().unwrap()
    }

    /// A program that serves these certificates at a port of its own.
    pub(crate) fn serve(self, options: impl FnOnce(Options) -> Options) -> Secure {
        let port = free_port();
        let settings = format!("ssl:\n  path: {}\n  port: {port}", self.path(""));
        let dproxy = options(dproxy().yaml(&settings)).start();
        Secure { shop: self, dproxy, port }
    }
}

/// A program that speaks TLS.
pub(crate) struct Secure {
    pub(crate) shop: Shop,
    pub(crate) dproxy: Dproxy,
    pub(crate) port: u16,
}

impl Secure {
    /// What curl got, with further words of its command line.
    pub(crate) fn curl(&self, url: &str, words: &[&str]) -> Output {
        self.curl_at(self.port, url, words)
    }

    /// The same at another port.
    fn curl_at(&self, port: u16, url: &str, words: &[&str]) -> Output {
        self.shop.curl(port, url, words)
    }

    /// The body of a good answer.
    #[track_caller]
    pub(crate) fn get(&self, url: &str, words: &[&str]) -> String {
        let output = self.curl(url, words);
        assert!(output.status.success(), "{url}: {}\n{}", String::from_utf8_lossy(&output.stderr), self.dproxy.log());
        String::from_utf8(output.stdout).unwrap()
    }

    /// What `openssl s_client` says of a handshake, having sent `input`.
    fn s_client(&self, words: &[&str], input: &str) -> String {
        let at = format!("127.0.0.1:{}", self.port);
        let mut command = Command::new("openssl");
        command.args(["s_client", "-connect", &at, "-CAfile", &self.shop.ca()]).args(words);
        let mut client = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        client.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = client.wait_with_output().unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }
}

#[test]
fn a_request_over_tls_reaches_its_backend_which_is_told_so() {
    let origin = echo();
    let secure = Shop::with(&["a.test"]).serve(|options| options.route("a.test", &[origin.addr()]));
    for (words, version) in [(&["--http1.1"][..], "1.1"), (&["--http2"], "2"), (&["--tls-max", "1.2"], "2")] {
        let seen = secure.get("https://a.test/x", &[words, &["-w", " over %{http_version}"]].concat());
        assert!(seen.ends_with(&format!(" over {version}")), "{seen}");
        let seen = seen.to_ascii_lowercase();
        for line in ["x-forwarded-proto: https", "x-forwarded-protocol: https", &format!("x-forwarded-port: {}", secure.port)] {
            assert!(seen.contains(line), "`{line}` is not in {seen}");
        }
    }
}

#[test]
fn the_clear_port_understands_tls_unless_told_otherwise() {
    let origin = echo();
    let secure = Shop::with(&["a.test"]).serve(|options| options.route("a.test", &[origin.addr()]));
    let clear = secure.dproxy.http().port();
    let output = secure.curl_at(clear, "https://a.test/", &[]);
    let seen = String::from_utf8_lossy(&output.stdout).to_ascii_lowercase();
    assert!(seen.contains("x-forwarded-proto: https") && seen.contains(&format!("x-forwarded-port: {clear}")), "{output:?}");
    assert!(secure.dproxy.get("a.test", "/").text().to_ascii_lowercase().contains("x-forwarded-proto: http\n"));

    let deaf = Shop::with(&["a.test"]).serve(|options| options.env("DOCKER_PROXY_SSL_PEEK", "false").route("a.test", &[origin.addr()]));
    assert!(!deaf.curl_at(deaf.dproxy.http().port(), "https://a.test/", &[]).status.success());
    assert!(deaf.curl("https://a.test/", &[]).status.success());
}

#[test]
fn the_cipher_is_ours_to_choose() {
    let secure = Shop::with(&["a.test"]).serve(|options| options);
    let agreed = |words: &[&str]| {
        let text = secure.s_client(&[&["-servername", "a.test"], words].concat(), "");
        text.lines().find(|line| line.contains("Cipher is ")).unwrap_or_default().to_owned()
    };
    let both = |one: &str, other: &str| [format!("{one}:{other}"), format!("{other}:{one}")];
    for order in both("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384") {
        assert!(agreed(&["-tls1_3", "-ciphersuites", &order]).ends_with("TLS_AES_128_GCM_SHA256"), "{order}");
    }
    for order in both("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305") {
        assert!(agreed(&["-tls1_2", "-cipher", &order]).ends_with("ECDHE-ECDSA-AES128-GCM-SHA256"), "{order}");
    }
}

#[test]
fn every_version_that_is_served_can_be_agreed_upon() {
    let origin = echo();
    let secure = Shop::with(&["a.test"]).serve(|options| options.route("a.test", &[origin.addr()]));
    let agreed = |offered: &str| {
        let text = secure.s_client(&["-servername", "a.test", "-alpn", offered], "");
        text.lines().find_map(|line| line.strip_prefix("ALPN protocol: ")).unwrap_or_default().to_owned()
    };
    for (offered, expected) in [("http/1.1,h2", "h2"), ("http/1.0,http/1.1", "http/1.1"), ("http/1.0", "http/1.0"), ("h3", "")] {
        assert_eq!(agreed(offered), expected, "{offered}");
    }
    let request = "GET / HTTP/1.0\r\nHost: a.test\r\n\r\n";
    assert!(secure.s_client(&["-servername", "a.test", "-alpn", "http/1.0", "-ign_eof"], request).contains("200 OK"));
}

#[test]
fn the_tls_port_tells_whoever_speaks_in_clear() {
    let secure = Shop::with(&["a.test"]).serve(|options| options);
    let output = secure.curl("http://a.test/", &["-w", "%{http_code}"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "This port speaks TLS only. Write https:// in the URL.400");
}

#[test]
fn bodies_of_every_size_arrive_whole() {
    let origin = echo();
    let secure = Shop::with(&["a.test"]).serve(|options| options.route("a.test", &[origin.addr()]));
    let file = secure.shop.home.path().join("body");
    for size in [0, 1, 16_383, 16_384, 16_385, 70_000, 3_000_000] {
        fs::write(&file, "x".repeat(size)).unwrap();
        for version in ["--http1.1", "--http2"] {
            let seen = secure.get(&format!("https://a.test/{size}"), &[version, "--data-binary", &format!("@{}", file.display())]);
            assert!(seen.ends_with(&format!("\n{}", "y".repeat(size))), "{size} bytes over {version}: {} came back", seen.len());
            let sent = origin.last().body;
            assert!(sent == "x".repeat(size).into_bytes(), "{size} bytes over {version}: {} arrived", sent.len());
        }
    }
}

#[test]
fn a_request_for_another_site_than_the_one_that_was_shown_is_misdirected() {
    let origin = echo();
    let routes =
        |options: Options| ["a.test", "b.test", "c.test"].iter().fold(options, |options, host| options.route(host, &[origin.addr()]));
    let shop = Shop::with(&["a.test"]);
    shop.put("both", &["b.test", "c.test"]);
    let secure = shop.serve(routes);
    let status = |name: &str, host: &str| {
        let words = ["-H", &format!("Host: {host}"), "-o", "/dev/null", "-w", "%{http_code}"];
        secure.get(&format!("https://{name}/"), &words)
    };
    assert_eq!(status("a.test", "a.test"), "200");
    assert_eq!(status("a.test", "b.test"), "421");
    assert_eq!(status("b.test", "c.test"), "200", "one certificate vouches for both");
    assert_eq!(status("a.test", "unknown.test"), "421");
}
