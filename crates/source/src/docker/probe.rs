//! Whether the ports that were chosen answer.
//!
//! A task of its own between the watcher and whoever wants its updates. It
//! passes every update on at once, so that no route waits for a probe, and
//! again when a probe has told something.
//!
//! ```text
//! Due --begin--> Asked --open--> Open
//!  ^               |
//!  +----closed-----+   after the last of `PATIENCE` it is told as a problem, and asked again now and then
//! ```

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use dproxy_route::{BackendId, Condition, Offer, Owner, Problem};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::backends::PORT_LABEL;
use crate::{Container, Reason, Update};

/// A container answers milliseconds after its start, or when its program is ready: how long to wait before each look
/// after the first, until a closed port is told.
const PATIENCE: [Duration; 4] = [Duration::from_millis(200), Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];
/// How long until a port that was told as closed is looked at again: somebody may mend it.
const AGAIN: Duration = Duration::from_secs(5);
/// Containers are near; one that takes longer takes too long for requests, too.
const LIMIT: Duration = Duration::from_secs(1);
/// Looks under way at a time.
const MAX_LOOKS: usize = 16;
/// The ports that programs listen on by custom.
const CUSTOMARY: [u16; 10] = [80, 8080, 8000, 3000, 5000, 4000, 9000, 8888, 8081, 5173];

/// Passes the updates of `known` on to `updates`, with what probes tell, until nobody sends any.
pub(super) async fn pass_on(mut known: watch::Receiver<Update>, updates: watch::Sender<Update>) {
    let mut prober = Prober::default();
    loop {
        prober.begin(Instant::now());
        let due = prober.due();
        tokio::select! {
            changed = known.changed() => {
                if changed.is_err() {
                    return;
                }
                let update = known.borrow_and_update().clone();
                prober.learn(&update, Instant::now());
                prober.publish(update, &updates);
            }
            Some(Ok((id, look))) = prober.looks.join_next() => {
                prober.looked(&id, &look, Instant::now());
                prober.publish(known.borrow().clone(), &updates);
            }
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
        }
    }
}

/// All probes.
#[derive(Default)]
struct Prober {
    probes: BTreeMap<BackendId, Probe>,
    looks: JoinSet<(BackendId, Look)>,
}

/// What is known of one port.
struct Probe {
    target: Target,
    phase: Phase,
    /// How many looks in a row found it closed.
    closed: usize,
    /// What the last look told.
    told: Option<Look>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Due(Instant),
    Asked,
    Open,
}

/// A port to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    container: String,
    port: u16,
    address: SocketAddr,
    /// What else may answer.
    others: Vec<(u16, SocketAddr)>,
}

/// What a look found.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Look {
    Open,
    Closed {
        /// In words.
        how: String,
        /// A port that answers instead.
        instead: Option<u16>,
    },
}

impl Prober {
    /// Which ports there are now. One that is as it was is not looked at again.
    fn learn(&mut self, update: &Update, now: Instant) {
        let mut before = std::mem::take(&mut self.probes);
        for (id, target) in targets(update) {
            let probe = match before.remove(&id) {
                Some(probe) if probe.target == target => probe,
                Some(_) | None => Probe { target, phase: Phase::Due(now), closed: 0, told: None },
            };
            self.probes.insert(id, probe);
        }
    }

    /// Begins the looks that are due.
    fn begin(&mut self, now: Instant) {
        let room = MAX_LOOKS.saturating_sub(self.looks.len());
        let due = self.probes.iter_mut().filter(|(_, probe)| matches!(probe.phase, Phase::Due(at) if at <= now));
        for (id, probe) in due.take(room) {
            probe.phase = Phase::Asked;
            let (id, target) = (id.clone(), probe.target.clone());
            self.looks.spawn(async move { (id, look(&target).await) });
        }
    }

    /// When the next look is due; none while there is no room for it.
    fn due(&self) -> Option<Instant> {
        let due = self.probes.values().filter_map(|probe| match probe.phase {
            Phase::Due(at) => Some(at),
            Phase::Asked | Phase::Open => None,
        });
        due.min().filter(|_| self.looks.len() < MAX_LOOKS)
    }

