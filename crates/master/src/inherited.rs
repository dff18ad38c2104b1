//! Listening sockets that we are born with.
//!
//! A service manager opens sockets before us (socket activation): those are where clients come in, whatever the
//! configuration says. And it gives back those that an earlier master left in its keeping, with the clients that
//! have waited there since.

pub(crate) mod passed;

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use dproxy_config::{Listen, PortChoice};
use socket2::{SockRef, Type};
use tracing::{info, warn};

use crate::estate::is_same;
use crate::legacy::Legacy;
use crate::listen::{self, Chosen, ListenError};

/// What is there and not yet in use.
#[derive(Debug, Default)]
pub(crate) struct Inherited {
    /// Of socket activation. They stay the manager's: each may be copied as often as there are places for it.
    activated: Vec<(SocketAddr, OwnedFd)>,
    /// Of an earlier master, with the name under which the manager keeps it.
    kept: Vec<(SocketAddr, String, OwnedFd)>,
}

/// Whose a socket is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// The service manager keeps a copy under this name.
    Kept(String),
    /// It is one of the service manager's own.
    Managers,
    /// The service manager does not know it.
    No,
}

/// A socket to accept from.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) descriptor: Arc<OwnedFd>,
    /// The name under which the service manager keeps a copy; none of those that are its own.
    pub(crate) name: Option<String>,
}

/// Names of sockets that a master gave into keeping begin like this.
const KEPT: &str = "dproxy-listener-";

impl Inherited {
    /// Takes over what this process was born with, or what the program before had of that.
    pub(crate) fn take_over(legacy: Option<&Legacy>) -> Inherited {
        let mut inherited = Inherited::sort(passed::descriptors());
        let left = legacy.into_iter().flat_map(|legacy| legacy.kept().activated.iter().map(|number| legacy.copy(*number)));
        for socket in left {
            match socket.and_then(|socket| Ok((address_of(&socket)?, socket))) {
                Ok(activated) => inherited.activated.push(activated),
                Err(error) => warn!(%error, "a socket of the service manager is lost"),
            }
        }
        inherited
    }

    /// The sockets that the service manager opened.
    pub(crate) fn activated(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.activated.iter().map(|(_, socket)| socket.as_fd())
    }

    /// Whose a socket is that an earlier master had; if a copy of it is here, that is not needed any more.
    pub(crate) fn recognise(&mut self, socket: &Arc<OwnedFd>) -> Known {
        if self.activated.iter().any(|(_, other)| is_same(socket.as_ref(), other)) {
            return Known::Managers;
        }
        match self.kept.iter().position(|(_, _, other)| is_same(socket.as_ref(), other)) {
            Some(place) => Known::Kept(self.kept.swap_remove(place).1),
            None => Known::No,
        }
    }

    fn sort(passed: Vec<(String, OwnedFd)>) -> Inherited {
        let mut inherited = Inherited::default();
        for (name, descriptor) in passed {
            match address_of(&descriptor) {
                Ok(address) if name.starts_with(KEPT) => inherited.kept.push((address, name, descriptor)),
                Ok(address) => inherited.activated.push((address, descriptor)),
                Err(error) => warn!(name, %error, "a descriptor of the service manager is not used"),
            }
        }
        inherited
    }

    /// Whether the service manager decides where clients come in.
    pub(crate) fn decides(&self) -> bool {
        !self.activated.is_empty()
    }

    /// Where to listen: at the sockets of the service manager, else as the configuration says. Those that were taken over
    /// listen already.
    ///
    /// # Errors
    /// When no port can be had on every address.
    pub(crate) fn choose(&self, listen: &Listen, taken_over: &[SocketAddr]) -> Result<Chosen, ListenError> {
        if !self.decides() {
            return listen::choose_beside(&listen.addresses, listen.http, &[taken_over, &self.kept_addresses()].concat());
        }
        let mut addresses: Vec<SocketAddr> = self.activated.iter().map(|(address, _)| *address).collect();
        addresses.sort_unstable();
        addresses.dedup();
        info!(?addresses, "listening at the sockets of the service manager");
        let warning = match listen.http {
            PortChoice::Explicit(port) if addresses.iter().all(|address| address.port() != port) => {
                Some(format!("the service manager's sockets count, not port {port} of the configuration"))
            }
            PortChoice::Explicit(_) | PortChoice::Preferred { .. } => None,
        };
        Ok(Chosen { addresses, warning })
    }

    /// Where nothing but TLS is spoken: at those sockets of the service manager that have the port for it, else as
    /// the configuration says. Other sockets of ours listen on `ours`.
    ///
    /// # Errors
    /// When no port can be had on every address.
    pub(crate) fn choose_tls(&self, listen: &Listen, ours: &[SocketAddr]) -> Result<Chosen, ListenError> {
        if !self.decides() {
            return listen::choose_beside(&listen.addresses, listen.https, &[ours, &self.kept_addresses()].concat());
        }
        let is_tls = |port: u16| match listen.https {
            PortChoice::Explicit(explicit) => port == explicit,
            PortChoice::Preferred { wanted, fallback } => port == wanted || port == fallback,
        };
        let mut addresses: Vec<SocketAddr> =
            self.activated.iter().map(|(address, _)| *address).filter(|address| is_tls(address.port())).collect();
        addresses.sort_unstable();
        addresses.dedup();
        Ok(Chosen { addresses, warning: None })
    }

