//! The master's side of the board: it takes dead workers off it, and sees to it that it is right.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use dproxy_stats::{Audit, Board, Column, Row};
use tracing::debug;

/// The board of all workers.
#[derive(Debug)]
pub(crate) struct Books {
    descriptor: Arc<OwnedFd>,
    board: Board,
    /// Under way since a worker died, until everything is accounted for.
    audit: Option<Audit>,
}

impl Books {
    /// # Errors
    /// When the kernel has no descriptor or memory left.
    pub(crate) fn open() -> io::Result<Books> {
        let descriptor = dproxy_ipc::board()?;
        let board = Board::map(&File::from(descriptor.try_clone()?))?;
        Ok(Books { descriptor: Arc::new(descriptor), board, audit: None })
    }

    /// What every worker gets.
    pub(crate) fn descriptor(&self) -> Arc<OwnedFd> {
        Arc::clone(&self.descriptor)
    }

    /// The worker with this row has died.
    pub(crate) fn strike(&mut self, row: &Row) {
        self.board.strike(row);
        self.audit = Some(Audit::default());
    }

    /// Goes on with the audit, if one is due. `rows` are those of all living workers.
    pub(crate) fn look(&mut self, rows: &[&Row], columns: u32) {
        if let Some(audit) = &mut self.audit
            && audit.look(&self.board, rows, columns)
        {
            debug!("the board is right");
            self.audit = None;
        }
    }

    /// How many requests are counted there, and for how many milliseconds somebody has waited for one to be done.
    pub(crate) fn load(&self, column: u32) -> Option<(u32, Option<u64>)> {
        let column = Column::at(column)?;
        Some((self.board.total(column), self.board.waited(column, boot_millis())))
    }

    /// Whether nothing is counted there.
    pub(crate) fn is_empty(&self, column: u32) -> bool {
        Column::at(column).is_none_or(|column| self.board.total(column) == 0)
    }
}

/// Milliseconds of the clock that all processes share.
fn boot_millis() -> u64 {
    let Ok(time) = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC) else { return 0 };
    u64::try_from(time.tv_sec()).unwrap_or(0) * 1000 + u64::try_from(time.tv_nsec()).unwrap_or(0) / 1_000_000
}
