//! What the driver tells its service manager, and what it gives into its keeping.

use std::os::fd::AsFd;

use dproxy_control::PoolState;
use dproxy_ipc::{ListenerInfo, SocketId};

use super::{Driver, chain};
use crate::core::Event;
use crate::inherited::{self, Opened};
use crate::listen::{self, ListenError};

impl Driver {
    /// Tells the service manager when we are where we should be.
    pub(super) fn tell_supervisor(&mut self) {
        let online = self.core.online();
        let up_to_date = self.core.at_newest_generation() >= online;
        let stopped = self.core.pool_state() == PoolState::Stopped;
        let reads = self.settling.is_some() || self.reading.is_under_way() || self.core.is_composing();
        if (online == 0 && !stopped) || !up_to_date || reads || self.leaving {
            return;
        }
        let routes = self.core.snapshot().map_or(0, |snapshot| snapshot.routes.len());
        self.supervisor.settled(|| format!("{online} workers serve {routes} routes"));
        for name in self.inherited.leave_the_rest() {
            self.supervisor.discard(&name);
        }
    }

    pub(super) fn open(&mut self, sockets: &[ListenerInfo], alone: bool) {
        let ids = sockets.iter().map(|info| info.socket).collect();
        match self.open_all(sockets, alone) {
            Ok(opened) => {
                for (socket, Opened { descriptor, name }) in opened {
                    if let Some(name) = name {
                        self.supervisor.keep(&name, descriptor.as_fd());
                        self.kept.insert(socket, name);
                    }
                    self.sockets.insert(socket, descriptor);
                }
                self.happened.push_back(Event::Opened(ids));
            }
            Err(error) => self.happened.push_back(Event::OpenFailed(ids, chain(error))),
        }
    }

    pub(super) fn close(&mut self, sockets: &[SocketId]) {
        for socket in sockets {
            self.sockets.remove(socket);
            if let Some(name) = self.kept.remove(socket) {
                self.supervisor.discard(&name);
            }
        }
    }

    fn open_all(&mut self, sockets: &[ListenerInfo], alone: bool) -> Result<Vec<(SocketId, Opened)>, ListenError> {
        if let Some(first) = sockets.first().filter(|first| alone && !self.inherited.is_at(first.address)) {
            listen::probe(first.address, &self.core.bound_addresses())?;
        }
        let open = |info: &ListenerInfo| Ok((info.socket, self.inherited.open(info.address, inherited::name_of(info.socket.0))?));
        sockets.iter().map(open).collect()
    }
}
