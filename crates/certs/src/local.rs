//! An authority of our own, for development: certificates for the hosts that are there, as soon as they are there.
//!
//! The authority lies in the state directory, so that clients have to be told of it once. What it vouches for
//! lives in memory only; the hosts are noted beside it, so that their certificates are there again from the
//! first moment of the next master, before Docker has told it of any container.

mod authority;
mod vouching;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use dproxy_config::Certificate;
use dproxy_route::{HostPattern, Problem};
use tracing::{info, warn};

use self::authority::{Authority, AuthorityError, Leaf, certificate_path};
pub use self::vouching::Vouching;
use crate::directory::{Holdings, chain};

/// The hosts that our own authority vouches for.
pub(crate) struct Local {
    home: PathBuf,
    /// Opened for the first host.
    authority: Option<Authority>,
    leaves: BTreeMap<HostPattern, Leaf>,
    /// Why some host has no certificate.
    problem: Option<Problem>,
}

impl Local {
    /// With the hosts that were noted in `home` the last time.
    #[must_use]
    pub(crate) fn recall(home: PathBuf, now: SystemTime) -> Local {
        let noted = fs::read_to_string(home.join("hosts")).unwrap_or_default();
        let hosts: BTreeSet<HostPattern> = noted.lines().filter_map(|line| line.parse().ok()).collect();
        let mut local = Local { home, authority: None, leaves: BTreeMap::new(), problem: None };
        local.vouch(&hosts, now);
        local
    }

    /// Vouches for these hosts from now on, and for no other; whether that changed anything.
    pub(crate) fn vouch(&mut self, hosts: &BTreeSet<HostPattern>, now: SystemTime) -> bool {
        let before = self.leaves.len();
        self.leaves.retain(|host, leaf| hosts.contains(host) && !leaf.is_old(now));
        let missing: Vec<&HostPattern> = hosts.iter().filter(|host| !self.leaves.contains_key(host)).collect();
        let changed = before != self.leaves.len() || !missing.is_empty();
        let made = self.make(&missing, now);
        if let Err(error) = &made {
            let problem = Problem::new("local authority", format!("{}; hosts that count on it have no certificate", chain(error)));
            if self.problem.as_ref() != Some(&problem) {
                warn!("{problem}");
            }
            self.problem = Some(problem);
            // Another attempt at the same is nothing new.
            return before != self.leaves.len();
        }
        self.problem = None;
        if changed {
            info!(hosts = self.leaves.len(), authority = %certificate_path(&self.home).display(), "local authority vouches");
            self.note();
        }
        changed
    }

    /// In the order of their hosts.
    pub(crate) fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.leaves.values().map(|leaf| &leaf.certificate)
    }

    /// Until when each of the certificates is valid, in their order.
    pub(crate) fn ends(&self) -> impl Iterator<Item = SystemTime> {
        self.leaves.values().map(|leaf| leaf.ends)
    }

    /// What an operator should mend.
    pub(crate) fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    /// All of it as a whole.
    pub(crate) fn holdings(&self) -> Holdings {
        Holdings {
            certificates: self.certificates().cloned().collect(),
            authorities: [].into(),
            ends: self.ends().collect(),
            problems: self.problem().cloned().into_iter().collect(),
        }
    }

    /// Those that it vouches for.
    pub(crate) fn hosts(&self) -> BTreeSet<HostPattern> {
        self.leaves.keys().cloned().collect()
    }

    fn make(&mut self, missing: &[&HostPattern], now: SystemTime) -> Result<(), AuthorityError> {
        if missing.is_empty() {
            return Ok(());
        }
        let authority = match self.authority.take() {
            Some(authority) if !authority.has_expired(now) => authority,
            _ => Authority::open(&self.home, now)?,
        };
        for host in missing {
            self.leaves.insert((*host).clone(), authority.vouch(host, now)?);
        }
        self.authority = Some(authority);
        Ok(())
    }

    fn note(&self) {
        let path = self.home.join("hosts");
        let text: String = self.leaves.keys().map(|host| format!("{host}\n")).collect();
        let aside = path.with_extension("new");
        let attempt = fs::write(&aside, text).and_then(|()| fs::rename(&aside, &path));
        if let Err(error) = attempt {
            warn!(path = %path.display(), %error, "hosts of the local authority not noted");
        }
    }
}

#[cfg(test)]
mod tests;
