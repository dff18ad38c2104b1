use std::fmt::Debug;

use super::*;
use crate::{Docker, DockerEndpoint, StoreChoice};

fn surroundings() -> Surroundings {
    Surroundings { user: 0, cpus: 3, hostname: "machine.test".to_owned() }
}

/// What an operator said: flags (`--name=value`), environment (`NAME=value`) and a file.
struct Said<'s> {
    words: &'s str,
    yaml: &'s str,
}

fn said<'s>(words: &'s str, yaml: &'s str) -> Said<'s> {
    Said { words, yaml }
}

fn resolve(Said { words, yaml }: &Said<'_>) -> Result<Loaded, Mistakes> {
    let words: Vec<(&str, &str)> = words.split(' ').filter_map(|word| word.split_once('=')).collect();
    let flags = Flags::from_pairs(words.iter().filter_map(|(name, value)| Some((name.strip_prefix("--")?, *value))));
    let environment = Environment::from_pairs(words.iter().filter(|(name, _)| !name.starts_with("--")).copied());
    let file = (!yaml.is_empty()).then_some((Path::new("f"), *yaml));
    Config::resolve(&flags, &environment, &surroundings(), file)
}

/// One value of the configuration, or all mistakes.
#[track_caller]
fn check<T: Debug>(said: Said<'_>, value: impl Fn(Config) -> T, expected: &str) {
    let shown = resolve(&said).map_or_else(|mistakes| mistakes.to_string(), |loaded| format!("{:?}", value(loaded.config)));
    assert_eq!(shown, expected, "{} {}", said.words, said.yaml);
}

#[track_caller]
fn refused(words: &str, yaml: &str, expected: &str) {
    check(said(words, yaml), |_| "no mistake", expected);
}

#[test]
fn a_flag_beats_the_environment_and_the_environment_beats_the_file() {
    let workers = |words, yaml, expected| check(said(words, yaml), |config| config.workers.get(), expected);
    workers("", "", "3");
    workers("", "workers: 4", "4");
    workers("DOCKER_PROXY_WORKER_LIMIT=5", "workers: 4", "5");
    workers("DOCKER_PROXY_WORKER_LIMIT=5 --workers=6", "workers: 4", "6");
    workers("DOCKER_PROXY_WORKER_LIMIT=", "workers: 4", "4");
    workers("", "workers:", "3");
    workers("", "workers: \"\"", "3");
    workers("", "workers: ${MANY:-7}", "7");
    workers("MANY=8", "workers: ${MANY:-7}", "8");
}

#[test]
fn every_variable_that_is_missing_is_told_at_its_place_and_once() {
    let missing = |yaml: &str, expected: &[&str]| {
        let told = resolve(&said("IP=10.0.0.1", yaml)).unwrap_err();
        let told: Vec<String> = told.iter().map(|mistake| format!("{}: {}", mistake.origin, mistake.text)).collect();
        assert_eq!(told, expected, "{yaml}");
    };
    refused(
        "",
        "api:\n  address: \"1${A}\"",
        "f:2:14: the environment has no `A`; write `${A:-default}` if there need not be one\n 2 |   address: \"1${A}\"\n   |              ^^^^",
    );
    missing(
        "port: ${PORT}\nworkers: x\ntrusted: [10.0.0.0/8, \"${NET:?which one}\"]\n",
        &[
            "f:1:7: the environment has no `PORT`; write `${PORT:-default}` if there need not be one",
            "f:2:10: `workers`: size `x` is not a whole number from 1 to 1024",
            "f:3:24: the environment has no `NET`: which one",
        ],
    );
    missing(
        "routes:\n  - host: ${HOST}\n    backends: [\"${IP}:80\", \"${B}:80\"]\n",
        &[
            "f:2:11: the environment has no `HOST`; write `${HOST:-default}` if there need not be one",
            "f:3:29: the environment has no `B`; write `${B:-default}` if there need not be one",
        ],
    );
    missing("docker: {endpoints: [\"${E\"]}\n", &["f:1:23: `${` needs a `}`; write `$${` for a plain `${`"]);
}

