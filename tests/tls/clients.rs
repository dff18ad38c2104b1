//! Clients that show certificates: who is let in, and what backends are told of them.

use std::fs;
use std::process::Command;
use std::time::{Duration, SystemTime};

use dproxy_testkit::{Options, Origin};
use rcgen::{
    CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyIdMethod, KeyPair,
    RevokedCertParams, SanType, SerialNumber,
};

use super::{Secure, Shop, echo};

impl Shop {
    /// A file with the certificate of a client and its key; the authority is ours.
    pub(super) fn client(&self, name: &str) -> String {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "Shop, Inc.");
        params.distinguished_name.push(DnType::CommonName, name);
        params.subject_alt_names.push(SanType::URI(format!("spiffe://shop/{name}").try_into().unwrap()));
        params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        let file = self.home.path().join(format!("{name}.client"));
        fs::write(&file, certificate.pem() + &key.serialize_pem()).unwrap();
        file.display().to_string()
    }

    /// A list of the authority that revokes the certificate in this file.
    fn revoking(&self, file: &str) -> String {
        let serial = Command::new("openssl").args(["x509", "-noout", "-serial", "-in", file]).output().unwrap();
        let digits = String::from_utf8(serial.stdout).unwrap();
        let digits = digits.trim().trim_start_matches("serial=").to_owned();
        let bytes: Vec<u8> =
            (0..digits.len() / 2).map(|place| u8::from_str_radix(&digits[place * 2..place * 2 + 2], 16).unwrap()).collect();
        let now = SystemTime::now();
        let revoked = RevokedCertParams {
            serial_number: SerialNumber::from(bytes),
            revocation_time: now.into(),
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: now.into(),
            next_update: (now + Duration::from_secs(3600)).into(),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: vec![revoked],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.authority).unwrap().pem().unwrap()
    }

    /// The authority may vouch for clients, too.
    fn trusts_clients(self) -> Shop {
        fs::copy(self.ca(), self.path("partners.pem")).unwrap();
        self
    }
}

fn routes(options: Options, origin: &Origin, entries: &[&str]) -> Options {
    let entry = |entry: &&str| format!("  - {{backends: \"{}\", {entry}}}\n", origin.addr());
    options.yaml(&format!("routes:\n{}", entries.iter().map(entry).collect::<String>()))
}

fn status(secure: &Secure, url: &str, words: &[&str]) -> String {
    let output = secure.curl(url, &[words, &["-o", "/dev/null", "-w", "%{http_code}"]].concat());
    String::from_utf8(output.stdout).unwrap()
}

const PRIVATE: &str = "host: a.test, client_ca: partners.pem";

#[test]
fn only_those_with_a_certificate_of_the_authority_are_let_in_and_the_backend_learns_who_they_are() {
    let origin = echo();
    let secure = Shop::with(&["a.test", "b.test"]).trusts_clients().serve(|options| routes(options, &origin, &[PRIVATE, "host: b.test"]));
    let alice = secure.shop.client("alice");
    let elsewhere = Shop::with(&[]);
    let mallory = elsewhere.client("mallory");
    for version in ["--http1.1", "--http2", "--tls-max=1.2"] {
        let words: Vec<&str> = version.split('=').collect();
        let seen = secure.get("https://a.test/", &[&words[..], &["--cert", &alice, "-H", "x-client-cert-subject: CN=root"]].concat());
        let seen = seen.to_ascii_lowercase();
        let told = |line: &str| assert!(seen.lines().any(|told| told.starts_with(line)), "`{line}` is not in {seen}");
        told("client-cert: :mii");
        told("x-client-cert-subject: cn=alice,o=shop\\2c inc.");
        told("x-client-cert-names: uri:spiffe://shop/alice");
        told("x-client-cert-sha256: ");
        assert_eq!(seen.matches("x-client-cert-subject").count(), 1, "{seen}");
        assert_eq!(status(&secure, "https://a.test/", &words), "000", "nobody without a certificate");
        assert_eq!(status(&secure, "https://a.test/", &[&words[..], &["--cert", &mallory]].concat()), "000", "nor with another one");
        assert_eq!(status(&secure, "https://b.test/", &[&words[..], &["--cert", &alice]].concat()), "200");
    }
    let before = origin.count();
    assert_eq!(secure.dproxy.get("a.test", "/").status, 301, "nobody in the clear");
    assert_eq!(status(&secure, "https://b.test/", &["-H", "Host: a.test"]), "421");
    assert_eq!(status(&secure, "https://b.test/", &["--cert", &alice, "-H", "Host: a.test"]), "421");
    assert_eq!(origin.count(), before);
}

#[test]
fn what_strangers_say_of_certificates_reaches_no_backend() {
    let origin = echo();
    let secure = Shop::with(&["a.test"]).trusts_clients().serve(|options| routes(options, &origin, &["host: a.test"]));
    let names =
        ["Client-Cert", "client_cert_chain", "X-Client-Cert-Subject", "X-Forwarded-Client-Cert", "X-SSL-Client-Verify", "ssl-client-cert"];
    let fields: Vec<String> = names.iter().map(|name| format!("{name}: forged")).collect();
    let words: Vec<&str> = fields.iter().flat_map(|field| ["-H", field]).collect();
    for version in ["--http1.1", "--http2"] {
        let seen = secure.get("https://a.test/", &[&words[..], &[version]].concat());
        assert!(!seen.contains("forged"), "{seen}");
    }
    let trusting =
        Shop::with(&["a.test"]).serve(|options| routes(options.env("DOCKER_PROXY_TRUSTED", "127.0.0.1"), &origin, &["host: a.test"]));
    let seen = trusting.get("https://a.test/", &words);
    assert_eq!(seen.matches("forged").count(), 3, "those that other proxies write: {seen}");
}

