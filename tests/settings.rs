//! What the operator says, by flag, environment, file or not at all, and what comes of it.

use std::fs;

use dproxy_testkit::{Engine, Origin, Run, free_port, get, unique};

use crate::dproxy;

/// Exit code of a configuration that makes no sense (`EX_CONFIG`); a supervisor does not start such a program again.
const BAD_CONFIGURATION: i32 = 78;

#[track_caller]
fn refused(yaml: &str, words: &[&str]) {
    let mut dproxy = dproxy().yaml(yaml).spawn();
    let code = dproxy.exit_code();
    let log = dproxy.log();
    assert_eq!(code, BAD_CONFIGURATION, "{log}");
    for word in words {
        assert!(log.contains(word), "`{word}` is not in:\n{log}");
    }
    assert!(!dproxy.pid_file().exists(), "a master that never ran leaves no PID file");
}

#[test]
fn a_mistake_in_the_file_is_told_with_its_line_and_the_nearest_key() {
    refused("wrkers: 3", &["wrkers", "workers", ":15"]);
    refused("limits:\n  head_bites: 3", &["head_bites", "head_bytes", ":16"]);
    refused("log_level: loud", &["loud", ":15"]);
    refused("routes:\n  - hosts: [\"a b\"]\n    backends: [\"127.0.0.1:1\"]", &["a b"]);
    refused("routes:\n  - hosts: [a.test]\n    backends: [nowhere]", &["nowhere"]);
    refused("timeouts:\n  idle: soon", &["soon"]);
    refused("a: [1", &[":15"]);
}

#[test]
fn all_mistakes_are_told_at_once() {
    refused("wrkers: 3\ntimeouts:\n  idle: soon\n", &["wrkers", "soon"]);
}

#[test]
fn a_file_that_is_named_must_exist() {
    let dproxy = dproxy().start();
    let told = dproxy.run(&["master", "--config", "/nowhere/dproxy.yaml"]);
    assert_eq!(told.code, Some(BAD_CONFIGURATION), "{told:?}");
    assert!(told.stderr.contains("/nowhere/dproxy.yaml"), "{told:?}");
}

#[test]
fn without_any_file_the_defaults_run() {
    let running = dproxy().start();
    let (port, api) = (free_port().to_string(), free_port().to_string());
    let home = running.home().join("second").display().to_string();
    let second = dproxy()
        .without_file()
        .env("DOCKER_PROXY_PORT", &port)
        .env("DOCKER_PROXY_HOSTNAME", "127.0.0.1")
        .env("DOCKER_PROXY_API_PORT", &api)
        .env("DOCKER_PROXY_RUN_DIRECTORY", &home)
        .env("DOCKER_PROXY_STATE_DIRECTORY", &home)
        .env("DOCKER_PROXY_LOG_DIRECTORY", &home)
        .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
        .env("DOCKER_PROXY_WORKER_LIMIT", "2")
        .at(port.parse().unwrap(), api.parse().unwrap())
        .start();
    let status = second.status();
    assert_eq!(status["config"], dproxy_testkit::Value::Null, "{status}");
    assert_eq!(status["engine"]["connected"], false, "{status}");
    assert_eq!(second.get("unknown.test", "/").status, 404);
}

#[test]
fn a_flag_beats_the_environment_and_the_environment_beats_the_file() {
    let file = dproxy().workers(1).start();
    assert_eq!(file.status()["workers_wanted"], 1);
    let environment = dproxy().yaml("# two in the file").env("DOCKER_PROXY_WORKER_LIMIT", "3").serving(3).start();
    assert_eq!(environment.status()["workers_wanted"], 3);
    let flag = dproxy().env("DOCKER_PROXY_WORKER_LIMIT", "3").arg("--workers").arg("1").serving(1).start();
    assert_eq!(flag.status()["workers_wanted"], 1);
}

#[test]
fn the_port_comes_from_port_when_nothing_more_special_is_set() {
    let (general, special) = (free_port(), free_port());
    let origin = Origin::saying("x");
    let by_port = dproxy().without_port().env("PORT", &general.to_string()).route("a.test", &[origin.addr()]).listening(general).start();
    assert_eq!(by_port.get("a.test", "/").text(), "x");
    let both = dproxy()
        .without_port()
        .env("PORT", "1")
        .env("DOCKER_PROXY_PORT", &special.to_string())
        .route("a.test", &[origin.addr()])
        .listening(special)
        .start();
    assert_eq!(both.get("a.test", "/").text(), "x");
}