#[test]
fn every_setting_obeys_flag_environment_and_file() {
    let value = |setting: &Setting| match setting.flag {
        "hostname" | "docker-address" => "10.9.8.7",
        "api-address" => "127.0.0.9",
        "trusted" | "proxy-protocol" => "10.9.0.0/16",
        "log-level" => "debug",
        "docker-endpoint" => "tcp://10.9.8.7:99",
        "access-log-format" => "hipache",
        // Nothing but a TLS endpoint shows the first two, and nothing but lines of JSON the third.
        "docker-tls-verify" | "docker-cert-path" | "access-log-fields" | "config" => "",
        "store" => "memory",
        // These need each other, see the tests of ACME and of the store.
        "store-root" | "acme-dns-timeout" | "acme-eab-kid" | "acme-eab-key-file" => "",
        "acme-challenge" => "tls-alpn-01",
        "ssl-path" => "/certificates",
        "ssl-policy" => "modern",
        "ssl-issuer" => "internal",
        "ssl-hsts" => "max-age=77",
        name if name.starts_with("timeout-") => "77s",
        "limit-head-bytes" | "limit-target-bytes" => "8KiB",
        "access-log-max-age" => "77s",
        "tracing-request-id" => "create",
        "tracing-context" => "join",
        "api-peers" => "alice,@ops",
        "access-log-sample" => "77%",
        "max-memory" => "64MiB",
        "balance" => "hash:cookie:sid",
        "ejection-time" => "77s",
        "ejection-max-time" => "77min",
        "docker-dialects" => "caddy",
        "acme-directory" => "https://acme.test/directory",
        "acme-on-demand" => "shop.org",
        "acme-on-demand-ask" => "http://127.0.0.1:9/ask",
        "acme-email" => "you@example.org",
        _ => match setting.kind {
            settings::Kind::Switch if setting.default_text() == "true" => "false",
            settings::Kind::Switch => "true",
            _ => "77",
        },
    };
    let default = Config::default_for(&surroundings());
    for setting in settings::SETTINGS.iter().filter(|setting| !value(setting).is_empty()) {
        let (text, key) = (value(setting), setting.key.unwrap());
        let flag = resolve(&said(&format!("--{}={text}", setting.flag), "")).unwrap().config;
        assert_ne!(flag, default, "--{} does nothing", setting.flag);
        for variable in setting.environment {
            let environment = resolve(&said(&format!("{}={text}", variable.name), "")).unwrap().config;
            assert_eq!(environment, flag, "{}", variable.name);
        }
        let yaml = key.split_once('.').map_or_else(|| format!("{key}: {text}"), |(section, key)| format!("{section}:\n  {key}: {text}"));
        let file = resolve(&said("", &yaml)).unwrap().config;
        assert_eq!(Config { path: None, ..file }, flag, "{key}");
    }
}

#[test]
fn only_a_store_behind_tls_has_a_root() {
    check(said("--store=rediss://h", ""), |config| config.store, "Redis(RedisUrl(rediss://h))");
    refused(
        "--store-root=/ca.pem",
        "",
        "flag `--store-root`: TLS is spoken with a store at `rediss://` only; write that into `store`, or leave this out",
    );
    let root = |words| resolve(&said(words, "")).map(|loaded| loaded.config.store);
    let Ok(StoreChoice::Redis(url)) = root("--store=rediss://h --store-root=/ca.pem") else { panic!("it is a store") };
    assert_eq!(url.root(), Some(std::path::Path::new("/ca.pem")));
}

#[test]
fn a_port_that_is_asked_for_is_explicit() {
    let port = |words, yaml, expected| check(said(words, yaml), |config| config.listen.http, expected);
    port("", "", "Preferred { wanted: 80, fallback: 8080 }");
    port("PORT=81", "", "Explicit(81)");
    port("PORT=81 DOCKER_PROXY_PORT=82", "", "Explicit(82)");
    port("PORT=81 DOCKER_PROXY_PORT=", "", "Explicit(81)");
    port("", "port: 80", "Explicit(80)");
    port("PORT=x", "", "environment `PORT`: `x` is not a port from 1 to 65535");
    port("--port=", "", "flag `--port`: `` is not a port from 1 to 65535");
    port(
        "",
        "port: 16000",
        "f:1:7: `port`: port 16000 is also the control API's; choose another `port` or `api.port`\n 1 | port: 16000\n   |       ^^^^^",
    );
    port("--port=16000 --hostname=10.0.0.1", "", "Explicit(16000)");
}

