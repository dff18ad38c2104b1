//! Which certificate is shown, and what becomes of files that change or are bad.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use rcgen::{PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256};

use super::{Secure, Shop, echo};

/// The names of the certificate that is shown for `name`, or what the client is told instead.
fn shown(secure: &Secure, words: &[&str]) -> String {
    let text = secure.s_client(words, "");
    let Some(start) = text.find("-----BEGIN CERTIFICATE") else {
        return text.lines().find(|line| line.contains("alert")).unwrap_or(&text).to_owned();
    };
    let file = secure.shop.home.path().join("shown");
    fs::write(&file, &text[start..]).unwrap();
    let words = ["x509", "-noout", "-ext", "subjectAltName", "-in"];
    let output = Command::new("openssl").args(words).arg(file).output().unwrap();
    let names = String::from_utf8(output.stdout).unwrap();
    names.lines().last().unwrap_or_default().trim().replace("DNS:", "")
}

#[test]
fn the_exact_name_counts_before_the_wildcard_and_that_before_the_default() {
    let check = |secure: &Secure, words: &[&str], expected: &str| {
        let shown = shown(secure, words);
        assert!(shown.contains(expected), "{words:?}: {shown}");
    };
    let secure = Shop::with(&["a.test", "*.a.test", "www.a.test"]).serve(|options| options);
    check(&secure, &["-servername", "a.test"], "a.test");
    check(&secure, &["-servername", "WWW.A.test"], "www.a.test");
    check(&secure, &["-servername", "x.a.test"], "*.a.test");
    check(&secure, &["-servername", "y.x.a.test"], "unrecognized name");
    check(&secure, &["-servername", "b.test"], "unrecognized name");
    check(&secure, &["-noservername"], "unrecognized name");
    secure.shop.put("default", &["fallback.test"]);
    secure.dproxy.wait_for("the default", || shown(&secure, &["-noservername"]) == "fallback.test");
    check(&secure, &["-servername", "b.test"], "fallback.test");
    check(&secure, &["-servername", "a.test"], "a.test");
}

#[test]
fn clients_get_the_kind_of_key_that_they_understand() {
    let shop = Shop::with(&["a.test"]);
    let pair = Command::new("openssl").args(["genrsa", "-out", &shop.path("rsa.key"), "2048"]).output().unwrap();
    assert!(pair.status.success(), "{pair:?}");
    let key = rcgen::KeyPair::from_pem(&fs::read_to_string(shop.path("rsa.key")).unwrap()).unwrap();
    assert!(key.is_compatible(&PKCS_RSA_SHA256));
    let params = rcgen::CertificateParams::new(vec!["a.test".to_owned()]).unwrap();
    fs::write(shop.path("rsa.crt"), params.signed_by(&key, &shop.authority).unwrap().pem()).unwrap();
    let secure = shop.serve(|options| options);
    let key = |words: &[&str]| {
        let text = secure.s_client(&[&["-servername", "a.test"], words].concat(), "");
        text.lines().find_map(|line| line.strip_prefix("Peer signature type: ")).unwrap_or_default().to_owned()
    };
    assert_eq!(key(&[]), "ECDSA");
    assert_eq!(key(&["-sigalgs", "RSA-PSS+SHA256"]), "RSA-PSS");
    assert_eq!(key(&["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"]), "RSA-PSS");
    assert_eq!(key(&["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"]), "ECDSA");
}

#[test]
fn a_bad_file_costs_only_itself_and_is_shown() {
    let shop = Shop::with(&["a.test", "b.test"]);
    fs::copy(shop.path("a.test.key"), shop.path("b.test.key")).unwrap();
    let secure = shop.serve(|options| options);
    assert_eq!(shown(&secure, &["-servername", "a.test"]), "a.test");
    assert!(shown(&secure, &["-servername", "b.test"]).contains("unrecognized name"));
    let problems = secure.dproxy.data("/problems").to_string();
    assert!(problems.contains("b.test.crt") && problems.contains("belongs to another certificate"), "{problems}");
    assert!(secure.dproxy.log().contains("belongs to another certificate"));
    secure.shop.put("b.test", &["b.test"]);
    secure.dproxy.wait_for("a mended file", || shown(&secure, &["-servername", "b.test"]) == "b.test");
    secure.dproxy.wait_for("no problem", || secure.dproxy.data("/problems").as_array().is_some_and(Vec::is_empty));
}

#[test]
fn a_pipe_among_the_certificates_keeps_nobody_waiting() {
    let shop = Shop::with(&["a.test"]);
    assert!(Command::new("mkfifo").arg(shop.path("pipe.pem")).status().unwrap().success());
    let secure = shop.serve(|options| options);
    assert_eq!(shown(&secure, &["-servername", "a.test"]), "a.test");
    let problems = secure.dproxy.data("/problems").to_string();
    assert!(problems.contains("`pipe.pem` is not a file"), "{problems}");
}

