//! Sockets that clients come in by.
//!
//! Many sockets share one address (SO_REUSEPORT), and the kernel spreads the clients. That would also let a
//! stranger of the same user share it, so before the first socket of an address is bound the address is
//! probed without sharing: a port in use is an error, never half of somebody else's clients.

mod defer;
mod seal;
mod steer;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};

use dproxy_config::PortChoice;
use socket2::{Domain, Protocol, Socket, Type};
use tracing::debug;

pub(crate) use seal::{seal, unseal};

use defer::defer_accept;

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListenError {
    /// The kernel refused the address.
    #[error("cannot listen on `{address}`{}", hint(*.address, .cause))]
    Bind {
        address: SocketAddr,
        #[source]
        cause: io::Error,
    },
    /// The kernel refused the address for UDP.
    #[error("cannot listen on `{address}` for UDP{}", hint_of_udp(*.address, .cause))]
    BindUdp {
        address: SocketAddr,
        #[source]
        cause: io::Error,
    },
    /// No address was given, or none of them exists on this machine.
    #[error("this machine has none of the addresses to listen on")]
    NoAddress,
}

/// Where to listen, once the ports are known to be free.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) addresses: Vec<SocketAddr>,
    /// What an operator should know about the choice.
    pub(crate) warning: Option<String>,
}

/// Connections that wait to be accepted, per socket; the kernel's `net.core.somaxconn` is the real limit.
const BACKLOG: i32 = 65_535;
/// What may wait in a UDP socket, in bytes.
const QUIC_BUFFER: usize = 2 * 1024 * 1024;
/// A client that says nothing is handed to a worker after this many seconds all the same.
const DEFER_SECONDS: i32 = 1;

/// Chooses the port: the one asked for, or the one we would like, or the one that is left. Sockets of our own
/// listen on `ours`.
///
/// # Errors
/// When no port can be had on every address.
pub(crate) fn choose_beside(addresses: &[IpAddr], choice: PortChoice, ours: &[SocketAddr]) -> Result<Chosen, ListenError> {
    let probe_all = |port| probe_all(addresses, port, ours);
    match choice {
        PortChoice::Explicit(port) => Ok(Chosen { addresses: probe_all(port)?, warning: None }),
        PortChoice::Preferred { wanted, fallback } => match probe_all(wanted) {
            Ok(addresses) => Ok(Chosen { addresses, warning: None }),
            Err(error) => {
                let error = anyhow::Error::new(error);
                let warning = format!("{error:#}; listening on port {fallback} instead");
                Ok(Chosen { addresses: probe_all(fallback)?, warning: Some(warning) })
            }
        },
    }
}

/// Opens one of the sockets that share `address`.
///
/// # Errors
/// When the kernel refuses.
pub(crate) fn open(address: SocketAddr) -> Result<OwnedFd, ListenError> {
    let socket = bound(address, true).and_then(|socket| {
        socket.listen(BACKLOG)?;
        Ok(socket)
    });
    socket.map(OwnedFd::from).map_err(|cause| ListenError::Bind { address, cause })
}

/// From now on new clients of `address`, which `listener` is one socket of, go to its first `slots` sockets.
///
/// # Errors
/// When the kernel refuses; it goes on choosing by itself then.
pub(crate) fn steer(listener: &impl AsFd, address: SocketAddr, slots: u16) -> io::Result<()> {
    steer::steer(listener, address.is_ipv6(), slots)
}

/// Opens one of the UDP sockets that share `address`, and the first one only where nobody else has it.
///
/// # Errors
/// When the kernel refuses.
pub(crate) fn open_quic(address: SocketAddr, first: bool) -> Result<OwnedFd, ListenError> {
    let bound = |shared: bool| {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_nonblocking(true)?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.set_reuse_port(shared)?;
        // The kernel gives less where its limit is less (net.core.rmem_max).
        socket.set_recv_buffer_size(QUIC_BUFFER)?;
        socket.set_send_buffer_size(QUIC_BUFFER)?;
        socket.bind(&address.into())?;
        Ok(OwnedFd::from(socket))
    };
    let alone = if first { bound(false).map(drop) } else { Ok(()) };
    alone.and_then(|()| bound(true)).map_err(|cause| ListenError::BindUdp { address, cause })
}

