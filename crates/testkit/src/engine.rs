//! A real Docker engine, asked over its socket with our own client, so that no `docker` command is needed.
//!
//! The scripts of the kit (`DPROXY_DOCKER_KIT`, else `../shared/docker` beside the project) start private engines
//! and build the test images there without a registry. One engine serves all tests and stays up for the next run;
//! a test that restarts its engine has one of its own. `DPROXY_TEST_ENGINE` has them be of another version:
//! `trixie`, `sid`, or `sid-1.44`, which refuses clients that speak an older API.

use std::env;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::Value;

use crate::http::{Answer, Connection, Failure};
use crate::{Container, Run};

/// Starting a container beside 30 others under load takes seconds.
const SILENCE: Duration = Duration::from_secs(60);
const SHARED: &str = "dpxtest";
/// Engines with a network of their own share a switch; only one of them at a time may begin or end.
const SWITCHBOARD: &str = "switchboard";
/// The variable that names the engines' version.
const VERSION: &str = "DPROXY_TEST_ENGINE";

/// An engine that answers and has the test images.
#[derive(Clone, Debug)]
pub struct Engine {
    socket: Arc<PathBuf>,
    /// Where else it listens.
    tcp: Option<Arc<str>>,
}

/// An engine that one test alone may stop and start.
pub struct PrivateEngine {
    engine: Engine,
    kit: PathBuf,
    name: String,
    /// Held as long as the test runs, so that two test processes take turns.
    _turn: File,
}

impl Engine {
    /// The engine that all tests share; none, with a line on the terminal, when there is no way to one.
    #[must_use]
    pub fn shared() -> Option<Engine> {
        static ENGINE: OnceLock<Option<Engine>> = OnceLock::new();
        ENGINE.get_or_init(|| Engine::find().map_err(|reason| skip(&reason)).ok()).clone()
    }

    /// An engine of this test's own, which it may restart.
    #[must_use]
    pub fn private(name: &str) -> Option<PrivateEngine> {
        Engine::private_with(name, &[])
    }

    /// The same, with further words for `up` of the kit.
    #[must_use]
    pub fn private_with(name: &str, words: &[&str]) -> Option<PrivateEngine> {
        // The reason was told by `shared`, which each test asks first.
        let kit = Engine::shared().and_then(|_| kit())?;
        if !is_root() {
            skip("only root can start an engine to restart");
            return None;
        }
        let turn = turn(name);
        // One that an earlier run left behind may have been started with other words.
        if let Err(reason) = script(&kit, "down", &[name]) {
            skip(&reason);
            return None;
        }
        match Engine::up(&kit, name, words) {
            Ok(engine) => Some(PrivateEngine { engine, kit, name: name.to_owned(), _turn: turn }),
            Err(reason) => {
                skip(&reason);
                None
            }
        }
    }

    /// Its socket, as `DOCKER_HOST` names it.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// Its TCP endpoint.
    ///
    /// # Panics
    /// When it was started without one.
    #[must_use]
    #[track_caller]
    pub fn tcp_endpoint(&self) -> &str {
        self.tcp.as_deref().expect("the engine was started with `--tcp` or `--tls`")
    }

    /// Its socket.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Its release, as 26 of 26.1.5.
    ///
    /// # Panics
    /// When it does not say.
    #[must_use]
    #[track_caller]
    pub fn release(&self) -> u32 {
        let answer = self.call("GET", "/version", None).expect("an engine answers").json();
        let version = answer["Version"].as_str().expect("an engine names its version");
        version.split('.').next().and_then(|release| release.parse().ok()).expect("a version begins with a number")
    }

    /// Whether its containers can mount our files: an engine of another version has a file tree of its own.
    #[must_use]
    pub fn shares_our_files(&self) -> bool {
        env::var_os(VERSION).is_none_or(|version| version.is_empty())
    }

    /// Calls its API.
    ///
    /// # Errors
    /// As [`Failure`]; an answer of any status is none.
    pub fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Answer, Failure> {
        let mut connection = Connection::open_unix(&self.socket, SILENCE)?;
        let body = body.map(Value::to_string).unwrap_or_default();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        connection.send((head + &body).as_bytes())?;
        connection.answer_to(method)
    }

