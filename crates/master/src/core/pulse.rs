//! Whether workers live: each counts the turns of its loop where the master can see it.
//!
//! ```text
//!   beats ──5 looks──► silent: siblings accept from its sockets too ──30 looks──► SIGABRT ──50 looks──► SIGKILL
//!     ▲                  │
//!     └──── a beat ──────┘
//! ```
//!
//! Silence is counted in looks, not in time: a master that is late itself, because the machine is suspended or
//! overloaded, looks less often and is so much more patient. Looks at a worker that waited for a CPU are left out.

use std::collections::BTreeMap;
use std::time::Duration;

use tracing::{info, warn};

use super::process::{Life, Process};
use super::{Core, Effect, WorkerId};

/// How often the driver looks.
pub(crate) const LOOK: Duration = Duration::from_millis(100);
/// Half a second: its siblings take over what waits for it.
pub(crate) const SILENT: u32 = 5;
/// Three seconds: it is asked to die, and may leave a trace of where it hung.
pub(crate) const HUNG: u32 = 30;
/// Five seconds: it is gone.
pub(crate) const LOST: u32 = 50;

/// What is known of a worker's loop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pulse {
    /// The last beat seen; zero before the first.
    beat: u64,
    /// Looks since then that saw no other.
    missed: u32,
}

impl Pulse {
    fn look(&mut self, beat: u64) {
        if beat != self.beat {
            *self = Pulse { beat, missed: 0 };
        } else if beat != 0 {
            self.missed = self.missed.saturating_add(1);
        }
    }

    pub(crate) fn is_silent(self) -> bool {
        self.missed >= SILENT
    }

    /// At least so long.
    pub(crate) fn silence(self) -> Duration {
        LOOK * self.missed
    }
}

impl Core {
    /// Takes in every worker's last beat.
    pub(super) fn looked(&mut self, beats: &BTreeMap<WorkerId, u64>) {
        for (worker, beat) in beats {
            let Some(process) = self.processes.get_mut(worker).filter(|process| process.is_watched()) else { continue };
            let before = process.pulse;
            process.pulse.look(*beat);
            let (slot, pid, after) = (process.slot.0, process.pid, process.pulse);
            if before.is_silent() != after.is_silent() {
                match after.is_silent() {
                    true => warn!(slot, pid, "worker is silent, its siblings accept for it"),
                    false => info!(slot, pid, silence = ?before.silence(), "worker is back"),
                }
            }
            if before.missed == after.missed {
                continue;
            }
            match after.missed {
                HUNG => {
                    warn!(slot, pid, "worker hangs, aborting it");
                    self.effects.push(Effect::Abort(*worker));
                }
                LOST => {
                    warn!(slot, pid, "worker hangs, ending it");
                    #[cfg(test)]
                    if self.sabotage == Some(super::Sabotage::SpareTheHung) {
                        continue;
                    }
                    self.kill(*worker);
                }
                _ => {}
            }
        }
    }
}

impl Process {
    /// Whether its loop turns: not before it has its first table, and not once it was told to end at once.
    fn is_watched(&self) -> bool {
        match self.life {
            Life::Ready | Life::Online | Life::Leaving | Life::Draining { .. } => true,
            Life::Born | Life::Greeted | Life::Terminated { .. } | Life::Killed => false,
        }
    }

    /// Whether it serves and its loop turns.
    pub(crate) fn responds(&self) -> bool {
        self.serves() && !self.pulse.is_silent()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_looks_without_a_new_beat_are_silence() {
        let mut pulse = Pulse::default();
        let mut check = |beat, missed: u32| {
            pulse.look(beat);
            assert_eq!((pulse.missed, pulse.is_silent()), (missed, missed >= SILENT), "beat {beat}");
        };
        check(0, 0);
        check(0, 0);
        check(7, 0);
        (1..=6).for_each(|missed| check(7, missed));
        check(8, 0);
        check(7, 0);
    }
}