/// From now on packets of known connections go to the socket of `address` that their id names, and those of new clients to
/// one of `berths`, in turn. `socket` is one of those that share it.
///
/// # Errors
/// When the kernel refuses; it goes on choosing by itself then.
pub(crate) fn steer_quic(socket: &impl AsFd, address: SocketAddr, berths: &[u8]) -> io::Result<()> {
    steer::steer_quic(socket, address.is_ipv6(), berths)
}

/// Makes sure that nobody but us listens on `address`, and says which port it is when any would do (port 0).
///
/// # Errors
/// When somebody does, or the address cannot be bound at all.
pub(crate) fn probe(address: SocketAddr, ours: &[SocketAddr]) -> Result<SocketAddr, ListenError> {
    if ours.contains(&address) {
        return Ok(address);
    }
    // Sockets of ours on all addresses are no strangers to one on a single address, nor the other way round. They share.
    let shared = ours.iter().any(|other| covers(*other, address) || covers(address, *other));
    let bound = bound(address, shared).and_then(|socket| socket.local_addr());
    let bound = bound.map_err(|cause| ListenError::Bind { address, cause })?;
    Ok(bound.as_socket().unwrap_or(address))
}

fn probe_all(addresses: &[IpAddr], port: u16, ours: &[SocketAddr]) -> Result<Vec<SocketAddr>, ListenError> {
    let mut port = port;
    let mut free = Vec::new();
    for ip in addresses {
        let address = SocketAddr::new(*ip, port);
        match probe(address, ours) {
            Ok(address) => {
                port = address.port();
                free.push(address);
            }
            // A machine without IPv6: the other addresses serve it.
            Err(ListenError::Bind { address, cause }) if address.ip().is_unspecified() && is_absent(&cause) => {
                debug!(%address, %cause, "address family not available");
            }
            Err(error) => return Err(error),
        }
    }
    if free.is_empty() { Err(ListenError::NoAddress) } else { Ok(free) }
}

/// Whether all clients of `address` could come in by `wide` as well.
pub(crate) fn covers(wide: SocketAddr, address: SocketAddr) -> bool {
    wide.port() == address.port() && wide.is_ipv4() == address.is_ipv4() && wide.ip().is_unspecified()
}

fn is_absent(cause: &io::Error) -> bool {
    let absent = [nix::libc::EAFNOSUPPORT, nix::libc::EADDRNOTAVAIL];
    cause.raw_os_error().is_some_and(|code| absent.contains(&code))
}

