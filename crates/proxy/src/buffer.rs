//! Buffers that are lent for as long as bytes are under way.
//!
//! A connection that idles holds none, and one that waits for its backend only
//! a tiny one with its head. Small ones carry answers, large ones carry long
//! bodies with fewer system calls.

use std::cell::RefCell;
use std::rc::Rc;

use crate::heads::Heads;

/// Enough for the head of nearly every request.
const TINY: usize = 4 * 1024;
/// Enough for what a backend sends in one go.
const SMALL: usize = 32 * 1024;
/// So much of what was consumed can be had again.
pub(crate) const KEPT: usize = 64 * 1024;
/// A megabyte through 64 KiB costs half as much again as through this.
const LARGE: usize = 256 * 1024;

/// Unused buffers of each size kept for the next borrower: at most 1, 8 and 4 MiB.
const KEPT_TINY: usize = 256;
const KEPT_SMALL: usize = 256;
const KEPT_LARGE: usize = 16;

/// A worker's buffers.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    tiny: Shelf,
    small: Shelf,
    large: Shelf,
    pub(crate) heads: Heads,
}

/// Buffers of one size that nobody borrows.
type Shelf = RefCell<Vec<Box<[u8]>>>;

/// A borrowed buffer; it goes back by itself. Bytes come in behind `end` and
/// leave at `start`.
#[derive(Debug)]
pub(crate) struct Buffer {
    /// Empty until room is asked for.
    bytes: Box<[u8]>,
    /// How much is taken then.
    first: usize,
    start: usize,
    end: usize,
    /// Where what was consumed begins that may be wanted again.
    kept: Option<usize>,
    owner: Rc<Buffers>,
}

impl Buffers {
    /// A buffer for the heads of requests.
    pub(crate) fn lend_tiny(self: &Rc<Self>) -> Buffer {
        let mut buffer = self.lend();
        buffer.first = TINY;
        buffer
    }

    /// A buffer that takes memory once there is something to put into it.
    pub(crate) fn lend(self: &Rc<Self>) -> Buffer {
        Buffer { bytes: Box::default(), first: SMALL, start: 0, end: 0, kept: None, owner: Rc::clone(self) }
    }

    /// The same for bytes that are expected to be many.
    pub(crate) fn lend_large(self: &Rc<Self>) -> Buffer {
        let mut buffer = self.lend();
        buffer.first = LARGE;
        buffer
    }

    /// Lets go of half of what nobody borrows: a burst's memory is given back within seconds.
    pub(crate) fn trim(&self) {
        halve(&mut self.tiny.borrow_mut());
        halve(&mut self.small.borrow_mut());
        halve(&mut self.large.borrow_mut());
        self.heads.trim();
    }

    fn take(&self, size: usize) -> Box<[u8]> {
        let (shelf, _) = self.shelf(size);
        shelf.borrow_mut().pop().unwrap_or_else(|| vec![0; size].into_boxed_slice())
    }

    fn take_back(&self, bytes: Box<[u8]>) {
        if bytes.is_empty() {
            return;
        }
        let (shelf, kept) = self.shelf(bytes.len());
        let mut shelf = shelf.borrow_mut();
        if shelf.len() < kept {
            shelf.push(bytes);
        }
    }

    fn shelf(&self, size: usize) -> (&Shelf, usize) {
        match size {
            TINY => (&self.tiny, KEPT_TINY),
            SMALL => (&self.small, KEPT_SMALL),
            _ => (&self.large, KEPT_LARGE),
        }
    }
}

pub(crate) fn halve<T>(shelf: &mut Vec<T>) {
    shelf.truncate(shelf.len() / 2);
}

