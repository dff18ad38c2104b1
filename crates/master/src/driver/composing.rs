//! Snapshots are made on a thread beside the master's, with all that can only be told once every route was looked at: with a
//! hundred thousand routes that takes longer than workers and operators should wait for the master.

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use dproxy_ipc::{Generation, Snapshot};
use dproxy_route::{HostPattern, Issuer, Owner, Problem, Route, RouteName, contradictions};
use dproxy_stats::Board;
use tracing::{error, info};

use super::Driver;
use super::wellness::now;
use crate::certificates::Shelf;
use crate::core::{Composed, Draft, Event};
use crate::{health, views};

/// What came of a draft.
pub(super) struct Made {
    composed: Composed,
    /// None where there is nothing new.
    prepared: Option<Prepared>,
}

/// What is needed to publish a snapshot.
pub(super) struct Prepared {
    generation: Generation,
    /// None where there is no memory for it.
    memory: Option<OwnedFd>,
    survey: Survey,
    changes: health::Changes,
    /// Accounts that other routes had before, or nobody.
    fresh: Vec<(RouteName, u32)>,
}

/// What only a look at all routes tells.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// How many backends there are, each counted once.
    pub(super) backends: usize,
    /// Replicas that do not agree.
    pub(super) contradictions: Vec<Problem>,
    /// Files of certificates that are named and not there.
    pub(super) missing_files: BTreeSet<Problem>,
    /// Whether connections for any host go to its backend as they are.
    pub(super) passes_through: bool,
    /// Hosts that want certificates from us.
    pub(super) wanting: Wanting,
}

/// Who makes the certificates of which hosts, as far as they are not in files.
#[derive(Debug, Default)]
pub(super) struct Wanting {
    /// Whoever makes those of hosts that say nothing about it.
    pub(super) usual: Issuer,
    pub(super) hosts: Vec<(HostPattern, Issuer, Owner)>,
}

/// What is known beside the draft.
struct Surroundings {
    board: Arc<Board>,
    /// The snapshot whose backends are looked after.
    followed: Option<Arc<Snapshot>>,
    certificates: Option<PathBuf>,
    issuer: Issuer,
}

impl Survey {
    /// Looks at all routes of a snapshot. `certificates` is where their files are.
    pub(super) fn of(snapshot: &Snapshot, certificates: Option<&PathBuf>, issuer: Issuer) -> Survey {
        let (routes, tls) = (snapshot.routes.as_slice(), &snapshot.settings.tls);
        let path = certificates.map(PathBuf::as_path);
        Survey {
            backends: views::count_backends(routes),
            contradictions: contradictions(routes),
            missing_files: Shelf { path, authorities: &tls.authorities, certificates: &tls.certificates }.missing(routes),
            passes_through: routes.iter().any(|route| route.https.passthrough),
            wanting: Wanting::of(routes, issuer),
        }
    }
}

impl Wanting {
    /// Those of these routes, where hosts that say nothing get theirs from `usual`.
    pub(super) fn of(routes: &[Route], usual: Issuer) -> Wanting {
        let wants = |route: &&Route| !route.https.passthrough && route.host != HostPattern::Any;
        let wanting = |route: &Route| match route.https.issuer.unwrap_or(usual) {
            Issuer::Nobody => None,
            issuer @ (Issuer::Acme | Issuer::Automatic | Issuer::Internal) => Some((route.host.clone(), issuer, route.owner.clone())),
        };
        Wanting { usual, hosts: routes.iter().filter(wants).filter_map(wanting).collect() }
    }
}

impl Prepared {
    fn of(snapshot: &Snapshot, surroundings: &Surroundings) -> Prepared {
        let Surroundings { board, followed, certificates, issuer } = surroundings;
        let generation = snapshot.generation;
        let memory = snapshot.seal().inspect_err(|error| error!(%generation, %error, "snapshot not published")).ok();
        let followed = followed.as_deref();
        Prepared {
            generation,
            memory,
            survey: Survey::of(snapshot, certificates.as_ref(), *issuer),
            changes: health::Changes::between(followed, snapshot, board, now()),
            fresh: fresh(followed.map_or(&[], |before| &before.accounts), &snapshot.accounts),
        }
    }
}

impl Driver {
    /// Has a snapshot made.
    pub(super) fn compose(&mut self, draft: Box<Draft>) {
        let surroundings = Surroundings {
            board: self.books.board_shared(),
            followed: self.health.followed(),
            certificates: self.facts.config.certificates.clone(),
            issuer: self.facts.config.issuer,
        };
        self.composing.begin(move || {
            let composed = draft.compose();
            let prepared = composed.snapshot().map(|snapshot| Prepared::of(snapshot, &surroundings));
            Made { composed, prepared }
        });
    }

    /// It is made.
    pub(super) fn composed(&mut self, made: Made) {
        self.prepared = made.prepared;
        self.disputes = made.composed.problems().to_vec();
        self.happened.push_back(Event::Composed(Box::new(made.composed)));
    }

    /// Looks at the routes that an earlier master left.
    pub(super) fn survey_inherited(&mut self) {
        let config = &self.facts.config;
        if let Some(snapshot) = self.core.snapshot() {
            self.survey = Survey::of(snapshot, config.certificates.as_ref(), config.issuer);
        }
    }

    /// Hands it to whoever asks from now on.
    pub(super) fn publish(&mut self, snapshot: &Arc<Snapshot>) {
        let generation = snapshot.generation;
        let Some(Prepared { memory, survey, changes, fresh, .. }) = self.prepared.take_if(|prepared| prepared.generation == generation)
        else {
            return error!(%generation, "snapshot published that was not prepared");
        };
        info!(%generation, routes = snapshot.routes.len(), "snapshot published");
        self.attic.keep(Arc::clone(snapshot) as Arc<_>);
        // Workers must not have seen it before that.
        self.health.follow(Arc::clone(snapshot), changes, self.books.board(), now());
        self.open_accounts(&fresh);
        self.survey = survey;
        self.snapshot = memory.map(|memory| (generation, Arc::new(memory)));
        self.published = Instant::now();
        self.open_passages();
    }
}

/// Those of `after` that are new, or have another number. Both are sorted.
fn fresh(before: &[(RouteName, u32)], after: &[(RouteName, u32)]) -> Vec<(RouteName, u32)> {
    after.iter().filter(|account| before.binary_search(account).is_err()).cloned().collect()
}
