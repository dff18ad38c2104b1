//! Clients that come from a worker that leaves, and go when this one does.

use std::convert::Infallible;
use std::future::pending;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::time::{Duration, Instant};

use dproxy_ipc::{ClientInfo, SendError, ToMaster, ToWorker};
use dproxy_proxy::{Proxy, Traveller};
use tokio::time::sleep_until;

use crate::Worker;
use crate::line::Word;

/// So many clients travel together: enough to be quick, few enough that neither side is busy with them for long.
const PARTY: usize = 64;
/// How long a party may take to arrive when the master has died: what it passed on waits in the next worker's line.
const ARRIVAL: Duration = Duration::from_millis(300);

/// Serves the clients of another worker.
pub(crate) fn take_over(proxy: &Rc<Proxy>, clients: Vec<ClientInfo>, connections: Vec<OwnedFd>) {
    for (client, connection) in clients.into_iter().zip(connections) {
        if let Err(error) = proxy.take_over(connection, client.peer, client.port, client.has_asked) {
            tracing::warn!(%error, peer = %client.peer, "cannot serve a client of another worker");
        }
    }
}

/// Serves those here after all whom nobody has.
fn stay_unless_arrived(travelling: &mut Vec<Traveller>) {
    travelling.drain(..).filter(|client| !client.has_arrived()).for_each(Traveller::stay);
}

impl Worker {
    /// Gives clients away while this worker drains, and goes on doing what the master says: those that stay are
    /// served by the newest table.
    pub(crate) async fn part(&mut self, end: Instant) -> Infallible {
        // The party that has not arrived yet. The next one waits for it, so that nobody is flooded.
        let mut travelling: Vec<Traveller> = Vec::new();
        // When it is known of those whose master died who of them has arrived.
        let mut settled = Instant::now();
        let mut giving = true;
        loop {
            tokio::select! {
                heard = self.line.hear() => match heard {
                    Ok(Word::Said(ToWorker::HandedOver, _)) => travelling.clear(),
                    Ok(Word::Said(ToWorker::Tell, _)) => self.tell(Some(end.saturating_duration_since(Instant::now()))).await,
                    Ok(Word::Said(message, descriptors)) => self.hear(message, descriptors).await,
                    Ok(Word::Orphaned) => {
                        // Nobody is left who could find them another worker.
                        giving = false;
                        settled = Instant::now() + ARRIVAL;
                        self.proxy.give_nothing_away();
                    }
                    Ok(Word::Alone) | Err(_) => break,
                },
                () = sleep_until(settled.into()), if !giving && !travelling.is_empty() => stay_unless_arrived(&mut travelling),
                party = self.proxy.departing(PARTY), if giving && travelling.is_empty() => match self.send_off(&party).await {
                    Ok(()) => travelling = party,
                    Err(error) => {
                        tracing::warn!(error = format!("{:#}", anyhow::Error::new(error)), "clients are not handed over");
                        party.into_iter().for_each(Traveller::stay);
                        giving = false;
                        self.proxy.give_nothing_away();
                    }
                },
            }
        }
        stay_unless_arrived(&mut travelling);
        self.proxy.give_nothing_away();
        pending().await
    }

    async fn send_off(&self, party: &[Traveller]) -> Result<(), SendError> {
        let clients =
            party.iter().map(|client| ClientInfo { peer: client.peer(), port: client.port(), has_asked: client.has_asked() }).collect();
        let connections: Vec<BorrowedFd<'_>> = party.iter().map(Traveller::as_fd).collect();
        self.line.channel().send(&ToMaster::HandOver { clients }, &connections).await
    }

    /// What is said to a worker that drains. It has let its sockets go, so nothing about those concerns it.
    async fn hear(&mut self, message: ToWorker, mut descriptors: Vec<OwnedFd>) {
        let answer = match message {
            ToWorker::Snapshot { generation } => self.apply(generation, descriptors.pop()).await,
            ToWorker::Log => return self.proxy.log_to(descriptors.pop().map(std::fs::File::from)),
            ToWorker::TakeOver { clients, serial } => {
                take_over(&self.proxy, clients, descriptors);
                ToMaster::TookOver { serial }
            }
            ToWorker::Refused { name } => return self.proxy.refuse(&name),
            ToWorker::Setup { .. }
            | ToWorker::Door { .. }
            | ToWorker::Tell
            | ToWorker::Sockets { .. }
            | ToWorker::Quic { .. }
            | ToWorker::Drain { .. }
            | ToWorker::HandedOver => return,
        };
        // A master that is gone shows at the next receive.
        let _ = self.line.send(&answer).await;
    }
}
