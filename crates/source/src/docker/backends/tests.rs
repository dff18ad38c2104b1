use std::net::{Ipv4Addr, SocketAddr};

use super::super::facts::{Address, Attachment, Binding, Inspected, Port};
use super::super::reach::Place;
use super::*;

/// A container in words: `80` exposes, `80>8080` publishes on all addresses,
/// `80>[::]:1` or `80>10.0.0.1:1` on one; `@net=10.1.0.2` is an address we can
/// reach, `@net!10.1.0.2` one we cannot; `host`, `none`, `in:NAME` are modes;
/// `port=`, `network=`, `protocol=`, `max=` are labels; `inspected:80` is exposed in the image only.
fn container(name: &str, words: &str) -> Facts {
    let mut facts = Facts { id: format!("{name}-id-0123456789"), name: name.to_owned(), ..Facts::default() };
    for word in words.split_whitespace() {
        if let Some(attachment) = word.strip_prefix('@') {
            facts.attachments.push(attached(attachment));
        } else if let Some(port) = word.strip_prefix("port=") {
            facts.labels.insert(PORT_LABEL.to_owned(), port.to_owned());
        } else if let Some(network) = word.strip_prefix("network=") {
            facts.labels.insert(NETWORK_LABEL.to_owned(), network.to_owned());
        } else if let Some(protocol) = word.strip_prefix("protocol=") {
            facts.labels.insert(PROTOCOL_LABEL.to_owned(), protocol.to_owned());
        } else if let Some(max) = word.strip_prefix("max=") {
            facts.labels.insert(MAX_REQUESTS_LABEL.to_owned(), max.to_owned());
        } else if let Some(port) = word.strip_prefix("inspected:") {
            facts.inspected = Some(Inspected { exposed: vec![port.parse().unwrap()], ..Inspected::default() });
        } else if let Some(whose) = word.strip_prefix("in:") {
            facts.mode = NetworkMode::Container(whose.to_owned());
        } else if word == "host" {
            facts.mode = NetworkMode::Host;
        } else if word == "none" {
            facts.mode = NetworkMode::None;
        } else {
            facts.ports.push(port(word));
        }
    }
    facts
}

fn attached(word: &str) -> Attachment {
    let (network, ip) = word.split_once(['=', '!']).unwrap();
    let gateway = Some("10.1.0.1".parse().unwrap());
    let source = if word.contains('=') { gateway } else { Some("192.168.0.7".parse().unwrap()) };
    Attachment { network: network.to_owned(), addresses: vec![Address { ip: ip.parse().unwrap(), gateway, prefix: 16, source }] }
}

fn port(word: &str) -> Port {
    let Some((container, binding)) = word.split_once('>') else { return Port { container: word.parse().unwrap(), published: None } };
    let binding: SocketAddr = binding.parse().unwrap_or_else(|_| SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), binding.parse().unwrap()));
    Port { container: container.parse().unwrap(), published: Some(Binding { ip: binding.ip(), port: binding.port() }) }
}

fn shown(backends: &Backends) -> String {
    let mut words = Vec::new();
    if let Some((main, firm, others)) = &backends.ports {
        let scheme = if main.scheme == Scheme::H2c { "h2c://" } else { "" };
        let max = |backend: &Backend| backend.max_requests.map(|max| format!("<{max}")).unwrap_or_default();
        words.push(format!("{}{}={scheme}{}{}", if *firm { "firm " } else { "" }, main.port, main.address, max(main)));
        words.extend(others.iter().map(|other| format!("{}={}{}", other.port, other.address, max(other))));
    }
    words.extend(backends.absence.iter().chain(&backends.problems).map(|text| format!("! {text}")));
    words.join(" ")
}

/// What the container comes to beside a neighbour `other`, which has 10.1.0.9 in `front` and publishes 9000 at 19000.
fn backends(words: &str, engine: Place, published_at: Option<&str>, unpublished: bool) -> String {
    let containers = [container("box", words), container("other", "@front=10.1.0.9 9000>19000"), container("hostly", "host")];
    let published_at = published_at.map(|ip| ip.parse().unwrap());
    let reach = Reach { engine, published_at, container_addresses: None, unpublished, own_container: None, containers: &containers };
    shown(&backends_of(&containers[0], &reach))
}

#[track_caller]
fn here(words: &str, expected: &str) {
    assert_eq!(backends(words, Place::Here, None, true), expected, "{words}");
}

#[track_caller]
fn remote(words: &str, expected: &str) {
    assert_eq!(backends(words, Place::At("192.0.2.7".parse().unwrap()), None, true), expected, "{words}");
}