impl Buffer {
    pub(crate) fn filled(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Whether it takes no further byte without being emptied or grown.
    pub(crate) fn is_full(&self) -> bool {
        self.base() == 0 && self.end == self.bytes.len() && !self.bytes.is_empty()
    }

    /// Gives the memory back until there are bytes again, and then takes as much; unless there are some, or some may be wanted again.
    pub(crate) fn rest(&mut self) {
        if self.base() != self.end || self.bytes.is_empty() {
            return;
        }
        self.first = self.bytes.len();
        self.start = 0;
        self.end = 0;
        self.kept = self.kept.map(|_| 0);
        self.owner.take_back(std::mem::take(&mut self.bytes));
    }

    /// Room for more, after moving what is there to the front if need be.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        if self.bytes.is_empty() {
            self.bytes = self.owner.take(self.first);
        }
        let base = self.base();
        if base == self.end || self.end == self.bytes.len() && base > 0 {
            self.bytes.copy_within(base..self.end, 0);
            self.end -= base;
            self.start -= base;
            self.kept = self.kept.map(|_| 0);
        }
        &mut self.bytes[self.end..]
    }

    /// Puts `bytes` behind what is there, growing for them. False if no buffer is large enough.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> bool {
        while self.room().len() < bytes.len() {
            if !self.grow() {
                return false;
            }
        }
        self.room()[..bytes.len()].copy_from_slice(bytes);
        self.produced(bytes.len());
        true
    }

    /// `count` bytes were written to the room.
    pub(crate) fn produced(&mut self, count: usize) {
        self.end += count;
        debug_assert!(self.end <= self.bytes.len());
    }

    /// `count` bytes are done with.
    pub(crate) fn consume(&mut self, count: usize) {
        self.start += count;
        debug_assert!(self.start <= self.end);
        if self.kept.is_some_and(|kept| self.start - kept > KEPT) {
            self.kept = None;
        }
    }

    /// From now on what is consumed can be had again, unless it becomes much.
    pub(crate) fn keep(&mut self) {
        self.kept = Some(self.start);
    }

    /// Nothing that was consumed is wanted again.
    pub(crate) fn forget(&mut self) {
        self.kept = None;
    }

    /// Goes back to where [`Buffer::keep`] was called. False if that is too far.
    pub(crate) fn rewind(&mut self) -> bool {
        let Some(kept) = self.kept else { return false };
        self.start = kept;
        true
    }

    /// Those that it was lent from.
    pub(crate) fn owner(&self) -> &Rc<Buffers> {
        &self.owner
    }

    /// Moves all but the first `count` bytes to a buffer of their own.
    pub(crate) fn split_off(&mut self, count: usize) -> Buffer {
        let mut other = self.owner.lend();
        let moved = &self.bytes[self.start + count..self.end];
        if !moved.is_empty() {
            other.bytes = self.owner.take(self.bytes.len());
            other.bytes[..moved.len()].copy_from_slice(moved);
            other.end = moved.len();
        }
        self.end = self.start + count;
        other
    }

    /// Exchanges a buffer for a larger one. False if there is none.
    pub(crate) fn grow(&mut self) -> bool {
        match self.bytes.len() {
            TINY => self.exchange(SMALL),
            0 | SMALL => self.exchange(LARGE),
            _ => return false,
        }
        true
    }

    fn base(&self) -> usize {
        self.kept.unwrap_or(self.start)
    }

    fn exchange(&mut self, size: usize) {
        let mut larger = self.owner.take(size);
        let base = self.base();
        larger[..self.end - base].copy_from_slice(&self.bytes[base..self.end]);
        let smaller = std::mem::replace(&mut self.bytes, larger);
        self.start -= base;
        self.end -= base;
        self.kept = self.kept.map(|_| 0);
        self.owner.take_back(smaller);
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.owner.take_back(std::mem::take(&mut self.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(buffer: &mut Buffer, text: &[u8]) {
        buffer.room()[..text.len()].copy_from_slice(text);
        buffer.produced(text.len());
    }

    #[test]
    fn what_is_left_moves_to_the_front_when_the_end_is_reached() {
        let buffers = Rc::new(Buffers::default());
        let mut buffer = buffers.lend();
        fill(&mut buffer, &[1; SMALL]);
        buffer.consume(SMALL - 3);
        assert_eq!(buffer.room().len(), SMALL - 3);
        assert_eq!(buffer.filled(), [1; 3]);
    }

    #[test]
    fn a_grown_buffer_keeps_its_bytes() {
        let buffers = Rc::new(Buffers::default());
        let mut buffer = buffers.lend_tiny();
        fill(&mut buffer, b"head");
        buffer.consume(1);
        assert!(buffer.grow());
        assert!(buffer.grow());
        assert_eq!(buffer.filled(), b"ead");
        assert!(!buffer.grow());
    }

    #[test]
    fn what_was_kept_can_be_had_again() {
        let buffers = Rc::new(Buffers::default());
        let mut buffer = buffers.lend();
        fill(&mut buffer, &[1; SMALL]);
        buffer.consume(SMALL - 2);
        buffer.keep();
        buffer.consume(2);
        assert_eq!(buffer.room().len(), SMALL - 2);
        fill(&mut buffer, &[2; SMALL - 2]);
        buffer.consume(SMALL - 3);
        assert!(buffer.is_full() && buffer.grow());
        assert_eq!(buffer.filled(), [2; 1]);
        assert!(buffer.rewind());
        assert_eq!(&buffer.filled()[..3], [1, 1, 2]);
        fill(&mut buffer, &[3; KEPT]);
        buffer.consume(KEPT + 1);
        assert!(!buffer.rewind());
    }

    #[test]
    fn memory_is_taken_only_for_bytes() {
        let buffers = Rc::new(Buffers::default());
        let mut buffer = buffers.lend();
        assert!(buffer.bytes.is_empty() && !buffer.is_full());
        buffer.room();
        assert!(!buffer.bytes.is_empty());
    }

    #[test]
    fn a_buffer_that_rested_is_as_large_as_before() {
        let buffers = Rc::new(Buffers::default());
        let mut buffer = buffers.lend();
        buffer.room();
        buffer.grow();
        buffer.rest();
        assert!(buffer.bytes.is_empty());
        assert_eq!(buffer.room().len(), LARGE);
    }

    #[test]
    fn what_may_be_wanted_again_does_not_rest() {
        let buffers = Rc::new(Buffers::default());
        let mut buffer = buffers.lend();
        buffer.keep();
        fill(&mut buffer, b"body");
        buffer.consume(4);
        buffer.rest();
        assert!(buffer.rewind());
        assert_eq!(buffer.filled(), b"body");
    }

    #[test]
    fn buffers_go_back_and_are_lent_again() {
        let buffers = Rc::new(Buffers::default());
        let mut first = buffers.lend_tiny();
        let place = first.room().as_ptr();
        drop(first);
        let mut second = buffers.lend_tiny();
        assert_eq!(second.room().as_ptr(), place);
        second.rest();
        assert_eq!(buffers.lend_tiny().room().as_ptr(), place);
    }
}
