//! What a worker serves by, as it lies in the memory that the master sealed.

use std::hash::Hasher;
use std::os::fd::OwnedFd;

use anyhow::Context as _;
use dproxy_ipc::Directory;
use dproxy_proxy::{Atlas, Charter};
use dproxy_route::{BackendId, Entry, PatternRef, Presence};

/// Reads the settings and their certificates, off the loop: connections go on meanwhile. What is as it was `before` is
/// not made anew, and the routes of a host are read when somebody asks for it. The memory is given back.
///
/// # Errors
/// When there is no snapshot of this build.
pub(crate) async fn open(memory: OwnedFd, before: Option<Charter>) -> anyhow::Result<(Atlas, OwnedFd)> {
    let copy = memory.try_clone()?;
    let read = move || {
        let directory = Directory::open(memory)?;
        let charter = Charter::of(directory.settings().clone(), before.as_ref());
        Ok(Atlas::new(charter, Box::new(Routes(directory))))
    };
    let atlas: anyhow::Result<Atlas> = tokio::task::spawn_blocking(read).await.context("reading the snapshot panicked")?;
    Ok((atlas?, copy))
}

/// The routes of a snapshot.
#[derive(Debug)]
struct Routes(Directory);

impl dproxy_proxy::Directory for Routes {
    fn lists(&self, pattern: PatternRef<'_>) -> bool {
        self.0.lists(pattern)
    }

    fn entry(&self, pattern: PatternRef<'_>) -> Option<Entry> {
        self.0.entry(pattern).unwrap_or_else(|error| {
            tracing::error!(?pattern, error = format!("{:#}", anyhow::Error::new(error)), "routes of a host not read");
            None
        })
    }

    fn hash_entry(&self, pattern: PatternRef<'_>, hasher: &mut dyn Hasher) {
        self.0.hash_entry(pattern, hasher);
    }

    fn presence(&self, backend: &BackendId) -> Option<Presence> {
        self.0.presence(backend)
    }

    fn passes_through(&self) -> bool {
        self.0.passes_through()
    }
}
