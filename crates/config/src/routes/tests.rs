use std::path::Path;

use dproxy_route::Offer;

use crate::file::File;
use crate::mistake::Source;
use crate::words::Environment;

/// Each route on a line, then each mistake on a line.
#[track_caller]
fn check(yaml: &str, expected: &[&str]) {
    let source = Source::new(Path::new("f"), yaml);
    let file = File::read(&source, &Environment::default());
    let routes = file.routes.iter().map(|route| {
        let behind = match &route.offer {
            Offer::Ports { main, .. } => format!("{}{}", main.id, main.max_requests.map(|most| format!(" <{most}")).unwrap_or_default()),
            Offer::Redirect(redirect) => redirect.to_string(),
            Offer::Offline(_) => panic!("a route of the file is never offline"),
        };
        let listen = if route.entrance.is_any() { String::new() } else { format!("{}|", route.entrance) };
        let rewrite = if route.rewrite.is_nothing() { String::new() } else { format!(" ({})", route.rewrite) };
        format!("{} {listen}{}{}{rewrite} {behind}", route.owner, route.host, route.path)
    });
    let mistakes = file.mistakes.iter().map(|mistake| format!("{}: {}", mistake.origin, mistake.text));
    assert_eq!(routes.chain(mistakes).collect::<Vec<_>>(), expected, "{yaml}");
}

/// One entry with a fault.
#[track_caller]
fn refused(entry: &str, expected: &str) {
    check(&format!("routes:\n  - {entry}\n"), &[expected]);
}

#[test]
fn routes_are_hosts_a_path_and_backends() {
    check("routes:\n", &[]);
    check("routes: []\n", &[]);
    check("routes:\n  - host: a.test\n    backends: [\"10.0.0.1:80\"]\n", &["routes[0] a.test/ 10.0.0.1:80"]);
    check("routes:\n  - {host: a.test, backend: http://10.0.0.1:80/}\n", &["routes[0] a.test/ 10.0.0.1:80"]);
    check("routes:\n  - {host: a.test, backend: h2c://10.0.0.1:80/}\n", &["routes[0] a.test/ h2c://10.0.0.1:80"]);
    check("routes:\n  - {host: a.test, backend: GRPC://localhost:80}\n", &["routes[0] a.test/ h2c://127.0.0.1:80"]);
    check("routes:\n  - {host: A.test., path: /api/, backends: 10.0.0.1:80}\n", &["routes[0] a.test/api 10.0.0.1:80"]);
    check("routes:\n  - {host: \"*\", backends: [\"[::1]:80\"]}\n", &["routes[0] */ [::1]:80"]);
    check("routes:\n  - {host: a.test, backends: [localhost:80]}\n", &["routes[0] a.test/ 127.0.0.1:80"]);
    check(
        "routes:\n  - {host: a.test, backends: 10.0.0.1:80}\n  - hosts: [b.test, \"*.b.test\"]\n    backends: [10.0.0.1:80, 10.0.0.2:80]\n",
        &[
            "routes[0] a.test/ 10.0.0.1:80",
            "routes[1] b.test/ 10.0.0.1:80",
            "routes[1] b.test/ 10.0.0.2:80",
            "routes[1] *.b.test/ 10.0.0.1:80",
            "routes[1] *.b.test/ 10.0.0.2:80",
        ],
    );
}

#[test]
fn a_route_says_how_many_requests_each_backend_takes() {
    check(
        "routes:\n  - {host: a.test, backends: [10.0.0.1:80, 10.0.0.2:80], max_requests: 20}\n",
        &["routes[0] a.test/ 10.0.0.1:80 <20", "routes[0] a.test/ 10.0.0.2:80 <20"],
    );
    check("routes:\n  - {host: a.test, backends: 10.0.0.1:80, max_requests: 0}\n", &["routes[0] a.test/ 10.0.0.1:80 <0"]);
    check("routes:\n  - {host: a.test, backends: 10.0.0.1:80, max_requests: }\n", &["routes[0] a.test/ 10.0.0.1:80"]);
    let bad = |value: &str, expected: &str| {
        let entry = format!("{{host: a.test, backends: 10.0.0.1:80, max_requests: {value}}}");
        refused(&entry, &format!("f:2:57: `routes[0]`: {expected}"));
    };
    bad("many", "`max_requests`: `many` is not a whole number; 0 is any number");
    bad("-1", "`max_requests`: `-1` is not a whole number; 0 is any number");
    bad("1000001", "`max_requests`: `1000001` is not from 0 to 1000000; 0 is any number");
    bad("[1]", "`max_requests` must be a single number");
}

