//! What a proxy calls: tokio, the standard library, the C library's memory and threads.

use std::collections::BTreeMap;

use nix::libc;
use seccompiler::{
    BackendError,
    SeccompCmpArgLen::{Dword, Qword},
    SeccompCmpOp::{Eq, MaskedEq},
    SeccompCondition, SeccompRule,
};

/// Allowed whatever the arguments are. The kernel answers these from a bitmap, at no cost to a request.
const ANYHOW: &[i64] = &[
    // Bytes of descriptors that are open.
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_splice,
    libc::SYS_tee,
    libc::SYS_pipe2,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_fcntl,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    // Sockets that were passed, accepted or connected.
    libc::SYS_accept4,
    libc::SYS_accept,
    libc::SYS_connect,
    libc::SYS_shutdown,
    libc::SYS_sendto,
    libc::SYS_recvfrom,
    libc::SYS_sendmsg,
    libc::SYS_recvmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvmmsg,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_getsockopt,
    libc::SYS_setsockopt,
    // Waiting.
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_ppoll,
    libc::SYS_eventfd2,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
    libc::SYS_timerfd_gettime,
    libc::SYS_nanosleep,
    libc::SYS_clock_nanosleep,
    libc::SYS_restart_syscall,
    // Time, chance, and who we are.
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    // Which kernel this is, for what UDP can do there.
    libc::SYS_uname,
    libc::SYS_getrusage,
    // Memory.
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    // Threads: those for work that would stall the loop.
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_rseq,
    libc::SYS_membarrier,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getcpu,
    libc::SYS_exit,
    libc::SYS_exit_group,
    // Signals that others send.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
];

/// Older names of the same, which only this processor has.
#[cfg(target_arch = "x86_64")]
const ANYHOW_HERE: &[i64] = &[libc::SYS_epoll_wait, libc::SYS_poll, libc::SYS_time];
#[cfg(not(target_arch = "x86_64"))]
const ANYHOW_HERE: &[i64] = &[];

/// What `ioctl` may ask: non-blocking, close on exec, how much there is to read, whether this is a terminal.
/// As numbers, since C libraries do not agree on their type.
const IOCTLS: [u64; 5] = [0x5421, 0x5451, 0x541b, 0x5401, 0x5413];

/// A thread shares memory with its maker and makes no world of its own.
const THREAD: libc::c_int = libc::CLONE_THREAD | libc::CLONE_VM;
const NEW_WORLDS: libc::c_int = libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET;

/// What may stand beside the type of a socket.
const SOCKET_FLAGS: libc::c_int = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;

/// Everything that is allowed: a call without rules always, another one when one of its rules fits.
pub(super) fn rules() -> Result<BTreeMap<i64, Vec<SeccompRule>>, BackendError> {
    let anyhow = ANYHOW.iter().chain(ANYHOW_HERE).map(|call| (*call, Vec::new()));
    Ok(anyhow.chain(judged_by_arguments()?).collect())
}

fn judged_by_arguments() -> Result<[(i64, Vec<SeccompRule>); 9], BackendError> {
    let own_process = u64::from(std::process::id());
    let tcp = |family| rule(&[is(0, bits(family))?, has(1, !SOCKET_FLAGS, libc::SOCK_STREAM)?]);
    let ioctls = IOCTLS.iter().map(|request| rule(&[is(1, *request)?]));
    let not_executable = || rule(&[has(2, libc::PROT_EXEC, 0)?]);
    let named = |purpose| rule(&[is(0, bits(purpose))?]);
    Ok([
        (libc::SYS_socket, vec![tcp(libc::AF_INET)?, tcp(libc::AF_INET6)?]),
        (libc::SYS_socketpair, vec![named(libc::AF_UNIX)?]),
        (libc::SYS_ioctl, ioctls.collect::<Result<_, _>>()?),
        // Memory is written or run, never first one and then the other.
        (libc::SYS_mmap, vec![not_executable()?]),
        (libc::SYS_mprotect, vec![not_executable()?]),
        (libc::SYS_clone, vec![rule(&[has(0, THREAD | NEW_WORLDS, THREAD)?])?]),
        // The name of a thread.
        (libc::SYS_prctl, vec![named(libc::PR_SET_NAME)?, named(libc::PR_GET_NAME)?]),
        // `abort` sends itself a signal.
        (libc::SYS_tgkill, vec![rule(&[is(0, own_process)?])?]),
        // Limits of this process are read, never set.
        (libc::SYS_prlimit64, vec![rule(&[is(0, 0)?, SeccompCondition::new(2, Qword, Eq, 0)?])?]),
    ])
}

fn rule(conditions: &[SeccompCondition]) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(conditions.to_vec())
}

/// The argument is this.
fn is(argument: u8, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, Dword, Eq, value)
}

/// Those bits of the argument are these.
fn has(argument: u8, mask: libc::c_int, value: libc::c_int) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, Dword, MaskedEq(bits(mask)), bits(value))
}

/// A C number as the filter sees it.
fn bits(number: libc::c_int) -> u64 {
    u64::from(number.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_reaches_a_file_a_port_a_program_or_another_process_is_allowed() {
        let rules = rules().unwrap();
        let forbidden = [
            libc::SYS_openat,
            libc::SYS_openat2,
            libc::SYS_execve,
            libc::SYS_execveat,
            libc::SYS_bind,
            libc::SYS_listen,
            libc::SYS_kill,
            libc::SYS_tkill,
            libc::SYS_rt_sigqueueinfo,
            libc::SYS_pidfd_open,
            libc::SYS_pidfd_send_signal,
            libc::SYS_pidfd_getfd,
            libc::SYS_ptrace,
            libc::SYS_process_vm_readv,
            libc::SYS_process_vm_writev,
            libc::SYS_unlinkat,
            libc::SYS_mkdirat,
            libc::SYS_mount,
            libc::SYS_unshare,
            libc::SYS_setns,
            libc::SYS_setuid,
            libc::SYS_setresuid,
            libc::SYS_bpf,
            libc::SYS_io_uring_setup,
            libc::SYS_userfaultfd,
            libc::SYS_keyctl,
            libc::SYS_memfd_create,
            libc::SYS_open_by_handle_at,
            libc::SYS_clone3,
        ];
        for call in forbidden {
            assert!(!rules.contains_key(&call), "call {call}");
        }
    }

    #[test]
    fn a_call_that_is_judged_is_not_allowed_anyhow() {
        for (call, rules) in judged_by_arguments().unwrap() {
            assert!(!rules.is_empty() && !ANYHOW.contains(&call) && !ANYHOW_HERE.contains(&call), "call {call}");
        }
    }

    #[test]
    fn the_numbers_are_those_of_the_system() {
        let named = [libc::FIONBIO, libc::FIOCLEX, libc::FIONREAD, libc::TCGETS, libc::TIOCGWINSZ];
        assert_eq!(named.map(i128::from), IOCTLS.map(i128::from));
    }
}
