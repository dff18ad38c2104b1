//! The two doors of the API, opened: a TCP port, of loopback or for those who show a token, and a Unix socket.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use interprocess::local_socket::tokio::prelude::*;
use interprocess::local_socket::tokio::{Listener, Stream};
use interprocess::local_socket::{GenericFilePath, ListenerOptions};
use interprocess::os::unix::local_socket::ListenerOptionsExt;
use interprocess::os::unix::uds_local_socket::tokio::Listener as UnixListener;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tracing::warn;

use crate::{Peers, Token};

/// Owner and group may come to the door.
const SOCKET_MODE: u16 = 0o660;

/// Everybody may, and is told there whether they may ask.
const EXTENDED_MODE: u16 = 0o666;

/// The API's listening sockets. Dropped, they are closed and the socket file is gone.
#[derive(Debug)]
pub struct Bound {
    address: SocketAddr,
    token: Option<Arc<Token>>,
    peers: Arc<Peers>,
    tcp: TcpListener,
    unix: Listener,
    file: SocketFile,
}

/// Why the API has no place to listen.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Others could reach it.
    #[error("the control API cannot listen on `{0}`, which other machines reach, without a token")]
    NotLoopback(SocketAddr),
    /// The TCP port is taken or forbidden.
    #[error("the control API cannot listen on `{address}`")]
    Tcp {
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// Somebody answers on the socket.
    #[error("another dproxy answers on control socket `{0}`; stop it, or use another run directory")]
    SocketInUse(PathBuf),
    /// A file of somebody else is there; it is not ours to remove.
    #[error("`{0}` is no socket; remove it, or use another run directory")]
    NotASocket(PathBuf),
    /// The socket cannot be made.
    #[error("cannot make control socket `{path}`")]
    Socket {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
}

impl Bound {
    /// Opens the TCP port `address` (port 0: any free one), whose callers show `token` if there is one, and the Unix
    /// socket `socket`, where `peers` may ask. A socket file that a dead dproxy left behind is taken over.
    ///
    /// # Errors
    /// When one of the two cannot be had; nothing is left open then.
    pub async fn bind(address: SocketAddr, token: Option<Token>, socket: &Path, peers: Peers) -> Result<Bound, BindError> {
        if !address.ip().is_loopback() && token.is_none() {
            return Err(BindError::NotLoopback(address));
        }
        let taken = |cause| BindError::Tcp { address, cause };
        let tcp = TcpListener::bind(address).await.map_err(taken)?;
        let address = tcp.local_addr().map_err(taken)?;
        let (unix, file) = make(socket, &peers).await?;
        Ok(Bound { address, token: token.map(Arc::new), peers: Arc::new(peers), tcp, unix, file })
    }

    /// The doors that an earlier master had open: the TCP port `tcp` and the Unix socket `unix` at the path `socket`. Who
    /// waits there is served. A socket whose file somebody cleared away is made again: nobody could come to it any more.
    ///
    /// # Errors
    /// When they are of another kind.
    pub async fn inherit(tcp: OwnedFd, token: Option<Token>, unix: OwnedFd, socket: &Path, peers: Peers) -> io::Result<Bound> {
        let tcp = std::net::TcpListener::from(tcp);
        tcp.set_nonblocking(true)?;
        let tcp = TcpListener::from_std(tcp)?;
        let inherited = Listener::UdSocket(UnixListener::try_from(unix)?);
        let (unix, file) = match make(socket, &peers).await {
            Ok(made) => made,
            // Who answers there is the one that we have.
            Err(BindError::SocketInUse(_)) => (inherited, reopened(socket, &peers)?),
            Err(error) => {
                // The port is there, and dproxy serves: no reason to fail.
                warn!(error = &error as &dyn std::error::Error, "nobody can come to the control socket");
                (inherited, SocketFile::lost(socket))
            }
        };
        Ok(Bound { address: tcp.local_addr()?, token: token.map(Arc::new), peers: Arc::new(peers), tcp, unix, file })
    }

    /// The descriptors of both doors, the TCP port first.
    #[must_use]
    pub fn descriptors(&self) -> (BorrowedFd<'_>, BorrowedFd<'_>) {
        let Listener::UdSocket(unix) = &self.unix;
        (self.tcp.as_fd(), unix.as_fd())
    }

    /// The TCP address, with the port that was free if 0 was asked.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The Unix socket.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.file.path
    }

    /// Both, as operators write them.
    #[must_use]
    pub fn endpoints(&self) -> Vec<String> {
        vec![format!("http://{}", self.address), format!("unix://{}", self.socket().display())]
    }

    /// What callers of the TCP port must show.
    pub(super) fn token(&self) -> Option<Arc<Token>> {
        self.token.clone()
    }

    /// Who may ask at the Unix socket.
    pub(super) fn peers(&self) -> Arc<Peers> {
        self.peers.clone()
    }

    pub(super) fn tcp(&self) -> &TcpListener {
        &self.tcp
    }

    pub(super) fn unix(&self) -> &Listener {
        &self.unix
    }
}

