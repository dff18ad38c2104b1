//! Addresses that no other test has, in this process or another.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr as Name, UnixDatagram};
use std::process;
use std::sync::{Mutex, PoisonError};

/// Below the ports that the kernel gives to outgoing connections, so that no client takes one of ours by chance.
const FIRST: u16 = 12_000;
const LAST: u16 = 31_999;

/// Ports of this process. A socket with the number as its name stays open until the process ends: it is the sign by
/// which test processes running side by side see that the number is taken.
static TAKEN: Mutex<Vec<UnixDatagram>> = Mutex::new(Vec::new());

/// A free address on 127.0.0.1 that nobody else is given as long as this process lives.
///
/// # Panics
/// When every port is taken.
#[must_use]
pub fn free_addr() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()))
}

/// The port of [`free_addr`].
///
/// # Panics
/// When every port is taken.
#[must_use]
pub fn free_port() -> u16 {
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let ports = LAST - FIRST + 1;
    let stride = u16::try_from(process::id().wrapping_mul(97) % u32::from(ports)).expect("a remainder of a u16 is one");
    let begun = u16::try_from(taken.len()).unwrap_or(u16::MAX) % ports;
    for tried in 0..ports {
        let offset = (u32::from(stride) + u32::from(begun) + u32::from(tried)) % u32::from(ports);
        let port = FIRST + u16::try_from(offset).expect("a remainder of a u16 is one");
        if let Some(sign) = take(port) {
            taken.push(sign);
            return port;
        }
    }
    panic!("no port from {FIRST} to {LAST} is free");
}

fn take(port: u16) -> Option<UnixDatagram> {
    let name = Name::from_abstract_name(format!("dproxy-testkit-{port}")).ok()?;
    let sign = UnixDatagram::bind_addr(&name).ok()?;
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).ok()?;
    UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).ok()?;
    Some(sign)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_address_is_given_twice() {
        let given: HashSet<SocketAddr> = (0..50).map(|_| free_addr()).collect();
        assert_eq!(given.len(), 50);
    }
}
