//! Files of certificates that routes name and that are not there.

use std::collections::BTreeSet;

use dproxy_route::Problem;

use super::Driver;
use crate::certificates::Shelf;

impl Driver {
    /// What is missing, and whose it is.
    pub(super) fn missing_files(&self) -> BTreeSet<Problem> {
        let Some(snapshot) = self.core.snapshot() else { return BTreeSet::new() };
        let tls = &snapshot.settings.tls;
        let path = self.facts.config.certificates.as_deref();
        Shelf { path, authorities: &tls.authorities, certificates: &tls.certificates }.missing(&snapshot.routes)
    }
}