/// A client at the Unix socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    pub(super) user: u32,
    pub(super) group: u32,
}

/// What both doors have in common.
pub(super) trait Listening {
    /// Of a client's connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection. Dropping the future loses none.
    fn accept_one(&self) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    /// Whom the kernel knows the client as, where it knows.
    fn peer(stream: &Self::Stream) -> io::Result<Option<Peer>>;
}

impl Listening for TcpListener {
    type Stream = TcpStream;

    async fn accept_one(&self) -> io::Result<TcpStream> {
        Ok(self.accept().await?.0)
    }

    fn peer(_: &TcpStream) -> io::Result<Option<Peer>> {
        Ok(None)
    }
}

impl Listening for Listener {
    type Stream = Stream;

    async fn accept_one(&self) -> io::Result<Stream> {
        self.accept().await
    }

    fn peer(stream: &Stream) -> io::Result<Option<Peer>> {
        let Stream::UdSocket(stream) = stream;
        let peer = stream.inner().peer_cred()?;
        Ok(Some(Peer { user: peer.uid(), group: peer.gid() }))
    }
}

/// Makes the Unix socket, where nobody answers yet.
async fn make(socket: &Path, peers: &Peers) -> Result<(Listener, SocketFile), BindError> {
    clear(socket).await?;
    let failed = |cause| BindError::Socket { path: socket.to_owned(), cause };
    let unix = listen(socket).map_err(failed)?;
    // The umask took bits off; who may enter is decided here, not by the shell that started us.
    Ok((unix, reopened(socket, peers).map_err(failed)?))
}

/// The file of a socket that is there, for those who may ask now.
fn reopened(socket: &Path, peers: &Peers) -> io::Result<SocketFile> {
    open(socket, peers)?;
    SocketFile::of(socket)
}

/// Lets those come to the door who may ask.
fn open(socket: &Path, peers: &Peers) -> io::Result<()> {
    let mode = if peers.extended { EXTENDED_MODE } else { SOCKET_MODE };
    fs::set_permissions(socket, Permissions::from_mode(u32::from(mode)))
}

/// Removes a socket file on which nobody answers.
async fn clear(socket: &Path) -> Result<(), BindError> {
    let failed = |cause| BindError::Socket { path: socket.to_owned(), cause };
    match fs::symlink_metadata(socket) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
        Ok(found) if !found.file_type().is_socket() => return Err(BindError::NotASocket(socket.to_owned())),
        Ok(_) => {}
    }
    match Stream::connect(socket.to_fs_name::<GenericFilePath>().map_err(failed)?).await {
        Ok(_) => Err(BindError::SocketInUse(socket.to_owned())),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            warn!(path = %socket.display(), "taking over the control socket that a dead dproxy left");
            fs::remove_file(socket).map_err(failed)
        }
        // Its owner removed it between the two looks.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

fn listen(socket: &Path) -> io::Result<Listener> {
    ListenerOptions::new().name(socket.to_fs_name::<GenericFilePath>()?).mode(SOCKET_MODE.into()).reclaim_name(false).create_tokio()
}

/// The file of our socket, removed with it, unless another dproxy has put its own in the place.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl SocketFile {
    fn of(path: &Path) -> io::Result<SocketFile> {
        let found = fs::symlink_metadata(path)?;
        Ok(SocketFile { path: path.to_owned(), device: found.dev(), inode: found.ino() })
    }

    /// Of a socket that has none any more.
    fn lost(path: &Path) -> SocketFile {
        SocketFile { path: path.to_owned(), device: 0, inode: 0 }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let ours = fs::symlink_metadata(&self.path).is_ok_and(|found| (found.dev(), found.ino()) == (self.device, self.inode));
        if ours && let Err(error) = fs::remove_file(&self.path) {
            warn!(path = %self.path.display(), %error, "control socket not removed");
        }
    }
}
