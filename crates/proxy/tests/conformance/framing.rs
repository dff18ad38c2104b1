//! What two readers could understand differently is refused, never guessed at
//! (RFC 9112 §2.2, §3, §5, §6, §7).

use crate::backend::NEXT;
use crate::{Case, GET, OK, back};

/// The client is refused and its connection ends; no backend hears of it.
#[track_caller]
fn refused(request: &str) {
    // What follows must not be taken for a request.
    let smuggled = format!("{request}GET /smuggled HTTP/1.1|Host: a.test||");
    Case::client(&smuggled).passes(&[], "{page 400 close}{end}");
}

#[test]
fn request_lines_and_fields_are_read_strictly() {
    refused("GET / HTTP/1.1||");
    refused("GET / HTTP/1.1|Host: a.test|Host: a.test||");
    refused("GET / HTTP/1.1|Host: a.test|Host: b.test||");
    refused("GET / HTTP/1.1|Host: a b||");
    refused("GET / HTTP/1.1|Host: a.test, b.test||");
    refused("GET / HTTP/1.1|Host: a.test/x||");
    refused("GET / HTTP/1.1|Host: user@a.test||");
    refused("GET / HTTP/1.1|Host: a.test:99999||");
    refused("GET / HTTP/1.1|Host:||");
    refused("GET http://b.test/ HTTP/1.1|Host: a.test||");
    refused("GET http://user@a.test/ HTTP/1.1|Host: user@a.test||");
    refused("GET / HTTP/1.1|Host : a.test||");
    refused("GET / HTTP/1.1| Host: a.test||");
    refused("GET / HTTP/1.1|Host: a.test|X: 1| folded||");
    refused("GET / HTTP/1.1|Host: a.test|X: 1|{0x09}folded||");
    refused("GET / HTTP/1.1{0x0a}Host: a.test||");
    refused("GET / HTTP/1.1|Host: a.test{0x0a}X: 1||");
    refused("GET / HTTP/1.1|Host: a.test|{0x0a}");
    refused("GET / HTTP/1.1|Host: a.test{0x0d}X: 1||");
    refused("GET / HTTP/1.1|Host: a.test|X: a{0x00}b||");
    refused("GET / HTTP/1.1|Host: a.test|X: a{0x7f}b||");
    refused("GET / HTTP/1.1|Host: a.test|X{0x00}: a||");
    refused("GET / HTTP/1.1|Host: a.test|X{0xff}: a||");
    refused("GET / HTTP/1.1|Host: a.test|no colon||");
    refused("GET / HTTP/1.1|Host: a.test|: empty||");
    refused("GET  / HTTP/1.1|Host: a.test||");
    refused("GET /a b HTTP/1.1|Host: a.test||");
    refused("GET / HTTP/1.1 |Host: a.test||");
    refused(" GET / HTTP/1.1|Host: a.test||");
    refused("GET a.test HTTP/1.1|Host: a.test||");
    refused("GET * HTTP/1.1|Host: a.test||");
    refused("GET /a{0x00} HTTP/1.1|Host: a.test||");
    refused("GET /a#b HTTP/1.1|Host: a.test||");
    refused("GET /|Host: a.test||");
    refused("GET / http/1.1|Host: a.test||");
    refused("GET / HTTP/1.10|Host: a.test||");
    refused("G@T / HTTP/1.1|Host: a.test||");
    refused("||GET / HTTP/1.1|Host: a.test||");
    refused("{0x16}{0x03}{0x01}{0x02}{0x00}{0x01}{0x00}");
    Case::client("GET / HTTP/2.0|Host: a.test||").passes(&[], "{page 505 close}{end}");
}

#[test]
fn nobody_speaks_another_protocol_once_he_has_asked() {
    for requests in [GET.to_owned(), [GET, GET].concat(), format!("{GET}{{see next}}")] {
        let answers = NEXT.repeat(requests.matches(GET).count());
        Case::client(&format!("{requests}PRI * HTTP/2.0||SM||")).answers(&format!("{answers}{{page 505 close}}{{end}}"));
    }
}

