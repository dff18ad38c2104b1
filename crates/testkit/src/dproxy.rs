//! The real program, with directories and ports of its own.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Output, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use crate::options::CONFIG;
use crate::{Answer, Failure, Options, PATIENCE, get, request, wait_for};

/// A running `dproxy master`. It and its workers are killed when dropped.
pub struct Dproxy {
    pub(crate) options: Options,
    pub(crate) home: TempDir,
    pub(crate) child: Child,
    /// Workers whose master the test has killed.
    pub(crate) orphans: Vec<Pid>,
}

/// What `dproxy ctl` said.
#[derive(Clone, Debug)]
pub struct Ctl {
    /// Its exit code.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained.
    pub stderr: String,
}

impl Dproxy {
    /// Where requests go.
    #[must_use]
    pub fn http(&self) -> SocketAddr {
        self.options.http
    }

    /// Where the control API listens.
    #[must_use]
    pub fn api_addr(&self) -> SocketAddr {
        self.options.api
    }

    /// The directory with everything of this one.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The configuration file.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.home().join(CONFIG)
    }

    /// The PID file.
    #[must_use]
    pub fn pid_file(&self) -> PathBuf {
        self.home().join("run/docker-proxy.pid")
    }

    /// The control socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.home().join("run/control.sock")
    }

    /// Of the master.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// GET for a host through the proxy.
    ///
    /// # Panics
    /// When there is no whole answer.
    #[must_use]
    #[track_caller]
    pub fn get(&self, host: &str, path: &str) -> Answer {
        get(self.options.http, host, path).unwrap_or_else(|failure| panic!("GET {host}{path}: {failure}\n{}", self.log()))
    }

    /// GET of the control API.
    ///
    /// # Panics
    /// When there is no whole answer.
    #[must_use]
    #[track_caller]
    pub fn api(&self, path: &str) -> Answer {
        self.try_api(path).unwrap_or_else(|failure| panic!("API {path}: {failure}\n{}", self.log()))
    }

    /// GET of the control API, which may fail.
    ///
    /// # Errors
    /// As [`Failure`].
    pub fn try_api(&self, path: &str) -> Result<Answer, Failure> {
        get(self.options.api, &self.options.api.to_string(), path)
    }

    /// POST to the control API.
    ///
    /// # Panics
    /// When there is no whole answer.
    #[must_use]
    #[track_caller]
    pub fn post(&self, path: &str) -> Answer {
        self.send_api("POST", path, "")
    }

    /// The answer of the API to any method, with a body.
    ///
    /// # Panics
    /// When there is no whole answer.
    #[must_use]
    #[track_caller]
    pub fn send_api(&self, method: &str, path: &str, body: &str) -> Answer {
        let (host, length) = (self.options.api, body.len());
        let text = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
        request(host, &text).unwrap_or_else(|failure| panic!("{method} {path}: {failure}\n{}", self.log()))
    }

    /// `data` of an answer of the API.
    ///
    /// # Panics
    /// When there is no whole answer.
    #[must_use]
    #[track_caller]
    pub fn data(&self, path: &str) -> Value {
        self.api(path).json()["data"].take()
    }

    /// `data` of `/status`.
    ///
    /// # Panics
    /// When there is no whole answer.
    #[must_use]
    #[track_caller]
    pub fn status(&self) -> Value {
        self.data("/status")
    }

    /// How many workers serve; none when the API does not answer.
    #[must_use]
    pub fn online(&self) -> Option<u64> {
        self.try_api("/status").ok()?.json()["data"]["workers_online"].as_u64()
    }

    /// The process ids of the workers.
    ///
    /// # Panics
    /// When there is no whole answer.
    #[must_use]
    #[track_caller]
    pub fn worker_pids(&self) -> Vec<u32> {
        let rows = self.data("/workers");
        let pids = rows.as_array().into_iter().flatten().filter_map(|row| row["pid"].as_u64());
        pids.map(|pid| u32::try_from(pid).expect("a process id has 32 bits")).collect()
    }

    /// Waits until exactly `count` workers serve, and no other process of the program is left.
    ///
    /// # Panics
    /// With the log, when that does not come true.
    #[track_caller]
    pub fn wait_for_workers(&self, count: usize) {
        self.wait_for(&format!("{count} workers"), || self.online() == u64::try_from(count).ok() && children_of(self.pid()).len() == count);
    }

    /// Waits until every worker knows what the master knows.
    ///
    /// # Panics
    /// When that takes too long.
    #[track_caller]
    pub fn wait_until_all_know(&self) {
        self.wait_for("all workers to know", || {
            let status = self.status();
            status["workers_at_generation"] == status["workers_wanted"]
        });
    }

    /// Waits for a level of this program; shows its log when that does not come true.
    ///
    /// # Panics
    /// When that does not come true.
    #[track_caller]
    pub fn wait_for(&self, what: &str, look: impl FnMut() -> bool) {
        wait_for(what, PATIENCE, look);
    }

    /// `dproxy ctl` with these words.
    ///
    /// # Panics
    /// When the program cannot be started.
    #[must_use]
    pub fn ctl(&self, words: &[&str]) -> Ctl {
        let mut command = self.options.command(self.home());
        command.env("DOCKER_PROXY_CONFIG_PATH", self.config()).arg("ctl").args(words).stdin(Stdio::null());
        command.output().unwrap_or_else(|error| panic!("cannot start dproxy ctl: {error}")).into()
    }

    /// `dproxy` with these words, in this one's environment.
    ///
    /// # Panics
    /// When the program cannot be started.
    #[must_use]
    pub fn run(&self, words: &[&str]) -> Ctl {
        let output = self.options.command(self.home()).args(words).stdin(Stdio::null()).output();
        output.unwrap_or_else(|error| panic!("cannot start dproxy: {error}")).into()
    }

    /// Another program with these words, in this one's environment.
    ///
    /// # Panics
    /// When the program cannot be started.
    #[must_use]
    pub fn run_as(&self, program: &str, words: &[&str]) -> Ctl {
        let mut options = self.options.clone();
        options.binary = program.into();
        let mut command = options.command(self.home());
        command.env("DOCKER_PROXY_CONFIG_PATH", self.config()).args(words).stdin(Stdio::null());
        command.output().unwrap_or_else(|error| panic!("cannot start {program}: {error}")).into()
    }

    /// A second master with the same configuration, run to its end.
    ///
    /// # Panics
    /// When the program cannot be started.
    #[must_use]
    pub fn second_master(&self) -> Ctl {
        let config = self.config().display().to_string();
        self.run(&["master", "--config", &config])
    }

    /// Sends a signal to the master.
    ///
    /// # Panics
    /// When it is gone already.
    pub fn signal(&mut self, signal: Signal) {
        if signal == Signal::SIGKILL {
            self.orphans = children_of(self.pid());
        }
        signal::kill(pid(self.pid()), signal).expect("the master is there");
    }

    /// Waits for the master's end.
    ///
    /// # Panics
    /// When it does not come.
    #[track_caller]
    pub fn wait_for_end(&mut self) -> ExitStatus {
        let child = &mut self.child;
        crate::wait_for_some("the master's end", PATIENCE * 2, || child.try_wait().expect("it is our child"))
    }

    /// Waits for the master's end and gives its code, or 128 and the signal that ended it.
    ///
    /// # Panics
    /// When the end does not come.
    #[track_caller]
    pub fn exit_code(&mut self) -> i32 {
        let status = self.wait_for_end();
        status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
    }

    /// Whether the master is still there after `duration`.
    ///
    /// # Panics
    /// When the child cannot be asked.
    pub fn lives_on(&mut self, duration: Duration) -> bool {
        crate::pause(duration);
        self.child.try_wait().expect("it is our child").is_none()
    }

    /// Starts it again after its end, with the same files and ports.
    ///
    /// # Panics
    /// When the program cannot be started or does not serve.
    #[track_caller]
    pub fn start_again(&mut self) {
        self.launch_again();
        self.wait_until_serving();
    }

    /// Starts it again after its end and does not wait.
    ///
    /// # Panics
    /// When the program cannot be started.
    #[track_caller]
    pub fn launch_again(&mut self) {
        self.child = self.options.launch(self.home.path());
    }

    /// Everything it printed, and its log files.
    #[must_use]
    pub fn log(&self) -> String {
        let mut log = fs::read_to_string(self.home().join("output")).unwrap_or_default();
        for entry in fs::read_dir(self.home().join("log")).into_iter().flatten().flatten() {
            log.push_str(&fs::read_to_string(entry.path()).unwrap_or_default());
        }
        log
    }

    #[track_caller]
    pub(crate) fn wait_until_serving(&mut self) {
        let wanted = u64::try_from(self.options.serving.unwrap_or(self.options.workers)).ok();
        let mut ended = None;
        let serving = crate::wait_for_some("a master that serves or ends", PATIENCE, || {
            ended = self.child.try_wait().expect("it is our child");
            (ended.is_some() || self.online() == wanted).then_some(ended.is_none())
        });
        assert!(serving, "dproxy ended with {ended:?}:\n{}", self.log());
    }
}

