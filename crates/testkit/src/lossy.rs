//! A network that loses packets: what a client sends after its SYN, so that handshakes stay half open for a while.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::thread;

use nix::sched::{CloneFlags, unshare};

/// Does `deed` in a network namespace of its own, where of all that is sent to `to` every packet but the first of a
/// connection (SYN) is lost with a chance of `percent`. The kernel sends it again, and later each time: a client is
/// connected in its own eyes while the server still waits for the end of the handshake.
///
/// Threads and programs that `deed` starts are in that network too, and only they; it is gone when the last has ended.
/// It has a loopback and nothing else.
///
/// # Errors
/// The reason why there can be no such network here, as when we are not root or there is no nftables.
///
/// # Panics
/// When `deed` does.
pub fn in_a_lossy_network<T: Send>(percent: u8, to: SocketAddr, deed: impl FnOnce() -> T + Send) -> Result<T, String> {
    thread::scope(|scope| {
        let alone = scope.spawn(move || {
            unshare(CloneFlags::CLONE_NEWNET).map_err(|error| format!("no network namespace of our own: {error}"))?;
            tell("ip", &["link", "set", "lo", "up"], "")?;
            tell("nft", &["-f", "-"], &rules(percent, to))?;
            Ok(deed())
        });
        alone.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn rules(percent: u8, to: SocketAddr) -> String {
    let lose = format!("tcp dport {} tcp flags ! syn numgen random mod 100 < {percent} drop", to.port());
    format!("table inet lossy {{\n chain input {{\n  type filter hook input priority 0;\n  {lose}\n }}\n}}\n")
}

fn tell(program: &str, words: &[&str], input: &str) -> Result<(), String> {
    let cannot = |why: &dyn std::fmt::Display| format!("`{program} {}`: {why}", words.join(" "));
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| cannot(&error))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that reads nothing may have ended by now; its exit code says more.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| cannot(&error))?;
    if output.status.success() { Ok(()) } else { Err(cannot(&String::from_utf8_lossy(&output.stderr).trim())) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Load, Mode, Origin};

    /// The slowest of some requests; none where there can be no such network.
    fn slowest(percent: u8) -> Option<Duration> {
        // Inside there is no other network, so any port is free; it has to be known before.
        let to = crate::free_addr();
        let run = in_a_lossy_network(percent, to, || {
            let origin = Origin::start_at(to, |_| crate::ok("x"));
            // Longer than anybody waits who loses a packet again and again.
            let silence = Duration::from_secs(120);
            let report = Load { limit: 64, silence, mode: Mode::PerRequest, ..Load::new(origin.addr(), "a.test") }.start().join();
            assert_eq!((report.good, report.failed()), (64, 0), "{report}");
            report.percentile(100)
        });
        run.map_err(|reason| println!("skipped: {reason}")).ok()
    }

    #[test]
    fn packets_are_lost_and_sent_again() {
        let (Some(clean), Some(lossy)) = (slowest(0), slowest(30)) else { return };
        assert!(lossy >= Duration::from_millis(190) && lossy > clean, "{clean:?} without loss, {lossy:?} with");
    }

    #[test]
    fn the_way_of_a_failure_is_told() {
        assert!(tell("no-such-program", &[], "").unwrap_err().contains("`no-such-program "));
        assert!(tell("sh", &["-c", "echo no >&2; exit 1"], "").unwrap_err().ends_with(": no"));
    }
}
