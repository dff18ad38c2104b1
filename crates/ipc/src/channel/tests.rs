use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;

use super::*;
use crate::{Generation, ListenerInfo, SocketId, ToMaster, ToWorker};

fn line() -> (Channel, Channel) {
    let (ours, theirs) = Channel::pair().unwrap();
    (ours, Channel::from_fd(theirs).unwrap())
}

/// Sends bytes that are not from our own encoder.
fn push(channel: &Channel, bytes: &[u8]) {
    send_frame(channel.socket.get_ref(), bytes, &[]).unwrap();
}

#[tokio::test]
async fn every_message_arrives_as_it_was_sent() {
    let (master, worker) = line();
    let listener = ListenerInfo { socket: SocketId(7), address: "[::]:80".parse().unwrap() };
    let to_worker = [
        ToWorker::Setup { slot: 3 },
        ToWorker::Snapshot { generation: Generation(u64::MAX) },
        ToWorker::Sockets { keep: vec![SocketId(1)], added: vec![listener], lent: vec![SocketId(1)], serial: 9 },
        ToWorker::Drain { deadline_ms: 30_000, idle: crate::Idle::HandOver },
    ];
    for message in &to_worker {
        master.send(message, &[]).await.unwrap();
        assert_eq!(worker.receive::<ToWorker>().await.unwrap().unwrap().0, *message);
    }
    let to_master = [
        ToMaster::Hello { protocol: 1 },
        ToMaster::Confined(crate::Confinement {
            user: crate::Hold::Holds("1:1".to_owned()),
            no_new_privileges: crate::Hold::Off,
            capabilities: crate::Hold::Missing("no".to_owned()),
            landlock: crate::Hold::Off,
            seccomp: crate::Hold::Off,
        }),
        ToMaster::Applied { generation: Generation(1) },
        ToMaster::Rejected { generation: Generation(2), reason: "\u{0}ü".to_owned() },
        ToMaster::Listening { serial: 9 },
        ToMaster::Drained { cut: 1 },
    ];
    for message in &to_master {
        worker.send(message, &[]).await.unwrap();
        assert_eq!(master.receive::<ToMaster>().await.unwrap().unwrap().0, *message);
    }
}

#[tokio::test]
async fn descriptors_arrive_open_in_order_and_closed_on_exec() {
    let (master, worker) = line();
    let files: Vec<File> = (0..Channel::MAX_DESCRIPTORS).map(|_| crate::memfd::create("test").unwrap()).collect();
    for (place, mut file) in files.iter().enumerate() {
        write!(file, "{place}").unwrap();
    }
    let borrowed: Vec<BorrowedFd<'_>> = files.iter().map(AsFd::as_fd).collect();
    master.send(&ToWorker::Setup { slot: 0 }, &borrowed).await.unwrap();
    let (_, received) = worker.receive::<ToWorker>().await.unwrap().unwrap();
    assert_eq!(received.len(), Channel::MAX_DESCRIPTORS);
    for (place, descriptor) in received.into_iter().enumerate() {
        assert!(rustix::io::fcntl_getfd(&descriptor).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
        let mut text = String::new();
        let mut file = File::from(descriptor);
        std::io::Seek::rewind(&mut file).unwrap();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, place.to_string());
    }
}

#[tokio::test]
async fn too_many_descriptors_or_bytes_are_refused_before_they_are_sent() {
    let (master, _worker) = line();
    let file = crate::memfd::create("test").unwrap();
    let many = vec![file.as_fd(); Channel::MAX_DESCRIPTORS + 1];
    assert!(matches!(master.send(&1, &many).await, Err(SendError::TooManyDescriptors(254))));
    let long = "x".repeat(Channel::MAX_FRAME);
    assert!(matches!(master.send(&long, &[]).await, Err(SendError::TooLong(_))));
}

#[tokio::test]
async fn the_longest_message_fits_and_a_longer_one_is_noticed() {
    let (master, worker) = line();
    let text = "x".repeat(Channel::MAX_FRAME - 2);
    master.send(&text, &[]).await.unwrap();
    assert_eq!(worker.receive::<String>().await.unwrap().unwrap().0, text);
    push(&master, &vec![b'1'; Channel::MAX_FRAME + 1]);
    assert!(matches!(worker.receive::<ToWorker>().await, Err(ReceiveError::TooLong)));
}

#[tokio::test]
async fn nonsense_is_an_error_and_never_a_panic() {
    for bytes in
        [&b"{"[..], b"null", b"\xff\xfe", b"{\"Setup\":{\"slot\":-1}}", b"{\"Setup\":{\"slot\":70000}}", b"{\"Unheard\":{}}", b"[[[["]
    {
        let (master, worker) = line();
        push(&master, bytes);
        assert!(matches!(worker.receive::<ToWorker>().await, Err(ReceiveError::Decode(_))), "{bytes:?}");
    }
}

#[tokio::test]
async fn what_was_said_before_the_end_is_heard() {
    let (master, worker) = line();
    worker.send(&ToMaster::Drained { cut: 0 }, &[]).await.unwrap();
    drop(worker);
    assert!(matches!(master.receive::<ToMaster>().await, Ok(Some((ToMaster::Drained { cut: 0 }, _)))));
    assert!(matches!(master.receive::<ToMaster>().await, Ok(None)));
    assert!(matches!(master.send(&ToWorker::Setup { slot: 0 }, &[]).await, Err(SendError::Gone)));
}

#[tokio::test]
async fn a_sender_waits_for_a_slow_receiver_and_no_frame_is_lost() {
    let (master, worker) = line();
    let count = 2000_u64;
    let send = async {
        for serial in 0..count {
            worker.send(&ToMaster::Listening { serial }, &[]).await.unwrap();
        }
    };
    let receive = async {
        for serial in 0..count {
            assert_eq!(master.receive::<ToMaster>().await.unwrap().unwrap().0, ToMaster::Listening { serial });
        }
    };
    tokio::join!(send, receive);
}
