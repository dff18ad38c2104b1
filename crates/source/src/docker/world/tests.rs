use std::path::PathBuf;

use dproxy_config::DockerEndpoint;
use dproxy_route::Offer;

use super::super::facts::{Address, Attachment, Port};
use super::*;

const ID: &str = "web-id-0123456789";

fn second(n: u64) -> Instant {
    // Far enough from the start of the machine's clock to count backwards.
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    *START.get_or_init(Instant::now) + Duration::from_secs(n)
}

fn listing(states: &[State]) -> Listing {
    let containers = states.iter().enumerate().map(|(place, state)| {
        let gateway = Some("10.1.0.1".parse().unwrap());
        let address = Address { ip: format!("10.1.0.{}", place + 2).parse().unwrap(), gateway, prefix: 16, source: gateway };
        Facts {
            id: if place == 0 { ID.to_owned() } else { format!("other-{place}") },
            name: format!("web{place}"),
            state: state.clone(),
            attachments: vec![Attachment { network: "bridge".to_owned(), addresses: vec![address] }],
            ports: vec![Port { container: 80, published: None }],
            ..Facts::default()
        }
    });
    Listing { containers: containers.collect(), problems: Vec::new() }
}

fn inspected(pid: i32) -> Inspected {
    Inspected { hostname: "web.test".to_owned(), running: true, pid: Some(pid), ..Inspected::default() }
}

/// A world with one running, inspected container, listed at second 10.
fn world() -> World {
    let endpoint = DockerEndpoint::Unix(PathBuf::from("/nowhere"));
    let mut world = World::new(Docker { internal_names: false, ..Docker::at(endpoint) });
    world.connected(About { version: "Docker 1".to_owned(), place: Place::Here, machine: None, own_container: None }, second(10));
    world.listed(listing(&[State::Running]), second(10));
    assert_eq!(world.take_inspections(9), [ID]);
    world.inspected(ID, Ok(Some(inspected(7))));
    world
}

/// What the first route's backend is in, or why it is offline.
fn route(world: &mut World) -> String {
    match world.update(SystemTime::now()).routes.first().map(|route| route.offer.clone()) {
        Some(Offer::Ports { main, .. }) => main.condition.as_str().to_owned(),
        Some(Offer::Redirect(redirect)) => redirect.to_string(),
        Some(Offer::Offline(notice)) => notice.reason,
        None => "unknown".to_owned(),
    }
}

fn signalled(number: i32) -> Happening {
    Happening::Signalled { id: ID.to_owned(), signal: Signal(number) }
}

fn died() -> Happening {
    Happening::Died { id: ID.to_owned(), exit_code: Some(1) }
}

fn started() -> Happening {
    Happening::Started { id: ID.to_owned() }
}

#[test]
fn a_container_told_to_stop_is_stopping_at_once() {
    for (number, urgency, expected) in
        [(15, Urgency::Now, "stopping"), (9, Urgency::Now, "stopped"), (1, Urgency::Soon, "ready"), (3, Urgency::Soon, "ready")]
    {
        let mut world = world();
        assert_eq!(world.heard(signalled(number), second(11)), urgency, "signal {number}");
        assert_eq!(route(&mut world), expected, "signal {number}");
    }
}

#[test]
fn the_signal_that_an_image_stops_by_counts_as_told_to_stop() {
    let mut world = world();
    world.connected(world.about.clone().unwrap(), second(10));
    assert_eq!(world.take_inspections(9), [ID]);
    world.inspected(ID, Ok(Some(Inspected { stop_signal: Signal(3), ..inspected(7) })));
    assert_eq!(world.heard(signalled(3), second(11)), Urgency::Now);
    assert_eq!(route(&mut world), "stopping");
}

#[test]
fn a_stopping_container_stays_so_until_it_is_gone_or_ten_seconds_passed() {
    let mut world = world();
    world.heard(signalled(15), second(11));
    world.listed(listing(&[State::Running]), second(12));
    assert_eq!(route(&mut world), "stopping");
    assert_eq!(world.doubt(), Some(second(21)));
    world.listed(listing(&[State::Running]), second(21));
    assert_eq!(route(&mut world), "ready", "it did not obey");
    assert_eq!(world.doubt(), None);
    world.heard(signalled(15), second(22));
    world.heard(started(), second(23));
    assert_eq!(route(&mut world), "ready", "it came back");
}

#[test]
fn a_container_that_died_is_gone_whatever_an_older_list_shows() {
    let mut world = world();
    assert_eq!(world.heard(died(), second(11)), Urgency::Now);
    assert_eq!(route(&mut world), "stopped");
    world.listed(listing(&[State::Running]), second(10));
    assert_eq!(route(&mut world), "stopped");
    world.heard(signalled(15), second(12));
    assert_eq!(route(&mut world), "stopped", "told to stop when it was gone");
    world.listed(listing(&[State::Exited]), second(12));
    assert_eq!(route(&mut world), "stopped");
    world.listed(listing(&[State::Running]), second(13));
    assert_eq!(route(&mut world), "ready", "it came back without a word");
}

#[test]
fn a_death_before_the_first_list_is_not_forgotten() {
    let mut world = world();
    world.heard(Happening::Died { id: "other-1".to_owned(), exit_code: None }, second(11));
    world.listed(listing(&[State::Running, State::Running]), second(10));
    world.inspected("other-1", Ok(Some(inspected(8))));
    let update = world.update(SystemTime::now());
    let offline = update.routes.iter().filter(|route| matches!(route.offer, Offer::Offline(_))).count();
    assert_eq!((update.routes.len(), offline), (2, 1));
}

