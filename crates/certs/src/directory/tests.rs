use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256, date_time_ymd};
use tempfile::TempDir;

use super::*;

/// Certificates made in a directory of their own.
struct Shop {
    home: TempDir,
    directory: Directory,
}

/// A certificate and its key, as PEM.
struct Made {
    certificate: String,
    key: String,
}

fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, "leaf");
    params
}

fn signed_by_itself(params: CertificateParams) -> Made {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    Made { certificate: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
}

fn for_names(names: &[&str]) -> Made {
    signed_by_itself(params(names))
}

impl Shop {
    fn new() -> Shop {
        let home = tempfile::tempdir().unwrap();
        let directory = Directory::new(home.path().to_owned());
        Shop { home, directory }
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.home.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn put_pair(&self, name: &str, made: &Made) {
        self.put(&format!("{name}.crt"), &made.certificate);
        self.put(&format!("{name}.key"), &made.key);
    }

    fn read(&mut self) -> Holdings {
        self.directory.read(SystemTime::now())
    }

    /// `file: names` of every certificate, the best first.
    fn served(&mut self) -> Vec<String> {
        let words = |certificate: &Certificate| {
            let names: Vec<String> = certificate.names.iter().map(ToString::to_string).collect();
            format!("{}: {}", certificate.file, names.join(" "))
        };
        self.read().certificates.iter().map(words).collect()
    }

    fn problems(&mut self) -> Vec<String> {
        self.read().problems.iter().map(ToString::to_string).collect()
    }
}

#[test]
fn names_are_those_of_the_certificate_and_of_its_file() {
    let mut shop = Shop::new();
    shop.put_pair("any", &for_names(&["b.test", "*.c.test", "10.0.0.1"]));
    assert_eq!(shop.served(), ["any.crt: b.test *.c.test"]);
    assert_eq!(shop.problems(), Vec::<String>::new());
    shop.put_pair("_.d.test", &for_names(&["a.test"]));
    assert_eq!(shop.problems(), ["certificate _.d.test.crt: its certificate is not made for `*.d.test`, as the file is called"]);
    assert!(shop.served().contains(&"_.d.test.crt: a.test *.d.test".to_owned()));
}

#[test]
fn each_bad_file_is_named_and_costs_only_itself() {
    let good = for_names(&["good.test"]);
    let check = |files: &[(&str, &str)], expected: &[&str]| {
        let mut shop = Shop::new();
        shop.put_pair("good", &good);
        files.iter().for_each(|(name, text)| shop.put(name, text));
        assert_eq!(shop.problems(), expected);
        assert!(shop.served().contains(&"good.crt: good.test".to_owned()));
    };
    let other = for_names(&["bad.test"]);
    let nameless = signed_by_itself(CertificateParams::new(Vec::new()).unwrap());
    let mut old = params(&["old.test"]);
    old.not_after = date_time_ymd(2020, 1, 1);
    let old = signed_by_itself(old);
    let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let locked_of_old =
        "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMAA=\n-----END EC PRIVATE KEY-----\n";
    check(&[("bad.crt", &other.certificate)], &["certificate bad.crt: there is no key for it; put `bad.key` beside it"]);
    check(&[("bad.key", &other.key)], &["certificate bad.key: there is no certificate for this key beside it"]);
    check(
        &[("bad.crt", &other.certificate), ("bad.key", &good.key)],
        &["certificate bad.crt: the key in `bad.key` belongs to another certificate"],
    );
    check(&[("bad.pem", "")], &["certificate bad.pem: there is no certificate in it"]);
    check(&[("bad.pem", "nonsense")], &["certificate bad.pem: there is no certificate in it"]);
    for locked in [locked, locked_of_old] {
        check(
            &[("bad.crt", &other.certificate), ("bad.key", locked)],
            &["certificate bad.crt: its key is locked by a password; unlock it with `openssl pkey -in FILE -out FILE`"],
        );
    }
    check(
        &[("x/fullchain.pem", &nameless.certificate), ("x/privkey.pem", &nameless.key)],
        &["certificate x/fullchain.pem: it names no host; make one with a subject alternative name"],
    );
    let days = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH + Duration::from_secs(1_577_836_800)).unwrap().as_secs() / 86400;
    check(
        &[("old.crt", &old.certificate), ("old.key", &old.key)],
        &[&format!("certificate old.crt: it expired {days} days ago; renew it")],
    );
    for (text, word) in
        [("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", "no PEM"), ("-----BEGIN CERTIFICATE-----\n", "no PEM")]
    {
        let mut shop = Shop::new();
        shop.put_pair("good", &good);
        shop.put("bad.pem", text);
        let problems = shop.problems();
        assert!(problems.len() == 1 && problems[0].starts_with("certificate bad.pem: it is") && problems[0].contains(word), "{problems:?}");
    }
    let garbage = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    let mut shop = Shop::new();
    shop.put("bad.crt", garbage);
    shop.put("bad.key", &good.key);
    assert!(shop.problems()[0].starts_with("certificate bad.crt: its certificate cannot be used"), "{:?}", shop.problems());
}

#[test]
fn an_unreadable_directory_is_named() {
    let mut directory = Directory::new(PathBuf::from("/no/such/place"));
    let holdings = directory.read(SystemTime::now());
    assert!(holdings.problems[0].to_string().starts_with("certificates in /no/such/place: cannot be read: No such file"));
}

#[test]
fn what_was_good_is_served_until_it_is_mended_or_taken_away() {
    let mut shop = Shop::new();
    shop.put_pair("a", &for_names(&["a.test"]));
    assert_eq!(shop.served(), ["a.crt: a.test"]);
    let renewed = for_names(&["a.test", "b.test"]);
    shop.put("a.crt", &renewed.certificate);
    assert_eq!(shop.served(), ["a.crt: a.test"]);
    assert_eq!(shop.problems(), ["certificate a.crt: the key in `a.key` belongs to another certificate; what it held before is served on"]);
    shop.put("a.key", &renewed.key);
    assert_eq!(shop.served(), ["a.crt: a.test b.test"]);
    fs::remove_file(shop.home.path().join("a.crt")).unwrap();
    assert_eq!(shop.served(), Vec::<String>::new());
}

#[test]
fn valid_certificates_come_first_and_of_these_the_one_that_lasts_longest() {
    let mut shop = Shop::new();
    for (name, begins, ends) in [("expired", 2000, 2001), ("short", 2000, 4000), ("long", 2000, 4001), ("future", 4000, 4002)] {
        let mut params = params(&["a.test"]);
        (params.not_before, params.not_after) = (date_time_ymd(begins, 1, 1), date_time_ymd(ends, 1, 1));
        shop.put_pair(name, &signed_by_itself(params));
    }
    let files: Vec<String> = shop.read().certificates.iter().map(|certificate| certificate.file.clone()).collect();
    assert_eq!(files, ["long.crt", "short.crt", "future.crt", "expired.crt"]);
}

#[test]
fn a_chain_in_any_order_is_mended_and_an_authority_is_kept_apart() {
    let authority = |name: &str| {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        (params, KeyPair::generate().unwrap())
    };
    let (root, root_key) = authority("root");
    let root_certificate = root.self_signed(&root_key).unwrap();
    let root = Issuer::new(root, root_key);
    let (middle, middle_key) = authority("middle");
    let middle_certificate = middle.signed_by(&middle_key, &root).unwrap();
    let middle = Issuer::new(middle, middle_key);
    let key = KeyPair::generate().unwrap();
    let leaf = params(&["a.test"]).signed_by(&key, &middle).unwrap();
    let mut shop = Shop::new();
    shop.put("a.crt", &[root_certificate.pem(), middle_certificate.pem(), leaf.pem()].concat());
    shop.put("a.key", &key.serialize_pem());
    shop.put("clients.pem", &root_certificate.pem());
    shop.put("a.ocsp", "staple");
    let holdings = shop.read();
    assert_eq!(holdings.problems, []);
    assert_eq!(holdings.certificates[0].chain, [leaf.der().to_vec(), middle_certificate.der().to_vec()]);
    assert_eq!(holdings.certificates[0].staple.as_deref(), Some(&b"staple"[..]));
    assert_eq!(holdings.authorities[0].name, "clients.pem");
    assert_eq!(holdings.authorities[0].certificates, [root_certificate.der().to_vec()]);
}

#[test]
fn a_swapped_link_is_a_change_and_a_second_look_is_none() {
    let shop = Shop::new();
    let now = SystemTime::now();
    shop.put_pair("one/a", &for_names(&["a.test"]));
    shop.put_pair("two/a", &for_names(&["b.test"]));
    let live = shop.home.path().join("live");
    std::os::unix::fs::symlink(shop.home.path().join("one"), &live).unwrap();
    let mut directory = Directory::new(live.clone());
    assert!(directory.has_changed(now));
    assert_eq!(directory.read(now).certificates[0].names[0].to_string(), "a.test");
    assert!(!directory.has_changed(now));
    let next = shop.home.path().join("next");
    std::os::unix::fs::symlink(shop.home.path().join("two"), &next).unwrap();
    fs::rename(next, live).unwrap();
    assert!(directory.has_changed(now));
    assert_eq!(directory.read(now).certificates[0].names[0].to_string(), "b.test");
    assert!(directory.has_changed(now + JUDGED_AGAIN));
}

#[test]
fn a_certificate_to_be_shown_to_backends_needs_no_name_of_a_host() {
    let mut us = params(&[]);
    us.subject_alt_names.push(rcgen::SanType::URI("spiffe://shop/us".try_into().unwrap()));
    us.extended_key_usages.push(rcgen::ExtendedKeyUsagePurpose::ClientAuth);
    let mut shop = Shop::new();
    shop.put_pair("us", &signed_by_itself(us));
    assert_eq!((shop.served(), shop.read().problems), (vec!["us.crt: ".to_owned()], Vec::new()));
}

#[test]
fn what_never_ends_is_not_read() {
    let mut shop = Shop::new();
    shop.put_pair("a", &for_names(&["a.test"]));
    std::os::unix::fs::symlink("/dev/zero", shop.home.path().join("device.pem")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(shop.home.path().join("pipe.pem")).status().unwrap();
    assert!(made.success());
    assert_eq!(shop.served(), ["a.crt: a.test"]);
    assert_eq!(shop.problems(), ["certificate device.pem: `device.pem` is not a file", "certificate pipe.pem: `pipe.pem` is not a file"]);
}
