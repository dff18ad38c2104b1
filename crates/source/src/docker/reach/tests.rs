use std::collections::HashMap;

use super::*;

/// A container in words: `80>8080` publishes on all addresses, `80>127.0.0.1:1` on one; `@net=10.1.0.2/10.1.0.1` is an
/// address and the gateway; `host`, `in:NAME` are modes; `network=` is the label.
fn container(name: &str, words: &str) -> Facts {
    let mut facts = Facts { id: id(name), name: name.to_owned(), labels: HashMap::new(), ..Facts::default() };
    for word in words.split_whitespace() {
        if let Some((network, addresses)) = word.strip_prefix('@').and_then(|word| word.split_once('=')) {
            let (ip, gateway) = addresses.split_once('/').unwrap();
            let address = Address { ip: ip.parse().unwrap(), gateway: gateway.parse().ok(), prefix: 24, source: None };
            facts.attachments.push(Attachment { network: network.to_owned(), addresses: vec![address] });
        } else if let Some(name) = word.strip_prefix("network=") {
            facts.labels.insert(NETWORK_LABEL.to_owned(), name.to_owned());
        } else if let Some(whose) = word.strip_prefix("in:") {
            facts.mode = NetworkMode::Container(whose.to_owned());
        } else if word == "host" {
            facts.mode = NetworkMode::Host;
        } else {
            let (port, binding) = word.split_once('>').unwrap();
            let binding = binding.parse().unwrap_or_else(|_| SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), binding.parse().unwrap()));
            let published = Some(Binding { ip: binding.ip(), port: binding.port() });
            facts.ports.push(Port { container: port.parse().unwrap(), published });
        }
    }
    facts
}

fn id(name: &str) -> String {
    format!("{name}-id-0123456789")
}

/// Where we look from.
#[derive(Clone, Copy)]
struct From<'w> {
    engine: Option<&'w str>,
    published_at: Option<&'w str>,
    container_addresses: Option<bool>,
    /// What the container is like that we are in.
    inside: Option<&'w str>,
}

const MACHINE: From<'_> = From { engine: None, published_at: None, container_addresses: None, inside: None };

/// Where port 80 of a container is dialled.
#[track_caller]
fn check(from: From<'_>, words: &str, expected: &str) {
    let containers = [container("box", words), container("self", from.inside.unwrap_or_default()), container("hostly", "host")];
    let own = id("self");
    let reach = Reach {
        engine: from.engine.map_or(Place::Here, |ip| Place::At(ip.parse().unwrap())),
        published_at: from.published_at.map(|ip| ip.parse().unwrap()),
        container_addresses: from.container_addresses,
        unpublished: true,
        own_container: from.inside.map(|_| own.get(..12).unwrap()),
        containers: &containers,
    };
    let mut problems = Vec::new();
    let address = match reach.way_to(&containers[0], &mut problems) {
        Ok(way) => reach.address_of(&way, 80).map_or_else(|| "-".to_owned(), |address| address.to_string()),
        Err(why) => why,
    };
    let shown: Vec<String> = std::iter::once(address).chain(problems).collect();
    assert_eq!(shown.join(" ! "), expected, "{words}");
}

#[test]
fn inside_a_container_the_first_shared_network_by_name_is_used() {
    let inside = |own| From { inside: Some(own), ..MACHINE };
    let one = inside("@front=10.1.0.9/10.1.0.1");
    check(one, "@front=10.1.0.2/10.1.0.1", "10.1.0.2:80");
    check(one, "@back=10.2.0.2/10.2.0.1 @front=10.1.0.2/10.1.0.1", "10.1.0.2:80");
    check(one, "@front=fd00::2/fd00::1", "[fd00::2]:80");
    check(inside("@a=10.1.0.9/10.1.0.1 @b=10.2.0.9/10.2.0.1"), "@a=10.1.0.2/10.1.0.1 @b=10.2.0.2/10.2.0.1", "10.1.0.2:80");
    check(one, "@back=10.2.0.2/10.2.0.1", "-");
    check(one, "@back=10.2.0.2/10.2.0.1 network=back", "10.2.0.2:80");
    check(one, "in:self", "10.1.0.9:80");
}

