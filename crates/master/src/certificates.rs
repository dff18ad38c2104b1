//! Certificates, as operators see them.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::SystemTime;

use dproxy_certs::{Description, reminder};
use dproxy_config::{Authority, Certificate};
use dproxy_control::{CertificateRow, CertificatesRow};
use dproxy_route::{Backend, Problem, Route, Scheme};
use jiff::Timestamp;

const DAY: i64 = 24 * 3600;

/// What lies in the directory of certificates.
pub(crate) struct Shelf<'s> {
    /// Where it is; none if there is no such directory.
    pub(crate) path: Option<&'s Path>,
    pub(crate) authorities: &'s [Authority],
    pub(crate) certificates: &'s [Certificate],
}

impl Shelf<'_> {
    /// What these routes name that is not there, and what that means for them.
    pub(crate) fn missing(&self, routes: &[Route]) -> BTreeSet<Problem> {
        let mut problems = BTreeSet::new();
        for route in routes {
            let asked = route.https.client_auth.iter().filter(|auth| !self.has_authority(&auth.authority));
            let asked = asked.map(|auth| self.lack("authority", &auth.authority, "nobody is let in"));
            let met = route.backends().filter(|backend| backend.scheme == Scheme::Https).flat_map(|backend| self.lacks_for(backend));
            problems.extend(asked.chain(met).map(|text| Problem::new(route.owner.to_string(), text)));
        }
        problems
    }

    fn lacks_for(&self, backend: &Backend) -> Vec<String> {
        let trust = &backend.trust;
        let authority = trust.authority.as_ref().filter(|name| trust.verify && !self.has_authority(name));
        let certificate = trust.certificate.as_ref().filter(|name| self.certificates.iter().all(|known| known.file != **name));
        let authority = authority.map(|name| self.lack("authority", name, "it gets no requests"));
        authority.into_iter().chain(certificate.map(|name| self.lack("certificate", name, "it gets no requests"))).collect()
    }

    fn has_authority(&self, name: &str) -> bool {
        self.authorities.iter().any(|authority| authority.name == name)
    }

    fn lack(&self, kind: &str, name: &str, so: &str) -> String {
        match self.path {
            Some(path) => format!("there is no {kind} `{name}` in `{}`, so {so}", path.display()),
            None => format!("there is no {kind} `{name}`, so {so}: `ssl.path` must name the directory where it is"),
        }
    }
}

/// The row of a certificate that is shown to clients at `now`; `remarks` are what should be mended.
pub(crate) fn served(certificate: &Certificate, source: &str, remarks: &[&str], now: SystemTime) -> CertificateRow {
    let bare = CertificateRow {
        file: certificate.file.clone(),
        source: source.to_owned(),
        names: certificate.names.iter().map(ToString::to_string).collect(),
        default: certificate.default,
        problems: owned(remarks),
        ..CertificateRow::default()
    };
    let leaf = certificate.chain.first().and_then(|der| Description::of(der));
    let Some(Description { issuer, key, begins, ends }) = leaf else { return CertificateRow { state: "unusable".to_owned(), ..bare } };
    let state = match () {
        () if now < begins => "not yet valid",
        () if ends <= now => "expired",
        () if reminder(ends, now).is_some() => "expires soon",
        () => "valid",
    };
    CertificateRow {
        issuer,
        key,
        state: state.to_owned(),
        begins: written(begins),
        ends: written(ends),
        days_left: Some(days_left(ends, now)),
        ..bare
    }
}

/// The row of a file that cannot be used, for these reasons.
pub(crate) fn unusable(file: &str, reasons: &[&str]) -> CertificateRow {
    let (file, source, state) = (file.to_owned(), "file".to_owned(), "unusable".to_owned());
    CertificateRow { file, source, state, problems: owned(reasons), ..CertificateRow::default() }
}

/// All of them at a glance: the file of each, and until when it is valid.
pub(crate) fn summary<'c>(expiries: impl Iterator<Item = (&'c str, SystemTime)>, now: SystemTime) -> CertificatesRow {
    let expiries: Vec<(&str, SystemTime)> = expiries.collect();
    let next = expiries.iter().min_by_key(|(_, ends)| *ends);
    CertificatesRow {
        count: expiries.len(),
        next: next.map(|(file, _)| (*file).to_owned()),
        days_left: next.map(|(_, ends)| days_left(*ends, now)),
    }
}

