//! A pretend backend: it does what a script tells it, however rude, and remembers what it was asked.

use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::SockRef;

use crate::http::{Connection, Failure};
use crate::{free_addr, pause};

/// A backend on an address of its own; it goes away when dropped.
pub struct Origin {
    addr: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

/// A request as it came in. Its body grows while it is read, see [`Origin::requests`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`.
    pub method: String,
    /// `/path?query`.
    pub target: String,
    /// `HTTP/1.1`.
    pub version: String,
    /// In order, names as they were written.
    pub fields: Vec<(String, String)>,
    /// What was read of it so far, without its framing.
    pub body: Vec<u8>,
    /// Whether the body was read to its end.
    pub complete: bool,
    /// Counts the connections from 1.
    pub connection: usize,
}

/// What the backend does next.
#[derive(Clone, Debug)]
pub enum Step {
    /// Reads the request's body to its end. Without it the answer is an early one.
    ReadBody,
    /// Sends these bytes as they are.
    Send(Vec<u8>),
    /// Does nothing for a while.
    Pause(Duration),
    /// Does nothing until the test says so.
    Until(Arc<AtomicBool>),
    /// Does nothing until the peer has gone.
    Hang,
    /// Sends RST.
    Reset,
    /// Closes the connection.
    Close,
}

type Script = dyn Fn(&Request) -> Vec<Step> + Send + Sync;

struct Shared {
    script: Box<Script>,
    requests: Mutex<Vec<Request>>,
    streams: Mutex<Vec<TcpStream>>,
    accepted: AtomicUsize,
    open: AtomicUsize,
    leaving: AtomicBool,
}

/// Reads the request, then answers 200 with this body.
#[must_use]
pub fn ok(body: &str) -> Vec<Step> {
    answer("HTTP/1.1 200 OK", body)
}

/// Reads the request, then answers with this head, a Content-Length and this body.
#[must_use]
pub fn answer(head: &str, body: &str) -> Vec<Step> {
    vec![Step::ReadBody, Step::Send(format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes())]
}

/// `data` as one chunk; the last chunk for none.
#[must_use]
pub fn chunked(data: &str) -> Vec<u8> {
    if data.is_empty() { b"0\r\n\r\n".to_vec() } else { format!("{:x}\r\n{data}\r\n", data.len()).into_bytes() }
}

impl Origin {
    /// Starts a backend that does for each request what `script` says once its head is read.
    ///
    /// # Panics
    /// When no address is free.
    #[must_use]
    pub fn start(script: impl Fn(&Request) -> Vec<Step> + Send + Sync + 'static) -> Origin {
        // Programs that are no tests know nothing of our signs and may have taken the port meanwhile.
        let listener = (0..10).find_map(|_| TcpListener::bind(free_addr()).ok()).expect("a free port can be listened at");
        Origin::over(listener, script)
    }

    /// A backend that answers 200 with `body`, always.
    #[must_use]
    pub fn saying(body: &str) -> Origin {
        let steps = ok(body);
        Origin::start(move |_| steps.clone())
    }

    /// A backend that answers with these bytes, whatever they are, and closes.
    #[must_use]
    pub fn raw(bytes: &[u8]) -> Origin {
        let steps = vec![Step::ReadBody, Step::Send(bytes.to_vec()), Step::Close];
        Origin::start(move |_| steps.clone())
    }

    /// At an address of the test's choice.
    ///
    /// # Panics
    /// When the address is taken.
    #[must_use]
    pub fn start_at(addr: SocketAddr, script: impl Fn(&Request) -> Vec<Step> + Send + Sync + 'static) -> Origin {
        Origin::over(TcpListener::bind(addr).unwrap_or_else(|error| panic!("cannot listen on {addr}: {error}")), script)
    }

    fn over(listener: TcpListener, script: impl Fn(&Request) -> Vec<Step> + Send + Sync + 'static) -> Origin {
        let addr = listener.local_addr().expect("a listener has an address");
        let shared = Arc::new(Shared {
            script: Box::new(script),
            requests: Mutex::default(),
            streams: Mutex::default(),
            accepted: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            leaving: AtomicBool::new(false),
        });
        let acceptor = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Origin { addr, shared, acceptor: Some(acceptor) }
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Every request so far, also the one that is being read.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        locked(&self.shared.requests).clone()
    }

    /// The newest request.
    ///
    /// # Panics
    /// When there was none.
    #[must_use]
    #[track_caller]
    pub fn last(&self) -> Request {
        self.requests().pop().expect("the backend was asked")
    }

    /// How many requests so far.
    #[must_use]
    pub fn count(&self) -> usize {
        locked(&self.shared.requests).len()
    }

    /// How many connections so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// How many connections are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.shared.leaving.store(true, Ordering::SeqCst);
        // Wakes the acceptor, which then finds that it shall leave.
        drop(TcpStream::connect(self.addr));
        if let Some(acceptor) = self.acceptor.take() {
            // An acceptor that panicked has nothing to hold back any more.
            let _ = acceptor.join();
        }
        for stream in locked(&self.shared.streams).iter() {
            // It may be closed already; then there is nothing to do.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Request {
    /// The value of the first field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.values(name).first().copied()
    }