#[test]
fn a_path_may_ask_for_what_the_rest_of_its_host_does_not() {
    let origin = echo();
    let entries = [
        "host: a.test",
        "host: a.test, path: /admin, client_ca: partners.pem",
        "host: b.test, client_ca: partners.pem, client_auth: optional",
    ];
    let secure = Shop::with(&["a.test", "b.test"]).trusts_clients().serve(|options| routes(options, &origin, &entries));
    let alice = secure.shop.client("alice");
    assert_eq!(status(&secure, "https://a.test/", &[]), "200");
    assert_eq!(status(&secure, "https://a.test/admin", &[]), "403");
    assert!(secure.get("https://a.test/admin/x", &["--cert", &alice]).contains("x-client-cert-subject"));
    assert!(!secure.get("https://a.test/", &["--cert", &alice]).contains("x-client-cert-subject"));
    assert!(!secure.get("https://b.test/", &[]).contains("x-client-cert"));
    assert!(secure.get("https://b.test/", &["--cert", &alice]).contains("x-client-cert-subject"));
    assert_eq!(secure.dproxy.get("b.test", "/").status, 200);
}

#[test]
fn a_session_that_is_taken_up_again_is_the_same_client() {
    let origin = echo();
    let secure = Shop::with(&["a.test", "b.test"]).trusts_clients().serve(|options| routes(options, &origin, &[PRIVATE, "host: b.test"]));
    let alice = secure.shop.client("alice");
    let session = secure.shop.home.path().join("session").display().to_string();
    let request = |host: &str| format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    for version in ["-tls1_3", "-tls1_2"] {
        let client =
            |host: &str, words: &[&str]| secure.s_client(&[&["-servername", host, "-ign_eof", version], words].concat(), &request(host));
        assert!(client("a.test", &["-cert", &alice, "-key", &alice, "-sess_out", &session]).contains("x-client-cert-subject"));
        let again = client("a.test", &["-sess_in", &session]);
        assert!(again.contains("Reused, ") && again.contains("x-client-cert-subject"), "{again}");
        // A session without a certificate is worth nothing where one is wanted.
        assert!(client("b.test", &["-sess_out", &session]).contains("200 OK"));
        let other = client("a.test", &["-sess_in", &session]);
        assert!(!other.contains("Reused, ") && !other.contains("200 OK"), "{other}");
    }
}

#[test]
fn what_the_authority_has_revoked_is_not_let_in_and_a_broken_list_lets_nobody_in() {
    let origin = echo();
    let secure = Shop::with(&["a.test"]).trusts_clients().serve(|options| routes(options, &origin, &[PRIVATE]));
    let (alice, bob) = (secure.shop.client("alice"), secure.shop.client("bob"));
    let seen = |client: &str| status(&secure, "https://a.test/", &["--cert", client]);
    assert_eq!((seen(&alice), seen(&bob)), ("200".to_owned(), "200".to_owned()));
    let session = secure.shop.home.path().join("session").display().to_string();
    let request = "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";
    let client = |words: &[&str]| secure.s_client(&[&["-servername", "a.test", "-ign_eof"], words].concat(), request);
    assert!(client(&["-cert", &alice, "-key", &alice, "-sess_out", &session]).contains("200 OK"));

    fs::write(secure.shop.path("partners.crl"), secure.shop.revoking(&alice)).unwrap();
    secure.dproxy.wait_for("alice kept out", || seen(&alice) == "000");
    assert_eq!(seen(&bob), "200");
    let again = client(&["-sess_in", &session]);
    assert!(!again.contains("Reused, ") && !again.contains("200 OK"), "{again}");

    fs::write(secure.shop.path("partners.crl"), "nothing").unwrap();
    secure.dproxy.wait_for("everybody kept out", || seen(&bob) == "000");
    let problems = secure.dproxy.data("/problems").to_string();
    assert!(problems.contains("`partners.crl` holds no list of revoked certificates"), "{problems}");
    fs::remove_file(secure.shop.path("partners.crl")).unwrap();
    secure.dproxy.wait_for("alice again", || seen(&alice) == "200");
}

#[test]
fn nobody_is_let_in_where_the_authority_is_missing() {
    let origin = echo();
    let secure = Shop::with(&["a.test"]).serve(|options| routes(options, &origin, &[PRIVATE]));
    let alice = secure.shop.client("alice");
    assert_eq!(status(&secure, "https://a.test/", &["--cert", &alice]), "000");
    secure.dproxy.wait_for("the reason", || secure.dproxy.log().contains("there is no authority `partners.pem`"));
    fs::copy(secure.shop.ca(), secure.shop.path("partners.pem")).unwrap();
    secure.dproxy.wait_for("the authority", || status(&secure, "https://a.test/", &["--cert", &alice]) == "200");
}
