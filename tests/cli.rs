//! The command line as people and scripts meet it: habits, tables, codes, terminals.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use dproxy_testkit::{Dproxy, Origin, Signal};

use crate::dproxy;

/// The words of `words`, with the configuration of `dproxy` behind them.
#[track_caller]
fn short(dproxy: &Dproxy, words: &[&str]) -> dproxy_testkit::Ctl {
    let config = dproxy.config();
    dproxy.run(&[words, &["--config", config.to_str().unwrap()]].concat())
}

#[test]
fn habits_of_pm2_work() {
    let dproxy = dproxy().start();
    let check = |words: &[&str], expected: &str| {
        let told = short(&dproxy, words);
        assert_eq!(told.code, Some(0), "{words:?}: {told:?}");
        assert!(told.stdout.contains(expected), "{words:?}: {told:?}");
        assert!(!told.stdout.contains('\x1b') && !told.stderr.contains('\x1b'), "colours are for terminals: {told:?}");
    };
    check(&["list"], "online");
    check(&["scale", "3"], "resized to 3: 3 of 3 workers online");
    check(&["describe", "2"], "restarts     0");
    check(&["reload"], "configuration read again");
    check(&["restart"], "restarted: 3 of 3 workers online");
    check(&["reset"], "restarts are counted from zero");
    check(&["logs", "-n", "1000"], "replaced");
    check(&["stop"], "stopped: 0 workers online");
    check(&["start"], "started: 3 of 3 workers online");
    check(&["ctl", "status"], "3 of 3 workers online");
}

#[test]
fn every_answer_is_there_as_json() {
    let dproxy = dproxy().start();
    for words in [
        &["status"][..],
        &["list"],
        &["describe", "0"],
        &["routes"],
        &["containers"],
        &["backends"],
        &["certs"],
        &["problems"],
        &["reload"],
    ] {
        let told = short(&dproxy, &[words, &["--json"]].concat());
        assert_eq!(told.json()["ok"], true, "{words:?}: {told:?}");
    }
    let refused = short(&dproxy, &["describe", "77", "--json"]);
    assert_eq!((refused.code, &refused.json()["ok"]), (Some(1), &false.into()), "{refused:?}");
    let line = short(&dproxy, &["logs", "-n", "1", "--json"]);
    assert!(line.json()["number"].is_u64(), "{line:?}");
}

#[test]
fn exit_codes_are_as_documented() {
    let mut dproxy = dproxy().start();
    let code = |words: &[&str]| short(&dproxy, words).code;
    assert_eq!(code(&["status"]), Some(0));
    assert_eq!(code(&["describe", "99"]), Some(1));
    assert_eq!(code(&["describe"]), Some(2));
    assert_eq!(code(&["scale", "0"]), Some(2));
    let nowhere = dproxy.run(&["status", "--config", "/no/such/file"]);
    assert!(nowhere.code == Some(1) && nowhere.stderr.contains("cannot read the configuration file `/no/such/file`"), "{nowhere:?}");
    dproxy.signal(Signal::SIGTERM);
    assert_eq!(dproxy.exit_code(), 0);
    for words in [&["status"][..], &["stop"], &["logs", "-f"], &["list", "--watch"]] {
        let told = short(&dproxy, words);
        assert_eq!(told.code, Some(3), "{words:?}: {told:?}");
        assert!(
            told.stderr.starts_with("error: dproxy is not running: ") && told.stderr.contains("start it with `dproxy master`"),
            "{told:?}"
        );
    }
}

