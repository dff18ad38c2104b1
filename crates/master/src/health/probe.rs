//! One question to one backend.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use dproxy_route::Probe;
use dproxy_tls::TrustError;
use http::Request;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Target;
use super::way::{Stream, Way};

/// Why a backend did not pass.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProbeError {
    #[error("no connection: {0}")]
    Connect(io::Error),
    #[error("TLS cannot be spoken with it: {0}")]
    Trust(#[from] TrustError),
    #[error("no TLS: {0}")]
    Tls(io::Error),
    #[error("no HTTP/2: {0}")]
    Http2(#[from] h2::Error),
    #[error("it cannot be asked for that: {0}")]
    Target(http::Error),
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    #[error("the connection ended: {0}")]
    Ended(io::Error),
    #[error("the answer is no HTTP")]
    Malformed,
    #[error("answered with status {0}")]
    Status(u16),
}

/// The longest head that is read.
const LONGEST: usize = 64 * 1024;
const LONGEST_LIST: u32 = 64 * 1024;
/// As what we come.
const AGENT: &str = "dproxy-check";

/// Asks; all together takes no longer than the check may.
pub(crate) async fn ask(target: &Target, way: &mut Way) -> Result<(), ProbeError> {
    let limit = target.check.timeout;
    timeout(limit, answer(target, way)).await.unwrap_or(Err(ProbeError::Timeout(limit)))
}

async fn answer(target: &Target, way: &mut Way) -> Result<(), ProbeError> {
    let address = target.address;
    let mut tcp = TcpStream::connect(address).await.map_err(ProbeError::Connect)?;
    if let Some(announced) = target.announced {
        // It is our own: no client stands behind it.
        tcp.write_all(&announced.of(None)).await.map_err(ProbeError::Ended)?;
    }
    let stream = way.secure(tcp).await?;
    let Probe::Http { path, host, good } = &target.check.probe else { return Ok(()) };
    let name = target.trust.as_ref().and_then(|trust| trust.name.clone());
    let host = host.clone().or(name).unwrap_or_else(|| address.to_string());
    let status = match stream {
        Stream::Clear(tcp) => over_http1(tcp, &host, path).await?,
        Stream::Http1(tls) => over_http1(tls, &host, path).await?,
        Stream::Http2(tls) => over_http2(tls, &host, path).await?,
    };
    if good.contains(status) { Ok(()) } else { Err(ProbeError::Status(status)) }
}

async fn over_http1(mut stream: impl AsyncRead + AsyncWrite + Unpin, host: &str, path: &str) -> Result<u16, ProbeError> {
    let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {AGENT}\r\nAccept: */*\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.map_err(ProbeError::Ended)?;
    status(&mut stream).await
}

async fn over_http2(stream: impl AsyncRead + AsyncWrite + Unpin, host: &str, path: &str) -> Result<u16, ProbeError> {
    let mut client = h2::client::Builder::new();
    client.max_header_list_size(LONGEST_LIST).enable_push(false);
    let (mut asking, connection) = client.handshake::<_, Bytes>(stream).await?;
    let request = Request::get(format!("https://{host}{path}")).header("user-agent", AGENT).header("accept", "*/*");
    let (answer, _) = asking.send_request(request.body(()).map_err(ProbeError::Target)?, true)?;
    tokio::select! {
        answer = answer => Ok(answer?.status().as_u16()),
        ended = connection => Err(ended.map_or_else(ProbeError::from, |()| ProbeError::Ended(io::ErrorKind::UnexpectedEof.into()))),
    }
}

/// The status of the answer itself; interim ones are read over.
async fn status(stream: &mut (impl AsyncRead + Unpin)) -> Result<u16, ProbeError> {
    let mut read = Vec::new();
    loop {
        while let Some(end) = find(&read, b"\r\n\r\n") {
            let status = status_of(&read).ok_or(ProbeError::Malformed)?;
            if status >= 200 {
                return Ok(status);
            }
            read.drain(..end + 4);
        }
        let is_http = read.iter().zip(b"HTTP/1.").all(|(one, other)| one == other);
        if !is_http || read.len() > LONGEST {
            return Err(ProbeError::Malformed);
        }
        if stream.read_buf(&mut read).await.map_err(ProbeError::Ended)? == 0 {
            return Err(ProbeError::Ended(io::ErrorKind::UnexpectedEof.into()));
        }
    }
}

/// Of a status line: `HTTP/1.1 200 …`.
fn status_of(head: &[u8]) -> Option<u16> {
    let [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'0' | b'1', b' ', digits @ ..] = head else { return None };
    let (digits, rest) = digits.split_at_checked(3)?;
    let status = str::from_utf8(digits).ok()?.parse().ok()?;
    (matches!(rest.first(), Some(b' ' | b'\r')) && (100..1000).contains(&status)).then_some(status)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{SocketAddr, TcpListener};

    use dproxy_route::{Check, Tuning};
    use tokio::sync::watch;

    use super::*;

    /// Asks a server that says this and closes.
    #[track_caller]
    fn check(words: &[(&str, &str)], said: &str, expected: &str) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let said = said.to_owned();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = [0; 1000];
            let length = stream.read(&mut asked).unwrap_or(0);
            // Whoever asks may not listen to the end.
            let _ = stream.write_all(said.as_bytes());
            String::from_utf8_lossy(&asked[..length]).into_owned()
        });
        let result = run(words, address, Duration::from_secs(10));
        assert_eq!(result.map_or_else(|error| error.to_string(), |()| "well".to_owned()), expected);
        let asked = server.join().unwrap();
        let tcp = words.contains(&("check", "tcp"));
        assert!(tcp || asked.starts_with("GET /") && asked.contains("\r\nHost: ") && asked.ends_with("\r\n\r\n"), "{asked}");
    }

    fn run(words: &[(&str, &str)], address: SocketAddr, limit: Duration) -> Result<(), ProbeError> {
        let mut tuning = Tuning::default();
        words.iter().for_each(|(word, text)| tuning.say(word, text).unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let check = Check { timeout: limit, ..tuning.check.unwrap() };
        let target = Target { name: "x".to_owned(), address, announced: None, trust: None, check };
        let mut way = Way::to(&target, watch::Sender::default().subscribe());
        runtime.block_on(ask(&target, &mut way))
    }

    #[test]
    fn an_answer_is_good_by_its_status() {
        let path = ("check.path", "/health");
        check(&[path], "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "well");
        check(&[path], "HTTP/1.0 302\r\n\r\n", "well");
        check(&[path], "HTTP/1.1 503 No\r\n\r\nbody", "answered with status 503");
        check(&[path, ("check.status", "503")], "HTTP/1.1 503 No\r\n\r\n", "well");
        check(&[path], "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 404 No\r\n\r\n", "answered with status 404");
        check(&[("check", "tcp")], "", "well");
    }

    #[test]
    fn what_is_no_answer_is_none() {
        for said in ["SSH-2.0-x\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 2000 x\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 +20 \r\n\r\n"] {
            check(&[("check.path", "/")], said, "the answer is no HTTP");
        }
        for said in ["", "HTTP/1.1 200 OK\r\nConte"] {
            check(&[("check.path", "/")], said, "the connection ended: unexpected end of file");
        }
    }

    #[test]
    fn nobody_waits_longer_than_the_limit() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let error = run(&[("check.path", "/")], silent.local_addr().unwrap(), Duration::from_millis(50)).unwrap_err();
        assert_eq!(error.to_string(), "no answer within 50ms");
        let gone = silent.local_addr().unwrap();
        drop(silent);
        assert!(run(&[("check", "tcp")], gone, Duration::from_secs(5)).unwrap_err().to_string().starts_with("no connection: "));
    }
}
