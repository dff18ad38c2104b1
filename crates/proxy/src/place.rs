//! How many requests a backend has, and how many it takes.
//!
//! Whoever is about to send a request takes a [`Place`] and drops it when the
//! request is done, however it ends. Places are counted over all workers where
//! there is a board; when none is left, requests wait in a [`Queue`].

use std::cell::{Cell, RefCell};
use std::num::NonZeroU32;
use std::rc::Rc;

use dproxy_route::Share;
use dproxy_stats::{Column, Ledger, Vitals};

use crate::budget::Recent;
use crate::clock::boot_millis;
use crate::queue::Queue;

/// The places at one backend.
#[derive(Debug)]
pub(crate) struct Places {
    count: Count,
    /// None is any number.
    limit: Cell<Option<NonZeroU32>>,
    /// How much it gets beside others.
    share: Cell<Share>,
    /// Where requests of this worker wait for a place here, the oldest queue first.
    queues: RefCell<Vec<Rc<Queue>>>,
    /// What the backend was asked lately.
    pub(crate) recent: Recent,
}

/// A request's place at a backend, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Rc<Places>,
}

/// Where requests are counted.
#[derive(Debug)]
pub(crate) enum Count {
    /// On the board of all workers.
    Shared { ledger: Rc<Ledger>, column: Column },
    /// By this worker, which knows of no other.
    Alone(Cell<u32>),
}

impl Places {
    pub(crate) fn new(count: Count) -> Rc<Places> {
        Rc::new(Places { count, limit: Cell::default(), share: Cell::default(), queues: RefCell::default(), recent: Recent::default() })
    }

    /// Where its requests are counted, if that is the board.
    pub(crate) fn column(&self) -> Option<Column> {
        match self.count {
            Count::Shared { column, .. } => Some(column),
            Count::Alone(_) => None,
        }
    }

    /// From now on the backend takes so many requests at a time.
    pub(crate) fn limit_to(&self, limit: Option<NonZeroU32>) {
        self.limit.set(limit);
        // More may fit in now.
        self.call_next();
    }

    /// From now on the backend gets so much beside others.
    pub(crate) fn share_out(&self, share: Share) {
        self.share.set(share);
    }

    pub(crate) fn share(&self) -> Share {
        self.share.get()
    }

    /// How many requests are under way.
    pub(crate) fn taken(&self) -> u32 {
        match &self.count {
            Count::Shared { ledger, column } => ledger.board().total(*column),
            Count::Alone(taken) => taken.get(),
        }
    }

    /// How the backend does, where all workers know.
    pub(crate) fn vitals(&self) -> Option<Vitals<'_>> {
        match &self.count {
            Count::Shared { ledger, column } => Some(ledger.board().vitals(*column)),
            Count::Alone(_) => None,
        }
    }

    /// A place for a request that has just come; none while others wait, so that nobody is overtaken.
    pub(crate) fn for_newcomer(self: &Rc<Self>) -> Option<Place> {
        let overtakes = self.limit.get().is_some() && (!self.queues.borrow().is_empty() || self.is_waited_for_elsewhere());
        if overtakes { None } else { self.enter() }
    }

    /// A place for a request that has waited since then, unless one of another worker has waited much longer.
    pub(crate) fn for_waiter(self: &Rc<Self>, since: u64) -> Option<Place> {
        if self.has_elder(since) { None } else { self.enter() }
    }

    /// Whether there is a place for somebody who has waited since then, whatever else may keep him from it.
    pub(crate) fn has_room_for(&self, since: u64) -> bool {
        self.limit.get().is_none_or(|limit| self.taken() < limit.get()) && !self.has_elder(since)
    }

    /// Tells the other workers that somebody has waited here since then.
    pub(crate) fn claim(&self, since: u64) {
        if let Count::Shared { ledger, column } = &self.count {
            ledger.board().claim(*column, since, boot_millis());
        }
    }

    /// Whoever has waited since then waits no more.
    pub(crate) fn withdraw(&self, since: u64) {
        if let Count::Shared { ledger, column } = &self.count {
            ledger.board().withdraw(*column, since);
        }
    }

    /// `queue` has begun to wait for places here.
    pub(crate) fn attach(&self, queue: &Rc<Queue>) {
        self.queues.borrow_mut().push(Rc::clone(queue));
    }

    /// `queue` waits no more.
    pub(crate) fn detach(&self, queue: &Rc<Queue>) {
        self.queues.borrow_mut().retain(|other| !Rc::ptr_eq(other, queue));
    }

    fn enter(self: &Rc<Self>) -> Option<Place> {
        let entered = match &self.count {
            Count::Shared { ledger, column } => ledger.enter(*column, self.limit.get()),
            Count::Alone(taken) => {
                let room = self.limit.get().is_none_or(|limit| taken.get() < limit.get());
                if room {
                    taken.set(taken.get() + 1);
                }
                room
            }
        };
        entered.then(|| Place { places: Rc::clone(self) })
    }

    fn is_waited_for_elsewhere(&self) -> bool {
        match &self.count {
            // The clock is read only when somebody does wait.
            Count::Shared { ledger, column } => ledger.board().is_waited_for(*column) && self.has_elder(boot_millis()),
            Count::Alone(_) => false,
        }
    }

    fn has_elder(&self, since: u64) -> bool {
        match &self.count {
            Count::Shared { ledger, column } => ledger.board().has_elder(*column, since, boot_millis()),
            Count::Alone(_) => false,
        }
    }

    /// Lets the next of those who wait here try.
    fn call_next(&self) {
        // One that was called already is as good as served: the next queue's turn.
        let _ = self.queues.borrow().iter().any(|queue| queue.call_next());
    }
}

impl Place {
    pub(crate) fn at(&self) -> &Places {
        &self.places
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        match &self.places.count {
            Count::Shared { ledger, column } => ledger.leave(*column),
            Count::Alone(taken) => taken.set(taken.get() - 1),
        }
        self.places.call_next();
    }
}
