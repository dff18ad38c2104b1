//! Arrays of atomics in memory that several processes have mapped.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::marker::PhantomData;
use std::sync::atomic::AtomicU32;

use memmap2::{MmapOptions, MmapRaw};

use crate::{accounts, board};

/// What may lie in shared memory.
///
/// # Safety
/// Every bit pattern is a valid value, and it is changed through shared references by atomics alone.
pub(crate) unsafe trait Shareable {}

// SAFETY: an atomic integer takes every bit pattern.
unsafe impl Shareable for AtomicU32 {}
// SAFETY: it is made of atomic integers.
unsafe impl Shareable for board::Cells {}
// SAFETY: it is made of atomic integers.
unsafe impl Shareable for accounts::Cells {}

/// A mapped array. Memory that nobody touches takes up none.
#[derive(Debug)]
pub(crate) struct Shared<T> {
    map: MmapRaw,
    length: usize,
    of: PhantomData<T>,
}

impl<T: Shareable> Shared<T> {
    /// Maps the first `length` items of `file`, which must stay this long: a memfd whose size is sealed.
    pub(crate) fn map(file: &File, length: usize) -> io::Result<Shared<T>> {
        Shared::map_behind(file, 0, length)
    }

    /// Maps `length` items that lie behind the first `offset` bytes of `file`, which are whole pages of memory.
    pub(crate) fn map_behind(file: &File, offset: usize, length: usize) -> io::Result<Shared<T>> {
        let bytes = length * size_of::<T>();
        let offset = u64::try_from(offset).map_err(io::Error::other)?;
        if file.metadata()?.len() < offset + u64::try_from(bytes).map_err(io::Error::other)? {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the shared file is shorter than what lies in it"));
        }
        let map = MmapOptions::new().offset(offset).len(bytes).map_raw(file)?;
        Ok(Shared { map, length, of: PhantomData })
    }

    /// The item at `place`.
    ///
    /// # Panics
    /// When there is none.
    pub(crate) fn at(&self, place: usize) -> &T {
        assert!(place < self.length, "no item {place} in {}", self.length);
        // SAFETY: the mapping holds `length` items, begins at a page (`memmap2` sees to it for any offset, and ours are
        // whole pages) and so at a multiple of `T`'s alignment,
        // and lives as long as `self`. `Shareable` says that any bytes there are a `T`, and that other
        // processes change them through atomics only.
        unsafe { &*self.map.as_mut_ptr().cast::<T>().add(place) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;

    #[test]
    fn what_one_mapping_stores_another_loads() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(16).unwrap();
        let (one, other) = (Shared::<AtomicU32>::map(&file, 4).unwrap(), Shared::<AtomicU32>::map(&file, 4).unwrap());
        one.at(3).store(7, Ordering::Relaxed);
        assert_eq!(other.at(3).load(Ordering::Relaxed), 7);
    }

    #[test]
    fn a_short_file_is_refused() {
        assert!(Shared::<AtomicU32>::map(&tempfile::tempfile().unwrap(), 1).is_err());
    }

    #[test]
    #[should_panic(expected = "no item 4 in 4")]
    fn nothing_lies_behind_the_end() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(4096).unwrap();
        Shared::<AtomicU32>::map(&file, 4).unwrap().at(4);
    }
}
