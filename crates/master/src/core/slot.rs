//! A place in the pool, and when it is filled again.
//!
//! ```text
//!                spawn                    exited: no successor
//!   Vacant ────────────────► Taken ───────────────────────────────► Vacant { until }
//!     ▲                        │ ▲                                    or Halted (exit code 78)
//!     │ resume                 │ │ promote: the successor serves, the occupant leaves
//!   Halted                     ▼ │ exited: the successor died, or takes over
//!                    Taken { successor }
//! ```

use std::time::{Duration, Instant};

use super::{Exit, WorkerId};

/// A worker that lived this long was healthy; its next failure counts as the first.
pub(crate) const STABLE: Duration = Duration::from_secs(30);
/// So many unstable exits in a row make a slot `errored`.
pub(crate) const TOO_MANY: u32 = 16;
/// So many are no accident any more.
const WORTH_TELLING: u32 = 3;
/// How often an errored slot is tried again.
pub(crate) const ERRORED_RETRY: Duration = Duration::from_secs(30);
/// How long nobody at all may sit in the pool.
pub(crate) const OUTAGE_RETRY: Duration = Duration::from_secs(1);
/// A replacement that takes longer than this lets the survivors adopt the slot's sockets.
pub(crate) const ADOPT_AFTER: Duration = Duration::from_millis(200);
/// The exit code that says: the same start would fail in the same way.
pub(crate) const BAD_CONFIGURATION: i32 = 78;

/// A place in the pool.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) seat: Seat,
    /// How many workers were started here.
    pub(crate) spawned: u64,
    /// Since when nobody serves here; means nothing while somebody does.
    pub(crate) unserved_since: Instant,
    /// Why the last worker went, if it was not sent.
    pub(crate) last_failure: Option<String>,
    failures: u32,
}

/// Who sits there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seat {
    /// Nobody until then.
    Vacant { until: Instant },
    /// Nobody until an operator changes something.
    Halted,
    /// A worker, and perhaps the one that will take its place.
    Taken { occupant: WorkerId, successor: Option<WorkerId> },
}

impl Slot {
    /// As if its worker were its first one.
    pub(super) fn forget_restarts(&mut self) {
        self.spawned = self.spawned.min(1);
    }

    pub(crate) fn new(now: Instant) -> Slot {
        Slot { seat: Seat::Vacant { until: now }, spawned: 0, unserved_since: now, last_failure: None, failures: 0 }
    }

    /// Takes note of an occupant's death after `uptime`, and says when there shall be another.
    pub(crate) fn failed(&mut self, now: Instant, uptime: Duration, exit: &Exit) {
        self.last_failure = Some(exit.to_string());
        self.failures = if uptime >= STABLE { 1 } else { self.failures.saturating_add(1) };
        self.seat = match exit {
            Exit::Code(BAD_CONFIGURATION) => Seat::Halted,
            Exit::Code(_) | Exit::Signal(_) | Exit::Unseen | Exit::NotStarted(_) => Seat::Vacant { until: now + delay(self.failures) },
        };
    }

    /// Is tried again then at the latest, if it is to be tried at all.
    pub(crate) fn hasten(&mut self, latest: Instant) {
        if let Seat::Vacant { until } = &mut self.seat {
            *until = latest.min(*until);
        }
    }

    /// Forgets failures and tries again at once: an operator changed something.
    pub(crate) fn resume(&mut self, now: Instant) {
        self.failures = 0;
        match self.seat {
            Seat::Vacant { .. } | Seat::Halted => self.seat = Seat::Vacant { until: now },
            Seat::Taken { .. } => {}
        }
    }

    pub(crate) fn successor(&self) -> Option<WorkerId> {
        match self.seat {
            Seat::Taken { successor, .. } => successor,
            Seat::Vacant { .. } | Seat::Halted => None,
        }
    }

    /// Everybody who sits here, the occupant first.
    pub(crate) fn workers(&self) -> impl Iterator<Item = WorkerId> {
        let (occupant, successor) = match self.seat {
            Seat::Taken { occupant, successor } => (Some(occupant), successor),
            Seat::Vacant { .. } | Seat::Halted => (None, None),
        };
        occupant.into_iter().chain(successor)
    }

    pub(crate) fn is_errored(&self) -> bool {
        self.seat == Seat::Halted || self.failures >= TOO_MANY
    }

    /// How often in a row workers have failed here, if it is worth telling.
    pub(crate) fn struggle(&self) -> Option<u32> {
        (self.failures >= WORTH_TELLING && !self.is_errored()).then_some(self.failures)
    }

    /// When it is tried again, if nobody sits here.
    pub(crate) fn due(&self) -> Option<Instant> {
        match self.seat {
            Seat::Vacant { until } => Some(until),
            Seat::Halted | Seat::Taken { .. } => None,
        }
    }

    pub(crate) fn deadlines(&self) -> impl Iterator<Item = Instant> {
        self.due().into_iter().chain([self.unserved_since + ADOPT_AFTER])
    }
}

/// How long to wait after so many unstable exits in a row: not at all, then 100 ms × 1.5 each time.
fn delay(failures: u32) -> Duration {
    match failures {
        0 | 1 => Duration::ZERO,
        TOO_MANY.. => ERRORED_RETRY,
        _ => Duration::from_millis((2..failures).fold(100_u64, |delay, _| delay * 3 / 2).min(15_000)),
    }
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Exit::Code(code) => write!(f, "exited with code {code}"),
            Exit::Signal(signal) => write!(f, "killed by signal {signal}"),
            Exit::Unseen => f.write_str("ended"),
            Exit::NotStarted(reason) => write!(f, "could not be started: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_respawn_is_at_once_and_later_ones_wait_longer() {
        let check = |failures, milliseconds| assert_eq!(delay(failures), Duration::from_millis(milliseconds), "{failures}");
        check(1, 0);
        check(2, 100);
        check(3, 150);
        check(4, 225);
        check(14, 12_921);
        check(15, 15_000);
        check(16, 30_000);
        check(1000, 30_000);
    }

    #[test]
    fn sixteen_unstable_exits_make_a_slot_errored_and_a_stable_one_forgives() {
        let now = Instant::now();
        let mut slot = Slot::new(now);
        for exits in 1..=16 {
            assert!(!slot.is_errored(), "after {exits}");
            slot.failed(now, Duration::from_secs(1), &Exit::Signal(9));
        }
        assert!(slot.is_errored());
        assert_eq!(slot.seat, Seat::Vacant { until: now + ERRORED_RETRY });
        slot.failed(now, STABLE, &Exit::Signal(9));
        assert_eq!(slot.seat, Seat::Vacant { until: now });
        assert!(!slot.is_errored());
    }

    #[test]
    fn a_bad_configuration_is_not_tried_again_until_somebody_changes_something() {
        let now = Instant::now();
        let mut slot = Slot::new(now);
        slot.failed(now, STABLE, &Exit::Code(BAD_CONFIGURATION));
        assert_eq!(slot.seat, Seat::Halted);
        assert!(slot.is_errored());
        slot.resume(now);
        assert_eq!(slot.seat, Seat::Vacant { until: now });
    }
}
