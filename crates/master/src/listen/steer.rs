//! SO_ATTACH_REUSEPORT_CBPF: which of the sockets that share an address gets the next client. No crate of ours
//! has a safe call for it.
//!
//! The kernel would choose by a hash, over all sockets. The filter chooses among the first `slots` only, which
//! are those of workers that serve, and by the client's port. A client's kernel counts ports up in small random
//! steps, so its connections come to the groups of [`GROUP_BITS`] almost in turn: a thousand clients are spread
//! over eight workers within 15 %, where a hash or a random number manages that every other time.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use dproxy_config::QUIC_ID_LENGTH;
use nix::libc;

/// Where a filter finds the network header, whatever has been read already (linux/filter.h).
const NETWORK_HEADER: u32 = 0xfff0_0000;
/// An IPv4 header without options; with options, what is read instead is as good as any number.
const IPV4_HEADER: u32 = 20;
const IPV6_HEADER: u32 = 40;

/// Sixteen neighbouring ports are one turn: Linux goes on by an even number up to sixteen.
const GROUP_BITS: u32 = 4;

/// The bit of the first byte that says where a connection's id is (RFC 9000 §17.2).
const LONG_HEADER: u32 = 0x80;
/// Opcodes of classic BPF (linux/bpf_common.h), by what they do here.
mod code {
    /// A = the half word at K.
    pub(super) const LOAD_HALF: u16 = 0x28;
    /// A >>= K.
    pub(super) const SHIFT_RIGHT: u16 = 0x74;
    /// A %= K.
    pub(super) const MODULO: u16 = 0x94;
    /// A = the byte at K.
    pub(super) const LOAD_BYTE: u16 = 0x30;
    /// If A = K.
    pub(super) const JUMP_IF_EQUAL: u16 = 0x15;
    /// If A and K have a bit in common.
    pub(super) const JUMP_IF_ANY: u16 = 0x45;
    /// The answer is K.
    pub(super) const RETURN: u16 = 0x06;
    /// The answer is A.
    pub(super) const RETURN_A: u16 = 0x16;
}

/// From now on new clients of the address that `listener` shares go to its first `slots` sockets, in turn.
///
/// # Errors
/// When the kernel has no such filters or refuses this one; clients then go where they went before.
pub(super) fn steer(listener: &impl AsFd, ipv6: bool, slots: u16) -> io::Result<()> {
    let mut program = turn(ipv6, u32::from(slots)).to_vec();
    program.push(instruction(code::RETURN_A, 0));
    attach(listener, program)
}

/// From now on packets of QUIC go to the socket of the address that `socket` shares whose number is the first byte of
/// their connection's id, if the id is one of ours by its length; else to one of those with the numbers `berths`, in turn.
///
/// # Errors
/// Likewise.
pub(super) fn steer_quic(socket: &impl AsFd, ipv6: bool, berths: &[u8]) -> io::Result<()> {
    let Some((last, others)) = berths.split_last() else { return Ok(()) };
    // RFC 9000 §17: a filter of UDP sockets sees what follows the header of UDP.
    let mut program = vec![
        instruction(code::LOAD_BYTE, 0),
        jump(code::JUMP_IF_ANY, LONG_HEADER, 0, 4),
        instruction(code::LOAD_BYTE, 5),
        jump(code::JUMP_IF_EQUAL, u32::from(QUIC_ID_LENGTH), 0, 4),
        instruction(code::LOAD_BYTE, 6),
        instruction(code::RETURN_A, 0),
        instruction(code::LOAD_BYTE, 1),
        instruction(code::RETURN_A, 0),
    ];
    program.extend(turn(ipv6, u32::try_from(berths.len()).unwrap_or(u32::MAX)));
    for (turn, berth) in (0..).zip(others) {
        program.extend([jump(code::JUMP_IF_EQUAL, turn, 0, 1), instruction(code::RETURN, u32::from(*berth))]);
    }
    program.push(instruction(code::RETURN, u32::from(*last)));
    attach(socket, program)
}

/// Whose turn it is among so many.
fn turn(ipv6: bool, count: u32) -> [libc::sock_filter; 3] {
    let header = if ipv6 { IPV6_HEADER } else { IPV4_HEADER };
    [
        instruction(code::LOAD_HALF, NETWORK_HEADER + header),
        instruction(code::SHIFT_RIGHT, GROUP_BITS),
        instruction(code::MODULO, count.max(1)),
    ]
}

fn attach(socket: &impl AsFd, mut program: Vec<libc::sock_filter>) -> io::Result<()> {
    let length = u16::try_from(program.len()).map_err(io::Error::other)?;
    let filter = libc::sock_fprog { len: length, filter: program.as_mut_ptr() };
    let value: *const libc::sock_fprog = &filter;
    let size = libc::socklen_t::try_from(size_of::<libc::sock_fprog>()).expect("a few bytes");
    let option = libc::SO_ATTACH_REUSEPORT_CBPF;
    // SAFETY: the descriptor is open for as long as `socket` is borrowed; `value` points to a description of
    // `size` bytes whose instructions live until the call returns; the kernel copies both and changes neither.
    let result = unsafe { libc::setsockopt(socket.as_fd().as_raw_fd(), libc::SOL_SOCKET, option, value.cast(), size) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn jump(code: u16, k: u32, then: u8, otherwise: u8) -> libc::sock_filter {
    libc::sock_filter { code, jt: then, jf: otherwise, k }
}

fn instruction(code: u16, k: u32) -> libc::sock_filter {
    libc::sock_filter { code, jt: 0, jf: 0, k }
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::os::fd::OwnedFd;

    use super::super::{open, probe};
    use super::*;

    /// How many of `clients` connections come to each of four sockets, of which the first `slots` are chosen.
    fn spread(address: &str, slots: u16, clients: usize) -> Vec<usize> {
        let address: SocketAddr = probe(address.parse().unwrap(), &[]).unwrap();
        let sockets: Vec<OwnedFd> = (0..4).map(|_| open(address).unwrap()).collect();
        steer(&sockets[3], address.is_ipv6(), slots).unwrap();
        let listeners: Vec<TcpListener> = sockets.into_iter().map(TcpListener::from).collect();
        let mut counts = vec![0; listeners.len()];
        for _ in 0..clients {
            let mut client = TcpStream::connect(address).unwrap();
            std::io::Write::write_all(&mut client, b"x").unwrap();
            let served = |listener: &TcpListener| listener.accept().is_ok();
            let place = loop {
                if let Some(place) = listeners.iter().position(served) {
                    break place;
                }
            };
            counts[place] += 1;
        }
        counts
    }

    #[test]
    fn clients_go_to_the_first_sockets_in_turn() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            for slots in 1..=4 {
                let counts = spread(address, slots, 200);
                let (chosen, others) = counts.split_at(usize::from(slots));
                assert!(others.iter().all(|count| *count == 0), "{address}, {slots}: {counts:?}");
                let even = 200 / chosen.len();
                // Other tests take ports in between.
                assert!(chosen.iter().all(|count| count.abs_diff(even) * 2 <= even), "{address}, {slots}: {counts:?}");
            }
        }
    }

    #[test]
    fn a_socket_that_shares_nothing_can_be_refused_without_harm() {
        let alone = std::os::unix::net::UnixStream::pair().unwrap().0;
        assert!(steer(&alone, false, 1).is_err());
    }
}
