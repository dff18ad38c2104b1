//! Where things are when nobody says so.

use std::path::{Path, PathBuf};

use crate::config::Directories;
use crate::words::{Environment, Surroundings};

/// The configuration files that are read when none is named; the first that exists counts.
pub const CONFIG_PATHS: [&str; 2] = ["/etc/docker-proxy/docker-proxy.yaml", "/etc/dproxy.yml"];

/// The file that is meant when a directory is named.
pub(crate) const CONFIG_FILE: &str = "docker-proxy.yaml";

/// The directories of the system for root, those of the user (XDG base directories) else.
pub(crate) fn directories(surroundings: &Surroundings, environment: &Environment) -> Directories {
    if surroundings.user == 0 {
        return Directories {
            log: "/var/log/docker-proxy".into(),
            state: "/var/lib/docker-proxy".into(),
            run: "/var/run/docker-proxy".into(),
        };
    }
    let own = PathBuf::from(format!("/tmp/dproxy-{}", surroundings.user));
    // The specification says to ignore relative paths.
    let absolute = |name| environment.value(name).map(Path::new).filter(|path| path.is_absolute());
    let run = absolute("XDG_RUNTIME_DIR").map_or_else(|| own.clone(), |base| base.join("docker-proxy"));
    let state_home = absolute("XDG_STATE_HOME").map(Path::to_owned);
    let state_home = state_home.or_else(|| Some(absolute("HOME")?.join(".local/state")));
    let state = state_home.map_or_else(|| own.join("state"), |base| base.join("docker-proxy"));
    Directories { log: state.join("log"), state, run }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(user: u32, environment: &[(&str, &str)], expected: &str) {
        let surroundings = Surroundings { user, cpus: 1, hostname: "machine".to_owned() };
        let Directories { log, state, run } = directories(&surroundings, &Environment::from_pairs(environment.iter().copied()));
        assert_eq!(format!("{} {} {}", log.display(), state.display(), run.display()), expected);
    }

    #[test]
    fn root_uses_the_places_of_the_system_and_others_their_own() {
        let home = ("HOME", "/home/me");
        check(0, &[home, ("XDG_STATE_HOME", "/s")], "/var/log/docker-proxy /var/lib/docker-proxy /var/run/docker-proxy");
        check(7, &[home], "/home/me/.local/state/docker-proxy/log /home/me/.local/state/docker-proxy /tmp/dproxy-7");
        check(
            7,
            &[home, ("XDG_RUNTIME_DIR", "/run/user/7"), ("XDG_STATE_HOME", "/s")],
            "/s/docker-proxy/log /s/docker-proxy /run/user/7/docker-proxy",
        );
        check(
            7,
            &[home, ("XDG_RUNTIME_DIR", "run"), ("XDG_STATE_HOME", "")],
            "/home/me/.local/state/docker-proxy/log /home/me/.local/state/docker-proxy /tmp/dproxy-7",
        );
        check(7, &[], "/tmp/dproxy-7/state/log /tmp/dproxy-7/state /tmp/dproxy-7");
    }
}
