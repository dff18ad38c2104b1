//! How a backend stands, as far as that decides whether a request should wait for it.

use std::cell::Cell;
use std::time::Duration;

use dproxy_route::{Condition, Whereabouts};

use crate::clock::TICK;

/// What a backend that has gone may have sent before its end: it is read for 100 ms and what the clock may be behind.
/// Then nothing more comes, and where its whole network went with it, no sign of that either.
const LAST_WORDS: Duration = Duration::from_millis(100).saturating_add(TICK);
/// How long after the first failure of a backend the news of its end may take to get here: an engine that restarts
/// fifty containers at once tells of each a second and more after its port has closed. It is waited for once, not again
/// by each request for a backend that goes on failing.
const NEWS: Duration = Duration::from_secs(3);

/// How one backend stands. Times are the clock's, in milliseconds.
#[derive(Debug)]
pub(crate) struct Standing {
    whereabouts: Whereabouts,
    condition: Cell<Condition>,
    /// When it turned so; none if it was so from the start.
    since: Cell<Option<u64>>,
    /// Since when no answer of it came and no connection was taken, if that was so the last time.
    failing: Cell<Option<u64>>,
    /// Since when it is in no table any more.
    gone: Cell<Option<u64>>,
    /// Since when it is in none because its container is paused, which keeps what it was asked.
    asleep: Cell<Option<u64>>,
}

impl Standing {
    /// A backend that came at `now`; none if it was there from the start.
    pub(crate) fn new(whereabouts: Whereabouts, condition: Condition, now: Option<u64>) -> Standing {
        let (condition, since) = (Cell::new(condition), Cell::new(now));
        Standing { whereabouts, condition, since, failing: Cell::default(), gone: Cell::default(), asleep: Cell::default() }
    }

    /// Its condition in the table of `now`.
    pub(crate) fn turn(&self, condition: Condition, now: Option<u64>) {
        self.asleep.set(None);
        if self.condition.replace(condition) != condition {
            self.since.set(now);
        }
    }

    /// It is in no table any more.
    pub(crate) fn leave(&self, now: u64) {
        self.gone.set(Some(now));
    }

    /// It is in no table as long as its container is paused.
    pub(crate) fn sleep(&self, now: u64) {
        self.asleep.set(self.asleep.get().or(Some(now)));
    }

    /// It is in a table again.
    pub(crate) fn wake(&self) {
        self.asleep.set(None);
    }

    /// It took no connection, or sent no answer.
    pub(crate) fn fail(&self, now: u64) {
        self.failing.set(self.failing.get().or(Some(now)));
    }

    /// It took a connection.
    pub(crate) fn recover(&self) {
        self.failing.set(None);
    }

    /// Whether it is about to come or to go, or fails: it matters since when.
    pub(crate) fn is_troubled(&self) -> bool {
        self.condition.get() != Condition::Ready || self.failing.get().is_some()
    }

    pub(crate) fn is_here(&self) -> bool {
        self.whereabouts == Whereabouts::Here
    }

    /// Whether it is in no table any more, for good or as long as its container is paused.
    pub(crate) fn has_left(&self) -> bool {
        self.is_gone() || self.asleep.get().is_some()
    }

    /// Whether nothing will come from it any more. An address that somebody wrote down, and has struck out since, goes on.
    pub(crate) fn is_silenced(&self, now: u64) -> bool {
        self.whereabouts.is_watched() && since(&self.gone, now) >= LAST_WORDS
    }

    /// Whether nothing will come from it before its container is unpaused.
    pub(crate) fn is_asleep(&self, now: u64) -> bool {
        since(&self.asleep, now) >= LAST_WORDS
    }

    fn is_gone(&self) -> bool {
        self.gone.get().is_some()
    }

