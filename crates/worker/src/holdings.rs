//! What a worker keeps only to tell it: a master that did not start it needs the same memory and the same sockets.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use dproxy_ipc::{Channel, Confinement, Generation, Holding, Holdings, QuicSocket, ToMaster};
use dproxy_stats::{Board, Ledger, Page, Row};

use crate::berths::Berths;
use crate::listeners::Listeners;

/// What a worker was given when it was born, and the snapshot it serves.
pub(crate) struct Keepsakes {
    slot: u16,
    page: OwnedFd,
    board: OwnedFd,
    row: OwnedFd,
    /// Of the master: what workers counted that are gone.
    dead: OwnedFd,
    pub(crate) snapshot: OwnedFd,
    pub(crate) generation: Generation,
    pub(crate) build: String,
    confinement: Confinement,
    born: Instant,
}

/// The memory that comes with the master's first word.
pub(crate) struct Memory {
    pub(crate) page: OwnedFd,
    pub(crate) board: OwnedFd,
    pub(crate) row: OwnedFd,
    pub(crate) dead: OwnedFd,
}

impl Memory {
    /// Maps what this worker writes.
    pub(crate) fn map(&self) -> anyhow::Result<(Page, Ledger)> {
        let file = |descriptor: &OwnedFd| descriptor.try_clone().map(File::from);
        let page = file(&self.page).and_then(|file| Page::map(&file)).context("cannot map the page of counters")?;
        let board = file(&self.board).and_then(|file| Board::map(&file)).context("cannot map the board")?;
        let row = file(&self.row).and_then(|file| Row::map(&file)).context("cannot map the row of the board")?;
        Ok((page, Ledger::new(board, row)))
    }
}

impl Keepsakes {
    pub(crate) fn new(slot: u16, memory: Memory, snapshot: OwnedFd, generation: Generation, confinement: Confinement) -> Keepsakes {
        let Memory { page, board, row, dead } = memory;
        Keepsakes { slot, page, board, row, dead, snapshot, generation, build: String::new(), confinement, born: Instant::now() }
    }

    /// Tells all of it, and what `listeners` and `berths` hold; `leaving` is the time that is left to a worker on its way out.
    pub(crate) async fn tell(
        &self,
        channel: &Channel,
        listeners: &Listeners,
        berths: &Berths,
        leaving: Option<Duration>,
    ) -> anyhow::Result<()> {
        let (berth, moored) = berths.held();
        let (sockets, descriptors): (Vec<QuicSocket>, Vec<BorrowedFd<'_>>) = moored.unzip();
        if !sockets.is_empty() {
            channel.send(&ToMaster::HoldsQuic { berth, sockets }, &descriptors).await?;
        }
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let held: Vec<(Holding, BorrowedFd<'_>)> = listeners.held().collect();
        let mut parts: Vec<&[_]> = held.chunks(Holdings::PART).collect();
        if parts.is_empty() {
            parts.push(&[]);
        }
        let last = parts.len() - 1;
        for (number, part) in parts.into_iter().enumerate() {
            let holdings = Holdings {
                slot: self.slot,
                build: self.build.clone(),
                age_ms: millis(self.born.elapsed()),
                generation: self.generation,
                leaving_ms: leaving.map(millis),
                confinement: self.confinement.clone(),
                sockets: part.iter().map(|(holding, _)| holding.clone()).collect(),
                more: number < last,
            };
            let memory = if number == 0 { self.memory().to_vec() } else { Vec::new() };
            let descriptors: Vec<BorrowedFd<'_>> = memory.into_iter().chain(part.iter().map(|(_, socket)| *socket)).collect();
            channel.send(&ToMaster::Holds(holdings), &descriptors).await?;
        }
        Ok(())
    }

    /// In the order of [`Holdings::MEMORY`].
    fn memory(&self) -> [BorrowedFd<'_>; Holdings::MEMORY.len()] {
        [self.page.as_fd(), self.board.as_fd(), self.row.as_fd(), self.dead.as_fd(), self.snapshot.as_fd()]
    }
}
