//! What we count: one shared page per worker, one writer, the master adds.

mod counters;
mod page;

pub use counters::{Counter, Counters};
pub use page::Page;
