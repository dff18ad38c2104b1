//! What a worker could do to the machine if somebody took it over: nothing. And serving without a fence where the
//! kernel has none.

use std::collections::BTreeMap;
use std::fs;
use std::thread;

use dproxy_testkit::{Dproxy, Options, Origin};
use seccompiler::{BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule};

use crate::dproxy;

/// A line of `/proc/PID/status`.
fn of_process(pid: u32, name: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(&format!("{name}:")));
    line.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_root() -> bool {
    of_process(std::process::id(), "Uid").starts_with("0 ")
}

/// What `status` says about one layer; empty when it says nothing.
fn held(dproxy: &Dproxy, layer: &str) -> String {
    let sandbox = &dproxy.status()["sandbox"];
    let parts = sandbox["held"].as_array().unwrap().iter().filter_map(|part| part.as_str()?.strip_prefix(&format!("{layer}: ")));
    parts.collect::<Vec<_>>().join("; ")
}

/// Starts it on a "kernel" that answers some calls with ENOSYS, as one does that never had them.
pub(crate) fn on_a_kernel_without(calls: Vec<(i64, Vec<SeccompRule>)>, options: Options) -> Dproxy {
    let lacking = move || {
        let missing = SeccompAction::Errno(38);
        let rules: BTreeMap<i64, Vec<SeccompRule>> = calls.into_iter().collect();
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, missing, std::env::consts::ARCH.try_into().unwrap()).unwrap();
        seccompiler::apply_filter(&BpfProgram::try_from(filter).unwrap()).unwrap();
        options.start()
    };
    // A thread of its own: what it starts inherits its filter, and the other tests do not.
    thread::spawn(lacking).join().unwrap()
}

/// What a kernel with neither Landlock nor seccomp does not know.
pub(crate) fn landlock_and_seccomp() -> Vec<(i64, Vec<SeccompRule>)> {
    vec![(LANDLOCK_CREATE_RULESET, Vec::new()), (SECCOMP, Vec::new()), (PRCTL, prctl(PR_SET_SECCOMP))]
}

/// What `doctor` tried as somebody who has taken a worker over.
pub(crate) const REFUSED: [&str; 5] = ["read a file", "write a file", "listen on a port", "start a program", "signal its parent"];

/// `prctl` with this as its first word.
fn prctl(word: u64) -> Vec<SeccompRule> {
    vec![SeccompRule::new(vec![SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, word).unwrap()]).unwrap()]
}

const LANDLOCK_CREATE_RULESET: i64 = 444;
#[cfg(target_arch = "x86_64")]
const SECCOMP: i64 = 317;
#[cfg(not(target_arch = "x86_64"))]
const SECCOMP: i64 = 277;
#[cfg(target_arch = "x86_64")]
const PRCTL: i64 = 157;
#[cfg(not(target_arch = "x86_64"))]
const PRCTL: i64 = 167;
const PR_SET_SECCOMP: u64 = 22;

#[test]
fn a_worker_has_no_power_and_serves() {
    let origin = Origin::saying("ok");
    let dproxy = dproxy().route("a.test", &[origin.addr()]).start();
    for pid in dproxy.worker_pids() {
        assert_eq!(of_process(pid, "NoNewPrivs"), "1");
        assert_eq!(of_process(pid, "Seccomp"), "2", "a filter");
        for set in ["CapEff", "CapPrm", "CapInh", "CapAmb"] {
            assert_eq!(of_process(pid, set), "0000000000000000", "{set}");
        }
        if is_root() {
            assert_eq!(of_process(pid, "CapBnd"), "0000000000000000");
            let user = of_process(pid, "Uid");
            assert!(!user.split(' ').any(|user| user == "0"), "{user}");
            assert!(!of_process(pid, "Gid").split(' ').any(|group| group == "0"));
            assert_eq!(of_process(pid, "Groups"), "");
        }
    }
    assert_eq!(dproxy.get("a.test", "/").text(), "ok");
    assert_eq!(held(&dproxy, "no_new_privs"), "set");
    assert_eq!(held(&dproxy, "capabilities"), "none");
    assert_eq!(held(&dproxy, "seccomp"), "allow-list");
    let table = dproxy.ctl(&["status"]).stdout;
    assert!(table.lines().any(|line| line.starts_with("sandbox ") && line.contains("seccomp: allow-list")), "{table}");
}

