//! The one with the least to do for its weight; of several, the next in turn.

use super::two::is_freer;
use super::{Candidate, Draw};

pub(super) fn choose(draw: Draw<'_>, count: usize, look: impl Fn(usize) -> Candidate) -> Option<usize> {
    let first = draw.turn.next(draw.even, count, &look)?;
    let others = (first + 1..count).chain(0..first).filter(|place| look(*place).weight > 0);
    Some(others.fold(first, |best, place| if is_freer(look(place), look(best)) { place } else { best }))
}
