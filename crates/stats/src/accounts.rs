//! What the requests of each route came to.
//!
//! Every worker has an account for each route in its own memory, behind its page, so a request is noted with a few plain
//! loads and stores. The master adds the accounts of all workers. When one dies, what it noted is added to the account of
//! the dead, so that no sum ever goes back.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The number of a route's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account(u32);

/// What one request came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Of the answer; zero when the client left without one.
    pub status: u16,
    /// Bytes of its body.
    pub received: u64,
    /// Bytes of the answer's body.
    pub sent: u64,
    /// From the head of the request to the end of the answer, where that means something.
    pub took: Option<Duration>,
}

/// The figures of an account, or the sum of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums([u64; CELLS]);

/// An account as it lies in shared memory: a few cache lines of its own.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Cells([AtomicU64; CELLS]);

/// The upper bounds of the times that are told apart, in microseconds.
const BOUNDS: [u64; 12] = [1_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000];

/// By the first digit of the status; zero is none.
const CLASSES: usize = 6;
const RECEIVED: usize = CLASSES;
const SENT: usize = RECEIVED + 1;
/// Microseconds.
const TIME: usize = SENT + 1;
/// One for each bound, and one for what took longer.
const BUCKETS: usize = TIME + 1;
const CELLS: usize = BUCKETS + BOUNDS.len() + 1;

impl Account {
    /// How many there are. Requests of routes without one are counted in the totals of all only: a monitoring system is
    /// not told of more.
    pub const COUNT: u32 = 1 << 13;

    /// The account with this number, if there is one.
    #[must_use]
    pub fn at(number: u32) -> Option<Account> {
        (number < Account::COUNT).then_some(Account(number))
    }

    /// All below `end`.
    pub fn below(end: u32) -> impl Iterator<Item = Account> {
        (0..end.min(Account::COUNT)).map(Account)
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }

    pub(crate) fn place(self) -> usize {
        usize::try_from(self.0).expect("memory that holds an account for each number can count them")
    }
}

impl Sums {
    /// How many requests were answered with each class of status: `none`, then `1xx` to `5xx`.
    pub fn by_class(&self) -> impl Iterator<Item = (&'static str, u64)> {
        ["none", "1xx", "2xx", "3xx", "4xx", "5xx"].into_iter().zip(self.0)
    }

    /// Bytes of the requests' bodies.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.0[RECEIVED]
    }

    /// Bytes of the answers' bodies.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.0[SENT]
    }

    /// All times together.
    #[must_use]
    pub fn time(&self) -> Duration {
        Duration::from_micros(self.0[TIME])
    }

    /// How many requests took no longer than each bound, and how many were timed.
    #[must_use]
    pub fn times(&self) -> (Vec<(Duration, u64)>, u64) {
        let mut count = 0_u64;
        let mut so_far = |bucket: &u64| {
            count = count.wrapping_add(*bucket);
            count
        };
        let upto: Vec<u64> = self.0[BUCKETS..].iter().map(&mut so_far).collect();
        let bounds = BOUNDS.into_iter().map(Duration::from_micros);
        (bounds.zip(upto.iter().copied()).collect(), count)
    }

    /// Whether there was never a request.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Sums::default()
    }

    /// Adds another worker's.
    pub fn add(&mut self, other: &Sums) {
        self.0.iter_mut().zip(other.0).for_each(|(mine, theirs)| *mine = mine.wrapping_add(theirs));
    }
}

impl Cells {
    /// Only the worker that owns them may call this.
    pub(crate) fn note(&self, served: &Served) {
        self.add(usize::from(served.status / 100).min(CLASSES - 1), 1);
        self.add(RECEIVED, served.received);
        self.add(SENT, served.sent);
        if let Some(took) = served.took {
            let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            self.add(TIME, micros);
            self.add(BUCKETS + BOUNDS.iter().position(|bound| micros <= *bound).unwrap_or(BOUNDS.len()), 1);
        }
    }

    pub(crate) fn read(&self) -> Sums {
        Sums(std::array::from_fn(|place| self.0[place].load(Ordering::Relaxed)))
    }

    /// Only the one that owns them may call this.
    pub(crate) fn add_all(&self, sums: &Sums) {
        sums.0.into_iter().enumerate().for_each(|(place, amount)| self.add(place, amount));
    }

    /// From now on these and `others` together are nothing.
    pub(crate) fn balance(&self, others: &Sums) {
        self.0.iter().zip(others.0).for_each(|(cell, other)| cell.store(0_u64.wrapping_sub(other), Ordering::Relaxed));
    }

    fn add(&self, place: usize, amount: u64) {
        let cell = &self.0[place];
        cell.store(cell.load(Ordering::Relaxed).wrapping_add(amount), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use crate::Page;

    use super::*;

    fn page() -> Page {
        let file: File = tempfile::tempfile().unwrap();
        file.set_len(Page::BYTES as u64).unwrap();
        Page::map(&file).unwrap()
    }

    fn served(status: u16, millis: u64) -> Served {
        Served { status, received: 2, sent: 3, took: Some(Duration::from_millis(millis)) }
    }

    #[test]
    fn a_request_is_noted_by_class_bytes_and_time() {
        let (page, account) = (page(), Account::at(Account::COUNT - 1).unwrap());
        for (status, millis) in [(200, 0), (204, 1), (503, 30), (0, 99_000), (999, 2)] {
            page.note(account, &served(status, millis));
        }
        page.note(account, &Served { status: 101, ..Served::default() });
        let sums = page.account(account);
        let classes: Vec<String> = sums.by_class().map(|(class, count)| format!("{class}={count}")).collect();
        assert_eq!(classes.join(" "), "none=1 1xx=1 2xx=2 3xx=0 4xx=0 5xx=2");
        assert_eq!((sums.received(), sums.sent(), sums.time()), (10, 15, Duration::from_millis(99_033)));
        let (times, count) = sums.times();
        let upto = |millis| times.iter().find(|(bound, _)| *bound == Duration::from_millis(millis)).unwrap().1;
        assert_eq!((upto(1), upto(5), upto(25), upto(50), upto(10_000), count), (2, 3, 3, 4, 4, 5));
        assert!(page.account(Account::at(0).unwrap()).is_nothing());
    }

    #[test]
    fn no_sum_goes_back_when_a_worker_dies_and_a_new_route_begins_at_nothing() {
        let (one, other, dead, account) = (page(), page(), page(), Account::at(7).unwrap());
        let sum = |pages: &[&Page]| {
            let mut sum = Sums::default();
            pages.iter().for_each(|page| sum.add(&page.account(account)));
            sum
        };
        one.note(account, &served(200, 1));
        other.note(account, &served(200, 1));
        let before = sum(&[&one, &other, &dead]);
        dead.credit(account, &one.account(account));
        assert_eq!(sum(&[&other, &dead]), before);
        dead.balance(account, &sum(&[&other]));
        assert!(sum(&[&other, &dead]).is_nothing(), "another route has the account now");
        other.note(account, &served(200, 1));
        assert_eq!(sum(&[&other, &dead]).sent(), 3);
        dead.credit(account, &other.account(account));
        assert_eq!(sum(&[&dead]).sent(), 3);
    }
}
