//! A configuration that changes while everything runs: when it counts, and what it never costs.

mod changes;
mod ways;

use std::fs::{self, File};
use std::io::Write as _;
use std::time::{Duration, Instant};

use dproxy_testkit::{Dproxy, Load, Origin, Signal, json, pause};

use crate::{alone, dproxy};

/// The file of this master with a route more.
fn with_route(dproxy: &Dproxy, host: &str, origin: &Origin) -> String {
    let file = fs::read_to_string(dproxy.config()).unwrap();
    format!("{file}  - hosts: [{host}]\n    backends: [\"{}\"]\n", origin.addr())
}

#[test]
fn a_file_that_is_being_written_is_not_read() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let mut dproxy = dproxy().route("a.test", &[origin.addr()]).start();
    let load = Load { clients: 2, rate: Some(200), body: Some("ok".to_owned()), ..Load::new(dproxy.http(), "a.test") }.start();
    let whole = fs::read_to_string(dproxy.config()).unwrap();
    let (half, rest) = whole.split_at(whole.rfind("127.0.0.1").unwrap());
    let mut longest = Duration::ZERO;
    for _ in 0..10 {
        let mut file = File::create(dproxy.config()).unwrap();
        let mut stall = |dproxy: &mut Dproxy| {
            let begun = Instant::now();
            dproxy.signal(Signal::SIGHUP);
            pause(Duration::from_millis(30));
            longest = longest.max(begun.elapsed());
        };
        stall(&mut dproxy);
        file.write_all(half.as_bytes()).unwrap();
        stall(&mut dproxy);
        file.write_all(rest.as_bytes()).unwrap();
    }
    fs::write(dproxy.config(), with_route(&dproxy, "b.test", &origin)).unwrap();
    dproxy.signal(Signal::SIGHUP);
    dproxy.wait_for("the new route", || dproxy.get("b.test", "/").status == 200);
    let log = dproxy.log();
    assert!(!log.contains("listening elsewhere"), "{log}");
    // A busy machine may have kept the writer from going on.
    assert!(!log.contains("was not read again") || longest > Duration::from_millis(45), "{longest:?}: {log}");
    assert_eq!(dproxy.status()["warnings"], json!([]), "{log}");
    let report = load.stop();
    assert_eq!(report.failed(), 0, "{report}");
}

#[test]
fn an_emptied_file_and_one_that_is_gone_change_nothing() {
    let origin = Origin::saying("ok");
    let mut dproxy = dproxy().route("a.test", &[origin.addr()]).start();
    let whole = with_route(&dproxy, "b.test", &origin);
    let told = |dproxy: &mut Dproxy, words: &str| {
        dproxy.signal(Signal::SIGHUP);
        dproxy.wait_for(words, || dproxy.status()["warnings"].to_string().contains(words));
        assert_eq!(dproxy.get("a.test", "/").text(), "ok");
    };
    fs::write(dproxy.config(), "").unwrap();
    told(&mut dproxy, "is empty; it may be in the midst of being written");
    fs::remove_file(dproxy.config()).unwrap();
    told(&mut dproxy, "cannot read the configuration file");
    fs::write(dproxy.config(), whole).unwrap();
    dproxy.signal(Signal::SIGHUP);
    dproxy.wait_for("the new route", || dproxy.get("b.test", "/").status == 200);
    assert_eq!(dproxy.status()["warnings"], json!([]));
}

#[test]
fn a_pipe_in_the_place_of_the_file_holds_nobody_up() {
    let mut dproxy = dproxy().start();
    let file = fs::read_to_string(dproxy.config()).unwrap();
    fs::remove_file(dproxy.config()).unwrap();
    nix::unistd::mkfifo(&dproxy.config(), nix::sys::stat::Mode::S_IRWXU).unwrap();
    dproxy.signal(Signal::SIGHUP);
    dproxy.wait_for("a warning about the pipe", || dproxy.status()["warnings"].to_string().contains("it is a pipe"));
    fs::remove_file(dproxy.config()).unwrap();
    fs::write(dproxy.config(), format!("server_name: again\n{file}")).unwrap();
    dproxy.wait_for("the new file", || !dproxy.status()["warnings"].to_string().contains("it is a pipe"));
    assert_eq!(dproxy.ctl(&["reload"]).code, Some(0));
}

#[test]
fn a_reading_that_never_ends_keeps_nobody_from_leaving() {
    let mut dproxy = dproxy().start();
    fs::remove_file(dproxy.config()).unwrap();
    // Whoever reads it waits for ever, as for a file on a server that does not answer.
    std::os::unix::fs::symlink("/dev/ptmx", dproxy.config()).unwrap();
    let told = dproxy.post("/service/balancer/reload");
    assert!(told.status == 503 && told.text().contains("the master did not answer within 5 s"), "{}", told.text());
    assert_eq!(dproxy.online(), Some(2), "everything else goes on");
    dproxy.signal(Signal::SIGTERM);
    assert_eq!(dproxy.exit_code(), 0, "{}", dproxy.log());
}

#[test]
fn a_bad_file_changes_nothing_and_is_shown_until_it_is_mended() {
    let origin = Origin::saying("ok");
    let dproxy = dproxy().route("a.test", &[origin.addr()]).start();
    let whole = fs::read_to_string(dproxy.config()).unwrap();
    let generation = dproxy.status()["generation"].clone();
    fs::write(dproxy.config(), format!("{whole}wrkers: 3\nlimits:\n  head_bites: 1\n")).unwrap();
    dproxy.wait_for("a warning", || dproxy.status()["warnings"].to_string().contains("wrkers"));
    let (status, warning) = (dproxy.status(), dproxy.status()["warnings"][0].as_str().unwrap().to_owned());
    for words in ["the one before counts", "2 mistakes", "did you mean `workers`?", "^^^^^^", "did you mean `head_bytes`?"] {
        assert!(warning.contains(words), "`{words}` is not in {warning}");
    }
    assert_eq!(status["generation"], generation, "nothing changed");
    let shown = dproxy.ctl(&["status"]).stdout;
    assert!(shown.contains("did you mean `workers`?"), "{shown}");
    fs::write(dproxy.config(), whole).unwrap();
    dproxy.wait_for("no warning", || dproxy.status()["warnings"] == json!([]));
    assert_eq!(dproxy.status()["generation"], generation);
}