    fn looked(&mut self, id: &BackendId, look: &Look, now: Instant) {
        let Some(probe) = self.probes.get_mut(id) else { return };
        match look {
            Look::Open => (probe.phase, probe.told) = (Phase::Open, Some(Look::Open)),
            Look::Closed { .. } => {
                let pause = PATIENCE.get(probe.closed).copied();
                probe.closed += 1;
                probe.phase = Phase::Due(now + pause.unwrap_or(AGAIN));
                probe.told = pause.is_none().then(|| look.clone());
            }
        }
    }

    fn publish(&self, mut update: Update, updates: &watch::Sender<Update>) {
        for (id, probe) in &self.probes {
            let Some(look) = &probe.told else { continue };
            let reason = probe.target.reason(look);
            if reason.hinders {
                update.problems.push(Problem::new(format!("container {}", probe.target.container), reason.text.clone()));
            }
            let of_container = |container: &&mut Container| BackendId::of_container(&container.id, probe.target.port) == *id;
            if let Some(container) = update.containers.iter_mut().find(of_container) {
                container.reasons.push(reason);
            }
        }
        update.problems.sort_unstable();
        updates.send_if_modified(|known| {
            let changed = *known != update;
            if changed {
                *known = update;
            }
            changed
        });
    }
}

impl Target {
    fn reason(&self, look: &Look) -> Reason {
        let (port, address) = (self.port, self.address);
        match look {
            Look::Open => Reason::note("probe", format!("port {port} answers at {address}")),
            Look::Closed { how, instead: Some(other) } => {
                Reason::hindrance("probe", format!("port {port} {how} at {address}; {other} answers: set {PORT_LABEL}={other}"))
            }
            Look::Closed { how, instead: None } => {
                let way_out = "let its program listen on all addresses (`0.0.0.0`), or name the right port by label";
                Reason::hindrance("probe", format!("port {port} {how} at {address}; {way_out} {PORT_LABEL}"))
            }
        }
    }
}

/// The main port of each container that is fit to answer.
fn targets(update: &Update) -> BTreeMap<BackendId, Target> {
    let mut targets = BTreeMap::new();
    for route in &update.routes {
        let (Owner::Container { id, name }, Offer::Ports { main, others, .. }) = (&route.owner, &route.offer) else { continue };
        if !matches!(main.condition, Condition::Ready | Condition::Unhealthy) || targets.contains_key(&main.id) {
            continue;
        }
        let own = update.containers.iter().find(|container| container.id == *id).and_then(|container| container.own_address);
        let own = own.filter(|own| *own == main.address.ip());
        let mut others: Vec<(u16, SocketAddr)> = others.iter().map(|other| (other.port, other.address)).collect();
        others.extend(own.into_iter().flat_map(|own| CUSTOMARY.map(|port| (port, SocketAddr::new(own, port)))));
        others.retain(|(port, _)| *port != main.port);
        let target = Target { container: name.clone(), port: main.port, address: main.address, others };
        targets.insert(main.id.clone(), target);
    }
    targets
}

async fn look(target: &Target) -> Look {
    let how = match connect(target.address).await {
        Ok(()) => return Look::Open,
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => "is closed".to_owned(),
        Err(error) => format!("does not answer ({error})"),
    };
    for (port, address) in &target.others {
        if connect(*address).await.is_ok() {
            return Look::Closed { how, instead: Some(*port) };
        }
    }
    Look::Closed { how, instead: None }
}

async fn connect(address: SocketAddr) -> io::Result<()> {
    let connected = timeout(LIMIT, TcpStream::connect(address)).await;
    connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map(drop)
}

#[cfg(test)]
mod tests {
    use dproxy_route::{Backend, PathPrefix, Route};
    use tokio::net::TcpListener;

    use super::*;

