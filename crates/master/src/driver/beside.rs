//! Work on a thread beside the master's, which has no time for what takes long.

use std::future::pending;
use std::panic::resume_unwind;

use tokio::task::{JoinError, JoinHandle, spawn_blocking};

/// One piece of work at a time.
pub(super) struct Beside<T>(Option<JoinHandle<T>>);

impl<T: Send + 'static> Beside<T> {
    /// Has `work` done.
    pub(super) fn begin(&mut self, work: impl FnOnce() -> T + Send + 'static) {
        self.0 = Some(spawn_blocking(work));
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.0.is_some()
    }

    /// Resolves when it is done, and never while there is none. What breaks in it breaks here.
    pub(super) async fn done(&mut self) -> T {
        match self.done_or_broken().await {
            Ok(done) => done,
            Err(broken) if broken.is_panic() => resume_unwind(broken.into_panic()),
            // The runtime ends.
            Err(_cancelled) => pending().await,
        }
    }

    /// The same for what may break.
    pub(super) async fn done_or_broken(&mut self) -> Result<T, JoinError> {
        let Some(work) = &mut self.0 else { return pending().await };
        let done = work.await;
        self.0 = None;
        done
    }
}

impl<T> Default for Beside<T> {
    fn default() -> Beside<T> {
        Beside(None)
    }
}

#[cfg(test)]
mod tests {
    use std::panic::panic_any;

    use super::*;

    #[tokio::test]
    async fn work_is_done_once() {
        let mut beside = Beside::default();
        assert!(!beside.is_under_way());
        beside.begin(|| 5);
        assert!(beside.is_under_way());
        assert_eq!(beside.done().await, 5);
        assert!(!beside.is_under_way());
    }

    #[tokio::test]
    async fn what_breaks_is_told() {
        let mut beside = Beside::default();
        beside.begin(|| -> i32 { panic_any("broken") });
        assert!(beside.done_or_broken().await.unwrap_err().is_panic());
        assert!(!beside.is_under_way());
    }
}
