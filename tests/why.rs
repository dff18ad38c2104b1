//! `dproxy ctl why`: each reason for which a container is, or is not, routed.

use dproxy_testkit::{Dproxy, Engine, Run, unique};

use crate::docker::{before, served_by, wait_for_status};
use crate::{among_others, dproxy};

/// Waits until the judgement on a container says all of `words`, in text and in JSON.
#[track_caller]
fn wait_for_why(dproxy: &Dproxy, container: &str, words: &[&str]) {
    let mut last = String::new();
    dproxy.wait_for(&format!("{words:?} of {container}"), || {
        last = dproxy.ctl(&["why", container]).stdout;
        words.iter().all(|word| last.contains(word))
    });
    let json = dproxy.ctl(&["--json", "why", container]).json();
    assert_eq!(json["ok"], true, "{json}");
    assert!(last.starts_with(json["message"].as_str().unwrap()), "{last} {json}");
    assert!(json["data"]["reasons"].as_array().is_some_and(|reasons| !reasons.is_empty()), "{json}");
}

#[test]
fn every_reason_of_a_routed_container_is_told() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let host = format!("{}.test", unique("why"));
    let secret = unique("secret");
    let labels = Run::image("dproxy-test/echo:multi", "why").label("dproxy.host", &format!("{host}, -bad")).label("dproxy.port", "9000");
    let container = engine.run(&labels.env("PASSWORD", &secret).publish(80).publish(9000));
    served_by(&dproxy, &host);
    let words = [
        &format!("{} is routed:", container.name),
        "state    running",
        &format!("host     {host} by label dproxy.host"),
        "! host     label dproxy.host: `-bad` is not a host name; write it like `www.example.com` or `*.example.com`",
        &format!("{}.internal by its name", container.name),
        "port     9000 serves the bare host name, as http: label dproxy.port; `host:port` reaches 80",
        &format!("address  {}: its own in network `bridge`", container.address(9000)),
    ];
    wait_for_why(&dproxy, &container.name, &words);
    wait_for_why(&dproxy, &container.id, &words);
    wait_for_why(&dproxy, container.id.get(..12).unwrap(), &words);
    let answer = dproxy.api(&format!("/why?container={}", container.name));
    assert_eq!(answer.status, 200);
    assert!(!answer.text().contains(&secret), "the environment is nobody's business: {}", answer.text());
    assert_eq!(answer.json()["data"]["standing"], "routed");
}

#[test]
fn what_keeps_requests_away_is_told_with_the_way_out() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let host = format!("{}.test", unique("why"));
    let stopped = engine.run(&Run::echo("stopped").hostname(&host).publish(80));
    served_by(&dproxy, &host);
    stopped.stop();
    wait_for_status(&dproxy, &host, 503);
    wait_for_why(&dproxy, &stopped.name, &["is offline:", "! state  stopped, exit code", "start it and it is served again"]);

    let paused = engine.run(&Run::echo("paused").hostname(&host).label("dproxy.wieght", "3"));
    paused.pause();
    let hint = "! label  label dproxy.wieght says nothing; did you mean `dproxy.weight`?";
    wait_for_why(&dproxy, &paused.name, &["is offline:", "! state  paused; unpause it and it is served again", hint]);
    paused.unpause();

    let alone = engine.run(&Run::echo("alone").label("dproxy.host", &host).network("none"));
    wait_for_why(&dproxy, &alone.name, &["is not routed", "! port   it has no network (`--network none`); attach it to one"]);

    let both = format!("{}.test", unique("both"));
    let fit = engine.run(&Run::image("dproxy-test/echo:health", "fit").hostname(&both).publish(80));
    let sick = engine.run(&Run::image("dproxy-test/echo:health", "sick").hostname(&both).env("HEALTH", "fail").publish(80));
    wait_for_why(&dproxy, &sick.name, &["stands by:", "its health check", &format!("all requests go to container {}", fit.name)]);
}

#[test]
fn a_container_that_is_not_there_is_told_with_one_that_is() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let dproxy = before(&engine);
    let container = engine.run(&Run::echo("near").publish(80));
    served_by(&dproxy, &format!("{}.internal", container.name));
    let asked = container.name.replace("near", "naer");
    let answer = dproxy.api(&format!("/why?container={asked}"));
    assert_eq!(answer.status, 404, "{}", answer.text());
    assert!(answer.text().contains(&format!("did you mean `{}`?", container.name)), "{}", answer.text());
    let ctl = dproxy.ctl(&["why", &asked]);
    assert_eq!(ctl.code, Some(1), "{ctl:?}");
    assert!(ctl.stderr.contains(&format!("no container `{asked}`")), "{ctl:?}");
    assert_eq!(dproxy.api("/why").status, 400);
    assert_eq!(dproxy.post(&format!("/why?container={asked}")).status, 405);
}

#[test]
fn without_an_engine_there_is_no_container() {
    let dproxy = dproxy().start();
    assert_eq!(dproxy.api("/why?container=web").status, 404);
}
