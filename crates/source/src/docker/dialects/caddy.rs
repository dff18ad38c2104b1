//! Labels for caddy-docker-proxy: `caddy: host`, `caddy.reverse_proxy: "{{upstreams 80}}"`.

use std::collections::BTreeMap;

use super::*;

/// Directives that keep nobody out and change little; they are told, not followed.
const HARMLESS: [&str; 6] = ["encode", "header", "log", "tls", "file_server", "root"];

/// See [`super::translated`].
pub(super) fn translated(facts: &Facts) -> Option<Translation> {
    let mut blocks: BTreeMap<&str, Block<'_>> = BTreeMap::new();
    for (label, value) in &facts.labels {
        let (name, rest) = label.split_once('.').map_or((label.as_str(), None), |(name, rest)| (name, Some(rest)));
        if !is_block(name) {
            continue;
        }
        let block = blocks.entry(name).or_default();
        match rest {
            None => block.sites = Some(value.trim()),
            Some(directive) => {
                block.directives.insert(directive, value.trim());
            }
        }
    }
    let sites: Vec<(&str, &Block<'_>)> =
        blocks.iter().filter(|(_, block)| block.sites.is_some()).map(|(name, block)| (*name, block)).collect();
    if sites.is_empty() {
        return None;
    }
    let network = facts.labels.get("caddy_ingress_network").map(|name| name.trim());
    let mut translation = Translation::new(Dialect::Caddy);
    for (name, block) in sites {
        translation.block(name, block, network);
    }
    Some(translation)
}

/// `caddy` or `caddy_N` and what is below it.
#[derive(Default)]
struct Block<'f> {
    sites: Option<&'f str>,
    directives: BTreeMap<&'f str, &'f str>,
}

/// What the directives come to.
#[derive(Default)]
struct Handling<'f> {
    upstreams: Option<&'f str>,
    /// The path, and whether it is taken off.
    path: Option<(&'f str, bool)>,
}

impl Translation {
    fn block(&mut self, name: &str, block: &Block<'_>, network: Option<&str>) {
        let hosts: Vec<&str> = block.sites.unwrap_or_default().split([',', ' ', '\t', '\n']).filter(|host| !host.is_empty()).collect();
        if hosts.iter().any(|host| host.starts_with('(')) {
            return self.problems.push(format!("label {name} defines a snippet, which is not read"));
        }
        let mut site = Site::default();
        let names: Vec<String> = hosts.iter().map(|host| host_of(host)).collect();
        site.set(HOST_LABEL, names.join(","));
        let has_tls_of_its_own = block.directives.keys().any(|directive| directive.split('.').next().map(bare) == Some("tls"));
        if !has_tls_of_its_own {
            secure(&hosts, &mut site);
        }
        if let Some(network) = network {
            site.set(NETWORK_LABEL, network);
        }
        let mut handling = Handling::default();
        for (directive, value) in &block.directives {
            self.directive(name, directive, value, &mut handling, &mut site);
        }
        match handling.path {
            Some((path, strip)) if path != "/" => {
                site.set(PATH_LABEL, path);
                site.set(STRIP_PREFIX_LABEL, strip.to_string());
            }
            Some(_) | None => {}
        }
        match handling.upstreams {
            Some(upstreams) => self.upstreams(name, upstreams, &mut site),
            None if site.refusal.is_none() => {
                return self.problems.push(format!("label {name}: it has no reverse_proxy; no route is made"));
            }
            None => {}
        }
        self.sites.push(site);
    }

    fn directive<'f>(&mut self, name: &str, directive: &'f str, value: &'f str, handling: &mut Handling<'f>, site: &mut Site) {
        let words: Vec<&str> = directive.split('.').map(bare).collect();
        match words.as_slice() {
            ["reverse_proxy"] => handling.upstreams = Some(value),
            [handle @ ("handle" | "handle_path" | "route")] if value.is_empty() || value.starts_with('/') => {
                handling.path = Some((path_of(value), *handle == "handle_path"));
            }
            ["handle" | "handle_path" | "route", "reverse_proxy"] => handling.upstreams = Some(value),
            ["tls"] if value == "internal" => site.set(TLS_LABEL, "internal"),
            [other, ..] if HARMLESS.contains(other) => self.problems.push(format!("label {name}.{directive} is not followed")),
            _ => {
                let text = format!("label {name}.{directive} is not supported, and may have kept people out");
                self.problems.push(text.clone());
                site.refuse(text);
            }
        }
    }

    /// `{{upstreams}}`, `{{upstreams 80}}`, `{{upstreams https 443}}`, with a path in front or not.
    fn upstreams(&mut self, name: &str, value: &str, site: &mut Site) {
        let inside = value.split_once("{{").and_then(|(before, rest)| Some((before.trim(), rest.split_once("}}")?.0)));
        let words: Option<(&str, Vec<&str>)> = inside.map(|(before, inside)| (before, inside.split_whitespace().collect()));
        match words.as_ref().map(|(before, words)| (*before, words.as_slice())) {
            Some((before, ["upstreams", words @ ..])) if words.len() <= 2 => {
                if before.starts_with('/') {
                    site.set(PATH_LABEL, path_of(before));
                }
                for word in words {
                    let label = if word.bytes().all(|byte| byte.is_ascii_digit()) { PORT_LABEL } else { PROTOCOL_LABEL };
                    site.set(label, *word);
                }
                if *words == ["https"] {
                    site.set(PORT_LABEL, "443");
                }
            }
            Some(_) | None => {
                let text = format!("label {name}.reverse_proxy=`{value}` is not understood; `{{{{upstreams 80}}}}` is");
                self.problems.push(text.clone());
                site.refuse(text);
            }
        }
    }
}

/// `caddy` or `caddy_12`.
fn is_block(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("caddy") else { return false };
    rest.is_empty() || rest.strip_prefix('_').is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Without the number that orders it, or tells it from others: `1_reverse_proxy`, `handle_2`.
fn bare(word: &str) -> &str {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let word = word.split_once('_').filter(|(number, _)| is_number(number)).map_or(word, |(_, rest)| rest);
    word.rsplit_once('_').filter(|(_, number)| is_number(number)).map_or(word, |(rest, _)| rest)
}

/// `/api/*` without the star.
fn path_of(matcher: &str) -> &str {
    let path = matcher.trim().trim_end_matches('*').trim_end_matches('/');
    if path.is_empty() { "/" } else { path }
}

/// A site without a scheme, or with `https://`, has a certificate, and one without a scheme is served over TLS only.
fn secure(sites: &[&str], site: &mut Site) {
    let is_clear = |site: &&str| site.starts_with("http://") || site.starts_with(':') || site.ends_with(":80");
    let is_bare = |site: &&str| !is_clear(site) && !site.contains("://");
    if !sites.iter().all(is_clear) {
        site.set(TLS_LABEL, "automatic");
    }
    if sites.iter().all(is_bare) {
        site.set(HTTPS_LABEL, "redirect");
    }
}

/// Without the scheme; `:80` is every name.
fn host_of(address: &str) -> String {
    let bare = address.split_once("://").map_or(address, |(_, rest)| rest);
    let bare = bare.trim_end_matches('/');
    if bare.starts_with(':') { "*".to_owned() } else { bare.to_owned() }
}
