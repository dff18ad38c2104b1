//! The operator's program that writes records into the DNS.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dproxy_config::DnsHook;
use tokio::process::Command;
use tokio::time::timeout;
use tracing::{info, warn};

use crate::directory::chain;

/// So much is shown of what the program says.
const SHOWN: usize = 400;

/// The program, and how many of it run.
#[derive(Clone, Debug)]
pub(super) struct Hook {
    settings: DnsHook,
    running: Arc<AtomicUsize>,
}

/// A TXT record that an authority wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Without a dot at the end.
    pub(super) name: String,
    pub(super) text: String,
}

/// Why a record is not there.
#[derive(Debug, thiserror::Error)]
pub(super) enum HookError {
    #[error("`acme.dns_hook` `{}` cannot be started", program.display())]
    Start {
        program: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("`{} {words}` did not end within {} s, and was ended; `acme.dns_timeout` says how long it may take", program.display(), limit.as_secs())]
    Hangs { program: PathBuf, words: String, limit: Duration },
    #[error("`{} {words}` failed ({status}): {said}", program.display())]
    Failed { program: PathBuf, words: String, status: String, said: String },
}

/// Counts a program for as long as it runs.
struct Running(Arc<AtomicUsize>);

impl Hook {
    /// `running` counts for whoever waits for dead children.
    pub(super) fn new(settings: DnsHook, running: Arc<AtomicUsize>) -> Hook {
        Hook { settings, running }
    }

    /// Has the record written.
    pub(super) async fn present(&self, record: &Record) -> Result<(), HookError> {
        self.call("present", record).await?;
        info!(name = record.name, "record written by the hook");
        Ok(())
    }

    /// Has it taken away again; a record that stays harms nobody.
    pub(super) async fn clean_up(&self, record: &Record) {
        if let Err(error) = self.call("cleanup", record).await {
            warn!(name = record.name, error = chain(&error), "record not taken away by the hook");
        }
    }

    async fn call(&self, word: &str, record: &Record) -> Result<(), HookError> {
        let program = || self.settings.program.clone();
        let words = || format!("{word} {} {}", record.name, record.text);
        let running = Running::begin(&self.running);
        let mut command = Command::new(&self.settings.program);
        command.args([word, &record.name, &record.text]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.kill_on_drop(true).spawn().map_err(|cause| HookError::Start { program: program(), cause })?;
        let limit = self.settings.limit;
        let ended = timeout(limit, child.wait_with_output()).await;
        drop(running);
        let output = ended.map_err(|_elapsed| HookError::Hangs { program: program(), words: words(), limit })?;
        let output = output.map_err(|cause| HookError::Start { program: program(), cause })?;
        if output.status.success() {
            return Ok(());
        }
        let said = said(&[output.stdout, output.stderr].concat());
        Err(HookError::Failed { program: program(), words: words(), status: output.status.to_string(), said })
    }
}

impl Running {
    fn begin(running: &Arc<AtomicUsize>) -> Running {
        running.fetch_add(1, Ordering::SeqCst);
        Running(Arc::clone(running))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The end of it, in one line.
fn said(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let skipped = line.chars().count().saturating_sub(SHOWN);
    match line.as_str() {
        "" => "it said nothing".to_owned(),
        _ if skipped > 0 => format!("…{}", line.chars().skip(skipped).collect::<String>()),
        short => short.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// What comes of a program with these lines, and how many of it run afterwards.
    fn called(lines: &str, limit: Duration) -> (String, usize) {
        let home = tempfile::tempdir().unwrap();
        let program = home.path().join("hook");
        fs::write(&program, format!("#!/bin/sh\n{lines}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        let hook = Hook::new(DnsHook { program, limit }, Arc::default());
        let record = Record { name: "_acme-challenge.a.test".to_owned(), text: "x".to_owned() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let outcome = runtime.block_on(hook.present(&record));
        (outcome.map_or_else(|error| chain(&error), |()| "good".to_owned()), hook.running.load(Ordering::SeqCst))
    }

    #[test]
    fn what_a_hook_says_is_told_when_it_fails() {
        let check = |lines: &str, expected: &str| {
            let (outcome, running) = called(lines, Duration::from_secs(20));
            assert!(outcome.contains(expected), "{lines}: {outcome}");
            assert_eq!(running, 0);
        };
        check("[ \"$*\" = \"present _acme-challenge.a.test x\" ]", "good");
        check("echo no such zone >&2; exit 3", "hook present _acme-challenge.a.test x` failed (exit status: 3): no such zone");
        check("exit 1", "it said nothing");
        check("kill -9 $$", "failed (signal: 9 (SIGKILL)): it said nothing");
    }

    #[test]
    fn a_hook_that_hangs_is_ended() {
        let (outcome, running) = called("exec sleep 600", Duration::from_millis(200));
        assert!(outcome.contains("did not end within 0 s, and was ended; `acme.dns_timeout`"), "{outcome}");
        assert_eq!(running, 0);
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let hook = Hook::new(DnsHook { program: "/nowhere/hook".into(), limit: Duration::from_secs(1) }, Arc::default());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let record = Record { name: "a".to_owned(), text: "x".to_owned() };
        let error = chain(&runtime.block_on(hook.present(&record)).unwrap_err());
        assert_eq!(error, "`acme.dns_hook` `/nowhere/hook` cannot be started: No such file or directory (os error 2)");
    }

    #[test]
    fn much_that_a_hook_says_is_shown_from_its_end() {
        assert_eq!(said(b"  one\n two "), "one two");
        assert_eq!(said("é".repeat(500).as_bytes()), format!("…{}", "é".repeat(400)));
    }
}
