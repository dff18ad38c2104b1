//! Finds requests on the board that no living worker has.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use super::{Board, Column, Row, signed};

/// Looks at the board after a death, again and again, until everything on it is accounted for.
///
/// Workers go on meanwhile, so one look proves nothing: each may be between
/// its total and its row. A difference that stays the same over several looks
/// is what a dead worker left, and is taken off.
#[derive(Debug, Default)]
pub struct Audit {
    /// By column: how much too high its total is, and how often that was seen.
    odd: BTreeMap<Column, (i32, u32)>,
}

/// So many equal looks make a difference a fact.
const LOOKS: u32 = 5;

impl Audit {
    /// Looks once. `rows` are those of all living workers, `columns` how many were ever given to a backend.
    /// Says whether everything is accounted for.
    pub fn look(&mut self, board: &Board, rows: &[&Row], columns: u32) -> bool {
        let mut odd = BTreeMap::new();
        for column in (0..columns).filter_map(Column::at) {
            let excess = excess(board, rows, column);
            if excess == 0 {
                continue;
            }
            let seen = match self.odd.get(&column) {
                Some((before, seen)) if *before == excess => seen + 1,
                Some(_) | None => 1,
            };
            if seen >= LOOKS {
                board.cells(column).total.fetch_sub(excess, Ordering::AcqRel);
            } else {
                odd.insert(column, (excess, seen));
            }
        }
        self.odd = odd;
        self.odd.is_empty()
    }
}

/// How much higher a total is than the rows together.
fn excess(board: &Board, rows: &[&Row], column: Column) -> i32 {
    let total = board.cells(column).total.load(Ordering::Acquire);
    if total == 0 {
        return 0;
    }
    rows.iter().fold(total, |excess, row| excess.wrapping_sub(signed(row.share(column))))
}
