//! seccomp: the system calls of a proxy, and no other.
//!
//! A call that is not on the list fails with EPERM instead of ending the process: a newer C library that tries
//! something new gets along without it, and a worker that serves is worth more than one that died on principle.
//! Whoever took it over gains nothing by the difference.

mod allowed;

use std::collections::BTreeMap;

use dproxy_ipc::Hold;
use nix::libc;
use seccompiler::{BackendError, BpfProgram, Error, SeccompAction, SeccompFilter, SeccompRule, TargetArch};

/// Filters this process and every thread that it has or will have.
pub(super) fn filter() -> Hold {
    match install() {
        Ok(()) => Hold::Holds("allow-list".to_owned()),
        Err(Error::Prctl(cause) | Error::Seccomp(cause)) => Hold::Missing(format!("the kernel refused it: {cause}")),
        Err(error) => Hold::Missing(error.to_string()),
    }
}

fn install() -> Result<(), Error> {
    let refused = |errno: libc::c_int| SeccompAction::Errno(errno.unsigned_abs());
    // `clone3` hides what it wants behind a pointer. Told that it is not there, the C library uses `clone`, which can
    // be judged. Of two filters the stricter answer counts, so the list must leave this one to the filter before it.
    let hidden = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let mut rules = allowed::rules()?;
    rules.extend(hidden.clone());
    seccompiler::apply_filter_all_threads(&program(hidden, SeccompAction::Allow, refused(libc::ENOSYS))?)?;
    seccompiler::apply_filter_all_threads(&program(rules, refused(libc::EPERM), SeccompAction::Allow)?)
}

fn program(rules: BTreeMap<i64, Vec<SeccompRule>>, others: SeccompAction, these: SeccompAction) -> Result<BpfProgram, BackendError> {
    SeccompFilter::new(rules, others, these, TargetArch::try_from(std::env::consts::ARCH)?)?.try_into()
}
