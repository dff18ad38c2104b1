//! Follows an upgrade to its end: the master that was asked is another program by then.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::{Answer, ClientError, Target, ask_once};
use crate::{Command, Reply, Status, UpgradeRow, UpgradeState};

/// How often it is asked how far it is.
const PAUSE: Duration = Duration::from_millis(50);
/// Replacing workers takes as long as they take to come up, and the way back once more.
const LIMIT: Duration = Duration::from_secs(120);
/// So long nobody may answer: between two programs callers wait, they are not refused, also when the new one hangs and the old
/// one comes back.
const SILENCE: Duration = Duration::from_secs(30);

/// Waits for the end of the upgrade that `begun` tells of. `progress` hears each step once.
pub(super) async fn follow(target: &Target, begun: &Status, progress: &mut impl FnMut(&str)) -> Result<Answer, ClientError> {
    let Some(UpgradeRow { number, text, .. }) = &begun.upgrade else { return Err(ClientError::Untold) };
    progress(text);
    let mut told = text.clone();
    let (end, mut heard) = (Instant::now() + LIMIT, Instant::now());
    while Instant::now() < end {
        sleep(PAUSE).await;
        let answer = match timeout(SILENCE, ask_once(target, &Command::Status)).await {
            Ok(Ok(answer)) => answer,
            // A call that was cut off by the change of programs is asked again.
            Ok(Err(_)) if heard.elapsed() < SILENCE => continue,
            Ok(Err(error)) => return Err(error),
            Err(_elapsed) => return Err(ClientError::TooSlow { after: SILENCE }),
        };
        heard = Instant::now();
        let Reply::Status(status) = &answer.reply else { continue };
        let Some(row) = status.upgrade.as_ref().filter(|row| row.number == *number) else { return Err(ClientError::Untold) };
        if row.text != told {
            told.clone_from(&row.text);
            if row.state == UpgradeState::Replacing {
                progress(&told);
            }
        }
        match row.state {
            UpgradeState::Checking | UpgradeState::Replacing => {}
            UpgradeState::Done => {
                let reply = Reply::Done { message: row.text.clone(), status: status.clone() };
                return Ok(Answer { json: answer.json, reply });
            }
            UpgradeState::Failed => return Err(ClientError::UpgradeFailed { text: row.text.clone() }),
        }
    }
    Err(ClientError::TooSlow { after: LIMIT })
}
