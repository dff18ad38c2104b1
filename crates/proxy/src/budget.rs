//! How many requests may be sent to a second backend after a first one had them.
//!
//! A retry hides one backend's mishap. When many fail, retries multiply the load
//! on those that still answer; so no more than a fifth of the requests of the
//! last seconds is sent again, and always a few. Requests that never reached a
//! backend are not counted here: trying another one burdens nobody.

use std::cell::Cell;

/// What is counted together.
const PERIOD: u64 = 10_000;
/// One retry for so many requests.
const REQUESTS_PER_RETRY: u64 = 5;
/// So many in a period are always allowed: three a second.
const ALWAYS: u64 = 30;

/// What one backend was asked lately; for the price of two periods' sums.
#[derive(Debug, Default)]
pub(crate) struct Recent(Cell<Periods>);

/// Requests and retries of about one period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    requests: u64,
    retries: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Periods {
    /// Which period the present one is.
    number: u64,
    present: Sum,
    before: Sum,
}

impl Recent {
    /// A request goes to the backend; `now` is in milliseconds.
    pub(crate) fn request(&self, now: u64) {
        let mut periods = self.until(now);
        periods.present.requests += 1;
        self.0.set(periods);
    }

    /// A request that another backend had goes to this one.
    pub(crate) fn retry(&self, now: u64) {
        let mut periods = self.until(now);
        periods.present.retries += 1;
        self.0.set(periods);
    }

    /// What the last period, ending now, brought; as if the period before had been even.
    pub(crate) fn sum(&self, now: u64) -> Sum {
        let Periods { present, before, .. } = self.until(now);
        let left = PERIOD - now % PERIOD;
        let blend = |before: u64, present: u64| before * left / PERIOD + present;
        Sum { requests: blend(before.requests, present.requests), retries: blend(before.retries, present.retries) }
    }

    fn until(&self, now: u64) -> Periods {
        let periods = self.0.get();
        match (now / PERIOD).saturating_sub(periods.number) {
            0 => periods,
            1 => Periods { number: periods.number + 1, present: Sum::default(), before: periods.present },
            _ => Periods { number: now / PERIOD, ..Periods::default() },
        }
    }
}

impl Sum {
    /// Whether there may be one retry more.
    pub(crate) fn allows_another(self) -> bool {
        self.retries < self.requests / REQUESTS_PER_RETRY + ALWAYS
    }
}

impl std::iter::Sum for Sum {
    fn sum<I: Iterator<Item = Sum>>(sums: I) -> Sum {
        sums.fold(Sum::default(), |one, other| Sum { requests: one.requests + other.requests, retries: one.retries + other.retries })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many retries are allowed at `now`, when nobody asks anything else.
    fn allowed(recent: &Recent, now: u64) -> usize {
        let another = |_: &i32| {
            let allowed = recent.sum(now).allows_another();
            recent.retry(now);
            allowed
        };
        (0..10_000).take_while(another).count()
    }

    #[track_caller]
    fn check(requests: u64, allowed_at_once: usize) {
        let recent = Recent::default();
        (0..requests).for_each(|_| recent.request(1000));
        assert_eq!(allowed(&recent, 1000), allowed_at_once, "after {requests} requests");
    }

    #[test]
    fn a_fifth_of_the_requests_and_always_a_few() {
        check(0, 30);
        check(4, 30);
        check(5, 31);
        check(1000, 230);
    }

    #[test]
    fn a_storm_gets_its_fifth_and_no_more_however_long_it_lasts() {
        let recent = Recent::default();
        let mut retries = 0;
        for now in 0..100_000 {
            recent.request(now);
            if recent.sum(now).allows_another() {
                recent.retry(now);
                retries += 1;
            }
        }
        assert!((20_000..=20_400).contains(&retries), "{retries} of 100000");
    }

    #[test]
    fn what_is_long_ago_counts_no_more() {
        let recent = Recent::default();
        (0..1000).for_each(|_| recent.request(5000));
        assert_eq!(recent.sum(5000), Sum { requests: 1000, retries: 0 });
        assert_eq!(recent.sum(15_000).requests, 500);
        assert_eq!(recent.sum(19_999).requests, 0);
        assert_eq!(recent.sum(40_000), Sum::default());
        assert_eq!(allowed(&recent, 40_000), 30);
        assert_eq!(allowed(&recent, 45_000), 0);
        assert_eq!(allowed(&recent, 55_000), 14);
    }

    #[test]
    fn backends_of_a_route_share_what_they_have() {
        let (busy, idle) = (Recent::default(), Recent::default());
        (0..100).for_each(|_| busy.request(0));
        (0..49).for_each(|_| idle.retry(0));
        assert!([&busy, &idle].iter().map(|recent| recent.sum(0)).sum::<Sum>().allows_another());
        busy.retry(0);
        assert!(![&busy, &idle].iter().map(|recent| recent.sum(0)).sum::<Sum>().allows_another());
    }
}
