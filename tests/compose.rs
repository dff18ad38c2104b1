//! Debian's `docker-compose` (1.29) brings up, changes, restarts and scales a service under load, and our own example.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use dproxy_testkit::{Engine, PATIENCE, free_port, get, unique, wait_for};
use tempfile::TempDir;

use crate::among_others;
use crate::deploy::{before, check, host};
use crate::image::made;

/// A project with one service, taken down when dropped.
struct Project {
    engine: Engine,
    name: String,
    home: TempDir,
}

impl Project {
    /// None, with a line of output, where there is no `docker-compose`.
    fn new(engine: &Engine) -> Option<Project> {
        let project = Project { engine: engine.clone(), name: unique("compose"), home: tempfile::tempdir().unwrap() };
        match project.command(&["version"]).output() {
            Ok(output) if output.status.success() => Some(project),
            other => {
                println!("skipped: cannot run docker-compose: {other:?}");
                None
            }
        }
    }

    /// Writes down what the service shall be from now on.
    fn describe(&self, host: &str, release: u32) {
        let text = format!(
            "version: '2.4'\nservices:\n  web:\n    image: dproxy-test/echo\n    labels:\n      dproxy.host: {host}\n    \
             environment:\n      RELEASE: '{release}'\n"
        );
        fs::write(self.file(), text).unwrap();
    }

    /// Has it be the example, with images that are there, at ports of loopback that nobody uses.
    fn describe_the_example(&self, image: &str, http: u16, https: u16) {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../etc/docker/docker-compose.yml");
        let mut text = fs::read_to_string(example).unwrap();
        let ports = [format!("'127.0.0.1:{http}:80'"), format!("'127.0.0.1:{https}:443'")];
        let socket = self.engine.socket().display().to_string();
        let others = [
            ("image: dproxy\n", format!("image: {image}\n")),
            ("image: nginx\n", "image: dproxy-test/echo\n".to_owned()),
            ("'80:80'", ports[0].clone()),
            ("'443:443'", ports[1].clone()),
            ("- /var/run/docker.sock:", format!("- {socket}:")),
        ];
        for (ours, here) in others {
            assert!(text.contains(ours), "the example has no `{}`", ours.trim());
            text = text.replace(ours, &here);
        }
        fs::write(self.file(), text).unwrap();
    }

    /// The one that was written in Python.
    fn is_of_the_first_generation(&self) -> bool {
        self.command(&["version", "--short"]).output().is_ok_and(|output| output.stdout.starts_with(b"1."))
    }

    /// `docker-compose WORDS`.
    #[track_caller]
    fn run(&self, words: &[&str]) {
        let _said = self.told(words);
    }

    /// What `docker-compose WORDS` says.
    #[track_caller]
    fn told(&self, words: &[&str]) -> String {
        let output: Output = self.command(words).output().unwrap();
        assert!(output.status.success(), "docker-compose {}: {output:#?}", words.join(" "));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("docker-compose");
        command.args(["--project-name", &self.name, "--file"]).arg(self.file()).args(words).stdin(Stdio::null());
        command.env("DOCKER_HOST", self.engine.endpoint()).env("COMPOSE_API_VERSION", "auto").current_dir(self.home.path());
        command
    }

    fn file(&self) -> impl AsRef<Path> + AsRef<std::ffi::OsStr> {
        self.home.path().join("docker-compose.yml")
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        // Where it never came up there is nothing to take down.
        let _ = self.command(&["down", "--volumes", "--timeout", "1"]).output();
    }
}

#[test]
fn what_docker_compose_does_costs_no_request() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let Some(project) = Project::new(&engine) else { return };
    let dproxy = before(&engine);
    let host = host("compose");
    project.describe(&host, 1);
    project.run(&["up", "-d"]);
    check(&dproxy, &host, "docker-compose up -d, nothing changed", || project.run(&["up", "-d"]));
    check(&dproxy, &host, "docker-compose restart", || project.run(&["restart", "--timeout", "1"]));
    if engine.release() >= 25 && project.is_of_the_first_generation() {
        return println!("skipped: docker-compose 1 fails to recreate containers of this engine (KeyError: 'ContainerConfig')");
    }
    check(&dproxy, &host, "docker-compose up -d with another release", || {
        project.describe(&host, 2);
        project.run(&["up", "-d", "--timeout", "1"]);
    });
    check(&dproxy, &host, "docker-compose up -d --force-recreate", || {
        project.run(&["up", "-d", "--force-recreate", "--timeout", "1"]);
    });
    check(&dproxy, &host, "docker-compose up -d --scale web=3", || project.run(&["up", "-d", "--scale", "web=3"]));
    check(&dproxy, &host, "docker-compose up -d with another release, three replicas", || {
        project.describe(&host, 3);
        project.run(&["up", "-d", "--scale", "web=3", "--timeout", "1"]);
    });
}

#[test]
fn the_example_serves_is_well_and_goes_on_after_a_restart() {
    let Some(engine) = Engine::shared().filter(Engine::shares_our_files) else { return };
    let _busy = among_others();
    let Some(project) = Project::new(&engine) else { return };
    let Some(image) = made(&engine) else { return };
    let (http, https) = (free_port(), free_port());
    project.describe_the_example(image, http, https);
    project.run(&["up", "-d", "--scale", "web=2"]);
    let at = SocketAddr::from(([127, 0, 0, 1], http));
    let replica = || get(at, "web.example.com", "/").ok()?.field("x-echo-name").map(str::to_owned);
    let both = || (0..8).filter_map(|_| replica()).collect::<BTreeSet<_>>().len() == 2;
    let logs = || project.told(&["logs", "proxy"]);
    wait_for("both replicas", PATIENCE, both);
    let proxy = project.told(&["ps", "-q", "proxy"]);
    let health = || {
        engine.call("GET", &format!("/containers/{}/json", proxy.trim()), None).unwrap().json()["State"]["Health"]["Status"] == "healthy"
    };
    wait_for("its health", PATIENCE * 2, health);
    let told = project.told(&["exec", "-T", "proxy", "dproxy", "ctl", "routes"]);
    assert!(told.contains("web.example.com"), "{told}");
    project.run(&["restart", "proxy"]);
    wait_for("both replicas after a restart", PATIENCE, both);
    project.run(&["stop", "proxy"]);
    let state = engine.call("GET", &format!("/containers/{}/json", proxy.trim()), None).unwrap().json()["State"].clone();
    assert_eq!(state["ExitCode"], 0, "{}", logs());
}
