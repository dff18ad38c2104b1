//! What operators are told of certificates.

use std::fs;
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, KeyPair};

use super::Shop;

const DAY: Duration = Duration::from_secs(86_400);

/// `file.crt` and `file.key` for `a.test`, which end so long from now and began a month before.
fn put(shop: &Shop, file: &str, ends: SystemTime) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["a.test".to_owned()]).unwrap();
    (params.not_before, params.not_after) = ((ends - DAY * 30).into(), ends.into());
    fs::write(shop.path(&format!("{file}.key")), key.serialize_pem()).unwrap();
    fs::write(shop.path(&format!("{file}.crt")), params.signed_by(&key, &shop.authority).unwrap().pem()).unwrap();
}

#[test]
fn every_certificate_is_listed_and_the_status_tells_which_ones_end() {
    let shop = Shop::with(&[]);
    let now = SystemTime::now();
    let hour = Duration::from_secs(3600);
    put(&shop, "good", now + DAY * 20 + hour);
    put(&shop, "soon", now + DAY * 3 + hour);
    put(&shop, "old", now - DAY * 2 - hour);
    fs::write(shop.path("lonely.key"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    fs::write(shop.path("bad.crt"), "no certificate").unwrap();
    let secure = shop.serve(|options| options.yaml("routes:\n  - {host: l.test, backends: \"127.0.0.1:1\", tls: internal}"));
    secure.dproxy.wait_for("the local one", || secure.dproxy.data("/certificates").to_string().contains("local/l.test"));

    let rows = secure.dproxy.data("/certificates?sort=file");
    let told: Vec<String> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("{} {} {} {} {}", row["file"], row["source"], row["state"], row["days_left"], row["key"]).replace('"', ""))
        .collect();
    assert_eq!(
        told,
        [
            "bad.crt file unusable null ",
            "good.crt file valid 20 ECDSA P-256",
            "local/l.test internal valid 89 ECDSA P-256",
            "lonely.key file unusable null ",
            "old.crt file expired -3 ECDSA P-256",
            "soon.crt file expires soon 3 ECDSA P-256",
        ]
    );
    let row = |file: &str| secure.dproxy.data(&format!("/certificates?where=file={file}"))[0].clone();
    assert_eq!((&row("good.crt")["issuer"], &row("good.crt")["names"][0]), (&"rcgen self signed cert".into(), &"a.test".into()));
    assert_eq!(row("local/l.test")["issuer"], "dproxy local authority");
    assert_eq!(row("old.crt")["problems"][0], "it expired 2 days ago; renew it");
    assert_eq!(row("lonely.key")["problems"][0], "there is no certificate for this key beside it");

    let shown = secure.dproxy.run(&["ctl", "certs", "--socket", &secure.dproxy.socket().display().to_string()]);
    assert!(shown.code == Some(0) && shown.stdout.starts_with("FILE") && shown.stdout.contains("it expires in 3 days"), "{shown:?}");
    let status = secure.dproxy.status();
    let warnings = status["warnings"].to_string();
    for expected in ["certificate old.crt expired 2 days ago; renew it", "certificate soon.crt expires in 3 days; renew it"] {
        assert!(warnings.contains(expected), "{warnings}");
    }
    assert!(!warnings.contains("good.crt"), "{warnings}");
    assert_eq!((&status["certificates"]["count"], &status["certificates"]["next"]), (&4.into(), &"old.crt".into()));
    let metrics = secure.dproxy.api("/metrics").text();
    for file in ["good.crt", "soon.crt", "old.crt", "local/l.test"] {
        assert!(metrics.contains(&format!("dproxy_certificate_expiry_timestamp_seconds{{file=\"{file}\"}} ")), "{file}");
    }
}
