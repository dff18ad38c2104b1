//! Looking into the directory again and again.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use crate::directory::{Directory, Holdings};

/// How often the files are looked at. Network file systems and swapped links tell nobody of their changes, and
/// a look costs a few calls per file.
const OFTEN: Duration = Duration::from_secs(2);
/// A change is taken in when nothing has changed for so long: files come in pairs.
const SETTLED: Duration = Duration::from_millis(200);
/// But not after more looks than these.
const MOST_LOOKS: usize = 10;

/// Tells `holdings` of every change in `directory`, for ever. A nudge makes it look at once, and read everything again.
pub async fn watch(mut directory: Directory, holdings: watch::Sender<Holdings>, nudge: Arc<Notify>) {
    loop {
        let nudged = timeout(OFTEN, nudge.notified()).await.is_ok();
        let looked = tokio::task::spawn_blocking(move || {
            let changed = directory.has_changed(SystemTime::now());
            (directory, changed)
        });
        let Ok((looked_at, changed)) = looked.await else { return };
        directory = looked_at;
        if !changed && !nudged {
            continue;
        }
        for _ in 0..MOST_LOOKS {
            sleep(SETTLED).await;
            let read = tokio::task::spawn_blocking(move || {
                let read = directory.read(SystemTime::now());
                let moves = directory.has_changed(SystemTime::now());
                (directory, read, moves)
            });
            let Ok((read_again, read, moves)) = read.await else { return };
            directory = read_again;
            if !moves {
                // Nobody may be interested any more; the next look ends with the program.
                holdings.send_if_modified(|known| std::mem::replace(known, read.clone()) != read);
                break;
            }
        }
    }
}