fn bound(address: SocketAddr, shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    if shared {
        socket.set_reuse_port(true)?;
        // Accepted connections inherit both, which spares a call for each. A client is handed over with its
        // first bytes, or without any after the time is up, so that it meets the limits of a slow request.
        socket.set_tcp_nodelay(true)?;
        defer_accept(&socket, DEFER_SECONDS)?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}

/// The same for UDP.
fn hint_of_udp(address: SocketAddr, cause: &io::Error) -> String {
    match cause.kind() {
        io::ErrorKind::AddrInUse => format!(" (another program has port {}: `ss -lunp` names it)", address.port()),
        _ => hint(address, cause),
    }
}

/// The way out, where there is a usual one.
fn hint(address: SocketAddr, cause: &io::Error) -> String {
    match cause.kind() {
        io::ErrorKind::AddrInUse => format!(" (another program listens on port {}: `ss -ltnp` names it)", address.port()),
        io::ErrorKind::PermissionDenied if address.port() < 1024 => " (ports below 1024 need root or CAP_NET_BIND_SERVICE)".to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    use dproxy_config::Listen;

    use super::*;

    fn choose(listen: &Listen) -> Result<Chosen, ListenError> {
        choose_beside(&listen.addresses, listen.http, &[])
    }

    fn any() -> SocketAddr {
        "127.0.0.1:0".parse().unwrap()
    }

    fn listen(ip: &str, http: PortChoice) -> Listen {
        Listen { addresses: vec![ip.parse().unwrap()], http, https: PortChoice::Explicit(0) }
    }

    #[test]
    fn several_sockets_share_an_address_but_a_stranger_is_noticed() {
        let address = probe(any(), &[]).unwrap();
        let _ours = [open(address).unwrap(), open(address).unwrap()];
        let text = format!("{:#}", anyhow::Error::new(probe(address, &[]).unwrap_err()));
        assert!(text.contains("another program listens"), "{text}");
    }

    #[test]
    fn our_own_sockets_on_all_addresses_are_no_strangers() {
        let single = probe(any(), &[]).unwrap();
        let all: SocketAddr = ([0, 0, 0, 0], single.port()).into();
        let ours = open(single).unwrap();
        assert!(probe(all, &[]).is_err());
        assert_eq!(probe(all, &[single]).unwrap(), all);
        drop(ours);
        let ours = open(all).unwrap();
        assert!(probe(single, &[]).is_err());
        assert_eq!(probe(single, &[all]).unwrap(), single);
        drop(ours);
        let _stranger = TcpListener::bind(single).unwrap();
        assert!(probe(all, &[single]).is_err(), "a stranger does not share");
    }

    #[test]
    fn an_explicit_port_in_use_is_an_error_and_a_preferred_one_falls_back() {
        let taken = TcpListener::bind(any()).unwrap().local_addr().unwrap();
        let holder = TcpListener::bind(taken).unwrap();
        assert!(choose(&listen("127.0.0.1", PortChoice::Explicit(taken.port()))).is_err());
        let fallback = probe(any(), &[]).unwrap();
        let chosen = choose(&listen("127.0.0.1", PortChoice::Preferred { wanted: taken.port(), fallback: fallback.port() })).unwrap();
        assert_eq!(chosen.addresses, [fallback]);
        let warning = chosen.warning.unwrap();
        assert!(warning.ends_with(&format!("listening on port {} instead", fallback.port())), "{warning}");
        drop(holder);
        let chosen = choose(&listen("127.0.0.1", PortChoice::Preferred { wanted: taken.port(), fallback: fallback.port() })).unwrap();
        assert_eq!(chosen, Chosen { addresses: vec![taken], warning: None });
    }

    #[test]
    fn an_address_of_another_machine_is_an_error() {
        let error = choose(&listen("192.0.2.1", PortChoice::Explicit(1))).unwrap_err();
        assert_eq!(error.to_string(), "cannot listen on `192.0.2.1:1`");
        let nothing = Listen { addresses: Vec::new(), ..listen("::", PortChoice::Explicit(0)) };
        assert!(matches!(choose(&nothing), Err(ListenError::NoAddress)));
    }

    #[test]
    fn both_families_get_the_same_port() {
        let both = Listen { addresses: vec!["0.0.0.0".parse().unwrap(), "::".parse().unwrap()], ..listen("::", PortChoice::Explicit(0)) };
        let chosen = choose(&both).unwrap();
        assert!(chosen.addresses.iter().all(|address| address.port() == chosen.addresses[0].port()));
        let _sockets: Vec<OwnedFd> = chosen.addresses.iter().map(|address| open(*address).unwrap()).collect();
    }

    #[test]
    fn a_client_that_says_nothing_is_handed_over_too() {
        let address = probe(any(), &[]).unwrap();
        let listener = TcpListener::from(open(address).unwrap());
        listener.set_nonblocking(false).unwrap();
        let mut client = TcpStream::connect(address).unwrap();
        let (mut served, _) = listener.accept().unwrap();
        served.write_all(b"late").unwrap();
        drop(served);
        let mut text = String::new();
        client.read_to_string(&mut text).unwrap();
        assert_eq!(text, "late");
    }
}
