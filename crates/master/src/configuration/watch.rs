//! Sees that the files of the configuration may have changed.
//!
//! The directories are watched, and the files themselves looked at from time to time: a single file that is mounted into
//! a container, a directory that is exchanged as a whole and many network file systems tell nobody.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tracing::{debug, warn};

use super::look::Look;
use super::places::Places;
use crate::signals;

/// Between two looks at files that nobody tells of.
const POLL: Duration = Duration::from_secs(2);

/// Watches the files of the last look.
pub(crate) struct Watch {
    places: Places,
    /// None where the kernel has no watch for us. Events come by another thread, which ends with it.
    watcher: Option<RecommendedWatcher>,
    written: watch::Sender<Written>,
    news: watch::Receiver<Written>,
    polls: Interval,
}

/// Those that somebody wrote and did not close yet.
type Written = BTreeSet<PathBuf>;

/// Why the files should be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    /// Somebody did something to them.
    Event,
    /// It is time.
    Poll,
}

impl Watch {
    /// Watches nothing yet. Must be called inside a tokio runtime.
    pub(crate) fn new() -> Watch {
        let (written, news) = watch::channel(Written::new());
        let mut polls = interval(POLL);
        polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Watch { places: Places::default(), watcher: None, written, news, polls }
    }

    /// From now on the files of this look are watched.
    pub(crate) fn follow(&mut self, look: &Look) {
        let places = Places::of(look.paths());
        if places != self.places {
            self.watch(places);
        }
    }

    /// As [`Watch::follow`], where a directory may have become another one without a word.
    pub(crate) fn follow_anew(&mut self, look: &Look) {
        self.watch(Places::of(look.paths()));
    }

    /// The next hint. Giving up the wait loses none.
    pub(crate) async fn hint(&mut self) -> Hint {
        tokio::select! {
            // We hold the sender, so that there always is one.
            _ = self.news.changed() => Hint::Event,
            _ = self.polls.tick() => Hint::Poll,
        }
    }

    /// Whether somebody wrote one of the files and has not closed it.
    pub(crate) fn is_written(&self) -> bool {
        !self.news.borrow().is_empty()
    }

    fn watch(&mut self, places: Places) {
        self.written.send_modify(|written| written.retain(|path| places.entries.contains(path)));
        let (entries, written) = (places.entries.clone(), self.written.clone());
        let handle = move |told: notify::Result<notify::Event>| match told {
            Ok(event) => take_in(&event, &entries, &written),
            Err(error) => debug!(%error, "a watch of the configuration's directories"),
        };
        // The thread of the watcher inherits what is held back.
        signals::hold_back();
        let made = notify::recommended_watcher(handle);
        signals::let_come();
        self.watcher = made.map_err(|error| warn!(%error, "the configuration is looked at every {POLL:?} only")).ok();
        for directory in &places.directories {
            self.watch_directory(directory);
        }
        self.places = places;
    }

    fn watch_directory(&mut self, directory: &Path) {
        let Some(watcher) = &mut self.watcher else { return };
        if let Err(error) = watcher.watch(directory, RecursiveMode::NonRecursive) {
            // The poll sees what happens there.
            debug!(directory = %directory.display(), %error, "not watched");
        }
    }
}

/// Tells of an event, if it is about one of these entries. Reading changes nothing, and we read ourselves.
fn take_in(event: &notify::Event, entries: &BTreeSet<PathBuf>, written: &watch::Sender<Written>) {
    let ours: Vec<&PathBuf> = event.paths.iter().filter(|path| entries.contains(*path)).collect();
    if ours.is_empty() && !event.need_rescan() {
        return;
    }
    match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => written.send_modify(|written| forget(written, &ours)),
        EventKind::Access(_) => {}
        EventKind::Modify(ModifyKind::Data(_)) => written.send_modify(|written| written.extend(ours.into_iter().cloned())),
        EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)) => written.send_modify(|written| forget(written, &ours)),
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Other => written.send_modify(|_| ()),
    }
}

fn forget(written: &mut Written, paths: &[&PathBuf]) {
    written.retain(|path| !paths.contains(&path));
}