#[test]
fn a_destroyed_container_is_forgotten_at_once() {
    let mut world = world();
    assert_eq!(world.heard(Happening::Destroyed { id: ID.to_owned() }, second(11)), Urgency::Now);
    assert_eq!(route(&mut world), "unknown");
    assert_eq!(world.heard(Happening::Destroyed { id: "nobody".to_owned() }, second(11)), Urgency::Soon);
}

#[test]
fn the_end_of_its_process_ends_a_container() {
    let mut world = world();
    assert_eq!(world.processes().collect::<Vec<_>>(), [(ID, 7)]);
    assert_eq!(world.process_ended(ID, 6, second(11)), Urgency::Soon, "another process");
    assert_eq!(route(&mut world), "ready");
    assert_eq!(world.process_ended(ID, 7, second(11)), Urgency::Now);
    assert_eq!(route(&mut world), "stopped");
}

#[test]
fn the_end_of_an_earlier_process_is_no_news() {
    let mut world = world();
    world.heard(died(), second(11));
    world.heard(started(), second(12));
    assert_eq!(world.process_ended(ID, 7, second(12)), Urgency::Soon);
    assert_eq!(route(&mut world), "ready");
    // An answer from before the start is used, but not its process.
    assert_eq!(world.take_inspections(9), [ID]);
    world.heard(started(), second(13));
    world.inspected(ID, Ok(Some(inspected(7))));
    assert_eq!(world.processes().count(), 0);
    assert_eq!(world.take_inspections(9), [ID]);
}

#[test]
fn each_container_is_inspected_once_until_something_happens_to_it() {
    let mut world = world();
    assert!(world.take_inspections(9).is_empty());
    world.listed(listing(&[State::Running]), second(11));
    world.heard(Happening::Stirred, second(11));
    assert!(world.take_inspections(9).is_empty());
    world.heard(Happening::Changed { id: ID.to_owned() }, second(12));
    assert_eq!(world.take_inspections(0).len(), 0);
    assert_eq!(world.take_inspections(9), [ID]);
    assert!(world.take_inspections(9).is_empty());
    world.inspected(ID, Ok(Some(inspected(7))));
    world.listed(listing(&[State::Exited]), second(13));
    assert_eq!(world.take_inspections(9), [ID], "its state changed without an event");
}

#[test]
fn what_was_inspected_is_used_until_the_next_answer() {
    let mut world = world();
    world.heard(Happening::Changed { id: ID.to_owned() }, second(11));
    assert_eq!(route(&mut world), "ready");
    world.take_inspections(9);
    world.inspected(ID, Err("the engine is busy".to_owned()));
    let update = world.update(SystemTime::now());
    assert_eq!(update.routes.len(), 1);
    assert_eq!(update.problems[0].to_string(), "container web0: the engine is busy");
    assert!(world.take_inspections(9).is_empty(), "not before the next list");
    world.listed(listing(&[State::Running]), second(12));
    assert_eq!(world.take_inspections(9), [ID]);
    assert_eq!(world.update(SystemTime::now()).problems.len(), 1, "it is still so");
    world.inspected(ID, Ok(None));
    assert!(world.update(SystemTime::now()).problems.is_empty());
}

#[test]
fn a_new_connection_inspects_all_again_and_keeps_the_routes_meanwhile() {
    let mut world = world();
    assert!(world.lost("no engine".to_owned()));
    assert!(!world.lost("no engine".to_owned()));
    let update = world.update(SystemTime::now());
    assert_eq!((update.link, update.routes.len()), (Link::Lost { error: "no engine".to_owned() }, 1));
    world.connected(About { version: "Docker 2".to_owned(), place: Place::Here, machine: None, own_container: None }, second(10));
    assert_eq!(route(&mut world), "ready");
    world.listed(listing(&[State::Running]), second(20));
    assert_eq!(world.update(SystemTime::now()).link, Link::Connected { version: "Docker 2".to_owned() });
    assert_eq!(world.take_inspections(9), [ID]);
}

#[test]
fn what_ended_before_a_new_connection_may_have_been_started_again() {
    let mut world = world();
    world.process_ended(ID, 7, second(11));
    world.connected(world.about.clone().unwrap(), second(12));
    assert_eq!(route(&mut world), "stopped", "nothing is known until there is a list");
    assert_eq!(world.doubt(), Some(second(12)));
    world.listed(listing(&[State::Running]), second(12));
    assert_eq!(route(&mut world), "ready");
}

#[test]
fn only_a_running_container_that_was_never_inspected_is_waited_for() {
    let mut world = world();
    assert!(!world.is_waiting());
    assert_eq!(world.inspected("nobody", Ok(None)), Urgency::Soon);
    assert_eq!(world.inspected(ID, Ok(Some(inspected(7)))), Urgency::Soon);
    world.listed(listing(&[State::Running, State::Exited]), second(11));
    assert!(!world.is_waiting());
    world.listed(listing(&[State::Running, State::Running]), second(12));
    assert!(world.is_waiting());
    world.take_inspections(9);
    assert!(world.is_waiting());
    assert_eq!(world.inspected("other-1", Err("no".to_owned())), Urgency::Now);
    assert!(!world.is_waiting());
}

#[test]
fn remote_processes_are_not_ours_to_watch() {
    let mut world = world();
    world.connected(
        About { version: String::new(), place: Place::At("192.0.2.7".parse().unwrap()), machine: None, own_container: None },
        second(10),
    );
    assert_eq!(world.processes().count(), 0);
}