    /// Creates and starts a container.
    ///
    /// # Panics
    /// When the engine refuses.
    #[must_use]
    #[track_caller]
    pub fn run(&self, run: &Run) -> Container {
        let container = self.create(run);
        container.start();
        container
    }

    /// Creates a container and does not start it.
    ///
    /// # Panics
    /// When the engine refuses.
    #[must_use]
    #[track_caller]
    pub fn create(&self, run: &Run) -> Container {
        let answer = self.ask("POST", &format!("/containers/create?name={}", run.name), Some(&run.body));
        let id = answer.json()["Id"].as_str().expect("a created container has an id").to_owned();
        Container { engine: self.clone(), id, name: run.name.clone() }
    }

    #[track_caller]
    pub(crate) fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let answer = self.call(method, path, body).unwrap_or_else(|failure| panic!("{method} {path}: {failure}"));
        assert!(answer.status < 400, "{method} {path}: {} {}", answer.status, answer.text());
        answer
    }

    fn find() -> Result<Engine, String> {
        let Some(kit) = kit() else {
            return Err("no Docker engine: nothing that could start one or build the test images (DPROXY_DOCKER_KIT)".to_owned());
        };
        if !is_root() {
            return Engine::of_the_machine(&kit);
        }
        let version = Version::of_the_run();
        let name = version.of_shared();
        let _turn = turn(name);
        match Engine::up(&kit, name, &[]) {
            Err(reason) if version == Version::Default => Engine::of_the_machine(&kit).map_err(|_| reason),
            other => other,
        }
    }

    fn of_the_machine(kit: &Path) -> Result<Engine, String> {
        let host = env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
        let Some(socket) = host.strip_prefix("unix://") else {
            return Err(format!("no Docker engine: the test images go in through a Unix socket, not `{host}`"));
        };
        Engine::with_images(kit, Path::new(socket))
    }

    fn up(kit: &Path, name: &str, words: &[&str]) -> Result<Engine, String> {
        let version = Version::of_the_run();
        if let Some(rootfs) = version.rootfs() {
            script(kit, "rootfs", &[rootfs])?;
        }
        let _alone = turn(SWITCHBOARD);
        let words: Vec<&str> = [name].iter().chain(version.words()).chain(words).copied().collect();
        let printed = script(kit, "up", &words)?;
        let socket = printed.lines().find_map(|line| line.strip_prefix("unix://"));
        let socket = socket.ok_or_else(|| format!("no Docker engine: `up {name}` named no Unix socket: {printed}"))?;
        let tcp = printed.split_whitespace().find(|word| word.starts_with("tcp://")).map(Arc::from);
        Ok(Engine { tcp, ..Engine::with_images(kit, Path::new(socket))? })
    }

    fn with_images(kit: &Path, socket: &Path) -> Result<Engine, String> {
        script(kit, "images", &[&socket.display().to_string()])?;
        Ok(Engine { socket: Arc::new(socket.to_owned()), tcp: None })
    }
}

/// Which engine tests run with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    /// The machine's own.
    Default,
    Trixie,
    Sid,
    /// Sid's, which wants API 1.44 at least, as Docker 29 does.
    SidDemanding,
}

impl Version {
    fn of_the_run() -> Version {
        match env::var(VERSION).unwrap_or_default().as_str() {
            "" => Version::Default,
            "trixie" => Version::Trixie,
            "sid" => Version::Sid,
            "sid-1.44" => Version::SidDemanding,
            other => panic!("{VERSION}=`{other}` is none of trixie, sid and sid-1.44"),
        }
    }

    /// The engine that all tests share; one for each version, so that they stay up side by side.
    fn of_shared(self) -> &'static str {
        match self {
            Version::Default => SHARED,
            Version::Trixie => "dpxtesttri",
            Version::Sid => "dpxtestsid",
            Version::SidDemanding => "dpxtestmin",
        }
    }

    fn rootfs(self) -> Option<&'static str> {
        match self {
            Version::Default => None,
            Version::Trixie => Some("trixie"),
            Version::Sid | Version::SidDemanding => Some("sid"),
        }
    }

    /// For `up` of the kit.
    fn words(self) -> &'static [&'static str] {
        match self {
            Version::Default => &[],
            Version::Trixie => &["--rootfs", "trixie"],
            Version::Sid => &["--rootfs", "sid"],
            Version::SidDemanding => &["--rootfs", "sid", "--min-api", "1.44"],
        }
    }
}

