//! HTTP/3 with real clients: what is asked and answered, what clients are told of it, and what it costs when others try to harm.

mod abuse;
mod client;
mod transitions;

use std::time::Duration;

use dproxy_testkit::{Dproxy, Engine, Options, Origin, PATIENCE, Run, Step, free_port, ok, unique, wait_for};
use http::{HeaderMap, HeaderValue};

use crate::tls::{Secure, Shop, echo};
use client::{ask, connect, endpoint, fetch, over_h3, requests, runtime};

/// `a.test` over TLS and HTTP/3.
fn serve(options: impl FnOnce(Options) -> Options) -> Secure {
    let secure = serve_silently(options);
    wait_for_http3(&secure);
    secure
}

/// The same before a backend that is asked by nobody else.
fn serve_silently(options: impl FnOnce(Options) -> Options) -> Secure {
    let secure = Shop::with(&["a.test"]).serve(|given| options(given.env("DOCKER_PROXY_SSL_HTTP3", "true")));
    wait_for("HTTP/3", PATIENCE, || speaks(&secure.dproxy));
    secure
}

fn speaks(dproxy: &Dproxy) -> bool {
    dproxy.status()["http3"].as_array().is_some_and(|addresses| !addresses.is_empty())
}

fn wait_for_http3(secure: &Secure) {
    // Each worker is told a moment after it is online.
    let speaks = || secure.curl("https://a.test/", &["-sI"]).stdout.windows(8).any(|window| window == b"alt-svc:");
    wait_for("HTTP/3", PATIENCE, || (0..16).all(|_| speaks()));
}

#[test]
fn a_request_over_http3_reaches_its_backend_which_is_told_so() {
    let origin = echo();
    let secure = serve(|options| options.route("a.test", &[origin.addr()]));
    let seen =
        over_h3(secure.port, async |mut requests| fetch(&mut requests, ask("GET", "/x").body(()).unwrap(), b"").await.unwrap().text());
    let seen = seen.to_ascii_lowercase();
    for line in
        ["host: a.test", "x-forwarded-proto: https", &format!("x-forwarded-port: {}", secure.port), "x-forwarded-for: 127.0.0.1", "via: 3 "]
    {
        assert!(seen.contains(line), "`{line}` is not in {seen}");
    }
    assert!(!seen.contains("transfer-encoding"), "a request without a body is sent without one: {seen}");
    assert_eq!((origin.last().method.as_str(), origin.last().target.as_str()), ("GET", "/x"));
}

#[test]
fn bodies_of_every_size_arrive_whole() {
    let origin = echo();
    let secure = serve(|options| options.route("a.test", &[origin.addr()]));
    over_h3(secure.port, async |mut requests| {
        for size in [0, 1, 1200, 16_384, 70_000, 3_000_000] {
            let request = ask("POST", &format!("/{size}")).body(()).unwrap();
            let answer = fetch(&mut requests, request, &vec![b'x'; size]).await.unwrap();
            assert!(answer.text().ends_with(&format!("\n{}", "y".repeat(size))), "{size}: {} came back", answer.body.len());
            assert!(origin.last().body == vec![b'x'; size], "{size}: {} arrived", origin.last().body.len());
        }
    });
}

#[test]
fn trailers_travel_both_ways_and_so_do_interim_answers() {
    let head = "HTTP/1.1 103 Early Hints\r\nLink: </s.css>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n";
    let origin = Origin::start(move |_| vec![Step::ReadBody, Step::Send(format!("{head}2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n").into_bytes())]);
    let secure = serve(|options| options.route("a.test", &[origin.addr()]));
    let answer = over_h3(secure.port, async |mut requests| {
        let trailers = HeaderMap::from_iter([(http::HeaderName::from_static("x-mine"), HeaderValue::from_static("8"))]);
        let mut stream = requests.send_request(ask("POST", "/").body(()).unwrap()).await.unwrap();
        stream.send_data(bytes::Bytes::from_static(b"body")).await.unwrap();
        stream.send_trailers(trailers).await.unwrap();
        stream.finish().await.unwrap();
        let mut heads = Vec::new();
        while heads.last() != Some(&200) {
            heads.push(stream.recv_response().await.unwrap().status().as_u16());
        }
        while stream.recv_data().await.unwrap().is_some() {}
        (heads, stream.recv_trailers().await.unwrap().unwrap())
    });
    assert_eq!((answer.0, answer.1["x-sum"].as_bytes()), (vec![103, 200], &b"7"[..]));
    assert!(origin.last().fields.iter().any(|(name, value)| name.eq_ignore_ascii_case("x-mine") && value == "8"), "{:?}", origin.last());
}

