//! Asks a running dproxy, for `dproxy ctl`.
//!
//! Exit codes of [`run`]:
//!
//! | code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | refused, failed, or no sensible answer |
//! | 2 | the words made no sense (never from here: the command line's parser says it) |
//! | 3 | dproxy is not running |

mod exchange;
mod failure;
mod live;
mod rows;
mod terminal;
mod top;
mod upgrade;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

pub use self::failure::ClientError;
pub use self::live::{logs, watch};
pub use self::rows::Rows;
use self::terminal::Progress;
pub use self::top::top;
use crate::{Command, Reply, Token, Wait, table};

/// The master answers reads and accepts changes at once; the server gives up on it earlier than this.
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// A change that is waited for takes as long as the requests that drain; this long means that something is wrong.
const CHANGE_TIME: Duration = Duration::from_secs(600);

/// How often it is asked how far a change is.
const LOOK: Duration = Duration::from_millis(200);

/// Where the API is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Behind this Unix socket.
    Socket(PathBuf),
    /// Behind this TCP address.
    Address(Address),
    /// Behind the socket, or, where nobody answers there or we may not ask, behind the address.
    Either {
        /// Asked first.
        socket: PathBuf,
        /// Asked then.
        address: Address,
    },
}

/// A TCP address, and the token that is shown there if we have one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Where.
    pub socket: SocketAddr,
    /// What is shown.
    pub token: Option<Token>,
}

/// How the answer is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// For people.
    Table,
    /// For programs: the API's own JSON object.
    Json,
}

/// An answer, as it came and as it is understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The JSON object.
    pub json: String,
    /// What it says.
    pub reply: Reply,
}

/// Sends `command` and waits for the answer; a change asked with [`Wait::Done`] for up to ten minutes. `progress` hears
/// of the steps of what takes long.
///
/// # Errors
/// When nobody answers, when the answer is none of dproxy's, and when it is a refusal.
pub async fn ask(target: &Target, command: &Command, progress: &mut impl FnMut(&str)) -> Result<Answer, ClientError> {
    match command {
        Command::Upgrade(Wait::Done) => {
            progress("the new program is checked");
            let answer = ask_once(target, command).await?;
            let Reply::Done { status, .. } = &answer.reply else { return Ok(answer) };
            upgrade::follow(target, status, progress).await
        }
        change if change.wait() == Some(Wait::Done) => ask_and_look(target, command, progress).await,
        _ => ask_once(target, command).await,
    }
}

/// Tells how many workers serve until the answer comes.
async fn ask_and_look(target: &Target, command: &Command, progress: &mut impl FnMut(&str)) -> Result<Answer, ClientError> {
    let answer = ask_once(target, command);
    tokio::pin!(answer);
    let mut told = String::new();
    loop {
        let look = async {
            tokio::time::sleep(LOOK).await;
            ask_once(target, &Command::Status).await
        };
        tokio::select! {
            biased;
            answer = &mut answer => return answer,
            Ok(Answer { reply: Reply::Status(status), .. }) = look => {
                let text = format!("{}: {} of {} workers online", status.pool, status.workers_online, status.workers_wanted);
                if text != told {
                    progress(&text);
                    told = text;
                }
            }
            else => return answer.await,
        }
    }
}

async fn ask_once(target: &Target, command: &Command) -> Result<Answer, ClientError> {
    ask_rows(target, command, &Rows::default()).await
}

/// Asks for these rows of a list.
async fn ask_rows(target: &Target, command: &Command, rows: &Rows) -> Result<Answer, ClientError> {
    let after = match command.wait() {
        Some(Wait::Done) => CHANGE_TIME,
        Some(Wait::Accepted) | None => ANSWER_TIME,
    };
    let exchange = exchange::send(target, command, rows);
    let (status, json) = tokio::time::timeout(after, exchange).await.map_err(|_| ClientError::TooSlow { after })??;
    understand(command, status, json)
}

/// Sends `command`, for these `rows` where it asks for a list, prints the answer to the standard output or the failure to the standard error, and tells the exit
/// code. With [`Output::Json`] the standard output gets one JSON object in any case.
///
/// Makes a runtime of its own, so it must not be called inside another.
#[must_use]
pub fn run(target: &Target, command: &Command, rows: &Rows, output: Output) -> ExitCode {
    let mut progress = match output {
        Output::Json => Progress::silent(),
        Output::Table => Progress::shown(matches!(command, Command::Upgrade(_))),
    };
    within(output, async {
        let answer = match *rows == Rows::default() {
            true => ask(target, command, &mut |step| progress.step(step)).await,
            false => ask_rows(target, command, rows).await,
        };
        progress.end();
        print(&shown(&answer?, command, output)).map_err(|cause| ClientError::Print { cause })
    })
}

/// Asks whether anybody serves, as the health check of a container does, and tells the exit code: 0 when somebody does.
/// A pool that was stopped by its operator is not well either.
///
/// Makes a runtime of its own, so it must not be called inside another.
#[must_use]
pub fn health(target: &Target, output: Output) -> ExitCode {
    within(output, async {
        let command = Command::Status;
        let answer = ask_once(target, &command).await?;
        match &answer.reply {
            Reply::Status(status) if status.workers_online == 0 => Err(ClientError::NobodyServes { pool: status.pool.to_string() }),
            Reply::Status(status) if output == Output::Table => {
                let text = format!("{} of {} workers serve\n", status.workers_online, status.workers_wanted);
                print(&text).map_err(|cause| ClientError::Print { cause })
            }
            _ => print(&shown(&answer, &command, output)).map_err(|cause| ClientError::Print { cause }),
        }
    })
}

/// Runs `deed` in a runtime of its own, shows its failure, and tells the exit code.
fn within(output: Output, deed: impl Future<Output = Result<(), ClientError>>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = runtime.map_err(|cause| ClientError::Runtime { cause }).and_then(|runtime| runtime.block_on(deed));
    live::exit_code(done, output)
}

/// The API's one shape.
#[derive(Deserialize)]
struct Envelope {
    ok: bool,
    message: String,
    data: Value,
}

fn understand(command: &Command, status: u16, json: String) -> Result<Answer, ClientError> {
    let strange = |cause| ClientError::Strange { status, cause };
    let envelope: Envelope = serde_json::from_str(&json).map_err(strange)?;
    if !envelope.ok {
        return Err(ClientError::Refused { status, message: envelope.message, json });
    }
    let reply = Reply::parse(command, envelope.message, envelope.data).map_err(strange)?;
    Ok(Answer { json, reply })
}

fn shown(answer: &Answer, command: &Command, output: Output) -> String {
    match output {
        Output::Json => answer.json.clone(),
        Output::Table => {
            let text = table::render(command, &answer.reply, table::Width::of_terminal(&io::stdout()));
            if terminal::has_colours() { terminal::paint(&text) } else { text }
        }
    }
}

fn complain(error: &ClientError, output: Output) -> io::Result<()> {
    match output {
        Output::Json => print(&error.json()),
        Output::Table => writeln!(io::stderr(), "error: {}", error.chain()),
    }
}

/// Prints whole lines. A reader that has seen enough (`| head`) is no failure.
fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests;