    /// The values of all fields of this name.
    #[must_use]
    pub fn values(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).collect()
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.leaving.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let number = shared.accepted.fetch_add(1, Ordering::SeqCst) + 1;
        if let Ok(copy) = stream.try_clone() {
            locked(&shared.streams).push(copy);
        }
        shared.open.fetch_add(1, Ordering::SeqCst);
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            // How a connection ends is the peer's business; the test sees it in the counts.
            if !matches!(serve(&stream, number, &shared), Err(Failure::Reset)) {
                // The copy kept for the end would hold the connection open. It may be closed already.
                let _ = stream.shutdown(Shutdown::Both);
            }
            locked(&shared.streams).retain(|copy| copy.peer_addr().is_ok());
            shared.open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

/// Serves one connection until either side closes it.
fn serve(stream: &TcpStream, number: usize, shared: &Shared) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let mut connection = Connection::over(stream.try_clone()?);
    loop {
        let request = read_head(&mut connection, number)?;
        let steps = (shared.script)(&request);
        let place = remember(shared, request);
        for step in steps {
            match step {
                Step::ReadBody => read_body(&mut connection, shared, place)?,
                Step::Send(bytes) => connection.stream.write_all(&bytes)?,
                Step::Pause(duration) => pause(duration),
                Step::Until(gate) => wait_until(&gate, shared),
                Step::Hang => {
                    connection.rest()?;
                    return Ok(());
                }
                Step::Reset => {
                    SockRef::from(stream).set_linger(Some(Duration::ZERO))?;
                    // The copy kept for the end holds the descriptor; without it the last close sends RST.
                    locked(&shared.streams).retain(|copy| copy.peer_addr().ok() != stream.peer_addr().ok());
                    return Err(Failure::Reset);
                }
                Step::Close => return Ok(()),
            }
        }
        read_body(&mut connection, shared, place)?;
    }
}

fn read_head(connection: &mut Connection, number: usize) -> Result<Request, Failure> {
    let line = connection.line()?;
    let mut words = line.splitn(3, ' ').map(str::to_owned);
    Ok(Request {
        method: words.next().unwrap_or_default(),
        target: words.next().unwrap_or_default(),
        version: words.next().unwrap_or_default(),
        fields: connection.fields()?,
        connection: number,
        ..Request::default()
    })
}

fn remember(shared: &Shared, request: Request) -> usize {
    let mut requests = locked(&shared.requests);
    requests.push(request);
    requests.len() - 1
}

/// Reads the body piece by piece, so that a test sees it grow.
fn read_body(connection: &mut Connection, shared: &Shared, place: usize) -> Result<(), Failure> {
    let request = locked(&shared.requests)[place].clone();
    if request.complete {
        return Ok(());
    }
    if request.field("transfer-encoding").is_some() {
        read_chunks(connection, shared, place)?;
    } else {
        let length = request.field("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        read_piecewise(connection, shared, place, length)?;
    }
    locked(&shared.requests)[place].complete = true;
    Ok(())
}

fn read_chunks(connection: &mut Connection, shared: &Shared, place: usize) -> Result<(), Failure> {
    loop {
        let line = connection.line()?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(digits, 16).map_err(|_| Failure::Garbage(line.clone()))?;
        if size == 0 {
            let trailers = connection.fields()?;
            locked(&shared.requests)[place].fields.extend(trailers);
            return Ok(());
        }
        read_piecewise(connection, shared, place, size)?;
        connection.line()?;
    }
}

fn read_piecewise(connection: &mut Connection, shared: &Shared, place: usize, mut left: usize) -> Result<(), Failure> {
    while left > 0 {
        if connection.received.is_empty() {
            connection.fill()?;
        }
        let piece: Vec<u8> = connection.received.drain(..left.min(connection.received.len())).collect();
        left -= piece.len();
        locked(&shared.requests)[place].body.extend_from_slice(&piece);
    }
    Ok(())
}

fn wait_until(gate: &AtomicBool, shared: &Shared) {
    while !gate.load(Ordering::SeqCst) && !shared.leaving.load(Ordering::SeqCst) {
        pause(Duration::from_millis(1));
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PATIENCE, exchange, get, request, wait_for};

    #[test]
    fn it_answers_and_remembers() {
        let origin = Origin::saying("hello");
        let post = "POST /p HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nX-T: 1\r\n\r\n";
        assert_eq!(request(origin.addr(), post).unwrap().text(), "hello");
        let seen = origin.last();
        assert_eq!((seen.method.as_str(), seen.target.as_str(), seen.body.as_slice(), seen.complete), ("POST", "/p", &b"abc"[..], true));
        assert_eq!(seen.field("x-t"), Some("1"));
    }

    #[test]
    fn one_connection_carries_many_requests() {
        let origin = Origin::saying("x");
        let mut connection = Connection::open(origin.addr()).unwrap();
        for _ in 0..3 {
            connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
            assert_eq!(connection.answer_to("GET").unwrap().text(), "x");
        }
        assert_eq!((origin.connections(), origin.count(), origin.open()), (1, 3, 1));
        drop(connection);
        wait_for("the connection's end", PATIENCE, || origin.open() == 0);
    }

    #[test]
    fn it_is_as_rude_as_it_is_told() {
        let reset = Origin::start(|_| vec![Step::Reset]);
        assert!(matches!(get(reset.addr(), "a", "/"), Err(Failure::Reset)));
        let close = Origin::start(|_| vec![Step::Close]);
        assert!(matches!(get(close.addr(), "a", "/"), Err(Failure::Eof(0))));
        let cut = Origin::raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
        assert!(matches!(get(cut.addr(), "a", "/"), Err(Failure::Eof(41))));
        assert_eq!(exchange(Origin::raw(b"SSH-2.0\r\n").addr(), b"GET / HTTP/1.1\r\n\r\n").unwrap(), b"SSH-2.0\r\n");
    }

    #[test]
    fn when_it_leaves_nobody_listens() {
        let origin = Origin::saying("x");
        let addr = origin.addr();
        let mut connection = Connection::open(addr).unwrap();
        drop(origin);
        assert!(matches!(get(addr, "a", "/"), Err(Failure::Refused)));
        assert!(connection.rest().is_ok());
    }
}
