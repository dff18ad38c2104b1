//! Names for which clients want a certificate that is not there yet, and may be had.
//!
//! Strangers choose the names. So what is remembered of them is bounded, the same name is told once, and no more than a
//! few names in a second: whoever comes beyond that is refused at once, which costs us a look-up.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use hashbrown::HashMap;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// Of one worker.
#[derive(Debug)]
pub(crate) struct Demands {
    known: RefCell<HashMap<Box<str>, Known, foldhash::fast::RandomState>>,
    /// In which order they came.
    order: RefCell<VecDeque<Box<str>>>,
    /// To be told.
    told: RefCell<VecDeque<String>>,
    added: Notify,
    /// Some name was refused.
    refused: Notify,
    /// So many may be told now, as of that clock time.
    allowance: Cell<(u64, u64)>,
    waiting: Cell<usize>,
}

/// What is known of a name.
#[derive(Debug)]
struct Known {
    /// When it was told.
    told: u64,
    /// Until when it is refused.
    refused: u64,
}

/// What a client does whose name has no certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// It waits: there may be one soon.
    Soon,
    /// There is none to be waited for.
    None,
}

/// A client that waits, until this is dropped.
#[derive(Debug)]
pub(crate) struct Hope<'d>(&'d Demands);

/// So many names are remembered.
const MOST_KNOWN: usize = 4096;
/// So many names are told at once, and one more each [`REFILL`] milliseconds.
const MOST_TOLD: u64 = 32;
const REFILL: u64 = 100;
/// So many clients wait.
const MOST_WAITING: usize = 256;
/// Milliseconds after which a name is told again for which there is still nothing.
const AGAIN: u64 = 5000;
/// Milliseconds after which it is told again that somebody uses a certificate.
const STILL_USED: u64 = 6 * 3600 * 1000;
/// Milliseconds for which a refusal counts.
const REFUSED: u64 = 10_000;

impl Default for Demands {
    fn default() -> Demands {
        Demands {
            known: RefCell::default(),
            order: RefCell::default(),
            told: RefCell::default(),
            added: Notify::new(),
            refused: Notify::new(),
            allowance: Cell::new((MOST_TOLD, 0)),
            waiting: Cell::new(0),
        }
    }
}

impl Demands {
    /// Somebody asks for the certificate of `name` at the clock time `now`; `held` where there is one.
    pub(crate) fn ask(&self, name: &str, held: bool, now: u64) -> Outlook {
        let mut known = self.known.borrow_mut();
        let pause = if held { STILL_USED } else { AGAIN };
        match known.get_mut(name) {
            Some(entry) if entry.refused > now => return Outlook::None,
            Some(entry) if entry.told + pause > now => return Outlook::Soon,
            Some(entry) if self.may_tell(now) => entry.told = now,
            None if self.may_tell(now) => {
                let mut order = self.order.borrow_mut();
                if order.len() >= MOST_KNOWN
                    && let Some(oldest) = order.pop_front()
                {
                    known.remove(&oldest);
                }
                order.push_back(name.into());
                known.insert(name.into(), Known { told: now, refused: 0 });
            }
            Some(_) | None => return Outlook::None,
        }
        self.told.borrow_mut().push_back(name.to_owned());
        self.added.notify_one();
        Outlook::Soon
    }

    /// A place to wait, if there is one.
    pub(crate) fn hope(&self) -> Option<Hope<'_>> {
        let waiting = self.waiting.get();
        (waiting < MOST_WAITING).then(|| {
            self.waiting.set(waiting + 1);
            Hope(self)
        })
    }

    /// There will be no certificate for `name`.
    pub(crate) fn refuse(&self, name: &str, now: u64) {
        if let Some(entry) = self.known.borrow_mut().get_mut(name) {
            entry.refused = now + REFUSED;
            self.refused.notify_waiters();
        }
    }

    /// Whether `name` was refused lately.
    pub(crate) fn is_refused(&self, name: &str, now: u64) -> bool {
        self.known.borrow().get(name).is_some_and(|entry| entry.refused > now)
    }

    /// Ready once some name is refused after now.
    pub(crate) fn refusal(&self) -> Notified<'_> {
        self.refused.notified()
    }

    /// The next name to be told of.
    pub(crate) async fn next(&self) -> String {
        loop {
            let added = self.added.notified();
            if let Some(name) = self.told.borrow_mut().pop_front() {
                return name;
            }
            added.await;
        }
    }

    fn may_tell(&self, now: u64) -> bool {
        let (left, since) = self.allowance.get();
        let grown = now.saturating_sub(since) / REFILL;
        let left = left.saturating_add(grown).min(MOST_TOLD);
        self.allowance.set((left.saturating_sub(1), if grown > 0 { now } else { since }));
        left > 0
    }
}

impl Drop for Hope<'_> {
    fn drop(&mut self) {
        self.0.waiting.set(self.0.waiting.get() - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(demands: &Demands) -> Vec<String> {
        demands.told.borrow_mut().drain(..).collect()
    }

    #[test]
    fn a_name_is_told_once_and_again_after_a_while() {
        let demands = Demands::default();
        for _ in 0..100 {
            assert_eq!(demands.ask("a.test", false, 1000), Outlook::Soon);
        }
        assert_eq!(told(&demands), ["a.test"]);
        assert_eq!(demands.ask("a.test", false, 1000 + AGAIN), Outlook::Soon);
        assert_eq!(told(&demands), ["a.test"]);
        assert_eq!(demands.ask("a.test", true, 1000 + 2 * AGAIN), Outlook::Soon);
        assert_eq!(told(&demands), [""; 0], "it has one by now");
        assert_eq!(demands.ask("a.test", true, 1000 + AGAIN + STILL_USED), Outlook::Soon);
        assert_eq!(told(&demands), ["a.test"]);
    }

    #[test]
    fn a_refusal_counts_for_a_while_and_for_names_that_were_asked_for() {
        let demands = Demands::default();
        demands.refuse("a.test", 1000);
        assert!(!demands.is_refused("a.test", 1000), "nobody has asked");
        demands.ask("a.test", false, 1000);
        demands.refuse("a.test", 1000);
        assert_eq!(demands.ask("a.test", false, 999 + REFUSED), Outlook::None);
        assert_eq!(demands.ask("a.test", false, 1000 + REFUSED), Outlook::Soon);
    }

    #[test]
    fn a_flood_is_told_slowly_and_remembered_in_part() {
        let demands = Demands::default();
        let flood = |now| (0..1000).filter(|number| demands.ask(&format!("h{number}-{now}.test"), false, now) == Outlook::Soon).count();
        assert_eq!(flood(1000), usize::try_from(MOST_TOLD).unwrap());
        assert_eq!(flood(1000 + REFILL * 3), 3);
        for second in 10..1000 {
            flood(second * 1000);
        }
        assert_eq!(demands.known.borrow().len(), MOST_KNOWN);
        assert_eq!(demands.order.borrow().len(), MOST_KNOWN);
        let hopes: Vec<_> = (0..1000).map_while(|_| demands.hope()).collect();
        assert_eq!(hopes.len(), MOST_WAITING);
        drop(hopes);
        assert!(demands.hope().is_some());
    }
}
