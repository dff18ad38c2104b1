//! What is known of all backends at one moment, to be shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use dproxy_control::BackendRow;
use dproxy_ipc::Snapshot;
use dproxy_route::{BackendId, Condition};
use dproxy_stats::{Board, Column, Verdict, Vitals};

use super::Patient;

/// Goes to other threads.
#[derive(Debug)]
pub(crate) struct Chart {
    pub(super) followed: Option<Arc<Snapshot>>,
    /// When the first snapshot came.
    pub(super) begun: u64,
    /// Of those that need anything.
    pub(super) entries: BTreeMap<BackendId, Entry>,
}

#[derive(Debug)]
pub(super) struct Entry {
    /// As Docker says.
    ready: bool,
    /// No check has ended yet.
    unproven: bool,
    last_error: Option<String>,
}

impl Entry {
    pub(super) fn of(patient: &Patient) -> Entry {
        let record = patient.checked.as_ref().map(|checked| &checked.record);
        Entry {
            ready: patient.condition == Condition::Ready,
            unproven: record.is_some_and(|record| record.is_unproven()),
            last_error: record.and_then(|record| record.last_error()).map(str::to_owned),
        }
    }
}

impl Chart {
    /// Adds what is known of each backend to its row.
    pub(crate) fn complete(&self, rows: &mut [BackendRow], board: &Board, now: u64) {
        for row in rows {
            let Some((id, column)) = self.counted(&row.id) else { continue };
            let entry = self.entries.get(id);
            let vitals = board.vitals(column);
            row.since_seconds = now.saturating_sub(vitals.since().max(self.begun)) / 1000;
            let of_check = entry.and_then(|entry| entry.last_error.clone());
            row.last_error = of_check.or_else(|| vitals.last_fault().map(|fault| fault.as_str().to_owned()));
            // What Docker says of it comes first.
            if entry.is_none_or(|entry| entry.ready) {
                word(entry.is_some_and(|entry| entry.unproven), vitals, now).clone_into(&mut row.condition);
            }
        }
    }

    fn counted(&self, backend: &str) -> Option<(&BackendId, Column)> {
        let columns = &self.followed.as_ref()?.columns;
        let (id, column) = &columns[columns.binary_search_by(|(id, _)| id.as_str().cmp(backend)).ok()?];
        Some((id, Column::at(*column)?))
    }
}

fn word(unproven: bool, vitals: Vitals<'_>, now: u64) -> &'static str {
    match vitals.verdict(|| now) {
        Verdict::Fit => Condition::Ready.as_str(),
        Verdict::Down if unproven => "unchecked",
        Verdict::Down => "failing",
        Verdict::Due | Verdict::Ejected => "ejected",
    }
}
