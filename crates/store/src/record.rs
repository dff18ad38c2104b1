//! What is kept: structured records in collections, each with the times of its first and its last change.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Collection {
    /// Containers that the engines told of.
    Containers,
    /// Backends that are routed to.
    Backends,
    /// Routes, whoever offers them.
    Routes,
    /// Images that containers are of.
    Images,
    /// Workers, by slot.
    Workers,
    /// Routes as operators wrote them while everything ran.
    RoutesByHand,
    /// Hosts that containers serve or served.
    Sites,
    /// Single facts.
    Notes,
}

/// A thing as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When it was seen first.
    pub created: Stamp,
    /// When it changed last.
    pub updated: Stamp,
    /// What it is.
    pub value: Value,
}

/// The records of each collection, by key.
pub type Records = BTreeMap<Collection, BTreeMap<String, Arc<Record>>>;

/// What becomes of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where it is.
    pub collection: Collection,
    /// Which one.
    pub key: String,
    /// What it is from now on; none where it is gone.
    pub record: Option<Arc<Record>>,
}

/// A moment, in milliseconds since 1970. Its text sorts as it does: `2026-11-23T04:21:53.120Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Stamp(u64);

/// The last moment that has a text: the end of the year 9999.
const LAST: u64 = 253_402_300_799_999;

impl Collection {
    /// All of them.
    pub const ALL: [Collection; 8] = [
        Collection::Containers,
        Collection::Backends,
        Collection::Routes,
        Collection::Images,
        Collection::Workers,
        Collection::RoutesByHand,
        Collection::Sites,
        Collection::Notes,
    ];

    /// Its name in every engine.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Collection::Containers => "containers",
            Collection::Backends => "backends",
            Collection::Routes => "routes",
            Collection::Images => "images",
            Collection::Workers => "workers",
            Collection::RoutesByHand => "routes_by_hand",
            Collection::Sites => "sites",
            Collection::Notes => "notes",
        }
    }
}

impl fmt::Display for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Record {
    /// One that is new at `now`.
    #[must_use]
    pub fn new(now: Stamp, value: Value) -> Record {
        Record { created: now, updated: now, value }
    }

    /// As engines write it.
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).expect("texts and JSON values can be said in JSON")
    }
}

impl From<SystemTime> for Stamp {
    fn from(moment: SystemTime) -> Stamp {
        let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
        Stamp(u64::try_from(since.as_millis()).unwrap_or(LAST).min(LAST))
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_millis(self.0)).fmt(f)
    }
}

impl FromStr for Stamp {
    type Err = humantime::TimestampError;

    fn from_str(text: &str) -> Result<Stamp, humantime::TimestampError> {
        humantime::parse_rfc3339(text).map(Stamp::from)
    }
}

impl TryFrom<String> for Stamp {
    type Error = humantime::TimestampError;

    fn try_from(text: String) -> Result<Stamp, humantime::TimestampError> {
        text.parse()
    }
}

impl From<Stamp> for String {
    fn from(stamp: Stamp) -> String {
        stamp.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_read_as_it_is_written_and_no_clock_is_too_wrong_for_it() {
        for milliseconds in [0, 1, 1_763_871_713_120, LAST] {
            let stamp = Stamp::from(UNIX_EPOCH + Duration::from_millis(milliseconds));
            assert_eq!(stamp.to_string().parse(), Ok(stamp));
        }
        assert_eq!(Stamp(1_763_871_713_120).to_string(), "2025-11-23T04:21:53.120Z");
        assert_eq!(Stamp::from(UNIX_EPOCH + Duration::from_secs(1 << 40)), Stamp(LAST));
        assert_eq!(Stamp::from(UNIX_EPOCH - Duration::from_secs(9)), Stamp(0));
    }

    #[test]
    fn a_record_is_read_as_it_is_written() {
        let record = Record::new(Stamp(5), serde_json::json!({ "name": "é\u{0}\n", "hosts": ["a", "b"], "port": 80, "none": null }));
        let text = record.text();
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
        for text in ["", "{}", "[]", r#"{"created":"x","updated":"x","value":1}"#, r#"{"created":1,"updated":1,"value":1}"#] {
            assert!(serde_json::from_str::<Record>(text).is_err(), "{text}");
        }
    }
}
