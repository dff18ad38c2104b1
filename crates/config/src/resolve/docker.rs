//! Where the engines are: one by flag, environment or file, or the list of the file.

use std::path::{Path, PathBuf};

use super::Reader;
use crate::config::{Assignment, Dialect, Docker, DockerEndpoint, DockerTls};
use crate::endpoint::{Endpoint, Wire};
use crate::engines::{ENDPOINTS, EngineWords};
use crate::settings::{self, Setting};
use crate::values::{Address, Dialects, FilePath, Name, Switch, Time};
use crate::words::{Origin, Word};

/// What is said about TLS with an engine.
struct TlsWords {
    /// Whether an open TCP endpoint speaks it.
    wanted: bool,
    /// Where the files are.
    directory: Option<PathBuf>,
}

impl Reader<'_> {
    /// Every engine, at least one.
    pub(super) fn docker(&mut self, list: &[EngineWords], assignments: Vec<Assignment>) -> Vec<Docker> {
        let only = Docker {
            endpoint: self.docker_endpoint(),
            name: None,
            address: self.optional(&settings::DOCKER_ADDRESS).map(|Address(address)| address),
            container_addresses: self.optional(&settings::DOCKER_CONTAINER_ADDRESSES).map(|Switch(on)| on),
            internal_names: self.switch(&settings::DOCKER_INTERNAL_NAMES),
            unpublished: self.switch(&settings::DOCKER_UNPUBLISHED),
            dialects: self.dialects(),
            assignments,
            hold: self.required::<Time>(&settings::TIMEOUT_HOLD).0,
        };
        if list.is_empty() || self.is_overruled() {
            return vec![only];
        }
        self.warn_of_settings_of_one();
        let mut engines: Vec<Docker> = Vec::new();
        for words in list {
            if let Some(engine) = self.engine_of(words, &only) {
                self.tell_apart(&engine, &engines, words);
                engines.push(engine);
            }
        }
        if engines.is_empty() { vec![only] } else { engines }
    }

    fn dialects(&mut self) -> Vec<Dialect> {
        let known = self.list(&settings::DOCKER_DIALECTS);
        known.into_iter().filter_map(|Dialects(dialect)| dialect).collect()
    }

    /// Whether somebody named a single engine in a place that counts more than the list of the file.
    fn is_overruled(&mut self) -> bool {
        let Some(word) = self.said(&settings::DOCKER_ENDPOINT).and_then(|words| words.into_iter().next()) else { return false };
        if let Origin::File { .. } = word.origin {
            let text = format!("there is a list `{ENDPOINTS}`, too; put this engine into the list");
            self.mistake(&settings::DOCKER_ENDPOINT, text);
            return false;
        }
        self.warnings.push(format!("{} names the engine, so the list `{ENDPOINTS}` of the file is ignored", word.origin));
        true
    }

    fn warn_of_settings_of_one(&mut self) {
        let of_one: [&Setting; 4] =
            [&settings::DOCKER_ADDRESS, &settings::DOCKER_TLS_VERIFY, &settings::DOCKER_CERT_PATH, &settings::DOCKER_CONTAINER_ADDRESSES];
        for setting in of_one {
            if let Some(word) = self.said(setting).and_then(|words| words.into_iter().next()) {
                let text = format!("does nothing beside the list `{ENDPOINTS}`; write it into the entry of the engine that it is about");
                self.warnings.push(format!("{}: {text}", word.origin));
            }
        }
    }

    fn engine_of(&mut self, words: &EngineWords, only: &Docker) -> Option<Docker> {
        let endpoint = self.parse(&words.endpoint)?;
        let directory = words.get("cert_path").and_then(|word| self.parse(word)).map(|FilePath(path)| path);
        let verify = words.get("tls_verify").and_then(|word| self.parse(word)).map(|Switch(on)| on);
        let tls = TlsWords { wanted: verify.unwrap_or(directory.is_some()), directory };
        let endpoint = self.endpoint(endpoint, tls, &words.endpoint);
        let name = words.get("name").and_then(|word| self.parse(word)).map_or_else(|| endpoint.to_string(), |Name(name)| name);
        Some(Docker {
            endpoint,
            name: Some(name),
            address: words.get("address").and_then(|word| self.parse(word)).map(|Address(address)| address),
            container_addresses: words.get("container_addresses").and_then(|word| self.parse(word)).map(|Switch(on)| on),
            ..only.clone()
        })
    }

    /// Two entries for one engine would make replicas out of each of its containers.
    fn tell_apart(&mut self, engine: &Docker, others: &[Docker], words: &EngineWords) {
        if others.iter().any(|other| other.endpoint.to_string() == engine.endpoint.to_string()) {
            self.mistake_at(&words.endpoint, format!("`{}` is in the list already", engine.endpoint));
        } else if others.iter().any(|other| other.name == engine.name)
            && let Some(word) = words.get("name")
        {
            self.mistake_at(word, format!("another engine is called `{}` already", word.text));
        }
    }

    fn docker_endpoint(&mut self) -> DockerEndpoint {
        let wanted = self.switch(&settings::DOCKER_TLS_VERIFY);
        let directory = self.path(&settings::DOCKER_CERT_PATH);
        let endpoint = self.required(&settings::DOCKER_ENDPOINT);
        let word = self.word_of(&settings::DOCKER_ENDPOINT);
        let endpoint = self.endpoint(endpoint, TlsWords { wanted, directory }, &word);
        if let DockerEndpoint::Tcp { tls: None, .. } = endpoint
            && let Some(word) = self.said(&settings::DOCKER_CERT_PATH).and_then(|words| words.into_iter().next())
        {
            let text = "does nothing without `DOCKER_TLS_VERIFY`: the engine is reached without TLS";
            self.warnings.push(format!("{}: {text}", word.origin));
        }
        endpoint
    }

    /// What `word` means, which says where an engine is.
    fn endpoint(&mut self, endpoint: Endpoint, words: TlsWords, word: &Word) -> DockerEndpoint {
        let (host, port, wire) = match endpoint {
            Endpoint::Unix(path) => return DockerEndpoint::Unix(path),
            Endpoint::Tcp { host, port, wire } => (host, port, wire),
        };
        let tls = match wire {
            Wire::Open => words.wanted,
            Wire::Tls => true,
            Wire::Plain => {
                if words.wanted {
                    let text = "`http://` is not TLS, but TLS is asked for (`tls_verify`, `cert_path`); write `https://` or `tcp://`";
                    self.mistake_at(word, text.to_owned());
                }
                false
            }
        };
        let port = port.unwrap_or_else(|| Endpoint::default_port(tls));
        DockerEndpoint::Tcp { host, port, tls: tls.then(|| self.docker_tls(words.directory, word)) }
    }

    fn docker_tls(&mut self, directory: Option<PathBuf>, word: &Word) -> DockerTls {
        let directory = directory.or_else(|| Some(Path::new(self.environment.value("HOME")?).join(".docker"))).unwrap_or_else(|| {
            let text = "TLS needs certificates, and without `HOME` there is no `~/.docker`; set `DOCKER_CERT_PATH`";
            self.mistake_at(word, text.to_owned());
            PathBuf::new()
        });
        DockerTls { ca: directory.join("ca.pem"), cert: directory.join("cert.pem"), key: directory.join("key.pem") }
    }
}