#[test]
fn a_port_that_was_asked_for_and_is_taken_fails_the_start() {
    let first = dproxy().start();
    let mut second = dproxy().listening(first.http().port()).spawn();
    assert_ne!(second.exit_code(), 0);
    let log = second.log();
    assert!(log.contains(&first.http().port().to_string()), "{log}");
    assert!(log.to_lowercase().contains("in use"), "{log}");
    assert_eq!(get(first.http(), "unknown.test", "/").unwrap().status, 404);
}

#[test]
fn a_check_says_whether_a_file_would_run_and_runs_nothing() {
    let dproxy = dproxy().start();
    let good = dproxy.run(&["master", "--check", "--config", &dproxy.config().display().to_string()]);
    assert_eq!(good.code, Some(0), "{good:?}");
    let bad = dproxy.home().join("bad.yaml");
    fs::write(&bad, "wrkers: 3\n").unwrap();
    let told = dproxy.run(&["master", "--check", "--config", &bad.display().to_string()]);
    assert_eq!(told.code, Some(BAD_CONFIGURATION), "{told:?}");
    assert!(told.stderr.contains("bad.yaml:1"), "{told:?}");
}

#[test]
fn directories_are_made_and_the_pid_file_holds_the_master() {
    let dproxy = dproxy().start();
    for name in ["log", "state", "run"] {
        assert!(dproxy.home().join(name).is_dir(), "{name}");
    }
    assert_eq!(fs::read_to_string(dproxy.pid_file()).unwrap().trim(), dproxy.pid().to_string());
}

#[test]
fn what_counts_is_shown_as_a_file_that_says_the_same() {
    let dproxy = dproxy().route("a.test", &["127.0.0.1:9".parse().unwrap()]).yaml("balance: ${HOW:-least_conn}").start();
    let config = dproxy.config().display().to_string();
    let shown = dproxy.run(&["config", "show", "--config", &config, "--workers", "7"]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    for words in ["workers: 7", "# flag --workers", "balance: least_conn", "dproxy.yaml:2", "#www_fallback: true", "host"] {
        assert!(shown.stdout.contains(words), "`{words}` is not in {}", shown.stdout);
    }
    let copy = dproxy.home().join("shown.yaml");
    fs::write(&copy, &shown.stdout).unwrap();
    let copy = copy.display().to_string();
    let again = dproxy.run(&["config", "show", "--config", &copy]);
    let values = |text: &str| text.lines().skip(1).map(|line| line.split(" # ").next().unwrap().trim_end().to_owned()).collect::<Vec<_>>();
    assert_eq!(values(&again.stdout), values(&shown.stdout));
    assert_eq!(dproxy.run(&["master", "--check", "--config", &copy]).code, Some(0));
    let bad = dproxy.run(&["config", "show", "--config", &config, "--port", "x"]);
    assert_eq!(bad.code, Some(BAD_CONFIGURATION), "{bad:?}");
}

#[test]
fn editors_get_a_schema() {
    let dproxy = dproxy().start();
    let schema = dproxy.run(&["config", "schema"]).json();
    assert_eq!(schema["properties"]["api"]["properties"]["port"]["default"], "16000");
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn a_file_of_an_older_version_still_counts_and_its_owner_is_told() {
    let Some(engine) = Engine::shared() else { return };
    let container = engine.run(&Run::echo("older").publish(80));
    let [plain, with_port] = ["plain", "port"].map(|name| format!("{}.test", unique(name)));
    let older =
        format!("routes:\n  {plain}: {name}\n  {with_port}: {name}:80\nservice:\n  proxy:\n    workers: 3\n", name = container.name);
    let dproxy = dproxy().docker(&engine.endpoint()).start();
    let text = fs::read_to_string(dproxy.config()).unwrap().replace("workers: 2\n", "");
    fs::write(dproxy.config(), text + &older).unwrap();
    for host in [&plain, &with_port] {
        dproxy.wait_for("the container", || dproxy.get(host, "/").status == 200);
        assert_eq!(dproxy.get(host, "/").field("x-echo-name"), Some(container.name.as_str()));
    }
    dproxy.wait_for("three workers", || dproxy.online() == Some(3));
    let warnings = dproxy.status()["warnings"].to_string();
    for words in ["give the container the label `dproxy.host`", "`service.proxy.workers`: is how older versions wrote it"] {
        assert!(warnings.contains(words), "`{words}` is not in {warnings}");
    }
    let checked = dproxy.run(&["master", "--check", "--config", &dproxy.config().display().to_string()]);
    assert!(checked.code == Some(0) && checked.stderr.contains("warning: ") && checked.stderr.contains("older versions"), "{checked:?}");
}