#[test]
fn the_main_port_is_the_likeliest_one() {
    here("@n=10.1.0.2 8080 80 443", "80=10.1.0.2:80 443=10.1.0.2:443 8080=10.1.0.2:8080");
    here("@n=10.1.0.2 3000 8000 8080", "8080=10.1.0.2:8080 3000=10.1.0.2:3000 8000=10.1.0.2:8000");
    here("@n=10.1.0.2 9000 3000 8000", "8000=10.1.0.2:8000 3000=10.1.0.2:3000 9000=10.1.0.2:9000");
    here("@n=10.1.0.2 3000 1000", "3000=10.1.0.2:3000 1000=10.1.0.2:1000");
    here("@n=10.1.0.2 5001 5000", "5000=10.1.0.2:5000 5001=10.1.0.2:5001");
    here("@n=10.1.0.2 443 9000", "9000=10.1.0.2:9000 443=10.1.0.2:443");
    here("@n=10.1.0.2 6379", "6379=10.1.0.2:6379");
}

#[test]
fn a_label_makes_a_port_the_main_one_for_good() {
    here("@n=10.1.0.2 80 9000 port=9000", "firm 9000=10.1.0.2:9000 80=10.1.0.2:80");
    here("@n=10.1.0.2 port=9000", "firm 9000=10.1.0.2:9000");
    here("@n=10.1.0.2 80>8080 port=9000/tcp", "firm 9000=10.1.0.2:9000 80=10.1.0.2:80");
    here("@n=10.1.0.2 443 port=443", "firm 443=10.1.0.2:443");
    here("@n=10.1.0.2 80 port=53/udp", "80=10.1.0.2:80 ! label dproxy.port=`53/udp` is no TCP port from 1 to 65535; it is not followed");
    here("@n=10.1.0.2 80 port=0", "80=10.1.0.2:80 ! label dproxy.port=`0` is no TCP port from 1 to 65535; it is not followed");
    here("@n=10.1.0.2 80 port=65536", "80=10.1.0.2:80 ! label dproxy.port=`65536` is no TCP port from 1 to 65535; it is not followed");
    here("@n=10.1.0.2 80 port=web", "80=10.1.0.2:80 ! label dproxy.port=`web` is no TCP port from 1 to 65535; it is not followed");
}

#[test]
fn published_ports_are_the_backends_and_exposed_ones_only_without_any() {
    here("@n=10.1.0.2 80>8080 9000", "80=10.1.0.2:80");
    here("@n=10.1.0.2 80 9000", "80=10.1.0.2:80 9000=10.1.0.2:9000");
    here("@n=10.1.0.2", "! it has no TCP port; publish one, or name one by label dproxy.port");
    let unpublished = |words: &str| backends(words, Place::Here, None, false);
    assert_eq!(unpublished("@n=10.1.0.2 80>8080"), "80=10.1.0.2:80");
    assert_eq!(unpublished("@n=10.1.0.2 80"), "! port 80 is not published, and unpublished ports are switched off");
    assert_eq!(unpublished("@n=10.1.0.2 80>8080 port=9"), "! port 9 is not published, and unpublished ports are switched off");
}

#[test]
fn a_port_that_speaks_tls_by_custom_is_met_with_it() {
    here("@n=10.1.0.2 443 8443", "443=10.1.0.2:443 8443=10.1.0.2:8443");
}

#[test]
fn a_label_says_what_the_main_port_speaks() {
    here("@n=10.1.0.2 50051 9090 port=50051 protocol=grpc", "firm 50051=h2c://10.1.0.2:50051 9090=10.1.0.2:9090");
    here("@n=10.1.0.2 50051 protocol=H2C", "50051=h2c://10.1.0.2:50051");
    here("@n=10.1.0.2 80 443 protocol=h2c", "80=h2c://10.1.0.2:80 443=10.1.0.2:443");
    here("@n=10.1.0.2 443 protocol=http", "443=10.1.0.2:443");
    here("@n=10.1.0.2 80 443 protocol=https", "443=10.1.0.2:443 80=10.1.0.2:80");
    here(
        "@n=10.1.0.2 80 protocol=spdy",
        "80=10.1.0.2:80 ! label dproxy.protocol=`spdy` is none of http, https, h2c and grpc; it is not followed",
    );
}

#[test]
fn an_address_that_cannot_be_reached_gives_way_to_the_published_port() {
    here("@n!10.1.0.2 80>8080", "80=127.0.0.1:8080");
    here("@n!10.1.0.2 80", "! port 80 is not published, and none of its networks can be reached from here. Its networks: `n`");
    here("80>8080", "80=127.0.0.1:8080");
    here("@a!10.1.0.2 @b=10.1.0.3 80>8080", "80=10.1.0.3:80");
    here("@a=10.1.0.2 @b=10.1.0.3 80>8080", "80=10.1.0.2:80");
}

#[test]
fn a_label_picks_the_network_and_is_believed() {
    here("@a=10.1.0.2 @b=10.1.0.3 80 network=b", "80=10.1.0.3:80");
    here("@a=10.1.0.2 @b!10.1.0.3 80 network=b", "80=10.1.0.3:80");
    remote("@a!10.1.0.2 80>8080 network=a", "80=10.1.0.2:80");
    here(
        "@a=10.1.0.2 80 network=c",
        "80=10.1.0.2:80 ! label dproxy.network=`c` names no network that it has an address in; it is not followed. Its networks: `a`",
    );
}

