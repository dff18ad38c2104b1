//! Where orders put up what authorities want to see, for all workers to show.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use dproxy_config::{Certificate, Challenge};
use dproxy_route::Problem;
use tokio::sync::watch;
use tokio::time::timeout;

/// How long workers may take to show it.
const PATIENCE: Duration = Duration::from_secs(30);

/// What there is by ACME at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acquired {
    /// Certificates that can be served.
    pub certificates: Arc<[Certificate]>,
    /// Until when each of them is valid, in their order.
    pub ends: Vec<SystemTime>,
    /// What authorities shall be shown.
    pub challenges: Vec<Challenge>,
    /// Counts changes of `challenges`.
    pub version: u64,
    /// What an operator should know.
    pub problems: Vec<Problem>,
}

/// The way to those who show it, and back.
#[derive(Clone, Debug)]
pub(super) struct Board {
    acquired: watch::Sender<Acquired>,
    /// The newest version that every worker shows.
    shown: watch::Receiver<u64>,
}

/// It is shown until this is dropped.
#[derive(Debug)]
pub(super) struct Shown {
    acquired: watch::Sender<Acquired>,
    challenges: Vec<Challenge>,
}

/// Not every worker shows it.
#[derive(Debug, thiserror::Error)]
#[error("not every worker has taken what the authority wants to see within {} s; `dproxy ctl status` says why", PATIENCE.as_secs())]
pub(super) struct Unseen;

impl Board {
    pub(super) fn new(acquired: watch::Sender<Acquired>, shown: watch::Receiver<u64>) -> Board {
        Board { acquired, shown }
    }

    /// Puts these up, and waits until every worker shows them.
    pub(super) async fn show(&self, challenges: Vec<Challenge>) -> Result<Shown, Unseen> {
        let mut version = 0;
        self.acquired.send_modify(|acquired| {
            acquired.challenges.extend(challenges.iter().cloned());
            acquired.version += 1;
            version = acquired.version;
        });
        let guard = Shown { acquired: self.acquired.clone(), challenges };
        let mut shown = self.shown.clone();
        let seen = timeout(PATIENCE, shown.wait_for(|shown| *shown >= version)).await;
        if matches!(seen, Ok(Ok(_))) { Ok(guard) } else { Err(Unseen) }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.acquired.send_modify(|acquired| {
            acquired.challenges.retain(|challenge| !self.challenges.contains(challenge));
            acquired.version += 1;
        });
    }
}