#[test]
fn tls_has_a_port_of_its_own() {
    let port = |words, yaml, expected| check(said(words, yaml), |config| config.listen.https, expected);
    port("", "", "Preferred { wanted: 443, fallback: 8443 }");
    port("DOCKER_PROXY_SSL_PORT=444", "", "Explicit(444)");
    port("--ssl-port=16000", "", "flag `--ssl-port`: port 16000 is also the control API's; choose another `ssl.port` or `api.port`");
    let text =
        "flag `--ssl-port`: port 81 is also the clear port; leave `ssl.port` out: TLS is understood at the clear port too (`ssl.peek`)";
    port("--ssl-port=81 --port=81", "", text);
}

#[test]
fn a_host_name_in_host_is_not_an_address_to_listen_at() {
    let addresses = |words, yaml, expected| check(said(words, yaml), |config| config.listen.addresses, expected);
    addresses("", "", "[0.0.0.0, ::]");
    addresses("HOST=machine", "", "[0.0.0.0, ::]");
    addresses("HOST=10.0.0.1", "", "[10.0.0.1]");
    addresses("HOST=10.0.0.1 DOCKER_PROXY_ADDRESS=10.0.0.2", "", "[10.0.0.2]");
    addresses("DOCKER_PROXY_ADDRESS=10.0.0.2 DOCKER_PROXY_HOSTNAME=localhost", "", "[127.0.0.1]");
    addresses("--hostname=::1,10.0.0.1", "", "[10.0.0.1, ::1]");
    addresses("", "hostname: [10.0.0.1, \"::1\", 10.0.0.1]", "[10.0.0.1, ::1]");
    addresses("", "hostname: []", "[0.0.0.0, ::]");
    addresses("", "hostname: \"*\"", "[0.0.0.0, ::]");
    addresses(
        "DOCKER_PROXY_HOSTNAME=web",
        "",
        "environment `DOCKER_PROXY_HOSTNAME`: `web` is not an IP address; write one like `0.0.0.0` or `::1`, or `localhost`",
    );
}

#[test]
fn the_engine_is_where_docker_would_look_for_it() {
    let endpoint =
        |words, yaml, expected| check(said(words, yaml), |config| config.docker[0].endpoint.to_string(), &format!("{expected:?}"));
    endpoint("", "", "unix:///var/run/docker.sock");
    endpoint("DOCKER_SOCKET_PATH=/a.sock", "", "unix:///a.sock");
    endpoint("DOCKER_SOCKET_PATH=/a.sock DOCKER_SOCK_PATH=/b.sock", "", "unix:///b.sock");
    endpoint("DOCKER_SOCK_PATH=/b.sock DOCKER_HOST=tcp://c:1", "", "tcp://c:1");
    endpoint("DOCKER_HOST=tcp://c:1 --docker-endpoint=d:2", "", "tcp://d:2");
    endpoint("DOCKER_HOST=tcp://c", "", "tcp://c:2375");
    endpoint("DOCKER_HOST=tcp://c DOCKER_TLS_VERIFY=1 HOME=/h", "", "tcp://c:2376");
    endpoint("", "docker: {endpoint: /e.sock}", "unix:///e.sock");
    refused(
        "DOCKER_HOST=ssh://a",
        "",
        "environment `DOCKER_HOST`: `ssh://a`: ssh:// is not supported; forward the engine's socket with \
             `ssh -L /path/docker.sock:/var/run/docker.sock` and write `unix:///path/docker.sock`",
    );
    refused(
        "DOCKER_HOST=http://a DOCKER_TLS_VERIFY=1",
        "",
        "environment `DOCKER_HOST`: `http://` is not TLS, but TLS is asked for (`tls_verify`, `cert_path`); write `https://` or `tcp://`",
    );
}

