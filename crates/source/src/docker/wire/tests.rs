use serde_json::json;

use super::*;

fn listing(elements: &Value) -> Listing {
    Listing::read(elements.to_string().as_bytes()).unwrap()
}

/// A container as an engine lists it, with this much more or other.
fn element(other: Value) -> Value {
    let mut element = json!({
        "Id": "0123456789abcdef", "Names": ["/web"], "Image": "shop:1", "State": "running", "Status": "Up 2 minutes",
        "Labels": {"a": "b"}, "HostConfig": {"NetworkMode": "default"},
        "Ports": [{"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"}],
        "NetworkSettings": {"Networks": {"bridge": {"IPAddress": "172.17.0.2", "Gateway": "172.17.0.1", "IPPrefixLen": 16}}},
    });
    let Value::Object(other) = other else { return other };
    element.as_object_mut().unwrap().extend(other);
    element
}

fn facts(other: Value) -> Facts {
    listing(&json!([element(other)])).containers.remove(0)
}

#[test]
fn a_container_is_read_as_engines_list_it() {
    let facts = facts(json!({}));
    assert_eq!((facts.id.as_str(), facts.name.as_str(), facts.image.as_str()), ("0123456789abcdef", "web", "shop:1"));
    assert_eq!((&facts.state, facts.health, facts.exit_code), (&State::Running, Condition::Ready, None));
    assert_eq!(facts.ports, [Port { container: 80, published: Some(Binding { ip: Ipv4Addr::UNSPECIFIED.into(), port: 8080 }) }]);
    assert_eq!(facts.attachments[0].network, "bridge");
    assert_eq!(facts.attachments[0].addresses[0].ip.to_string(), "172.17.0.2");
    assert_eq!(facts.labels["a"], "b");
    assert!(facts.oddities.is_empty());
}

#[test]
fn status_words_tell_health_and_exit_code() {
    let check = |status: &str, health: Condition, exit_code: Option<i64>| {
        let facts = facts(json!({"Status": status}));
        assert_eq!((facts.health, facts.exit_code), (health, exit_code), "{status}");
    };
    check("Up 2 minutes (healthy)", Condition::Ready, None);
    check("Up 2 minutes (unhealthy)", Condition::Unhealthy, None);
    check("Up 2 seconds (health: starting)", Condition::Starting, None);
    check("Up 2 minutes (Paused)", Condition::Ready, None);
    check("Exited (137) 3 seconds ago", Condition::Ready, Some(137));
    check("Restarting (-1) 3 seconds ago", Condition::Ready, Some(-1));
    check("Exited (oh", Condition::Ready, None);
    check("", Condition::Ready, None);
    assert_eq!(facts(json!({"Health": {"Status": "unhealthy"}})).health, Condition::Unhealthy);
    assert_eq!(facts(json!({"Health": {"Status": "none"}})).health, Condition::Ready);
}

#[test]
fn the_name_is_the_one_that_is_no_link() {
    let name = |names: Value| facts(json!({"Names": names})).name;
    assert_eq!(name(json!(["/other/alias", "/web"])), "web");
    assert_eq!(name(json!(["web"])), "web");
    assert_eq!(name(json!([])), "0123456789ab");
    assert_eq!(name(json!(null)), "0123456789ab");
    assert_eq!(name(json!([7, "/"])), "0123456789ab");
}

