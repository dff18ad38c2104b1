//! A client that follows a script.
//!
//! Its deeds: `{see TEXT}` reads until TEXT has come, `{pause}` waits a
//! little, `{fin}` ends its sending,
//! `{gone}` leaves.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::backend::NEXT;
use crate::notation::{self, Piece, pieces};
use crate::stage::PATIENCE;

/// What it asks to find out whether its connection still works.
const PROBE: &str = "GET /next HTTP/1.1|Host: a.test||";
/// When nothing has come for so long, it is believed that nothing will.
const SILENCE: Duration = Duration::from_millis(5);

/// One connection to the proxy.
pub(crate) struct Client {
    stream: TcpStream,
    /// Every byte that came.
    pub(crate) received: Vec<u8>,
    /// How many bytes deeds have seen.
    seen: usize,
    /// How the connection ended.
    pub(crate) end: Option<&'static str>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).expect("the proxy listens");
        stream.set_nodelay(true).expect("a socket");
        stream.set_read_timeout(Some(SILENCE)).expect("a socket");
        Client { stream, received: Vec::new(), seen: 0, end: None }
    }

    /// Does what the script says.
    pub(crate) fn follow(&mut self, script: &str) {
        for piece in pieces(script) {
            match piece {
                Piece::Bytes(bytes) => self.send(&bytes),
                Piece::Deed(deed) => self.act(&deed),
            }
        }
    }

    fn act(&mut self, deed: &str) {
        match deed.split_once(' ').unwrap_or((deed, "")) {
            ("see", text) => {
                let text = notation::bytes(text);
                self.read_until(|client| notation::find(&client.received[client.seen..], &text).is_some());
                self.seen = self.received.len();
            }
            ("fin", _) => self.stream.shutdown(Shutdown::Write).expect("a connection"),
            ("gone", _) => {
                self.stream.shutdown(Shutdown::Both).expect("a connection");
                self.end = Some("");
            }
            ("pause", _) => dproxy_testkit::pause(Duration::from_millis(30)),
            _ => panic!("`{deed}` is nothing that a client does"),
        }
    }

    /// Sends this again and again until the connection ends, and never reads; how many bytes that were.
    pub(crate) fn flood(&mut self, text: &str) -> usize {
        let bytes = notation::bytes(text).repeat(1000);
        let mut sent = 0;
        while self.stream.write_all(&bytes).is_ok() {
            sent += bytes.len();
        }
        sent
    }

    fn send(&mut self, bytes: &[u8]) {
        // A proxy that has refused may have closed already; what it answered counts.
        let _ = self.stream.write_all(bytes);
    }

    /// Reads until `enough` or the end.
    pub(crate) fn read_until(&mut self, enough: impl Fn(&Client) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut quiet = false;
        // Whoever expects no end must have looked for one.
        while !(quiet && enough(self)) && self.end.is_none() && Instant::now() < deadline {
            let mut room = [0; 64 * 1024];
            quiet = false;
            match self.stream.read(&mut room) {
                Ok(0) => self.end = Some("{end}"),
                Ok(count) => self.received.extend_from_slice(&room[..count]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => quiet = true,
                Err(_) => self.end = Some("{reset}"),
            }
        }
    }

    /// What came, and how the connection ended.
    pub(crate) fn shown(&self) -> String {
        notation::answers(&self.received) + self.end.unwrap_or_default()
    }

    /// The connection must still work.
    pub(crate) fn probe(&mut self) {
        let before = self.received.len();
        self.send(&notation::bytes(PROBE));
        self.read_until(|client| client.received[before..].ends_with(b"next"));
        let got = notation::text(&self.received[before..]) + self.end.unwrap_or_default();
        assert_eq!(got, NEXT, "the connection does not go on behind {}", notation::answers(&self.received[..before]));
    }
}
