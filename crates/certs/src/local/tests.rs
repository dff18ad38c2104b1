use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::*;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn hosts(text: &str) -> BTreeSet<HostPattern> {
    text.split_whitespace().map(|host| host.parse().unwrap()).collect()
}

fn served(local: &Local) -> Vec<String> {
    local.certificates().map(|certificate| certificate.names[0].to_string()).collect()
}

/// Whether a client that believes the authority in `home` believes that it met `name`.
fn is_believed(home: &Path, certificate: &Certificate, name: &str, now: SystemTime) -> bool {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(home.join("ca.crt")).unwrap()).unwrap();
    let provider = aws_lc_rs::default_provider().into();
    let verifier = WebPkiServerVerifier::builder_with_provider(std::sync::Arc::new(roots), provider).build().unwrap();
    let leaf = CertificateDer::from(certificate.chain[0].clone());
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let now = UnixTime::since_unix_epoch(now.duration_since(SystemTime::UNIX_EPOCH).unwrap());
    verifier.verify_server_cert(&leaf, &[], &name, &[], now).is_ok()
}

#[test]
fn hosts_get_certificates_at_once_that_those_believe_who_know_the_authority() {
    let home = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    let mut local = Local::recall(home.path().to_owned(), now);
    assert!(!home.path().join("ca.key").exists(), "nobody has asked for it");
    assert!(local.vouch(&hosts("a.test *.b.test"), now));
    assert!(!local.vouch(&hosts("a.test *.b.test"), now), "nothing is new");
    let certificates: Vec<Certificate> = local.certificates().cloned().collect();
    let check = |place: usize, name: &str, expected: bool| {
        assert_eq!(is_believed(home.path(), &certificates[place], name, now), expected, "{name}");
    };
    assert_eq!(served(&local), ["a.test", "*.b.test"]);
    check(0, "a.test", true);
    check(0, "b.test", false);
    check(1, "x.b.test", true);
    assert!(local.vouch(&hosts("a.test"), now));
    assert_eq!(served(&local), ["a.test"]);
    assert_eq!(local.certificates().next(), certificates.first(), "it stays as it is while others come and go");
}

#[test]
fn the_key_of_the_authority_is_for_its_owner_only() {
    let home = tempfile::tempdir().unwrap();
    Local::recall(home.path().to_owned(), SystemTime::now()).vouch(&hosts("a.test"), SystemTime::now());
    let mode = fs::metadata(home.path().join("ca.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn the_next_master_has_the_same_authority_and_vouches_for_the_same_hosts_at_once() {
    let home = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    Local::recall(home.path().to_owned(), now).vouch(&hosts("a.test *.b.test"), now);
    let authority = fs::read(home.path().join("ca.crt")).unwrap();
    let again = Local::recall(home.path().to_owned(), now);
    assert_eq!(served(&again), ["a.test", "*.b.test"]);
    assert!(is_believed(home.path(), again.certificates().next().unwrap(), "a.test", now));
    assert_eq!(fs::read(home.path().join("ca.crt")).unwrap(), authority);
}

#[test]
fn certificates_are_made_anew_long_before_they_end() {
    let home = tempfile::tempdir().unwrap();
    let mut now = SystemTime::now();
    let mut local = Local::recall(home.path().to_owned(), now);
    local.vouch(&hosts("a.test"), now);
    let mut renewals = 0;
    for _ in 0..3 * 365 {
        now += DAY;
        renewals += usize::from(local.vouch(&hosts("a.test"), now));
        let left = local.ends().next().unwrap().duration_since(now).unwrap();
        assert!(left > DAY * 29 && left <= DAY * 90, "{left:?}");
        assert!(is_believed(home.path(), local.certificates().next().unwrap(), "a.test", now));
    }
    assert_eq!(renewals, 18);
}

#[test]
fn an_authority_that_cannot_be_used_is_told_with_the_way_out() {
    let check = |spoil: fn(&Path), expected: &str| {
        let home = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        Local::recall(home.path().to_owned(), now).vouch(&hosts("a.test"), now);
        spoil(home.path());
        let mut local = Local::recall(home.path().to_owned(), now);
        assert!(!local.vouch(&hosts("a.test"), now), "nothing is new");
        let problem = local.problem().unwrap().to_string();
        assert!(problem.contains(expected), "{problem}");
        fs::remove_file(home.path().join("ca.crt")).unwrap();
        let _ = fs::remove_file(home.path().join("ca.key"));
        assert!(local.vouch(&hosts("a.test"), now), "a new one");
        assert_eq!(local.problem(), None);
    };
    check(|home| fs::write(home.join("ca.crt"), "x").unwrap(), "ca.crt` is broken; put it back, or take it and `");
    check(|home| fs::write(home.join("ca.key"), "x").unwrap(), "ca.key` is broken; put it back, or take it and `");
    check(|home| fs::remove_file(home.join("ca.key")).unwrap(), "ca.key` is not there, but its certificate is");
    let other = |home: &Path| {
        let key = rcgen::KeyPair::generate().unwrap();
        fs::write(home.join("ca.key"), key.serialize_pem()).unwrap();
    };
    check(other, "belongs to another key");
}

#[test]
fn an_authority_that_ends_is_told_and_makes_no_haste_before() {
    let home = tempfile::tempdir().unwrap();
    let mut now = SystemTime::now();
    let mut local = Local::recall(home.path().to_owned(), now);
    let mut renewals = 0;
    while local.problem().is_none() {
        now += DAY;
        renewals += usize::from(local.vouch(&hosts("a.test"), now));
    }
    assert!(renewals < 80, "{renewals}");
    assert_eq!(served(&local), Vec::<String>::new());
    assert!(local.problem().unwrap().to_string().contains("ca.crt` has expired; take it away to have a new one"));
}

#[test]
fn an_authority_without_certificate_gets_another_one() {
    let home = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    Local::recall(home.path().to_owned(), now).vouch(&hosts("a.test"), now);
    fs::remove_file(home.path().join("ca.crt")).unwrap();
    let local = Local::recall(home.path().to_owned(), now);
    assert!(is_believed(home.path(), local.certificates().next().unwrap(), "a.test", now));
}
