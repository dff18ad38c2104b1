//! What a master that is gone leaves, and what the next one begins with.
//!
//! There are two ways to become the next master, and they meet here:
//!
//! ```text
//!   upgrade:  old program ── exec ──► `Legacy`: sockets, API, PID file, what it knew ──┐
//!                                                                                        ├─► `Estate` ─► `Core::inherit`
//!   crash:    next process ── PID file's lock ──► `gather`: workers, what they hold ─────┘
//! ```
//!
//! In both, workers are found by their doors and tell what they hold themselves, so nobody has to believe what a dead
//! master may have meant. A start with nothing to take over is the same with an empty estate.

mod gather;
mod note;

use std::collections::BTreeMap;
use std::fs::File;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dproxy_config::{QuicKeys, TicketKey};
use dproxy_ipc::{Confinement, Generation, ListenerInfo, QuicSocket, Snapshot, SnapshotError, SocketId};
use dproxy_stats::Row;
use tracing::{info, warn};

use crate::core::{Heir, Inheritance, SlotId, WorkerId, most_served};
use crate::legacy::Legacy;
use crate::spawn::Hold;
use gather::Found;
pub(crate) use note::{Kept, Note, Place, Rest, SocketNote};

/// Everything that a master takes over.
#[derive(Debug, Default)]
pub(crate) struct Estate {
    pub(crate) inheritance: Inheritance,
    pub(crate) workers: BTreeMap<WorkerId, (Hold, Confinement)>,
    pub(crate) sockets: BTreeMap<SocketId, Socket>,
    /// At which berth each worker speaks QUIC, and all sockets for that.
    pub(crate) berths: BTreeMap<WorkerId, u8>,
    pub(crate) quic_sockets: BTreeMap<QuicSocket, OwnedFd>,
    /// The board that the workers count on.
    pub(crate) board: Option<OwnedFd>,
    /// The page of the dead.
    pub(crate) dead: Option<OwnedFd>,
    /// The table to go on with, as it is sealed.
    pub(crate) snapshot: Option<(Generation, OwnedFd)>,
}

/// A listening socket.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) address: SocketAddr,
    pub(crate) descriptor: Arc<OwnedFd>,
    /// Under which name the service manager keeps a copy.
    pub(crate) name: Option<String>,
}

impl Estate {
    /// Takes over what the program before left in this process, and the workers that have their doors in `directory`.
    pub(crate) async fn collect(legacy: Option<&Legacy>, directory: &Path) -> Estate {
        let mut estate = Estate::default();
        if let Some(legacy) = legacy {
            estate.take_from(legacy);
        }
        let found = gather::gather(directory).await;
        estate.take_tables(&found);
        for (number, found) in (0..).zip(found) {
            estate.take_worker(WorkerId(number), found);
        }
        let sockets = estate.sockets.iter().map(|(socket, it)| ListenerInfo { socket: *socket, address: it.address });
        estate.inheritance.sockets = sockets.collect();
        estate
    }

