//! Containers that were written for another proxy.
//!
//! A dialect is a translation into our own labels, so that everything behind it is the same as for a container that
//! was written for us. A container speaks one language: ours, where it has a label [`HOST_LABEL`], else the first
//! foreign one that it has words of. What a dialect cannot say in our words is told as a problem; what may have kept
//! people out is no route at all, but a notice with the reason.

mod caddy;
mod nginx_proxy;
mod rule;
mod traefik;

use std::collections::HashMap;

use dproxy_config::Dialect;

pub(super) use nginx_proxy::VARIABLES;

use super::backends::{NETWORK_LABEL, PORT_LABEL, PROTOCOL_LABEL};
use super::facts::Facts;
use super::names::HOST_LABEL;
use super::rules::{
    ADD_PREFIX_LABEL, HTTPS_LABEL, LISTEN_LABEL, PATH_LABEL, REDIRECT_CODE_LABEL, REDIRECT_LABEL, STRIP_PREFIX_LABEL, TLS_LABEL,
};

/// What a container says in another proxy's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Translation {
    /// Whose words they are.
    pub(super) dialect: Dialect,
    pub(super) sites: Vec<Site>,
    /// What could not be said in ours.
    pub(super) problems: Vec<String>,
    /// Whether a route is missing, which may have kept people out.
    lacks_routes: bool,
}

/// Hosts and what becomes of their requests, in our labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Site {
    pub(super) labels: HashMap<String, String>,
    /// Why nobody may come in.
    pub(super) refusal: Option<String>,
}

impl Translation {
    fn new(dialect: Dialect) -> Translation {
        Translation { dialect, sites: Vec::new(), problems: Vec::new(), lacks_routes: false }
    }

    /// Whether the name that every container has may lead to it: not around what keeps people out.
    pub(super) fn is_open(&self) -> bool {
        !self.lacks_routes && self.sites.iter().all(|site| site.refusal.is_none())
    }

    /// What is refused at a place is refused there by every other site too: another entry point must not lead around it.
    fn sealed(mut self) -> Translation {
        let refused: Vec<Site> = self.sites.iter().filter(|site| site.refusal.is_some()).cloned().collect();
        for site in self.sites.iter_mut().filter(|site| !site.labels.contains_key(REDIRECT_LABEL)) {
            if let Some(why) = refused.iter().find(|other| other.meets(site)).and_then(|other| other.refusal.clone()) {
                site.refuse(why);
            }
        }
        self
    }
}

impl Site {
    fn set(&mut self, label: &str, value: impl Into<String>) {
        self.labels.insert(label.to_owned(), value.into());
    }

    /// Whether both have a host and the path in common.
    fn meets(&self, other: &Site) -> bool {
        let path = |site: &Site| site.labels.get(PATH_LABEL).filter(|path| *path != "/").cloned();
        let hosts = |site: &Site| -> Vec<String> {
            let list = site.labels.get(HOST_LABEL).map(String::as_str).unwrap_or_default();
            list.split(',').map(|host| host.trim().to_ascii_lowercase()).collect()
        };
        let theirs = hosts(other);
        path(self) == path(other) && hosts(self).iter().any(|host| theirs.contains(host))
    }

    /// The container, as if it had been written for us.
    pub(super) fn in_ours(&self, facts: &Facts) -> Facts {
        let mut ours = facts.clone();
        ours.labels.extend(self.labels.clone());
        ours
    }

    /// The same, with nothing but where its requests go.
    pub(super) fn without_rules(&self, facts: &Facts) -> Facts {
        let places = [PORT_LABEL, PROTOCOL_LABEL, NETWORK_LABEL];
        let mut ours = facts.clone();
        ours.labels.extend(
            self.labels.iter().filter(|(name, _)| places.contains(&name.as_str())).map(|(name, value)| (name.clone(), value.clone())),
        );
        ours
    }

    /// Keeps everybody out; the first reason counts.
    fn refuse(&mut self, why: impl Into<String>) {
        self.refusal.get_or_insert(why.into());
    }
}

/// What the container that `facts` are about says in one of `dialects`; none where it speaks ours, or none of them.
/// `containers` are all, because one may name what another one defines.
pub(super) fn translated(facts: &Facts, containers: &[Facts], dialects: &[Dialect]) -> Option<Translation> {
    if facts.labels.contains_key(HOST_LABEL) {
        return None;
    }
    let translate = |dialect: &Dialect| match dialect {
        Dialect::Traefik => traefik::translated(facts, containers),
        Dialect::Caddy => caddy::translated(facts),
        Dialect::NginxProxy => nginx_proxy::translated(facts),
    };
    dialects.iter().find_map(translate).map(Translation::sealed)
}

#[cfg(test)]
mod tests;
