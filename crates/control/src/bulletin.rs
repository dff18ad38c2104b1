//! What happens, told to whoever wants to hear it: the events of `/events`.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use tokio::sync::broadcast;

/// Bulletins that a slow listener may be behind before it misses some.
const ROOM: usize = 4096;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bulletin {
    /// What it is about.
    pub kind: Kind,
    /// What it is now, as JSON.
    pub data: String,
}

/// What a bulletin is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The whole at a glance has changed; its counters alone are no change.
    Status,
    /// A worker has another state or process.
    Worker,
    /// A route came.
    RouteAdded,
    /// A route went.
    RouteRemoved,
    /// A container has another state, or came.
    Container,
    /// A container went.
    ContainerRemoved,
    /// A line of the master's log.
    Log,
    /// So many bulletins were missed, because they came faster than they were read.
    Missed,
}

/// Tells bulletins to everybody who listens.
#[derive(Clone, Debug)]
pub struct Herald {
    listeners: broadcast::Sender<Bulletin>,
}

/// A text is no kind of bulletin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no kind of event; the kinds are {}", Kind::ALL.map(Kind::as_str).join(", "))]
pub struct KindError {
    text: String,
}

impl Kind {
    const ALL: [Kind; 8] = [
        Kind::Status,
        Kind::Worker,
        Kind::RouteAdded,
        Kind::RouteRemoved,
        Kind::Container,
        Kind::ContainerRemoved,
        Kind::Log,
        Kind::Missed,
    ];

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Status => "status",
            Kind::Worker => "worker",
            Kind::RouteAdded => "route_added",
            Kind::RouteRemoved => "route_removed",
            Kind::Container => "container",
            Kind::ContainerRemoved => "container_removed",
            Kind::Log => "log",
            Kind::Missed => "missed",
        }
    }
}

impl FromStr for Kind {
    type Err = KindError;

    fn from_str(text: &str) -> Result<Kind, KindError> {
        let found = Kind::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| KindError { text: text.to_owned() })
    }
}

impl Bulletin {
    /// About this, with the row as it is now.
    #[must_use]
    pub fn new(kind: Kind, row: &impl Serialize) -> Bulletin {
        Bulletin { kind, data: serde_json::to_string(row).expect("rows are structs of plain values, which JSON can say") }
    }
}

/// As server-sent events are written: JSON has no line breaks.
impl fmt::Display for Bulletin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event: {}\ndata: {}\n\n", self.kind.as_str(), self.data)
    }
}

impl Default for Herald {
    fn default() -> Herald {
        Herald { listeners: broadcast::Sender::new(ROOM) }
    }
}

impl Herald {
    /// Whether anybody listens: without, nobody needs to look for news.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.listeners.receiver_count() > 0
    }

    /// Tells everybody who listens.
    pub fn tell(&self, bulletin: Bulletin) {
        // Nobody may listen any more.
        let _ = self.listeners.send(bulletin);
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<Bulletin> {
        self.listeners.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_as_it_is_written() {
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        let error = "worker ".parse::<Kind>().unwrap_err().to_string();
        assert!(error.starts_with("`worker ` is no kind of event; the kinds are status, worker, "), "{error}");
    }

    #[test]
    fn a_bulletin_is_one_event_whatever_is_in_it() {
        let bulletin = Bulletin::new(Kind::Log, &"one\ntwo\r\n\nevent: stop");
        assert_eq!(bulletin.to_string(), "event: log\ndata: \"one\\ntwo\\r\\n\\nevent: stop\"\n\n");
    }
}
