//! Which addresses can be seen from here.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use super::facts::Facts;

/// Any port does: nothing is sent there.
const SOME_PORT: u16 = 9;

/// Fills in from which of our addresses the kernel would dial each container.
pub(super) fn look(containers: &mut [Facts]) {
    // The containers of a network are all on the same way.
    let mut ways: HashMap<(String, bool), Option<IpAddr>> = HashMap::new();
    for attachment in containers.iter_mut().flat_map(|facts| &mut facts.attachments) {
        for address in &mut attachment.addresses {
            let way = ways.entry((attachment.network.clone(), address.ip.is_ipv6()));
            address.source = *way.or_insert_with(|| source(address.ip));
        }
    }
}

/// Our own address on the way to `ip`; none where there is no way.
///
/// A socket of its own for each: one that was connected before keeps its address.
fn source(ip: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = if ip.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    // Connecting a datagram socket only looks up the route.
    socket.connect(SocketAddr::new(ip, SOME_PORT)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use super::super::facts::{Address, Attachment};
    use super::*;

    fn attachment(network: &str, ip: &str) -> Attachment {
        let address = Address { ip: ip.parse().unwrap(), gateway: None, prefix: 8, source: None };
        Attachment { network: network.to_owned(), addresses: vec![address] }
    }

    #[test]
    fn each_network_is_seen_from_its_own_address() {
        // A machine without a way out has loopback only.
        let own = source("192.0.2.1".parse().unwrap()).unwrap_or(Ipv4Addr::LOCALHOST.into());
        let attachments = vec![attachment("a", "127.0.0.9"), attachment("b", &own.to_string()), attachment("a", "127.0.0.8")];
        let mut containers = [Facts { attachments, ..Facts::default() }];
        look(&mut containers);
        let sources: Vec<_> = containers[0].attachments.iter().map(|attachment| attachment.addresses[0].source).collect();
        let loopback = Some(Ipv4Addr::LOCALHOST.into());
        assert_eq!(sources, [loopback, Some(own), loopback]);
    }
}
