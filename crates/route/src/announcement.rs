//! Whose connection it is: the words that a proxy says before everything else (the PROXY protocol of HAProxy).
//!
//! Version 1 is a line of text, version 2 is binary. Both are read strictly and whole: what is no announcement is
//! none, and nothing is guessed.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// How a connection is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub enum Announcement {
    /// A line of text.
    V1,
    /// Binary.
    V2,
}

/// Where a connection comes from, and what it reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// The client.
    pub from: SocketAddr,
    /// What it dialled.
    pub to: SocketAddr,
}

/// What the first bytes of a connection are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announced {
    /// Too few to tell.
    Partial,
    /// An announcement.
    Whole {
        /// Of so many bytes.
        length: usize,
        /// None: whoever announces speaks for itself.
        ends: Option<Ends>,
    },
}

/// Why the first bytes are no announcement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnnouncementError {
    /// They are something else.
    #[error("it does not begin with the PROXY protocol")]
    Other,
    /// Of version 1.
    #[error("its PROXY line makes no sense")]
    Line,
    /// Of version 2.
    #[error("its PROXY head makes no sense")]
    Head,
    /// It has more bytes than anybody needs.
    #[error("its PROXY head is too long")]
    TooLong,
}

/// Why a text names no version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither `v1` nor `v2`")]
pub struct AnnouncementWordError(String);

/// The longest line of version 1.
const LONGEST_LINE: usize = 107;
/// What begins version 2.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Of version 2, up to the length of the rest.
const FIXED: usize = 16;
/// Addresses take 36 bytes; certificates, which may follow, some thousand.
const LONGEST_REST: usize = 16 * 1024;
const LOCAL: u8 = 0x20;
const PROXY: u8 = 0x21;
const TCP4: u8 = 0x11;
const TCP6: u8 = 0x21;

impl Announcement {
    /// The announcement of a connection that comes from these ends; none: it is our own.
    #[must_use]
    pub fn of(self, ends: Option<Ends>) -> Vec<u8> {
        match (self, ends.map(Ends::alike)) {
            (Announcement::V1, None) => b"PROXY UNKNOWN\r\n".to_vec(),
            (Announcement::V1, Some(Ends { from, to })) => {
                let family = if from.is_ipv4() { "TCP4" } else { "TCP6" };
                format!("PROXY {family} {} {} {} {}\r\n", from.ip(), to.ip(), from.port(), to.port()).into_bytes()
            }
            (Announcement::V2, None) => [&SIGNATURE[..], &[LOCAL, 0, 0, 0]].concat(),
            (Announcement::V2, Some(Ends { from, to })) => {
                let (family, length) = if from.is_ipv4() { (TCP4, 12) } else { (TCP6, 36) };
                let ports = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
                [&SIGNATURE[..], &[PROXY, family, 0, length], &octets(from.ip()), &octets(to.ip()), &ports].concat()
            }
        }
    }
}

impl Ends {
    /// Both of one family: an IPv4 address beside one of IPv6 is written as one of those.
    fn alike(self) -> Ends {
        let plain = |end: SocketAddr| SocketAddr::new(end.ip().to_canonical(), end.port());
        let mapped = |end: SocketAddr| match end.ip() {
            IpAddr::V4(ip) => SocketAddr::new(ip.to_ipv6_mapped().into(), end.port()),
            IpAddr::V6(_) => end,
        };
        let (from, to) = (plain(self.from), plain(self.to));
        if from.is_ipv4() == to.is_ipv4() { Ends { from, to } } else { Ends { from: mapped(from), to: mapped(to) } }
    }
}

/// Reads the announcement that `bytes` begin with.
///
/// # Errors
/// When they do not.
pub fn announced(bytes: &[u8]) -> Result<Announced, AnnouncementError> {
    let agree = |wanted: &[u8]| bytes.iter().zip(wanted).all(|(byte, wanted)| byte == wanted);
    if agree(SIGNATURE) {
        head(bytes)
    } else if agree(b"PROXY ") {
        line(bytes)
    } else {
        Err(AnnouncementError::Other)
    }
}

