//! The backends of a group as they are at the moment of a pick.

use std::cell::Cell;
use std::rc::Rc;

use dproxy_route::{BackendIndex, Share};
use dproxy_stats::Verdict;

use crate::clock::{boot_millis, millis};
use crate::marks::Marks;
use crate::pick::{Candidate, Mercy, Wish};
use crate::place::Places;
use crate::upstream::Pool;

/// Those who are in the running for one request.
pub(crate) struct Field<'p> {
    members: &'p [BackendIndex],
    /// Of all backends.
    pools: &'p [Rc<Pool>],
    marks: &'p Marks,
    wish: &'p Wish<'p>,
    /// The time, where it counts how fast they are.
    clock: Option<u64>,
    trouble: Cell<bool>,
    lost_a_trial: Cell<bool>,
}

/// Weights are counted in thousandths, so that a slow start has steps.
const WHOLE: u64 = 1000;
/// A slow start begins with this much of the weight: enough to become warm by.
const LEAST: u64 = 100;

impl<'p> Field<'p> {
    pub(crate) fn new(members: &'p [BackendIndex], pools: &'p [Rc<Pool>], marks: &'p Marks, wish: &'p Wish<'p>) -> Field<'p> {
        Field { members, pools, marks, wish, clock: None, trouble: Cell::new(false), lost_a_trial: Cell::new(false) }
    }

    /// The same, with how fast each is.
    pub(crate) fn timed(self) -> Field<'p> {
        Field { clock: Some(boot_millis()), ..self }
    }

    /// Who is at this place of the group, seen with so much mercy.
    pub(crate) fn candidate(&self, place: usize, mercy: Mercy) -> Candidate {
        let backend = self.members[place];
        let places = self.places(backend);
        let weight = if self.wish.tried.contains(&backend) || !self.passes(places, mercy) { 0 } else { weight(places, mercy) };
        let pace = self.clock.zip(places.vitals()).map_or(0, |(now, vitals)| vitals.pace(now));
        Candidate { weight, load: places.taken(), pace, mark: self.marks.of_backend(backend) }
    }

    /// Whether a client may stay with the backend that it had.
    pub(crate) fn is_fit(&self, backend: BackendIndex) -> bool {
        !self.wish.tried.contains(&backend) && verdict(self.places(backend)) == Verdict::Fit
    }

    /// Whether anybody was passed over because of how it does.
    pub(crate) fn saw_trouble(&self) -> bool {
        self.trouble.get()
    }

    /// Whether more than `share` percent of those who pass their checks are ejected.
    pub(crate) fn is_decimated(&self, share: u32) -> bool {
        let (ejected, up) = self.ejected(self.members.iter());
        exceeds(ejected, up, share)
    }

    /// Whether one more than are ejected already may be: not too many, and not the last.
    pub(crate) fn can_spare(&self, backend: BackendIndex, share: u32) -> bool {
        let (ejected, up) = self.ejected(self.members.iter().filter(|member| **member != backend));
        ejected < up && !exceeds(ejected + 1, up + 1, share)
    }

    /// Whether the request may go there; of those that would try an ejected backend, one may.
    pub(crate) fn may_go_to(&self, backend: BackendIndex, mercy: Mercy) -> bool {
        let places = self.places(backend);
        let tries = mercy == Mercy::None && verdict(places) == Verdict::Due;
        let may = !tries || places.vitals().is_none_or(|vitals| vitals.try_it(boot_millis()));
        if !may {
            self.lost_a_trial.set(true);
        }
        may
    }

    /// Whether another request tries what this one would have tried.
    pub(crate) fn lost_a_trial(&self) -> bool {
        self.lost_a_trial.get()
    }

    /// How many of these are ejected, of how many that pass their checks.
    fn ejected<'m>(&self, members: impl Iterator<Item = &'m BackendIndex>) -> (usize, usize) {
        members.fold((0, 0), |(ejected, up), member| match verdict(self.places(*member)) {
            Verdict::Fit | Verdict::Due => (ejected, up + 1),
            Verdict::Ejected => (ejected + 1, up + 1),
            Verdict::Down => (ejected, up),
        })
    }

    fn passes(&self, places: &Places, mercy: Mercy) -> bool {
        let passes = match (verdict(places), mercy) {
            (Verdict::Fit, _) | (_, Mercy::ForAll) | (Verdict::Due | Verdict::Ejected, Mercy::ForEjected) => true,
            (Verdict::Due, Mercy::None) => self.wish.may_try,
            (Verdict::Ejected, Mercy::None) | (Verdict::Down, Mercy::None | Mercy::ForEjected) => false,
        };
        if !passes {
            self.trouble.set(true);
        }
        passes
    }

    fn places(&self, backend: BackendIndex) -> &'p Places {
        &self.pools[backend.as_usize()].places
    }
}

fn verdict(places: &Places) -> Verdict {
    places.vitals().map_or(Verdict::Fit, |vitals| vitals.verdict(boot_millis))
}

fn weight(places: &Places, mercy: Mercy) -> u32 {
    let Share { weight, slow_start } = places.share();
    if mercy == Mercy::ForAll {
        return weight.max(1).into();
    }
    let age = if slow_start.is_zero() { None } else { places.vitals().map(|vitals| boot_millis().saturating_sub(vitals.since())) };
    let grown = age.map_or(WHOLE, |age| grown(age, millis(slow_start)));
    u32::try_from(u64::from(weight) * grown).unwrap_or(u32::MAX)
}

/// How much of its weight a backend has that has been ready for so long.
fn grown(age: u64, slow_start: u64) -> u64 {
    (age.saturating_mul(WHOLE) / slow_start.max(1)).clamp(LEAST, WHOLE)
}

/// Whether so many of all are more than so many percent.
fn exceeds(some: usize, all: usize, percent: u32) -> bool {
    let percent = usize::try_from(percent).unwrap_or(usize::MAX);
    some * 100 > all.saturating_mul(percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_start_grows_from_a_tenth_to_the_whole() {
        for (age, expected) in [(0, 100), (999, 100), (1000, 100), (2500, 250), (5000, 500), (9999, 999), (10_000, 1000), (1 << 60, 1000)] {
            assert_eq!(grown(age, 10_000), expected, "after {age} ms");
        }
    }

    #[test]
    fn shares_are_counted_over_all() {
        for (some, all, percent, expected) in [(1, 2, 50, false), (2, 3, 50, true), (1, 1, 50, true), (1, 1, 100, false), (0, 0, 0, false)]
        {
            assert_eq!(exceeds(some, all, percent), expected, "{some} of {all}, {percent} %");
        }
    }
}
