//! What those find who look for weaknesses from outside, with the settings as they are without any.

use std::fs;
use std::process::Command;

use dproxy_testkit::Value;

use super::{Shop, echo};

/// What a scanner wrote into `file` and said; none, with a line that says so, where there is no such program.
fn scanned(program: &str, words: &[&str]) -> Option<String> {
    match Command::new(program).args(words).output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(error) => {
            println!("skipped: cannot run {program}: {error}");
            None
        }
    }
}

#[test]
fn sslscan_finds_nothing_that_is_weak() {
    let _busy = crate::among_others();
    let secure = Shop::with(&["a.test"]).serve(|options| options);
    let at = format!("127.0.0.1:{}", secure.port);
    let Some(report) = scanned("sslscan", &["--xml=-", "--sni-name=a.test", &at]) else { return };
    let has = |line: &str| assert!(report.contains(line), "`{line}` is not in {report}");
    for old in [r#"type="ssl" version="2""#, r#"type="ssl" version="3""#, r#"type="tls" version="1.0""#, r#"type="tls" version="1.1""#] {
        has(&format!(r#"<protocol {old} enabled="0" />"#));
    }
    has(r#"<protocol type="tls" version="1.2" enabled="1" />"#);
    has(r#"<protocol type="tls" version="1.3" enabled="1" />"#);
    has(r#"<renegotiation supported="0" secure="0" />"#);
    assert!(!report.contains(r#"vulnerable="1""#) && !report.contains(r#"<compression supported="1""#), "{report}");
    let ciphers: Vec<&str> = report.lines().filter(|line| line.contains("<cipher ")).collect();
    assert!(ciphers.len() >= 6, "{report}");
    for cipher in ciphers {
        let strong = cipher.contains(r#"strength="strong""#) || cipher.contains(r#"strength="acceptable""#);
        assert!(strong && (cipher.contains("GCM") || cipher.contains("POLY1305")) && cipher.contains("curve="), "{cipher}");
    }
}

#[test]
fn testssl_finds_nothing_above_info() {
    let _busy = crate::among_others();
    let origin = echo();
    let shop = Shop::with(&["a.test"]);
    shop.put("default", &["a.test"]);
    let secure = shop.serve(|options| options.route("a.test", &[origin.addr()]));
    let file = secure.shop.home.path().join("report.json").display().to_string();
    let url = format!("https://a.test:{}", secure.port);
    let quiet = ["--quiet", "--color", "0", "--warnings", "off", "--ip", "127.0.0.1", "--add-ca", &secure.shop.ca(), "--jsonfile", &file];
    // Protocols, server defaults, ciphers, forward secrecy, the order of ciphers, vulnerabilities.
    let Some(said) = scanned("testssl", &[&quiet[..], &["-p", "-S", "-s", "-f", "-P", "-U", &url]].concat()) else { return };
    let report: Vec<Value> =
        fs::read_to_string(&file).ok().and_then(|text| text.parse::<Value>().ok()?.as_array().cloned()).unwrap_or_default();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let tls13 = report.iter().find(|row| row["id"] == "TLS1_3").unwrap_or_else(|| panic!("nothing was scanned: {said}"));
    assert!(text(tls13, "finding").contains("offered"), "{tls13}");
    // The certificate and its zone are a test's; the rest is ours.
    let theirs = |row: &&Value| text(row, "id").starts_with("cert_") || text(row, "id").starts_with("DNS_");
    let found: Vec<&Value> = report
        .iter()
        .filter(|row| !theirs(row))
        .filter(|row| ["LOW", "MEDIUM", "HIGH", "CRITICAL"].contains(&&*text(row, "severity")))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}
