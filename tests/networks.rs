//! Networks and ports: each container is dialled where it can be reached, and a port that does not answer is told.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use dproxy_testkit::{Container, Dproxy, Engine, PATIENCE, Run, free_addr, get, unique, wait_for};

use crate::docker::{before, served_by, wait_for_all_workers, wait_for_status};
use crate::{among_others, dproxy};

/// Waits until a container has exactly these backends, in the words of `dproxy ctl containers`.
#[track_caller]
fn wait_for_backends(dproxy: &Dproxy, container: &Container, expected: &[String]) {
    let mut last = String::new();
    let mut backends = || {
        let rows = dproxy.data("/containers");
        let row = rows.as_array()?.iter().find(|row| row["name"] == container.name.as_str())?;
        last = row["backends"].to_string();
        Some(row["backends"].as_array()?.iter().filter_map(|backend| backend.as_str().map(str::to_owned)).collect::<Vec<_>>())
    };
    dproxy.wait_for(&format!("{expected:?} of {}", container.name), || backends().is_some_and(|backends| backends == expected));
    // An address that is gone answers nothing, not even that it is gone.
    wait_for_all_workers(dproxy);
}

#[test]
fn every_kind_of_network_is_dialled_where_it_answers() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let (front, back) = (engine.network("front", None), engine.network("back", None));
    let host = |word: &str| format!("{}.test", unique(word));
    let check = |container: &Container, host: &str, port: u16, address: SocketAddr| {
        wait_for_backends(&dproxy, container, &[format!("{port} {address}")]);
        let answer = wait_for_status(&dproxy, host, 200);
        assert_eq!(answer.field("x-echo-name"), Some(container.name.as_str()), "{}", answer.text());
    };

    let name = host("bridge");
    let container = engine.run(&Run::echo("bridge").hostname(&name).publish(80));
    check(&container, &name, 80, container.address(80));

    let name = host("own");
    let container = engine.run(&Run::echo("own").hostname(&name).network(&front.name));
    check(&container, &name, 80, container.address_in(&front.name, 80));

    let name = host("two");
    let container = engine.create(&Run::echo("two").hostname(&name).network(&front.name));
    back.connect(&container);
    container.start();
    check(&container, &name, 80, container.address_in(&back.name, 80));

    let name = host("label");
    let container = engine.create(&Run::echo("label").hostname(&name).network(&front.name).label("dproxy.network", &front.name));
    back.connect(&container);
    container.start();
    check(&container, &name, 80, container.address_in(&front.name, 80));

    let name = host("housed");
    let house = engine.run(&Run::echo("house").network(&front.name));
    let labelled = Run::echo("housed").label("dproxy.host", &name).label("dproxy.port", "81").env("PORTS", "81");
    let container = engine.run(&labelled.network(&format!("container:{}", house.id)));
    check(&container, &name, 81, house.address_in(&front.name, 81));

    let (name, free) = (host("host"), free_addr().port());
    let labelled = Run::echo("host").label("dproxy.host", &name).label("dproxy.port", &free.to_string()).env("PORTS", &free.to_string());
    let container = engine.run(&labelled.network("host"));
    check(&container, &name, free, ([127, 0, 0, 1], free).into());
}

#[test]
fn the_network_follows_connect_and_disconnect() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let (front, back) = (engine.network("front", None), engine.network("back", None));
    let host = format!("{}.test", unique("moves"));
    let container = engine.run(&Run::echo("moves").hostname(&host).network(&front.name));
    wait_for_backends(&dproxy, &container, &[format!("80 {}", container.address_in(&front.name, 80))]);
    back.connect(&container);
    wait_for_backends(&dproxy, &container, &[format!("80 {}", container.address_in(&back.name, 80))]);
    assert_eq!(served_by(&dproxy, &host), container.name);
    back.disconnect(&container);
    wait_for_backends(&dproxy, &container, &[format!("80 {}", container.address_in(&front.name, 80))]);
    assert_eq!(served_by(&dproxy, &host), container.name);
}

#[test]
fn addresses_of_ipv6_are_dialled() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = dproxy().docker(&engine.endpoint()).start();
    let network = engine.network("six", Some("fd00:d9:5::/64"));
    let host = format!("{}.test", unique("six"));
    let container = engine.run(&Run::echo("six").hostname(&host).network(&network.name));
    assert_eq!(served_by(&dproxy, &host), container.name);
    let six: IpAddr =
        container.inspect()["NetworkSettings"]["Networks"][&network.name]["GlobalIPv6Address"].as_str().unwrap().parse().unwrap();
    let fixed = crate::dproxy().route("six.test", &[SocketAddr::new(six, 80)]).start();
    assert_eq!(fixed.get("six.test", "/").field("x-echo-name"), Some(container.name.as_str()));
}

