//! Where a worker can be found when its master is gone.
//!
//! A worker can make no socket of its own, so its master makes one for it, in the run directory, when it is born. Nobody
//! comes there while the line to the master holds. When that has ended, the worker waits at its door for the next one:
//!
//! ```text
//!   next master                     worker without a master
//!       │  connect ───────────────────►  │  is it of the same user as the master that was? (SO_PEERCRED)
//!       │  ◄──────────────────── Hello   │
//!   the kernel signs who said it (SCM_CREDENTIALS)
//! ```
//!
//! The credentials of a listening socket are those of whoever made it, a master that is dead; so the next master
//! believes only what the kernel says of the sender of the first word.

use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, fchmod};
use rustix::net::sockopt::{set_socket_passcred, socket_peercred};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SocketAddrUnix, SocketFlags, SocketType, accept_with, bind,
    connect, listen, recvmsg, socket_with,
};
use tokio::io::unix::AsyncFd;

use crate::pollable::pollable;
use crate::{Channel, ToMaster};

/// A worker's door, from inside.
#[derive(Debug)]
pub struct Door {
    socket: AsyncFd<OwnedFd>,
}

/// Masters that wait at a door: one, and one that comes before the other's end is noticed.
const BACKLOG: i32 = 2;
/// The first word of a worker is a few bytes.
const FIRST_WORD: usize = 4096;

impl Door {
    /// Makes the socket file `path`, which only its owner may use. What stood there before is gone.
    ///
    /// # Errors
    /// When the path is longer than addresses of sockets may be, or the directory cannot be written.
    pub fn make(path: &Path) -> io::Result<OwnedFd> {
        let socket = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
        // The file takes its mode from the socket: it never is there with another one.
        fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        bind(&socket, &SocketAddrUnix::new(path)?)?;
        listen(&socket, BACKLOG)?;
        Ok(socket)
    }

    /// The door whose socket is `socket`.
    ///
    /// # Errors
    /// When it cannot be polled. Must be called inside a tokio runtime.
    pub fn from_fd(socket: OwnedFd) -> io::Result<Door> {
        Ok(Door { socket: pollable(socket)? })
    }

    /// Waits for a master that belongs to `user`; others are sent away.
    ///
    /// # Errors
    /// When the door is of no use any more.
    pub async fn answer(&self, user: User) -> io::Result<Channel> {
        loop {
            let mut ready = self.socket.readable().await?;
            match ready.try_io(|socket| Ok(accept_with(socket.get_ref(), SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)?)) {
                Ok(Ok(visitor)) if User::at_the_end_of(visitor.as_fd())? == user => return Channel::from_fd(visitor),
                Ok(Ok(_stranger)) => {}
                Ok(Err(error)) => match error.kind() {
                    io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted => {}
                    _ => return Err(error),
                },
                Err(_would_block) => {}
            }
        }
    }
}

impl AsFd for Door {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.get_ref().as_fd()
    }
}

/// Whom a process belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User(u32);

impl User {
    /// Who made the other end of a line.
    ///
    /// # Errors
    /// When `line` is no socket of a pair.
    pub fn at_the_end_of(line: BorrowedFd<'_>) -> io::Result<User> {
        Ok(User(socket_peercred(line)?.uid.as_raw()))
    }
}

/// Knocks at the door `path`: the line to whoever opens, and its process id as the kernel knows it. Waits until
/// somebody does.
///
/// # Errors
/// When nobody is behind the door (`ConnectionRefused`), or what opens is no worker of this protocol.
pub async fn knock(path: &Path) -> io::Result<(Channel, u32)> {
    let socket = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
    set_socket_passcred(&socket, true)?;
    connect(&socket, &SocketAddrUnix::new(path)?)?;
    let line = pollable(socket)?;
    let process = loop {
        let mut ready = line.readable().await?;
        match ready.try_io(|line| first_word(line.get_ref())) {
            Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(answered) => break answered?,
            Err(_would_block) => {}
        }
    };
    let line = line.into_inner();
    set_socket_passcred(&line, false)?;
    Ok((Channel::from_fd(line)?, process))
}

/// Reads a worker's first word, and who said it.
fn first_word(line: &OwnedFd) -> io::Result<u32> {
    let mut bytes = [0; FIRST_WORD];
    let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmCredentials(1))];
    let mut control = RecvAncillaryBuffer::new(&mut room);
    let length = recvmsg(line, &mut [IoSliceMut::new(&mut bytes)], &mut control, RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT)?.bytes;
    let sender = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmCredentials(sender) => Some(sender.pid.as_raw_nonzero().get().cast_unsigned()),
        _ => None,
    });
    match (serde_json::from_slice(&bytes[..length]), sender) {
        (Ok(ToMaster::Hello { .. }), Some(process)) => Ok(process),
        (Ok(_) | Err(_), _) => Err(io::Error::new(io::ErrorKind::InvalidData, "whoever opened is no worker")),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::PROTOCOL;

    fn ourselves() -> User {
        User(rustix::process::geteuid().as_raw())
    }

    #[tokio::test]
    async fn a_master_knocks_and_learns_from_the_kernel_who_opens() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("door");
        let door = Door::from_fd(Door::make(&path).unwrap()).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let open = async {
            let line = door.answer(ourselves()).await.unwrap();
            line.send(&ToMaster::Hello { protocol: PROTOCOL }, &[]).await.unwrap();
            line
        };
        let (worker, knocked) = tokio::join!(open, knock(&path));
        let (master, process) = knocked.unwrap();
        assert_eq!(process, std::process::id());
        master.send(&crate::ToWorker::Tell, &[]).await.unwrap();
        assert_eq!(worker.receive::<crate::ToWorker>().await.unwrap().unwrap().0, crate::ToWorker::Tell);
    }

    #[tokio::test]
    async fn strangers_are_sent_away_and_nonsense_is_no_worker() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("door");
        let door = Door::from_fd(Door::make(&path).unwrap()).unwrap();
        tokio::select! {
            _ = door.answer(User(u32::MAX)) => panic!("a stranger came in"),
            knocked = knock(&path) => assert!(knocked.is_err()),
        }
        let open = async { door.answer(ourselves()).await.unwrap().send(&ToMaster::Drained { cut: 0 }, &[]).await.unwrap() };
        let ((), knocked) = tokio::join!(open, knock(&path));
        assert_eq!(knocked.unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[tokio::test]
    async fn behind_the_door_of_a_dead_worker_is_nobody() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("door");
        drop(Door::make(&path).unwrap());
        assert_eq!(knock(&path).await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        drop(Door::make(&path).expect("what a dead one left is replaced"));
        assert!(Door::make(&home.path().join("x".repeat(200))).is_err(), "a path that no socket can have");
    }
}
