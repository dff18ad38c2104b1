//! The connections of one door: how many, how long, and how they end.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;
use tracing::debug;

use super::Service;

/// Connections at one door. The next one takes the place of the longest idle.
const CONNECTIONS: usize = 256;

/// From the opening, or from the answer before, to the last byte of a request's head.
const HEAD_TIME: Duration = Duration::from_secs(10);

/// Bytes of a request's head.
const HEAD_BYTES: usize = 16 * 1024;

/// How long answers under way have when the master leaves.
const FAREWELL: Duration = Duration::from_secs(1);

/// Whoever came just before the master leaves has so long to ask: a connection that was accepted and then closed looks like a failure.
const FIRST_WORDS: Duration = Duration::from_millis(300);

/// Owns the task of every connection.
#[derive(Default)]
pub(super) struct Guests {
    seats: VecDeque<Seat>,
    tasks: JoinSet<()>,
}

/// One connection.
struct Seat {
    task: AbortHandle,
    /// Whether a request of it is being answered.
    busy: Arc<AtomicBool>,
}

impl Guests {
    /// Serves the requests that come over `stream`.
    pub(super) fn admit<S>(&mut self, stream: S, service: Service)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        self.make_room();
        let (busy, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
        let (answering, has_asked, mut open) = (busy.clone(), asked.clone(), service.open.clone());
        let answer = service_fn(move |request| {
            let (service, answering) = (service.clone(), answering.clone());
            has_asked.notify_one();
            async move {
                answering.store(true, Ordering::Relaxed);
                let mut response = service.answer(request).await;
                if service.open.has_changed().is_err() {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                answering.store(false, Ordering::Relaxed);
                Ok::<_, Infallible>(response)
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME)
            .max_buf_size(HEAD_BYTES)
            // Whoever closes its side after asking still reads the answer.
            .half_close(true)
            .serve_connection(TokioIo::new(stream), answer);
        let task = self.tasks.spawn(async move {
            let mut connection = pin!(connection);
            let mut closing = pin!(async {
                // Nothing is ever sent: this is the end.
                let _ = open.changed().await;
                // Who has asked before is let go at once.
                let _ = timeout(FIRST_WORDS, asked.notified()).await;
            });
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = &mut closing => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                debug!(%error, "control connection ended early");
            }
        });
        self.seats.push_back(Seat { task, busy });
    }

    /// Waits until a connection has ended; for ever while there is none.
    pub(super) async fn departure(&mut self) {
        if self.tasks.join_next().await.is_none() {
            std::future::pending::<()>().await;
        }
        self.seats.retain(|seat| !seat.task.is_finished());
    }

    /// Lets answers under way end, then closes everything.
    pub(super) async fn farewell(mut self) {
        let all_gone = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(FAREWELL, all_gone).await.is_err() {
            debug!("control connections cut off");
        }
    }

    /// A client that only holds its place must not keep the operator out.
    fn make_room(&mut self) {
        if self.seats.len() < CONNECTIONS {
            return;
        }
        let idle = self.seats.iter().position(|seat| !seat.busy.load(Ordering::Relaxed));
        if let Some(seat) = self.seats.remove(idle.unwrap_or(0)) {
            seat.task.abort();
        }
    }
}
