//! Which ports of a container can be reached, and at which addresses.
//!
//! The published ports are the backends; without any, the exposed ones. A
//! container's own address is dialled where it can be reached from here: it
//! outlives the engine, a published port does not (its listener is a child of
//! the engine). Which addresses those are is the business of [`super::reach`].

use std::net::{IpAddr, SocketAddr};

use dproxy_route::{Announcement, Backend, BackendId, Condition, PickPolicy, Scheme, Whereabouts};

use super::facts::{Ending, Facts, NetworkMode};
use super::reach::{Place, Reach, Way, networks_of};
use super::trust::trust_of;
use super::tuning::tuning_of;
use crate::Reason;

/// The label that names the port serving the bare host name.
pub(super) const PORT_LABEL: &str = "dproxy.port";
/// The label that names the network to dial a container in.
pub(super) const NETWORK_LABEL: &str = "dproxy.network";
/// The label that says what the port speaks that serves the bare host name.
pub(super) const PROTOCOL_LABEL: &str = "dproxy.protocol";
/// The label that says how many requests each of its ports takes at a time.
pub(super) const MAX_REQUESTS_LABEL: &str = "dproxy.max_requests";
/// The label that says how its main port is told whose a connection is.
pub(super) const PROXY_PROTOCOL_LABEL: &str = "dproxy.proxy_protocol";
/// The label that says that it speaks TLS with clients, read with the other rules.
const PASSTHROUGH_LABEL: &str = "dproxy.tls.passthrough";
/// The ports that serve the bare host name where no label says so, the likeliest first.
const LIKELY_PORTS: [u16; 4] = [80, 8080, 8000, 3000];
/// Container ports that speak TLS by custom.
const TLS_PORTS: [u16; 2] = [443, 8443];

/// The ports of one container.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Backends {
    /// The main port, whether a label says so, and the others sorted by port.
    pub(super) ports: Option<(Backend, bool, Vec<Backend>)>,
    /// The container's own address, where that is dialled.
    pub(super) own: Option<IpAddr>,
    /// How one of it and its siblings is chosen.
    pub(super) pick: PickPolicy,
    /// Why there is none.
    pub(super) absence: Option<String>,
    /// What else is wrong.
    pub(super) problems: Vec<String>,
    /// Why it is these ports and addresses.
    pub(super) reasons: Vec<Reason>,
}

/// The backends of the container that `facts` are about.
pub(super) fn backends_of(facts: &Facts, reach: &Reach<'_>) -> Backends {
    let mut backends = Backends::default();
    let label = backends.labelled_port(facts);
    let protocol = backends.labelled_protocol(facts).or_else(|| is_passed_through(facts).then_some(Scheme::Https));
    let max_requests = backends.labelled_max_requests(facts);
    let announced = backends.labelled_announcement(facts);
    let tuning = tuning_of(facts, &mut backends.problems);
    backends.pick = tuning.pick;
    let trust = trust_of(facts, &mut backends.problems);
    let way = match reach.way_to(facts, &mut backends.problems) {
        Ok(way) => way,
        Err(why) => return Backends { absence: Some(why), ..backends },
    };
    let reach_port = |port| {
        let address = reach.address_of(&way, port)?;
        Some(Backend { max_requests, share: tuning.share, trust: trust.clone(), ..backend(facts, port, address, reach.engine) })
    };
    let wanted = wanted_ports(facts, label);
    let mut reached: Vec<Backend> = wanted.iter().copied().filter_map(reach_port).collect();
    let main = match label {
        Some(port) => reached.iter().position(|backend| backend.port == port),
        None => likeliest(&reached, protocol),
    };
    match main {
        Some(main) => {
            let mut main = reached.remove(main);
            main.scheme = protocol.unwrap_or(main.scheme);
            main.announced = announced;
            main.check = tuning.check.map(Box::new);
            backends.reasons.push(why_port(&main, label, &reached));
            backends.reasons.push(why_address(facts, &main, &way));
            backends.own = way.own_address().filter(|own| *own == main.address.ip());
            backends.ports = Some((main, label.is_some(), reached));
        }
        None => backends.absence = Some(absence(facts, label.or(wanted.first().copied()), reach)),
    }
    backends
}

impl Backends {
    fn labelled_port(&mut self, facts: &Facts) -> Option<u16> {
        let text = facts.labels.get(PORT_LABEL)?.trim();
        let port = text.strip_suffix("/tcp").unwrap_or(text).parse().ok().filter(|port| *port != 0);
        if port.is_none() {
            self.problems.push(format!("label {PORT_LABEL}=`{text}` is no TCP port from 1 to 65535; it is not followed"));
        }
        port
    }

    fn labelled_protocol(&mut self, facts: &Facts) -> Option<Scheme> {
        let text = facts.labels.get(PROTOCOL_LABEL)?.trim();
        match text.to_ascii_lowercase().as_str() {
            "http" => Some(Scheme::Http),
            "https" => Some(Scheme::Https),
            "h2c" | "grpc" => Some(Scheme::H2c),
            _ => {
                let problem = format!("label {PROTOCOL_LABEL}=`{text}` is none of http, https, h2c and grpc; it is not followed");
                self.problems.push(problem);
                None
            }
        }
    }

