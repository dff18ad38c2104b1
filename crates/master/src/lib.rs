//! The master process: one pure core that decides, one thin driver that acts.

mod access_log;
mod berths;
mod books;
mod by_hand;
mod certificates;
mod check;
mod configuration;
mod core;
mod doors;
mod driver;
mod estate;
mod explain;
mod figures;
mod health;
mod inherited;
mod legacy;
mod listen;
mod log;
mod metrics;
mod pages;
mod peers;
mod pidfile;
mod privileges;
mod records;
mod remembered;
mod secret;
mod signals;
mod sites;
mod spawn;
mod starvation;
mod supervisor;
mod views;
mod why;

pub use check::{GoBetween, is_rehearsal, rehearse};
pub use configuration::ReadFile;
pub use peers::{PeersError, peers_of};
pub use privileges::{PrivilegesError, worker_identity};

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use dproxy_certs::Directory;
use dproxy_config::{Config, Loaded};
use dproxy_route::Problem;
use tracing::error;

use certificates::Shelf;
use configuration::Configuration;
use legacy::Legacy;

/// How much nicer threads beside the master's are (setpriority(2)): they get a third of what others get of a busy CPU.
const BESIDE: i32 = 5;

/// How long threads beside the master's may take for what they are at when it ends.
const FAREWELL: Duration = Duration::from_secs(2);

/// Runs the master in the foreground until it is told to leave. `load` reads the configuration, now and again later, by
/// the way to read a file that it is given.
///
/// # Errors
/// When it cannot begin: the configuration makes no sense, another master runs, a port is taken, a directory cannot be
/// made. A program that cannot begin in the process of another one gives it back to that one.
pub fn run(load: impl Fn(&ReadFile<'_>) -> anyhow::Result<Loaded> + Send + Sync + 'static) -> anyhow::Result<()> {
    let mut legacy = Legacy::take();
    let texts = legacy.as_ref().map(|legacy| legacy.rest().configuration).unwrap_or_default();
    let load = Arc::new(Configuration::new(load, texts));
    if legacy.is_none() {
        return begin(load, &mut None);
    }
    let begun = catch_unwind(AssertUnwindSafe(|| begin(load, &mut legacy)));
    let failed = match begun {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(failed)) => failed,
        Err(_panic) => anyhow::anyhow!("the new program panicked; its log says where"),
    };
    if let Some(legacy) = legacy.filter(|legacy| legacy.failed.is_none()) {
        let error = legacy.go_back(&format!("the new program cannot begin: {failed:#}"));
        error!(%error, "there is no way back");
    }
    Err(failed)
}

/// What an operator should mend of the certificates that the configuration names.
#[must_use]
pub fn certificate_problems(config: &Config) -> Vec<Problem> {
    let Some(path) = &config.certificates else { return Vec::new() };
    let mut holdings = Directory::new(path.clone()).read(SystemTime::now());
    let shelf = Shelf { path: Some(path), authorities: &holdings.authorities, certificates: &holdings.certificates };
    let missing = shelf.missing(&config.routes);
    holdings.problems.extend(missing);
    holdings.problems
}

fn begin<L>(configuration: Arc<Configuration<L>>, legacy: &mut Option<Legacy>) -> anyhow::Result<()>
where
    L: Fn(&ReadFile<'_>) -> anyhow::Result<Loaded> + Send + Sync + 'static,
{
    let came_back = legacy.as_ref().is_some_and(|legacy| legacy.failed.is_some());
    let loaded = if came_back { configuration.read_again()? } else { configuration.read()? };
    worker_identity(&loaded.config.privileges)?;
    peers_of(&loaded.config.api.peers)?;
    log::begin(loaded.config.log_level);
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().on_thread_start(|| {
        // Signals are for the thread that takes them.
        signals::hold_back();
        give_precedence();
    });
    let runtime = runtime.build().context("cannot start the runtime")?;
    let done = runtime.block_on(driver::run(loaded, &configuration, legacy));
    // A thread beside the master's may wait for a file system that does not answer any more.
    runtime.shutdown_timeout(FAREWELL);
    done
}

/// A thread beside the master's does what takes long: requests, and the master's own answers, go before it.
fn give_precedence() {
    // Where this is not allowed it takes its turn like everybody else.
    let _ = rustix::process::nice(BESIDE);
}

#[cfg(test)]
mod tests {
    use std::thread;

    use rustix::process::getpriority_process;

    use super::*;

    #[test]
    fn only_the_thread_beside_gives_precedence() {
        let before = getpriority_process(None).unwrap();
        let beside = thread::spawn(|| {
            give_precedence();
            getpriority_process(None).unwrap()
        });
        assert_eq!(beside.join().unwrap(), (before + BESIDE).min(19));
        assert_eq!(getpriority_process(None).unwrap(), before);
    }
}
