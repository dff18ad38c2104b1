//! A backend that follows scripts.
//!
//! Its deeds: `{head}` reads a request head, `{get TEXT}` reads until TEXT has
//! come, `{trickle}` sends byte by byte from now on, `{flood TEXT}` sends TEXT for
//! ever, `{pause}` waits a little, `{stall}` does nothing until the proxy leaves, `{close}` and `{reset}` end
//! the connection. At the end of its script, and on further connections, it
//! answers every request with [`NEXT`].

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use dproxy_testkit::{pause, wait_for};
use socket2::{Domain, SockRef, Socket, Type};

use crate::notation::{self, Piece, pieces};
use crate::stage::PATIENCE;

/// What a backend without a script answers.
pub(crate) const NEXT: &str = "HTTP/1.1 200 OK|Content-Length: 4||next";
/// Between two bytes of one that trickles.
const TRICKLE: Duration = Duration::from_micros(300);

/// A backend; each of its connections follows the next script.
pub(crate) struct Pretend {
    pub(crate) address: SocketAddr,
    /// Bytes that were sent in floods.
    pub(crate) sent: Arc<AtomicUsize>,
    shared: Arc<Shared>,
}

/// What came in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Bytes of each connection, the client's probe excepted.
    pub(crate) got: Vec<Vec<u8>>,
    /// The connection that the probe took.
    pub(crate) next_by: Option<usize>,
}

#[derive(Default)]
struct Shared {
    sent: Arc<AtomicUsize>,
    seen: Mutex<Seen>,
    open: AtomicUsize,
    leaving: AtomicBool,
}

impl Pretend {
    pub(crate) fn start(scripts: &[String]) -> Pretend {
        Pretend::listening(TcpListener::bind("127.0.0.1:0").expect("a free port"), scripts)
    }

    /// One that takes little at a time: a long message needs more than one write.
    pub(crate) fn narrow(scripts: &[String]) -> Pretend {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.set_tcp_mss(536).expect("small segments");
        socket.set_recv_buffer_size(4096).expect("little room");
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a free port");
        socket.listen(16).expect("a listener");
        Pretend::listening(socket.into(), scripts)
    }

    fn listening(listener: TcpListener, scripts: &[String]) -> Pretend {
        let address = listener.local_addr().expect("a listener has an address");
        let shared = Arc::new(Shared::default());
        let accepting = Arc::clone(&shared);
        let scripts = scripts.to_vec();
        thread::spawn(move || accept(&listener, &accepting, scripts));
        Pretend { address, sent: Arc::clone(&shared.sent), shared }
    }

    /// How many connections are open.
    pub(crate) fn open(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }

    /// What came in so far.
    pub(crate) fn got(&self) -> Vec<Vec<u8>> {
        locked(&self.shared.seen).got.clone()
    }

    /// Everything, once every connection has ended.
    pub(crate) fn seen(&self) -> Seen {
        wait_for("the end of the backend's connections", PATIENCE, || self.shared.open.load(Ordering::SeqCst) == 0);
        locked(&self.shared.seen).clone()
    }
}

impl Drop for Pretend {
    fn drop(&mut self) {
        self.shared.leaving.store(true, Ordering::SeqCst);
        // Wakes the acceptor, which then finds that it shall leave.
        drop(TcpStream::connect(self.address));
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>, scripts: Vec<String>) {
    let mut scripts = scripts.into_iter();
    for stream in listener.incoming().map_while(Result::ok) {
        if shared.leaving.load(Ordering::SeqCst) {
            return;
        }
        let script = scripts.next().unwrap_or_default();
        let shared = Arc::clone(shared);
        shared.open.fetch_add(1, Ordering::SeqCst);
        let number = {
            let mut seen = locked(&shared.seen);
            seen.got.push(Vec::new());
            seen.got.len() - 1
        };
        thread::spawn(move || {
            let mut connection = Incoming { stream, number, shared: &shared, unread: Vec::new(), trickles: false };
            connection.follow(&script);
            drop(connection);
            shared.open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

struct Incoming<'s> {
    stream: TcpStream,
    number: usize,
    shared: &'s Shared,
    /// Received, but not asked for yet.
    unread: Vec<u8>,
    trickles: bool,
}

/// The connection has ended, by whomever.
struct Ended;

impl Incoming<'_> {
    /// Follows the script, then answers whatever comes.
    fn follow(&mut self, script: &str) {
        let followed = pieces(script).into_iter().try_for_each(|piece| match piece {
            Piece::Bytes(bytes) => self.send(&bytes),
            Piece::Deed(deed) => self.act(&deed),
        });
        if followed.is_ok() {
            while self.answer_next().is_ok() {}
        }
        let unread = std::mem::take(&mut self.unread);
        self.note(&unread);
    }

    fn act(&mut self, deed: &str) -> Result<(), Ended> {
        match deed.split_once(' ').unwrap_or((deed, "")) {
            ("head", _) => self.get(b"\r\n\r\n").map(|head| self.note(&head)),
            ("get", text) => self.get(&notation::bytes(text)).map(|bytes| self.note(&bytes)),
            ("trickle", _) => {
                self.trickles = true;
                Ok(())
            }
            ("flood", text) => {
                let bytes = notation::bytes(text);
                loop {
                    self.send(&bytes)?;
                    self.shared.sent.fetch_add(bytes.len(), Ordering::SeqCst);
                }
            }
            ("pause", _) => {
                pause(Duration::from_millis(30));
                Ok(())
            }
            ("stall", _) => loop {
                self.fill()?;
            },
            ("close", _) => Err(Ended),
            ("reset", _) => {
                SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).expect("a socket");
                Err(Ended)
            }
            _ => panic!("`{deed}` is nothing that a backend does"),
        }
    }

    fn answer_next(&mut self) -> Result<(), Ended> {
        let head = self.get(b"\r\n\r\n")?;
        if head.starts_with(b"GET /next ") {
            locked(&self.shared.seen).next_by = Some(self.number);
        } else {
            self.note(&head);
        }
        self.trickles = false;
        self.send(&notation::bytes(NEXT))
    }

    /// Takes everything up to the end of `text`.
    fn get(&mut self, text: &[u8]) -> Result<Vec<u8>, Ended> {
        let mut searched = 0;
        loop {
            if let Some(begin) = notation::find(&self.unread[searched..], text) {
                return Ok(self.unread.drain(..searched + begin + text.len()).collect());
            }
            // Its beginning may be there already.
            searched = self.unread.len().saturating_sub(text.len());
            self.fill()?;
        }
    }

    fn fill(&mut self) -> Result<(), Ended> {
        let mut room = [0; 64 * 1024];
        match self.stream.read(&mut room) {
            Ok(0) | Err(_) => Err(Ended),
            Ok(count) => {
                self.unread.extend_from_slice(&room[..count]);
                Ok(())
            }
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), Ended> {
        if !self.trickles {
            return self.stream.write_all(bytes).map_err(|_| Ended);
        }
        for byte in bytes {
            self.stream.write_all(&[*byte]).map_err(|_| Ended)?;
            pause(TRICKLE);
        }
        Ok(())
    }

    fn note(&self, bytes: &[u8]) {
        locked(&self.shared.seen).got[self.number].extend_from_slice(bytes);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
