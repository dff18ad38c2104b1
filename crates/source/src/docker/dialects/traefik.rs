//! Labels for Traefik (v2 and v3): `traefik.http.{routers,services,middlewares}.…`.

use std::collections::{BTreeMap, BTreeSet};

use super::super::routes::{COMPOSE_PROJECT, COMPOSE_SERVICE};
use super::rule::{self, Place};
use super::*;

const ROUTERS: &str = "traefik.http.routers.";
const SERVICES: &str = "traefik.http.services.";
const MIDDLEWARES: &str = "traefik.http.middlewares.";
/// The names that people give the two public listeners. Both are all of ours: one that speaks TLS is there or not.
const ENTRYPOINTS: [&str; 10] =
    ["web", "http", "websecure", "https", "web-secure", "web_secure", "http-secure", "entryhttp", "entryhttps", "websecured"];
/// Middlewares that keep somebody out; without them a route would be open.
const GUARDS: [&str; 7] = ["basicauth", "digestauth", "forwardauth", "ipallowlist", "ipwhitelist", "passtlsclientcert", "plugin"];
/// How deep chains of middlewares are followed.
const MAX_CHAIN: usize = 8;

/// See [`super::translated`].
pub(super) fn translated(facts: &Facts, containers: &[Facts]) -> Option<Translation> {
    let labels = Labels::of(facts);
    let enabled = labels.get("traefik.enable").map(|value| value.eq_ignore_ascii_case("true"));
    let routers = labels.names(ROUTERS);
    if enabled == Some(false) || (enabled.is_none() && routers.is_empty()) {
        return labels.old_words();
    }
    let mut reader = Reader { facts, labels, containers, translation: Translation::new(Dialect::Traefik) };
    if routers.is_empty() {
        reader.default_router();
    }
    for router in &routers {
        reader.router(router);
    }
    reader.tell_of_tcp();
    Some(reader.translation)
}

/// The labels of a container, by their names in lower case.
struct Labels<'f>(BTreeMap<String, &'f str>);

impl<'f> Labels<'f> {
    fn of(facts: &'f Facts) -> Labels<'f> {
        let ours = facts.labels.iter().filter(|(name, _)| name.len() > 8 && name.as_bytes()[..8].eq_ignore_ascii_case(b"traefik."));
        Labels(ours.map(|(name, value)| (name.to_ascii_lowercase(), value.trim())).collect())
    }

    fn get(&self, name: &str) -> Option<&'f str> {
        self.0.get(&name.to_ascii_lowercase()).copied()
    }

    /// The names right behind `prefix`.
    fn names(&self, prefix: &str) -> BTreeSet<String> {
        let behind = self.0.keys().filter_map(|name| name.strip_prefix(prefix)?.split_once('.'));
        behind.map(|(name, _)| name.to_owned()).collect()
    }

    /// Keys and values below `prefix`.
    fn below(&self, prefix: &str) -> Vec<(&str, &'f str)> {
        self.0.iter().filter_map(|(name, value)| Some((name.strip_prefix(prefix)?, *value))).collect()
    }

    /// Labels of Traefik 1 name no router; they are told, not followed.
    fn old_words(&self) -> Option<Translation> {
        let old = self.0.keys().find(|name| name.starts_with("traefik.frontend.") || *name == "traefik.port")?;
        let mut translation = Translation::new(Dialect::Traefik);
        translation.problems.push(format!("label {old} is Traefik 1's, which is not read; write the labels of Traefik 3"));
        Some(translation)
    }
}

struct Reader<'f> {
    facts: &'f Facts,
    labels: Labels<'f>,
    containers: &'f [Facts],
    translation: Translation,
}

impl<'f> Reader<'f> {
    /// Traefik's default rule: the service's name is the host.
    fn default_router(&mut self) {
        let places = vec![Place { host: Some(default_name(self.facts)), ..Place::default() }];
        self.sites("default", &places);
    }

    fn router(&mut self, router: &str) {
        if let Some(unknown) = self.unknown_entrypoint(router) {
            return self.no_route(router, &format!("entry point `{unknown}` is none of web, http, websecure and https"));
        }
        let Some(rule) = self.labels.get(&format!("{ROUTERS}{router}.rule")).filter(|rule| !rule.is_empty()) else {
            let places = vec![Place { host: Some(default_name(self.facts)), ..Place::default() }];
            return self.sites(router, &places);
        };
        match rule::places(rule) {
            Ok(places) => self.sites(router, &places),
            Err(error) => self.no_route(router, &format!("rule `{rule}`: {error}")),
        }
    }

