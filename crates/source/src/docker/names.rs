//! Which host names a container answers to.
//!
//! The first rule that gives any name wins: label `dproxy.host`, then hostname
//! and domain name, then a hostname that is plainly meant (it has a dot or a
//! `*`), then a bare one under `.internal`. Foreign dialects have their place
//! right behind the label.

use dproxy_route::HostPattern;

use super::facts::{Facts, Inspected, NetworkMode};
use crate::Reason;

/// The label that lists host names, apart from each other by commas or blanks.
pub(super) const HOST_LABEL: &str = "dproxy.host";
/// The suffix of names that only this machine gives.
const INTERNAL: &str = "internal";
/// How much of the id an engine gives as hostname where nobody gave one.
const SHORT_ID: usize = 12;

/// The names of one container.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// Sorted, each once.
    pub(super) hosts: Vec<HostPattern>,
    /// Whether somebody asked for them, so that having no backend is worth a word.
    pub(super) asked_for: bool,
    /// What is wrong with the others.
    pub(super) problems: Vec<String>,
    /// Which rule gave them.
    pub(super) reasons: Vec<Reason>,
}

/// The names of the container that `facts` are about.
///
/// `machine` is the hostname of the engine's machine: containers on the host
/// network inherit it, and it does not name any of them.
pub(super) fn names_of(facts: &Facts, machine: Option<&str>, internal_names: bool) -> Names {
    let mut names = Names::default();
    names.by_label(facts);
    if names.hosts.is_empty()
        && let Some(inspected) = &facts.inspected
    {
        names.by_hostname(facts, inspected, machine);
    }
    names.confess(facts);
    if internal_names {
        names.by_name(facts);
    }
    names.hosts.sort_unstable();
    names.hosts.dedup();
    names
}

impl Names {
    /// Just the name that every container has.
    pub(super) fn internal(facts: &Facts) -> Names {
        let mut names = Names::default();
        names.by_name(facts);
        names
    }

    /// A container's name that is no host name was never meant as one: nothing to report.
    fn by_name(&mut self, facts: &Facts) {
        if let Ok(host) = format!("{}.{INTERNAL}", facts.name).parse() {
            self.reasons.push(Reason::note("host", format!("{host} by its name")));
            self.hosts.push(host);
        }
    }

    fn by_label(&mut self, facts: &Facts) {
        let Some(list) = facts.labels.get(HOST_LABEL) else { return };
        let words = list.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
        let mut none = true;
        for word in words {
            none = false;
            self.add(word, &format!("label {HOST_LABEL}"));
        }
        if none {
            self.problems.push(format!("label {HOST_LABEL} is empty; write `{HOST_LABEL}=name.example.com`"));
        }
    }

    fn by_hostname(&mut self, facts: &Facts, inspected: &Inspected, machine: Option<&str>) {
        let hostname = inspected.hostname.trim();
        if hostname.is_empty() || is_inherited(facts, hostname, machine) {
            self.reasons.push(Reason::note("host", "its hostname was given by nobody, and names nothing"));
            return;
        }
        let domain = inspected.domainname.trim().trim_matches('.');
        if !domain.is_empty() {
            // Some tools fill in both the whole name and its domain.
            let whole = hostname.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
            let name = if whole { hostname.to_owned() } else { format!("{}.{domain}", hostname.trim_end_matches('.')) };
            self.add(&name, "hostname");
        } else if hostname.contains(['.', '*']) {
            self.add(hostname, "hostname");
        } else {
            self.add(&format!("{hostname}.{INTERNAL}"), "hostname");
            self.asked_for = false;
        }
    }

    /// Says how it could get a name where nobody gave it any.
    fn confess(&mut self, facts: &Facts) {
        if self.hosts.is_empty() && self.problems.is_empty() {
            let way_out = format!("give it one by label {HOST_LABEL} or `--hostname`");
            let waits = if facts.inspected.is_none() { ", and was not inspected yet" } else { "" };
            self.reasons.push(Reason::hindrance("host", format!("it asks for no host name{waits}; {way_out}")));
        }
    }

    fn add(&mut self, word: &str, origin: &str) {
        match word.parse() {
            Ok(host) => {
                let host: HostPattern = host;
                self.reasons.push(Reason::note("host", format!("{host} by {origin}")));
                self.hosts.push(host);
                self.asked_for = true;
            }
            Err(error) => self.problems.push(format!("{origin}: {error}; write it like `www.example.com` or `*.example.com`")),
        }
    }
}

/// Whether nobody gave this hostname to this container.
fn is_inherited(facts: &Facts, hostname: &str, machine: Option<&str>) -> bool {
    match &facts.mode {
        NetworkMode::Container(_) => true,
        NetworkMode::Host if machine == Some(hostname) => true,
        NetworkMode::Host | NetworkMode::Networks | NetworkMode::None => facts.id.get(..SHORT_ID) == Some(hostname),
    }
}

#[cfg(test)]
mod tests;
