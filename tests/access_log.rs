//! The access log: a line for each request, whole, whoever writes and whatever becomes of the file.

use std::fs;

use dproxy_testkit::{Load, Mode, Origin, Signal};

use crate::{alone, dproxy};

#[test]
fn no_line_is_torn_or_lost_while_the_file_is_rotated_and_workers_come_and_go() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name);
    let file = path("access.log");
    let mut dproxy = dproxy().workers(3).route("a.test", &[origin.addr()]).arg("--access-log").arg(file.to_str().unwrap()).start();
    let load = Load { clients: 6, mode: Mode::PerRequest, limit: 3000, ..Load::new(dproxy.http(), "a.test") }.start();
    for turn in 1..=3 {
        let before = load.done();
        dproxy.wait_for("requests", || load.done() >= before + 300);
        fs::rename(&file, path(&format!("access.{turn}"))).unwrap();
        dproxy.signal(Signal::SIGUSR1);
        dproxy.wait_for("a new file", || file.exists());
        assert_eq!(dproxy.ctl(&["resize", if turn == 2 { "3" } else { "5" }]).code, Some(0));
    }
    let report = load.join();
    assert_eq!(report.failed(), 0, "{report}");
    dproxy.signal(Signal::SIGTERM);
    dproxy.wait_for_end();

    let names = ["access.1", "access.2", "access.3", "access.log"];
    let text: String = names.iter().map(|name| fs::read_to_string(path(name)).unwrap()).collect();
    let lines: Vec<&str> = text.lines().filter(|line| line.contains(" a.test ")).collect();
    for line in &lines {
        assert!(line.starts_with("127.0.0.1 - - [") && line.contains(" +0000] \"GET / HTTP/1.1\" 200 2 \"-\" "), "{line:?}");
    }
    assert_eq!(u64::try_from(lines.len()).unwrap(), report.good);
    assert!(text.ends_with('\n'));
}

#[test]
fn what_a_client_sends_forges_no_line() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("access.log");
    let dproxy = dproxy().arg("--access-log").arg(file.to_str().unwrap()).start();
    let request = "GET /a\"b HTTP/1.1\r\nHost: nobody.test\r\nUser-Agent: x\" 200 9 \"y\r\nReferer: \u{e4}\r\nConnection: close\r\n\r\n";
    assert_eq!(dproxy_testkit::request(dproxy.http(), request).unwrap().status, 404);
    let line = || fs::read_to_string(&file).unwrap().lines().find(|line| line.contains("nobody.test")).map(str::to_owned);
    dproxy.wait_for("the line", || line().is_some());
    let line = line().unwrap();
    assert!(line.contains(r#""GET /a\"b HTTP/1.1" 404 "#) && line.contains(r#" "\xc3\xa4" "x\" 200 9 \"y" nobody.test "#), "{line}");
}