#[test]
fn clients_are_told_of_it_where_it_is_spoken_and_nowhere_else() {
    let origin = echo();
    let shop = Shop::with(&["a.test"]);
    let mut secure = shop.serve(|options| options.route("a.test", &[origin.addr()]));
    let told =
        |secure: &Secure, words: &[&str]| String::from_utf8(secure.curl("https://a.test/", &[&["-sI"], words].concat()).stdout).unwrap();
    assert!(!told(&secure, &[]).contains("alt-svc"), "it is off");
    let refused = runtime().block_on(async { connect(&endpoint(), secure.port).await });
    assert!(refused.is_err(), "nobody is there");

    let file = std::fs::read_to_string(secure.dproxy.config()).unwrap();
    std::fs::write(secure.dproxy.config(), file.replace("ssl:\n", "ssl:\n  http3: true\n")).unwrap();
    secure.dproxy.signal(dproxy_testkit::Signal::SIGHUP);
    wait_for_http3(&secure);
    for words in [&["--http1.1"][..], &["--http2"]] {
        assert!(
            told(&secure, words).contains("alt-svc: h3=\":443\"; ma=3600"),
            "at the port that the client knows: {}",
            told(&secure, words)
        );
    }
    let at_a_port = told(&secure, &["-H", "Host: a.test:8443"]);
    assert!(at_a_port.contains("alt-svc: h3=\":8443\""), "{at_a_port}");
    assert!(secure.dproxy.get("a.test", "/").field("alt-svc").is_none(), "it is not spoken in clear");
    assert_eq!(
        secure.dproxy.status()["http3"].as_array().map(Vec::len),
        Some(secure.dproxy.status()["listeners"].as_array().unwrap().len() / 2)
    );
    let ok = over_h3(secure.port, async |mut requests| {
        fetch(&mut requests, ask("GET", "/").body(()).unwrap(), b"").await.unwrap().head.status()
    });
    assert_eq!(ok, 200);

    std::fs::write(secure.dproxy.config(), file).unwrap();
    secure.dproxy.signal(dproxy_testkit::Signal::SIGHUP);
    wait_for("the end of HTTP/3", PATIENCE, || !speaks(&secure.dproxy));
    wait_for("nobody to be told", PATIENCE, || (0..16).all(|_| !told(&secure, &[]).contains("alt-svc")));
}