/// Every engine in words, and the warnings.
fn engines(words: &str, yaml: &str) -> String {
    let loaded = match resolve(&said(words, yaml)) {
        Ok(loaded) => loaded,
        Err(mistakes) => return mistakes.to_string(),
    };
    let engine = |docker: &Docker| {
        let name = docker.name.as_ref().map(|name| format!("{name}=")).unwrap_or_default();
        let tls = match &docker.endpoint {
            DockerEndpoint::Tcp { tls: Some(tls), .. } => format!(" ca {}", tls.ca.display()),
            DockerEndpoint::Tcp { tls: None, .. } | DockerEndpoint::Unix(_) => String::new(),
        };
        let address = docker.address.map(|address| format!(" at {address}")).unwrap_or_default();
        let own = docker.container_addresses.map(|own| format!(" own {own}")).unwrap_or_default();
        format!("{name}{}{tls}{address}{own}", docker.endpoint)
    };
    let engines = loaded.config.docker.iter().map(engine);
    engines.chain(loaded.warnings.iter().map(|warning| format!("! {warning}"))).collect::<Vec<_>>().join("; ")
}

#[test]
fn the_file_may_list_several_engines() {
    let check = |words: &str, yaml: &str, expected: &str| assert_eq!(engines(words, yaml), expected, "{words} {yaml}");
    check("", "", "unix:///var/run/docker.sock");
    check("", "docker: {address: 10.0.0.1, container_addresses: false}", "unix:///var/run/docker.sock at 10.0.0.1 own false");
    check("", "docker: {endpoints: ~}", "unix:///var/run/docker.sock");
    check("", "docker: {endpoints: []}", "unix:///var/run/docker.sock");
    check("", "docker: {endpoints: [/a.sock, \"b:1\"]}", "unix:///a.sock=unix:///a.sock; tcp://b:1=tcp://b:1");
    let east = "docker: {endpoints: [/a.sock, {endpoint: \"tcp://b:1\", name: east, address: 10.0.0.2, container_addresses: yes}]}";
    check("", east, "unix:///a.sock=unix:///a.sock; east=tcp://b:1 at 10.0.0.2 own true");
    check("", "docker: {endpoints: [{endpoint: tcp://b, name: east, cert_path: /c}]}", "east=tcp://b:2376 ca /c/ca.pem");
    check("HOME=/h", "docker: {endpoints: [{endpoint: tcp://b, tls_verify: true}]}", "tcp://b:2376=tcp://b:2376 ca /h/.docker/ca.pem");
    check("HOME=/h", "docker: {endpoints: [https://b]}", "tcp://b:2376=tcp://b:2376 ca /h/.docker/ca.pem");
}

#[test]
fn a_single_engine_named_outside_the_file_beats_its_list() {
    let list = "docker: {endpoints: [/a.sock, /b.sock]}";
    let ignored = "names the engine, so the list `docker.endpoints` of the file is ignored";
    assert_eq!(engines("DOCKER_HOST=/c.sock", list), format!("unix:///c.sock; ! environment `DOCKER_HOST` {ignored}"));
    assert_eq!(engines("--docker-endpoint=/c.sock", list), format!("unix:///c.sock; ! flag `--docker-endpoint` {ignored}"));
    let idle = "does nothing beside the list `docker.endpoints`; write it into the entry of the engine that it is about";
    assert_eq!(
        engines("DOCKER_CERT_PATH=/c", "docker: {endpoints: [/a.sock]}"),
        format!("unix:///a.sock=unix:///a.sock; ! environment `DOCKER_CERT_PATH`: {idle}")
    );
}

