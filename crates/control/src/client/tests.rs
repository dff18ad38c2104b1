//! The client against a real server, and against all that may be in its place.

use std::path::Path;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{mpsc, watch};

use super::*;
use crate::server::{Bound, serve};
use crate::{Asked, ContainerRow, Explanation, Herald, Peers, PoolState, ProblemRow, Refusal, Status, Why};

fn at(socket: SocketAddr) -> Target {
    Target::Address(Address { socket, token: None })
}

/// A server whose master does as told; ends when dropped with the runtime.
async fn served(directory: &TempDir) -> (Target, Target) {
    let bound =
        Bound::bind("127.0.0.1:0".parse().unwrap(), None, &directory.path().join("control.sock"), Peers::ourselves()).await.unwrap();
    let targets = (Target::Socket(bound.socket().to_owned()), at(bound.address()));
    let (commands, mut asked) = mpsc::channel::<Asked>(4);
    let (open, doors) = watch::channel(());
    tokio::spawn(serve(bound, commands, Herald::default(), doors));
    tokio::spawn(async move {
        let _open = open;
        while let Some(Asked { command, reply }) = asked.recv().await {
            reply.send(pretend_answer(command)).unwrap();
        }
    });
    targets
}

async fn ask(target: &Target, command: &Command) -> Result<Answer, ClientError> {
    super::ask(target, command, &mut |_| {}).await
}

fn pretend_answer(command: Command) -> Result<Reply, Refusal> {
    let status = Box::new(Status { workers_wanted: 30, workers_online: 30, pool: PoolState::Running, ..Status::default() });
    Ok(match command {
        Command::Start(_) => return Err(Refusal::Failed("no worker came up".to_owned())),
        Command::Stop(_) => Reply::Done { message: "stopping...".to_owned(), status },
        Command::Resize(..) => Reply::Done { message: "resizing...".to_owned(), status },
        Command::Restart(_) => Reply::Done { message: "restarting...".to_owned(), status },
        Command::Upgrade(_) => Reply::Done { message: "upgrading...".to_owned(), status },
        Command::Reload | Command::Reset => Reply::Done { message: "done".to_owned(), status },
        Command::Worker(slot) => Reply::Worker(Box::new(crate::WorkerRow { slot, ..crate::WorkerRow::default() })),
        Command::Logs => Reply::Logs(Vec::new()),
        Command::Status => Reply::Status(status),
        Command::Workers => Reply::Workers(Vec::new()),
        Command::Routes => Reply::Routes(Vec::new()),
        Command::Containers => Reply::Containers(Vec::new()),
        Command::Images => Reply::Images(Vec::new()),
        Command::Backends => Reply::Backends(Vec::new()),
        Command::Certificates => {
            Reply::Certificates(vec![crate::CertificateRow { days_left: Some(-3), ..crate::CertificateRow::default() }])
        }
        Command::Problems => Reply::Problems(vec![ProblemRow { subject: "container a".to_owned(), text: "none \u{e9}".to_owned() }]),
        Command::Metrics => Reply::Metrics(String::new()),
        Command::Explain(question) => Reply::Explain(Box::new(Explanation { url: question.to_string(), ..Explanation::default() })),
        Command::Why(name) => {
            let container = ContainerRow { name, ..ContainerRow::default() };
            Reply::Why(Box::new(Why { container, ..Why::default() }))
        }
        Command::AddRoute(route) => Reply::RoutesChanged { message: route.text().to_owned(), rows: Vec::new() },
        Command::RemoveRoute(_) => Reply::RoutesChanged { message: "removed 1 routes".to_owned(), rows: Vec::new() },
    })
}

