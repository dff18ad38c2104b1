//! A small blocking HTTP/1.1 client that shows what was on the wire and says exactly how a request failed.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// How long a peer may be silent.
const SILENCE: Duration = Duration::from_secs(20);
const CONNECT: Duration = Duration::from_secs(5);

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// `HTTP/1.1`.
    pub version: String,
    /// Three digits.
    pub status: u16,
    /// In order, names as they were written.
    pub fields: Vec<(String, String)>,
    /// Without its framing.
    pub body: Vec<u8>,
    /// How the end of the body was told.
    pub framing: Framing,
    /// Fields behind a chunked body.
    pub trailers: Vec<(String, String)>,
}

/// How the end of a body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There can be none: HEAD, 1xx, 204, 304.
    Empty,
    /// Content-Length.
    Length,
    /// Transfer-Encoding: chunked.
    Chunked,
    /// By the end of the connection.
    Close,
}

/// Why there is no whole answer.
#[derive(Debug)]
pub enum Failure {
    /// Nobody listens.
    Refused,
    /// No local port was left to connect from: the machine's limit, not the peer's fault.
    NoLocalPort,
    /// The peer sent RST.
    Reset,
    /// The connection ended after this many bytes of the answer.
    Eof(usize),
    /// The peer was silent for too long, after this many bytes of the answer.
    Timeout(usize),
    /// What came is no HTTP/1.1.
    Garbage(String),
    /// Anything else.
    Other(io::Error),
}

/// One connection; requests go out as bytes, answers are parsed.
pub struct Connection<S = TcpStream> {
    pub(crate) stream: S,
    pub(crate) received: Vec<u8>,
    /// Bytes of the answer being read; tells an early end from a late one.
    progress: usize,
}

/// GET over a connection of its own.
///
/// # Errors
/// As [`Failure`].
pub fn get(addr: SocketAddr, host: &str, path: &str) -> Result<Answer, Failure> {
    request(addr, &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
}

/// Any one request, as text, over a connection of its own.
///
/// # Errors
/// As [`Failure`].
pub fn request(addr: SocketAddr, text: &str) -> Result<Answer, Failure> {
    let mut connection = Connection::open(addr)?;
    connection.send(text.as_bytes())?;
    connection.answer_to(text.split(' ').next().unwrap_or_default())
}

/// Sends `bytes` and gives everything that came until the peer closed.
///
/// # Errors
/// When the connection cannot be made, is reset, or stays open and silent.
pub fn exchange(addr: SocketAddr, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut connection = Connection::open(addr)?;
    connection.send(bytes)?;
    connection.rest()
}

impl Connection<TcpStream> {
    /// Connects.
    ///
    /// # Errors
    /// As [`Failure`].
    pub fn open(addr: SocketAddr) -> Result<Connection, Failure> {
        let stream = TcpStream::connect_timeout(&addr, CONNECT)?;
        stream.set_nodelay(true)?;
        let mut connection = Connection::over(stream);
        connection.silence(SILENCE)?;
        Ok(connection)
    }

    /// Sets how long the peer may be silent.
    ///
    /// # Errors
    /// When the socket is gone.
    pub fn silence(&mut self, timeout: Duration) -> Result<(), Failure> {
        self.stream.set_read_timeout(Some(timeout))?;
        Ok(self.stream.set_write_timeout(Some(timeout))?)
    }

    /// The socket itself.
    #[must_use]
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }
}

impl Connection<UnixStream> {
    /// Connects to a Unix socket.
    ///
    /// # Errors
    /// As [`Failure`].
    pub fn open_unix(path: &Path, silence: Duration) -> Result<Connection<UnixStream>, Failure> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(silence))?;
        stream.set_write_timeout(Some(silence))?;
        Ok(Connection::over(stream))
    }
}

