//! Landlock: no file can be opened, made or run, no port be taken, no stranger be signalled.
//!
//! What is open stays open: descriptors that the master passes work as before, and so does connecting to backends.

use dproxy_ipc::Hold;
use landlock::{ABI, Access, AccessFs, AccessNet, LandlockStatus, Ruleset, RulesetAttr, RulesetError, RulesetStatus, Scope};

/// The newest rules that the library knows; an older kernel enforces those that it knows itself.
const NEWEST: ABI = ABI::V10;

/// Restricts this thread and those that it starts from now on. Nothing is allowed back: there are no rules.
pub(super) fn restrict() -> Hold {
    let status = match enforce() {
        Ok(status) => status,
        Err(error) => return Hold::Missing(error.to_string()),
    };
    match (status.ruleset, status.landlock) {
        (RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced, LandlockStatus::Available { effective_abi, .. }) => {
            Hold::Holds(format!("{effective_abi:?}").to_lowercase())
        }
        (_, LandlockStatus::NotEnabled) => Hold::Missing("the kernel has it, but it is not switched on (`lsm=landlock,…`)".to_owned()),
        (_, LandlockStatus::NotImplemented | LandlockStatus::Available { .. }) => Hold::Missing("the kernel does not have it".to_owned()),
    }
}

fn enforce() -> Result<landlock::RestrictionStatus, RulesetError> {
    // Connecting is what a proxy is for; everything else that the network rules know is not.
    let net = AccessNet::from_all(NEWEST) & !AccessNet::ConnectTcp;
    let ruleset = Ruleset::default().handle_access(AccessFs::from_all(NEWEST))?.handle_access(net)?.scope(Scope::from_all(NEWEST))?;
    ruleset.create()?.restrict_self()
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::UnixStream;
    use std::{io, thread};

    use nix::sys::signal::kill;
    use nix::unistd::getppid;

    use super::*;

    /// Only the thread that restricts itself is restricted, so a test can be one.
    #[test]
    fn a_restricted_thread_connects_but_has_no_files_no_ports_and_nobody_to_signal() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let restricted = thread::spawn(move || {
            let Hold::Holds(version) = restrict() else { return };
            TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let denied = |done: io::Result<()>| assert_eq!(done.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
            denied(File::open("/proc/self/exe").map(drop));
            denied(File::options().write(true).open("/dev/null").map(drop));
            denied(std::process::Command::new("/bin/true").spawn().map(drop));
            if version.as_str() != "v1" && version.as_str() != "v2" && version.as_str() != "v3" {
                denied(TcpListener::bind("127.0.0.1:0").map(drop));
            }
            if version.len() > 2 || version.as_str() >= "v6" {
                denied(kill(getppid(), None).map_err(io::Error::from));
            }
            // What is open goes on: here a pair of sockets, in a worker everything that it was passed.
            UnixStream::pair().unwrap();
        });
        restricted.join().unwrap();
    }
}
