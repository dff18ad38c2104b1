//! One end of the line between master and worker.
//!
//! SOCK_SEQPACKET keeps the borders of messages, so a frame is one call each
//! way: it arrives whole or not at all, and an answer given up half-way
//! (`select!`) loses nothing. The end of the other process is the end of the line.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::unix::AsyncFd;

use crate::pollable::pollable;

/// One end of the line. Both directions may be used at once.
#[derive(Debug)]
pub struct Channel {
    socket: AsyncFd<OwnedFd>,
}

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Nobody is at the other end any more.
    #[error("the other process is gone")]
    Gone,
    /// More descriptors than the kernel passes at once.
    #[error("{0} file descriptors are too many for one message")]
    TooManyDescriptors(usize),
    /// Longer than [`Channel::MAX_FRAME`].
    #[error("a message of {0} bytes is too long")]
    TooLong(usize),
    /// It has no JSON form.
    #[error("cannot encode the message")]
    Encode(#[source] serde_json::Error),
    /// The kernel refused.
    #[error("cannot send on the channel")]
    Socket(#[source] io::Error),
}

/// Why no message could be received. The line is of no use after that.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// Longer than [`Channel::MAX_FRAME`], or more descriptors than [`Channel::MAX_DESCRIPTORS`].
    #[error("a message is larger than the protocol allows")]
    TooLong,
    /// It is no message of this protocol.
    #[error("cannot decode a message")]
    Decode(#[source] serde_json::Error),
    /// The kernel refused.
    #[error("cannot receive on the channel")]
    Socket(#[source] io::Error),
}

/// The kernel limits how many descriptors of one user are on their way at once (ETOOMANYREFS). It passes as
/// the others arrive, which nothing tells us of.
const CROWDED: Duration = Duration::from_millis(5);

/// A frame as it came off the line.
enum Frame {
    Message { bytes: Vec<u8>, descriptors: Vec<OwnedFd> },
    Oversized,
    End,
}

impl Channel {
    /// The longest message.
    pub const MAX_FRAME: usize = 64 * 1024;
    /// The most descriptors that come with one message (the kernel's SCM_MAX_FD).
    pub const MAX_DESCRIPTORS: usize = 253;

    /// A new line: the master's end, and the end that becomes fd 0 of a worker.
    ///
    /// # Errors
    /// When the kernel has no descriptors left. Must be called inside a tokio runtime.
    pub fn pair() -> io::Result<(Channel, OwnedFd)> {
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        Ok((Channel::from_fd(ours)?, theirs))
    }

    /// The line that `socket` is one end of.
    ///
    /// # Errors
    /// When it cannot be polled. Must be called inside a tokio runtime.
    pub fn from_fd(socket: OwnedFd) -> io::Result<Channel> {
        rustix::io::ioctl_fionbio(&socket, true)?;
        Ok(Channel { socket: pollable(socket)? })
    }

    /// Sends `message`, and with it copies of the descriptors `fds`. Waits while the other side is slow.
    ///
    /// # Errors
    /// See [`SendError`]; nothing was sent then.
    pub async fn send<M: Serialize>(&self, message: &M, fds: &[BorrowedFd<'_>]) -> Result<(), SendError> {
        let bytes = serde_json::to_vec(message).map_err(SendError::Encode)?;
        if bytes.len() > Channel::MAX_FRAME {
            return Err(SendError::TooLong(bytes.len()));
        }
        if fds.len() > Channel::MAX_DESCRIPTORS {
            return Err(SendError::TooManyDescriptors(fds.len()));
        }
        loop {
            let mut ready = self.socket.writable().await.map_err(SendError::Socket)?;
            match ready.try_io(|socket| send_frame(socket.get_ref(), &bytes, fds)) {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => match error.kind() {
                    io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::NotConnected => {
                        return Err(SendError::Gone);
                    }
                    io::ErrorKind::Interrupted => {}
                    _ if error.raw_os_error() == Some(Errno::TOOMANYREFS.raw_os_error()) => tokio::time::sleep(CROWDED).await,
                    _ => return Err(SendError::Socket(error)),
                },
                Err(_would_block) => {}
            }
        }
    }

    /// Waits for the next message and the descriptors that came with it; `None` when the other side is gone.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub async fn receive<M: DeserializeOwned>(&self) -> Result<Option<(M, Vec<OwnedFd>)>, ReceiveError> {
        loop {
            let mut ready = self.socket.readable().await.map_err(ReceiveError::Socket)?;
            match ready.try_io(|socket| receive_frame(socket.get_ref())) {
                Ok(Ok(Frame::Message { bytes, descriptors })) => {
                    let message = serde_json::from_slice(&bytes).map_err(ReceiveError::Decode)?;
                    return Ok(Some((message, descriptors)));
                }
                Ok(Ok(Frame::Oversized)) => return Err(ReceiveError::TooLong),
                Ok(Ok(Frame::End)) => return Ok(None),
                Ok(Err(error)) => match error.kind() {
                    io::ErrorKind::ConnectionReset => return Ok(None),
                    io::ErrorKind::Interrupted => {}
                    _ => return Err(ReceiveError::Socket(error)),
                },
                Err(_would_block) => {}
            }
        }
    }
}

fn send_frame(socket: &OwnedFd, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(Channel::MAX_DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut room);
    if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    sendmsg(socket, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL | SendFlags::DONTWAIT)?;
    Ok(())
}

fn receive_frame(socket: &OwnedFd) -> io::Result<Frame> {
    let mut bytes = vec![0; Channel::MAX_FRAME];
    let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(Channel::MAX_DESCRIPTORS))];
    let mut control = RecvAncillaryBuffer::new(&mut room);
    let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
    let received = recvmsg(socket, &mut [IoSliceMut::new(&mut bytes)], &mut control, flags)?;
    let descriptors: Vec<OwnedFd> = control
        .drain()
        .filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(fds) => Some(fds),
            _ => None,
        })
        .flatten()
        .collect();
    if received.flags.intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC) {
        return Ok(Frame::Oversized);
    }
    if received.bytes == 0 {
        return Ok(Frame::End);
    }
    bytes.truncate(received.bytes);
    Ok(Frame::Message { bytes, descriptors })
}

#[cfg(test)]
mod tests;
