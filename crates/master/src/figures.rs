//! Memory and CPU of processes. The only place that names `sysinfo`, whose API changes with most versions.

use std::collections::BTreeMap;

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};
use tracing::debug;

/// Asks the kernel, and remembers the last look for the sake of CPU figures.
#[derive(Debug)]
pub(crate) struct Figures {
    /// None on a system that tells nothing; every figure is zero then.
    system: Option<System>,
}

/// What one process uses.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Usage {
    /// Resident memory.
    pub(crate) memory_bytes: u64,
    /// Of one CPU, since the last look.
    pub(crate) cpu_percent: f32,
}

impl Figures {
    pub(crate) fn new() -> Figures {
        let system = System::new().inspect_err(|error| debug!(%error, "no figures of processes")).ok();
        Figures { system }
    }

    /// What each of these processes uses now; one that is gone is left out.
    pub(crate) fn look(&mut self, pids: &[u32]) -> BTreeMap<u32, Usage> {
        let Some(system) = &mut self.system else { return BTreeMap::new() };
        let asked: Vec<Pid> = pids.iter().copied().map(Pid::from_u32).collect();
        let what = ProcessRefreshKind::nothing().with_memory().with_cpu();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&asked), true, what);
        let known = asked.iter().filter_map(|pid| Some((pid.as_u32(), system.process(*pid)?)));
        known.map(|(pid, process)| (pid, Usage { memory_bytes: process.memory(), cpu_percent: process.cpu_usage() })).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_lives_has_memory_and_one_that_does_not_is_left_out() {
        let ours = std::process::id();
        let usage = Figures::new().look(&[ours, u32::MAX / 2]);
        assert!(usage[&ours].memory_bytes > 100_000);
        assert_eq!(usage.len(), 1);
    }
}
