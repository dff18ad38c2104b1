//! A backend that keeps every byte that comes, and answers whatever a strict reader takes for a request.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use dproxy_testkit::free_addr;

use super::readers::{Reader, Step};

/// What tells its answers from those of a proxy; HAProxy writes names of fields small.
pub(super) const MARK: &str = "x-recorder: 1";

/// Bytes by connection.
type Streams = Arc<Mutex<Vec<Vec<u8>>>>;

pub(super) struct Recorder {
    addr: SocketAddr,
    streams: Streams,
}

impl Recorder {
    /// Records for as long as the test program runs.
    pub(super) fn start() -> Recorder {
        let listener = TcpListener::bind(free_addr()).unwrap();
        let addr = listener.local_addr().unwrap();
        let streams = Streams::default();
        let kept = Arc::clone(&streams);
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let (stream, streams) = (stream.unwrap(), Arc::clone(&kept));
                streams.lock().unwrap().push(Vec::new());
                thread::spawn(move || record(stream, &streams, number));
            }
        });
        Recorder { addr, streams }
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What came, by connection.
    pub(super) fn streams(&self) -> Vec<Vec<u8>> {
        self.streams.lock().unwrap().iter().filter(|stream| !stream.is_empty()).cloned().collect()
    }
}

fn record(mut stream: TcpStream, streams: &Streams, number: usize) {
    let mut answered = 0;
    let mut known = Vec::new();
    let mut room = [0; 16 * 1024];
    while let Ok(read @ 1..) = stream.read(&mut room) {
        known.extend_from_slice(&room[..read]);
        streams.lock().unwrap()[number].extend_from_slice(&room[..read]);
        loop {
            match Reader::STRICT.step(&known[answered..]) {
                Step::Request { length, .. } => answered += length,
                Step::Partial => break,
                Step::Nonsense => return,
            }
            if stream.write_all(format!("HTTP/1.1 200 OK\r\n{MARK}\r\nContent-Length: 2\r\n\r\nok").as_bytes()).is_err() {
                return;
            }
        }
    }
}
