//! A configuration read again while everything runs.

use std::future::pending;
use std::time::Instant;

use dproxy_config::{Config, Listen, Loaded};
use tokio::time::sleep_until;
use tracing::{error, info, warn};

use super::certificates::Vault;
use super::{Driver, chain};
use crate::access_log::AccessLog;
use crate::configuration::{Configuration, Doubt, Hint, Progress, ReadFile, Settling, Wish};
use crate::core::{Change, Event, SourceId};
use crate::spawn::Launcher;
use crate::{listen, pages, privileges};

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
        if self.settling.is_some() || !considered.is_outdated() {
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

    /// Looks at the files, and obeys them once they have come to rest.
    pub(super) fn look_at_files<L>(&mut self, configuration: &Configuration<L>)
    where
        L: Fn(&ReadFile<'_>) -> anyhow::Result<Loaded>,
    {
        let Some(settling) = &mut self.settling else { return };
        let read = match settling.saw(Instant::now(), configuration.look(), self.watch.is_written()) {
            Progress::Waiting => return,
            Progress::Rests(look, wish) if wish == Wish::Noticed && configuration.knows(&look) => None,
            Progress::Rests(look, _wish) => Some(configuration.take(&look)),
            Progress::Restless => Some(Err(Doubt::Restless.into())),
        };
        self.settling = None;
        if let Some(read) = read {
            self.reload(read);
        }
        self.watch.follow(&configuration.considered());
    }

    /// A bad configuration leaves everything as it is.
    fn reload(&mut self, read: anyhow::Result<Loaded>) {
        let sensible = |loaded: &Loaded| privileges::worker_identity(&loaded.config.privileges);
        let read = read.and_then(|loaded| Ok(sensible(&loaded).map(|_somebody| loaded)?));
        match read {
            Ok(loaded) => {
                info!(path = ?loaded.config.path, "configuration read again");
                self.facts.refused = None;
                self.apply(loaded);
            }
            Err(error) => {
                let text = format!("the configuration was not read again, the one before counts: {error:#}");
                error!("{text}");
                self.facts.refused = Some(text);
            }
        }
    }

    fn apply(&mut self, mut loaded: Loaded) {
        pages::furnish(&mut loaded);
        let Loaded { mut config, warnings } = loaded;
        config.proxy.secret = self.facts.config.proxy.secret;
        warnings.iter().for_each(|warning| warn!("{warning}"));
        let before = std::mem::replace(&mut self.facts.config, config.clone());
        self.facts.warnings = warnings;
        self.facts.postponed = postponed(&before, &config);
        self.facts.postponed.iter().for_each(|warning| warn!("{warning}"));
        self.launcher = Launcher::new(&config);
        if before.certificates == config.certificates {
            self.vault.nudge();
        } else {
            self.vault = Vault::open(config.certificates.clone());
        }
        self.happened.push_back(Event::Routes(SourceId::File, config.routes));
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
        if before.listen != config.listen {
            self.listen_elsewhere(&config.listen);
            self.vault.close_doors();
        }
        self.certificates_changed();
    }

    fn listen_elsewhere(&mut self, listen: &Listen) {
        if self.inherited.decides() {
            let text = "still listening at the sockets of the service manager, whatever `port` and `hostname` say";
            return self.facts.postponed.push(text.to_owned());
        }
        match listen::choose_beside(&listen.addresses, listen.http, &self.core.addresses()) {
            Ok(chosen) => {
                chosen.warning.iter().for_each(|warning| warn!("{warning}"));
                info!(addresses = ?chosen.addresses, "listening elsewhere");
                self.facts.port = chosen.warning;
                self.facts.clear = chosen.addresses;
            }
            Err(error) => {
                let text = format!("still listening where it was: {}", chain(error));
                error!("{text}");
                self.facts.postponed.push(text);
            }
        }
    }
}

/// What of a new configuration counts only after a restart of dproxy.
fn postponed(before: &Config, after: &Config) -> Vec<String> {
    let changes = [
        ("a new address of the API counts", before.api != after.api),
        ("a new path of the PID file counts", before.pid_path != after.pid_path),
        ("new directories count", before.directories != after.directories),
        ("a new log level of the master counts", before.log_level != after.log_level),
    ];
    changes.into_iter().filter(|(_, changed)| *changed).map(|(what, _)| format!("{what} after a restart of dproxy")).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use dproxy_config::{Api, Directories, LogLevel, PortChoice, Privileges, ProxySettings, WorkerCount};

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
            access_log: None,
            pages: None,
            pid_path: path.clone(),
            directories: Directories { log: path.clone(), state: path.clone(), run: path.clone() },
            api: Api { address: ([127, 0, 0, 1], 16000).into(), socket: path },
            docker: Vec::new(),
            proxy: ProxySettings::default(),
            certificates: None,
            routes: Vec::new(),
        }
    }

    #[test]
    fn what_needs_a_restart_is_named_and_nothing_else() {
        let check = |change: fn(&mut Config), expected: &[&str]| {
            let mut after = config();
            change(&mut after);
            assert_eq!(postponed(&config(), &after), expected);
        };
        check(|_| {}, &[]);
        check(|config| config.workers = WorkerCount::of_cpus(9), &[]);
        check(|config| config.listen.http = PortChoice::Explicit(81), &[]);
        check(|config| config.api.address.set_port(1), &["a new address of the API counts after a restart of dproxy"]);
        check(|config| config.pid_path.push("y"), &["a new path of the PID file counts after a restart of dproxy"]);
        check(|config| config.directories.run.push("y"), &["new directories count after a restart of dproxy"]);
        check(|config| config.log_level = LogLevel::Debug, &["a new log level of the master counts after a restart of dproxy"]);
    }
}
