//! From words to meaning: which word counts, what it says, and what follows from it.

mod acme;
mod docker;

use std::collections::BTreeMap;
use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use dproxy_route::InClear;

use crate::access::{AccessField, AccessFormat, AccessLines, AccessLog, AccessTarget, Rotation};
use crate::config::{Api, Config, Directories, Listen, LogLevel, PortChoice, WorkerCount};
use crate::file::File;
use crate::following::Following;
use crate::mistake::{Mistake, Mistakes, Source};
use crate::places;
use crate::privileges::Privileges;
use crate::proxy::{Ejection, Limits, MarkKey, Pages, ProxySettings, Timeouts};
use crate::settings::{self, DefaultValue, Setting};
use crate::store::StoreChoice;
use crate::tls::{TlsPolicy, TlsSettings};
use crate::values::{Address, FilePath, ListenAddresses, Name, Network, Number, Port, Size, Switch, Time};
use crate::variables::Unfilled;
use crate::words::{Environment, Flags, Origin, Surroundings, Word, split};

/// What `sockaddr_un` has room for, without the final zero.
const LONGEST_SOCKET_PATH: usize = 107;

/// A configuration, and what its operator should know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// What counts from now on.
    pub config: Config,
    /// One line each, for the log and `status`.
    pub warnings: Vec<String>,
}

impl Config {
    /// Makes sense of everything that was said; `file` is the path and text of the configuration file.
    ///
    /// # Errors
    /// All mistakes that can be found at once.
    pub fn resolve(
        flags: &Flags,
        environment: &Environment,
        surroundings: &Surroundings,
        file: Option<(&Path, &str)>,
    ) -> Result<Loaded, Mistakes> {
        let (loaded, mut mistakes) = resolve_what_makes_sense(flags, environment, surroundings, file);
        mistakes.sort_by_key(|mistake| mistake.excerpt.as_ref().map(|excerpt| (excerpt.number, excerpt.start)));
        if mistakes.is_empty() { Ok(loaded) } else { Err(Mistakes(mistakes)) }
    }

    /// What counts where nobody said anything: no flag, no environment, no file.
    #[must_use]
    pub fn default_for(surroundings: &Surroundings) -> Config {
        let nothing = Config::resolve(&Flags::default(), &Environment::default(), surroundings, None);
        nothing.expect("the defaults of the table make sense, see its test").config
    }
}

/// As [`Config::resolve`], with the default in the place of everything that makes no sense.
pub(crate) fn resolve_what_makes_sense(
    flags: &Flags,
    environment: &Environment,
    surroundings: &Surroundings,
    file: Option<(&Path, &str)>,
) -> (Loaded, Vec<Mistake>) {
    let source = file.map(|(path, text)| Source::new(path, text));
    let written = source.as_ref().map(|source| File::read(source, environment)).unwrap_or_default();
    let mut reader = Reader {
        flags,
        environment,
        file: &written.words,
        source: source.as_ref(),
        mistakes: written.mistakes,
        warnings: written.older.notes,
    };
    let directories = reader.directories(surroundings);
    let config = Config {
        path: file.map(|(path, _)| path.to_owned()),
        listen: reader.listen(),
        workers: reader.optional(&settings::WORKERS).unwrap_or_else(|| WorkerCount::of_cpus(surroundings.cpus)),
        worker_silent: reader.switch(&settings::WORKER_SILENT),
        max_memory: reader.optional::<Size<{ 8 * 1024 * 1024 }, { u32::MAX }>>(&settings::MAX_MEMORY).map(|Size(bytes)| bytes),
        privileges: Privileges { user: reader.optional(&settings::WORKER_USER), sandbox: reader.switch(&settings::SANDBOX) },
        log_level: reader.required::<LogLevel>(&settings::LOG_LEVEL),
        access_log: reader.access_log(),
        pages: reader.path(&settings::PAGES_DIRECTORY),
        pid_path: reader.path(&settings::PID_PATH).unwrap_or_else(|| directories.run.join("docker-proxy.pid")),
        store: reader.store(),
        api: reader.api(&directories),
        docker: reader.docker(&written.engines, written.older.assignments),
        proxy: reader.proxy(surroundings),
        certificates: reader.path(&settings::SSL_PATH),
        issuer: reader.required(&settings::SSL_ISSUER),
        acme: reader.acme(),
        routes: written.routes,
        directories,
    };
    reader.port_clash(&config);
    let Reader { warnings, mut mistakes, .. } = reader;
    if let Some(source) = &source {
        mistakes = with_unfilled(source, &written.unfilled, mistakes);
    }
    (Loaded { config, warnings }, mistakes)
}

