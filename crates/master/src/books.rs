//! The master's side of what workers count: it takes dead workers off the board, sees to it that the board is right,
//! and keeps what the dead have counted. That lies in shared memory, too: it outlives a master that dies.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use dproxy_route::RouteName;
use dproxy_stats::{Account, Audit, Board, Column, Counter, Counters, Page, Row, Sums};
use tracing::debug;

/// The board of all workers, and the page of the dead.
#[derive(Debug)]
pub(crate) struct Books {
    descriptor: Arc<OwnedFd>,
    board: Arc<Board>,
    /// What all have counted that are gone.
    dead: Page,
    dead_descriptor: Arc<OwnedFd>,
    /// The routes that the accounts were opened for.
    accounts: BTreeMap<u32, RouteName>,
    /// Under way since a worker died, until everything is accounted for.
    audit: Option<Audit>,
}

impl Books {
    /// Takes over the board and the page of an earlier master, or makes new ones.
    ///
    /// # Errors
    /// When the kernel has no descriptor or memory left.
    pub(crate) fn open(board: Option<OwnedFd>, dead: Option<OwnedFd>) -> io::Result<Books> {
        let descriptor = board.map_or_else(dproxy_ipc::board, Ok)?;
        let board = Arc::new(Board::map(&File::from(descriptor.try_clone()?))?);
        let dead_descriptor = dead.map_or_else(dproxy_ipc::counters_page, Ok)?;
        let dead = Page::map(&File::from(dead_descriptor.try_clone()?))?;
        // Who died while there was no master may still be on it.
        let audit = Some(Audit::default());
        let (descriptor, dead_descriptor) = (Arc::new(descriptor), Arc::new(dead_descriptor));
        Ok(Books { descriptor, board, dead, dead_descriptor, accounts: BTreeMap::new(), audit })
    }

    /// The page of the dead, which every worker keeps for the next master.
    pub(crate) fn dead_descriptor(&self) -> Arc<OwnedFd> {
        Arc::clone(&self.dead_descriptor)
    }

    /// What all have counted that are gone.
    pub(crate) fn dead(&self) -> Counters {
        self.dead.read()
    }

    /// A worker with these figures has died.
    pub(crate) fn remember(&self, counters: &Counters) {
        let totals = counters.totals();
        Counter::ALL.into_iter().for_each(|counter| self.dead.add(counter, totals.get(counter)));
    }

    /// An earlier master has opened these accounts.
    pub(crate) fn recall_accounts(&mut self, accounts: &[(RouteName, u32)]) {
        self.accounts = accounts.iter().map(|(name, number)| (*number, name.clone())).collect();
    }

    /// Accounts that another route had begin at nothing; `living` tells what all living workers have noted in one.
    pub(crate) fn open_accounts(&mut self, accounts: &[(RouteName, u32)], living: impl Fn(Account) -> Sums) {
        for (name, number) in accounts {
            let Some(account) = Account::at(*number) else { continue };
            if self.accounts.get(number) != Some(name) {
                self.dead.balance(account, &living(account));
                self.accounts.insert(*number, name.clone());
            }
        }
    }

    /// A worker that has died noted this in its first `end` accounts.
    pub(crate) fn credit(&self, end: u32, noted: impl Fn(Account) -> Sums) {
        for account in Account::below(end) {
            let sums = noted(account);
            if !sums.is_nothing() {
                self.dead.credit(account, &sums);
            }
        }
    }

    /// What all have noted there that are gone.
    pub(crate) fn dead_account(&self, account: Account) -> Sums {
        self.dead.account(account)
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

    /// The board itself.
    pub(crate) fn board(&self) -> &Board {
        &self.board
    }

    /// The same, for other threads.
    pub(crate) fn board_shared(&self) -> Arc<Board> {
        Arc::clone(&self.board)
    }

    /// Whether nothing is counted there.
    pub(crate) fn is_empty(&self, column: u32) -> bool {
        Column::at(column).is_none_or(|column| self.board.total(column) == 0)
    }
}

/// How many requests are counted there, and for how many milliseconds somebody has waited for one to be done.
pub(crate) fn load(board: &Board, column: u32) -> Option<(u32, Option<u64>)> {
    let column = Column::at(column)?;
    Some((board.total(column), board.waited(column, boot_millis())))
}

/// Milliseconds of the clock that all processes share.
fn boot_millis() -> u64 {
    let Ok(time) = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC) else { return 0 };
    u64::try_from(time.tv_sec()).unwrap_or(0) * 1000 + u64::try_from(time.tv_nsec()).unwrap_or(0) / 1_000_000
}
