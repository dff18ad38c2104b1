//! Debian's `docker-compose` (1.29) brings up, changes, restarts and scales a service under load.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use dproxy_testkit::{Engine, unique};
use tempfile::TempDir;

use crate::among_others;
use crate::deploy::{before, check, host};

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

    /// The one that was written in Python.
    fn is_of_the_first_generation(&self) -> bool {
        self.command(&["version", "--short"]).output().is_ok_and(|output| output.stdout.starts_with(b"1."))
    }

    /// `docker-compose WORDS`.
    #[track_caller]
    fn run(&self, words: &[&str]) {
        let output: Output = self.command(words).output().unwrap();
        assert!(output.status.success(), "docker-compose {}: {output:#?}", words.join(" "));
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
        let _ = self.command(&["down", "--timeout", "1"]).output();
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