impl PrivateEngine {
    /// The engine itself.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Stops it as an administrator would; its containers stop too.
    ///
    /// # Panics
    /// When it does not stop.
    #[track_caller]
    pub fn stop(&self) {
        self.restart(&["--stop-only"]);
    }

    /// Starts it again.
    ///
    /// # Panics
    /// When it does not start.
    #[track_caller]
    pub fn start(&self) {
        self.restart(&["--start-only"]);
    }

    /// Kills it; its containers go on alone.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    pub fn kill(&self) {
        self.restart(&["--kill", "--stop-only"]);
    }

    #[track_caller]
    fn restart(&self, words: &[&str]) {
        let mut all = vec![self.name.as_str()];
        all.extend(words);
        if let Err(reason) = script(&self.kit, "restart", &all) {
            panic!("{reason}");
        }
    }
}

impl Drop for PrivateEngine {
    fn drop(&mut self) {
        let _alone = turn(SWITCHBOARD);
        // An engine that is left behind costs memory, not correctness: the next run takes it over.
        let _ = script(&self.kit, "down", &[&self.name]);
    }
}

fn kit() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/docker");
    let kit = env::var_os("DPROXY_DOCKER_KIT").map_or_else(beside, PathBuf::from);
    kit.join("up").is_file().then_some(kit)
}

fn script(kit: &Path, name: &str, words: &[&str]) -> Result<String, String> {
    // Files instead of pipes: the engine that a script starts would hold a pipe open for ever.
    let (printed, said) = (tempfile::tempfile(), tempfile::tempfile());
    let (Ok(mut printed), Ok(mut said)) = (printed, said) else { return Err("no room for temporary files".to_owned()) };
    let output = |file: &File| file.try_clone().map_err(|error| error.to_string());
    let mut command = Command::new(kit.join(name));
    command.args(words).stdin(process::Stdio::null()).stdout(output(&printed)?).stderr(output(&said)?);
    let status = command.status().map_err(|error| format!("cannot run {name} of the kit: {error}"))?;
    if status.success() {
        return Ok(whole(&mut printed));
    }
    Err(format!("no Docker engine: `{name} {}` ended with {status}: {}", words.join(" "), whole(&mut said)))
}

fn whole(file: &mut File) -> String {
    use std::io::{Read as _, Seek as _};

    let mut text = String::new();
    if file.rewind().and_then(|()| file.read_to_string(&mut text)).is_err() {
        text.push('?');
    }
    text
}

/// Blocks until no other test process works on the engine of this name.
fn turn(name: &str) -> File {
    let path = env::temp_dir().join(format!("dproxy-test-engine-{name}.lock"));
    let file = File::options().create(true).truncate(false).write(true).open(&path).expect("the temporary directory can be written");
    file.lock().expect("a file of our own can be locked");
    file
}

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Past the capture of the test harness: who reads that all tests passed must see which did not run.
fn skip(reason: &str) {
    // If the terminal is gone there is nobody to tell.
    let _ = writeln!(io::stderr().lock(), "skipped: {reason}");
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    #[test]
    fn a_container_lives_as_long_as_its_handle() {
        let Some(engine) = Engine::shared() else { return };
        let container = engine.run(&Run::echo("kit").hostname("kit.test").env("X", "1").publish(80));
        container.wait_until_up(80);
        let published = SocketAddr::from(([127, 0, 0, 1], container.published(80)));
        assert_eq!(crate::get(published, "kit.test", "/").unwrap().field("x-echo-name"), Some(container.name.as_str()));
        let path = format!("/containers/{}/json", container.id);
        assert_eq!(engine.call("GET", &path, None).unwrap().status, 200);
        drop(container);
        assert_eq!(engine.call("GET", &path, None).unwrap().status, 404);
    }
}
