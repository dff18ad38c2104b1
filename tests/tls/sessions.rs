//! Sessions that are taken up again, whichever worker the client meets.

use std::thread;
use std::time::Duration;

use dproxy_testkit::{Origin, PATIENCE, Signal, Step, ok, wait_for};

use super::{Secure, Shop, echo};

/// A client that keeps its session in a file.
fn resumes(secure: &Secure, session: &str, words: &[&str]) -> bool {
    let request = "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";
    let words = [&["-servername", "a.test", "-ign_eof", "-sess_in", session], words].concat();
    let text = secure.s_client(&words, request);
    assert!(text.contains("Reused, ") || text.contains("New, "), "{text}");
    text.contains("Reused, ")
}

fn new_session(secure: &Secure, words: &[&str]) -> String {
    let session = secure.shop.home.path().join("session").display().to_string();
    let request = "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";
    let words = [&["-servername", "a.test", "-ign_eof", "-sess_out", &session], words].concat();
    let text = secure.s_client(&words, request);
    assert!(text.contains("New, "), "{text}");
    session
}

#[test]
fn every_worker_knows_the_sessions_of_all_and_so_do_those_that_follow() {
    let origin = echo();
    let secure = Shop::with(&["a.test"]).serve(|options| options.workers(4).route("a.test", &[origin.addr()]));
    for version in ["-tls1_3", "-tls1_2"] {
        let session = new_session(&secure, &[version]);
        for connection in 0..16 {
            assert!(resumes(&secure, &session, &[version]), "connection {connection} with {version}");
        }
        let before = secure.dproxy.worker_pids();
        assert_eq!(secure.dproxy.ctl(&["restart"]).code, Some(0));
        secure.dproxy.wait_for("new workers only", || secure.dproxy.worker_pids().iter().all(|pid| !before.contains(pid)));
        assert!(resumes(&secure, &session, &[version]), "after a restart, with {version}");
    }
}

#[test]
fn a_client_whose_keys_are_its_workers_alone_is_told_to_come_again() {
    let origin = Origin::start(|_| [Step::Pause(Duration::from_secs(1))].into_iter().chain(ok("done")).collect());
    let secure = Shop::with(&["a.test"]).serve(|options| options.workers(2).route("a.test", &[origin.addr()]));
    let text = thread::scope(|scope| {
        let request = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
        let client = scope.spawn(|| secure.s_client(&["-servername", "a.test", "-ign_eof"], request));
        wait_for("the request", PATIENCE, || origin.count() == 1);
        assert_eq!(secure.dproxy.ctl(&["restart"]).code, Some(0));
        client.join().unwrap()
    });
    assert!(text.contains("done") && text.to_lowercase().contains("connection: close"), "{text}");
}

#[test]
fn sessions_are_taken_up_again_after_an_upgrade_and_by_the_next_master() {
    let origin = echo();
    let mut secure = Shop::with(&["a.test"]).serve(|options| options.workers(2).route("a.test", &[origin.addr()]));
    for version in ["-tls1_3", "-tls1_2"] {
        let session = new_session(&secure, &[version]);
        let before = secure.dproxy.worker_pids();
        let told = secure.dproxy.ctl(&["upgrade"]);
        assert_eq!(told.code, Some(0), "{told:?}\n{}", secure.dproxy.log());
        secure.dproxy.wait_for("new workers only", || secure.dproxy.worker_pids().iter().all(|pid| !before.contains(pid)));
        assert!(resumes(&secure, &session, &[version]), "after an upgrade, with {version}");
        secure.dproxy.signal(Signal::SIGKILL);
        secure.dproxy.wait_for_end();
        assert!(resumes(&secure, &session, &[version]), "without a master, with {version}");
        secure.dproxy.start_again();
        let before = secure.dproxy.worker_pids();
        assert_eq!(secure.dproxy.ctl(&["restart"]).code, Some(0));
        secure.dproxy.wait_for("new workers only", || secure.dproxy.worker_pids().iter().all(|pid| !before.contains(pid)));
        assert!(resumes(&secure, &session, &[version]), "by workers of the next master, with {version}");
    }
}
