//! A real Redis server.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::address::free_addr;
use crate::wait::{PATIENCE, wait_for};

/// A `redis-server` with an address and a directory of its own, which it keeps over [`Redis::stop`] and [`Redis::start`].
#[derive(Debug)]
pub struct Redis {
    address: SocketAddr,
    home: TempDir,
    arguments: Vec<String>,
    child: Option<Child>,
}

impl Redis {
    /// Starts one with these arguments more; none, with a line that says so, where there is no `redis-server`.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn with(arguments: &[&str]) -> Option<Redis> {
        if let Err(error) = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status() {
            // Over the standard error of the process itself: a test that passes keeps its own to itself.
            let _ = writeln!(std::io::stderr().lock(), "skipped: cannot run redis-server: {error}");
            return None;
        }
        let home = tempfile::Builder::new().prefix("dproxy-test-").tempdir().expect("a temporary directory can be made");
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let mut redis = Redis { address: free_addr(), home, arguments, child: None };
        redis.start();
        Some(redis)
    }

    /// Starts it again.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start(&mut self) {
        let (port, socket) = (self.address.port().to_string(), self.socket());
        let mut command = Command::new("redis-server");
        command.args(["--port", &port, "--bind", "127.0.0.1", "--appendonly", "yes", "--appendfsync", "always", "--save", ""]);
        command.arg("--dir").arg(self.home.path()).arg("--unixsocket").arg(socket).args(&self.arguments);
        self.child = Some(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("redis-server can be started"));
        wait_for("a Redis server", PATIENCE, || TcpStream::connect(self.address).is_ok() && self.socket().exists());
    }

    /// Kills it.
    ///
    /// # Panics
    /// When it cannot be.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a process of ours can be killed");
            child.wait().expect("a child can be waited for");
        }
    }

    /// Sends it a signal: `SIGSTOP` has it not answer any more.
    ///
    /// # Panics
    /// When it does not run.
    pub fn signal(&self, wanted: Signal) {
        let child = self.child.as_ref().expect("it runs");
        let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process id is a small number"));
        signal::kill(pid, wanted).expect("a process of ours takes signals");
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}/0", self.address)
    }

    /// Its Unix socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.home.path().join("redis.sock")
    }

    /// What `redis-cli` says to this.
    ///
    /// # Panics
    /// When it cannot be run.
    #[must_use]
    pub fn ask(&self, words: &[&str]) -> String {
        let said = Command::new("redis-cli").args(["-p", &self.address.port().to_string()]).args(words).output();
        String::from_utf8_lossy(&said.expect("redis-cli comes with redis-server").stdout).trim().to_owned()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}
