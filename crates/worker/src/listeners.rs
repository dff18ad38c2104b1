//! The sockets that the master lent.
//!
//! From some this worker accepts; into those of its siblings it only looks from time to time.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::rc::Rc;

use anyhow::{Context as _, ensure};
use dproxy_ipc::{Holding, ListenerInfo, SocketId};
use dproxy_proxy::{Listening, Lookout, Proxy};

/// What this worker holds.
pub(crate) struct Listeners {
    proxy: Rc<Proxy>,
    held: BTreeMap<SocketId, Held>,
    lookout: Option<Lookout>,
}

struct Held {
    listener: Rc<TcpListener>,
    address: SocketAddr,
    /// None: it is a sibling's.
    accepting: Option<Listening>,
}

impl Listeners {
    pub(crate) fn new(proxy: Rc<Proxy>) -> Listeners {
        Listeners { proxy, held: BTreeMap::new(), lookout: None }
    }

    /// Holds `keep` and `added`, whose descriptors are `descriptors`, and nothing else; accepts from all but `lent`.
    pub(crate) fn replace(
        &mut self,
        keep: &[SocketId],
        added: Vec<ListenerInfo>,
        lent: &[SocketId],
        descriptors: Vec<OwnedFd>,
    ) -> anyhow::Result<()> {
        ensure!(added.len() == descriptors.len(), "{} sockets came with {} descriptors", added.len(), descriptors.len());
        self.lookout = None;
        self.held.retain(|socket, _| keep.contains(socket));
        for (info, descriptor) in added.into_iter().zip(descriptors) {
            let listener = TcpListener::from(descriptor);
            listener.set_nonblocking(true).with_context(|| format!("cannot use the socket of `{}`", info.address))?;
            self.held.insert(info.socket, Held { listener: Rc::new(listener), address: info.address, accepting: None });
        }
        for (socket, held) in &mut self.held {
            held.accept(&self.proxy, !lent.contains(socket)).with_context(|| format!("cannot accept from `{}`", held.address))?;
        }
        let siblings = self.held.values().filter(|held| held.accepting.is_none());
        let siblings: Vec<_> = siblings.map(|held| (Rc::clone(&held.listener), held.address)).collect();
        self.lookout = (!siblings.is_empty()).then(|| self.proxy.look_after(siblings));
        Ok(())
    }

    /// Every socket, and how it is held.
    pub(crate) fn held(&self) -> impl Iterator<Item = (Holding, BorrowedFd<'_>)> {
        self.held.iter().map(|(socket, held)| {
            let info = ListenerInfo { socket: *socket, address: held.address };
            (Holding { info, lent: held.accepting.is_none() }, held.listener.as_fd())
        })
    }

    /// Accepts from nothing.
    pub(crate) fn clear(&mut self) {
        self.lookout = None;
        self.held.clear();
    }
}

impl Held {
    fn accept(&mut self, proxy: &Rc<Proxy>, ours: bool) -> std::io::Result<()> {
        if !ours {
            self.accepting = None;
        } else if self.accepting.is_none() {
            self.accepting = Some(proxy.listen(self.listener.try_clone()?, self.address)?);
        }
        Ok(())
    }
}
