//! A configuration read again while everything runs.

use std::future::pending;
use std::sync::Arc;
use std::time::Instant;

use dproxy_config::{Config, Loaded, PortChoice};
use dproxy_control::PoolState;
use dproxy_control::{Refusal, Reply};
use tokio::time::sleep_until;
use tracing::{error, info, warn};

use super::Driver;
use super::beside::Beside;
use super::certificates::Vault;
use crate::access_log::AccessLog;
use crate::configuration::{Configuration, Doubt, Hint, Look, Progress, ReadFile, Settling, Wish};
use crate::core::{Change, Event, SourceId};
use crate::listen::Chosen;
use crate::spawn::Launcher;
use crate::{listen, log, pages, privileges};

/// The files are looked at and made sense of on a thread beside the master's: with large ones that takes a while.
#[derive(Default)]
pub(super) struct Reading {
    looking: Beside<Look>,
    making_sense: Beside<anyhow::Result<Loaded>>,
}

/// What came of it.
pub(super) enum Read {
    Seen(Look),
    Understood(Box<anyhow::Result<Loaded>>),
}

impl Reading {
    pub(super) fn is_under_way(&self) -> bool {
        self.looking.is_under_way() || self.making_sense.is_under_way()
    }

    /// Resolves when a part of it is done; never while nothing is read.
    pub(super) async fn done(&mut self) -> Read {
        tokio::select! {
            look = self.looking.done() => Read::Seen(look),
            understood = self.making_sense.done_or_broken() => {
                let understood = understood.unwrap_or_else(|broken| Err(anyhow::Error::new(broken).context("the reader broke")));
                Read::Understood(Box::new(understood))
            }
        }
    }
}

impl Driver {
    /// The operator wishes that the configuration is read again. It is, as soon as its files have come to rest.
    pub(super) fn wish_to_reload(&mut self) {
        self.supervisor.reloading();
        self.settling.get_or_insert_with(|| Settling::begin(Instant::now(), Wish::Asked)).ask();
    }

