//! The service manager that started us, where there is one: systemd, or whoever speaks its protocol.
//!
//! ```text
//!              serving                    HUP                      TERM, from everywhere
//!   Starting ──────────► Ready ─────────────────────► Reloading        ──────────► Stopping
//!            `settled`     ▲    `reloading`               │            `stopping`
//!                          └──────────────────────────────┘
//!                            the workers serve the new configuration: `settled`
//! ```
//!
//! It is told by datagrams to the socket that `NOTIFY_SOCKET` names. Written by hand, not taken from a library: a
//! manager that does not read must not stop the proxy, and abstract sockets are sockets, too.

use std::ffi::OsStr;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::time::{ClockId, clock_gettime};
use tokio::time::{Interval, MissedTickBehavior, interval};
use tracing::{debug, warn};

/// What the service manager knows of us.
#[derive(Debug)]
pub(crate) struct Supervisor {
    /// None: nobody wants to know.
    line: Option<UnixDatagram>,
    phase: Phase,
    /// The last that it was told of how it is.
    status: String,
    /// When it wants to hear that we live.
    beats: Option<Interval>,
}

/// What it was told last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Starting,
    Ready,
    Reloading,
    Stopping,
}

/// A manager that does not read for so long does without the message.
const SEND_LIMIT: Duration = Duration::from_secs(1);
/// Beside the requests under way, a stop has to end processes and answer operators.
const STOP_MARGIN: Duration = Duration::from_secs(10);

impl Supervisor {
    /// As the environment says. Must be called inside a tokio runtime.
    pub(crate) fn from_environment() -> Supervisor {
        let socket = std::env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty());
        let line = socket.and_then(|name| match connect(&name) {
            Ok(line) => Some(line),
            Err(error) => {
                warn!(socket = %name.display(), %error, "the service manager cannot be told anything");
                None
            }
        });
        let number = |name| std::env::var(name).ok()?.parse::<u64>().ok();
        let beats = watchdog_interval(number("WATCHDOG_USEC"), number("WATCHDOG_PID")).map(|period| {
            let mut beats = interval(period);
            beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
            beats
        });
        Supervisor { beats: beats.filter(|_| line.is_some()), line, phase: Phase::Starting, status: String::new() }
    }

    /// Everything that was asked for is so; `status` says in a few words how it is.
    pub(crate) fn settled(&mut self, status: impl FnOnce() -> String) {
        if self.line.is_none() {
            return;
        }
        let status = status();
        let news = match self.phase {
            Phase::Starting | Phase::Reloading => "READY=1\n",
            Phase::Ready if status != self.status => "",
            Phase::Ready | Phase::Stopping => return,
        };
        self.tell(&format!("{news}STATUS={status}\n"), None);
        self.phase = Phase::Ready;
        self.status = status;
    }

    /// The configuration is being read again.
    pub(crate) fn reloading(&mut self) {
        if self.phase != Phase::Ready {
            return;
        }
        self.phase = Phase::Reloading;
        let now = clock_gettime(ClockId::Monotonic);
        let microseconds = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1000;
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={microseconds}\nSTATUS=reading the configuration again\n"), None);
    }

    /// We leave, when what is under way is done: for that we have `limit`.
    pub(crate) fn stopping(&mut self, limit: Duration) {
        self.phase = Phase::Stopping;
        let microseconds = (limit + STOP_MARGIN).as_micros();
        self.tell(&format!("STOPPING=1\nEXTEND_TIMEOUT_USEC={microseconds}\nSTATUS=finishing what is under way\n"), None);
    }

    /// Gives `descriptor` into the manager's keeping: if we die, whoever is started next gets it back.
    pub(crate) fn keep(&self, name: &str, descriptor: BorrowedFd<'_>) {
        self.tell(&format!("FDSTORE=1\nFDNAME={name}\n"), Some(descriptor));
    }

    /// The manager shall close what it keeps under this name.
    pub(crate) fn discard(&self, name: &str) {
        self.tell(&format!("FDSTOREREMOVE=1\nFDNAME={name}\n"), None);
    }

    /// Tells the manager that we live, each time that it is time; never ends.
    pub(crate) async fn beat(&mut self) {
        let Some(beats) = &mut self.beats else { return std::future::pending().await };
        loop {
            beats.tick().await;
            if let Some(line) = &self.line {
                report(send(line, "WATCHDOG=1\n", None));
            }
        }
    }

    fn tell(&self, message: &str, descriptor: Option<BorrowedFd<'_>>) {
        if let Some(line) = &self.line {
            debug!(message, "telling the service manager");
            report(send(line, message, descriptor));
        }
    }
}