#[test]
fn bindings_to_all_addresses_are_dialled_where_the_operator_says() {
    here("80>0.0.0.0:32771 80>[::]:32768", "80=127.0.0.1:32771");
    here("80>[::]:32768", "80=[::1]:32768");
    here("80>127.0.0.5:1", "80=127.0.0.5:1");
    here("80>10.9.9.9:1", "80=10.9.9.9:1");
    here("80>10.9.9.9:1 80>0.0.0.0:2", "80=127.0.0.1:2");
    remote("80>0.0.0.0:32771 80>[::]:32768", "80=192.0.2.7:32771");
    remote("@n=10.1.0.2 80>1", "80=192.0.2.7:1");
    remote("80>10.9.9.9:1", "80=10.9.9.9:1");
    let at = |address: &str, words: &str| backends(words, Place::Here, Some(address), true);
    assert_eq!(at("172.17.0.1", "80>0.0.0.0:32771 80>[::]:32768"), "80=172.17.0.1:32771");
    assert_eq!(at("172.17.0.1", "80>127.0.0.1:1"), "80=172.17.0.1:1");
    assert_eq!(at("fd00::1", "80>0.0.0.0:32771 80>[::]:32768"), "80=[fd00::1]:32768");
    assert_eq!(at("172.17.0.1", "@n=10.1.0.2 80>1"), "80=10.1.0.2:80");
}

#[test]
fn other_network_modes_are_followed() {
    here("host port=3000", "firm 3000=127.0.0.1:3000");
    here("host inspected:8080", "8080=127.0.0.1:8080");
    here("host inspected:80 port=3000", "firm 3000=127.0.0.1:3000");
    here("host", "! it has no TCP port; publish one, or name one by label dproxy.port");
    remote("host port=3000", "firm 3000=192.0.2.7:3000");
    here("none 80", "! it has no network (`--network none`); attach it to one");
    here("in:other port=81", "firm 81=10.1.0.9:81");
    here("in:other-id-0123456789 inspected:81", "81=10.1.0.9:81");
    remote("in:other port=9000", "firm 9000=192.0.2.7:19000");
    here("in:hostly port=81", "firm 81=127.0.0.1:81");
    here("in:nobody port=81", "! it shares the network of container `nobody`, which is not there");
    here("in:box port=81", "! it shares a network through too many containers");
}

#[test]
fn a_label_says_how_many_requests_each_port_takes() {
    here("@n=10.1.0.2 80 81 max=20", "80=10.1.0.2:80<20 81=10.1.0.2:81<20");
    here("@n=10.1.0.2 80 max=0", "80=10.1.0.2:80<0");
    let bad = |label: &str| {
        let told = format!("! label dproxy.max_requests=`{label}` is no whole number (0 is any number); it is not followed");
        here(&format!("@n=10.1.0.2 80 max={label}"), &format!("80=10.1.0.2:80 {told}"));
    };
    bad("");
    bad("-1");
    bad("+1");
    bad("many");
    bad("1.5");
    bad("4294967296");
}

#[test]
fn a_container_told_to_stop_says_so_on_every_port() {
    let mut facts = container("box", "@n=10.1.0.2 80 81");
    facts.health = Condition::Unhealthy;
    let conditions = |facts: Facts| {
        let containers = [facts];
        let reach = Reach {
            engine: Place::Here,
            published_at: None,
            container_addresses: None,
            unpublished: true,
            own_container: None,
            containers: &containers,
        };
        let (main, _, others) = backends_of(&containers[0], &reach).ports.unwrap();
        (main.condition, others[0].condition)
    };
    assert_eq!(conditions(facts.clone()), (Condition::Unhealthy, Condition::Unhealthy));
    facts.ending = Some(Ending::Stopping);
    assert_eq!(conditions(facts), (Condition::Stopping, Condition::Stopping));
}

#[test]
fn the_choice_of_port_and_address_is_explained() {
    let why = |words: &str| {
        let containers = [container("box", words)];
        let reach = Reach {
            engine: Place::Here,
            published_at: None,
            container_addresses: None,
            unpublished: true,
            own_container: None,
            containers: &containers,
        };
        let reasons = backends_of(&containers[0], &reach).reasons;
        reasons.into_iter().map(|reason| format!("{}: {}", reason.about, reason.text)).collect::<Vec<_>>()
    };
    assert_eq!(
        why("@a=10.1.0.2 @b=10.2.0.2 80 8080"),
        [
            "port: 80 serves the bare host name, as http: the likeliest, where none is the listener's own; `host:port` reaches 8080",
            "address: 10.1.0.2:80: its own in network `a` (it is also in b)"
        ]
    );
    assert_eq!(
        why("@a!10.1.0.2 80>8080"),
        [
            "port: 80 serves the bare host name, as http: it is the only one",
            "address: 127.0.0.1:8080: where the port is published, because none of its networks can be reached from here. Its networks: `a`"
        ]
    );
    assert_eq!(
        why("host port=3000"),
        [
            "port: 3000 serves the bare host name, as http: label dproxy.port",
            "address: 127.0.0.1:3000: it has the network of the engine's machine"
        ]
    );
}
