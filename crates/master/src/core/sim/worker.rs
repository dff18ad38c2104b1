//! A worker that does what the protocol says, at its own pace.

use std::collections::{BTreeSet, VecDeque};
use std::time::Instant;

use dproxy_ipc::{ClientInfo, Generation, Idle, PROTOCOL, SocketId, ToMaster, ToWorker};

#[derive(Debug)]
pub(super) struct Pretend {
    pub(super) slot: u16,
    pub(super) inbox: VecDeque<ToWorker>,
    pub(super) accepts: BTreeSet<SocketId>,
    pub(super) lent: BTreeSet<SocketId>,
    pub(super) serves: Option<Generation>,
    /// How often its loop has turned.
    pub(super) beat: u64,
    pub(super) draining: bool,
    /// Clients that say nothing, in no order.
    pub(super) clients: Vec<ClientInfo>,
    /// Some were given away, and the master has not said that they arrived.
    pub(super) travelling: bool,
    /// It reads nothing before.
    pub(super) busy_until: Instant,
    /// When the last thing it said arrives.
    pub(super) line_until: Instant,
    greeted: bool,
}

impl Pretend {
    pub(super) fn new(now: Instant) -> Pretend {
        Pretend {
            slot: 0,
            inbox: VecDeque::new(),
            accepts: BTreeSet::new(),
            lent: BTreeSet::new(),
            serves: None,
            beat: 0,
            draining: false,
            clients: Vec::new(),
            travelling: false,
            busy_until: now,
            line_until: now,
            greeted: false,
        }
    }

    /// Reads everything; gives the answers, and whether it ends after them.
    pub(super) fn work(&mut self, refuses: bool) -> (Vec<ToMaster>, bool) {
        let mut answers = Vec::new();
        if !self.greeted {
            self.greeted = true;
            answers.push(ToMaster::Hello { protocol: PROTOCOL });
        }
        while let Some(message) = self.inbox.pop_front() {
            match message {
                ToWorker::Setup { slot } => self.slot = slot,
                ToWorker::Door { .. } | ToWorker::Tell | ToWorker::Quic { .. } | ToWorker::Log | ToWorker::Refused { .. } => {}
                ToWorker::Snapshot { generation } if refuses => {
                    answers.push(ToMaster::Rejected { generation, reason: "luck".to_owned() });
                }
                ToWorker::Snapshot { generation } => {
                    self.serves = Some(generation);
                    answers.push(ToMaster::Applied { generation });
                }
                ToWorker::Sockets { keep, added, lent, serial } => {
                    self.accepts = keep.into_iter().chain(added.into_iter().map(|info| info.socket)).collect();
                    assert!(lent.iter().all(|socket| self.accepts.remove(socket)), "lends what it does not give");
                    self.lent = lent.into_iter().collect();
                    answers.push(ToMaster::Listening { serial });
                }
                ToWorker::TakeOver { clients, serial } => {
                    self.clients.extend(clients);
                    answers.push(ToMaster::TookOver { serial });
                }
                ToWorker::HandedOver => {
                    assert!(self.travelling, "nobody was on the way");
                    self.travelling = false;
                }
                ToWorker::Drain { idle, .. } => {
                    self.draining = true;
                    self.accepts.clear();
                    self.lent.clear();
                    if idle == Idle::Close {
                        self.clients.clear();
                    }
                }
            }
        }
        if self.draining && !self.travelling && !self.clients.is_empty() {
            self.travelling = true;
            let clients = self.clients.split_off(self.clients.len().saturating_sub(2));
            answers.push(ToMaster::HandOver { clients });
        }
        let end = self.draining && !self.travelling;
        if end {
            answers.push(ToMaster::Drained { cut: 0 });
        }
        (answers, end)
    }
}
