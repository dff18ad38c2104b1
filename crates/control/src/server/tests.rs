//! The server over real sockets, asked by hand-written requests; a pretend master answers.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::task::JoinHandle;

use super::*;
use crate::{ContainerRow, Peers, Status, Why};

/// Longer than any test needs; only a failing one waits so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server, its pretend master, and where they are.
struct Running {
    address: std::net::SocketAddr,
    socket: PathBuf,
    server: JoinHandle<Bound>,
    master: JoinHandle<()>,
    open: watch::Sender<()>,
    _directory: TempDir,
}

impl Running {
    async fn start() -> Running {
        Running::with(pretend_master).await
    }

    async fn with<F: Future<Output = ()> + Send + 'static>(master: impl FnOnce(mpsc::Receiver<Asked>) -> F) -> Running {
        let directory = TempDir::new().unwrap();
        let bound =
            Bound::bind("127.0.0.1:0".parse().unwrap(), None, &directory.path().join("control.sock"), Peers::ourselves()).await.unwrap();
        let (address, socket) = (bound.address(), bound.socket().to_owned());
        let (commands, asked) = mpsc::channel(4);
        let (open, doors) = watch::channel(());
        let server = tokio::spawn(serve(bound, commands, Herald::default(), doors));
        let master = tokio::spawn(master(asked));
        Running { address, socket, server, master, open, _directory: directory }
    }

    /// The answer to `request` over TCP; the connection is closed by the server.
    async fn tcp(&self, request: &str) -> String {
        talk(TcpStream::connect(self.address).await.unwrap(), request).await
    }

    async fn unix(&self, request: &str) -> String {
        talk(UnixStream::connect(&self.socket).await.unwrap(), request).await
    }

    /// Status and body of the answer to `method target`, the same at both doors.
    async fn ask(&self, method: &str, target: &str) -> String {
        let request = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let (tcp, unix) = (self.tcp(&request).await, self.unix(&request).await);
        assert_eq!(undated(&tcp), undated(&unix));
        let (head, body) = tcp.split_once("\r\n\r\n").unwrap();
        format!("{} {}", &head[9..12], body.trim_end())
    }
}

/// Answers every command from what it has: size 1023 is busy, start fails, three containers.
async fn pretend_master(mut asked: mpsc::Receiver<Asked>) {
    while let Some(Asked { command, reply }) = asked.recv().await {
        let changed = |message: &str| Ok(Reply::Done { message: message.to_owned(), status: Box::default() });
        let answer = match command {
            Command::Start(_) => Err(Refusal::Failed("no worker came up; see the log".to_owned())),
            Command::Stop(_) => changed("stopping..."),
            Command::Resize(size, _) if size.get() == 1023 => Err(Refusal::Busy("the pool is being stopped".to_owned())),
            Command::Resize(size, _) => changed(&format!("resizing... to {size}")),
            Command::Restart(_) | Command::Upgrade(_) => changed("2 workers, one by one"),
            Command::Reload | Command::Reset => changed("done"),
            Command::Worker(slot) => Ok(Reply::Worker(Box::new(crate::WorkerRow { slot, ..crate::WorkerRow::default() }))),
            Command::Logs => Ok(Reply::Logs(Vec::new())),
            Command::Status => {
                let status = Status { workers_wanted: 2, workers_online: 2, workers_at_generation: 2, ..Status::default() };
                Ok(Reply::Status(Box::new(status)))
            }
            Command::Workers => Ok(Reply::Workers(Vec::new())),
            Command::Routes => Ok(Reply::Routes(Vec::new())),
            Command::Containers => Ok(Reply::Containers(["b", "a", "c"].map(named).to_vec())),
            Command::Images => Ok(Reply::Images(Vec::new())),
            Command::Backends => Ok(Reply::Backends(Vec::new())),
            Command::Certificates => Ok(Reply::Certificates(Vec::new())),
            Command::Problems => Ok(Reply::Problems(Vec::new())),
            Command::Metrics => Ok(Reply::Metrics("dproxy_up 1\n".to_owned())),
            Command::Explain(_) => Ok(Reply::Explain(Box::default())),
            Command::Why(name) if name == "a" => Ok(Reply::Why(Box::new(Why { container: named("a"), ..Why::default() }))),
            Command::AddRoute(route) => Ok(Reply::RoutesChanged { message: route.text().to_owned(), rows: Vec::new() }),
            Command::RemoveRoute(_) => Ok(Reply::RoutesChanged { message: "removed 1 routes".to_owned(), rows: Vec::new() }),
            Command::Why(name) => Err(Refusal::NotFound(format!("no container `{name}`"))),
        };
        // Whoever asked may have gone.
        let _ = reply.send(answer);
    }
}