fn report(sent: io::Result<()>) {
    if let Err(error) = sent {
        warn!(%error, "the service manager was not told");
    }
}

/// Half of what the manager waits, as it advises; none when it waits for another process or for nothing.
fn watchdog_interval(microseconds: Option<u64>, process: Option<u64>) -> Option<Duration> {
    let ours = process.is_none_or(|process| process == u64::from(std::process::id()));
    let patience = microseconds.filter(|microseconds| ours && *microseconds > 1)?;
    Some(Duration::from_micros(patience / 2))
}

fn connect(name: &OsStr) -> io::Result<UnixDatagram> {
    let address = match name.as_bytes() {
        [b'@', rest @ ..] => SocketAddr::from_abstract_name(rest)?,
        _path => SocketAddr::from_pathname(name)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(&address)?;
    socket.set_write_timeout(Some(SEND_LIMIT))?;
    Ok(socket)
}

fn send(line: &UnixDatagram, message: &str, descriptor: Option<BorrowedFd<'_>>) -> io::Result<()> {
    let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut room);
    if descriptor.is_some() && !control.push(SendAncillaryMessage::ScmRights(descriptor.as_slice())) {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    sendmsg(line.as_fd(), &[IoSlice::new(message.as_bytes())], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> (Supervisor, UnixDatagram) {
        let (ours, manager) = UnixDatagram::pair().unwrap();
        manager.set_nonblocking(true).unwrap();
        (Supervisor { line: Some(ours), phase: Phase::Starting, status: String::new(), beats: None }, manager)
    }

    #[track_caller]
    fn told(manager: &UnixDatagram) -> String {
        let mut bytes = [0; 1000];
        let length = manager.recv(&mut bytes).unwrap_or(0);
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    }

    #[test]
    fn each_phase_is_told_once_and_in_order() {
        let (mut supervisor, manager) = line();
        supervisor.reloading();
        assert_eq!(told(&manager), "", "who is not ready is not reloading");
        supervisor.settled(|| "fine".to_owned());
        assert_eq!(told(&manager), "READY=1\nSTATUS=fine\n");
        supervisor.settled(|| "fine".to_owned());
        assert_eq!(told(&manager), "");
        supervisor.settled(|| "better".to_owned());
        assert_eq!(told(&manager), "STATUS=better\n");
        supervisor.reloading();
        let text = told(&manager);
        assert!(text.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{text}");
        supervisor.settled(|| "fine again".to_owned());
        assert_eq!(told(&manager), "READY=1\nSTATUS=fine again\n");
        supervisor.stopping(Duration::from_secs(30));
        assert!(told(&manager).starts_with("STOPPING=1\nEXTEND_TIMEOUT_USEC=40000000\n"));
        supervisor.settled(|| "no more".to_owned());
        supervisor.reloading();
        assert_eq!(told(&manager), "", "who leaves does not become ready again");
    }

    #[test]
    fn a_manager_that_is_gone_or_never_was_costs_nothing() {
        let (mut supervisor, manager) = line();
        drop(manager);
        supervisor.settled(String::new);
        let mut alone = Supervisor { line: None, phase: Phase::Starting, status: String::new(), beats: None };
        alone.settled(String::new);
        alone.keep("x", io::stdin().as_fd());
    }

    #[test]
    fn the_watchdog_is_ours_or_somebody_elses() {
        let us = u64::from(std::process::id());
        let check = |microseconds, process, expected| assert_eq!(watchdog_interval(microseconds, process), expected);
        check(None, None, None);
        check(Some(0), None, None);
        check(Some(1), Some(us), None);
        check(Some(30_000_000), None, Some(Duration::from_secs(15)));
        check(Some(30_000_000), Some(us), Some(Duration::from_secs(15)));
        check(Some(30_000_000), Some(us + 1), None);
    }

    #[test]
    fn sockets_of_both_kinds_are_reached() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("notify");
        let by_path = UnixDatagram::bind(&path).unwrap();
        send(&connect(path.as_os_str()).unwrap(), "a", None).unwrap();
        assert_eq!(told(&by_path), "a");
        let name = format!("dproxy-test-{}", std::process::id());
        let abstract_one = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        send(&connect(OsStr::new(&format!("@{name}"))).unwrap(), "b", None).unwrap();
        assert_eq!(told(&abstract_one), "b");
        assert!(connect(OsStr::new("/no/such/socket")).is_err());
    }
}
