//! The same backend for the same key (rendezvous hashing).
//!
//! Every backend draws a lot for the key, and the best lot wins. When a backend
//! goes, only its keys go elsewhere; when one comes, it takes its share from all
//! and nothing else moves. There is no ring to build, and every worker finds the
//! same. One that has much more to do than the others for its weight is passed
//! over, so that one hot key cannot bury it.

use super::Candidate;
use super::chance::{mix, total};

/// What a backend may have more than its share before it is passed over: a quarter of it, and so many requests.
const SLACK: u64 = 4;

pub(super) fn choose(key: u64, count: usize, look: impl Fn(usize) -> Candidate) -> Option<usize> {
    let weights = total(count, &look);
    let loads: u64 = (0..count).map(|place| u64::from(look(place).load)).sum();
    let has_room = |candidate: &Candidate| {
        // load < 1.25 share + slack, where the share is (loads + 1) weight / weights
        let more = u64::from(candidate.load).saturating_sub(SLACK);
        more.saturating_mul(4).saturating_mul(weights) < (loads + 1).saturating_mul(5).saturating_mul(u64::from(candidate.weight))
    };
    let lots = (0..count).map(|place| (place, look(place))).filter(|(_, candidate)| candidate.weight > 0 && has_room(candidate));
    let lots = lots.map(|(place, candidate)| (place, lot(key, candidate)));
    lots.min_by(|(_, one), (_, other)| one.total_cmp(other)).map(|(place, _)| place)
}

/// The lower the better; spread so that each wins as often as its weight says.
fn lot(key: u64, candidate: Candidate) -> f64 {
    let drawn = u32::try_from(mix(key ^ candidate.mark) >> 32).unwrap_or(u32::MAX);
    // Between nothing and one, without either.
    let unit = (f64::from(drawn) + 0.5) / (f64::from(u32::MAX) + 1.0);
    -unit.ln() / f64::from(candidate.weight)
}
