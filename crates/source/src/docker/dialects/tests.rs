use std::collections::BTreeMap;

use super::super::facts::{Attachment, Inspected};
use super::*;

const ALL: [Dialect; 3] = [Dialect::Traefik, Dialect::Caddy, Dialect::NginxProxy];

/// A container with labels `name=value`, one a line, and environment `$NAME=value`.
fn container(name: &str, text: &str) -> Facts {
    let mut facts = Facts { id: format!("{name}-id"), name: name.to_owned(), ..Facts::default() };
    let mut inspected = Inspected::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (key, value) = line.split_once('=').unwrap();
        match key.strip_prefix('$') {
            Some(variable) => {
                let known = VARIABLES.into_iter().find(|known| *known == variable).unwrap();
                inspected.virtual_host.insert(known, value.to_owned());
            }
            None => {
                facts.labels.insert(key.to_owned(), value.to_owned());
            }
        }
    }
    facts.inspected = Some(inspected);
    facts
}

/// Each site as `dialect: label=value …`, our labels without `dproxy.`; refusals and problems behind them.
fn shown(containers: &[Facts]) -> Vec<String> {
    let Some(translation) = translated(&containers[0], containers, &ALL) else { return vec!["-".to_owned()] };
    let site = |site: &Site| {
        let labels: BTreeMap<&str, &str> =
            site.labels.iter().map(|(name, value)| (name.strip_prefix("dproxy.").unwrap(), value.as_str())).collect();
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let refusal = site.refusal.as_ref().map(|why| format!(" REFUSED {why}")).unwrap_or_default();
        format!("{}: {}{refusal}", translation.dialect.as_str(), labels.join(" "))
    };
    translation.sites.iter().map(site).chain(translation.problems.iter().map(|problem| format!("! {problem}"))).collect()
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(shown(&[container("web", text)]), expected, "{text}");
}

#[test]
fn a_container_speaks_one_language() {
    check("", &["-"]);
    check("dproxy.host=a.test\ntraefik.enable=true\n$VIRTUAL_HOST=b.test", &["-"]);
    check(
        "caddy=c.test\ncaddy.reverse_proxy={{upstreams 80}}\n$VIRTUAL_HOST=b.test",
        &["caddy: host=c.test https=redirect port=80 tls=automatic"],
    );
    check("traefik.enable=false\n$VIRTUAL_HOST=b.test", &["nginx-proxy: host=b.test"]);
}

#[test]
fn nginx_proxys_environment_is_understood() {
    check("$VIRTUAL_HOST=a.test", &["nginx-proxy: host=a.test"]);
    check("$VIRTUAL_HOST= a.test , *.b.test,", &["nginx-proxy: host=a.test,*.b.test"]);
    check("$VIRTUAL_HOST=a.test\n$VIRTUAL_PORT=3000\n$VIRTUAL_PROTO=https", &["nginx-proxy: host=a.test port=3000 protocol=https"]);
    check("$VIRTUAL_HOST=a.test\n$VIRTUAL_PATH=/api/", &["nginx-proxy: host=a.test path=/api/"]);
    check("$VIRTUAL_HOST=a.test\n$VIRTUAL_PATH=/api\n$VIRTUAL_DEST=/", &["nginx-proxy: host=a.test path=/api strip_prefix=true"]);
    check(
        "$VIRTUAL_HOST=a.test\n$VIRTUAL_PATH=/api\n$VIRTUAL_DEST=/v1",
        &["nginx-proxy: add_prefix=/v1 host=a.test path=/api strip_prefix=true"],
    );
    check("$VIRTUAL_HOST=a.test\n$LETSENCRYPT_HOST=A.test", &["nginx-proxy: host=a.test tls=acme"]);
    check(
        "$VIRTUAL_HOST=a.test,b.test\n$VIRTUAL_PORT=81\n$ACME_HOST=b.test, c.test\n$LETSENCRYPT_HOST=a.test",
        &["nginx-proxy: host=b.test port=81 tls=acme", "nginx-proxy: host=a.test port=81"],
    );
    check("$LETSENCRYPT_HOST=a.test", &["-"]);
    check("$VIRTUAL_HOST=", &["-"]);
    check(
        "$VIRTUAL_HOST=a.test,~^b,c.*",
        &[
            "nginx-proxy: host=a.test",
            "! VIRTUAL_HOST: `~^b` is not matched; names and `*.name` are",
            "! VIRTUAL_HOST: `c.*` is not matched; names and `*.name` are",
        ],
    );
    check(
        "$VIRTUAL_HOST=a.test\n$VIRTUAL_PROTO=fastcgi",
        &[
            "nginx-proxy: host=a.test REFUSED its program speaks fastcgi, which this proxy does not",
            "! VIRTUAL_PROTO=`fastcgi` is not spoken; http, https and grpc are",
        ],
    );
    check(
        "$VIRTUAL_HOST=a.test\n$NETWORK_ACCESS=internal",
        &["nginx-proxy: host=a.test REFUSED NETWORK_ACCESS=internal is not supported, and without it everybody could come in"],
    );
    check("$VIRTUAL_HOST_MULTIPORTS={}", &["! VIRTUAL_HOST_MULTIPORTS is not read; write VIRTUAL_HOST and VIRTUAL_PORT"]);
}

