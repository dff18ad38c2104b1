//! How many requests each backend has, over all workers.
//!
//! Every backend has a column with one total that all workers change, so that a
//! limit holds for all of them together. What a worker adds to totals it also
//! notes in a row of its own; when it dies, the master takes its row off the
//! totals again.
//!
//! ```text
//!              column 0   column 1   column 2 …
//!   Board         5          0          2        totals, changed by all
//!   Row           3          0          0        of one worker, changed by it alone
//!   Row           2          0          2        of another
//! ```
//! A total is raised before the row and lowered after it: a worker that is killed
//! in between leaves a total too high, never too low. [`Audit`] finds such a one.

mod audit;
mod vitals;

use std::fs::File;
use std::io;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering};

use crate::shared::Shared;

pub use audit::Audit;
use vitals::Signs;
pub use vitals::{Ejection, Fault, Standing, Verdict, Vitals};

/// A backend's place on the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Column(u32);

/// The totals, mapped. Master and workers all map the same memory.
#[derive(Debug)]
pub struct Board {
    columns: Shared<Cells>,
}

/// One worker's part of the totals, mapped. Only that worker writes it, and the master reads it.
#[derive(Debug)]
pub struct Row {
    /// Behind a first cell, which tells how many of the others were ever used.
    shares: Shared<AtomicU32>,
}

/// A worker's hands: what it does to the board it also notes in its row.
#[derive(Debug)]
pub struct Ledger {
    board: Board,
    row: Row,
}

/// One column: a cache line, so that workers with different backends do not disturb each other.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Cells {
    /// Below zero only when an audit was mistaken; the next one sees it.
    total: AtomicI32,
    /// Since when the worker with the oldest claim has waited here; zero is nobody.
    waiting_since: AtomicU64,
    /// When that worker said so last: it may have died.
    claimed_at: AtomicU64,
    /// How the backend does.
    signs: Signs,
}

/// A claim that was not repeated for so many milliseconds is void.
const CLAIM_LIFE: u64 = 50;
/// Whoever has waited for so many milliseconds less than another lets that one go first. Below that,
/// a worker hands places on to its own without a pause.
const SLACK: u64 = 100;

impl Column {
    /// How many there are.
    pub const COUNT: u32 = 1 << 17;

    /// The column with this number, if there is one.
    #[must_use]
    pub fn at(number: u32) -> Option<Column> {
        (number < Column::COUNT).then_some(Column(number))
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }

    fn place(self) -> usize {
        usize::try_from(self.0).expect("memory that holds a column for each number can count them")
    }
}

impl Board {
    /// Bytes of a board; the file behind it must be this long.
    pub const BYTES: usize = COLUMNS * size_of::<Cells>();

    /// Maps the board that lies in `file`, which must stay as long as it is.
    ///
    /// # Errors
    /// When the file is shorter or cannot be mapped.
    pub fn map(file: &File) -> io::Result<Board> {
        Ok(Board { columns: Shared::map(file, COLUMNS)? })
    }

    /// How many requests the backend has now.
    #[must_use]
    pub fn total(&self, column: Column) -> u32 {
        u32::try_from(self.cells(column).total.load(Ordering::Relaxed)).unwrap_or(0)
    }