#[test]
fn an_odd_port_costs_only_itself() {
    let good = json!({"PrivatePort": 80, "Type": "tcp"});
    let check = |port: Value, oddities: usize, ports: usize| {
        let facts = facts(json!({"Ports": [port, good.clone()]}));
        assert_eq!((facts.oddities.len(), facts.ports.len()), (oddities, ports), "{port}");
    };
    check(json!({"PrivatePort": 53, "Type": "udp"}), 0, 1);
    check(json!({"PrivatePort": 53, "Type": "quic"}), 0, 1);
    check(json!({"PrivatePort": 81, "Type": "tcp", "PublicPort": 0}), 0, 2);
    check(json!({"PrivatePort": 81}), 0, 2);
    check(json!({"PrivatePort": 81, "PublicPort": 1, "IP": ""}), 0, 2);
    check(json!({"PrivatePort": 81, "PublicPort": 1, "IP": "::"}), 0, 2);
    check(json!({"PrivatePort": 81, "PublicPort": 1, "IP": "somewhere"}), 1, 1);
    check(json!({"PrivatePort": 65536}), 1, 1);
    check(json!({"PrivatePort": 80.5}), 1, 1);
    check(json!({"PrivatePort": "80"}), 1, 1);
    check(json!({"PublicPort": 80}), 1, 1);
    check(json!("80/tcp"), 1, 1);
    check(json!(null), 1, 1);
}

#[test]
fn fields_that_are_missing_or_strange_cost_only_themselves() {
    for field in ["Names", "Image", "Status", "Labels", "HostConfig", "Ports", "NetworkSettings"] {
        for strange in [json!(null), json!(7), json!("x"), json!([1]), json!({"Networks": {"n": null}})] {
            assert_eq!(facts(json!({field: strange})).state, State::Running, "{field}");
        }
    }
    let odd = facts(json!({"State": "dreaming"}));
    assert_eq!(odd.oddities, ["state `dreaming` is unknown; nothing is sent there"]);
}

#[test]
fn a_container_without_an_id_does_not_cost_the_list() {
    for odd in [json!(null), json!(7), json!({}), json!({"Id": 7}), json!({"Id": ""})] {
        let listing = listing(&json!([odd, element(json!({}))]));
        assert_eq!((listing.containers.len(), listing.problems.len()), (1, 1), "{odd}");
    }
    assert!(Listing::read(b"{}").is_err());
    assert!(Listing::read(b"[{").is_err());
    assert_eq!(Listing::read(b"[]").unwrap(), Listing::default());
}

#[test]
fn ports_in_another_order_are_the_same_ports() {
    let one = json!({"PrivatePort": 80, "Type": "tcp"});
    let other = json!({"PrivatePort": 81, "PublicPort": 1, "Type": "tcp"});
    assert_eq!(facts(json!({"Ports": [one, other]})), facts(json!({"Ports": [other, one, other]})));
}

#[test]
fn network_modes_are_told_apart() {
    let mode = |word: &str| facts(json!({"HostConfig": {"NetworkMode": word}})).mode;
    assert_eq!(mode("default"), NetworkMode::Networks);
    assert_eq!(mode("front"), NetworkMode::Networks);
    assert_eq!(mode("host"), NetworkMode::Host);
    assert_eq!(mode("none"), NetworkMode::None);
    assert_eq!(mode("container:abc"), NetworkMode::Container("abc".to_owned()));
}

#[test]
fn both_families_of_an_attachment_are_read() {
    let place = json!({"IPAddress": "10.0.0.2", "GlobalIPv6Address": "fd00::2", "IPv6Gateway": "fd00::1", "GlobalIPv6PrefixLen": 64});
    let facts = facts(json!({"NetworkSettings": {"Networks": {"b": place, "a": {"IPAddress": ""}}}}));
    let networks: Vec<&str> = facts.attachments.iter().map(|attachment| attachment.network.as_str()).collect();
    assert_eq!(networks, ["a", "b"]);
    assert!(facts.attachments[0].addresses.is_empty());
    let ips: Vec<String> = facts.attachments[1].addresses.iter().map(|address| address.ip.to_string()).collect();
    assert_eq!(ips, ["10.0.0.2", "fd00::2"]);
}

#[track_caller]
fn event(line: &Value, expected: Option<Happening>) {
    assert_eq!(Happening::read(line.to_string().as_bytes()).unwrap(), expected, "{line}");
}