/// `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443`, CR LF
fn line(bytes: &[u8]) -> Result<Announced, AnnouncementError> {
    let considered = &bytes[..bytes.len().min(LONGEST_LINE)];
    let Some(end) = considered.windows(2).position(|two| two == b"\r\n") else {
        let begun = considered.strip_suffix(b"\r").unwrap_or(considered);
        return if is_text(begun) && bytes.len() < LONGEST_LINE { Ok(Announced::Partial) } else { Err(AnnouncementError::Line) };
    };
    let text = str::from_utf8(&considered[..end]).ok().filter(|text| is_text(text.as_bytes())).ok_or(AnnouncementError::Line)?;
    let mut words = text.split(' ').skip(1);
    let ends = match (words.next(), [words.next(), words.next(), words.next(), words.next()], words.next()) {
        // Whatever follows is to be ignored.
        (Some("UNKNOWN"), ..) => None,
        (Some("TCP4"), [Some(from), Some(to), Some(from_port), Some(to_port)], None) => {
            Some(Ends { from: end_of::<Ipv4Addr>(from, from_port)?, to: end_of::<Ipv4Addr>(to, to_port)? })
        }
        (Some("TCP6"), [Some(from), Some(to), Some(from_port), Some(to_port)], None) => {
            Some(Ends { from: end_of::<Ipv6Addr>(from, from_port)?, to: end_of::<Ipv6Addr>(to, to_port)? })
        }
        _ => return Err(AnnouncementError::Line),
    };
    Ok(Announced::Whole { length: end + 2, ends })
}

fn is_text(line: &[u8]) -> bool {
    line.iter().all(|byte| (b' '..=b'~').contains(byte))
}

fn end_of<I: FromStr + Into<IpAddr>>(ip: &str, port: &str) -> Result<SocketAddr, AnnouncementError> {
    let digits = port.bytes().all(|byte| byte.is_ascii_digit()) && (port == "0" || !port.starts_with('0'));
    let port = port.parse().ok().filter(|_| digits).ok_or(AnnouncementError::Line)?;
    let ip: I = ip.parse().map_err(|_| AnnouncementError::Line)?;
    Ok(SocketAddr::new(ip.into(), port))
}

/// Signature, version and command, family, length, addresses; what follows them inside the length is not for us.
fn head(bytes: &[u8]) -> Result<Announced, AnnouncementError> {
    let Some((fixed, rest)) = bytes.split_first_chunk::<FIXED>() else { return Ok(Announced::Partial) };
    let [.., command, family, high, low] = *fixed;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > LONGEST_REST {
        return Err(AnnouncementError::TooLong);
    }
    let ends_of = match (command, family) {
        (LOCAL, _) | (PROXY, 0) => |_: &[u8]| Some(None),
        (PROXY, TCP4) => |rest: &[u8]| ends::<4>(rest).map(Some),
        (PROXY, TCP6) => |rest: &[u8]| ends::<16>(rest).map(Some),
        _ => return Err(AnnouncementError::Head),
    };
    let Some(rest) = rest.get(..length) else { return Ok(Announced::Partial) };
    let ends = ends_of(rest).ok_or(AnnouncementError::Head)?;
    Ok(Announced::Whole { length: FIXED + length, ends })
}

fn ends<const OCTETS: usize>(rest: &[u8]) -> Option<Ends>
where
    IpAddr: From<[u8; OCTETS]>,
{
    let (from, rest) = rest.split_first_chunk::<OCTETS>()?;
    let (to, rest) = rest.split_first_chunk::<OCTETS>()?;
    let (from_port, rest) = rest.split_first_chunk::<2>()?;
    let (to_port, _) = rest.split_first_chunk::<2>()?;
    let end = |ip: &[u8; OCTETS], port: &[u8; 2]| SocketAddr::new((*ip).into(), u16::from_be_bytes(*port));
    Some(Ends { from: end(from, from_port), to: end(to, to_port) })
}

fn octets(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

impl fmt::Display for Announcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Announcement::V1 => "v1",
            Announcement::V2 => "v2",
        })
    }
}

impl FromStr for Announcement {
    type Err = AnnouncementWordError;

    fn from_str(text: &str) -> Result<Announcement, AnnouncementWordError> {
        match text.to_ascii_lowercase().as_str() {
            "v1" | "1" => Ok(Announcement::V1),
            "v2" | "2" => Ok(Announcement::V2),
            _ => Err(AnnouncementWordError(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests;