/// Rounded down, so that what has ended a second ago has less than none.
fn days_left(ends: SystemTime, now: SystemTime) -> i64 {
    let seconds = match ends.duration_since(now) {
        Ok(left) => i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
        Err(error) => error.duration().as_nanos().div_ceil(1_000_000_000).try_into().map_or(i64::MIN, |since: i64| -since),
    };
    seconds.div_euclid(DAY)
}

fn written(time: SystemTime) -> Option<String> {
    Timestamp::try_from(time).ok().map(|time| time.to_string())
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use dproxy_config::Secret;
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    #[test]
    fn a_row_tells_how_a_certificate_is() {
        let mut params = CertificateParams::new(vec!["a.test".to_owned()]).unwrap();
        let at = |days: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(20_000 * 86_400 + days * 86_400);
        (params.not_before, params.not_after) = (at(10).into(), at(100).into());
        let key = KeyPair::generate().unwrap();
        let certificate = Certificate {
            file: "a.crt".to_owned(),
            names: vec!["a.test".parse().unwrap()],
            default: false,
            chain: vec![params.self_signed(&key).unwrap().der().to_vec()],
            key: Secret::new(key.serialize_der()),
            staple: None,
        };
        let check = |day, state: &str, left| {
            let row = served(&certificate, "file", &["x"], at(day));
            assert_eq!((row.state.as_str(), row.days_left, row.problems.as_slice()), (state, Some(left), &["x".to_owned()][..]), "{day}");
        };
        check(9, "not yet valid", 91);
        check(10, "valid", 90);
        check(93, "valid", 7);
        check(94, "expires soon", 6);
        check(100, "expired", 0);
        check(101, "expired", -1);
        let row = served(&certificate, "file", &[], at(10));
        assert_eq!((row.begins.as_deref(), row.ends.as_deref()), (Some("2024-10-14T00:00:00Z"), Some("2025-01-12T00:00:00Z")));
        assert_eq!(served(&Certificate { chain: Vec::new(), ..certificate }, "file", &[], at(10)).state, "unusable");
    }

    #[test]
    fn what_routes_name_and_is_not_there_is_told() {
        use dproxy_route::{Backend, HostPattern, Https, PathPrefix, Trust};
        let there = Authority { name: "there.pem".to_owned(), certificates: Vec::new(), revoked: Vec::new() };
        let check = |authority: &str, trust: Trust, path: Option<&str>, expected: &[&str]| {
            let backend = Backend { scheme: Scheme::Https, trust, ..Backend::at("10.0.0.1:443".parse().unwrap()) };
            let mut https = Https::default();
            https.say("client_ca", authority).unwrap();
            let route = Route { https, ..Route::fixed(0, HostPattern::Any, PathPrefix::root(), backend) };
            let shelf = Shelf { path: path.map(Path::new), authorities: std::slice::from_ref(&there), certificates: &[] };
            let told: Vec<String> = shelf.missing(&[route.clone(), route]).into_iter().map(|problem| problem.text).collect();
            assert_eq!(told, expected);
        };
        check("there.pem", Trust::default(), Some("/tls"), &[]);
        check("gone.pem", Trust::default(), Some("/tls"), &["there is no authority `gone.pem` in `/tls`, so nobody is let in"]);
        let text = "there is no authority `gone.pem`, so nobody is let in: `ssl.path` must name the directory where it is";
        check("gone.pem", Trust::default(), None, &[text]);
        let strict = Trust { verify: true, authority: Some("x.pem".to_owned()), certificate: Some("us.pem".to_owned()), name: None };
        let (one, other) = ("there is no authority `x.pem` in `/tls`", "there is no certificate `us.pem` in `/tls`");
        check(
            "there.pem",
            strict,
            Some("/tls"),
            &[one, other].map(|text| format!("{text}, so it gets no requests")).each_ref().map(String::as_str),
        );
        check("there.pem", Trust { authority: Some("there.pem".to_owned()), verify: true, ..Trust::default() }, Some("/tls"), &[]);
    }

    #[test]
    fn the_summary_names_the_first_to_end() {
        let now = SystemTime::now();
        let day = Duration::from_secs(86_400);
        let row = summary([("a", now + day * 9), ("b", now + day * 3 / 2)].into_iter(), now);
        assert_eq!((row.count, row.next.as_deref(), row.days_left), (2, Some("b"), Some(1)));
        assert_eq!(summary([("a", now - Duration::from_millis(1))].into_iter(), now).days_left, Some(-1));
        assert_eq!(summary(std::iter::empty(), now), CertificatesRow::default());
    }
}
