//! A TLS connection once its handshake is over.
//!
//! Two halves share it: while one waits to read, the other may write. Neither
//! ever waits with the session in its hands, so the cell that holds it is free
//! whenever somebody comes.
//!
//! What is written is sealed first and leaves when it is flushed: a head and the
//! bytes behind it are one record, and several records are one call to the kernel.
//! What comes is read ahead, as much as is there: the library would ask for a quarter
//! of a record at a time.

use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::io::{self, BufRead as _, IoSlice, Read, Write};
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use rustls::Connection;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::buffer::{Buffer, Buffers};
use crate::tcp::{Leave, Tcp, would_block};

/// A connection and its keys.
pub(crate) struct Session {
    /// Boxed: it is larger than all the rest of an idle connection.
    inner: Box<RefCell<Inner>>,
}

struct Inner {
    tcp: Tcp,
    tls: Connection,
    /// What came and is still to be opened. Memory is lent for as long as there is some.
    ahead: Buffer,
    /// It shall look as if it had broken.
    broken: bool,
}

impl Session {
    pub(super) fn new(tcp: Tcp, tls: Connection, buffers: &Rc<Buffers>) -> Session {
        Session { inner: Box::new(RefCell::new(Inner { tcp, tls, ahead: buffers.lend(), broken: false })) }
    }

    /// Ready when there is something to read, or an end of it.
    pub(crate) fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.borrow_mut().poll_fill(context)
    }

    /// Reads what is there already.
    pub(crate) fn try_read(&self, room: &mut [u8]) -> io::Result<usize> {
        self.inner.borrow_mut().tls.reader().read(room)
    }

    /// Reads once; 0 is the end, which the other side has said.
    pub(crate) async fn read(&self, room: &mut [u8]) -> io::Result<usize> {
        let mut room = ReadBuf::new(room);
        poll_fn(|context| self.inner.borrow_mut().poll_read(context, &mut room)).await?;
        Ok(room.filled().len())
    }

    /// Takes as much of `pieces` as has room. It leaves with [`Session::send`], before which nothing else is taken in
    /// once there is no room.
    pub(crate) fn seal(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.inner.borrow_mut().tls.writer().write_vectored(pieces)
    }

    /// Seals that nothing more comes.
    pub(crate) fn seal_end(&self) {
        self.inner.borrow_mut().tls.send_close_notify();
    }

    /// Sends some of what was sealed; whether more is left.
    pub(crate) async fn send(&self, leave: Leave) -> io::Result<bool> {
        poll_fn(|context| self.inner.borrow_mut().poll_send(context, leave)).await
    }

    /// Says that nothing more comes.
    pub(crate) async fn end(&self) -> io::Result<()> {
        poll_fn(|context| self.inner.borrow_mut().poll_shutdown(context)).await
    }

    /// Resolves when the other side has gone. Nothing is read.
    pub(crate) async fn gone(&mut self) {
        self.inner.get_mut().tcp.gone().await;
    }

    /// The address that the other side reached, if the kernel tells.
    pub(crate) fn local_ip(&self) -> Option<IpAddr> {
        self.inner.borrow().tcp.local_ip()
    }

    /// Makes sure that what was written so far is not taken for the whole.
    pub(crate) fn break_off(&self) {
        let mut inner = self.inner.borrow_mut();
        inner.broken = true;
        inner.tcp.reset();
    }

    /// Whether it is open, with nothing to read, as far as we know.
    pub(crate) fn is_silent(&self) -> bool {
        self.inner.borrow_mut().poll_fill(&mut Context::from_waker(Waker::noop())).is_pending()
    }
}