/// A word that goes on by itself; what it says until `enough`, then it is ended.
fn until(dproxy: &Dproxy, words: &[&str], enough: impl Fn(&str) -> bool) -> String {
    let binary = env!("CARGO_BIN_EXE_dproxy");
    let mut child =
        Command::new(binary).args(words).arg("--config").arg(dproxy.config()).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let (mut said, mut bytes) = (String::new(), [0; 4096]);
    while !enough(&said) {
        let length = out.read(&mut bytes).unwrap();
        assert!(length > 0, "{words:?} ended: {said}");
        said.push_str(&String::from_utf8_lossy(&bytes[..length]));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    said
}

#[test]
fn watch_shows_the_same_again_and_logs_go_on() {
    let origin = Origin::saying("ok");
    let dproxy = dproxy().route("a.test", &[origin.addr()]).start();
    let said = until(&dproxy, &["routes", "--watch=1"], |said| said.matches("a.test").count() >= 3);
    assert!(!said.contains('\x1b'), "a pipe is not cleared: {said:?}");
    let asked = std::cell::Cell::new(0);
    until(&dproxy, &["logs", "-f", "-n", "1"], |said| {
        // What is asked now is told in lines that follow.
        asked.set(asked.get() + 1);
        asked.get() > 1 && said.contains("path=\"/service/balancer/reset\"") || {
            assert_eq!(dproxy.post("/service/balancer/reset").status, 200);
            false
        }
    });
}

#[test]
fn a_terminal_gets_colours_and_top_gives_it_back() {
    let origin = Origin::saying("ok");
    let dproxy = dproxy().route("a.test", &[origin.addr()]).start();
    let binary = env!("CARGO_BIN_EXE_dproxy");
    let config = dproxy.config();
    // `script` of util-linux runs a word on a terminal of its own.
    let on_terminal = |words: &str, keys: &[u8]| {
        let line = format!("stty rows 30 cols 100; {binary} {words} --config {}; echo \"code=$?\"; stty -a", config.display());
        let child = Command::new("script").args(["-qec", &line, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.ok()?;
        let (mut keyboard, mut out) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (mut said, mut bytes) = (String::new(), [0; 4096]);
        while !keys.is_empty() && !said.contains("a.test") {
            let length = out.read(&mut bytes).unwrap();
            assert!(length > 0, "it ended: {said}");
            said.push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
        keyboard.write_all(keys).unwrap();
        let mut rest = Vec::new();
        out.read_to_end(&mut rest).unwrap();
        child.wait().unwrap();
        Some(said + &String::from_utf8_lossy(&rest))
    };
    let Some(list) = on_terminal("list", b"") else { return println!("skipped: cannot run script") };
    assert!(list.contains("\x1b[32monline\x1b[0m") && list.contains("code=0"), "{list}");
    for keys in [b"q", b"\x03"] {
        let top = on_terminal("top", keys).unwrap();
        assert!(top.contains("requests/s") && top.contains("SLOT") && top.contains("BACKEND") && top.contains("P99"), "{top}");
        let (shown, after) = top.split_once("\x1b[?1049l").unwrap_or_else(|| panic!("the screen is given back: {top}"));
        assert!(shown.contains("\x1b[?1049h") && after.contains("code=0"), "{top}");
        assert!(after.contains(" icanon ") && after.contains(" echo "), "the terminal is as it was: {after}");
    }
    let nowhere = short(&dproxy, &["top"]);
    assert!(nowhere.code == Some(1) && nowhere.stderr.contains("needs a terminal"), "{nowhere:?}");
}

#[test]
fn shells_understand_their_completions() {
    let dproxy = dproxy().start();
    for shell in ["bash", "zsh", "fish"] {
        let script = dproxy.run(&["completions", shell]);
        assert_eq!(script.code, Some(0), "{script:?}");
        let file = dproxy.home().join(shell);
        std::fs::write(&file, &script.stdout).unwrap();
        match Command::new(shell).arg("-n").arg(&file).output() {
            Ok(output) => assert!(output.status.success(), "{shell}: {output:?}"),
            Err(error) => println!("skipped: cannot run {shell}: {error}"),
        }
    }
}

#[test]
fn a_route_is_added_by_hand_and_removed_again() {
    let origin = Origin::saying("by hand");
    let dproxy = dproxy().start();
    let backend = origin.addr().to_string();
    let added = dproxy.ctl(&["route", "add", "hand.test/api", &backend, "--for", "10m"]);
    assert!(added.code == Some(0) && added.stdout.contains("hand.test"), "{added:?}");
    dproxy.wait_for("the route serves", || dproxy.get("hand.test", "/api/x").text() == "by hand");
    assert_eq!(dproxy.get("hand.test", "/").status, 404);
    let routes = dproxy.ctl(&["routes", "--where", "path=/api", "--json"]);
    assert_eq!(routes.json()["data"].as_array().map(Vec::len), Some(1), "{routes:?}");
    let gone = dproxy.ctl(&["route", "remove", "hand.test"]);
    assert_eq!(gone.code, Some(0), "{gone:?}");
    dproxy.wait_for("the route is gone", || dproxy.get("hand.test", "/api").status == 404);
    let again = dproxy.ctl(&["route", "remove", "hand.test"]);
    assert_eq!(again.code, Some(1), "{again:?}");
    let wrong = dproxy.ctl(&["route", "add", "hand.test", "shop"]);
    assert!(wrong.code == Some(2) && wrong.stderr.contains("backend `shop` is not an IP address and a port"), "{wrong:?}");
}

#[test]
fn of_a_list_only_those_rows_are_shown_that_are_wanted() {
    let dproxy = dproxy().workers(3).start();
    let slots = |words: &[&str]| {
        let told = dproxy.ctl(&[&["list", "--json"], words].concat());
        assert_eq!(told.code, Some(0), "{told:?}");
        told.json()["data"].as_array().unwrap().iter().map(|row| row["slot"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(slots(&["--sort", "-slot"]), [2, 1, 0]);
    assert_eq!(slots(&["--sort=-slot", "--limit", "1", "--skip", "1"]), [1]);
    assert_eq!(slots(&["--where", "slot>=1"]), [1, 2]);
    let wrong = dproxy.ctl(&["list", "--sort", "size"]);
    assert!(wrong.code == Some(1) && wrong.stderr.contains("there is no field `size`; the fields are "), "{wrong:?}");
}