#[test]
fn the_threads_of_a_worker_are_held_in_too() {
    let origin = Origin::saying("ok");
    let dproxy = dproxy().workers(1).route("a.test", &[origin.addr()]).start();
    let pid = dproxy.worker_pids()[0];
    let threads: Vec<_> = fs::read_dir(format!("/proc/{pid}/task")).unwrap().map(|task| task.unwrap().file_name()).collect();
    assert!(threads.len() > 1, "the first snapshot was opened off the loop");
    for thread in threads {
        let thread = thread.to_str().unwrap().parse().unwrap();
        assert_eq!((of_process(thread, "Seccomp"), of_process(thread, "NoNewPrivs")), ("2".to_owned(), "1".to_owned()));
    }
}

#[test]
fn whoever_takes_a_worker_over_has_no_file_no_port_no_program_and_nobody_to_signal() {
    let dproxy = dproxy().start();
    let told = dproxy.run(&["doctor"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    for refused in REFUSED {
        assert!(told.stdout.contains(&format!("ok     cannot {refused}: ")), "{refused}: {told:?}");
    }
    for needed in ["connect, accept and copy", "start a thread"] {
        assert!(told.stdout.contains(&format!("ok     can {needed}\n")), "{needed}: {told:?}");
    }
    let told = dproxy.run(&["doctor", "--sandbox=off"]);
    assert_eq!(told.code, Some(1), "without the fence it says what is open: {told:?}");
    assert!(told.stdout.contains("WRONG  can read a file"), "{told:?}");
}

#[test]
fn an_operator_can_choose_the_user_and_do_without_the_fence() {
    let origin = Origin::saying("ok");
    let dproxy = dproxy().route("a.test", &[origin.addr()]).yaml("worker_user: 1234:4321\nsandbox: off").start();
    for pid in dproxy.worker_pids() {
        assert_eq!(of_process(pid, "Seccomp"), "0");
        assert_eq!(of_process(pid, "NoNewPrivs"), "1", "what costs nothing stays");
        if is_root() {
            assert_eq!(of_process(pid, "Uid"), "1234 1234 1234 1234");
            assert_eq!(of_process(pid, "Gid"), "4321 4321 4321 4321");
        }
    }
    assert_eq!(dproxy.get("a.test", "/").text(), "ok");
    assert_eq!((held(&dproxy, "landlock").as_str(), held(&dproxy, "seccomp").as_str()), ("off", "off"));
    assert!(!dproxy.status()["warnings"].to_string().contains("layer"), "what was wanted is no warning");
}

#[test]
fn a_user_that_is_not_there_is_a_mistake_at_the_start_and_changes_nothing_at_a_reload() {
    if !is_root() {
        return;
    }
    let mut started = dproxy().yaml("worker_user: no-such-user").spawn();
    assert_eq!(started.exit_code(), 78, "{}", started.log());
    assert!(started.log().contains("there is no user `no-such-user`"), "{}", started.log());

    let mut running = dproxy().start();
    let file = fs::read_to_string(running.config()).unwrap();
    fs::write(running.config(), format!("{file}\nworker_user: no-such-user\n")).unwrap();
    running.signal(dproxy_testkit::Signal::SIGHUP);
    running.wait_for("a warning", || running.status()["warnings"].to_string().contains("no-such-user"));
    assert_eq!(running.online(), Some(2));
}

#[test]
fn a_kernel_without_landlock_or_seccomp_serves_with_a_warning() {
    let origin = Origin::saying("ok");
    let check = |calls: Vec<(i64, Vec<SeccompRule>)>, lacking: &[&str]| {
        let dproxy = on_a_kernel_without(calls, dproxy().route("a.test", &[origin.addr()]));
        assert_eq!(dproxy.get("a.test", "/").text(), "ok");
        let status = dproxy.status();
        let missing = status["sandbox"]["missing"].as_array().unwrap();
        assert_eq!(missing.len(), lacking.len(), "{status}");
        for layer in lacking {
            assert!(missing.iter().any(|part| part.as_str().unwrap().starts_with(&format!("{layer}: "))), "{status}");
            assert!(status["warnings"].to_string().contains(&format!("machine: {layer}: ")), "{status}");
        }
        assert!(!held(&dproxy, "capabilities").is_empty(), "the others hold all the same: {status}");
    };
    check(landlock_and_seccomp()[..1].to_vec(), &["landlock"]);
    check(landlock_and_seccomp()[1..].to_vec(), &["seccomp"]);
    check(landlock_and_seccomp(), &["landlock", "seccomp"]);
}
