//! What the program finds out about itself, once, before anything else runs.

use std::thread;

use dproxy_config::{Environment, Surroundings};
use nix::sys::utsname;
use nix::unistd;

/// The environment; names and values that are no text belong to nobody here.
pub(crate) fn environment() -> Environment {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    std::env::vars_os().filter_map(text).collect()
}

/// User, CPUs and name of the machine.
pub(crate) fn surroundings() -> Surroundings {
    Surroundings {
        user: unistd::geteuid().as_raw(),
        // Counts the affinity mask and the CPU quota of the cgroup. Where the system cannot tell, one worker is right.
        cpus: thread::available_parallelism().map_or(1, usize::from),
        hostname: utsname::uname().ok().and_then(|name| name.nodename().to_str().map(str::to_owned)).unwrap_or_default(),
    }
}