    /// A socket at `address`: one that is there, or a new one, which is then called `new_name`.
    ///
    /// # Errors
    /// When there is none and the kernel refuses a new one.
    pub(crate) fn open(&mut self, address: SocketAddr, new_name: String) -> Result<Opened, ListenError> {
        if let Some((_, socket)) = self.activated.iter().find(|(at, _)| *at == address) {
            let copy = socket.try_clone().map_err(|cause| ListenError::Bind { address, cause })?;
            return Ok(Opened { descriptor: Arc::new(copy), name: None });
        }
        if let Some(place) = self.kept.iter().position(|(at, ..)| *at == address) {
            let (_, name, descriptor) = self.kept.swap_remove(place);
            return Ok(Opened { descriptor: Arc::new(descriptor), name: Some(name) });
        }
        Ok(Opened { descriptor: Arc::new(listen::open(address)?), name: Some(new_name) })
    }

    fn kept_addresses(&self) -> Vec<SocketAddr> {
        self.kept.iter().map(|(address, ..)| *address).collect()
    }

    /// Whether sockets of ours listen at `address` already.
    pub(crate) fn is_at(&self, address: SocketAddr) -> bool {
        self.activated.iter().map(|(at, _)| at).chain(self.kept.iter().map(|(at, ..)| at)).any(|at| *at == address)
    }

    /// Closes what an earlier master left and nobody needs, and says under which names it was kept.
    pub(crate) fn leave_the_rest(&mut self) -> Vec<String> {
        std::mem::take(&mut self.kept).into_iter().map(|(_, name, _)| name).collect()
    }
}

/// A name that no other socket of this or an earlier master has.
pub(crate) fn name_of(socket: u32) -> String {
    format!("{KEPT}{}-{socket}", std::process::id())
}

/// Where a TCP socket listens.
fn address_of(descriptor: &impl AsFd) -> io::Result<SocketAddr> {
    let socket = SockRef::from(descriptor);
    let other = || io::Error::other("it is no listening TCP socket");
    if socket.r#type()? != Type::STREAM || !socket.is_listener()? {
        return Err(other());
    }
    let address = socket.local_addr()?.as_socket().ok_or_else(other)?;
    // Whoever accepts finds out that a sibling was faster by not waiting.
    socket.set_nonblocking(true)?;
    Ok(address)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, UdpSocket};
    use std::os::unix::net::UnixListener;

    use super::*;

    fn tcp() -> (SocketAddr, OwnedFd) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        (listener.local_addr().unwrap(), listener.into())
    }

    fn config(http: PortChoice) -> Listen {
        Listen { addresses: vec!["127.0.0.1".parse().unwrap()], http, https: PortChoice::Explicit(2) }
    }

    #[test]
    fn sockets_of_the_manager_are_where_clients_come_in_and_each_place_gets_a_copy() {
        let (address, socket) = tcp();
        let mut inherited = Inherited::sort(vec![("dproxy.socket".to_owned(), socket)]);
        let chosen = inherited.choose(&config(PortChoice::Explicit(1)), &[]).unwrap();
        assert_eq!(chosen.addresses, [address]);
        assert_eq!(chosen.warning.unwrap(), "the service manager's sockets count, not port 1 of the configuration");
        assert!(inherited.decides() && inherited.is_at(address));
        for _ in 0..3 {
            let opened = inherited.open(address, "new".to_owned()).unwrap();
            assert_eq!((address_of(&opened.descriptor).unwrap(), opened.name), (address, None));
        }
        assert!(inherited.leave_the_rest().is_empty());
    }

    #[test]
    fn what_an_earlier_master_left_is_used_first_and_the_rest_is_closed() {
        let address = listen::probe("127.0.0.1:0".parse().unwrap(), &[]).unwrap();
        let left = |name: &str| (format!("{KEPT}{name}"), listen::open(address).unwrap());
        let mut inherited = Inherited::sort(vec![left("1"), left("2"), left("3")]);
        assert!(!inherited.decides());
        let chosen = inherited.choose(&config(PortChoice::Explicit(address.port())), &[]).unwrap();
        assert_eq!(chosen.addresses, [address], "it is ours, not a stranger's");
        let opened = inherited.open(address, "new".to_owned()).unwrap();
        assert_eq!(opened.name.unwrap(), format!("{KEPT}1"));
        assert_eq!(inherited.leave_the_rest().len(), 2);
        let opened = inherited.open(address, "new".to_owned()).unwrap();
        assert_eq!(opened.name.unwrap(), "new");
    }

    #[test]
    fn what_is_no_listening_tcp_socket_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let bound = socket2::Socket::new(socket2::Domain::IPV4, Type::STREAM, None).unwrap();
        let strangers: Vec<OwnedFd> = vec![
            UdpSocket::bind("127.0.0.1:0").unwrap().into(),
            UnixListener::bind(home.path().join("s")).unwrap().into(),
            std::fs::File::open("/dev/null").unwrap().into(),
            bound.into(),
        ];
        let inherited = Inherited::sort(strangers.into_iter().map(|stranger| ("dproxy.socket".to_owned(), stranger)).collect());
        assert!(!inherited.decides() && inherited.kept.is_empty());
    }
}
