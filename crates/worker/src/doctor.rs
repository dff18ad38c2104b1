//! Tries what a captured worker would try, from where it would stand.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::thread;

use anyhow::Context as _;
use dproxy_ipc::{Confinement, Hold};
use nix::sys::signal::kill;
use nix::unistd::{Pid, getppid};

use crate::sandbox::{self, Orders};

/// Something tried, and whether that went as it should.
struct Attempt {
    what: &'static str,
    done: io::Result<()>,
    /// A proxy needs it; everything else must be refused.
    needed: bool,
}

/// Confines this process as a worker with these `orders`, tries what a worker needs and what it must not do, and
/// says in `out` how that went. The process is of no other use after that.
///
/// # Errors
/// When something needed fails, something that should be refused is not, or `out` cannot be written.
pub fn doctor(orders: Orders, out: &mut impl Write) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").context("cannot listen on loopback")?;
    let parent = getppid();
    let confinement = sandbox::confine(orders);
    show(&confinement, out)?;
    let attempts = attempts(&listener, parent);
    for attempt in &attempts {
        writeln!(out, "{attempt}")?;
    }
    let wrong = attempts.iter().filter(|attempt| !attempt.is_right()).count();
    anyhow::ensure!(wrong == 0, "{wrong} of {} attempts went as they should not", attempts.len());
    Ok(())
}

fn show(confinement: &Confinement, out: &mut impl Write) -> io::Result<()> {
    for (name, hold) in confinement.layers() {
        let text = match hold {
            Hold::Holds(how) => how.clone(),
            Hold::Missing(reason) => format!("missing: {reason}"),
            Hold::Off => "off".to_owned(),
        };
        writeln!(out, "{name:<14}{text}")?;
    }
    Ok(())
}

fn attempts(listener: &TcpListener, parent: Pid) -> [Attempt; 12] {
    let needed = |what, done| Attempt { what, done, needed: true };
    let forbidden = |what, done| Attempt { what, done, needed: false };
    [
        needed("connect, accept and copy", talk(listener)),
        needed("start a thread", thread::Builder::new().spawn(|| {}).map(drop)),
        forbidden("read a file", File::open("/etc/passwd").map(drop)),
        forbidden("read its own memory map", File::open("/proc/self/maps").map(drop)),
        forbidden("write a file", File::options().write(true).open("/dev/null").map(drop)),
        forbidden("list a directory", std::fs::read_dir("/").map(drop)),
        forbidden("make a socket of the kind that Docker has", UnixDatagram::unbound().map(drop)),
        forbidden("listen on a port", TcpListener::bind("127.0.0.1:0").map(drop)),
        forbidden("send a datagram", UdpSocket::bind("127.0.0.1:0").map(drop)),
        forbidden("start a program", Command::new("/bin/true").spawn().and_then(|mut child| child.wait()).map(drop)),
        forbidden("signal its parent", kill(parent, None).map_err(io::Error::from)),
        forbidden("become root again", nix::unistd::setuid(0.into()).map_err(io::Error::from)),
    ]
}

/// A byte there and back, as a proxy has it.
fn talk(listener: &TcpListener) -> io::Result<()> {
    let mut client = TcpStream::connect(listener.local_addr()?)?;
    let (mut served, _) = listener.accept()?;
    client.write_all(b"x")?;
    served.read_exact(&mut [0])
}

impl Attempt {
    fn is_right(&self) -> bool {
        self.done.is_ok() == self.needed
    }
}

impl std::fmt::Display for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let verdict = if self.is_right() { "ok" } else { "WRONG" };
        match &self.done {
            Ok(()) => write!(f, "{verdict:<6} can {}", self.what),
            Err(error) => write!(f, "{verdict:<6} cannot {}: {error}", self.what),
        }
    }
}
