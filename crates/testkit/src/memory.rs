//! What a process holds.

use std::fs;

/// The resident memory of a process in KiB, without pages that it shares with files.
///
/// # Panics
/// When there is no such process.
#[must_use]
#[track_caller]
pub fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_else(|error| panic!("no process {process}: {error}"));
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("a process that runs has memory");
    line.trim().trim_end_matches(" kB").parse().expect("the kernel writes numbers")
}
