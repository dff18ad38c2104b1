//! Containers of a test: what `docker run` is told, and the one that came of it.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::{Engine, PATIENCE, wait_for};

/// Other engines of the machine have a few dozen published ports at most.
const PORT_TRIES: usize = 50;

/// A container to be; see `docker run`.
#[derive(Clone, Debug)]
pub struct Run {
    pub(crate) name: String,
    pub(crate) body: Value,
}

/// A container. It is removed when dropped.
pub struct Container {
    pub(crate) engine: Engine,
    /// Full id.
    pub id: String,
    /// As it was created.
    pub name: String,
}

/// A name that no other test has, in this process or another: a host name's label and a container's name.
#[must_use]
pub fn unique(word: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("dpxt-{}-{}-{word}", process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

impl Run {
    /// A container of the echo image, which listens on port 80, with a name of its own.
    #[must_use]
    pub fn echo(word: &str) -> Run {
        Run::image("dproxy-test/echo", word)
    }

    /// A container of this image, with a name of its own.
    #[must_use]
    pub fn image(image: &str, word: &str) -> Run {
        let name = unique(word);
        let body = json!({
            "Image": image,
            "Env": [format!("NAME={name}")],
            "Labels": {},
            "HostConfig": { "PortBindings": {}, "PublishAllPorts": false },
        });
        Run { name, body }
    }

    /// `--hostname`.
    #[must_use]
    pub fn hostname(mut self, name: &str) -> Run {
        self.body["Hostname"] = json!(name);
        self
    }

    /// `--label`.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Run {
        self.body["Labels"][key] = json!(value);
        self
    }

    /// `--env`.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Run {
        if let Some(list) = self.body["Env"].as_array_mut() {
            list.push(json!(format!("{name}={value}")));
        }
        self
    }

    /// `-p PORT`: published at a port that the engine picks at every start.
    #[must_use]
    pub fn publish(mut self, port: u16) -> Run {
        let key = format!("{port}/tcp");
        self.body["HostConfig"]["PortBindings"][&key] = json!([{ "HostPort": "" }]);
        self.body["ExposedPorts"][&key] = json!({});
        self
    }

    /// `--network`, a mode or the name of a network.
    #[must_use]
    pub fn network(mut self, network: &str) -> Run {
        self.body["HostConfig"]["NetworkMode"] = json!(network);
        self
    }

    /// `-p IP::PORT`, once more for each call.
    #[must_use]
    pub fn publish_at(mut self, port: u16, ip: &str) -> Run {
        let bindings = &mut self.body["HostConfig"]["PortBindings"][format!("{port}/tcp")];
        if bindings.is_null() {
            *bindings = json!([]);
        }
        if let Some(list) = bindings.as_array_mut() {
            list.push(json!({ "HostIp": ip, "HostPort": "" }));
        }
        self
    }

    /// What it runs instead of its image's program.
    #[must_use]
    pub fn command(mut self, words: &[&str]) -> Run {
        self.body["Entrypoint"] = json!(words);
        self
    }

    /// `-v PATH:INSIDE:ro`.
    #[must_use]
    pub fn mount(mut self, path: &Path, inside: &str) -> Run {
        let bind = json!(format!("{}:{inside}:ro", path.display()));
        match self.body["HostConfig"]["Binds"].as_array_mut() {
            Some(binds) => binds.push(bind),
            None => self.body["HostConfig"]["Binds"] = json!([bind]),
        }
        self
    }

    /// `--restart always`.
    #[must_use]
    pub fn always(mut self) -> Run {
        self.body["HostConfig"]["RestartPolicy"] = json!({ "Name": "always" });
        self
    }

    /// The name it will have.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Container {
    /// `docker start`.
    ///
    /// # Panics
    /// When the engine refuses.
    #[track_caller]
    pub fn start(&self) {
        self.act("start");
    }

    /// `docker stop`, with a second for goodbyes.
    ///
    /// # Panics
    /// When the engine refuses.
    #[track_caller]
    pub fn stop(&self) {
        self.stop_after(1);
    }

    /// `docker stop -t`: seconds until one that does not listen to the signal is killed.
    ///
    /// # Panics
    /// When the engine refuses.
    #[track_caller]
    pub fn stop_after(&self, seconds: u32) {
        self.act(&format!("stop?t={seconds}"));
    }

    /// `docker kill`.
    ///
    /// # Panics
    /// When the engine refuses.
    #[track_caller]
    pub fn kill(&self) {
        self.act("kill");
    }

    /// `docker restart`, with a second for goodbyes.
    ///
    /// # Panics
    /// When the engine refuses.
    #[track_caller]
    pub fn restart(&self) {
        self.act("restart?t=1");
    }

    /// `docker pause`.
    ///
    /// # Panics
    /// When the engine refuses.
    #[track_caller]
    pub fn pause(&self) {
        self.act("pause");
    }

    /// `docker unpause`.
    ///
    /// # Panics
    /// When the engine refuses.
    #[track_caller]
    pub fn unpause(&self) {
        self.act("unpause");
    }

    /// `docker rename`.
    ///
    /// # Panics
    /// When the engine refuses.
    #[track_caller]
    pub fn rename(&self, name: &str) {
        self.act(&format!("rename?name={name}"));
    }

    /// `docker rm -f`.
    ///
    /// # Panics
    /// When the engine refuses.
    #[track_caller]
    pub fn remove(&self) {
        self.engine.ask("DELETE", &format!("/containers/{}?force=1&v=1", self.id), None);
    }

    /// `docker inspect`.
    ///
    /// # Panics
    /// When the engine refuses.
    #[must_use]
    #[track_caller]
    pub fn inspect(&self) -> Value {
        self.engine.ask("GET", &format!("/containers/{}/json", self.id), None).json()
    }

    /// Its own address with this port, on its first network.
    ///
    /// # Panics
    /// When it has none.
    #[must_use]
    #[track_caller]
    pub fn address(&self, port: u16) -> SocketAddr {
        let inspected = self.inspect();
        let networks = inspected["NetworkSettings"]["Networks"].as_object().expect("a container has networks");
        let addresses = networks.values().filter_map(|network| network["IPAddress"].as_str()?.parse::<IpAddr>().ok());
        SocketAddr::new(addresses.min().expect("a running container has an address"), port)
    }

    /// Its address in this network, with this port.
    ///
    /// # Panics
    /// When it has none.
    #[must_use]
    #[track_caller]
    pub fn address_in(&self, network: &str, port: u16) -> SocketAddr {
        let inspected = self.inspect();
        let address = inspected["NetworkSettings"]["Networks"][network]["IPAddress"].as_str().and_then(|ip| ip.parse::<IpAddr>().ok());
        SocketAddr::new(address.unwrap_or_else(|| panic!("no address in {network}: {inspected}")), port)
    }

    /// What it printed, as far as the engine tells.
    #[must_use]
    pub fn logs(&self) -> String {
        let answer = self.engine.call("GET", &format!("/containers/{}/logs?stdout=1&stderr=1", self.id), None);
        answer.map_or_else(|failure| failure.to_string(), |answer| answer.text())
    }

    /// Where `port` is published.
    ///
    /// # Panics
    /// When it is not.
    #[must_use]
    #[track_caller]
    pub fn published(&self, port: u16) -> u16 {
        let inspected = self.inspect();
        let host_port = &inspected["NetworkSettings"]["Ports"][format!("{port}/tcp")][0]["HostPort"];
        host_port.as_str().and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("port {port} is not published"))
    }

    /// Waits until the program in it answers at its own address.
    ///
    /// # Panics
    /// When it never does.
    #[track_caller]
    pub fn wait_until_up(&self, port: u16) {
        let addr = self.address(port);
        wait_for("the program in the container", PATIENCE, || crate::get(addr, "up.test", "/").is_ok());
    }

    /// Engines side by side on one machine pick published ports from the same range, each on its own: one that is
    /// taken is an error of this start, and the next start gets another.
    #[track_caller]
    fn act(&self, what: &str) {
        let path = format!("/containers/{}/{what}", self.id);
        for _ in 0..PORT_TRIES {
            match self.engine.call("POST", &path, None) {
                Ok(answer) if answer.text().contains("address already in use") => {}
                Ok(answer) if answer.status < 400 => return,
                other => panic!("POST {path}: {other:?}"),
            }
        }
        panic!("POST {path}: {PORT_TRIES} published ports in a row were taken");
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // It may be gone already, and so may its engine.
        let _ = self.engine.call("DELETE", &format!("/containers/{}?force=1&v=1", self.id), None);
    }
}
