//! Requests on their way to a backend.

use crate::{Case, OK, OLD_OK, onward};

#[test]
fn a_request_arrives_as_it_was_sent() {
    onward("GET / HTTP/1.1|Host: a.test||", "GET / HTTP/1.1|Host: a.test|+||");
    onward("GET /a%41%2fb//c/../d;e?f=g&&h=%zz HTTP/1.1|Host: a.test||", "GET /a%41%2fb//c/../d;e?f=g&&h=%zz HTTP/1.1|Host: a.test|+||");
    onward("GET /{0xff}{0xc3}\"<>\\^` HTTP/1.1|Host: a.test||", "GET /{0xff}{0xc3}\"<>\\^` HTTP/1.1|Host: a.test|+||");
    onward("GET /? HTTP/1.1|Host: a.test||", "GET /? HTTP/1.1|Host: a.test|+||");
    onward("PROPFIND //a HTTP/1.1|Host: a.test||", "PROPFIND //a HTTP/1.1|Host: a.test|+||");
    onward("GET / HTTP/1.2|Host: a.test||", "GET / HTTP/1.1|Host: a.test|+||");
    onward("get / HTTP/1.1|Host: a.test||", "get / HTTP/1.1|Host: a.test|+||");
    onward("!#$%&'*+-.^_`~ / HTTP/1.1|Host: a.test||", "!#$%&'*+-.^_`~ / HTTP/1.1|Host: a.test|+||");
}

#[test]
fn fields_keep_their_order_case_and_bytes() {
    onward("GET / HTTP/1.1|b: 1|HOST: A.Test|A: 2|b: 3||", "GET / HTTP/1.1|b: 1|HOST: A.Test|A: 2|b: 3|+||");
    onward("GET / HTTP/1.1|Host: a.test|x-ODD_~!#$%&'*+.^`: {0xff}\"v||", "GET / HTTP/1.1|Host: a.test|x-ODD_~!#$%&'*+.^`: {0xff}\"v|+||");
    onward("GET / HTTP/1.1|Host: a.test|Empty:|Blank: |Tab:{0x09}x||", "GET / HTTP/1.1|Host: a.test|Empty:|Blank: |Tab:{0x09}x|+||");
    onward("GET / HTTP/1.1|Host: a.test|Cookie: a=1|Cookie: b=2||", "GET / HTTP/1.1|Host: a.test|Cookie: a=1|Cookie: b=2|+||");
    onward("GET / HTTP/1.1|Host: a.test|Date: then|Via: 1.0 fred||", "GET / HTTP/1.1|Host: a.test|Date: then|Via: 1.0 fred|+||");
    onward("GET / HTTP/1.1|Host: a.test|Max-Forwards: 5||", "GET / HTTP/1.1|Host: a.test|Max-Forwards: 5|+||");
    onward(
        "GET / HTTP/1.1|Host: a.test|Range: bytes=0-1|If-Match: \"x\"||",
        "GET / HTTP/1.1|Host: a.test|Range: bytes=0-1|If-Match: \"x\"|+||",
    );
}

#[test]
fn an_empty_line_before_a_request_is_passed_over() {
    onward("|GET / HTTP/1.1|Host: a.test||", "GET / HTTP/1.1|Host: a.test|+||");
}

#[test]
fn what_belongs_to_one_hop_stays_here() {
    onward("GET / HTTP/1.1|Host: a.test|Connection: keep-alive|Keep-Alive: timeout=5|A: 1||", "GET / HTTP/1.1|Host: a.test|A: 1|+||");
    onward("GET / HTTP/1.1|Host: a.test|Proxy-Connection: keep-alive|TE: gzip|Proxy: http://x||", "GET / HTTP/1.1|Host: a.test|+||");
    onward("GET / HTTP/1.1|Host: a.test|connection: X-Mine , ,keep-alive|x-mine: 1|A: 1||", "GET / HTTP/1.1|Host: a.test|A: 1|+||");
    onward("GET / HTTP/1.1|Host: a.test|Connection: a|Connection: b|A: 1|B: 2|C: 3||", "GET / HTTP/1.1|Host: a.test|C: 3|+||");
    onward("GET / HTTP/1.1|Host: a.test|Upgrade: websocket||", "GET / HTTP/1.1|Host: a.test|+||");
    onward("GET / HTTP/1.1|Host: a.test|Connection: host, x|X: 1||", "GET / HTTP/1.1|Host: a.test|+||");
    onward(
        "POST / HTTP/1.1|Host: a.test|Connection: content-length|Content-Length: 2||hi",
        "POST / HTTP/1.1|Host: a.test|Content-Length: 2|+||hi",
    );
}

#[test]
fn a_client_that_will_close_says_nothing_of_that_to_the_backend() {
    let closing = "GET / HTTP/1.1|Host: a.test|Connection: close, x|X: 1||";
    Case::client(closing).backend(&format!("{{head}}{OK}")).passes(&["GET / HTTP/1.1|Host: a.test|+||"], OLD_OK);
}

