//! The sockets that the master lent and that are accepted from.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use anyhow::{Context as _, ensure};
use dproxy_ipc::{ListenerInfo, SocketId};
use dproxy_proxy::{Listening, Proxy};

/// What this worker accepts from.
pub(crate) struct Listeners {
    proxy: Rc<Proxy>,
    open: BTreeMap<SocketId, Listening>,
}

impl Listeners {
    pub(crate) fn new(proxy: Rc<Proxy>) -> Listeners {
        Listeners { proxy, open: BTreeMap::new() }
    }

    /// Accepts from `keep` and `added`, whose descriptors are `descriptors`, and from nothing else.
    pub(crate) fn replace(&mut self, keep: &[SocketId], added: Vec<ListenerInfo>, descriptors: Vec<OwnedFd>) -> anyhow::Result<()> {
        ensure!(added.len() == descriptors.len(), "{} sockets came with {} descriptors", added.len(), descriptors.len());
        self.open.retain(|socket, _| keep.contains(socket));
        for (info, descriptor) in added.into_iter().zip(descriptors) {
            let listening = self.proxy.listen(TcpListener::from(descriptor), info.address);
            let listening = listening.with_context(|| format!("cannot accept from `{}`", info.address))?;
            self.open.insert(info.socket, listening);
        }
        Ok(())
    }

    /// Accepts from nothing.
    pub(crate) fn clear(&mut self) {
        self.open.clear();
    }
}