    fn labelled_announcement(&mut self, facts: &Facts) -> Option<Announcement> {
        let text = facts.labels.get(PROXY_PROTOCOL_LABEL)?;
        let told = |error| self.problems.push(format!("label {PROXY_PROTOCOL_LABEL}: {error}; it is not followed"));
        text.trim().parse().map_err(told).ok()
    }

    fn labelled_max_requests(&mut self, facts: &Facts) -> Option<u32> {
        let text = facts.labels.get(MAX_REQUESTS_LABEL)?.trim();
        let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        if number.is_none() {
            self.problems.push(format!("label {MAX_REQUESTS_LABEL}=`{text}` is no whole number (0 is any number); it is not followed"));
        }
        number
    }
}

/// Whether clients speak TLS with the container itself.
fn is_passed_through(facts: &Facts) -> bool {
    facts.labels.get(PASSTHROUGH_LABEL).is_some_and(|text| text.trim() == "true")
}

/// The published ports, else the exposed ones; a labelled one always. Sorted, each once.
///
/// On a network that others listen on too, an image's exposed port may be
/// somebody else's (our own, at worst): there a label speaks alone.
fn wanted_ports(facts: &Facts, label: Option<u16>) -> Vec<u16> {
    if let (Some(port), NetworkMode::Host | NetworkMode::Container(_)) = (label, &facts.mode) {
        return vec![port];
    }
    let published = facts.ports.iter().filter(|port| port.published.is_some());
    let mut ports: Vec<u16> = published.map(|port| port.container).collect();
    if ports.is_empty() {
        ports.extend(facts.ports.iter().map(|port| port.container));
        ports.extend(facts.inspected.iter().flat_map(|inspected| &inspected.exposed));
    }
    ports.extend(label);
    ports.sort_unstable();
    ports.dedup();
    ports
}

fn backend(facts: &Facts, port: u16, address: SocketAddr, engine: Place) -> Backend {
    let condition = match facts.ending {
        Some(Ending::Stopping) => Condition::Stopping,
        Some(Ending::Gone { .. }) | None => facts.health,
    };
    let scheme = if TLS_PORTS.contains(&port) { Scheme::Https } else { Scheme::Http };
    let whereabouts = match engine {
        Place::Here => Whereabouts::Here,
        Place::At(_) => Whereabouts::Away,
    };
    let (id, name) = (BackendId::of_container(&facts.id, port), facts.name.clone());
    Backend { id, name, port, scheme, condition, whereabouts, ..Backend::at(address) }
}

/// The place of the port that most likely serves the bare host name, and speaks `protocol`.
fn likeliest(backends: &[Backend], protocol: Option<Scheme>) -> Option<usize> {
    let rank = |backend: &Backend| {
        let likely = LIKELY_PORTS.iter().position(|port| *port == backend.port).unwrap_or(LIKELY_PORTS.len());
        (Some(backend.scheme) != protocol, backend.scheme, likely, backend.port)
    };
    backends.iter().enumerate().min_by_key(|(_, backend)| rank(backend)).map(|(place, _)| place)
}

/// Why no port is left; `port` is the one that was looked for.
fn absence(facts: &Facts, port: Option<u16>, reach: &Reach<'_>) -> String {
    let Some(port) = port else { return format!("it has no TCP port; publish one, or name one by label {PORT_LABEL}") };
    let is_published = facts.ports.iter().any(|published| published.container == port && published.published.is_some());
    if is_published {
        let address = "publish it at another address, or say by `docker.address` where it is reached";
        return format!("port {port} is published at the loopback address of the engine's machine, which is not this one; {address}");
    }
    if !reach.unpublished {
        return format!("port {port} is not published, and unpublished ports are switched off");
    }
    format!("port {port} is not published, and none of its networks can be reached from here. {}", networks_of(facts))
}

/// Which port serves the bare host name, and how the others are reached.
fn why_port(main: &Backend, label: Option<u16>, others: &[Backend]) -> Reason {
    let by = match (label, others) {
        (Some(_), _) => format!("label {PORT_LABEL}"),
        (None, []) => "it is the only one".to_owned(),
        (None, _) => "the likeliest, where none is the listener's own".to_owned(),
    };
    let others: Vec<String> = others.iter().map(|other| other.port.to_string()).collect();
    let others = if others.is_empty() { String::new() } else { format!("; `host:port` reaches {}", others.join(", ")) };
    Reason::note("port", format!("{} serves the bare host name, as {}: {by}{others}", main.port, main.scheme.as_str()))
}

/// Which address is dialled, and which others there are.
fn why_address(facts: &Facts, main: &Backend, way: &Way<'_>) -> Reason {
    let address = main.address;
    let text = match way {
        Way::Machine(_) => format!("{address}: it has the network of the engine's machine"),
        Way::Container { own: Some((network, ip)), .. } if *ip == address.ip() => {
            let others: Vec<&str> =
                facts.attachments.iter().map(|attachment| attachment.network.as_str()).filter(|other| other != network).collect();
            let others = if others.is_empty() { String::new() } else { format!(" (it is also in {})", others.join(", ")) };
            format!("{address}: its own in network `{network}`{others}")
        }
        Way::Container { .. } => {
            format!("{address}: where the port is published, because none of its networks can be reached from here. {}", networks_of(facts))
        }
    };
    Reason::note("address", text)
}

#[cfg(test)]
mod tests;
