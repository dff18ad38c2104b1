//! The names of what a worker counts.

/// One thing that a worker counts. Its number is its place in the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Counter {
    /// Milliseconds of the boot clock at the last turn of the worker's loop.
    Heartbeat,
    /// Connections accepted from clients.
    Accepted,
    /// Connections of clients that are open now.
    Open,
    /// Requests whose head was read.
    Requests,
    /// Requests that are being answered now.
    InFlight,
    /// Answers with 1xx (only 101) status.
    Status1xx,
    /// Answers with 2xx status.
    Status2xx,
    /// Answers with 3xx status.
    Status3xx,
    /// Answers with 4xx status.
    Status4xx,
    /// Answers with 5xx status.
    Status5xx,
    /// Connections opened to backends.
    Connects,
    /// Connections to backends that could not be opened.
    ConnectFailures,
    /// Requests sent again after a failure.
    Retries,
    /// Requests that waited for their site to come back.
    Held,
    /// Those that wait now.
    Holding,
    /// Bytes of bodies from clients.
    BytesIn,
    /// Bytes of bodies to clients.
    BytesOut,
    /// Requests that went over a connection that was kept.
    Reuses,
    /// Connections to backends that are kept for the next request.
    Kept,
    /// Microseconds by which the worker's timer was late, the most within the last second.
    Lateness,
}

impl Counter {
    /// All of them, in the order of their place.
    pub const ALL: [Counter; 20] = [
        Counter::Heartbeat,
        Counter::Accepted,
        Counter::Open,
        Counter::Requests,
        Counter::InFlight,
        Counter::Status1xx,
        Counter::Status2xx,
        Counter::Status3xx,
        Counter::Status4xx,
        Counter::Status5xx,
        Counter::Connects,
        Counter::ConnectFailures,
        Counter::Retries,
        Counter::Held,
        Counter::Holding,
        Counter::BytesIn,
        Counter::BytesOut,
        Counter::Reuses,
        Counter::Kept,
        Counter::Lateness,
    ];

    /// Whether it only grows, so that a dead worker's figure is kept in the sum.
    #[must_use]
    pub fn is_total(self) -> bool {
        let passing = [Counter::Heartbeat, Counter::Open, Counter::InFlight, Counter::Holding, Counter::Kept, Counter::Lateness];
        !passing.contains(&self)
    }
}

/// The figures of one worker at one moment, or the sum of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters([u64; Counter::ALL.len()]);

impl Counters {
    /// One figure.
    #[must_use]
    pub fn get(&self, counter: Counter) -> u64 {
        self.0[counter as usize]
    }

    /// Sets one figure.
    pub fn set(&mut self, counter: Counter, value: u64) {
        self.0[counter as usize] = value;
    }

    /// Adds another worker's figures; the heartbeat becomes the later one.
    pub fn add(&mut self, other: &Counters) {
        for counter in Counter::ALL {
            let (mine, theirs) = (self.get(counter), other.get(counter));
            let sum = if counter == Counter::Heartbeat { mine.max(theirs) } else { mine.wrapping_add(theirs) };
            self.set(counter, sum);
        }
    }

    /// What of a dead worker's figures stays true.
    #[must_use]
    pub fn totals(&self) -> Counters {
        let mut totals = Counters::default();
        for counter in Counter::ALL.into_iter().filter(|counter| counter.is_total()) {
            totals.set(counter, self.get(counter));
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_counter_stands_at_its_own_place() {
        for (place, counter) in Counter::ALL.into_iter().enumerate() {
            assert_eq!(counter as usize, place);
        }
    }

    #[test]
    fn a_dead_worker_leaves_only_its_totals() {
        let mut counters = Counters::default();
        counters.set(Counter::Requests, 7);
        counters.set(Counter::Open, 3);
        let totals = counters.totals();
        assert_eq!((totals.get(Counter::Requests), totals.get(Counter::Open)), (7, 0));
    }
}