#[test]
fn lengths_are_read_strictly() {
    let post = |fields: &str| refused(&format!("POST / HTTP/1.1|Host: a.test|{fields}||"));
    post("Content-Length: 5|Transfer-Encoding: chunked");
    post("Transfer-Encoding: chunked|Content-Length: 5");
    for length in ["5, 5", "+5", "-5", "5 5", "0x5", "5.0", "\"5\"", "", "18446744073709551617", "{0x0b}5"] {
        post(&format!("Content-Length: {length}"));
    }
    post("Content-Length: 5|Content-Length: 5");
    post("Content-Length: 5|Content-Length: 6");
    for coding in [
        "gzip, chunked",
        "chunked, gzip",
        "chunked, chunked",
        "identity",
        "xchunked",
        "\"chunked\"",
        "chunked;q=1",
        "",
        "{0x0b}chunked",
        ",chunked",
    ] {
        post(&format!("Transfer-Encoding: {coding}"));
    }
    post("Transfer-Encoding: chunked|Transfer-Encoding: chunked");
    post("Transfer-Encoding: chunked|Transfer-Encoding: identity");
    post("Transfer-Encoding : chunked");
    refused("POST / HTTP/1.0|Host: a.test|Transfer-Encoding: chunked||");
}

#[test]
fn chunks_of_a_request_are_read_strictly() {
    #[track_caller]
    fn check(body: &str) {
        let request = format!("POST / HTTP/1.1|Host: a.test|Transfer-Encoding: chunked||{body}GET /smuggled HTTP/1.1|Host: a.test||");
        let outcome = Case::client(&request).backend("{head}{stall}").play("{page 400 close}{end}");
        assert_eq!(outcome.client, "{page 400 close}{end}", "{body}");
        assert!(!outcome.backend.concat().contains("smuggled"), "{body}: {:?}", outcome.backend);
    }
    for size in ["zz", "-1", "+1", "0x1", " 1", "1 x", "", "1{0x00}", "ffffffffffffffffff", "1000000000000000", "00000000000000001"] {
        check(&format!("{size}|a|0||"));
    }
    check("1{0x0a}a|0||");
    check("1;x{0x0a}y|a|0||");
    check("1;x{0x00}|a|0||");
    check("1;{0x0d}x|a|0||");
    check("1|ab|0||");
    check("1|a{0x0a}0||");
    check("1|a0||");
    check("0|no colon||");
    check("0| folded: x||");
    check("0|X : y||");
    check("0|X: y{0x0a}|");
    check("0|X: {0x00}||");
    check("0|{0x0a}");
}

/// The backend is not understood, says the page; its connection is not used again.
#[track_caller]
fn not_understood(answer: &str) {
    let outcome = Case::client(GET).backend(&format!("{{head}}{answer}")).play("{page 502}");
    assert_eq!((outcome.client.as_str(), outcome.next_by), ("{page 502}", Some(1)), "for {answer}");
}

#[test]
fn heads_of_answers_are_read_strictly() {
    not_understood("SSH-2.0-OpenSSH_9.6|");
    not_understood("garbage");
    not_understood("|HTTP/1.1 200 OK|Content-Length: 0||");
    not_understood("HTTP/1.1 20 OK|Content-Length: 0||");
    not_understood("HTTP/1.1 2000 OK|Content-Length: 0||");
    not_understood("HTTP/1.1 099 OK|Content-Length: 0||");
    not_understood("HTTP/1.1  200 OK|Content-Length: 0||");
    not_understood("HTTP/1.1 2x0 OK|Content-Length: 0||");
    not_understood("HTTP/1.1 200OK|Content-Length: 0||");
    not_understood("HTTP/1.1 200 O{0x00}K|Content-Length: 0||");
    not_understood("HTTP/2.0 200 OK|Content-Length: 0||");
    not_understood("ICY 200 OK|Content-Length: 0||");
    not_understood("http/1.1 200 OK|Content-Length: 0||");
    not_understood("HTTP/1.1 200 OK{0x0a}Content-Length: 0||");
    not_understood("HTTP/1.1 200 OK|A : b|Content-Length: 0||");
    not_understood("HTTP/1.1 200 OK|A B: b|Content-Length: 0||");
    not_understood("HTTP/1.1 200 OK|A: b| c|Content-Length: 0||");
    not_understood("HTTP/1.1 200 OK| A: b|Content-Length: 0||");
    not_understood("HTTP/1.1 200 OK|A: {0x00}|Content-Length: 0||");
    not_understood("HTTP/1.1 200 OK|A: b{0x0d}c|Content-Length: 0||");
    not_understood("HTTP/1.1 200 OK|no colon|Content-Length: 0||");
    not_understood("HTTP/1.1 103 Hi|A : b||HTTP/1.1 200 OK|Content-Length: 0||");
}