#[test]
fn a_bad_list_of_engines_is_told_by_place() {
    let list = |yaml: &str, expected: &str| {
        let told = engines("", &format!("docker:\n  endpoints:\n{yaml}\n"));
        assert_eq!(told.lines().next(), Some(expected), "{yaml}");
    };
    list(
        "    /a",
        "f:3:5: `docker.endpoints`: must be a list of endpoints, not a single value; write `- unix:///var/run/docker.sock` for each",
    );
    list("    - [/a]", "f:3:7: `docker.endpoints[0]`: must be an endpoint, or `endpoint` and what else is known of it, not a list");
    list("    - name: a", "f:3:7: `docker.endpoints[0]`: has no endpoint; write `endpoint: tcp://10.0.0.5:2376`");
    list("    - endpont: /a", "f:3:7: `docker.endpoints[0]`: unknown key `endpont`; did you mean `endpoint`?");
    list("    - {endpoint: /a, endpoint: /b}", "f:3:22: `docker.endpoints[0]`: key `endpoint` is there twice");
    list("    - {endpoint: [/a]}", "f:3:18: `docker.endpoints[0]`: `endpoint` must be a single value, not a list");
    list("    - {endpoint: /a, name: a b}", "f:3:28: `docker.endpoints[0]`: `a b` is not a name; use letters, digits, `.`, `-` and `_`");
    list(
        "    - {endpoint: /a, address: b}",
        "f:3:31: `docker.endpoints[0]`: `b` is not an IP address; write one like `0.0.0.0` or `::1`, or `localhost`",
    );
    list("    - /a\n    - unix:///a", "f:4:7: `docker.endpoints[1]`: `unix:///a` is in the list already");
    list(
        "    - {endpoint: /a, name: x}\n    - {endpoint: /b, name: x}",
        "f:4:28: `docker.endpoints[1]`: another engine is called `x` already",
    );
    list(
        "    - {endpoint: \"http://a\", cert_path: /c}",
        "f:3:18: `docker.endpoints[0]`: `http://` is not TLS, but TLS is asked for (`tls_verify`, `cert_path`); write `https://` or `tcp://`",
    );
    list(
        "    - fd://",
        "f:3:7: `docker.endpoints[0]`: `fd://`: fd:// is not supported; sockets handed over by systemd are for the engine itself; write `unix:///var/run/docker.sock`",
    );
    let both = "docker:\n  endpoint: /a\n  endpoints: [/b]\n";
    assert_eq!(
        engines("", both).lines().next(),
        Some("f:2:13: `docker.endpoint`: there is a list `docker.endpoints`, too; put this engine into the list")
    );
}

#[test]
fn tls_to_the_engine_has_its_certificates_where_docker_has_them() {
    let tls = |words, yaml, expected: &str| {
        let ca = |config: Config| match &config.docker[0].endpoint {
            DockerEndpoint::Tcp { tls: Some(tls), .. } => tls.ca.display().to_string(),
            DockerEndpoint::Tcp { tls: None, .. } => "plain".to_owned(),
            DockerEndpoint::Unix(_) => "unix".to_owned(),
        };
        check(said(words, yaml), ca, &format!("{expected:?}"));
    };
    tls("DOCKER_HOST=tcp://a:1 HOME=/h", "", "plain");
    tls("DOCKER_HOST=tcp://a:1 DOCKER_TLS_VERIFY=0 HOME=/h", "", "/h/.docker/ca.pem");
    tls("DOCKER_HOST=tcp://a:1 DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=/c", "", "/c/ca.pem");
    tls("DOCKER_HOST=https://a:1 HOME=/h", "", "/h/.docker/ca.pem");
    tls("DOCKER_HOST=http://a:1 HOME=/h", "", "plain");
    tls("DOCKER_TLS_VERIFY=1", "", "unix");
    tls("", "docker: {endpoint: tcp://a:1, tls_verify: true, cert_path: /c}", "/c/ca.pem");
    refused(
        "DOCKER_HOST=https://a:1",
        "",
        "environment `DOCKER_HOST`: TLS needs certificates, and without `HOME` there is no `~/.docker`; set `DOCKER_CERT_PATH`",
    );
}

#[test]
fn places_follow_the_run_directory() {
    let run = |words, expected: &str| {
        let shown = |config: Config| format!("{} {}", config.pid_path.display(), config.api.socket.display());
        check(said(words, ""), shown, &format!("{expected:?}"));
    };
    run("", "/var/run/docker-proxy/docker-proxy.pid /var/run/docker-proxy/docker-proxy.sock");
    run("--run-directory=/r", "/r/docker-proxy.pid /r/docker-proxy.sock");
    run("--run-directory=/r DOCKER_PROXY_PID_PATH=/p", "/p /r/docker-proxy.sock");
    let long = format!("/{}", "x".repeat(100));
    let path = format!("{long}/docker-proxy.sock");
    refused(
        &format!("--run-directory={long}"),
        "",
        &format!("flag `--run-directory`: `{path}` is longer than the 107 bytes that a Unix socket may have"),
    );
}

