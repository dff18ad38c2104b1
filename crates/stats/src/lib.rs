//! What we count: one shared page per worker, one writer, the master adds; and
//! one board for all workers, where the requests of each backend are counted.

mod accounts;
mod board;
mod counters;
mod page;
mod shared;

pub use accounts::{Account, Served, Sums};
pub use board::{Audit, Board, Column, Ejection, Fault, Ledger, Row, Standing, Verdict, Vitals};
pub use counters::{Counter, Counters};
pub use page::Page;
