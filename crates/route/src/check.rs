//! How the master asks a backend whether it is well.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::{PathError, PathPrefix};

/// A check that is made again and again, and what it takes to believe it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Check {
    /// What is asked.
    pub probe: Probe,
    /// From the beginning of one check to that of the next.
    pub interval: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// So many good ones in a row end an illness.
    pub rise: u32,
    /// So many bad ones in a row are an illness.
    pub fall: u32,
}

/// What is asked of a backend.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub enum Probe {
    /// Whether it takes a connection.
    Tcp,
    /// How it answers GET.
    Http {
        /// The path and query.
        path: String,
        /// The `Host` field; its address where nobody said one.
        host: Option<String>,
        /// Which answers are good.
        good: Statuses,
    },
}

/// A set of status codes: `200-399,404`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Statuses(Vec<(u16, u16)>);

/// Why a text is no set of status codes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no list of status codes; write one like `200-299,404`")]
pub struct StatusesError(String);

impl Default for Check {
    fn default() -> Check {
        Check { probe: Probe::http(), interval: Duration::from_secs(5), timeout: Duration::from_secs(2), rise: 2, fall: 3 }
    }
}

impl Probe {
    /// GET of `/`.
    pub(crate) fn http() -> Probe {
        Probe::Http { path: "/".to_owned(), host: None, good: Statuses::default() }
    }
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Probe::Tcp => f.write_str("a connection"),
            Probe::Http { path, .. } => write!(f, "GET {path}"),
        }
    }
}

impl Statuses {
    /// Whether this one is in it.
    #[must_use]
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&status))
    }
}

impl Default for Statuses {
    fn default() -> Statuses {
        Statuses(vec![(200, 399)])
    }
}

impl FromStr for Statuses {
    type Err = StatusesError;

    fn from_str(text: &str) -> Result<Statuses, StatusesError> {
        let number = |word: &str| word.trim().parse::<u16>().ok().filter(|status| (100..600).contains(status));
        let range = |word: &str| {
            let (first, last) = word.split_once('-').unwrap_or((word, word));
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some((first, last))
        };
        let ranges: Option<Vec<(u16, u16)>> = text.split(',').map(range).collect();
        ranges.map(Statuses).ok_or_else(|| StatusesError(text.to_owned()))
    }
}

/// A path to ask for, with its query: what may stand in a request line.
pub(crate) fn target(text: &str) -> Result<String, PathError> {
    let path = text.split_once('?').map_or(text, |(path, _)| path);
    path.parse::<PathPrefix>()?;
    if text.bytes().all(|byte| byte.is_ascii_graphic()) { Ok(text.to_owned()) } else { Err(PathError::Forbidden(text.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_codes_are_numbers_and_ranges() {
        let check = |text: &str, good: &[u16], bad: &[u16]| {
            let statuses: Statuses = text.parse().unwrap();
            assert!(good.iter().all(|status| statuses.contains(*status)), "{text}");
            assert!(!bad.iter().any(|status| statuses.contains(*status)), "{text}");
        };
        check("200", &[200], &[199, 201]);
        check("200-299, 404", &[200, 250, 299, 404], &[300, 403, 500]);
        for text in ["", "2xx", "299-200", "200,", "99", "600", "-200", "200-"] {
            assert!(text.parse::<Statuses>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_asked_for_is_a_path_that_fits_into_a_line() {
        for good in ["/", "/health", "/health?full=1&x=%20", "/a//b"] {
            assert_eq!(target(good).as_deref(), Ok(good));
        }
        for bad in ["", "health", "/a b", "/a\r\nX: y", "/ä", "/#x"] {
            assert!(target(bad).is_err(), "{bad}");
        }
    }
}
