//! Which ports of a container can be reached, and at which addresses.
//!
//! The published ports are the backends; without any, the exposed ones. A
//! container's own address is dialled where it can be reached from here: it
//! outlives the engine, a published port does not (its listener is a child of
//! the engine).

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use dproxy_route::{Backend, BackendId, Condition, Scheme};

use super::facts::{Address, Binding, Ending, Facts, NetworkMode, Port};

/// The label that names the port serving the bare host name.
pub(super) const PORT_LABEL: &str = "dproxy.port";
/// The label that names the network to dial a container in.
pub(super) const NETWORK_LABEL: &str = "dproxy.network";
/// The label that says what the port speaks that serves the bare host name.
pub(super) const PROTOCOL_LABEL: &str = "dproxy.protocol";
/// The label that says how many requests each of its ports takes at a time.
pub(super) const MAX_REQUESTS_LABEL: &str = "dproxy.max_requests";
/// The ports that serve the bare host name where no label says so, the likeliest first.
const LIKELY_PORTS: [u16; 4] = [80, 8080, 8000, 3000];
/// Container ports that speak TLS by custom.
const TLS_PORTS: [u16; 2] = [443, 8443];
/// How far `container:X` is followed; engines do not make longer chains.
const MAX_CHAIN: usize = 4;

/// Where the engine is, and what that means for its containers' addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// On this machine: its bridges are ours.
    Here,
    /// Behind this address: only published ports can be reached.
    At(IpAddr),
}

/// What decides how containers are dialled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach<'s> {
    pub(super) engine: Place,
    /// Where published ports are reachable, where the operator said so.
    pub(super) published_at: Option<IpAddr>,
    /// Whether ports that are not published are reached at the container's own address.
    pub(super) unpublished: bool,
    /// All containers, for those that share a network with others.
    pub(super) town: &'s Town<'s>,
}

/// All containers of an engine, as each other's neighbours.
#[derive(Debug)]
pub(super) struct Town<'f> {
    containers: &'f [Facts],
    addresses: HashSet<(&'f str, IpAddr)>,
}

/// The ports of one container.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Backends {
    /// The main port, whether a label says so, and the others sorted by port.
    pub(super) ports: Option<(Backend, bool, Vec<Backend>)>,
    /// Why there is none.
    pub(super) absence: Option<String>,
    /// What else is wrong.
    pub(super) problems: Vec<String>,
}

impl<'f> Town<'f> {
    pub(super) fn new(containers: &'f [Facts]) -> Town<'f> {
        let addresses = containers
            .iter()
            .flat_map(|facts| &facts.attachments)
            .flat_map(|attachment| attachment.addresses.iter().map(|address| (attachment.network.as_str(), address.ip)));
        Town { containers, addresses: addresses.collect() }
    }

    fn find(&self, whose: &str) -> Option<&'f Facts> {
        self.containers.iter().find(|facts| facts.id == whose || facts.name == whose)
    }
}

/// How the ports of a container are dialled.
enum Way<'f> {
    /// On the machine's own network.
    Machine(IpAddr),
    /// At its own address, where one can be reached, else where a port is published.
    Container { own: Option<IpAddr>, ports: &'f [Port] },
}

/// The backends of the container that `facts` are about.
pub(super) fn backends_of(facts: &Facts, reach: &Reach<'_>) -> Backends {
    let mut backends = Backends::default();
    let label = backends.labelled_port(facts);
    let protocol = backends.labelled_protocol(facts);
    let max_requests = backends.labelled_max_requests(facts);
    let way = match backends.way_to(facts, reach) {
        Ok(way) => way,
        Err(why) => return Backends { absence: Some(why), ..backends },
    };
    let reach_port = |port| Some(Backend { max_requests, ..backend(facts, port, way.address_of(port, reach)?) });
    let mut reached: Vec<Backend> = wanted_ports(facts, label).into_iter().filter_map(reach_port).collect();
    let main = match label {
        Some(port) => reached.iter().position(|backend| backend.port == port),
        None => likeliest(&reached, protocol),
    };
    match main {
        Some(main) => {
            let mut main = reached.remove(main);
            main.scheme = protocol.unwrap_or(main.scheme);
            if (label.is_none() || protocol.is_some()) && main.scheme == Scheme::Https {
                backends.problems.push(tls_only(main.port));
            }
            backends.ports = Some((main, label.is_some(), reached));
        }
        None => backends.absence = Some(absence(facts, label, reach)),
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

    fn labelled_max_requests(&mut self, facts: &Facts) -> Option<u32> {
        let text = facts.labels.get(MAX_REQUESTS_LABEL)?.trim();
        let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        if number.is_none() {
            self.problems.push(format!("label {MAX_REQUESTS_LABEL}=`{text}` is no whole number (0 is any number); it is not followed"));
        }
        number
    }

    fn way_to<'f>(&mut self, facts: &'f Facts, reach: &Reach<'f>) -> Result<Way<'f>, String> {
        let mut housing = facts;
        for _ in 0..MAX_CHAIN {
            match &housing.mode {
                NetworkMode::Host => return Ok(Way::Machine(reach.machine())),
                NetworkMode::None => return Err("it has no network (`--network none`); attach it to one".to_owned()),
                NetworkMode::Networks => {
                    let own = self.own_address(facts, housing, reach);
                    return Ok(Way::Container { own, ports: &housing.ports });
                }
                NetworkMode::Container(whose) => {
                    let Some(other) = reach.town.find(whose) else {
                        return Err(format!("it shares the network of container `{whose}`, which is not there"));
                    };
                    housing = other;
                }
            }
        }
        Err("it shares a network through too many containers".to_owned())
    }

    /// The address of `housing` that can be dialled from here; a network named by a label of `facts` is believed to be reachable.
    fn own_address(&mut self, facts: &Facts, housing: &Facts, reach: &Reach<'_>) -> Option<IpAddr> {
        if let Some(name) = facts.labels.get(NETWORK_LABEL).map(|name| name.trim()) {
            let attachment = housing.attachments.iter().find(|attachment| attachment.network == name);
            if let Some(address) = attachment.and_then(|attachment| attachment.addresses.first()) {
                return Some(address.ip);
            }
            self.problems.push(format!("label {NETWORK_LABEL}=`{name}` names no network that it has an address in; it is not followed"));
        }
        match reach.engine {
            Place::At(_) => None,
            Place::Here => housing.attachments.iter().find_map(|attachment| {
                let address = attachment.addresses.iter().find(|address| is_reachable(address, &attachment.network, reach.town));
                address.map(|address| address.ip)
            }),
        }
    }
}

/// Whether a container's address can be dialled from here: this machine carries
/// the bridge, or we are a container of the same network ourselves.
fn is_reachable(address: &Address, network: &str, town: &Town<'_>) -> bool {
    let Some(source) = address.source else { return false };
    match address.gateway {
        Some(gateway) if gateway == source => true,
        // The bridge of an `--internal` network has an address, but is nobody's gateway.
        None if same_network(source, address.ip, address.prefix) => true,
        Some(_) | None => town.addresses.contains(&(network, source)),
    }
}

fn same_network(one: IpAddr, other: IpAddr, prefix: u8) -> bool {
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) if (1..=32).contains(&prefix) => {
            (one.to_bits() ^ other.to_bits()) >> (32 - u32::from(prefix)) == 0
        }
        (IpAddr::V6(one), IpAddr::V6(other)) if (1..=128).contains(&prefix) => {
            (one.to_bits() ^ other.to_bits()) >> (128 - u32::from(prefix)) == 0
        }
        _ => false,
    }
}

