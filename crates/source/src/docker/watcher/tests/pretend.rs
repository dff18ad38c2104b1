//! A pretend engine on a Unix socket: it answers as told and remembers what it was asked.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;

/// What the engine answers; tests change it at any time.
pub(super) struct Script {
    pub(super) newest: String,
    pub(super) oldest: String,
    pub(super) containers: Vec<Value>,
    /// By id; of others the hostname is their name with `.test`.
    pub(super) inspections: HashMap<String, Value>,
    /// Paths that are asked in vain, by what they contain.
    pub(super) silent: HashSet<&'static str>,
}

pub(super) struct Pretend {
    directory: TempDir,
    script: Arc<Mutex<Script>>,
    asked: watch::Sender<Vec<String>>,
    events: broadcast::Sender<Option<String>>,
    open: watch::Sender<usize>,
    service: JoinSet<()>,
}

/// A container as a list shows it, running, with port 80 published at 8080.
pub(super) fn container(name: &str) -> Value {
    json!({
        "Id": format!("{name}-id-0123456789"), "Names": [format!("/{name}")], "Image": "shop:1", "State": "running", "Status": "Up 1 second",
        "Ports": [{"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"}],
    })
}

/// An event about the container `name`.
pub(super) fn event(action: &str, name: &str, attributes: Value) -> String {
    let actor = json!({"ID": format!("{name}-id-0123456789"), "Attributes": attributes});
    json!({"Type": "container", "Action": action, "Actor": actor}).to_string()
}

impl Pretend {
    /// An engine that is not there yet.
    pub(super) fn absent() -> Pretend {
        let script = Script {
            newest: "1.51".to_owned(),
            oldest: "1.24".to_owned(),
            containers: Vec::new(),
            inspections: HashMap::new(),
            silent: HashSet::new(),
        };
        Pretend {
            directory: TempDir::new().unwrap(),
            script: Arc::new(Mutex::new(script)),
            asked: watch::Sender::new(Vec::new()),
            events: broadcast::Sender::new(64),
            open: watch::Sender::new(0),
            service: JoinSet::new(),
        }
    }

    /// An engine with these containers.
    pub(super) fn with(names: &[&str]) -> Pretend {
        let mut engine = Pretend::absent();
        engine.script().containers = names.iter().map(|name| container(name)).collect();
        engine.appear();
        engine
    }

    pub(super) fn appear(&mut self) {
        let listener = UnixListener::bind(self.socket()).unwrap();
        let (script, asked, events, open) = (self.script.clone(), self.asked.clone(), self.events.clone(), self.open.clone());
        self.service.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (script, asked, events, open) = (script.clone(), asked.clone(), events.clone(), open.clone());
                open.send_modify(|open| *open += 1);
                connections.spawn(async move {
                    // A client that goes away is none of the engine's business.
                    let _ = serve(stream, &script, &asked, &events).await;
                    open.send_modify(|open| *open -= 1);
                });
            }
        });
    }

    pub(super) fn socket(&self) -> PathBuf {
        Path::new(self.directory.path()).join("docker.sock")
    }

    pub(super) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    /// The paths asked for, in order.
    pub(super) fn asked(&self) -> watch::Receiver<Vec<String>> {
        self.asked.subscribe()
    }

    /// How many connections are open.
    pub(super) fn open(&self) -> watch::Receiver<usize> {
        self.open.subscribe()
    }

    /// Sends a line to all who listen to events.
    pub(super) fn tell(&self, line: &str) {
        self.events.send(Some(format!("{line}\n"))).unwrap();
    }

    /// Breaks the streams of events off.
    pub(super) fn end_events(&self) {
        self.events.send(None).unwrap();
    }
}

async fn serve(
    stream: UnixStream,
    script: &Mutex<Script>,
    asked: &watch::Sender<Vec<String>>,
    events: &broadcast::Sender<Option<String>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let Some(path) = request(&mut stream).await? else { return Ok(()) };
        // Whoever waits for the question may send an event at once.
        let listener = events.subscribe();
        asked.send_modify(|asked| asked.push(path.clone()));
        let silent = script.lock().unwrap().silent.iter().any(|part| path.contains(part));
        if silent {
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await?;
            return Ok(());
        }
        if path.contains("/events") {
            return stream_events(&mut stream, listener).await;
        }
        let (status, body) = answer(&script.lock().unwrap(), &path);
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(head.as_bytes()).await?;
    }
}

async fn request(stream: &mut BufReader<UnixStream>) -> std::io::Result<Option<String>> {
    let mut path = None;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        if line == "\r\n" {
            return Ok(path);
        }
        path.get_or_insert_with(|| line.split(' ').nth(1).unwrap_or_default().to_owned());
    }
}

async fn stream_events(stream: &mut BufReader<UnixStream>, mut events: broadcast::Receiver<Option<String>>) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await?;
    let mut nothing = [0];
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Ok(Some(line)) => stream.write_all(format!("{:x}\r\n{line}\r\n", line.len()).as_bytes()).await?,
                Ok(None) | Err(_) => return Ok(()),
            },
            gone = stream.read(&mut nothing) => return gone.map(|_| ()),
        }
    }
}

fn answer(script: &Script, path: &str) -> (&'static str, String) {
    if path == "/version" {
        return ("200 OK", json!({"Version": "1.2.3", "ApiVersion": script.newest, "MinAPIVersion": script.oldest}).to_string());
    }
    let Some(path) = versioned(script, path) else {
        return ("400 Bad Request", json!({"message": format!("client version of {path} is not supported")}).to_string());
    };
    if path.starts_with("/containers/json") {
        return ("200 OK", Value::from(script.containers.clone()).to_string());
    }
    match path.strip_prefix("/containers/").and_then(|path| path.split_once('/')) {
        Some((id, _)) => {
            let name = id.split('-').next().unwrap_or_default();
            let told = json!({"Id": id, "Config": {"Hostname": format!("{name}.test")}, "State": {"Running": true}});
            ("200 OK", script.inspections.get(id).unwrap_or(&told).to_string())
        }
        None => ("404 Not Found", json!({"message": "page not found"}).to_string()),
    }
}

/// The path behind a version that this engine speaks.
fn versioned<'p>(script: &Script, path: &'p str) -> Option<&'p str> {
    let (version, rest) = path.strip_prefix("/v1.")?.split_at_checked(2)?;
    let minor = |version: &str| version.trim_start_matches("1.").parse::<u8>().ok();
    let spoken = minor(version)?;
    (minor(&script.oldest)? <= spoken && spoken <= minor(&script.newest)?).then_some(rest)
}