#[test]
fn every_form_of_a_target_arrives_in_the_form_of_a_server() {
    onward("GET http://a.test/x?y HTTP/1.1|Host: a.test||", "GET /x?y HTTP/1.1|Host: a.test|+||");
    onward("GET HTTP://a.test HTTP/1.1|Host: a.test||", "GET / HTTP/1.1|Host: a.test|+||");
    onward("GET https://a.test:8443/ HTTP/1.1|Host: a.test:8443||", "GET / HTTP/1.1|Host: a.test:8443|+||");
    onward("OPTIONS * HTTP/1.1|Host: a.test||", "OPTIONS * HTTP/1.1|Host: a.test|+||");
    onward("OPTIONS /x HTTP/1.1|Host: a.test||", "OPTIONS /x HTTP/1.1|Host: a.test|+||");
    onward("OPTIONS http://a.test HTTP/1.1|Host: a.test||", "OPTIONS * HTTP/1.1|Host: a.test|+||");
    onward("OPTIONS http://a.test/ HTTP/1.1|Host: a.test||", "OPTIONS / HTTP/1.1|Host: a.test|+||");
}

#[test]
fn a_host_may_be_written_in_many_ways() {
    onward("GET / HTTP/1.1|Host: A.TEST.:80||", "GET / HTTP/1.1|Host: A.TEST.:80|+||");
    onward("GET / HTTP/1.1|Host: [::1]:8080||", "GET / HTTP/1.1|Host: [::1]:8080|+||");
    onward("GET / HTTP/1.1|Host: 127.0.0.1||", "GET / HTTP/1.1|Host: 127.0.0.1|+||");
    onward("GET / HTTP/1.1|Host: a_b.test:||", "GET / HTTP/1.1|Host: a_b.test:|+||");
}

#[test]
fn an_old_client_is_told_of_to_the_backend() {
    let check = |request: &str, arrives: &str| Case::client(request).backend(&format!("{{head}}{OK}")).passes(&[arrives], OLD_OK);
    check("GET / HTTP/1.0|Host: a.test||", "GET / HTTP/1.1|Host: a.test|+1.0||");
    check("GET / HTTP/1.0||", "GET / HTTP/1.1|host: |+1.0||");
    check("GET http://a.test/x HTTP/1.0||", "GET /x HTTP/1.1|host: a.test|+1.0||");
}

#[test]
fn an_old_client_may_ask_again_if_it_says_so() {
    let request = "GET / HTTP/1.0|Host: a.test|Connection: Keep-Alive||";
    Case::client(request).backend(&format!("{{head}}{OK}")).answers("HTTP/1.1 200 OK|Content-Length: 2|connection: keep-alive||ok");
}

#[test]
fn bodies_pass_in_their_own_framing() {
    onward("POST / HTTP/1.1|Host: a.test|Content-Length: 2||hi", "POST / HTTP/1.1|Host: a.test|Content-Length: 2|+||hi");
    onward("GET / HTTP/1.1|Host: a.test|content-length: 002||hi", "GET / HTTP/1.1|Host: a.test|content-length: 002|+||hi");
    onward("PUT / HTTP/1.1|Host: a.test|Content-Length: 0||", "PUT / HTTP/1.1|Host: a.test|Content-Length: 0|+||");
    let head = "POST / HTTP/1.1|Host: a.test|Transfer-Encoding: chunked";
    let chunked = |body: &str, arrives: &str| onward(&format!("{head}||{body}"), &format!("{head}|+||{arrives}"));
    chunked("0||", "0||");
    chunked("2|hi|0||", "2|hi|0||");
    chunked("02;a=\"b\";c|hi|A|0123456789|000|X-Sum: 1||", "02;a=\"b\";c|hi|A|0123456789|000|X-Sum: 1||");
    onward(
        "POST / HTTP/1.0|Host: a.test|Content-Length: 2|Connection: keep-alive||hi".replace("1.0|", "1.1|").as_str(),
        "POST / HTTP/1.1|Host: a.test|Content-Length: 2|+||hi",
    );
}

#[test]
fn trailers_that_would_change_the_message_are_left_out() {
    let head = "POST / HTTP/1.1|Host: a.test|Transfer-Encoding: chunked";
    let trailed = |trailers: &str, arrives: &str| onward(&format!("{head}||0|{trailers}|"), &format!("{head}|+||0|{arrives}|"));
    trailed("X-Sum: 1|y: 2|", "X-Sum: 1|y: 2|");
    trailed("Host: b|X-Sum: 1|content-length: 5|Transfer-Encoding: chunked|", "X-Sum: 1|");
    trailed("Connection: close|Keep-Alive: 1|TE: x|Trailer: y|Upgrade: z|Proxy: p|", "");
    trailed("X-Forwarded-For: 6.6.6.6|X-Real-IP: 6.6.6.6|x-debug-backend: x|X-Sum: 1|", "X-Sum: 1|");
    onward(
        "POST / HTTP/1.1|Host: a.test|Connection: x-mine|Transfer-Encoding: chunked||0|X-Mine: 1|X-Sum: 1||",
        "POST / HTTP/1.1|Host: a.test|Transfer-Encoding: chunked|+||0|X-Sum: 1||",
    );
}