#[test]
fn a_route_may_rewrite_paths_and_choose_its_listener() {
    let entry = |rest: &str, expected: &str| check(&format!("routes:\n  - {{host: a.test, {rest}}}\n"), &[expected]);
    entry("path: /api, strip_prefix: true, backends: 10.0.0.1:80", "routes[0] a.test/api (strip /api) 10.0.0.1:80");
    entry("path: /api/v1, strip_prefix: /api, backends: 10.0.0.1:80", "routes[0] a.test/api/v1 (strip /api) 10.0.0.1:80");
    entry("add_prefix: /app/, backends: 10.0.0.1:80", "routes[0] a.test/ (add /app) 10.0.0.1:80");
    entry("backends: \"https://10.0.0.1:443\"", "routes[0] a.test/ https://10.0.0.1:443");
    entry("listen: https, backends: 10.0.0.1:80", "routes[0] https|a.test/ 10.0.0.1:80");
    entry("listen: 8080, backends: 10.0.0.1:80", "routes[0] 8080|a.test/ 10.0.0.1:80");
    entry("redirect: https://b.test", "routes[0] a.test/ 302 https://b.test{path}{query}");
    entry("redirect: \"https://{host}\", redirect_code: 308", "routes[0] http|a.test/ 308 https://{host}{path}{query}");
    entry("redirect: \"/x{path}\", listen: https, redirect_code: 301", "routes[0] https|a.test/ 301 /x{path}");
    let bad = |rest: &str, place: &str, expected: &str| {
        refused(&format!("{{host: a.test, backends: 10.0.0.1:80, {rest}}}"), &format!("f:2:{place}: `routes[0]`: {expected}"));
    };
    bad("path: /a, strip_prefix: /b", "67", "`/b` is neither `true` nor `false` nor a part at the front of the path `/a`");
    bad("add_prefix: app", "55", "path `app` must begin with `/`");
    bad("listen: [http]", "51", "`listen` must be a single value; write one entry for each listener");
    bad("listen: tls", "51", "`tls` names no listener; write `http`, `https`, a port like `8080`, or both like `https:8443`");
    bad("redirect: https://b.test", "53", "has `redirect` and `backends`; a request goes to one or the other");
    bad("redirect_code: 301", "58", "`redirect_code` needs `redirect`, which says where to");
    refused("{host: a.test, redirect: b.test}", "f:2:30: `routes[0]`: redirect `b.test` begins with none of `http://`, `https://` and `/`");
    refused(
        "{host: a.test, redirect: /x, redirect_code: 200}",
        "f:2:49: `routes[0]`: `200` is none of the redirects 301, 302, 307 and 308",
    );
}

#[test]
fn what_is_no_route_is_told_at_its_place() {
    refused("{host: a b, backends: 10.0.0.1:80}", "f:2:12: `routes[0]`: `a b` is not a host name");
    refused("{host: a.test, path: api, backends: 10.0.0.1:80}", "f:2:26: `routes[0]`: path `api` must begin with `/`");
    refused(
        "{host: a.test, path: [/a], backends: 10.0.0.1:80}",
        "f:2:26: `routes[0]`: `path` must be a single value; write one entry for each path",
    );
    refused("{backends: 10.0.0.1:80}", "f:2:5: `routes[0]`: has no host; write `host: name`, or `host: \"*\"` for every name");
    refused(
        "{host: a.test}",
        "f:2:5: `routes[0]`: has no backend; write `backends: [\"10.0.0.5:8080\"]`, or `redirect: https://example.com`",
    );
    refused(
        "{host: a.test, backends: []}",
        "f:2:5: `routes[0]`: has no backend; write `backends: [\"10.0.0.5:8080\"]`, or `redirect: https://example.com`",
    );
    refused("{host: a.test, host: b.test, backends: 10.0.0.1:80}", "f:2:20: `routes[0]`: key `host` is already there in line 2");
    refused("{host: a.test, backend5: 10.0.0.1:80}", "f:2:20: `routes[0]`: unknown key `backend5`; did you mean `backend`?");
    refused("{host: {a: b}, backends: 10.0.0.1:80}", "f:2:12: `routes[0]`: `host` must be a single value or a list, not a section of keys");
    refused("{hosts: [[a]], backends: 10.0.0.1:80}", "f:2:14: `routes[0]`: `hosts` must be made of single values, not a list");
    refused("a.test", "f:2:5: `routes[0]`: must be `host`, `path` and `backends`, not a single value");
}