#[test]
fn another_library_is_served_too() {
    let origin = echo();
    let secure = serve(|options| options.route("a.test", &[origin.addr()]));
    let Some(output) = crate::clients::python("http3_calls.py", "aioquic", &[&secure.port.to_string()]) else { return };
    assert!(output.status.success(), "{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
}

#[test]
fn whoever_is_where_it_says_it_is_comes_in_however_many_do_not() {
    let origin = echo();
    // With one handshake at a time every client is asked to say hello again, with a token, and may meet another worker.
    let secure = serve(|options| options.workers(4).env("DOCKER_PROXY_LIMIT_HANDSHAKES", "1").route("a.test", &[origin.addr()]));
    for _ in 0..20 {
        let status = over_h3(secure.port, async |mut requests| {
            fetch(&mut requests, ask("GET", "/").body(()).unwrap(), b"").await.unwrap().head.status()
        });
        assert_eq!(status, 200);
    }
}

#[test]
fn a_container_is_there_over_http3_as_over_tls() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = crate::among_others();
    let host = format!("{}.test", unique("http3"));
    let shop = Shop::with(&[]);
    shop.put("both", &["a.test", &host]);
    let secure = shop.serve(|options| options.docker(&engine.endpoint()).env("DOCKER_PROXY_SSL_HTTP3", "true"));
    let _container = engine.run(&Run::echo("http3").hostname(&host));
    let asked = || {
        over_h3(secure.port, async |mut requests| {
            let request = http::Request::builder().uri(format!("https://{host}/")).body(()).unwrap();
            fetch(&mut requests, request, b"").await.unwrap()
        })
    };
    wait_for("HTTP/3", PATIENCE, || speaks(&secure.dproxy));
    wait_for("the container", PATIENCE, || asked().head.status() == 200);
    assert!(asked().text().contains(r#"["x-forwarded-proto","https"]"#), "{}", asked().text());
}

#[test]
fn a_busy_port_is_told_of_and_tls_over_tcp_goes_on() {
    let origin = echo();
    let shop = Shop::with(&["a.test"]);
    let port = free_port();
    let taken = std::net::UdpSocket::bind(("127.0.0.1", port)).unwrap();
    let settings = format!("ssl:\n  path: {}\n  port: {port}\n  http3: true", shop.path(""));
    let dproxy = crate::dproxy().yaml(&settings).route("a.test", &[origin.addr()]).start();
    let warnings = || dproxy.status()["warnings"].to_string();
    wait_for("a warning", PATIENCE, || warnings().contains("HTTP/3 is not spoken"));
    assert!(warnings().contains(&format!("another program has port {port}")), "{}", warnings());
    let told = String::from_utf8(shop.curl(port, "https://a.test/", &["-sI"]).stdout).unwrap();
    assert!(told.contains("200") && !told.contains("alt-svc"), "{told}");
    drop(taken);
    wait_for("HTTP/3", PATIENCE, || speaks(&dproxy));
    assert!(!warnings().contains("HTTP/3"), "{}", warnings());
}

#[test]
fn a_backend_that_says_where_else_it_is_says_so_itself() {
    let origin = Origin::start(|_| dproxy_testkit::answer("HTTP/1.1 200 OK\r\nAlt-Svc: clear", "ok"));
    let secure = serve_silently(|options| options.route("a.test", &[origin.addr()]));
    for _ in 0..16 {
        let told = String::from_utf8(secure.curl("https://a.test/", &["-sI"]).stdout).unwrap().to_ascii_lowercase();
        assert!(told.contains("alt-svc: clear") && !told.contains("h3="), "{told}");
    }
}

#[test]
fn a_host_that_asks_for_certificates_is_there_over_tcp_only() {
    let origin = echo();
    let shop = Shop::with(&["a.test"]);
    let secure = shop.serve(|options| {
        let lines = format!("routes:\n  - {{host: a.test, backends: \"{}\", client_auth: optional, client_ca: ca.crt}}", origin.addr());
        options.env("DOCKER_PROXY_SSL_HTTP3", "true").yaml(&lines)
    });
    std::fs::copy(secure.shop.ca(), secure.shop.path("ca.crt")).unwrap();
    wait_for("HTTP/3", PATIENCE, || speaks(&secure.dproxy));
    wait_for("the authority", PATIENCE, || secure.curl("https://a.test/", &["-sI"]).status.success());
    let told = String::from_utf8(secure.curl("https://a.test/", &["-sI"]).stdout).unwrap();
    assert!(told.contains("200") && !told.contains("alt-svc"), "{told}");
    let status = over_h3(secure.port, async |mut requests| {
        fetch(&mut requests, ask("GET", "/").body(()).unwrap(), b"").await.unwrap().head.status()
    });
    assert_eq!(status, 421, "a client that comes all the same is sent back (RFC 7838)");
}

#[test]
fn a_client_that_waits_for_long_does_not_take_us_for_dead() {
    let origin = Origin::start(|_| [Step::Pause(Duration::from_secs(8))].into_iter().chain(ok("late")).collect());
    let secure = serve_silently(|options| options.env("DOCKER_PROXY_TIMEOUT_KEEP_ALIVE", "6s").route("a.test", &[origin.addr()]));
    // It gives up after five seconds of silence.
    let text =
        over_h3(secure.port, async |mut requests| fetch(&mut requests, ask("GET", "/").body(()).unwrap(), b"").await.unwrap().text());
    assert_eq!(text, "late");
}

#[test]
fn a_client_that_gives_up_gives_up_its_request() {
    let origin = Origin::start(|_| vec![Step::Hang]);
    let secure = serve_silently(|options| options.route("a.test", &[origin.addr()]));
    runtime().block_on(async {
        let endpoint = endpoint();
        let connection = connect(&endpoint, secure.port).await.unwrap();
        let mut asking = requests(connection.clone()).await.unwrap();
        let mut stream = asking.send_request(ask("GET", "/").body(()).unwrap()).await.unwrap();
        stream.finish().await.unwrap();
        while origin.count() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stream.stop_sending(h3::error::Code::H3_REQUEST_CANCELLED);
        let gone = async {
            while origin.open() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE / 2, gone).await.expect("the backend's connection ends with the request");
        connection.close(0_u32.into(), b"");
    });
}

#[test]
fn an_answer_that_breaks_off_is_not_taken_for_whole() {
    let origin =
        Origin::start(|_| vec![Step::ReadBody, Step::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".to_vec()), Step::Close]);
    let secure = serve_silently(|options| options.route("a.test", &[origin.addr()]));
    let answer = over_h3(secure.port, async |mut requests| {
        fetch(&mut requests, ask("GET", "/").body(()).unwrap(), b"").await.map(|answer| answer.text())
    });
    assert!(matches!(answer, Err(h3::error::StreamError::RemoteTerminate { .. })), "{answer:?}");
}

#[test]
fn requests_are_logged_and_counted_like_others() {
    let origin = Origin::saying("ok");
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("access.log");
    let secure = serve(|options| options.arg("--access-log").arg(file.to_str().unwrap()).route("a.test", &[origin.addr()]));
    let before = secure.dproxy.status()["requests_total"].as_u64().unwrap();
    over_h3(secure.port, async |mut requests| {
        for _ in 0..3 {
            fetch(&mut requests, ask("GET", "/logged").body(()).unwrap(), b"").await.unwrap();
        }
    });
    assert_eq!(secure.dproxy.status()["requests_total"].as_u64().unwrap(), before + 3);
    let logged = || std::fs::read_to_string(&file).unwrap_or_default();
    wait_for("the lines", PATIENCE, || logged().lines().filter(|line| line.contains("\"GET /logged HTTP/3.0\" 200")).count() == 3);
}