#[test]
fn traefiks_routers_are_understood() {
    let rule = "traefik.http.routers.web.rule=Host(`a.test`)";
    check(rule, &["traefik: host=a.test path=/"]);
    check(
        &format!("traefik.enable=true\n{rule}\ntraefik.http.services.web.loadbalancer.server.port=3000"),
        &["traefik: host=a.test path=/ port=3000"],
    );
    check(
        &format!(
            "{rule}\ntraefik.http.routers.web.entrypoints=websecure\ntraefik.http.routers.web.tls=true\ntraefik.http.routers.web.tls.certresolver=le"
        ),
        &["traefik: host=a.test path=/ tls=acme"],
    );
    check("Traefik.Http.Routers.Web.Rule=Host(`b.test`)", &["traefik: host=b.test path=/"]);
    check("traefik.enable=true", &["traefik: host=web path=/"]);
    check(
        "traefik.http.routers.web.rule=(Host(`a.test`) || Host(`b.test`)) && PathPrefix(`/api`)",
        &["traefik: host=a.test,b.test path=/api"],
    );
    check(
        &format!(
            "{rule}\ntraefik.http.services.web.loadbalancer.server.scheme=h2c\ntraefik.http.services.web.loadbalancer.server.port=50051"
        ),
        &["traefik: host=a.test path=/ port=50051 protocol=h2c"],
    );
    check(
        "traefik.http.routers.a.rule=Host(`a.test`)\ntraefik.http.routers.a.service=one\n\
         traefik.http.routers.b.rule=Host(`b.test`)\ntraefik.http.routers.b.service=two\n\
         traefik.http.services.one.loadbalancer.server.port=1\ntraefik.http.services.two.loadbalancer.server.port=2",
        &["traefik: host=a.test path=/ port=1", "traefik: host=b.test path=/ port=2"],
    );
    check(&format!("{rule}\ntraefik.docker.network=front"), &["traefik: host=a.test network=front path=/"]);
}

#[test]
fn traefiks_network_may_leave_the_project_out() {
    let mut facts =
        container("web", "traefik.http.routers.web.rule=Host(`a.test`)\ntraefik.docker.network=front\ncom.docker.compose.project=shop");
    facts.attachments.push(Attachment { network: "shop_front".to_owned(), addresses: Vec::new() });
    assert_eq!(shown(&[facts]), ["traefik: host=a.test network=shop_front path=/"]);
}

#[test]
fn traefiks_middlewares_that_we_have_are_followed() {
    let web = "traefik.http.routers.web.rule=Host(`a.test`) && PathPrefix(`/api`)\ntraefik.http.routers.web.middlewares=";
    let with = |middlewares: &str, expected: &[&str]| check(&format!("{web}{middlewares}"), expected);
    with("m\ntraefik.http.middlewares.m.stripprefix.prefixes=/api", &["traefik: host=a.test path=/api strip_prefix=/api"]);
    with("m@docker\ntraefik.http.middlewares.m.stripprefix.prefixes=/x,/api/", &["traefik: host=a.test path=/api strip_prefix=/api"]);
    with("m\ntraefik.http.middlewares.m.addprefix.prefix=/v1", &["traefik: add_prefix=/v1 host=a.test path=/api"]);
    with(
        "m\ntraefik.http.middlewares.m.redirectscheme.scheme=https\ntraefik.http.middlewares.m.redirectscheme.permanent=true",
        &["traefik: host=a.test listen=http path=/api redirect=https://{host} redirect_code=301"],
    );
    with(
        "c\ntraefik.http.middlewares.c.chain.middlewares=m,n\ntraefik.http.middlewares.m.stripprefix.prefixes=/api\n\
         traefik.http.middlewares.n.addprefix.prefix=/v1",
        &["traefik: add_prefix=/v1 host=a.test path=/api strip_prefix=/api"],
    );
    with(
        "m\ntraefik.http.middlewares.m.compress=true",
        &["traefik: host=a.test path=/api", "! Traefik router `web`: middleware `m` (compress) is not followed"],
    );
    let other = container("other", "traefik.http.middlewares.m.stripprefix.prefixes=/api");
    let both = [container("web", &format!("{web}m")), other];
    assert_eq!(shown(&both), ["traefik: host=a.test path=/api strip_prefix=/api"], "another container may define it");
}

