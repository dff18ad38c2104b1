//! Descriptors that tokio can wait for: the channel's socket, a worker's pidfd, a listening socket.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::unix::AsyncFd;

/// Lets tokio wait for `descriptor`, which must be non-blocking for whoever reads or accepts from it.
///
/// # Errors
/// When epoll cannot watch it or has no memory left. Must be called inside a tokio runtime.
pub fn pollable(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is open, always names the same descriptor and closes it only when it is dropped,
    // and `AsyncFd` owns it from here on.
    let registered = unsafe { AsyncFd::register(descriptor) };
    Ok(registered?)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[tokio::test]
    async fn a_descriptor_wakes_its_waiter_and_is_closed_with_it() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let waiting = pollable(ours.into()).unwrap();
        theirs.write_all(b"x").unwrap();
        waiting.readable().await.unwrap().retain_ready();
        drop(waiting);
        assert_eq!(theirs.write_all(b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[tokio::test]
    async fn what_epoll_cannot_watch_is_an_error() {
        assert!(pollable(std::fs::File::open("/proc/self/exe").unwrap().into()).is_err());
    }
}
