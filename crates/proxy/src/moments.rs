//! Short whiles, in which most backends answer.
//!
//! Whether a client is still there is asked only when its answer takes longer: to have the kernel watch its connection
//! costs more than a look-up of its route. Moments are counted while anybody waits for one, and not else.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use slab::Slab;
use tokio::sync::Notify;
use tokio::time::sleep;

/// Between one and two of these a client that leaves goes unnoticed.
const MOMENT: Duration = Duration::from_millis(4);

/// A worker's moments.
#[derive(Debug, Default)]
pub(crate) struct Moments {
    /// How many have passed.
    passed: Cell<u64>,
    waiting: RefCell<Slab<Waiting>>,
    counted: Cell<bool>,
    begun: Notify,
}

/// Ready when a whole moment has passed.
#[derive(Debug)]
pub(crate) struct Moment<'m> {
    moments: &'m Moments,
    key: Option<usize>,
}

#[derive(Debug)]
struct Waiting {
    /// The moment behind which it need not wait any more.
    until: u64,
    waker: Waker,
}

impl Moments {
    /// A moment from when it is first asked for.
    pub(crate) fn one(&self) -> Moment<'_> {
        Moment { moments: self, key: None }
    }

    /// Counts, for ever.
    pub(crate) async fn count(&self) {
        loop {
            if self.waiting.borrow().is_empty() {
                self.counted.set(false);
                self.begun.notified().await;
            }
            self.counted.set(true);
            sleep(MOMENT).await;
            self.pass();
        }
    }

    fn pass(&self) {
        let passed = self.passed.get() + 1;
        self.passed.set(passed);
        for (_, waiting) in self.waiting.borrow().iter() {
            if waiting.until <= passed {
                waiting.waker.wake_by_ref();
            }
        }
    }

    fn wait(&self, waker: &Waker) -> usize {
        if !self.counted.replace(true) {
            self.begun.notify_one();
        }
        // The one that is passing is not whole any more.
        self.waiting.borrow_mut().insert(Waiting { until: self.passed.get() + 2, waker: waker.clone() })
    }
}

impl Future for Moment<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(key) = self.key else {
            self.key = Some(self.moments.wait(context.waker()));
            return Poll::Pending;
        };
        let waiting = &mut self.moments.waiting.borrow_mut()[key];
        if waiting.until <= self.moments.passed.get() {
            return Poll::Ready(());
        }
        waiting.waker.clone_from(context.waker());
        Poll::Pending
    }
}

impl Drop for Moment<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.moments.waiting.borrow_mut().remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    fn poll(moment: &mut Pin<&mut Moment<'_>>) -> Poll<()> {
        moment.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_moment_is_whole() {
        let moments = Moments::default();
        let mut moment = pin!(moments.one());
        assert_eq!(poll(&mut moment), Poll::Pending);
        moments.pass();
        assert_eq!(poll(&mut moment), Poll::Pending);
        moments.pass();
        assert_eq!(poll(&mut moment), Poll::Ready(()));
    }

    #[test]
    fn nobody_who_left_is_kept_in_mind() {
        let moments = Moments::default();
        {
            let mut moment = pin!(moments.one());
            assert_eq!(poll(&mut moment), Poll::Pending);
        }
        assert!(moments.waiting.borrow().is_empty());
    }

    #[tokio::test]
    async fn moments_are_counted_whenever_somebody_waits() {
        let moments = Moments::default();
        let waits = async {
            for _ in 0..3 {
                moments.one().await;
                // Meanwhile nobody waits, and the counting comes to rest.
                sleep(MOMENT * 3).await;
            }
        };
        tokio::select! {
            () = waits => {}
            () = moments.count() => {}
        }
        assert!(moments.passed.get() >= 6);
    }
}
