//! Keeps new clients away from a socket, while those who are connected, or about to be, are served.

use std::io;
use std::os::fd::AsFd;

use socket2::{SockFilter, SockRef};

/// Where the flags are in a TCP segment, and which one begins a connection.
const FLAGS: u32 = 13;
const SYN: u32 = 0x02;

/// From now on whoever begins a connection to `listener` is not heard, and tries again a second later.
///
/// # Errors
/// When the kernel refuses.
pub(crate) fn seal(listener: &impl AsFd) -> io::Result<()> {
    // Classic BPF: load the byte of the flags; drop the segment if it begins a connection, else pass it whole.
    let program = [SockFilter::new(0x30, 0, 0, FLAGS), SockFilter::new(0x45, 0, 1, SYN), pass(0), pass(u32::MAX)];
    SockRef::from(listener).attach_filter(&program)
}

/// Lets them come again.
///
/// # Errors
/// When nobody had kept them away.
pub(crate) fn unseal(listener: &impl AsFd) -> io::Result<()> {
    SockRef::from(listener).detach_filter()
}

/// Passes this many bytes of the segment.
const fn pass(bytes: u32) -> SockFilter {
    SockFilter::new(0x06, 0, 0, bytes)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::time::Duration;

    use super::*;

    #[test]
    fn whoever_came_before_is_served_and_nobody_else_comes() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut before = TcpStream::connect(address).unwrap();
        seal(&listener).unwrap();
        assert!(TcpStream::connect_timeout(&address, Duration::from_millis(100)).is_err());
        let (mut served, _) = listener.accept().unwrap();
        before.write_all(b"question").unwrap();
        let mut question = [0; 8];
        served.read_exact(&mut question).unwrap();
        served.write_all(b"answer").unwrap();
        drop(served);
        let mut answer = String::new();
        before.read_to_string(&mut answer).unwrap();
        assert_eq!((&question[..], answer.as_str()), (&b"question"[..], "answer"));
        unseal(&listener).unwrap();
        assert!(TcpStream::connect_timeout(&address, Duration::from_secs(5)).is_ok());
    }
}
