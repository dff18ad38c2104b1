//! How many requests of this worker wait for their site to come back.

use std::cell::Cell;

use dproxy_config::Limits;

/// The requests that wait.
#[derive(Debug, Default)]
pub(crate) struct Held {
    requests: Cell<u32>,
    bytes: Cell<usize>,
}

impl Held {
    /// Whether another one with so many bytes may wait.
    pub(crate) fn has_room(&self, limits: &Limits, bytes: usize) -> bool {
        let room = usize::try_from(limits.held_bytes).unwrap_or(usize::MAX);
        self.requests.get() < limits.held && self.bytes.get().saturating_add(bytes) <= room
    }

    pub(crate) fn enter(&self, bytes: usize) {
        self.requests.set(self.requests.get() + 1);
        self.bytes.set(self.bytes.get() + bytes);
    }

    pub(crate) fn leave(&self, bytes: usize) {
        self.requests.set(self.requests.get() - 1);
        self.bytes.set(self.bytes.get() - bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_wait_are_bounded_in_number_and_bytes() {
        let held = Held::default();
        let limits = Limits { held: 2, held_bytes: 100, ..Limits::default() };
        assert!(held.has_room(&limits, 100) && !held.has_room(&limits, 101));
        held.enter(60);
        assert!(held.has_room(&limits, 40) && !held.has_room(&limits, 41));
        held.enter(0);
        assert!(!held.has_room(&limits, 0));
        held.leave(60);
        assert!(held.has_room(&limits, 100));
    }
}
