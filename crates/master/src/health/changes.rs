//! What a new snapshot changes for those who look after its backends.

use std::collections::HashMap;

use dproxy_ipc::Snapshot;
use dproxy_route::{Backend, BackendId, Condition, Route};
use dproxy_stats::{Board, Column, Standing};

use super::{Target, target_of};

/// All that is different from one snapshot to the next.
#[derive(Debug)]
pub(crate) struct Changes {
    pub(super) gone: Vec<BackendId>,
    pub(super) different: Vec<Different>,
}

/// A backend that is new, or something else than before.
#[derive(Debug)]
pub(super) struct Different {
    pub(super) id: BackendId,
    pub(super) column: Column,
    /// None of one that is new.
    pub(super) was: Option<Needs>,
    pub(super) is: Needs,
}

/// What a backend needs of us.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Needs {
    pub(super) condition: Condition,
    /// What is asked of it.
    pub(super) target: Option<Target>,
}

type Backends<'s> = HashMap<&'s BackendId, (Column, &'s Backend)>;

impl Changes {
    /// What `after` changes. Whoever is new is welcomed on the board: workers must not have seen the snapshot yet.
    pub(crate) fn between(before: Option<&Snapshot>, after: &Snapshot, board: &Board, now: u64) -> Changes {
        // Whoever was there before us has long been warm: it starts as if it had always been.
        let welcomed = if before.is_none() { 0 } else { now };
        let mut known = before.map(backends_of).unwrap_or_default();
        let mut different = Vec::new();
        for (id, (column, backend)) in backends_of(after) {
            let was = known.remove(id).filter(|(before, _)| *before == column).map(|(_, backend)| backend);
            if was == Some(backend) {
                continue;
            }
            let (was, is) = (was.map(Needs::of), Needs::of(backend));
            if was.is_none() {
                board.vitals(column).welcome(is.standing(), welcomed);
            }
            if was.as_ref().map_or(is.is_something(), |was| *was != is) {
                different.push(Different { id: id.clone(), column, was, is });
            }
        }
        let gone = known.into_iter().filter(|(_, (_, backend))| Needs::of(backend).is_something());
        Changes { gone: gone.map(|(id, _)| id.clone()).collect(), different }
    }
}

impl Needs {
    fn of(backend: &Backend) -> Needs {
        Needs { condition: backend.condition, target: target_of(backend) }
    }

    /// Most backends are ready, and nobody checks them.
    pub(super) fn is_something(&self) -> bool {
        self.target.is_some() || self.condition != Condition::Ready
    }

    /// Whoever is checked must prove itself first.
    pub(super) fn standing(&self) -> Standing {
        if self.target.is_some() { Standing::Down } else { Standing::Up }
    }
}

/// Those that have a column. Of several that say something else of one, the last counts.
fn backends_of(snapshot: &Snapshot) -> Backends<'_> {
    let backends: HashMap<&BackendId, &Backend> =
        snapshot.routes.iter().flat_map(Route::backends).map(|backend| (&backend.id, backend)).collect();
    let column = |(id, number): &'_ (BackendId, u32)| Some((Column::at(*number)?, *backends.get(id)?));
    snapshot.columns.iter().filter_map(|known| Some((&known.0, column(known)?))).collect()
}
