//! Why a known host has nothing to answer with, in words.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::BackendId;

/// Why a known host has nothing to answer with.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Notice {
    /// The name of the container that was there last.
    pub container: Option<String>,
    /// In words for people: `stopped`, `paused`.
    pub reason: String,
    /// With what its process ended.
    pub exit_code: Option<i64>,
    /// Since when, where anybody told.
    pub since: Option<SystemTime>,
    /// When it was served last; requests wait for a while after that, since it may come back at once.
    pub left: Option<SystemTime>,
    /// Backends that cannot be asked anything now, but still have what they were asked: those of a paused container.
    pub asleep: Vec<BackendId>,
}

impl Notice {
    /// A notice with this reason, of which nothing else is known.
    pub fn new(reason: impl Into<String>) -> Notice {
        Notice { reason: reason.into(), ..Notice::default() }
    }

    /// What happened, and how long ago that is at `now`: `stopped 3 minutes ago, exit code 137`.
    #[must_use]
    pub fn told_at(&self, now: SystemTime) -> String {
        // A clock that was set back has no say in how long ago something was.
        let age = self.since.and_then(|since| now.duration_since(since).ok());
        let mut text = self.reason.clone();
        if let Some(age) = age {
            text.push(' ');
            text.push_str(&ago(age));
        }
        text + &self.ending()
    }

    fn ending(&self) -> String {
        self.exit_code.map_or_else(String::new, |code| format!(", exit code {code}"))
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.reason, self.ending())
    }
}

/// `3 minutes ago`, in the largest unit that fits.
fn ago(age: Duration) -> String {
    let units = [("day", 24 * 60 * 60), ("hour", 60 * 60), ("minute", 60), ("second", 1)];
    let seconds = age.as_secs();
    match units.into_iter().find(|(_, length)| seconds >= *length) {
        None => "just now".to_owned(),
        Some((unit, length)) if seconds / length == 1 => format!("1 {unit} ago"),
        Some((unit, length)) => format!("{} {unit}s ago", seconds / length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_says_what_happened_and_when() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let check = |reason: &str, exit_code: Option<i64>, age: Option<u64>, expected: &str| {
            let since = age.map(|age| now - Duration::from_secs(age));
            let notice = Notice { exit_code, since, ..Notice::new(reason) };
            assert_eq!(notice.told_at(now), expected);
        };
        check("stopped", Some(137), Some(180), "stopped 3 minutes ago, exit code 137");
        check("stopped", None, None, "stopped");
        check("stopped", Some(0), None, "stopped, exit code 0");
        check("paused", None, Some(0), "paused just now");
        check("paused", None, Some(1), "paused 1 second ago");
        check("paused", None, Some(59), "paused 59 seconds ago");
        check("paused", None, Some(60), "paused 1 minute ago");
        check("paused", None, Some(7199), "paused 1 hour ago");
        check("paused", None, Some(200_000), "paused 2 days ago");
        let ahead = Notice { since: Some(now + Duration::from_secs(9)), ..Notice::new("stopped") };
        assert_eq!(ahead.told_at(now), "stopped", "the engine's clock is ahead of ours");
    }
}
