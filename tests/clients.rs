//! Clients that people use.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use dproxy_testkit::{Origin, free_addr, ok};

use crate::dproxy;
use crate::http::before;

/// Runs curl quietly; none, with a line that says so, where there is no curl.
fn curl(words: &[&str]) -> Option<Output> {
    let output = Command::new("curl").args(["--silent", "--show-error", "--max-time", "20"]).args(words).stdin(Stdio::null()).output();
    match output {
        Ok(output) => Some(output),
        Err(error) => {
            println!("skipped: cannot run curl: {error}");
            None
        }
    }
}

#[test]
fn h2load_gets_every_answer() {
    let origin = Origin::saying(&"x".repeat(20_000));
    let dproxy = before(&origin);
    let url = format!("http://{}/", dproxy.http());
    let words = ["-n", "2000", "-c", "10", "-m", "20", "-H", ":authority: a.test", &url];
    let output = match Command::new("h2load").args(words).stdin(Stdio::null()).output() {
        Ok(output) => output,
        Err(error) => return println!("skipped: cannot run h2load: {error}"),
    };
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(report.contains("2000 succeeded, 0 failed, 0 errored, 0 timeout"), "{report}");
}

/// Runs a script of `tests/python` that needs `module`; none, with a line that says so, where there is none.
/// `.ci/run` installs them in `target/python`.
pub(crate) fn python(script: &str, module: &str, words: &[&str]) -> Option<Output> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let own = root.join("target/python/bin/python");
    let program = if own.exists() { own } else { "python3".into() };
    let has_module = Command::new(&program).args(["-c", &format!("import {module}")]).output();
    if !has_module.is_ok_and(|output| output.status.success()) {
        println!("skipped: {} has no module {module}; pip install it in a venv at target/python", program.display());
        return None;
    }
    let script = root.join("tests/python").join(script);
    Some(Command::new(&program).arg(script).args(words).stdin(Stdio::null()).output().unwrap())
}

#[test]
fn curl_is_served_in_all_its_ways() {
    let origin = Origin::start(|request| ok(&format!("{} {} {}\n", request.method, request.target, request.body.len())));
    let dproxy = before(&origin);
    let upload = dproxy.home().join("upload");
    std::fs::write(&upload, vec![b'x'; 2_000_000]).unwrap();
    let (upload, url) = (format!("@{}", upload.display()), format!("http://{}/p", dproxy.http()));
    let check = |words: &[&str], body: usize| {
        let all = [&["--header", "Host: a.test"], words, &[url.as_str()]].concat();
        let Some(output) = curl(&all) else { return };
        assert!(output.status.success(), "{words:?}: {output:?}");
        assert_eq!(origin.last().body.len(), body, "{words:?}: {output:?}");
        assert!(words.contains(&"--head") || String::from_utf8_lossy(&output.stdout).contains(" /p "), "{words:?}: {output:?}");
    };
    check(&["--get"], 0);
    check(&["--http2-prior-knowledge"], 0);
    check(&["--http2-prior-knowledge", "--head"], 0);
    check(&["--http2-prior-knowledge", "--data", "hello"], 5);
    check(&["--http2-prior-knowledge", "--data-binary", &upload], 2_000_000);
    check(&["--head"], 0);
    check(&["--http1.0"], 0);
    check(&["--data", "hello"], 5);
    // Big enough for `Expect: 100-continue`.
    check(&["--data-binary", &upload], 2_000_000);
    check(&["--data-binary", &upload, "--header", "Transfer-Encoding: chunked"], 2_000_000);
    check(&["--request", "DELETE"], 0);
    check(&["--header", "Expect:", "--data-binary", &upload], 2_000_000);
}

#[test]
fn curl_that_uploads_in_vain_reads_why() {
    let origin = Origin::saying("ok");
    let dproxy = dproxy().workers(1).route("a.test", &[origin.addr()]).route("dead.test", &[free_addr()]).start();
    let upload = dproxy.home().join("upload");
    std::fs::write(&upload, vec![b'x'; 100_000]).unwrap();
    let (upload, url) = (format!("@{}", upload.display()), format!("http://{}/", dproxy.http()));
    let first = ["--header", "Host: dead.test", "--header", "Expect:", "--data-binary", &upload, "--write-out", "[%{http_code}]", &url];
    let second = ["--next", "--header", "Host: a.test", "--write-out", "[%{http_code}]", &url];
    let Some(output) = curl(&[&first[..], &second[..]].concat()) else { return };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("[502]") && said.ends_with("ok[200]"), "{output:?}");
}
