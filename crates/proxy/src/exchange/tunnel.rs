//! After `101 Switching Protocols`: bytes both ways, until both sides have ended.

use std::io;
use std::time::Duration;

use dproxy_http1::{BodyReader, Framing};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

use crate::buffer::Buffer;
use crate::clock::Deadline;
use crate::forward::Encoding;
use crate::relay::{RelayError, Sink, Source, relay};

/// A tunnel on which nothing moves for so long is taken for dead.
const SILENCE: Duration = Duration::from_secs(3600);

/// One end of a tunnel, with what was read from it already.
pub(crate) struct End<'t> {
    pub(crate) stream: &'t mut TcpStream,
    pub(crate) buffer: &'t mut Buffer,
}

/// Carries bytes until both directions have ended. One that ends is ended on
/// the other side too; the opposite direction goes on.
pub(crate) async fn tunnel(client: End<'_>, backend: End<'_>, deadline: &Deadline, count: impl Fn(usize, usize)) {
    let (mut client_reads, mut client_writes) = client.stream.split();
    let (mut backend_reads, mut backend_writes) = backend.stream.split();
    deadline.set(SILENCE);
    let up = direction(&mut client_reads, client.buffer, &mut backend_writes, |bytes| {
        deadline.set(SILENCE);
        count(bytes, 0);
    });
    let down = direction(&mut backend_reads, backend.buffer, &mut client_writes, |bytes| {
        deadline.set(SILENCE);
        count(0, bytes);
    });
    // However it ends, both connections are closed by their owners.
    let _ = deadline.guard(async { tokio::try_join!(up, down) }).await;
}

async fn direction(
    from: &mut ReadHalf<'_>,
    buffer: &mut Buffer,
    to: &mut WriteHalf<'_>,
    progress: impl FnMut(usize),
) -> Result<(), RelayError> {
    let mut body = BodyReader::new(Framing::UntilClose);
    let source = Source { stream: from, buffer, body: &mut body };
    relay(&mut Vec::new(), source, Sink { stream: &mut *to, encoding: Encoding::AsIs }, progress).await?;
    to.shutdown().await.map_err(|cause: io::Error| RelayError::Write(cause))
}
