//! Accepting connections from the sockets that the master lent.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::TcpListener;
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
    pub(crate) fn start(proxy: Rc<Proxy>, listener: std::net::TcpListener, address: SocketAddr) -> io::Result<Listening> {
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let task = tokio::task::spawn_local(accept(proxy, listener, address.port()));
        Ok(Listening { task })
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(proxy: Rc<Proxy>, listener: TcpListener, port: u16) {
    loop {
        while !proxy.has_room() {
            proxy.connection_closed().await;
        }
        match listener.accept().await {
            Ok((stream, peer)) => proxy.serve(stream, peer, port),
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections; trying again");
                tokio::time::sleep(RELIEF).await;
            }
        }
    }
}

/// The client gave up before it was accepted; the next one may be fine (accept(2)).
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted | io::ErrorKind::HostUnreachable
    )
}