#[test]
fn bindings_of_every_kind_are_dialled() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    // As an engine behind a forwarded socket: nothing but what is published counts.
    let dproxy = dproxy().docker(&engine.endpoint()).arg("--docker-container-addresses=false").start();
    let published = |bindings: &[&str], dialled: &str| {
        let host = format!("{}.test", unique("bound"));
        let run = bindings.iter().fold(Run::echo("bound").hostname(&host), |run, ip| run.publish_at(80, ip));
        let container = engine.run(&run);
        let answer = wait_for_status(&dproxy, &host, 200);
        assert_eq!(answer.field("x-echo-name"), Some(container.name.as_str()), "{bindings:?}");
        let ip: IpAddr = dialled.parse().unwrap();
        let rows = dproxy.data("/containers").to_string();
        let expected = SocketAddr::new(ip, 0).to_string();
        assert!(rows.contains(&format!("\"80 {}", expected.trim_end_matches('0'))), "{bindings:?}: {rows}");
    };
    published(&[""], "127.0.0.1");
    published(&["0.0.0.0"], "127.0.0.1");
    published(&["127.0.0.1"], "127.0.0.1");
    published(&["127.0.0.5"], "127.0.0.5");
    published(&["::1"], "::1");
    published(&["::"], "::1");
    published(&["::1", "127.0.0.1"], "127.0.0.1");
    if engine.release() < 28 {
        // Later ones want the same port for all bindings of a port, also here, and fail.
        published(&["127.0.0.1", "127.0.0.1"], "127.0.0.1");
    }
}

#[test]
fn a_closed_port_is_told_with_the_port_that_answers() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let wrong = engine.run(&Run::echo("wrong").hostname(&format!("{}.test", unique("wrong"))).env("PORTS", "3000"));
    let none = engine.run(&Run::echo("none").hostname(&format!("{}.test", unique("none"))).env("PORTS", "6000"));
    let good = engine.run(&Run::echo("good").hostname(&format!("{}.test", unique("good"))));
    let problem = |container: &Container, words: &str| {
        dproxy.wait_for(&format!("a problem of {}", container.name), || {
            let problems = dproxy.data("/problems").to_string();
            problems.contains(&format!("container {}", container.name)) && problems.contains(words)
        });
    };
    let address = wrong.address(80);
    problem(&wrong, &format!("port 80 is closed at {address}; 3000 answers: set dproxy.port=3000"));
    problem(&none, &format!("port 80 is closed at {}; let its program listen on all addresses", none.address(80)));
    let why = dproxy.ctl(&["why", &wrong.name]).stdout;
    assert!(why.contains("! probe") && why.contains("3000 answers"), "{why}");
    dproxy.wait_for("a probe that went well", || dproxy.ctl(&["why", &good.name]).stdout.contains("port 80 answers at"));
    assert!(!dproxy.data("/problems").to_string().contains(&good.name));
}

#[test]
fn a_proxy_in_a_container_dials_the_networks_that_it_shares() {
    let Some(engine) = Engine::shared() else { return };
    if !engine.shares_our_files() {
        return println!("skipped: the engine cannot mount the program");
    }
    let _busy = among_others();
    let (front, back) = (engine.network("front", None), engine.network("back", None));
    let binary = Path::new(env!("CARGO_BIN_EXE_dproxy"));
    let words = ["/dproxy/dproxy", "master", "--docker-endpoint", "/engine/docker.sock", "--port", "8080", "--workers", "1"];
    let run = Run::image("dproxy-test/box", "proxy")
        .network(&front.name)
        .command(&words)
        .mount(Path::new("/usr"), "/usr")
        .mount(Path::new("/lib64"), "/lib64")
        .mount(Path::new("/lib"), "/lib")
        .mount(binary.parent().unwrap(), "/dproxy")
        .mount(engine.socket().parent().unwrap(), "/engine");
    let proxy = engine.run(&run);
    let at = proxy.address_in(&front.name, 8080);
    let served = |host: &str| get(at, host, "/").ok().filter(|answer| answer.status == 200)?.field("x-echo-name").map(str::to_owned);
    let check = |host: &str, container: &Container| {
        wait_for(&format!("{host} by {}\n{}", container.name, proxy.logs()), PATIENCE, || served(host).as_ref() == Some(&container.name));
    };

    let host = |word: &str| format!("{}.test", unique(word));
    let (shared, elsewhere, hidden) = (host("shared"), host("elsewhere"), host("hidden"));
    let one = engine.create(&Run::echo("shared").hostname(&shared).network(&back.name));
    front.connect(&one);
    one.start();
    check(&shared, &one);
    let other = engine.run(&Run::echo("elsewhere").hostname(&elsewhere).network(&back.name).publish(80));
    check(&elsewhere, &other);
    let _unreachable = engine.run(&Run::echo("hidden").hostname(&hidden).network(&back.name));
    assert!(served(&hidden).is_none(), "no network of it is shared, and nothing is published");
}