#[test]
fn what_is_no_backend_is_told_with_the_way_out() {
    let backend =
        |text: &str, expected: &str| refused(&format!("{{host: a.test, backends: [{text}]}}"), &format!("f:2:31: `routes[0]`: {expected}"));
    backend(
        "ftp://10.0.0.1:21",
        "backend `ftp://10.0.0.1:21` has an unknown scheme; write `10.0.0.5:8080`, `http://10.0.0.5:8080`, `https://10.0.0.5:8443` or `h2c://10.0.0.5:8080`",
    );
    backend("10.0.0.1:80/app", "backend `10.0.0.1:80/app` has a path; write only address and port");
    let not_one = "is not an IP address and a port; write one like `10.0.0.5:8080` or `[fd00::5]:8080`";
    backend("10.0.0.1", &format!("backend `10.0.0.1` {not_one}"));
    backend("web:80", &format!("backend `web:80` {not_one}"));
    backend("10.0.0.1:0", &format!("backend `10.0.0.1:0` {not_one}"));
    backend("0.0.0.0:80", &format!("backend `0.0.0.0:80` {not_one}"));
    backend("10.0.0.1:99999", &format!("backend `10.0.0.1:99999` {not_one}"));
    backend("localhost:+80", &format!("backend `localhost:+80` {not_one}"));
}

#[test]
fn what_labels_say_of_tls_a_route_says_too() {
    let read = |entry: &str| {
        let yaml = format!("routes:\n  - {{host: a.test, backends: \"https://10.0.0.1:443\", {entry}}}\n");
        let routes = File::read(&Source::new(Path::new("f"), &yaml), &Environment::default()).routes;
        let trust = routes[0].backends().next().unwrap().trust.clone();
        let words = [trust.authority, trust.name, trust.certificate].map(|word| word.unwrap_or("-".to_owned())).join(" ");
        format!("{} {words} {}", trust.verify, routes[0].https).trim().to_owned()
    };
    assert_eq!(read(""), "false - - -");
    assert_eq!(read("tls_verify: true"), "true - - -");
    assert_eq!(read("tls_verify: false, tls_ca: ca.pem"), "false ca.pem - -");
    assert_eq!(read("tls_ca: ca.pem, tls_server_name: b.test, tls_client_cert: us.pem"), "true ca.pem b.test us.pem");
    assert_eq!(read("proxy_protocol: v2"), "false - - -");
    refused("{host: a.test, backends: 10.0.0.1:80, proxy_protocol: yes}", "f:2:59: `routes[0]`: `yes` is neither `v1` nor `v2`");
    assert_eq!(read("https: redirect, hsts: max-age=1"), "false - - - requests in the clear are sent to TLS, HSTS max-age=1");
    assert_eq!(read("client_auth: optional, client_ca: ca.pem"), "false - - - clients may show a certificate of ca.pem");
    refused(
        "{host: a.test, backends: 10.0.0.1:80, tls_verify: maybe}",
        "f:2:55: `routes[0]`: `tls_verify`: `maybe` is neither `true` nor `false`; its certificate must be good",
    );
    refused(
        "{host: a.test, backends: 10.0.0.1:80, client_auth: optional}",
        "f:2:56: `routes[0]`: `client_auth`: `client_auth` needs `client_ca`, which names the authority that vouches for clients",
    );
    refused(
        "{host: a.test, backends: 10.0.0.1:80, client_cs: x}",
        "f:2:43: `routes[0]`: unknown key `client_cs`; did you mean `client_ca`?",
    );
}

#[test]
fn a_bad_entry_does_not_hide_the_next() {
    check(
        "routes:\n  - {host: a b, backends: x}\n  - {host: b.test, backends: 10.0.0.1:80}\n  - 5\n",
        &[
            "routes[1] b.test/ 10.0.0.1:80",
            "f:2:12: `routes[0]`: `a b` is not a host name",
            "f:2:27: `routes[0]`: backend `x` is not an IP address and a port; write one like `10.0.0.5:8080` or `[fd00::5]:8080`",
            "f:4:5: `routes[2]`: must be `host`, `path` and `backends`, not a single value",
        ],
    );
}

#[test]
fn routes_are_a_list() {
    check("routes: web\n", &["f:1:9: `routes`: must be a list of `- host: name` with `backends: [\"10.0.0.5:8080\"]`, not a single value"]);
}

#[test]
fn ten_thousand_routes_are_read() {
    let mut yaml = "routes:\n".to_owned();
    for number in 0..10_000 {
        yaml.push_str(&format!("  - host: h{number}.test\n    backends: [\"10.0.0.1:80\", \"10.0.0.2:80\", \"10.0.0.3:80\"]\n"));
    }
    let source = Source::new(Path::new("f"), &yaml);
    let file = File::read(&source, &Environment::default());
    assert_eq!((file.routes.len(), file.mistakes.len()), (30_000, 0));
}
