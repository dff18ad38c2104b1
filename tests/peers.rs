//! Who may ask at the Unix socket of the API: the kernel tells who they are.

use std::process::Command;

use dproxy_testkit::Dproxy;

use crate::dproxy;

/// Users that every system has, and one that none has.
const NOBODY: u32 = 65_534;
const DAEMON: u32 = 1;
const STRANGERS: u32 = 4712;

/// What curl gets as this user and group: status and body, or nothing where it gets no connection.
#[track_caller]
fn asked_as(dproxy: &Dproxy, user: u32, group: u32) -> Option<(String, String)> {
    let mut curl = Command::new("setpriv");
    curl.args([&format!("--reuid={user}"), &format!("--regid={group}"), "--clear-groups"]);
    curl.args(["curl", "-s", "-w", "\n%{http_code}", "--unix-socket"]).arg(dproxy.socket()).arg("http://localhost/workers");
    let got = String::from_utf8(curl.output().unwrap().stdout).unwrap();
    let (body, status) = got.rsplit_once('\n')?;
    (status != "000").then(|| (status.to_owned(), body.to_owned()))
}

#[test]
fn without_a_word_the_socket_is_for_root_and_for_ourselves() {
    let dproxy = dproxy().start();
    assert_eq!(asked_as(&dproxy, 0, 0).unwrap().0, "200");
    assert_eq!(asked_as(&dproxy, NOBODY, NOBODY), None, "the mode of the socket keeps others away");
}

#[test]
fn those_who_are_named_may_ask_and_others_are_told_that_they_may_not() {
    let dproxy = dproxy().arg("--api-peers").arg(&format!("daemon,@{STRANGERS}")).start();
    let status = |user, group| asked_as(&dproxy, user, group).unwrap().0;
    assert_eq!((status(0, NOBODY), status(DAEMON, NOBODY), status(NOBODY, STRANGERS)), ("200".into(), "200".into(), "200".into()));
    let (status, body) = asked_as(&dproxy, NOBODY, NOBODY).unwrap();
    assert_eq!(status, "403");
    assert!(body.contains("user 65534 may not ask here; the setting `api.peers` lets in"), "{body}");
}

#[test]
fn a_name_that_nobody_has_is_told_before_anything_is_opened() {
    let dproxy = dproxy().start();
    let check = |name: &str, said: &str| {
        let told = dproxy.run(&["master", "--check", "--api-peers", name]);
        assert!(told.code == Some(78) && told.stderr.contains(said), "{told:?}");
    };
    check("no-such-user", "there is no user `no-such-user` for `api.peers`");
    check("@no-such-group", "there is no group `no-such-group` for `api.peers`");
    check("@", "`@` is neither a user nor a group");
}
