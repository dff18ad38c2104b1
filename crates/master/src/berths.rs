//! At which berth each worker speaks QUIC.
//!
//! The sockets of an address are opened one behind the other and stay, so that the kernel's numbers for them are ours: a
//! berth is such a number. A worker keeps its own for as long as it lives, and connections that it leaves behind are known
//! by their ids to be nobody's by whoever has the berth next.

use std::collections::{BTreeMap, BTreeSet};

use crate::core::WorkerId;

/// Who has which.
#[derive(Debug, Default)]
pub(crate) struct Berths {
    of: BTreeMap<WorkerId, u8>,
}

impl Berths {
    /// As the workers themselves say.
    pub(crate) fn inherit(of: BTreeMap<WorkerId, u8>) -> Berths {
        Berths { of }
    }

    /// Takes back the berths of those who are gone, and gives the lowest free ones, fewer than `most`, to those who have none.
    pub(crate) fn settle(&mut self, living: &BTreeSet<WorkerId>, most: u8) {
        self.of.retain(|worker, _| living.contains(worker));
        for worker in living {
            if self.of.contains_key(worker) {
                continue;
            }
            let taken: BTreeSet<u8> = self.of.values().copied().collect();
            let Some(free) = (0..most).find(|berth| !taken.contains(berth)) else { return };
            self.of.insert(*worker, free);
        }
    }

    pub(crate) fn of(&self, worker: WorkerId) -> Option<u8> {
        self.of.get(&worker).copied()
    }

    /// So many sockets each address needs.
    pub(crate) fn needed(&self) -> usize {
        self.of.values().max().map_or(0, |highest| usize::from(*highest) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn living(workers: &[u64]) -> BTreeSet<WorkerId> {
        workers.iter().map(|worker| WorkerId(*worker)).collect()
    }

    #[test]
    fn nobody_has_the_berth_of_another_and_everybody_keeps_its_own() {
        let mut berths = Berths::default();
        let of = |berths: &Berths, workers: &[u64]| workers.iter().map(|worker| berths.of(WorkerId(*worker))).collect::<Vec<_>>();
        berths.settle(&living(&[1, 2, 3]), 10);
        assert_eq!(of(&berths, &[1, 2, 3]), [Some(0), Some(1), Some(2)]);
        // The second one is replaced: both live for a while.
        berths.settle(&living(&[1, 2, 3, 4]), 10);
        assert_eq!(of(&berths, &[2, 4]), [Some(1), Some(3)]);
        berths.settle(&living(&[1, 3, 4, 5]), 10);
        assert_eq!(of(&berths, &[1, 2, 3, 4, 5]), [Some(0), None, Some(2), Some(3), Some(1)]);
        assert_eq!(berths.needed(), 4);
    }

    #[test]
    fn there_are_only_so_many() {
        let mut berths = Berths::default();
        berths.settle(&living(&[1, 2, 3]), 2);
        assert_eq!((berths.of(WorkerId(3)), berths.needed()), (None, 2));
        berths.settle(&living(&[2, 3]), 2);
        assert_eq!(berths.of(WorkerId(3)), Some(0));
    }

    #[test]
    fn berths_of_an_earlier_master_are_kept() {
        let mut berths = Berths::inherit(BTreeMap::from([(WorkerId(0), 3), (WorkerId(1), 0)]));
        berths.settle(&living(&[0, 1, 2]), 10);
        assert_eq!((berths.of(WorkerId(0)), berths.of(WorkerId(1)), berths.of(WorkerId(2))), (Some(3), Some(0), Some(1)));
        assert_eq!(berths.needed(), 4);
    }
}