    /// Where clients come in already.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.sockets.values().map(|socket| socket.address).collect()
    }

    /// By which the workers know sessions: they have them from the master before, in memory that is written nowhere.
    pub(crate) fn ticket_keys(&self) -> Vec<TicketKey> {
        self.inheritance.snapshot.as_ref().map(|snapshot| snapshot.settings.tls.tickets.clone()).unwrap_or_default()
    }

    /// The secrets with which they speak QUIC, likewise.
    pub(crate) fn quic_keys(&self) -> Option<QuicKeys> {
        self.inheritance.snapshot.as_ref().and_then(|snapshot| snapshot.settings.tls.quic.clone())
    }

    fn take_from(&mut self, legacy: &Legacy) {
        let Rest { stopped, generation, spawned, dead, .. } = legacy.rest();
        self.inheritance.stopped = stopped;
        self.inheritance.generation = Generation(generation);
        self.inheritance.spawned = spawned.into_iter().map(|(slot, count)| (SlotId(slot), count)).collect();
        self.dead = dead.and_then(|number| legacy.copy(number).ok());
        for SocketNote { socket, address, descriptor, name } in &legacy.kept().sockets {
            match legacy.copy(*descriptor) {
                Ok(descriptor) => self.take_socket(ListenerInfo { socket: SocketId(*socket), address: *address }, descriptor, name.clone()),
                Err(error) => warn!(%address, %error, "a socket is lost"),
            }
        }
    }

    /// The table that most workers serve, if this program can read it, and the board that goes with it.
    fn take_tables(&mut self, found: &[Found]) {
        let newest = found.iter().map(Found::generation).max().unwrap_or_default();
        self.inheritance.generation = self.inheritance.generation.max(newest);
        // Workers of one generation have the same snapshot, and it may be large.
        let mut by_generation: BTreeMap<Generation, (&Found, Snapshot)> = BTreeMap::new();
        for found in found {
            if !by_generation.contains_key(&found.generation()) {
                by_generation.extend(read_table(found).map(|snapshot| (found.generation(), (found, snapshot))));
            }
        }
        let readable = found.iter().filter(|found| found.holdings.leaving_ms.is_none()).map(Found::generation);
        let Some(chosen) = most_served(readable.filter(|generation| by_generation.contains_key(generation))) else { return };
        let columns = by_generation.values().flat_map(|(_, snapshot)| snapshot.columns.iter().map(|(_, column)| column + 1));
        self.inheritance.columns = columns.max().unwrap_or(0);
        let Some((found, snapshot)) = by_generation.remove(&chosen) else { return };
        if let (Ok(memory), Ok(board)) = (found.snapshot.try_clone(), found.board.try_clone()) {
            self.snapshot = Some((chosen, memory));
            self.inheritance.snapshot = Some(Arc::new(snapshot));
            self.board = Some(board);
        }
    }

    fn take_worker(&mut self, worker: WorkerId, found: Found) {
        let Found { pid, channel, door, page, board, row, dead, snapshot: _, holdings, sockets, quic } = found;
        if let Some((berth, sockets)) = quic {
            self.berths.insert(worker, berth);
            self.quic_sockets.extend(sockets);
        }
        let foreign = holdings.build != crate::legacy::build();
        let ours = self.board.as_ref().is_some_and(|our| is_same(our, &board));
        let row = ours.then(|| Row::map(&File::from(row)).ok()).flatten();
        self.inheritance.columns = self.inheritance.columns.max(row.as_ref().map_or(0, Row::columns));
        self.dead.get_or_insert(dead);
        let of = |lent: bool| sockets.iter().filter(move |(holding, _)| holding.lent == lent).map(|(holding, _)| holding.info.socket);
        let heir = Heir {
            slot: SlotId(holdings.slot),
            pid,
            age: Duration::from_millis(holdings.age_ms),
            generation: holdings.generation,
            held: of(false).collect(),
            lent: of(true).collect(),
            leaving: holdings.leaving_ms.map(Duration::from_millis),
            foreign,
        };
        for (holding, descriptor) in sockets {
            self.take_socket(holding.info, descriptor, None);
        }
        self.inheritance.workers.insert(worker, heir);
        self.workers.insert(worker, (Hold { pid, channel, page, row, door: Some(door) }, holdings.confinement));
    }

    /// The first copy of a socket counts.
    fn take_socket(&mut self, info: ListenerInfo, descriptor: OwnedFd, name: Option<String>) {
        self.inheritance.next_socket = self.inheritance.next_socket.max(info.socket.0 + 1);
        let socket = || Socket { address: info.address, descriptor: Arc::new(descriptor), name };
        self.sockets.entry(info.socket).or_insert_with(socket);
    }
}

/// The table that a worker serves.
fn read_table(found: &Found) -> Option<Snapshot> {
    match found.snapshot.try_clone().map_err(SnapshotError::Read).and_then(Snapshot::open) {
        Ok(snapshot) => Some(snapshot),
        Err(error) => {
            let error = format!("{:#}", anyhow::Error::new(error));
            info!(pid = found.pid, error, "the table of a worker is not read; the sources tell it again");
            None
        }
    }
}

/// Whether two descriptors lead to the same memory, or to the same socket.
pub(crate) fn is_same(one: &impl AsFd, other: &impl AsFd) -> bool {
    let identity = |descriptor: &dyn AsFd| {
        let file = File::from(descriptor.as_fd().try_clone_to_owned().ok()?).metadata().ok()?;
        Some((file.dev(), file.ino()))
    };
    identity(one).is_some_and(|first| identity(other) == Some(first))
}
