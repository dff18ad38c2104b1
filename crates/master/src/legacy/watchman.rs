//! Somebody who sees to it that a new program that hangs gives the process back.
//!
//! What hangs cannot do so itself: a file system that does not answer, two locks that wait for each other. But execve(2) replaces the whole process also when another of its threads asks for it, and the process stays the
//! same. So a thread waits for signs that the new program gets on, and goes back without one. It takes no lock that the
//! program may hang with, so it does not log before it goes. A program that hangs before it has this thread is ended by the
//! alarm of [`super::become_program`].

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tracing::error;

use super::WayBack;
use crate::signals;

/// It is looked so often for each sign before the program counts as one that hangs. More than the program gives its first
/// worker, because while it lives it tells better what is wrong; less than whoever follows the upgrade waits without a word.
const LOOKS: u32 = 15;
/// How long a look takes. They are counted, so a process that is held for a while, with its clocks going on, has time left.
const LOOK: Duration = Duration::from_secs(1);

/// Waits on a thread of its own for as long as this is kept.
#[derive(Debug)]
pub(super) struct Watchman(Sender<Sign>);

/// The new program has begun.
#[derive(Debug, PartialEq, Eq)]
struct Sign;

impl Watchman {
    pub(super) fn post(way_back: Arc<WayBack>) -> io::Result<Watchman> {
        let (sender, signs) = channel();
        // It ends when nobody can give a sign any more.
        let _unwaited: JoinHandle<()> = thread::Builder::new().name("watchman".to_owned()).spawn(move || {
            signals::hold_back();
            let Some(step) = overdue(&signs, LOOK) else { return };
            let cause = way_back.go(&format!("the new program hangs: {step} within {} s", LOOK.as_secs() * u64::from(LOOKS)));
            error!(%cause, step, "the program hangs, and there is no way back");
        })?;
        Ok(Watchman(sender))
    }

    /// The new program has begun; now its first worker is waited for.
    pub(super) fn has_begun(&self) {
        // A thread that has given up is on its way back, and nothing holds it.
        let _ = self.0.send(Sign);
    }
}

/// What did not come in time; nothing when nobody is to be waited for any more.
fn overdue(signs: &Receiver<Sign>, look: Duration) -> Option<&'static str> {
    for step in ["it did not begin", "no worker served, and it did nothing about it"] {
        let sign = (0..LOOKS).map(|_| signs.recv_timeout(look)).find(|sign| *sign != Err(RecvTimeoutError::Timeout));
        match sign {
            Some(Ok(Sign)) => {}
            Some(Err(_dismissed)) => return None,
            None => return Some(step),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_gives_no_sign_is_not_waited_for_longer() {
        let (short, long) = (Duration::from_millis(1), Duration::from_secs(3600));
        let (sender, signs) = channel();
        assert_eq!(overdue(&signs, short), Some("it did not begin"));
        sender.send(Sign).unwrap();
        assert_eq!(overdue(&signs, short), Some("no worker served, and it did nothing about it"));
        sender.send(Sign).unwrap();
        drop(sender);
        assert_eq!(overdue(&signs, long), None, "it serves, or it gave up by itself");
        assert_eq!(overdue(&signs, long), None);
    }
}
