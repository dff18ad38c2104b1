//! How each backend is there in a sealed snapshot.
//!
//! A worker has read the routes of a few hosts only, so it cannot tell by them whether a backend that one of them had
//! is gone or still stands behind another. The roll tells: a sorted list of hashes, whose last bits say how it is there.
//! Should two backends have the same hash, the end of the one is overlooked while the other is there, and its requests
//! end by themselves.

use std::collections::BTreeMap;
use std::hash::BuildHasher as _;

use dproxy_route::{BackendId, Presence};
use foldhash::quality::FixedState;

/// Bytes of a backend.
pub(super) const BYTES: usize = 8;
/// Where its presence is.
const PRESENCE: u64 = 0b11;

/// Sorted backends, in bytes.
#[derive(Debug)]
pub(super) struct Roll<B> {
    backends: B,
    seed: u64,
}

impl Roll<Vec<u8>> {
    /// The roll of the backends of each host.
    pub(super) fn of(hosts: impl Iterator<Item = BTreeMap<BackendId, Presence>>, seed: u64) -> Roll<Vec<u8>> {
        let backends = hosts.flatten().map(|(backend, presence)| hash(&backend, seed) | bits(presence));
        let mut backends: Vec<u64> = backends.collect();
        backends.sort_unstable();
        // Of several presences the first counts.
        backends.dedup_by_key(|bits| *bits & !PRESENCE);
        Roll { backends: backends.into_iter().flat_map(u64::to_le_bytes).collect(), seed }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.backends
    }
}

impl<B: AsRef<[u8]>> Roll<B> {
    /// The roll that lies in these bytes.
    pub(super) fn over(backends: B, seed: u64) -> Roll<B> {
        Roll { backends, seed }
    }

    /// How a backend is there, if it is.
    pub(super) fn presence(&self, backend: &BackendId) -> Option<Presence> {
        let (backends, _) = self.backends.as_ref().as_chunks::<BYTES>();
        let wanted = hash(backend, self.seed);
        let place = backends.binary_search_by_key(&wanted, |bytes| u64::from_le_bytes(*bytes) & !PRESENCE).ok()?;
        let found = u64::from_le_bytes(backends[place]) & PRESENCE;
        [Presence::Serving, Presence::Resting, Presence::Asleep].into_iter().find(|presence| bits(*presence) == found)
    }
}

fn bits(presence: Presence) -> u64 {
    match presence {
        Presence::Serving => 0,
        Presence::Resting => 1,
        Presence::Asleep => 2,
    }
}

fn hash(backend: &BackendId, seed: u64) -> u64 {
    FixedState::with_seed(seed).hash_one(backend) & !PRESENCE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_in_it_is_found_and_nobody_else() {
        let backend = |port| BackendId::of_container("0123456789ab", port);
        let host = |port| {
            let presence = [Presence::Serving, Presence::Resting, Presence::Asleep][usize::from(port % 3)];
            BTreeMap::from([(backend(port), presence)])
        };
        let again = BTreeMap::from([(backend(1), Presence::Asleep), (backend(2), Presence::Serving)]);
        let roll = Roll::of((0..1000).map(host).chain([again]), 7);
        assert_eq!(roll.bytes().len(), 1000 * BYTES);
        let roll = Roll::over(roll.bytes(), 7);
        assert!((3..1000).all(|port| roll.presence(&backend(port)) == host(port).values().next().copied()));
        assert_eq!([1, 2].map(|port| roll.presence(&backend(port))), [Some(Presence::Resting), Some(Presence::Serving)]);
        assert!(!(1000..2000).any(|port| roll.presence(&backend(port)).is_some()));
        assert_eq!(Roll::over([], 7).presence(&backend(1)), None);
    }
}
