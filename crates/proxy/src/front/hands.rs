//! Tasks that serve one request of HTTP/2 or HTTP/3 after another.
//!
//! A task that serves a request is kilobytes, which would have to be set aside, filled and given back for each. So whoever has
//! served one waits for the next, of whichever connection.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::front::{h2, h3};

/// A request that is to be served.
pub(crate) enum Job {
    H2(Box<h2::Job>),
    H3(Box<h3::Job>),
}

/// So many wait at most: two megabytes.
const WAITING: usize = 256;

/// A worker's tasks that wait for a request.
#[derive(Debug, Default)]
pub(crate) struct Hands {
    /// Who has waited longest comes first, and is needed last.
    idle: RefCell<Vec<Rc<Hand>>>,
}

/// Where a task hears what it shall do.
#[derive(Default)]
struct Hand {
    told: Cell<Told>,
    waker: RefCell<Option<Waker>>,
}

#[derive(Default)]
enum Told {
    #[default]
    Nothing,
    Serve(Job),
    Leave,
}

impl Hands {
    /// Has a task serve a request: one that waits, or else a new one.
    pub(crate) fn give(self: &Rc<Self>, job: Job) {
        let idle = self.idle.borrow_mut().pop();
        let hand = idle.unwrap_or_else(|| self.hire());
        hand.tell(Told::Serve(job));
    }

    /// Lets half of those go that wait, as [`crate::buffer::Buffers::trim`] does.
    pub(crate) fn trim(&self) {
        let mut idle = self.idle.borrow_mut();
        let leave = idle.len().div_ceil(2);
        for hand in idle.drain(..leave) {
            hand.tell(Told::Leave);
        }
    }

    fn hire(self: &Rc<Self>) -> Rc<Hand> {
        let hand = Rc::new(Hand::default());
        let (hands, hired) = (Rc::clone(self), Rc::clone(&hand));
        // Made where it stays: a task is moved several times before it runs.
        tokio::task::spawn_local(Box::pin(async move {
            while let Some(job) = hired.next().await {
                match job {
                    Job::H2(job) => pin!(h2::serve_request(*job)).await,
                    Job::H3(job) => pin!(h3::serve_request(*job)).await,
                }
                if !hands.rests(&hired) {
                    break;
                }
            }
        }));
        hand
    }

    /// Lets a task wait, if there are not enough.
    fn rests(&self, hand: &Rc<Hand>) -> bool {
        let mut idle = self.idle.borrow_mut();
        let rests = idle.len() < WAITING;
        if rests {
            idle.push(Rc::clone(hand));
        }
        rests
    }
}

impl Hand {
    fn tell(&self, told: Told) {
        self.told.set(told);
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    /// The next request to serve; none when there is no more to do.
    async fn next(&self) -> Option<Job> {
        poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&self, context: &Context<'_>) -> Poll<Option<Job>> {
        match self.told.take() {
            Told::Serve(job) => Poll::Ready(Some(job)),
            Told::Leave => Poll::Ready(None),
            Told::Nothing => {
                // A task is woken by the same waker for as long as it lives.
                self.waker.borrow_mut().get_or_insert_with(|| context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl std::fmt::Debug for Hand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hand")
    }
}

#[cfg(test)]
mod tests;
