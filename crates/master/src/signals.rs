//! What the operating system wants of the master.

use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use nix::sys::signal::SigSet;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::Pid;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::debug;

/// A signal, by what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// TERM, INT: drain and leave; the second time at once.
    Leave,
    /// HUP: read the configuration again.
    Reload,
    /// USR1: open logs again.
    Reopen,
    /// USR2: replace every worker.
    Restart,
    /// QUIT: write the status to the log.
    Dump,
    /// CHLD: a child ended.
    Child,
}

/// All signals that the master listens to.
#[derive(Debug)]
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    user1: Signal,
    user2: Signal,
    quit: Signal,
    child: Signal,
}

/// All that mean something for the master. Held back, they wait: also while another program takes over in this process.
fn meant_for_us() -> SigSet {
    use nix::sys::signal::Signal::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
    [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGQUIT].into_iter().collect()
}

/// Holds back what comes for this thread from now on. Every thread but the one that takes signals must do so when it
/// begins: then none is taken by a thread that another program does not have.
pub(crate) fn hold_back() {
    // The set is one that the kernel knows, so it does not refuse.
    let _ = meant_for_us().thread_block();
}

/// Lets them come.
pub(crate) fn let_come() {
    // As above.
    let _ = meant_for_us().thread_unblock();
}

impl Signals {
    /// From now on none of them ends the process by itself.
    ///
    /// # Errors
    /// When the runtime cannot catch signals.
    pub(crate) fn catch() -> io::Result<Signals> {
        let signals = Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            user1: signal(SignalKind::user_defined1())?,
            user2: signal(SignalKind::user_defined2())?,
            quit: signal(SignalKind::quit())?,
            child: signal(SignalKind::child())?,
        };
        // The program before may have held them back for us.
        let_come();
        Ok(signals)
    }

    /// The next one that somebody sent, if it has come already. The end of a child is not sent, and not told here.
    pub(crate) fn sent(&mut self) -> Option<Order> {
        loop {
            match pin!(self.next()).poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Order::Child) => {}
                Poll::Ready(order) => return Some(order),
                Poll::Pending => return None,
            }
        }
    }

    /// The next one. Giving up the wait loses none.
    pub(crate) async fn next(&mut self) -> Order {
        tokio::select! {
            _ = self.terminate.recv() => Order::Leave,
            _ = self.interrupt.recv() => Order::Leave,
            _ = self.hangup.recv() => Order::Reload,
            _ = self.user1.recv() => Order::Reopen,
            _ = self.user2.recv() => Order::Restart,
            _ = self.quit.recv() => Order::Dump,
            _ = self.child.recv() => Order::Child,
        }
    }
}

/// Buries the children that nobody else waits for: as PID 1 of a container every orphan becomes ours, and after an
/// upgrade those that the program before did not wait for.
/// `is_ours` tells workers, whose end is somebody else's to see. Call it again when one of those is buried: the
/// kernel names one dead child at a time, and may name a worker before an orphan.
pub(crate) fn bury_orphans(is_ours: impl Fn(u32) -> bool) {
    let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    while let Ok(WaitStatus::Exited(pid, _) | WaitStatus::Signaled(pid, _, _)) = waitid(Id::All, look) {
        if u32::try_from(pid.as_raw()).is_ok_and(&is_ours) {
            return;
        }
        bury(pid);
    }
}

fn bury(pid: Pid) {
    match waitpid(pid, Some(WaitPidFlag::WNOHANG)) {
        Ok(status) => debug!(?status, "orphan buried"),
        Err(error) => debug!(%pid, %error, "orphan not buried"),
    }
}
