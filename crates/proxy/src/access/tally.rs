//! What a request came to, as far as the client saw it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use dproxy_route::{DoorIndex, Logged};
use dproxy_stats::{Account, Page, Served};

use crate::upstream::Pool;
use crate::view::View;

/// Filled in while a request is being answered.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// 0 while there is none.
    status: Cell<u16>,
    /// Bytes of the body.
    bytes: Cell<u64>,
    /// Bytes of the request's body.
    received: Cell<u64>,
    /// Where all this is noted in the end.
    account: Cell<Option<Account>>,
    /// How many requests like it get a line in the log, where its route says so.
    logged: Cell<Option<Logged>>,
    /// Somebody will read of the backend.
    watched: Cell<bool>,
    backend: RefCell<Option<Asked>>,
}

/// The backend that had the request last.
#[derive(Debug)]
struct Asked {
    pool: Rc<Pool>,
    since: Instant,
    /// Until it began to answer.
    took: Option<Duration>,
}

impl Tally {
    /// Another request, of which nobody wants to know more than its status.
    pub(crate) fn begin(&self) {
        self.answered(0);
        self.watched.set(false);
        self.received.set(0);
        self.account.set(None);
        self.logged.set(None);
    }

    /// It came to this door of the view.
    pub(crate) fn goes_to(&self, view: &View, door: Option<DoorIndex>) {
        self.account.set(door.and_then(|door| view.account(door)));
        if self.watched.get() {
            self.logged.set(door.and_then(|door| view.table.logged(door)));
        }
    }

    /// How many requests like it get a line in the log, where its route says so.
    pub(crate) fn logged(&self) -> Option<Logged> {
        self.logged.get()
    }

    /// So many bytes of the request's body were passed on.
    pub(crate) fn received(&self, bytes: usize) {
        self.received.set(self.received.get() + bytes as u64);
    }

    /// Notes what came of the request that began at this time.
    pub(crate) fn settle(&self, page: &Page, began: Instant) {
        let Some(account) = self.account.get() else { return };
        let status = self.status.get();
        // How long a tunnel was used tells nothing of how quick anybody is.
        let took = (status != 101 && status != 0).then(|| began.elapsed());
        page.note(account, &Served { status, received: self.received.get(), sent: self.bytes.get(), took });
    }

    /// Somebody wants to know all of this request.
    pub(crate) fn watch(&self) {
        self.watched.set(true);
        self.backend.replace(None);
    }

    /// A backend has the request. Costs nothing where nobody wants to know.
    pub(crate) fn asks(&self, pool: &Rc<Pool>) {
        if self.watched.get() {
            self.backend.replace(Some(Asked { pool: Rc::clone(pool), since: Instant::now(), took: None }));
        }
    }

    /// The backend's answer begins, with this status.
    pub(crate) fn backend_answered(&self, status: u16) {
        self.answered(status);
        if self.watched.get()
            && let Some(asked) = self.backend.borrow_mut().as_mut()
        {
            asked.took = Some(asked.since.elapsed());
        }
    }

    /// The answer to a request begins, with this status.
    pub(crate) fn answered(&self, status: u16) {
        self.status.set(status);
        self.bytes.set(0);
    }

    /// So many bytes of the body went to the client.
    pub(crate) fn took(&self, bytes: usize) {
        self.bytes.set(self.bytes.get() + bytes as u64);
    }

    /// The status of the answer, 0 while there is none.
    pub(crate) fn status(&self) -> u16 {
        self.status.get()
    }

    /// Of the answer's body.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.get()
    }

    /// The name and address of the backend that had the request last.
    pub(crate) fn with_backend<T>(&self, tell: impl FnOnce(Option<&str>) -> T) -> T {
        tell(self.backend.borrow().as_ref().map(|asked| asked.pool.label.as_str()))
    }

    /// How long it took to begin with its answer, if it did.
    pub(crate) fn backend_time(&self) -> Option<Duration> {
        self.backend.borrow().as_ref()?.took
    }
}
