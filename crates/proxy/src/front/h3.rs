//! HTTP/3 clients: one connection, many requests at a time, each in a task of its own.

mod course;

use std::future::{Future as _, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use dproxy_http1::RequestHead;
use dproxy_http3::{Code, PeerStreams, Request, UniReader, Violation, goodbye, opening};
use dproxy_route::{Authority, Ends};
use dproxy_stats::Counter;
use quinn::crypto::rustls::HandshakeData;
use quinn::{Connecting, Connection, ConnectionError, Incoming, RecvStream, SendStream};

use crate::access::Tally;
use crate::buffer::Buffer;
use crate::client::{Client, Path, Wire};
use crate::clock::{Deadline, Elapsed};
use crate::error::ProxyError;
use crate::front::h3::course::Course;
use crate::front::{fail, hands, respond};
use crate::h3::{Stream, Unread, close, number};
use crate::heads::Lent;
use crate::message::{self, Asked};
use crate::peer::Peer;
use crate::proxy::{Open, Proxy};
use crate::tls::{Agreed, Spoken};
use crate::unless::unless;

/// No stream of a client has a greater number (RFC 9000 §2.1).
const LAST_STREAM: u64 = (1 << 62) - 4;
/// From the number of a request's stream to the next one's.
const NEXT_STREAM: u64 = 4;
/// How long a client may go on asking once it was told that the connection ends: what it says meanwhile was under way.
const FAREWELL: Duration = Duration::from_secs(1);
/// What is taken from a stream of the connection at once.
const AT_ONCE: usize = 4096;

/// A request that is to be served.
pub(crate) struct Job {
    proxy: Rc<Proxy>,
    client: Client,
    course: Rc<Course>,
}

/// What happens next on a connection.
enum Next {
    Request(Result<(SendStream, RecvStream), ConnectionError>),
    /// The worker leaves.
    Leave,
    /// Nothing is under way any more, and nothing more may come.
    Done,
    /// The client is more of a nuisance than anybody should be.
    WornOut,
}

/// How far a connection is from its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Serving,
    /// The client knows that it ends, and what it says before it knew is served.
    Parting,
    /// Nothing more is served than what is under way.
    Closing,
}

/// Whose connection it is.
struct Whose {
    ends: Ends,
    agreed: Rc<Agreed>,
}

/// A head of HTTP/1 in its buffer, and how long it is, where it is one.
type Read = (Buffer, Lent<RequestHead>, Result<usize, dproxy_http1::Violation>);

/// Serves a connection that begins, in a task of its own.
pub(crate) fn begin(proxy: &Rc<Proxy>, incoming: Incoming, port: u16) {
    proxy.page.add(Counter::Accepted, 1);
    let open = Open::new(Rc::clone(proxy));
    let proxy = Rc::clone(proxy);
    tokio::task::spawn_local(async move {
        let from = incoming.remote_address();
        let to = SocketAddr::new(incoming.local_ip().unwrap_or(from.ip()), port);
        match incoming.accept() {
            Ok(connecting) => serve(&proxy, connecting, Ends { from, to }).await,
            Err(error) => tracing::debug!(peer = %from.ip(), %error, "no QUIC connection"),
        }
        drop(open);
    });
}

async fn serve(proxy: &Rc<Proxy>, connecting: Connecting, ends: Ends) {
    let deadline = proxy.clock.deadline();
    let Some((connection, agreed)) = Box::pin(shake_hands(proxy, connecting, &deadline, ends)).await else { return };
    let course = Rc::new(Course::new(&proxy.clock));
    let peer_streams = tokio::task::spawn_local(hear_of_connection(connection.clone(), Rc::clone(&course)));
    serve_requests(proxy, &connection, &deadline, &course, Whose { ends, agreed: Rc::new(agreed) }).await;
    peer_streams.abort();
}

