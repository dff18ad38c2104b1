//! Has rows made, kept and given their times on a thread of its own: of routes and backends there may be a hundred thousand, and
//! operators and workers should not wait for the master so long.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::SystemTime;

use dproxy_store::{Ledger, Others, Pen, Records as Stored};

use super::{Kept, keep};
use crate::signals;

/// The line to the thread. It ends when this is dropped, and everything is done.
#[derive(Debug)]
pub(super) struct Clerk {
    jobs: Sender<Job>,
    /// Each job that is not done holds a copy.
    open: Arc<()>,
}

type Job = Box<dyn FnOnce(&mut Desk) + Send>;

/// The thread's own.
struct Desk {
    ledger: Ledger,
    pen: Pen,
}

impl Clerk {
    pub(super) fn begin(pen: Pen) -> io::Result<Clerk> {
        let (jobs, incoming): (Sender<Job>, Receiver<Job>) = channel();
        let mut desk = Desk { ledger: Ledger::default(), pen };
        let _unwaited: JoinHandle<()> = thread::Builder::new().name("records".to_owned()).spawn(move || {
            signals::hold_back();
            incoming.into_iter().for_each(|job| job(&mut desk));
        })?;
        Ok(Clerk { jobs, open: Arc::default() })
    }

    /// Whether everything is done.
    pub(super) fn is_idle(&self) -> bool {
        Arc::strong_count(&self.open) == 1
    }

    /// Takes in what the store held.
    pub(super) fn recall(&self, stored: Stored) {
        self.have_done(move |desk| desk.pen.change(desk.ledger.recall(&stored)));
    }

    /// Has rows made, which are all there are or, where `others` stay, all that were told of yet. Each gets its times; then
    /// they are handed on.
    pub(super) fn keep_rows<Row: Kept>(
        &self,
        others: Others,
        make: impl FnOnce() -> Vec<Row> + Send + 'static,
        hand_on: impl FnOnce(Vec<Row>) + Send + 'static,
    ) {
        self.have_done(move |desk| {
            let mut rows = make();
            desk.pen.change(keep(&mut desk.ledger, SystemTime::now(), &mut rows, others));
            hand_on(rows);
        });
    }

    fn have_done(&self, job: impl FnOnce(&mut Desk) + Send + 'static) {
        let open = Arc::clone(&self.open);
        let job = move |desk: &mut Desk| {
            job(desk);
            drop(open);
        };
        // The thread lives as long as this does.
        let _ = self.jobs.send(Box::new(job));
    }
}