fn named(name: &str) -> ContainerRow {
    ContainerRow { name: name.to_owned(), ..ContainerRow::default() }
}

async fn talk(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    read_to_end(stream).await
}

async fn read_to_end(mut stream: impl AsyncRead + Unpin) -> String {
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the server closes the connection").unwrap();
    String::from_utf8(answer).unwrap()
}

fn undated(answer: &str) -> String {
    answer.lines().filter(|line| !line.starts_with("date:")).collect()
}

#[tokio::test]
async fn every_path_answers_at_both_doors() {
    let running = Running::start().await;
    for (method, target, expected) in [
        ("GET", "/ping", "200 ok"),
        ("HEAD", "/ping", "200 "),
        ("GET", "/healthz", "200 ok"),
        ("GET", "/readyz", "200 ok"),
        ("POST", "/service/balancer/stop", r#"200 {"ok":true,"message":"stopping...","data":{"version":"","pid":0"#),
        ("GET", "/service/balancer/stop?wait=1", r#"200 {"ok":true,"message":"stopping...""#),
        ("GET", "/service/balancer/resize?size=30", r#"200 {"ok":true,"message":"resizing... to 30""#),
        ("GET", "/service/balancer/restart", r#"200 {"ok":true,"message":"restarting... 2 workers, one by one""#),
        ("GET", "/status", r#"200 {"ok":true,"message":"stopped: 2 of 2 workers online","data":{"version":"","#),
        ("HEAD", "/status", "200 "),
        ("GET", "/workers", r#"200 {"ok":true,"message":"Found 0 workers.","data":[]}"#),
        ("GET", "/routes", r#"200 {"ok":true,"message":"Found 0 routes.","data":[]}"#),
        ("GET", "/containers", r#"200 {"ok":true,"message":"Found 3 containers.","data":[{"id":"","name":"b","#),
        ("GET", "/containers?sort=-name&limit=1", r#"200 {"ok":true,"message":"Found 1 containers.","data":[{"id":"","name":"c","#),
        ("GET", "/backends", r#"200 {"ok":true,"message":"Found 0 backends.","data":[]}"#),
        ("GET", "/problems", r#"200 {"ok":true,"message":"Found 0 problems.","data":[]}"#),
    ] {
        let answer = running.ask(method, target).await;
        assert!(answer.starts_with(expected), "{method} {target}\n  gives    {answer}\n  expected {expected}");
    }
}

#[tokio::test]
async fn every_refusal_has_its_status_and_the_one_shape() {
    let running = Running::start().await;
    for (method, target, status, message) in [
        ("GET", "/service/balancer/resize", 400, "resize needs a size"),
        ("GET", "/service/balancer/resize?size=0", 400, "size 0 would serve nobody"),
        ("GET", "/service/balancer/resize?size=1025", 400, "size `1025` is more than 1024"),
        ("GET", "/containers?sort=nmae", 400, "sort: there is no field `nmae`; the fields are backends, created, engine, hosts, id"),
        ("GET", "/nothing", 404, "no path `/nothing`"),
        ("PUT", "/service/balancer/stop", 405, "this path takes GET, POST"),
        ("HEAD2", "/ping", 405, "this path takes GET, HEAD"),
        ("GET", "/service/balancer/resize?size=1023", 409, "the pool is being stopped"),
        ("GET", "/service/balancer/start", 503, "no worker came up; see the log"),
    ] {
        let answer = running.ask(method, target).await;
        let expected = format!(r#"{status} {{"ok":false,"message":"{message}"#);
        assert!(answer.starts_with(&expected) && answer.ends_with(r#","data":null}"#), "{method} {target}\n  {answer}\n  {expected}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let answer = Running::start().await.tcp("DELETE /status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 405 ") && answer.contains("\r\nallow: GET, HEAD\r\n"), "{answer}");
}

#[tokio::test]
async fn a_page_of_a_list_tells_how_long_the_list_is() {
    let answer = Running::start().await.tcp("GET /containers?skip=2 HTTP/1.0\r\nHost: localhost\r\n\r\n").await;
    assert!(answer.contains("\r\nx-total-count: 3\r\n") && answer.contains("Found 1 containers."), "{answer}");
}

#[tokio::test]
async fn foreign_pages_are_refused_before_anything_happens() {
    let running = Running::with(async |mut asked: mpsc::Receiver<Asked>| {
        assert!(asked.recv().await.is_none(), "a refused request must not reach the master");
    })
    .await;
    for (fields, over_tcp, over_unix) in [
        ("Host: evil.test", "403", "200"),
        ("Host: evil.test:16000", "403", "200"),
        ("Host: localhost\r\nOrigin: http://evil.test", "403", "403"),
        ("Host: localhost\r\nOrigin: null", "403", "403"),
        ("Host: localhost\r\nSec-Fetch-Site: cross-site", "403", "403"),
        ("Host: localhost\r\nSec-Fetch-Site: same-site", "403", "403"),
        ("Host: localhost\r\nSec-Fetch-Site: none", "200", "200"),
        ("Host: localhost\r\nOrigin: http://localhost:16000\r\nSec-Fetch-Site: same-origin", "200", "200"),
        ("X-Nothing: 1", "400", "200"),
    ] {
        for path in ["/ping", "/service/balancer/stop"] {
            let request = format!("GET {path} HTTP/1.0\r\n{fields}\r\n\r\n");
            if over_tcp != "200" || path == "/ping" {
                assert_eq!(&running.tcp(&request).await[9..12], over_tcp, "{request}");
            }
            if over_unix != "200" || path == "/ping" {
                assert_eq!(&running.unix(&request).await[9..12], over_unix, "{request}");
            }
        }
    }
    running.server.abort();
    running.master.await.unwrap();
}

#[tokio::test]
async fn a_body_is_ignored_up_to_its_bound() {
    let running = Running::start().await;
    let post = |length: usize| {
        let head = "POST /service/balancer/stop HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
        format!("{head}Content-Length: {length}\r\n\r\n{}", "x".repeat(length))
    };
    assert!(running.tcp(&post(7)).await.starts_with("HTTP/1.1 200 "));
    assert!(running.tcp(&post(BODY_BYTES)).await.starts_with("HTTP/1.1 200 "));
    assert!(running.tcp(&post(BODY_BYTES + 1)).await.starts_with("HTTP/1.1 413 "));
}

#[tokio::test]
async fn a_huge_head_is_refused() {
    let request = format!("GET /ping HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    let running = Running::start().await;
    let mut stream = UnixStream::connect(&running.socket).await.unwrap();
    // The server stops reading before we have written all.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 431");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stalls_in_its_head_or_body_is_sent_away() {
    let running = Running::start().await;
    assert_eq!(running.unix("GET /ping HTTP/1.1\r\nHost: loc").await, "");
    let body = running.unix("POST /service/balancer/stop HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nx").await;
    assert!(body.starts_with("HTTP/1.1 408 "), "{body}");
}

#[tokio::test]
async fn a_crowd_of_silent_clients_keeps_nobody_out() {
    let running = Running::start().await;
    let mut crowd = Vec::new();
    for _ in 0..300 {
        let mut silent = TcpStream::connect(running.address).await.unwrap();
        silent.write_all(b"GET /ping HTT").await.unwrap();
        crowd.push(silent);
    }
    assert_eq!(running.ask("GET", "/ping").await, "200 ok");
    assert_eq!(read_to_end(crowd.swap_remove(0)).await, "", "the longest idle connection makes room");
}

#[tokio::test]
async fn who_closes_its_side_after_asking_still_gets_the_answer() {
    let running = Running::start().await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(b"GET /status HTTP/1.0\r\nHost: localhost\r\n\r\n").await.unwrap();
    stream.shutdown().await.unwrap();
    assert!(read_to_end(stream).await.starts_with("HTTP/1.0 200 "));
}

#[tokio::test(start_paused = true)]
async fn a_master_that_hangs_costs_five_seconds_unless_the_caller_wanted_to_wait() {
    let running = Running::with(async |mut asked: mpsc::Receiver<Asked>| {
        let mut kept = Vec::new();
        while let Some(asked) = asked.recv().await {
            kept.push(asked);
        }
    })
    .await;
    let answer = running.unix("GET /status HTTP/1.0\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.0 503 ") && answer.contains("the master did not answer within 5 s"), "{answer}");
    assert!(running.unix("GET /service/balancer/stop HTTP/1.0\r\n\r\n").await.starts_with("HTTP/1.0 503 "));
    let wait = running.unix("GET /service/balancer/stop?wait=1 HTTP/1.0\r\nHost: localhost\r\n\r\n");
    assert!(timeout(Duration::from_secs(15), wait).await.is_err());
}

#[tokio::test]
async fn when_the_master_leaves_it_answers_what_is_under_way_and_removes_the_socket() {
    let (came, asked_last) = oneshot::channel();
    let running = Running::with(async |mut asked: mpsc::Receiver<Asked>| {
        assert!(came.send(asked.recv().await.unwrap()).is_ok());
    })
    .await;
    let asking = TcpStream::connect(running.address).await.unwrap();
    let asking = tokio::spawn(talk(asking, "GET /service/balancer/stop?wait=1 HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    let asked_last = asked_last.await.unwrap();
    drop(running.open);
    asked_last.reply.send(Err(Refusal::Failed("gone".to_owned()))).unwrap();
    let answer = asking.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("gone"), "{answer}");
    timeout(PATIENCE, running.server).await.expect("the server ends").unwrap();
    running.master.await.unwrap();
    assert!(!running.socket.exists());
}

#[tokio::test]
async fn whoever_came_before_the_door_was_closed_may_ask() {
    let running = Running::start().await;
    let mut silent = TcpStream::connect(running.address).await.unwrap();
    // Doors take guests one after the other: this one is in when the next one has his answer.
    running.tcp("GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    drop(running.open);
    silent.write_all(b"GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    silent.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("connection: close"), "{answer}");
    timeout(PATIENCE, running.server).await.expect("the server ends").unwrap();
}

#[tokio::test]
async fn the_socket_is_for_owner_and_group_and_goes_with_the_server() {
    let running = Running::start().await;
    let mode = std::fs::metadata(&running.socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    running.server.abort();
    assert!(running.server.await.unwrap_err().is_cancelled());
    assert!(!running.socket.exists());
}

async fn bind(socket: &std::path::Path) -> Result<Bound, BindError> {
    Bound::bind("127.0.0.1:0".parse().unwrap(), None, socket, Peers::ourselves()).await
}

#[tokio::test]
async fn a_dead_socket_is_taken_over_and_a_live_one_is_not() {
    let directory = TempDir::new().unwrap();
    let socket = directory.path().join("control.sock");
    drop(UnixListener::bind(&socket).unwrap());
    let first = bind(&socket).await.unwrap();
    assert!(matches!(bind(&socket).await, Err(BindError::SocketInUse(path)) if path == socket));
    assert!(UnixStream::connect(&socket).await.is_ok(), "the refused one must leave the first alone");
    drop(first);
    assert!(!socket.exists());
}

#[tokio::test]
async fn a_socket_that_another_put_in_our_place_stays() {
    let directory = TempDir::new().unwrap();
    let socket = directory.path().join("control.sock");
    let first = bind(&socket).await.unwrap();
    std::fs::rename(&socket, directory.path().join("old.sock")).unwrap();
    let second = bind(&socket).await.unwrap();
    drop(first);
    assert!(socket.exists());
    drop(second);
}

#[tokio::test]
async fn a_place_that_cannot_be_had_is_named() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "precious").unwrap();
    assert!(matches!(bind(&file).await, Err(BindError::NotASocket(_))));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");
    assert!(matches!(bind(&directory.path().join("missing/control.sock")).await, Err(BindError::Socket { .. })));
    assert!(matches!(bind(&directory.path().join("x".repeat(120))).await, Err(BindError::Socket { .. })));

    let socket = directory.path().join("control.sock");
    let first = bind(&socket).await.unwrap();
    let taken = Bound::bind(first.address(), None, &directory.path().join("other.sock"), Peers::ourselves()).await;
    assert!(matches!(taken, Err(BindError::Tcp { address, .. }) if address == first.address()));
    for open in ["0.0.0.0:0", "[::]:0", "192.0.2.1:16000"] {
        let refused = Bound::bind(open.parse().unwrap(), None, &directory.path().join("open.sock"), Peers::ourselves()).await;
        assert!(refused.unwrap_err().to_string().contains("which other machines reach, without a token"));
    }
}
