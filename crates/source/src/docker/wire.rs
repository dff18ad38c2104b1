//! The engine's JSON, read leniently.
//!
//! One odd container, port or event costs only itself: each is decoded on its
//! own, a missing or strange field is missing, and only a container without an
//! id cannot be understood at all.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::time::SystemTime;

use bollard::models::ContainerInspectResponse;
use dproxy_route::{Condition, Problem};
use serde::Deserialize;
use serde_json::Value;

use super::dialects::VARIABLES;
use super::facts::{Address, Attachment, Binding, Facts, Inspected, NetworkMode, Port, Signal, State};

/// What a list of containers says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    pub(super) containers: Vec<Facts>,
    /// The elements that make no sense.
    pub(super) problems: Vec<Problem>,
}

/// What an event means to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Happening {
    /// A container came to life (again).
    Started { id: String },
    /// A container got a signal.
    Signalled { id: String, signal: Signal },
    /// A container's process ended.
    Died { id: String, exit_code: Option<i64> },
    /// A container is no more.
    Destroyed { id: String },
    /// Something else about a container that an inspection may show.
    Changed { id: String },
    /// Something that only a list shows.
    Stirred,
}

impl Listing {
    /// Reads the body of `GET /containers/json`.
    pub(super) fn read(body: &[u8]) -> Result<Listing, serde_json::Error> {
        let elements: Vec<Value> = serde_json::from_slice(body)?;
        let mut listing = Listing::default();
        for element in elements {
            match facts_of(&element) {
                Some(facts) => listing.containers.push(facts),
                None => listing.problems.push(Problem::new("engine", format!("it lists a container without an id: {}", short(&element)))),
            }
        }
        Ok(listing)
    }
}

fn facts_of(element: &Value) -> Option<Facts> {
    let id = text(element, "Id").filter(|id| !id.is_empty())?.to_owned();
    let status = text(element, "Status").unwrap_or_default();
    let mut facts = Facts {
        name: name_of(element, &id),
        image: text(element, "Image").unwrap_or_default().to_owned(),
        state: State::of(text(element, "State").unwrap_or_default()),
        health: health_of(element, status),
        exit_code: exit_code_of(status),
        created: element["Created"].as_u64().unwrap_or_default(),
        labels: strings(&element["Labels"]),
        mode: NetworkMode::of(text(&element["HostConfig"], "NetworkMode").unwrap_or_default()),
        attachments: attachments_of(&element["NetworkSettings"]["Networks"]),
        id,
        ..Facts::default()
    };
    if let State::Other(word) = &facts.state {
        facts.oddities.push(format!("state `{word}` is unknown; nothing is sent there"));
    }
    for port in element["Ports"].as_array().into_iter().flatten() {
        match port_of(port) {
            Ok(port) => facts.ports.extend(port),
            Err(()) => facts.oddities.push(format!("port {} makes no sense", short(port))),
        }
    }
    facts.ports.sort_unstable();
    facts.ports.dedup();
    facts.oddities.sort_unstable();
    Some(facts)
}

/// The one name without a second slash; the others are links.
fn name_of(element: &Value, id: &str) -> String {
    let names = element["Names"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let bare = names.map(|name| name.strip_prefix('/').unwrap_or(name)).filter(|name| !name.is_empty());
    let name = bare.min_by_key(|name| name.contains('/'));
    name.or(id.get(..12)).unwrap_or(id).to_owned()
}

/// `Up 2 minutes (healthy)`; only newest engines have a field for it.
fn health_of(element: &Value, status: &str) -> Condition {
    let field = text(&element["Health"], "Status").unwrap_or_default();
    if status.contains("(unhealthy)") || field == "unhealthy" {
        Condition::Unhealthy
    } else if status.contains("(health: starting)") || field == "starting" {
        Condition::Starting
    } else {
        Condition::Ready
    }
}

/// `Exited (137) 3 seconds ago`.
fn exit_code_of(status: &str) -> Option<i64> {
    let rest = status.strip_prefix("Exited (").or_else(|| status.strip_prefix("Restarting ("))?;
    rest.split_once(')')?.0.parse().ok()
}

fn attachments_of(networks: &Value) -> Vec<Attachment> {
    let networks = networks.as_object().into_iter().flatten();
    let mut attachments: Vec<Attachment> = networks
        .map(|(network, place)| Attachment {
            network: network.clone(),
            addresses: [
                address_of(place, "IPAddress", "Gateway", "IPPrefixLen"),
                address_of(place, "GlobalIPv6Address", "IPv6Gateway", "GlobalIPv6PrefixLen"),
            ]
            .into_iter()
            .flatten()
            .collect(),
        })
        .collect();
    attachments.sort_unstable_by(|one, other| one.network.cmp(&other.network));
    attachments
}

fn address_of(place: &Value, ip: &str, gateway: &str, prefix: &str) -> Option<Address> {
    Some(Address {
        ip: text(place, ip)?.parse().ok()?,
        gateway: text(place, gateway).and_then(|gateway| gateway.parse().ok()),
        prefix: place[prefix].as_u64().and_then(|length| u8::try_from(length).ok()).unwrap_or_default(),
        source: None,
    })
}

/// A TCP port; nothing where it is of another protocol.
fn port_of(port: &Value) -> Result<Option<Port>, ()> {
    match text(port, "Type") {
        Some("tcp") | None => {}
        Some(_) => return Ok(None),
    }
    let container = number(&port["PrivatePort"])?.ok_or(())?;
    let published = match number(&port["PublicPort"])? {
        None => None,
        Some(public) => {
            // Podman leaves the address out where Docker writes `0.0.0.0`.
            let ip = match text(port, "IP") {
                None | Some("") => Ipv4Addr::UNSPECIFIED.into(),
                Some(ip) => ip.trim_matches(['[', ']']).parse::<IpAddr>().map_err(|_| ())?,
            };
            Some(Binding { ip, port: public })
        }
    };
    Ok(Some(Port { container, published }))
}

/// A port number; zero and nothing mean none.
fn number(value: &Value) -> Result<Option<u16>, ()> {
    if value.is_null() {
        return Ok(None);
    }
    let number = value.as_u64().and_then(|number| u16::try_from(number).ok()).ok_or(())?;
    Ok((number != 0).then_some(number))
}

impl Inspected {
    /// What `GET /containers/ID/json` adds to a list.
    pub(super) fn of(answer: ContainerInspectResponse) -> Inspected {
        let config = answer.config.unwrap_or_default();
        let state = answer.state.unwrap_or_default();
        let ports = config.exposed_ports.unwrap_or_default();
        let mut exposed: Vec<u16> = ports.iter().filter_map(|port| tcp_port(port)).collect();
        exposed.sort_unstable();
        Inspected {
            created: answer.created.as_deref().and_then(moment),
            hostname: config.hostname.unwrap_or_default(),
            domainname: config.domainname.unwrap_or_default(),
            virtual_host: meant_for_proxies(&config.env.unwrap_or_default()),
            exposed,
            running: state.running.unwrap_or_default(),
            finished: state.finished_at.as_deref().and_then(moment),
            stop_signal: config.stop_signal.as_deref().and_then(Signal::of).unwrap_or_default(),
            pid: state.pid.and_then(|pid| i32::try_from(pid).ok()).filter(|pid| *pid > 0),
        }
    }
}

/// What the environment says to nginx-proxy.
fn meant_for_proxies(environment: &[String]) -> BTreeMap<&'static str, String> {
    let said = environment.iter().filter_map(|variable| variable.split_once('='));
    let said = said.filter_map(|(name, value)| Some((VARIABLES.into_iter().find(|known| *known == name)?, value.to_owned())));
    said.collect()
}

