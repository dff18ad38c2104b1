//! Descriptors that this process had before this program began: those that a service manager passed (`LISTEN_FDS` of
//! them, from number 3 on), and those that the program before left open in the same process.
#![allow(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::sync::{Mutex, Once, PoisonError};

use rustix::io::{FdFlags, fcntl_setfd};

const FIRST: RawFd = 3;

/// Each with its name. Only the first call finds any.
pub(crate) fn descriptors() -> Vec<(String, OwnedFd)> {
    static TAKEN: Once = Once::new();
    let mut passed = Vec::new();
    TAKEN.call_once(|| passed = numbers(|name| std::env::var(name).ok()).into_iter().filter_map(own).collect());
    passed
}

/// Those of these numbers that are open, each once: they must be those that the program before left open on purpose.
pub(crate) fn left_open(numbers: &[RawFd]) -> BTreeMap<RawFd, OwnedFd> {
    static TAKEN: Mutex<BTreeSet<RawFd>> = Mutex::new(BTreeSet::new());
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let fresh = numbers.iter().copied().filter(|number| *number >= FIRST && taken.insert(*number));
    fresh.filter_map(|number| Some((number, own((String::new(), number))?.1))).collect()
}

/// Which numbers were passed, with their names; none if they were meant for another process.
fn numbers(variable: impl Fn(&str) -> Option<String>) -> Vec<(String, RawFd)> {
    if variable("LISTEN_PID") != Some(std::process::id().to_string()) {
        return Vec::new();
    }
    let count: RawFd = variable("LISTEN_FDS").and_then(|count| count.parse::<u16>().ok()).map_or(0, RawFd::from);
    let names = variable("LISTEN_FDNAMES").unwrap_or_default();
    let names = names.split(':').map(str::to_owned).chain(std::iter::repeat("unknown".to_owned()));
    names.zip(FIRST..FIRST + count).collect()
}

/// Nothing if the environment promised more than there is.
fn own((name, number): (String, RawFd)) -> Option<(String, OwnedFd)> {
    std::fs::symlink_metadata(format!("/proc/self/fd/{number}")).ok()?;
    // SAFETY: the number is open, as the line above found, and nobody else in this process owns it: it was open when
    // the process began, so the kernel gave it to no one since, and both callers come here once for each number.
    let descriptor = unsafe { OwnedFd::from_raw_fd(number) };
    // A copy that leaks into a worker would keep the port open.
    fcntl_setfd(&descriptor, FdFlags::CLOEXEC).ok()?;
    Some((name, descriptor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pid: Option<&str>, count: Option<&str>, names: Option<&str>, expected: &[(&str, RawFd)]) {
        let found = numbers(|name| {
            let value = match name {
                "LISTEN_PID" => pid,
                "LISTEN_FDS" => count,
                _ => names,
            };
            value.map(str::to_owned)
        });
        let found: Vec<(&str, RawFd)> = found.iter().map(|(name, number)| (name.as_str(), *number)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn only_what_was_meant_for_us_is_ours() {
        let us = std::process::id().to_string();
        let us = Some(us.as_str());
        check(us, Some("2"), Some("web:dproxy-listener-1"), &[("web", 3), ("dproxy-listener-1", 4)]);
        check(us, Some("2"), Some("web"), &[("web", 3), ("unknown", 4)]);
        check(us, Some("1"), None, &[("", 3)]);
        check(us, Some("0"), None, &[]);
        check(us, Some("-1"), None, &[]);
        check(us, Some("many"), None, &[]);
        check(us, None, None, &[]);
        check(Some("1"), Some("2"), None, &[]);
        check(None, Some("2"), None, &[]);
    }

    #[test]
    fn a_number_that_is_not_open_is_nobodys() {
        assert!(own(("x".to_owned(), 9_999)).is_none());
    }
}
