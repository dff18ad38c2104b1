//! What a load saw.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::Failure;

/// What a load saw: every request is either good or a failure with a name.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Answers as they should be.
    pub good: u64,
    /// Connections made.
    pub connections: u64,
    /// All others, by kind.
    pub failures: BTreeMap<Kind, u64>,
    /// The first failures, as text: when, and what.
    pub examples: Vec<String>,
    /// Of each good answer, sorted.
    pub latencies: Vec<Duration>,
    /// From start to stop.
    pub elapsed: Duration,
}

/// How a request can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Nobody listened.
    Refused,
    /// The machine had no local port left; says nothing about the program.
    NoLocalPort,
    /// RST.
    Reset,
    /// The connection ended before the answer began, as when an idle connection is closed while a request is on its way.
    Eof,
    /// The connection ended in the middle of an answer.
    Cut,
    /// No answer in time.
    Timeout,
    /// No HTTP.
    Garbage,
    /// Another body than expected.
    WrongBody,
    /// Another status than 200.
    Status(u16),
    /// Anything else.
    Other,
}

/// More examples than this would hide the first.
const EXAMPLES: usize = 10;

impl Report {
    /// How many requests failed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failures.values().sum()
    }

    /// How many requests failed in this way.
    #[must_use]
    pub fn count(&self, kind: Kind) -> u64 {
        self.failures.get(&kind).copied().unwrap_or(0)
    }

    /// The latency that `percent` of the good answers did not exceed.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get((self.latencies.len() * percent / 100).min(last)).copied().unwrap_or_default()
    }

    /// How many good answers took longer than `limit`.
    #[must_use]
    pub fn late(&self, limit: Duration) -> usize {
        self.latencies.iter().filter(|latency| **latency > limit).count()
    }

    pub(crate) fn fail(&mut self, kind: Kind, when: Duration, what: &str) {
        *self.failures.entry(kind).or_default() += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(format!("at {when:.3?}: {what}"));
        }
    }

    /// Adds what another load saw.
    pub fn merge(&mut self, other: Report) {
        self.good += other.good;
        self.connections += other.connections;
        for (kind, count) in other.failures {
            *self.failures.entry(kind).or_default() += count;
        }
        let room = EXAMPLES - self.examples.len();
        self.examples.extend(other.examples.into_iter().take(room));
        self.latencies.extend(other.latencies);
        self.latencies.sort_unstable();
    }
}

impl From<&Failure> for Kind {
    fn from(failure: &Failure) -> Kind {
        match failure {
            Failure::Refused => Kind::Refused,
            Failure::NoLocalPort => Kind::NoLocalPort,
            Failure::Reset => Kind::Reset,
            Failure::Eof(0) => Kind::Eof,
            Failure::Eof(_) => Kind::Cut,
            Failure::Timeout(_) => Kind::Timeout,
            Failure::Garbage(_) => Kind::Garbage,
            Failure::Other(_) => Kind::Other,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} good, {} failed over {} connections in {:.1?}; p50 {:.1?}, p99 {:.1?}, max {:.1?}",
            self.good,
            self.failed(),
            self.connections,
            self.elapsed,
            self.percentile(50),
            self.percentile(99),
            self.percentile(100)
        )?;
        for (kind, count) in &self.failures {
            write!(f, "\n  {kind:?}: {count}")?;
        }
        for example in &self.examples {
            write!(f, "\n  {example}")?;
        }
        Ok(())
    }
}
