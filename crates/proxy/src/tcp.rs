//! A TCP connection that the runtime watches only once something must be waited for.
//!
//! A client that comes for one answer has asked when it is accepted (TCP_DEFER_ACCEPT), and there is room for what it
//! is told: it is read from, written to and closed, and nobody ever waits. To have the kernel watch it all the same
//! would cost two calls.

use std::cell::RefCell;
use std::io::{self, IoSlice, Read as _};
use std::net::{IpAddr, Shutdown, TcpStream as Socket};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use nix::libc;
use socket2::SockRef;
use tokio::io::{AsyncRead as _, Interest, ReadBuf};
use tokio::net::TcpStream;

/// A connection. Nobody keeps its state in hand while waiting, so it is free whenever one of its two directions comes.
#[derive(Debug)]
pub(crate) struct Tcp(RefCell<State>);

#[derive(Debug)]
enum State {
    /// Nobody has waited for it yet.
    Apart {
        socket: Socket,
        /// All that had come was read.
        drained: bool,
    },
    /// The runtime tells when it is ready.
    Watched(TcpStream),
    /// The runtime could not watch it.
    Lost,
}

/// When bytes leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// As soon as they can.
    AtOnce,
    /// In one segment with the end, which is said next.
    WithEnd,
}

impl Tcp {
    /// A connection that was just accepted. Nothing blocks on `socket`, and something may have come already.
    pub(crate) fn accepted(socket: Socket) -> Tcp {
        Tcp(RefCell::new(State::Apart { socket, drained: false }))
    }

    /// A connection on which nothing may come for long. Nothing blocks on `socket`.
    ///
    /// # Errors
    /// When the runtime cannot watch it; it is closed then.
    pub(crate) fn waiting(socket: Socket) -> io::Result<Tcp> {
        TcpStream::from_std(socket).map(Tcp::from)
    }

    /// Whether nobody has had to wait for it yet; then nothing tells when its other side goes.
    pub(crate) fn is_apart(&self) -> bool {
        matches!(*self.0.borrow(), State::Apart { .. })
    }