#[test]
fn the_folder_of_a_host_of_acme_sh_is_read() {
    let shop = Shop::with(&[]);
    let (certificate, key) = shop.make(&["a.test"], &PKCS_ECDSA_P256_SHA256);
    let authority = fs::read_to_string(shop.ca()).unwrap();
    fs::create_dir(shop.path("a.test_ecc")).unwrap();
    fs::write(shop.path("a.test_ecc/a.test.key"), key).unwrap();
    fs::write(shop.path("a.test_ecc/a.test.cer"), &certificate).unwrap();
    fs::write(shop.path("a.test_ecc/ca.cer"), &authority).unwrap();
    fs::write(shop.path("a.test_ecc/fullchain.cer"), certificate + &authority).unwrap();
    let secure = shop.serve(|options| options);
    assert_eq!(shown(&secure, &["-servername", "a.test"]), "a.test");
    let certificates = secure.dproxy.data("/certificates").to_string();
    assert!(certificates.contains("a.test_ecc/fullchain.cer") && !certificates.contains("a.test.cer"), "{certificates}");
    assert!(secure.dproxy.data("/problems").as_array().is_some_and(Vec::is_empty), "{}", secure.dproxy.log());
}

#[test]
fn tls_begins_with_the_first_certificate() {
    let secure = Shop::with(&[]).serve(|options| options);
    assert!(shown(&secure, &["-servername", "a.test"]).contains("refused"));
    secure.shop.put("a", &["a.test"]);
    secure.dproxy.wait_for("the TLS port", || shown(&secure, &["-servername", "a.test"]) == "a.test");
    let listeners = secure.dproxy.status()["listeners"].to_string();
    assert!(listeners.contains(&secure.port.to_string()), "{listeners}");
}

#[test]
fn folders_of_certbot_are_read_and_their_links_may_be_swapped() {
    let shop = Shop::with(&[]);
    for (version, names) in [("1", ["a.test"]), ("2", ["b.test"])] {
        fs::create_dir_all(shop.path("archive")).unwrap();
        let (certificate, key) = shop.make(&names, &PKCS_ECDSA_P256_SHA256);
        fs::write(shop.path(&format!("archive/fullchain{version}.pem")), certificate).unwrap();
        fs::write(shop.path(&format!("archive/privkey{version}.pem")), key).unwrap();
    }
    let (archive, live) = (shop.path("archive"), shop.path("live/site"));
    fs::create_dir_all(&live).unwrap();
    let link = |version: u8| {
        for part in ["fullchain", "privkey"] {
            let next = format!("{live}/next");
            symlink(format!("{archive}/{part}{version}.pem"), &next).unwrap();
            fs::rename(next, format!("{live}/{part}.pem")).unwrap();
        }
    };
    link(1);
    let secure = shop.serve(|options| options);
    assert_eq!(shown(&secure, &["-servername", "a.test"]), "a.test");
    link(2);
    secure.dproxy.wait_for("the swapped certificate", || shown(&secure, &["-servername", "b.test"]) == "b.test");
}

#[test]
fn a_staple_from_a_file_is_shown() {
    let shop = Shop::with(&["a.test"]);
    // Just enough of an OCSP response that a client shows it: `tryLater`.
    fs::write(shop.path("a.test.ocsp"), [0x30, 3, 10, 1, 3]).unwrap();
    let secure = shop.serve(|options| options);
    let text = secure.s_client(&["-servername", "a.test", "-status"], "");
    assert!(text.contains("OCSP Response Status: trylater"), "{text}");
}

#[test]
fn certificates_are_renewed_under_load_and_no_request_fails() {
    let _busy = crate::among_others();
    let origin = echo();
    let secure = Shop::with(&["a.test"]).serve(|options| options.route("a.test", &[origin.addr()]));
    let at = format!("127.0.0.1:{}", secure.port);
    let mut load = Command::new("h2load");
    load.args(["-D", "9", "-c", "10", "-m", "4", "--connect-to", &at, "https://a.test/"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let load = load.spawn().unwrap();
    for round in 1..=3 {
        let renewed = format!("n{round}.test");
        secure.shop.put("a.test", &["a.test", &renewed]);
        secure.dproxy.wait_for("the renewed certificate", || shown(&secure, &["-servername", "a.test"]).contains(&renewed));
    }
    let told = String::from_utf8(load.wait_with_output().unwrap().stdout).unwrap();
    assert!(told.contains(" 0 failed, 0 errored, 0 timeout"), "{told}");
    assert!(!told.contains("requests: 0 total"), "{told}");
}

#[test]
fn a_check_of_the_configuration_looks_at_the_certificates_too() {
    let secure = Shop::with(&["a.test"])
        .serve(|options| options.yaml("routes:\n  - {host: a.test, backends: \"127.0.0.1:1\", client_ca: partners.pem}"));
    let checked = || secure.dproxy.run(&["master", "--check", "--config", &secure.dproxy.config().display().to_string()]);
    let told = checked();
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.stderr.contains("warning: routes[0]: there is no authority `partners.pem` in"), "{told:?}");
    fs::copy(secure.shop.ca(), secure.shop.path("partners.pem")).unwrap();
    assert_eq!(checked().stderr, "");
    fs::write(secure.shop.path("broken.crt"), "no certificate").unwrap();
    let told = checked();
    assert!(told.code == Some(0) && told.stderr.contains("warning: certificate broken.crt: "), "{told:?}");
}
