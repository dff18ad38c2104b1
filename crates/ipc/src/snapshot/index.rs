//! Where in a sealed snapshot the routes of each host are: an open hash table.
//!
//! ```text
//! hash (u32) | length of the entry (u32) | its offset in the file (u64)      for each place; an empty one is zero
//! ```

use std::hash::BuildHasher as _;

use dproxy_route::PatternRef;
use foldhash::quality::FixedState;

/// Bytes of a place in the index.
const PLACE: usize = 16;
/// Places for each entry: half of them stay empty, so that a search is short.
const SPARE: usize = 2;

/// An entry's place in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) offset: u64,
    pub(super) length: u32,
}

/// A hash table of spans, in bytes.
#[derive(Debug)]
pub(super) struct Index<B> {
    places: B,
    seed: u64,
}

impl Index<Vec<u8>> {
    /// An empty one for so many entries.
    pub(super) fn with_room_for(entries: usize, seed: u64) -> Index<Vec<u8>> {
        let places = (entries * SPARE).next_power_of_two();
        Index { places: vec![0; places * PLACE], seed }
    }

    /// Puts an entry behind those of the same hash.
    pub(super) fn insert(&mut self, pattern: PatternRef<'_>, span: Span) {
        let hash = self.hash(pattern);
        let mut number = self.first(hash);
        while self.place(number).is_some_and(|place| place != EMPTY) {
            number = self.next(number);
        }
        let bytes = &mut self.places[number * PLACE..][..PLACE];
        bytes[..4].copy_from_slice(&tag(hash).to_le_bytes());
        bytes[4..8].copy_from_slice(&span.length.to_le_bytes());
        bytes[8..].copy_from_slice(&span.offset.to_le_bytes());
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.places
    }
}

impl<B: AsRef<[u8]>> Index<B> {
    /// The index that lies in these bytes.
    pub(super) fn over(places: B, seed: u64) -> Index<B> {
        Index { places, seed }
    }

    /// Where the entry of a pattern may be; usually one place, or none.
    pub(super) fn find(&self, pattern: PatternRef<'_>) -> impl Iterator<Item = Span> {
        let hash = self.hash(pattern);
        let numbers = std::iter::successors(Some(self.first(hash)), |number| Some(self.next(*number)));
        // An index without an empty place is nothing that we made; the search ends all the same.
        let places = numbers.take(self.count()).map_while(|number| self.place(number).filter(|place| *place != EMPTY));
        places.filter(move |(found, _)| *found == tag(hash)).map(|(_, span)| span)
    }

    /// All entries, in no order.
    pub(super) fn spans(&self) -> impl Iterator<Item = Span> {
        let places = (0..self.count()).filter_map(|number| self.place(number));
        places.filter(|place| *place != EMPTY).map(|(_, span)| span)
    }

    fn place(&self, number: usize) -> Option<(u32, Span)> {
        let bytes = self.places.as_ref().get(number * PLACE..)?;
        let (hash, bytes) = bytes.split_first_chunk()?;
        let (length, bytes) = bytes.split_first_chunk()?;
        let offset = bytes.first_chunk()?;
        let span = Span { offset: u64::from_le_bytes(*offset), length: u32::from_le_bytes(*length) };
        Some((u32::from_le_bytes(*hash), span))
    }

    fn count(&self) -> usize {
        self.places.as_ref().len() / PLACE
    }

    fn hash(&self, pattern: PatternRef<'_>) -> u64 {
        FixedState::with_seed(self.seed).hash_one(pattern)
    }

    fn first(&self, hash: u64) -> usize {
        // Which bits it keeps does not matter.
        usize::try_from(hash >> 32).unwrap_or_default() & self.count().saturating_sub(1)
    }

    fn next(&self, number: usize) -> usize {
        (number + 1) & self.count().saturating_sub(1)
    }
}

/// No entry is empty, so none looks like this.
const EMPTY: (u32, Span) = (0, Span { offset: 0, length: 0 });

/// The half of a hash that is kept to tell entries of neighbouring places apart.
fn tag(hash: u64) -> u32 {
    u32::try_from(hash & u64::from(u32::MAX)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_found_and_nothing_else() {
        let names: Vec<String> = (0..1000).map(|number| format!("host{number}.test")).collect();
        let mut index = Index::with_room_for(names.len(), 7);
        let span = |number: usize| Span { offset: u64::try_from(number).unwrap() + 1, length: 1 };
        for (number, name) in names.iter().enumerate() {
            index.insert(PatternRef::Exact(name), span(number));
        }
        let index = Index::over(index.bytes(), 7);
        for (number, name) in names.iter().enumerate() {
            assert!(index.find(PatternRef::Exact(name)).any(|found| found == span(number)), "{name}");
            assert_eq!(index.find(PatternRef::Below(name)).count(), 0, "{name}");
        }
        assert_eq!(index.spans().count(), 1000);
        assert_eq!(Index::with_room_for(0, 7).find(PatternRef::Any).count(), 0);
        assert_eq!(Index::over([0xff; 100], 7).find(PatternRef::Any).count(), 0, "no empty place");
        assert_eq!(Index::over([], 7).find(PatternRef::Any).count(), 0);
    }
}