    /// Ready when there may be something to read, or the end.
    pub(crate) fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.borrow_mut().poll_readable(context)
    }

    /// Reads what waits to be read, if that can be had at once.
    pub(crate) fn try_read(&self, room: &mut [u8]) -> io::Result<usize> {
        match &mut *self.0.borrow_mut() {
            State::Apart { drained: true, .. } => Err(io::ErrorKind::WouldBlock.into()),
            State::Apart { socket, drained } => read(socket, drained, room),
            State::Watched(stream) => receive(stream, room),
            State::Lost => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Reads once; 0 is the end.
    pub(crate) fn poll_read(&self, context: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        self.0.borrow_mut().poll_read(context, room)
    }

    /// The same into room that nobody had to fill with zeros before; nothing is the end.
    pub(crate) fn poll_fill(&self, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.0.borrow_mut().poll_fill(context, into)
    }

    /// Writes what the receiver takes at once; how much that was.
    pub(crate) fn poll_write(&self, context: &mut Context<'_>, pieces: &[IoSlice<'_>], leave: Leave) -> Poll<io::Result<usize>> {
        self.0.borrow_mut().poll_write(context, pieces, leave)
    }

    /// Resolves when its other side has gone. Nothing is read.
    pub(crate) async fn gone(&mut self) {
        // One that cannot be watched is as good as gone.
        let Ok(stream) = self.watched() else { return };
        // Bytes that wait to be read would end a wait for readability at once. Nobody asked the kernel for
        // urgent ones, so that this wait ends with the connection.
        let ended = stream.ready(Interest::PRIORITY).await;
        if ended.is_ok_and(|ready| !ready.is_read_closed()) {
            std::future::pending().await
        }
    }

    /// Says that nothing more comes.
    pub(crate) fn end(&self) -> io::Result<()> {
        self.0.borrow().reference()?.shutdown(Shutdown::Write)
    }

    /// Has it end abruptly.
    pub(crate) fn reset(&self) {
        if let Ok(socket) = self.0.borrow().reference() {
            // If it cannot be set, the client sees an end too early, as from any server that dies.
            let _ = socket.set_linger(Some(Duration::ZERO));
        }
    }

    /// The address that its other side reached, if the kernel tells.
    pub(crate) fn local_ip(&self) -> Option<IpAddr> {
        let address = self.0.borrow().reference().ok()?.local_addr().ok()?;
        address.as_socket().map(|address| address.ip())
    }

    /// The connection, watched from now on.
    pub(crate) fn watched(&mut self) -> io::Result<&mut TcpStream> {
        self.0.get_mut().watched()
    }

    /// The socket, of which the runtime knows nothing any more.
    pub(crate) fn into_socket(self) -> io::Result<Socket> {
        match self.0.into_inner() {
            State::Apart { socket, .. } => Ok(socket),
            State::Watched(stream) => stream.into_std(),
            State::Lost => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl From<TcpStream> for Tcp {
    fn from(stream: TcpStream) -> Tcp {
        Tcp(RefCell::new(State::Watched(stream)))
    }
}

impl State {
    #[inline]
    fn watched(&mut self) -> io::Result<&mut TcpStream> {
        if let State::Apart { .. } = self {
            self.watch()?;
        }
        match self {
            State::Watched(stream) => Ok(stream),
            State::Apart { .. } | State::Lost => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Tells the runtime of it.
    #[cold]
    fn watch(&mut self) -> io::Result<()> {
        if let State::Apart { socket, .. } = std::mem::replace(self, State::Lost) {
            *self = State::Watched(TcpStream::from_std(socket)?);
        }
        Ok(())
    }

    fn reference(&self) -> io::Result<SockRef<'_>> {
        match self {
            State::Apart { socket, .. } => Ok(SockRef::from(socket)),
            State::Watched(stream) => Ok(SockRef::from(stream)),
            State::Lost => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn poll_readable(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            State::Apart { drained: false, .. } => Poll::Ready(Ok(())),
            _ => self.watched()?.poll_read_ready(context),
        }
    }

    fn poll_read(&mut self, context: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        if let State::Apart { socket, drained } = self
            && !*drained
            && let Poll::Ready(read) = would_block(read(socket, drained, room))
        {
            return Poll::Ready(read);
        }
        let stream = self.watched()?;
        loop {
            ready!(stream.poll_read_ready(context))?;
            if let Poll::Ready(read) = would_block(receive(stream, room)) {
                return Poll::Ready(read);
            }
        }
    }

    fn poll_fill(&mut self, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let State::Apart { socket, drained } = self
            && !*drained
            && let Poll::Ready(read) = would_block(read(socket, drained, into.initialize_unfilled()))
        {
            into.advance(read?);
            return Poll::Ready(Ok(()));
        }
        Pin::new(self.watched()?).poll_read(context, into)
    }

    fn poll_write(&mut self, context: &mut Context<'_>, pieces: &[IoSlice<'_>], leave: Leave) -> Poll<io::Result<usize>> {
        if let State::Apart { socket, .. } = self
            && let Poll::Ready(sent) = would_block(send(socket, pieces, leave))
        {
            return Poll::Ready(sent);
        }
        let stream = self.watched()?;
        loop {
            // As far as is known there is room; to ask for it first costs more than to be told that there is none.
            if let Poll::Ready(sent) = would_block(stream.try_io(Interest::WRITABLE, || send(stream, pieces, leave))) {
                return Poll::Ready(sent);
            }
            ready!(stream.poll_write_ready(context))?;
        }
    }
}

/// What would block is not there yet.
pub(crate) fn would_block<T>(result: io::Result<T>) -> Poll<io::Result<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
        result => Poll::Ready(result),
    }
}

fn read(mut socket: &Socket, drained: &mut bool, room: &mut [u8]) -> io::Result<usize> {
    let read = socket.read(room);
    *drained = !read.as_ref().is_ok_and(|read| *read == room.len());
    read
}

/// Reads from a connection that is watched.
fn receive(stream: &TcpStream, room: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    let received = stream.try_io(Interest::READABLE, || {
        read = (&*SockRef::from(stream)).read(room)?;
        // Fewer bytes than there is room for were all: to say so spares the call that would be told.
        if 0 < read && read < room.len() { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
    });
    match received {
        Err(_) if read > 0 => Ok(read),
        received => received.map(|()| read),
    }
}

fn send(socket: &impl AsFd, pieces: &[IoSlice<'_>], leave: Leave) -> io::Result<usize> {
    let flags = match leave {
        Leave::AtOnce => libc::MSG_NOSIGNAL,
        Leave::WithEnd => libc::MSG_NOSIGNAL | libc::MSG_MORE,
    };
    let socket = SockRef::from(socket);
    match pieces {
        [data] => socket.send_with_flags(data, flags),
        pieces => socket.send_vectored_with_flags(pieces, flags),
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::io::Write as _;
    use std::net::TcpListener;

    use super::*;

    /// A client, and what it is served by.
    fn connected() -> (Socket, Tcp) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = Socket::connect(listener.local_addr().unwrap()).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let (socket, _) = listener.accept().unwrap();
        socket.set_nonblocking(true).unwrap();
        (client, Tcp::accepted(socket))
    }

    async fn read(tcp: &Tcp) -> Vec<u8> {
        let mut room = [0; 100];
        let read = poll_fn(|context| tcp.poll_read(context, &mut room)).await.unwrap();
        room[..read].to_vec()
    }

    async fn write(tcp: &Tcp, bytes: &[u8], leave: Leave) {
        let written = poll_fn(|context| tcp.poll_write(context, &[IoSlice::new(bytes)], leave)).await.unwrap();
        assert_eq!(written, bytes.len());
    }

    #[tokio::test]
    async fn who_has_asked_and_takes_the_answer_is_not_watched() {
        let (mut client, tcp) = connected();
        client.write_all(b"question").unwrap();
        assert_eq!(read(&tcp).await, b"question");
        write(&tcp, b"answer", Leave::AtOnce).await;
        assert!(tcp.is_apart());
    }

    #[tokio::test]
    async fn what_comes_late_is_waited_for() {
        let (mut client, tcp) = connected();
        for question in [&b"one"[..], b"another"] {
            let question_comes = async {
                tokio::task::yield_now().await;
                client.write_all(question).unwrap();
            };
            let (heard, ()) = tokio::join!(read(&tcp), question_comes);
            assert_eq!(heard, question);
        }
        assert!(!tcp.is_apart());
        drop(client);
        assert!(read(&tcp).await.is_empty());
    }

    #[tokio::test]
    async fn what_leaves_with_the_end_arrives_though_something_was_not_read() {
        for watched in [false, true] {
            let (mut client, mut tcp) = connected();
            if watched {
                tcp.watched().unwrap();
            }
            client.write_all(b"never read").unwrap();
            write(&tcp, b"answer", Leave::WithEnd).await;
            tcp.end().unwrap();
            drop(tcp);
            let mut room = [0; 100];
            assert_eq!(client.read(&mut room).unwrap(), 6, "watched: {watched}");
        }
    }
}
