//! The power of two choices: nearly as good as asking all, at the price of two, and without all workers
//! running to the same idle backend at once.
//!
//! The first of the two is the next in turn. While nothing is under way, so each
//! gets its share exactly.

use super::{Candidate, Draw};

pub(super) fn choose(draw: Draw<'_>, count: usize, look: impl Fn(usize) -> Candidate) -> Option<usize> {
    let first = draw.turn.next(draw.even, count, &look)?;
    match draw.chance.other(first, count, &look) {
        Some(second) if is_freer(look(second), look(first)) => Some(second),
        Some(_) | None => Some(first),
    }
}

/// Whether `one` has less to do than `other`, for its weight.
pub(super) fn is_freer(one: Candidate, other: Candidate) -> bool {
    u64::from(one.load) * u64::from(other.weight) < u64::from(other.load) * u64::from(one.weight)
}