#[tokio::test]
async fn every_answer_arrives_as_the_master_gave_it() {
    let directory = TempDir::new().unwrap();
    let (socket, address) = served(&directory).await;
    for target in [&socket, &address] {
        for command in [
            Command::Stop(Wait::Accepted),
            Command::Resize("30".parse().unwrap(), Wait::Done),
            Command::Restart(Wait::Done),
            Command::Upgrade(Wait::Accepted),
            Command::Status,
            Command::Workers,
            Command::Routes,
            Command::Containers,
            Command::Images,
            Command::Backends,
            Command::Certificates,
            Command::Problems,
            Command::Why("web 1".to_owned()),
            Command::Explain("https://a.test/x?y".parse().unwrap()),
        ] {
            let answer = ask(target, &command).await.unwrap();
            assert_eq!(answer.reply, pretend_answer(command).unwrap());
            assert!(answer.json.starts_with(r#"{"ok":true,"message":""#), "{}", answer.json);
        }
    }
}

#[tokio::test]
async fn a_refusal_keeps_its_words_and_its_json() {
    let directory = TempDir::new().unwrap();
    let (socket, _) = served(&directory).await;
    let error = ask(&socket, &Command::Start(Wait::Done)).await.unwrap_err();
    assert_eq!((error.to_string().as_str(), error.exit_code()), ("no worker came up", 1));
    assert_eq!(error.json().trim_end(), r#"{"ok":false,"message":"no worker came up","data":null}"#);
}

#[tokio::test]
async fn either_asks_the_address_only_where_nobody_answers_at_the_socket() {
    let directory = TempDir::new().unwrap();
    let (Target::Socket(socket), Target::Address(address)) = served(&directory).await else { unreachable!() };
    let missing = directory.path().join("missing.sock");
    let nobody = free_address().await;
    let nowhere = Address { socket: nobody, token: None };
    for (socket, address) in [(&socket, nowhere), (&missing, address)] {
        let either = Target::Either { socket: socket.clone(), address };
        assert!(ask(&either, &Command::Status).await.is_ok());
    }
    let neither = ask(&Target::Either { socket: missing.clone(), address: Address { socket: nobody, token: None } }, &Command::Status)
        .await
        .unwrap_err();
    assert!(matches!(neither, ClientError::NoSocket(path) if path == missing));
}

#[tokio::test]
async fn a_dproxy_that_is_not_running_is_code_3_with_the_way_to_start_it() {
    let directory = TempDir::new().unwrap();
    let (missing, dead) = (directory.path().join("missing.sock"), directory.path().join("dead.sock"));
    drop(UnixListener::bind(&dead).unwrap());
    let nobody = free_address().await;
    for (target, expected) in [
        (Target::Socket(missing.clone()), format!("dproxy is not running: no control socket at `{}`", missing.display())),
        (Target::Socket(dead.clone()), format!("dproxy is not running: nobody answers on control socket `{}`", dead.display())),
        (at(nobody), format!("dproxy is not running: nobody listens on `{nobody}`")),
    ] {
        let error = ask(&target, &Command::Status).await.unwrap_err();
        assert_eq!(error.to_string(), format!("{expected}; start it with `dproxy master`"));
        assert_eq!(error.exit_code(), 3);
        assert!(error.json().starts_with(r#"{"ok":false,"message":"dproxy is not running: "#), "{}", error.json());
    }
}

#[tokio::test]
async fn a_path_that_cannot_be_a_socket_is_an_error_with_its_cause() {
    let target = Target::Socket(Path::new("/tmp").join("x".repeat(200)));
    let error = ask(&target, &Command::Status).await.unwrap_err();
    assert!(matches!(error, ClientError::Connect { .. }), "{error:?}");
    assert!(error.chain().starts_with("cannot reach dproxy at `/tmp/xxx") && error.chain().contains("`: "), "{}", error.chain());
}

#[tokio::test]
async fn what_is_not_dproxy_is_recognised() {
    for (answer, expected) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "what answered (status 200) is no dproxy of this version: "),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "what answered (status 404) is no dproxy of this version: "),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 33\r\n\r\n{\"ok\":true,\"message\":\"\",\"data\":{}}",
            "what answered (status 200) is no dproxy of this version: ",
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", "the connection to dproxy broke before it answered; its log may say why: "),
        ("SSH-2.0-OpenSSH_9.2\r\n", "the connection to dproxy broke before it answered; its log may say why: "),
        ("", "the connection to dproxy broke before it answered; its log may say why: "),
    ] {
        let error = ask(&at(answering(answer).await), &Command::Status).await.unwrap_err();
        assert!(error.chain().starts_with(expected), "{answer:?}: {}", error.chain());
        assert_eq!(error.exit_code(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_dproxy_that_hangs_is_not_waited_for_for_ever() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = at(silent.local_addr().unwrap());
    let error = ask(&target, &Command::Status).await.unwrap_err();
    assert_eq!(error.to_string(), "dproxy did not answer within 10 s; a change may still be under way, see `dproxy ctl status`");
    let error = ask(&target, &Command::Restart(Wait::Done)).await.unwrap_err();
    assert!(matches!(error, ClientError::TooSlow { after } if after == CHANGE_TIME));
}

/// An address at which nobody listens.
async fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// Something that reads a head and says `answer`.
async fn answering(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    address
}
