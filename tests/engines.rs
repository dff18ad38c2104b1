//! Several Docker engines at once: this machine's, and one on another host.

use std::fs;

use dproxy_testkit::{Container, Dproxy, Engine, PrivateEngine, Run, Signal, unique};

use crate::docker::{served_by, wait_for_names, wait_for_status};
use crate::{among_others, dproxy};

/// The test engine and one on another host, each with a TCP port.
fn two(name: &str) -> Option<(Engine, PrivateEngine)> {
    Some((Engine::shared()?, Engine::private_with(name, &["--netns", "--tcp", "2375"])?))
}

/// A proxy that has heard from `home` and `away`.
fn before(home: &Engine, away: &str) -> Dproxy {
    let dproxy = dproxy().engine(&format!("{{endpoint: {}, name: home}}", home.endpoint())).engine(away).start();
    wait_for_engines(&dproxy, &[true, true]);
    dproxy
}

/// Waits until the engines are connected, or not, as said.
#[track_caller]
fn wait_for_engines(dproxy: &Dproxy, connected: &[bool]) {
    dproxy.wait_for(&format!("engines that are connected: {connected:?}"), || {
        let engines = dproxy.status()["engines"].take();
        engines.as_array().is_some_and(|rows| rows.iter().map(|row| row["connected"] == true).eq(connected.iter().copied()))
    });
}

/// A field of a container's row, as JSON.
#[track_caller]
fn shown(dproxy: &Dproxy, container: &Container, field: &str) -> String {
    let rows = dproxy.data("/containers");
    let row = rows.as_array().unwrap().iter().find(|row| row["name"] == container.name.as_str());
    row.unwrap_or_else(|| panic!("no {} in {rows}", container.name))[field].to_string()
}

#[test]
fn containers_of_two_hosts_are_served_and_told_apart() {
    let _busy = among_others();
    let Some((home, away)) = two("dpxtesta") else { return };
    let dproxy = before(&home, &format!("{{endpoint: \"{}\", name: away}}", away.engine().tcp_endpoint()));
    let (near, far) = (format!("{}.test", unique("near")), format!("{}.test", unique("far")));
    let one = home.run(&Run::echo("near").hostname(&near).publish(80));
    let other = away.engine().run(&Run::echo("far").hostname(&far).publish(80));
    assert_eq!(served_by(&dproxy, &near), one.name);
    assert_eq!(served_by(&dproxy, &far), other.name);

    let host = away.engine().tcp_endpoint().trim_start_matches("tcp://").trim_end_matches(":2375");
    assert_eq!(shown(&dproxy, &one, "engine"), "\"home\"");
    assert_eq!(shown(&dproxy, &other, "engine"), "\"away\"");
    let published = format!("[\"80 {host}:{}\"]", other.published(80));
    assert_eq!(shown(&dproxy, &other, "backends"), published, "its own addresses are another host's");
    let status = dproxy.ctl(&["status"]).stdout;
    assert!(status.contains("docker       home at unix://") && status.contains("docker       away at tcp://"), "{status}");
    let routes = dproxy.ctl(&["routes"]).stdout;
    assert!(routes.contains(&format!("container {} on away", other.name)), "{routes}");

    let both = format!("{}.test", unique("both"));
    let here = home.run(&Run::echo("here").hostname(&both).publish(80));
    let there = away.engine().run(&Run::echo("there").hostname(&both).publish(80));
    wait_for_names(&dproxy, &both, &[&here, &there]);

    let inner = format!("{}.test", unique("inner"));
    let unpublished = away.engine().run(&Run::echo("inner").hostname(&inner));
    let told = "port 80 is not published, and none of its networks can be reached from here";
    dproxy.wait_for("a problem that names container, engine and way out", || {
        let problems = dproxy.data("/problems");
        let mut rows = problems.as_array().unwrap().iter();
        rows.any(|row| row["subject"] == format!("container {} on away", unpublished.name) && row["text"].as_str().unwrap().contains(told))
    });
    assert_eq!(dproxy.get(&inner, "/").status, 404, "a container that cannot be reached has no route");
}

#[test]
fn the_loss_of_one_engine_touches_only_its_own_routes() {
    let _busy = among_others();
    let Some((home, away)) = two("dpxtestb") else { return };
    let mut dproxy = before(&home, &format!("\"{}\"", away.engine().tcp_endpoint()));
    let (near, far) = (format!("{}.test", unique("near")), format!("{}.test", unique("far")));
    let one = home.run(&Run::echo("near").hostname(&near).publish(80));
    let other = away.engine().run(&Run::echo("far").hostname(&far).publish(80).always());
    assert_eq!(served_by(&dproxy, &near), one.name);
    assert_eq!(served_by(&dproxy, &far), other.name);

    away.stop();
    wait_for_engines(&dproxy, &[true, false]);
    assert!(dproxy.status()["engines"][1]["error"].is_string());
    assert_eq!(served_by(&dproxy, &near), one.name);
    assert_ne!(dproxy.get(&far, "/").status, 404, "what was known of the engine stays known");
    let later = format!("{}.test", unique("later"));
    let new = home.run(&Run::echo("later").hostname(&later).publish(80));
    assert_eq!(served_by(&dproxy, &later), new.name, "the engine that is there is followed");
    away.start();
    wait_for_engines(&dproxy, &[true, true]);
    assert_eq!(served_by(&dproxy, &far), other.name);

    // An engine that is taken out of the file takes its routes along, and nothing else.
    let file = fs::read_to_string(dproxy.config()).unwrap();
    let entry = format!("    - \"{}\"\n", away.engine().tcp_endpoint());
    assert!(file.contains(&entry), "{file}");
    fs::write(dproxy.config(), file.replace(&entry, "")).unwrap();
    dproxy.signal(Signal::SIGHUP);
    wait_for_status(&dproxy, &far, 404);
    assert_eq!(served_by(&dproxy, &near), one.name);
    fs::write(dproxy.config(), file).unwrap();
    dproxy.signal(Signal::SIGHUP);
    assert_eq!(served_by(&dproxy, &far), other.name);
}

#[test]
fn an_engine_behind_tls_is_followed_with_its_own_certificates() {
    let _busy = among_others();
    let Some(home) = Engine::shared() else { return };
    let Some(away) = Engine::private_with("dpxtestc", &["--netns", "--tls", "2376"]) else { return };
    let certificates = away.engine().socket().with_file_name("certs");
    let endpoint = away.engine().tcp_endpoint();
    let dproxy = before(&home, &format!("{{endpoint: \"{endpoint}\", name: away, cert_path: {}}}", certificates.display()));
    let host = format!("{}.test", unique("tls"));
    let container = away.engine().run(&Run::echo("tls").hostname(&host).publish(80));
    assert_eq!(served_by(&dproxy, &host), container.name);
}

#[test]
fn a_list_of_engines_with_mistakes_is_refused_by_place() {
    let mut dproxy = dproxy().engine("/a.sock").engine("{endpoint: /b.sock, adress: 10.0.0.1}").spawn();
    assert_eq!(dproxy.exit_code(), 78);
    let log = dproxy.log();
    assert!(log.contains("`docker.endpoints[1]`: unknown key `adress`; did you mean `address`?"), "{log}");
}
