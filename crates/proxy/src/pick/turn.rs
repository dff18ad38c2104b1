//! Each in turn.

use std::cell::Cell;

use super::Candidate;
use super::chance::{at, total};

/// Whose turn it is.
#[derive(Debug, Default)]
pub(crate) struct Turn(Cell<u32>);

/// The golden ratio of 2^32. Its multiples fall into the widest gap that the ones before have left: whoever has
/// weight w of W gets w of any W in a row, but for one or two, and never a burst.
const GOLDEN: u32 = 0x9e37_79b9;

impl Turn {
    /// `offset` keeps workers that start together from picking the same backend together.
    pub(crate) fn starting_at(offset: u32) -> Turn {
        Turn(Cell::new(offset))
    }

    /// The next in turn whose weight is something.
    pub(crate) fn next(&self, even: bool, count: usize, look: impl Fn(usize) -> Candidate) -> Option<usize> {
        if even { self.next_of_equals(count, look) } else { self.next_by_weight(count, look) }
    }

    /// Whoever is passed over has had its turn: the one behind it does not get two.
    fn next_of_equals(&self, count: usize, look: impl Fn(usize) -> Candidate) -> Option<usize> {
        (0..count).map(|_| self.advance() as usize % count).find(|place| look(*place).weight > 0)
    }

    fn next_by_weight(&self, count: usize, look: impl Fn(usize) -> Candidate) -> Option<usize> {
        let position = u64::from(self.advance().wrapping_mul(GOLDEN));
        let wide = u128::from(position) * u128::from(total(count, &look));
        at(u64::try_from(wide >> 32).unwrap_or(0), count, look)
    }

    fn advance(&self) -> u32 {
        let turn = self.0.get();
        self.0.set(turn.wrapping_add(1));
        turn
    }
}
