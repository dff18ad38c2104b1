//! The line to whoever is the master.
//!
//! ```text
//!              `hear`: it ended, and there is a door           `hear`: ORPHAN_LIFE passed, or there is no door
//!   attached ───────────────────────────────────────► orphan ───────────────────────────────────────────────► alone
//!      ▲                                                │
//!      └────────────────────────────────────────────────┘
//!        `hear`: another master knocked, and was greeted
//! ```
//!
//! An orphan serves on with what it has. One that stays alone finishes what is under way and ends.

use std::os::fd::{AsFd as _, OwnedFd};
use std::time::Duration;

use anyhow::Context as _;
use dproxy_ipc::{Channel, Door, PROTOCOL, SendError, ToMaster, ToWorker, User};
use tokio::time::{Instant, timeout_at};

/// How long a worker without a master serves on as if nothing had happened.
const ORPHAN_LIFE: Duration = Duration::from_secs(60);

/// The line, and what becomes of it when the master dies.
pub(crate) struct Line {
    channel: Channel,
    door: Option<Door>,
    /// Whom masters belong to.
    master: User,
    /// Since when there is none.
    orphaned: Option<Instant>,
}

/// What can happen on the line.
pub(crate) enum Word {
    /// The master said this, and sent these descriptors.
    Said(ToWorker, Vec<OwnedFd>),
    /// The master is gone. Told once; who goes on to listen waits for the next one.
    Orphaned,
    /// No other has come in time, and none will.
    Alone,
}

impl Line {
    /// The line that a master holds the other end of.
    pub(crate) fn new(socket: OwnedFd) -> anyhow::Result<Line> {
        let master = User::at_the_end_of(socket.as_fd()).context("cannot tell whose the line is")?;
        Ok(Line { channel: Channel::from_fd(socket).context("cannot use the line")?, door: None, master, orphaned: None })
    }

    /// From now on the next master is waited for at this door.
    pub(crate) fn wait_at(&mut self, door: OwnedFd) -> anyhow::Result<()> {
        self.door = Some(Door::from_fd(door).context("cannot wait at the door")?);
        Ok(())
    }

    /// Says something to the master.
    pub(crate) async fn send(&self, message: &ToMaster) -> Result<(), SendError> {
        self.channel.send(message, &[]).await
    }

    /// The line as it is now.
    pub(crate) fn channel(&self) -> &Channel {
        &self.channel
    }

    /// What happens next on the line. Giving up the wait loses nothing.
    pub(crate) async fn hear(&mut self) -> anyhow::Result<Word> {
        loop {
            if self.orphaned.is_none() {
                if let Some((message, descriptors)) = self.channel.receive().await? {
                    return Ok(Word::Said(message, descriptors));
                }
                self.orphaned = Some(Instant::now());
                tracing::warn!("the master is gone; serving on until another comes");
                return Ok(Word::Orphaned);
            }
            if !self.is_found().await? {
                // Whoever comes now is told by the closed door that this worker goes.
                self.door = None;
                return Ok(Word::Alone);
            }
        }
    }

    /// Waits until another master has come.
    async fn is_found(&mut self) -> anyhow::Result<bool> {
        let (Some(door), Some(since)) = (&self.door, self.orphaned) else { return Ok(false) };
        let Ok(answered) = timeout_at(since + ORPHAN_LIFE, door.answer(self.master)).await else { return Ok(false) };
        let channel = answered.context("the door is broken")?;
        match channel.send(&ToMaster::Hello { protocol: PROTOCOL }, &[]).await {
            Ok(()) => {
                tracing::info!("another master has come");
                self.channel = channel;
                self.orphaned = None;
            }
            Err(error) => tracing::warn!(error = format!("{:#}", anyhow::Error::new(error)), "a master came and went"),
        }
        Ok(true)
    }
}