#[test]
fn a_guard_that_we_have_not_keeps_everybody_out() {
    let web = "traefik.http.routers.web.rule=Host(`a.test`)\ntraefik.http.routers.web.middlewares=";
    let refused =
        |middlewares: &str, why: &str| check(&format!("{web}{middlewares}"), &[&format!("traefik: host=a.test path=/ REFUSED {why}")]);
    let open = "of router `web` is not supported, and without it everybody could come in";
    refused("auth\ntraefik.http.middlewares.auth.basicauth.users=a:b", &format!("middleware `auth` (basicauth) {open}"));
    refused("auth\ntraefik.http.middlewares.auth.forwardauth.address=http://x", &format!("middleware `auth` (forwardauth) {open}"));
    refused("ip\ntraefik.http.middlewares.ip.ipallowlist.sourcerange=10.0.0.0/8", &format!("middleware `ip` (ipallowlist) {open}"));
    refused("ip\ntraefik.http.middlewares.ip.IPWhiteList.sourcerange=10.0.0.0/8", &format!("middleware `ip` (ipwhitelist) {open}"));
    refused("x\ntraefik.http.middlewares.x.plugin.y.z=1", &format!("middleware `x` (plugin) {open}"));
    refused(
        "c\ntraefik.http.middlewares.c.chain.middlewares=auth\ntraefik.http.middlewares.auth.basicauth.users=a:b",
        &format!("middleware `auth` (basicauth) {open}"),
    );
    let unknown = "of router `web` is not known here, and may have kept people out";
    refused("chain-oauth@file", &format!("middleware `chain-oauth@file` {unknown}"));
    refused("gone", &format!("middleware `gone` {unknown}"));
    refused("c\ntraefik.http.middlewares.c.chain.middlewares=c", &format!("middleware `c` {unknown}"));
}

#[test]
fn no_other_router_or_name_leads_around_a_guard() {
    let guard = "traefik.http.middlewares.auth.basicauth.users=a:b\ntraefik.http.routers.tls.middlewares=auth\n\
                 traefik.http.routers.tls.rule=Host(`a.test`)\ntraefik.http.routers.clear.rule=Host(`b.test`) || Host(`a.test`)";
    let why = "REFUSED middleware `auth` (basicauth) of router `tls` is not supported, and without it everybody could come in";
    check(guard, &[&format!("traefik: host=b.test,a.test path=/ {why}"), &format!("traefik: host=a.test path=/ {why}")]);
    let elsewhere = format!("{guard}\ntraefik.http.routers.clear.rule=Host(`a.test`) && PathPrefix(`/open`)");
    check(&elsewhere, &["traefik: host=a.test path=/open", &format!("traefik: host=a.test path=/ {why}")]);
    let is_open = |text: &str| translated(&container("web", text), &[], &ALL).is_some_and(|translation| translation.is_open());
    assert!(is_open("traefik.http.routers.web.rule=Host(`a.test`)"));
    assert!(!is_open(guard));
    assert!(!is_open("traefik.http.routers.web.rule=Host(`a.test`) && ClientIP(`10.0.0.0/8`)"));
}

#[test]
fn what_traefik_means_and_we_cannot_do_is_told() {
    let told =
        |text: &str, expected: &str| assert_eq!(shown(&[container("web", text)]).last().map(String::as_str), Some(expected), "{text}");
    told(
        "traefik.http.routers.web.rule=Host(`a.test`) && Headers(`a`, `b`)",
        "! Traefik router `web`: rule `Host(`a.test`) && Headers(`a`, `b`)`: matcher `Headers` is not supported; no route is made",
    );
    told(
        "traefik.http.routers.web.rule=Host(`a.test`)\ntraefik.http.routers.web.entrypoints=metrics",
        "! Traefik router `web`: entry point `metrics` is none of web, http, websecure and https; no route is made",
    );
    told(
        "traefik.http.routers.web.rule=Host(`a.test`)\ntraefik.http.routers.web.priority=5",
        "! Traefik router `web`: its priority is not followed: the nearest host and the longest path win",
    );
    told(
        "traefik.http.routers.web.rule=Host(`a.test`)\ntraefik.http.services.web.loadbalancer.sticky.cookie=true",
        "! Traefik router `web`: `sticky.cookie` of service `web` is not followed",
    );
    told(
        "traefik.http.routers.web.rule=Host(`a.test`)\ntraefik.http.services.a.loadbalancer.server.port=1\ntraefik.http.services.b.loadbalancer.server.port=2",
        "! Traefik router `web`: it does not say which of the services a, b it is for; no route is made",
    );
    told(
        "traefik.enable=true\ntraefik.tcp.routers.db.rule=HostSNI(`*`)",
        "! label traefik.tcp.routers.db.rule is not followed: only HTTP is",
    );
    told(
        "traefik.frontend.rule=Host:a.test",
        "! label traefik.frontend.rule is Traefik 1's, which is not read; write the labels of Traefik 3",
    );
}

