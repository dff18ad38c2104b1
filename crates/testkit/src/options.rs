//! How a test wants its program: routes, settings, environment.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::{Dproxy, PATIENCE, free_addr, wait_for_some};

/// How a `dproxy master` of a test is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// The program.
    pub binary: PathBuf,
    /// Size of the pool.
    pub workers: usize,
    /// Routes of the configuration file: host name and backends.
    pub routes: Vec<(String, Vec<SocketAddr>)>,
    /// More lines of the configuration file.
    pub yaml: String,
    /// The engine; a socket that does not exist unless a test says otherwise.
    pub docker: Option<String>,
    /// Several engines: the entries of their list, in YAML, instead of the one.
    pub engines: Vec<String>,
    /// Added to the environment, which is otherwise empty but for PATH.
    pub environment: Vec<(String, String)>,
    /// Further words of the command line.
    pub arguments: Vec<String>,
    /// The public address; a free one.
    pub(crate) http: SocketAddr,
    /// The address of the control API; a free one.
    pub(crate) api: SocketAddr,
    /// What is left out of the configuration file.
    file: Contents,
    /// How many workers will serve, when it is not what the file says.
    pub(crate) serving: Option<usize>,
}

/// The configuration file, in a directory where nothing else is.
pub(crate) const CONFIG: &str = "etc/dproxy.yaml";

/// How much of the configuration file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Contents {
    Whole,
    NoPort,
    NoFile,
}

impl Options {
    /// Two workers, no engine, no routes.
    #[must_use]
    pub fn new(binary: impl Into<PathBuf>) -> Options {
        Options {
            binary: binary.into(),
            workers: 2,
            routes: Vec::new(),
            yaml: String::new(),
            docker: None,
            engines: Vec::new(),
            environment: Vec::new(),
            arguments: Vec::new(),
            http: free_addr(),
            api: free_addr(),
            file: Contents::Whole,
            serving: None,
        }
    }

    /// Another size of the pool.
    #[must_use]
    pub fn workers(mut self, count: usize) -> Options {
        self.workers = count;
        self
    }

    /// A route of the configuration file.
    #[must_use]
    pub fn route(mut self, host: &str, backends: &[SocketAddr]) -> Options {
        self.routes.push((host.to_owned(), backends.to_vec()));
        self
    }

    /// More lines of the configuration file.
    #[must_use]
    pub fn yaml(mut self, lines: &str) -> Options {
        self.yaml.push_str(lines);
        self.yaml.push('\n');
        self
    }

    /// The Docker engine.
    #[must_use]
    pub fn docker(mut self, endpoint: &str) -> Options {
        self.docker = Some(endpoint.to_owned());
        self
    }

    /// One of several engines: an entry of their list, in YAML.
    #[must_use]
    pub fn engine(mut self, entry: &str) -> Options {
        self.engines.push(entry.to_owned());
        self
    }

    /// A variable of the environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Options {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A further word of the command line.
    #[must_use]
    pub fn arg(mut self, word: &str) -> Options {
        self.arguments.push(word.to_owned());
        self
    }

    /// Listens at a port of the test's choice.
    #[must_use]
    pub fn listening(mut self, port: u16) -> Options {
        self.http.set_port(port);
        self
    }

    /// Public port and port of the API of the test's choice.
    #[must_use]
    pub fn at(mut self, port: u16, api: u16) -> Options {
        self.api.set_port(api);
        self.listening(port)
    }

    /// The file does not name the public port.
    #[must_use]
    pub fn without_port(mut self) -> Options {
        self.file = Contents::NoPort;
        self
    }

    /// There is no file.
    #[must_use]
    pub fn without_file(mut self) -> Options {
        self.file = Contents::NoFile;
        self
    }

    /// How many workers will serve, when a flag or the environment overrules the file.
    #[must_use]
    pub fn serving(mut self, workers: usize) -> Options {
        self.serving = Some(workers);
        self
    }

    /// Starts it and waits until every worker serves.
    ///
    /// # Panics
    /// With the log, when that does not come true.
    #[must_use]
    #[track_caller]
    pub fn start(self) -> Dproxy {
        let mut dproxy = self.spawn();
        dproxy.wait_until_serving();
        dproxy
    }

    /// Starts it and does not wait.
    ///
    /// # Panics
    /// When the program cannot be started.
    #[must_use]
    #[track_caller]
    pub fn spawn(self) -> Dproxy {
        let home = tempfile::Builder::new().prefix("dproxy-test-").tempdir().expect("a temporary directory can be made");
        if self.file != Contents::NoFile {
            fs::create_dir(home.path().join("etc")).expect("a directory can be made in a new one");
            fs::write(home.path().join(CONFIG), self.contents(home.path())).expect("a temporary file can be written");
        }
        let child = self.launch(home.path());
        Dproxy { options: self, home, child, orphans: Vec::new() }
    }

    fn contents(&self, home: &Path) -> String {
        let home = home.display();
        let port = if self.file == Contents::NoPort { "# no port".to_owned() } else { format!("port: {}", self.http.port()) };
        let mut file = format!(
            "hostname: {}\n{port}\nworkers: {}\npid_path: {home}/run/docker-proxy.pid\n\
             directories:\n  log: {home}/log\n  state: {home}/state\n  run: {home}/run\n\
             api:\n  address: {}\n  port: {}\n  socket: {home}/run/control.sock\n\
             docker:\n  {}\n",
            self.http.ip(),
            self.workers,
            self.api.ip(),
            self.api.port(),
            self.engine_lines(&home.to_string()),
        );
        if !self.routes.is_empty() {
            file.push_str("routes:\n");
        }
        for (host, backends) in &self.routes {
            let backends: Vec<String> = backends.iter().map(|backend| format!("\"{backend}\"")).collect();
            writeln!(file, "  - hosts: [\"{host}\"]\n    backends: [{}]", backends.join(", ")).expect("a string takes every line");
        }
        file + &self.yaml
    }

    fn engine_lines(&self, home: &str) -> String {
        if self.engines.is_empty() {
            return format!("endpoint: {}", self.docker.clone().unwrap_or_else(|| format!("unix://{home}/no-engine.sock")));
        }
        let entries: Vec<String> = self.engines.iter().map(|entry| format!("\n    - {entry}")).collect();
        format!("endpoints:{}", entries.concat())
    }

    pub(crate) fn launch(&self, home: &Path) -> Child {
        let log = File::options().create(true).append(true).open(home.join("output")).expect("a temporary file can be written");
        let copy = log.try_clone().expect("a descriptor can be copied");
        let mut command = self.command(home);
        command.arg("master");
        if self.file != Contents::NoFile {
            command.arg("--config").arg(home.join(CONFIG));
        }
        command.args(&self.arguments).stdin(Stdio::null()).stdout(log).stderr(copy);
        wait_for_some("a program that nobody writes", PATIENCE, || match command.spawn() {
            // A test that began a process at that moment gave it the descriptor with which we wrote the program.
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => None,
            spawned => Some(spawned.unwrap_or_else(|error| panic!("cannot start {}: {error}", self.binary.display()))),
        })
    }

    pub(crate) fn command(&self, home: &Path) -> Command {
        let mut command = Command::new(&self.binary);
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", home).envs(self.environment.iter().cloned());
        command
    }
}