/// The connection once both sides have agreed; none if that came to nothing.
async fn shake_hands(proxy: &Rc<Proxy>, connecting: Connecting, deadline: &Deadline, ends: Ends) -> Option<(Connection, Agreed)> {
    let settings = proxy.common();
    let under_way = proxy.handshakes.begin(settings.settings().limits.handshakes);
    deadline.set(settings.settings().timeouts.handshake);
    drop(settings);
    match deadline.guard(unless(connecting, |context| under_way.poll_given_up(context))).await {
        Ok(Ok(Ok(connection))) => {
            let data = connection.handshake_data().and_then(|data| data.downcast::<HandshakeData>().ok());
            let mut room = [0; Authority::ROOM];
            let name = data.and_then(|data| data.server_name);
            let name = name.and_then(|name| Some(Authority::parse(name.as_bytes(), &mut room).ok()?.host.to_owned()));
            Some((connection, Agreed { name, protocol: Spoken::Http3, identity: None }))
        }
        Ok(Ok(Err(error))) => {
            tracing::debug!(peer = %ends.from.ip(), %error, "no QUIC connection");
            None
        }
        Ok(Err(())) | Err(Elapsed) => None,
    }
}

/// Serves a connection until it ends.
async fn serve_requests(proxy: &Rc<Proxy>, connection: &Connection, deadline: &Deadline, course: &Rc<Course>, whose: Whose) {
    let most = proxy.common().limits.head_bytes;
    deadline.set(proxy.common().settings().timeouts.request_head);
    let Ok(Some(mut control)) = deadline.guard(open_control(connection, most)).await else { return };
    let keep_alive = proxy.common().settings().timeouts.keep_alive;
    let peer = Peer::new(whose.ends.from);
    let (mut stage, mut next_stream) = (Stage::Serving, 0);
    deadline.clear();
    loop {
        match deadline.guard(next(proxy, connection, deadline, course, stage, keep_alive)).await {
            Ok(Next::Request(Ok((mut send, mut receive)))) if stage == Stage::Closing => {
                // It was not looked at, and can be asked again elsewhere (RFC 9114 §5.2).
                let _ = send.reset(number(Code::RequestRejected));
                let _ = receive.stop(number(Code::RequestRejected));
            }
            Ok(Next::Request(Ok(halves))) => {
                next_stream = u64::from(halves.1.id()) + NEXT_STREAM;
                let stream = Stream::new(connection.clone(), halves, most);
                let wire = Wire::H3(Box::new(stream));
                let (path, tls, deadline) = (Path::Known(whose.ends), Some(Rc::clone(&whose.agreed)), proxy.clock.deadline());
                let client = Client { wire, peer, path, tls, deadline, tally: Tally::default(), trail: None };
                course.begins();
                proxy.hands.give(hands::Job::H3(Box::new(Job { proxy: Rc::clone(proxy), client, course: Rc::clone(course) })));
            }
            Ok(Next::Request(Err(_))) => return,
            Ok(Next::Done) => break,
            Ok(Next::WornOut) => return close(connection, Violation::Excessive),
            // Its worker leaves, or it was silent for too long; the second time the client has had time to hear of it.
            Ok(Next::Leave) | Err(Elapsed) => {
                let last = if stage == Stage::Serving { LAST_STREAM } else { next_stream };
                stage = if stage == Stage::Serving { Stage::Parting } else { Stage::Closing };
                if control.write_all(&goodbye(last)).await.is_err() {
                    return;
                }
                deadline.clear();
                if stage == Stage::Parting {
                    deadline.set(FAREWELL);
                }
            }
        }
    }
    connection.close(number(Code::NoError), b"");
}

/// Opens the stream on which we speak of the connection, and says what counts (RFC 9114 §3.2).
async fn open_control(connection: &Connection, most: usize) -> Option<SendStream> {
    let mut control = connection.open_uni().await.ok()?;
    control.write_all(&opening(u32::try_from(most).unwrap_or(u32::MAX))).await.ok()?;
    Some(control)
}