    /// How the backend does, as far as master and workers have seen.
    #[must_use]
    pub fn vitals(&self, column: Column) -> Vitals<'_> {
        Vitals::of(&self.cells(column).signs)
    }

    /// Takes a dead worker's part off the totals.
    pub fn strike(&self, row: &Row) {
        for column in row.used() {
            let share = row.share(column);
            if share != 0 {
                row.cell(column).store(0, Ordering::Relaxed);
                self.cells(column).total.fetch_sub(signed(share), Ordering::AcqRel);
            }
        }
    }

    /// Says at `now` that somebody waits here since `since`. Of several workers the oldest claim stands.
    pub fn claim(&self, column: Column, since: u64, now: u64) {
        let cells = self.cells(column);
        if since <= cells.waiting_since.load(Ordering::Relaxed) || !cells.is_claimed(now) {
            cells.claimed_at.store(now, Ordering::Relaxed);
            cells.waiting_since.store(since, Ordering::Relaxed);
        }
    }

    /// Whoever has waited since `since` waits no more.
    pub fn withdraw(&self, column: Column, since: u64) {
        // Between the two another claim may be made; it is made again soon.
        let _ = self.cells(column).waiting_since.compare_exchange(since, 0, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Whether somebody has waited here for so long that whoever came at `since` lets him go first.
    #[must_use]
    pub fn has_elder(&self, column: Column, since: u64, now: u64) -> bool {
        let cells = self.cells(column);
        cells.waiting_since.load(Ordering::Relaxed).saturating_add(SLACK) < since && cells.is_claimed(now)
    }

    /// Whether anybody said that he waits here.
    #[must_use]
    pub fn is_waited_for(&self, column: Column) -> bool {
        self.cells(column).waiting_since.load(Ordering::Relaxed) != 0
    }

    /// For how many milliseconds somebody has waited here, if anybody does.
    #[must_use]
    pub fn waited(&self, column: Column, now: u64) -> Option<u64> {
        let cells = self.cells(column);
        cells.is_claimed(now).then(|| now.saturating_sub(cells.waiting_since.load(Ordering::Relaxed)))
    }

    fn cells(&self, column: Column) -> &Cells {
        self.columns.at(column.place())
    }
}

impl Cells {
    fn is_claimed(&self, now: u64) -> bool {
        self.waiting_since.load(Ordering::Relaxed) != 0 && now.saturating_sub(self.claimed_at.load(Ordering::Relaxed)) <= CLAIM_LIFE
    }
}

impl Row {
    /// Bytes of a row; the file behind it must be this long.
    pub const BYTES: usize = (COLUMNS + 1) * size_of::<AtomicU32>();

    /// Maps the row that lies in `file`, which must stay as long as it is.
    ///
    /// # Errors
    /// When the file is shorter or cannot be mapped.
    pub fn map(file: &File) -> io::Result<Row> {
        Ok(Row { shares: Shared::map(file, COLUMNS + 1)? })
    }

    /// How many of the backend's requests are this worker's.
    #[must_use]
    pub fn share(&self, column: Column) -> u32 {
        self.cell(column).load(Ordering::Acquire)
    }

    /// How many of the first columns this worker may have used: it never touched the others.
    #[must_use]
    pub fn columns(&self) -> u32 {
        self.watermark().load(Ordering::Acquire).min(Column::COUNT)
    }

    /// The columns that may hold something: the others were never touched.
    fn used(&self) -> impl Iterator<Item = Column> {
        (0..self.columns()).map(Column)
    }

    fn watermark(&self) -> &AtomicU32 {
        self.shares.at(0)
    }

    fn cell(&self, column: Column) -> &AtomicU32 {
        self.shares.at(column.place() + 1)
    }
}

impl Ledger {
    /// A worker's own row, and the board of all.
    #[must_use]
    pub fn new(board: Board, row: Row) -> Ledger {
        Ledger { board, row }
    }

    /// Adds a request, unless the backend has `limit` of them already.
    #[must_use]
    pub fn enter(&self, column: Column, limit: Option<NonZeroU32>) -> bool {
        let total = &self.board.cells(column).total;
        match limit {
            None => {
                total.fetch_add(1, Ordering::Relaxed);
            }
            Some(limit) => {
                let limit = signed(limit.get());
                let raised = total.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| (taken < limit).then_some(taken + 1));
                if raised.is_err() {
                    return false;
                }
            }
        }
        if column.0 >= self.row.watermark().load(Ordering::Relaxed) {
            self.row.watermark().store(column.0 + 1, Ordering::Release);
        }
        let cell = self.row.cell(column);
        cell.store(cell.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
        true
    }

    /// Takes a request away that was added.
    pub fn leave(&self, column: Column) {
        let cell = self.row.cell(column);
        cell.store(cell.load(Ordering::Relaxed).wrapping_sub(1), Ordering::Relaxed);
        self.board.cells(column).total.fetch_sub(1, Ordering::Release);
    }

    /// The board of all.
    #[must_use]
    pub fn board(&self) -> &Board {
        &self.board
    }
}

/// [`Column::COUNT`], where memory is counted.
const COLUMNS: usize = 1 << 17;

/// No backend has two thousand million requests.
fn signed(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

#[cfg(test)]
pub(crate) mod tests;
