//! What a worker holds, as it tells a master that did not start it.

use serde::{Deserialize, Serialize};

use crate::{Confinement, Generation, ListenerInfo};

/// What a worker holds, or a part of it. The first part brings the descriptors of its memory, in the order of
/// [`Holdings::MEMORY`]; each part brings those of its sockets after that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holdings {
    /// Its place in the pool.
    pub slot: u16,
    /// Which program it is, as the master that started it named it.
    pub build: String,
    /// For how many milliseconds it has lived.
    pub age_ms: u64,
    /// The snapshot that it serves.
    pub generation: Generation,
    /// None: it serves. Else it was told to leave, and has so many milliseconds for that.
    pub leaving_ms: Option<u64>,
    /// What holds it in.
    pub confinement: Confinement,
    /// The sockets that it holds.
    pub sockets: Vec<Holding>,
    /// Whether another part follows.
    pub more: bool,
}

/// A socket in the hands of a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// Which one.
    pub info: ListenerInfo,
    /// Whether it is a sibling's.
    pub lent: bool,
}

impl Holdings {
    /// What the descriptors of the first part are, before those of its sockets.
    pub const MEMORY: [&'static str; 5] = ["page of counters", "board", "row", "page of the dead", "snapshot"];
    /// The most sockets of one part: with the memory, below [`crate::Channel::MAX_DESCRIPTORS`].
    pub const PART: usize = 200;
}
