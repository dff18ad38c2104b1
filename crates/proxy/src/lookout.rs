//! Clients that wait for a sibling: it hangs, is stopped, or has more to do than it can.
//!
//! Every worker looks into its siblings' queues. Whoever is there at two looks in a row, a moment apart, would
//! wait longer; a sibling whose loop turns takes its clients before the second look.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsFd as _;
use std::rc::Rc;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::proxy::Proxy;

/// Looks into the sockets of siblings until this is dropped.
#[derive(Debug)]
pub struct Lookout {
    task: JoinHandle<()>,
}

type Siblings = Vec<(Rc<TcpListener>, SocketAddr)>;

/// The shortest time between looks. Others look too, so with more siblings each looks less often.
const OFTEN: Duration = Duration::from_millis(20);
/// The longest time between looks.
const SELDOM: Duration = Duration::from_millis(60);
/// A sibling whose loop turns has taken its clients after this.
const MOMENT: Duration = Duration::from_millis(5);
/// So many clients are taken from one queue at a time: other siblings look too.
const MOST_TAKEN: usize = 32;

impl Lookout {
    pub(crate) fn start(proxy: Rc<Proxy>, siblings: Siblings) -> Lookout {
        Lookout { task: tokio::task::spawn_local(look(proxy, siblings)) }
    }
}

impl Drop for Lookout {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn look(proxy: Rc<Proxy>, siblings: Siblings) {
    let calm = (OFTEN / 2).saturating_mul(u32::try_from(siblings.len()).unwrap_or(u32::MAX)).clamp(OFTEN, SELDOM);
    let mut pause = calm;
    loop {
        sleep(pause).await;
        pause = calm;
        if !proxy.has_room() || !anybody_waits(&siblings) {
            continue;
        }
        sleep(MOMENT).await;
        for (listener, address) in waiting(&siblings) {
            take(&proxy, listener, address);
            // Where somebody was left alone others soon will be.
            pause = OFTEN / 2;
        }
    }
}

fn anybody_waits(siblings: &Siblings) -> bool {
    !waiting(siblings).is_empty()
}

/// The queues that are not empty, in one call to the kernel.
fn waiting(siblings: &Siblings) -> Vec<(&TcpListener, SocketAddr)> {
    let mut looks: Vec<PollFd<'_>> = siblings.iter().map(|(listener, _)| PollFd::new(listener.as_fd(), PollFlags::POLLIN)).collect();
    // A look that fails finds nobody; the next one comes soon.
    if !poll(&mut looks, PollTimeout::ZERO).is_ok_and(|found| found > 0) {
        return Vec::new();
    }
    let found = siblings.iter().zip(looks).filter(|(_, look)| look.any() == Some(true));
    found.map(|((listener, address), _)| (listener.as_ref(), *address)).collect()
}

fn take(proxy: &Rc<Proxy>, listener: &TcpListener, address: SocketAddr) {
    for _ in 0..MOST_TAKEN {
        if !proxy.has_room() {
            return;
        }
        match accept(listener) {
            Ok((stream, peer)) => proxy.serve(stream, peer, address.port()),
            // Another sibling was faster, or descriptors have run out: the owner sees to that.
            Err(_) => return,
        }
    }
}

fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (stream, peer) = listener.accept()?;
    stream.set_nonblocking(true)?;
    Ok((TcpStream::from_std(stream)?, peer))
}
