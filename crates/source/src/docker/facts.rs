//! What an engine says of one container, in the words of this room.
//!
//! Everything here is a plain value: [`crate::docker::wire`] makes it out of
//! the engine's JSON, [`crate::docker::routes`] makes routes out of it.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::time::SystemTime;

use dproxy_route::Condition;

/// All that is known of one container at one moment.
///
/// Its environment is not here, but for what is meant for proxies, so that nobody can show it by mistake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// Full id.
    pub(super) id: String,
    /// Without the slash.
    pub(super) name: String,
    /// As the engine names it.
    pub(super) image: String,
    pub(super) state: State,
    /// What its health check says; [`Condition::Ready`] where it has none.
    pub(super) health: Condition,
    /// With which its last process ended; a running one has none.
    pub(super) exit_code: Option<i64>,
    /// In which second since 1970 it was made; an inspection says it exactly.
    pub(super) created: u64,
    pub(super) labels: HashMap<String, String>,
    pub(super) mode: NetworkMode,
    /// Sorted by network name.
    pub(super) attachments: Vec<Attachment>,
    /// Its TCP ports, sorted.
    pub(super) ports: Vec<Port>,
    /// What only an inspection tells; none until there was one.
    pub(super) inspected: Option<Inspected>,
    /// What an event said that no list has confirmed yet.
    pub(super) ending: Option<Ending>,
    /// What could not be understood about it, in words.
    pub(super) oddities: Vec<String>,
}

/// What a container is doing, in the engine's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    #[default]
    Created,
    Running,
    Paused,
    Restarting,
    Removing,
    Exited,
    Dead,
    /// A word that no engine had when this was written.
    Other(String),
}

impl State {
    pub(super) fn of(word: &str) -> State {
        match word {
            "created" => State::Created,
            "running" => State::Running,
            "paused" => State::Paused,
            "restarting" => State::Restarting,
            "removing" => State::Removing,
            "exited" => State::Exited,
            "dead" => State::Dead,
            other => State::Other(other.to_owned()),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            State::Created => "created",
            State::Running => "running",
            State::Paused => "paused",
            State::Restarting => "restarting",
            State::Removing => "removing",
            State::Exited => "exited",
            State::Dead => "dead",
            State::Other(word) => word,
        }
    }
}

/// How a container is connected to the world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum NetworkMode {
    /// By the networks it is attached to.
    #[default]
    Networks,
    /// It has the machine's own network.
    Host,
    /// It has none.
    None,
    /// It has that of another container, named by id or name.
    Container(String),
}

impl NetworkMode {
    pub(super) fn of(word: &str) -> NetworkMode {
        match word {
            "host" => NetworkMode::Host,
            "none" => NetworkMode::None,
            other => match other.strip_prefix("container:") {
                Some(whose) => NetworkMode::Container(whose.to_owned()),
                None => NetworkMode::Networks,
            },
        }
    }
}

/// A container's place in one network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attachment {
    /// The network's name.
    pub(super) network: String,
    /// The container's addresses there, IPv4 first.
    pub(super) addresses: Vec<Address>,
}

/// One address of a container, and what tells whether it can be dialled from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) ip: IpAddr,
    /// The network's gateway; on the machine of a bridge that is the machine itself.
    pub(super) gateway: Option<IpAddr>,
    /// Length of the network's prefix.
    pub(super) prefix: u8,
    /// Which of our own addresses the kernel would dial it from.
    pub(super) source: Option<IpAddr>,
}

/// A TCP port of a container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Port {
    /// Inside.
    pub(super) container: u16,
    /// Outside; a port without it is only exposed.
    pub(super) published: Option<Binding>,
}

/// Where a port is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Binding {
    pub(super) ip: IpAddr,
    pub(super) port: u16,
}

/// What only an inspection tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Inspected {
    pub(super) created: Option<SystemTime>,
    pub(super) hostname: String,
    pub(super) domainname: String,
    /// Exposed TCP ports; a list does not show them for host networks.
    pub(super) exposed: Vec<u16>,
    /// What it says to nginx-proxy in its environment, of which nothing else is kept.
    pub(super) virtual_host: BTreeMap<&'static str, String>,
    /// Whether it ran at that moment, so that `finished` is about an earlier life.
    pub(super) running: bool,
    pub(super) finished: Option<SystemTime>,
    /// The signal that `docker stop` sends it.
    pub(super) stop_signal: Signal,
    /// Its process on the engine's machine, while it runs.
    pub(super) pid: Option<i32>,
}

/// A signal by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Signal(pub(super) i32);

impl Signal {
    pub(super) const KILL: Signal = Signal(9);
    pub(super) const TERM: Signal = Signal(15);

    /// `15`, `TERM` or `SIGTERM`, for the signals that images name as theirs to stop by.
    pub(super) fn of(text: &str) -> Option<Signal> {
        let word = text.trim();
        let word = word.strip_prefix("SIG").unwrap_or(word);
        let number = match word {
            "HUP" => 1,
            "INT" => 2,
            "QUIT" => 3,
            "KILL" => 9,
            "USR1" => 10,
            "USR2" => 12,
            "TERM" => 15,
            "WINCH" => 28,
            "RTMIN+3" => 37,
            digits => digits.parse().ok()?,
        };
        Some(Signal(number))
    }
}

impl Default for Signal {
    fn default() -> Signal {
        Signal::TERM
    }
}

/// What an event told of a container's end, before any list did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It was told to stop: it finishes what it has.
    Stopping,
    /// It is gone, whatever a list still shows.
    Gone {
        /// Where the event told.
        exit_code: Option<i64>,
    },
}