#[test]
fn lengths_of_answers_are_read_strictly() {
    let check = |fields: &str| not_understood(&format!("HTTP/1.1 200 OK|{fields}||"));
    check("Content-Length: 2|Content-Length: 2");
    check("Content-Length: 2|Content-Length: 3");
    check("Content-Length: 2|Transfer-Encoding: chunked");
    check("Transfer-Encoding: chunked|Transfer-Encoding: chunked");
    for length in ["-1", "+1", "1, 1", "x", "", "99999999999999999999"] {
        check(&format!("Content-Length: {length}"));
    }
    for coding in ["gzip", "gzip, chunked", "chunked, gzip", "identity", "xchunked", ""] {
        check(&format!("Transfer-Encoding: {coding}"));
    }
    not_understood("HTTP/1.0 200 OK|Transfer-Encoding: chunked||0||");
}

#[test]
fn a_malformed_body_of_an_answer_is_seen_to_be_cut() {
    /// `good` has arrived when the rest comes.
    #[track_caller]
    fn check(good: &str, bad: &str) {
        let answer = format!("HTTP/1.1 200 OK|Transfer-Encoding: chunked||{good}");
        let case = Case::client(&format!("{GET}{{see {good}}}")).backend(&format!("{{head}}{answer}{{pause}}{bad}"));
        let client = case.play_out().client;
        assert!(client.starts_with(&answer) && !client.contains("|0||"), "for {bad}: {client}");
        assert!(client.ends_with("{end}") || client.ends_with("{reset}"), "for {bad}: {client}");
    }
    for bad in [
        "zz|",
        "-1|",
        "0x1|a|",
        "|",
        "2|hiX",
        "2 x|hi|",
        "ffffffffffffffffff|",
        "2{0x0a}hi|0||",
        "2;{0x00}|hi|",
        "0|no colon||",
        "0|X: {0x00}||",
    ] {
        check("2|hi|", bad);
    }
}

#[test]
fn a_malformed_body_behind_its_head_is_502_while_nothing_was_sent() {
    for body in ["zz|", "2|hiX", "2|hi|zz|", "0|no colon||"] {
        not_understood(&format!("HTTP/1.1 200 OK|Transfer-Encoding: chunked||{body}"));
    }
}

#[test]
fn what_follows_an_answer_spoils_its_connection() {
    #[track_caller]
    fn spoilt(answer: &str, arrives: &str) {
        let case = Case::client(&format!("{GET}{}", "{pause}".repeat(10))).backend(&format!("{{head}}{answer}{{stall}}"));
        let outcome = case.play(arrives);
        assert_eq!((outcome.client.as_str(), outcome.next_by), (arrives, Some(1)), "for {answer}");
    }
    spoilt(&format!("{OK}surplus"), OK);
    spoilt(&format!("{OK}HTTP/1.1 200 OK|Content-Length: 4||evil"), OK);
    spoilt("HTTP/1.1 204 No Content||evil", "HTTP/1.1 204 No Content||");
    spoilt("HTTP/1.1 304 Not Modified|Content-Length: 4||evil", "HTTP/1.1 304 Not Modified|Content-Length: 4||");
    spoilt("HTTP/1.1 200 OK|Transfer-Encoding: chunked||0||evil", "HTTP/1.1 200 OK|Transfer-Encoding: chunked||0||");
    // Also if it comes later.
    spoilt(&format!("{OK}{{pause}}HTTP/1.1 200 OK|Content-Length: 4||evil"), OK);
}

#[test]
fn a_connection_in_good_order_is_used_again() {
    #[track_caller]
    fn again(answer: &str) {
        let outcome = Case::client(GET).backend(&format!("{{head}}{answer}")).play(answer);
        assert_eq!((outcome.client.as_str(), outcome.next_by), (answer, Some(0)), "for {answer}");
    }
    again(OK);
    again("HTTP/1.1 204 No Content||");
    again("HTTP/1.1 304 Not Modified|Content-Length: 4||");
    again("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|hi|0|X: 1||");
    again(&format!("HTTP/1.1 103 Early Hints||{OK}"));
    back("HEAD / HTTP/1.1|Host: a.test||", "HTTP/1.1 200 OK|Content-Length: 9||", "HTTP/1.1 200 OK|Content-Length: 9||");
}
