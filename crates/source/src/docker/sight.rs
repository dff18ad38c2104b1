//! Which addresses can be seen from here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Any port does: nothing is sent there.
const SOME_PORT: u16 = 9;

/// Asks the kernel from which of our addresses it would reach another one.
pub(super) struct Sight {
    v4: Option<UdpSocket>,
    v6: Option<UdpSocket>,
}

impl Sight {
    /// A machine without one of the families sees nothing in it.
    pub(super) fn new() -> Sight {
        Sight { v4: UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok(), v6: UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)).ok() }
    }

    /// Our own address on the way to `ip`; none where there is no way.
    pub(super) fn source(&self, ip: IpAddr) -> Option<IpAddr> {
        let socket = if ip.is_ipv4() { &self.v4 } else { &self.v6 }.as_ref()?;
        // Connecting a datagram socket only looks up the route.
        socket.connect(SocketAddr::new(ip, SOME_PORT)).ok()?;
        Some(socket.local_addr().ok()?.ip())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_seen_from_itself() {
        let sight = Sight::new();
        assert_eq!(sight.source(Ipv4Addr::LOCALHOST.into()), Some(Ipv4Addr::LOCALHOST.into()));
        // Twice: a socket that is connected can be connected elsewhere.
        assert_eq!(sight.source(Ipv4Addr::new(127, 0, 0, 9).into()), Some(Ipv4Addr::LOCALHOST.into()));
    }
}