#[test]
fn caddys_labels_are_understood() {
    check("caddy=a.test\ncaddy.reverse_proxy={{upstreams}}", &["caddy: host=a.test https=redirect tls=automatic"]);
    check(
        "caddy=a.test, b.test\ncaddy.reverse_proxy={{upstreams 3000}}",
        &["caddy: host=a.test,b.test https=redirect port=3000 tls=automatic"],
    );
    check(
        "caddy=http://a.test https://b.test\ncaddy.reverse_proxy={{upstreams http 80}}",
        &["caddy: host=a.test,b.test port=80 protocol=http tls=automatic"],
    );
    check(
        "caddy=a.test\ncaddy.reverse_proxy={{upstreams https}}",
        &["caddy: host=a.test https=redirect port=443 protocol=https tls=automatic"],
    );
    check(
        "caddy_1=a.test\ncaddy_1.reverse_proxy={{upstreams 1}}\ncaddy_2=b.test\ncaddy_2.reverse_proxy={{upstreams 2}}",
        &["caddy: host=a.test https=redirect port=1 tls=automatic", "caddy: host=b.test https=redirect port=2 tls=automatic"],
    );
    check(
        "caddy=a.test\ncaddy.reverse_proxy=/api/* {{upstreams 80}}",
        &["caddy: host=a.test https=redirect path=/api port=80 tls=automatic"],
    );
    check(
        "caddy=a.test\ncaddy.handle_path=/api/*\ncaddy.handle_path.0_reverse_proxy={{upstreams 80}}",
        &["caddy: host=a.test https=redirect path=/api port=80 strip_prefix=true tls=automatic"],
    );
    check(
        "caddy=a.test\ncaddy.0_handle=/api*\ncaddy.0_handle.reverse_proxy={{upstreams}}",
        &["caddy: host=a.test https=redirect path=/api strip_prefix=false tls=automatic"],
    );
    check(
        "caddy_ingress_network=front\ncaddy=a.test\ncaddy.reverse_proxy={{upstreams}}",
        &["caddy: host=a.test https=redirect network=front tls=automatic"],
    );
    check("caddy=:80\ncaddy.reverse_proxy={{upstreams}}", &["caddy: host=*"]);
    check("caddy=a.test\ncaddy.tls=internal\ncaddy.reverse_proxy={{upstreams}}", &["caddy: host=a.test tls=internal"]);
    check(
        "caddy=a.test\ncaddy.reverse_proxy={{upstreams}}\ncaddy.encode=zstd gzip",
        &["caddy: host=a.test https=redirect tls=automatic", "! label caddy.encode is not followed"],
    );
}

#[test]
fn what_caddy_means_and_we_cannot_do_is_told_or_keeps_everybody_out() {
    let auth = "label caddy.basic_auth.bob is not supported, and may have kept people out";
    check(
        "caddy=a.test\ncaddy.reverse_proxy={{upstreams}}\ncaddy.basic_auth.bob=hash",
        &[&format!("caddy: host=a.test https=redirect tls=automatic REFUSED {auth}"), &format!("! {auth}")],
    );
    let import = "label caddy.import is not supported, and may have kept people out";
    check(
        "caddy=a.test\ncaddy.reverse_proxy={{upstreams}}\ncaddy.import=auth",
        &[&format!("caddy: host=a.test https=redirect tls=automatic REFUSED {import}"), &format!("! {import}")],
    );
    check("caddy=a.test", &["! label caddy: it has no reverse_proxy; no route is made"]);
    check("caddy=(snippet)\ncaddy.encode=gzip", &["! label caddy defines a snippet, which is not read"]);
    check("caddyx=a.test\ncaddy.email=x", &["-"]);
}
