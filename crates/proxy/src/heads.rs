//! What heads are read into and written to, lent for as long as a request is under way.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use dproxy_http1::{RequestHead, ResponseHead};

use crate::buffer::{Buffers, halve};

/// So many of each kind are kept for the next borrower.
const KEPT: usize = 256;
/// Enough for nearly every head that is written.
const USUAL: usize = 2 * 1024;
/// A longer one is not kept.
const LONGEST: usize = 32 * 1024;

/// A worker's heads that nobody borrows.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    written: RefCell<Vec<Vec<u8>>>,
    requests: RefCell<Vec<RequestHead>>,
    responses: RefCell<Vec<ResponseHead>>,
}

/// Something borrowed; it goes back by itself.
#[derive(Debug)]
pub(crate) struct Lent<T: Lendable> {
    head: T,
    owner: Rc<Buffers>,
}

/// What is worth more than its memory once it has grown.
pub(crate) trait Lendable: Default {
    /// Where they wait.
    fn shelf(heads: &Heads) -> &RefCell<Vec<Self>>;

    /// Empties it for the next borrower; false if it is not worth keeping.
    fn clear(&mut self) -> bool;
}

impl Heads {
    /// Lets go of half of what nobody borrows.
    pub(crate) fn trim(&self) {
        halve(&mut self.written.borrow_mut());
        halve(&mut self.requests.borrow_mut());
        halve(&mut self.responses.borrow_mut());
    }
}

impl Buffers {
    /// A vector to write a head into.
    pub(crate) fn scratch(self: &Rc<Self>) -> Lent<Vec<u8>> {
        let mut scratch = self.lend_head::<Vec<u8>>();
        scratch.reserve(USUAL);
        scratch
    }

    /// An empty head.
    pub(crate) fn lend_head<T: Lendable>(self: &Rc<Self>) -> Lent<T> {
        let head = T::shelf(&self.heads).borrow_mut().pop().unwrap_or_default();
        Lent { head, owner: Rc::clone(self) }
    }
}

impl Lendable for Vec<u8> {
    fn shelf(heads: &Heads) -> &RefCell<Vec<Vec<u8>>> {
        &heads.written
    }

    fn clear(&mut self) -> bool {
        self.clear();
        self.capacity() <= LONGEST
    }
}

impl Lendable for RequestHead {
    fn shelf(heads: &Heads) -> &RefCell<Vec<RequestHead>> {
        &heads.requests
    }

    fn clear(&mut self) -> bool {
        self.clear();
        true
    }
}

impl Lendable for ResponseHead {
    fn shelf(heads: &Heads) -> &RefCell<Vec<ResponseHead>> {
        &heads.responses
    }

    fn clear(&mut self) -> bool {
        self.clear();
        true
    }
}

impl<T: Lendable> Deref for Lent<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.head
    }
}

impl<T: Lendable> DerefMut for Lent<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.head
    }
}

impl<T: Lendable> Drop for Lent<T> {
    fn drop(&mut self) {
        let mut head = std::mem::take(&mut self.head);
        let mut shelf = T::shelf(&self.owner.heads).borrow_mut();
        if shelf.len() < KEPT && head.clear() {
            shelf.push(head);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_go_back_and_are_lent_again_empty() {
        let buffers = Rc::new(Buffers::default());
        let mut first = buffers.scratch();
        first.extend_from_slice(b"GET / HTTP/1.1\r\n");
        let place = first.as_ptr();
        drop(first);
        let second = buffers.scratch();
        assert_eq!((second.as_ptr(), second.len()), (place, 0));
    }

    #[test]
    fn long_ones_are_not_kept() {
        let buffers = Rc::new(Buffers::default());
        buffers.scratch().reserve(LONGEST + 1);
        assert!(buffers.scratch().capacity() <= LONGEST);
    }
}
