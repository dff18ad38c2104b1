//! Waiting for a level: the only place of all tests that sleeps.

use std::thread;
use std::time::{Duration, Instant};

/// How long a thing may take that normally takes milliseconds: long enough for a loaded machine of two cores.
pub const PATIENCE: Duration = Duration::from_secs(20);

const BETWEEN_LOOKS: Duration = Duration::from_millis(2);

/// Looks until `look` says yes.
///
/// # Panics
/// With `what` when `timeout` passes before that.
#[track_caller]
pub fn wait_for(what: &str, timeout: Duration, mut look: impl FnMut() -> bool) {
    wait_for_some(what, timeout, || look().then_some(()));
}

/// Looks until `look` finds something, and gives it.
///
/// # Panics
/// With `what` when `timeout` passes before that.
#[track_caller]
pub fn wait_for_some<T>(what: &str, timeout: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + timeout;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {timeout:?} in vain for {what}");
        pause(BETWEEN_LOOKS);
    }
}

/// Lets time pass: for pretend backends that are slow, and for loads that keep a rate. A test waits with [`wait_for`].
#[expect(clippy::disallowed_methods, reason = "the one place that sleeps")]
pub fn pause(duration: Duration) {
    thread::sleep(duration);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_ends_with_the_level() {
        let mut looks = 0;
        wait_for("three looks", PATIENCE, || {
            looks += 1;
            looks == 3
        });
        assert_eq!(looks, 3);
    }

    #[test]
    #[should_panic(expected = "in vain for a miracle")]
    fn waiting_in_vain_says_for_what() {
        wait_for("a miracle", Duration::from_millis(5), || false);
    }
}
