//! An authority on loopback: pebble, with a server of names that says 127.0.0.1 of every name.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use dproxy_testkit::{Options, PATIENCE, free_port, wait_for};
use tempfile::TempDir;

use crate::dproxy;
use crate::vouched::write_server_certificate;

/// A running authority. It ends when dropped.
pub(super) struct Pebble {
    home: TempDir,
    pebble: Option<Child>,
    names: Child,
    api: u16,
    management: u16,
    /// Where its server of names is told what to say.
    pub(super) names_management: u16,
    names_port: u16,
    /// Where it looks for pages in the clear.
    pub(super) http: u16,
    /// Where it looks for certificates.
    pub(super) https: u16,
}

/// More lines of its configuration.
const PLAIN: &str = "";

impl Pebble {
    /// None, with a word on it, where pebble is not installed.
    pub(super) fn start() -> Option<Pebble> {
        Pebble::start_with(PLAIN)
    }

    /// The same, with more lines of its configuration.
    pub(super) fn start_with(lines: &str) -> Option<Pebble> {
        for program in ["pebble", "pebble-challtestsrv"] {
            if let Err(error) = Command::new(program).arg("-h").output() {
                println!("skipped: cannot run {program}: {error}; it is in Debian's package `pebble`");
                return None;
            }
        }
        let home = tempfile::tempdir().unwrap();
        let [api, management, names_management, names_port, http, https] = [(); 6].map(|()| free_port());
        // Of the server that is asked, which has nothing to do with the certificates that it makes.
        write_server_certificate(home.path());
        let path = |file: &str| home.path().join(file).display().to_string();
        let config = format!(
            r#"{{"pebble": {{"listenAddress": "127.0.0.1:{api}", "managementListenAddress": "127.0.0.1:{management}",
                "certificate": "{}", "privateKey": "{}", "httpPort": {http}, "tlsPort": {https}, {lines}
                "ocspResponderURL": ""}}}}"#,
            path("server.crt"),
            path("server.key"),
        );
        fs::write(home.path().join("config.json"), config).unwrap();
        // Signs of taken ports are sockets of UDP at 127.0.0.1.
        let dns = format!("127.0.0.2:{names_port}");
        let names = Command::new("pebble-challtestsrv")
            .args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-http01", "", "-https01", "", "-tlsalpn01", ""])
            .args(["-dns01", &dns, "-management", &format!("127.0.0.1:{names_management}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut pebble = Pebble { home, pebble: None, names, api, management, names_management, names_port, http, https };
        pebble.rise();
        Some(pebble)
    }

    /// Goes away, and takes what it knew with it.
    pub(super) fn fall(&mut self) {
        if let Some(mut pebble) = self.pebble.take() {
            pebble.kill().unwrap();
            pebble.wait().unwrap();
        }
    }

    /// Comes back, with other keys and without accounts.
    pub(super) fn rise(&mut self) {
        let log = fs::File::create(self.home.path().join("log")).unwrap();
        let pebble = Command::new("pebble")
            .arg("-config")
            .arg(self.home.path().join("config.json"))
            .args(["-dnsserver", &format!("127.0.0.2:{}", self.names_port)])
            .env("PEBBLE_VA_NOSLEEP", "1")
            .env("PEBBLE_WFE_NONCEREJECT", "10")
            .env("PEBBLE_AUTHZREUSE", "0")
            .stdin(Stdio::null())
            .stderr(log.try_clone().unwrap())
            .stdout(log)
            .spawn()
            .unwrap();
        self.pebble = Some(pebble);
        wait_for("pebble", PATIENCE, || self.managed("/roots/0").status.success());
        fs::write(self.root(), self.managed("/roots/0").stdout).unwrap();
    }

    /// A directory for its test.
    pub(super) fn home(&self) -> &Path {
        self.home.path()
    }

    /// What it said.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.home.path().join("log")).unwrap_or_default()
    }

    /// The root of the certificates that it makes.
    pub(super) fn root(&self) -> PathBuf {
        self.home.path().join("root.pem")
    }

    /// How many orders it was given since it rose.
    pub(super) fn orders(&self) -> usize {
        self.log().matches("Added order").count()
    }

    /// A program that asks this authority, and listens where it looks.
    pub(super) fn client(&self) -> Options {
        dproxy()
            .listening(self.http)
            .env("DOCKER_PROXY_SSL_PORT", &self.https.to_string())
            .env("DOCKER_PROXY_ACME_DIRECTORY", &format!("https://127.0.0.1:{}/dir", self.api))
            .env("DOCKER_PROXY_ACME_ROOT", &self.home.path().join("server-ca.crt").display().to_string())
            .env("DOCKER_PROXY_ACME_AGREE_TO_TERMS", "true")
    }

    /// What curl got of `https://host/`, believing nobody but this authority.
    pub(super) fn curl(&self, host: &str) -> Output {
        let connect = format!("::127.0.0.1:{}", self.https);
        let words = ["-sS", "-m", "20", "--noproxy", "*", "--connect-to", &connect, "--cacert"];
        Command::new("curl").args(words).arg(self.root()).arg(format!("https://{host}/")).output().unwrap()
    }

    /// Tells the server of names.
    pub(super) fn tell_names(&self, path: &str, body: &str) {
        let url = format!("http://127.0.0.1:{}{path}", self.names_management);
        let told = Command::new("curl").args(["-sSf", "--noproxy", "*", "-d", body, &url]).output().unwrap();
        assert!(told.status.success(), "{told:?}");
    }

    /// What stands before it, see `tests/python/authority.py`, and is asked in its place by [`Pebble::client`]; none,
    /// with a word on it, without Python.
    pub(super) fn behind(&self, rules: &str) -> Option<Ruler> {
        let port = free_port();
        self.rule(rules);
        let path = |file: &str| self.home.path().join(file);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/python/authority.py");
        let mut command = Command::new("python3");
        command.arg(script).args([port.to_string(), self.api.to_string()]);
        command.args(["server.crt", "server.key", "rules", "record"].map(path)).stdin(Stdio::null());
        match command.spawn() {
            Ok(child) => {
                let ruler = Ruler { child, port };
                wait_for("what stands before pebble", PATIENCE, || TcpStream::connect(("127.0.0.1", port)).is_ok());
                Some(ruler)
            }
            Err(error) => {
                println!("skipped: cannot run python3: {error}");
                None
            }
        }
    }

    /// Other rules for what stands before it.
    pub(super) fn rule(&self, rules: &str) {
        // Whole, since it may be read at any moment.
        let new = self.home.path().join("rules.new");
        fs::write(&new, rules).unwrap();
        fs::rename(new, self.home.path().join("rules")).unwrap();
    }

    /// The requests whose lines have these words, each with its time in seconds.
    pub(super) fn asked(&self, words: &[&str]) -> Vec<(f64, String)> {
        let record = fs::read_to_string(self.home.path().join("record")).unwrap_or_default();
        let lines = record.lines().filter(|line| words.iter().all(|word| line.contains(word)));
        lines.map(|line| (line.split(' ').next().unwrap().parse().unwrap(), line.to_owned())).collect()
    }

    fn managed(&self, path: &str) -> Output {
        let url = format!("https://127.0.0.1:{}{path}", self.management);
        Command::new("curl").args(["-ksSf", "--noproxy", "*", &url]).output().unwrap()
    }
}

/// See [`Pebble::behind`]. It ends when dropped.
pub(super) struct Ruler {
    child: Child,
    port: u16,
}

impl Ruler {
    /// Where it is asked.
    pub(super) fn directory(&self) -> String {
        format!("https://127.0.0.1:{}/dir", self.port)
    }
}

impl Drop for Ruler {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- pebble said:\n{}---", self.log());
        }
        // Whatever has ended already need not be ended.
        for child in self.pebble.iter_mut().chain([&mut self.names]) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