impl<S: Read + Write> Connection<S> {
    /// Over any stream.
    pub fn over(stream: S) -> Connection<S> {
        Connection { stream, received: Vec::new(), progress: 0 }
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// As [`Failure`].
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.progress = 0;
        self.stream.write_all(bytes)?;
        Ok(self.stream.flush()?)
    }

    /// Reads the final answer to a request with this method; interim answers (1xx) are passed over.
    ///
    /// # Errors
    /// As [`Failure`].
    pub fn answer_to(&mut self, method: &str) -> Result<Answer, Failure> {
        loop {
            let mut answer = self.head()?;
            if (100..200).contains(&answer.status) && answer.status != 101 {
                continue;
            }
            self.body_of(&mut answer, method)?;
            return Ok(answer);
        }
    }

    /// Reads one answer's head, interim answers too; its body is not read.
    ///
    /// # Errors
    /// As [`Failure`].
    pub fn head(&mut self) -> Result<Answer, Failure> {
        let first = self.line()?;
        let mut words = first.splitn(3, ' ');
        let version = words.next().unwrap_or_default();
        let status = words.next().and_then(|digits| digits.parse().ok());
        let (Some(status), true) = (status, version.starts_with("HTTP/1.")) else {
            return Err(Failure::Garbage(first));
        };
        let version = version.to_owned();
        let fields = self.fields()?;
        Ok(Answer { version, status, fields, body: Vec::new(), framing: Framing::Empty, trailers: Vec::new() })
    }

    /// Reads exactly `count` bytes.
    ///
    /// # Errors
    /// As [`Failure`].
    pub fn bytes(&mut self, count: usize) -> Result<Vec<u8>, Failure> {
        while self.received.len() < count {
            self.fill()?;
        }
        Ok(self.received.drain(..count).collect())
    }

    /// Reads one line, without its end.
    ///
    /// # Errors
    /// As [`Failure`].
    pub fn line(&mut self) -> Result<String, Failure> {
        let mut looked = 0;
        loop {
            if let Some(at) = self.received[looked..].iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.received.drain(..=looked + at).collect();
                return Ok(String::from_utf8_lossy(line.trim_ascii_end()).into_owned());
            }
            looked = self.received.len();
            self.fill()?;
        }
    }

    /// Reads until the peer closes.
    ///
    /// # Errors
    /// All but the end, which is what is waited for.
    pub fn rest(&mut self) -> Result<Vec<u8>, Failure> {
        loop {
            match self.fill() {
                Ok(()) => {}
                Err(Failure::Eof(_)) => return Ok(std::mem::take(&mut self.received)),
                Err(failure) => return Err(failure),
            }
        }
    }

    fn body_of(&mut self, answer: &mut Answer, method: &str) -> Result<(), Failure> {
        answer.framing = answer.framing_for(method)?;
        match answer.framing {
            Framing::Empty => {}
            Framing::Length => answer.body = self.bytes(answer.length()?.unwrap_or(0))?,
            Framing::Chunked => self.chunks(answer)?,
            Framing::Close => answer.body = self.rest()?,
        }
        Ok(())
    }

    fn chunks(&mut self, answer: &mut Answer) -> Result<(), Failure> {
        loop {
            let line = self.line()?;
            let digits = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(digits, 16).map_err(|_| Failure::Garbage(format!("chunk size `{line}`")))?;
            if size == 0 {
                answer.trailers = self.fields()?;
                return Ok(());
            }
            let data = self.bytes(size)?;
            answer.body.extend_from_slice(&data);
            let end = self.line()?;
            if !end.is_empty() {
                return Err(Failure::Garbage(format!("after a chunk `{end}`")));
            }
        }
    }

    pub(crate) fn fields(&mut self) -> Result<Vec<(String, String)>, Failure> {
        let mut fields = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(fields);
            }
            let Some((name, value)) = line.split_once(':') else {
                return Err(Failure::Garbage(line));
            };
            fields.push((name.to_owned(), value.trim().to_owned()));
        }
    }

    pub(crate) fn fill(&mut self) -> Result<(), Failure> {
        let mut room = [0; 16 * 1024];
        match self.stream.read(&mut room) {
            Ok(0) => Err(Failure::Eof(self.progress)),
            Ok(count) => {
                self.progress += count;
                self.received.extend_from_slice(&room[..count]);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => self.fill(),
            Err(error) => match Failure::from(error) {
                Failure::Timeout(_) => Err(Failure::Timeout(self.progress)),
                failure => Err(failure),
            },
        }
    }
}