#[test]
fn the_control_api_is_for_this_machine_or_for_those_who_have_the_token() {
    let address = |words, expected| check(said(words, ""), |config| config.api.address, expected);
    address("", "127.0.0.1:16000");
    address("DOCKER_PROXY_API_PORT=1 DOCKER_PROXY_API_ADDRESS=::1", "[::1]:1");
    address("DOCKER_PROXY_API_ADDRESS=0.0.0.0", "0.0.0.0:16000");
    let token = |words, expected| {
        check(said(words, ""), |config| config.api.token.clone().unwrap_or_default(), expected);
    };
    token("", "\"\"");
    token("DOCKER_PROXY_API_ADDRESS=::1", "\"\"");
    token("DOCKER_PROXY_API_TOKEN_FILE=/x/token", "\"/x/token\"");
    token("DOCKER_PROXY_API_ADDRESS=10.0.0.1 DOCKER_PROXY_STATE_DIRECTORY=/s", "\"/s/api-token\"");
}

#[test]
fn limits_fit_into_each_other() {
    let limits = |words, expected: &str| {
        check(said(words, ""), |config| (config.proxy.limits.head_bytes, config.proxy.limits.target_bytes), expected);
    };
    limits("", "(65536, 16384)");
    limits("--limit-head-bytes=8KiB", "(8192, 8192)");
    limits(
        "--limit-head-bytes=8KiB --limit-target-bytes=9KiB",
        "flag `--limit-target-bytes`: 9216 bytes of target do not fit into a head of 8192 (`limits.head_bytes`)",
    );
}

#[test]
fn the_proxy_is_named_after_the_machine() {
    let name = |said, hostname: &str, expected| {
        let Said { words, .. } = said;
        let flags = Flags::from_pairs(words.split_once('='));
        let surroundings = Surroundings { hostname: hostname.to_owned(), ..surroundings() };
        let loaded = Config::resolve(&flags, &Environment::default(), &surroundings, None).unwrap();
        assert_eq!(loaded.config.proxy.server_name, expected);
    };
    name(said("", ""), "machine", "machine");
    name(said("", ""), "", "dproxy");
    name(said("", ""), "m\u{fc}ll", "dproxy");
    name(said("server-name=edge", ""), "machine", "edge");
}

#[test]
fn what_does_nothing_is_said_so() {
    let warned = |words, yaml, expected: &[&str]| {
        let warnings = resolve(&said(words, yaml)).unwrap().warnings;
        assert_eq!(warnings, expected);
    };
    warned("", "", &[]);
    warned(
        "DOCKER_HOST=tcp://a:1 DOCKER_CERT_PATH=/c",
        "",
        &["environment `DOCKER_CERT_PATH`: does nothing without `DOCKER_TLS_VERIFY`: the engine is reached without TLS"],
    );
}

#[test]
fn the_access_log_has_a_format_and_json_the_fields_that_were_chosen() {
    let format = |words, yaml, expected| check(said(words, yaml), |config| config.proxy.access.format, expected);
    format("", "", "Full");
    format("", "access_log_format: Combined", "Combined");
    format("--access-log-format=json", "access_log_fields: [status, host]", "Json([Status, Host])");
    format("DOCKER_PROXY_ACCESS_LOG_FORMAT=json --access-log-fields=bytes", "", "Json([Bytes])");
    refused("--access-log-format=xml", "", "flag `--access-log-format`: `xml` is none of `full`, `combined`, `hipache` and `json`");
    let alone = "flag `--access-log-fields`: only the lines of `json` have fields to choose from; set `access_log_format: json`";
    refused("--access-log-fields=bytes", "", alone);
}

#[test]
fn the_access_log_goes_to_a_file_or_to_stdout_and_is_rotated() {
    let log = |words: &str, yaml: &str, expected: &str| check(said(words, yaml), |config| config.access_log, expected);
    let by_default = "rotation: Rotation { size: 104857600, age: None, keep: 10 } }";
    log("", "", &format!("AccessLog {{ target: None, {by_default}"));
    log("--access-log=-", "", &format!("AccessLog {{ target: Some(Stdout), {by_default}"));
    log("", "access_log: stdout", &format!("AccessLog {{ target: Some(Stdout), {by_default}"));
    log(
        "DOCKER_PROXY_ACCESS_LOG_MAX_SIZE=0",
        "access_log: /a\naccess_log_max_age: 1d\naccess_log_keep: 3",
        "AccessLog { target: Some(File(\"/a\")), rotation: Rotation { size: 0, age: Some(86400s), keep: 3 } }",
    );
    refused("--access-log-keep=0", "", "flag `--access-log-keep`: `0` is not from 1 to 10000");
}
