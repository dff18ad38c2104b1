//! Which column of the board counts which backend.
//!
//! ```text
//!             assign: it is there                assign: it is gone              vacated: nothing is left on it
//!   free ───────────────────────► in use ─────────────────────────────► retired ──────────────────────────────► free
//!                                   ▲                                      │
//!                                   └──────── assign: it is back ──────────┘
//! ```
//! A worker that serves an older generation still counts there, and so does a
//! request that began under one. So a column is given to another backend only
//! when every worker serves a generation without the first one, and nothing is
//! counted there any more.

use std::collections::{BTreeMap, BTreeSet};

use dproxy_ipc::Generation;
use dproxy_route::{BackendId, Route};
use dproxy_stats::Column;

#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    in_use: BTreeMap<BackendId, u32>,
    /// With the first generation that was without the backend.
    retired: BTreeMap<BackendId, (u32, Generation)>,
    free: BTreeSet<u32>,
    /// Columns from here on were never used.
    used: u32,
}

impl Columns {
    /// As an earlier master had them. Of columns below `used` that nobody has it is not known whether they are empty, so
    /// they stay unused.
    pub(super) fn inherited(assigned: &[(BackendId, u32)], used: u32) -> Columns {
        let beyond = assigned.iter().map(|(_, column)| column + 1).max().unwrap_or(0);
        Columns { in_use: assigned.iter().cloned().collect(), used: used.max(beyond), ..Columns::default() }
    }

    /// The columns of all backends of `routes`, sorted; `generation` is the one they will be served in.
    /// Where there are more backends than columns, some have none.
    pub(super) fn assign(&mut self, routes: &[Route], generation: Generation) -> Vec<(BackendId, u32)> {
        let wanted: BTreeSet<&BackendId> = routes.iter().flat_map(Route::backends).map(|backend| &backend.id).collect();
        let gone = self.in_use.extract_if(.., |id, _| !wanted.contains(id));
        self.retired.extend(gone.map(|(id, column)| (id, (column, generation))));
        for id in wanted {
            if !self.in_use.contains_key(id)
                && let Some(column) = self.column_for(id)
            {
                self.in_use.insert(id.clone(), column);
            }
        }
        self.in_use.iter().map(|(id, column)| (id.clone(), *column)).collect()
    }

    /// Columns whose backends no worker knows that serves `oldest` or later.
    pub(super) fn retired_at(&self, oldest: Generation) -> Vec<u32> {
        self.retired.values().filter(|(_, since)| *since <= oldest).map(|(column, _)| *column).collect()
    }

    /// Nothing is left on these.
    pub(super) fn vacated(&mut self, columns: &[u32]) {
        let columns: BTreeSet<u32> = columns.iter().copied().collect();
        let vacated = self.retired.extract_if(.., |_, (column, _)| columns.contains(column));
        self.free.extend(vacated.map(|(_, (column, _))| column));
    }

    /// How many there are that were ever used.
    pub(super) fn used(&self) -> u32 {
        self.used
    }

    /// The one it had, a free one, or one that was never used.
    fn column_for(&mut self, id: &BackendId) -> Option<u32> {
        if let Some((column, _)) = self.retired.remove(id) {
            return Some(column);
        }
        self.free.pop_first().or_else(|| {
            let fresh = Column::at(self.used)?;
            self.used += 1;
            Some(fresh.number())
        })
    }
}

#[cfg(test)]
mod tests {
    use dproxy_route::{Backend, HostPattern, PathPrefix};

    use super::*;

    /// Assigns columns to the backends at these ports, in words.
    #[track_caller]
    fn check(columns: &mut Columns, generation: u64, ports: &[u16], expected: &str) {
        let route = |port: &u16| Route::fixed(0, HostPattern::Any, PathPrefix::root(), Backend::at(([10, 0, 0, 1], *port).into()));
        let routes: Vec<Route> = ports.iter().map(route).collect();
        let assigned = columns.assign(&routes, Generation(generation));
        assert!(assigned.is_sorted());
        let words: Vec<String> = assigned.iter().map(|(id, column)| format!("{}={column}", id.as_str().replace("10.0.0.1:", ""))).collect();
        assert_eq!(words.join(" "), expected);
    }

    #[test]
    fn a_backend_keeps_its_column() {
        let columns = &mut Columns::default();
        check(columns, 1, &[], "");
        check(columns, 2, &[1, 2, 2], "1=0 2=1");
        check(columns, 3, &[1, 2, 3], "1=0 2=1 3=2");
        check(columns, 4, &[3, 1], "1=0 3=2");
        check(columns, 5, &[3, 2], "2=1 3=2");
        assert_eq!(columns.used(), 3);
    }

    #[test]
    fn a_column_is_given_away_only_when_nobody_uses_it() {
        let columns = &mut Columns::default();
        check(columns, 1, &[1, 2], "1=0 2=1");
        check(columns, 2, &[2], "2=1");
        assert_eq!(columns.retired_at(Generation(1)), Vec::<u32>::new());
        assert_eq!(columns.retired_at(Generation(2)), [0]);
        check(columns, 3, &[2, 3], "2=1 3=2");
        columns.vacated(&[0]);
        assert_eq!(columns.retired_at(Generation(9)), Vec::<u32>::new());
        check(columns, 4, &[2, 3, 4], "2=1 3=2 4=0");
    }

    #[test]
    fn a_backend_that_came_back_is_not_evicted() {
        let columns = &mut Columns::default();
        check(columns, 1, &[1], "1=0");
        check(columns, 2, &[], "");
        check(columns, 3, &[1], "1=0");
        columns.vacated(&[0]);
        check(columns, 4, &[1, 2], "1=0 2=1");
    }

    #[test]
    fn an_heir_keeps_columns_and_gives_away_none_that_may_be_in_use() {
        let columns = &mut Columns::default();
        check(columns, 1, &[1, 2, 3], "1=0 2=1 3=2");
        let left = columns.assign(&[], Generation(2));
        assert!(left.is_empty());
        let assigned: Vec<(BackendId, u32)> = vec![(Backend::at(([10, 0, 0, 1], 2).into()).id, 1)];
        check(&mut Columns::inherited(&assigned, 3), 3, &[2, 4], "2=1 4=3");
        check(&mut Columns::inherited(&assigned, 0), 3, &[2, 4], "2=1 4=2");
    }

    #[test]
    fn with_more_backends_than_columns_the_last_have_none() {
        let mut columns = Columns { used: Column::COUNT - 1, ..Columns::default() };
        check(&mut columns, 1, &[1, 2], &format!("1={}", Column::COUNT - 1));
        assert_eq!(columns.used(), Column::COUNT);
    }
}
