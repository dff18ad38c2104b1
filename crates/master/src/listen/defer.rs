//! TCP_DEFER_ACCEPT, for which no crate of ours has a safe call.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use nix::libc;

/// Keeps connections to `listener` from `accept` until the first byte came, or for about `seconds`.
///
/// # Errors
/// When it is no TCP socket.
pub(super) fn defer_accept(listener: &impl AsFd, seconds: libc::c_int) -> io::Result<()> {
    const LENGTH: libc::socklen_t = 4;
    const { assert!(size_of::<libc::c_int>() == 4) };
    let value: *const libc::c_int = &seconds;
    // SAFETY: the descriptor is open for as long as `listener` is borrowed; `value` points to an integer that
    // lives until the call returns, and LENGTH is its size.
    let result = unsafe { libc::setsockopt(listener.as_fd().as_raw_fd(), libc::IPPROTO_TCP, libc::TCP_DEFER_ACCEPT, value.cast(), LENGTH) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, UdpSocket};

    use super::*;

    #[test]
    fn a_tcp_socket_takes_it_and_another_does_not() {
        defer_accept(&TcpListener::bind("127.0.0.1:0").unwrap(), 1).unwrap();
        assert!(defer_accept(&UdpSocket::bind("127.0.0.1:0").unwrap(), 1).is_err());
    }
}
