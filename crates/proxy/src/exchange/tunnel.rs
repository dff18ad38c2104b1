//! After `101 Switching Protocols`: bytes both ways, until both sides have ended.

use std::io;
use std::time::Duration;

use dproxy_http1::{BodyReader, Framing};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

use crate::buffer::Buffer;
use crate::clock::Deadline;
use crate::flow::{Inlet, Outlet};
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
    let (client_reads, client_writes) = client.stream.split();
    let (backend_reads, backend_writes) = backend.stream.split();
    deadline.set(SILENCE);
    let up = direction(client_reads, client.buffer, backend_writes, |bytes| {
        deadline.set(SILENCE);
        count(bytes, 0);
    });
    let down = direction(backend_reads, backend.buffer, client_writes, |bytes| {
        deadline.set(SILENCE);
        count(0, bytes);
    });
    // However it ends, both connections are closed by their owners.
    let _ = deadline.guard(async { tokio::try_join!(up, down) }).await;
}

async fn direction(from: ReadHalf<'_>, buffer: &mut Buffer, to: WriteHalf<'_>, progress: impl FnMut(usize)) -> Result<(), RelayError> {
    let mut body = BodyReader::new(Framing::UntilClose);
    let (mut inlet, mut outlet) = (Inlet::Tcp(from), Outlet::Tcp(to));
    let source = Source { inlet: &mut inlet, buffer, body: &mut body };
    relay(&mut Vec::new(), source, Sink { outlet: &mut outlet, encoding: Encoding::AsIs }, progress).await?;
    outlet.shutdown().await.map_err(|cause: io::Error| RelayError::Write(cause))
}
