use std::time::Instant;

use h2::client::SendRequest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::task::JoinHandle;

use super::*;

const SECOND: Duration = Duration::from_secs(1);
/// RFC 9113 §6.7, answered: length 8, PING, ACK.
const PONG: [u8; 9] = [0, 0, 8, 6, 1, 0, 0, 0, 0];

/// A connection whose backend and time are ours.
struct World {
    clock: Rc<Clock>,
    now: Instant,
    pulse: Rc<Pulse>,
    backend: DuplexStream,
    driver: JoinHandle<io::Result<()>>,
    /// While it is there the connection does not end by itself.
    _requests: SendRequest<Bytes>,
}

impl World {
    async fn new() -> World {
        let clock = Clock::new();
        let pulse = Pulse::new(&clock);
        let (ours, mut backend) = tokio::io::duplex(64 * 1024);
        backend.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.unwrap();
        let (requests, mut connection) = h2::client::handshake(Heard::new(ours, &pulse)).await.unwrap();
        let pings = connection.ping_pong().unwrap();
        let beating = Rc::clone(&pulse);
        let driver = tokio::task::spawn_local(async move { keep_alive(connection, pings, &beating).await });
        let mut world = World { clock, now: Instant::now(), pulse, backend, driver, _requests: requests };
        world.pass(0).await;
        world.pings().await;
        world
    }

    /// Lets so many seconds pass, tick by tick.
    async fn pass(&mut self, seconds: u32) {
        for _ in 0..=seconds {
            self.clock.tick(self.now);
            self.now += SECOND;
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        }
        self.now -= SECOND;
    }

    /// The PINGs that the backend got since the last look: what they carry.
    async fn pings(&mut self) -> Vec<[u8; 8]> {
        let mut bytes = vec![0; 64 * 1024];
        let mut got = 0;
        while let Some(Ok(read)) = now_or_never(self.backend.read(&mut bytes[got..])).await {
            got += read;
        }
        let pings = bytes[..got].windows(17).filter(|bytes| bytes[..9] == [0, 0, 8, 6, 0, 0, 0, 0, 0]);
        pings.map(|bytes| bytes[9..].try_into().unwrap()).collect()
    }

    async fn answer(&mut self, ping: [u8; 8]) {
        self.backend.write_all(&[&PONG[..], &ping].concat()).await.unwrap();
    }
}

async fn now_or_never<F: std::future::Future>(future: F) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

fn check(test: impl AsyncFnOnce(World)) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async { test(World::new().await).await });
}

#[test]
fn a_backend_that_does_not_answer_a_ping_is_dead() {
    check(async |mut world| {
        world.pulse.stream_begins();
        world.pass(6).await;
        assert_eq!(world.pings().await.len(), 1);
        world.pass(14).await;
        assert!(!world.driver.is_finished(), "a busy backend has time to answer");
        world.pass(3).await;
        assert_eq!(world.driver.await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
    });
}

#[test]
fn a_backend_that_answers_is_asked_once_in_a_silence() {
    check(async |mut world| {
        world.pulse.stream_begins();
        world.pass(6).await;
        let ping = world.pings().await.remove(0);
        world.answer(ping).await;
        world.pass(300).await;
        assert!(world.pings().await.is_empty() && !world.driver.is_finished());
        // It says something, an empty SETTINGS' worth, and falls silent again.
        world.backend.write_all(&[0, 0, 0, 4, 1, 0, 0, 0, 0]).await.unwrap();
        world.pass(2).await;
        assert!(world.pings().await.is_empty());
        world.pass(12).await;
        assert_eq!(world.pings().await.len(), 1);
    });
}

#[test]
fn whatever_a_backend_says_shows_that_it_lives() {
    check(async |mut world| {
        world.pulse.stream_begins();
        world.pass(6).await;
        assert_eq!(world.pings().await.len(), 1);
        world.pass(10).await;
        // Not the answer, but a word; WINDOW_UPDATE of one.
        world.backend.write_all(&[0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1]).await.unwrap();
        world.pass(10).await;
        assert!(!world.driver.is_finished());
    });
}

#[test]
fn nobody_is_asked_while_nothing_is_under_way() {
    check(async |mut world| {
        world.pass(100).await;
        assert!(world.pings().await.is_empty());
        world.pulse.stream_begins();
        world.pass(1).await;
        assert_eq!(world.pings().await.len(), 1, "after a long silence it is asked beside the first request");
        world.pulse.stream_ends();
    });
}