#[test]
fn events_mean_what_they_say() {
    let id = || "abc".to_owned();
    let of = |action: &str| json!({"Type": "container", "Action": action, "Actor": {"ID": "abc", "Attributes": {"signal": "15", "exitCode": "137"}}});
    event(&of("start"), Some(Happening::Started { id: id() }));
    event(&of("kill"), Some(Happening::Signalled { id: id(), signal: Signal::TERM }));
    event(&of("die"), Some(Happening::Died { id: id(), exit_code: Some(137) }));
    event(&of("destroy"), Some(Happening::Destroyed { id: id() }));
    event(&of("remove"), Some(Happening::Destroyed { id: id() }));
    event(&of("rename"), Some(Happening::Changed { id: id() }));
    event(&of("health_status: healthy"), Some(Happening::Stirred));
    event(&of("pause"), Some(Happening::Stirred));
    event(&of("exec_start: /bin/sh -c x"), None);
    event(&of("top"), None);
    event(&json!({"Type": "container", "Action": "die", "Actor": {"ID": "abc"}}), Some(Happening::Died { id: id(), exit_code: None }));
    event(&json!({"Type": "container", "Action": "kill", "Actor": {"ID": "abc"}}), Some(Happening::Stirred));
    let network = |attributes: Value| json!({"Type": "network", "Action": "connect", "Actor": {"ID": "net", "Attributes": attributes}});
    event(&network(json!({"container": "abc"})), Some(Happening::Changed { id: id() }));
    event(&network(json!({})), Some(Happening::Stirred));
}

#[test]
fn odd_events_are_no_events() {
    event(&json!({"Type": "pod", "Action": "start"}), None);
    event(&json!({}), None);
    event(&json!({"Type": 7, "Action": []}), None);
    event(&json!({"Type": "container", "Action": 7, "Actor": {"ID": "abc"}}), None);
    event(&json!({"Type": "container", "Action": "start", "Actor": null}), Some(Happening::Stirred));
    assert!(Happening::read(b"no json").is_err());
}

#[test]
fn an_inspection_gives_what_a_list_does_not() {
    const CREATED: &str = "2026-01-02T03:04:01.234567890Z";
    let answer = |state: Value| {
        let config = json!({"Hostname": "web", "Domainname": "a.test", "ExposedPorts": {"80/tcp": {}, "53/udp": {}}, "StopSignal": "SIGQUIT", "Env": ["SECRET=1"]});
        Inspected::of(serde_json::from_value(json!({"Id": "abc", "Created": CREATED, "Config": config, "State": state})).unwrap())
    };
    let stopped = answer(json!({"Running": false, "Pid": 0, "FinishedAt": "2026-01-02T03:04:05.678901234Z"}));
    assert_eq!((stopped.hostname.as_str(), stopped.domainname.as_str()), ("web", "a.test"));
    assert_eq!((&stopped.exposed[..], stopped.stop_signal, stopped.pid), (&[80][..], Signal(3), None));
    assert_eq!((stopped.created, stopped.finished), (moment(CREATED), moment("2026-01-02T03:04:05.678901234+00:00")));
    let running = answer(json!({"Running": true, "Pid": 4711, "FinishedAt": "0001-01-01T00:00:00Z"}));
    assert_eq!((running.running, running.pid, running.finished), (true, Some(4711), None));
    assert_eq!(Inspected::of(ContainerInspectResponse::default()), Inspected::default());
}

#[test]
fn signals_are_read_by_number_and_name() {
    let number = |text: &str| Signal::of(text).map(|signal| signal.0);
    assert_eq!(number("15"), Some(15));
    assert_eq!(number("SIGTERM"), Some(15));
    assert_eq!(number("QUIT"), Some(3));
    assert_eq!(number("SIGRTMIN+3"), Some(37));
    assert_eq!(number("SIGWHAT"), None);
    assert_eq!(number(""), None);
}
