//! dproxy under a service manager: what it tells, the sockets that it is given, and those that it leaves for the next.

use std::fs;
use std::io::{IoSlice, IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use dproxy_testkit::{Connection, Options, Origin, PATIENCE, Signal, free_addr, get, wait_for};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

use crate::dproxy;

/// What a service manager hears and keeps.
struct Manager {
    home: tempfile::TempDir,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Default)]
struct Heard {
    messages: Vec<String>,
    store: Vec<(String, OwnedFd)>,
}

impl Manager {
    fn start() -> Manager {
        let home = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(home.path().join("notify")).unwrap();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let ear = Arc::clone(&heard);
        // It ends with the test process; nobody waits for it.
        thread::spawn(move || {
            while let Some((message, descriptor)) = receive(&socket) {
                ear.lock().unwrap().take(message, descriptor)
            }
        });
        Manager { home, heard }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn manages(&self, options: Options) -> Options {
        options.env("NOTIFY_SOCKET", self.path("notify").to_str().unwrap())
    }

    /// How often it heard a line that begins so.
    fn count(&self, line: &str) -> usize {
        self.heard.lock().unwrap().messages.iter().filter(|message| message.lines().any(|said| said.starts_with(line))).count()
    }

    #[track_caller]
    fn wait_to_hear(&self, line: &str, times: usize) {
        wait_for(line, PATIENCE, || self.count(line) >= times);
    }

    fn stored(&self) -> usize {
        self.heard.lock().unwrap().store.len()
    }

    /// Options of a master that is born with what the manager has.
    fn passes(&self, mut options: Options, sockets: Vec<(String, OwnedFd)>) -> Options {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/supervised/passing.py");
        let passed = self.path("passed");
        let program = options.binary.display().to_string();
        self.hands_over(sockets);
        options.binary = script;
        options.env("PASSED", passed.to_str().unwrap()).env("PROGRAM", &program)
    }

    /// The next master that asks gets these.
    fn hands_over(&self, sockets: Vec<(String, OwnedFd)>) {
        let path = self.path("passed");
        let _ = fs::remove_file(&path);
        let line = UnixListener::bind(path).unwrap();
        thread::spawn(move || {
            let (asking, _) = line.accept().unwrap();
            let names: Vec<&str> = sockets.iter().map(|(name, _)| name.as_str()).collect();
            let names = names.join(":");
            let descriptors: Vec<BorrowedFd<'_>> = sockets.iter().map(|(_, socket)| socket.as_fd()).collect();
            let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(253))];
            let mut control = SendAncillaryBuffer::new(&mut room);
            assert!(descriptors.is_empty() || control.push(SendAncillaryMessage::ScmRights(&descriptors)));
            sendmsg(&asking, &[IoSlice::new(names.as_bytes())], &mut control, SendFlags::empty()).unwrap();
        });
    }

    fn empties_store(&self) -> Vec<(String, OwnedFd)> {
        std::mem::take(&mut self.heard.lock().unwrap().store)
    }
}

impl Heard {
    fn take(&mut self, message: String, descriptor: Option<OwnedFd>) {
        let name = message.lines().find_map(|line| line.strip_prefix("FDNAME=")).unwrap_or_default().to_owned();
        if message.contains("FDSTOREREMOVE=1") {
            self.store.retain(|(kept, _)| *kept != name);
        } else if let Some(descriptor) = descriptor {
            self.store.push((name, descriptor));
        }
        self.messages.push(message);
    }
}

fn receive(socket: &UnixDatagram) -> Option<(String, Option<OwnedFd>)> {
    let mut bytes = [0; 4096];
    let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut room);
    let length = recvmsg(socket, &mut [IoSliceMut::new(&mut bytes)], &mut control, RecvFlags::CMSG_CLOEXEC).ok()?.bytes;
    let passed = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    Some((String::from_utf8_lossy(&bytes[..length]).into_owned(), passed))
}

fn listening() -> (SocketAddr, OwnedFd) {
    let listener = TcpListener::bind(free_addr()).unwrap();
    (listener.local_addr().unwrap(), listener.into())
}

/// A client that waits for whoever comes.
fn waiting_client(address: SocketAddr) -> Connection {
    let mut client = Connection::open(address).unwrap();
    client.send(b"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n").unwrap();
    client
}

