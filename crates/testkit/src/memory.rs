//! What a process holds.

use std::fs;

/// The resident memory of a process in KiB, without pages that it shares with files.
///
/// # Panics
/// When there is no such process.
#[must_use]
#[track_caller]
pub fn resident(process: u32) -> u64 {
    kibibytes(process, "status", "RssAnon:")
}

/// The memory of a process in KiB, where of what several have mapped each has its part: the sum over some processes is
/// what all of them take.
///
/// # Panics
/// When there is no such process.
#[must_use]
#[track_caller]
pub fn share_of_memory(process: u32) -> u64 {
    kibibytes(process, "smaps_rollup", "Pss:")
}

#[track_caller]
fn kibibytes(process: u32, file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_else(|error| panic!("no process {process}: {error}"));
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a process that runs has memory");
    line.trim().trim_end_matches(" kB").parse().expect("the kernel writes numbers")
}
