//! What is under way on a connection, and how much of a nuisance it is.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Waker};

use dproxy_http3::Violation;

use crate::clock::Clock;

/// Tokens of a new connection, and the most it can save.
const SAVED: i64 = 10_000;
/// Tokens that a second brings.
const PER_SECOND: i64 = 200;
/// What a request brings and what cancelling one costs: half of them may be cancelled for ever, and a thousand in one go.
const REQUEST: i64 = 10;
const CANCEL: i64 = 20;

/// Of one connection.
#[derive(Debug)]
pub(super) struct Course {
    under_way: Cell<usize>,
    /// Of the task that serves the connection.
    waker: RefCell<Option<Waker>>,
    tokens: Cell<i64>,
    clock: Rc<Clock>,
    refilled: Cell<u64>,
}

/// A request, until this is dropped.
pub(super) struct UnderWay<'c> {
    course: &'c Course,
    given_up: Cell<bool>,
}

impl Course {
    pub(super) fn new(clock: &Rc<Clock>) -> Course {
        Course {
            under_way: Cell::new(0),
            waker: RefCell::default(),
            tokens: Cell::new(SAVED),
            clock: Rc::clone(clock),
            refilled: Cell::new(clock.now()),
        }
    }

    /// Another request is under way.
    pub(super) fn begins(&self) {
        self.under_way.set(self.under_way.get() + 1);
    }

    /// Ends one that has begun, when the answer is dropped.
    pub(super) fn under_way(&self) -> UnderWay<'_> {
        UnderWay { course: self, given_up: Cell::new(false) }
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.under_way.get() > 0
    }

    /// Whoever is asked by this context hears when nothing is under way any more.
    pub(super) fn wakes(&self, context: &Context<'_>) {
        let mut waker = self.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            *waker = Some(context.waker().clone());
        }
    }

    /// Takes so many frames that bring nobody anything.
    pub(super) fn bears(&self, frames: usize) -> Result<(), Violation> {
        self.pay(i64::try_from(frames).unwrap_or(i64::MAX));
        if self.is_worn_out() { Err(Violation::Excessive) } else { Ok(()) }
    }

    /// Whether its client has used up what it saved.
    pub(super) fn is_worn_out(&self) -> bool {
        self.tokens.get() < 0
    }

    fn pay(&self, cost: i64) {
        let now = self.clock.now();
        let seconds = now.saturating_sub(self.refilled.get()) / 1000;
        self.refilled.set(self.refilled.get() + seconds * 1000);
        let gained = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(PER_SECOND);
        self.tokens.set(self.tokens.get().saturating_add(gained).min(SAVED).saturating_sub(cost).min(SAVED));
    }
}

impl UnderWay<'_> {
    /// It has ended, or was given up by its client.
    pub(super) fn with(&self, given_up: bool) {
        self.given_up.set(given_up);
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let course = self.course;
        course.pay(if self.given_up.get() { CANCEL - REQUEST } else { -REQUEST });
        course.under_way.set(course.under_way.get() - 1);
        if (course.under_way.get() == 0 || course.is_worn_out())
            && let Some(waker) = course.waker.borrow().as_ref()
        {
            waker.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_cancels_most_requests_is_worn_out_and_whoever_cancels_some_is_not() {
        let course = Course::new(&Clock::new());
        let serve = |given_up: bool| {
            course.begins();
            course.under_way().with(given_up);
        };
        for number in 0..10_000 {
            serve(number % 2 == 0);
        }
        assert!(!course.is_worn_out());
        (0..1001).for_each(|_| serve(true));
        assert!(course.is_worn_out());
        assert!(!course.is_under_way());
    }

    #[test]
    fn frames_that_bring_nothing_wear_out() {
        let course = Course::new(&Clock::new());
        assert_eq!(course.bears(10_000), Ok(()));
        assert_eq!(course.bears(1), Err(Violation::Excessive));
    }
}
