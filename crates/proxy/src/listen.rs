//! Accepting connections from the sockets that the master lent.

use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use std::time::Duration;

use rustix::net::{SocketFlags, acceptfrom_with};
use tokio::io::Interest;
use tokio::net::TcpStream as Watched;
use tokio::task::JoinHandle;

use crate::proxy::Proxy;

/// How long to wait when descriptors or memory have run out.
const RELIEF: Duration = Duration::from_millis(100);

/// A socket that is accepted from until this is dropped. What waits in its
/// queue then stays there for whoever else holds the socket.
#[derive(Debug)]
pub struct Listening {
    task: JoinHandle<()>,
}

impl Listening {
    pub(crate) fn start(proxy: Rc<Proxy>, listener: TcpListener, address: SocketAddr) -> io::Result<Listening> {
        listener.set_nonblocking(true)?;
        // The runtime's own listener would watch every client that it accepts. It waits for any socket in the same way.
        let listener = Watched::from_std(OwnedFd::from(listener).into())?;
        let task = tokio::task::spawn_local(serve(proxy, listener, address.port()));
        Ok(Listening { task })
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(proxy: Rc<Proxy>, listener: Watched, port: u16) {
    loop {
        while !proxy.has_room() {
            proxy.connection_closed().await;
        }
        match next(&listener).await {
            Ok((socket, peer)) => proxy.serve(socket, peer, port),
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections; trying again");
                tokio::time::sleep(RELIEF).await;
            }
        }
    }
}

/// Waits for the next client.
async fn next(listener: &Watched) -> io::Result<(TcpStream, SocketAddr)> {
    loop {
        poll_fn(|context| listener.poll_read_ready(context)).await?;
        match listener.try_io(Interest::READABLE, || accept(listener)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            accepted => return accepted,
        }
    }
}

/// The next client in the queue, who is not known to the runtime.
pub(crate) fn accept(listener: &impl AsFd) -> io::Result<(TcpStream, SocketAddr)> {
    let (socket, peer) = acceptfrom_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC)?;
    // A client of another family comes to no socket of ours.
    let peer = peer.ok_or(io::ErrorKind::ConnectionAborted)?.try_into()?;
    Ok((TcpStream::from(socket), peer))
}

/// The client gave up before it was accepted; the next one may be fine (accept(2)).
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted | io::ErrorKind::HostUnreachable
    )
}
