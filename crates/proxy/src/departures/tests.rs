use std::net::{TcpListener, TcpStream as Client};
use std::time::Duration;

use dproxy_config::ProxySettings;
use dproxy_stats::{Counter, Page};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::{LocalSet, spawn_local};

use super::*;
use crate::{Atlas, Idle};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
const LONG: Duration = Duration::from_secs(20);

fn proxy() -> Rc<Proxy> {
    let file = tempfile::tempfile().unwrap();
    file.set_len(u64::try_from(Page::BYTES).unwrap()).unwrap();
    Proxy::new(Atlas::of_routes(ProxySettings::default(), &[]), Page::map(&file).unwrap(), 0)
}

/// A client, and the socket that a proxy serves it by.
fn connected() -> (TcpStream, Socket) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = Client::connect(listener.local_addr().unwrap()).unwrap();
    let (socket, _) = listener.accept().unwrap();
    client.set_nonblocking(true).unwrap();
    socket.set_nonblocking(true).unwrap();
    (TcpStream::from_std(client).unwrap(), socket)
}

/// A client of `proxy` that has had an answer.
async fn client_of(proxy: &Rc<Proxy>) -> TcpStream {
    let (mut client, socket) = connected();
    let peer = socket.peer_addr().unwrap();
    proxy.take_over(socket.into(), peer, 80, false).unwrap();
    ask(&mut client).await;
    client
}

async fn ask(client: &mut TcpStream) -> String {
    client.write_all(REQUEST).await.unwrap();
    answer(client).await
}

/// One answer; none of ours here is longer than what is read at once.
async fn answer(client: &mut TcpStream) -> String {
    let mut room = vec![0; 16 * 1024];
    let read = tokio::time::timeout(LONG, client.read(&mut room)).await.expect("an answer in time").unwrap();
    String::from_utf8_lossy(&room[..read]).into_owned()
}

fn drain(proxy: &Rc<Proxy>, idle: Idle) -> tokio::task::JoinHandle<u64> {
    let proxy = Rc::clone(proxy);
    spawn_local(async move { proxy.drain(LONG, idle).await })
}

#[tokio::test]
async fn what_a_client_says_on_its_way_is_answered_by_the_next_worker() {
    let world = async {
        let (giver, heir) = (proxy(), proxy());
        let mut client = client_of(&giver).await;
        let drained = drain(&giver, Idle::HandOver);
        let mut party = giver.departing(9).await;
        assert_eq!(party.len(), 1);
        client.write_all(REQUEST).await.unwrap();
        let traveller = party.remove(0);
        assert!(!traveller.has_arrived());
        heir.take_over(traveller.as_fd().try_clone_to_owned().unwrap(), traveller.peer(), traveller.port(), traveller.has_asked()).unwrap();
        let text = answer(&mut client).await;
        assert!(text.starts_with("HTTP/1.1 404") && !text.to_lowercase().contains("connection: close"), "{text}");
        assert!(!drained.is_finished(), "it has not arrived as far as the giver knows");
        assert!(traveller.has_arrived(), "but it can find out");
        drop(traveller);
        assert_eq!(drained.await.unwrap(), 0);
        assert_eq!(heir.page.read().get(Counter::Requests), 1);
        assert!(ask(&mut client).await.starts_with("HTTP/1.1 404"));
    };
    LocalSet::new().run_until(world).await;
}

#[tokio::test]
async fn a_client_in_the_middle_of_a_request_is_answered_before_it_goes() {
    let world = async {
        let giver = proxy();
        let mut client = client_of(&giver).await;
        client.write_all(&REQUEST[..9]).await.unwrap();
        tokio::task::yield_now().await;
        let _drained = drain(&giver, Idle::HandOver);
        tokio::task::yield_now().await;
        client.write_all(&REQUEST[9..]).await.unwrap();
        assert!(answer(&mut client).await.starts_with("HTTP/1.1 404"));
        assert_eq!(giver.departing(9).await.len(), 1);
    };
    LocalSet::new().run_until(world).await;
}

#[tokio::test]
async fn clients_that_nobody_takes_are_answered_once_more() {
    let world = async {
        let giver = proxy();
        let (mut waits, mut returns) = (client_of(&giver).await, client_of(&giver).await);
        let drained = drain(&giver, Idle::HandOver);
        let party = giver.departing(1).await;
        assert_eq!(party.len(), 1);
        party.into_iter().for_each(Traveller::stay);
        giver.give_nothing_away();
        for client in [&mut waits, &mut returns] {
            let text = ask(client).await;
            assert!(text.to_lowercase().contains("connection: close"), "{text}");
        }
        drop((waits, returns));
        assert_eq!(drained.await.unwrap(), 0);
    };
    LocalSet::new().run_until(world).await;
}

#[tokio::test]
async fn clients_that_nobody_will_serve_are_closed() {
    let world = async {
        let giver = proxy();
        let mut client = client_of(&giver).await;
        assert_eq!(drain(&giver, Idle::Close).await.unwrap(), 0);
        assert_eq!(answer(&mut client).await, "");
    };
    LocalSet::new().run_until(world).await;
}