/// Adds the values that lack a variable, each in the place of what else was found in it: one mistake is enough.
fn with_unfilled(source: &Source<'_>, unfilled: &[Unfilled], mut others: Vec<Mistake>) -> Vec<Mistake> {
    others.retain(|mistake| !unfilled.iter().any(|unfilled| unfilled.is_at(&mistake.origin)));
    let mistake = |Unfilled { place, written, cause }: &Unfilled| {
        let place = source.place_of(written, *place);
        source.mistake(place, written, None, cause.to_string())
    };
    unfilled.iter().map(mistake).chain(others).collect()
}

/// Reads the settings one by one and gathers the mistakes.
///
/// After a mistake the default stands in, so that the rest can be read, too.
struct Reader<'r> {
    flags: &'r Flags,
    environment: &'r Environment,
    file: &'r BTreeMap<&'static str, Vec<Word>>,
    source: Option<&'r Source<'r>>,
    mistakes: Vec<Mistake>,
    warnings: Vec<String>,
}

impl Reader<'_> {
    fn directories(&mut self, surroundings: &Surroundings) -> Directories {
        let default = places::directories(surroundings, self.environment);
        Directories {
            log: self.path(&settings::LOG_DIRECTORY).unwrap_or(default.log),
            state: self.path(&settings::STATE_DIRECTORY).unwrap_or(default.state),
            run: self.path(&settings::RUN_DIRECTORY).unwrap_or(default.run),
        }
    }

    fn listen(&mut self) -> Listen {
        let mut addresses = Vec::new();
        for ListenAddresses(some) in self.list(&settings::HOSTNAME) {
            addresses.extend(some);
        }
        addresses.sort_unstable();
        addresses.dedup();
        let http = match self.optional(&settings::PORT) {
            Some(Port(port)) => PortChoice::Explicit(port),
            None => PortChoice::Preferred { wanted: 80, fallback: 8080 },
        };
        let https = match self.optional(&settings::SSL_PORT) {
            Some(Port(port)) => PortChoice::Explicit(port),
            None => PortChoice::Preferred { wanted: 443, fallback: 8443 },
        };
        Listen { addresses, http, https }
    }

    fn api(&mut self, directories: &Directories) -> Api {
        let Address(address) = self.required(&settings::API_ADDRESS);
        let Port(port) = self.required(&settings::API_PORT);
        let socket = self.path(&settings::API_SOCKET).unwrap_or_else(|| directories.run.join("docker-proxy.sock"));
        if socket.as_os_str().len() > LONGEST_SOCKET_PATH {
            let setting = if self.said(&settings::API_SOCKET).is_some() { &settings::API_SOCKET } else { &settings::RUN_DIRECTORY };
            let text = format!("`{}` is longer than the {LONGEST_SOCKET_PATH} bytes that a Unix socket may have", socket.display());
            self.mistake(setting, text);
        }
        let needed = (!address.is_loopback()).then(|| directories.state.join("api-token"));
        let token = self.path(&settings::API_TOKEN_FILE).or(needed);
        Api { address: SocketAddr::new(address, port), socket, peers: self.list(&settings::API_PEERS), token }
    }

    fn proxy(&mut self, surroundings: &Surroundings) -> ProxySettings {
        let named = |Name(name)| name;
        let machine = || surroundings.hostname.parse().map_or_else(|_| "dproxy".to_owned(), named);
        ProxySettings {
            server_name: self.optional(&settings::SERVER_NAME).map_or_else(machine, named),
            timeouts: self.timeouts(),
            limits: self.limits(),
            access: self.access_lines(),
            following: self.following(),
            pages: Pages { templates: Vec::new(), container_names: self.switch(&settings::PAGES_CONTAINER_NAMES) },
            trusted: self.networks(&settings::TRUSTED),
            announced_by: self.networks(&settings::PROXY_PROTOCOL),
            www_fallback: self.switch(&settings::WWW_FALLBACK),
            tls: self.tls(),
            balance: self.required(&settings::BALANCE),
            ejection: self.ejection(),
            secret: MarkKey::default(),
        }
    }

    fn networks(&mut self, setting: &Setting) -> Vec<String> {
        self.list(setting).into_iter().map(|Network(network)| network).collect()
    }

    fn access_log(&mut self) -> AccessLog {
        let Size(size) = self.required::<Size<0, { u32::MAX }>>(&settings::ACCESS_LOG_MAX_SIZE);
        let Number(keep) = self.required::<Number<1, 10_000>>(&settings::ACCESS_LOG_KEEP);
        let age = self.optional(&settings::ACCESS_LOG_MAX_AGE).map(|Time(age)| age);
        AccessLog { target: self.path(&settings::ACCESS_LOG).map(AccessTarget::from), rotation: Rotation { size, age, keep } }
    }

    fn access_lines(&mut self) -> AccessLines {
        let chosen: Vec<AccessField> = self.list(&settings::ACCESS_LOG_FIELDS);
        let format = match self.required(&settings::ACCESS_LOG_FORMAT) {
            AccessFormat::Json(_) if !chosen.is_empty() => AccessFormat::Json(chosen),
            other @ (AccessFormat::Full | AccessFormat::Combined | AccessFormat::Hipache) if !chosen.is_empty() => {
                let text = "only the lines of `json` have fields to choose from; set `access_log_format: json`".to_owned();
                self.mistake(&settings::ACCESS_LOG_FIELDS, text);
                other
            }
            other => other,
        };
        AccessLines { format, logged: self.required(&settings::ACCESS_LOG_SAMPLE) }
    }

    fn following(&mut self) -> Following {
        Following {
            request_id: self.required(&settings::TRACING_REQUEST_ID),
            context: self.required(&settings::TRACING_CONTEXT),
            answers: self.switch(&settings::TRACING_ANSWER),
        }
    }

    fn store(&mut self) -> StoreChoice {
        let root = self.path(&settings::STORE_ROOT);
        match (self.required(&settings::STORE), root) {
            (StoreChoice::Redis(url), root) if url.is_secured() => StoreChoice::Redis(url.believing(root)),
            (choice, None) => choice,
            (choice, Some(_)) => {
                let text = "TLS is spoken with a store at `rediss://` only; write that into `store`, or leave this out".to_owned();
                self.mistake(&settings::STORE_ROOT, text);
                choice
            }
        }
    }

    fn tls(&mut self) -> TlsSettings {
        TlsSettings {
            policy: self.required::<TlsPolicy>(&settings::SSL_POLICY),
            peek: self.switch(&settings::SSL_PEEK),
            http3: self.switch(&settings::SSL_HTTP3),
            in_clear: if self.switch(&settings::SSL_REDIRECT) { InClear::Redirected } else { InClear::Served },
            hsts: self.required(&settings::SSL_HSTS),
            ..TlsSettings::default()
        }
    }

    fn timeouts(&mut self) -> Timeouts {
        let mut time = |setting| {
            let Time(time) = self.required(setting);
            time
        };
        Timeouts {
            request_head: time(&settings::TIMEOUT_REQUEST_HEAD),
            handshake: time(&settings::TIMEOUT_HANDSHAKE),
            queue: time(&settings::TIMEOUT_QUEUE),
            hold: time(&settings::TIMEOUT_HOLD),
            connect: time(&settings::TIMEOUT_CONNECT),
            first_byte: time(&settings::TIMEOUT_FIRST_BYTE),
            idle: time(&settings::TIMEOUT_IDLE),
            tunnel: time(&settings::TIMEOUT_TUNNEL),
            keep_alive: time(&settings::TIMEOUT_KEEP_ALIVE),
            upstream_keep_alive: time(&settings::TIMEOUT_UPSTREAM_KEEP_ALIVE),
            drain: time(&settings::TIMEOUT_DRAIN),
        }
    }

    fn limits(&mut self) -> Limits {
        let Size(head_bytes) = self.required::<Size<4096, { 16 * 1024 * 1024 }>>(&settings::LIMIT_HEAD_BYTES);
        let Number(head_fields) = self.required::<Number<16, 10_000>>(&settings::LIMIT_HEAD_FIELDS);
        let Size(target_bytes) = self.required::<Size<1024, { 16 * 1024 * 1024 }>>(&settings::LIMIT_TARGET_BYTES);
        let Number(connections) = self.required::<Number<1, 10_000_000>>(&settings::LIMIT_CONNECTIONS);
        let Number(handshakes) = self.required::<Number<1, 1_000_000>>(&settings::LIMIT_HANDSHAKES);
        let Number(backend_requests) = self.required::<Number<0, 1_000_000>>(&settings::LIMIT_BACKEND_REQUESTS);
        let Number(queue) = self.required::<Number<0, 1_000_000>>(&settings::LIMIT_QUEUE);
        let Number(held) = self.required::<Number<0, 1_000_000>>(&settings::LIMIT_HELD);
        let Size(held_bytes) = self.required::<Size<0, { u32::MAX }>>(&settings::LIMIT_HELD_BYTES);
        if target_bytes > head_bytes && self.said(&settings::LIMIT_TARGET_BYTES).is_some() {
            let text = format!("{target_bytes} bytes of target do not fit into a head of {head_bytes} (`limits.head_bytes`)");
            self.mistake(&settings::LIMIT_TARGET_BYTES, text);
        }
        // The default of one follows a smaller choice of the other.
        Limits {
            head_bytes,
            head_fields,
            target_bytes: target_bytes.min(head_bytes),
            connections,
            handshakes,
            backend_requests,
            queue,
            held,
            held_bytes,
        }
    }

    fn ejection(&mut self) -> Ejection {
        let Number(failures) = self.required::<Number<0, 1_000_000>>(&settings::EJECTION_FAILURES);
        let Time(time) = self.required(&settings::EJECTION_TIME);
        let Time(longest) = self.required(&settings::EJECTION_MAX_TIME);
        let Number(share) = self.required::<Number<0, 100>>(&settings::EJECTION_SHARE);
        Ejection { failures, time, longest: longest.max(time), share, server_errors: self.switch(&settings::EJECTION_SERVER_ERRORS) }
    }

    /// Two listeners of ours at one place can only fail, and later than here.
    fn port_clash(&mut self, config: &Config) {
        let api = config.api.address;
        let overlaps =
            config.listen.addresses.iter().any(|address| *address == api.ip() || address.is_unspecified() || api.ip().is_unspecified());
        if config.listen.http == PortChoice::Explicit(api.port()) && overlaps {
            let text = format!("port {} is also the control API's; choose another `port` or `api.port`", api.port());
            self.mistake(&settings::PORT, text);
        }
        if config.listen.https == PortChoice::Explicit(api.port()) && overlaps {
            let text = format!("port {} is also the control API's; choose another `ssl.port` or `api.port`", api.port());
            self.mistake(&settings::SSL_PORT, text);
        }
        if let (PortChoice::Explicit(clear), PortChoice::Explicit(tls)) = (config.listen.http, config.listen.https)
            && clear == tls
        {
            let text =
                format!("port {tls} is also the clear port; leave `ssl.port` out: TLS is understood at the clear port too (`ssl.peek`)");
            self.mistake(&settings::SSL_PORT, text);
        }
    }

    fn switch(&mut self, setting: &Setting) -> bool {
        let Switch(on) = self.required(setting);
        on
    }

    fn path(&mut self, setting: &Setting) -> Option<PathBuf> {
        self.optional(setting).map(|FilePath(path)| path)
    }

    /// The value of a setting whose default is a text in the table.
    fn required<T: FromStr<Err: Error>>(&mut self, setting: &Setting) -> T {
        self.optional(setting).unwrap_or_else(|| default(setting, setting.default_text()))
    }

    /// The value of a setting, if somebody gave one.
    fn optional<T: FromStr<Err: Error>>(&mut self, setting: &Setting) -> Option<T> {
        let word = self.said(setting)?.into_iter().next()?;
        self.parse(&word)
    }

    /// The values of a list, or of its default where the list is empty.
    fn list<T: FromStr<Err: Error>>(&mut self, setting: &Setting) -> Vec<T> {
        let words = self.said(setting).unwrap_or_default();
        if words.is_empty()
            && let DefaultValue::Text(text) = setting.default
        {
            let items = split(setting, text, &Origin::Flag(setting.flag));
            return items.iter().map(|word| default(setting, &word.text)).collect();
        }
        words.iter().filter_map(|word| self.parse(word)).collect()
    }

    fn parse<T: FromStr<Err: Error>>(&mut self, word: &Word) -> Option<T> {
        let parsed = word.text.parse();
        parsed.map_err(|error| self.mistakes.push(Source::mistake_in(self.source, &word.origin, &word.text, chain(&error)))).ok()
    }

    /// The words that count: flag, else environment, else file.
    fn said(&self, setting: &Setting) -> Option<Vec<Word>> {
        let file = || self.file.get(setting.flag).cloned();
        self.flags.words(setting).or_else(|| self.environment.words(setting)).or_else(file)
    }

    /// A mistake in what `setting` was set to, wherever that was.
    fn mistake(&mut self, setting: &Setting, text: String) {
        let word = self.word_of(setting);
        self.mistake_at(&word, text);
    }

    /// The first word for `setting`, or an empty one.
    fn word_of(&self, setting: &Setting) -> Word {
        let word = self.said(setting).and_then(|words| words.into_iter().next());
        word.unwrap_or_else(|| Word::new("", Origin::Flag(setting.flag)))
    }

    fn mistake_at(&mut self, word: &Word, text: String) {
        self.mistakes.push(Source::mistake_in(self.source, &word.origin, &word.text, text));
    }
}

fn default<T: FromStr<Err: Error>>(setting: &Setting, text: &str) -> T {
    text.parse().unwrap_or_else(|error| panic!("the default of `{}` makes no sense, see the table's test: {error}", setting.flag))
}

/// An error and its causes in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
