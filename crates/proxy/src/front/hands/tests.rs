use std::net::{TcpListener, TcpStream as Client};
use std::time::Duration;

use ::h2::client::{ResponseFuture, SendRequest};
use bytes::Bytes;
use dproxy_config::ProxySettings;
use dproxy_stats::Page;
use http::Request;
use tokio::net::TcpStream;
use tokio::task::{LocalSet, spawn_local, yield_now};

use super::*;
use crate::{Atlas, Proxy};

/// A proxy that answers every request with 404, and a client of HTTP/2.
async fn connected() -> (Rc<Proxy>, SendRequest<Bytes>) {
    let file = tempfile::tempfile().unwrap();
    file.set_len(u64::try_from(Page::BYTES).unwrap()).unwrap();
    let proxy = Proxy::new(Atlas::of_routes(ProxySettings::default(), &[]), Page::map(&file).unwrap(), 0);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = Client::connect(listener.local_addr().unwrap()).unwrap();
    let (socket, peer) = listener.accept().unwrap();
    client.set_nonblocking(true).unwrap();
    socket.set_nonblocking(true).unwrap();
    proxy.take_over(socket.into(), peer, 80, false).unwrap();
    let (requests, connection) = ::h2::client::handshake(TcpStream::from_std(client).unwrap()).await.unwrap();
    spawn_local(async move {
        // How it ends shows in what was asked on it.
        let _ = connection.await;
    });
    (proxy, requests)
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let test = async { tokio::time::timeout(Duration::from_secs(20), test).await.expect("a test that ends") };
    LocalSet::new().block_on(&runtime, test);
}

/// Lets the tasks go on until `is_so`.
async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        yield_now().await;
    }
}

#[test]
fn whoever_has_served_a_request_waits_for_the_next() {
    run(async {
        let (proxy, requests) = connected().await;
        let mut requests = requests.ready().await.unwrap();
        // So many are asked at a time; so many wait behind that.
        for (asked, waiting) in [(1, 1), (1, 1), (5, 5), (2, 5), (5, 5), (8, 8), (1, 8)] {
            let ask = |_| requests.send_request(Request::get("http://a.test/").body(()).unwrap(), true).unwrap().0;
            let answers: Vec<ResponseFuture> = (0..asked).map(ask).collect();
            for answer in answers {
                assert_eq!(answer.await.unwrap().status(), 404);
            }
            until(|| proxy.hands.idle.borrow().len() >= waiting).await;
            assert_eq!(proxy.hands.idle.borrow().len(), waiting, "after {asked}");
        }
    });
}

#[test]
fn half_of_those_that_wait_go_and_the_longest_waiting_first() {
    run(async {
        for (waiting, left) in [(0, 0), (1, 0), (2, 1), (5, 2), (8, 4)] {
            let hands = Rc::new(Hands::default());
            let all: Vec<Rc<Hand>> = (0..waiting).map(|_| hands.hire()).collect();
            assert!(all.iter().all(|hand| hands.rests(hand)));
            // Some are told before they were looked at for the first time, some after it.
            if waiting > 4 {
                yield_now().await;
            }
            hands.trim();
            let rest = hands.idle.borrow().iter().map(Rc::as_ptr).collect::<Vec<_>>();
            assert_eq!(rest, all[waiting - left..].iter().map(Rc::as_ptr).collect::<Vec<_>>(), "of {waiting}");
            // Their tasks have ended: nobody else holds them.
            until(|| all[..waiting - left].iter().all(|hand| Rc::strong_count(hand) == 1)).await;
        }
    });
}

#[test]
fn no_more_wait_than_are_useful() {
    let hands = Hands::default();
    let rest: Vec<bool> = (0..WAITING + 2).map(|_| hands.rests(&Rc::default())).collect();
    assert!(rest[..WAITING].iter().all(|rests| *rests) && rest[WAITING..] == [false, false]);
}
