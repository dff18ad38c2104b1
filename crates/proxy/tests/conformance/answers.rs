//! Answers on their way to a client.

use crate::{Case, GET, OK, OLD_GET, OLD_OK, back};

const HEAD: &str = "HEAD / HTTP/1.1|Host: a.test||";

/// The answer arrives unchanged.
#[track_caller]
fn kept(answer: &str) {
    back(GET, answer, answer);
}

#[test]
fn an_answer_arrives_as_it_was_sent() {
    kept(OK);
    kept("HTTP/1.1 404 Not  Found{0xff}|Content-Length: 0||");
    kept("HTTP/1.1 299 |Content-Length: 0||");
    kept("HTTP/1.1 999 Odd|Content-Length: 0||");
    kept("HTTP/1.1 200 OK|Date: then|Server: x|Via: 1.1 y|b: 1|A: 2|B: 3|Content-Length: 0||");
    kept("HTTP/1.1 200 OK|Set-Cookie: a=1; Path=/|Set-Cookie: b=2, c|X: |Empty:|Content-Length: 0||");
    kept("HTTP/1.1 200 OK|x-ODD_~!#$%&'*+.^`: {0xff}|Content-Length: 0||");
    kept("HTTP/1.1 200 OK|Content-Encoding: gzip|ETag: W/\"x\"|Content-Length: 3||{0x00}{0xff}{0x0a}");
    kept("HTTP/1.1 205 Reset Content|Content-Length: 0||");
    kept("HTTP/1.1 407 Proxy Authentication Required|Proxy-Authenticate: Basic|Content-Length: 0||");
}

#[test]
fn what_belongs_to_one_hop_stays_here() {
    back(GET, "HTTP/1.1 200 OK|Connection: keep-alive, X-Mine|Keep-Alive: timeout=5|x-mine: 1|Content-Length: 2||ok", OK);
    back(GET, "HTTP/1.1 200 OK|Connection: close, x|X: 1|Content-Length: 2||ok", OK);
    back(GET, "HTTP/1.1 200 OK|Proxy-Connection: close|Upgrade: h2c|Content-Length: 2||ok", OK);
    back(GET, "HTTP/1.1 200 OK|Connection: content-length|Content-Length: 2||ok", OK);
}

#[test]
fn answers_without_a_body_end_with_their_head() {
    back(HEAD, "HTTP/1.1 200 OK|Content-Length: 5||", "HTTP/1.1 200 OK|Content-Length: 5||");
    back(HEAD, "HTTP/1.1 200 OK|Transfer-Encoding: chunked||", "HTTP/1.1 200 OK|Transfer-Encoding: chunked||");
    back(HEAD, "HTTP/1.1 200 OK||", "HTTP/1.1 200 OK||");
    kept("HTTP/1.1 304 Not Modified|Content-Length: 5|ETag: \"x\"||");
    kept("HTTP/1.1 204 No Content|A: 1||");
    back(GET, "HTTP/1.1 204 No Content|Content-Length: 0||", "HTTP/1.1 204 No Content||");
}

#[test]
fn chunks_pass_as_they_are() {
    let head = "HTTP/1.1 200 OK|Transfer-Encoding: chunked||";
    for body in ["0||", "2|hi|0||", "2;a=b|hi|0a|0123456789|00||", "1|x|0|X-Sum: 1|y: 2||"] {
        kept(&format!("{head}{body}"));
    }
    back(GET, &format!("{head}0|Content-Length: 5|X-Sum: 1|Host: b|Set-Cookie: c||"), &format!("{head}0|X-Sum: 1|Set-Cookie: c||"));
    let mine = "HTTP/1.1 200 OK|Connection: x-mine|Transfer-Encoding: chunked||0|X-Mine: 1|X-Sum: 1||";
    back(GET, mine, &format!("{head}0|X-Sum: 1||"));
}

#[test]
fn an_open_end_becomes_chunks() {
    let chunked = "HTTP/1.1 200 OK|transfer-encoding: chunked||";
    back(GET, "HTTP/1.1 200 OK||hello{close}", &format!("{chunked}5|hello|0||"));
    back(GET, "HTTP/1.1 200 OK||{close}", &format!("{chunked}0||"));
    back(GET, "HTTP/1.0 200 OK||hello{close}", &format!("{chunked}5|hello|0||"));
    back(GET, "HTTP/1.1 200 OK|Connection: close||hello{close}", &format!("{chunked}5|hello|0||"));
}

#[test]
fn an_old_client_gets_no_chunks_and_no_interim_answers() {
    let bare = "HTTP/1.1 200 OK|connection: close||hello{end}";
    back(OLD_GET, OK, OLD_OK);
    back(OLD_GET, "HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|he|3;x|llo|0|X: 1||", bare);
    back(OLD_GET, "HTTP/1.1 200 OK||hello{close}", bare);
    back(OLD_GET, &format!("HTTP/1.1 100 Continue||HTTP/1.1 103 Early Hints|Link: x||{OK}"), OLD_OK);
    back("GET / HTTP/1.0|Host: a.test|Connection: keep-alive||", "HTTP/1.1 200 OK||hello{close}", bare);
}

#[test]
fn an_old_backend_is_understood() {
    back(GET, "HTTP/1.0 200 OK|Content-Length: 2||ok{close}", OK);
    back(GET, "HTTP/1.2 200 OK|Content-Length: 2||ok", OK);
    back(GET, "HTTP/1.0 200 OK|Connection: keep-alive|Content-Length: 2||ok", OK);
}

#[test]
fn interim_answers_pass_as_they_come() {
    kept(&format!("HTTP/1.1 103 Early Hints|Link: </a>; rel=preload|Link: </b>||{OK}"));
    kept(&format!("HTTP/1.1 102 Processing||HTTP/1.1 103 Early Hints|A: 1||{OK}"));
    kept(&format!("HTTP/1.1 100 Continue||{OK}"));
    back(GET, &format!("HTTP/1.1 103 Early Hints|Connection: x|X: 1|Link: y||{OK}"), &format!("HTTP/1.1 103 Early Hints|Link: y||{OK}"));
    // It goes out before the final one is there.
    Case::client(&format!("{GET}{{see Hints||}}"))
        .backend(&format!("{{head}}HTTP/1.1 103 Early Hints||{{pause}}{OK}"))
        .answers(&format!("HTTP/1.1 103 Early Hints||{OK}"));
}

#[test]
fn a_backend_that_will_close_does_not_end_the_client() {
    let outcome = Case::client(GET).backend("{head}HTTP/1.1 200 OK|Connection: close|Content-Length: 2||ok{close}").play(OK);
    assert_eq!((outcome.client.as_str(), outcome.next_by), (OK, Some(1)));
}

#[test]
fn timings_are_for_trusted_peers_who_ask() {
    let asking = "GET / HTTP/1.1|Host: a.test|X-Debug: 1||";
    back(asking, OK, OK);
    let case = Case::client(asking).backend(&format!("{{head}}{OK}")).with(|settings| settings.trusted = vec!["127.0.0.1/32".into()]);
    let answer = case.play_until(|shown| shown.ends_with("||ok")).client;
    for name in ["|x-debug-backend: 127.0.0.1:", "|x-debug-time-total: ", "|x-debug-time-backend: "] {
        assert!(answer.contains(name), "{name} is missing in {answer}");
    }
}