impl Inner {
    /// Ready when there is something to read, or an end of it.
    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            match self.tls.reader().fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                filled => return Poll::Ready(filled.map(|_| ())),
            }
            if self.ahead.is_empty() && self.poll_ahead(context)?.is_pending() {
                // What TLS itself has to say leaves with the next answer, or when there is nothing else to do.
                if let Poll::Ready(Err(error)) = self.poll_flush(context) {
                    return Poll::Ready(Err(error));
                }
                return Poll::Pending;
            }
            if let Err(error) = self.open()? {
                // The other side is told why, if it can be told at once.
                let _ = self.poll_flush(context);
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, error)));
            }
        }
    }

    /// Opens some of what was read ahead; from nothing follows that nothing more comes.
    fn open(&mut self) -> io::Result<Result<(), rustls::Error>> {
        let taken = self.tls.read_tls(&mut self.ahead.filled())?;
        self.ahead.consume(taken);
        self.ahead.rest();
        Ok(self.tls.process_new_packets().map(|_| ()))
    }

    /// Reads ahead; nothing is the end.
    fn poll_ahead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // No memory is taken before there is something to put into it.
        ready!(self.tcp.poll_readable(context))?;
        let read = self.tcp.poll_read(context, self.ahead.room());
        match read {
            Poll::Ready(Ok(read)) => self.ahead.produced(read),
            Poll::Ready(Err(_)) | Poll::Pending => self.ahead.rest(),
        }
        read.map_ok(|_| ())
    }

    fn poll_read(&mut self, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_fill(context))?;
        let is_end = self.hand_out(into) == 0;
        // Several records at once, where they are there. What is wrong with one is told when it is asked for alone.
        while !is_end && into.remaining() > 0 && !self.ahead.is_empty() && matches!(self.open(), Ok(Ok(()))) {
            self.hand_out(into);
        }
        Poll::Ready(Ok(()))
    }

    /// Copies what was opened, as much as there is room for; how much that was. Room need not be filled with zeros for it.
    fn hand_out(&mut self, into: &mut ReadBuf<'_>) -> usize {
        let (mut reader, before) = (self.tls.reader(), into.remaining());
        while let Ok(opened @ [_, ..]) = reader.fill_buf()
            && into.remaining() > 0
        {
            let taken = opened.len().min(into.remaining());
            into.put_slice(&opened[..taken]);
            reader.consume(taken);
        }
        before - into.remaining()
    }

    /// Seals at least something of `pieces`, none of which may be empty unless all are.
    fn poll_write(&mut self, context: &mut Context<'_>, pieces: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        loop {
            match self.tls.writer().write_vectored(pieces) {
                Ok(0) if self.tls.wants_write() => ready!(self.poll_flush(context))?,
                written => return Poll::Ready(written),
            }
        }
    }

    fn poll_send(&mut self, context: &mut Context<'_>, leave: Leave) -> Poll<io::Result<bool>> {
        if !self.tls.wants_write() {
            return Poll::Ready(Ok(false));
        }
        match ready!(would_block(self.tls.write_tls(&mut Wire { leave, ..Wire::new(&self.tcp, context) })))? {
            0 => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            _ => Poll::Ready(Ok(self.tls.wants_write())),
        }
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while ready!(self.poll_send(context, Leave::AtOnce))? {}
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tls.send_close_notify();
        ready!(self.poll_flush(context))?;
        Poll::Ready(self.tcp.end())
    }
}

impl Drop for Inner {
    /// A connection ends with a word, if that can be said at once.
    fn drop(&mut self) {
        if !self.broken {
            self.tls.send_close_notify();
            let _ = self.poll_flush(&mut Context::from_waker(Waker::noop()));
        }
    }
}

impl AsyncRead for Session {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.get_mut().inner.get_mut().poll_read(context, into)
    }
}

impl AsyncWrite for Session {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().inner.get_mut().poll_write(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(self: Pin<&mut Self>, context: &mut Context<'_>, pieces: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.get_mut().inner.get_mut().poll_write(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().inner.get_mut().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().inner.get_mut().poll_shutdown(context)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}

/// A TCP connection as rustls reads and writes it: what is not there yet would block, and wakes the task when it is.
pub(super) struct Wire<'w, 'c> {
    tcp: &'w Tcp,
    context: &'w mut Context<'c>,
    leave: Leave,
}

/// The same the other way round.
fn blocking<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

impl<'w, 'c> Wire<'w, 'c> {
    pub(super) fn new(tcp: &'w Tcp, context: &'w mut Context<'c>) -> Wire<'w, 'c> {
        Wire { tcp, context, leave: Leave::AtOnce }
    }
}

impl Read for Wire<'_, '_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        blocking(self.tcp.poll_read(self.context, room))
    }
}

impl Write for Wire<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        blocking(self.tcp.poll_write(self.context, pieces, self.leave))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
