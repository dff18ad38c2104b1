//! Whether a worker whose loop stands still was only kept from running.
//!
//! On a crowded machine a worker that is runnable may get a small part of a CPU and beat late: to abort it would lose
//! its requests and gain nothing, since the next one would be as late. The kernel counts how long a process could run
//! and had to wait. One that sleeps, is stopped or turns in a circle on a CPU of its own does not wait.

use std::fs;
use std::time::Duration;

use crate::core::LOOK;

/// So many looks in a row may be excused: one that turns in a circle on a crowded machine is found out later, but it is.
const EXCUSES: u8 = 4;

/// What was seen of a worker at the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Starvation {
    beat: u64,
    /// How long it has waited for a CPU in its life; none while it beats, since nobody asks then.
    waited: Option<Duration>,
    excuses: u8,
}

impl Starvation {
    /// Takes in a look: whether the silence since the last one may be excused.
    ///
    /// `waited` is asked only when there is no new beat.
    pub(crate) fn look(&mut self, beat: u64, waited: impl FnOnce() -> Option<Duration>) -> bool {
        if beat != self.beat {
            *self = Starvation { beat, ..Starvation::default() };
            return false;
        }
        let before = self.waited;
        self.waited = waited();
        let starved = matches!((before, self.waited), (Some(before), Some(now)) if now.saturating_sub(before) >= LOOK / 2);
        self.excuses = if starved && self.excuses < EXCUSES { self.excuses + 1 } else { 0 };
        self.excuses > 0
    }
}

/// How long a process could run and waited for a CPU, since it began (`/proc/PID/schedstat`, Linux's
/// Documentation/scheduler/sched-stats.rst). None where the kernel does not count it, or the process is gone.
pub(crate) fn waited_for_cpu(pid: u32) -> Option<Duration> {
    let text = fs::read_to_string(format!("/proc/{pid}/schedstat")).ok()?;
    text.split_ascii_whitespace().nth(1)?.parse().ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_waits_for_a_cpu_is_excused_and_not_for_ever() {
        let mut starvation = Starvation::default();
        let mut check = |beat, waited: Option<u64>, excused| {
            assert_eq!(starvation.look(beat, || waited.map(Duration::from_millis)), excused, "beat {beat}, waited {waited:?} ms");
        };
        check(1, None, false);
        check(1, Some(500), false); // Nobody asked before.
        check(1, Some(510), false); // It slept.
        check(1, Some(600), true);
        check(2, Some(690), false); // A beat.
        check(2, Some(700), false);
        for round in 0..3 {
            (1..=4).for_each(|look| check(2, Some(700 + 450 * round + 90 * look), true));
            check(2, Some(700 + 450 * (round + 1)), false);
        }
        check(2, None, false); // The kernel does not say.
        check(2, Some(9999), false);
    }

    #[test]
    fn the_kernel_says_how_long_we_waited() {
        let waited = waited_for_cpu(std::process::id());
        assert!(waited.is_none_or(|waited| waited < Duration::from_secs(3600)), "{waited:?}");
        assert_eq!(waited_for_cpu(u32::MAX), None);
    }
}
