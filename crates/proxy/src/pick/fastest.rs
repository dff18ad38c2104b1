//! Of two, the one that would answer sooner: by how long answers take lately, times how many wait there.
//!
//! A slow answer counts at once and whole, so that a backend that begins to stall
//! is left alone after one request, not after many (peak EWMA).

use super::{Candidate, Draw};

/// What an answer takes where nobody knows: one request finds out, others do not follow it blindly.
const UNKNOWN: u32 = 1_000_000;

pub(super) fn choose(draw: Draw<'_>, count: usize, look: impl Fn(usize) -> Candidate) -> Option<usize> {
    let first = draw.turn.next(draw.even, count, &look)?;
    match draw.chance.other(first, count, &look) {
        Some(second) if is_sooner(look(second), look(first)) => Some(second),
        Some(_) | None => Some(first),
    }
}

fn is_sooner(one: Candidate, other: Candidate) -> bool {
    cost(one) * u128::from(other.weight) < cost(other) * u128::from(one.weight)
}

fn cost(candidate: Candidate) -> u128 {
    let pace = match (candidate.pace, candidate.load) {
        (0, 0) => 0,
        (0, _) => UNKNOWN,
        (pace, _) => pace,
    };
    u128::from(pace) * (u128::from(candidate.load) + 1)
}
