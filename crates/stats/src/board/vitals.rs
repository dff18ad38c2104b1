//! How a backend does: what the master's checks say, and what the workers met.
//!
//! ```text
//!                      so many faults in a row
//!   trusted ─────────────────────────────────────────► ejected until a time
//!      ▲                                                  │ the time has come: one request may try
//!      │            an answer                             ▼
//!      └───────────────────────────────────────────── on trial ───► ejected for longer
//!                                                          a fault
//! ```
//! All workers see the same at once, without a word between them: it lies in the
//! column of the backend, whose cache line they touch anyway. Two workers that
//! write at the same moment may lose one of the two; the next request sets that
//! right. Times are milliseconds of the clock that all processes share.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// The cells of one backend; new memory says that nothing is known.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Signs {
    /// [`Standing`], written by the master alone.
    standing: AtomicU32,
    /// Faults in a row.
    faults: AtomicU32,
    /// Until when it is ejected, times two; odd while it is on trial until then. Zero: it is trusted.
    ejection: AtomicU64,
    /// Since when it is as it is.
    since: AtomicU64,
    /// Ejections that followed each other soon.
    ejections: AtomicU32,
    /// The last [`Fault`].
    fault: AtomicU32,
    /// How long it takes to answer: microseconds, and above them when that was noted (the low bits of the clock).
    pace: AtomicU64,
}

/// How one backend does.
#[derive(Clone, Copy, Debug)]
pub struct Vitals<'b>(&'b Signs);

/// What the master's checks say of a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is well, or nobody checks.
    Up,
    /// It has not passed a check yet, or fails them.
    Down,
}

/// What a worker met instead of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No connection.
    Connect,
    /// None in time.
    ConnectTimeout,
    /// A connection that ended without an answer.
    Closed,
    /// No answer in time.
    Timeout,
    /// An answer that is none.
    Malformed,
    /// A status of 500 or more, where that counts.
    Status,
}

/// Whether a backend gets requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Fit,
    /// One may try whether it has recovered, see [`Vitals::try_it`].
    Due,
    /// Not while others are there: it fails too often.
    Ejected,
    /// Not while others are there: its checks fail.
    Down,
}

/// When and for how long a backend is ejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ejection {
    /// After so many faults in a row; zero is never.
    pub faults: u32,
    /// The first time for so many milliseconds; for as much longer each time that follows soon.
    pub time: u64,
    /// But not for more.
    pub longest: u64,
}

/// A trial that has not ended after so many milliseconds is followed by another.
const TRIAL: u64 = 5_000;
/// The cost of a backend halves in about so many milliseconds of better answers.
const MEMORY: u64 = 7_000;
/// And in so many of silence.
const SILENCE: u32 = 3_000;

