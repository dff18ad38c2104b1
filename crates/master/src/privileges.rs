//! Whom workers belong to, and what holds them in.

use std::collections::BTreeMap;

use dproxy_config::{Identity, Privileges, WorkerUser};
use dproxy_control::SandboxRow;
use dproxy_ipc::{Confinement, Hold};
use nix::unistd::{Uid, User};
use tracing::{info, warn};

use crate::core::WorkerId;

/// Why no worker can be what the configuration wants it to be.
#[derive(Debug, thiserror::Error)]
pub enum PrivilegesError {
    /// Nobody has that name.
    #[error("there is no user `{0}` for the workers; `worker_user` names one that this machine knows")]
    UnknownUser(String),
    /// The list of users cannot be read.
    #[error("cannot look up user `{name}`")]
    LookUp {
        /// Whom.
        name: String,
        /// What the system said.
        #[source]
        cause: nix::Error,
    },
}

/// Users who exist to own nothing, the best first.
const HARMLESS_USERS: [&str; 2] = ["dproxy", "nobody"];
/// `nobody` where there is no list of users, as in an image made from nothing: the kernel's own overflow user.
const NOBODY: Identity = Identity { user: 65_534, group: 65_534 };

/// Who the workers become; none when they stay who the master is, since only root can become somebody else.
///
/// # Errors
/// When the configuration names a user that is not there.
pub fn worker_identity(privileges: &Privileges) -> Result<Option<Identity>, PrivilegesError> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    match &privileges.user {
        Some(WorkerUser::Numbered(identity)) => Ok(Some(*identity)),
        Some(WorkerUser::Named(name)) => look_up(name)?.map(Some).ok_or_else(|| PrivilegesError::UnknownUser(name.clone())),
        None => Ok(Some(harmless())),
    }
}

/// What a worker is told when it is started.
pub(crate) fn orders(privileges: &Privileges) -> Vec<String> {
    // A user that has gone since the configuration was read: better somebody harmless than root.
    let identity = worker_identity(privileges).unwrap_or_else(|error| {
        warn!(%error, "workers run as somebody else");
        Some(harmless())
    });
    let user = identity.map(|identity| format!("--user={identity}"));
    user.into_iter().chain([format!("--sandbox={}", privileges.sandbox)]).collect()
}

fn harmless() -> Identity {
    HARMLESS_USERS.iter().find_map(|name| look_up(name).ok().flatten()).unwrap_or(NOBODY)
}

fn look_up(name: &str) -> Result<Option<Identity>, PrivilegesError> {
    match User::from_name(name) {
        Ok(found) => Ok(found.map(|user| Identity { user: user.uid.as_raw(), group: user.gid.as_raw() })),
        // No list of users is a list without this one.
        Err(nix::Error::ENOENT) => Ok(None),
        Err(cause) => Err(PrivilegesError::LookUp { name: name.to_owned(), cause }),
    }
}

/// What holds the workers in, as they told.
#[derive(Debug, Default)]
pub(crate) struct Fences {
    by_worker: BTreeMap<WorkerId, Confinement>,
    /// The last one that was logged: thirty workers on one machine say the same thirty times.
    logged: Option<Confinement>,
}

impl Fences {
    /// A worker told what holds it in.
    pub(crate) fn learn(&mut self, worker: WorkerId, confinement: &Confinement) {
        if self.logged.as_ref() != Some(confinement) {
            let (held, missing) = parts(confinement);
            info!(held = held.join(", "), "workers confined");
            missing.iter().for_each(|missing| warn!("{}", warning(missing)));
            self.logged = Some(confinement.clone());
        }
        self.by_worker.insert(worker, confinement.clone());
    }

    /// A worker is gone.
    pub(crate) fn forget(&mut self, worker: WorkerId) {
        self.by_worker.remove(&worker);
    }

