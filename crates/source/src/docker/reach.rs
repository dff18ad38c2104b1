//! At which addresses the ports of a container can be reached from here.
//!
//! | dproxy is | a container is dialled at |
//! |---|---|
//! | on the engine's machine | its address in a network whose bridge is here, else a published port on loopback |
//! | in a container of the engine | its address in a network that both share, else a published port at the gateway |
//! | elsewhere | a published port at the engine's address, or its own address where the operator says so |

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::backends::NETWORK_LABEL;
use super::facts::{Address, Attachment, Binding, Facts, NetworkMode, Port};

/// How far `container:X` is followed; engines do not make longer chains.
const MAX_CHAIN: usize = 4;

/// Where the engine is, and what that means for its containers' addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// On this machine: its bridges are ours.
    Here,
    /// Behind this address.
    At(IpAddr),
}

/// What decides how containers are dialled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach<'s> {
    pub(super) engine: Place,
    /// Where published ports are reachable, where the operator said so.
    pub(super) published_at: Option<IpAddr>,
    /// Whether containers are dialled at their own addresses, where the operator said so.
    pub(super) container_addresses: Option<bool>,
    /// Whether ports that are not published are reached at the container's own address.
    pub(super) unpublished: bool,
    /// The id of the container that we are in ourselves, whichever engine's it is.
    pub(super) own_container: Option<&'s str>,
    /// All containers, for those that share a network with others.
    pub(super) containers: &'s [Facts],
}

/// How the ports of one container are dialled.
#[derive(Debug)]
pub(super) enum Way<'f> {
    /// On the machine's own network.
    Machine(IpAddr),
    /// At its own address, where one can be reached, else where a port is published.
    Container {
        /// The network it was chosen from, and the address there.
        own: Option<(&'f str, IpAddr)>,
        /// Those of the container whose network it is.
        ports: &'f [Port],
    },
}

/// Where we are, as an engine's containers see it.
#[derive(Clone, Copy, Debug)]
enum Standpoint<'f> {
    /// On the engine's machine.
    Machine,
    /// In this container of the engine, which has networks of its own.
    Inside(&'f Facts),
    /// On another machine than the engine, which is behind this address.
    Afar(IpAddr),
}

impl Way<'_> {
    /// The container's own address, where one can be reached.
    pub(super) fn own_address(&self) -> Option<IpAddr> {
        match self {
            Way::Machine(_) | Way::Container { own: None, .. } => None,
            Way::Container { own: Some((_, ip)), .. } => Some(*ip),
        }
    }
}

impl<'s> Reach<'s> {
    /// The way to the container that `facts` are about; what is wrong with its labels goes to `problems`.
    pub(super) fn way_to(&self, facts: &'s Facts, problems: &mut Vec<String>) -> Result<Way<'s>, String> {
        let housing = self.housing(facts)?;
        match &housing.mode {
            NetworkMode::Host => Ok(Way::Machine(self.machine())),
            NetworkMode::None => Err("it has no network (`--network none`); attach it to one".to_owned()),
            NetworkMode::Networks | NetworkMode::Container(_) => {
                Ok(Way::Container { own: self.own_address(facts, housing, problems), ports: &housing.ports })
            }
        }
    }

    /// Where `port` is dialled; none where it cannot be reached.
    pub(super) fn address_of(&self, way: &Way<'_>, port: u16) -> Option<SocketAddr> {
        match way {
            Way::Machine(ip) => Some(SocketAddr::new(*ip, port)),
            Way::Container { own, ports } => {
                let bindings = ports.iter().filter(|published| published.container == port).filter_map(|published| published.published);
                let bindings: Vec<Binding> = bindings.collect();
                let own = own.filter(|_| !bindings.is_empty() || self.unpublished).map(|(_, ip)| SocketAddr::new(ip, port));
                own.or_else(|| self.published(&bindings))
            }
        }
    }

    /// The container whose network `facts` have: itself, or the end of a chain of `container:X`.
    fn housing(&self, facts: &'s Facts) -> Result<&'s Facts, String> {
        let mut housing = facts;
        for _ in 0..MAX_CHAIN {
            let NetworkMode::Container(whose) = &housing.mode else { return Ok(housing) };
            let Some(other) = self.find(whose) else {
                return Err(format!("it shares the network of container `{whose}`, which is not there"));
            };
            housing = other;
        }
        Err("it shares a network through too many containers".to_owned())
    }

    fn find(&self, whose: &str) -> Option<&'s Facts> {
        self.containers.iter().find(|facts| facts.id == whose || facts.name == whose)
    }

    /// Where we are. Whether we are in a container of this engine counts more than the way to the engine: a proxy for
    /// its socket is an engine behind TCP, but no other machine.
    fn standpoint(&self) -> Standpoint<'s> {
        let inside = self.own_container.and_then(|id| self.containers.iter().find(|facts| facts.id.starts_with(id)));
        match (inside.map(|facts| self.housing(facts)), self.engine) {
            (Some(Ok(housing)), _) if housing.mode == NetworkMode::Host => Standpoint::Machine,
            (Some(Ok(housing)), _) => Standpoint::Inside(housing),
            (Some(Err(_)) | None, Place::Here) => Standpoint::Machine,
            (Some(Err(_)) | None, Place::At(ip)) => Standpoint::Afar(ip),
        }
    }