impl Answer {
    /// The value of the first field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.text()))
    }

    /// Whether the peer will close after this answer.
    #[must_use]
    pub fn closes(&self) -> bool {
        let says_close = self.field("connection").is_some_and(|value| value.to_ascii_lowercase().contains("close"));
        says_close || self.framing == Framing::Close || self.version == "HTTP/1.0"
    }

    fn length(&self) -> Result<Option<usize>, Failure> {
        let Some(text) = self.field("content-length") else { return Ok(None) };
        text.parse().map(Some).map_err(|_| Failure::Garbage(format!("content-length `{text}`")))
    }

    fn framing_for(&self, method: &str) -> Result<Framing, Failure> {
        if method == "HEAD" || self.status < 200 || self.status == 204 || self.status == 304 {
            return Ok(Framing::Empty);
        }
        if self.field("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
            return Ok(Framing::Chunked);
        }
        Ok(if self.length()?.is_some() { Framing::Length } else { Framing::Close })
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            ErrorKind::ConnectionRefused => Failure::Refused,
            ErrorKind::AddrNotAvailable => Failure::NoLocalPort,
            // Writing to a socket whose peer sent RST gives EPIPE.
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => Failure::Reset,
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Failure::Timeout(0),
            ErrorKind::UnexpectedEof => Failure::Eof(0),
            _ => Failure::Other(error),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Refused => f.write_str("connection refused"),
            Failure::NoLocalPort => f.write_str("no local port left"),
            Failure::Reset => f.write_str("connection reset"),
            Failure::Eof(bytes) => write!(f, "connection ended after {bytes} bytes of the answer"),
            Failure::Timeout(bytes) => write!(f, "silence after {bytes} bytes of the answer"),
            Failure::Garbage(text) => write!(f, "no HTTP/1.1: `{text}`"),
            Failure::Other(error) => error.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream whose reads give what is given here, and which takes every write.
    struct Said(io::Cursor<Vec<u8>>);

    impl Read for Said {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            // One byte at a time: a client that reads once is found out.
            self.0.read(&mut room[..1])
        }
    }

    impl Write for Said {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[track_caller]
    fn check(method: &str, wire: &str, expected: &str) {
        let mut connection = Connection::over(Said(io::Cursor::new(wire.as_bytes().to_vec())));
        let told = match connection.answer_to(method) {
            Ok(answer) => format!("{} {:?} {}", answer.status, answer.framing, answer.text()),
            Err(failure) => failure.to_string(),
        };
        assert_eq!(told, expected);
    }

    #[test]
    fn answers_are_read_to_their_end() {
        check("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "200 Length hi");
        check("GET", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n", "200 Chunked hi");
        check("GET", "HTTP/1.1 200 OK\r\n\r\nhi", "200 Close hi");
        check("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "200 Empty ");
        check("GET", "HTTP/1.1 204 No Content\r\n\r\n", "204 Empty ");
        check("GET", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n", "304 Empty ");
    }

    #[test]
    fn a_cut_answer_says_how_far_it_came() {
        check("GET", "", "connection ended after 0 bytes of the answer");
        check("GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", "connection ended after 40 bytes of the answer");
        check("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", "connection ended after 54 bytes of the answer");
        check("GET", "SSH-2.0\r\n", "no HTTP/1.1: `SSH-2.0`");
        check("GET", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "no HTTP/1.1: `content-length `x``");
    }
}
