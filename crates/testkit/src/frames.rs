//! A client that speaks HTTP/2 frame by frame, so that it can break every rule.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use crate::{Failure, PATIENCE};

/// A connection that has said the preface and nothing else.
pub struct Frames {
    stream: TcpStream,
}

/// A frame as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// RFC 9113 §6: 0 DATA, 1 HEADERS, 3 RST_STREAM, 4 SETTINGS, 6 PING, 7 GOAWAY, 8 WINDOW_UPDATE, 9 CONTINUATION.
    pub kind: u8,
    /// Of the kind.
    pub flags: u8,
    /// 0 is the connection itself.
    pub stream: u32,
    /// Without the frame's header.
    pub payload: Vec<u8>,
}

impl Frame {
    /// The code of RST_STREAM or GOAWAY.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        let code = match self.kind {
            3 => self.payload.get(..4),
            7 => self.payload.get(4..8),
            _ => None,
        };
        Some(u32::from_be_bytes(code?.try_into().ok()?))
    }

    /// The frame on the wire.
    #[must_use]
    pub fn bytes(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).expect("a test sends no such payload").to_be_bytes();
        let mut bytes = vec![length[1], length[2], length[3], kind, flags];
        bytes.extend(stream.to_be_bytes());
        bytes.extend(payload);
        bytes
    }
}

impl Frames {
    /// Connects and says the preface and empty SETTINGS.
    ///
    /// # Errors
    /// When the address does not take connections.
    pub fn open(addr: SocketAddr) -> Result<Frames, Failure> {
        let stream = TcpStream::connect(addr)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut frames = Frames { stream };
        frames.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")?;
        frames.send(&Frame::bytes(4, 0, 0, &[]))?;
        Ok(frames)
    }

    /// The server's side of the next connection: hears the preface and says empty SETTINGS.
    ///
    /// # Errors
    /// When the client says something else.
    pub fn accept(listener: &TcpListener) -> Result<Frames, Failure> {
        let (stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut frames = Frames { stream };
        let mut preface = [0; 24];
        frames.stream.read_exact(&mut preface)?;
        frames.send(&Frame::bytes(4, 0, 0, &[]))?;
        Ok(frames)
    }

    /// The next frame that is a request's; PING and SETTINGS are acknowledged on the way.
    ///
    /// # Errors
    /// When the connection ends before.
    pub fn asked(&mut self) -> Result<Frame, Failure> {
        loop {
            let frame = self.frame()?;
            match frame.kind {
                0 | 1 | 3 => return Ok(frame),
                4 | 6 if frame.flags & 1 == 0 => {
                    let payload = if frame.kind == 6 { &frame.payload[..] } else { &[] };
                    self.send(&Frame::bytes(frame.kind, 1, 0, payload))?;
                }
                _ => {}
            }
        }
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// When the peer takes no more.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(self.stream.write_all(bytes)?)
    }

    /// The next frame.
    ///
    /// # Errors
    /// When the connection ends or nothing comes in time.
    pub fn frame(&mut self) -> Result<Frame, Failure> {
        let mut header = [0; 9];
        self.stream.read_exact(&mut header)?;
        let [a, b, c, kind, flags, stream @ ..] = header;
        let mut payload = vec![0; usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c)];
        self.stream.read_exact(&mut payload)?;
        Ok(Frame { kind, flags, stream: u32::from_be_bytes(stream), payload })
    }

    /// The next frame of a kind; the others are dropped.
    ///
    /// # Errors
    /// As for [`Frames::frame`].
    pub fn next_of(&mut self, kind: u8) -> Result<Frame, Failure> {
        loop {
            let frame = self.frame()?;
            if frame.kind == kind {
                return Ok(frame);
            }
        }
    }

    /// Everything until the connection ends.
    ///
    /// # Errors
    /// When it does not end in time.
    pub fn rest(&mut self) -> Result<Vec<Frame>, Failure> {
        let mut frames = Vec::new();
        loop {
            match self.frame() {
                Ok(frame) => frames.push(frame),
                Err(Failure::Timeout(read)) => return Err(Failure::Timeout(read)),
                Err(_) => return Ok(frames),
            }
        }
    }
}

/// A header block of these fields, without any compression.
#[must_use]
pub fn header_block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        // Literal, never indexed (RFC 7541 §6.2.3).
        block.push(0x10);
        for text in [name, value] {
            integer(&mut block, text.len());
            block.extend(text.bytes());
        }
    }
    block
}

/// A length of seven bits and more (RFC 7541 §5.1).
fn integer(block: &mut Vec<u8>, value: usize) {
    let low = |value: usize| u8::try_from(value & 0x7f).expect("seven bits fit");
    if value < 127 {
        return block.push(low(value));
    }
    block.push(127);
    let mut rest = value - 127;
    while rest >= 128 {
        block.push(low(rest) | 0x80);
        rest >>= 7;
    }
    block.push(low(rest));
}
