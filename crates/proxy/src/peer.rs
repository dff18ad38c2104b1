//! Who is at the other end of a connection.

use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};

/// A client's address, written once per connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    ip: IpAddr,
    text: [u8; Peer::LONGEST],
    length: u8,
}

impl Peer {
    /// `xxxx:xxxx:xxxx:xxxx:xxxx:xxxx:255.255.255.255`
    const LONGEST: usize = 45;

    /// IPv4 is written plain, never as `::ffff:…`.
    pub(crate) fn new(address: SocketAddr) -> Peer {
        let ip = address.ip().to_canonical();
        let mut text = [0; Peer::LONGEST];
        let mut rest = &mut text[..];
        write!(rest, "{ip}").expect("an address has at most 45 characters");
        let length = Peer::LONGEST - rest.len();
        Peer { ip, text, length: u8::try_from(length).expect("45 at most") }
    }

    pub(crate) fn ip(&self) -> IpAddr {
        self.ip
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.text[..usize::from(self.length)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_plain() {
        for (address, text) in [("127.0.0.1:5", "127.0.0.1"), ("[::ffff:10.0.0.1]:5", "10.0.0.1"), ("[2001:db8::1]:5", "2001:db8::1")] {
            assert_eq!(Peer::new(address.parse().unwrap()).text(), text.as_bytes());
        }
    }
}
