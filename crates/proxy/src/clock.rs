//! One coarse clock for all deadlines of a worker.
//!
//! Setting a deadline is a store; a sweep every [`TICK`] wakes what is overdue.
//! No request pays for a timer of its own. A deadline is never early and at most
//! two ticks late.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use slab::Slab;

use crate::unless::unless;

/// How often the clock advances.
pub(crate) const TICK: Duration = Duration::from_millis(100);

/// A worker's clock.
#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    /// Milliseconds since `started` at the last tick.
    now: Cell<u64>,
    entries: RefCell<Slab<Rc<Entry>>>,
}

/// One task's deadline; none is set at first.
#[derive(Debug)]
pub(crate) struct Deadline {
    clock: Rc<Clock>,
    entry: Rc<Entry>,
    key: usize,
}

/// The deadline passed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Elapsed;

#[derive(Debug)]
struct Entry {
    /// Milliseconds of the clock; [`NEVER`] is no deadline.
    due: Cell<u64>,
    /// Nothing would be lost if the task ended now.
    idle: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

const NEVER: u64 = u64::MAX;

impl Clock {
    pub(crate) fn new() -> Rc<Clock> {
        Rc::new(Clock { started: Instant::now(), now: Cell::new(0), entries: RefCell::default() })
    }

    /// A deadline for the task that asks.
    pub(crate) fn deadline(self: &Rc<Self>) -> Deadline {
        let entry = Rc::new(Entry { due: Cell::new(NEVER), idle: Cell::new(false), waker: RefCell::default() });
        let key = self.entries.borrow_mut().insert(Rc::clone(&entry));
        Deadline { clock: Rc::clone(self), entry, key }
    }

    /// Milliseconds since the clock was made, at the last tick.
    pub(crate) fn now(&self) -> u64 {
        self.now.get()
    }

    /// Advances the clock and wakes every task whose deadline has passed.
    pub(crate) fn tick(&self, now: Instant) {
        self.now.set(millis(now.saturating_duration_since(self.started)));
        self.wake(|entry| entry.due.get() <= self.now.get());
    }

    /// Lets every task look at the world again.
    pub(crate) fn wake_all(&self) {
        self.wake(|_| true);
    }

    /// The same for those that have something to lose.
    pub(crate) fn wake_busy(&self) {
        self.wake(|entry| !entry.idle.get());
    }

    /// Ends the wait of every task that idles.
    pub(crate) fn expire_idle(&self) {
        self.wake(|entry| {
            if entry.idle.get() {
                entry.due.set(0);
            }
            entry.idle.get()
        });
    }

    fn wake(&self, overdue: impl Fn(&Entry) -> bool) {
        for (_, entry) in self.entries.borrow().iter() {
            if overdue(entry)
                && let Some(waker) = entry.waker.borrow_mut().take()
            {
                waker.wake();
            }
        }
    }
}

impl Deadline {
    /// From now on at most `after`.
    pub(crate) fn set(&self, after: Duration) {
        // The clock may be a tick behind: add it, so that nobody is cut short.
        self.entry.due.set(self.clock.now().saturating_add(millis(after)).saturating_add(millis(TICK)));
        self.entry.idle.set(false);
    }

    /// From now on for as long as it takes.
    pub(crate) fn clear(&self) {
        self.entry.due.set(NEVER);
        self.entry.idle.set(false);
    }

    /// The same as [`Deadline::set`], while nothing would be lost.
    pub(crate) fn set_idle(&self, after: Duration) {
        self.set(after);
        self.entry.idle.set(true);
    }

    /// Drives `future` until it is done or the deadline has passed.
    pub(crate) fn guard<F: Future>(&self, future: F) -> impl Future<Output = Result<F::Output, Elapsed>> {
        unless(future, |context| self.poll_elapsed(context))
    }

    /// Ready when the deadline has passed; else the task is woken then.
    pub(crate) fn poll_elapsed(&self, context: &mut Context<'_>) -> Poll<Elapsed> {
        if self.entry.due.get() <= self.clock.now() {
            return Poll::Ready(Elapsed);
        }
        let mut waker = self.entry.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|known| known.will_wake(context.waker())) {
            *waker = Some(context.waker().clone());
        }
        Poll::Pending
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        self.clock.entries.borrow_mut().remove(self.key);
    }
}

/// Milliseconds of the clock that all processes share.
pub(crate) fn boot_millis() -> u64 {
    let Ok(time) = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC) else { return 0 };
    u64::try_from(time.tv_sec()).unwrap_or(0) * 1000 + u64::try_from(time.tv_nsec()).unwrap_or(0) / 1_000_000
}

/// A time as all clocks here count it.
pub(crate) fn millis(duration: Duration) -> u64 {
    // Without the 128 bits of `as_millis`: every request sets a few deadlines.
    duration.as_secs().saturating_mul(1000).saturating_add(u64::from(duration.subsec_millis()))
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    fn poll_once(future: impl Future<Output = Result<(), Elapsed>>) -> Poll<Result<(), Elapsed>> {
        pin!(future).poll(&mut std::task::Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_deadline_is_never_early_and_at_most_two_ticks_late() {
        let clock = Clock::new();
        let deadline = clock.deadline();
        deadline.set(Duration::from_secs(1));
        let start = clock.started;
        clock.tick(start + Duration::from_millis(1000));
        assert_eq!(poll_once(deadline.guard(std::future::pending())), Poll::Pending);
        clock.tick(start + Duration::from_millis(1200));
        assert_eq!(poll_once(deadline.guard(std::future::pending())), Poll::Ready(Err(Elapsed)));
    }

    #[test]
    fn what_is_ready_wins_over_a_passed_deadline() {
        let clock = Clock::new();
        let deadline = clock.deadline();
        deadline.set(Duration::ZERO);
        clock.tick(clock.started + Duration::from_secs(5));
        assert_eq!(poll_once(deadline.guard(std::future::ready(()))), Poll::Ready(Ok(())));
    }

    #[test]
    fn only_idle_tasks_are_expired_early() {
        let clock = Clock::new();
        let (busy, idle) = (clock.deadline(), clock.deadline());
        busy.set(Duration::from_secs(60));
        idle.set_idle(Duration::from_secs(60));
        clock.expire_idle();
        assert_eq!(poll_once(busy.guard(std::future::pending())), Poll::Pending);
        assert_eq!(poll_once(idle.guard(std::future::pending())), Poll::Ready(Err(Elapsed)));
    }
}