/// `80/tcp` or `80`.
fn tcp_port(text: &str) -> Option<u16> {
    text.strip_suffix("/tcp").unwrap_or(text).parse().ok().filter(|port| *port != 0)
}

/// A moment as engines write it; `0001-01-01T00:00:00Z` stands for never.
fn moment(text: &str) -> Option<SystemTime> {
    let moment: jiff::Timestamp = text.parse().ok()?;
    (moment > jiff::Timestamp::UNIX_EPOCH).then(|| moment.into())
}

/// An event, as far as it matters here. The fields `status`, `id` and `from` of
/// old engines are not read: newest engines have dropped them.
#[derive(Debug, Deserialize)]
struct Event {
    #[serde(rename = "Type", default)]
    kind: Value,
    #[serde(rename = "Action", default)]
    action: Value,
    #[serde(rename = "Actor", default)]
    actor: Value,
}

impl Happening {
    /// Reads one line of `GET /events`; nothing where it does not matter to us.
    pub(super) fn read(line: &[u8]) -> Result<Option<Happening>, serde_json::Error> {
        let event: Event = serde_json::from_slice(line)?;
        let attributes = &event.actor["Attributes"];
        let action = event.action.as_str().unwrap_or_default();
        Ok(match event.kind.as_str() {
            Some("container") => match text(&event.actor, "ID").filter(|id| !id.is_empty()) {
                Some(id) => of_container(action, id.to_owned(), attributes),
                None => Some(Happening::Stirred),
            },
            Some("network") => match (action, text(attributes, "container")) {
                ("connect" | "disconnect", Some(id)) => Some(Happening::Changed { id: id.to_owned() }),
                _ => Some(Happening::Stirred),
            },
            _ => None,
        })
    }
}

fn of_container(action: &str, id: String, attributes: &Value) -> Option<Happening> {
    // `health_status: healthy`
    let (action, _) = action.split_once(':').unwrap_or((action, ""));
    match action {
        "start" => Some(Happening::Started { id }),
        "kill" => match text(attributes, "signal").and_then(Signal::of) {
            Some(signal) => Some(Happening::Signalled { id, signal }),
            None => Some(Happening::Stirred),
        },
        "die" => Some(Happening::Died { id, exit_code: text(attributes, "exitCode").and_then(|code| code.parse().ok()) }),
        // Podman's word is `remove`.
        "destroy" | "remove" => Some(Happening::Destroyed { id }),
        "create" | "stop" | "restart" | "rename" | "update" | "oom" | "unpause" => Some(Happening::Changed { id }),
        "pause" | "health_status" | "cleanup" => Some(Happening::Stirred),
        // exec_start, attach, top …: they come by the thousand where an engine does not filter.
        _ => None,
    }
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value[key].as_str()
}

fn strings(object: &Value) -> HashMap<String, String> {
    let pairs = object.as_object().into_iter().flatten();
    pairs.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// Enough of a value to find it again.
fn short(value: &Value) -> String {
    value.to_string().chars().take(120).collect()
}

#[cfg(test)]
mod tests;
