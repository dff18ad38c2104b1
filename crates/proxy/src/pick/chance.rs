//! Any of them: the dice of a worker.

use std::cell::Cell;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use super::Candidate;

/// Numbers that nobody foresees, cheap rather than secret (splitmix64).
#[derive(Debug)]
pub(crate) struct Chance(Cell<u64>);

/// So many throws find a candidate whose weight is something, where nearly all have the same.
const THROWS: usize = 4;

impl Chance {
    /// Other ones in each process, and on each machine.
    pub(crate) fn random() -> Chance {
        Chance::seeded(RandomState::new().build_hasher().finish())
    }

    pub(crate) fn seeded(seed: u64) -> Chance {
        Chance(Cell::new(seed))
    }

    pub(crate) fn next(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        mix(state)
    }

    /// A number below `end`, which is not zero.
    pub(crate) fn below(&self, end: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(end);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// The same for a smaller number.
    pub(crate) fn share(&self, end: u32) -> u32 {
        u32::try_from(self.below(u64::from(end))).unwrap_or(0)
    }

    /// A place below `end`, which is not zero.
    pub(crate) fn place(&self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        usize::try_from(self.below(end)).unwrap_or(0)
    }

    /// One of them, each as often as its weight says.
    pub(crate) fn any(&self, count: usize, look: impl Fn(usize) -> Candidate) -> Option<usize> {
        let total = total(count, &look);
        if total == 0 { None } else { at(self.below(total), count, look) }
    }

    /// Another one than `first`, however they are weighted.
    pub(crate) fn other(&self, first: usize, count: usize, look: impl Fn(usize) -> Candidate) -> Option<usize> {
        if count < 2 {
            return None;
        }
        let throw = || {
            let place = self.place(count - 1);
            if place < first { place } else { place + 1 }
        };
        (0..THROWS).map(|_| throw()).find(|place| look(*place).weight > 0)
    }
}

/// All weights together.
pub(super) fn total(count: usize, look: impl Fn(usize) -> Candidate) -> u64 {
    (0..count).map(|place| u64::from(look(place).weight)).sum()
}

/// Whose part of the sum of all weights `position` lies in.
pub(super) fn at(mut position: u64, count: usize, look: impl Fn(usize) -> Candidate) -> Option<usize> {
    (0..count).find(|place| {
        let weight = u64::from(look(*place).weight);
        let found = position < weight;
        position = position.saturating_sub(weight);
        found
    })
}

/// Spreads a number's bits over all of them.
pub(super) fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
