//! How a snapshot is made of what all sources say.
//!
//! ```text
//!          something was said: Compose            the driver had it composed
//!   idle ──────────────────────────────► composing ──────────────────────────► idle
//! ```
//!
//! With a hundred thousand routes that takes longer than anybody should wait for the master. So the driver has a draft composed
//! elsewhere, while the core goes on with the last snapshot. There is one draft at a time; what is said meanwhile makes the next.

use std::fmt;
use std::sync::Arc;

use dproxy_config::ProxySettings;
use dproxy_ipc::{Generation, Snapshot};
use dproxy_route::{Limits, Problem, Route};

use super::accounts::Accounts;
use super::columns::Columns;
use super::trial::is_same;

/// All that the next snapshot is made of.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(super) generation: Generation,
    /// What each source says.
    pub(super) sources: Vec<Arc<Vec<Route>>>,
    pub(super) settings: ProxySettings,
    pub(super) newest: Option<Arc<Snapshot>>,
    pub(super) trusted: Option<Arc<Snapshot>>,
    /// What is not served although the sources say it.
    pub(super) quarantined: Option<Arc<Snapshot>>,
    pub(super) numbers: Numbers,
}

/// What became of a draft.
#[derive(Clone)]
pub(crate) struct Composed {
    /// None where it would say the same as the last one.
    pub(super) snapshot: Option<Arc<Snapshot>>,
    /// What was trusted then, if the snapshot says the same.
    pub(super) proven_by: Option<Arc<Snapshot>>,
    /// What operators should know of what the sources say together.
    problems: Vec<Problem>,
    pub(super) numbers: Numbers,
}

/// Who counts where.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    pub(super) columns: Columns,
    pub(super) accounts: Accounts,
}

impl Draft {
    /// The next snapshot, unless it would be equal to the last. This takes its time.
    pub(crate) fn compose(self) -> Composed {
        let Draft { generation, sources, settings, newest, trusted, quarantined, mut numbers } = self;
        let mut routes: Vec<&Route> = sources.iter().flat_map(|source| source.iter()).collect();
        // Sources tell theirs in order, nearly, and this sort makes use of that.
        routes.sort();
        routes.dedup();
        let (limits, problems) = Limits::of(routes.iter().copied());
        let settled: Vec<Route> = routes.iter().filter_map(|route| limits.settle(route)).collect();
        if !settled.is_empty() {
            routes.retain(|route| limits.settle(route).is_none());
            routes.extend(&settled);
            routes.sort();
            routes.dedup();
        }
        let is_quarantined = quarantined.as_ref().is_some_and(|snapshot| is_same(snapshot, &routes, &settings));
        let (routes, settings) = match trusted.as_ref().filter(|_| is_quarantined) {
            Some(trusted) => (trusted.routes.iter().collect(), trusted.settings.clone()),
            None => (routes, settings),
        };
        if newest.is_some_and(|newest| is_same(&newest, &routes, &settings)) {
            return Composed { snapshot: None, proven_by: None, problems, numbers };
        }
        let proven_by = trusted.as_ref().filter(|trusted| is_same(trusted, &routes, &settings)).cloned();
        let routes: Vec<Route> = routes.into_iter().cloned().collect();
        let columns = numbers.columns.assign(&routes, generation);
        let accounts = numbers.accounts.assign(&routes, generation);
        let snapshot = Some(Arc::new(Snapshot { generation, settings, routes, columns, accounts }));
        Composed { snapshot, proven_by, problems, numbers }
    }
}

impl Composed {
    /// What is to be published, if it is.
    pub(crate) fn snapshot(&self) -> Option<&Arc<Snapshot>> {
        self.snapshot.as_ref()
    }

    /// What operators should know of what the sources say together.
    pub(crate) fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Draft({})", self.generation)
    }
}

impl fmt::Debug for Composed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Composed({:?})", self.snapshot.as_ref().map(|snapshot| snapshot.generation))
    }
}