    /// What holds in every worker, and what does not in one or more.
    pub(crate) fn row(&self) -> SandboxRow {
        let mut row = SandboxRow::default();
        for confinement in self.distinct() {
            let (held, missing) = parts(confinement);
            row.missing.extend(missing);
            row.held.extend(held);
        }
        for list in [&mut row.held, &mut row.missing] {
            let mut seen = std::collections::BTreeSet::new();
            list.retain(|part| seen.insert(part.clone()));
        }
        row
    }

    /// What an operator should know.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.row().missing.iter().map(|missing| warning(missing)).collect()
    }

    /// Workers that run side by side nearly always say the same.
    fn distinct(&self) -> Vec<&Confinement> {
        let mut distinct: Vec<&Confinement> = Vec::new();
        for confinement in self.by_worker.values() {
            if !distinct.contains(&confinement) {
                distinct.push(confinement);
            }
        }
        distinct
    }
}

/// The layers that hold and those that the system refused, in words.
fn parts(confinement: &Confinement) -> (Vec<String>, Vec<String>) {
    let mut held = Vec::new();
    let mut missing = Vec::new();
    for (name, hold) in confinement.layers() {
        match hold {
            Hold::Holds(how) => held.push(format!("{name}: {how}")),
            Hold::Missing(reason) => missing.push(format!("{name}: {reason}")),
            Hold::Off => held.push(format!("{name}: off")),
        }
    }
    (held, missing)
}

fn warning(missing: &str) -> String {
    format!("workers serve with one layer less between them and the machine: {missing}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confinement(landlock: Hold) -> Confinement {
        let holds = |how: &str| Hold::Holds(how.to_owned());
        Confinement {
            user: holds("65534:65534"),
            no_new_privileges: holds("set"),
            capabilities: holds("none"),
            landlock,
            seccomp: Hold::Off,
        }
    }

    #[test]
    fn what_is_missing_in_one_worker_is_told_once_and_until_it_is_gone() {
        let mut fences = Fences::default();
        assert_eq!(fences.row(), SandboxRow::default());
        fences.learn(WorkerId(1), &confinement(Hold::Holds("v7".to_owned())));
        assert_eq!(fences.row().held, ["user: 65534:65534", "no_new_privs: set", "capabilities: none", "landlock: v7", "seccomp: off"]);
        assert!(fences.warnings().is_empty());
        for worker in [2, 3] {
            fences.learn(WorkerId(worker), &confinement(Hold::Missing("the kernel does not have it".to_owned())));
        }
        let expected = "workers serve with one layer less between them and the machine: landlock: the kernel does not have it";
        assert_eq!(fences.warnings(), [expected]);
        fences.forget(WorkerId(2));
        fences.forget(WorkerId(3));
        assert!(fences.warnings().is_empty());
    }

    #[test]
    fn a_user_is_found_by_name_and_by_number_and_a_stranger_is_a_mistake() {
        let wanted = |user: Option<&str>| {
            let privileges = Privileges { user: user.map(|user| user.parse().unwrap()), sandbox: true };
            worker_identity(&privileges).map_err(|error| error.to_string())
        };
        if !Uid::effective().is_root() {
            assert_eq!(wanted(Some("no-such-user")), Ok(None), "without root nobody becomes anybody");
            return;
        }
        assert_eq!(wanted(Some("1000:33")), Ok(Some(Identity { user: 1000, group: 33 })));
        assert_eq!(wanted(Some("root")), Ok(Some(Identity { user: 0, group: 0 })));
        assert!(wanted(None).unwrap().unwrap().user != 0, "workers of root are not root");
        let said = "there is no user `no-such-user` for the workers; `worker_user` names one that this machine knows";
        assert_eq!(wanted(Some("no-such-user")), Err(said.to_owned()));
    }

    #[test]
    fn a_worker_is_told_in_words_that_it_understands() {
        let privileges = Privileges { user: Some("7:8".parse().unwrap()), sandbox: false };
        let orders = orders(&privileges);
        assert_eq!(orders.last().map(String::as_str), Some("--sandbox=false"));
        assert_eq!(orders.len(), if Uid::effective().is_root() { 2 } else { 1 });
    }
}