#[test]
fn inside_a_container_published_ports_are_at_the_gateway() {
    let inside = From { inside: Some("@front=10.1.0.9/10.1.0.1"), ..MACHINE };
    check(inside, "@back=10.2.0.2/10.2.0.1 80>8080", "10.1.0.1:8080");
    check(inside, "@back=10.2.0.2/10.2.0.1 80>127.0.0.1:8080", "-");
    check(inside, "@back=10.2.0.2/10.2.0.1 80>127.0.0.1:8080 80>192.0.2.9:81", "192.0.2.9:81");
    check(inside, "host", "10.1.0.1:80");
    let told = From { published_at: Some("192.0.2.1"), ..inside };
    check(told, "@back=10.2.0.2/10.2.0.1 80>127.0.0.1:8080", "192.0.2.1:8080");
    check(told, "host", "192.0.2.1:80");
}

#[test]
fn a_proxy_for_the_socket_is_no_other_machine() {
    let inside = From { engine: Some("10.1.0.7"), inside: Some("@front=10.1.0.9/10.1.0.1"), ..MACHINE };
    check(inside, "@front=10.1.0.2/10.1.0.1", "10.1.0.2:80");
    check(inside, "@back=10.2.0.2/10.2.0.1 80>8080", "10.1.0.1:8080");
    let on_host_network = From { engine: Some("127.0.0.1"), inside: Some("host"), ..MACHINE };
    check(on_host_network, "80>8080", "127.0.0.1:8080");
}

#[test]
fn another_machine_is_reached_at_its_published_ports() {
    let afar = From { engine: Some("192.0.2.7"), ..MACHINE };
    check(afar, "@n=10.1.0.2/10.1.0.1 80>8080", "192.0.2.7:8080");
    check(afar, "@n=10.1.0.2/10.1.0.1", "-");
    check(afar, "80>127.0.0.1:8080", "-");
    check(afar, "80>127.0.0.1:8080 80>8081", "192.0.2.7:8081");
    check(From { published_at: Some("192.0.2.8"), ..afar }, "80>8080", "192.0.2.8:8080");
    check(From { published_at: Some("192.0.2.8"), ..afar }, "80>127.0.0.1:8080", "192.0.2.8:8080");
    check(From { container_addresses: Some(true), ..afar }, "@n=10.1.0.2/10.1.0.1 80>8080", "10.1.0.2:80");
    // An engine behind loopback may be here or behind a tunnel: only what is published can be right.
    check(From { engine: Some("127.0.0.1"), ..MACHINE }, "@n=10.1.0.2/10.1.0.1 80>127.0.0.1:8080", "127.0.0.1:8080");
}

#[test]
fn a_socket_that_leads_elsewhere_can_be_said_to() {
    let elsewhere = From { container_addresses: Some(false), ..MACHINE };
    check(elsewhere, "@n=10.1.0.2/10.1.0.1 80>8080", "127.0.0.1:8080");
    check(From { published_at: Some("192.0.2.8"), ..elsewhere }, "@n=10.1.0.2/10.1.0.1 80>8080", "192.0.2.8:8080");
}

#[test]
fn a_label_that_names_no_network_is_told_with_those_there_are() {
    let told = "label dproxy.network=`c` names no network that it has an address in; it is not followed.";
    check(MACHINE, "@a=10.1.0.2/10.1.0.1 @b=10.2.0.2/10.2.0.1 80>1 network=c", &format!("127.0.0.1:1 ! {told} Its networks: `a`, `b`"));
    check(MACHINE, "80>1 network=c", &format!("127.0.0.1:1 ! {told} It has no network"));
}

#[test]
fn an_address_is_of_a_bridge_here_or_not() {
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    let check = |gateway: &str, source: &str| {
        is_of_a_bridge_here(&Address { ip: ip("10.1.0.2"), gateway: gateway.parse().ok(), prefix: 16, source: source.parse().ok() })
    };
    assert!(check("10.1.0.1", "10.1.0.1"), "we carry the bridge");
    assert!(!check("10.1.0.1", "192.168.0.7"), "through a router");
    assert!(check("", "10.1.0.1"), "the bridge of an internal network");
    assert!(!check("", "10.2.0.1"), "another network");
    assert!(!check("10.1.0.1", ""), "no way at all");
}
