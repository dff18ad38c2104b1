//! Workers that use more memory than they may: each is replaced in turn, as in a restart.

use std::time::Duration;

use tracing::warn;

use super::process::{Life, Process};
use super::{Core, WorkerId};

/// A worker is not judged before: with a limit that is too small for any, replacing them must not be all we do.
pub(crate) const SETTLED: Duration = Duration::from_secs(10);

impl Core {
    /// A worker uses more memory than it may.
    pub(super) fn outgrew(&mut self, worker: WorkerId, bytes: u64) {
        let now = self.now;
        let settled = |process: &&mut Process| process.life == Life::Online && now >= process.started + SETTLED;
        let Some(process) = self.processes.get_mut(&worker).filter(settled) else { return };
        if process.outgrown.replace(bytes).is_none() {
            warn!(slot = process.slot.0, pid = process.pid, bytes, "worker uses more memory than `max_memory`, replacing it");
            self.rolling.get_or_insert_default();
        }
    }
}

impl Process {
    /// For an operator.
    pub(crate) fn growth(&self) -> Option<String> {
        let mebibytes = self.outgrown? / (1024 * 1024);
        Some(format!("worker of slot {} uses {mebibytes} MiB, more than `max_memory`; it is being replaced", self.slot.0))
    }
}
