//! The master process: one pure core that decides, one thin driver that acts.

mod access_log;
mod books;
mod core;
mod driver;
mod figures;
mod inherited;
mod listen;
mod log;
mod pidfile;
mod privileges;
mod remembered;
mod signals;
mod spawn;
mod supervisor;
mod views;
mod why;

pub use privileges::{PrivilegesError, worker_identity};

use anyhow::Context;
use dproxy_config::Loaded;

/// Runs the master in the foreground until it is told to leave. `reload` reads the configuration again.
///
/// # Errors
/// When it cannot begin: another master runs, a port is taken, a directory cannot be made.
pub fn run(loaded: Loaded, reload: impl Fn() -> anyhow::Result<Loaded>) -> anyhow::Result<()> {
    worker_identity(&loaded.config.privileges)?;
    log::begin(loaded.config.log_level);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    runtime.block_on(driver::run(loaded, reload))
}
