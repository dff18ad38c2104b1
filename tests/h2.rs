//! HTTP/2 without TLS, by prior knowledge, on both sides.

mod backends;
mod floods;
mod messages;
mod streams;
mod trailers;

use std::future::Future;
use std::net::SocketAddr;
use std::thread;

use bytes::Bytes;
use dproxy_testkit::{Options, PATIENCE, free_addr};
use h2::client::SendRequest;
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

use crate::dproxy;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Lets a client of HTTP/2 do its work at `addr`, which must not take for ever.
#[track_caller]
fn over_h2<T>(addr: SocketAddr, work: impl AsyncFnOnce(SendRequest<Bytes>) -> T) -> T {
    runtime().block_on(async {
        let stream = TcpStream::connect(addr).await.unwrap();
        let (requests, connection) = h2::client::Builder::new().enable_push(false).handshake(stream).await.unwrap();
        tokio::spawn(async move {
            // How a connection ends shows in what was asked on it.
            let _ = connection.await;
        });
        tokio::time::timeout(PATIENCE, work(requests)).await.expect("a client that is done in time")
    })
}

/// A backend of HTTP/2, for as long as the test runs; each request goes to `answer`.
fn backend<F: Future<Output = ()> + Send + 'static>(
    answer: impl Fn(Request<RecvStream>, SendResponse<Bytes>) -> F + Send + Sync + Clone + 'static,
) -> SocketAddr {
    let listener = std::net::TcpListener::bind(free_addr()).unwrap();
    let addr = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    thread::spawn(move || {
        runtime().block_on(async {
            let listener = TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let answer = answer.clone();
                tokio::spawn(async move {
                    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
                    while let Some(Ok((request, respond))) = connection.accept().await {
                        tokio::spawn(answer(request, respond));
                    }
                });
            }
        });
    });
    addr
}

/// `a.test` leads to a backend of HTTP/2.
fn leading_to(backend: SocketAddr) -> Options {
    dproxy().yaml(&format!("routes:\n  - host: a.test\n    backends: h2c://{backend}"))
}

fn ask(method: &str, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(format!("http://a.test{path}"))
}

/// Sends everything that the receiver takes.
async fn send(stream: &mut SendStream<Bytes>, mut data: Bytes, ends: bool) -> Result<(), h2::Error> {
    while !data.is_empty() {
        stream.reserve_capacity(data.len());
        let capacity = std::future::poll_fn(|context| stream.poll_capacity(context)).await.expect("a stream that goes on")?;
        let piece = data.split_to(capacity.min(data.len()));
        stream.send_data(piece, ends && data.is_empty())?;
    }
    Ok(())
}

/// Reads a whole body and its trailers.
async fn read(body: &mut RecvStream) -> Result<(Vec<u8>, HeaderMap), h2::Error> {
    let mut bytes = Vec::new();
    while let Some(data) = body.data().await {
        let data = data?;
        bytes.extend_from_slice(&data);
        body.flow_control().release_capacity(data.len())?;
    }
    Ok((bytes, body.trailers().await?.unwrap_or_default()))
}

/// Asks without a body and reads the answer.
async fn fetch(requests: &SendRequest<Bytes>, request: http::request::Builder) -> Result<Response<Vec<u8>>, h2::Error> {
    let mut requests = requests.clone().ready().await?;
    let (response, _) = requests.send_request(request.body(()).unwrap(), true)?;
    let (head, mut body) = response.await?.into_parts();
    Ok(Response::from_parts(head, read(&mut body).await?.0))
}
