//! Which of several backends gets a request.
//!
//! Each algorithm is a pure function over what is known of the candidates; it has
//! a file of its own below. Around it lies what is the same for all: a candidate
//! whose weight is nothing is not chosen, one that is full makes way for the next,
//! and when nobody fit is left, whoever is there must do ([`Mercy`]).

mod chance;
mod fastest;
mod hash;
mod least;
mod turn;
mod two;

#[cfg(test)]
mod simulation;

use dproxy_route::{Algorithm, BackendIndex};

pub(crate) use chance::Chance;
pub(crate) use turn::Turn;

/// One of the backends that a request could go to, at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Against the others'; zero is not now.
    pub(crate) weight: u32,
    /// Requests under way there, in all workers.
    pub(crate) load: u32,
    /// How long it takes to answer, in microseconds; zero where nobody knows.
    pub(crate) pace: u32,
    /// A number of its own, the same in every worker and for ever.
    pub(crate) mark: u64,
}

/// What a group remembers between two picks, and the dice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draw<'p> {
    pub(crate) turn: &'p Turn,
    pub(crate) chance: &'p Chance,
    /// Whether all weights are the same, but for those that are nothing.
    pub(crate) even: bool,
}

/// How little a backend must be well to be chosen. The next step is taken only when nobody passes the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mercy {
    /// It passes its checks, and answers.
    None,
    /// It passes its checks.
    ForEjected,
    /// It is there.
    ForAll,
}

/// What a request brings to a pick.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wish<'r> {
    /// Backends that did not work out.
    pub(crate) tried: &'r [BackendIndex],
    /// What the same backend shall be found by again.
    pub(crate) key: Option<u64>,
    /// The backend that its client had, if it still is one of the group.
    pub(crate) stays: Option<BackendIndex>,
    /// Nothing is lost when it has to be sent again: it may try whether a backend has recovered.
    pub(crate) may_try: bool,
}

impl Mercy {
    pub(crate) const ALL: [Mercy; 3] = [Mercy::None, Mercy::ForEjected, Mercy::ForAll];
}

/// The place, below `count`, of the candidate that is next; none when all weights are nothing.
pub(crate) fn choose(
    algorithm: &Algorithm,
    draw: Draw<'_>,
    key: Option<u64>,
    count: usize,
    look: impl Fn(usize) -> Candidate,
) -> Option<usize> {
    match (algorithm, key) {
        (Algorithm::Hash(_), Some(key)) => hash::choose(key, count, look),
        // A request without a key is anybody's.
        (Algorithm::TwoChoices, _) | (Algorithm::Hash(_), None) => two::choose(draw, count, look),
        (Algorithm::RoundRobin, _) => draw.turn.next(draw.even, count, look),
        (Algorithm::LeastConnections, _) => least::choose(draw, count, look),
        (Algorithm::Random, _) => draw.chance.any(count, look),
        (Algorithm::Fastest, _) => fastest::choose(draw, count, look),
    }
}