/// Waits for what happens next, with a deadline where nothing is under way.
async fn next(proxy: &Proxy, connection: &Connection, deadline: &Deadline, course: &Course, stage: Stage, keep_alive: Duration) -> Next {
    let mut request = pin!(connection.accept_bi());
    let mut idle = false;
    let next = poll_fn(|context| {
        course.wakes(context);
        if course.is_worn_out() {
            return Poll::Ready(Next::WornOut);
        }
        if let Poll::Ready(request) = request.as_mut().poll(context) {
            return Poll::Ready(Next::Request(request));
        }
        match stage {
            Stage::Serving if proxy.is_draining() => return Poll::Ready(Next::Leave),
            Stage::Serving if idle == course.is_under_way() => {
                idle = !idle;
                if idle { deadline.set_idle(keep_alive) } else { deadline.clear() }
            }
            Stage::Closing if !course.is_under_way() => return Poll::Ready(Next::Done),
            Stage::Serving | Stage::Parting | Stage::Closing => {}
        }
        Poll::Pending
    });
    let next = next.await;
    if stage == Stage::Serving {
        deadline.clear();
    }
    next
}

/// Hears what a client says on streams of the connection itself, until one of them costs it the connection.
async fn hear_of_connection(connection: Connection, course: Rc<Course>) {
    let streams = Rc::new(PeerStreams::default());
    // They end with this task.
    let mut heard = tokio::task::JoinSet::new();
    while let Ok(stream) = connection.accept_uni().await {
        while heard.try_join_next().is_some() {}
        let (connection, streams, course) = (connection.clone(), Rc::clone(&streams), Rc::clone(&course));
        heard.spawn_local(async move {
            if let Err(violation) = hear(stream, &streams, &course).await {
                close(&connection, violation);
            }
        });
    }
}

async fn hear(mut stream: RecvStream, streams: &PeerStreams, course: &Course) -> Result<(), Violation> {
    let mut reader = UniReader::default();
    course.bears(1)?;
    while let Ok(Some(chunk)) = stream.read_chunk(AT_ONCE, true).await {
        let mut bytes = chunk.bytes;
        while !bytes.is_empty() {
            course.bears(reader.read(&mut bytes, streams)?)?;
        }
        if reader.is_unknown() {
            let _ = stream.stop(number(Code::StreamCreation));
            return Ok(());
        }
    }
    reader.end()
}

/// Serves one request of a connection.
pub(crate) async fn serve_request(job: Job) {
    let Job { proxy, mut client, course } = job;
    let ended = course.under_way();
    client.deadline.set(proxy.common().settings().timeouts.request_head);
    let read = {
        let Wire::H3(stream) = &mut client.wire else { return };
        client.deadline.guard(read(&proxy, stream)).await
    };
    match read {
        Ok(Ok((mut buffer, head, Ok(length)))) => {
            // Whatever becomes of the stream, its connection goes on.
            let _ = respond(&proxy, &mut client, &mut buffer, &head, length).await;
        }
        Ok(Ok((mut buffer, _, Err(violation)))) => {
            let _ = fail(&proxy, &mut client, &mut buffer, None, &ProxyError::Request(violation)).await;
        }
        Ok(Err(Unread::Senseless(Violation::SectionTooLarge))) => {
            let mut buffer = proxy.buffers.lend_tiny();
            let error = ProxyError::Request(dproxy_http1::Violation::HeadTooLarge);
            let _ = fail(&proxy, &mut client, &mut buffer, None, &error).await;
        }
        Ok(Err(Unread::Senseless(violation))) => refuse(&mut client, violation),
        Ok(Err(Unread::Gone(_))) => {}
        Err(Elapsed) => refuse(&mut client, Violation::Incomplete),
    }
    if let Wire::H3(stream) = &client.wire {
        ended.with(stream.was_given_up());
    }
}

fn refuse(client: &mut Client, violation: Violation) {
    if let Wire::H3(stream) = &mut client.wire {
        stream.refuse(violation);
    }
}

/// Reads the head of a request, as one of HTTP/1.
async fn read(proxy: &Proxy, stream: &mut Stream) -> Result<Read, Unread> {
    let section = stream.reads.head().await?;
    let request = Request::of(&section).map_err(Unread::Senseless)?;
    let has_body = stream.reads.has_body().await?;
    let asked = Asked { method: request.method, target: request.target, authority: request.authority, tunnel: None, has_body };
    let mut buffer = proxy.buffers.lend();
    let mut head = proxy.buffers.lend_head::<RequestHead>();
    let limits = proxy.common().limits;
    let read = message::request_head(&asked, request.fields(), &mut proxy.buffers.scratch(), &mut buffer, &mut head, &limits);
    Ok((buffer, head, read))
}
