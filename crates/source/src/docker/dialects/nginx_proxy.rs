//! The environment that nginx-proxy reads: `VIRTUAL_HOST` and its kin.

use super::*;

/// The variables that are read; nobody sees what others hold.
pub(in super::super) const VARIABLES: [&str; 9] = [
    "VIRTUAL_HOST",
    "VIRTUAL_PORT",
    "VIRTUAL_PROTO",
    "VIRTUAL_PATH",
    "VIRTUAL_DEST",
    "VIRTUAL_HOST_MULTIPORTS",
    "NETWORK_ACCESS",
    "ACME_HOST",
    "LETSENCRYPT_HOST",
];

/// See [`super::translated`].
pub(super) fn translated(facts: &Facts) -> Option<Translation> {
    let environment = &facts.inspected.as_ref()?.virtual_host;
    let said = |name: &str| environment.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
    let mut translation = Translation::new(Dialect::NginxProxy);
    if said("VIRTUAL_HOST_MULTIPORTS").is_some() {
        translation.problems.push("VIRTUAL_HOST_MULTIPORTS is not read; write VIRTUAL_HOST and VIRTUAL_PORT".to_owned());
    }
    let Some(hosts) = said("VIRTUAL_HOST") else {
        return (!translation.problems.is_empty()).then_some(translation);
    };
    let mut site = Site::default();
    site.set(HOST_LABEL, translation.hosts(hosts));
    if let Some(port) = said("VIRTUAL_PORT") {
        site.set(PORT_LABEL, port);
    }
    match said("VIRTUAL_PROTO").map(str::to_ascii_lowercase).as_deref() {
        None | Some("http") => {}
        Some(known @ ("https" | "grpc")) => site.set(PROTOCOL_LABEL, known),
        Some(other) => {
            translation.problems.push(format!("VIRTUAL_PROTO=`{other}` is not spoken; http, https and grpc are"));
            site.refuse(format!("its program speaks {other}, which this proxy does not"));
        }
    }
    translation.path(said("VIRTUAL_PATH"), said("VIRTUAL_DEST"), &mut site);
    if said("NETWORK_ACCESS") == Some("internal") {
        site.refuse("NETWORK_ACCESS=internal is not supported, and without it everybody could come in");
    }
    let certified = said("ACME_HOST").or(said("LETSENCRYPT_HOST")).unwrap_or_default();
    translation.sites.extend(site.split_by(certified));
    Some(translation)
}

impl Site {
    /// The hosts of this one that are in the list get certificates by ACME; the others are a site of their own.
    fn split_by(self, certified: &str) -> Vec<Site> {
        let listed = |host: &&str| certified.split(',').any(|other| other.trim().eq_ignore_ascii_case(host));
        let hosts = self.labels.get(HOST_LABEL).cloned().unwrap_or_default();
        let (certified, others): (Vec<&str>, Vec<&str>) = hosts.split(',').partition(listed);
        if certified.is_empty() {
            return vec![self];
        }
        let mut site = self.clone();
        site.set(HOST_LABEL, certified.join(","));
        site.set(TLS_LABEL, "acme");
        let mut rest = self;
        rest.set(HOST_LABEL, others.join(","));
        if others.is_empty() { vec![site] } else { vec![site, rest] }
    }
}

impl Translation {
    /// The names that we can match, in a list.
    fn hosts(&mut self, hosts: &str) -> String {
        let (known, others): (Vec<&str>, Vec<&str>) = hosts
            .split(',')
            .map(str::trim)
            .filter(|host| !host.is_empty())
            .partition(|host| !host.starts_with('~') && !host.ends_with(".*"));
        for host in others {
            self.problems.push(format!("VIRTUAL_HOST: `{host}` is not matched; names and `*.name` are"));
        }
        known.join(",")
    }

    fn path(&mut self, path: Option<&str>, dest: Option<&str>, site: &mut Site) {
        let Some(path) = path else { return };
        if path.starts_with('~') {
            self.problems.push(format!("VIRTUAL_PATH=`{path}` is a regular expression, which is not matched"));
            return site.refuse("its path is a regular expression, which is not matched");
        }
        site.set(PATH_LABEL, path);
        if let Some(dest) = dest.filter(|_| !path.trim_end_matches('/').is_empty()) {
            site.set(STRIP_PREFIX_LABEL, "true");
            if !dest.trim_end_matches('/').is_empty() {
                site.set(ADD_PREFIX_LABEL, dest);
            }
        }
    }
}