    /// The network and address of `housing` to dial; a network named by a label of `facts` is believed to be reachable.
    fn own_address(&self, facts: &Facts, housing: &'s Facts, problems: &mut Vec<String>) -> Option<(&'s str, IpAddr)> {
        if let Some(name) = facts.labels.get(NETWORK_LABEL).map(|name| name.trim()) {
            let labelled = attachment(housing, name).and_then(|attachment| pair(attachment, attachment.addresses.first()));
            if labelled.is_some() {
                return labelled;
            }
            let told = format!(
                "label {NETWORK_LABEL}=`{name}` names no network that it has an address in; it is not followed. {}",
                networks_of(housing)
            );
            problems.push(told);
        }
        let first = |good: &dyn Fn(&Attachment, &Address) -> bool| {
            housing.attachments.iter().find_map(|attachment| {
                let address = attachment.addresses.iter().find(|address| good(attachment, address));
                pair(attachment, address)
            })
        };
        match (self.container_addresses, self.standpoint()) {
            (Some(false), _) | (None, Standpoint::Afar(_)) => None,
            (Some(true) | None, Standpoint::Machine) => first(&|_, address| is_of_a_bridge_here(address)),
            (Some(true) | None, Standpoint::Inside(own)) => first(&|attachment, _| self::attachment(own, &attachment.network).is_some()),
            (Some(true), Standpoint::Afar(_)) => first(&|_, _| true),
        }
    }

    /// Where the engine's machine itself is reached.
    fn machine(&self) -> IpAddr {
        self.published_at.unwrap_or(match self.standpoint() {
            Standpoint::Machine => Ipv4Addr::LOCALHOST.into(),
            Standpoint::Inside(own) => gateway(own).unwrap_or(Ipv4Addr::LOCALHOST.into()),
            Standpoint::Afar(ip) => ip,
        })
    }

    /// Where a port with these bindings is dialled: at one of the right family if there is any, because `-p 80` gives
    /// IPv4 and IPv6 different ports.
    fn published(&self, bindings: &[Binding]) -> Option<SocketAddr> {
        let v6 = self.machine().is_ipv6();
        let dialled = bindings.iter().filter_map(|binding| Some((binding.ip.is_ipv6() != v6, *binding, self.dialled(*binding)?)));
        dialled.min().map(|(_, _, address)| address)
    }

    /// Where a binding is dialled. The loopback of another machine is out of reach, unless the operator says where it is.
    fn dialled(&self, binding: Binding) -> Option<SocketAddr> {
        let machine = self.machine();
        let ip = match (binding.ip, self.published_at, self.standpoint()) {
            (ip, _, _) if !ip.is_unspecified() && !ip.is_loopback() => ip,
            (_, Some(at), _) => at,
            (ip, None, Standpoint::Machine) if ip.is_loopback() => ip,
            (ip, None, Standpoint::Machine) if ip.is_ipv6() => Ipv6Addr::LOCALHOST.into(),
            (_, None, Standpoint::Machine) => machine,
            (ip, None, Standpoint::Inside(_) | Standpoint::Afar(_)) if ip.is_loopback() && !machine.is_loopback() => return None,
            (_, None, Standpoint::Inside(_) | Standpoint::Afar(_)) => machine,
        };
        Some(SocketAddr::new(ip, binding.port))
    }
}

/// The networks of a container, in words.
pub(super) fn networks_of(facts: &Facts) -> String {
    let names: Vec<String> = facts.attachments.iter().map(|attachment| format!("`{}`", attachment.network)).collect();
    if names.is_empty() { "It has no network".to_owned() } else { format!("Its networks: {}", names.join(", ")) }
}

fn attachment<'f>(facts: &'f Facts, network: &str) -> Option<&'f Attachment> {
    facts.attachments.iter().find(|attachment| attachment.network == network)
}

fn pair<'f>(attachment: &'f Attachment, address: Option<&Address>) -> Option<(&'f str, IpAddr)> {
    address.map(|address| (attachment.network.as_str(), address.ip))
}

/// The machine as a container sees it.
fn gateway(facts: &Facts) -> Option<IpAddr> {
    facts.attachments.iter().flat_map(|attachment| &attachment.addresses).find_map(|address| address.gateway)
}

/// Whether this machine carries the bridge of the network that the address is in.
fn is_of_a_bridge_here(address: &Address) -> bool {
    let Some(source) = address.source else { return false };
    match address.gateway {
        Some(gateway) => gateway == source,
        // The bridge of an `--internal` network has an address, but is nobody's gateway.
        None => same_network(source, address.ip, address.prefix),
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

#[cfg(test)]
mod tests;