    /// How long a new request should rather wait than be sent here: it is about to come or to go.
    pub(crate) fn reluctance(&self, now: u64, hold: Duration) -> Duration {
        match self.condition.get() {
            Condition::Ready | Condition::Unhealthy => Duration::ZERO,
            Condition::Starting | Condition::Stopping => self.since.get().map_or(Duration::ZERO, |since| rest(since, hold, now)),
        }
    }

    /// How long a request that got nothing from it should wait for better times: what has just come may not listen
    /// yet, and of what has just gone the news may still be under way.
    pub(crate) fn patience(&self, now: u64, hold: Duration) -> Duration {
        if self.is_gone() {
            return hold;
        }
        let Some(failing) = self.failing.get().filter(|_| self.whereabouts.is_watched()) else { return Duration::ZERO };
        let young = self.since.get().map_or(Duration::ZERO, |since| rest(since, hold, now));
        young.max(rest(failing, NEWS.min(hold), now))
    }
}

/// What is left at `now` of `length` that began at `since`.
fn rest(since: u64, length: Duration, now: u64) -> Duration {
    length.saturating_sub(Duration::from_millis(now.saturating_sub(since)))
}

/// How long at `now` something has been so; no time if it is not.
fn since(began: &Cell<Option<u64>>, now: u64) -> Duration {
    Duration::from_millis(began.get().map_or(0, |began| now.saturating_sub(began)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLD: Duration = Duration::from_secs(10);

    fn container(since: Option<u64>) -> Standing {
        Standing::new(Whereabouts::Here, Condition::Ready, since)
    }

    #[test]
    fn what_is_about_to_come_or_to_go_is_waited_for() {
        let check = |condition: Condition, seconds: u64| {
            let standing = container(None);
            standing.turn(condition, Some(5000));
            assert_eq!(standing.reluctance(8000, HOLD), Duration::from_secs(seconds), "{condition:?}");
        };
        check(Condition::Ready, 0);
        check(Condition::Starting, 7);
        check(Condition::Unhealthy, 0);
        check(Condition::Stopping, 7);
        let from_the_start = Standing::new(Whereabouts::Here, Condition::Starting, None);
        assert_eq!(from_the_start.reluctance(0, HOLD), Duration::ZERO, "nobody knows for how long it has been so");
    }

    #[test]
    fn a_backend_that_fails_is_waited_for_while_that_may_end() {
        let check = |standing: Standing, expected: u64| {
            standing.fail(20_000);
            standing.fail(20_100);
            assert_eq!(standing.patience(20_200, HOLD), Duration::from_millis(expected));
        };
        check(container(None), 2800);
        check(container(Some(0)), 2800);
        check(container(Some(15_000)), 4800);
        check(Standing::new(Whereabouts::Fixed, Condition::Ready, Some(15_000)), 0);
        assert_eq!(container(Some(0)).patience(0, HOLD), Duration::ZERO, "it does not fail");
        let gone = container(None);
        gone.leave(7000);
        assert_eq!(gone.patience(99_000, HOLD), HOLD);
    }

    #[test]
    fn what_was_sent_before_the_end_is_read() {
        let standing = container(None);
        assert!(!standing.is_silenced(9000));
        standing.leave(7000);
        assert!(standing.has_left() && !standing.is_silenced(7199) && standing.is_silenced(7200));
        let struck_out = Standing::new(Whereabouts::Fixed, Condition::Ready, None);
        struck_out.leave(7000);
        assert!(struck_out.has_left() && !struck_out.is_silenced(99_000), "whoever stands there may be well");
    }

    #[test]
    fn a_paused_container_sleeps_until_it_is_in_a_table_again() {
        let standing = container(None);
        standing.sleep(7000);
        standing.sleep(9000);
        assert!(standing.has_left() && !standing.is_asleep(7199) && standing.is_asleep(7200));
        assert!(!standing.is_silenced(99_000), "it has what it was asked");
        standing.turn(Condition::Ready, Some(10_000));
        assert!(!standing.has_left() && !standing.is_asleep(10_000));
    }
}