    /// A router of an entry point that is not public must not become public.
    fn unknown_entrypoint(&self, router: &str) -> Option<&'f str> {
        let entrypoints = self.labels.get(&format!("{ROUTERS}{router}.entrypoints"))?;
        let mut names = words(entrypoints).peekable();
        names.peek()?;
        let mut unknown = names.filter(|name| !ENTRYPOINTS.contains(&name.to_ascii_lowercase().as_str()));
        let first = unknown.next()?;
        let all = words(entrypoints).count();
        (1 + unknown.count() == all).then_some(first)
    }

    /// One site for each path of the places.
    fn sites(&mut self, router: &str, places: &[Place]) {
        let mut base = Site::default();
        if self.service(router, &mut base).is_none() {
            return;
        }
        if let Some(network) = self.labels.get("traefik.docker.network") {
            base.set(NETWORK_LABEL, self.network(network));
        }
        if self.labels.get(&format!("{ROUTERS}{router}.tls.certresolver")).is_some_and(|resolver| !resolver.is_empty()) {
            base.set(TLS_LABEL, "acme");
        }
        if self.labels.get(&format!("{ROUTERS}{router}.priority")).is_some() {
            self.problem(router, "its priority is not followed: the nearest host and the longest path win");
        }
        if places.iter().any(|place| place.exact) {
            self.problem(router, "`Path` is read as `PathPrefix`: it also gets what is below");
        }
        let mut by_path: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for place in places {
            by_path.entry(place.path.as_deref().unwrap_or("/")).or_default().push(place.host.as_deref().unwrap_or("*"));
        }
        for (path, hosts) in by_path {
            let mut site = base.clone();
            site.set(HOST_LABEL, hosts.join(","));
            site.set(PATH_LABEL, path);
            self.middlewares(router, path, &mut site);
            self.translation.sites.push(site);
        }
    }

    /// Port and protocol of the router's service; none where there is more than one to choose from.
    fn service(&mut self, router: &str, site: &mut Site) -> Option<()> {
        let services = self.labels.names(SERVICES);
        let named = self.labels.get(&format!("{ROUTERS}{router}.service"));
        let service = match (named, services.len()) {
            (Some(named), _) => own_name(named),
            (None, 0) => return Some(()),
            (None, 1) => services.first().cloned().unwrap_or_default(),
            (None, _) => {
                let names: Vec<&str> = services.iter().map(String::as_str).collect();
                self.no_route(router, &format!("it does not say which of the services {} it is for", names.join(", ")));
                return None;
            }
        };
        let said = self.labels.below(&format!("{SERVICES}{service}.loadbalancer."));
        let said: Vec<(String, &str)> = said.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        for (key, value) in said {
            match key.as_str() {
                "server.port" => site.set(PORT_LABEL, value),
                "server.scheme" => site.set(PROTOCOL_LABEL, value),
                "passhostheader" if value.eq_ignore_ascii_case("true") => {}
                other => self.problem(router, &format!("`{other}` of service `{service}` is not followed")),
            }
        }
        Some(())
    }

    /// The network as the engine names it: compose puts its project in front.
    fn network(&self, name: &str) -> String {
        let known = |name: &str| self.facts.attachments.iter().any(|attachment| attachment.network == name);
        let of_project = self.facts.labels.get(COMPOSE_PROJECT).map(|project| format!("{project}_{name}"));
        of_project.filter(|full| !known(name) && known(full)).unwrap_or_else(|| name.to_owned())
    }

    fn middlewares(&mut self, router: &str, path: &str, site: &mut Site) {
        let Some(names) = self.labels.get(&format!("{ROUTERS}{router}.middlewares")) else { return };
        for name in words(names) {
            self.middleware(router, name, path, site, 0);
        }
    }

    fn middleware(&mut self, router: &str, name: &str, path: &str, site: &mut Site, depth: usize) {
        let definition = self.definition(name);
        if definition.is_empty() || depth > MAX_CHAIN {
            return site.refuse(format!("middleware `{name}` of router `{router}` is not known here, and may have kept people out"));
        }
        let kinds: BTreeSet<&str> = definition.iter().map(|(key, _)| key.split('.').next().unwrap_or(key)).collect();
        for kind in kinds {
            let option = |name: &str| {
                let full = format!("{kind}.{name}");
                definition.iter().find(|(key, _)| *key == full || *key == format!("{full}[0]")).map(|(_, value)| value.as_str())
            };
            match kind {
                "stripprefix" => self.strip_prefix(router, option("prefixes").unwrap_or_default(), path, site),
                "addprefix" => site.set(ADD_PREFIX_LABEL, option("prefix").unwrap_or_default()),
                "redirectscheme" => redirect(option("scheme"), option("port"), option("permanent"), site),
                "chain" => {
                    for name in words(option("middlewares").unwrap_or_default()) {
                        self.middleware(router, name, path, site, depth + 1);
                    }
                }
                guard if GUARDS.contains(&guard) => {
                    site.refuse(format!(
                        "middleware `{name}` ({guard}) of router `{router}` is not supported, and without it everybody could come in"
                    ));
                }
                other => self.problem(router, &format!("middleware `{name}` ({other}) is not followed")),
            }
        }
    }

    /// Everything that is said of a middleware, by this container or another: `kind.option` and value.
    fn definition(&self, name: &str) -> Vec<(String, String)> {
        let prefix = format!("{MIDDLEWARES}{}.", own_name(name));
        if name.contains('@') && !name.ends_with("@docker") {
            return Vec::new();
        }
        let said = |labels: &Labels<'_>| -> Vec<(String, String)> {
            labels.below(&prefix).into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
        };
        let own = said(&self.labels);
        let of_others = || self.containers.iter().map(|other| said(&Labels::of(other))).find(|said| !said.is_empty());
        if own.is_empty() { of_others().unwrap_or_default() } else { own }
    }

    fn strip_prefix(&mut self, router: &str, prefixes: &str, path: &str, site: &mut Site) {
        let is_front = |prefix: &&str| {
            let prefix = prefix.trim_end_matches('/');
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        match words(prefixes).find(is_front).map(|prefix| prefix.trim_end_matches('/')) {
            Some("") => {}
            Some(prefix) => site.set(STRIP_PREFIX_LABEL, prefix),
            None => self.problem(router, &format!("`{prefixes}` is not taken off: its rule names no path that begins so")),
        }
    }

    fn tell_of_tcp(&mut self) {
        let mut names = self.labels.0.keys();
        if let Some(name) = names.find(|name| name.starts_with("traefik.tcp.") || name.starts_with("traefik.udp.")) {
            self.translation.problems.push(format!("label {name} is not followed: only HTTP is"));
        }
    }

    fn no_route(&mut self, router: &str, text: &str) {
        self.problem(router, &format!("{text}; no route is made"));
        self.translation.lacks_routes = true;
    }

    fn problem(&mut self, router: &str, text: &str) {
        let problem = format!("Traefik router `{router}`: {text}");
        if !self.translation.problems.contains(&problem) {
            self.translation.problems.push(problem);
        }
    }
}

fn redirect(scheme: Option<&str>, port: Option<&str>, permanent: Option<&str>, site: &mut Site) {
    let scheme = scheme.unwrap_or("https").to_ascii_lowercase();
    let port = port.filter(|port| !matches!((scheme.as_str(), *port), ("https", "443") | ("http", "80")));
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    site.set(LISTEN_LABEL, if scheme == "https" { "http" } else { "https" });
    site.set(REDIRECT_LABEL, format!("{scheme}://{{host}}{port}"));
    let permanent = permanent.is_some_and(|word| word.eq_ignore_ascii_case("true"));
    site.set(REDIRECT_CODE_LABEL, if permanent { "301" } else { "302" });
}

/// Without the provider: `auth@docker`.
fn own_name(name: &str) -> String {
    name.split('@').next().unwrap_or(name).to_ascii_lowercase()
}

fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|word| !word.is_empty())
}

/// `{service}-{project}`, else the container's name, of letters, digits and `-`.
fn default_name(facts: &Facts) -> String {
    let name = match (facts.labels.get(COMPOSE_SERVICE), facts.labels.get(COMPOSE_PROJECT)) {
        (Some(service), Some(project)) => format!("{service}-{project}"),
        _ => facts.name.clone(),
    };
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}