#[test]
fn where_a_request_comes_from_is_for_us_to_say() {
    onward("GET / HTTP/1.1|Host: a.test|X-Forwarded-For: 6.6.6.6|x-forwarded-for: 7.7.7.7||", "GET / HTTP/1.1|Host: a.test|+||");
    onward("GET / HTTP/1.1|Host: a.test|X-Real-IP: 6.6.6.6|X-Forwarded-Proto: https|A: 1||", "GET / HTTP/1.1|Host: a.test|A: 1|+||");
    onward(
        "GET / HTTP/1.1|Host: a.test|X-Forwarded-Host: b|X-Forwarded-Port: 1|X-Forwarded-Server: c||",
        "GET / HTTP/1.1|Host: a.test|+||",
    );
    onward("GET / HTTP/1.1|Host: a.test|X-Forwarded-Protocol: https|X-Debug-Backend: x|x-debug-y: z||", "GET / HTTP/1.1|Host: a.test|+||");
}

#[test]
fn a_trusted_peer_is_believed_and_appended() {
    #[track_caller]
    fn check(said: &str, wanted: &[&str]) {
        let request = format!("GET / HTTP/1.1|Host: a.test|{said}|");
        let case = Case::client(&request).backend(&format!("{{head}}{OK}")).with(|settings| settings.trusted = vec!["127.0.0.0/8".into()]);
        let got = case.play(OK).backend.concat();
        for line in wanted {
            assert!(got.contains(&format!("|{line}|")), "`{line}` is missing in {got}");
        }
        assert!(got.to_lowercase().matches("|x-forwarded-for: ").count() <= 1, "{got}");
    }
    check("X-Forwarded-For: 6.6.6.6|", &["x-forwarded-for: 6.6.6.6, 127.0.0.1", "x-forwarded-proto: http", "x-forwarded-host: a.test"]);
    check("X-Forwarded-For: 6.6.6.6|x-forwarded-for: 7.7.7.7, 8.8.8.8|", &["x-forwarded-for: 6.6.6.6, 7.7.7.7, 8.8.8.8, 127.0.0.1"]);
    check(
        "X-Forwarded-Proto: https|X-Forwarded-Port: 443|",
        &["x-forwarded-proto: https", "x-forwarded-protocol: https", "x-forwarded-port: 443"],
    );
    check("X-Forwarded-Host: b.test|X-Real-IP: 6.6.6.6|", &["x-forwarded-host: b.test", "x-real-ip: 6.6.6.6", "Host: a.test"]);
    // With nothing to believe it is like any other.
    check("", &["Host: a.test|+"]);
}

#[test]
fn requests_in_a_row_are_answered_in_order() {
    let requests = "GET /1 HTTP/1.1|Host: a.test||POST /2 HTTP/1.1|Host: a.test|Content-Length: 2||hiGET /3 HTTP/1.1|Host: a.test||";
    let script =
        "{head}HTTP/1.1 200 OK|Content-Length: 1||1{head}{get hi}HTTP/1.1 200 OK|Content-Length: 1||2{head}HTTP/1.1 204 No Content||";
    let arrive = "GET /1 HTTP/1.1|Host: a.test|+||POST /2 HTTP/1.1|Host: a.test|Content-Length: 2|+||hiGET /3 HTTP/1.1|Host: a.test|+||";
    let answers = "HTTP/1.1 200 OK|Content-Length: 1||1HTTP/1.1 200 OK|Content-Length: 1||2HTTP/1.1 204 No Content||";
    Case::client(requests).backend(script).passes(&[arrive], answers);
    // A later request does not reach a backend before the earlier one is answered.
    let closing = "GET /1 HTTP/1.1|Host: a.test|Connection: close||GET /2 HTTP/1.1|Host: a.test||";
    Case::client(closing).backend(&format!("{{head}}{OK}")).passes(&["GET /1 HTTP/1.1|Host: a.test|+||"], OLD_OK);
}

#[test]
fn what_is_never_passed_on_is_refused() {
    let refused = |request: &str, answer: &str| Case::client(request).passes(&[], answer);
    refused("TRACE / HTTP/1.1|Host: a.test||", "{page 405}");
    refused("CONNECT a.test:443 HTTP/1.1|Host: a.test:443||", "{page 405}");
}

#[test]
fn whoever_asks_whether_we_are_alive_is_answered_here() {
    Case::client("GET / HTTP/1.1|Host: __ping__||").passes(&[], "{page 200}");
}

#[test]
fn a_request_has_as_many_hops_as_it_says() {
    Case::client("OPTIONS * HTTP/1.1|Host: a.test|Max-Forwards: 0||").passes(&[], "{page 200}");
    onward("OPTIONS * HTTP/1.1|Host: a.test|max-forwards: 3||", "OPTIONS * HTTP/1.1|Host: a.test|max-forwards: 2|+||");
}