impl Vitals<'_> {
    pub(super) fn of(signs: &Signs) -> Vitals<'_> {
        Vitals(signs)
    }

    /// Forgets everything: another backend is counted here from now on, or one that has started anew.
    pub fn welcome(&self, standing: Standing, now: u64) {
        let Signs { standing: _, faults, ejection, since: _, ejections, fault, pace } = self.0;
        [faults, ejections, fault].iter().for_each(|cell| cell.store(0, Relaxed));
        [ejection, pace].iter().for_each(|cell| cell.store(0, Relaxed));
        self.stand(standing, now);
    }

    /// Its checks say so from now on.
    pub fn stand(&self, standing: Standing, now: u64) {
        self.0.since.store(now, Relaxed);
        self.0.standing.store(u32::from(standing == Standing::Down), Relaxed);
    }

    /// What its checks say.
    #[must_use]
    pub fn standing(&self) -> Standing {
        if self.0.standing.load(Relaxed) == 0 { Standing::Up } else { Standing::Down }
    }

    /// Whether it gets requests. `now` is asked for only when there is a doubt.
    #[must_use]
    pub fn verdict(&self, now: impl FnOnce() -> u64) -> Verdict {
        if self.standing() == Standing::Down {
            return Verdict::Down;
        }
        match self.0.ejection.load(Relaxed) {
            0 => Verdict::Fit,
            ejection if ejection / 2 <= now() => Verdict::Due,
            _ => Verdict::Ejected,
        }
    }

    /// Since when it is as it is.
    #[must_use]
    pub fn since(&self) -> u64 {
        self.0.since.load(Relaxed)
    }

    /// What went wrong last, if anything has since it was welcomed.
    #[must_use]
    pub fn last_fault(&self) -> Option<Fault> {
        Fault::of(self.0.fault.load(Relaxed))
    }

    /// Whether this request is the one that may try whether an ejected backend has recovered.
    #[must_use]
    pub fn try_it(&self, now: u64) -> bool {
        let ejection = self.0.ejection.load(Relaxed);
        let trial = (now + TRIAL) * 2 + 1;
        ejection != 0 && ejection / 2 <= now && self.0.ejection.compare_exchange(ejection, trial, Relaxed, Relaxed).is_ok()
    }

    /// It has answered. Says whether it was ejected until then.
    pub fn answered(&self, now: impl FnOnce() -> u64) -> bool {
        if self.0.faults.load(Relaxed) != 0 {
            self.0.faults.store(0, Relaxed);
        }
        let was_ejected = self.0.ejection.load(Relaxed) != 0;
        if was_ejected {
            self.0.since.store(now(), Relaxed);
            self.0.ejection.store(0, Relaxed);
        }
        was_ejected
    }

    /// It has not answered. Says for how many milliseconds it is ejected, if that is new; `may_go` is asked
    /// whether it may be, and `chance` makes it up to an eighth longer, so that many do not come back at once.
    pub fn failed(&self, fault: Fault, now: u64, rules: &Ejection, chance: u64, may_go: impl FnOnce() -> bool) -> Option<u64> {
        self.0.fault.store(fault.number(), Relaxed);
        let faults = self.0.faults.fetch_add(1, Relaxed).saturating_add(1);
        let before = self.0.ejection.load(Relaxed);
        let on_trial = before % 2 == 1;
        // Whatever was under way when it was ejected says nothing new.
        if before != 0 && !on_trial || rules.faults == 0 || faults < rules.faults && !on_trial || !on_trial && !may_go() {
            return None;
        }
        let soon = on_trial || now.saturating_sub(self.0.since.load(Relaxed)) < rules.longest;
        let number = if soon { self.0.ejections.load(Relaxed).saturating_add(1) } else { 1 };
        let time = rules.time.saturating_mul(number.into()).min(rules.longest);
        let time = time + chance % (time / 8).max(1);
        if self.0.ejection.compare_exchange(before, (now + time) * 2, Relaxed, Relaxed).is_err() {
            return None;
        }
        self.0.ejections.store(number, Relaxed);
        if !on_trial {
            self.0.since.store(now, Relaxed);
        }
        Some(time)
    }

    /// It took so many microseconds to answer. A slow answer counts at once and whole, fast ones bit by bit.
    pub fn took(&self, micros: u32, now: u64) {
        let (known, noted) = (self.pace(now), self.0.pace().1);
        let age = clock(now).wrapping_sub(noted);
        let pace = if micros >= known || u64::from(age) > 8 * MEMORY {
            micros
        } else {
            let left = u64::from(known - micros) * MEMORY / (MEMORY + u64::from(age).max(1));
            micros.saturating_add(u32::try_from(left).unwrap_or(u32::MAX))
        };
        self.0.pace.store(u64::from(clock(now)) << 32 | u64::from(pace), Relaxed);
    }

    /// How long it takes to answer, in microseconds; zero where that is not known. What nobody asks is believed to
    /// have become faster meanwhile, so that it is asked again.
    #[must_use]
    pub fn pace(&self, now: u64) -> u32 {
        let (pace, noted) = self.0.pace();
        pace.checked_shr(clock(now).wrapping_sub(noted) / SILENCE).unwrap_or(0).max(pace.min(1))
    }
}

impl Signs {
    fn pace(&self) -> (u32, u32) {
        let both = self.pace.load(Relaxed);
        (clock(both), clock(both >> 32))
    }
}

impl Fault {
    const ALL: [Fault; 6] = [Fault::Connect, Fault::ConnectTimeout, Fault::Closed, Fault::Timeout, Fault::Malformed, Fault::Status];

    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Fault::Connect => "no connection",
            Fault::ConnectTimeout => "no connection in time",
            Fault::Closed => "closed without an answer",
            Fault::Timeout => "no answer in time",
            Fault::Malformed => "malformed answer",
            Fault::Status => "server error",
        }
    }

    fn number(self) -> u32 {
        let place = Fault::ALL.iter().position(|fault| *fault == self);
        place.and_then(|place| u32::try_from(place + 1).ok()).unwrap_or(0)
    }

    fn of(number: u32) -> Option<Fault> {
        usize::try_from(number.checked_sub(1)?).ok().and_then(|place| Fault::ALL.get(place)).copied()
    }
}

/// The low half.
fn clock(millis: u64) -> u32 {
    u32::try_from(millis & u64::from(u32::MAX)).unwrap_or(0)
}

#[cfg(test)]
mod tests;
