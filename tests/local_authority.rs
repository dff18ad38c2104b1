//! `tls: internal`: certificates of our own authority for hosts that want them.

use std::fs;
use std::process::{Command, Output};

use dproxy_testkit::{Dproxy, Engine, Options, Origin, Run, free_port, unique};
use tempfile::TempDir;

use crate::dproxy;

/// A program with a state directory that lasts longer than itself, and its TLS port.
struct Development {
    dproxy: Dproxy,
    state: TempDir,
    port: u16,
}

impl Development {
    fn start(options: impl FnOnce(Options) -> Options) -> Development {
        let (state, port) = (tempfile::tempdir().unwrap(), free_port());
        let base = dproxy().env("DOCKER_PROXY_STATE_DIRECTORY", &state.path().display().to_string());
        Development { dproxy: options(base.env("DOCKER_PROXY_SSL_PORT", &port.to_string())).start(), state, port }
    }

    /// What curl got, believing nobody but our own authority.
    fn curl(&self, url: &str) -> Output {
        let authority = self.state.path().join("local-ca/ca.crt");
        let connect = format!("::127.0.0.1:{}", self.port);
        let words = ["-sS", "-m", "20", "--noproxy", "*", "--connect-to", &connect, "--cacert"];
        Command::new("curl").args(words).arg(authority).arg(url).output().unwrap()
    }

    #[track_caller]
    fn wait_for(&self, host: &str, says: &str) {
        let mut last = None;
        let mut answers = || {
            let output = self.curl(&format!("https://{host}/"));
            let good = String::from_utf8_lossy(&output.stdout).contains(says) && output.status.success();
            last = Some(output);
            good
        };
        self.dproxy.wait_for(&format!("https://{host}/"), &mut answers);
    }
}

#[test]
fn a_container_that_says_so_is_served_over_tls_as_soon_as_it_is_there() {
    let Some(engine) = Engine::shared() else { return };
    let development = Development::start(|options| options.docker(&engine.endpoint()));
    let (asks, does_not) = (format!("{}.test", unique("asks")), format!("{}.test", unique("silent")));
    let _silent = engine.run(&Run::echo("silent").hostname(&does_not));
    let container = engine.run(&Run::echo("asks").hostname(&asks).label("dproxy.tls", "internal"));
    development.wait_for(&asks, &container.name);
    assert!(!development.curl(&format!("https://{does_not}/")).status.success(), "it did not ask for one");
}

#[test]
fn all_hosts_get_certificates_where_the_settings_say_so() {
    let origin = Origin::saying("hello");
    let routes = format!(
        "ssl:\n  issuer: internal\nroutes:\n  - {{host: a.test, backends: \"{0}\"}}\n  - {{host: \"*.b.test\", backends: \"{0}\"}}\n  \
         - {{host: c.test, backends: \"{0}\", tls: off}}",
        origin.addr()
    );
    let development = Development::start(|options| options.yaml(&routes));
    development.wait_for("a.test", "hello");
    development.wait_for("x.b.test", "hello");
    assert!(!development.curl("https://c.test/").status.success(), "it wants none");
    let figures = development.dproxy.api("/metrics").text();
    assert!(figures.contains("file=\"local/a.test\""), "{figures}");
}

#[test]
fn the_authority_stays_the_same_over_a_restart() {
    let origin = Origin::saying("hello");
    let routes = format!("routes:\n  - {{host: a.test, backends: \"{}\", tls: internal}}", origin.addr());
    let mut development = Development::start(|options| options.yaml(&routes));
    development.wait_for("a.test", "hello");
    let authority = fs::read(development.state.path().join("local-ca/ca.crt")).unwrap();
    development.dproxy.signal(dproxy_testkit::Signal::SIGTERM);
    development.dproxy.wait_for_end();
    development.dproxy.start_again();
    development.wait_for("a.test", "hello");
    assert_eq!(fs::read(development.state.path().join("local-ca/ca.crt")).unwrap(), authority);
}

#[test]
fn an_authority_that_cannot_be_used_is_a_problem_and_costs_nothing_else() {
    let origin = Origin::saying("hello");
    let state = tempfile::tempdir().unwrap();
    fs::create_dir(state.path().join("local-ca")).unwrap();
    fs::write(state.path().join("local-ca/ca.crt"), "nonsense").unwrap();
    let routes = format!("routes:\n  - {{host: a.test, backends: \"{}\", tls: internal}}", origin.addr());
    let dproxy = dproxy().env("DOCKER_PROXY_STATE_DIRECTORY", &state.path().display().to_string()).yaml(&routes).start();
    let problem = "ca.key` is not there, but its certificate is; put it back";
    dproxy.wait_for("the problem", || dproxy.data("/problems").to_string().contains(problem));
    assert_eq!(dproxy.get("a.test", "/").text(), "hello");
}
