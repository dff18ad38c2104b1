//! Clients that people use.

use std::process::{Command, Output, Stdio};

use dproxy_testkit::{Origin, ok};

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
    check(&["--head"], 0);
    check(&["--http1.0"], 0);
    check(&["--data", "hello"], 5);
    // Big enough for `Expect: 100-continue`.
    check(&["--data-binary", &upload], 2_000_000);
    check(&["--data-binary", &upload, "--header", "Transfer-Encoding: chunked"], 2_000_000);
    check(&["--request", "DELETE"], 0);
    check(&["--header", "Expect:", "--data-binary", &upload], 2_000_000);
}