    /// The files may have changed.
    pub(super) fn hinted<L>(&mut self, hint: Hint, configuration: &Configuration<L>)
    where
        L: Fn(&ReadFile<'_>) -> anyhow::Result<Loaded>,
    {
        let considered = configuration.considered();
        // While they are read it is looked afterwards.
        if self.settling.is_some() || self.reading.is_under_way() || !considered.is_outdated() {
            return;
        }
        if hint == Hint::Poll {
            // Nobody told us, so we may be looking at the wrong directory.
            self.watch.follow_anew(&considered);
        }
        self.supervisor.reloading();
        self.settling = Some(Settling::begin(Instant::now(), Wish::Noticed));
    }

    /// Resolves when the files are to be looked at; never where nobody wishes it.
    pub(super) async fn files_due(settling: Option<&Settling>) {
        match settling {
            Some(settling) => sleep_until(settling.due().into()).await,
            None => pending().await,
        }
    }

    /// Has the files looked at.
    pub(super) fn look_at_files<L>(&mut self, configuration: &Arc<Configuration<L>>)
    where
        L: Fn(&ReadFile<'_>) -> anyhow::Result<Loaded> + Send + Sync + 'static,
    {
        let configuration = Arc::clone(configuration);
        self.reading.looking.begin(move || configuration.look());
    }

    /// Obeys the files, once they have come to rest.
    fn files_seen<L>(&mut self, look: Look, configuration: &Arc<Configuration<L>>)
    where
        L: Fn(&ReadFile<'_>) -> anyhow::Result<Loaded> + Send + Sync + 'static,
    {
        let Some(settling) = &mut self.settling else { return };
        let progress = settling.saw(Instant::now(), look, self.watch.is_written());
        if !matches!(progress, Progress::Waiting) {
            self.settling = None;
        }
        match progress {
            Progress::Waiting => return,
            Progress::Rests(look, wish) if wish == Wish::Noticed && configuration.knows(&look) => {}
            Progress::Rests(look, _wish) => {
                let configuration = Arc::clone(configuration);
                self.reading.making_sense.begin(move || configuration.take(&look));
            }
            Progress::Restless => self.reload(Err(Doubt::Restless.into())),
        }
        self.watch.follow(&configuration.considered());
    }

    /// A part of the reading is done.
    pub(super) fn files_read<L>(&mut self, read: Read, configuration: &Arc<Configuration<L>>)
    where
        L: Fn(&ReadFile<'_>) -> anyhow::Result<Loaded> + Send + Sync + 'static,
    {
        match read {
            Read::Seen(look) => self.files_seen(look, configuration),
            Read::Understood(understood) => self.files_understood(*understood, configuration),
        }
    }

    /// They were made sense of, or not.
    fn files_understood<L>(&mut self, understood: anyhow::Result<Loaded>, configuration: &Configuration<L>)
    where
        L: Fn(&ReadFile<'_>) -> anyhow::Result<Loaded>,
    {
        self.reload(understood);
        self.watch.follow(&configuration.considered());
        // They may have changed meanwhile.
        self.hinted(Hint::Event, configuration);
    }

    /// A bad configuration leaves everything as it is.
    fn reload(&mut self, read: anyhow::Result<Loaded>) {
        let planned = read.and_then(|loaded| Ok((self.clear_doors(&loaded.config)?, loaded)));
        match planned {
            Ok((doors, loaded)) => {
                info!(path = ?loaded.config.path, "configuration read again");
                self.facts.refused = None;
                self.apply(loaded, doors);
            }
            Err(error) => {
                let text = format!("the configuration was not read again, the one before counts: {error:#}");
                error!("{text}");
                self.facts.refused = Some(text);
            }
        }
        if self.settling.is_none() {
            self.answer_reloads();
        }
    }

    /// Tells those who wait for it what came of it.
    fn answer_reloads(&mut self) {
        for reply in std::mem::take(&mut self.reloads) {
            let answer = match &self.facts.refused {
                Some(text) => Err(Refusal::Failed(text.clone())),
                None => Ok(Reply::Done { message: "configuration read again".to_owned(), status: Box::new(self.status()) }),
            };
            self.answer_when_kept(reply, answer);
        }
    }

    /// Makes sure that this machine has what the configuration asks for, since a part of it is not what anybody means.
    /// Where clients come in that begin in clear, if that is elsewhere than now.
    fn clear_doors(&self, config: &Config) -> anyhow::Result<Option<Chosen>> {
        privileges::worker_identity(&config.privileges)?;
        let before = &self.facts.config;
        if self.inherited.decides() || (before.listen == config.listen && before.certificates == config.certificates) {
            return Ok(None);
        }
        let ours = self.core.bound_addresses();
        let listen = &config.listen;
        if config.certificates.is_some() && matches!(listen.https, PortChoice::Explicit(_)) {
            listen::choose_beside(&listen.addresses, listen.https, &ours)?;
        }
        let moves = before.listen != config.listen;
        Ok(if moves { Some(listen::choose_beside(&listen.addresses, listen.http, &ours)?) } else { None })
    }

    fn apply(&mut self, mut loaded: Loaded, doors: Option<Chosen>) {
        pages::furnish(&mut loaded);
        let Loaded { mut config, warnings } = loaded;
        warnings.iter().for_each(|warning| warn!("{warning}"));
        self.facts.warnings = warnings;
        self.facts.postponed = keep(&self.facts.config, &mut config, self.inherited.decides());
        self.facts.postponed.iter().for_each(|warning| warn!("{warning}"));
        let routes = std::mem::take(&mut config.routes);
        let before = std::mem::replace(&mut self.facts.config, config.clone());
        log::change(config.log_level);
        self.launch_otherwise(Launcher::new(&config));
        if before.certificates == config.certificates {
            self.vault.nudge();
        } else {
            self.vault = Vault::open(&config, self.vault.ticket_keys(), self.vault.quic_keys());
        }
        if before.acme != config.acme {
            self.vault.ask_otherwise(&config);
        }
        self.happened.push_back(Event::Routes(SourceId::File, Arc::new(routes)));
        if self.remembered.reconfigure(config.workers) {
            self.order(Change::Resize(config.workers));
        }
        if before.access_log != config.access_log {
            self.access_log = AccessLog::open(config.access_log);
            self.hand_out_log();
        }
        if before.docker != config.docker {
            let events = self.engines.rewatch(&config.docker);
            self.happened.extend(events);
        }
        if let Some(doors) = doors {
            self.listen_elsewhere(doors);
        }
        self.certificates_changed();
    }

    /// Workers that were started otherwise are replaced, one by one.
    fn launch_otherwise(&mut self, launcher: Launcher) {
        if self.launcher == launcher {
            return;
        }
        self.launcher = launcher;
        if self.core.pool_state() != PoolState::Stopped {
            info!("replacing all workers, since they are started otherwise now");
            self.order(Change::Restart);
        }
    }

    fn listen_elsewhere(&mut self, doors: Chosen) {
        doors.warning.iter().for_each(|warning| warn!("{warning}"));
        info!(addresses = ?doors.addresses, "listening elsewhere");
        self.facts.port = doors.warning;
        self.facts.clear = doors.addresses;
        self.vault.close_doors();
    }
}

/// Keeps what only a restart of dproxy changes as it was `before`, and says so.
fn keep(before: &Config, config: &mut Config, sockets_are_given: bool) -> Vec<String> {
    let restart = |what: &str| format!("{what} after a restart of dproxy");
    let mut postponed = Vec::new();
    // It is the master's own, and no file says it.
    config.proxy.secret = before.proxy.secret;
    if kept(&before.api, &mut config.api) {
        postponed.push(restart("new settings of the API count"));
    }
    if kept(&before.pid_path, &mut config.pid_path) {
        postponed.push(restart("a new path of the PID file counts"));
    }
    if kept(&before.directories, &mut config.directories) {
        postponed.push(restart("new directories count"));
    }
    if kept(&before.store, &mut config.store) {
        postponed.push(restart("a new store counts"));
    }
    if sockets_are_given && kept(&before.listen, &mut config.listen) {
        postponed.push("still listening at the sockets of the service manager, whatever `port` and `hostname` say".to_owned());
    }
    postponed
}

/// Puts the value of before in the place of a new one; whether it was new.
fn kept<T: Clone + PartialEq>(before: &T, now: &mut T) -> bool {
    let new = before != now;
    now.clone_from(before);
    new
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use dproxy_config::{
        Acme, AcmeDirectory, Api, Directories, Listen, LogLevel, OnDemand, Privileges, Proof, ProxySettings, Rotation, StoreChoice,
        WorkerCount,
    };

    use dproxy_route::Issuer;

    use super::*;

    fn config() -> Config {
        let path = PathBuf::from("/x");
        Config {
            path: None,
            listen: Listen { addresses: Vec::new(), http: PortChoice::Explicit(80), https: PortChoice::Explicit(443) },
            workers: WorkerCount::of_cpus(1),
            worker_silent: false,
            max_memory: None,
            privileges: Privileges { user: None, sandbox: true },
            log_level: LogLevel::Info,
            access_log: dproxy_config::AccessLog { target: None, rotation: Rotation { size: 0, age: None, keep: 1 } },
            pages: None,
            pid_path: path.clone(),
            directories: Directories { log: path.clone(), state: path.clone(), run: path.clone() },
            store: StoreChoice::Memory,
            api: Api { address: ([127, 0, 0, 1], 16000).into(), socket: path, peers: Vec::new(), token: None },
            docker: Vec::new(),
            proxy: ProxySettings::default(),
            certificates: None,
            issuer: Issuer::default(),
            acme: Acme {
                directory: AcmeDirectory::production(),
                agreed: false,
                email: None,
                root: None,
                proof: Proof::default(),
                dns: None,
                binding: None,
                shared: false,
                on_demand: OnDemand::default(),
            },
            routes: Vec::new(),
        }
    }

    #[test]
    fn what_needs_a_restart_stays_as_it_is_and_is_named() {
        let check = |sockets_are_given: bool, change: fn(&mut Config), expected: &[&str]| {
            let mut after = config();
            change(&mut after);
            let wanted = after.clone();
            assert_eq!(keep(&config(), &mut after, sockets_are_given), expected);
            assert_eq!(after, if expected.is_empty() { wanted } else { config() });
        };
        check(false, |_| {}, &[]);
        check(false, |config| config.workers = WorkerCount::of_cpus(9), &[]);
        check(false, |config| config.log_level = LogLevel::Debug, &[]);
        check(false, |config| config.api.address.set_port(1), &["new settings of the API count after a restart of dproxy"]);
        check(false, |config| config.pid_path.push("y"), &["a new path of the PID file counts after a restart of dproxy"]);
        check(false, |config| config.directories.run.push("y"), &["new directories count after a restart of dproxy"]);
        check(false, |config| config.store = StoreChoice::File, &["a new store counts after a restart of dproxy"]);
        let other_port: fn(&mut Config) = |config| config.listen.http = PortChoice::Explicit(81);
        check(false, other_port, &[]);
        check(true, other_port, &["still listening at the sockets of the service manager, whatever `port` and `hostname` say"]);
    }
}