impl Reach<'_> {
    /// Where the engine's machine itself is reached.
    fn machine(&self) -> IpAddr {
        self.published_at.unwrap_or(match self.engine {
            Place::Here => Ipv4Addr::LOCALHOST.into(),
            Place::At(ip) => ip,
        })
    }

    /// Where a published port is dialled.
    fn published(&self, binding: Binding) -> SocketAddr {
        if !binding.ip.is_unspecified() && !binding.ip.is_loopback() {
            return SocketAddr::new(binding.ip, binding.port);
        }
        let ip = match (self.published_at, self.engine) {
            (Some(ip), _) | (None, Place::At(ip)) => ip,
            (None, Place::Here) if binding.ip.is_loopback() => binding.ip,
            (None, Place::Here) if binding.ip.is_ipv6() => Ipv6Addr::LOCALHOST.into(),
            (None, Place::Here) => Ipv4Addr::LOCALHOST.into(),
        };
        SocketAddr::new(ip, binding.port)
    }

    /// The binding of `port` to dial: of the right family first, because `-p 80`
    /// gives IPv4 and IPv6 different ports.
    fn binding(&self, ports: &[Port], port: u16) -> Option<Binding> {
        let v6 = self.machine().is_ipv6();
        let bindings = ports.iter().filter(|published| published.container == port).filter_map(|published| published.published);
        bindings.min_by_key(|binding| (binding.ip.is_ipv6() != v6, *binding))
    }
}

impl Way<'_> {
    fn address_of(&self, port: u16, reach: &Reach<'_>) -> Option<SocketAddr> {
        match self {
            Way::Machine(ip) => Some(SocketAddr::new(*ip, port)),
            Way::Container { own, ports } => {
                let binding = reach.binding(ports, port);
                let own = own.filter(|_| binding.is_some() || reach.unpublished).map(|ip| SocketAddr::new(ip, port));
                own.or_else(|| binding.map(|binding| reach.published(binding)))
            }
        }
    }
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

fn backend(facts: &Facts, port: u16, address: SocketAddr) -> Backend {
    let condition = match facts.ending {
        Some(Ending::Stopping) => Condition::Stopping,
        Some(Ending::Gone { .. }) | None => facts.health,
    };
    let scheme = if TLS_PORTS.contains(&port) { Scheme::Https } else { Scheme::Http };
    Backend { id: BackendId::of_container(&facts.id, port), name: facts.name.clone(), port, address, scheme, condition, max_requests: None }
}

/// The place of the port that most likely serves the bare host name, and speaks `protocol`.
fn likeliest(backends: &[Backend], protocol: Option<Scheme>) -> Option<usize> {
    let rank = |backend: &Backend| {
        let likely = LIKELY_PORTS.iter().position(|port| *port == backend.port).unwrap_or(LIKELY_PORTS.len());
        (Some(backend.scheme) != protocol, backend.scheme, likely, backend.port)
    };
    backends.iter().enumerate().min_by_key(|(_, backend)| rank(backend)).map(|(place, _)| place)
}

fn tls_only(port: u16) -> String {
    format!(
        "port {port} speaks TLS, and TLS to containers is not there yet; name a clear port by label {PORT_LABEL}, or what it really speaks by {PROTOCOL_LABEL}"
    )
}

/// Why no port is left.
fn absence(facts: &Facts, label: Option<u16>, reach: &Reach<'_>) -> String {
    let ports = wanted_ports(facts, label);
    match label.or(ports.first().copied()) {
        None => format!("it has no TCP port; publish one, or name one by label {PORT_LABEL}"),
        Some(port) if !reach.unpublished => format!("port {port} is not published, and unpublished ports are switched off"),
        Some(port) => format!("port {port} is not published, and none of its networks can be reached from here"),
    }
}

#[cfg(test)]
mod tests;
