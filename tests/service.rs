//! dproxy as a service of its machine: the init script, the systemd unit, and dproxy as the first process of a container.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use dproxy_testkit::{Dproxy, Origin, PATIENCE, Signal, free_port, get, kill, pause, wait_for, wait_for_some};

use crate::dproxy;

fn etc(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../etc").join(path)
}

/// The init script with files of its own.
struct Script {
    home: tempfile::TempDir,
    port: u16,
}

impl Script {
    fn new() -> Script {
        let script = Script { home: tempfile::tempdir().unwrap(), port: free_port() };
        script.configure("");
        let home = script.home.path().display();
        let defaults = format!(
            "DOCKER_PROXY_CONFIG_PATH={home}/dproxy.yaml\nDOCKER_PROXY_PID_PATH={home}/dproxy.pid\n\
             OUTPUT={home}/output/log\nSTART_SECONDS=20\nSTOP_SECONDS=20\n"
        );
        fs::write(script.path("default"), defaults).unwrap();
        script
    }

    fn configure(&self, more: &str) {
        let home = self.home.path().display();
        let (port, api) = (self.port, free_port());
        let text = format!(
            "hostname: 127.0.0.1\nport: {port}\nworkers: 1\ndirectories:\n  log: {home}/log\n  state: {home}/state\n  run: {home}/run\n\
             api:\n  port: {api}\ndocker:\n  endpoint: unix://{home}/none.sock\n{more}\n"
        );
        fs::write(self.path("dproxy.yaml"), text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Runs it with one word, by the shell that Debian has for such scripts where it is there.
    fn run(&self, word: &str) -> Output {
        let shell = if Path::new("/usr/bin/dash").exists() { "/usr/bin/dash" } else { "/bin/sh" };
        let mut command = Command::new(shell);
        command.arg(etc("init.d/dproxy")).arg(word).env_clear();
        command.env("DAEMON", env!("CARGO_BIN_EXE_dproxy")).env("DEFAULTS", self.path("default")).output().unwrap()
    }

    #[track_caller]
    fn ends_with(&self, word: &str, code: i32) {
        let output = self.run(word);
        assert_eq!(output.status.code(), Some(code), "{word}: {output:?}");
    }

    fn pid(&self) -> u32 {
        fs::read_to_string(self.path("dproxy.pid")).unwrap().trim().parse().unwrap()
    }

    fn serves(&self) -> bool {
        get(([127, 0, 0, 1], self.port).into(), "a.test", "/").is_ok_and(|answer| answer.status == 404)
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.run("stop");
    }
}

#[test]
fn the_init_script_starts_reloads_restarts_and_stops() {
    let script = Script::new();
    script.ends_with("status", 3);
    script.ends_with("stop", 0);
    script.ends_with("reload", 7);
    script.ends_with("force-reload", 7);
    script.ends_with("try-restart", 0);
    script.ends_with("status", 3);

    script.ends_with("start", 0);
    assert!(script.serves(), "when `start` has ended, it serves");
    let first = script.pid();
    script.ends_with("status", 0);
    script.ends_with("start", 0);
    assert_eq!(script.pid(), first, "a second start changes nothing");

    for word in ["reload", "force-reload"] {
        script.ends_with(word, 0);
    }
    script.configure("no_such_key: 1");
    script.ends_with("reload", 6);
    assert!(script.serves(), "a bad file changes nothing");
    script.configure("");

    script.ends_with("restart", 0);
    assert!(script.serves() && script.pid() != first);
    script.ends_with("stop", 0);
    assert!(!script.serves() && !script.path("dproxy.pid").exists());
    script.ends_with("status", 3);
    script.ends_with("nonsense", 2);
}

#[test]
fn the_init_script_tells_the_dead_from_the_living_and_says_why_a_start_failed() {
    let script = Script::new();
    script.ends_with("start", 0);
    let pid = script.pid();
    kill(pid, Signal::SIGKILL);
    wait_for("its end", PATIENCE, || !Path::new(&format!("/proc/{pid}/exe")).exists());
    script.ends_with("status", 1);
    // A number that is somebody else's now.
    fs::write(script.path("dproxy.pid"), format!("{}\n", std::process::id())).unwrap();
    script.ends_with("status", 1);
    script.ends_with("stop", 0);
    script.ends_with("start", 0);
    script.ends_with("stop", 0);

    script.configure("no_such_key: 1");
    let output = script.run("start");
    assert_eq!(output.status.code(), Some(6));
    assert!(fs::read_to_string(script.path("output/log")).unwrap().contains("no_such_key"), "{output:?}");
}

#[test]
fn the_init_script_says_what_is_missing_and_what_is_not_permitted() {
    let script = Script::new();
    fs::write(script.path("default"), fs::read_to_string(script.path("default")).unwrap() + "DAEMON=/no/such/dproxy\n").unwrap();
    script.ends_with("start", 5);
    let script = Script::new();
    script.ends_with("start", 0);
    fs::set_permissions(&script.home, fs::Permissions::from_mode(0o755)).unwrap();
    for word in ["status", "stop", "reload", "restart", "start"] {
        let mut stranger = Command::new("setpriv");
        stranger.args(["--reuid=65534", "--regid=65534", "--clear-groups", "/bin/sh"]).arg("-s").arg(word);
        // The script itself may lie where strangers cannot read.
        let output =
            stranger.env("DEFAULTS", script.path("default")).stdin(fs::File::open(etc("init.d/dproxy")).unwrap()).output().unwrap();
        assert_eq!(output.status.code(), Some(4), "{word}: {output:?}");
    }
    assert!(script.serves());
}

#[test]
fn the_unit_asks_for_what_the_program_can_do() {
    let unit = fs::read_to_string(etc("dproxy.service")).unwrap();
    for line in ["Type=notify", "ExecStart=/usr/bin/dproxy master", "ExecReload=/bin/kill -HUP $MAINPID", "RestartPreventExitStatus=78"] {
        assert!(unit.lines().any(|written| written == line), "{line}");
    }
    assert!(unit.contains("\nWatchdogSec=") && unit.contains("\nFileDescriptorStoreMax="));
    let mode = fs::metadata(etc("init.d/dproxy")).unwrap().permissions().mode();
    assert_eq!(mode & 0o111, 0o111, "the init script can be run");
}

/// A master that is the first process of its own world, as in a container.
struct Contained {
    dproxy: Dproxy,
    _script: tempfile::TempDir,
    /// As the world around it numbers it.
    pid: u32,
}

impl Contained {
    /// None where worlds cannot be made: that needs root and `unshare`.
    fn start(origin: &Origin) -> Option<Contained> {
        let able = Command::new("unshare").args(["--pid", "--fork", "--mount-proc", "true"]).output();
        if !able.is_ok_and(|output| output.status.success()) {
            return None;
        }
        let script = tempfile::tempdir().unwrap();
        let path = script.path().join("dproxy");
        let text = format!(
            "#!/bin/sh\n[ \"$1\" = master ] || exec {0} \"$@\"\nexec unshare --pid --fork --mount-proc --kill-child {0} \"$@\"\n",
            env!("CARGO_BIN_EXE_dproxy")
        );
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let mut options = dproxy().route("a.test", &[origin.addr()]);
        options.binary = path;
        let dproxy = options.start();
        let pid = wait_for_some("the master", PATIENCE, || children(dproxy.pid()).first().copied());
        Some(Contained { dproxy, _script: script, pid })
    }

    /// Leaves a process behind that nobody but the first process can bury.
    fn leaves_an_orphan(&self) {
        let script = "sleep 0.05 & exit 0";
        let done = Command::new("nsenter").args(["--target", &self.pid.to_string(), "--pid", "--mount", "sh", "-c", script]).status();
        assert!(done.unwrap().success());
    }
}

fn children(pid: u32) -> Vec<u32> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    text.split_whitespace().filter_map(|child| child.parse().ok()).collect()
}

#[test]
fn the_first_process_of_a_container_buries_orphans_and_stops_on_a_signal() {
    let origin = Origin::saying("ok");
    let Some(mut contained) = Contained::start(&origin) else { return };
    assert_eq!(contained.dproxy.status()["pid"], 1);
    assert_eq!(contained.dproxy.get("a.test", "/").text(), "ok");
    let workers = children(contained.pid);
    assert_eq!(workers.len(), 2);
    for _ in 0..5 {
        contained.leaves_an_orphan();
    }
    wait_for("orphans", PATIENCE, || children(contained.pid).len() >= workers.len());
    wait_for("no zombie", PATIENCE, || children(contained.pid) == workers);
    // A worker that dies beside orphans is seen as a worker, not buried as one of them.
    kill(workers[0], Signal::SIGKILL);
    contained.leaves_an_orphan();
    contained.dproxy.wait_for("a new worker and no zombie", || {
        let now = children(contained.pid);
        contained.dproxy.online() == Some(2) && now.len() == 2 && !now.contains(&workers[0])
    });
    pause(std::time::Duration::from_millis(100));
    assert_eq!(children(contained.pid).len(), 2);
    kill(contained.pid, Signal::SIGTERM);
    assert_eq!(contained.dproxy.exit_code(), 0, "{}", contained.dproxy.log());
}