    /// An update with one container, whose main port is at `main` and another one at `other`.
    fn update(main: SocketAddr, other: SocketAddr) -> Update {
        let id = "0123456789abcdef".to_owned();
        let backend = |address: SocketAddr| Backend { id: BackendId::of_container(&id, address.port()), ..Backend::at(address) };
        let fixed = Route::fixed(0, "a.test".parse().unwrap(), PathPrefix::root(), backend(main));
        let offer = Offer::Ports { main: backend(main), firm: false, others: vec![backend(other)] };
        let route = Route { owner: Owner::Container { id: id.clone(), name: "web".to_owned() }, offer, ..fixed };
        let container = Container { id, name: "web".to_owned(), ..Container::default() };
        Update { routes: vec![route], containers: vec![container], ..Update::default() }
    }

    fn told(update: &Update) -> String {
        let reasons = update.containers.iter().flat_map(|container| &container.reasons).map(|reason| reason.text.clone());
        reasons.chain(update.problems.iter().map(|problem| format!("! {problem}"))).collect::<Vec<_>>().join("; ")
    }

    #[tokio::test]
    async fn a_look_tells_an_open_port_from_a_closed_one_and_finds_another() {
        let open = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (open_address, closed_address) = (open.local_addr().unwrap(), closed.local_addr().unwrap());
        drop(closed);
        let target = |address, others| Target { container: "web".to_owned(), port: 80, address, others };
        assert_eq!(look(&target(open_address, Vec::new())).await, Look::Open);
        let how = "is closed".to_owned();
        assert_eq!(look(&target(closed_address, Vec::new())).await, Look::Closed { how: how.clone(), instead: None });
        let others = vec![(81, closed_address), (3000, open_address)];
        assert_eq!(look(&target(closed_address, others)).await, Look::Closed { how, instead: Some(3000) });
    }

    #[tokio::test]
    async fn routes_do_not_wait_and_an_open_port_is_told() {
        let open = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = open.local_addr().unwrap();
        let (sender, known) = watch::channel(Update::default());
        let (updates, mut seen) = watch::channel(Update::default());
        let task = tokio::spawn(pass_on(known, updates));
        sender.send(update(address, address)).unwrap();
        seen.changed().await.unwrap();
        assert_eq!(seen.borrow_and_update().routes.len(), 1);
        seen.wait_for(|update| !told(update).is_empty()).await.unwrap();
        assert_eq!(told(&seen.borrow()), format!("port {} answers at {address}", address.port()));
        drop(sender);
        task.await.unwrap();
    }

    #[test]
    fn a_closed_port_is_told_after_some_looks_and_forgotten_once_it_opens() {
        let (main, other) = ("127.0.0.1:80".parse().unwrap(), "127.0.0.1:3000".parse().unwrap());
        let update = update(main, other);
        let id = update.routes[0].backends().next().unwrap().id.clone();
        let (updates, seen) = watch::channel(Update::default());
        let mut prober = Prober::default();
        let mut now = Instant::now();
        prober.learn(&update, now);
        assert_eq!(prober.due(), Some(now));
        let closed = Look::Closed { how: "is closed".to_owned(), instead: Some(3000) };
        for pause in PATIENCE {
            prober.looked(&id, &closed, now);
            prober.publish(update.clone(), &updates);
            assert_eq!(told(&seen.borrow()), "", "a program may need a moment");
            assert_eq!(prober.due(), Some(now + pause));
            now += pause;
        }
        prober.looked(&id, &closed, now);
        prober.publish(update.clone(), &updates);
        let text = "port 80 is closed at 127.0.0.1:80; 3000 answers: set dproxy.port=3000";
        assert_eq!(told(&seen.borrow()), format!("{text}; ! container web: {text}"));
        assert_eq!(prober.due(), Some(now + AGAIN));
        prober.learn(&update, now);
        assert_eq!(prober.due(), Some(now + AGAIN), "what is as it was is not looked at again");
        prober.looked(&id, &Look::Open, now);
        prober.publish(update.clone(), &updates);
        assert_eq!(told(&seen.borrow()), "port 80 answers at 127.0.0.1:80");
        assert_eq!(prober.due(), None);
        prober.learn(&Update::default(), now);
        assert!(prober.probes.is_empty());
    }
}
