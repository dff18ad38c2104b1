//! After `101 Switching Protocols`: bytes both ways, until both sides have ended.

use std::io::IoSlice;
use std::time::Duration;

use crate::buffer::Buffer;
use crate::clock::Deadline;
use crate::flow::{Inlet, Outlet};
use crate::relay::{RelayError, Silenced, read};

/// One end of a tunnel, with what was read from it already.
pub(crate) struct End<'t> {
    pub(crate) inlet: Inlet<'t>,
    pub(crate) outlet: Outlet<'t>,
    pub(crate) buffer: &'t mut Buffer,
}

/// Limits a tunnel: one on which nothing moves for so long is taken for dead.
pub(crate) struct Silence<'t> {
    pub(crate) deadline: &'t Deadline,
    pub(crate) limit: Duration,
}

/// Carries bytes until both directions have ended. One that ends is ended on
/// the other side too; the opposite direction goes on.
/// A backend that is gone without an end ends both.
pub(crate) async fn tunnel(client: End<'_>, backend: End<'_>, silence: Silence<'_>, silenced: Silenced<'_>, count: impl Fn(usize, usize)) {
    let Silence { deadline, limit } = silence;
    deadline.set(limit);
    let up = direction(client.inlet, client.buffer, backend.outlet, &|| false, |bytes| {
        deadline.set(limit);
        count(bytes, 0);
    });
    let down = direction(backend.inlet, backend.buffer, client.outlet, silenced, |bytes| {
        deadline.set(limit);
        count(0, bytes);
    });
    // However it ends, both connections are closed by their owners.
    let _ = deadline.guard(async { tokio::try_join!(up, down) }).await;
}

async fn direction(
    mut inlet: Inlet<'_>,
    buffer: &mut Buffer,
    mut outlet: Outlet<'_>,
    silenced: Silenced<'_>,
    mut moved: impl FnMut(usize),
) -> Result<(), RelayError> {
    loop {
        if !buffer.is_empty() {
            let bytes = buffer.filled();
            outlet.write_all(&mut [IoSlice::new(bytes)], || moved(0)).await.map_err(RelayError::Write)?;
            moved(bytes.len());
            let full = buffer.is_full();
            buffer.consume(buffer.filled().len());
            // A sender that fills the buffer has more: fewer, larger pieces are cheaper.
            if full {
                buffer.grow();
            }
        }
        if read(&mut inlet, buffer, &mut outlet, silenced).await? == 0 {
            break;
        }
    }
    outlet.end(&[], &[], || moved(0)).await.map_err(RelayError::Write)?;
    outlet.shutdown().await.map_err(RelayError::Write)
}
