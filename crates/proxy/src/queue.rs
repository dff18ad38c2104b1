//! Requests that wait for a place at one of several backends, all of which are full.
//!
//! ```text
//!             call_next, or at the front LOOK_AGAIN passed            took a place: dropped
//!   Waiting ────────────────────────────────────────────────► Called ──────────────────────►
//!      ▲                                                         │
//!      └─────────────────────────────────────────────────────────┘
//!                        somebody else was faster
//! ```
//! First come, first served, within a worker. A place that this worker gives
//! back is offered to the next in the queue at once. What other workers give back
//! only shows on the board, so whoever is at the front looks again now and then,
//! and claims there that he waits: other workers hold back for one who has waited
//! much longer than their own.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use crate::clock::boot_millis;
use crate::place::Places;

/// How often the front of a queue looks for places that other workers gave back.
const LOOK_AGAIN: Duration = Duration::from_millis(3);

/// The queue of one group of backends.
#[derive(Debug)]
pub(crate) struct Queue {
    /// Of all backends of the group.
    places: Vec<Rc<Places>>,
    /// By ticket: in the order they came.
    waiters: RefCell<BTreeMap<u64, Waiter>>,
    next_ticket: Cell<u64>,
}

/// A request in the queue. Dropped, it gives its turn away.
#[derive(Debug)]
pub(crate) struct Waiting {
    queue: Rc<Queue>,
    ticket: u64,
    /// Milliseconds of the clock that all workers share.
    since: u64,
    /// Where it takes a place; claiming others would keep them empty.
    wanted: Vec<Rc<Places>>,
}

#[derive(Debug, Default)]
struct Waiter {
    called: bool,
    waker: Option<Waker>,
}

impl Queue {
    /// The queue for places at any of these.
    pub(crate) fn of(places: Vec<Rc<Places>>) -> Rc<Queue> {
        Rc::new(Queue { places, waiters: RefCell::default(), next_ticket: Cell::default() })
    }

    /// Joins the end to wait for a place at one of `wanted`, unless `most` wait already.
    pub(crate) fn join(self: &Rc<Self>, wanted: Vec<Rc<Places>>, most: u32) -> Option<Waiting> {
        let length = self.waiters.borrow().len();
        if u32::try_from(length).map_or(true, |length| length >= most) {
            return None;
        }
        let ticket = self.next_ticket.replace(self.next_ticket.get() + 1);
        self.waiters.borrow_mut().insert(ticket, Waiter::default());
        if length == 0 {
            self.places.iter().for_each(|places| places.attach(self));
        }
        Some(Waiting { queue: Rc::clone(self), ticket, since: boot_millis(), wanted })
    }

    /// Lets the first who was not called yet try; says whether there is one.
    pub(crate) fn call_next(&self) -> bool {
        let mut waiters = self.waiters.borrow_mut();
        let Some(waiter) = waiters.values_mut().find(|waiter| !waiter.called) else { return false };
        waiter.call();
        true
    }

    /// The same behind the one with this ticket.
    fn call_behind(&self, ticket: u64) {
        let mut waiters = self.waiters.borrow_mut();
        if let Some((_, waiter)) = waiters.range_mut(ticket + 1..).find(|(_, waiter)| !waiter.called) {
            waiter.call();
        }
    }

    fn has_room_for(&self, since: u64) -> bool {
        self.places.iter().any(|places| places.has_room_for(since))
    }

    fn front(&self) -> Option<u64> {
        self.waiters.borrow().keys().next().copied()
    }
}

impl Waiter {
    fn call(&mut self) {
        self.called = true;
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl Waiting {
    /// Waits until `take` gets something. It is tried in turn, and told since when this one has waited.
    pub(crate) async fn take<T>(&self, mut take: impl FnMut(u64) -> Option<T>) -> T {
        loop {
            self.turn().await;
            let taken = take(self.since);
            self.set_called(taken.is_some());
            // There may be more than one place; or this one cannot use what there is, and another can.
            match taken {
                Some(taken) => {
                    self.queue.call_next();
                    return taken;
                }
                None if self.queue.has_room_for(self.since) => self.queue.call_behind(self.ticket),
                None => {}
            }
        }
    }

    /// Waits until this one was called, or is at the front and shall look by itself.
    async fn turn(&self) {
        let mut pause = pin!(tokio::time::sleep(LOOK_AGAIN));
        poll_fn(|context| {
            let is_front = self.queue.front() == Some(self.ticket);
            let mut waiters = self.queue.waiters.borrow_mut();
            let Some(waiter) = waiters.get_mut(&self.ticket) else { return Poll::Pending };
            if waiter.called {
                return Poll::Ready(());
            }
            waiter.waker = Some(context.waker().clone());
            drop(waiters);
            if !is_front {
                return Poll::Pending;
            }
            self.wanted.iter().for_each(|places| places.claim(self.since));
            pause.as_mut().poll(context)
        })
        .await;
    }

    fn set_called(&self, called: bool) {
        if let Some(waiter) = self.queue.waiters.borrow_mut().get_mut(&self.ticket) {
            waiter.called = called;
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let was_front = self.queue.front() == Some(self.ticket);
        let waiter = self.queue.waiters.borrow_mut().remove(&self.ticket);
        if was_front {
            self.wanted.iter().for_each(|places| places.withdraw(self.since));
        }
        if self.queue.front().is_none() {
            self.queue.places.iter().for_each(|places| places.detach(&self.queue));
        } else if was_front || waiter.is_some_and(|waiter| waiter.called) {
            // Whoever is at the front now must know; a call that was not answered goes to another.
            self.queue.call_next();
        }
    }
}

#[cfg(test)]
mod tests;
