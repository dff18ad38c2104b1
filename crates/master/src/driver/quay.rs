//! The UDP sockets at which workers speak QUIC.
//!
//! ```text
//!   addresses of TLS, where `ssl.http3` is on ──► a socket for each berth ──► every worker holds all, speaks at its own
//!   workers that welcome new clients ───────────► the kernel's filter: known connections to their berths, new ones to these
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dproxy_ipc::{QuicSocket, ToWorker};
use tracing::{debug, info, warn};

use super::{Driver, chain};
use crate::berths::Berths;
use crate::core::WorkerId;
use crate::listen;
use crate::spawn::Letter;

/// What is moored there.
#[derive(Debug, Default)]
pub(super) struct Quay {
    berths: Berths,
    /// Those of each address, by berth.
    sockets: BTreeMap<SocketAddr, Vec<Arc<OwnedFd>>>,
    /// Counts up whenever they change.
    edition: u64,
    /// Of what each worker was told last.
    told: BTreeMap<WorkerId, u64>,
    /// The berths to which new clients are sent, and of which edition.
    steered: (u64, Vec<u8>),
    failure: Option<Failure>,
}

#[derive(Debug)]
struct Failure {
    text: String,
    retry: Instant,
}

/// So many descriptors fit beside a message.
const MOST_SOCKETS: usize = 240;
/// How long after a failure it is tried again.
const OPEN_RETRY: Duration = Duration::from_secs(5);

impl Quay {
    /// Goes on with what the workers of an earlier master have.
    pub(super) fn inherit(berths: BTreeMap<WorkerId, u8>, found: BTreeMap<QuicSocket, OwnedFd>) -> Quay {
        let mut sockets: BTreeMap<SocketAddr, Vec<Arc<OwnedFd>>> = BTreeMap::new();
        for (QuicSocket { address, berth }, descriptor) in found {
            let moored = sockets.entry(address).or_default();
            // Where one is missing the kernel has counted on without it.
            if moored.len() == usize::from(berth) {
                moored.push(Arc::new(descriptor));
            }
        }
        Quay { berths: Berths::inherit(berths), sockets, edition: 1, ..Quay::default() }
    }

    /// Where QUIC is spoken.
    pub(super) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.sockets.keys().copied()
    }

    /// Why it is not.
    pub(super) fn failure(&self) -> Option<String> {
        self.failure.as_ref().map(|failure| format!("{}; it is tried again every few seconds", failure.text))
    }

    /// Opens what is missing at `addresses`, and closes what is elsewhere.
    fn open(&mut self, addresses: &[SocketAddr], berths: usize, now: Instant) {
        let before = self.sockets.len();
        self.sockets.retain(|address, _| addresses.contains(address));
        let mut changed = self.sockets.len() != before;
        if self.failure.as_ref().is_some_and(|failure| failure.retry > now) && !addresses.is_empty() {
            return;
        }
        self.failure = None;
        for address in addresses {
            let moored = self.sockets.get(address).map_or(0, Vec::len);
            if moored >= berths {
                continue;
            }
            match (moored..berths).map(|berth| listen::open_quic(*address, berth == 0)).collect::<Result<Vec<_>, _>>() {
                Ok(opened) => {
                    self.sockets.entry(*address).or_default().extend(opened.into_iter().map(Arc::new));
                    changed = true;
                }
                Err(error) => {
                    let text = format!("HTTP/3 is not spoken: {}", chain(error));
                    warn!("{text}");
                    self.failure = Some(Failure { text, retry: now + OPEN_RETRY });
                }
            }
        }
        self.edition += u64::from(changed);
    }

    /// What a worker at `berth` is told.
    fn letter(&self, berth: u8) -> Letter {
        let all = self
            .sockets
            .iter()
            .flat_map(|(address, moored)| (0..=u8::MAX).zip(moored).map(move |(berth, socket)| (*address, berth, socket)));
        let (sockets, descriptors) = all.map(|(address, berth, socket)| (QuicSocket { address, berth }, Arc::clone(socket))).unzip();
        Letter { message: ToWorker::Quic { berth, sockets }, descriptors }
    }

    /// Sends new clients to `berths`.
    fn steer(&mut self, berths: Vec<u8>) {
        let wanted = (self.edition, berths);
        if self.steered == wanted || wanted.1.is_empty() {
            return;
        }
        for (address, moored) in &self.sockets {
            let Some(socket) = moored.first() else { continue };
            match listen::steer_quic(socket, *address, &wanted.1) {
                Ok(()) => debug!(%address, berths = ?wanted.1, "new clients of QUIC are spread"),
                Err(error) => {
                    warn!(%address, %error, "clients of QUIC are spread by the kernel, and their connections break when workers change")
                }
            }
        }
        self.steered = wanted;
    }
}

impl Driver {
    /// Has every worker speak QUIC that should, where it should.
    pub(super) fn moor(&mut self) {
        let addresses = self.vault.quic_addresses(&self.facts.config.proxy.tls).to_vec();
        if addresses.is_empty() && self.quay.sockets.is_empty() {
            self.quay.failure = None;
            return;
        }
        let living: BTreeSet<WorkerId> = self.core.living().map(|(worker, _)| worker).collect();
        let welcoming: Vec<WorkerId> = self.core.living().filter(|(_, welcomes)| *welcomes).map(|(worker, _)| worker).collect();
        let most = (MOST_SOCKETS / addresses.len().max(1)).min(usize::from(u8::MAX));
        self.quay.berths.settle(&living, u8::try_from(most).unwrap_or(u8::MAX));
        // Each may have a successor beside it.
        let berths = self.quay.berths.needed().max(living.len() * 2).min(most);
        let before = self.quay.addresses().collect::<Vec<_>>();
        self.quay.open(&addresses, berths, Instant::now());
        let after = self.quay.addresses().collect::<Vec<_>>();
        if before != after {
            info!(addresses = ?after, "HTTP/3 is spoken");
        }
        self.quay.told.retain(|worker, _| living.contains(worker));
        for worker in &welcoming {
            let edition = self.quay.edition;
            if let Some(berth) = self.quay.berths.of(*worker)
                && self.quay.told.insert(*worker, edition) != Some(edition)
            {
                self.post(*worker, self.quay.letter(berth));
            }
        }
        let berths = welcoming.iter().filter_map(|worker| self.quay.berths.of(*worker)).collect();
        self.quay.steer(berths);
    }
}
