//! The page of memory that a worker writes and the master reads, and the accounts behind it.
//!
//! One writer a page, so a figure is added with a plain load and store; the
//! master reads whenever it likes and never waits for a worker.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::{MmapOptions, MmapRaw};

use crate::accounts::Cells;
use crate::shared::Shared;
use crate::{Account, Counter, Counters, Served, Sums};

/// A shared page, mapped, and the accounts of routes that lie behind it.
#[derive(Debug)]
pub struct Page {
    map: MmapRaw,
    accounts: Shared<Cells>,
}

/// What lies before the accounts.
const HEAD: usize = 4096;
/// [`Account::COUNT`], where memory is counted.
const ACCOUNTS: usize = 1 << 13;

impl Page {
    /// Bytes of a page with its accounts; the file behind it must be this long. What is never touched takes up no memory.
    pub const BYTES: usize = HEAD + ACCOUNTS * size_of::<Cells>();

    /// Maps the first [`Page::BYTES`] of `file`, which must stay this long: a memfd whose size is sealed.
    ///
    /// # Errors
    /// When the file is shorter or cannot be mapped.
    pub fn map(file: &File) -> io::Result<Page> {
        if file.metadata()?.len() < Page::BYTES as u64 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the counters' file is shorter than a page"));
        }
        let map = MmapOptions::new().len(HEAD).map_raw(file)?;
        Ok(Page { map, accounts: Shared::map_behind(file, HEAD, ACCOUNTS)? })
    }

    /// Adds to a figure. Only the worker that owns the page may call this.
    pub fn add(&self, counter: Counter, amount: u64) {
        let cell = self.cell(counter);
        cell.store(cell.load(Ordering::Relaxed).wrapping_add(amount), Ordering::Relaxed);
    }

    /// Takes from a figure. Only the worker that owns the page may call this.
    pub fn sub(&self, counter: Counter, amount: u64) {
        let cell = self.cell(counter);
        cell.store(cell.load(Ordering::Relaxed).wrapping_sub(amount), Ordering::Relaxed);
    }

    /// Sets a figure. Only the worker that owns the page may call this.
    pub fn set(&self, counter: Counter, value: u64) {
        self.cell(counter).store(value, Ordering::Relaxed);
    }

    /// Reads all figures.
    #[must_use]
    pub fn read(&self) -> Counters {
        let mut counters = Counters::default();
        for counter in Counter::ALL {
            counters.set(counter, self.cell(counter).load(Ordering::Relaxed));
        }
        counters
    }

    /// Notes what a request came to. Only the worker that owns the page may call this.
    pub fn note(&self, account: Account, served: &Served) {
        self.accounts.at(account.place()).note(served);
    }

    /// Reads an account.
    #[must_use]
    pub fn account(&self, account: Account) -> Sums {
        self.accounts.at(account.place()).read()
    }

    /// Adds what another has noted. Only the one that owns the page may call this.
    pub fn credit(&self, account: Account, sums: &Sums) {
        self.accounts.at(account.place()).add_all(sums);
    }

    /// From now on this account and `others` together are nothing. Only the one that owns the page may call this.
    pub fn balance(&self, account: Account, others: &Sums) {
        self.accounts.at(account.place()).balance(others);
    }

    fn cell(&self, counter: Counter) -> &AtomicU64 {
        let place = counter as usize;
        const { assert!(Counter::ALL.len() * size_of::<AtomicU64>() <= HEAD) };
        // SAFETY: the mapping is `HEAD` long, page-aligned and lives as long as `self`; `place` is below
        // `Counter::ALL.len()`, which the assertion above keeps inside it. Other processes write the same
        // memory only through atomics, as here, and any bit pattern is a valid u64.
        unsafe { &*self.map.as_mut_ptr().cast::<AtomicU64>().add(place) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_mapping_counts_another_reads() {
        let file = tempfile();
        file.set_len(Page::BYTES as u64).unwrap();
        let (worker, master) = (Page::map(&file).unwrap(), Page::map(&file).unwrap());
        worker.add(Counter::Requests, 3);
        worker.sub(Counter::Requests, 1);
        assert_eq!(master.read().get(Counter::Requests), 2);
    }

    #[test]
    fn a_short_file_is_refused() {
        assert!(Page::map(&tempfile()).is_err());
    }

    fn tempfile() -> File {
        tempfile::tempfile().unwrap()
    }
}
