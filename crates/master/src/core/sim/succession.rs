//! The master dies or is upgraded, and another core goes on with what the workers hold.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use dproxy_control::Wait;
use dproxy_ipc::{ListenerInfo, SocketId};

use super::super::{Heir, Inheritance, SlotId, most_served};
use super::{Change, Core, Due, Event, Luck, RequestId, WorkerId, World};

impl World {
    /// All that was on its way to the core before is lost; letters to workers may be.
    pub(super) fn succeed(&mut self) {
        let served = self.workers.values().filter_map(|worker| worker.serves).chain([self.core.generation()]);
        if served.into_iter().any(|generation| self.deadly.contains(&generation)) {
            // Once all have taken a table and nobody has died of it yet, there is nothing left to go back to.
            return;
        }
        let upgrade = self.random.one_in(2);
        let foreign = self.random.one_in(3);
        self.lose_what_was_under_way();
        self.orphans_settle();
        let inheritance = self.inheritance(upgrade, foreign);
        self.deadly.retain(|generation| *generation <= inheritance.generation);
        self.core = Core::inherit(self.now, self.setup_now(), inheritance.clone());
        self.checks.succeeded(&self.core, &inheritance);
        assert_eq!(self.core.processes.len(), inheritance.workers.len(), "a worker is lost in the succession");
        self.looking = false;
        self.look_soon();
        self.tell_all_again();
        if upgrade && !inheritance.stopped {
            self.requests += 1;
            self.checks.asked(RequestId(self.requests), Change::Restart);
            self.tell(Event::Asked(RequestId(self.requests), Change::Restart, Wait::Done));
        }
    }

    fn lose_what_was_under_way(&mut self) {
        self.payload.retain(|_, due| !matches!(due, Due::ToCore(_) | Due::Look));
        for worker in self.workers.values_mut() {
            if self.random.one_in(2) {
                worker.inbox.clear();
            }
        }
    }

    /// What lies on a line is read before its end. Who serves nobody goes; who hangs cannot be taken over.
    fn orphans_settle(&mut self) {
        let workers: Vec<WorkerId> = self.workers.keys().copied().collect();
        for id in workers {
            let Some(worker) = self.workers.get_mut(&id) else { continue };
            let hangs = worker.busy_until > self.now;
            let (_unheard, _end) = if hangs { (Vec::new(), false) } else { worker.work(false) };
            if worker.draining {
                // Who leaves and has no master keeps its clients.
                worker.clients.clear();
                worker.travelling = false;
            }
            let broken = self.luck == Luck::Bad && self.random.one_in(10);
            if hangs || broken || worker.serves.is_none() {
                self.workers.remove(&id);
            }
        }
        let living: BTreeSet<WorkerId> = self.workers.keys().copied().collect();
        self.payload.retain(|_, due| match due {
            Due::ToWorker(worker) | Due::Dies(worker, _) => living.contains(worker),
            Due::ToCore(_) | Due::Look => true,
        });
        let draining: Vec<WorkerId> = self.workers.iter().filter(|(_, worker)| worker.draining).map(|(id, _)| *id).collect();
        for worker in draining {
            self.later(Duration::from_millis(500), Due::Dies(worker, super::Exit::Code(0)));
        }
    }

    fn inheritance(&mut self, upgrade: bool, foreign: bool) -> Inheritance {
        let serving = self.workers.values().filter(|worker| !worker.draining).filter_map(|worker| worker.serves);
        let chosen = most_served(serving).filter(|_| !foreign);
        let addresses: BTreeMap<SocketId, ListenerInfo> = self.core.sockets().into_iter().map(|info| (info.socket, info)).collect();
        let in_hands: BTreeSet<SocketId> =
            self.workers.values().flat_map(|worker| worker.accepts.iter().chain(&worker.lent)).copied().collect();
        let survives = |info: &&ListenerInfo| upgrade || in_hands.contains(&info.socket);
        let sockets: Vec<ListenerInfo> = addresses.values().filter(survives).cloned().collect();
        let highest = self.workers.values().filter_map(|worker| worker.serves).max().unwrap_or_default();
        let served = self.workers.values().filter_map(|worker| self.published.get(&worker.serves?));
        let heir = |(id, worker): (&WorkerId, &super::Pretend)| {
            let heir = Heir {
                slot: SlotId(worker.slot),
                pid: u32::try_from(id.0).unwrap() + 1,
                age: Duration::from_millis(1_000_000 - id.0),
                generation: worker.serves.unwrap_or_default(),
                held: worker.accepts.clone(),
                lent: worker.lent.clone(),
                leaving: worker.draining.then_some(Duration::from_secs(2)),
                foreign,
            };
            (*id, heir)
        };
        Inheritance {
            snapshot: chosen.and_then(|generation| self.published.get(&generation).cloned()),
            generation: if upgrade { self.core.generation().max(highest) } else { highest },
            columns: served.flat_map(|snapshot| snapshot.columns.iter().map(|(_, column)| column + 1)).max().unwrap_or(0),
            next_socket: sockets.last().map_or(0, |info| info.socket.0 + 1),
            sockets,
            workers: self.workers.iter().map(heir).collect(),
            spawned: BTreeMap::new(),
            stopped: upgrade && self.checks.is_stopped(),
            sabotage: self.sabotage,
        }
    }

    fn setup_now(&self) -> super::Setup {
        super::Setup { workers: self.core.wanted(), ..self.setup.clone() }
    }

    /// The sources tell the next master what they told the one before, some sooner and some later.
    fn tell_all_again(&mut self) {
        for source in self.setup.awaited.clone() {
            let mut routes = self.told.get(&source).map_or_else(Vec::new, |routes| routes.to_vec());
            if self.core.snapshot().is_none() {
                // There is nothing before the first table to go back to.
                routes.retain(|route| *route != super::deadly_route());
            }
            let delay = self.random.millis(3000);
            self.later(delay, Due::ToCore(Event::Routes(source, Arc::new(routes))));
        }
    }
}
