//! A snapshot on its way into sealed memory, which a thread of its own sees to: with a hundred thousand routes that takes
//! longer than operators and workers should wait for the master.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use dproxy_ipc::{Generation, Snapshot};
use tokio::sync::watch;
use tracing::{error, info};

/// The memory of a snapshot, once it is there. Clones wait for the same.
#[derive(Clone, Debug)]
pub(crate) struct Sealing {
    generation: Generation,
    memory: watch::Receiver<Option<Arc<OwnedFd>>>,
}

impl Sealing {
    /// Begins to encode a snapshot. Must be called inside a tokio runtime.
    pub(crate) fn begin(snapshot: Arc<Snapshot>) -> Sealing {
        let generation = snapshot.generation;
        let (sealed, memory) = watch::channel(None);
        tokio::task::spawn_blocking(move || match snapshot.seal() {
            Ok(descriptor) => {
                info!(%generation, routes = snapshot.routes.len(), "snapshot published");
                // Where nobody waits a newer one is on its way.
                let _ = sealed.send(Some(Arc::new(descriptor)));
            }
            Err(error) => error!(%generation, %error, "snapshot not published"),
        });
        Sealing { generation, memory }
    }

    /// One that was sealed before.
    pub(crate) fn done(generation: Generation, memory: Arc<OwnedFd>) -> Sealing {
        // The value stays when its sender is gone.
        Sealing { generation, memory: watch::channel(Some(memory)).1 }
    }

    /// Which one it is.
    pub(crate) fn generation(&self) -> Generation {
        self.generation
    }

    /// Waits until it is there.
    ///
    /// # Errors
    /// When it could not be made; the log says why.
    pub(crate) async fn memory(mut self) -> io::Result<Arc<OwnedFd>> {
        let sealed = self.memory.wait_for(Option::is_some).await;
        sealed.ok().and_then(|memory| memory.clone()).ok_or_else(|| io::Error::other("the master could not make it"))
    }
}

#[cfg(test)]
mod tests {
    use dproxy_config::ProxySettings;

    use super::*;

    #[tokio::test]
    async fn everybody_gets_the_same_memory() {
        let settings = ProxySettings::default();
        let snapshot = Snapshot { generation: Generation(7), settings, routes: Vec::new(), columns: Vec::new(), accounts: Vec::new() };
        let sealing = Sealing::begin(Arc::new(snapshot.clone()));
        let (one, other) = (sealing.clone().memory().await.unwrap(), sealing.clone().memory().await.unwrap());
        assert!(Arc::ptr_eq(&one, &other));
        assert!(Snapshot::open(one.try_clone().unwrap()).unwrap() == snapshot);
        let done = Sealing::done(sealing.generation(), one);
        assert!(Arc::ptr_eq(&done.memory().await.unwrap(), &other));
    }
}