#[test]
fn the_manager_hears_of_readiness_reloads_and_the_end() {
    let manager = Manager::start();
    let mut dproxy = manager.manages(dproxy()).start();
    manager.wait_to_hear("READY=1", 1);
    manager.wait_to_hear("STATUS=2 workers serve", 1);
    dproxy.signal(Signal::SIGHUP);
    manager.wait_to_hear("RELOADING=1", 1);
    manager.wait_to_hear("MONOTONIC_USEC=", 1);
    manager.wait_to_hear("READY=1", 2);
    fs::File::options().append(true).open(dproxy.config()).unwrap().write_all(b"\nno_such_key: 1\n").unwrap();
    dproxy.signal(Signal::SIGHUP);
    manager.wait_to_hear("READY=1", 3);
    dproxy.signal(Signal::SIGTERM);
    manager.wait_to_hear("STOPPING=1", 1);
    manager.wait_to_hear("EXTEND_TIMEOUT_USEC=", 1);
    assert_eq!(dproxy.exit_code(), 0);
}

#[test]
fn the_manager_s_watchdog_hears_that_the_master_lives() {
    let manager = Manager::start();
    let _dproxy = manager.manages(dproxy()).env("WATCHDOG_USEC", "100000").start();
    manager.wait_to_hear("WATCHDOG=1", 5);
}

#[test]
fn sockets_of_the_manager_are_served_with_whoever_waits_there() {
    let (manager, origin) = (Manager::start(), Origin::saying("ok"));
    let (address, socket) = listening();
    let mut early = waiting_client(address);
    let options = manager.passes(dproxy().route("a.test", &[origin.addr()]), vec![("dproxy.socket".to_owned(), socket)]);
    let dproxy = options.start();
    assert_eq!(early.answer_to("GET").unwrap().text(), "ok", "who came before the master is served");
    assert_eq!(dproxy.status()["listeners"][0], address.to_string());
    assert!(get(dproxy.http(), "a.test", "/").is_err(), "the configured port does not count");
    assert!(dproxy.status()["warnings"].to_string().contains("the service manager's sockets count"));
    for size in ["5", "1"] {
        assert_eq!(dproxy.ctl(&["resize", size]).code, Some(0));
        for _ in 0..10 {
            assert_eq!(get(address, "a.test", "/").unwrap().text(), "ok");
        }
    }
    assert_eq!(dproxy.ctl(&["stop"]).code, Some(0));
    let mut patient = waiting_client(address);
    assert_eq!(dproxy.ctl(&["start"]).code, Some(0));
    assert_eq!(patient.answer_to("GET").unwrap().text(), "ok", "the port is the manager's: who comes meanwhile waits");
}

#[test]
fn a_master_that_dies_leaves_its_sockets_and_the_next_one_serves_who_waits() {
    let (manager, origin) = (Manager::start(), Origin::saying("ok"));
    let options = manager.passes(dproxy().route("a.test", &[origin.addr()]), Vec::new());
    let mut dproxy = manager.manages(options).start();
    manager.wait_to_hear("READY=1", 1);
    assert!(manager.stored() >= 2, "a socket for each worker");
    let workers = dproxy.worker_pids();
    dproxy.signal(Signal::SIGKILL);
    for worker in workers {
        dproxy_testkit::kill(worker, Signal::SIGKILL);
    }
    dproxy.wait_for_end();
    let mut waiting: Vec<Connection> = (0..10).map(|_| waiting_client(dproxy.http())).collect();
    let stored = manager.empties_store();
    manager.hands_over(stored.iter().map(|(name, socket)| (name.clone(), socket.try_clone().unwrap())).collect());
    manager.heard.lock().unwrap().store = stored;
    dproxy.start_again();
    for client in &mut waiting {
        assert_eq!(client.answer_to("GET").unwrap().text(), "ok");
    }
    for _ in 0..50 {
        assert_eq!(dproxy.get("a.test", "/").text(), "ok", "no socket is left that nobody serves");
    }
    dproxy.signal(Signal::SIGTERM);
    assert_eq!(dproxy.exit_code(), 0);
    wait_for("an empty store", PATIENCE, || manager.stored() == 0);
    assert!(get(dproxy.http(), "a.test", "/").is_err(), "an orderly end frees the port");
}
