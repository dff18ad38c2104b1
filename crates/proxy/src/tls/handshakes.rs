//! Handshakes that are under way, and a bound to them.
//!
//! A client that never finishes costs memory until its time is up. When there
//! are too many, the one that began first is given up: an honest client needs
//! a few round trips, so those who have waited longest are the likeliest to
//! be no such.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// Of one worker.
#[derive(Debug, Default)]
pub(crate) struct Handshakes {
    by_age: RefCell<BTreeMap<u64, Rc<Ticket>>>,
    next: Cell<u64>,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct UnderWay<'h> {
    handshakes: &'h Handshakes,
    number: u64,
    ticket: Rc<Ticket>,
}

#[derive(Debug, Default)]
struct Ticket {
    given_up: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Handshakes {
    /// One more; when there are `most` already, the oldest is given up.
    pub(crate) fn begin(&self, most: u32) -> UnderWay<'_> {
        let number = self.next.get();
        self.next.set(number + 1);
        let ticket = Rc::new(Ticket::default());
        let mut by_age = self.by_age.borrow_mut();
        while by_age.len() >= usize::try_from(most).unwrap_or(usize::MAX).max(1) {
            let Some((_, oldest)) = by_age.pop_first() else { break };
            oldest.given_up.set(true);
            oldest.waker.take().into_iter().for_each(Waker::wake);
        }
        by_age.insert(number, Rc::clone(&ticket));
        UnderWay { handshakes: self, number, ticket }
    }

    /// Whether there are half as many as there may be.
    pub(crate) fn are_many(&self, most: u32) -> bool {
        self.by_age.borrow().len() >= usize::try_from(most / 2).unwrap_or(usize::MAX)
    }
}

impl UnderWay<'_> {
    /// Ready when another one needs its place.
    pub(crate) fn poll_given_up(&self, context: &mut Context<'_>) -> Poll<()> {
        if self.ticket.given_up.get() {
            return Poll::Ready(());
        }
        self.ticket.waker.replace(Some(context.waker().clone()));
        Poll::Pending
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.handshakes.by_age.borrow_mut().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_gives_way() {
        let handshakes = Handshakes::default();
        let state = |one: &UnderWay<'_>| one.poll_given_up(&mut Context::from_waker(Waker::noop())).is_ready();
        let (first, second) = (handshakes.begin(2), handshakes.begin(2));
        assert_eq!((state(&first), state(&second)), (false, false));
        let third = handshakes.begin(2);
        assert_eq!((state(&first), state(&second), state(&third)), (true, false, false));
        drop(second);
        let fourth = handshakes.begin(2);
        assert_eq!((state(&third), state(&fourth)), (false, false));
        drop((first, third, fourth));
        assert!(handshakes.by_age.borrow().is_empty());
    }
}
