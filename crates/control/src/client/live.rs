//! What does not end by itself: an answer again and again, and a log that is followed.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use tokio::time::sleep;

use super::{ClientError, Output, Rows, Target, ask_once, ask_rows, complain, exchange, print, shown, within};
use crate::{Command, LogRow, Reply};

/// Home, and everything after it away.
const CLEAR: &str = "\x1b[H\x1b[2J";

/// Asks `command` again and again, with such pauses, until it fails or the process is ended.
#[must_use]
pub fn watch(target: &Target, command: &Command, rows: &Rows, pause: Duration, output: Output) -> ExitCode {
    within(output, async {
        loop {
            let answer = ask_rows(target, command, rows).await?;
            let clear = if io::stdout().is_terminal() && output == Output::Table { CLEAR } else { "" };
            if print(&format!("{clear}{}", shown(&answer, command, output))).is_err() {
                return Ok(());
            }
            sleep(pause).await;
        }
    })
}

/// Prints the last `count` lines of the master's log, and those that follow if they are wanted.
#[must_use]
pub fn logs(target: &Target, count: usize, follow: bool, output: Output) -> ExitCode {
    within(output, async {
        let answer = ask_once(target, &Command::Logs).await?;
        let Reply::Logs(rows) = answer.reply else { return Ok(()) };
        let mut last = rows.last().map_or(0, |row| row.number);
        if rows.iter().skip(rows.len().saturating_sub(count)).try_for_each(|row| say(row, output)).is_err() || !follow {
            return Ok(());
        }
        exchange::follow(target, "/events?kind=log", |data| {
            let Ok(row) = serde_json::from_str::<LogRow>(data) else { return true };
            // The list and the events overlap.
            let new = row.number > last;
            last = last.max(row.number);
            !new || say(&row, output).is_ok()
        })
        .await
    })
}

fn say(row: &LogRow, output: Output) -> io::Result<()> {
    let text = match output {
        Output::Json => serde_json::to_string(row).unwrap_or_default(),
        Output::Table => row.line.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect(),
    };
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush())
}

/// Shows the failure of `done`, if it is one.
pub(super) fn exit_code(done: Result<(), ClientError>, output: Output) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Whoever closed the standard error has the exit code.
            let _ = complain(&error, output);
            ExitCode::from(error.exit_code())
        }
    }
}
