//! Waiting for one thing unless another comes first.
//!
//! What the clock, the client's side and a receiver that gives up have in
//! common. A type of its own rather than an `async fn`, which would keep room
//! for the future twice: once as its argument and once where it is pinned.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

pin_project! {
    /// Drives a future to its end, unless `stop` is ready before.
    pub(crate) struct Unless<F, S> {
        #[pin]
        future: F,
        stop: S,
    }
}

/// Drives `future` to its end, unless `stop` is ready before; whoever is ready first wins, and `future` where both are.
pub(crate) fn unless<F, S, E>(future: F, stop: S) -> Unless<F, S>
where
    F: Future,
    S: FnMut(&mut Context<'_>) -> Poll<E>,
{
    Unless { future, stop }
}

impl<F, S, E> Future for Unless<F, S>
where
    F: Future,
    S: FnMut(&mut Context<'_>) -> Poll<E>,
{
    type Output = Result<F::Output, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.future.poll(context) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending => (this.stop)(context).map(Err),
        }
    }
}
