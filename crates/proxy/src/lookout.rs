//! Clients that wait for a sibling: it hangs, is stopped, or has more to do than it can.
//!
//! Every worker looks into its siblings' queues. Whoever is there at two looks in a row, a moment apart, would
//! wait longer; a sibling whose loop turns takes its clients before the second look.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsFd as _;
use std::rc::Rc;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::listen::accept;
use crate::proxy::Proxy;

/// Looks into the sockets of siblings until this is dropped.
#[derive(Debug)]
pub struct Lookout {
    task: JoinHandle<()>,
}

type Siblings = Vec<(Rc<TcpListener>, SocketAddr)>;

/// The shortest time between looks. Others look too, so with more siblings each looks less often.
const OFTEN: Duration = Duration::from_millis(20);
/// The longest time between looks.
const SELDOM: Duration = Duration::from_millis(80);
/// A sibling whose loop turns has taken its clients after this.
const MOMENT: Duration = Duration::from_millis(5);
/// So many clients are taken from one queue at a time: other siblings look too.
const MOST_TAKEN: usize = 32;

impl Lookout {
    pub(crate) fn start(proxy: Rc<Proxy>, siblings: Siblings) -> Lookout {
        Lookout { task: tokio::task::spawn_local(look(proxy, siblings)) }
    }
}

impl Drop for Lookout {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn look(proxy: Rc<Proxy>, siblings: Siblings) {
    let calm = (OFTEN / 2).saturating_mul(u32::try_from(siblings.len()).unwrap_or(u32::MAX)).clamp(OFTEN, SELDOM);
    let mut pause = calm;
    loop {
        sleep(pause).await;
        pause = calm;
        if !proxy.has_room() || !anybody_waits(&siblings) {
            continue;
        }
        sleep(MOMENT).await;
        for (listener, address) in waiting(&siblings) {
            take(&proxy, listener, address);
            // Where somebody was left alone others soon will be.
            pause = OFTEN / 2;
        }
    }
}

fn anybody_waits(siblings: &Siblings) -> bool {
    !waiting(siblings).is_empty()
}

/// The queues that are not empty, in one call to the kernel.
fn waiting(siblings: &Siblings) -> Vec<(&TcpListener, SocketAddr)> {
    let mut looks: Vec<PollFd<'_>> = siblings.iter().map(|(listener, _)| PollFd::new(listener.as_fd(), PollFlags::POLLIN)).collect();
    // A look that fails finds nobody; the next one comes soon.
    if !poll(&mut looks, PollTimeout::ZERO).is_ok_and(|found| found > 0) {
        return Vec::new();
    }
    let found = siblings.iter().zip(looks).filter(|(_, look)| look.any() == Some(true));
    found.map(|((listener, address), _)| (listener.as_ref(), *address)).collect()
}

fn take(proxy: &Rc<Proxy>, listener: &TcpListener, address: SocketAddr) {
    for _ in 0..MOST_TAKEN {
        if !proxy.has_room() {
            return;
        }
        match accept(listener) {
            Ok((socket, peer)) => proxy.serve(socket, peer, address.port()),
            // Another sibling was faster, or descriptors have run out: the owner sees to that.
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream as Client;

    use dproxy_config::ProxySettings;
    use dproxy_stats::{Counter, Page};
    use tokio::task::LocalSet;

    use super::*;
    use crate::Atlas;

    fn page() -> Page {
        let file: File = tempfile::tempfile().unwrap();
        file.set_len(u64::try_from(Page::BYTES).unwrap()).unwrap();
        Page::map(&file).unwrap()
    }

    /// A client that asks at a socket from which nobody accepts.
    fn left_alone(listener: &TcpListener) -> Client {
        let mut client = Client::connect(listener.local_addr().unwrap()).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n").unwrap();
        client
    }

    fn listener() -> Rc<TcpListener> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Rc::new(listener)
    }

    #[tokio::test]
    async fn a_client_that_nobody_serves_is_served() {
        let serve = async {
            let proxy = Proxy::new(Atlas::of_routes(ProxySettings::default(), &[]), page(), 0);
            let (one, other) = (listener(), listener());
            let mut clients = [left_alone(&one), left_alone(&other), left_alone(&other)];
            let siblings = [&one, &other].map(|listener| (Rc::clone(listener), listener.local_addr().unwrap()));
            let _lookout = proxy.look_after(siblings.to_vec());
            let answers = tokio::task::spawn_blocking(move || {
                clients.each_mut().map(|client| {
                    let mut answer = String::new();
                    client.read_to_string(&mut answer).unwrap();
                    answer
                })
            });
            let answers = answers.await.unwrap();
            assert!(answers.iter().all(|answer| answer.starts_with("HTTP/1.1 404 ")), "{answers:?}");
            assert_eq!(proxy.page.read().get(Counter::Accepted), 3);
        };
        LocalSet::new().run_until(serve).await;
    }

    #[tokio::test]
    async fn a_worker_without_room_leaves_them_to_others() {
        let serve = async {
            let mut settings = ProxySettings::default();
            settings.limits.connections = 0;
            let proxy = Proxy::new(Atlas::of_routes(settings, &[]), page(), 0);
            let one = listener();
            let _client = left_alone(&one);
            take(&proxy, &one, one.local_addr().unwrap());
            assert_eq!(proxy.page.read().get(Counter::Accepted), 0);
        };
        LocalSet::new().run_until(serve).await;
    }
}
