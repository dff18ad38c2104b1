//! Which addresses can be seen from here, and which container we are in.

use std::collections::HashMap;
use std::fs;
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

/// The id of the container that we are in ourselves, if we are in one.
pub(super) fn own_container() -> Option<String> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let hostname = || fs::read_to_string("/proc/sys/kernel/hostname").ok().filter(|name| is_id(name.trim(), SHORT_ID));
    container_of_mounts(&mounts).map(str::to_owned).or_else(|| hostname().map(|name| name.trim().to_owned()))
}

/// The files that an engine mounts into each of its containers; their sources have its id in their paths.
const MOUNTED: [&str; 3] = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"];
/// Hexadecimal digits of an id, and of the part of it that is the hostname where nobody gave one.
const ID: usize = 64;
const SHORT_ID: usize = 12;

/// `ID PARENT MAJOR:MINOR ROOT MOUNT-POINT …`, where ROOT is the path of what is mounted.
fn container_of_mounts(mounts: &str) -> Option<&str> {
    mounts.lines().find_map(|line| {
        let mut words = line.split(' ').skip(3);
        let (root, mount_point) = (words.next()?, words.next()?);
        let id = root.split('/').find(|part| is_id(part, ID));
        id.filter(|_| MOUNTED.contains(&mount_point))
    })
}

fn is_id(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
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
    fn a_container_knows_itself_by_what_is_mounted_into_it() {
        let id = "0123456789abcdef".repeat(4);
        let mounts = |root: &str, point: &str| {
            let text = format!("21 20 0:19 / /proc rw - proc proc rw\n706 686 254:1 {root} {point} rw,relatime - ext4 /dev/vda1 rw\n");
            container_of_mounts(&text).map(str::to_owned)
        };
        assert_eq!(mounts(&format!("/var/lib/docker/containers/{id}/hostname"), "/etc/hostname"), Some(id.clone()));
        assert_eq!(mounts(&format!("/lib/docker/containers/{id}/resolv.conf"), "/etc/resolv.conf"), Some(id.clone()));
        assert_eq!(mounts(&format!("/overlay-containers/{id}/userdata/hosts"), "/etc/hosts"), Some(id.clone()));
        assert_eq!(
            mounts(&format!("/{id}"), &format!("/var/lib/docker/containers/{id}/mounts/shm")),
            None,
            "a machine sees its containers"
        );
        assert_eq!(mounts("/etc/hostname", "/etc/hostname"), None);
        assert_eq!(mounts(&format!("/containers/{}/hosts", &id[1..]), "/etc/hosts"), None);
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