impl Drop for Dproxy {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- the program said:\n{}---", self.log());
        }
        let workers = children_of(self.pid());
        // Whatever has ended already need not be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
        for worker in workers.into_iter().chain(self.orphans.drain(..)) {
            if runs(worker, &self.options.binary) {
                let _ = signal::kill(worker, Signal::SIGKILL);
            }
        }
    }
}

impl Ctl {
    /// What it printed, as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("not JSON ({error}): {self:?}"))
    }
}

impl From<Output> for Ctl {
    fn from(output: Output) -> Ctl {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ctl { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}

/// Sends a signal to a process that the test knows, such as a worker.
///
/// # Panics
/// When there is no such process.
#[track_caller]
pub fn kill(process: u32, signal: Signal) {
    signal::kill(pid(process), signal).unwrap_or_else(|error| panic!("cannot send {signal} to {process}: {error}"));
}

fn pid(id: u32) -> Pid {
    Pid::from_raw(i32::try_from(id).expect("process ids are positive"))
}

/// The children of a process that still run; zombies do not.
fn children_of(parent: u32) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|&id| is_child(id, parent)).map(pid).collect()
}

/// `/proc/PID/stat` is `PID (NAME) STATE PARENT …`, and NAME may hold anything.
fn is_child(id: u32, parent: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let mut words = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    words.next() != Some("Z") && words.next() == Some(parent.to_string().as_str())
}

/// Whether this process still is one of ours, and not a later one with its number.
fn runs(process: Pid, binary: &Path) -> bool {
    let running = fs::read_link(format!("/proc/{process}/exe")).unwrap_or_default();
    let running = running.to_string_lossy();
    // Its file may have been replaced.
    let running = Path::new(running.trim_end_matches(" (deleted)"));
    running == binary || fs::canonicalize(binary).is_ok_and(|binary| running == binary)
}
